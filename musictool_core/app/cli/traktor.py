"""`beet traktor`: what is in step, what would change, what waits, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.db import In, moment
from musictool_core.errors import Cancelled
from musictool_core.host import terminal
from musictool_core.host.items import find_ids
from musictool_core.traktor import desk as desks
from musictool_core.traktor import outbox, places, upkeep
from musictool_core.traktor.merge import Kind as MergeKind
from musictool_core.traktor.merge import Side, normal
from musictool_core.traktor.rules import SYNC_FIELDS
from musictool_core.traktor.sync import apply_sync, plan_sync, resolve
from musictool_core.traktor.tables import COLLECTIONS, CONFLICTS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.db import Row
    from musictool_core.progress import CancelToken
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.installations import Installation
    from musictool_core.traktor.merge import Value
    from musictool_core.traktor.planned import FieldChange, SyncPlan
    from musictool_core.traktor.sync import SyncResult

_SHOWN = 20
"""Values of a plan that are listed when nobody asked for all."""

_WAIT_S = 2.0


def status(lib: Library, opts: Namespace) -> int:
    """`beet traktor status`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    view = running.host.reading()
    row = COLLECTIONS.get(view, {"path": str(desk.collection)})
    waiting = outbox.waiting(view, desk.collection)
    where = {"collection": row["id"] if row else None, "chosen": ""}
    conflicts = CONFLICTS.select(view, ("id",), where=where)
    state = desk.state()
    if opts.json:
        terminal.write_json(
            {
                "collection": str(desk.collection),
                "entries": desk.installation.entries,
                "traktor": state.running.value,
                "waiting": len(waiting),
                "conflicts": len(conflicts),
                "synced_at": row["synced_at"] if row else None,
            }
        )
        return 0
    terminal.write(f"Collection: {desk.collection} ({desk.reason})")
    terminal.write(f"Entries: {desk.installation.entries or 0:,}")
    terminal.write(f"Traktor: {state.reason}")
    at = row["synced_at"] if row else None
    synced = f"{moment(at):%Y-%m-%d %H:%M} UTC" if at else "never"
    terminal.write(f"Last sync: {synced}")
    terminal.write(f"Waiting until Traktor has ended: {text.count(len(waiting), 'value')}")
    terminal.write(f"To decide (`beet traktor conflicts`): {text.count(len(conflicts), 'value')}")
    return 0


def detect(lib: Library, opts: Namespace) -> int:
    """`beet traktor detect`."""
    running = session.start(lib)
    found = desks.find(running.settings.traktor)
    for each in found.candidates:
        if opts.json:
            terminal.write_json(_json_installation(each, chosen=each == found.chosen))
        else:
            _print_installation(each, chosen=each == found.chosen)
    if not opts.json:
        terminal.write(f"{found.reason[:1].upper()}{found.reason[1:]}.")
    return 0


def sync(lib: Library, opts: Namespace) -> int:
    """`beet traktor sync`."""
    return _sync(lib, opts, frozenset(Side))


def pull(lib: Library, opts: Namespace) -> int:
    """`beet traktor pull`."""
    return _sync(lib, opts, frozenset({Side.BEETS, Side.TAGS}))


def push(lib: Library, opts: Namespace) -> int:
    """`beet traktor push`."""
    return _sync(lib, opts, frozenset({Side.NML}))


