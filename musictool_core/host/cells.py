"""Cells of the editor: text as people type it to stored values, and back.

One set of rules for all ways to edit. beets' own parsing turns what it does not understand into
nothing or into something else (`bpm` "174.6" becomes 0, a key "F# minor" becomes "Fm"); here it is
refused with a message that says what is allowed.

Text is kept exactly as typed, so that what is stored reads back as it was.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import beets
from beets.dbcore import types
from beets.library import Album, Item
from beets.util.deprecation import ALBUM_LEGACY_TO_LIST_FIELD, ITEM_LEGACY_TO_LIST_FIELD
from mediafile import MediaFile

from musictool_core.host.entities import ABSENT, Entity, Stored, Value
from musictool_core.host.fieldnames import field_name
from musictool_core.host.fields import ALBUM_TYPES, FLEXIBLE_FIELDS, ITEM_TYPES
from musictool_core.music.keys import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.dbcore.types import Type
    from beets.library.models import LibModel

LONGEST = 100_000
"""Characters of a cell."""

LIST_SEPARATOR = "; "


class CellKind(Enum):
    """How a cell is edited."""

    TEXT = "text"
    LINES = "lines"
    """Text with line breaks."""
    LIST = "list"
    """Several texts, separated by `LIST_SEPARATOR`."""
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    """yes or no"""
    KEY = "key"
    """A musical key."""


@dataclass(frozen=True, slots=True)
class CellError:
    """Why a text cannot be stored, in one line; it says what can be."""

    message: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be edited.

    Attributes:
        label: heading of its column.
        noun: what a value is, with its article: "a tempo".
        width: usual characters of a value, for the width of the column.
        low: least number allowed, None for no limit.
        high: greatest number allowed, None for no limit.
        of_items: tracks have it.
        of_albums: albums have it.
        is_column: beets stores it in its table; otherwise it is a flexible attribute.
    """

    name: str
    label: str
    kind: CellKind
    noun: str
    width: int
    low: float | None = None
    high: float | None = None
    of_items: bool = True
    of_albums: bool = False
    is_column: bool = True

    @property
    def allowed(self) -> str:
        """What may be typed, e.g. "a whole number from 20 to 400"."""
        if self.kind in _ALLOWED:
            return _ALLOWED[self.kind]
        number = "a whole number" if self.kind is CellKind.INTEGER else "a number such as 6.3"
        return number + self._range()

    def _range(self) -> str:
        low, high = _plain(self.low), _plain(self.high)
        if low and high:
            return f" from {low} to {high}"
        return f" from {low}" if low else f" up to {high}" if high else ""


_ALLOWED = {
    CellKind.TEXT: "one line of text",
    CellKind.LINES: "any text",
    CellKind.LIST: f"texts separated by {LIST_SEPARATOR!r}",
    CellKind.DATE: "a date such as 2024-05-01 or 2024-05-01 18:30:00",
    CellKind.FLAG: "yes or no",
    CellKind.KEY: "a key such as F#m, Gb minor, 11A or 4m",
}

_NUMBERS: dict[str, tuple[str, float | None, float | None]] = {
    "bpm": ("a tempo", 20, 400),
    "year": ("a year", 1, 9999),
    "original_year": ("a year", 1, 9999),
    "month": ("a month", 1, 12),
    "original_month": ("a month", 1, 12),
    "day": ("a day", 1, 31),
    "original_day": ("a day", 1, 31),
    "track": ("a track number", 1, 9999),
    "tracktotal": ("a number of tracks", 1, 9999),
    "disc": ("a disc number", 1, 999),
    "disctotal": ("a number of discs", 1, 999),
    "discogs_albumid": ("a number of Discogs", 1, 2**53),
    "discogs_artistid": ("a number of Discogs", 1, 2**53),
    "discogs_labelid": ("a number of Discogs", 1, 2**53),
    "rg_track_gain": ("a gain in dB", -150, 150),
    "rg_album_gain": ("a gain in dB", -150, 150),
    "rg_track_peak": ("a peak", 0, 100),
    "rg_album_peak": ("a peak", 0, 100),
    "r128_track_gain": ("a gain", -32768, 32767),
    "r128_album_gain": ("a gain", -32768, 32767),
    "energy": ("an energy", 1, 10),
    "traktor_rating": ("a rating", 0, 5),
}
"""What the value is, least and greatest."""

