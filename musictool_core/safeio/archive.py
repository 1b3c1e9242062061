"""Many files in one zip archive, with a manifest of sizes and hashes: made whole or not at all.

Zip, so that every system opens it without us. The manifest is the last member, because the hashes
in it are known when everything else is written; what stands in it decides what the archive holds.
An archive may come from anybody: names that lead elsewhere, links, and more bytes than announced
are refused before anything is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core.errors import FormatError, StorageError
from musictool_core.progress import Progress, Report, silent
from musictool_core.safeio.files import sync_names, take_free_name, temporary_beside
from musictool_core.safeio.seam import CHUNK, CREATE, DISK, SafeIo, opened, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST = "manifest.json"
_MOST_MANIFEST_BYTES = 64 << 20
_LEVEL = 1
"""Half the time of the usual level 6, and the files are a tenth larger."""
_MEMBER = {"name": str, "size": int, "sha256": str, "modified_ns": int}
_EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive.

    Attributes:
        name: path inside, with "/".
        size: bytes.
        sha256: of its content.
        modified_ns: its modification time, nanoseconds since 1970.
    """

    name: str
    size: int
    sha256: str
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose manifest was read.

    Attributes:
        about: the manifest without the members.
    """

    path: Path
    about: Mapping[str, Any]
    members: tuple[Member, ...]

    @property
    def bytes(self) -> int:
        """Size of all members together."""
        return sum(member.size for member in self.members)


def write_archive(
    goal: Path,
    sources: Mapping[str, Path],
    about: Mapping[str, Any],
    *,
    report: Report = silent,
    io: SafeIo = DISK,
) -> Archive:
    """Write these files into a new archive that only its owner can read, and read it again.

    Args:
        goal: name of the archive, which must be free.
        sources: files by their name inside.
        about: for the manifest; JSON.
        report: told the bytes written.
        io: the disk.

    Raises:
        StorageError: the name is taken, or reading or writing failed; there is no archive.
    """
    temporary = temporary_beside(os.fspath(goal))
    try:
        with opened(io, temporary, CREATE) as descriptor:
            members = _write(_Output(io, descriptor), sources, about, report)
            io.fsync(descriptor)
        written = read_archive(Path(temporary))
        if written.members != members:
            raise FormatError("its manifest reads differently.")  # noqa: TRY301 - told as all others
        check_archive(written)
        take_free_name(io, temporary, os.fspath(goal))
    except (OSError, FormatError) as error:
        with suppress(OSError):
            io.unlink(temporary)
        why = (
            error.strerror
            if isinstance(error, OSError)
            else f"the disk returns it damaged: {error}"
        )
        raise StorageError(f"{goal} could not be written ({why}); it was not made.") from error
    sync_names(io, os.fspath(goal))
    return Archive(goal, about, members)


def read_archive(path: Path) -> Archive:
    """Read what an archive says it holds, and see that nothing in it leads elsewhere.

    Raises:
        FormatError: it is no archive of ours, or one that must not be trusted.
        StorageError: it cannot be read.
    """
    with _reading(path) as file:
        present = {info.filename: info for info in file.infolist()}
        listed = present.pop(MANIFEST, None)
        if listed is None or listed.file_size > _MOST_MANIFEST_BYTES:
            raise FormatError(f"{path} is no backup by musictool: it has no manifest.")
        about = _read_manifest(path, file.read(listed))
        members = tuple(_member(path, entry) for entry in about.pop("members"))
        names = [member.name for member in members]
        if len(present) + 1 != len(file.infolist()) or sorted(names) != sorted(present):
            raise FormatError(f"{path} holds other files than its manifest says.")
        if len({name.casefold() for name in names}) != len(names):
            raise FormatError(f"{path} holds files whose names differ only in their case.")
        for member in members:
            _refuse_unsafe(path, present[member.name], member)
    return Archive(path, about, members)


def check_archive(archive: Archive, *, report: Report = silent) -> None:
    """Read every file of an archive and compare its hash.

    Raises:
        FormatError: one is damaged; the line names it.
        StorageError: the archive cannot be read.
    """
    done = 0
    with _reading(archive.path) as file:
        for member in archive.members:
            for data in _content(archive.path, file, member):
                done += len(data)
                report(Progress(done, archive.bytes, "Checking"))


def extract_archive(
    archive: Archive, folder: Path, *, report: Report = silent, io: SafeIo = DISK
) -> None:
    """Write all files of an archive below a folder, durably, for their owner only.

    Args:
        archive: as read.
        folder: where to; exists and is empty.
        report: told the bytes written.
        io: the disk.

    Raises:
        FormatError: a file in it is damaged; what was written so far stays.
        StorageError: reading or writing failed; as before.
    """
    done = 0
    folders = {os.fspath(folder)}
    with _reading(archive.path) as file:
        for member in archive.members:
            target = os.path.join(folder, *member.name.split("/"))
            _make_folders(io, os.path.dirname(target), folders)
            with opened(io, target, CREATE) as descriptor:
                offset = 0
                for data in _content(archive.path, file, member):
                    offset = write_all(io, descriptor, data, offset)
                    report(Progress(done + offset, archive.bytes, "Unpacking"))
                io.fsync(descriptor)
            io.utime(target, member.modified_ns, member.modified_ns)
            done += member.size
    for made in folders:
        io.sync_directory(made)


class _Output(RawIOBase):
    """A new file as `zipfile` wants it, written through the seam."""

    def __init__(self, io: SafeIo, descriptor: int) -> None:
        self._io, self._descriptor = io, descriptor
        self._offset = self._end = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._end}[whence]
        self._offset = base + offset
        return self._offset

    def write(self, data: Any, /) -> int:
        before = self._offset
        self._offset = write_all(self._io, self._descriptor, memoryview(data).tobytes(), before)
        self._end = max(self._end, self._offset)
        return self._offset - before


def _write(
    output: _Output, sources: Mapping[str, Path], about: Mapping[str, Any], report: Report
) -> tuple[Member, ...]:
    total = sum(source.stat().st_size for source in sources.values())
    done = 0
    members = []
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
        for name, source in sources.items():
            digest, size = hashlib.sha256(), 0
            facts = source.stat()
            with source.open("rb") as content, file.open(_info(name), "w", force_zip64=True) as to:
                while data := content.read(CHUNK):
                    to.write(data)
                    digest.update(data)
                    size += len(data)
                    report(Progress(min(done + size, total), total, "Packing"))
            members.append(Member(name, size, digest.hexdigest(), facts.st_mtime_ns))
            done += size
        manifest = {**about, "members": [asdict(member) for member in members]}
        file.writestr(_info(MANIFEST), json.dumps(manifest, ensure_ascii=False, indent=1))
    return tuple(members)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    info._compresslevel = _LEVEL  # type: ignore[attr-defined,unused-ignore]  # noqa: SLF001 - no public name before 3.13
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    return info


@contextmanager
def _reading(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, open for reading; errors of its form become ours."""
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"{path} is damaged, or no backup by musictool ({error}).") from error
    except OSError as error:
        place = error.filename or path
        raise StorageError(f"{os.fspath(place)} failed ({error.strerror}).") from error


