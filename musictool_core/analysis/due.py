"""Which audio a file holds, and whether it has to be measured.

The audio alone counts: a file whose tags were written is read again, but not measured.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.analysis.workers import Task, limit_of
from musictool_core.audio.heard import DJ
from musictool_core.errors import FormatError, StorageError
from musictool_core.safeio.payload import read_payload

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from musictool_core.analysis.workers import Measurer, Outcome

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file, and what is known of it.

    Attributes:
        key: whatever the caller knows it by.
        length_s: as its tags say; None when unknown.
        digest: of its audio when it was last read, "" when it never was.
        size: of the file then, bytes.
        modified_ns: its modification time then.
    """

    key: int
    path: Path
    length_s: float | None = None
    digest: str = ""
    size: int = 0
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file holds.

    Attributes:
        digest: of its audio, "" when it cannot be read.
        outcome: what measuring it gave; None when it was not measured.
        error: why it cannot be read, "" when it can.
        groups: of measures that were due, and that the outcome is of.
    """

    file: AudioFile
    digest: str = ""
    size: int = 0
    modified_ns: int = 0
    outcome: Outcome | None = None
    error: str = ""
    groups: tuple[str, ...] = (DJ,)

    @property
    def is_news(self) -> bool:
        """Whether anything but the known was found."""
        known = (self.file.digest, self.file.size, self.file.modified_ns)
        found = (self.digest, self.size, self.modified_ns)
        return self.outcome is not None or bool(self.error) or known != found


def examine(
    file: AudioFile,
    measurer: Measurer,
    *,
    known: Mapping[str, Container[str]],
    tempo_range: tuple[float, float],
    force: bool = False,
) -> Examined:
    """Read a file, and measure what is not known of its audio.

    Args:
        file: to look at.
        measurer: measures it.
        known: for each group of measures that is wanted: digests of audio that needs none.
        tempo_range: beats per minute that are likely.
        force: measure in any case.
    """
    read = identify(file)
    if read.error:
        return read
    groups = tuple(group for group, there in known.items() if force or read.digest not in there)
    if not groups:
        return read
    task = Task(file.path, limit_of(file.length_s, groups), tempo_range, groups)
    outcome = measurer.ask(task)
    return Examined(file, read.digest, read.size, read.modified_ns, outcome, groups=groups)


def identify(file: AudioFile) -> Examined:
    """Tell which audio a file holds; one that is as it was is not read again."""
    try:
        seen = file.path.stat()
    except OSError as error:
        return Examined(file, error=_reason(error))
    if file.digest and (seen.st_size, seen.st_mtime_ns) == (file.size, file.modified_ns):
        return Examined(file, file.digest, file.size, file.modified_ns)
    if not seen.st_size:
        return Examined(file, error="is empty (0 bytes)")
    try:
        digest = _digest(file.path)
    except OSError as error:
        return Examined(file, error=_reason(error))
    if not digest:
        return Examined(file, error="holds no audio")
    return Examined(file, digest, seen.st_size, seen.st_mtime_ns)


def _digest(path: Path) -> str:
    try:
        payload = read_payload(path)
    except FormatError:
        # Of a kind in which we cannot tell audio from tags: the whole file counts.
        total = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
        return f"file:{total.hexdigest()}"
    except StorageError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        raise OSError(str(error)) from error
    # All files without audio would be one and the same.
    return payload.digest if payload.audio_bytes else ""


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "is not there"
    return f"cannot be read ({error.strerror or error})"
