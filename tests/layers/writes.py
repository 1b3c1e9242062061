"""Finds code that writes, names or removes files past `safeio`."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTIONS = {
    "os": (
        "chmod chown fdopen ftruncate link mkfifo mknod open pwrite pwritev remove removedirs"
        " rename renames replace rmdir sendfile symlink truncate unlink utime write writev"
    ),
    "shutil": "copy copy2 copyfile copyfileobj copymode copystat copytree move rmtree chown",
    "beets.util": "copy hardlink link mkdirall move prune_dirs reflink remove",
}
_WRITING = {f"{module}.{name}" for module, names in _FUNCTIONS.items() for name in names.split()}

_MODULES = ("tempfile", "fileinput", "mmap")
"""Whatever is used of these."""

_READING = {"tempfile.gettempdir"}

_METHODS = frozenset(
    {"hardlink_to", "rename", "rmdir", "save", "symlink_to", "touch", "unlink", "write_bytes"}
    | {"write_text", "try_write", "try_sync"}
)
"""Of paths, of MediaFile and mutagen, of beets' items: whatever has a method of this name."""

_OPENING = {"open", "io.open", "builtins.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open"}


@dataclass(frozen=True, slots=True)
class Write:
    """A place that writes.

    Attributes:
        line: of the file.
        what: the function as the code names it, e.g. "fresh.write_text".
    """

    line: int
    what: str


def find_writes(source: str) -> list[Write]:
    """All places in the source of a module that may change a file, in order."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    found = {
        Write(node.lineno, ast.unparse(node.func if isinstance(node, ast.Call) else node))
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and _writes(node, names)
    }
    return sorted(found, key=lambda write: (write.line, write.what))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each imported name stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or whole, whole
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _writes(node: ast.expr, names: dict[str, str]) -> bool:
    if isinstance(node, ast.Call):
        return _opens(node, names) or _is_method(node, names)
    if isinstance(node, ast.Name | ast.Attribute):
        # Also without a call: it may be handed to somebody who calls it.
        dotted = _dotted(node, names)
        if dotted in {"os.open", "os.fdopen"}:
            return False
        inside = dotted.partition(".")[0] in _MODULES and "." in dotted
        return dotted in _WRITING or (inside and dotted not in _READING)
    return False


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _is_method(call: ast.Call, names: dict[str, str]) -> bool:
    if not isinstance(call.func, ast.Attribute) or _dotted(call.func, names):
        return False
    if call.func.attr == "replace":
        # Of a path: one place. Text takes two, dates take words.
        return len(call.args) == 1 and not call.keywords
    return call.func.attr in _METHODS


def _opens(call: ast.Call, names: dict[str, str]) -> bool:
    dotted = _dotted(call.func, names)
    if dotted == "os.open":
        flags = call.args[1] if len(call.args) > 1 else None
        return flags is None or ast.unparse(flags) != "os.O_RDONLY"
    if isinstance(call.func, ast.Name) and call.func.id == "open" and not dotted:
        dotted = "open"
    if dotted in _OPENING or dotted == "os.fdopen":
        return _is_writing_mode(_mode(call, 1))
    if isinstance(call.func, ast.Attribute) and call.func.attr == "open" and not dotted:
        return _is_writing_mode(_mode(call, 0))
    return False


def _mode(call: ast.Call, place: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in {"mode", None}:
            return keyword.value
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return call.args[0]
    return call.args[place] if len(call.args) > place else None


def _is_writing_mode(mode: ast.expr | None) -> bool:
    """Whether a mode writes, or cannot be read here."""
    if mode is None:
        return False
    if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        return bool(set(mode.value) & set("wax+"))
    return True
