"""`beet quality`: how healthy the metadata of the library are, and what mends them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "musictool_core.app.cli.quality"


class QualityPlugin(BeetsPlugin):
    """Judges and mends metadata when asked."""

    @cached_property
    def item_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of items."""
        return dict(resolve("musictool_core.host.fields:ITEM_TYPES"))

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "how healthy metadata are, and what mends them"
        return [Command("quality", about, _add_actions, package=_PACKAGE, default="health")]


def _add_actions(actions: Actions) -> None:
    health = actions.add(
        "health", "health", "score, problems by priority, and their fixes",
        query="beets query over the items of the library", writing=True,
    )  # fmt: skip
    health.add_argument("--fix", metavar="RULE", help="mend what one rule finds, e.g. T003")
    health.add_argument("--quick", action="store_true", help="mend what is safe to mend")
    health.add_argument(
        "--profile", choices=("dj", "collector", "librarian"), help="whose weights and rules count"
    )
    health.add_argument(
        "--files", action="store_true", help="read how tags are written in the files, too"
    )
    health.add_argument("--json", action="store_true", help="print one JSON object a problem")
