"""Genres: numbers, spellings, lists in one text, words that say nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mutagen.id3 import TCON

from musictool_core.matching.text import text_key
from musictool_core.quality.health.making import (
    clean,
    patch_rule,
    planted,
    text_of,
    text_rule,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Severity
from musictool_core.quality.health.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.quality.health.model import Record, Standard

_NUMBER = re.compile(r"\((\d{1,3})\)\s*(.*)|(\d{1,3})")
_JOIN = "; "
_SHOP_HALVES = frozenset({"pop", "funk", "r and b", "hip hop"})
_SPLIT = re.compile(r"\s*[;\\|\0]\s*|\s*,\s+(?!&)")


def genres_of(record: Record) -> tuple[str, ...]:
    """All genres of a track in small letters, as the list of genres spells them."""
    texts = _texts(record)
    return tuple(part for text in texts for part in _names_in(text))


@lru_cache(maxsize=4096)
def _names_in(text: str) -> tuple[str, ...]:
    return tuple(canonical_genre(part).lower() for part in _SPLIT.split(text) if part)


def _texts(record: Record) -> list[str]:
    several = record.get("genres")
    parts = (
        [part for part in several if isinstance(part, str)]
        if isinstance(several, list | tuple)
        else []
    )
    single = text_of(record, "genre")
    return [*parts, single] if single else parts


@lru_cache(maxsize=4096)
def numbered_genre(text: str) -> str:
    """A genre of ID3v1 by its name: "(31)Trance", "17"."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        return text
    number = int(found[1] or found[3])
    name = TCON.GENRES[number] if number < len(TCON.GENRES) else ""
    named = found[2] or name
    return canonical_genre(named) if named else text


@lru_cache(maxsize=4096)
def canonical_genre(text: str) -> str:
    """One genre as the list spells it; unknown ones stay."""
    return words().genres.get(text_key(text), text)


def _spelled(text: str) -> str:
    if _NUMBER.fullmatch(text.strip()):
        return text
    new = _JOIN.join(canonical_genre(part) for part in text.split(_JOIN))
    return text if new.strip() == text.strip() else new


def _distinct(parts: list[str]) -> list[str]:
    seen: dict[str, str] = {}
    for part in parts:
        if part.strip():
            seen.setdefault(part.strip().casefold(), part.strip())
    return list(seen.values())


def _untangle(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    patch: dict[str, object] = {}
    single = text_of(record, "genre")
    if single and (parts := _pieces(single)):
        new = _JOIN.join(parts)
        if new != single:
            patch["genre"] = new
    several = record.get("genres")
    if isinstance(several, list | tuple):
        texts = [str(part) for part in several if str(part).strip()]
        flat = _distinct([piece for text in texts for piece in (_pieces(text) or [text])])
        if flat != [text.strip() for text in texts]:
            patch["genres"] = flat
    return patch


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """The genres in one text; () when it is one."""
    parts = [part for part in _SPLIT.split(text) if part]
    if len(parts) < 2 and "/" in text:
        parts = _halves(text)
    if "," in text and ";" not in text and not _all_known(parts):
        return ()
    return tuple(_distinct(parts)) if len(parts) > 1 else ()


def _halves(text: str) -> list[str]:
    """Genres joined by a slash; "Funk / Soul" and "Pop/Rock" are single names that shops give."""
    halves = [half.strip() for half in text.split("/")]
    is_of_shop = _SHOP_HALVES & {text_key(half) for half in halves}
    return halves if _all_known(halves) and not is_of_shop else [text]


def _all_known(names: list[str]) -> bool:
    return all(text_key(name) in words().genres for name in names)


def _see_junk(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    name = "genre" if record.get("genre") else "genres"
    junk = [text for text in _texts(record) if text_key(text) in words().junk_genres]
    return {name: repr(junk[0])} if junk else {}


def _both(mend: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: mend(text) if text else text


_FIELDS = ("genre", "genres")
RULES = (
    text_rule(
        "G001",
        "number of ID3v1 for a genre",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _both(numbered_genre),
        fields=_FIELDS,
        planted=(
            planted({"genre": "Trance"}, genre="(31)Trance"),
            planted({"genre": "Rock"}, genre="17"),
            planted({"genre": "Techno"}, genre="(18)"),
        ),
        clean=(clean(genre="2 Step", genres=["80s"]), clean(genre="Techno")),
    ),
    text_rule(
        "G002",
        "other spelling of a known genre",
        Severity.LOW,
        Mode.PREVIEW,
        _both(_spelled),
        fields=_FIELDS,
        planted=(
            planted({"genre": "Drum & Bass"}, genre="D&B"),
            planted({"genres": ["Hip Hop", "Techno"]}, genres=["hip-hop", "techno"]),
            planted({"genre": "Tech House"}, genre="TECH-HOUSE"),
        ),
        clean=(
            clean(genre="Hip Hop", genres=["Microhouse", "Hauntology"]),
            clean(genre="Techno; House"),
        ),
    ),
    patch_rule(
        "G003",
        "several genres in one text, or one twice",
        Severity.LOW,
        Mode.PREVIEW,
        _untangle,
        planted=(
            planted({"genre": "Techno; House"}, genre="Techno; House; House"),
            planted({"genre": "Techno; House"}, genre="Techno, House"),
            planted({"genre": "Techno; House"}, genre="Techno/House"),
            planted({"genres": ["Techno", "House"]}, genres=["Techno;House"]),
            planted({"genres": ["Techno"]}, genres=["Techno", "Techno"]),
        ),
        clean=(
            clean(genre="Folk, World, & Country", genres=["Funk / Soul", "Pop/Rock"]),
            clean(genre="Techno; House"),
            clean(genre="R&B/Soul"),
        ),
    ),
    track_rule(
        "G004",
        "genre that says nothing",
        Severity.LOW,
        Mode.REPORT,
        _see_junk,
        planted=(planted(genre="Other"), planted(genres=["Misc"]), planted(genre="Unknown Genre")),
        clean=(clean(genre="World"), clean(genres=["Classical"]), clean(genre="")),
    ),
)
