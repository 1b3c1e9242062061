"""A folder in which letter case and accents do not count, as on the disks of macOS and Windows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

_ONE_PATH = ("stat", "lstat", "open", "unlink", "remove", "rmdir", "utime", "chmod", "access")
_TWO_PATHS = ("rename", "replace", "link")


def fold_names(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Make every call of `os` below `root` find a name by any of its spellings.

    A name is kept as it was given, as macOS (APFS) and Windows (NTFS) do.
    """
    volume = _Volume(root)
    # Python has this on Linux only.
    monkeypatch.delattr(os, "listxattr")
    for name in _ONE_PATH:
        monkeypatch.setattr(os, name, volume.of_one(getattr(os, name)))
    for name in _TWO_PATHS:
        monkeypatch.setattr(os, name, volume.of_two(getattr(os, name), renames=name != "link"))


def names_below(folder: Path) -> set[str]:
    """Names of files as they are spelled."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


class _Volume:
    def __init__(self, root: Path) -> None:
        self._top = os.fspath(root)
        self._listdir = os.listdir

    def of_one(self, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda path, *args, **options: call(self._found(path), *args, **options)

    def of_two(self, call: Callable[..., Any], *, renames: bool) -> Callable[..., Any]:
        def wrapped(source: Any, target: Any, **options: Any) -> Any:
            origin, goal = self._found(source), self._found(target)
            if renames and origin == goal:
                # The one thing that changes the spelling of a name.
                goal = str(Path(goal).with_name(Path(os.fsdecode(target)).name))
            return call(origin, goal, **options)

        return wrapped

    def _found(self, path: Any) -> Any:
        """The path as it is spelled on the disk, as far as it exists."""
        if isinstance(path, int):
            return path
        text = os.fsdecode(path)
        if not text.startswith(self._top + os.sep):
            return path
        at = self._top
        for name in Path(text).relative_to(self._top).parts:
            at = f"{at}{os.sep}{self._spelling(at, name)}"
        return at

    def _spelling(self, folder: str, name: str) -> str:
        try:
            present = {_key(other): other for other in self._listdir(folder)}
        except OSError:
            return name
        return present.get(_key(name), name)


def _key(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold())