_WIDTHS = {
    CellKind.TEXT: 20,
    CellKind.LINES: 30,
    CellKind.LIST: 20,
    CellKind.INTEGER: 6,
    CellKind.NUMBER: 8,
    CellKind.DATE: 20,
    CellKind.FLAG: 5,
    CellKind.KEY: 5,
}

_OF_THE_FILE = "is a property of the file, not a tag"
_OF_BEETS = "is kept by beets"
_MEASURED = "is measured from the audio"
_OF_TRAKTOR = "is what Traktor says, and is put right by every sync"
_NOT_EDITED = {
    "id": _OF_BEETS,
    "album_id": _OF_BEETS,
    "mtime": _OF_BEETS,
    "added": f"{_OF_BEETS}, and no undo would bring it back",
    "path": "follows from the path formats; `beet move` moves files",
    "artpath": "follows from the path formats; `beet move` moves files",
    "acoustid_fingerprint": _MEASURED,
    **dict.fromkeys(
        ("bitdepth", "bitrate", "bitrate_mode", "channels", "encoder", "encoder_info",
         "encoder_settings", "format", "length", "samplerate"),
        _OF_THE_FILE,
    ),
    **{
        field.name: _OF_TRAKTOR if field.name.startswith("traktor_") else _MEASURED
        for field in FLEXIBLE_FIELDS
        if field.is_followed
    },
}  # fmt: skip
"""Fields that beets stores and nobody edits, and why."""

