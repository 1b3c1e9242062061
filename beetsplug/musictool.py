"""`beet musictool`: first steps, health, running jobs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import beets
from beets.plugins import BeetsPlugin

from musictool_core.host import fetching, unrestored
from musictool_core.host.command import Actions, Command
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beets.library import Library


class MusictoolPlugin(BeetsPlugin):
    """What belongs to the product as a whole."""

    def __init__(self) -> None:
        super().__init__()
        # `setup` writes the token down, perhaps before a plugin is enabled that hides it.
        beets.config["discogs"]["user_token"].redact = True
        self.register_listener("library_opened", self.after_opening)
        self.register_listener("library_opened", fetching.speed_up)

    def after_opening(self, lib: Library) -> None:
        """Finish a restore that was killed, before anything looks at what is beside the library."""
        unrestored.finish_restore(lib, self._log)

    @cached_property
    def item_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of items."""
        return dict(resolve("musictool_core.host.fields:ITEM_TYPES"))

    @cached_property
    def album_types(self) -> Mapping[str, Any]:
        """Types of our flexible attributes of albums."""
        return dict(resolve("musictool_core.host.fields:ALBUM_TYPES"))

    def commands(self) -> list[Command]:
        """The one command of this plugin."""
        about = "musictool itself: setup, doctor, jobs, backup"
        package = "musictool_core.app.cli.musictool"
        return [Command("musictool", about, _add_actions, package=package)]


def _add_actions(actions: Actions) -> None:
    actions.add("setup", "setup", "guided first steps", writing=True)
    _add_doctor(actions)
    web = actions.add("web", "musictool_web.server:serve", "open the web view in the browser")
    web.add_argument("--host", default="127.0.0.1", help="address of this computer to listen on")
    web.add_argument("--port", type=int, default=8338, help="0 takes a free one")
    web.add_argument("--no-browser", action="store_true", help="only print the address")
    jobs = actions.add("jobs", "jobs", "list, run, cancel or pause long work")
    whats = ("list", "run", "cancel", "pause", "resume")
    jobs.add_argument("what", nargs="?", choices=whats, default="list")
    numbers = "job numbers; without any, run takes all that wait"
    jobs.add_argument("job", nargs="*", type=int, metavar="ID", help=numbers)
    jobs.add_argument("--json", action="store_true", help="print one JSON object a job")
    _add_keeping(actions)


def _add_doctor(actions: Actions) -> None:
    about = "explain what is wrong and how to mend it"
    doctor = actions.add("doctor", "doctor", about, writing=True)
    doctor.add_argument("--live", action="store_true", help="also ask the configured services")
    read = "also read the audio of a share of the files (5%%, all), and compare it with before"
    instead = doctor.add_mutually_exclusive_group()
    instead.add_argument("--read-data", metavar="SHARE", help=read)
    rebuild = "only make the indexes that speed up queries, or make them anew"
    instead.add_argument("--rebuild", action="store_true", help=rebuild)
    instead.add_argument("--drop", action="store_true", help="only take those indexes out again")
    proof = "only prove that tag writes survive kills, on copies of files of the library"
    instead.add_argument("--torture", action="store_true", help=proof)
    kills = "how often --torture kills (100)"
    doctor.add_argument("--kills", type=int, default=100, metavar="N", help=kills)
    seed = "of the chance in --torture; another one makes other moments (1)"
    doctor.add_argument("--seed", type=int, default=1, metavar="N", help=seed)
    doctor.add_argument("--json", action="store_true", help="print one JSON object a finding")


def _add_keeping(actions: Actions) -> None:
    package = "musictool_core.app.cli.keeping"
    backup = actions.add(
        "backup", f"{package}:backup", "save library and state in one file", writing=True
    )
    backup.add_argument("file", nargs="?", metavar="FILE", help="name of the archive, or a folder")
    backup.add_argument("--json", action="store_true", help="print one JSON object")
    restore = actions.add(
        "restore", f"{package}:restore", "put library and state of a backup back", writing=True
    )
    restore.add_argument("file", metavar="FILE", help="archive that `backup` wrote")
    uninstall = actions.add(
        "uninstall", f"{package}:uninstall", "take everything of ours away", writing=True
    )
    uninstall.add_argument("--all", action="store_true", help="also the undo records")
    restore.add_argument("-y", "--yes", action="store_true", help="do not ask")
    uninstall.add_argument("-y", "--yes", action="store_true", help="do not ask")
