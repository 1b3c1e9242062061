"""A clock that only moves when somebody waits."""

from __future__ import annotations

import threading

from musictool_core.progress import CancelToken

START = 1_800_000_000.0


class FakeClock(CancelToken):
    """Unix time, monotonic time and a cancel token in one: waiting moves the clock at once.

    Attributes:
        waits: every wait above zero, in seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Unix time in seconds."""
        return START + self._elapsed

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._elapsed += seconds

    def wait(self, seconds: float) -> None:
        """Let time pass instead of waiting; raise `Cancelled` like the real token."""
        self.check()
        if seconds > 0:
            self.waits.append(seconds)
            self.advance(seconds)
