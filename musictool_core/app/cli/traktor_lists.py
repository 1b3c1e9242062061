"""`beet traktor` history, playlists, export, health, backups, watch and live."""

from __future__ import annotations

import re
import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.app.cli.traktor import keep_up
from musictool_core.db import moment
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import load_items
from musictool_core.safeio import NameTaken, replace_file, write_new
from musictool_core.traktor import desk as desks
from musictool_core.traktor import health as health_rules
from musictool_core.traktor import listing, outbox, places, pushes, relocations
from musictool_core.traktor.collection import list_backups, open_collection, restore
from musictool_core.traktor.handover import plan_handover
from musictool_core.traktor.live import LiveFeed, PlayKeeper
from musictool_core.traktor.ondisk import LocalZone
from musictool_core.traktor.playlist_report import encode_m3u8, make_m3u8, make_report
from musictool_core.traktor.plays import import_plays, play_totals
from musictool_core.traktor.playstats import most_played
from musictool_core.traktor.sync import apply_sync, plan_sync
from musictool_core.traktor.tables import PLAYS, RUNS
from musictool_core.traktor.watch import Change, Kind, Watcher

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.changes import Result
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.handover import HandOver
    from musictool_core.traktor.listing import Read
    from musictool_core.traktor.playlist_report import PlaylistReport
    from musictool_core.traktor.playlists import Playlist

_SHOWN = 20
_MOST = 50
_LIVE_PAUSE_S = 0.5
_TRY_AGAIN_S = 5.0
_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


def history(lib: Library, opts: Namespace) -> int:
    """`beet traktor history`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    if opts.pretend:
        terminal.write(f"{text.count(len(desk.histories), 'history', 'histories')} would be read.")
        return 0
    problems = _import(running, desk)
    if opts.most:
        _print_most(running, as_json=opts.json)
        return problems
    plays = PLAYS.select(running.host.reading(), order=("-played_at",))
    for row in plays:
        if opts.json:
            terminal.write_json(
                {
                    "track": row["key"],
                    "item": row["item_id"],
                    "played_at": row["played_at"],
                    "deck": "ABCD"[row["deck"]],
                    "duration": row["duration_s"],
                    "public": row["is_public"],
                    "source": row["source"],
                }
            )
    if not opts.json:
        for row in plays[:_SHOWN]:
            when = moment(row["played_at"]).astimezone()
            lasted = text.duration(row["duration_s"] or 0)
            name = row["key"].rpartition("/:")[2]
            terminal.write(f"{when:%Y-%m-%d %H:%M} {'ABCD'[row['deck']]} {name} ({lasted})")
        terminal.write(f"{text.count(len(plays), 'play')}.")
    return problems


def playlists(lib: Library, opts: Namespace) -> int:
    """`beet traktor playlists`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    if opts.push:
        return _push(running, desk, opts)
    if opts.query or opts.keep:
        raise MusicToolError("a query needs --push NAME, the playlist that is to hold it.")
    read = listing.read(running.host, desk)
    tracks = read.tracks()
    for each in read.shelf.playlists:
        report = make_report(_name(each), each.keys, tracks)
        if opts.json:
            terminal.write_json(_json_playlist(each, report))
        else:
            terminal.write(_playlist_line(each, report))
    if not opts.json:
        terminal.notice(f"{text.count(len(read.shelf.playlists), 'playlist')}.")
    return 0


def relocate(lib: Library, opts: Namespace) -> int:
    """`beet traktor relocate`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    read = listing.read(running.host, desk)
    if bool(opts.old) != bool(opts.new):
        raise MusicToolError("say both folders, OLD and NEW, or neither.")
    if opts.old:
        old, new = (str(Path(name).expanduser().absolute()) for name in (opts.old, opts.new))
        found = relocations.find_below(read, old, new)
    else:
        found = relocations.find_moved(running.host, read)
    for each in found:
        problem = f" (left: {each.problem})" if each.problem else ""
        terminal.write(f"  {each.before} -> {each.after}{problem}")
    left = sum(bool(each.problem) for each in found)
    count = text.count(len(found) - left, "entry", "entries")
    if opts.pretend:
        terminal.write(f"{count} would be moved, with their playlists.")
        return left
    with terminal.long_work() as (line, cancel):
        done = relocations.relocate(
            running.host,
            desk,
            read,
            found,
            origin=this_command(),
            now=app.utc_now(),
            is_running=desks.may_run,
            force=opts.force,
            report=line,
            cancel=cancel,
        )
    if done is None:
        terminal.write(f"{count} moved.")
        return left
    return left + _show_moved(done)


def export(lib: Library, opts: Namespace) -> int:
    """`beet traktor export`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    read = listing.read(running.host, desk)
    folder = _folder(opts.to)
    tracks = read.tracks(look=False)
    left, taken = 0, set[str]()
    for each in _chosen(read, opts.name):
        made = make_m3u8(
            each.path[-1], each.keys, tracks, folder=str(folder) if opts.relative else None
        )
        name = _file_name(each, taken)
        left += len(made.left_out)
        if not opts.pretend:
            replace_file(folder / name, encode_m3u8(made.text), mode=0o644)
        count = len(each.keys) - len(made.left_out)
        terminal.write(f"{name}: {text.count(count, 'track')}")
    if left:
        terminal.notice(
            f"{text.count(left, 'track')} left out: it is not known where the file is"
            " (`traktor: paths`)."
        )
    return left


