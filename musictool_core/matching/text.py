"""Normal forms of names, titles and numbers.

Input:   text as people, taggers and shops write it.
Output:  ASCII keys that are equal when a careful reader calls the texts equal in spelling.
Pure and idempotent: applying a key function to its own result changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from unidecode import unidecode

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_APOSTROPHES = re.compile(r"['`]+")
_INCHES = re.compile(r"(?<![0-9])(7|10|12)\s?(?:\"|''|-?inch(?![a-z]))")
_ACRONYM = re.compile(r"(?<![a-z0-9])(?:[a-z0-9]\.){2,}(?:[a-z0-9](?![a-z0-9]))?")
_DOLLAR_LETTER = re.compile(r"(?<=[a-z])\$(?=[a-z])")
_CLOCK = re.compile(r"(?<=\d):(?=\d)")
_WORD = re.compile(r"[a-z0-9]+")
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_NOT_DIGIT = re.compile(r"\D+")

# Longest GTIN: UPC-A (12), EAN-13 and GTIN-14 of one article differ in leading zeros only.
_GTIN_DIGITS = 14
# Shorter digit strings are house numbers of shops, not barcodes.
_SHORTEST_BARCODE = 8

# What Discogs, shops and taggers write where there is no catalogue number.
_NO_CATNO = frozenset({"none", "na", "notonlabel", "unknown", "nocatno", "promo", "whitelabel"})


def fold(text: str) -> str:
    """Reduce text to lower-case ASCII; punctuation stays."""
    if text.isascii():
        return text.lower()
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return unidecode(plain).lower()


@lru_cache(maxsize=32768)
def text_key(text: str) -> str:
    """Return the spaced normal form: "Sigur Rós – Ágætis" is "sigur ros agaetis".

    Text of signs only ("!!!") keeps its signs, so that it still has a key; blank text has none.
    """
    folded = fold(text)
    if '"' in folded or "''" in folded or "inch" in folded:
        folded = _INCHES.sub(r"\1inch ", folded)
    folded = _APOSTROPHES.sub("", folded)
    if "." in folded:
        folded = _ACRONYM.sub(_without_dots, folded)
    if "$" in folded:
        folded = _DOLLAR_LETTER.sub("s", folded)
    if ":" in folded:
        folded = _CLOCK.sub("", folded)
    found = _WORD.findall(folded.replace("&", " and ").replace("+", " and "))
    if found:
        return " ".join(found)
    return _signs(text)


def catno_key(text: str) -> str:
    """Return a catalogue number without spaces, dashes and case, or "" when it names none."""
    key = _NOT_ALNUM.sub("", fold(text))
    return "" if key in _NO_CATNO else key


def barcode_key(text: str) -> str:
    """Return a barcode as 14 digits, or "" when it is not one.

    UPC-A, EAN-13 and GTIN-14 of one article get the same key.
    """
    digits = _NOT_DIGIT.sub("", fold(text)).lstrip("0")
    return digits.zfill(_GTIN_DIGITS) if len(digits) >= _SHORTEST_BARCODE else ""


def isrc_key(text: str) -> str:
    """Return an ISRC without separators ("US-S1Z-99-00001"), or "" when it is not one."""
    key = _NOT_ALNUM.sub("", fold(text))
    return key if len(key) == 12 and key[:2].isalpha() and key[5:].isdecimal() else ""


def squeeze(words: tuple[str, ...]) -> str:
    """Join words without spaces: "night life" and "nightlife" become equal."""
    return "".join(words)


def _without_dots(match: re.Match[str]) -> str:
    return match.group().replace(".", "")


def _signs(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return "".join(unicodedata.normalize("NFKC", plain).split())
