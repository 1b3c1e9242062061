"""Keeping what is kept for undo within bounds: the oldest goes first.

A pack may hold the only copy of bytes that younger packs refer to (artwork of an album); it stays
as long as one of them does. So does one whose write is under way or not in its caller's books yet.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.safeio.packs import Store
from musictool_core.safeio.recovery import state_directory
from musictool_core.safeio.seam import DISK, SafeIo, opened, read_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.safeio.files import FilePath

_PACK = re.compile("[0-9a-f]{32}")
_DAY_S = 86_400.0
_SLACK = 0.95
"""Of the bound is kept when it is exceeded, so that not every day has to drop something."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped: number of packs, and their bytes."""

    packs: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A pack's age (seconds since 1970) and bytes."""

    at: float
    size: int


def has_undo(undo: str, *, state: FilePath | None = None, io: SafeIo = DISK) -> bool:
    """Whether what `restore_tags` needs for this undo name is still kept."""
    store = Store(state_directory(state), io)
    pack = undo.partition("-")[0]
    try:
        needed = [pack, *store.references(pack)]
        for name in needed:
            io.stat(f"{store.undo}/{name}")
    except (OSError, StorageError):
        return False
    return True


def drop_undo(
    state: FilePath | None = None,
    *,
    before: float,
    most_bytes: int,
    now: float,
    io: SafeIo = DISK,
) -> Dropped:
    """Drop what is older than `before`, and the oldest beyond `most_bytes`; looks once a day.

    Args:
        state: state directory; None as for `recover`.
        before: seconds since 1970.
        most_bytes: how much may stay.
        now: seconds since 1970.
        io: the disk.

    Raises:
        StorageError: the folder cannot be used.
    """
    store = Store(state_directory(state), io)
    try:
        if not _is_due(store, now):
            return Dropped()
        packs = _packs(store)
        doomed = _doomed(store, packs, before=before, most_bytes=most_bytes)
        _unshare(store, doomed)
        # A batch that began before may still refer to one; those that begin now cannot find it.
        if doomed and any(_is_held(store, name) for name in _listed(store, store.work)):
            return Dropped()
        for younger in set(_packs(store)) - set(packs):
            doomed -= _references(store, younger)
        for pack in doomed:
            io.unlink(f"{store.undo}/{pack}")
        _looked(store, now)
    except OSError as error:
        raise StorageError(f"{store.undo} cannot be tidied up ({error.strerror}).") from error
    return Dropped(len(doomed), sum(packs[pack].size for pack in doomed))


def _stamp(store: Store) -> str:
    return f"{store.undo}/looked"


def _is_due(store: Store, now: float) -> bool:
    try:
        store.io.stat(store.undo)
    except FileNotFoundError:
        return False
    try:
        return not 0 <= now - store.io.stat(_stamp(store)).st_mtime < _DAY_S
    except FileNotFoundError:
        return True


def _looked(store: Store, now: float) -> None:
    with opened(store.io, _stamp(store), os.O_RDWR | os.O_CREAT):
        pass
    at = int(now * 1e9)
    store.io.utime(_stamp(store), at, at)


def _packs(store: Store) -> dict[str, _Kept]:
    found = {}
    for name in store.io.listdir(store.undo):
        if _PACK.fullmatch(name):
            facts = store.io.stat(f"{store.undo}/{name}")
            found[name] = _Kept(facts.st_mtime, facts.st_size)
    return found


def _doomed(
    store: Store, packs: Mapping[str, _Kept], *, before: float, most_bytes: int
) -> set[str]:
    """Packs beyond the bounds that nothing needs."""
    total = sum(pack.size for pack in packs.values())
    if total <= most_bytes and all(pack.at >= before for pack in packs.values()):
        return set()
    bound = most_bytes * _SLACK if total > most_bytes else most_bytes
    needed = _in_work(store)
    doomed, size = set(), 0
    # A pack refers to older ones only.
    for name in sorted(packs, key=lambda name: (packs[name].at, name), reverse=True):
        size += packs[name].size
        if name in needed or (packs[name].at >= before and size <= bound):
            needed |= _references(store, name)
        else:
            doomed.add(name)
    return doomed


def _in_work(store: Store) -> set[str]:
    names = [name for folder in (store.work, store.unsettled) for name in _listed(store, folder)]
    return {name.partition(".")[0] for name in names}


def _listed(store: Store, folder: str) -> list[str]:
    try:
        return store.io.listdir(folder)
    except FileNotFoundError:
        return []


def _references(store: Store, pack: str) -> frozenset[str]:
    try:
        return store.references(pack)
    except StorageError:
        # Damaged: of no use, and refers to nothing that could be used.
        return frozenset()


def _unshare(store: Store, doomed: set[str]) -> None:
    """See that nobody can refer to the doomed from now on."""
    for name in _listed(store, store.shared) if doomed else ():
        path = f"{store.shared}/{name}"
        if read_all(store.io, path).decode("ascii", "replace") in doomed:
            store.io.unlink(path)


def _is_held(store: Store, name: str) -> bool:
    try:
        with opened(store.io, f"{store.work}/{name}", os.O_RDWR) as descriptor:
            return not store.io.lock(descriptor)
    except FileNotFoundError:
        return False
