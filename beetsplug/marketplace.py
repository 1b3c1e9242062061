"""`beet buy`: where to get what is missing."""

from __future__ import annotations

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command


class MarketplacePlugin(BeetsPlugin):
    """Links into online shops for the gaps."""

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "shop links for what is missing"
        package = "musictool_core.app.cli.buy"
        return [Command("buy", about, _add_actions, package=package, default="links")]


def _add_actions(actions: Actions) -> None:
    links = actions.add(
        "links",
        "list_links",
        "a search link in every shop for each missing track",
        query="beets query over the gaps, e.g. label:warp",
    )
    links.add_argument(
        "--upgrades",
        action="store_true",
        help="for files that a better copy is wanted of; the query is over items",
    )
    links.add_argument("--json", action="store_true", help="print one JSON object a link")
    links.add_argument("--shop", action="append", default=[], metavar="SHOP", help="only this shop")
