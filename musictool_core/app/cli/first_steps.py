"""The questions of `beet musictool setup`, and what is done once they are answered.

Everything is asked and shown before anything is written, so that stopping leaves all as it was.
"""

from __future__ import annotations

import getpass
import os
from collections import Counter
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from musictool_core import app, links
from musictool_core.app import setup as config_setup
from musictool_core.app.cli import text
from musictool_core.discogs import mirror
from musictool_core.discogs.checks import ask_discogs
from musictool_core.errors import AuthNeeded, MusicToolError, SourceError
from musictool_core.host import journalmode, terminal
from musictool_core.host.checks import read_plugin_setting
from musictool_core.host.settings import config_path
from musictool_core.safeio import platform, replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.app import App

_ADVICE = """\
A personal access token lets musictool read your collection at Discogs, and ask for 60 track lists a
minute instead of 25. Make one at https://www.discogs.com/settings/developers ("Generate new
token"). It can do at Discogs what you can, so keep it to yourself; musictool only reads."""

_ABOUT_WAL = """\
While one program writes the library, such as an import, all others wait. In the journal mode WAL
they read meanwhile. It is a property of library.db and for a disk of this computer only, never for
a network disk. Copy the library with `beet musictool backup` then: a plain copy may lack what is
newest. `beet musictool uninstall` switches it back."""


