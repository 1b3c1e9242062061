"""The terminal: results on stdout, progress and notices on stderr, questions, Ctrl-C.

Colour and the progress line appear only on a terminal and never with NO_COLOR set.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from beets import ui
from beets.exceptions import UserError

from musictool_core.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from musictool_core.progress import Progress

_BAR_STEPS = 200
"""The progress line is drawn at most this often per run of known length."""


def write(line: str) -> None:
    """Print one line of the result."""
    ui.print_(line)


def write_json(row: Mapping[str, Any]) -> None:
    """Print one row as a line of JSON."""
    ui.print_(json.dumps(row, ensure_ascii=False))


def notice(line: str) -> None:
    """Tell something that is not part of the result, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def ask(question: str) -> str:
    """Ask for a line of input; "" when there is nobody to answer."""
    try:
        return ui.input_(question).strip()
    except UserError:  # standard input is closed
        return ""


def is_interactive() -> bool:
    """Whether a person can answer questions here."""
    return sys.stdin.isatty()


class ProgressLine:
    """Renders `Progress` on stderr: redrawn on a terminal, else one line per tenth."""

    def __init__(self) -> None:
        self._redraw = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        self._shown = -1
        self._open = False

    def __call__(self, progress: Progress) -> None:
        """Show it, if enough has happened since the last time."""
        steps = _BAR_STEPS if self._redraw else 10
        total = progress.total
        step = progress.done * steps // total if total else progress.done // 100
        if step == self._shown and progress.done != total:
            return
        self._shown = step
        counted = f"{progress.done:,} of {total:,}" if total is not None else f"{progress.done:,}"
        line = f"{progress.label}: {counted}"
        sys.stderr.write(f"\r\x1b[K{line}" if self._redraw else f"{line}\n")
        sys.stderr.flush()
        self._open = self._redraw

    def close(self) -> None:
        """Leave the cursor on a fresh line."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._open = False


@contextmanager
def long_work() -> Iterator[tuple[ProgressLine, CancelToken]]:
    """Yield a progress line and a token that the first Ctrl-C cancels; the second interrupts."""
    line, cancel = ProgressLine(), CancelToken()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield line, cancel
    finally:
        signal.signal(signal.SIGINT, previous)
        line.close()
