"""What tells whether somebody wrote a file since, and who has written it without telling yet."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core.errors import StorageError
from musictool_core.safeio import platform
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.packs import Store
from musictool_core.safeio.recipes import content_mark
from musictool_core.safeio.recovery import state_directory
from musictool_core.safeio.seam import DISK, SafeIo, opened, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from musictool_core.safeio.files import FilePath


class Owner(Enum):
    """Which process made a write."""

    OWN = "this one"
    GONE = "one that is no more"
    LIVING = "another one that lives"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A write whose caller has not yet said that it is in his books.

    Attributes:
        path: the file, as it was named then.
        undo: name for `restore_tags`.
        before: mark of the file before.
        after: mark of the file after.
        note: what the caller gave.
        owner: who wrote it.
    """

    path: Path
    undo: str
    before: str
    after: str
    note: Any
    owner: Owner

    @property
    def is_done(self) -> bool:
        """Whether the file was written, as far as can be seen: it is not what it was before."""
        return not self.path.exists() or file_mark(self.path) != self.before


def file_mark(path: Path) -> str:
    """The mark of a file: see `content_mark`."""
    with opened(DISK, os.fspath(path), os.O_RDONLY) as descriptor:
        return content_mark(Source(DISK, descriptor, DISK.fstat(descriptor).st_size))


def unsettled(
    state: FilePath | None = None,
    *,
    owners: Collection[Owner] = (Owner.OWN, Owner.GONE),
    wanted: Callable[[Any], bool] = lambda _: True,
    io: SafeIo = DISK,
) -> list[Unsettled]:
    """Writes with a note that nobody settled, oldest first.

    Args:
        state: state directory; None as for `recover`.
        owners: whose writes; a living process may be about to settle its own.
        wanted: tells from a note whether the write is asked for; the others cost little.
        io: the disk.
    """
    store = Store(state_directory(state), io)
    whose: dict[str, Owner] = {}
    found = []
    for pack in _packs(store):
        try:
            kept = json.loads(read_all(io, f"{store.unsettled}/{pack}"))
            mark, notes = kept["owner"], kept["notes"]
            whose[mark] = whose.get(mark) or _owner(mark)
            if whose[mark] in owners and any(map(wanted, _given(notes))):
                found += [w for w in _writes(store, pack, notes, whose[mark]) if wanted(w.note)]
        except (FileNotFoundError, ValueError, StorageError):
            # Settled meanwhile, or taken by a power cut.
            continue
    return found


def settle(writes: Iterable[str], *, state: FilePath | None = None, io: SafeIo = DISK) -> None:
    """Say that the writes of these undo names are in the caller's books."""
    store = Store(state_directory(state), io)
    for pack in {undo.partition("-")[0] for undo in writes}:
        with suppress(OSError):
            io.unlink(f"{store.unsettled}/{pack}")


def _packs(store: Store) -> list[str]:
    try:
        names = store.io.listdir(store.unsettled)
    except FileNotFoundError:
        return []
    times: dict[str, int] = {}
    for name in names:
        with suppress(FileNotFoundError):
            times[name] = store.io.stat(f"{store.unsettled}/{name}").st_mtime_ns
    return sorted(times, key=lambda name: (times[name], name))


def _owner(mark: str) -> Owner:
    if mark == platform.mark_of(os.getpid()):
        return Owner.OWN
    return Owner.LIVING if platform.is_alive_with(mark) else Owner.GONE


def _given(notes: Iterable[Any]) -> list[Any]:
    return [note for note in notes if note is not None]


def _writes(store: Store, pack: str, notes: Iterable[Any], owner: Owner) -> Iterator[Unsettled]:
    entries = store.load(pack).entries
    for number, (entry, note) in enumerate(zip(entries, notes, strict=True)):
        if note is not None:
            yield Unsettled(
                Path(entry.path),
                f"{pack}-{number}",
                entry.mark_before,
                entry.mark_after,
                note,
                owner,
            )
