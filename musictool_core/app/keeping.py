"""Library and state as one thing: packed into an archive, put back, or left behind.

An archive holds `library.db`, everything under `musictool/` that outlives a command, and a manifest
that says who made it, of what, and when. Nothing here needs our tables or makes them: the library
may be newer than this musictool, or new.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import __version__, app, safeio
from musictool_core.errors import FormatError, LibraryBusy, StorageError
from musictool_core.host import backup as library_file
from musictool_core.host import journalmode, leaving, witness
from musictool_core.host.backup import Description
from musictool_core.progress import Report, silent
from musictool_core.safeio import archive as archives
from musictool_core.safeio import platform, swap
from musictool_core.safeio.files import temporary_beside
from musictool_core.safeio.seam import CREATE, DISK, SafeIo, close_quietly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from musictool_core.host.library import Host
    from musictool_core.safeio.archive import Archive

FOLDER = "musictool-backups"
"""Beside the library: where archives go."""

_USUAL_MODE = "delete"
_FORMAT = 1
"""Of the manifest; grows when an older musictool could not restore an archive rightly."""

_ABOUT = {
    "format": int,
    "musictool": str,
    "beets": str,
    "created": str,
    "library": str,
    "journal_mode": str,
    "items": int,
    "albums": int,
    "changes": int,
    "schema": dict,
}
_LEFT_OUT = frozenset({"work"})
"""What is in work belongs to the processes that run now."""
_TEMPORARY = re.compile(r"\.mt-(\d+)-[0-9a-f]{12}\.tmp(-journal)?")


@dataclass(frozen=True, slots=True)
class Backup:
    """What an archive is a backup of, as its manifest says.

    Attributes:
        created: UTC.
        musictool: version that made it.
        beets: version of beets then.
        schema: versions of our tables, by feature.
        journal_mode: of the library.
    """

    archive: Archive
    created: datetime
    musictool: str
    beets: str
    items: int
    albums: int
    changes: int
    schema: Mapping[str, int]
    journal_mode: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What `uninstall` finds.

    Attributes:
        objects: tables, views, triggers and indexes in the library, counted by kind.
        journal_mode: what it becomes again; "" when it stays.
        cache: files that can be worked out again.
        state: the folder `musictool/`, None when there is none.
        backups: the folder of the archives, None when there is none.
    """

    objects: Mapping[str, int]
    journal_mode: str
    cache: tuple[Path, ...]
    state: Path | None
    backups: Path | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did with the library that was there.

    Attributes:
        kept: archive of it, and of its state.
        fault: what SQLite found wrong with it, "" when nothing was.
    """

    kept: Path
    fault: str


@dataclass(frozen=True, slots=True)
class _Packed:
    archive: Archive
    fault: str


def default_goal(host: Host, now: datetime, *, name: str = "musictool") -> Path:
    """A free name for a new archive, with the time in it."""
    folder = host.path.absolute().parent / FOLDER
    first = f"{name}-{now:%Y-%m-%d-%H%M%S}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return next(p for p in (folder / f"{name}.zip" for name in names) if not p.exists())


def state_files(host: Host) -> dict[str, Path]:
    """The files of the state that outlive a command, by their names in the archive."""
    root = host.path.parent / swap.STATE
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        if here == root:
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            path = here / name
            if path.is_file() and not path.is_symlink() and not _is_passing(name):
                found[f"{swap.STATE}/{path.relative_to(root).as_posix()}"] = path
    return dict(sorted(found.items()))


def backup(
    host: Host, goal: Path, *, now: datetime, report: Report = silent, io: SafeIo = DISK
) -> Backup:
    """Write library and state into one new archive, and read it again; others may go on writing.

    Args:
        host: the library.
        goal: name of the archive, which must be free; its folder must exist.
        now: UTC.
        report: told the bytes packed.
        io: the disk.

    Raises:
        StorageError: the library is damaged, or the archive cannot be written; there is none.
    """
    swap.finish_swap(host.path.parent, io=io)
    mode = _mode_of(host)
    with library_file.reading(host.path) as source:
        packed = _pack(host, source, goal, mode=mode, is_judged=True, now=now, report=report, io=io)
    return _described(packed.archive)


def read_backup(path: Path) -> Backup:
    """Read what a backup holds, and see that this musictool may restore it.

    Raises:
        FormatError: it is none, is damaged, or a newer musictool made it.
        StorageError: it cannot be read.
    """
    found = _described(archives.read_archive(path))
    about = found.archive.about
    if about["format"] > _FORMAT or _version(found.musictool) > _version(__version__):
        raise _too_new(path, f"musictool {found.musictool}, this is {__version__}")
    _refuse_newer_tables(path, found.schema)
    names = [member.name for member in found.archive.members]
    if swap.LIBRARY not in names or not all(_belongs(name) for name in names):
        raise FormatError(f"{path} holds other files than a library and its state.")
    return found


def restore(
    host: Host, chosen: Backup, *, now: datetime, report: Report = silent, io: SafeIo = DISK
) -> Restored:
    """Put the library and the state of a backup in the place of the present ones.

    The present ones go into an archive of their own first. Killed at any moment, both are wholly
    old or, after the next command, wholly new.

    Args:
        host: the present library; closed here, and nothing of this process is claimed in the new.
        chosen: what to restore.
        now: UTC.
        report: told the bytes unpacked and packed.
        io: the disk.

    Raises:
        FormatError: the backup is damaged; nothing was changed.
        LibraryBusy: another program has the library open; nothing was changed.
        StorageError: the disk refused; nothing was changed.
    """
    safeio.recover(host.state_directory, io=io)
    with swap.staging(host.path.parent, io=io) as stage:
        archives.extract_archive(chosen.archive, stage, report=report, io=io)
        _examine(stage / swap.LIBRARY, chosen)
        if chosen.journal_mode == journalmode.WAL and journalmode.may_use_wal(host.path):
            library_file.set_journal_mode(stage / swap.LIBRARY, journalmode.WAL)
        mode = _mode_of(host)
        kept = default_goal(host, now, name="before-restore")
        make_folder(kept.parent)
        host.release()
        with library_file.held(host.path) as source:
            packed = _pack(
                host, source, kept, mode=mode, is_judged=False, now=now, report=report, io=io
            )
            _remove_cache(host, io)
            swap.swap_in(stage, host.path, io=io)
    witness.let_be(host.lib)
    return Restored(kept, packed.fault)


def _mode_of(host: Host) -> str:
    """The journal mode; that of new files where a damaged library cannot tell."""
    try:
        return journalmode.current(host.reading())
    except LibraryBusy:
        raise
    except StorageError:
        return _USUAL_MODE


def plan_leaving(host: Host) -> Leaving:
    """Look what there is of ours; reads only."""
    view, folder = host.reading(), host.path.parent
    state, backups = folder / swap.STATE, folder / FOLDER
    return Leaving(
        objects=leaving.ours(view),
        journal_mode=journalmode.mode_before(view),
        cache=tuple(path for path in _cache_files(host) if path.exists()),
        state=state if state.exists() else None,
        backups=backups if backups.exists() else None,
    )


def leave(host: Host, *, with_state: bool, io: SafeIo = DISK) -> None:
    """Take all of ours out of the library, and remove the cache.

    Args:
        host: the library; nothing of this process is claimed in it any more.
        with_state: remove the folder `musictool/`, too; what is undone with it is lost.
        io: the disk.

    Raises:
        LibraryBusy: another program has the library open; nothing was changed.
        StorageError: the disk refused; calling it again goes on.
    """
    # One that runs with our plugins would go on writing into tables that are gone.
    library_file.refuse_if_open(host.path)
    # First, because what the mode was is written in a table of ours.
    journalmode.switch_back(host)
    leaving.remove_ours(host)
    witness.let_be(host.lib)
    _remove_cache(host, io)
    if with_state:
        swap.finish_swap(host.path.parent, io=io)
        swap.remove_tree(host.path.parent / swap.STATE, io=io)


def make_folder(folder: Path) -> None:
    """Make the folder of an archive when it is not there; only its owner can read it then.

    Raises:
        StorageError: the disk refused.
    """
    if not folder.is_dir():
        safeio.private_directory(folder)


def _pack(
    host: Host,
    source: sqlite3.Connection,
    goal: Path,
    *,
    mode: str,
    is_judged: bool,
    now: datetime,
    report: Report,
    io: SafeIo,
) -> _Packed:
    """Pack the library, as a connection sees it, and the state.

    Args:
        host: the library.
        source: the connection.
        goal: name of the archive.
        mode: journal mode of the library.
        is_judged: whether a damaged library is refused.
        now: UTC.
        report: told the bytes packed.
        io: the disk.
    """
    _clear_stale(goal.parent, io)
    with _temporary(goal, io) as copy:
        # Before the state is looked at: an undo record is older than what refers to it.
        library_file.copy_library(source, copy)
        fault = library_file.fault_of(copy)
        if fault and is_judged:
            raise StorageError(
                f"{host.path} is damaged: {fault}. No backup was made.",
                hint="`beet musictool doctor` says more.",
            )
        found = _unreadable(copy) if fault else library_file.describe(copy)
        about = _about(host, found, mode=mode, now=now)
        sources = {swap.LIBRARY: copy, **state_files(host)}
        return _Packed(archives.write_archive(goal, sources, about, report=report, io=io), fault)


def _unreadable(copy: Path) -> Description:
    """What is said of a library that is damaged: its size."""
    return Description(copy.stat().st_size, 0, 0, 0, None, {}, _USUAL_MODE)


def _about(host: Host, found: Description, *, mode: str, now: datetime) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "musictool": __version__,
        "beets": library_file.BEETS_VERSION,
        "created": now.isoformat(timespec="seconds"),
        "library": host.path.name,
        "journal_mode": mode,
        "items": found.items,
        "albums": found.albums,
        "changes": found.changes,
        "schema": dict(found.schema),
    }


@contextmanager
def _temporary(goal: Path, io: SafeIo) -> Iterator[Path]:
    """An empty file beside the goal that only its owner can read; removed afterwards."""
    path = temporary_beside(os.fspath(goal))
    try:
        close_quietly(io, io.open(path, CREATE))
        yield Path(path)
    except OSError as error:
        raise StorageError(
            f"{goal} could not be written ({error.strerror}); it was not made."
        ) from error
    finally:
        with suppress(OSError):
            io.unlink(path)


def _clear_stale(folder: Path, io: SafeIo) -> None:
    """Remove what backups that were killed left in their folder."""
    with suppress(OSError):
        for name in io.listdir(os.fspath(folder)):
            found = _TEMPORARY.fullmatch(name)
            if found and not platform.is_alive(int(found[1])):
                io.unlink(os.fspath(folder / name))


def _examine(library: Path, chosen: Backup) -> None:
    path = chosen.archive.path
    fault = library_file.fault_of(library)
    if fault:
        raise FormatError(f"{path} holds a damaged library: {fault}.")
    _refuse_newer_tables(path, library_file.describe(library).schema)


def _described(archive: Archive) -> Backup:
    """What the manifest of an archive says.

    Raises:
        FormatError: it does not say it in our form.
    """
    about = archive.about
    if not all(type(about.get(key)) is kind for key, kind in _ABOUT.items()):
        raise FormatError(f"{archive.path} is no backup by musictool: its manifest cannot be read.")
    try:
        created = datetime.fromisoformat(about["created"])
    except ValueError:
        raise FormatError(f"{archive.path} has a manifest without a date.") from None
    told = {key: about[key] for key in _ABOUT if key not in {"format", "created", "library"}}
    return Backup(archive, created, **told)


def _refuse_newer_tables(path: Path, schema: Mapping[str, Any]) -> None:
    known = app.schema_versions()
    newer = [name for name, version in schema.items() if version > known.get(name, 0)]
    if newer:
        raise _too_new(path, f"tables of {', '.join(newer)}")


def _too_new(path: Path, what: str) -> FormatError:
    return FormatError(
        f"{path} was made by a newer musictool ({what}).", hint="Upgrade musictool first."
    )


def _version(text: str) -> tuple[int, ...]:
    """The numbers of a version, for comparison: (0, 1, 0)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _belongs(name: str) -> bool:
    return name == swap.LIBRARY or name.startswith(f"{swap.STATE}/")


def _is_passing(name: str) -> bool:
    """Whether a file of the state is a lock, or being written."""
    return ".lock" in name or name.endswith(".tmp")


def _cache_files(host: Host) -> tuple[Path, ...]:
    path = host.cache_path
    return (path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm", "journal")))


def _remove_cache(host: Host, io: SafeIo) -> None:
    for path in _cache_files(host):
        swap.remove_tree(path, io=io)