class Keyboard(Protocol):
    """Who answers the questions."""

    @property
    def present(self) -> bool:
        """Whether there is somebody."""
        ...

    def ask(self, question: str) -> str:
        """Ask for a line; "" is Enter."""
        ...

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown while it is typed."""
        ...


class _Terminal:
    """The keyboard of this terminal."""

    @property
    def present(self) -> bool:
        return terminal.is_interactive()

    def ask(self, question: str) -> str:
        return terminal.ask(question)

    def ask_secret(self, question: str) -> str:
        try:
            return getpass.getpass(f"{question} ").strip()
        except EOFError:
            return ""


TERMINAL = _Terminal()


class FirstSteps:
    """What is there, what the user wants, and the change that follows from both."""

    def __init__(self, running: App, keyboard: Keyboard) -> None:
        self._running = running
        self._keyboard = keyboard
        self._path = config_path()
        self._before = self._path.read_bytes() if self._path.exists() else b""
        self._after = self._before
        self._configured = config_setup.read_configured(self._before)
        self._default_plugins: tuple[str, ...] = ()
        self._lacking = self._lacking_plugins()
        self._has_token = bool(running.settings.discogs_token or self._configured.token)
        self._folders = self._folders_to_ask_for()
        self._left_out: tuple[str, ...] = ()
        self._offers_wal = self._lacks_wal()
        self._wants_wal = False

    def describe_places(self) -> None:
        """Show the files that everything is about."""
        library = self._running.host.path
        music = Path(os.fsdecode(self._running.host.lib.directory))
        for name, path in (
            ("Configuration", self._path),
            ("Library", library),
            ("Music folder", music),
        ):
            terminal.write(f"{name:<14} {path} ({_condition(path)})")

    def has_questions(self) -> bool:
        """Whether there is anything left to ask."""
        return bool(self._lacking or self._folders or not self._has_token or self._offers_wal)

    def show_what_would_be_done(self) -> None:
        """Show the change without asking anything."""
        self._plan(self._lacking, "")
        self._show_change()
        if not self._has_token:
            terminal.write("You would be asked for your Discogs token.")
        if self._folders:
            terminal.write("You would be asked which folders to leave out of the gaps.")
        if self._offers_wal:
            terminal.write("You would be asked whether to switch the library to WAL.")
        if not self.has_questions():
            terminal.write("Nothing to do.")

    def ask_all(self) -> bool:
        """Ask for everything; return whether there is something to do and the user wants it."""
        if not self.has_questions():
            terminal.write("Nothing to do.")
            return False
        plugins = self._lacking if self._wants_plugins() else ()
        token = "" if self._has_token else self._ask_token()
        self._left_out = self._ask_folders()
        self._wants_wal = self._ask_wal()
        self._plan(plugins, token)
        if self._after == self._before and not self._left_out and not self._wants_wal:
            terminal.write("Nothing to do.")
            return False
        self._show_change()
        for folder in self._left_out:
            terminal.write(f"Gaps will leave out the folder {folder!r}.")
        if self._wants_wal:
            terminal.write("The library will be in WAL mode.")
        if self._agrees("Do this?", default=False):
            return True
        terminal.write("Nothing was changed.")
        return False

    def carry_out(self) -> None:
        """Write what was agreed on."""
        if self._after != self._before:
            self._write_configuration()
        if self._left_out:
            with self._running.host.transaction() as tx:
                for folder in self._left_out:
                    rule = links.IgnoreRule(links.IgnoreKind.FOLDER, folder)
                    links.add_ignore(tx, rule, now=app.utc_now())
            terminal.write("`beet gaps ignore folder NAME --remove` brings a folder back.")
        if self._wants_wal:
            journalmode.use_wal(self._running.host)
            terminal.write("The library is in WAL mode.")

    def say_what_is_next(self) -> None:
        """Name the command to go on with."""
        if mirror.shelf_exists(self._running.host.reading()):
            terminal.write("Next: `beet gaps` lists the tracks of your records that you lack.")
            return
        terminal.write(
            "Next: `beet collection import-csv FILE` reads an export of your collection"
            " (discogs.com, Settings, Export)."
        )
        if self._has_token or config_setup.read_configured(self._after).token:
            terminal.write("Or: `beet collection sync` asks Discogs for it.")

    def _lacking_plugins(self) -> tuple[str, ...]:
        setting = read_plugin_setting()
        elsewhere = setting.path is not None and setting.path.resolve() != self._path.resolve()
        if elsewhere or self._configured.plugins is None:
            self._default_plugins = enabled = setting.names
        else:
            enabled = self._configured.plugins
        lacking = tuple(name for name in config_setup.OUR_PLUGINS if name not in enabled)
        if lacking and elsewhere:
            terminal.notice(
                f"`plugins:` stands in {setting.path}, which setup does not change; add there:"
                f" {' '.join(lacking)}"
            )
            return ()
        return lacking

    def _folders_to_ask_for(self) -> dict[str, int]:
        """Copies by folder; none when there is no choice, or it was made already."""
        view = self._running.host.reading()
        decided = any(rule.kind is links.IgnoreKind.FOLDER for rule in links.ignores(view))
        counted = Counter(
            row["folder"] for row in mirror.live_instances(view) if row["folder"] and not decided
        )
        return dict(sorted(counted.items())) if len(counted) > 1 else {}

    def _lacks_wal(self) -> bool:
        host = self._running.host
        is_wal = journalmode.current(host.reading()) == journalmode.WAL
        return not is_wal and journalmode.may_use_wal(host.path)

    def _wants_plugins(self) -> bool:
        if not self._lacking:
            return False
        terminal.write(f"Not enabled yet: {', '.join(self._lacking)}.")
        return self._agrees(f"Enable them in {self._path.name}?", default=True)

    def _ask_token(self) -> str:
        """Ask until a token is accepted, kept untested, or skipped ("")."""
        terminal.write(_ADVICE)
        while token := self._keyboard.ask_secret("Discogs token, not shown (Enter skips):"):
            if not config_setup.is_token(token):
                terminal.write("No token looks like that; copy it again.")
            elif self._is_good(token):
                return token
        return ""

    def _is_good(self, token: str) -> bool:
        """Let Discogs or the user say so."""
        if not self._agrees("Ask Discogs now whether it is valid?", default=True):
            return True
        settings = replace(self._running.settings, discogs_token=token)
        with terminal.long_work() as (_, cancel):
            try:
                answer = ask_discogs(self._running.host, settings, cancel)
            except AuthNeeded:
                terminal.write("Discogs does not accept it.")
                return False
            except SourceError as error:
                terminal.write(error.line())
            else:
                terminal.write(f"Discogs knows you as {answer.username}.")
                return True
        return self._agrees("Keep the token untested?", default=False)

    def _ask_folders(self) -> tuple[str, ...]:
        if not self._folders:
            return ()
        terminal.write("The folders of your collection:")
        names = tuple(self._folders)
        for number, name in enumerate(names, start=1):
            copies = text.count(self._folders[name], "copy", "copies")
            terminal.write(f"  {number}  {name} ({copies})")
        question = "Which to leave out of the gaps, e.g. 2,3 (Enter: none)?"
        while answer := self._keyboard.ask(question):
            chosen = config_setup.parse_choice(answer, names)
            if chosen is not None:
                return chosen
            terminal.write(f"Numbers from 1 to {len(names)}, please.")
        return ()

    def _ask_wal(self) -> bool:
        if not self._offers_wal:
            return False
        terminal.write(_ABOUT_WAL)
        # Where the system does not tell what is a network disk, the user has to say so.
        return self._agrees("Switch the library to WAL?", default=platform.tells_network_disks())

    def _agrees(self, question: str, *, default: bool) -> bool:
        answer = self._keyboard.ask(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
        return answer.startswith("y") if answer else default

    def _plan(self, plugins: Sequence[str], token: str) -> None:
        self._after = config_setup.plan_config(
            self._before,
            add_plugins=plugins,
            token=token,
            default_plugins=self._default_plugins,
        )

    def _show_change(self) -> None:
        for line in config_setup.render_diff(str(self._path), self._before, self._after):
            terminal.write(line)

    def _write_configuration(self) -> None:
        present = self._path.read_bytes() if self._path.exists() else b""
        if present != self._before:
            raise MusicToolError(
                f"{self._path} was changed meanwhile; setup left it alone.",
                hint="Run `beet musictool setup` again.",
            )
        kept = ""
        if self._path.exists():
            backup = _backup_path(self._path)
            replace_file(backup, self._before, mode=self._path.stat().st_mode & 0o777)
            kept = f" The file as it was is {backup.name}."
        replace_file(self._path, self._after)
        terminal.write(f"Wrote {self._path}.{kept}")
        token = config_setup.read_configured(self._after).token
        if token != self._configured.token and platform.is_open_to_others(self._path):
            terminal.notice(
                f"Other users of this computer can read the token: `chmod 600 '{self._path}'`."
            )


def _condition(path: Path) -> str:
    if not path.exists():
        return "does not exist yet"
    return "writable" if os.access(path, os.W_OK) else "cannot be written"


def _backup_path(path: Path) -> Path:
    """A name beside the file that is not taken."""
    first = path.with_name(f"{path.name}.bak-{app.utc_now():%Y-%m-%d}")
    further = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(name for name in chain([first], further) if not name.exists())
