"""Bytes of covers, kept in the state directory by their content: what undo and redo bring back."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from musictool_core import safeio
from musictool_core.errors import StorageError
from musictool_core.host import journal

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.host.library import Host

_FOLDER = "art"


def name_of(data: bytes) -> str:
    """What names the bytes of a picture."""
    return blake2b(data, digest_size=16).hexdigest()


def keep_picture(host: Host, data: bytes) -> str:
    """Keep the bytes of a picture, durably; return their name.

    Raises:
        StorageError: they could not be kept.
    """
    name = name_of(data)
    path = _kept(host, name)
    if not path.exists():
        safeio.make_folder(path.parent)
        safeio.replace_file(path, data)
    return name


def has_picture(host: Host, name: str) -> bool:
    """Whether the bytes of a picture are kept."""
    return _kept(host, name).exists()


def drop_pictures(host: Host, *, before: float) -> int:
    """Drop kept pictures that the journal does not name any more; return how many.

    Args:
        host: the library.
        before: seconds since 1970; younger ones may be of a change set that is being applied.
    """
    folder = host.state_directory / _FOLDER
    if not folder.is_dir():
        return 0
    needed = journal.kept_pictures(host.reading())
    doomed = [
        path
        for path in folder.iterdir()
        if path.name not in needed and path.stat().st_mtime < before
    ]
    for path in doomed:
        safeio.remove_file(path)
    return len(doomed)


def read_picture(host: Host, name: str) -> bytes:
    """The bytes of a kept picture.

    Raises:
        StorageError: they are not kept any more.
    """
    try:
        return _kept(host, name).read_bytes()
    except FileNotFoundError as error:
        raise StorageError("the picture is not kept any more.") from error


def _kept(host: Host, name: str) -> Path:
    return host.state_directory / _FOLDER / name
