"""Libraries with values that queries have trouble with, and what is counted in them."""

from __future__ import annotations

import random
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.search import Question, Search
from musictool_core.insight.marks import Link, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Library

    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)

TEXTS = (
    None, "", "None", "Warp", "warp", "Warp, Ltd.", "Warp,", ",", " padded ", "  ", "a  b",
    'say "hi"', "it's", "100%", "a_b", "a.b", "axb", "(x)", "[x]", "x*", "^x$", "a|b", "\\d",
    "\\", "C:\\:D", "a\\:b", "key:value", ":colon", "=equal", "~tilde", "=~both", "-minus", "plus+",
    "minus-", "line\nbreak", "tab\there", "trailing\n", "nul\0byte", "café", "cafe\u0301", "CAFÉ",
    "\u0301lead", "שעת לילה", "北京", "🎧", "\u00a0nbsp\u00a0", "$x", "#5", "..", "1994", "a/b",
    "x" * 300, "İstanbul", "ß", "{1}", "&amp;", "<img src=x onerror=1>", "None None", "NoneNone",
)  # fmt: skip
"""Labels, artists and genres that somebody has, or could have."""

KEYS = (None, "", "Am", "8A", "am", "A minor", "C", "8B", "1m", "F#", "Gb", "Bbm", "?", "None", "x")
DATES = (
    None, 0, 0.0, -5, 1, 31_535_999.5, 1_711_846_800, 1_711_846_799.5, 1_704_067_199.999,
    1_704_067_200, 1_735_689_600, 1_790_000_000, 1_795_000_000.25, 4_000_000_000, 1e12,
)  # fmt: skip
YEARS = (None, 0, 1, 7, 1989, 1990, 1999, 2000, 2026, 9999, 10000, -3, 1999.5, "abc")
TEMPI = (None, 0, 19, 20, 119, 120, 124, 124.5, 125, 174, 399, 400, 9.5)


class Counted:
    """A started product over a library that a seed fills."""

    def __init__(self, host: Host, search: Search) -> None:
        self.host = host
        self.search = search

    def fill(self, seed: int) -> None:
        """Replace everything by random rows."""
        chance = random.Random(seed)
        with self.host.transaction() as tx:
            for table in ("items", "albums", GAPS.name, INSTANCES.name):
                tx.run(f"DELETE FROM {table}")  # noqa: S608 - our own names
            tx.run_many(
                "INSERT INTO items (album_id, title, artist, albumartist, label, genres, format,"
                " initial_key, added, year, bpm, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_item(chance) for _ in range(chance.choice((0, 1, 20, 60)))],
            )
            tx.run_many(
                "INSERT INTO albums (album, albumartist, label, catalognum, added, year)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [_album(chance) for _ in range(chance.choice((0, 5)))],
            )
            GAPS.insert(tx, [_gap(chance, n) for n in range(chance.choice((0, 1, 50)))])
            INSTANCES.insert(tx, [_copy(chance, n) for n in range(chance.choice((0, 1, 30)))])

    def listed(self, link: Link) -> int:
        """How many rows the query of a link lists."""
        return self.search.page(Question(link.listing.of, link.words, limit=0)).total


def marks_in(value: Any) -> Iterator[Mark]:
    """All marks inside a result."""
    if isinstance(value, Mark):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from marks_in(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from marks_in(getattr(value, field.name))


@pytest.fixture
def counted(library: Library) -> Iterator[Counted]:
    host = app.start(library, notice=print).host
    search = Search(host)
    yield Counted(host, search)
    search.close()


def _genres(chance: random.Random) -> str | None:
    parts = [chance.choice(TEXTS) or "" for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    return "\\␀".join(parts) if parts else chance.choice((None, ""))


def _item(chance: random.Random) -> tuple[Any, ...]:
    some = TEXTS if chance.random() < 0.8 else TEXTS[:5]
    return (
        chance.choice((None, 1, 2)),
        chance.choice(some),
        chance.choice(some),
        chance.choice(some),
        chance.choice(some),
        _genres(chance),
        chance.choice(("FLAC", "MP3", "", None)),
        chance.choice(KEYS),
        chance.choice(DATES),
        chance.choice(YEARS),
        chance.choice(TEMPI),
        b"x.mp3",
    )


def _album(chance: random.Random) -> tuple[Any, ...]:
    some = [chance.choice(TEXTS) for _ in range(4)]
    return (*some, chance.choice(DATES), chance.choice(YEARS[:9]))


def _gap(chance: random.Random, number: int) -> dict[str, Any]:
    names = [chance.choice(TEXTS) or "" for _ in range(4)]
    return {
        "ref": f"r{number}",
        "release_id": chance.randint(1, 9),
        "number": number,
        "position": chance.choice(("A1", "B2", "1-03", "")),
        "artist": names[0],
        "title": names[1],
        "record_artist": names[2],
        "album": names[3],
        "label": ", ".join(chance.choices([text or "" for text in TEXTS], k=chance.randint(0, 3))),
        "state": chance.choice(list(State)).value,
        "recording": f"rec{chance.randint(1, 20)}",
        "item_id": chance.choice((None, 1, 2, 3)),
    }


def _copy(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "instance_id": f"csv:{number}",
        "release_id": chance.randint(1, 20),
        "artist": chance.choice(TEXTS) or "",
        "title": chance.choice(TEXTS) or "",
        "label": chance.choice(TEXTS) or "",
        "catalognum": chance.choice(TEXTS) or "",
        "added": chance.choice(DATES),
        "removed_at": chance.choice((None, None, 1_700_000_000.0)),
    }
