"""What was worked out of files before, in `musictool-cache.db`; losing it costs only time."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.fingerprint import Fingerprint
from musictool_core.db import Column, CreateTable, Database, In, Kind, Table
from musictool_core.errors import StorageError
from musictool_core.quality.duplicates.evidence import Sounds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.db import Row

log = logging.getLogger(__name__)

RULES = 2
"""Raised when fingerprints or comparisons are made in another way."""

_PART = 500

FILES = Table(
    "duplicate_file",
    (
        Column("path", Kind.TEXT),
        Column("size", Kind.INTEGER, "bytes"),
        Column("modified_ns", Kind.INTEGER, "nanoseconds"),
        Column("digest", Kind.TEXT, "SHA-256 of its audio"),
    ),
    key=("path",),
)

PRINTS = Table(
    "duplicate_print",
    (
        Column("digest", Kind.TEXT, "SHA-256 of the audio"),
        Column("rules", Kind.INTEGER),
        Column("content", Kind.BLOB, "raw Chromaprint of the first two minutes, 32 bits a value"),
        Column("error", Kind.TEXT, "why there is none, empty when there is"),
    ),
    key=("digest", "rules"),
)

PAIRS = Table(
    "duplicate_pair",
    (
        Column("left", Kind.TEXT, "SHA-256 of the audio, the smaller one"),
        Column("right", Kind.TEXT),
        Column("rules", Kind.INTEGER),
        Column("sounds", Kind.JSON, "how they compare"),
    ),
    key=("left", "right", "rules"),
)


class Store:
    """Results by audio. A file that cannot be used only means that all is worked out anew.

    Args:
        path: the cache file; None to keep nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._database = Database(path) if path else None

    def files(self, paths: Collection[str]) -> dict[str, tuple[str, int, int]]:
        """Digest, size and modification time of files when they were last read."""
        return {
            row["path"]: (row["digest"], row["size"], row["modified_ns"])
            for row in self._select(FILES, "path", paths, {})
        }

    def keep_files(self, files: Mapping[str, tuple[str, int, int]]) -> None:
        """Keep what files held."""
        self._keep(
            FILES,
            [
                {"path": path, "digest": digest, "size": size, "modified_ns": modified}
                for path, (digest, size, modified) in files.items()
            ],
        )

    def prints(self, digests: Collection[str]) -> dict[str, Fingerprint | str]:
        """Fingerprints by digest; in words why there is none."""
        return {
            row["digest"]: row["error"] or Fingerprint(np.frombuffer(row["content"], "<u4"))
            for row in self._select(PRINTS, "digest", digests, {"rules": RULES})
        }

    def keep_prints(self, found: Mapping[str, Fingerprint | str]) -> None:
        """Keep fingerprints, or why there are none."""
        self._keep(
            PRINTS,
            [
                {
                    "digest": digest,
                    "rules": RULES,
                    "content": b""
                    if isinstance(made, str)
                    else made.values.astype("<u4").tobytes(),
                    "error": made if isinstance(made, str) else "",
                }
                for digest, made in found.items()
            ],
        )

    def sounds(self, digests: Collection[str]) -> dict[tuple[str, str], Sounds]:
        """Comparisons among these sounds, by the digests of left and right."""
        rows = self._select(PAIRS, "left", digests, {"rules": RULES})
        return {(row["left"], row["right"]): Sounds(**row["sounds"]) for row in rows}

    def keep_sounds(self, found: Mapping[tuple[str, str], Sounds]) -> None:
        """Keep comparisons."""
        self._keep(
            PAIRS,
            [
                {"left": left, "right": right, "rules": RULES, "sounds": asdict(made)}
                for (left, right), made in found.items()
            ],
        )

    def _select(
        self, table: Table, key: str, values: Collection[str], where: Mapping[str, int]
    ) -> list[Row]:
        if self._database is None or not self._database.path.exists():
            return []
        rows: list[Row] = []
        wanted = sorted(set(values))
        with self._forgiving(), self._database.reading() as tx:
            if table.exists(tx):
                for first in range(0, len(wanted), _PART):
                    part = In(wanted[first : first + _PART])
                    rows += table.select(tx, where={**where, key: part})
        return rows

    def _keep(self, table: Table, rows: Sequence[Row]) -> None:
        if self._database is None or not rows:
            return
        with self._forgiving(), self._database.transaction() as tx:
            CreateTable(table).apply(tx)
            table.upsert(tx, rows)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (StorageError, OSError) as error:
            log.warning("What was compared is not kept: %s", error)
            self._database = None
