r"""Places as Traktor writes them, and the same places as paths of this computer or another one.

Traktor: a volume, folders between "/:", a file; "//" is what the Finder shows as "/" and the disk
calls ":". All names leave here as NFC; what a disk has them in is for the reader to try out.
Rules: macOS: the boot volume is "/", others are "/Volumes/NAME". Windows: the volume is the drive.
Elsewhere only path maps lead to files; so do they for shares ("\\server\share"), whose form in
an NML we have not seen.
Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from musictool_core.traktor.values import Location, NmlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from musictool_core.traktor.values import TrackKey

T = TypeVar("T")

Parts = tuple[str, ...]
"""Names of folders and a file, as the disk has them."""

_DRIVE = re.compile(r"([A-Za-z]):(?:[\\/]|$)")
_SHARE = re.compile(r"(\\\\[^\\/]+[\\/][^\\/]+)(?:[\\/]|$)")
_DRIVE_VOLUME = re.compile(r"[A-Za-z]:")
_BOOT_FOLDERS = frozenset({"Users", "Applications", "Library", "System", "private"})
"""Folders that only the volume has which macOS starts from."""


class System(Enum):
    """Whose rules for paths hold."""

    MACOS = "macos"
    WINDOWS = "windows"
    LINUX = "linux"


@dataclass(frozen=True, slots=True)
class Computer:
    """What must be known of a computer to read its paths.

    Attributes:
        boot: names of the volume it starts from as Traktor writes them, the usual one first.
        serials: of the drives present, by drive ("D:"), lower hex; Windows only.
    """

    system: System
    boot: tuple[str, ...] = ()
    serials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathMap:
    r"""Two names of one folder: in the collection, and here.

    Attributes:
        nml: "Macintosh HD/:Users/:me/:Music/:", or the path on the computer of Traktor where that
            is Windows ("D:\Music").
        local: "/srv/music", "E:\Music" or "\\nas\music".
        volume_id: only entries of this drive; None: of any that has the volume's name.
    """

    nml: str
    local: str
    volume_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A path map that entries and files suggest.

    Attributes:
        entries: how many entries found their file by it.
        example: key of one of them, and its file.
    """

    path_map: PathMap
    entries: int
    example: tuple[TrackKey, str]


def nfc(text: str) -> str:
    """The text in the form that Traktor writes."""
    return text if text.isascii() else normalize("NFC", text)


def folded(text: str) -> str:
    """Equal for names that a volume takes for one where letter case does not count."""
    return text.lower() if text.isascii() else normalize("NFC", normalize("NFC", text).casefold())


def split_folder(folder: str) -> Parts:
    """Names in a DIR, as the disk has them."""
    return tuple(_decode(part) for part in _split(folder) if part)


def join_folder(parts: Iterable[str]) -> str:
    """DIR for these names."""
    return "".join(f"/:{_encode(part)}" for part in parts) + "/:"


def parts_of(location: Location) -> Parts:
    """Folders and file of a location, as the disk has them."""
    return (*split_folder(location.folder), _decode(location.file))


def location_of_key(key: str, volume_id: str | None = None) -> Location:
    """Take a primary key apart: the volume ends at the first "/:", the file starts at the last."""
    volume, *rest = _split(key)
    if not rest:
        return Location("", "", key, volume_id)
    *folders, file = rest
    return Location(volume, "".join(f"/:{part}" for part in folders) + "/:", file, volume_id)


def split_path(path: str) -> tuple[str, Parts]:
    r"""Root ("C:", "\\nas\music", "" for "/") and names of a path of any system.

    Raises:
        NmlError: it does not start at a root.
    """
    if found := _SHARE.match(path):
        root = found[1].replace("/", "\\")
        return root, tuple(nfc(part) for part in re.split(r"[\\/]", path[found.end() :]) if part)
    if found := _DRIVE.match(path):
        rest = re.split(r"[\\/]", path[found.end() :])
        return f"{found[1].upper()}:", tuple(nfc(part) for part in rest if part)
    if path.startswith("/"):
        return "", tuple(nfc(part) for part in path.split("/") if part)
    raise NmlError(f"{path!r} is not a whole path.")


