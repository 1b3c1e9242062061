"""Reading the words beside a title: version, featured artists, noise, or something unknown.

Input:   words in the normal form of `text.text_key`.
Output:  `Wording` values; `canonical` and `title_words` unify spellings and numbers first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from musictool_core.matching.versions import PLAIN, Version
from musictool_core.matching.vocabulary import (
    FEATURING,
    FILLER,
    FORMAT_WORDS,
    GENRES,
    KIND_OF_WORD,
    NEEDS_COMPANY,
    NOISE,
    NOT_A_TRACK,
    NUMBER_WORDS,
    ORIGINAL_WORDS,
    PART_WORDS,
    PHRASES,
    REMASTER,
    ROMAN,
    SPELLINGS,
    SPOKEN_NUMBERS,
    VERSION_NOUNS,
    WEAK_NOUNS,
)

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a run of words beside a title says.

    Attributes:
        version: what it says about the version (PLAIN when nothing).
        is_version: it names a version ("Mix", "Dub", "Live").
        rest: words that say nothing we know.
        featured: words after "feat."
        noise: words that are known to mean nothing for the identity of the track.
        not_a_track: it says that this is an album, a trailer, a review: "full album".
    """

    version: Version = PLAIN
    is_version: bool = False
    rest: Words = ()
    featured: Words = ()
    noise: Words = ()
    not_a_track: str = ""


_LONGEST_PHRASE = 3
_PHRASE_STARTS = frozenset(phrase[0] for phrase in PHRASES)


def canonical(words: Words, *, mend: bool = False) -> Words:
    """Spell words that vary: "rmx" is "remix", "a cappella" is one word.

    Args:
        words: words in normal form.
        mend: mend typing slips in version words too ("orignal mxi"): only for brackets, where
            version words are expected.
    """
    spelled = tuple(SPELLINGS.get(word, word) for word in words)
    if mend:
        spelled = tuple(_mended(word) for word in spelled)
    if _PHRASE_STARTS.isdisjoint(spelled):
        return spelled
    joined: list[str] = []
    index = 0
    while index < len(spelled):
        length, phrase = _phrase_at(spelled, index)
        joined.append(phrase)
        # "12 mix" keeps its noun: it is what makes the brackets a version
        index += length - 1 if phrase.endswith("inch") and length == 2 else length
    return tuple(joined)


_MENDED = (
    "mix", "remix", "original", "version", "vocal", "instrumental", "extended", "radio", "edit",
    "club", "album", "acapella", "live", "remastered", "remaster",
)  # fmt: skip


@lru_cache(maxsize=16384)
def _mended(word: str) -> str:
    if word in KIND_OF_WORD or word in VERSION_NOUNS or word in ORIGINAL_WORDS or word in NOISE:
        return word
    for known in _MENDED:
        if abs(len(known) - len(word)) <= 1 and _is_slip(word, known):
            return known
    return word


def _is_slip(word: str, known: str) -> bool:
    """One slip: letters swapped, or in longer words one letter too few or too many."""
    if OSA.distance(word, known, score_cutoff=1) > 1 or word == known:
        return False
    if sorted(word) == sorted(known):
        return True
    return len(known) >= 5 and len(word) != len(known)


def _phrase_at(words: Words, index: int) -> tuple[int, str]:
    for length in range(min(_LONGEST_PHRASE, len(words) - index), 0, -1):
        phrase = PHRASES.get(words[index : index + length])
        if phrase:
            return length, phrase
    return 1, words[index]


@lru_cache(maxsize=32768)
def read_wording(words: Words, alone: bool) -> Wording:
    """Read a run of words that stands beside a title.

    Args:
        words: canonical words, part numbers already taken out.
        alone: the run is a bracket or a segment of its own, not the tail of the title's segment.
    """
    not_a_track = _find_not_a_track(words)
    words, featured = _take_featured(words)
    dropped: Words = ()
    if not REMASTER.isdisjoint(words):
        dropped = tuple(word for word in words if word in _REMASTER_TALK)
        words = tuple(word for word in words if word not in _REMASTER_TALK)
    marks = [word for word in words if _is_mark(word, words, alone)]
    if not marks:
        plain = _plain_wording(words, featured, not_a_track, alone)
        return replace(plain, noise=dropped + plain.noise) if dropped else plain
    kinds = frozenset(KIND_OF_WORD[word] for word in marks if word in KIND_OF_WORD)
    names: list[str] = []
    years: list[int] = []
    for word in words:
        if word in marks or word in ORIGINAL_WORDS or word in VERSION_NOUNS:
            if word in WEAK_NOUNS:
                names.append(word)
            continue
        year = as_year(word, short=True)
        if year is None:
            names.append(SPOKEN_NUMBERS.get(word, word))
        else:
            years.append(year)
    told = tuple(name for name in names if name not in FILLER)
    version = Version(
        kinds=kinds,
        runs=(told,) if told else (),
        year=years[0] if years else None,
        said=ORIGINAL_WORDS & set(words),
    )
    return Wording(version, True, (), featured, (), not_a_track)


_REMASTER_TALK = REMASTER | {"version", "digital", "digitally", "edition"}


