"""A pytest plugin for beets' own suite: `history` and `musictool` are in effect in every test.

Loaded with `-p` into a process that knows nothing else of our tests. beets' tests load, count and
unload plugins as they like, so ours do not stand among theirs: each library that is opened and each
event that is sent reaches ours as well, fields have our types, and `Item.write` is ours.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from beets import plugins
from beets.library import Item, Library
from beets.plugins import BeetsPlugin

from beetsplug.history import HistoryPlugin
from beetsplug.musictool import MusictoolPlugin

if TYPE_CHECKING:
    from beets.events import EventType

EVENTS: tuple[EventType, ...] = ("pluginload", "library_opened", "database_change", "cli_exit")
"""Those that our two plugins listen to."""


MET = Counter[str]()
"""What happened with us in effect, so that a run can tell that we were."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what happened."""
    terminalreporter.write_line(
        f"beside beets: {MET['libraries']} libraries, {MET['writes']} tag writes"
    )


def pytest_configure() -> None:
    """Put the plugins into effect for as long as this process lives."""
    logging.getLogger("beets").setLevel(logging.WARNING)
    ours = [HistoryPlugin(), MusictoolPlugin()]
    listeners = {event: list(BeetsPlugin.listeners[event]) for event in EVENTS}
    BeetsPlugin.listeners.clear()
    BeetsPlugin._raw_listeners.clear()
    _hear_events(listeners)
    _meet_libraries(listeners)
    _know_types(ours)


def _hear_events(listeners: dict[EventType, list[Any]]) -> None:
    stock = plugins.send

    def send(event: Any, **arguments: Any) -> list[Any]:
        answers = stock(event, **arguments)
        MET["writes"] += event == "after_write" and Item.write.__module__.startswith("musictool_")
        if event != "library_opened":
            for listener in listeners.get(event, ()):
                listener(**arguments)
        return answers

    plugins.send = send


def _meet_libraries(listeners: dict[EventType, list[Any]]) -> None:
    stock = Library.__init__

    def init(self: Library, *args: Any, **options: Any) -> None:
        stock(self, *args, **options)
        MET["libraries"] += 1
        for listener in listeners["library_opened"]:
            listener(lib=self)

    Library.__init__ = init  # type: ignore[method-assign]


def _know_types(ours: list[BeetsPlugin]) -> None:
    stock = plugins.types

    def types(model_cls: Any) -> dict[str, Any]:
        name = f"{model_cls.__name__.lower()}_types"
        own = [getattr(plugin, name, {}) for plugin in ours]
        return {field: kind for types in own for field, kind in types.items()} | stock(model_cls)

    plugins.types = types
