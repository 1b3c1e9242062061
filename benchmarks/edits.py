"""How long the editor's back end takes for thousands of cells in a large library.

`python -m benchmarks.edits [--items 100000] [--cells 5000]` makes a library from a seed, edits ten
fields of every tenth of the first items, and prints the seconds of each step beside its bar: the
plan with the preview's counts and first differences, the places of the first files, the rows, and
the undo of the rows. The peer is beets: the same values stored by `Item.store` in one transaction.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from beets import config
from beets.library import Item, Library
from mediafile import MediaFile

from benchmarks import libraries
from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from musictool_core import changes, safeio
from musictool_core.changes import Change, ChangeSetId, Origin, files
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.changes.rows import album_target, item_target
from musictool_core.host import journal
from musictool_core.host.entities import Entity
from musictool_core.host.library import Host
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VALUES = {
    "title": "New title",
    "artist": "New artist",
    "genres": "Techno; Acid",
    "bpm": "131",
    "year": "1994",
    "label": "New label",
    "initial_key": "F# minor",
    "comments": "edited",
    "energy": "7.5",
    "mood": "bright",
}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SOMEBODY = Origin("anna", EDITOR, "", 0)
_BARS_S = {"plan and preview": 1.0, "rows": 5.0}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--files", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_files(Path(folder), options.files)
    with tempfile.TemporaryDirectory() as folder:
        libraries.make_library(Path(folder), options.items)
        config["create_backup_before_migrations"] = False
        lib = Library(Path(folder) / "library.db", str(Path(folder) / "music"))
        host = Host(lib)
        host.migrate({"changes": changes.MIGRATIONS})
        journal.sync(host)
        measure(host, make_edits(options.items, options.cells))


def make_edits(items: int, cells: int) -> list[CellEdit]:
    """So many cells, all fields of items that lie apart."""
    wanted = max(1, cells // len(_VALUES))
    step = max(1, items // wanted)
    return [
        CellEdit(Entity.ITEM, 1 + place * step, field, text)
        for place in range(wanted)
        for field, text in _VALUES.items()
    ]


def measure(host: Host, edits: Sequence[CellEdit]) -> None:
    """Print one line per step."""
    targets = {target.name: target for target in (item_target(), album_target())}
    cells = f"{len(edits):,} cells"
    with host.paths():
        with _timed(f"plan and preview of {cells}", _BARS_S["plan and preview"]):
            draft = plan_edits(host, edits)
            seen = changes.preview(host, draft.changes, targets)
        print(f"    {sum(seen.counts.values()):,} changes, {len(seen.sample)} of them shown")
        with _timed("places of the first files"):
            seen = changes.preview(host, draft.changes, targets, with_moves=True)
        print(f"    {len(seen.moves):,} of the first {seen.looked_at:,} files would move")
        with _timed(f"rows of {cells}", _BARS_S["rows"]):
            number = changes.plan(host, draft.changes, _SOMEBODY, now=_NOW)
            done = changes.apply(host, number, targets, report=silent, cancel=CancelToken())
        print(f"    {done.applied:,} applied, {len(done.conflicts)} conflicts")
        with _timed(f"undo of {cells}", _BARS_S["rows"]):
            back = changes.plan_undo(host, [number]).changes
            undo = changes.plan(host, back, _SOMEBODY, now=_NOW, undo_of=[number])
            done = changes.apply(host, undo, targets, report=silent, cancel=CancelToken())
        print(f"    {done.applied:,} taken back, {len(done.conflicts)} conflicts")
        with _timed(f"beets: Item.store of {cells}"):
            _store_with_beets(host, edits)


def _store_with_beets(host: Host, edits: Sequence[CellEdit]) -> None:
    values: dict[int, dict[str, str]] = {}
    for edit in edits:
        values.setdefault(edit.entity_id, {})[edit.field] = edit.new_text
    with host.lib.transaction():
        for number, fields in values.items():
            item = host.lib.get_item(number)
            if item is None:
                continue
            for field, text in fields.items():
                item.set_parse(field, text)
            item.store()


def measure_files(folder: Path, count: int) -> None:
    """Print the seconds and fsyncs of the job that lets this many small files follow."""
    host = _make_files(folder, count)
    with host.paths():
        edits = {"title": "New title", "comments": "much more than the tags have room for " * 500}
        for what, (field, text) in zip(("fits", "outgrows"), edits.items(), strict=True):
            made = [CellEdit(Entity.ITEM, 1 + place, field, text) for place in range(count)]
            planned = plan_edits(host, made).changes
            following = files.file_changes(host, planned, write=True, move=False)
            number = _rows(host, [*planned, *following])
            _follow(host, number, f"tags of {count:,} files, {what}")
            back = changes.plan_undo(host, [number]).changes
            _follow(host, _rows(host, back, undo_of=number), "    undo of it")
        with _timed(f"mediafile: title of {count:,} files"):
            for item in host.lib.items():
                tags = MediaFile(item.filepath)
                tags.title = "New title"
                tags.save()


def _make_files(folder: Path, count: int) -> Host:
    (folder / "music").mkdir()
    sample = folder / "sample.flac"
    write_audio(sample, "flac", [Passage(1, 0.2)], Tags(title="One", artist="Artist", album="One"))
    config["create_backup_before_migrations"] = False
    lib = Library(folder / "library.db", str(folder / "music"))
    host = Host(lib)
    host.migrate({"changes": changes.MIGRATIONS})
    with host.paths():
        for place in range(count):
            path = folder / "music" / f"{place}.flac"
            shutil.copy(sample, path)
            lib.add(Item.from_path(path))
        # So that the first write finds tags as beets writes them.
        for item in lib.items():
            item.write()
    journal.sync(host)
    return host


def _rows(host: Host, planned: Sequence[Change], undo_of: ChangeSetId | None = None) -> ChangeSetId:
    targets = {target.name: target for target in (item_target(), album_target())}
    taken = [undo_of] if undo_of else []
    number = changes.plan(
        host, planned, _SOMEBODY, now=_NOW, undo_of=taken, files_later=bool(undo_of)
    )
    changes.apply(host, number, targets, report=silent, cancel=CancelToken())
    return number


def _follow(host: Host, number: ChangeSetId, what: str) -> None:
    synced, fsync = 0, os.fsync

    def counting(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        fsync(descriptor)

    os.fsync = counting  # type: ignore[assignment]
    try:
        with _timed(what):
            done = files.run(host, number, report=silent, cancel=CancelToken()).done
    finally:
        os.fsync = fsync
    left = len(safeio.unsettled(host.state_directory))
    print(f"    {done:,} done, {synced / max(1, done):.2f} fsyncs a file, {left} unsettled")


@contextmanager
def _timed(what: str, bar_s: float | None = None) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    bar = f" (bar {bar_s:.0f} s)" if bar_s else ""
    print(f"{what}: {time.perf_counter() - begun:.2f} s{bar}", flush=True)


if __name__ == "__main__":
    main()