def join_path(root: str, parts: Iterable[str]) -> str | None:
    """The path; None where the system of the root allows no such name."""
    names = tuple(parts)
    if not root:
        return "/" + "/".join(names)
    if any(":" in name or "\\" in name for name in names):
        return None
    return "\\".join((root, *names)) if names else f"{root}\\"


def native_path(location: Location, computer: Computer) -> str | None:
    """Where the computer of the collection has the file; None when it cannot be told.

    A drive whose serial number is another one than the entry's is another drive.
    """
    parts = parts_of(location)
    if computer.system is System.WINDOWS:
        return _windows_path(location, parts, computer)
    if computer.system is System.LINUX or not location.volume:
        return None
    if _DRIVE_VOLUME.fullmatch(location.volume):
        return None
    inside = location.volume in computer.boot
    return join_path("", parts if inside else ("Volumes", _decode(location.volume), *parts))


def native_location(path: str, computer: Computer) -> Location | None:
    """How Traktor on this computer names the file; None when it cannot be told."""
    root, parts = split_path(path)
    if not parts:
        return None
    if computer.system is System.WINDOWS and _DRIVE_VOLUME.fullmatch(root):
        return _location(root, parts, computer.serials.get(root))
    return (
        _macos_location(parts, computer) if computer.system is System.MACOS and not root else None
    )


def _macos_location(parts: Parts, computer: Computer) -> Location | None:
    if parts[0] == "Volumes":
        if len(parts) <= 2:
            return None
        volume = _encode(parts[1])
        return _location(volume, parts[2:], volume)
    return _location(computer.boot[0], parts, computer.boot[0]) if computer.boot else None


