"""The fields of a track, as a person knows them, and where an entry keeps them.

`read` turns attributes into values, `edits` values into attributes. Between them stand Traktor's
traps: RATING is the column "Comment 2", stars are RANKING in steps of 51, an overflowed play count
is no number, dates have no leading zeros, a locked entry keeps its tempo.

Units: lengths in seconds, cues in milliseconds, loudness in dB, file sizes in KiB without tags,
bit rates in bit/s. Absent and unreadable are both None.
Source: ../shared/reference/traktor-nml.md sections 3 and 8.
Pure.
"""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING

from musictool_core.music.stars import STAR, stars_of
from musictool_core.traktor.layout import Numbers
from musictool_core.traktor.values import AttributeEdit, Element, Location, NmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue point, loop or grid marker.

    Attributes:
        kind: 0 cue, 1 fade-in, 2 fade-out, 3 load, 4 grid, 5 loop.
        start_ms: from the start of the file.
        length_ms: 0 for points.
        hotcue: slot from 0, None for none.
        color: as "#FFFFFF"; None when absent.
        bpm: of a grid marker that has its own; None when absent.
    """

    name: str
    kind: int
    start_ms: float
    length_ms: float
    hotcue: int | None
    color: str | None = None
    bpm: float | None = None


Value = str | int | float | bool | date | tuple[Cue, ...]
"""What a field holds; an absent one is None."""


class FieldKept(NmlError):
    """A field of an entry must stay as it is, whatever one would like to write."""


CORRUPT_PLAYCOUNT = 60_000
"""Play counts above it are overflowed counters (6553701 in two collections)."""

_LINE_BREAKS = re.compile(r"[ ]?[\r\n\t\v\f\x85\u2028\u2029]+[ ]?")
_DATE = re.compile(r"([0-9]{1,4})(?:[/.-]([0-9]{1,2})(?:[/.-]([0-9]{1,2}))?)?")
_FRACTION = re.compile(r"-?[0-9]+\.([0-9]+)")


# --- Reading -------------------------------------------------------------------------------------


def _text(raw: str) -> str | None:
    return raw or None


def _whole(raw: str) -> int | None:
    try:
        return int(raw) if len(raw) < 20 else None
    except ValueError:
        return None


def _positive(raw: str) -> int | None:
    number = _whole(raw)
    return number if number is not None and number > 0 else None


def _number(raw: str) -> float | None:
    try:
        number = float(raw) if len(raw) < 40 else None
    except ValueError:
        return None
    # "inf" and "nan" are no measures.
    return number if number is not None and abs(number) < 1e15 else None


@lru_cache(8192)
def parse_date(raw: str) -> date | None:
    """The date of "2024/3/7", "2024-03-07" or "2024"; None for what is none."""
    match = _DATE.fullmatch(raw.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None


def _playcount(raw: str) -> int | None:
    count = _whole(raw)
    return None if count is None or not 0 <= count <= CORRUPT_PLAYCOUNT else count


def _ranking(raw: str) -> int | None:
    ranking = _whole(raw)
    return ranking if ranking is not None and 0 <= ranking <= 255 else None


def _stars(raw: str) -> int | None:
    ranking = _ranking(raw)
    return None if ranking is None else stars_of(ranking)


def _key(raw: str) -> int | None:
    key = _whole(raw)
    return key if key is not None and 0 <= key < 24 else None


def _is_one(raw: str) -> bool:
    return raw == "1"


def _is_present(raw: str) -> bool:
    return bool(raw)


def fingerprint(audio_id: str) -> str:
    """A short name for an AUDIO_ID, 16 hexadecimal digits."""
    return blake2b(audio_id.encode(errors="surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Spec:
    """Where a field stands.

    Attributes:
        element: child of the entry; "" for the entry itself.
        read: value of the attribute's text.
        kind: how it is written; "" for what only Traktor may write.
    """

    element: str
    attribute: str
    read: Callable[[str], Value | None]
    kind: str = ""


FIELDS: Mapping[str, Spec] = MappingProxyType(
    {
        "title": Spec("", "TITLE", _text, "text"),
        "artist": Spec("", "ARTIST", _text, "text"),
        "album": Spec("ALBUM", "TITLE", _text, "text"),
        "track": Spec("ALBUM", "TRACK", _positive, "whole"),
        "tracktotal": Spec("ALBUM", "OF_TRACKS", _positive, "whole"),
        "genre": Spec("INFO", "GENRE", _text, "text"),
        "label": Spec("INFO", "LABEL", _text, "text"),
        "comment": Spec("INFO", "COMMENT", _text, "text"),
        "comment2": Spec("INFO", "RATING", _text, "text"),
        "lyrics": Spec("INFO", "KEY_LYRICS", _text, "text"),
        "remixer": Spec("INFO", "REMIXER", _text, "text"),
        "producer": Spec("INFO", "PRODUCER", _text, "text"),
        "mix": Spec("INFO", "MIX", _text, "text"),
        "catalognum": Spec("INFO", "CATALOG_NO", _text, "text"),
        "key_text": Spec("INFO", "KEY", _text, "text"),
        "key": Spec("MUSICAL_KEY", "VALUE", _key, "key"),
        "bpm": Spec("TEMPO", "BPM", _number, "bpm"),
        "stars": Spec("INFO", "RANKING", _stars, "stars"),
        "ranking": Spec("INFO", "RANKING", _ranking, "ranking"),
        "playcount": Spec("INFO", "PLAYCOUNT", _playcount, "playcount"),
        "last_played": Spec("INFO", "LAST_PLAYED", parse_date, "date"),
        "imported": Spec("INFO", "IMPORT_DATE", parse_date, "date"),
        "released": Spec("INFO", "RELEASE_DATE", parse_date, "date"),
        "color": Spec("INFO", "COLOR", _positive, "color"),
        "bitrate": Spec("INFO", "BITRATE", _positive),
        "filesize": Spec("INFO", "FILESIZE", _positive),
        "length": Spec("INFO", "PLAYTIME_FLOAT", _number),
        "cover_id": Spec("INFO", "COVERARTID", _text),
        "flags": Spec("INFO", "FLAGS", _whole),
        "author": Spec("MODIFICATION_INFO", "AUTHOR_TYPE", _text),
        "peak_db": Spec("LOUDNESS", "PEAK_DB", _number),
        "perceived_db": Spec("LOUDNESS", "PERCEIVED_DB", _number),
        "analyzed_db": Spec("LOUDNESS", "ANALYZED_DB", _number),
        "locked": Spec("", "LOCK", _is_one),
        "analysed": Spec("", "AUDIO_ID", _is_present),
        "audio_id": Spec("", "AUDIO_ID", fingerprint),
        "modified": Spec("", "MODIFIED_DATE", parse_date),
        "cues": Spec("CUE_V2", "", _text),
    }
)
"""All fields by name. `modified` is in seconds since 1970 UTC, `key` 0 to 23 (C to B major, then
minor), `color` 1 to 7 (red, orange, yellow, green, blue, violet, magenta)."""

WRITABLE = frozenset(name for name, spec in FIELDS.items() if spec.kind)
"""Fields that may be written; the others are Traktor's own."""