def handover(lib: Library, opts: Namespace) -> int:
    """`beet traktor handover`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    folder = _folder(opts.to)
    if not opts.name.strip():
        raise MusicToolError("a playlist needs a name.")
    plan = plan_handover(running.host, desk, opts.name, opts.query)
    for path in plan.left:
        terminal.notice(f"{path} is left out: not there, or no path map leads there.")
    count = plan.known + plan.new
    new = f", {plan.new:,} of them new to Traktor" if plan.new else ""
    if not count:
        terminal.write("Nothing was written: the query finds no track that Traktor could play.")
    elif opts.pretend:
        terminal.write(f"{text.count(count, 'track')}{new}; nothing was written.")
    else:
        made = _write_beside(folder, _UNFIT.sub("_", plan.name).strip(" .") or "playlist", plan)
        terminal.write(f"{made}: {text.count(count, 'track')}{new}; drag it into Traktor.")
    return len(plan.left)


def _write_beside(folder: Path, base: str, plan: HandOver) -> Path:
    """Write a playlist file under the first name that is free; nothing is replaced."""
    number = 1
    while True:
        path = folder / (f"{base}.nml" if number == 1 else f"{base} ({number}).nml")
        try:
            write_new(path, plan.content)
        except NameTaken:
            number += 1
        else:
            return path


def _folder(named: str) -> Path:
    folder = Path(named).expanduser().absolute()
    if not folder.is_dir():
        raise MusicToolError(f"{folder} is not a folder.")
    return folder


def health(lib: Library, opts: Namespace) -> int:
    """`beet traktor health`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    read = listing.read(running.host, desk)
    found = health_rules.check_health(read.health(), declared=read.collection.scan.declared)
    if opts.json:
        for each in found:
            terminal.write_json(
                {"rule": each.rule.name.lower(), "tracks": list(each.keys), "line": each.line}
            )
        return 0
    counts = health_rules.counts(found)
    for rule, number in counts.items():
        terminal.write(f"{rule.value}: {number:,}")
        lines = [each.line for each in found if each.rule is rule]
        for line in lines[:_SHOWN]:
            terminal.write(f"  {line}")
        if number > _SHOWN:
            terminal.write(f"  … and {number - _SHOWN:,} more")
    if not counts:
        terminal.write("Nothing is wrong.")
    return 0


def backups(lib: Library, opts: Namespace) -> int:
    """`beet traktor backups`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    found = {each.name: each for each in list_backups(desk.collection)}
    if not opts.restore:
        for name, path in found.items():
            terminal.write(f"{name} ({path.stat().st_size / 1e6:.1f} MB)")
        terminal.write(f"{text.count(len(found), 'backup')} of {desk.collection}.")
        return 0
    if opts.restore not in found:
        raise MusicToolError(
            f"there is no backup {opts.restore!r}.", hint="`beet traktor backups` lists them."
        )
    chosen = found[opts.restore]
    entries = len(open_collection(chosen).scan.entries)
    if opts.pretend:
        terminal.write(f"{chosen.name} ({entries:,} entries) would be put in its place.")
        return 0
    done = restore(
        desk.collection,
        chosen,
        is_running=lambda: desks.may_run(desk.collection),
        now=app.utc_now().astimezone(),
        backups=desk.backups,
    )
    kept = f"; what was there is kept as {done.backup.name}" if done.backup else ""
    terminal.write(f"{chosen.name} ({entries:,} entries) is in its place{kept}.")
    return 0


def watch(lib: Library, opts: Namespace) -> int:
    """`beet traktor watch`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    steps = _Steps(running, desk)
    terminal.notice(f"Watching {desk.collection}; Ctrl-C ends it.")
    with terminal.long_work() as (_, cancel):
        watcher = Watcher(
            desk.collection,
            steps.take,
            clock=time.monotonic,
            is_ours=steps.is_ours,
            histories=desk.installation.root / "History",
            from_start=True,
        )
        if opts.once:
            while not watcher.look():
                cancel.wait(_LIVE_PAUSE_S)
                cancel.check()
            return steps.problems
        with suppress(Cancelled):
            watcher.run(cancel, between=steps.try_again)
    return 0


