"""Progress and cancellation, passed as arguments into everything that takes long.

A function reports `Progress` values into a callback and asks its `CancelToken` between two objects.
Terminal bar, job row and web stream are renderers of the same values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from musictool_core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is.

    Attributes:
        done: objects finished.
        total: objects in all; None while unknown (never a guess).
        label: what is being done, in the user's words.
    """

    done: int
    total: int | None
    label: str


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report that nobody watches."""


class CancelToken:
    """Set by one thread (Ctrl-C, web button), asked by the one that works."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at the next object."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` once `cancel` was called."""
        if self.cancelled:
            raise Cancelled("stopped on request; what was done so far is kept.")

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until `cancel` is called; then raise `Cancelled`."""
        self._event.wait(max(0.0, seconds))
        self.check()
