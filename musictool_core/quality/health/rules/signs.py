"""Signs that nobody typed: odd white space, control signs, decomposed letters, entities."""

from __future__ import annotations

import html
import re
import unicodedata

from musictool_core.quality.health.making import SHORT_TEXTS, TEXTS, clean, planted, text_rule
from musictool_core.quality.health.model import Mode, Severity
from musictool_core.quality.health.rules.cut import was_cut
from musictool_core.quality.health.rules.encodings import is_misread

_ODD_SPACE = re.compile(r"^\s|\s$|\s{2,}|[\t\n\r\x0b\x0c\x85\xa0\u2000-\u200a\u2028\u2029\u202f]")
_SPACES = re.compile(r"[^\S\u3000]+|\u3000{2,}")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_MARKS_OF_RIGHT_TO_LEFT = frozenset("\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def tidy_spaces(text: str) -> str:
    """Single plain spaces, none at the ends; wide spaces of Japanese stay."""
    if not _ODD_SPACE.search(text) or was_cut(text):
        return text
    return _SPACES.sub(lambda found: "\u3000" if "\u3000" in found[0] else " ", text).strip()


def drop_unseen(text: str) -> str:
    """Take out control signs; marks of direction stay in text that runs right to left.

    What another encoding has for letters stays: T003 reads it anew.
    """
    if text.isprintable() or not _UNSEEN.search(text) or is_misread(text):
        return text
    right_to_left = any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)

    def stays(sign: str) -> bool:
        return right_to_left and sign in _MARKS_OF_RIGHT_TO_LEFT

    kept = "".join(sign for sign in text if stays(sign) or not _UNSEEN.match(sign))
    return kept if kept == text else tidy_spaces(kept)


def unescape(text: str) -> str:
    """Entities of HTML as the signs they stand for, also when they were escaped twice."""
    for _ in range(3):
        if "&" not in text or not _ENTITY.search(text):
            break
        plain = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if plain == text:
            break
        text = tidy_spaces(drop_unseen(plain))
    return text


def compose(text: str) -> str:
    """Letters with their accents as one sign (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


RULES = (
    text_rule(
        "T001",
        "white space at an end, doubled, or of an odd kind",
        Severity.LOW,
        Mode.SAFE,
        tidy_spaces,
        fields=SHORT_TEXTS,
        planted=(
            planted({"artist": "Robert Hood"}, artist="Robert Hood "),
            planted({"title": "Night Drive"}, title="Night\xa0Drive"),
            planted({"album": "Two Lines"}, album="Two\r\nLines"),
        ),
        clean=(clean(title="戦場の\u3000メリー", artist="The The"),),
    ),
    text_rule(
        "T002",
        "control signs and signs without width",
        Severity.MEDIUM,
        Mode.SAFE,
        drop_unseen,
        fields=TEXTS,
        planted=(
            planted({"artist": "Basic Channel"}, artist="Basic Channel\0"),
            planted({"title": "Phylyps Trak"}, title="Phylyps \u200b Trak"),
            planted({"title": "Rej"}, title="\ufeffRej"),
        ),
        clean=(
            clean(title="Don\x92t", artist="\x83|\x83\x8b\x83m\x83O"),
            clean(title="می\u200cخواهم", artist="\u200fשלום"),
            clean(comments="two\nlines"),
        ),
    ),
    text_rule(
        "T005",
        "HTML entities",
        Severity.MEDIUM,
        Mode.PREVIEW,
        unescape,
        fields=TEXTS,
        planted=(
            planted({"artist": "Chase & Status"}, artist="Chase &amp; Status"),
            planted({"title": "Don't"}, title="Don&amp;#39;t"),
            planted({"title": "One Two"}, title="One&nbsp;Two"),
        ),
        clean=(clean(artist="Simon & Garfunkel", title="R&B; Soul", album="Q&A"),),
    ),
    text_rule(
        "T006",
        "letters and accents as separate signs",
        Severity.LOW,
        Mode.SAFE,
        compose,
        fields=TEXTS,
        planted=(planted({"artist": "Beyonc\u00e9"}, artist="Beyonce\u0301"),),
        clean=(clean(artist="Beyoncé", title="Ågætis byrjun"),),
    ),
)