class _Steps:
    """What is done when Traktor has written.

    Attributes:
        problems: how often something could not be done.
    """

    def __init__(self, running: App, desk: Desk) -> None:
        self._running, self._desk = running, desk
        self._again = set[Kind]()
        self._tried, self._said = 0.0, ""
        self._has_synced = False
        self.problems = 0

    def take(self, change: Change) -> None:
        """Do what a file asks for; what cannot be done is said, and tried again."""
        self._do(change.kind)

    def try_again(self) -> None:
        """Do what had to wait: Traktor writes first, and ends then."""
        now = time.monotonic()
        if not self._again or now - self._tried < _TRY_AGAIN_S:
            return
        self._tried = now
        for kind in sorted(self._again, key=lambda each: each.value):
            if kind is Kind.HISTORY or not desks.may_run(self._desk.collection):
                self._do(kind)

    def is_ours(self, digest: int) -> bool:
        """Whether the collection is one that we left; beets may know more than at that time."""
        if not self._has_synced:
            return False
        view = self._running.host.reading()
        return bool(RUNS.select(view, ("id",), where={"after": str(digest)}, limit=1))

    def _do(self, kind: Kind) -> None:
        self._again.discard(kind)
        try:
            if kind is Kind.HISTORY:
                self.problems += _import(self._running, self._desk)
            else:
                self._sync()
        except Cancelled:
            raise
        except MusicToolError as error:
            self._say(error.line())
            self.problems += 1
            self._again.add(kind)

    def _sync(self) -> None:
        self._tried = time.monotonic()
        keep_up(self._running, self._desk)
        waiting = _sync_once(self._running, self._desk)
        # Moved files and playlists are in no outbox.
        if waiting or desks.may_run(self._desk.collection):
            self._again.add(Kind.COLLECTION)
        self._said, self._has_synced = "", True

    def _say(self, problem: str) -> None:
        if problem != self._said:
            terminal.notice(problem)
        self._said = problem


