"""One collection.nml on disk: read, written whole, brought back.

Writing, in this order: plan; brakes; a new file in the same folder, made durable; that file read
back and verified; the old one copied to `Backup/musictool/`; once more whether Traktor runs and
whether the old file is still the one that was read; rename; the folder made durable. Whatever
fails before the rename leaves the collection as it was. Playing with `now` and `io` is for tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError, MusicToolError, StorageError
from musictool_core.safeio import (
    copy_new,
    exchange,
    facts_of,
    make_folder,
    only_writer,
    read_file,
    remove_file,
    sweep,
)
from musictool_core.safeio.seam import DISK, SafeIo
from musictool_core.traktor.patch import Rewrite, plan
from musictool_core.traktor.scan import Scan, digest, scan
from musictool_core.traktor.values import NmlError, Patch
from musictool_core.traktor.verify import check_well_formed, verify

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from datetime import datetime

_END = b"</NML>"


class CollectionUnknown(StorageError):
    """A collection is absent, empty or cut short: what is in it is unknown, not deleted."""


class CollectionChanged(StorageError):
    """A collection was written by somebody else since it was read; nothing was changed."""


class TraktorRuns(MusicToolError):
    """Traktor runs, and would overwrite the collection when it exits."""


class BrakeReached(MusicToolError):
    """A write would change more than a sync usually does."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another.

    Attributes:
        mtime_ns: time of its last change.
        digest: of all bytes.
    """

    size: int
    mtime_ns: int
    digest: int


@dataclass(frozen=True)
class Collection:
    """A collection as it was read."""

    path: Path
    stamp: Stamp
    data: bytes
    scan: Scan
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Backups:
    """How many copies of the collection are kept beside it.

    Attributes:
        last: the newest ones.
        days: days of which the first copy is kept besides.
    """

    last: int = 10
    days: int = 30


@dataclass(frozen=True, slots=True)
class Brakes:
    """Shares of a collection above which a write stops, unless it is forced.

    A single change never does.

    Attributes:
        changed: of all entries.
        removed: of all entries of playlists.
    """

    changed: float = 0.5
    removed: float = 0.2


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did.

    Attributes:
        changed: entries that differ.
        backup: copy of the file before; None when there was nothing to write.
    """

    before: Stamp
    after: Stamp
    changed: int
    backup: Path | None


def is_unchanged(path: Path, stamp: Stamp, *, io: SafeIo = DISK) -> bool:
    """Whether a file still has the size and time of a stamp; False when it is not there."""
    try:
        found = io.stat(str(path))
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (stamp.size, stamp.mtime_ns)


def open_collection(
    path: Path, *, known_entries: int | None = None, io: SafeIo = DISK
) -> Collection:
    """Read and index a collection.

    Args:
        path: of the NML.
        known_entries: how many it had last time; with less than half of them it counts as cut.
        io: the disk.

    Raises:
        CollectionUnknown: absent, empty, cut short, or far smaller than before.
        FormatError: not an NML that we read.
        StorageError: being written, or unreadable.
    """
    data, facts = _read(path, io)
    if data.find(b"<") == -1 and not data.strip(b"\0 \t\r\n"):
        raise CollectionUnknown(f"{path} is empty; what was in it is unknown.", hint=_HINT)
    if b"<NML" in data[:4096] and not data[-4096:].rstrip(b"\0 \t\r\n").endswith(_END):
        raise CollectionUnknown(f"{path} is cut short: it does not end.", hint=_HINT)
    index = _scanned(path, data)
    if known_entries is not None and len(index.entries) * 2 < known_entries:
        raise CollectionUnknown(
            f"{path} has {len(index.entries)} entries and had {known_entries}.", hint=_HINT
        )
    stamp = Stamp(len(data), facts.st_mtime_ns, index.digest)
    return Collection(path, stamp, data, index, facts.st_ino)


_HINT = "Nothing was done; see `beet traktor backups` if Traktor lost it."


