"""Text that was read in a wrong encoding, and text whose letters are lost."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import ftfy

from musictool_core.quality.health.making import (
    SHORT_TEXTS,
    TEXTS,
    clean,
    patch_rule,
    planted,
    shown,
    text_of,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Severity

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

# Letters of Windows' Cyrillic page as Latin-1 shows them, with ё, і and ї.
_WRONG_WORD = re.compile(r"(?<![A-Za-z])[\xc0-\xff\xa8\xb8\xb3\xb2\xbf\xaf\xaa\xba]+(?![A-Za-z])")
_HIGH = re.compile(r"[\xc0-\xff]{2}")
# A letter whose second byte was lost stays Latin beside Cyrillic ones.
_HALF_MENDED = re.compile(r"[ÐÑ](?=[а-яё])|(?<=[а-яё])[ÐÑ]", re.IGNORECASE)
_VOWELS = frozenset("аеёиоуыэюяіїє")
_RARE_IN_RUSSIAN = frozenset("ъЪ")
_SURE_LETTERS = 4
_LOST = re.compile(r"\ufffd|[a-zA-Z]\?[a-z]|\?{3,}\s+\?{2,}")


@lru_cache(maxsize=16384)
def _mend_utf8(text: str) -> str:
    mended = ftfy.fix_encoding(text)
    is_half = "\ufffd" in mended or _HALF_MENDED.search(mended)
    return text if is_half or not mended.strip() else mended


def _as_cyrillic(found: re.Match[str]) -> str:
    return found[0].encode("latin-1").decode("cp1251")


def _is_sure(text: str) -> bool:
    """Whether some word can only be Cyrillic: no Latin name has four such letters in a row."""
    return any(_reads_as_russian(found) for found in _WRONG_WORD.finditer(text))


def _reads_as_russian(found: re.Match[str]) -> bool:
    word = _as_cyrillic(found)
    letters = word.lower()
    if len(word) < _SURE_LETTERS or len(set(letters)) < 3 or not word.isalpha():
        return False
    vowels = sum(letter in _VOWELS for letter in letters)
    is_cased = word.islower() or word.isupper() or word.istitle()
    return is_cased and 0.15 <= vowels / len(word) <= 0.75 and letters[0] not in _RARE_IN_RUSSIAN


def _patch(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    texts = {name: text for name in TEXTS if (text := text_of(record, name)) and not text.isascii()}
    mended = {name: new for name, text in texts.items() if (new := _mend_utf8(text)) != text}
    wrong = [name for name, text in texts.items() if _HIGH.search(text) and name not in mended]
    # One sure word says it of all texts of this track.
    if any(_is_sure(texts[name]) for name in wrong):
        for name in wrong:
            mended[name] = _WRONG_WORD.sub(_as_cyrillic, texts[name])
    return dict(mended)


def _see_lost(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    return {
        name: shown(text)
        for name in SHORT_TEXTS
        if (text := text_of(record, name))
        and ("?" in text or "\ufffd" in text)
        and "://" not in text
        and _LOST.search(text)
    }


RULES = (
    patch_rule(
        "T003",
        "text read in a wrong encoding",
        Severity.HIGH,
        Mode.PREVIEW,
        _patch,
        planted=(
            planted({"artist": "Björk", "title": "Jóga"}, artist="BjÃ¶rk", title="JÃ³ga"),
            planted({"title": "Don’t Go"}, artist="Röyksopp", title="Donâ€™t Go"),
            planted({"artist": "Кино"}, artist="ÐšÐ¸Ð½Ð¾"),
            planted({"artist": "Сплин", "title": "Мы"}, artist="Ñïëèí", title="Ìû"),
        ),
        clean=(
            clean(artist="Âme", title="Ãme", album="Ø"),
            clean(artist="ÐÐ¸Ð½Ð¾"),
            clean(artist="Sigur Rós", title="Ágætis byrjun", album="Öööö"),
            clean(artist="Кино", title="Naïveté", album="ÄÄÄÄÄ"),
            clean(artist="Mötley Crüe", title="Ça plane pour moi", album="Ænima"),
        ),
    ),
    track_rule(
        "T004",
        "letters are lost",
        Severity.HIGH,
        Mode.REPORT,
        _see_lost,
        planted=(
            planted(artist="Ti\ufffdsto"),
            planted(artist="Bj?rk"),
            planted(title="????? ???"),
        ),
        clean=(clean(title="???", artist="?"), clean(title="Who? What?!", album="Why?")),
    ),
)
