"""`beet` with the history plugin, on a library of real, short audio files."""

# ruff: noqa: S608 - the SQL is composed of the tests' own words

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import struct
import sys
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any
from unittest import mock

from mediafile import MediaFile

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from tests.fakes.beet import Beet, Done

if TYPE_CHECKING:
    from pathlib import Path

NOISE = ("mtime", "added")


class HistoryBeet(Beet):
    """`beet` whose commands are known by their name, as in a process of their own.

    Args:
        folder: made here, unless the library is its own.
        library_file: the library to begin with.
        settings: of beets' configuration.
    """

    def __init__(self, folder: Path, library_file: Path, **settings: Any) -> None:
        self.path = folder / "library.db"
        if library_file != self.path:
            (folder / "music").mkdir(parents=True)
            shutil.copy(library_file, self.path)
        ours = {"plugins": ["history"], "threaded": False, "ui": {"color": False}}
        super().__init__(folder, **(ours | settings))

    def __call__(self, *args: str) -> Done:
        """See `Beet`; fails the test when the command fails."""
        done = self.trying(*args)
        assert done.status == 0, done.stderr
        return done

    def trying(self, *args: str) -> Done:
        """Run a command that may fail."""
        with mock.patch.object(sys, "argv", ["beet", *args]):
            return super().__call__(*args)

    def import_album(self, name: str, extensions: tuple[str, ...]) -> None:
        """Make audio files of an album and import them as they are."""
        self("import", "-q", "-A", "-c", str(self.make_album(name, extensions)))

    def make_album(self, name: str, extensions: tuple[str, ...]) -> Path:
        """Make audio files of an album; return their folder."""
        folder = self.folder / "incoming" / name
        folder.mkdir(parents=True)
        for number, extension in enumerate(extensions, start=1):
            write_audio(
                folder / f"{number}.{extension}",
                extension,
                [Passage(number, 0.2)],
                Tags(title=f"{name} {number}", artist="Artist", album=name, track=number),
            )
        return folder

    def sql(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """Run SQL as a program that knows nothing of us."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement, params).fetchall()

    def values(self, *fields: str) -> list[tuple[Any, ...]]:
        """Columns of all items."""
        return self.sql(f"SELECT {', '.join(fields)} FROM items ORDER BY id")

    def history(self, *query: str) -> list[dict[str, Any]]:
        """Changes as `beet history list --json` prints them."""
        return self("history", "list", "--json", *query).rows

    def newest_set(self) -> int:
        """Number of the newest change set."""
        return int(self.history()[0]["changeset"])

    def sets_after(self, last: int) -> list[int]:
        """Numbers of the change sets after this one."""
        return sorted({row["changeset"] for row in self.history() if row["changeset"] > last})

    def file_of(self, number: int) -> Path:
        """The file of an item."""
        ((path,),) = self.sql("SELECT path FROM items WHERE id = ?", number)
        return self.folder / "music" / os.fsdecode(path)


def snapshot(beet: HistoryBeet) -> dict[str, Any]:
    """All rows and attributes without noise, and where which audio lies."""
    taken: dict[str, Any] = {}
    with closing(sqlite3.connect(beet.path)) as connection:
        connection.row_factory = sqlite3.Row
        for table in ("items", "albums"):
            taken[table] = {
                row["id"]: {k: row[k] for k in row.keys() if k not in NOISE}  # noqa: SIM118
                for row in connection.execute(f"SELECT * FROM {table}")
            }
        for table in ("item_attributes", "album_attributes"):
            rows = connection.execute(f"SELECT entity_id, key, value FROM {table}")
            taken[table] = sorted(tuple(row) for row in rows)
    return taken


def files(folder: Path) -> dict[str, str]:
    """Checksum of each file by its path below the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_as_another(file: Path, **fields: Any) -> None:
    """Write tags as a program that knows nothing of us."""
    tagged = MediaFile(file)
    tagged.update(fields)
    tagged.save()


def audio_files(folder: Path) -> list[Path]:
    """All files with audio below the folder."""
    kinds = {".aiff", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}
    return [path for path in folder.rglob("*") if path.suffix in kinds]


def png(seed: int) -> bytes:
    """A small picture of random dots."""
    side = 64
    chance = random.Random(seed)
    lines = b"".join(b"\0" + chance.randbytes(3 * side) for _ in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        )
    )