_TABLE: dict[str, dict[str, tuple[tuple[str, Callable[[str], Value | None]], ...]]] = {}
for _name, _spec in FIELDS.items():
    if _name not in {"cues", "modified"}:
        _of_element = _TABLE.setdefault(_spec.element, {})
        _of_element[_spec.attribute] = (
            *_of_element.get(_spec.attribute, ()),
            (_name, _spec.read),
        )


def read(entry: Element, field: str) -> Value | None:
    """The value of one field; None when it is absent or makes no sense.

    `stars` and `playcount` are 0, and `locked` and `analysed` False, where nothing is said.

    Raises:
        KeyError: no such field.
    """
    if field == "cues":
        return cues(entry) or None
    if field == "modified":
        return modified(entry)
    spec = FIELDS[field]
    raw = entry.get(spec.element, spec.attribute)
    if raw is not None:
        return spec.read(raw)
    if field == "length":
        rounded = entry.get("INFO", "PLAYTIME")
        return None if rounded is None else _number(rounded)
    if field in {"stars", "playcount"}:
        return 0
    return False if field in {"locked", "analysed"} else None


def read_all(entry: Element) -> dict[str, Value]:
    """Every field that has a value; what `read` gives for absent ones is left out.

    Faster than `read` for each, because it looks only at what is there.
    """
    found: dict[str, Value] = {}
    _read_attributes(found, _TABLE[""], entry.attributes)
    has_cues = False
    for child in entry.children:
        tag = child.tag
        if tag == "CUE_V2":
            has_cues = True
        elif tag in _TABLE:
            _read_attributes(found, _TABLE[tag], child.attributes)
    if "length" not in found:
        _keep(found, "length", read(entry, "length"))
    _keep(found, "modified", modified(entry))
    if has_cues:
        found["cues"] = cues(entry)
    return found