def _read_manifest(path: Path, content: bytes) -> dict[str, Any]:
    try:
        about = json.loads(content)
    except ValueError:
        about = None
    if not isinstance(about, dict) or not isinstance(about.get("members"), list):
        raise FormatError(f"{path} is no backup by musictool: its manifest cannot be read.")
    return about


def _member(path: Path, entry: object) -> Member:
    if isinstance(entry, dict) and {key: type(entry[key]) for key in entry} == _MEMBER:
        return Member(**entry)
    raise FormatError(f"{path} is no backup by musictool: its manifest cannot be read.")


def _refuse_unsafe(path: Path, info: zipfile.ZipInfo, member: Member) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    parts = member.name.split("/")
    if kind not in {0, stat.S_IFREG} or any(_is_unsafe(part) for part in parts):
        raise FormatError(f"{path} must not be trusted: {member.name!r} leads out of its folder.")
    if info.file_size != member.size:
        raise FormatError(f"{path}: {member.name} has another size than the manifest says.")


def _is_unsafe(part: str) -> bool:
    """Whether a part of a path may mean something else than a name, on any system."""
    return (
        part.strip(". ") == ""
        or part[-1] in ". "
        or not part.isprintable()
        or any(sign in part for sign in '\\:*?"<>|')
    )


def _content(path: Path, file: zipfile.ZipFile, member: Member) -> Iterator[bytes]:
    """The content of a member, piece by piece; at the end it is known to be right."""
    digest, size = hashlib.sha256(), 0
    with file.open(member.name) as content:
        while data := content.read(CHUNK):
            size += len(data)
            digest.update(data)
            yield data
    if size != member.size or digest.hexdigest() != member.sha256:
        raise FormatError(f"{path} is damaged: {member.name} is not what was packed.")


def _make_folders(io: SafeIo, folder: str, made: set[str]) -> None:
    if folder not in made:
        _make_folders(io, os.path.dirname(folder), made)
        io.mkdir(folder)
        made.add(folder)
