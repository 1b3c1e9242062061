"""Answers that take long and stay right until the library changes, kept for the next who asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from musictool_core.host.search import Search

T = TypeVar("T")

_KEPT = 16


class Remembered:
    """A few answers about one generation of the library.

    Args:
        search: tells the generation.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._lock = threading.Lock()
        self._generation = 0
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def get_or_make(self, question: Hashable, make: Callable[[], T]) -> T:
        """The answer; made when it is not known for the present generation.

        Raises:
            LibraryBusy: another program holds the library.
        """
        # Looked at before: what changes while the answer is made is not in it.
        generation = self._search.generation
        with self._lock:
            if generation != self._generation:
                self._answers.clear()
                self._generation = generation
            if question in self._answers:
                self._answers.move_to_end(question)
                found: T = self._answers[question]
                return found
        made = make()
        with self._lock:
            if generation == self._generation:
                self._answers[question] = made
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
        return made
