"""`beet collection`: the record shelf on Discogs, mirrored beside the library."""

from __future__ import annotations

import beets
from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command


class DiscogsCollectionPlugin(BeetsPlugin):
    """Import, sync and ask the Discogs collection."""

    def __init__(self) -> None:
        super().__init__()
        # The token is the one of beets' own discogs plugin, which hides it only when it is enabled.
        beets.config["discogs"]["user_token"].redact = True

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "your Discogs collection: import, sync, list, do I own this"
        package = "musictool_core.app.cli.collection"
        return [Command("collection", about, _add_actions, package=package, default="list")]


def _add_actions(actions: Actions) -> None:
    actions.add(
        "list",
        "list_copies",
        "list the copies on the shelf",
        query="beets query over the collection, e.g. label:warp added:2024..",
        listing=True,
    )
    csv = actions.add(
        "import-csv", "import_csv", "import a collection export of the website", writing=True
    )
    csv.add_argument("file", metavar="FILE", help="CSV from discogs.com, Settings, Export")
    csv.add_argument(
        "--tracklists", metavar="FILE", help="track lists as JSON (one release a line), offline"
    )
    sync = actions.add("sync", "sync", "list the whole collection through the API", writing=True)
    sync.add_argument(
        "--full", action="store_true", help="start at page 1, even if a listing was interrupted"
    )
    tracklists = actions.add(
        "tracklists", "fetch_tracklists", "get the track lists still missing", writing=True
    )
    tracklists.add_argument(
        "--dump", metavar="FILE", help="read them from a monthly dump (releases.xml.gz) instead"
    )
    owned = actions.add("owned", "owned", "do I own this? (barcode, catalogue number or words)")
    owned.add_argument("code", nargs="+", metavar="CODE")
    owned.add_argument("--json", action="store_true", help="print one JSON object a copy")
    status = actions.add("status", "status", "how old the mirror is and what is still to come")
    status.add_argument("--json", action="store_true", help="print one JSON object")
