"""`beet gaps`: which tracks of my records do I not own digitally?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from beets.library import Item, Library

_PACKAGE = "musictool_core.app.cli.gaps"


class GapsPlugin(BeetsPlugin):
    """Gaps, completion and review; imports close gaps at once."""

    def __init__(self) -> None:
        super().__init__()
        self.register_listener("import", self.after_import)
        self.register_listener("item_removed", self.after_removal)

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "tracks of your records that you do not own digitally"
        return [Command("gaps", about, _add_actions, package=_PACKAGE, default="list")]

    def after_import(self, lib: Library, paths: list[bytes]) -> None:
        """Tell which gaps the import closed."""
        del paths
        resolve(f"{_PACKAGE}:after_import")(lib, self._log)

    def after_removal(self, item: Item) -> None:
        """Forget what was said about a file that leaves the library."""
        resolve(f"{_PACKAGE}:after_removal")(item, self._log)


def _add_actions(actions: Actions) -> None:
    over_gaps = "beets query over the tracks of your records, e.g. label:warp state:missing"
    listing = actions.add(
        "list", "list_gaps", "list the gaps with their evidence", query=over_gaps, listing=True
    )
    listing.add_argument("--all", action="store_true", help="also show what is owned or ignored")
    review = actions.add(
        "review", "review", "decide about files that may be a track", query=over_gaps
    )
    review.add_argument(
        "--take-back", action="store_true", help="forget the latest decision and ask again"
    )
    completion = actions.add(
        "completion",
        "completion",
        "how complete records (or artists, labels) are",
        query=f"release, artist or label, then a {over_gaps}",
    )
    completion.add_argument("--json", action="store_true", help="print one JSON object a row")
    ignore = actions.add(
        "ignore", "ignore", "do not want a record, track, format, folder or label", writing=True
    )
    ignore.add_argument(
        "kind", nargs="?", choices=("release", "track", "format", "folder", "label")
    )
    ignore.add_argument("value", nargs="*", help="id or name; without it the rules are listed")
    ignore.add_argument("--remove", action="store_true", help="want it again")
    ignore.add_argument("--json", action="store_true", help="print one JSON object a rule")
    reverse = actions.add(
        "reverse",
        "reverse",
        "albums and files without a record on the shelf",
        query="beets query over the library's items",
    )
    reverse.add_argument("--json", action="store_true", help="print one JSON object a row")