def _read_attributes(
    found: dict[str, Value],
    table: Mapping[str, Iterable[tuple[str, Callable[[str], Value | None]]]],
    attributes: Mapping[str, str],
) -> None:
    for attribute, raw in attributes.items():
        for name, convert in table.get(attribute, ()):
            value = convert(raw)
            # Of two elements of a kind the first counts, as for `Element.get`.
            if value is not None and name not in found:
                found[name] = value


def _keep(found: dict[str, Value], name: str, value: Value | None) -> None:
    if value is not None:
        found[name] = value


@lru_cache(8192)
def _midnight(raw: str) -> int | None:
    day = parse_date(raw)
    return None if day is None else timegm(day.timetuple())


def modified(entry: Element) -> int | None:
    """When Traktor last changed the entry, seconds since 1970 UTC."""
    midnight = _midnight(entry.attributes.get("MODIFIED_DATE", ""))
    if midnight is None:
        return None
    seconds = _whole(entry.attributes.get("MODIFIED_TIME", "0"))
    return midnight + seconds if seconds is not None and 0 <= seconds < 86_400 else midnight


def location(entry: Element) -> Location | None:
    """Where Traktor believes the file to be; None for an entry without a location."""
    found = entry.child("LOCATION")
    if found is None:
        return None
    get = found.attributes.get
    return Location(get("VOLUME", ""), get("DIR", ""), get("FILE", ""), get("VOLUMEID"))


def cues(entry: Element) -> tuple[Cue, ...]:
    """Cue points, loops and grid markers, in the order of the file."""
    return tuple(_cue(child) for child in entry.children if child.tag == "CUE_V2")


def _cue(element: Element) -> Cue:
    get = element.attributes.get
    slot = _whole(get("HOTCUE", "-1"))
    grid = element.children and element.get("GRID", "BPM")
    return Cue(
        get("NAME", ""),
        _whole(get("TYPE", "0")) or 0,
        _number(get("START", "0")) or 0.0,
        _number(get("LEN", "0")) or 0.0,
        slot if slot is not None and slot >= 0 else None,
        get("COLOR"),
        _number(grid) if grid else None,
    )


# --- Writing -------------------------------------------------------------------------------------


def edits(
    entry: Element, field: str, value: Value | None, *, numbers: Numbers = Numbers.FIXED
) -> tuple[AttributeEdit, ...]:
    """What has to change in an entry so that the field has this value; nothing when it has.

    Args:
        entry: as it is now.
        field: one of `WRITABLE`.
        value: also as text ("126.5", "2024-03-07"); None or "" takes it away.
        numbers: how the file prints fractions, where the entry does not show it.

    Raises:
        FieldKept: the entry or Traktor does not allow it.
        NmlError: no such field, or not a value for it.
    """
    spec = FIELDS.get(field)
    if spec is None:
        raise NmlError(f"no field {field!r}; there are {', '.join(sorted(WRITABLE))}.")
    if not spec.kind:
        raise FieldKept(f"{field} is Traktor's own and is not written.")
    now = entry.get(spec.element, spec.attribute)
    if value is not None and value == read(entry, field) and not isinstance(value, bool):
        # However it stands there: with many digits, or beyond what we would write.
        return ()
    new = None if value is None or value == "" else _written(spec, value, now, numbers)
    if new == now or _means_the_same(entry, field, new, now):
        return ()
    _check_allowed(entry, field, new, now)
    return (AttributeEdit(spec.element, spec.attribute, new),)


