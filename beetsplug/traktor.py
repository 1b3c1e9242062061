"""`beet traktor`: Traktor's collection in step with the library; its playlists and plays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "musictool_core.app.cli.traktor"
_LISTS = "musictool_core.app.cli.traktor_lists"
_OVER_ITEMS = "beets query over the items of the library, e.g. label:warp added:-1m.."


class TraktorPlugin(BeetsPlugin):
    """Sync with Traktor."""

    @cached_property
    def item_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of items."""
        return dict(resolve("musictool_core.host.fields:ITEM_TYPES"))

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "keep Traktor's collection in step with the library"
        return [Command("traktor", about, _add_actions, package=_PACKAGE, default="status")]


def _add_actions(actions: Actions) -> None:
    _add_looks(actions)
    _add_syncs(actions)
    _add_lists(actions)
    _add_care(actions)


def _add_looks(actions: Actions) -> None:
    status = actions.add("status", "status", "what is in step, what waits, whether Traktor runs")
    status.add_argument("--json", action="store_true", help="print one JSON object")
    detect = actions.add("detect", "detect", "find the installations of Traktor on this computer")
    detect.add_argument("--json", action="store_true", help="print one JSON object a row")
    health = actions.add(
        "health", f"{_LISTS}:health", "missing files, doubles, keys that disagree and more"
    )
    health.add_argument("--json", action="store_true", help="print one JSON object a row")


def _add_syncs(actions: Actions) -> None:
    _add_sync(actions, "sync", "bring Traktor, beets and the tags of files in step")
    _add_sync(actions, "pull", "take over from Traktor; its collection stays as it is")
    _add_sync(actions, "push", "write to Traktor's collection only")
    diff = actions.add("diff", "diff", "what a sync would change, by track", query=_OVER_ITEMS)
    diff.add_argument("--json", action="store_true", help="print one JSON object a value")
    conflicts = actions.add(
        "conflicts", "conflicts", "values that several sides changed", query=_OVER_ITEMS
    )
    conflicts.add_argument(
        "--take", choices=("nml", "beets", "tags"), help="this side is right for all that are shown"
    )
    conflicts.add_argument("--field", metavar="NAME", help="only this field")
    conflicts.add_argument("--json", action="store_true", help="print one JSON object a conflict")
    apply = actions.add("apply", "apply", "write what waits until Traktor has ended", writing=True)
    apply.add_argument("--wait", action="store_true", help="wait until it has")


def _add_sync(actions: Actions, name: str, about: str) -> None:
    parser = actions.add(name, name, about, query=_OVER_ITEMS, writing=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object a value")
    parser.add_argument(
        "--force", action="store_true", help="also when unusually much would change"
    )


def _add_lists(actions: Actions) -> None:
    history = actions.add(
        "history", f"{_LISTS}:history", "import and list what was played", writing=True
    )
    history.add_argument("--most", action="store_true", help="the tracks played most")
    history.add_argument("--json", action="store_true", help="print one JSON object a play")
    playlists = actions.add(
        "playlists",
        f"{_LISTS}:playlists",
        "Traktor's playlists and what is wrong with them",
        query="with --push: beets query of the tracks it is to hold",
        writing=True,
    )
    playlists.add_argument("--push", metavar="NAME", help="make a playlist of a query in Traktor")
    playlists.add_argument(
        "--keep", action="store_true", help="with --push: keep it so with every sync"
    )
    playlists.add_argument("--json", action="store_true", help="print one JSON object a playlist")
    playlists.add_argument(
        "--force", action="store_true", help="with --push: also when much would leave the list"
    )
    export = actions.add("export", f"{_LISTS}:export", "write playlists as M3U8", writing=True)
    export.add_argument("name", nargs="*", metavar="NAME", help="playlists; all when none is named")
    export.add_argument("--to", required=True, metavar="FOLDER", help="where the files are made")
    export.add_argument("--relative", action="store_true", help="paths relative to that folder")
    handover = actions.add(
        "handover",
        f"{_LISTS}:handover",
        "write a query as a playlist file to drag into a running Traktor",
        query=_OVER_ITEMS,
        writing=True,
    )
    handover.add_argument("--name", required=True, metavar="NAME", help="of the playlist")
    handover.add_argument("--to", required=True, metavar="FOLDER", help="where the file is made")


def _add_care(actions: Actions) -> None:
    relocate = actions.add(
        "relocate",
        f"{_LISTS}:relocate",
        "tell Traktor where files are now; playlists go along",
        writing=True,
    )
    relocate.add_argument("old", nargs="?", metavar="OLD", help="folder before; else what moved")
    relocate.add_argument("new", nargs="?", metavar="NEW", help="folder now")
    relocate.add_argument(
        "--force", action="store_true", help="also when more than half of the entries would move"
    )
    backups = actions.add("backups", f"{_LISTS}:backups", "copies of the collection", writing=True)
    backups.add_argument("--restore", metavar="NAME", help="put this one in its place")
    watch = actions.add("watch", f"{_LISTS}:watch", "sync whenever Traktor has written")
    watch.add_argument("--once", action="store_true", help="end after the first sync")
    live = actions.add("live", f"{_LISTS}:live", "take down what the decks play; Ctrl-C ends it")
    live.add_argument("--port", type=int, default=8080, help="where Traktor sends to (8080)")
