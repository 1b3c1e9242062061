"""What keeping Traktor in step costs: the first sync, and one without changes.

`python -m benchmarks.traktor_sync [--items 100000] [--no-tags]` makes a library, one small MP3 a
track and a collection of that size from a seed, syncs twice, and then once more after 500 changes
of each side. It prints CPU seconds and the bytes that were written.
"""

from __future__ import annotations

import argparse
import base64
import random
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from beets import config
from beets.library import Library

from musictool_core import changes, links
from musictool_core.changes import Origin
from musictool_core.host import journal
from musictool_core.host.library import Host
from musictool_core.traktor import tables
from musictool_core.traktor.sync import SyncSettings, apply_sync, plan_sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from musictool_core.traktor.values import Location

CHANGED = 500
_FRAME = bytes.fromhex("fffb9000") + bytes(413)
"""A silent frame of MPEG 1, layer 3."""

_HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="20"><HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor Pro 4"></HEAD>
<COLLECTION ENTRIES="%d">"""
_TAIL = """</COLLECTION>
<SETS ENTRIES="0"></SETS>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="0"></SUBNODES>
</NODE>
</PLAYLISTS>
<INDEXING></INDEXING>
</NML>
"""
_CUE = (
    '<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="0" START="%d.500000" LEN="0.000000" REPEATS="-1"'
    ' HOTCUE="%d"></CUE_V2>\n'
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--no-tags", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Bench(Path(folder), options.items, tags=not options.no_tags).run()


class Bench:
    """One library and its collection."""

    def __init__(self, folder: Path, items: int, *, tags: bool) -> None:
        self._folder, self._items = folder, items
        self._settings = replace(SyncSettings(), tags=tags)
        self._collection = folder / "collection.nml"
        config["create_backup_before_migrations"] = False
        make(folder, items)
        library = Library(folder / "library.db", str(folder / "music"))
        self._host = Host(library)
        self._host.migrate(
            {
                "changes": changes.MIGRATIONS,
                "links": links.MIGRATIONS,
                "traktor": tables.MIGRATIONS,
            }
        )
        journal.sync(self._host)

    def run(self) -> None:
        """Sync again and again."""
        size = self._collection.stat().st_size / 1e6
        print(f"{self._items:,} tracks, collection of {size:.0f} MB", flush=True)
        self._sync("first sync")
        self._sync("second sync, nothing changed")
        self._collection.touch()
        self._sync("third sync, the collection was saved again without changes")
        self._change()
        self._sync(f"after {CHANGED} changes in beets and {CHANGED} in Traktor")
        self._sync("the sync after that")

    def _sync(self, what: str) -> None:
        cpu, before = time.process_time(), self._written()
        plan = plan_sync(self._host, self._collection, self._settings, path_of=self._path_of)
        planned = time.process_time() - cpu
        cpu = time.process_time()
        result = apply_sync(
            self._host,
            plan,
            origin=Origin("bench", "bench", "bench", 1),
            now=datetime.now(UTC),  # noqa: TID251 - an entry point
            is_running=lambda _: False,
            force=True,
        )
        applied, written = time.process_time() - cpu, self._written() - before
        print(
            f"{what}: plan {planned:.2f} s CPU, apply {applied:.2f} s,"
            f" {len(plan.changes):,} values, {result.written:,} places,"
            f" {written:,} bytes written",
            flush=True,
        )

    def _path_of(self, location: Location) -> str:
        return str(self._folder / "music" / location.file)

    def _written(self) -> int:
        """Bytes that this process gave to files so far."""
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["wchar"])

    def _change(self) -> None:
        with self._host.transaction() as tx:
            tx.run("UPDATE items SET comments = 'changed' WHERE id <= ?", [CHANGED])
        text = self._collection.read_text("utf-8")
        for number in range(CHANGED + 1, 2 * CHANGED + 1):
            text = text.replace(f'COMMENT="c{number}"', f'COMMENT="changed {number}"')
        self._collection.write_text(text, "utf-8", newline="\n")


def make(folder: Path, items: int) -> None:
    """Make library, files and collection."""
    chance = random.Random(1)
    music = folder / "music"
    music.mkdir()
    library = Library(folder / "library.db", str(music))
    rows = [
        (n, f"{n}.mp3".encode(), f"Title {n}", f"Artist {n % 997}", f"c{n}", 1e9 + n, 1e9, 300.0)
        for n in range(1, items + 1)
    ]
    with closing(library._connection()) as own, own:  # noqa: SLF001 - beets' objects take minutes
        own.executemany(
            "INSERT INTO items (id, path, title, artist, comments, added, mtime, length)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    for number, path, title, artist, comment, *_ in rows:
        bpm, key = str(round(_bpm(number))), f"{number % 12 + 1}m"
        frames = {"TIT2": title, "TPE1": artist, "COMM": comment, "TBPM": bpm, "TKEY": key}
        (music / path.decode()).write_bytes(_id3(frames) + _FRAME * 4)
    with (folder / "collection.nml").open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD % items)
        file.writelines(_entries(items, chance))
        file.write(_TAIL)


def _bpm(number: int) -> float:
    return 90 + number % 80_000 / 1000


def _id3(frames: dict[str, str]) -> bytes:
    body = b""
    for name, value in frames.items():
        text = b"\3" + (b"eng\0" if name == "COMM" else b"") + value.encode()
        body += name.encode() + _synchsafe(len(text)) + b"\0\0" + text
    return b"ID3\4\0\0" + _synchsafe(len(body)) + body


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _entries(items: int, chance: random.Random) -> Iterator[str]:
    number_of: Callable[[int, int], int] = chance.randint
    for n in range(1, items + 1):
        audio = base64.b64encode(chance.randbytes(256)).decode()
        cues = "".join(_CUE % (number_of(0, 300_000), hot) for hot in range(-1, number_of(0, 7)))
        yield (
            f'<ENTRY MODIFIED_DATE="2024/3/7" MODIFIED_TIME="{n % 86_400}" AUDIO_ID="{audio}"'
            f' TITLE="Title {n}" ARTIST="Artist {n % 997}"><LOCATION DIR="/:Users/:me/:Music/:"'
            f' FILE="{n}.mp3" VOLUME="Macintosh HD" VOLUMEID="Macintosh HD"></LOCATION>\n'
            '<MODIFICATION_INFO AUTHOR_TYPE="user"></MODIFICATION_INFO>\n'
            f'<INFO BITRATE="320000" COMMENT="c{n}" COVERARTID="012/ABCDEFGHIJKLMNOPQRSTUVWXYZ12"'
            f' KEY="{n % 12 + 1}m" PLAYCOUNT="{number_of(1, 40)}" PLAYTIME="300"'
            f' PLAYTIME_FLOAT="300.000000" RANKING="{51 * number_of(0, 5)}"'
            ' IMPORT_DATE="2020/5/3" LAST_PLAYED="2024/2/3" FLAGS="12" FILESIZE="9000"></INFO>\n'
            f'<TEMPO BPM="{_bpm(n):.6f}"'
            ' BPM_QUALITY="100.000000"></TEMPO>\n'
            '<LOUDNESS PEAK_DB="-0.100000" PERCEIVED_DB="-1.500000" ANALYZED_DB="-1.500000">'
            "</LOUDNESS>\n"
            f'<MUSICAL_KEY VALUE="{number_of(0, 23)}"></MUSICAL_KEY>\n{cues}</ENTRY>\n'
        )


if __name__ == "__main__":
    main()
