"""`beet history` and `beet undo`, and what the plugin does beside every command."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app, changes
from musictool_core.app import edits
from musictool_core.app.bookkeeping import prune, this_command
from musictool_core.app.cli import session, text
from musictool_core.changes import export, observe, store
from musictool_core.changes.model import (
    ART_TARGET,
    AUDIO_TARGET,
    CONTAINER_TARGET,
    NML_TARGET,
    TAGS_TARGET,
    ChangeSetId,
    SetState,
)
from musictool_core.changes.rows import shown
from musictool_core.db import moment
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import journal, models, terminal
from musictool_core.host.entities import ABSENT
from musictool_core.safeio import replace_file
from musictool_core.traktor import places

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.changes import Change, ChangeSet, Preview, Result, UndoPlan
    from musictool_core.changes.model import Unfulfilled
    from musictool_core.db import Row
    from musictool_core.host.library import Host

_ORDER = ("id-",)
_SHOWN_SETS = 20
_SHOWN_CHANGES = 5
"""Of one change set, when no query asks for more."""


def list_history(lib: Library, opts: Namespace) -> int:
    """`beet history list`."""
    running = _start(lib)
    rows = models.find_rows(running.host, journal.HISTORY, opts.query, order=_ORDER)
    if opts.csv:
        _write_csv(rows, opts.csv)
    elif opts.json:
        for row in rows:
            terminal.write_json(export.as_json(row))
    elif opts.format:
        for row in rows:
            terminal.write(models.render(running.host, journal.HISTORY, row, opts.format))
    else:
        _print_sets(running.host, rows, complete=bool(opts.query))
    _say_if_off(running.host)
    return 0


def switch_off(lib: Library, opts: Namespace) -> int:
    """`beet history off`."""
    return _switch(lib, on=False, pretend=opts.pretend)


def switch_on(lib: Library, opts: Namespace) -> int:
    """`beet history on`."""
    return _switch(lib, on=True, pretend=opts.pretend)


def undo(lib: Library, opts: Namespace) -> int:
    """`beet undo`."""
    running = _start(lib)
    host, targets = running.host, app.change_targets()
    with host.paths():
        chosen = _chosen(host, opts)
        if not opts.pretend:
            edits.stop_files(host, chosen)
        planned = changes.plan_undo(host, chosen, force=opts.force)
        expected = changes.preview(host, planned.changes, targets)
        if opts.pretend:
            return _show_pretended(planned, expected, opts)
        if not opts.json:
            _print_lost(planned.not_restorable)
        number = changes.plan(
            host,
            planned.changes,
            this_command(),
            now=app.utc_now(),
            undo_of=chosen,
            force=opts.force,
        )
        with terminal.long_work() as (line, cancel):
            result = changes.apply(host, number, targets, report=line, cancel=cancel)
    return _show_result(planned, result, opts)


def _start(lib: Library) -> App:
    running = session.start(lib)
    observe.adopt_outside(running.host)
    prune(running.host, say=terminal.notice)
    return running


def _switch(lib: Library, *, on: bool, pretend: bool) -> int:
    running = session.start(lib)
    state = "on" if on else "off"
    if pretend:
        terminal.write(f"The journal would be {state}.")
        return 0
    journal.sync(running.host, enable=on)
    terminal.write(
        "The journal is on."
        if on
        else "The journal is off and its triggers are gone; what it holds can still be undone."
    )
    return 0


def _chosen(host: Host, opts: Namespace) -> list[ChangeSetId]:
    """The change sets to take back."""
    view = host.reading()
    if bool(opts.id) == opts.last:
        raise MusicToolError(
            "say what to take back: change set numbers, or --last.",
            hint="`beet history list` shows them.",
        )
    if opts.last:
        newest = journal.newest_changeset(view)
        if newest is None:
            raise MusicToolError("there is nothing to take back.")
        return [ChangeSetId(newest)]
    found = [store.get_set(view, number) for number in opts.id]
    busy = [s.changeset_id for s in found if s.state in {SetState.PLANNED, SetState.APPLYING}]
    if busy:
        raise MusicToolError(f"change set {busy[0]} is not finished yet.")
    return [each.changeset_id for each in found]


def _show_pretended(planned: UndoPlan, expected: Preview, opts: Namespace) -> int:
    count = sum(expected.counts.values())
    conflicts = [*planned.conflicts, *expected.conflicts]
    if opts.json:
        terminal.write_json(_json_undo(count, conflicts, planned.not_restorable, None))
        return 0
    _print_lost(planned.not_restorable)
    for change in expected.sample:
        terminal.write(f"  {_described(change)}")
    if count > len(expected.sample):
        terminal.write(f"  … and {count - len(expected.sample):,} more")
    _print_conflicts(conflicts, forced=opts.force)
    per_field = ", ".join(f"{n:,} {field}" for (_, field), n in expected.counts.items())
    terminal.write(f"{text.count(count, 'change')} would be made: {per_field or 'none'}.")
    return 0


def _show_result(planned: UndoPlan, result: Result, opts: Namespace) -> int:
    conflicts = [*planned.conflicts, *result.conflicts]
    lost = [*planned.not_restorable, *result.failed]
    if opts.json:
        number = result.changeset_id
        terminal.write_json(_json_undo(result.applied, conflicts, lost, number))
    else:
        for each in result.failed:
            terminal.write(f"  not done: {_place(each)}: {each.note}")
        _print_conflicts(conflicts, forced=opts.force)
        terminal.write(
            f"{text.count(result.applied, 'change')} taken back;"
            f" `beet undo {result.changeset_id}` makes them again."
        )
    if result.cancelled:
        raise Cancelled(f"stopped on request; {result.cancelled:,} changes are not taken back.")
    return len(conflicts) + len(result.failed)


def _json_undo(
    applied: int,
    conflicts: Iterable[Unfulfilled],
    not_restorable: Iterable[Unfulfilled],
    changeset: int | None,
) -> dict[str, Any]:
    """The documented object of an undo (docs/plugins/history.md)."""
    return {
        "applied": applied,
        "conflicts": [_json_unfulfilled(each) for each in conflicts],
        "not_restorable": [_json_unfulfilled(each) for each in not_restorable],
        "changeset": changeset,
    }


def _json_unfulfilled(each: Unfulfilled) -> dict[str, Any]:
    return {
        "entity": each.target,
        "entity_id": each.entity_id,
        "field": each.field,
        "why": each.note,
    }


def _print_lost(lost: Sequence[Unfulfilled]) -> None:
    for each in lost:
        terminal.write(f"  cannot be brought back: {_place(each)}: {each.note}")


def _print_conflicts(conflicts: Sequence[Unfulfilled], *, forced: bool) -> None:
    for each in conflicts:
        terminal.write(f"  left alone: {_place(each)}: {each.note}")
    if conflicts and not forced:
        said = text.count(len(conflicts), "conflict")
        terminal.write(f"{said} left alone; --force overwrites what was changed since.")


def _place(each: Unfulfilled | Change) -> str:
    if each.target in {TAGS_TARGET, CONTAINER_TARGET}:
        return f"tags in the file of item {each.entity_id}"
    if each.target == ART_TARGET:
        return f"cover of album {each.entity_id} ({each.field})"
    field = "" if each.field == changes.WHOLE_ROW else f" {each.field}"
    return f"{each.target} {each.entity_id}{field}"


def _described(change: Change) -> str:
    if change.field == changes.WHOLE_ROW:
        verb = "comes back" if change.new is not ABSENT else "leaves the library"
        return f"{_place(change)} {verb}"
    if change.target == TAGS_TARGET:
        return f"{_place(change)} as they were"
    if change.target == AUDIO_TARGET:
        return f"file of item {change.entity_id} as it was"
    if change.target == ART_TARGET:
        return f"{_place(change)} {'is taken away' if change.new is ABSENT else 'as it was'}"
    if change.target == NML_TARGET:
        told = [(value, places.said(change.field, value)) for value in (change.old, change.new)]
        old, new = (shown(value) if said is value else said for value, said in told)
        return f"{_place(change)}: {old} -> {new}"
    return f"{_place(change)}: {shown(change.old)} -> {shown(change.new)}"


def _print_sets(host: Host, rows: Sequence[Row], *, complete: bool) -> None:
    """Print change sets with their changes, unless complete only the newest and a few of each."""
    known = {s.changeset_id: s for s in store.list_sets(host.reading())}
    grouped = [(key, list(group)) for key, group in groupby(rows, key=lambda r: r["changeset"])]
    for number, group in grouped if complete else grouped[:_SHOWN_SETS]:
        terminal.write(_headline(known.get(number), number, group))
        for row in group if complete else group[:_SHOWN_CHANGES]:
            terminal.write(f"  {_line(row)}")
        if not complete and len(group) > _SHOWN_CHANGES:
            more = f"{len(group) - _SHOWN_CHANGES:,} more (`beet history list changeset:{number}`)"
            terminal.write(f"  … and {more}")
    if not rows:
        terminal.write("No changes.")
    elif not complete and len(grouped) > _SHOWN_SETS:
        terminal.write(f"… and {len(grouped) - _SHOWN_SETS:,} older change sets.")


def _headline(found: ChangeSet | None, number: int | None, group: Sequence[Row]) -> str:
    at = moment(group[0]["at"]).astimezone()
    entities = len({(row["entity"], row["entity_id"]) for row in group})
    size = f"{text.count(len(group), 'change')} in {text.count(entities, 'object')}"
    undone = ""
    if found and found.undo_of:
        undone = f", takes back {', '.join(str(n) for n in found.undo_of)}"
    source = found.origin.command or found.origin.source if found else group[0]["source"]
    return f"{number or '-'}  {at:%Y-%m-%d %H:%M}  {source}: {size}{undone}"


def _line(row: Row) -> str:
    place = f"{row['entity']} {row['entity_id']}"
    match row["op"]:
        case "insert":
            return f"{place} added"
        case "tags":
            return f"{place} tags written into its file"
        case "audio":
            return f"{place} another file took its place"
        case "art":
            return f"{place} cover file written"
        case "delete":
            whole = journal.decode_row(row["old"])
            name = whole.get("title") or whole.get("album") or ""
            return f"{place} removed: {_text(name)}"
        case _:
            old, new = (_shown(row, side) for side in ("old", "new"))
            return f"{place} {row['field']}: {old} -> {new}"


def _shown(row: Row, side: str) -> str:
    """A value; of a playlist of Traktor how many tracks it had."""
    value = row[side]
    told = places.said(row["field"], value) if row["op"] == journal.Op.NML.value else value
    return _text(value) if told is value else str(told)


def _text(value: Any) -> str:
    return repr("" if value is None else export.plain(value))


def _write_csv(rows: Sequence[Row], name: str) -> None:
    lines = "".join(export.csv_lines(rows))
    if name == "-":
        terminal.write(lines.rstrip("\r\n"))
        return
    replace_file(Path(name), lines.encode("utf-8", "surrogateescape"), mode=0o600)
    terminal.write(f"{text.count(len(rows), 'change')} written to {name}.")


def _say_if_off(host: Host) -> None:
    view = host.reading()
    if not journal.is_enabled(view):
        terminal.notice("The journal is off (`beet history on`): newer changes are not known.")
        return
    size = journal.size(view)
    if size.since is not None:
        terminal.notice(
            f"{text.count(size.rows, 'change')} kept since {moment(size.since):%Y-%m-%d},"
            f" about {size.bytes / 1e6:,.1f} MB."
        )
