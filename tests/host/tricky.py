"""Libraries and queries that lead astray whoever answers for beets, from a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from beets import plugins
from beets.dbcore import types
from beets.dbcore.query import FieldQuery
from beets.library import Album, Item, Library
from beets.plugins import BeetsPlugin
from beets.util import cached_classproperty

from musictool_core.host.fields import ALBUM_TYPES, ITEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

THEIR_TYPES: dict[str, types.Type[Any, Any]] = {
    "score": types.FLOAT,
    "play_count": types.INTEGER,
    "rated": types.Float(6),
    "last_played": types.DATE,
    "loved": types.BOOLEAN,
    "remark": types.STRING,
    "tags": types.SEMICOLON_SPACE_DSV,
    "pitch": types.DurationType(),
    "second_key": types.MusicalKey(),
    "shared": types.INTEGER,
}
"""Attributes of other plugins, with every type of beets that a plugin may use."""

ATTRIBUTES = (*ITEM_TYPES, *THEIR_TYPES, "mood", "danceability", "odd'key", "ключ")
"""Those at the end have no type."""

NUMBERS = (
    "0", "1", "2", "7", "8", "9", "10", "6.3", "7.0", "7.", ".5", "-1", "-0.5", "-8.25", "+3", "-0",
    "0.1", "0.30000000000000004", "0.3", "123.456789", "123.456788", "99.9999999", "007", "1e3",
    "1E-2", "1_000", "0x10", "12345678901234567890", "9007199254740993", "9007199254740992",
    "3.0000000001", "2.9999999999", "5e-324", "1e400", "147.32965118",
)  # fmt: skip
TEXTS = (
    "", " ", "abc", "ABC", "Warp", "warp records", " 7", "7 ", "\t8", "8\n", "\u00a09", "٣", "７",
    "inf", "-inf", "Infinity", "nan", "None", "true", "Yes", "no", "100%", "50%_off", "_", "\\",
    "%", "O'Brien", '"quoted"', "café", "CAFÉ", "Übermut", "ÜBERMUT", "ßtraße", "İstanbul",
    "Kelvin K",
    "1.2.3", "1-2", "--1", "-", ".", "-.", "..", "3:30", "0:59", "2024-03-01 12:00:00",
    "2024-03-31 02:30:00", "1711846800", "1711846799.5", "99999999999999", "-99999999999", "C#m",
    "Gb", "a; b", "b; c", "dub techno", "Dub Techno", "déjà vu", "🎧", "a\\␀b", "8A", "x\x00y",
)  # fmt: skip
WORDS = ("Warp", "warp", "Techno", "café", "CAFÉ", "Dub", "100%", "a_b", "Übermut", "Night", "ıİ")


_OTHERS = (
    "path:1.mp3", "path::^1", "path::[02]\\.mp3$", "path:.", "/", "length:3:20..", "length:..3:30",
    "pitch:3:20..3:40", "pitch:..1:00", "added:-1d..", "added:..2024-03", "mtime:2024..",
    "years_before:1995", "years_before:x", "singleton:false", "album_id:1..3", "id:2..7", "id:5",
    "track:0", "comp:true", "comp:false", "genres:=Techno", "genres::^$", "artist:=~WARP", "=Warp",
    "album_computed:1995", "label::^$", "title::(?i)TECHNO",
)  # fmt: skip
"""Terms over paths, durations, dates, named queries, lists and numbers of beets itself."""


def make_library(library: Library, seed: int) -> random.Random:
    """Fill an empty library; return the source of chance for queries on it."""
    chance = random.Random(seed)
    with library.transaction() as tx:
        for number in range(1, chance.randint(2, 9)):
            tx.mutate(
                "INSERT INTO albums (id, album, albumartist, label, year) VALUES (?, ?, ?, ?, ?)",
                (
                    number,
                    _words(chance),
                    _words(chance),
                    _words(chance),
                    chance.randint(1990, 2000),
                ),
            )
            _give_attributes(tx, chance, "album_attributes", number, most=5)
        for number in range(1, chance.randint(2, 40)):
            tx.mutate(
                "INSERT INTO items (id, album_id, title, artist, label, year, bpm, path)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    chance.choice((None, 0, 1, 2, 3, 4, 5, 77)),
                    _words(chance),
                    _words(chance),
                    _words(chance) if chance.random() < 0.8 else None,
                    chance.randint(1990, 2000),
                    chance.choice((0, 128, 174, None)),
                    f"{number}.mp3".encode(),
                ),
            )
            _give_attributes(tx, chance, "item_attributes", number, most=14)
        # Left behind by an album that is gone.
        tx.mutate("INSERT INTO album_attributes (entity_id, key, value) VALUES (77, 'energy', '8')")
        tx.mutate(
            "INSERT INTO item_attributes (entity_id, key, value) VALUES (NULL, 'energy', '8')"
        )
    return chance


class YearsBefore(FieldQuery[str]):
    """A query of a plugin by a name of its own, which only Python can answer."""

    def match(self, obj: Any) -> bool:
        """Whether it is from before that year; nothing is before what is no year."""
        return self.pattern.isdecimal() and obj.year < int(self.pattern)


def load_types(monkeypatch: Any, *, declared: bool = True) -> None:
    """Have beets know computed fields and a named query of a plugin.

    Args:
        monkeypatch: takes it back.
        declared: our types and those of other plugins, too; else no attribute has a type.
    """
    body: dict[str, Any] = {"item_queries": {"years_before": YearsBefore}}
    if declared:
        body |= {"item_types": {**THEIR_TYPES, **ITEM_TYPES}, "album_types": _album_types()}
    plugin: BeetsPlugin = type("Tricky", (BeetsPlugin,), body)("tricky")
    plugin.template_fields["computed"] = lambda item: item.year
    plugin.album_template_fields["album_computed"] = lambda album: album.year
    # Among what is kept there are types and named queries: whoever asks first has them worked out.
    monkeypatch.setattr(cached_classproperty, "cache", {})
    monkeypatch.setattr(plugins, "_instances", [plugin])


def make_query(chance: random.Random) -> list[str]:
    """A query as a user might type it: some terms, commas, negations, perhaps a sort."""
    words = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
        words.append(chance.choice(("", "", "", "^", "-")) + _term(chance))
        if chance.random() < 0.15:
            words.append(",")
    if chance.random() < 0.4:
        names = chance.choices((*ATTRIBUTES, "year", "artist", "computed", "Energy"), k=2)
        wanted = chance.choice((1, 1, 2))
        words += [f"{name}{chance.choice('+-')}" for name in names[:wanted]]
    return words


def _album_types() -> dict[str, types.Type[Any, Any]]:
    # Item and album need not agree on a type.
    their = {name: kind for name, kind in THEIR_TYPES.items() if name != "shared"}
    return {**their, "shared": types.STRING, **ALBUM_TYPES}


def _give_attributes(tx: Any, chance: random.Random, table: str, number: int, *, most: int) -> None:
    for _ in range(chance.randint(0, most)):
        key = chance.choice(ATTRIBUTES)
        if chance.random() < 0.004:
            key = key.capitalize()
        sql = f"INSERT INTO {table} (entity_id, key, value) VALUES (?, ?, ?)"  # noqa: S608 - ours
        tx.mutate(sql, (number, key, _value(chance)))


def _value(chance: random.Random) -> str | bytes | float | None:
    kind = chance.random()
    if kind < 0.55:
        return chance.choice(NUMBERS)
    if kind < 0.62:
        return chance.choice((None, 6.3, 8, b"8", b"warp"))
    return chance.choice(TEXTS)


def _term(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.08:
        return chance.choice(WORDS)
    if kind < 0.12:
        return chance.choice(_OTHERS)
    if kind < 0.22:
        name = chance.choice(("label", "year", "title", "bpm", "album", "computed", "singleton"))
        return f"{name}:{chance.choice((*WORDS, '1990..1995', '174', 'true'))}"
    name = chance.choice(ATTRIBUTES)
    if chance.random() < 0.1:
        name = chance.choice((name.upper(), "Energy"))
    pattern = chance.choice((_range, _range, _text, _prefixed, _date))(chance)
    return f"{name}:{pattern}"


def _range(chance: random.Random) -> str:
    low, high = chance.choice(("", *NUMBERS)), chance.choice(("", *NUMBERS))
    return chance.choice((low, f"{low}..{high}", f"{low}..", f"..{high}", "..", ""))


def _text(chance: random.Random) -> str:
    text = chance.choice(TEXTS)
    return text[: chance.randint(0, len(text))]


def _prefixed(chance: random.Random) -> str:
    prefix = chance.choice(("=", "=~", ":"))
    if prefix == ":":
        return ":" + chance.choice(("^$", "^[0-9]", "é", "^.{1,2}$", "(?i)warp", "None", "8"))
    return prefix + chance.choice((*TEXTS, *NUMBERS))


def _date(chance: random.Random) -> str:
    return chance.choice(
        (
            "2024",
            "2024-03",
            "2024-03-31",
            "2024-03-31T02..",
            "..2024-03-31 02:30",
            "1970..",
            "-1d..",
        )
    )


def _words(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(0, 3)))


def stock_answer(library: Library, model: type[Item | Album], query: Sequence[str]) -> Any:
    """What beets itself finds: ids in order, or the error it ends with."""
    default = Library.get_default_item_sort if model is Item else Library.get_default_album_sort
    try:
        return [obj.id for obj in Library._fetch(library, model, query, default())]
    except Exception as error:  # noqa: BLE001 - any of them is an answer
        return type(error)
