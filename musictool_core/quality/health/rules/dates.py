"""Years and dates."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from musictool_core.quality.health.making import (
    clean,
    number_of,
    planted,
    text_of,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Severity

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Patch, Record, Standard

_TEXTS = ("date", "original_date")
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_OTHER = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})|(\d{4})[./](\d{1,2})[./](\d{1,2})|(\d{4})(\d\d)(\d\d)"
)
_FIRST_YEAR = 1860
"""Before the first recording of a voice."""
_FILLERS = frozenset({1900, 1901, 1904})
_EPOCH = (1970, 1, 1)
_REMASTER = re.compile(
    r"(?P<year>(?:19|20)\d\d)[\s-]*(?:digital(?:ly)?\s*)?remaster"
    r"|remaster(?:ed)?\s*(?:in\s*)?(?P<late>(?:19|20)\d\d)",
    re.IGNORECASE,
)


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parts(record: Record, prefix: str) -> tuple[int, int, int]:
    """Year, month and day of the numbers that beets stores; 0 for what is not known."""
    year, month, day = (
        int(number_of(record, f"{prefix}{part}") or 0) for part in ("year", "month", "day")
    )
    return year, month, day


def _is_impossible(year: int, month: int, day: int) -> bool:
    if not year:
        return False
    if not _FIRST_YEAR <= year <= 9999 or not 0 <= month <= 12:
        return True
    return day != 0 and _day_of(year, month or 1, day) is None


def _see_impossible(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    found: dict[str, str] = {}
    for prefix in ("", "original_"):
        year, month, day = _parts(record, prefix)
        if _is_impossible(year, month, day):
            found[f"{prefix}year"] = f"{year}-{month:02}-{day:02} is no date"
    for name in _TEXTS:
        if (iso := _ISO.fullmatch(text_of(record, name).strip())) and not _possible(iso):
            found[name] = f"{text_of(record, name)!r} is no date"
    return found


def _possible(iso: re.Match[str]) -> bool:
    year, month, day = (int(part) if part else None for part in iso.groups())
    return _day_of(year or 0, 1 if month is None else month, 1 if day is None else day) is not None


def _shorten(record: Record, standard: Standard) -> Patch:
    """What of an impossible date is possible."""
    patch: dict[str, object] = {}
    for name in _see_impossible(record, standard):
        if name not in _TEXTS:
            continue
        pieces = text_of(record, name).strip().split("-")
        if len(pieces) > 2 and _possible(_iso("-".join(pieces[:2]))):
            patch[name] = "-".join(pieces[:2])
        else:
            patch[name] = pieces[0]
    return patch


def _iso(text: str) -> re.Match[str]:
    found = _ISO.fullmatch(text)
    assert found  # noqa: S101 - part of one that matched
    return found


def _see_form(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    return {
        name: f"{text!r} is not written year-month-day"
        for name in _TEXTS
        if (text := text_of(record, name).strip())
        and not (_ISO.fullmatch(text) and all(len(part) >= 2 for part in text.split("-")))
    }


def _reform(record: Record, standard: Standard) -> Patch:
    patch: dict[str, object] = {}
    for name in _see_form(record, standard):
        found = _OTHER.fullmatch(text_of(record, name).strip())
        day = _read_other(found) if found else _read_short(text_of(record, name))
        if day:
            patch[name] = day.isoformat()
    return patch


def _read_short(text: str) -> date | None:
    iso = _ISO.fullmatch(text.strip())
    if not iso or not iso[3]:
        return None
    return _day_of(int(iso[1]), int(iso[2]), int(iso[3]))


def _read_other(found: re.Match[str]) -> date | None:
    """The day; None when day and month may be swapped."""
    first, sign, second, year, *rest = found.groups()
    if not year:
        numbers = [int(part) for part in rest if part]
        return _day_of(*numbers[:3])
    one, two = int(first), int(second)
    if sign == "." or one > 12 or one == two:
        return _day_of(int(year), two, one)
    return _day_of(int(year), one, two) if two > 12 else None


def _see_filler(record: Record, standard: Standard) -> dict[str, str]:
    dates = {f"{prefix}year": _parts(record, prefix) for prefix in ("", "original_")}
    for name in _TEXTS:
        if iso := _ISO.fullmatch(text_of(record, name).strip()):
            year, month, day = (int(part or 0) for part in iso.groups())
            dates[name] = year, month, day
    found = {}
    for name, parts in dates.items():
        year = parts[0]
        if standard.today.year + 1 < year <= 9999:
            found[name] = f"{year} is in the future"
        elif year in _FILLERS or parts == _EPOCH:
            found[name] = f"{year} is what programs write for no date"
    return found


def _see_order(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    first, later = _parts(record, "original_"), _parts(record, "")
    known = min(sum(1 for part in first if part), sum(1 for part in later if part))
    if not first[0] or not later[0] or first[:known] <= later[:known]:
        return {}
    return {"original_year": f"first released {first[0]}, this one {later[0]}"}


def _see_remaster(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    original = number_of(record, "original_year")
    if not original:
        return {}
    for name in ("title", "album", "albumdisambig"):
        text = text_of(record, name)
        found = _REMASTER.search(text) if "emaster" in text else None
        if found and float(found["year"] or found["late"]) == original:
            return {"original_year": f"{original:g} is the year of the remaster"}
    return {}


RULES = (
    track_rule(
        "D001",
        "impossible date",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _see_impossible,
        patch=_shorten,
        planted=(
            planted(year=20051),
            planted({"date": "2005"}, date="2005-13-40"),
            planted({"date": "2005-02"}, date="2005-02-30"),
            planted(year=2005, month=13),
            planted(year=2005, month=2, day=30),
            planted(year=83),
        ),
        clean=(
            clean(year=2004, month=2, day=29),
            clean(year=0, month=0, day=0),
            clean(date="2005-04", year=1999, month=0, day=0),
        ),
    ),
    track_rule(
        "D002",
        "date that is not written year-month-day",
        Severity.LOW,
        Mode.PREVIEW,
        _see_form,
        patch=_reform,
        planted=(
            planted({"date": "2005-04-13"}, date="13/04/2005"),
            planted({"date": "2005-04-03"}, date="03.04.2005"),
            planted(date="03/04/2005"),
            planted({"date": "2005-04-13"}, date="20050413"),
            planted({"date": "2005-04-03"}, date="2005-4-3"),
        ),
        clean=(clean(date="2005-04-13"), clean(date="2005-04"), clean(date="2005")),
    ),
    track_rule(
        "D003",
        "year in the future, or one that stands for none",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_filler,
        planted=(
            planted(year=2099),
            planted(year=1900),
            planted(year=1904, month=1, day=1),
            planted(year=1970, month=1, day=1),
            planted(original_year=1901),
            planted(date="1970-01-01"),
            planted(date="2099"),
        ),
        clean=(clean(year=1970), clean(year=1970, month=4, day=1), clean(year=1928)),
    ),
    track_rule(
        "D004",
        "first release after this one",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_order,
        planted=(
            planted(year=2015, original_year=2019),
            planted(year=2015, month=2, original_year=2015, original_month=6),
        ),
        clean=(
            clean(year=2019, original_year=1999),
            clean(year=2015, original_year=2015, original_month=6),
        ),
    ),
    track_rule(
        "D006",
        "year of a remaster as the first year",
        Severity.LOW,
        Mode.REPORT,
        _see_remaster,
        planted=(planted(title="Blue Monday (2011 Remaster)", original_year=2011, year=2011),),
        clean=(clean(title="Blue Monday (2011 Remaster)", original_year=1983, year=2011),),
    ),
)
