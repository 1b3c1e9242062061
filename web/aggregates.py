"""What is counted over the whole library: worked out once per generation, served from memory.

Pages keep drawn widgets here, the API its answers as bytes. After a change of the library the
earlier result is served at once, with its age, while the new one is worked out in the background;
what is quick to work out is not served old, and nothing is to a browser that has just written
something itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from musictool_core.errors import LibraryBusy, MusicToolError
from musictool_core.host.search import oldest_generation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from musictool_core.host.later import Later

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 400
"""Results in memory; the longest unused goes first."""

QUICK_S = 0.02
"""What took no longer is worked out anew while the caller waits."""


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[T]):
    """A result.

    Attributes:
        value: what `make` gave; treated as unchangeable.
        age_s: seconds since it was right for sure; 0 for the present state of the library.
        generation: that it was made of.
    """

    value: T
    age_s: float = 0.0
    generation: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Known:
    value: Any
    generation: int
    known_at: float
    took_s: float


class Aggregates:
    """Results by key, for all threads of a server.

    Args:
        generation: of the library; grows with every change. Raises LibraryBusy.
        of_items: the same, but only changes of items and albums count.
        later: does the work in the background.
        clock: seconds that only grow.
        most: results to keep.
    """

    def __init__(
        self,
        generation: Callable[[], int],
        of_items: Callable[[], int],
        later: Later,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST,
    ) -> None:
        self._generation = generation
        self._of_items = of_items
        self._later = later
        self._clock = clock
        self._most = most
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._being_made: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(
        self, key: Hashable, make: Callable[[], T], *, items_only: bool = False
    ) -> Aggregate[T]:
        """The result under a key.

        Args:
            key: names what `make` works out, and all that it depends on but the library.
            make: may run in another thread, later.
            items_only: `make` reads items and albums only: nothing that jobs report ages it.

        Raises:
            LibraryBusy: another program holds the library, and nothing is known yet.
            MusicToolError: `make` says so; nothing is kept.
        """
        known = self._find(key)
        ask = self._of_items if items_only else self._generation
        try:
            generation = ask()
        except LibraryBusy:
            if known is None:
                raise
            return Aggregate(cast("T", known.value), self._clock() - known.known_at)
        if known is not None and known.generation == generation:
            known.known_at = self._clock()
            return Aggregate(cast("T", known.value), generation=generation)
        if known is not None and self._will_do(known):
            old = Aggregate(cast("T", known.value), self._clock() - known.known_at)
            self._later.put("aggregate", key, partial(self._refresh, key, make, ask))
            return old
        return Aggregate(self._make(key, make, generation), generation=generation)

    @staticmethod
    def _will_do(known: _Known) -> bool:
        """Whether a result is good enough although the library has changed."""
        return known.took_s > QUICK_S and known.generation >= oldest_generation()

    def _find(self, key: Hashable) -> _Known | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _make(self, key: Hashable, make: Callable[[], T], generation: int) -> T:
        """Work it out; one thread does when several ask at once."""
        with self._lock:
            turn = self._being_made.setdefault(key, threading.Lock())
        try:
            with turn:
                known = self._find(key)
                if known is None or known.generation < generation:
                    known = self._run(key, make, generation)
                return cast("T", known.value)
        finally:
            with self._lock:
                self._being_made.pop(key, None)

    def _run(self, key: Hashable, make: Callable[[], Any], generation: int) -> _Known:
        begun = self._clock()
        value = make()
        now = self._clock()
        # A change while it was worked out makes it an old one at the next look.
        known = _Known(value, generation, begun, now - begun)
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return known

    def _refresh(
        self, key: Hashable, make: Callable[[], Any], generation: Callable[[], int]
    ) -> None:
        try:
            self._make(key, make, generation())
        except LibraryBusy:
            pass  # the next caller asks again
        except Exception as error:
            # It cannot be worked out any more; the next caller is told why.
            log.log(_level(error), "a statistic could not be refreshed", exc_info=error)
            with self._lock:
                self._known.pop(key, None)


def _level(error: Exception) -> int:
    return logging.DEBUG if isinstance(error, MusicToolError) else logging.ERROR