def live(lib: Library, opts: Namespace) -> int:
    """`beet traktor live`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    read = listing.read(running.host, desk)
    keys = {path: key for key in read.elements if (path := read.path(key)) is not None}
    keeper = PlayKeeper(
        running.host,
        zone=LocalZone(),
        key_of=keys.get,
        item_of=read.item_of.get,
        problem=terminal.notice,
    )
    with (
        terminal.long_work() as (_, cancel),
        keeper,
        LiveFeed(keeper, clock=time.time, port=opts.port) as feed,
    ):
        terminal.notice(f"Listening for Traktor at http://127.0.0.1:{feed.port}; Ctrl-C ends it.")
        while not cancel.cancelled:
            cancel.wait(_LIVE_PAUSE_S)
    return 0


def _show_moved(done: Result) -> int:
    """Say what became of a relocation; return how much was left."""
    unmade = (*done.conflicts, *done.failed)
    for each in unmade:
        terminal.write(f"  not done: {each.field.partition(':')[2]}: {each.note}")
    count = text.count(done.applied, "entry", "entries")
    back = f"; `beet undo {done.changeset_id}` takes it back" if done.applied else ""
    terminal.write(f"{count} moved, with their playlists{back}.")
    if done.cancelled:
        raise Cancelled("Traktor was started, or you stopped it; nothing more was written.")
    return len(unmade)


def _push(running: App, desk: Desk, opts: Namespace) -> int:
    """Make a playlist of a query, once or for good."""
    host, name = running.host, tuple(opts.push.split(places.SEPARATOR))
    query = shlex.join(opts.query)
    push = pushes.plan_push(host, desk.collection, name, query)
    left = f"; {text.count(push.missing, 'track')} not in Traktor" if push.missing else ""
    said = f"{opts.push}: {text.count(len(push.keys), 'track')}{left}"
    if opts.pretend:
        terminal.write(f"{said}; nothing was written.")
        return 0
    if opts.keep:
        with host.transaction() as tx:
            pushes.keep(tx, desk.collection, name, query)
    done = pushes.push(
        host,
        desk.collection,
        [push],
        origin=this_command(),
        now=app.utc_now(),
        is_running=desks.may_run,
        force=opts.force,
    )
    for each in done.left:
        raise MusicToolError(f"{opts.push}: {each.note}; nothing was written.")
    if not opts.keep:
        with host.transaction() as tx:
            pushes.stop(tx, desk.collection, name)
    kept = " and is kept so" if opts.keep else ""
    back = f"; `beet undo {done.changeset}` takes it back" if done.changeset else ""
    terminal.write(f"{said}; it is in Traktor{kept}{back}.")
    return 0


def _import(running: App, desk: Desk) -> int:
    with terminal.long_work() as (line, cancel):
        done = import_plays(
            running.host,
            desk.histories,
            zone=LocalZone(),
            now=app.utc_now(),
            item_of=listing.items_by_key(running.host, desk.collection),
            progress=line,
            cancel=cancel,
        )
    for problem in done.problems:
        terminal.notice(problem)
    if done.new or done.changed:
        terminal.notice(f"{text.count(done.new, 'new play')} from {done.read} histories.")
    return len(done.problems)


def _sync_once(running: App, desk: Desk) -> int:
    """Bring all values in step; return how many wait until Traktor has ended."""
    with terminal.long_work() as (line, cancel):
        plan = plan_sync(
            running.host,
            desk.collection,
            desk.sync,
            path_of=desk.translator().path,
            report=line,
            cancel=cancel,
        )
        result = apply_sync(
            running.host,
            plan,
            origin=this_command(),
            now=app.utc_now(),
            is_running=desks.may_run,
            report=line,
            cancel=cancel,
        )
    waiting = len(outbox.waiting(running.host.reading(), desk.collection))
    terminal.write(
        f"{text.count(result.written, 'value')} written, {waiting:,} waiting,"
        f" {result.conflicts:,} to decide."
    )
    return waiting


def _print_most(running: App, *, as_json: bool) -> None:
    found = most_played(play_totals(running.host.reading()), _MOST)
    items = load_items(running.host, [item for item, _ in found])
    named = {each.item_id: f"{each.artist} - {each.title}" for each in items}
    for item, total in found:
        name = named.get(item, f"item {item}")
        if as_json:
            terminal.write_json({"item": item, "name": name, "plays": total.plays})
        else:
            terminal.write(f"{total.plays:5,} {name}")


def _json_playlist(each: Playlist, report: PlaylistReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "kind": each.kind,
        "uuid": each.uuid,
        "tracks": len(each.keys),
        "length": round(report.length_s),
        "missing": len(report.missing),
        "not_in_library": len(report.not_in_library),
        "not_in_collection": len(report.not_in_collection),
        "repeated": len(report.repeated),
        "genres": dict(report.genres),
        "keys": dict(report.keys),
        "bpm": list(report.bpm) if report.bpm else None,
        "rough": [step.position for step in report.steps if step.is_rough],
        "query": each.query,
    }


def _playlist_line(each: Playlist, report: PlaylistReport) -> str:
    if each.query is not None:
        return f"{report.name}: smart list, {each.query}"
    parts = [text.count(len(each.keys), "track"), text.duration(report.length_s)]
    if report.bpm:
        parts.append(f"{report.bpm[0]:.0f} to {report.bpm[1]:.0f} BPM")
    for found, what in (
        (report.missing, "missing"),
        (report.not_in_library, "not in beets"),
        (report.not_in_collection, "not in the collection"),
        (report.repeated, "more than once"),
    ):
        if found:
            parts.append(f"{len(found):,} {what}")
    rough = sum(step.is_rough for step in report.steps)
    if rough:
        parts.append(text.count(rough, "rough step"))
    return f"{report.name}: {', '.join(parts)}"


def _chosen(read: Read, names: list[str]) -> Iterator[Playlist]:
    lists = [each for each in read.shelf.playlists if each.query is None]
    if not names:
        yield from lists
        return
    for name in names:
        found = [each for each in lists if name in {_name(each), each.path[-1], each.uuid}]
        if len(found) != 1:
            what = "several playlists are" if found else "no playlist is"
            raise MusicToolError(
                f"{what} called {name!r}.", hint="`beet traktor playlists` lists them."
            )
        yield found[0]


def _name(each: Playlist) -> str:
    return "/".join(each.path) or "History"


def _file_name(each: Playlist, taken: set[str]) -> str:
    """A name that every system allows, and that differs from the others when case is ignored."""
    base = _UNFIT.sub("_", " - ".join(each.path)).strip(" .") or "playlist"
    name, number = f"{base}.m3u8", 1
    while name.casefold() in taken:
        number += 1
        name = f"{base} ({number}).m3u8"
    taken.add(name.casefold())
    return name
