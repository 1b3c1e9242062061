"""The three sides of a track as values of `merge`, and such values as what each side is to hold.

An entry is read with `traktor.fields`; beets holds stored values (`host.entities`); tags are what
mediafile gives. What one value is on a side may be several columns (a date) or none at all.
"""

from __future__ import annotations

import re
import time
from datetime import date
from typing import TYPE_CHECKING, Any

from musictool_core.host.entities import ABSENT, RowImage, Value
from musictool_core.host.tracks import is_column, is_list, join_list, split_list
from musictool_core.music.keys import NOTES, parse_key
from musictool_core.traktor import fields
from musictool_core.traktor.merge import Kind, normal, normal_text
from musictool_core.traktor.merge import Value as Merged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.traktor.layout import Numbers
    from musictool_core.traktor.rules import SyncField
    from musictool_core.traktor.values import AttributeEdit, Element

_DAYS = frozenset({"last_played", "imported"})
"""Fields that are a day in Traktor and a time in beets."""

_ZERO_IS_NONE = frozenset({"track", "tracktotal", "tempo", "released"})
_NOON = 12
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


# --- Traktor -------------------------------------------------------------------------------------


def of_entry(found: Mapping[str, fields.Value], wanted: Sequence[SyncField]) -> dict[str, Merged]:
    """What an entry holds, by field; `found` as `fields.read_all` gives it."""
    return {field.name: _of_entry(field, found.get(field.nml)) for field in wanted}


def _of_entry(field: SyncField, value: fields.Value | None) -> Merged:
    if field.nml == "cues":
        return len(value) or None if isinstance(value, tuple) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        # What is not said does not fill the library with zeros.
        return int(value) or None
    if field.nml == "playcount":
        return value if isinstance(value, int) else 0
    if field.name == "tempo" and not value:
        return None
    return None if isinstance(value, tuple) else value


def entry_edits(
    field: SyncField, entry: Element, value: Merged, *, numbers: Numbers, notation: str
) -> tuple[AttributeEdit, ...]:
    """What has to change in an entry so that it holds a value.

    Raises:
        NmlError: the entry must stay as it is, or cannot hold the value.
    """
    return fields.edits(entry, field.nml, _for_entry(field, value, notation), numbers=numbers)


def _for_entry(field: SyncField, value: Merged, notation: str) -> fields.Value | None:
    if value is None:
        return None
    match field.rule.kind:
        case Kind.TEXTS:
            return "; ".join(_texts(value))
        case Kind.KEY:
            return key_text(value, notation)
        case Kind.STARS | Kind.COUNT:
            number = normal(field.rule.kind, value)
            return number if isinstance(number, int) else None
        case Kind.DATE:
            return str(normal(Kind.DATE, value) or "")
        case _:
            return value if isinstance(value, int | float) else str(value)


# --- beets ---------------------------------------------------------------------------------------


def columns_of(wanted: Sequence[SyncField]) -> tuple[list[str], list[str]]:
    """Columns and attributes of items that hold these fields."""
    names = dict.fromkeys(name for field in wanted for name in field.beets)
    return [n for n in names if is_column(n)], [n for n in names if not is_column(n)]


def of_row(row: RowImage, wanted: Sequence[SyncField]) -> dict[str, Merged]:
    """What beets holds, by field."""
    return {
        field.name: _of_row(field, [row.value(name) for name in field.beets]) for field in wanted
    }


def _of_row(field: SyncField, stored: Sequence[Value]) -> Merged:
    if field.rule.kind is Kind.DATE:
        return _joined_date([_whole(value) for value in stored])
    (value,) = stored
    if value is ABSENT or value is None or isinstance(value, bytes):
        return None
    if field.name in _DAYS:
        return _day_of(value)
    if is_list(field.beets[0]):
        return split_list(value)
    if field.name in _ZERO_IS_NONE and not _whole(value):
        return None
    return _typed(field, value)


def _typed(field: SyncField, value: int | float | str) -> Merged:
    """A number where the field is one: attributes are stored as text."""
    if isinstance(value, str) and field.rule.kind in {Kind.STARS, Kind.COUNT}:
        number = normal(field.rule.kind, value)
        return value if number is None else number
    return value