def stamp(entry: Element, modified_at: int) -> tuple[AttributeEdit, ...]:
    """Edits that note when the entry was changed.

    Args:
        entry: as it is now.
        modified_at: seconds since 1970 UTC.
    """
    days, seconds = divmod(modified_at, 86_400)
    day = date.fromordinal(date(1970, 1, 1).toordinal() + days)
    return (
        AttributeEdit("", "MODIFIED_DATE", _date_text(day, entry.attributes.get("MODIFIED_DATE"))),
        AttributeEdit("", "MODIFIED_TIME", str(seconds)),
    )


def _means_the_same(entry: Element, field: str, new: str | None, now: str | None) -> bool:
    """Whether a rewriting would change the digits but not the value (196 is four stars, too)."""
    spec = FIELDS[field]
    if field == "stars":
        return stars_of(_ranking(new or "0")) == read(entry, "stars")
    if spec.kind == "text" or new is None or now is None:
        return False
    was, will = spec.read(now), spec.read(new)
    return was is not None and was == will


def _check_allowed(entry: Element, field: str, new: str | None, now: str | None) -> None:
    if field == "bpm" and read(entry, "locked"):
        raise FieldKept("the entry is locked in Traktor; its tempo stays.")
    if field == "playcount" and now is not None and _playcount(now) is None:
        raise FieldKept(f"its play count {now!r} is an overflowed counter, which stays.")
    if field == "title" and new is None:
        raise FieldKept("an entry always has a title; it is not taken away.")


def _written(spec: Spec, value: Value, now: str | None, numbers: Numbers) -> str | None:
    """The text of the attribute; None for values that are said by its absence."""
    kind = spec.kind
    if kind == "text":
        if not isinstance(value, str):
            raise NmlError(f"{str(value)[:40]!r} is not text.")
        return flatten(value) or None
    if kind == "bpm":
        return _number_text(_measure(value), now, numbers)
    if kind == "date":
        day = parse_date(value) if isinstance(value, str) else value
        if not isinstance(day, date):
            raise NmlError(f"{str(value)[:40]!r} is not a date.")
        return _date_text(day, now)
    lowest, highest, empty = _RANGES[kind]
    number = _integer(value)
    if not lowest <= number <= highest:
        raise NmlError(f"{number} is not between {lowest} and {highest}.")
    if kind == "stars":
        number *= STAR
    return None if number == empty and now != str(empty) else str(number)


_RANGES: Mapping[str, tuple[int, int, int | None]] = {
    "whole": (0, 99_999, 0),
    "key": (0, 23, None),
    "stars": (0, 5, 0),
    "ranking": (0, 255, None),
    "playcount": (0, CORRUPT_PLAYCOUNT, 0),
    "color": (0, 7, 0),
}
"""Lowest, highest, and what is said by absence."""


def flatten(text: str) -> str:
    """Text on one line: Traktor turns the line breaks of tags into blanks."""
    return _LINE_BREAKS.sub(" ", text) if _LINE_BREAKS.search(text) else text


def _integer(value: Value) -> int:
    number = None if isinstance(value, bool) else _number(str(value))
    if number is None or number != number // 1:
        raise NmlError(f"{str(value)[:40]!r} is not a whole number.")
    return int(number)


def _measure(value: Value) -> float:
    number = None if isinstance(value, bool) else _number(str(value))
    if number is None or not 0 < number < 1000:
        raise NmlError(f"{str(value)[:40]!r} is not a tempo in beats a minute.")
    return number


def _number_text(number: float, now: str | None, numbers: Numbers) -> str:
    """In the way of the number that stands there, else of the file."""
    match = _FRACTION.fullmatch(now) if now else None
    if match is None or len(match[1]) == 6 or numbers is Numbers.SHORT:
        return numbers.text(number)
    # Another tool's count of decimals, as long as it says the number.
    short = f"{number:.{min(12, len(match[1]))}f}"
    return short if abs(float(short) - number) < 1e-9 else numbers.text(number)


def _date_text(day: date, now: str | None) -> str:
    """In the way of the date that stands there: other tools write leading zeros."""
    match = _DATE.fullmatch(now) if now else None
    if match and "0" in {(match[2] or " ")[0], (match[3] or " ")[0]}:
        return f"{day.year}/{day.month:02}/{day.day:02}"
    return f"{day.year}/{day.month}/{day.day}"
