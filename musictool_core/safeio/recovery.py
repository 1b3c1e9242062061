"""What a crash left behind is finished or taken back; running it again changes nothing.

Works without beets and without mutagen: the pack holds old and new bytes of every in-place write,
and the name of every copy that was being made.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.progress import CancelToken
from musictool_core.safeio import platform, whole
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.packs import Entry, Pack, Store
from musictool_core.safeio.seam import (
    DISK,
    SafeIo,
    close_quietly,
    exists,
    is_named,
    opened,
    write_all,
)
from musictool_core.safeio.whole import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.safeio.files import FilePath


class Outcome(Enum):
    """What was found and done about one file."""

    NOTHING = "wholly old or wholly new"
    PUT_BACK = "half written, old content put back"
    CLEARED = "an unfinished copy removed"
    FOREIGN = "changed since by another program, left alone"
    AWAY = "in a folder that is not there now, kept for later"


@dataclass(frozen=True, slots=True)
class Recovered:
    """One file a crash had left in work."""

    path: Path
    outcome: Outcome


def recover(state: FilePath | None = None, *, io: SafeIo = DISK) -> tuple[Recovered, ...]:
    """Put right what a crash left; call it before anything else opens the files.

    Args:
        state: the state directory; None for the one of beets' default library.
        io: the disk.

    Raises:
        StorageError: something could not be put right now; what remains is kept for the next try.
    """
    store = Store(state_directory(state), io)
    try:
        recovered = tuple(
            done for marker in _markers(store) for done in _recover_batch(store, marker) or ()
        )
        _clear_copies(store)
    except OSError as error:
        raise StorageError(
            f"{error.filename or store.root} could not be recovered ({error.strerror}).",
            hint="Nothing is lost: the old content is kept; try again.",
        ) from error
    return recovered


def state_directory(state: FilePath | None) -> str:
    """Path of the state directory; by default `musictool` in beets' configuration folder."""
    if state is not None:
        return os.path.abspath(os.fsdecode(state))
    home = os.environ.get("APPDATA") if os.name == "nt" else os.path.expanduser("~/.config")
    return os.path.abspath(
        os.path.join(os.environ.get("BEETSDIR") or os.path.join(home or "~", "beets"), "musictool")
    )


def recover_stale(store: Store, target: str) -> None:
    """Put right a batch that died while it had this file in work; the caller holds its lock."""
    patience = CancelToken()
    for marker in _markers(store):
        # A batch that lives has the lock of each of its files, so it cannot be about ours; one
        # that is dead is recovered by us or, this very moment, by another process.
        while _recover_batch(store, marker) is None and _is_about(store, marker, target):
            patience.wait(0.02)


def put_back(io: SafeIo, path: str, content: Iterable[tuple[int, bytes]]) -> None:
    """Write bytes at offsets, durably."""
    with opened(io, path, os.O_RDWR) as descriptor:
        for offset, data in content:
            write_all(io, descriptor, data, offset)
        io.fsync(descriptor)


def _markers(store: Store) -> list[str]:
    try:
        names = store.io.listdir(store.work)
    except FileNotFoundError:
        return []
    # "<pack>.new" was never in force, but its pack is of no use either.
    return sorted(name for name in names if not name.endswith((".lock", SUFFIX)))


def _clear_copies(store: Store) -> None:
    """Remove copies of old files that no batch refers to any more."""
    if not store.has_work():
        return
    for name in store.io.listdir(store.work):
        path = f"{store.work}/{name}"
        # While any batch is left, one of them may be its.
        if name.endswith(SUFFIX) and not _markers(store):
            with suppress(FileNotFoundError), opened(store.io, path, os.O_RDWR) as descriptor:
                if store.io.lock(descriptor):
                    _remove(store.io, path)


def _is_about(store: Store, marker: str, target: str) -> bool:
    try:
        pack = store.load(marker)
    except StorageError:
        return False
    wanted = platform.folded(target)
    return any(platform.folded(entry.path) == wanted for entry in pack.entries)


