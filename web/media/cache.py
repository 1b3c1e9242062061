"""Results that can be worked out again, in `musictool-cache.db`: bounded, and never in the way.

A file that is damaged, held, full or read-only only means that everything is worked out each time;
`trouble` says so. One object serves all threads.
"""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.db import Below, Column, CreateTable, Database, In, Index, Kind, Table
from musictool_core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from musictool_core.db import Tx

log = logging.getLogger(__name__)

LIMIT_BYTES = 500 * 1000 * 1000
"""How much is kept before what was not used for longest goes."""

_KEPT_SHARE = 0.9
"""What is left after making room, so that not every new result has to make some."""

_MOST_TOUCHED = 10_000

RESULTS = Table(
    # Other columns need another name: an older musictool may use the same file.
    "media_result",
    (
        Column("key", Kind.TEXT, "what was worked out, and from which content"),
        Column("used", Kind.INTEGER, "rising number of the last use"),
        Column("size", Kind.INTEGER, "bytes of `content`"),
        Column("facts", Kind.JSON),
        Column("content", Kind.BLOB),
    ),
    key=("key",),
    indexes=(Index(("used", "size")),),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept result."""

    content: bytes
    facts: Mapping[str, Any]


class MediaCache:
    """Results by key, least recently used first out.

    Args:
        path: the cache file; made when the first result is kept.
        limit_bytes: most bytes of content kept.
        busy_wait_s: how long keeping a result may wait for another process.
    """

    def __init__(
        self, path: Path, *, limit_bytes: int = LIMIT_BYTES, busy_wait_s: float = 1.0
    ) -> None:
        self._path = path
        self._database = Database(path, busy_timeout_s=busy_wait_s)
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._touched: dict[str, None] = {}
        # Never too small; None where it has to be counted.
        self._total: int | None = None
        self._open = ExitStack()
        self._opened: tuple[int, int] | None = None
        self.trouble = ""
        """Why the last result could not be kept or found, one line; "" once one was kept."""

    def get(self, key: str) -> Entry | None:
        """The result kept under this key."""
        found = self._select({"key": key}, ("facts", "content"))
        if not found:
            return None
        self._touch([key])
        return Entry(found[0]["content"], found[0]["facts"] or {})

    def facts(self, keys: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """The facts kept under these keys, without their content."""
        found = self._select({"key": In(set(keys))}, ("key", "facts")) if keys else []
        self._touch([row["key"] for row in found])
        return {row["key"]: row["facts"] or {} for row in found}

    def put(self, key: str, content: bytes = b"", facts: Mapping[str, Any] | None = None) -> None:
        """Keep a result, unless that is impossible."""
        if len(content) > self._limit_bytes:
            return
        with self._lock:
            touched, self._touched = list(self._touched), {}
        row = {"key": key, "size": len(content), "facts": dict(facts or {}), "content": content}
        with self._forgiving():
            with self._database.transaction() as tx:
                CreateTable(RESULTS).apply(tx)
                number = _next_number(tx)
                for place, used in enumerate(touched):
                    RESULTS.update(tx, {"used": number + place}, where={"key": used})
                RESULTS.upsert(tx, [{**row, "used": number + len(touched)}])
                self._make_room(tx, len(content))
            self._stay_open()
            self.trouble = ""

    def close(self) -> None:
        """Let go of the file; everything still works afterwards, but slower."""
        with self._lock:
            self._open.close()
            self._opened = None

    def _stay_open(self) -> None:
        # The last connection that closes empties the write-ahead log and waits for the disk: one
        # idle connection makes keeping a thumbnail take 0.3 ms instead of 20 ms.
        with self._lock:
            facts = self._path.stat()
            if self._opened != (facts.st_dev, facts.st_ino):
                self._open.close()
                self._open.enter_context(self._database.reading())
                self._opened = (facts.st_dev, facts.st_ino)

    def _select(self, where: Mapping[str, Any], columns: tuple[str, ...]) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        with self._forgiving(), self._database.reading() as tx:
            return RESULTS.select(tx, columns, where=where) if RESULTS.exists(tx) else []
        return []

    def _touch(self, keys: Collection[str]) -> None:
        # Written with the next result: looking at a cover must not write.
        with self._lock:
            for key in keys:
                self._touched.pop(key, None)
                self._touched[key] = None
            while len(self._touched) > _MOST_TOUCHED:
                del self._touched[next(iter(self._touched))]

    def _make_room(self, tx: Tx, added: int) -> None:
        total = None if self._total is None else self._total + added
        if total is None or total > self._limit_bytes:
            rows = RESULTS.select(tx, ("used", "size"), order=("used",))
            total = sum(row["size"] for row in rows)
            if total > self._limit_bytes:
                total = _drop_oldest(tx, rows, total, int(self._limit_bytes * _KEPT_SHARE))
        self._total = total

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (StorageError, OSError) as error:
            self._total = None
            if self.trouble != str(error):
                log.warning("Covers and waveforms are not kept: %s", error)
            self.trouble = str(error)


def _next_number(tx: Tx) -> int:
    newest = RESULTS.select(tx, ("used",), order=("-used",), limit=1)
    return 1 + (newest[0]["used"] if newest else 0)


def _drop_oldest(tx: Tx, rows: list[dict[str, Any]], total: int, wanted: int) -> int:
    """Delete the rows used longest ago, but the newest; return the bytes that are left."""
    for row in rows[:-1]:
        if total <= wanted:
            RESULTS.delete(tx, where={"used": Below(row["used"])})
            return total
        total -= row["size"]
    RESULTS.delete(tx, where={"used": Below(rows[-1]["used"])})
    return total
