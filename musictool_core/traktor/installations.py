"""Where Traktor keeps its collection: every candidate, and the one that is taken, with the reason.

Searched: the Documents folders of macOS and Windows, the users of wine prefixes (plain, Bottles,
Steam) on Linux, and what the configuration names. Each version of Traktor has a folder of its own;
its settings may name another root. Two equal candidates are reported, never chosen from.
Reads only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.traktor.locations import PathMap, System
from musictool_core.traktor.tsi import ROOT, classic_parts, read_settings
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLLECTION = "collection.nml"
SETTINGS = "Traktor Settings.tsi"

_VENDOR = "Native Instruments"
_NAME = re.compile(r"Traktor (\d+(?:\.\d+)*)")
_DRIVE_PATH = re.compile(r"([A-Za-z]):[\\/](.*)", re.DOTALL)
_ENTRY = re.compile(rb"<ENTRY[\s>]")
_PIECE = 1 << 20
_OVERLAP = 16


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look; all of it given, so that any computer can be told of.

    Attributes:
        documents: the user's Documents folders; on Windows the known folder first.
        environment: WINEPREFIX is read.
        volumes: where macOS mounts volumes.
    """

    system: System
    home: Path
    documents: tuple[Path, ...] = ()
    environment: Mapping[str, str] | None = None
    volumes: Path = Path("/Volumes")


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder of one version of Traktor.

    Attributes:
        version: of its name ("Traktor 3.11.1"), empty where the name tells none.
        folder: as found.
        root: in use according to its settings; `folder` where they name no other.
        collection: None when there is none.
        size: of the collection, bytes; 0 without.
        modified: of the collection, UTC.
        entries: tracks in it, as counted; None when it cannot be read.
        source: what it was found by.
        notes: what a person should know, one line each.
        absent: its settings name a root that is not there now.
        maps: leads from drives of a wine prefix to its folders.
    """

    version: tuple[int, ...]
    folder: Path
    root: Path
    collection: Path | None
    size: int
    modified: datetime | None
    entries: int | None
    source: str
    notes: tuple[str, ...] = ()
    absent: bool = False
    maps: tuple[PathMap, ...] = ()

    @property
    def version_text(self) -> str:
        """As Traktor writes it: "3.11.1"."""
        return ".".join(map(str, self.version))


@dataclass(frozen=True, slots=True)
class Discovery:
    """All candidates, the newest version first, and the one that is taken.

    Attributes:
        chosen: None when there is none, or none that can be told from the others.
        reason: one line for the user.
    """

    candidates: tuple[Installation, ...]
    chosen: Installation | None
    reason: str


def discover(
    around: Surroundings, *, configured: Sequence[Path] = (), version: str = ""
) -> Discovery:
    """Find every installation and choose one.

    Args:
        around: this computer.
        configured: paths the user named: a collection, a folder of Traktor, or one that holds such
            folders. When any is given, only these count.
        version: the version the user wants, "" for the newest.
    """
    found: dict[Path, Installation] = {}
    places = _configured(configured) if configured else _searched(around)
    for folder, source, maps in places:
        found.setdefault(_real(folder), _inspect(folder, source, maps, around))
    candidates = tuple(
        sorted(found.values(), key=lambda one: (one.version, str(one.folder)), reverse=True)
    )
    chosen, reason = _choose(candidates, version)
    return Discovery(candidates, chosen, reason)


def count_entries(collection: Path) -> int | None:
    """Tracks in a collection, counted: the number it states is not reliable; None: unreadable."""
    count, data, inside = 0, b"", False
    try:
        with collection.open("rb") as file:
            while piece := file.read(_PIECE):
                data += piece
                start = 0 if inside else data.find(b"<COLLECTION")
                inside = start >= 0
                end = data.find(b"</COLLECTION>")
                if inside and end >= 0:
                    return count + len(_ENTRY.findall(data, start, end))
                # What may be cut in two is left for the next round.
                cut = max(0, len(data) - _OVERLAP)
                if inside:
                    found = _ENTRY.finditer(data, start)
                    count += sum(1 for match in found if match.start() < cut)
                data = data[cut:]
    except OSError:
        return None
    return count + len(_ENTRY.findall(data)) if inside else None


Place = tuple[Path, str, tuple[PathMap, ...]]


def _searched(around: Surroundings) -> Iterator[Place]:
    if around.system is System.LINUX:
        for prefix, source in _wine_prefixes(around):
            maps = _wine_maps(prefix)
            for documents in _glob(
                prefix, "drive_c/users/*/Documents", "drive_c/users/*/My Documents"
            ):
                yield from ((folder, source, maps) for folder in _versions(documents))
        return
    for documents in dict.fromkeys((*around.documents, around.home / "Documents")):
        yield from ((folder, str(documents), ()) for folder in _versions(documents))


def _wine_prefixes(around: Surroundings) -> Iterator[tuple[Path, str]]:
    prefix = (around.environment or {}).get("WINEPREFIX")
    yield (Path(prefix) if prefix else around.home / ".wine"), "wine"
    bottles = ".var/app/com.usebottles.bottles/data/bottles/bottles/*"
    for folder in _glob(around.home, bottles, ".local/share/bottles/bottles/*"):
        yield folder, f"Bottles, {folder.name}"
    for steam in (".steam/steam", ".local/share/Steam"):
        for folder in _glob(around.home, f"{steam}/steamapps/compatdata/*/pfx"):
            yield folder, f"Steam, {folder.parent.name}"


def _wine_maps(prefix: Path) -> tuple[PathMap, ...]:
    maps = {"C:": prefix / "drive_c"}
    for drive in _glob(prefix, "dosdevices/?:"):
        maps[drive.name.upper()] = _real(drive)
    return tuple(PathMap(f"{drive}/:", str(target)) for drive, target in sorted(maps.items()))


def _configured(paths: Sequence[Path]) -> Iterator[Place]:
    for path in paths:
        if path.is_dir() and not (path / COLLECTION).is_file():
            inside = list(_versions(path)) or [
                folder for child in (path, path / "Documents") for folder in _versions(child)
            ]
            for folder in dict.fromkeys(inside or [path]):
                yield folder, "configuration", ()
        else:
            yield path, "configuration", ()


def _versions(documents: Path) -> Iterator[Path]:
    """Folders of one version each; names that are not "Traktor 1.2.3" are none of them."""
    for parent in (documents / _VENDOR, documents):
        for folder in _glob(parent, "Traktor *"):
            if _NAME.fullmatch(folder.name) and folder.is_dir():
                yield folder


def _inspect(
    path: Path, source: str, maps: tuple[PathMap, ...], around: Surroundings
) -> Installation:
    folder = path.parent if path.suffix.lower() == ".nml" else path
    named = path if path != folder else None
    notes: list[str] = []
    root: Path | None = folder
    if named is None:
        root = _root_in_use(folder, maps, around, notes)
    collection = named or (None if root is None else root / COLLECTION)
    size, modified = 0, None
    try:
        if collection is not None:
            stat = collection.stat()
            size, modified = stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)
    except OSError as error:
        notes.append(f"no collection at {collection}: {error.strerror or error}")
        collection = None
    entries = None if collection is None else count_entries(collection)
    if collection is not None and entries is None:
        notes.append(f"{collection} is no collection that can be read")
    match = _NAME.fullmatch(folder.name)
    version = tuple(int(part) for part in match[1].split(".")) if match else ()
    return Installation(
        version, folder, root or folder, collection, size, modified, entries, source,
        tuple(notes), root is None, maps,
    )  # fmt: skip


def _root_in_use(
    folder: Path, maps: tuple[PathMap, ...], around: Surroundings, notes: list[str]
) -> Path | None:
    """The root that the settings name; None when that is of this computer, but not there."""
    value = _root_setting(folder / SETTINGS, notes)
    if not value:
        return folder
    root = _here(value, folder, maps, around)
    if root is None:
        notes.append(f"its settings name the root {value}, which is a path of another computer")
        return folder
    if _real(root) == _real(folder):
        return folder
    if root.is_dir():
        notes.append(f"its settings name another root: {root}")
        return root
    notes.append(f"its settings name the root {value}, which is not there now")
    return None


def _root_setting(settings: Path, notes: list[str]) -> str:
    try:
        return read_settings(settings, {ROOT}).get(ROOT, "")
    except FileNotFoundError:
        pass
    except (OSError, NmlError) as error:
        notes.append(f"{settings} cannot be read: {error}")
    return ""


def _here(value: str, folder: Path, maps: tuple[PathMap, ...], around: Surroundings) -> Path | None:
    """A path of the settings on this computer; None when it is of another one."""
    if found := _DRIVE_PATH.fullmatch(value):
        if around.system is System.WINDOWS:
            return Path(value)
        drive = f"{found[1].upper()}:/:"
        target = next((one.local for one in maps if one.nml == drive), None)
        return None if target is None else _beneath(Path(target), found[2])
    if around.system is not System.MACOS:
        return None
    return Path(value) if value.startswith("/") else _classic(value, folder, around)


def _classic(value: str, folder: Path, around: Surroundings) -> Path | None:
    parts = classic_parts(value)
    if parts is None:
        return None
    volume, names = parts
    # The settings lie on the boot volume when their own root has the path of their folder.
    if folder.parts[-len(names) :] == names or folder.parts[1:] == names:
        return folder
    mounted = around.volumes / volume
    inside = mounted if mounted.exists() else Path(folder.anchor)
    return inside.joinpath(*names)


def _beneath(base: Path, rest: str) -> Path:
    """Names below a wine drive, in whatever letter case they are there."""
    for name in re.split(r"[\\/]", rest):
        if name in {"", ".", ".."}:
            continue
        exact = base / name
        if not exact.exists():
            alike = (one for one in _glob(base, "*") if one.name.lower() == name.lower())
            exact = next(alike, exact)
        base = exact
    return base


def _choose(candidates: tuple[Installation, ...], wanted: str) -> tuple[Installation | None, str]:
    usable = [one for one in candidates if one.collection is not None]
    if not usable:
        return None, "no collection was found; name one with traktor: collection"
    if wanted:
        usable = [one for one in usable if one.version_text == wanted]
        if not usable:
            return None, f"Traktor {wanted} was not found"
    newest = usable[0].version
    blocked = next((o for o in candidates if o.absent and o.version > newest), None)
    if blocked is not None and not wanted:
        text = f"Traktor {blocked.version_text} is newer, but its folder is not there now"
        return None, f"{text}; name one with traktor: collection"
    best = [one for one in usable if one.version == newest]
    # Versions may share a root: one collection is one, however many ways lead to it.
    if len({_real(one.collection) for one in best if one.collection is not None}) > 1:
        listed = " and ".join(str(one.folder) for one in best)
        return None, f"{listed} are equally new; name one with traktor: collection"
    if best[0].source == "configuration":
        return best[0], "named in the configuration"
    label = f"Traktor {best[0].version_text}"
    return best[0], f"{label} as configured" if wanted else f"{label} is the newest version"


def _glob(folder: Path, *patterns: str) -> list[Path]:
    try:
        return sorted(path for pattern in patterns for path in folder.glob(pattern))
    except OSError:
        return []


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
