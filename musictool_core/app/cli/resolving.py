"""`beet quality resolve`, `replace` and `trash`: files that make room for better ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.app.cli.following import write_files
from musictool_core.changes.model import NML_TARGET
from musictool_core.changes.rows import shown
from musictool_core.errors import MusicToolError
from musictool_core.host import terminal
from musictool_core.host.entities import file_of
from musictool_core.host.items import find_ids, item_paths
from musictool_core.music import ItemId
from musictool_core.quality.resolution.choice import Refused, Resolution
from musictool_core.quality.resolution.trash import FOLDER, empty, heaps
from musictool_core.traktor import places

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.changes import Change, Result
    from musictool_core.quality.resolution.planning import Plan

_NEEDS_NUMPY = "`pip install 'musictool[analysis]'`"


def resolve(lib: Library, opts: Namespace) -> int:
    """`beet quality resolve`."""
    try:
        from musictool_core.app import resolving  # noqa: PLC0415 - numpy is an extra
    except ImportError as error:
        raise MusicToolError(
            "comparing sounds needs numpy and scipy.", hint=_NEEDS_NUMPY
        ) from error
    running = session.start(lib)
    host = running.host
    with terminal.long_work() as (line, cancel):
        found = resolving.find(host, find_ids(host, opts.query), report=line, cancel=cancel)
    planned = resolving.plan(running, found.groups, across_albums=opts.across_albums)
    members = [n for group in found.groups for n in group.members]
    paths = item_paths(host, [ItemId(n) for n in (*members, *found.failed)])
    for key, why in found.failed.items():
        terminal.notice(f"{paths[ItemId(key)]}: {why}")
    _print_plan(planned, paths, as_json=opts.json)
    if opts.pretend or not planned.resolutions:
        if not opts.json:
            terminal.write(_summary(planned, "would go to the trash"))
        return len(found.failed)
    with terminal.long_work() as (line, cancel):
        result = resolving.apply(
            host, planned, this_command(), decks=resolving.decks_of(running),
            report=line, cancel=cancel,
        )  # fmt: skip
    return len(found.failed) + _told(
        running, result, _summary(planned, "went to the trash"), as_json=opts.json
    )


def _told(running: App, result: Result | None, summary: str, *, as_json: bool) -> int:
    """Say what became of it; return how many failed."""
    if result is None:
        return 0
    unwritten = write_files(running, result.changeset_id)
    for each in (*result.failed, *result.conflicts):
        terminal.notice(f"{each.target} {each.entity_id}: {each.note}")
    if result.cancelled:
        terminal.notice(f"stopped on request; {result.cancelled:,} changes were not made.")
    if not as_json:
        terminal.write(f"{summary} `beet undo {result.changeset_id}` takes it back.")
    return unwritten + len(result.failed) + len(result.conflicts) + result.cancelled


def _summary(planned: Plan, verb: str) -> str:
    files = text.count(len(planned.trashed), "file")
    groups = text.count(len(planned.resolutions), "group")
    cues = f", {text.count(planned.cues, 'cue')} moved with the sound" if planned.cues else ""
    return f"{files} of {groups} {verb}{cues}; {len(planned.refused):,} left alone."


def replace(lib: Library, opts: Namespace) -> int:
    """`beet quality replace`."""
    try:
        from musictool_core.app import resolving  # noqa: PLC0415 - numpy is an extra
    except ImportError as error:
        raise MusicToolError(
            "comparing sounds needs numpy and scipy.", hint=_NEEDS_NUMPY
        ) from error
    new = Path(opts.file).expanduser().absolute()
    if not new.is_file():
        raise MusicToolError(f"{new} is no file.")
    running = session.start(lib)
    host = running.host
    ids = find_ids(host, opts.query)
    if len(ids) != 1:
        found = text.count(len(ids), "track")
        raise MusicToolError(f"the query finds {found}; name the one to replace.")
    with terminal.long_work() as (line, cancel):
        laid = resolving.lay(host, ids[0], new, report=line, cancel=cancel)
    planned = resolving.plan_replacement(running, ids[0], new, laid, force=opts.force)
    terminal.write(f"{item_paths(host, ids)[ids[0]]} -> {new.name}: {laid.told}.")
    _print_traktor(planned.changes)
    if opts.pretend:
        terminal.write("The file before would go to the trash.")
        return 0
    with terminal.long_work() as (line, cancel):
        result = resolving.apply(
            host, planned, this_command(), decks=resolving.decks_of(running),
            report=line, cancel=cancel,
        )  # fmt: skip
    cues = f", {text.count(planned.cues, 'cue')} moved with the sound" if planned.cues else ""
    return _told(running, result, f"The file before went to the trash{cues}.", as_json=False)


def trash(lib: Library, opts: Namespace) -> int:
    """`beet quality trash`."""
    if opts.older is not None and opts.older < 0:
        raise MusicToolError(f"--older {opts.older}: a number of days.")
    host = session.start(lib).host
    found = heaps(host)
    if opts.older is not None:
        before = f"{app.utc_now() - timedelta(days=opts.older):%Y-%m-%d %H-%M-%S}"
        found = [heap for heap in found if heap.name <= before]
    for heap in found:
        if opts.json:
            terminal.write_json({"name": heap.name, "files": heap.files, "bytes": heap.size})
        else:
            size = f"{heap.size / 1e6:,.1f} MB"
            terminal.write(f"{heap.name}  {text.count(heap.files, 'file')}  {size}")
    if opts.empty and not opts.pretend:
        count = empty(host, [heap.name for heap in found])
        if not opts.json:
            terminal.write(f"{text.count(count, 'file')} deleted for good.")
    elif not opts.json:
        where = file_of(host, FOLDER)
        terminal.write(f"{text.count(sum(heap.files for heap in found), 'file')} in {where}.")
    return 0


def _print_plan(planned: Plan, paths: Mapping[ItemId, str], *, as_json: bool) -> None:
    for resolution in planned.resolutions:
        if as_json:
            terminal.write_json(as_row(resolution, planned, paths))
            continue
        terminal.write(f"{'; '.join(resolution.reasons)}")
        for line in _lines(resolution, paths):
            terminal.write(f"  {line}")
    if not as_json:
        _print_traktor(planned.changes)
    for refused in planned.refused:
        if as_json:
            terminal.write_json(as_row(refused, planned, paths))
        else:
            terminal.write(f"Left alone: {refused.why}")
            for number in refused.members:
                terminal.write(f"  {paths.get(ItemId(number), f'item {number}')}")


def _lines(resolution: Resolution, paths: Mapping[ItemId, str]) -> list[str]:
    kept, audio = resolution.kept.item_id, resolution.audio.item_id
    found = [f"stays: {paths[ItemId(kept)]}"]
    if kept != audio:
        found.append(f"with the audio of: {paths[ItemId(audio)]}")
        found.append(f"to the trash: {paths[ItemId(kept)]}, as it was")
    found += [f"to the trash: {paths[ItemId(each.item_id)]}" for each in resolution.losers]
    for field, (value, _) in resolution.values.items():
        found.append(f"{field}: {shown(resolution.kept.row.value(field))} -> {shown(value)}")
    return found


def _print_traktor(changes: Sequence[Change]) -> None:
    """What becomes of entries and playlists of Traktor."""
    for change in changes:
        if change.target == NML_TARGET:
            place = places.place(change.field)
            name = place.entry[0] if place.kind is places.Kind.ENTRY else place.name
            old, new = (places.said(change.field, value) for value in (change.old, change.new))
            terminal.write(f"Traktor: {place.kind.value} {name}: {old} -> {new}")


def as_row(
    resolution: Resolution | Refused, planned: Plan, paths: Mapping[ItemId, str]
) -> dict[str, Any]:
    """The documented object of one group."""
    if isinstance(resolution, Refused):
        files = [paths.get(ItemId(n), f"item {n}") for n in resolution.members]
        return {
            "files": files, "kept": None, "audio": None, "trashed": [], "values": {},
            "reasons": [], "refused": resolution.why,
        }  # fmt: skip
    kept, losers = resolution.kept, {loser.item_id for loser in resolution.losers}
    trashed = [paths[ItemId(t.item_id)] for t in planned.trashed if t.item_id in losers]
    return {
        "files": [paths[ItemId(kept.item_id)], *trashed],
        "kept": paths[ItemId(kept.item_id)],
        "audio": paths[ItemId(resolution.audio.item_id)],
        "trashed": trashed,
        "values": {
            field: {"old": shown(kept.row.value(field)), "new": shown(value)}
            for field, (value, _) in resolution.values.items()
        },
        "reasons": list(resolution.reasons),
        "refused": None,
    }
