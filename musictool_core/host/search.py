"""The one way to ask for lists: a query, a sort, a window of rows, the total, and facets.

`Search` answers from read-only connections and reads only what is shown, so a page of 100,000 items
costs milliseconds and never the memory of a beets object per item. It takes beets' query language
for items, albums and our own tables.

Everything it remembers belongs to a *generation* of the library: the number of changes, by whatever
program, that it has noticed so far. After a change only the rows that changed are looked at
(`memory`), so an answer is brought up to date in milliseconds. Where it takes longer, a caller that
accepts an older answer gets it at once, with its generation and age, while the new one is worked
out in the background (`later`); also while another program keeps the library locked. Who has just
written something himself says so by `must_know`, and gets no answer from before.

A commit that changed no item and no album, such as the progress of a job, ages only what is known
of our own tables. That nothing changed is told by the journal, whose triggers write down each
change whoever makes it; where it does not record, each commit counts.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from musictool_core.db import Table
from musictool_core.db.connection import translate_errors
from musictool_core.errors import LibraryBusy
from musictool_core.host.findings import Findings, OutrunError
from musictool_core.host.later import Later
from musictool_core.host.membership import looks_into_ours
from musictool_core.host.memory import Changes, Kept, Memory
from musictool_core.host.question import ALBUMS, ITEMS, Listed, Page, Question
from musictool_core.host.sqlquery import Translator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from musictool_core.db import Row
    from musictool_core.host.library import Host
    from musictool_core.host.memory import Mark

__all__ = ["ALBUMS", "ITEMS", "Listed", "Page", "Question", "Search", "must_know"]

T = TypeVar("T")

_CLOSING_S = 10.0
"""How long `Search.close` waits for those who still read."""
_WAIT_S = 2.0
"""How long a read waits while another program writes."""
_PAUSE_S = 0.02
"""Between two attempts to see what changed; no attempt keeps other threads waiting."""
_KEPT_PAGES = 512
_SETTLED_S = 1.0
_SELDOM = 200.0
"""An answer is worked out anew while the caller waits when the last time is so many times as long
ago as it took, and `_SETTLED_S` at least: no question costs callers more than half a percent of the
time. Before that an older answer does, if the caller says so."""
_PATIENCE = 10.0
"""An answer that took long may be so many times as old as it took."""
_ATTEMPTS = 4

_ANY = Question(ITEMS)

_must_know: ContextVar[int] = ContextVar("must_know", default=0)


@contextmanager
def must_know(generation: int) -> Iterator[None]:
    """No answer in this block, in this thread, is older than a generation, whatever would do."""
    before = _must_know.set(generation)
    try:
        yield
    finally:
        _must_know.reset(before)


def oldest_generation() -> int:
    """What `must_know` says here; 0 if any will do."""
    return _must_know.get()


@dataclass(frozen=True, slots=True)
class _Answer:
    page: Page
    made_at: float
    known_at: float
    took_s: float


class Search:
    """Answers questions about one library, from any thread.

    Args:
        host: the library.
        clock: seconds that only grow.
        later: works out in the background what was served old; ends with the search.
    """

    def __init__(
        self,
        host: Host,
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self._host = host
        self._clock = clock
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._idle = threading.Condition()
        self._readers = 0
        self._closed = False
        self._lock = threading.Lock()
        self._watcher = self._open()
        self._changes = Changes(self._watcher)
        self._pause = threading.Event()
        with translate_errors(str(self._host.path)):
            self._version = self._data_version()
            mark = self._changes.mark()
        # Threads must not wait for each other behind the lock.
        self._watcher.execute("PRAGMA busy_timeout = 0")
        self._of_ours = self._of_beets = Memory.blank(1, mark, clock)
        self._answers: Kept[Question, _Answer] = Kept(_KEPT_PAGES)
        self.later = later or Later()

    def close(self) -> None:
        """Close all connections once nobody reads from them; nothing may be asked any more."""
        self._pause.set()
        self.later.close()
        with self._idle:
            self._closed = True
            # A connection that is closed while it reads takes the whole process with it.
            is_idle = self._idle.wait_for(lambda: not self._readers, _CLOSING_S)
        if is_idle:
            with self._lock:
                for connection in self._opened:
                    connection.close()

    def page(
        self, question: Question, *, accept_age_s: float = 0.0, while_busy_s: float = 0.0
    ) -> Page:
        """Answer a question.

        Args:
            question: what to list.
            accept_age_s: if the library has changed, an earlier answer that was right less than so
                many seconds ago will do; the new one is then worked out in the background.
            while_busy_s: the same, but only while another program holds the library.

        Raises:
            MusicToolError: the query cannot be understood, or names a field that does not exist.
            LibraryBusy: another program holds the library, and no earlier answer will do.
        """
        known = self._answers.get(question)
        will_do = known is not None and self._will_do(known, accept_age_s)
        is_new = known is not None and known.page.generation >= oldest_generation()
        at_once = will_do or (known is not None and is_new and self._age(known) < while_busy_s)
        try:
            memory = self._remember(question, at_once=at_once)
        except LibraryBusy:
            if known is None or not at_once:
                raise
            return replace(known.page, age_s=self._age(known))
        if known is not None and known.page.generation == memory.generation:
            self._answers.put(question, replace(known, known_at=self._clock()))
            return known.page
        if known is not None and will_do and self._is_recent(known):
            self.later.put("list", question, partial(self._refresh, question))
            return replace(known.page, age_s=self._age(known))
        try:
            return self._answer(question, memory)
        except LibraryBusy:
            if known is None or not at_once:
                raise
            return replace(known.page, age_s=self._age(known))

    def ids(self, question: Question) -> Sequence[int]:
        """Ids of all rows that the query of a question finds, in no order.

        Raises:
            MusicToolError: the query cannot be understood.
            LibraryBusy: another program holds the library.
        """
        memory = self._remember(question)
        with self._reading() as translator, self._host.paths():
            return self._findings(question, translator, memory).hits().ids

    def ordered_ids(self, question: Question) -> Sequence[int]:
        """Ids of all rows that a question finds, in the order of its sort, without its window.

        Raises:
            MusicToolError: the query cannot be understood.
            LibraryBusy: another program holds the library.
        """
        whole = replace(question, offset=0, limit=sys.maxsize)
        return self._up_to_date(whole, lambda found: found.window(found.hits()))

    def rows_by_id(
        self, of: Listed, ids: Sequence[int], columns: tuple[str, ...]
    ) -> dict[int, Row]:
        """Fields of known rows by their id; what is gone is left out.

        Raises:
            LibraryBusy: another program holds the library.
        """
        asked = Question(of, columns=("id", *(name for name in columns if name != "id")))
        return {row["id"]: row for row in self.rows(asked, ids)}

    def rows(self, question: Question, ids: Sequence[int]) -> list[Row]:
        """The columns of a question for these rows as they are now; what is gone is left out.

        Raises:
            LibraryBusy: another program holds the library.
        """
        with self._reading() as translator:
            return self._findings(question, translator, self._of_beets).rows(ids)

    def _will_do(self, known: _Answer, accept_age_s: float) -> bool:
        """Whether an answer is good enough although the library has changed."""
        if not accept_age_s or known.page.generation < oldest_generation():
            return False
        return self._age(known) < max(accept_age_s, _PATIENCE * known.took_s)

    def _age(self, known: _Answer) -> float:
        return self._clock() - known.known_at

    def _is_recent(self, known: _Answer) -> bool:
        """Whether it was worked out so short ago that it is too early to do it again."""
        return self._clock() - known.made_at < max(_SETTLED_S, _SELDOM * known.took_s)

    def _refresh(self, question: Question) -> None:
        # The next caller asks again if the library is busy.
        with suppress(LibraryBusy):
            self._answer(question, self._remember(question))

    def _answer(self, question: Question, memory: Memory) -> Page:
        """Work out the answer for a generation or a later one; one thread does if several ask."""
        with self._answers.turn(question):
            known = self._answers.get(question)
            if known is not None and known.page.generation >= memory.generation:
                return known.page
            begun = time.thread_time()
            page = self._up_to_date(question, Findings.page)
            took_s, now = time.thread_time() - begun, self._clock()
            self._answers.put(question, _Answer(page, now, now, took_s))
            return page

    def _up_to_date(self, question: Question, read: Callable[[Findings], T]) -> T:
        for left in reversed(range(_ATTEMPTS)):
            memory = self._remember(question)
            try:
                with self._reading() as translator, self._host.paths():
                    return read(self._findings(question, translator, memory, carry=left > 0))
            except OutrunError:
                continue
        raise AssertionError  # what carries nothing is never outrun

    def _findings(
        self, question: Question, translator: Translator, memory: Memory, *, carry: bool = True
    ) -> Findings:
        minute = int(self._clock() // 60)
        return Findings(self._host, question, translator, memory, minute=minute, carry=carry)

    # Generations and connections.

    @property
    def generation(self) -> int:
        """Grows with every change of the library, by whatever program, that was noticed.

        Raises:
            LibraryBusy: another program holds the library.
        """
        self._remember(_ANY)
        return self._of_ours.generation

    @property
    def generation_of_items(self) -> int:
        """The last generation that was another one because of an item or album.

        Raises:
            LibraryBusy: another program holds the library.
        """
        return self._remember(_ANY).generation

    def is_present(self, generation: int, asked: Question | None = None) -> bool:
        """Whether a generation is still the present one; False also when that cannot be seen now.

        Args:
            generation: of an answer.
            asked: the question that was answered: what else changes does not count; None: all does.
        """
        try:
            memory = self._remember(asked or _ANY, at_once=True)
        except LibraryBusy:
            return False
        present = self._of_ours if asked is None else memory
        return present.generation == generation

    def newest_generation(self) -> int:
        """A generation that holds all that was stored until now; it may be the next one."""
        with self._lock:
            try:
                with translate_errors(str(self._host.path)):
                    self._notice()
            except LibraryBusy:
                # Whoever holds the library now did not hold it before.
                return self._of_ours.generation + 1
            return self._of_ours.generation

    def _memory_of(self, asked: Question) -> Memory:
        """What is known of the rows that a question is about, and of what it looks at."""
        if isinstance(asked.of, Table):
            return self._of_ours
        if not looks_into_ours(asked.query):
            return self._of_beets
        # What it finds depends on a table of ours; the columns of what it finds do not.
        ours = self._of_ours
        return replace(
            self._of_beets,
            generation=ours.generation,
            hits=ours.hits,
            orders=ours.orders,
            tallies=ours.tallies,
        )

    def _remember(self, asked: Question, *, at_once: bool = False) -> Memory:
        """What is known of the present generation, as far as a question is concerned."""
        attempts = 1 if at_once else round(_WAIT_S / _PAUSE_S) + 1
        for left in reversed(range(attempts)):
            try:
                with self._lock, translate_errors(str(self._host.path)):
                    self._notice()
                    return self._memory_of(asked)
            except LibraryBusy:
                if not left:
                    raise
            self._pause.wait(_PAUSE_S)
        raise AssertionError  # the last attempt returns or raises

    def _notice(self) -> None:
        """Drop what is known of an older generation."""
        version = self._data_version()
        if version == self._version:
            return
        # In this order: what is read from now on is at least as new as the mark.
        mark = self._changes.mark()
        blank = Memory.blank(self._of_ours.generation + 1, mark, self._clock)
        if mark is None or mark != self._of_beets.mark:
            self._of_beets = self._carried_over(mark, blank.generation) or blank
        self._of_ours = blank
        self._version = version

    def _carried_over(self, mark: Mark | None, generation: int) -> Memory | None:
        """What is known, for a new generation; None if all has to be found out anew."""
        before = self._of_beets
        if mark is None or before.mark is None:
            return None
        changed = self._changes.between(before.mark, mark)
        return None if changed is None else before.after(generation, mark, changed)

    def _data_version(self) -> int:
        return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _reading(self) -> Iterator[Translator]:
        """This thread's read-only connection."""
        with self._idle:
            if self._closed:
                raise LibraryBusy(f"{self._host.path} is being closed.")
            self._readers += 1
        try:
            with translate_errors(str(self._host.path)):
                translator: Translator | None = getattr(self._own, "translator", None)
                if translator is None:
                    translator = self._own.translator = Translator(self._open())
                yield translator
        finally:
            with self._idle:
                self._readers -= 1
                self._idle.notify_all()

    def _open(self) -> sqlite3.Connection:
        address = f"{self._host.path.resolve().as_uri()}?mode=ro"
        with translate_errors(str(self._host.path)):
            connection = sqlite3.connect(
                address, uri=True, timeout=_WAIT_S, check_same_thread=False
            )
        connection.execute("PRAGMA query_only = 1")
        self._host.lib.add_functions(connection)
        with self._lock:
            self._opened.append(connection)
        return connection