_LINES = frozenset({"comments", "lyrics"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?(e[+-]?[0-9]{1,3})?")
_FLAGS = {
    **dict.fromkeys(("yes", "y", "true", "t", "1"), 1),
    **dict.fromkeys(("no", "n", "false", "f", "0"), 0),
}
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def editable_fields() -> tuple[Field, ...]:
    """All columns that can be edited, and the flexible attributes that have a declared type."""
    declared = {*Item._types, *Album._types, *ITEM_TYPES, *ALBUM_TYPES}  # noqa: SLF001 - host
    names = sorted({*Item._fields, *Album._fields, *declared} - _NOT_EDITED.keys())
    found = (_made(name) for name in names)
    return tuple(field for field in found if field is not None)


def find_field(entity: Entity, name: str) -> Field | CellError:
    """What is known about a field, or why it cannot be edited.

    Any lower-case name is a flexible attribute of text, as in beets.
    """
    refused = _refused(entity, name)
    if refused:
        return CellError(refused)
    field = _made(name)
    return field or CellError(f"'{name}' holds paths, which are not edited here.")


def parse_cell(entity: Entity, name: str, text: str) -> Value | CellError:
    """The stored value that a typed text means, as SQLite holds it.

    Args:
        entity: items or albums.
        name: column or flexible attribute.
        text: as typed; empty to clear: an attribute goes (`ABSENT`), a column gets beets' value
            for nothing.
    """
    field = find_field(entity, name)
    if isinstance(field, CellError):
        return field
    if not text.strip():
        return _nothing(entity, field)
    return _unstorable(text) or _PARSERS[field.kind](field, text)


def format_cell(entity: Entity, name: str, value: Value) -> str:
    """The text that a cell shows and a spreadsheet gets; `parse_cell` reads it back.

    Also for fields that are not edited.
    """
    return cell_formatter(entity, name)(value)


def cell_formatter(entity: Entity, name: str) -> Callable[[Value], str]:
    """`format_cell` for many cells of one field."""
    field = find_field(entity, name)
    if isinstance(field, CellError):
        kind = _type(name)
        readable = isinstance(kind, types.DurationType | types.ScaledInt | types.DateType)

        def show(value: Stored) -> str:
            return kind.format(kind.from_sql(value)) if readable else str(value)
    else:
        show = partial(_FORMATS.get(field.kind, _format_text), field)

    def shown(value: Value) -> str:
        if value is ABSENT or value is None:
            return ""
        return os.fsdecode(value) if isinstance(value, bytes) else show(value)

    return shown


def tag_fields() -> frozenset[str]:
    """Fields of items that beets writes into files."""
    return frozenset(Item._media_fields & set(MediaFile.fields()))  # noqa: SLF001 - host


def _refused(entity: Entity, name: str) -> str:
    model, other = _models(entity)
    if name in _NOT_EDITED:
        return f"'{name}' {_NOT_EDITED[name]}."
    if not _NAME.fullmatch(name):
        return f"'{name}' is no name of a field: lower-case letters, digits and _."
    legacy = {**ALBUM_LEGACY_TO_LIST_FIELD, **ITEM_LEGACY_TO_LIST_FIELD}
    if name in legacy:
        return f"'{name}' is '{legacy[name]}' now."
    if name in {*Item._getters(), *Album._getters()}:  # noqa: SLF001 - host
        return f"'{name}' is worked out from other fields."
    if name in other._fields and name not in model._fields:
        owner = "tracks" if entity is Entity.ALBUM else "albums"
        return f"'{name}' is a field of {owner}."
    return ""


def _models(entity: Entity) -> tuple[type[LibModel], type[LibModel]]:
    return (Item, Album) if entity is Entity.ITEM else (Album, Item)


def _type(name: str) -> Type:
    found = Item._type(name)  # noqa: SLF001 - host
    if found is types.DEFAULT:
        # A process may use our fields without the plugin that declares them.
        return ITEM_TYPES.get(name) or ALBUM_TYPES.get(name) or found
    return found


def _made(name: str) -> Field | None:
    return _field(name, _type(name))


@cache
def _field(name: str, kind: Type) -> Field | None:
    if isinstance(kind, types.BasePathType):
        return None
    cell = _kind(name, kind)
    noun, low, high = _NUMBERS.get(name, (_noun(cell), None, None))
    is_column = name in Item._fields or name in Album._fields
    of_albums = name in Album._fields if is_column else name in {*Album._types, *ALBUM_TYPES}  # noqa: SLF001
    return Field(
        name,
        field_name(name),
        cell,
        noun,
        _WIDTHS[cell],
        low,
        high,
        of_items=name in Item._fields or not is_column,
        of_albums=of_albums,
        is_column=is_column,
    )


_KINDS: tuple[tuple[type[Type], CellKind], ...] = (
    (types.MusicalKey, CellKind.KEY),
    (types.DelimitedString, CellKind.LIST),
    (types.DateType, CellKind.DATE),
    (types.Boolean, CellKind.FLAG),
    (types.BaseInteger, CellKind.INTEGER),
    (types.BaseFloat, CellKind.NUMBER),
)


def _kind(name: str, kind: Type) -> CellKind:
    if name in _LINES:
        return CellKind.LINES
    return next((cell for own, cell in _KINDS if isinstance(kind, own)), CellKind.TEXT)


def _noun(kind: CellKind) -> str:
    return {
        CellKind.INTEGER: "a number",
        CellKind.NUMBER: "a number",
        CellKind.DATE: "a date",
        CellKind.FLAG: "an answer",
        CellKind.KEY: "a key",
        CellKind.LIST: "a list",
    }.get(kind, "a text")


def _nothing(entity: Entity, field: Field) -> Value:
    if field.name not in _models(entity)[0]._fields:
        return ABSENT
    kind = _type(field.name)
    stored: Any = kind.to_sql(kind.null)
    value: Value = int(stored) if isinstance(stored, bool) else stored
    return value


def _unstorable(text: str) -> CellError | None:
    if len(text) > LONGEST:
        return CellError(f"a cell holds {LONGEST:,} characters at most; this is {len(text):,}.")
    if "\0" in text:
        return CellError("a cell cannot hold the character NUL.")
    try:
        text.encode()
    except UnicodeEncodeError:
        return CellError("a cell cannot hold half of a character (a lone surrogate).")
    return None


def _wrong(field: Field, text: str) -> CellError:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return CellError(f"{shown!r} is not {field.noun}: {field.allowed}")


_SHOWN = 40
"""Characters of a wrong text that the message repeats."""


def _parse_text(field: Field, text: str) -> Value | CellError:
    return _wrong(field, text) if "\n" in text or "\r" in text else text


def _parse_lines(_: Field, text: str) -> Value | CellError:
    return text


def _parse_list(field: Field, text: str) -> Value | CellError:
    if types.MULTI_VALUE_DELIMITER in text or "\n" in text or "\r" in text:
        return _wrong(field, text)
    texts = [part for part in text.split(LIST_SEPARATOR) if part.strip()]
    return str(_type(field.name).to_sql(texts))


def _parse_integer(field: Field, text: str) -> Value | CellError:
    typed = text.strip()
    if not _INTEGER.fullmatch(typed):
        return _wrong(field, text)
    number = int(typed)
    if number == 0 and field.is_column:
        return 0
    if not _inside(field, number):
        return _wrong(field, text)
    return number if field.is_column else typed


def _parse_number(field: Field, text: str) -> Value | CellError:
    typed = text.strip()
    if not _NUMBER.fullmatch(typed):
        return _wrong(field, text)
    number = float(typed)
    if not _inside(field, number):
        return _wrong(field, text)
    # SQLite keeps the text of an attribute; as typed it loses no digit.
    return number if field.is_column else typed


def _parse_flag(field: Field, text: str) -> Value | CellError:
    number = _FLAGS.get(text.strip().lower())
    if number is None:
        return _wrong(field, text)
    return number if field.is_column else str(number)


def _parse_key(field: Field, text: str) -> Value | CellError:
    key = parse_key(text)
    return key.short if key else _wrong(field, text)


def _parse_date(field: Field, text: str) -> Value | CellError:
    seconds = _read_date(text.strip())
    if seconds is None:
        return _wrong(field, text)
    return seconds if field.is_column else repr(seconds)


_PARSERS = {
    CellKind.TEXT: _parse_text,
    CellKind.LINES: _parse_lines,
    CellKind.LIST: _parse_list,
    CellKind.INTEGER: _parse_integer,
    CellKind.NUMBER: _parse_number,
    CellKind.FLAG: _parse_flag,
    CellKind.KEY: _parse_key,
    CellKind.DATE: _parse_date,
}


def _format_text(_: Field, value: Stored) -> str:
    return str(value)


def _format_number(field: Field, value: Stored) -> str:
    # Where beets has no other way to say unknown, it says 0.
    return "" if field.is_column and not value and _type(field.name).null == 0 else str(value)


def _format_flag(field: Field, value: Stored) -> str:
    return "yes" if _type(field.name).from_sql(value) else "no"


def _format_list(field: Field, value: Stored) -> str:
    return LIST_SEPARATOR.join(_type(field.name).from_sql(value))


def _format_date(_: Field, value: Stored) -> str:
    """Local time in the user's format where that loses nothing, else with more digits."""
    try:
        seconds = float(str(value))
        local = time.localtime(seconds)
        exact = datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return str(value)
    usual = time.strftime(_time_format(), local)
    candidates = (usual, exact.replace(tzinfo=None).isoformat(" "), exact.isoformat(" "))
    return next((text for text in candidates if _read_date(text) == seconds), str(value))


_FORMATS = {
    CellKind.INTEGER: _format_number,
    CellKind.NUMBER: _format_number,
    CellKind.FLAG: _format_flag,
    CellKind.LIST: _format_list,
    CellKind.DATE: _format_date,
}


def _inside(field: Field, number: float) -> bool:
    low = field.low is None or number >= field.low
    high = field.high is None or number <= field.high
    return low and high and abs(number) < float("inf")


def _plain(bound: float | None) -> str:
    return "" if bound is None else f"{bound:,}"


def _read_date(text: str) -> float | None:
    """Seconds since 1970 of a typed time; None when it is none."""
    for form in (_time_format(), *_DATES):
        try:
            return time.mktime(time.strptime(text, form))
        except (ValueError, OverflowError):
            continue
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _time_format() -> str:
    form: Any = beets.config["time_format"].as_str()
    return str(form)
