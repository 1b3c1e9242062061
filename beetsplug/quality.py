"""`beet quality`: how good files and metadata are, what mends them, what is there twice."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from beets.plugins import BeetsPlugin

from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Mapping

    from beets.library import Item, Library

_PACKAGE = "musictool_core.app.cli.quality"
_FILES = "musictool_core.app.cli.quality_files"
_RESOLVING = "musictool_core.app.cli.resolving"
_OVER_ITEMS = "beets query over the items of the library"


class QualityPlugin(BeetsPlugin):
    """Checks files, on import and when asked; judges and mends metadata when asked."""

    def __init__(self) -> None:
        super().__init__()
        self.import_stages = [self.collect]
        self.register_listener("import_begin", self.begin)
        self.register_listener("import_task_created", self.created)
        self.register_listener("import_task_choice", self.chosen)
        self.register_listener("import_task_files", self.settled)
        self.register_listener("import", self.done)
        self.register_listener("item_removed", self.after_removal)

    @cached_property
    def item_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of items."""
        return dict(resolve("musictool_core.host.fields:ITEM_TYPES"))

    @cached_property
    def importing(self) -> Any:
        """What checks files during an import, unless `djanalysis` does it with its own measures."""
        return resolve("musictool_core.app.importing:Importing")(self._log, self.name)

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "how good files and metadata are, and what mends them"
        return [Command("quality", about, _add_actions, package=_PACKAGE, default="list")]

    def begin(self, session: Any) -> None:
        """An import begins."""
        self.importing.begin(session)

    def created(self, session: Any, task: Any) -> None:
        """Files are found: begin to check them."""
        self.importing.created(session, task)

    def chosen(self, session: Any, task: Any) -> None:
        """What is skipped need not be checked."""
        self.importing.chosen(session, task)

    def collect(self, session: Any, task: Any) -> None:
        """Import stage: set what was found."""
        self.importing.collect(session, task)

    def settled(self, session: Any, task: Any) -> None:
        """The files of a task are where they stay."""
        self.importing.settled(session, task)

    def done(self, lib: Library, paths: list[bytes]) -> None:
        """An import is over."""
        del paths
        self.importing.done(lib)

    def after_removal(self, item: Item) -> None:
        """Forget which audio a file held that leaves the library."""
        resolve("musictool_core.app.cli.dj:after_removal")(item, self._log)


def _add_actions(actions: Actions) -> None:
    _add_file_actions(actions)
    health = actions.add(
        "health", "health", "score, problems by priority, and their fixes",
        query=_OVER_ITEMS, writing=True,
    )  # fmt: skip
    health.add_argument("--fix", metavar="RULE", help="mend what one rule finds, e.g. T003")
    health.add_argument("--quick", action="store_true", help="mend what is safe to mend")
    health.add_argument(
        "--theme", nargs="?", const="", metavar="NAME", help="write all as a theme says"
    )
    _add_profile(health)
    health.add_argument(
        "--files", action="store_true", help="read how tags are written in the files, too"
    )
    health.add_argument(
        "--checklist", action="store_true", help="what each track must have, and which lack it"
    )
    health.add_argument("--json", action="store_true", help="print one JSON object a problem")
    art = actions.add(
        "art", "musictool_core.app.cli.quality_art:art", "covers, the worst first, and why",
        query="beets query over the albums of the library", listing=True, writing=True,
    )  # fmt: skip
    art.add_argument(
        "--better", action="store_true", help="find better ones in the sources of fetchart"
    )
    art.add_argument("-y", "--yes", action="store_true", help="take better ones without asking")
    _add_profile(art)
    actions.add(
        "duplicates", "musictool_core.app.cli.duplicates:duplicates",
        "files that are the same sound, and versions that are not",
        query=_OVER_ITEMS, listing=True,
    )  # fmt: skip
    _add_trash_actions(actions)


def _add_trash_actions(actions: Actions) -> None:
    resolve = actions.add(
        "resolve", f"{_RESOLVING}:resolve", "keep one of the files that are the same recording",
        query=_OVER_ITEMS, writing=True,
    )  # fmt: skip
    resolve.add_argument(
        "--across-albums", action="store_true", help="also of one recording on two albums"
    )
    resolve.add_argument("--json", action="store_true", help="print one JSON object a group")
    replace = actions.add(
        "replace", f"{_RESOLVING}:replace", "give a track another file, and keep its DJ work",
        writing=True,
    )  # fmt: skip
    replace.add_argument("file", metavar="FILE", help="the new file; it is copied")
    replace.add_argument("query", nargs="+", metavar="QUERY", help="finds the one track")
    replace.add_argument(
        "--force", action="store_true", help="also when the sounds do not lie on one another"
    )
    trash = actions.add(
        "trash", f"{_RESOLVING}:trash", "what made room for better files", writing=True
    )
    trash.add_argument("--empty", action="store_true", help="delete it for good")
    trash.add_argument("--older", type=int, metavar="DAYS", help="only what is older")
    trash.add_argument("--json", action="store_true", help="print one JSON object a run")


def _add_file_actions(actions: Actions) -> None:
    score = actions.add(
        "score", f"{_FILES}:score", "check files and score them", query=_OVER_ITEMS, writing=True
    )
    score.add_argument("--force", action="store_true", help="check known files again")
    score.add_argument("-j", "--jobs", type=int, metavar="N", help="files at a time")
    score.add_argument("--json", action="store_true", help="print one JSON object a file")
    listed = actions.add(
        "list", f"{_FILES}:list_scores", "scores, what they lose and why", query=_OVER_ITEMS,
        listing=True,
    )  # fmt: skip
    upgrades = actions.add(
        "upgrades", f"{_FILES}:upgrades", "files to replace first, by loss and plays",
        query=_OVER_ITEMS, listing=True, writing=True,
    )  # fmt: skip
    formats = actions.add(
        "formats", "musictool_core.app.cli.quality_formats:formats",
        "whether formats suit what files are for, and how to convert them", query=_OVER_ITEMS,
        listing=True,
    )  # fmt: skip
    formats.add_argument("--all", action="store_true", help="show those that suit, too")
    formats.add_argument(
        "--for", dest="use", choices=("club", "archive", "mobile"), help="what they are for"
    )
    formats.add_argument("--convert", action="store_true", help="convert them with beets' plugin")
    formats.add_argument("--dest", metavar="FOLDER", help="where to, instead of `convert: dest`")
    formats.add_argument("-y", "--yes", action="store_true", help="do not ask before converting")
    _add_use(listed)
    _add_use(upgrades)
    upgrades.add_argument(
        "--most", type=int, default=20, metavar="N", help="how many to show (20); 0 for all"
    )
    upgrades.add_argument(
        "--want", action="store_true", help="want better copies of those shown, as wants to buy"
    )


def _add_use(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--use", choices=("club", "archive", "mobile"), help="what the files are used for"
    )


def _add_profile(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--profile", choices=("dj", "collector", "librarian"), help="whose weights and rules count"
    )