def boot_volumes(locations: Iterable[Location], mounted: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the volume that macOS starts from, the usual one first, as the entries tell.

    Args:
        locations: of the collection.
        mounted: volumes with a place of their own: a copy of the boot volume is none.
    """
    found = Counter(
        location.volume
        for location in locations
        if location.volume and not _DRIVE_VOLUME.fullmatch(location.volume)
        if (split_folder(location.folder) or ("",))[0] in _BOOT_FOLDERS
    )
    others = set(mounted)
    return tuple(volume for volume, _ in found.most_common() if volume not in others)


class Translator:
    """Leads from entries to files and back, by path maps first, then by the computer's own rules.

    Args:
        maps: the longest prefix decides, in either direction.
        computer: this one, when it is also the collection's; None: only maps lead to files.
        known: locations of the collection; they tell the serial of a drive, and which of two maps
            of one folder belongs to this collection.
        fold: letter case does not count on the collection's volumes.
    """

    def __init__(
        self,
        maps: Iterable[PathMap] = (),
        *,
        computer: Computer | None = None,
        known: Iterable[Location] = (),
        fold: bool = True,
    ) -> None:
        self._computer = computer
        self._fold = fold
        compiled = [_compile(path_map) for path_map in maps]
        self._by_nml = sorted(compiled, key=lambda one: len(one.parts), reverse=True)
        self._by_local = sorted(compiled, key=lambda one: len(one.local_parts), reverse=True)
        self._serials = _serials(known)
        self._folders: dict[tuple[str, str | None, str], tuple[str, Parts] | None] = {}

    def path(self, location: Location) -> str | None:
        """Where the file is on this computer, in NFC; None when nothing tells."""
        where = (location.volume, location.volume_id, location.folder)
        if where not in self._folders:
            self._folders[where] = self._folder(location)
        found = self._folders[where]
        if found is not None:
            return join_path(found[0], (*found[1], _decode(location.file)))
        return None if self._computer is None else native_path(location, self._computer)

    def location(self, path: str) -> Location | None:
        """What the collection calls the file; None when nothing tells, or two maps differ."""
        root, parts = split_path(path)
        for sensitive in (True, False):
            matches = [one for one in self._by_local if one.holds_path(root, parts, sensitive)]
            if matches:
                longest = len(matches[0].local_parts)
                return self._choose([m for m in matches if len(m.local_parts) == longest], parts)
            if not self._folds_paths(root):
                break
        return None if self._computer is None else native_location(path, self._computer)

    def _folder(self, location: Location) -> tuple[str, Parts] | None:
        parts = split_folder(location.folder)
        for sensitive in (True, False) if self._fold else (True,):
            for one in self._by_nml:
                if one.holds(location, parts, sensitive):
                    return one.root, one.local_parts + parts[len(one.parts) :]
        return None

    def _folds_paths(self, root: str) -> bool:
        if root:
            return True
        return self._computer is not None and self._computer.system is System.MACOS

    def _choose(self, matches: list[_Compiled], parts: Parts) -> Location | None:
        distinct = {(one.volume, one.parts, one.volume_id): one for one in matches}
        if len(distinct) > 1:
            distinct = {key: one for key, one in distinct.items() if one.volume in self._serials}
        if len(distinct) != 1:
            return None
        one = next(iter(distinct.values()))
        rest = parts[len(one.local_parts) :]
        serial = one.volume_id or self._serial(one.volume)
        if not rest or serial is None:
            return None
        return _location(one.volume, one.parts + rest, serial)

    def _serial(self, volume: str) -> str | None:
        """What the entries of the volume have; "" where none tells; None when they disagree."""
        if self._computer is not None and volume in self._computer.serials:
            return self._computer.serials[volume]
        counted = self._serials.get(volume, Counter()).most_common(2)
        if not counted:
            return "" if _DRIVE_VOLUME.fullmatch(volume) else volume
        if len(counted) == 2 and _DRIVE_VOLUME.fullmatch(volume):
            return None
        return counted[0][0]


def suggest_maps(
    locations: Iterable[Location], paths: Iterable[str], *, least: int = 2
) -> list[Suggestion]:
    """Path maps that would lead entries to files, the one that finds most first.

    Entries and files that share two folders and the file's name, and share it with nobody else,
    vote for what differs in front of what they share.

    Args:
        locations: entries without a file.
        paths: files of the library, whole paths.
        least: votes that make a suggestion.
    """
    ours = _unique_tails((location, parts_of(location)) for location in locations)
    theirs = _unique_tails((path, split_path(path)[1]) for path in paths)
    votes: dict[tuple[str, Parts, str, Parts], list[_Vote]] = {}
    for tail in ours.keys() & theirs.keys():
        (location, nml_parts), (path, local_parts) = ours[tail], theirs[tail]
        shared = _shared_tail(nml_parts, local_parts)
        nml, local = nml_parts[:-shared], local_parts[:-shared]
        where = (location.volume, nml, split_path(path)[0], local)
        votes.setdefault(where, []).append(_Vote(location, path, nml_parts, local_parts))
    found = [
        _suggestion(volume, nml, root, local, cast)
        for (volume, nml, root, local), cast in votes.items()
        if len(cast) >= least
    ]
    return sorted(found, key=lambda one: (-one.entries, one.path_map.nml, one.path_map.local))


@dataclass(frozen=True, slots=True)
class _Vote:
    location: Location
    path: str
    nml_parts: Parts
    local_parts: Parts


@dataclass(frozen=True, slots=True)
class _Compiled:
    volume: str
    parts: Parts
    folded_parts: Parts
    volume_id: str | None
    root: str
    local_parts: Parts
    folded_local: Parts

    def holds(self, location: Location, parts: Parts, sensitive: bool) -> bool:
        if self.volume_id is not None and location.volume_id != self.volume_id:
            return False
        head = parts[: len(self.parts)]
        if sensitive:
            return location.volume == self.volume and head == self.parts
        same_volume = folded(location.volume) == folded(self.volume)
        return same_volume and tuple(folded(part) for part in head) == self.folded_parts

    def holds_path(self, root: str, parts: Parts, sensitive: bool) -> bool:
        head = parts[: len(self.local_parts)]
        if sensitive:
            return root == self.root and head == self.local_parts
        same_root = root.lower() == self.root.lower()
        return same_root and tuple(folded(part) for part in head) == self.folded_local


def _compile(path_map: PathMap) -> _Compiled:
    if "/:" not in path_map.nml and _DRIVE.match(path_map.nml):
        volume, parts = split_path(path_map.nml)
    else:
        volume, *rest = _split(path_map.nml)
        parts = tuple(_decode(part) for part in rest if part)
    if not volume or "/" in volume:
        raise NmlError(f"{path_map.nml!r} names no volume; write e.g. Macintosh HD/:Users/:me/:")
    root, local = split_path(path_map.local)
    return _Compiled(
        volume=volume,
        parts=parts,
        folded_parts=tuple(folded(part) for part in parts),
        volume_id=path_map.volume_id,
        root=root,
        local_parts=local,
        folded_local=tuple(folded(part) for part in local),
    )


def _split(text: str) -> list[str]:
    """Pieces between "/:", still encoded; the "/" of a "//" belongs to a name."""
    pieces, start, at = [], 0, text.find("/")
    while at >= 0:
        following = text[at + 1 : at + 2]
        if following == ":":
            pieces.append(text[start:at])
            start = at + 2
        at = text.find("/", at + (2 if following in {"/", ":"} else 1))
    pieces.append(text[start:])
    return pieces


def _decode(name: str) -> str:
    return nfc(name.replace("//", ":").replace("/", ":") if "/" in name else name)


def _encode(name: str) -> str:
    return nfc(name).replace(":", "//")


def _location(volume: str, parts: Sequence[str], volume_id: str | None) -> Location:
    return Location(volume, join_folder(parts[:-1]), _encode(parts[-1]), volume_id)


def _windows_path(location: Location, parts: Parts, computer: Computer) -> str | None:
    drive = location.volume.upper()
    if not _DRIVE_VOLUME.fullmatch(drive):
        return None
    present = computer.serials.get(drive)
    if present and location.volume_id and present != location.volume_id.lower():
        return None
    return join_path(drive, parts)


def _serials(known: Iterable[Location]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for location in known:
        found.setdefault(location.volume, Counter())[location.volume_id or ""] += 1
    return found


def _unique_tails(named: Iterable[tuple[T, Parts]]) -> dict[Parts, tuple[T, Parts]]:
    found: dict[Parts, tuple[T, Parts]] = {}
    several: set[Parts] = set()
    for one, parts in named:
        if len(parts) < 3:
            continue
        tail = tuple(folded(part) for part in parts[-3:])
        if tail in found:
            several.add(tail)
        found[tail] = (one, parts)
    return {tail: value for tail, value in found.items() if tail not in several}


def _shared_tail(left: Parts, right: Parts) -> int:
    pairs = zip(reversed(left), reversed(right), strict=False)
    shared = 0
    for one, other in pairs:
        if folded(one) != folded(other):
            break
        shared += 1
    return shared


def _suggestion(volume: str, nml: Parts, root: str, local: Parts, votes: list[_Vote]) -> Suggestion:
    # Folders in which all of them are: a map should promise no more than it was seen to hold.
    common = min(_shared_head(votes[0].nml_parts, vote.nml_parts) for vote in votes) - len(nml)
    first = min(votes, key=lambda vote: vote.path)
    nml = first.nml_parts[: len(nml) + common]
    local = first.local_parts[: len(local) + common]
    serials = {vote.location.volume_id for vote in votes}
    drive = _DRIVE_VOLUME.fullmatch(volume) is not None
    path_map = PathMap(
        volume + join_folder(nml) if nml else f"{volume}/:",
        join_path(root, local) or "",
        serials.pop() if drive and len(serials) == 1 else None,
    )
    return Suggestion(path_map, len(votes), (first.location.key, first.path))


def _shared_head(left: Parts, right: Parts) -> int:
    shared = 0
    for one, other in _folder_pairs(left, right):
        if one != other:
            break
        shared += 1
    return shared


def _folder_pairs(left: Parts, right: Parts) -> Iterator[tuple[str, str]]:
    return zip(left[:-1], right[:-1], strict=False)
