"""Moving a file back where it was: never over another file, and the same after a kill."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import tempfile
from pathlib import Path

from musictool_core.errors import StorageError
from musictool_core.safeio import platform

_WITHOUT_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What file systems answer that know no hard links, e.g. FAT."""


def move_file(source: Path, destination: Path, *, root: Path) -> None:
    """Move a file; folders that it leaves empty go, up to `root`.

    A move that was interrupted is finished by the same call; one that is done is left alone.

    Args:
        source: where the file is.
        destination: where it is to be; missing folders are made.
        root: folder that stays, however empty.

    Raises:
        StorageError: there is another file, or the disk refused; the file is where it was.
    """
    try:
        if source == destination or (not os.path.lexists(source) and destination.is_file()):
            return
        if os.path.lexists(destination) and _is_one_name(source, destination):
            source.rename(destination)
        else:
            destination.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(destination):
                _link_or_copy(source, destination)
            elif not _is_half_moved(source, destination):
                raise StorageError(f"{destination} exists; {source} stays where it is.")
            platform.sync_directory(destination.parent)
            source.unlink(missing_ok=True)
        platform.sync_directory(source.parent)
    except OSError as error:
        raise StorageError(
            f"{source} could not be moved to {destination} ({error.strerror})."
        ) from error
    _remove_empty(source.parent, root)


def _is_half_moved(source: Path, destination: Path) -> bool:
    # Two links to one file are what a kill between link and unlink leaves.
    return os.path.samestat(source.lstat(), destination.lstat())


def _is_one_name(source: Path, destination: Path) -> bool:
    """Whether these are spellings of one name, where letter case or accents do not count."""
    if not _is_half_moved(source, destination) or not destination.parent.samefile(source.parent):
        return False
    names = {source.name, destination.name}
    if len({platform.folded(name) for name in names}) > 1:
        return False
    # A folder lists both where they are two.
    return len(names) == 1 or not names <= set(os.listdir(source.parent))


def _link_or_copy(source: Path, destination: Path) -> None:
    try:
        destination.hardlink_to(source)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _copy(source, destination)
        elif error.errno in _WITHOUT_LINKS:
            source.rename(destination)
        else:
            raise


def _copy(source: Path, destination: Path) -> None:
    """Copy to another disk: whole and on the disk before it gets its name."""
    descriptor, name = tempfile.mkstemp(prefix=".mt-", suffix=".tmp", dir=destination.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out, source.open("rb") as content:
            shutil.copyfileobj(content, out)
            out.flush()
            os.fsync(out.fileno())
        shutil.copystat(source, temporary)
        if not filecmp.cmp(source, temporary, shallow=False):
            raise OSError(errno.EIO, "the copy differs")
        temporary.rename(destination)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_relative_to(root):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