def write(
    collection: Collection,
    patch: Patch,
    *,
    is_running: Callable[[], bool],
    now: datetime,
    backups: Backups | None = None,
    brakes: Brakes | None = None,
    force: bool = False,
    ready: Callable[[int, Path], object] = lambda _after, _backup: None,
    io: SafeIo = DISK,
) -> Written:
    """Write a patch; without effect when everything stands there already.

    Args:
        collection: as it was read; the plan was made from it.
        patch: what to change.
        is_running: whether Traktor runs, also when that is not known.
        now: local time, for the name of the backup.
        backups: how many are kept.
        brakes: where to stop.
        force: do not brake.
        ready: called before the file takes its place, with its digest and the backup.
        io: the disk.

    Raises:
        BrakeReached, TraktorRuns, CollectionChanged, StorageError: nothing was changed.
        FormatError: the patch does not fit the collection, or what was written is not what was
            planned; nothing was changed.
    """
    rewrite = _plan(collection, patch)
    if not rewrite.splices:
        return Written(collection.stamp, collection.stamp, 0, None)
    if not force:
        _brake(collection.scan, rewrite, brakes or Brakes())
    found: list[int] = []

    def check(written: bytes) -> None:
        found.append(verify(written, rewrite, collection.scan, patch))

    backup = _exchange(
        collection, rewrite, check=check, is_running=is_running, now=now,
        backups=backups or Backups(), ready=lambda kept: ready(found[0], kept), io=io,
    )  # fmt: skip
    after = Stamp(rewrite.size, _mtime(collection.path, io), found[0])
    return Written(collection.stamp, after, len(rewrite.touched), backup)


def check_brakes(collection: Collection, patch: Patch, brakes: Brakes | None = None) -> None:
    """Whether a write would change more than usual; nothing is written.

    Raises:
        BrakeReached: it would.
        FormatError: the patch does not fit the collection.
    """
    _brake(collection.scan, _plan(collection, patch), brakes or Brakes())


def restore(
    path: Path,
    backup: Path,
    *,
    is_running: Callable[[], bool],
    now: datetime,
    backups: Backups | None = None,
    io: SafeIo = DISK,
) -> Written:
    """Put a backup in the place of the collection, which is itself backed up first.

    Raises:
        TraktorRuns, CollectionChanged, StorageError: nothing was changed.
        FormatError: the backup is not a whole collection.
    """
    wanted = open_collection(backup, io=io)
    data, facts = _read(path, io)
    present = Collection(
        path, Stamp(len(data), facts.st_mtime_ns, digest(data)), data, wanted.scan, facts.st_ino
    )

    def check(written: bytes) -> None:
        if written != wanted.data:
            raise NmlError("the disk did not keep what was written.")
        check_well_formed(written)

    kept = _exchange(
        present, Rewrite(wanted.data, (), ()), check=check, is_running=is_running, now=now,
        backups=backups or Backups(), io=io,
    )  # fmt: skip
    after = Stamp(wanted.stamp.size, _mtime(path, io), wanted.stamp.digest)
    return Written(present.stamp, after, len(wanted.scan.entries), kept)


def list_backups(path: Path, *, io: SafeIo = DISK) -> tuple[Path, ...]:
    """Our backups of a collection, the oldest first."""
    folder = _backup_folder(path, io)
    try:
        names = io.listdir(str(folder))
    except OSError:
        return ()
    pattern = _backup_pattern(path)
    return tuple(folder / name for name in sorted(names) if pattern.fullmatch(name))


def _exchange(
    collection: Collection,
    rewrite: Rewrite,
    *,
    check: Callable[[bytes], None],
    is_running: Callable[[], bool],
    now: datetime,
    backups: Backups,
    ready: Callable[[Path], object] = lambda _backup: None,
    io: SafeIo,
) -> Path:
    path = collection.path
    _refuse_running(path, is_running)
    folder = _backup_folder(path, io)
    make_folder(folder, io=io)
    made: list[Path] = []

    def check_written(temporary: Path) -> None:
        try:
            check(_read(temporary, io)[0])
        except NmlError as error:
            raise FormatError(f"{path}: {error} Nothing was changed.") from error
        if not is_unchanged(path, collection.stamp, io=io):
            raise _changed(collection)
        made.append(_back_up(path, folder, now, io))
        ready(made[0])
        _refuse_running(path, is_running)
        _check_unchanged(collection, io)

    with only_writer(folder / ".lock", io=io) as is_alone:
        if not is_alone:
            raise StorageError(
                f"another process of musictool writes {path}; nothing was changed.",
                hint="Try again.",
            )
        sweep(Path(io.resolve(str(path))).parent, io=io)
        try:
            exchange(path, rewrite.pieces(), check=check_written, io=io)
        except BaseException:
            _drop_if_unused(made, collection, io)
            raise
        _rotate(path, made[0], backups, io)
    return made[0]