def diff(lib: Library, opts: Namespace) -> int:
    """`beet traktor diff`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    with terminal.long_work() as (line, cancel):
        plan = _plan(running, desk, opts.query, line, cancel)
    _show_plan(plan, plan.changes, as_json=opts.json, most=None)
    return 0


def conflicts(lib: Library, opts: Namespace) -> int:
    """`beet traktor conflicts`."""
    running = session.start(lib)
    where: dict[str, Any] = {}
    if opts.query:
        where["item_id"] = In(find_ids(running.host, opts.query))
    if opts.field:
        where["field"] = opts.field
    order = ("item_id", "field")
    rows = CONFLICTS.select(running.host.reading(), where=where, order=order)
    if opts.take:
        with running.host.transaction() as tx:
            for row in rows:
                resolve(tx, row["id"], Side(opts.take))
        terminal.write(
            f"{text.count(len(rows), 'value')} decided: {opts.take} is right."
            " `beet traktor sync` does it."
        )
        return 0
    for row in rows:
        if opts.json:
            terminal.write_json(_json_conflict(row))
        else:
            _print_conflict(row, running.settings.traktor.tags)
    if not opts.json:
        terminal.notice(f"{text.count(len(rows), 'value')} to decide.")
    return 0


def apply(lib: Library, opts: Namespace) -> int:
    """`beet traktor apply`."""
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    view = running.host.reading()
    waiting = outbox.waiting(view, desk.collection)
    if opts.pretend:
        for each in waiting:
            terminal.write(f"  {each.key}: {each.field}: {_said(each.base)} -> {_said(each.new)}")
        terminal.write(f"{text.count(len(waiting), 'value')} would be written.")
        return 0
    with terminal.long_work() as (line, cancel):
        while True:
            done, result = outbox.deliver(
                running.host,
                desk.collection,
                desk.sync,
                origin=this_command(),
                now=app.utc_now(),
                is_running=desks.may_run,
                report=line,
                cancel=cancel,
            )
            if not opts.wait or done in {outbox.Delivery.DONE, outbox.Delivery.EMPTY}:
                break
            cancel.wait(_WAIT_S)
            if cancel.cancelled:
                raise Cancelled("stopped on request; what waits still does.")
    if result is None:
        terminal.write(f"Nothing was written: {done.value}.")
        return int(done not in {outbox.Delivery.DONE, outbox.Delivery.EMPTY})
    return _show_result(result)


def _sync(lib: Library, opts: Namespace, sides: Collection[Side]) -> int:
    running = session.start(lib)
    desk = desks.open_desk(running.settings.traktor)
    with terminal.long_work() as (line, cancel):
        if not opts.query and Side.NML in sides:
            if opts.pretend:
                _show_due(running, desk)
            else:
                keep_up(running, desk, force=opts.force)
        plan = _plan(running, desk, opts.query, line, cancel)
        changes = [change for change in plan.changes if change.side in sides]
        if opts.pretend:
            line.close()
            _show_plan(plan, changes, as_json=opts.json, most=None)
            return 0
        if not opts.json:
            line.close()
            _show_plan(plan, changes, as_json=False, most=_SHOWN)
        result = apply_sync(
            running.host,
            plan,
            origin=this_command(),
            now=app.utc_now(),
            allowed=sides,
            is_running=desks.may_run,
            force=opts.force,
            report=line,
            cancel=cancel,
        )
    if opts.json:
        for change in changes:
            terminal.write_json(_json_change(change))
        return len(result.failed)
    return _show_result(result)


def keep_up(running: App, desk: Desk, *, force: bool = False) -> None:
    """Let Traktor know of moved files, and of playlists that are kept as queries."""
    done = upkeep.keep_up(
        running.host,
        desk,
        origin=this_command(),
        now=app.utc_now(),
        is_running=desks.may_run,
        force=force,
    )
    if done.moved:
        terminal.notice(f"{text.count(done.moved, 'moved file')} found again, with its playlists.")
    if done.lists:
        terminal.notice(f"{text.count(done.lists, 'playlist')} brought up to date.")
    for problem in done.problems:
        terminal.notice(f"  left: {problem}")
    if done.changesets:
        numbers = " ".join(str(number) for number in done.changesets)
        terminal.notice(f"`beet undo {numbers}` takes it back.")


def _show_due(running: App, desk: Desk) -> None:
    """Say what `keep_up` would do; as notices, because they are no values."""
    due = upkeep.plan_keep_up(running.host, desk)
    for move in due.moves:
        terminal.notice(f"  Traktor: moved: {move.before} -> {move.after}")
    for each in due.lists:
        terminal.notice(
            f"  Traktor: playlist {places.SEPARATOR.join(each.name)}:"
            f" {text.count(len(each.keys), 'track')}"
        )


def _plan(
    running: App, desk: Desk, query: Sequence[str], report: Any, cancel: CancelToken
) -> SyncPlan:
    host = running.host
    if query and COLLECTIONS.get(host.reading(), {"path": str(desk.collection)}) is None:
        terminal.notice(
            "A query looks at tracks that were matched before; `beet traktor sync` without one"
            " matches them."
        )
    return plan_sync(
        host,
        desk.collection,
        desk.sync,
        path_of=desk.translator().path,
        only=find_ids(host, query) if query else None,
        report=report,
        cancel=cancel,
    )


def _show_plan(
    plan: SyncPlan, changes: Sequence[FieldChange], *, as_json: bool, most: int | None
) -> None:
    if as_json:
        for change in changes:
            terminal.write_json(_json_change(change))
        return
    last = None
    for change in changes[:most]:
        if change.key != last:
            terminal.write(change.key.rpartition("/:")[2] or change.key)
            last = change.key
        terminal.write(
            f"  {change.side.said}: {change.field}: {_said(change.old)} -> {_said(change.new)}"
            f" ({change.reason})"
        )
    if most is not None and len(changes) > most:
        terminal.write(f"  … and {len(changes) - most:,} more")
    counts = ", ".join(
        f"{sum(c.side is side for c in changes):,} in {side.said}"
        for side in Side
        if any(c.side is side for c in changes)
    )
    terminal.write(
        f"{text.count(plan.matched, 'track')} matched;"
        f" {text.count(len(changes), 'value')} to write{f' ({counts})' if counts else ''};"
        f" {text.count(len(plan.conflicts), 'value')} to decide."
    )
    for each in plan.kept[:_SHOWN]:
        terminal.notice(f"  left: {each.key.rpartition('/:')[2]}: {each.field}: {each.reason}")
    if plan.refused:
        terminal.notice(plan.refused)


def _show_result(result: SyncResult) -> int:
    for each in result.failed:
        terminal.write(f"  not done: {each.target} {each.entity_id}: {each.field}: {each.note}")
    written = f"{text.count(result.written, 'value')} written"
    if result.queued:
        written += f"; {result.queued:,} wait until Traktor has ended (`beet traktor apply`)"
    if result.changeset is not None and result.written:
        written += f"; `beet undo {result.changeset}` takes it back"
    terminal.write(f"{written}.")
    if result.cancelled:
        raise Cancelled(f"stopped on request; {result.cancelled:,} values come with the next sync.")
    return len(result.failed)


def _json_change(change: FieldChange) -> dict[str, Any]:
    return {
        "track": change.key,
        "item": change.item_id,
        "field": change.field,
        "side": change.side.value,
        "old": _plain(change.field, change.old),
        "new": _plain(change.field, change.new),
        "reason": change.reason,
    }


def _json_conflict(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "track": row["key"],
        "item": row["item_id"],
        "field": row["field"],
        **{side.value: _plain(row["field"], row[side.value]) for side in Side},
        "reason": row["reason"],
        "chosen": row["chosen"],
    }


def _print_conflict(row: Row, tags: bool) -> None:
    terminal.write(f"{row['key'].rpartition('/:')[2]}: {row['field']}")
    for side in Side:
        if side is Side.TAGS and not tags:
            continue  # nobody looked
        mark = " (chosen)" if row["chosen"] == side.value else ""
        terminal.write(f"  {side.said}: {_said(row[side.value])}{mark}")


def _json_installation(each: Installation, *, chosen: bool) -> dict[str, Any]:
    return {
        "version": each.version_text,
        "folder": str(each.folder),
        "collection": str(each.collection) if each.collection else None,
        "size": each.size,
        "modified": each.modified.isoformat() if each.modified else None,
        "entries": each.entries,
        "source": each.source,
        "notes": list(each.notes),
        "chosen": chosen,
    }


def _print_installation(each: Installation, *, chosen: bool) -> None:
    mark = "*" if chosen else " "
    name = f"Traktor {each.version_text}".rstrip()
    where = each.collection or each.folder
    about = f"{each.entries:,} entries" if each.entries is not None else "no collection"
    when = f", {each.modified:%Y-%m-%d %H:%M} UTC" if each.modified else ""
    terminal.write(f"{mark} {name}: {where} ({about}{when}; {each.source})")
    for note in each.notes:
        terminal.write(f"    {note}")


def _plain(field: str, value: Value) -> object:
    """As JSON: a number where the field is one, however a side holds it."""
    kind = next(each.rule.kind for each in SYNC_FIELDS if each.name == field)
    if kind not in {MergeKind.TEXT, MergeKind.TEXTS}:
        value = normal(kind, value)
    return list(value) if isinstance(value, tuple) else value


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return "nothing" if value is None else str(value)
