"""Capital and small letters, and underscores for spaces."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from titlecase import titlecase

from musictool_core.matching.text import text_key
from musictool_core.quality.health.making import clean, patch_rule, planted, text_of, text_rule
from musictool_core.quality.health.model import Mode, Severity
from musictool_core.quality.health.words import words

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

_FIELDS = ("artist", "title", "album", "albumartist")
_FEWEST_WORDS = 3
_ACRONYM = 4
"""A name of one word of so many letters or fewer may well be an acronym."""

_WORD = re.compile(r"[^\W\d]{2,}")
_UNDERSCORED = re.compile(
    r"(?:\d+_)*[^\W\d_]+(?:['’][^\W\d_]+)?(?:_(?:[^\W\d_]+(?:['’]\w+)?|\d+))+"
)


def _words(text: str) -> list[str]:
    return _WORD.findall(without_underscores(text))


def _given(record: Record) -> dict[str, str]:
    return {name: text for name in _FIELDS if (text := text_of(record, name))}


def _all_capitals(record: Record, standard: Standard) -> dict[str, object]:
    """All names of a track in capitals, or its title alone beside an album that is not."""
    del standard
    title = text_of(record, "title")
    artist = text_of(record, "artist")
    if not (title.isupper() and artist) or text_key(artist) in words().capital_artists:
        return {}
    texts = _given(record)
    capitals = {name: text for name, text in texts.items() if text.isupper()}
    if artist.isupper():
        parts = len(_words(artist))
        is_acronym = (parts < 2 and len(artist) <= _ACRONYM) or not parts
        if is_acronym or len(capitals) < len(texts) or _count(capitals) < _FEWEST_WORDS:
            return {}
    elif not texts.get("album") or "album" in capitals or len(_words(title)) < _FEWEST_WORDS:
        return {}
    return _recased(capitals)


def _all_small(record: Record, standard: Standard) -> dict[str, object]:
    """All names of a track in small letters, its artist of two words or more."""
    del standard
    texts = _given(record)
    artist = texts.get("artist", "")
    if not (
        artist.islower() and "title" in texts and all(text.islower() for text in texts.values())
    ):
        return {}
    has_one_word = len(_words(artist)) < 2
    if has_one_word or text_key(artist) in words().small_artists or _count(texts) < _FEWEST_WORDS:
        return {}
    return _recased(texts)


def _count(texts: dict[str, str]) -> int:
    return sum(len(_words(text)) for name, text in texts.items() if name != "albumartist")


def _recased(texts: dict[str, str]) -> dict[str, object]:
    recased = {name: title_case(text) for name, text in texts.items()}
    return {name: new for name, new in recased.items() if new != texts[name]}


@lru_cache(maxsize=4096)
def title_case(text: str) -> str:
    """A name or title with capital letters where English has them."""

    def known(word: str, **_: object) -> str | None:
        return words().as_written.get(word.casefold())

    made: str = titlecase(text.replace("_", " ").lower(), callback=known)
    return made


def without_underscores(text: str) -> str:
    """Words joined by underscores alone, as words."""
    if "_" not in text or not _UNDERSCORED.fullmatch(text):
        return text
    parts = text.split("_")
    if not any(len(part) > 2 for part in parts) or any(part == "" for part in parts):
        return text
    return " ".join(parts)


RULES = (
    patch_rule(
        "T007",
        "all capital letters",
        Severity.LOW,
        Mode.PREVIEW,
        _all_capitals,
        planted=(
            planted(
                {
                    "artist": "New Order",
                    "title": "Blue Monday",
                    "album": "Power, Corruption & Lies",
                },
                artist="NEW ORDER",
                title="BLUE MONDAY",
                album="POWER, CORRUPTION & LIES",
            ),
            planted(
                {"title": "Born Slippy Nuxx"},
                artist="Underworld",
                title="BORN SLIPPY NUXX",
                album="Trainspotting",
            ),
        ),
        clean=(
            clean(artist="MF DOOM", title="ALL CAPS", album="MADVILLAINY"),
            clean(artist="SOPHIE", title="BIPP", album="PRODUCT AND MORE"),
            clean(artist="Billie Eilish", title="BIRDS OF A FEATHER", album="HIT ME HARD AND SOFT"),
            clean(artist="Kendrick Lamar", title="DNA.", album="DAMN."),
            clean(artist="!!!", title="T.N.T.", album="1999"),
        ),
    ),
    patch_rule(
        "T008",
        "all small letters",
        Severity.LOW,
        Mode.PREVIEW,
        _all_small,
        planted=(
            planted(
                {"artist": "New Order", "title": "Blue Monday", "album": "Substance"},
                artist="new order",
                title="blue monday",
                album="substance",
            ),
        ),
        clean=(
            clean(artist="deadmau5", title="strobe", album="for lack of a better name"),
            clean(artist="girl in red", title="we fell in love in october"),
            clean(artist="boygenius", title="not strong enough", album="the record"),
            clean(artist="Four Tet", title="two thousand and seventeen"),
        ),
    ),
    text_rule(
        "T018",
        "underscores for spaces",
        Severity.MEDIUM,
        Mode.PREVIEW,
        without_underscores,
        fields=_FIELDS,
        planted=(
            planted({"artist": "Aphex Twin"}, artist="Aphex_Twin"),
            planted({"title": "Don't Stop Me Now"}, title="Don't_Stop_Me_Now"),
        ),
        clean=(clean(artist="i_o", title="32a_reflected"), clean(artist="___", title="X_X")),
    ),
)
