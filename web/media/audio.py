"""The sound of a track for the browser: the file itself, or a copy in a format browsers play.

Files come from the library by the number of their item, never by a name from outside, and only
when their content is audio. A copy is written whole before it is sent, so that seeking works.
Copies lie in a folder of this process and go with it (docs/decisions/0008).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.host.mediafiles import item_files
from musictool_core.safeio import platform
from musictool_web.media import answers, formats
from musictool_web.media.answers import Missing, Status
from musictool_web.media.ffmpeg import find_ffmpeg, reading
from musictool_web.media.peaks import TOO_SLOW, file_version
from musictool_web.media.work import Busy

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.host.library import Host
    from musictool_core.host.mediafiles import ItemFile
    from musictool_web.media.ffmpeg import Runs
    from musictool_web.media.formats import Format
    from musictool_web.media.work import Workers

LIMIT_BYTES = 1000 * 1000 * 1000
"""Bytes of copies kept before those not used for longest go."""

_SPARE_BYTES = 200 * 1000 * 1000
"""Room on the disk that copies leave to others."""

_BYTES_A_SECOND = 48_000 * 2 * 2
"""The most a second of a copy can take."""

_CUT_BYTES = 100_000
"""How far below its limit ffmpeg may stop."""

_UNKNOWN_LENGTH_S = 1200.0

_BROWSER_FORMAT = "aformat=sample_rates=44100|48000:channel_layouts=mono|stereo"
"""The nearest of these: nothing is converted that need not be."""

PROTECTED = Missing(
    Status.UNREADABLE, "This file is copy-protected; only the shop's player opens it."
)
NO_ROOM = Missing(Status.NO_ROOM, "There is no room for a copy that the browser can play.")
NOT_CONVERTED = Missing(Status.UNREADABLE, "ffmpeg could not convert this file.")


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file to send, for `flask.send_file(path, mimetype=…, etag=…, conditional=True)`.

    Attributes:
        path: where it is.
        mimetype: what it is.
        etag: names its content.
        is_copy: converted for the browser.
    """

    path: Path
    mimetype: str
    etag: str
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    """A format for copies.

    Attributes:
        suffix: of the file name.
        mimetype: what the browser is told.
        options: for ffmpeg.
    """

    suffix: str
    mimetype: str
    options: tuple[str, ...]


# As fast as it gets: someone is waiting, and the copy is deleted soon.
_LOSSLESS = _Target(
    ".flac",
    "audio/flac",
    ("-c:a", "flac", "-compression_level", "0", "-sample_fmt", "s16", "-f", "flac"),
)
_LOSSY = _Target(
    ".mp3",
    "audio/mpeg",
    ("-c:a", "libmp3lame", "-q:a", "2", "-compression_level", "8", "-f", "mp3"),
)


class AudioFiles:
    """Sound of one library. One object serves all threads; `close` deletes the copies.

    Args:
        host: the library.
        workers: where files are converted.
        runs: the runs of ffmpeg.
        ffmpeg: finds the program, or None.
        folder: where the folder of copies is made; None for the system's place.
        limit_bytes: most bytes of copies.
        wait_s: how long a request waits for its copy.
    """

    def __init__(
        self,
        host: Host,
        workers: Workers,
        runs: Runs,
        *,
        ffmpeg: Callable[[], str | None] = find_ffmpeg,
        folder: Path | None = None,
        limit_bytes: int = LIMIT_BYTES,
        wait_s: float = 25.0,
    ) -> None:
        self._host = host
        self._workers = workers
        self._runs = runs
        self._ffmpeg = ffmpeg
        self._copies = _Copies(folder or Path(tempfile.gettempdir()), limit_bytes)
        self._wait_s = wait_s

    def audio(self, item_id: int, *, convert: bool = False) -> AudioFile | Missing:
        """What to send for an item.

        Args:
            item_id: the item.
            convert: make a copy even though browsers should play the file: this one did not.
        """
        file = item_files(self._host, [item_id]).get(item_id)
        if file is None:
            return answers.NO_ITEM
        try:
            version = file_version(file.path, file.path.stat())
            found = formats.identify(file.path)
        except (OSError, ValueError):
            return answers.NO_FILE
        if found is None:
            return answers.NO_AUDIO
        if found.is_protected:
            return PROTECTED
        if found.mimetype and not convert:
            return AudioFile(file.path, found.mimetype, version)
        return self._copy(file, found, version)

    def close(self) -> None:
        """Delete the copies. Close workers and runs first."""
        self._copies.close()

    def _copy(self, file: ItemFile, found: Format, version: str) -> AudioFile | Missing:
        target = _LOSSLESS if found.is_lossless else _LOSSY
        name = f"{version}{target.suffix}"
        if self._copies.find(name) is None:
            program = self._ffmpeg()
            if program is None:
                return answers.NEEDS_FFMPEG
            try:
                problem = self._workers.run(
                    name,
                    lambda: self._convert(program, file, found, target, name),
                    wait_s=self._wait_s,
                )
            except Busy:
                return answers.PENDING
            if problem is not None:
                return problem
        path = self._copies.find(name)
        if path is None:
            return answers.PENDING
        return AudioFile(path, target.mimetype, f"{version}{target.suffix}", is_copy=True)

    def _convert(
        self, program: str, file: ItemFile, found: Format, target: _Target, name: str
    ) -> Missing | None:
        """Make the copy; return what prevented it."""
        needed = int((file.length_s or _UNKNOWN_LENGTH_S) * _BYTES_A_SECOND)
        try:
            part = self._copies.begin(name, needed)
            if part is None:
                return NO_ROOM
            try:
                arguments = [*reading(file.path, found), "-af", _BROWSER_FORMAT, *target.options]
                arguments += ["-fs", str(self._copies.limit_bytes), "-y", f"file:{part}"]
                timeout_s = 60 + file.length_s / 2
                with self._runs.run(program, arguments, timeout_s=timeout_s) as run:
                    pass
                if run.was_stopped:
                    return TOO_SLOW
                if run.process.returncode != 0:
                    return NOT_CONVERTED
                if not self._copies.finish(part, name):
                    return NO_ROOM
            finally:
                part.unlink(missing_ok=True)
        except OSError:
            return NOT_CONVERTED
        return None


