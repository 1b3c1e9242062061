r"""The few entries of `Traktor Settings.tsi` that say where things are.

The file has large blobs of controller mappings: it is read until all that is asked for is found.
Value forms: "C:\a\b\" (Windows), "Macintosh HD:Users:me:Music:" (Traktor 2 on macOS), paths from
"/" on. Types: 0 bool, 1 int, 2 float, 3 text, 5 to 7 lists; of a list the parts are joined by ";".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.traktor.locations import nfc
from musictool_core.traktor.values import NmlError
from musictool_core.traktor.xmlstream import tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

ROOT = "Browser.Dir.Root"
MUSIC = "Browser.Dir.Music"
RECORDINGS = "Browser.Dir.Recordings"
WANTED = frozenset({ROOT, MUSIC, RECORDINGS})

_PIECE = 1 << 16
_LARGEST = 64 << 20


def read_settings(path: Path, wanted: Collection[str] = WANTED) -> dict[str, str]:
    """Values of the settings asked for, as they stand in the file; absent ones are left out.

    Raises:
        NmlError: it is no settings file, or one from a stranger (see `xmlstream`).
        OSError: it cannot be read.
    """
    left = set(wanted)
    found: dict[str, str] = {}
    for name, attributes, depth in tags(_pieces(path)):
        if depth == 0 and name != "NIXML":
            raise NmlError(f"{path.name} is no settings file of Traktor.")
        key = attributes.get("Name", "")
        if name == "Entry" and key in left:
            found[key] = attributes.get("Value", "")
            left.discard(key)
            if not left:
                break
    return found


def classic_parts(value: str) -> tuple[str, tuple[str, ...]] | None:
    """Volume and names of a path as macOS once wrote it; None when it is none."""
    if value.startswith("/") or value[1:3] == ":\\" or ":" not in value:
        return None
    volume, *rest = value.split(":")
    # What the Finder shows as "/" the disk calls ":".
    names = tuple(nfc(part.replace("/", ":")) for part in rest if part)
    return (volume, names) if volume and names else None


def folders(value: str, separators: Sequence[str] = (";",)) -> list[str]:
    """Parts of a list of folders, empty ones left out."""
    parts = [value]
    for separator in separators:
        parts = [piece for part in parts for piece in part.split(separator)]
    return [part for part in parts if part]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        read = 0
        while piece := file.read(_PIECE):
            read += len(piece)
            if read > _LARGEST:
                raise NmlError(f"{path.name} is larger than 64 MB.")
            yield piece
