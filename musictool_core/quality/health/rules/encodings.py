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
_HALF_MENDED = re.compile(
    r"[\xc0-\xff](?=[\u0370-\u07ff])|(?<=[\u0370-\u07ff])[\xc0-\xff]|[\x80-\x9f]"
)
_VOWELS = frozenset("аеёиоуыэюяіїє")
_RARE_IN_RUSSIAN = frozenset("ъЪ")
_SURE_LETTERS = 4
_CONTROL = re.compile(r"[\x80-\x9f]")
# First bytes of hiragana and katakana in Shift-JIS, as Latin-1 and Windows show them.
_KANA_BYTE = re.compile(r"[\x82\x83\u201a\u0192]")
_KANA = re.compile(r"[\u3041-\u30fe]")
_JAPANESE = re.compile(r"[\x20-\x7e\u3000-\u30fe\u4e00-\u9fff\uff01-\uff60]+")
_CHINESE = re.compile(r"[\x20-\x7e\u4e00-\u9fff]+")
_FEWEST_KANA = 3
_HIGH_RUN = re.compile(r"[\xa1-\xff]+")
_NO_LETTER = re.compile(r"[\xa1-\xbf]")
_FEWEST_HANZI = 2
_FIRST_COMMON, _LAST_COMMON, _LAST_HANZI = 0xB0, 0xD7, 0xF7
"""First bytes of the hanzi of GB 2312: the common ones, in order of their sound, then the rest."""
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


def _bytes_of(text: str) -> bytes | None:
    """The bytes that somebody took for Latin-1 or for Windows' Latin page."""
    try:
        return b"".join(
            bytes((ord(sign),)) if ord(sign) < 0x100 else sign.encode("cp1252") for sign in text
        )
    except UnicodeEncodeError:
        return None


def _decoded(text: str, encoding: str, wanted: re.Pattern[str]) -> str | None:
    """The text read anew, where that gives nothing but wanted letters."""
    data = _bytes_of(text)
    try:
        new = data.decode(encoding) if data else ""
    except UnicodeDecodeError:
        return None
    return new if wanted.fullmatch(new) else None


def _is_surely_japanese(text: str) -> bool:
    if len(_KANA_BYTE.findall(text)) < _FEWEST_KANA:
        return False
    new = _decoded(text, "cp932", _JAPANESE)
    return new is not None and len(_KANA.findall(new)) >= _FEWEST_KANA


def _is_surely_chinese(text: str) -> bool:
    """Pairs of bytes of which most are common hanzi, with a sign that no name has among letters."""
    if not _NO_LETTER.search(text):
        return False
    runs = _HIGH_RUN.findall(text)
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run), 2)]
    firsts = [ord(pair[0]) for pair in pairs]
    common = [first for first in firsts if _FIRST_COMMON <= first <= _LAST_COMMON]
    return (
        len(pairs) >= _FEWEST_HANZI
        and not any(len(run) % 2 for run in runs)
        and any(_NO_LETTER.search(run) for run in runs)
        and max(firsts) <= _LAST_HANZI
        and 3 * len(common) >= 2 * len(pairs)
        and not _is_sure(text)
        and _decoded(text, "gb2312", _CHINESE) is not None
    )


_EASTERN = (
    (_is_surely_japanese, "cp932", _JAPANESE),
    (_is_surely_chinese, "gb2312", _CHINESE),
)


def _read_anew(texts: dict[str, str]) -> dict[str, object]:
    """Shift-JIS and GB 2312 that were read as Latin; all texts of the track have to agree."""
    for is_sure, encoding, wanted in _EASTERN:
        if any(is_sure(text) for text in texts.values()):
            # What holds other letters is read rightly already.
            misread = {name: text for name, text in texts.items() if _bytes_of(text) is not None}
            read = {name: _decoded(text, encoding, wanted) for name, text in misread.items()}
            if all(read.values()):
                return dict(read)
    return {}


def is_misread(text: str) -> bool:
    """Whether control signs may be what another encoding has for letters."""
    if not _CONTROL.search(text):
        return False
    return _mend_utf8(text) != text or any(is_sure(text) for is_sure, *_ in _EASTERN)


def _patch(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    texts = {name: text for name in TEXTS if (text := text_of(record, name)) and not text.isascii()}
    if read := _read_anew(texts):
        return read
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
            planted(
                {"artist": "坂本龍一", "title": "メリークリスマス"},
                artist="\x8dâ\x96{\x97´\x88ê",
                title="\x83\x81\x83\x8a\x81[\x83N\x83\x8a\x83X\x83}\x83X",
            ),
            planted({"title": "チョコレイト"}, artist="Perfume", title="ƒ`ƒ‡ƒRƒŒƒCƒg"),
            planted({"artist": "周杰伦", "title": "红豆"}, artist="ÖÜ½ÜÂ×", title="ºì¶¹"),
            planted({"artist": "张学友"}, artist="ÕÅÑ§ÓÑ", title="Live"),
        ),
        clean=(
            clean(artist="Âme", title="Ãme", album="Ø"),
            clean(artist="ÐÐ¸Ð½Ð¾"),
            clean(artist="Sigur Rós", title="Ágætis byrjun", album="Öööö"),
            clean(artist="Кино", title="Naïveté", album="ÄÄÄÄÄ"),
            clean(artist="Mötley Crüe", title="Ça plane pour moi", album="Ænima"),
            clean(artist="Björk", title="ºì¶¹"),
            clean(artist="\x8dâ\x96{\x97´\x88ê"),
            clean(artist="ƒunk ‚n‘ ƒunk", title="¿Qué Será?", album="«Ö·Ü»"),
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