class _Copies:
    """A folder of this process with the copies, least recently used first out.

    It is made with the first copy. Folders of processes that were killed are deleted then: each
    process holds a lock in its own.
    """

    _PREFIX = "musictool-copies-"
    _LOCK = "in-use"

    def __init__(self, parent: Path, limit_bytes: int) -> None:
        self._parent = parent
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._held = -1
        self._sizes: dict[str, int] = {}

    def find(self, name: str) -> Path | None:
        """A finished copy."""
        with self._lock:
            size = self._sizes.pop(name, None)
            if self._folder is None or size is None:
                return None
            path = self._folder / name
            if not path.is_file():
                return None
            # Now the last one to go.
            self._sizes[name] = size
            return path

    def begin(self, name: str, needed: int) -> Path | None:
        """A name to write to, once there is room; None when there is not.

        Raises:
            OSError: the folder cannot be made.
        """
        with self._lock:
            folder = self._folder or self._make_folder()
            if needed > self.limit_bytes:
                return None
            self._drop_oldest(self.limit_bytes - needed)
            if needed + _SPARE_BYTES > shutil.disk_usage(folder).free:
                return None
            return folder / f"{name}.part"

    def finish(self, part: Path, name: str) -> bool:
        """Offer what was written; False when it was cut off at the limit."""
        size = part.stat().st_size
        if size >= self.limit_bytes - _CUT_BYTES:
            return False
        with self._lock:
            part.replace(part.with_name(name))
            self._sizes[name] = size
            self._drop_oldest(self.limit_bytes)
        return True

    def close(self) -> None:
        """Delete the folder."""
        with self._lock:
            folder, self._folder = self._folder, None
            self._sizes.clear()
            if folder is not None:
                os.close(self._held)
                shutil.rmtree(folder, ignore_errors=True)

    def _make_folder(self) -> Path:
        self._remove_left_behind()
        folder = Path(tempfile.mkdtemp(prefix=self._PREFIX, dir=self._parent))
        held = os.open(folder / self._LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not platform.lock(held):
            # Another process took the folder for one left behind, between these two lines.
            os.close(held)
            raise OSError(f"{folder} was taken away.")
        self._folder, self._held = folder, held
        return folder

    def _remove_left_behind(self) -> None:
        for folder in self._parent.glob(f"{self._PREFIX}*"):
            with suppress(OSError):
                held = os.open(folder / self._LOCK, os.O_RDWR)
                try:
                    is_left = platform.lock(held)
                finally:
                    os.close(held)
                if is_left:
                    shutil.rmtree(folder, ignore_errors=True)

    def _drop_oldest(self, wanted: int) -> None:
        """Delete copies until no more than this many bytes are left; one that is sent may stay."""
        total = sum(self._sizes.values())
        for name in list(self._sizes):
            if total <= wanted or self._folder is None:
                return
            with suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)
                total -= self._sizes.pop(name)