def _plan(collection: Collection, patch: Patch) -> Rewrite:
    try:
        return plan(collection.data, collection.scan, patch)
    except NmlError as error:
        raise FormatError(f"{collection.path}: {error}") from error


def _drop_if_unused(made: Sequence[Path], collection: Collection, io: SafeIo) -> None:
    """Remove a backup that is a second copy of what is still there."""
    for backup in made:
        try:
            if is_unchanged(collection.path, collection.stamp, io=io):
                remove_file(backup, io=io)
        except StorageError:
            return


def _read(path: Path, io: SafeIo) -> tuple[bytes, os.stat_result]:
    try:
        return read_file(path, io=io)
    except FileNotFoundError as error:
        raise CollectionUnknown(f"{path} is not there.", hint=_HINT) from error
    except OSError as error:
        raise StorageError(f"{path} could not be read ({error.strerror}).") from error


def _scanned(path: Path, data: bytes) -> Scan:
    try:
        return scan(data)
    except NmlError as error:
        raise FormatError(f"{path}: {error}") from error


def _brake(index: Scan, rewrite: Rewrite, brakes: Brakes) -> None:
    changed, entries = len(rewrite.touched), len(index.entries)
    removed, listed = rewrite.removed
    for count, total, share, what in (
        (changed, entries, brakes.changed, "entries would change"),
        (removed, listed, brakes.removed, "playlist entries would go"),
    ):
        if count > 1 and count > share * total:
            raise BrakeReached(
                f"{count} of {total} {what}, more than {share:.0%}; nothing was changed.",
                hint="Look at it with --pretend; --force does it all the same.",
            )


def _refuse_running(path: Path, is_running: Callable[[], bool]) -> None:
    if is_running():
        raise TraktorRuns(
            f"Traktor runs, or may run; {path.name} stays as it is.", hint="Quit Traktor first."
        )


def _check_unchanged(collection: Collection, io: SafeIo) -> None:
    try:
        data, facts = read_file(collection.path, io=io)
    except OSError as error:
        raise _changed(collection) from error
    expected = (collection.inode, collection.stamp.size, collection.stamp.mtime_ns)
    if facts_of(facts) != expected or digest(data) != collection.stamp.digest:
        raise _changed(collection)


def _changed(collection: Collection) -> CollectionChanged:
    return CollectionChanged(
        f"{collection.path} was changed by another program meanwhile; left as it is.",
        hint="Try again.",
    )


def _mtime(path: Path, io: SafeIo) -> int:
    try:
        return io.stat(str(path)).st_mtime_ns
    except OSError:
        # It was written; without its time the next look at it reads it again.
        return 0


# --- Backups -------------------------------------------------------------------------------------


def _backup_folder(path: Path, io: SafeIo) -> Path:
    return Path(io.resolve(str(path))).parent / "Backup" / "musictool"


def _backup_pattern(path: Path) -> re.Pattern[str]:
    return re.compile(
        re.escape(path.stem) + r"_([0-9]{4}y[0-9]{2}m[0-9]{2}d)_[0-9]{2}h[0-9]{2}m[0-9]{2}s"
        r"(?:_[0-9]+)?" + re.escape(path.suffix)
    )


def _back_up(path: Path, folder: Path, now: datetime, io: SafeIo) -> Path:
    name = f"{path.stem}_{now:%Yy%mm%dd_%Hh%Mm%Ss}"
    taken = {backup.name for backup in list_backups(path, io=io)}
    number, target = 1, f"{name}{path.suffix}"
    while target in taken:
        number += 1
        target = f"{name}_{number:03}{path.suffix}"
    copy_new(path, folder / target, io=io)
    return folder / target


def _rotate(path: Path, newest: Path, backups: Backups, io: SafeIo) -> None:
    """Remove old backups: all but the last ones and the first of each of the last days."""
    pattern = _backup_pattern(path)
    found = list_backups(path, io=io)
    first_of_day = dict[str, Path]()
    for backup in found:
        match = pattern.fullmatch(backup.name)
        first_of_day.setdefault(match[1] if match else "", backup)
    days = sorted(first_of_day)[-backups.days :] if backups.days else []
    kept = {newest, *(first_of_day[day] for day in days)}
    kept.update(found[-backups.last :] if backups.last else [])
    for backup in found:
        if backup not in kept:
            try:
                remove_file(backup, io=io)
            except StorageError:
                # One too many is of no harm; the collection is written.
                continue
