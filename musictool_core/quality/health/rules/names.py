"""Names of artists and albums: placeholders, turned articles, foreign letters, spellings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from musictool_core.quality.health.making import (
    NAMES,
    SHORT_TEXTS,
    clean,
    group,
    planted,
    text_of,
    text_rule,
    track_rule,
)
from musictool_core.quality.health.model import Evidence, Mode, Rule, Scope, Severity
from musictool_core.quality.health.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.quality.health.model import Patch, Record, Standard

_NUMBERED = re.compile(r"(?:audio\s?)?(?:track|titel|piste|pista|traccia)\s*(?P<number>\d{1,3})")
_TURNED_NAME = re.compile(r"(?P<name>[^,]+), (?P<article>The|Los|Les|Die|Der)")
_TURNED_TITLE = re.compile(r"(?P<name>[^,]+), (?P<article>The)")
_TWINS = dict(zip("АВЕКМНОРСТХІЈЅаеорсухіјѕ", "ABEKMHOPCTXIJSaeopcyxijs", strict=True))
"""Cyrillic letters that look like Latin ones."""
_TO_LATIN = str.maketrans(_TWINS)
_TO_CYRILLIC = str.maketrans({latin: cyrillic for cyrillic, latin in _TWINS.items()})
_CYRILLIC = re.compile("[Ѐ-ӿ]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"\w+")
_SIGNS = re.compile(r"[\s.,'’‘`´\-‐–—_]+")


def _placeholders(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    known = words().placeholders
    found = {
        name: repr(text)
        for name in (*NAMES, "album", "title")
        if (text := text_of(record, name))
        and text.strip().casefold() in known["artist" if name in NAMES else name]
    }
    title = text_of(record, "title").strip().casefold()
    numbered = _NUMBERED.fullmatch(title) if title[-1:].isdigit() else None
    # An artist may call a song "Track 10"; only a program calls it "Track 07".
    if numbered and (found or numbered["number"].startswith("0")):
        found["title"] = repr(text_of(record, "title"))
    return found


def _turned(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.fullmatch(text) if "," in text else None
    return f"{found['article']} {found['name'].strip()}" if found else text


def one_script(text: str) -> str:
    """Words in one script where some letters only look right."""
    if text.isascii() or not _CYRILLIC.search(text) or not _LATIN.search(text):
        return text
    return _WORD.sub(lambda found: _one_script_word(found[0]), text)


def _one_script_word(word: str) -> str:
    latin, cyrillic = _LATIN.findall(word), _CYRILLIC.findall(word)
    if not latin or not cyrillic:
        return word
    as_latin, as_cyrillic = word.translate(_TO_LATIN), word.translate(_TO_CYRILLIC)
    if len(latin) >= len(cyrillic) and not _CYRILLIC.search(as_latin):
        return as_latin
    if len(cyrillic) > len(latin) and not _LATIN.search(as_cyrillic):
        return as_cyrillic
    return word


def _spelling_key(name: str) -> str:
    """A name without case, spaces and signs between words; accents count: Âme is not Ame."""
    return _SIGNS.sub("", name.casefold()) or name


def _spellings(records: Sequence[Record]) -> dict[str, Counter[str]]:
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        for name in NAMES:
            if text := text_of(record, name):
                spellings[text][text] += 1
    by_key: dict[str, Counter[str]] = defaultdict(Counter)
    for text, counts in spellings.items():
        by_key[_spelling_key(text)].update(counts)
    return {key: counts for key, counts in by_key.items() if len(counts) > 1}


def _usual(counts: Counter[str]) -> str:
    """The spelling of most tracks; of equals the one with capital and small letters."""
    return max(
        counts, key=lambda text: (counts[text], not text.isupper() and not text.islower(), text)
    )


def _rare_spellings(records: Sequence[Record]) -> list[tuple[int, str, str]]:
    usual = {
        text: best
        for counts in _spellings(records).values()
        for best in [_usual(counts)]
        for text in counts
        if text != best
    }
    if not usual:
        return []
    return [
        (index, name, usual[text])
        for index, record in enumerate(records)
        for name in NAMES
        if (text := text_of(record, name)) in usual
    ]


def _see_spellings(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    del standard
    return [
        Evidence((name,), f"{text_of(records[index], name)!r}; most often {best!r}", index)
        for index, name, best in _rare_spellings(records)
    ]


def _one_spelling(records: Sequence[Record], standard: Standard) -> dict[int, Patch]:
    del standard
    patches: dict[int, dict[str, object]] = defaultdict(dict)
    for index, name, best in _rare_spellings(records):
        patches[index][name] = best
    return dict(patches)


RULES = (
    track_rule(
        "T015",
        "placeholder for a name",
        Severity.HIGH,
        Mode.REPORT,
        _placeholders,
        planted=(
            planted(artist="Unknown Artist", title="Track 07", album="Unknown Album"),
            planted(artist="Moderat", title="Track 03", album="II"),
        ),
        clean=(
            clean(artist="Various Artists", title="Untitled", album="Untitled"),
            clean(artist="Charli XCX", title="Track 10", track=10, album="Pop 2"),
            clean(artist="The Unknown", title="Unknown", album="Artist"),
        ),
    ),
    text_rule(
        "T021",
        "article behind the name",
        Severity.LOW,
        Mode.PREVIEW,
        lambda text: _turned(_TURNED_NAME, text),
        fields=NAMES,
        planted=(planted({"artist": "The Beatles"}, artist="Beatles, The"),),
        clean=(clean(artist="Tyler, The Creator"), clean(artist="The The", title="Live, Die")),
    ),
    text_rule(
        "T024",
        "letters of two scripts in one word",
        Severity.MEDIUM,
        Mode.PREVIEW,
        one_script,
        fields=SHORT_TEXTS,
        planted=(
            planted({"artist": "Moderat"}, artist="M\u043eder\u0430t"),
            planted({"title": "Группа крови"}, title="Гp\u0443ппа крови"),
        ),
        clean=(
            clean(artist="KoЯn", title="µ-Ziq"),
            clean(artist="Кино Live", title="Ленинград и DJ"),
        ),
    ),
    Rule(
        "T025",
        "artist in several spellings",
        Severity.LOW,
        Scope.LIBRARY,
        Mode.PREVIEW,
        _see_spellings,
        planted=(
            group(
                {"artist": "Jeff Mills"}, {"artist": "Jeff Mills"}, {"artist": "jeff mills"},
                fixed={2: {"artist": "Jeff Mills"}},
            ),
            group(
                {"artist": "Jay-Z"}, {"artist": "Jay-Z"}, {"artist": "JAY Z"},
                fixed={2: {"artist": "Jay-Z"}},
            ),
        ),
        clean=(
            group({"artist": "Âme"}, {"artist": "Ame"}, {"artist": "!!!"}, {"artist": "???"}),
            group({"artist": "The The"}, {"artist": "The"}, {"artist": "Ø"}, {"artist": "O"}),
        ),
        fix=_one_spelling,
    ),
)  # fmt: skip
