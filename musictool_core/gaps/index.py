"""The blocking index: which files and which records share a key, and what changed since last time.

Keys are stored as 64-bit hashes: a collision only makes one more pair to compare. Everything here
can be recomputed; a missing, foreign or older index simply counts as empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from musictool_core.db import CreateTable, In, Table
from musictool_core.gaps import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from musictool_core.db import Tx


@dataclass(frozen=True, slots=True)
class Difference:
    """Ids that are new or differ, and ids that are gone, since the index was written."""

    changed: frozenset[int]
    gone: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the index: what its things are called, and the two tables that hold them."""

    checksums: Table
    keys: Table
    column: str


_ITEMS = _Side(tables.INDEX_ITEMS, tables.INDEX_ITEM_KEYS, "item_id")
_RECORDS = _Side(tables.INDEX_RECORDS, tables.INDEX_RECORD_KEYS, "release_id")


class BlockingIndex:
    """The index inside one open transaction of the cache file.

    Args:
        tx: transaction on the cache file.
        token: names the state of the library's rows; an index with another token is emptied.
    """

    def __init__(self, tx: Tx, token: str) -> None:
        self._tx = tx
        for table in tables.INDEX_TABLES:
            CreateTable(table).apply(tx)
        stamp = tables.INDEX_STAMP.get(tx, {"id": 1})
        self.is_new = stamp is None or stamp["token"] != token
        if self.is_new:
            for table in tables.INDEX_TABLES:
                table.delete(tx)
            tables.INDEX_STAMP.insert(tx, [{"id": 1, "token": token}])

    def compare_items(self, now: Mapping[int, int]) -> Difference:
        """Compare the items' checksums with those of the last time."""
        return self._compare(_ITEMS.checksums, now)

    def compare_records(self, now: Mapping[int, int]) -> Difference:
        """Compare the records' checksums with those of the last time."""
        return self._compare(_RECORDS.checksums, now)

    def put_items(
        self, keys: Mapping[int, Iterable[str]], checksums: Mapping[int, int], gone: Iterable[int]
    ) -> None:
        """Replace the keys of these items, and forget those that are gone."""
        self._put(_ITEMS, keys, checksums, gone)

    def put_records(
        self, keys: Mapping[int, Iterable[str]], checksums: Mapping[int, int], gone: Iterable[int]
    ) -> None:
        """Replace the keys of these records, and forget those that are gone."""
        self._put(_RECORDS, keys, checksums, gone)

    def records_near(self, items: Collection[int]) -> set[int]:
        """Records that share a key with one of these items."""
        rows = tables.INDEX_ITEM_KEYS.select(self._tx, ("key",), where={"item_id": In(items)})
        keys = {row["key"] for row in rows}
        found = tables.INDEX_RECORD_KEYS.select(self._tx, ("release_id",), where={"key": In(keys)})
        return {row["release_id"] for row in found}

    def items_near(self, release_id: int) -> set[int]:
        """Items that share a key with this record."""
        rows = tables.INDEX_RECORD_KEYS.select(self._tx, ("key",), where={"release_id": release_id})
        keys = [row["key"] for row in rows]
        found = tables.INDEX_ITEM_KEYS.select(self._tx, ("item_id",), where={"key": In(keys)})
        return {row["item_id"] for row in found}

    def _compare(self, table: Table, now: Mapping[int, int]) -> Difference:
        before = {row["id"]: row["checksum"] for row in table.select(self._tx)}
        changed = frozenset(key for key, value in now.items() if before.get(key) != value)
        return Difference(changed, frozenset(before.keys() - now.keys()))

    def _put(
        self,
        side: _Side,
        keys: Mapping[int, Iterable[str]],
        checksums: Mapping[int, int],
        gone: Iterable[int],
    ) -> None:
        if not self.is_new:
            touched = [*keys, *gone]
            side.keys.delete(self._tx, where={side.column: In(touched)})
            side.checksums.delete(self._tx, where={"id": In(touched)})
        side.checksums.insert(
            self._tx, [{"id": number, "checksum": checksums[number]} for number in keys]
        )
        rows = [
            {"key": _hash(key), side.column: number}
            for number, listed in keys.items()
            for key in set(listed)
        ]
        side.keys.insert(self._tx, rows)


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
