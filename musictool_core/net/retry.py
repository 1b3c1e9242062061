"""When to ask again: `Retry-After`, back-off with jitter, and a circuit breaker per host.

Units: seconds. Clock readings and chance (0 to 1) are arguments.
"""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

from musictool_core.errors import Unreachable

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be repeated; after a POST without answer one must read back first."""

BACKOFF_CAP_S = 30.0
RETRY_AFTER_CAP_S = 86_400.0
"""A server that asks for more than a day is taken to mean a day."""

BREAKER_FAILURES = 5
BREAKER_FIRST_PAUSE_S = 60.0
BREAKER_LONGEST_PAUSE_S = 3600.0


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header (seconds or HTTP date) asks to wait, 0 to a day.

    None for an absent header or one that is neither.

    Args:
        value: the header.
        now: Unix time, against which a date is measured.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # More digits than an hour count needs only say "for ever".
        seconds = float(text[:9])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP_S)


def backoff_s(attempt: int, chance: float) -> float:
    """Seconds before the next attempt: about 1, 2, 4, 8 … 30.

    Spread by half, so that clients that failed together do not return together.

    Args:
        attempt: failed attempts so far, from 1.
        chance: a random number, 0 to 1.
    """
    return float(min(2 ** (attempt - 1), BACKOFF_CAP_S)) * (0.75 + chance / 2)


class Breaker:
    """Stops asking a host that keeps failing, so that a long job fails fast instead of slowly.

    After five failures in a row it opens for a minute; the next attempt after that closes it or
    opens it for twice as long, up to an hour. Safe to share between threads; clock readings are
    monotonic.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = float("-inf")

    def check(self, now: float) -> None:
        """Raise `Unreachable` while open."""
        with self._lock:
            pause = self._open_until - now
        if pause > 0:
            raise Unreachable(
                self._source,
                f"failed {BREAKER_FAILURES} times in a row; next try in {pause:.0f} s.",
            )

    def failed(self, now: float) -> None:
        """Note an attempt that brought no answer."""
        with self._lock:
            if now < self._open_until:
                # Other threads were under way when it opened: their failures are the same news.
                return
            self._failures += 1
            over = self._failures - BREAKER_FAILURES
            if over >= 0:
                pause = min(BREAKER_FIRST_PAUSE_S * 2 ** min(over, 10), BREAKER_LONGEST_PAUSE_S)
                self._open_until = now + pause

    def succeeded(self) -> None:
        """Note that the host answered, whatever it said."""
        with self._lock:
            self._failures = 0
            self._open_until = float("-inf")
