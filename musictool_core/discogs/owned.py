"""Do I own this? By barcode, catalogue number or words; answered from the mirror alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.discogs import mirror
from musictool_core.matching import barcode_key, catno_key, text_key

if TYPE_CHECKING:
    from musictool_core.db import Row, Tx


class Way(Enum):
    """What the code was recognised as."""

    BARCODE = "barcode"
    CATALOGUE_NUMBER = "catalogue number"
    WORDS = "words"


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