def _is_mark(word: str, words: Words, alone: bool) -> bool:
    """True when the word makes its run the name of a version."""
    if word in VERSION_NOUNS and word not in WEAK_NOUNS:
        return True
    if word not in KIND_OF_WORD:
        return False
    if word not in NEEDS_COMPANY:
        return True
    if word in FORMAT_WORDS and len(words) == 1:
        return False
    if any((other in VERSION_NOUNS or other in KIND_OF_WORD) and other != word for other in words):
        return True
    return alone and len(words) <= _SHORT_RUN and word not in FORMAT_WORDS


# "(Erick Morillo Radio)", "(JJ's Stockholm Club)": a name and one word; longer runs are prose.
_SHORT_RUN = 4


def _plain_wording(words: Words, featured: Words, not_a_track: str, alone: bool) -> Wording:
    noise = tuple(w for w in words if w in NOISE or w in GENRES or as_year(w) is not None)
    rest = tuple(w for w in words if w not in NOISE and w not in GENRES and as_year(w) is None)
    original = alone and bool(words) and set(words) <= ORIGINAL_WORDS
    version = Version(said=frozenset(words)) if original else PLAIN
    return Wording(version, False, rest, featured, noise, not_a_track)


def _find_not_a_track(words: Words) -> str:
    for start in range(len(words)):
        for length in (1, 2, 3):
            meaning = NOT_A_TRACK.get(words[start : start + length])
            if meaning and start + length <= len(words):
                return meaning
    return ""


def _take_featured(words: Words) -> tuple[Words, Words]:
    for index, word in enumerate(words):
        if word in FEATURING:
            return words[:index], words[index + 1 :]
    return words, ()


def as_year(word: str, *, short: bool = False) -> int | None:
    """Return the year a word is, or None; with `short` also "93" (never "12" or "808")."""
    if not word.isdecimal():
        return None
    number = int(word)
    if len(word) == 4 and 1900 <= number <= 2099:
        return number
    if short and len(word) == 2 and 60 <= number <= 99:
        return 1900 + number
    return None


# "i" is a word; it counts only beside "part" and at the end of a title.
_SAME_NUMBER = SPOKEN_NUMBERS | {word: str(number) for word, number in ROMAN.items() if word != "i"}
_GLUED_PART = re.compile(r"^(part|pt)(\d{1,2})$")


@lru_cache(maxsize=32768)
def title_words(words: Words) -> tuple[Words, tuple[int, ...]]:
    """Spell title words alike and take the part numbers out.

    ("the", "salmar", "part", "one") is (("the", "salmar"), (1,)); ("meurglys", "iii") is
    (("meurglys", "3"), ()).
    """
    kept: list[str] = []
    parts: list[int] = []
    index = 0
    while index < len(words):
        number, width = _part_at(words, index)
        if number is not None:
            parts.append(number)
        elif (
            words[index] not in NUMBER_WORDS
            or not "".join(words[index + 1 : index + 2]).isdecimal()
        ):
            kept.append(_SAME_NUMBER.get(words[index], words[index]))
        index += width
    if len(kept) > 1 and kept[-1] == "i":
        kept[-1] = "1"
    return tuple(kept), tuple(parts)


def _part_at(words: Words, index: int) -> tuple[int | None, int]:
    """Return (part number, words it takes), or (None, 1)."""
    word, *rest = words[index : index + 3]
    if word in PART_WORDS and rest:
        number = _part_number(rest[0])
        return number, 1 if number is None else 2
    if glued := _GLUED_PART.match(word):
        return int(glued[2]), 1
    ordinal = _ordinal(word)
    if ordinal is not None and rest and rest[0] in PART_WORDS:
        return ordinal, 2
    if word.isdecimal() and len(rest) == 2 and len(rest[0]) == 1 and rest[1] in PART_WORDS:
        return int(word), 3  # "1.a parte"
    return None, 1


def _part_number(word: str) -> int | None:
    spoken = SPOKEN_NUMBERS.get(word, word)
    if spoken.isdecimal() and len(spoken) <= 2:
        return int(spoken)
    return ROMAN.get(word)


def _ordinal(word: str) -> int | None:
    """Number of an ordinal: "1ere" and "2nd" are ordinals; "one" and "1" alone are not."""
    if not word[:1].isdigit() or word.isdecimal():
        return None
    spoken = SPOKEN_NUMBERS.get(word)
    return int(spoken) if spoken else None


# "029", "050220"; "sk029", "b17x": letters and digits mixed.
_CATALOGUE_NUMBER = re.compile(r"\d{3,}$|^0\d+$|^(?=.*[a-z])(?=.*\d)[a-z0-9]{4,}$")
_LONGEST_PREFIX = 4


def without_catalogue_numbers(words: list[str]) -> list[str]:
    """Drop "lar 048", "sk029", "by 050220 12"."""
    kept: list[str] = []
    in_number = False
    for word in words:
        if _CATALOGUE_NUMBER.search(word) or (in_number and word.isdecimal()):
            if not in_number and kept and len(kept[-1]) <= _LONGEST_PREFIX:
                kept.pop()
            in_number = True
        else:
            kept.append(word)
            in_number = False
    return kept


def names_catalogue(words: Words) -> bool:
    """True for "Svek SK029" and "Leaf LAR 048": a label and its number in brackets."""
    kept = without_catalogue_numbers(list(words))
    return len(kept) < len(words) and len(kept) <= _SHORT_RUN and as_year(words[-1]) is None
