"""Whole-file replacement: the file is the old one or the new one, never a part of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from musictool_core.errors import StorageError
from musictool_core.safeio import platform


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write `content` under `path`, atomically and durably; a symbolic link stays a link.

    Args:
        path: file to create or replace; its folder must exist.
        content: all of it.
        mode: permission bits; None keeps those of the present file (0600 for a new one).

    Raises:
        StorageError: nothing was changed.
    """
    target = path.resolve()
    temporary: Path | None = None
    try:
        if mode is None:
            mode = (target.stat().st_mode & 0o777) if target.exists() else 0o600
        # Short and in the same folder: the rename must not cross file systems, and a name near the
        # 255-byte limit must still work.
        descriptor, name = tempfile.mkstemp(prefix=".mt-", suffix=".tmp", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
        platform.sync_directory(target.parent)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(f"{path} could not be written ({error.strerror}); unchanged.") from error


def private_directory(path: Path) -> Path:
    """Create a folder that only its owner can read; return it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path} could not be created ({error.strerror}).") from error
    return path
