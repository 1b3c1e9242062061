"""Numbers that name recordings and releases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from musictool_core.matching.text import catno_key, isrc_key
from musictool_core.quality.health.making import (
    clean,
    planted,
    text_of,
    text_rule,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Severity

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_SIGNS = re.compile(r"[\s.\-]+")
_MUSICBRAINZ = ("mb_trackid", "mb_albumid", "mb_artistid", "mb_albumartistid", "mb_releasegroupid",
                "mb_releasetrackid", "mb_workid")  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_OTHER = re.compile(r"\d+(-[A-Z]*\d*)?")
"""Ids of Discogs, Deezer and other sources are numbers; of one with a place for a track."""
_ARTICLE_NUMBERS = frozenset({8, 12, 13, 14})


def written_isrc(text: str) -> str:
    """An ISRC as 12 capital letters and digits; what is none stays."""
    if _ISRC.fullmatch(text):
        return text
    plain = isrc_key(text).upper()
    return plain if _ISRC.fullmatch(plain) else text


def _see_isrc(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    text = text_of(record, "isrc")
    if not text or all(
        _ISRC.fullmatch(written_isrc(part.strip())) for part in re.split("[;/,]", text)
    ):
        return {}
    return {"isrc": f"{text!r} is no ISRC"}


def _see_musicbrainz(record: Record, standard: Standard) -> dict[str, str]:
    """Ids of other sources stand in the same fields of beets; `data_source` says whose they are."""
    del standard
    source = text_of(record, "data_source")
    if source and source != "MusicBrainz":
        return {}
    found = {}
    for name in _MUSICBRAINZ:
        text = text_of(record, name)
        if _OTHER.fullmatch(text) or record.get("discogs_albumid"):
            continue
        if text and not _UUID.fullmatch(text):
            parts = [part.strip() for part in re.split("[;/,]", text)]
            if not all(_UUID.fullmatch(part) for part in parts):
                found[name] = f"{text!r} is no MusicBrainz id"
    return found


def numbered(text: str) -> str:
    """A catalogue number; "" for a word or signs that say there is none."""
    return text if catno_key(text) or not text.isascii() else ""


def _see_barcode(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    text = text_of(record, "barcode")
    digits = _SIGNS.sub("", text)
    if not digits:
        return {}
    if not digits.isdecimal() or len(digits) not in _ARTICLE_NUMBERS:
        return {"barcode": f"{text!r} is no barcode"}
    total = sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return {"barcode": f"{text!r}: the check digit is wrong"} if total % 10 else {}


RULES = (
    text_rule(
        "I001",
        "ISRC with dashes or small letters",
        Severity.LOW,
        Mode.SAFE,
        written_isrc,
        fields=("isrc",),
        planted=(
            planted({"isrc": "GBAYE6800023"}, isrc="GB-AYE-68-00023"),
            planted({"isrc": "GBAYE6800023"}, isrc="gbaye6800023"),
        ),
        clean=(clean(isrc="GBAYE6800023"), clean(isrc="")),
    ),
    track_rule(
        "I002",
        "not an ISRC",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_isrc,
        planted=(planted(isrc="GBAYE6800"), planted(isrc="none")),
        clean=(clean(isrc="QZ-HN9-18-12345"), clean(isrc="GBAYE6800023;GBAYE6800024")),
    ),
    track_rule(
        "I003",
        "malformed MusicBrainz id",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_musicbrainz,
        planted=(planted(mb_trackid="b1a9c0e9d98745c7"),),
        clean=(
            clean(mb_trackid="b1a9c0e9-d987-4042-ae91-78d6a3267d69"),
            clean(mb_albumid="1234567", data_source="Discogs"),
            clean(mb_albumid="1234567", mb_trackid="1234567-A1"),
        ),
    ),
    text_rule(
        "I004",
        "word for no catalogue number",
        Severity.LOW,
        Mode.PREVIEW,
        numbered,
        fields=("catalognum",),
        planted=(
            planted({"catalognum": ""}, catalognum="none"),
            planted({"catalognum": ""}, catalognum="N/A"),
            planted({"catalognum": ""}, catalognum="-"),
        ),
        clean=(clean(catalognum="WAP 39CD"), clean(catalognum="001")),
    ),
    track_rule(
        "I005",
        "not a barcode",
        Severity.LOW,
        Mode.REPORT,
        _see_barcode,
        planted=(
            planted(barcode="4006381333930"),
            planted(barcode="12345"),
            planted(barcode="none"),
        ),
        clean=(clean(barcode="4006381333931"), clean(barcode="0 36000 29145 2"), clean(barcode="")),
    ),
)
