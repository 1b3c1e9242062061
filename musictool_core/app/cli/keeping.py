"""`beet musictool backup`, `restore` and `uninstall`: all of it saved, put back, or taken away."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app import keeping
from musictool_core.app.cli import text
from musictool_core.app.cli.first_steps import TERMINAL
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.db import moment
from musictool_core.errors import MusicToolError, StorageError
from musictool_core.host import backup as library_file
from musictool_core.host import terminal
from musictool_core.host.checks import read_plugin_setting
from musictool_core.host.library import Host
from musictool_core.safeio import swap
from musictool_core.safeio.archive import check_archive

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import datetime

    from beets.library import Library

    from musictool_core.app.cli.first_steps import Keyboard
    from musictool_core.app.keeping import Backup, Leaving
    from musictool_core.host.backup import Description

_KINDS = {"table": "tables", "view": "views", "trigger": "triggers", "index": "indexes"}


def backup(lib: Library, opts: Namespace) -> int:
    """`beet musictool backup`."""
    host = Host(lib, notice=terminal.notice)
    now = app.utc_now()
    goal = Path(opts.file).expanduser().absolute() if opts.file else keeping.default_goal(host, now)
    if goal.is_dir():
        goal = goal / keeping.default_goal(host, now).name
    if goal.exists():
        raise StorageError(f"{goal} exists; a backup never replaces a file.")
    if opts.pretend:
        _show_pretended(host, goal, as_json=opts.json)
        return 0
    if opts.file:
        _need_folder(goal.parent)
    else:
        keeping.make_folder(goal.parent)
    with terminal.long_work() as (line, _):
        made = keeping.backup(host, goal, now=now, report=line)
    if opts.json:
        terminal.write_json(_json_backup(made))
    else:
        terminal.write(f"Wrote {goal} ({_size(goal.stat().st_size)}) and read it again.")
        terminal.write(f"  {_contents(made)}")
        if not opts.file:
            terminal.write("It lies on the disk of the library; copy it to another one.")
    return 0


def restore(lib: Library, opts: Namespace, *, keyboard: Keyboard = TERMINAL) -> int:
    """`beet musictool restore`."""
    host = Host(lib, notice=terminal.notice)
    chosen = keeping.read_backup(Path(opts.file).expanduser())
    terminal.write(f"Present  {_present(library_file.describe(host.path))}")
    terminal.write(f"Backup   {_contents(chosen)}")
    if opts.pretend:
        check_archive(chosen.archive)
        library_file.refuse_if_open(host.path)
        terminal.write("The backup is whole; nothing was changed.")
        return 0
    if not _agreed(opts, keyboard, "Put the backup in the place of the present library?"):
        return 0
    with terminal.long_work() as (line, _):
        done = keeping.restore(host, chosen, now=app.utc_now(), report=line)
    terminal.write(f"Restored {host.path} and the folder {swap.STATE} beside it.")
    terminal.write(f"What was there before is {done.kept}; restore that to take this back.")
    if done.fault:
        terminal.notice(f"It is kept as it was, but was damaged: {done.fault}.")
    if chosen.beets != library_file.BEETS_VERSION:
        terminal.notice(
            f"The backup was made with beets {chosen.beets}; this is {library_file.BEETS_VERSION}."
        )
    return 0


def uninstall(lib: Library, opts: Namespace, *, keyboard: Keyboard = TERMINAL) -> int:
    """`beet musictool uninstall`."""
    host = Host(lib, notice=terminal.notice)
    found = keeping.plan_leaving(host)
    _show_leaving(host, found, with_state=opts.all)
    if opts.pretend:
        return 0
    if not _agreed(opts, keyboard, "Take all this away?"):
        return 0
    keeping.leave(host, with_state=opts.all)
    terminal.write(f"Nothing of musictool is left in {host.path}.")
    _say_how_to_finish(found, with_state=opts.all)
    return 0


def _agreed(opts: Namespace, keyboard: Keyboard, question: str) -> bool:
    if opts.yes:
        return True
    if not keyboard.present:
        raise MusicToolError(
            "this asks before it changes anything, but nobody is at the keyboard; nothing was"
            " changed.",
            hint="Give --yes to do it without a question.",
        )
    if keyboard.ask(f"{question} [y/N]").lower().startswith("y"):
        return True
    terminal.write("Nothing was changed.")
    return False


def _need_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise StorageError(f"the folder {folder} does not exist.")


def _show_pretended(host: Host, goal: Path, *, as_json: bool) -> None:
    found = library_file.describe(host.path)
    state = keeping.state_files(host)
    size = found.bytes + sum(path.stat().st_size for path in state.values())
    if as_json:
        counts = {"items": found.items, "albums": found.albums, "changes": found.changes}
        terminal.write_json(
            {"file": str(goal), "created": None, **counts, "files": len(state) + 1, "bytes": size}
        )
        return
    terminal.write(f"Would write {goal}, from {_size(size)}:")
    terminal.write(f"  {_present(found)}, {text.count(len(state), 'file')} of state")


def _json_backup(made: Backup) -> dict[str, Any]:
    """The documented object (docs/plugins/musictool.md)."""
    return {
        "file": str(made.archive.path),
        "created": made.created.isoformat(),
        "items": made.items,
        "albums": made.albums,
        "changes": made.changes,
        "files": len(made.archive.members),
        "bytes": made.archive.bytes,
    }


def _contents(made: Backup) -> str:
    state = len(made.archive.members) - 1
    counted = _counts(made.items, made.albums, made.changes)
    return f"{_time(made.created)}: {counted}, {text.count(state, 'file')} of state"


def _present(found: Description) -> str:
    counted = _counts(found.items, found.albums, found.changes)
    if found.changed_at is None:
        return counted
    return f"{counted}, the newest of {_time(moment(found.changed_at))}"


def _counts(items: int, albums: int, changes: int) -> str:
    listed = ((items, "item"), (albums, "album"), (changes, "change"))
    return ", ".join(text.count(number, name) for number, name in listed)


def _show_leaving(host: Host, found: Leaving, *, with_state: bool) -> None:
    counted = [text.count(n, kind, _KINDS[kind]) for kind, n in found.objects.items()]
    terminal.write(f"In {host.path}: {', '.join(counted) or 'nothing of ours'}")
    if found.journal_mode:
        terminal.write(f"Journal mode: WAL, which becomes {found.journal_mode} again")
    for path in found.cache:
        terminal.write(f"Cache: {path}")
    if found.state and with_state:
        terminal.write(f"State, with all undo records: {found.state}")
    elif found.state:
        terminal.write(f"Stays: {found.state} (undo records; --all removes it, too)")
    if found.backups:
        terminal.write(f"Stays: {found.backups}")


def _say_how_to_finish(found: Leaving, *, with_state: bool) -> None:
    setting = read_plugin_setting()
    enabled = [name for name in OUR_PLUGINS if name in setting.names]
    if enabled:
        terminal.write(
            f"Now take {', '.join(enabled)} out of `plugins:` in {setting.path or 'config.yaml'}:"
            " while they stand there, the next `beet` command makes the tables again."
        )
    terminal.write("Then `pip uninstall musictool`.")
    left = [found.backups] if with_state else [found.state, found.backups]
    for path in left:
        if path:
            terminal.write(f"{path} is left; delete it when you need it no more.")


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _size(number: int) -> str:
    return f"{number / 1_000_000:,.1f} MB"
