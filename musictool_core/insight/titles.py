"""Do I own this track? Which record of the shelf and which file holds a title."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from musictool_core.discogs.owned import Judged, Verdict, Way, judge_owned
from musictool_core.errors import LibraryBusy, MusicToolError
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.checks import has_table
from musictool_core.host.search import ITEMS, Question
from musictool_core.matching import text_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.db import Row
    from musictool_core.host.library import Host
    from musictool_core.host.search import Listed, Search

_LOOKED_AT = 1_000
"""Tracks that a search brings for a closer look."""

_TELLING = 4
"""Letters of a word that tells something by itself."""

_SHORTEST = 3
"""Letters of a title that is worth looking for: "go" would find half a library."""

_ACCENTED = re.compile("ae|oe|ue|ss|th|[acdegilnorstuyz]")
"""What may stand for one letter with an accent, or for another letter."""

_WITH_FILE = frozenset({State.OWN.value, State.OTHER_VERSION.value})

_COLUMNS: dict[Any, tuple[str, ...]] = {
    ITEMS: ("id", "title", "artist", "album", "album_id", "year", "format", "length"),
    GAPS: (
        "id", "ref", "release_id", "position", "artist", "title", "album", "record_artist",
        "label", "catalognum", "year", "state", "item_id", "duration",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Titles:
    """Where a track with these words in its title is.

    Attributes:
        records: rows of `GAPS`, the best fit first; one for each track of a record.
        files: rows of items that are on none of these records; the best fit first.
    """

    records: tuple[Row, ...] = ()
    files: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.records or self.files)


def find_titles(
    host: Host, search: Search, typed: str, *, without: Iterable[int] = (), most: int = 8
) -> Titles:
    """Tracks whose artist and title hold all words that were typed, the title at least one.

    Accents, case and signs do not matter.

    Args:
        host: the library.
        search: its lists.
        typed: as somebody types it in a shop.
        without: records that are told already.
        most: rows of records, and as many of files.
    """
    words = text_key(typed).split()
    if len("".join(words)) < _SHORTEST:
        return Titles()
    told = set(without)
    is_compared = has_table(host.reading(), GAPS.name)
    on_records = _looked_up(search, GAPS, typed, words) if is_compared else []
    files = _looked_up(search, ITEMS, typed, words)
    of_told = {row["item_id"] for row in on_records if _has_file(row)}
    records = [row for row in on_records if row["release_id"] not in told]
    return Titles(
        tuple(records[:most]), tuple(row for row in files if row["id"] not in of_told)[:most]
    )


def judge_with_titles(
    host: Host, search: Search, typed: str, *, most: int = 8
) -> tuple[Judged, Titles]:
    """Is the record on the shelf, or one with a track of this title? And which files hold it?

    A record by its own numbers or words comes first; a title decides where there is none.
    """
    judged = judge_owned(host.reading(), typed)
    told = [row["release_id"] for row in (*judged.answer.copies, *judged.candidates)]
    if judged.answer.way in {Way.BARCODE, Way.CATALOGUE_NUMBER}:
        return judged, Titles()
    if judged.answer.copies:
        return judged, find_titles(host, search, typed, without=told, most=most)
    titles = find_titles(host, search, typed, most=most)
    if titles.records:
        by_title = replace(judged.answer, way=Way.TITLE)
        return Judged(Verdict.YES, by_title), titles
    return judged, titles


def _has_file(row: Mapping[str, Any]) -> bool:
    return row["state"] in _WITH_FILE


def _looked_up(search: Search, of: Listed, typed: str, words: Sequence[str]) -> list[Row]:
    """Rows that fit, the best first."""
    for query in _queries(typed, words):
        found = [row for row in _page(search, of, query) if _fits(row, words)]
        if found:
            return sorted(found, key=lambda row: (_spare(row, words), row["id"]))
    return []


def _queries(typed: str, words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """What to look up, the cheapest first: parts of words, as typed, and without accents."""
    plain = tuple(word for word in words if word.isalnum())
    if not plain:
        return
    yield plain
    as_typed = tuple(re.findall(r"[^\W_]+", typed))
    if as_typed != plain:
        yield as_typed
    # Told words only: a pattern of two letters would fit everything.
    longest = max(map(len, plain))
    telling = [word for word in plain if len(word) >= min(longest, _TELLING)]
    yield (f"title::(?i){'|'.join(map(_loosely, telling))}",)


def _loosely(word: str) -> str:
    """A pattern for a word that may be written with accents: "agaetis" fits "Ágætis"."""
    return _ACCENTED.sub(lambda found: "." if len(found[0]) == 1 else "..?", word)


def _page(search: Search, of: Listed, query: tuple[str, ...]) -> Sequence[Row]:
    try:
        return search.page(Question(of, query, limit=_LOOKED_AT, columns=_COLUMNS[of])).rows
    except LibraryBusy:
        raise
    except MusicToolError:
        return ()  # what was typed is no query


def _fits(row: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Whether artist and title hold all words, and the title one that the artist does not."""
    title = set(text_key(row["title"] or "").split())
    artist = set(text_key(row["artist"] or "").split())
    wanted = set(words)
    return wanted <= title | artist and bool(wanted & title) and not wanted <= artist


def _spare(row: Mapping[str, Any], words: Sequence[str]) -> int:
    """Words of the title that nobody typed: none in the best fit."""
    return len(set(text_key(row["title"] or "").split()) - set(words))
