"""`beet dj`: key, tempo, energy, mix points and loudness of files, measured from their audio."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beets.library import Item, Library

_PACKAGE = "musictool_core.app.cli.dj"
_OVER_ITEMS = "beets query over the items of the library, e.g. label:warp added:-1m.."


class DjAnalysisPlugin(BeetsPlugin):
    """Measures files, on import and when asked."""

    def __init__(self) -> None:
        super().__init__()
        keys = ("camelot", "open_key", "musical_key")
        self.template_fields = {name: partial(_show_key, name) for name in keys}
        self.import_stages = [self.collect]
        self.register_listener("import_begin", self.begin)
        self.register_listener("import_task_created", self.created)
        self.register_listener("import_task_choice", self.chosen)
        self.register_listener("import_task_files", self.settled)
        self.register_listener("import", self.done)
        self.register_listener("write", self.before_write)
        self.register_listener("item_removed", self.after_removal)

    @cached_property
    def item_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of items."""
        return dict(resolve("musictool_core.host.fields:ITEM_TYPES"))

    @cached_property
    def item_queries(self) -> Mapping[str, Any]:
        """Words of queries: `camelot:8A`."""
        return dict(resolve("musictool_core.host.keyquery:ITEM_QUERIES"))

    @cached_property
    def importing(self) -> Any:
        """What measures during an import."""
        return resolve("musictool_core.app.importing:Importing")(self._log, self.name)

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "key, tempo, energy, mix points and loudness from the audio"
        return [Command("dj", about, _add_actions, package=_PACKAGE, default="list")]

    def begin(self, session: Any) -> None:
        """An import begins."""
        self.importing.begin(session)

    def created(self, session: Any, task: Any) -> None:
        """Files are found: begin to measure them."""
        self.importing.created(session, task)

    def chosen(self, session: Any, task: Any) -> None:
        """What is skipped need not be measured."""
        self.importing.chosen(session, task)

    def collect(self, session: Any, task: Any) -> None:
        """Import stage: set what was measured."""
        self.importing.collect(session, task)

    def settled(self, session: Any, task: Any) -> None:
        """The files of a task are where they stay."""
        self.importing.settled(session, task)

    def done(self, lib: Library, paths: list[bytes]) -> None:
        """An import is over."""
        del paths
        self.importing.done(lib)

    def before_write(self, item: Item, path: bytes, tags: dict[str, Any]) -> None:
        """Tags are about to be written: in the notation that the user wants."""
        del path
        resolve(f"{_PACKAGE}:before_write")(item, tags, self._log)

    def after_removal(self, item: Item) -> None:
        """Forget which audio a file held that leaves the library."""
        resolve(f"{_PACKAGE}:after_removal")(item, self._log)


def _show_key(name: str, item: Item) -> str:
    text: str = resolve("musictool_core.host.keyquery:show_key")(item, name)
    return text


def _add_actions(actions: Actions) -> None:
    analyze = actions.add(
        "analyze", "analyze", "measure files and fill in what they say", query=_OVER_ITEMS,
        writing=True,
    )  # fmt: skip
    analyze.add_argument(
        "--force", action="store_true", help="measure again, and replace values of others, too"
    )
    analyze.add_argument("-j", "--jobs", type=int, metavar="N", help="files at a time")
    analyze.add_argument("--json", action="store_true", help="print one JSON object a file")
    actions.add("list", "list_analyses", "list what was measured", query=_OVER_ITEMS, listing=True)
    verify = actions.add(
        "verify", "verify", "compare it with what tags and Traktor say", query=_OVER_ITEMS
    )
    verify.add_argument("--all", action="store_true", help="also show what is equal")
    verify.add_argument("--json", action="store_true", help="print one JSON object a value")
    mixable = actions.add(
        "mixable", "mixable", "tracks that mix with one, and why", query="finds the one track"
    )
    mixable.add_argument(
        "--among", metavar="QUERY", help="beets query over the tracks that may come next"
    )
    mixable.add_argument(
        "--pitch", type=float, default=6.0, metavar="PERCENT", help="how far tempos may differ (6)"
    )
    mixable.add_argument(
        "--varispeed", action="store_true", help="keys move with the tempo: no key lock"
    )
    mixable.add_argument("--most", type=int, default=20, metavar="N", help="how many to show (20)")
    mixable.add_argument("--json", action="store_true", help="print one JSON object a track")
    points = actions.add(
        "points", "points", "sections and mix points of one track", query="finds the one track"
    )
    points.add_argument("--json", action="store_true", help="print one JSON object")
    points.add_argument("--png", metavar="FILE", help="draw them as a picture into this file")
