"""Do I own this? By barcode, catalogue number or words; answered from the mirror alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.discogs import mirror
from musictool_core.matching import barcode_key, catno_key, text_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.db import Row, Tx


_DOUBTFUL = 0.1
"""With a larger share of records whose barcodes are not known, "no" would be a guess."""

_MOST_CANDIDATES = 6

_SHORTEST = 4
"""Letters of a word, or of a catalogue number, that alone may bring a record near."""


class Way(Enum):
    """What the code was recognised as."""

    BARCODE = "barcode"
    CATALOGUE_NUMBER = "catalogue number"
    WORDS = "words"
    TITLE = "track title"
    """Words of a track on it (`insight.titles`)."""


@dataclass(frozen=True, slots=True)
class OwnedAnswer:
    """Copies on the shelf that fit.

    Attributes:
        way: how the copies were found; None when none were.
        copies: mirror rows, best known first in order of collection.
        shelf: how many copies were looked at.
        barcodes: how many records' barcodes are known (a CSV has none; track lists bring them).
        records: how many records there are.
    """

    way: Way | None
    copies: tuple[Row, ...]
    shelf: int
    barcodes: int
    records: int


class Verdict(Enum):
    """What to say to somebody with the record in his hand."""

    YES = "yes"
    PERHAPS = "perhaps"
    """Several records fit, only something close does, or too few barcodes are known."""
    NO = "no"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict and what it rests on.

    Attributes:
        candidates: copies that may be it, one for each record; only with `PERHAPS`.
        why: one sentence, "" for a plain yes or no.
    """

    verdict: Verdict
    answer: OwnedAnswer
    candidates: tuple[Row, ...] = ()
    why: str = ""


def judge_owned(tx: Tx, code: str) -> Judged:
    """Look for a code, and say how sure the answer is."""
    answer = find_owned(tx, code)
    if answer.way is Way.BARCODE:
        return Judged(Verdict.YES, answer)
    found = _one_each(answer.copies)
    if found:
        named = {text_key(f"{row['artist']} {row['title']}") for row in found}
        if len(named) == 1:
            return Judged(Verdict.YES, answer)
        which = "this number" if answer.way is Way.CATALOGUE_NUMBER else "these words"
        several = tuple(found[:_MOST_CANDIDATES])
        return Judged(Verdict.PERHAPS, answer, several, f"{len(found)} records fit {which}.")
    if near := _near(mirror.live_instances(tx), code):
        return Judged(Verdict.PERHAPS, answer, near, "Nothing fits it all; this comes close.")
    unlisted = mirror.count_tracklists(tx).wanted
    if barcode_key(code) and unlisted > _DOUBTFUL * answer.records:
        why = f"The barcodes of {unlisted:,} of {answer.records:,} records are not known."
        return Judged(Verdict.PERHAPS, answer, (), f"{why} Try the catalogue number.")
    return Judged(Verdict.NO, answer)


def find_owned(tx: Tx, code: str) -> OwnedAnswer:
    """Look for a barcode first, then a catalogue number, then all words in artist and title."""
    copies = mirror.live_instances(tx)
    numbers = {row["release_id"] for row in copies}
    codes = mirror.RELEASES.select(tx, ("id", "barcodes"), where={"id": In(numbers)})
    by_barcode = {row["id"] for row in codes if _has_barcode(row["barcodes"], code)}
    ways = (
        (Way.BARCODE, [row for row in copies if row["release_id"] in by_barcode]),
        (Way.CATALOGUE_NUMBER, [row for row in copies if _has_catno(row, code)]),
        (Way.WORDS, [row for row in copies if _has_words(row, code)]),
    )
    way, found = next(((way, rows) for way, rows in ways if rows), (None, []))
    return OwnedAnswer(
        way=way,
        copies=tuple(found),
        shelf=len(copies),
        barcodes=sum(1 for row in codes if row["barcodes"]),
        records=len(numbers),
    )


def _has_barcode(known: str | None, code: str) -> bool:
    return barcode_key(code) in (known or "").split()


def _has_catno(row: Row, code: str) -> bool:
    key = catno_key(code)
    return bool(key) and key in {catno_key(part) for part in row["catalognum"].split(",")}


def _has_words(row: Row, code: str) -> bool:
    words = set(text_key(code).split())
    return bool(words) and words <= set(text_key(f"{row['artist']} {row['title']}").split())


def _one_each(copies: Iterable[Row]) -> list[Row]:
    """The first copy of each record."""
    return list({row["release_id"]: row for row in reversed(list(copies))}.values())[::-1]


def _near(copies: Iterable[Row], code: str) -> tuple[Row, ...]:
    """Records that share half of the words, or part of the catalogue number; the nearest first."""
    words, number = set(text_key(code).split()), catno_key(code)
    scored = [(_nearness(row, words, number), row) for row in _one_each(copies)]
    best = sorted((pair for pair in scored if pair[0] >= 0.5), key=lambda pair: -pair[0])
    return tuple(row for _, row in best[:_MOST_CANDIDATES])


def _nearness(row: Row, words: set[str], number: str) -> float:
    if len(number) >= _SHORTEST and any(char.isdecimal() for char in number):
        known = [catno_key(part) for part in (row["catalognum"] or "").split(",")]
        if any(number in each for each in known):
            return 1.0
    shared = words & set(text_key(f"{row['artist']} {row['title']}").split())
    if not any(len(word) >= _SHORTEST for word in shared):
        return 0.0
    return len(shared) / len(words)
