"""`beet history` and `beet undo`: what changed, who changed it, and taking it back."""

from __future__ import annotations

from beets.plugins import BeetsPlugin

from musictool_core.host import safewrite
from musictool_core.host.command import Actions, Command, SoleCommand
from musictool_core.host.witness import Witness

_PACKAGE = "musictool_core.app.cli.history"
_BESIDE = "musictool_core.app.bookkeeping"


class HistoryPlugin(BeetsPlugin):
    """Keeps the journal, and says which changes this process made."""

    def __init__(self) -> None:
        super().__init__()
        safewrite.install(self._log)
        witness = Witness(_BESIDE, self._log)
        self.register_listener("pluginload", safewrite.cover_scrub)
        self.register_listener("library_opened", witness.opened)
        self.register_listener("database_change", witness.changed)
        self.register_listener("cli_exit", witness.closing)

    def commands(self) -> list[Command]:
        """The two commands of this plugin."""
        about = "what changed in the library, and who changed it"
        undo = "take back what a command, a plugin or another program changed"
        return [
            Command("history", about, _add_actions, package=_PACKAGE, default="list"),
            SoleCommand("undo", undo, _add_undo, package=_PACKAGE),
        ]


def _add_actions(actions: Actions) -> None:
    listing = actions.add(
        "list",
        "list_history",
        "list changes, the newest first",
        query="beets query over the journal, e.g. field:title at:-1d.. source:modify",
        listing=True,
    )
    listing.add_argument("--csv", metavar="FILE", help="write all of them to a file; - for stdout")
    actions.add("off", "switch_off", "stop the journal: removes every trigger", writing=True)
    actions.add("on", "switch_on", "start the journal again", writing=True)


def _add_undo(actions: Actions) -> None:
    undo = actions.add("undo", "undo", "take change sets back", writing=True)
    undo.add_argument("id", nargs="*", type=int, metavar="ID", help="change set (`beet history`)")
    undo.add_argument("--last", action="store_true", help="the newest one; again for a redo")
    undo.add_argument("--force", action="store_true", help="also overwrite what was changed since")
    undo.add_argument("--json", action="store_true", help="print one JSON object")
