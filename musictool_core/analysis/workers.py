"""Processes that measure, each asked by a thread of its own through a pipe.

They are started by name, not forked and not through `multiprocessing`: beets is threaded, and a
spawned child would load the whole of beets again before it could limit the threads of numpy. One
that crashes or takes too long is ended and replaced; that costs the file at hand, and nothing else.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from musictool_core.analysis.codec import decode, decode_signal
from musictool_core.audio.heard import DJ
from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from musictool_core.audio.signal.values import Signal
    from musictool_core.audio.values import Analysis

T = TypeVar("T")

MEASURE = "musictool_core.audio.listen:listen"
"""What measures a file; by name, because other processes load it."""

_START_S = 120.0
"""How long a worker may take to load its libraries, on a busy machine."""

_STARTS = 3
"""So often a worker may end while it loads them before the run is given up."""

_LEAVING_S = 5.0
"""How long a worker may take to end by itself."""

_FILES_EACH = 500
"""Files after which a worker is replaced: what libraries lose of memory does not add up."""

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_OURS = "MUSICTOOL_"
"""Names of variables that hold secrets begin so; measuring needs none."""


class Unable(MusicToolError):
    """No worker can be started here; no file would fare better than the first."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file to measure.

    Attributes:
        limit_s: after so many seconds it is given up.
        tempo_range: beats per minute that are likely, for the choice between octaves.
        groups: of measures, as in `audio.heard`.
    """

    path: Path
    limit_s: float
    tempo_range: tuple[float, float] = (78.0, 180.0)
    groups: tuple[str, ...] = (DJ,)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file.

    Attributes:
        analysis: None when it was not asked for, or could not be measured.
        error: why something could not be measured, "" otherwise.
        signal: as `analysis`.
    """

    analysis: Analysis | None
    error: str = ""
    signal: Signal | None = None


class Measurer(Protocol):
    """Measures one file at a time, for one thread."""

    def ask(self, task: Task) -> Outcome:
        """Measure a file; waits until it is done.

        Raises:
            Unable: nothing can be measured here.
        """
        ...

    def close(self) -> None:
        """End at once, whatever is being measured; may be called by another thread."""
        ...


def limit_of(length_s: float | None, groups: Sequence[str] = (DJ,)) -> float:
    """After how many seconds a file of this length is given up.

    Measuring takes about a hundredth of the length, a look for codecs some seconds; a slow, busy
    machine has 25 times that.
    """
    return len(groups) * (60.0 + (length_s if length_s and length_s > 0 else 600.0) / 4)


def count_cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Child:
    """One worker process, started when it is first asked.

    Args:
        measure: what measures a file, as "package.module:function"; "" for our own measures.
    """

    def __init__(self, measure: str = "") -> None:
        self._measure = measure or MEASURE
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._closed = False
        self._lock = threading.Lock()

    def ask(self, task: Task) -> Outcome:
        """See `Measurer.ask`."""
        process = self._running()
        self._asked += 1
        request = {
            "path": os.fspath(task.path),
            "limit_s": task.limit_s,
            "tempo_range": task.tempo_range,
            "groups": task.groups,
        }
        with _deadline(process, task.limit_s) as expired:
            answer = _exchange(process, request)
        if answer is None:
            ended = self._end()
            if expired.is_set():
                return Outcome(None, f"was not measured within {task.limit_s:.0f} s")
            return Outcome(None, f"the process that measured it ended ({ended})")
        if self._asked >= _FILES_EACH:
            self._end()
        if "unable" in answer:
            raise Unable(str(answer["unable"]))
        if "error" in answer:
            return Outcome(None, str(answer["error"]))
        return _outcome(answer)

    def close(self) -> None:
        """See `Measurer.close`."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            _kill(process)
            _leave(process)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        ended = self._end()
        for _ in range(_STARTS):
            process = self._start()
            with _deadline(process, _START_S):
                answer = _exchange(process, None)
            if answer is not None and "unable" not in answer:
                return process
            ended = self._end()
            if answer is not None:
                raise Unable(f"the measures cannot be loaded: {answer['unable']}.", hint=_INSTALL)
        raise Unable(f"the process that measures does not start ({ended}).", hint=_INSTALL)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise Unable("measuring was stopped.")
            self._asked = 0
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "musictool_core.analysis.child", self._measure],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                # Ctrl-C is for the one that asks.
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
                | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            return self._process

    def _end(self) -> str:
        """End the process; how it ended, for people."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return "it was stopped"
        status = _leave(process)
        return f"signal {_signal_name(-status)}" if status < 0 else f"exit status {status}"


def _outcome(answer: dict[str, Any]) -> Outcome:
    analysis, signal = answer["analysis"], answer["signal"]
    return Outcome(
        decode(analysis) if analysis else None,
        answer["said"],
        decode_signal(signal) if signal else None,
    )


def _leave(process: subprocess.Popen[bytes]) -> int:
    """Let a process end that has lost its pipe; its exit status."""
    with suppress(OSError):
        # Its sign to go; whatever is still in the pipe is lost with it.
        if process.stdin:
            process.stdin.close()
    try:
        status = process.wait(_LEAVING_S)
    except subprocess.TimeoutExpired:
        _kill(process)
        status = process.wait()
    if process.stdout:
        process.stdout.close()
    return status


_INSTALL = "`pip install 'musictool[analysis]'` installs what measuring needs."


class Workers:
    """Threads that work off what is put in; each has a measurer of its own.

    Args:
        count: of threads.
        make: makes a measurer.
    """

    def __init__(self, count: int, make: Callable[[], Measurer]) -> None:
        self.count = max(1, count)
        self._make = make
        self._waiting: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._measurers: list[Measurer] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, work: Callable[[Measurer], T]) -> Future[T]:
        """Have a thread do it; cancelled when it was not begun before `close`."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._waiting.put((future, work))
            if len(self._threads) < self.count:
                # Daemons: nobody waits for them at the end of the process.
                thread = threading.Thread(target=self._run, name="measuring", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self) -> None:
        """End all at once, processes too; what was not begun is cancelled."""
        with self._lock:
            self._closed = True
            for measurer in self._measurers:
                measurer.close()
            for _ in self._threads:
                self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        measurer = self._make()
        with self._lock:
            self._measurers.append(measurer)
        try:
            while (entry := self._waiting.get()) is not None:
                future, work = entry
                if self._closed:
                    future.cancel()
                elif future.set_running_or_notify_cancel():
                    _do(future, work, measurer)
        finally:
            measurer.close()


_Entry = tuple[Future[Any], Callable[[Measurer], Any]]


def _do(future: Future[Any], work: Callable[[Measurer], Any], measurer: Measurer) -> None:
    try:
        future.set_result(work(measurer))
    except Exception as error:  # noqa: BLE001 - for the one that waits for it
        future.set_exception(error)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and the decoder that it may have started."""
    if os.name != "posix":
        process.kill()
    elif process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _exchange(
    process: subprocess.Popen[bytes], request: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Send a line, if there is one, and read one; None when the process ended."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("it has no pipes")
    try:
        if request is not None:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        line = process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
    except (OSError, ValueError):
        return None
    return found


@contextmanager
def _deadline(process: subprocess.Popen[bytes], limit_s: float) -> Iterator[threading.Event]:
    """End the process after so many seconds; yields what says that it was."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        _kill(process)

    timer = threading.Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    kept |= dict.fromkeys(_ONE_THREAD, "1")
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