def _recover_batch(store: Store, marker: str) -> list[Recovered] | None:
    """Recover one batch; None when its process lives (or it is gone)."""
    io = store.io
    path = f"{store.work}/{marker}"
    try:
        descriptor = io.open(path, os.O_RDWR)
    except FileNotFoundError:
        return []
    try:
        if not io.lock(descriptor):
            return None
        if not is_named(io, descriptor, path):
            # Its process ended well between these calls.
            return []
        if marker.endswith(".new"):
            _remove(io, path)
            _remove(io, f"{store.undo}/{marker.removesuffix('.new')}")
            return []
        done = _recover_entries(store, marker)
        if any(recovered.outcome is Outcome.AWAY for recovered in done):
            # A disk that is not connected comes back, and its files as they were left.
            return done
        if done and io.fstat(descriptor).st_size:
            io.replace(path, f"{store.unsettled}/{marker}")
        else:
            _remove(io, path)
        return done
    finally:
        close_quietly(io, descriptor)


def _recover_entries(store: Store, marker: str) -> list[Recovered]:
    try:
        pack = store.load(marker)
    except StorageError:
        # Pack before marker: a marker without a whole pack was taken back half-way.
        _remove(store.io, f"{store.undo}/{marker}")
        return []
    return [
        Recovered(Path(entry.path), _recover_entry(store, pack, entry)) for entry in pack.entries
    ]


def _recover_entry(store: Store, pack: Pack, entry: Entry) -> Outcome:
    if not exists(store.io, os.path.dirname(entry.path)):
        return Outcome.AWAY
    if entry.temporary:
        return Outcome.CLEARED if _remove(store.io, entry.temporary) else Outcome.NOTHING
    if entry.copy:
        return _recover_whole(store, pack, entry)
    return _recover_extents(store.io, pack, entry)


def _recover_extents(io: SafeIo, pack: Pack, entry: Entry) -> Outcome:
    try:
        with opened(io, entry.path, os.O_RDONLY) as descriptor:
            facts = io.fstat(descriptor)
            now = [
                (extent, io.read_at(descriptor, extent.offset, len(pack.blob(extent.old))))
                for extent in entry.extents
            ]
    except FileNotFoundError:
        return Outcome.FOREIGN
    wholes = ([pack.blob(e.new) for e, _ in now], [pack.blob(e.old) for e, _ in now])
    if [data for _, data in now] in wholes:
        return Outcome.NOTHING
    if facts.st_size != entry.size or not all(
        _is_mix(data, pack.blob(extent.old), pack.blob(extent.new)) for extent, data in now
    ):
        return Outcome.FOREIGN
    put_back(io, entry.path, [(extent.offset, pack.blob(extent.old)) for extent, _ in now])
    io.utime(entry.path, facts.st_atime_ns, entry.modified_ns)
    return Outcome.PUT_BACK


def _recover_whole(store: Store, pack: Pack, entry: Entry) -> Outcome:
    io = store.io
    try:
        with opened(io, entry.copy, os.O_RDONLY) as kept:
            outcome = _recover_from_copy(io, pack, entry, Source(io, kept, io.fstat(kept).st_size))
    except FileNotFoundError:
        # Not begun, or recovered already.
        return Outcome.NOTHING
    if outcome is Outcome.FOREIGN:
        # What we may have half written and another program changed then: for the user to judge.
        io.replace(entry.copy, f"{store.undo}/{os.path.basename(entry.copy)}")
    else:
        _remove(io, entry.copy)
    return outcome


def _recover_from_copy(io: SafeIo, pack: Pack, entry: Entry, old: Source) -> Outcome:
    if old.size != entry.size:
        return Outcome.NOTHING
    try:
        with opened(io, entry.path, os.O_RDONLY) as descriptor:
            facts = io.fstat(descriptor)
            new = whole.new_from_copy(old, entry.remake, pack)
            if any(whole.holds(io, descriptor, content) for content in (old, new)):
                return Outcome.NOTHING
            if not whole.is_between(io, descriptor, old, new):
                return Outcome.FOREIGN
    except FileNotFoundError:
        return Outcome.FOREIGN
    whole.put_back(io, entry.path, old)
    io.utime(entry.path, facts.st_atime_ns, entry.modified_ns)
    return Outcome.PUT_BACK


def _is_mix(data: bytes, old: bytes, new: bytes) -> bool:
    """Whether each byte is the old or the new one: a write that was cut, nobody else's work."""
    return len(data) == len(old) == len(new) and all(
        byte in pair for byte, *pair in zip(data, old, new, strict=True)
    )


def _remove(io: SafeIo, path: str) -> bool:
    try:
        io.unlink(path)
    except FileNotFoundError:
        return False
    return True