def row_values(field: SyncField, value: Merged) -> dict[str, Value]:
    """The stored values with which beets holds a value, by column or attribute."""
    if field.rule.kind is Kind.DATE:
        return dict(zip(field.beets, _split_date(value), strict=True))
    (name,) = field.beets
    if not is_column(name):
        return {name: ABSENT if value is None else _attribute(field, value)}
    return {name: _column(field, name, value)}


def _attribute(field: SyncField, value: Merged) -> Value:
    if field.name in _DAYS:
        return _noon_of(str(value))
    if field.rule.kind in {Kind.STARS, Kind.COUNT}:
        return str(normal(field.rule.kind, value) or 0)
    return str(value)


def _column(field: SyncField, name: str, value: Merged) -> Value:
    if is_list(name):
        return join_list(_texts(value))
    if field.rule.kind is Kind.STARS:
        number = normal(Kind.STARS, value)
        return number if isinstance(number, int) else 0
    if field.rule.kind in {Kind.COUNT, Kind.NUMBER}:
        return round(float(str(value))) if value is not None else 0
    if value is None:
        return ""
    return key_text(value, "musical") if field.rule.kind is Kind.KEY else str(value)


# --- Tags ----------------------------------------------------------------------------------------


def of_tags(found: Mapping[str, Any], wanted: Sequence[SyncField]) -> dict[str, Merged]:
    """What the tags of a file hold, by field; `found` by names of `TagFile`.

    Fields that are not found are left out: that kind of file has no place for them.
    """
    return {
        field.name: _of_tags(field, [found.get(name) for name in field.tags])
        for field in wanted
        if field.tags and all(name in found for name in field.tags)
    }


def _of_tags(field: SyncField, values: Sequence[Any]) -> Merged:
    if field.rule.kind is Kind.DATE:
        return _joined_date([_whole(value) for value in values])
    (value,) = values
    if isinstance(value, list | tuple):
        return tuple(str(text) for text in value)
    if value is None or (field.name in _ZERO_IS_NONE and not value):
        return None
    return value if isinstance(value, int | float) else str(value)


def tag_values(field: SyncField, value: Merged) -> dict[str, Value]:
    """What mediafile is given, by its names, as a change set keeps it: lists as beets does."""
    if field.rule.kind is Kind.DATE:
        return dict(zip(field.tags, (part or None for part in _split_date(value)), strict=True))
    (name,) = field.tags
    stored = _column(field, field.beets[0], value)
    return {name: stored or None}


def for_mediafile(name: str, stored: Value) -> Any:
    """A value of `tag_values` as mediafile takes it."""
    if stored is ABSENT or stored is None:
        return None
    return list(split_list(stored)) if is_list(name) else stored


def from_mediafile(name: str, value: Any) -> Value:
    """The other way round."""
    if is_list(name):
        return join_list([str(text) for text in value or ()]) or None
    return value or None if isinstance(value, str | int | float | None) else str(value)


# --- Values --------------------------------------------------------------------------------------


def key_text(value: Merged, notation: str) -> str:
    """A key in a notation: "musical" (Fm), "open" (9m) or "camelot" (4A); other text as it is.

    Args:
        value: any notation, or the number that Traktor gives a key.
        notation: the wanted one.
    """
    text = _named(value) if isinstance(value, int) else normal_text(value)
    key = parse_key(text)
    return text if key is None else key.written(notation)


def _named(number: int) -> str:
    return f"{NOTES[number % 12]}{'m' if number >= 12 else ''}"


def _texts(value: Merged) -> tuple[str, ...]:
    found = normal(Kind.TEXTS, value)
    return found if isinstance(found, tuple) else ()


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0


def _joined_date(parts: Sequence[int]) -> str | None:
    year, month, day = parts
    if not year:
        return None
    return f"{year:04}-{month:02}-{day:02}" if month and day else f"{year:04}"


def _split_date(value: Merged) -> tuple[int, int, int]:
    text = str(normal(Kind.DATE, value) or "")
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    return int(text or 0), 0, 0


def _noon_of(day: str) -> str:
    """Noon of a day in seconds since 1970, local time: the same day also where clocks differ."""
    found = _ISO.fullmatch(day)
    if not found:
        return day
    year, month, number = (int(part) for part in found.groups())
    return repr(time.mktime((year, month, number, _NOON, 0, 0, 0, 0, -1)))


def _day_of(stored: object) -> str | None:
    try:
        return time.strftime("%Y-%m-%d", time.localtime(float(str(stored))))
    except (ValueError, OverflowError, OSError):
        return None
