"""`beet quality`: how good files are, and which of them to replace first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.analysis import engine
from musictool_core.analysis.due import identify
from musictool_core.app import analysing
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.audio.heard import SIGNAL
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import find_ids, find_in_order, item_paths, render_items
from musictool_core.music import ItemId
from musictool_core.quality import listing, wanting
from musictool_core.quality.scoring import read_scores
from musictool_core.quality.upgrades import rank

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping, Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.changes import Change
    from musictool_core.quality.score import Score

_SHOWN_LOSSES = 3


def score(lib: Library, opts: Namespace) -> int:
    """`beet quality score`."""
    if opts.jobs is not None and opts.jobs < 1:
        raise MusicToolError(f"-j {opts.jobs}: at least one file at a time.")
    running = session.start(lib)
    ids = find_ids(running.host, opts.query)
    if opts.pretend:
        return _pretend(running, ids, opts)
    with terminal.long_work() as (line, cancel):
        run = analysing.measure(
            running.host,
            ids,
            running.settings.analysis,
            force=opts.force,
            workers=opts.jobs,
            groups=(SIGNAL,),
            report=line,
            cancel=cancel,
        )
    planned = analysing.plan_known_scores(running.host, ids, running.settings.quality.use)
    result = analysing.write_scores(running.host, planned, this_command())
    _show(running, ids, planned, run.failed, as_json_lines=opts.json)
    if not opts.json:
        summary = f"{text.count(run.measured, 'file')} checked, {run.known:,} known before"
        if not run.measured and run.known:
            summary = f"nothing new; {text.count(run.known, 'file')} known before"
        summary += f", {len(run.failed):,} failed" if run.failed else ""
        undo = f" `beet undo {result.changeset_id}` takes it back." if result else ""
        terminal.write(f"{summary}; {text.count(len(planned), 'value')} written.{undo}")
    if run.left:
        raise Cancelled(f"stopped on request; {run.left:,} files come with the next run.")
    return len(run.failed)


def list_scores(lib: Library, opts: Namespace) -> int:
    """`beet quality list`."""
    running = session.start(lib)
    host = running.host
    ids = find_in_order(host, opts.query)
    use = opts.use or running.settings.quality.use
    found = dict(read_scores(host.reading(), ids, use))
    shown = [number for number in ids if number in found]
    if opts.format:
        for line in render_items(host, shown, opts.format):
            terminal.write(line)
        return 0
    paths = item_paths(host, shown)
    for number in shown:
        scored = found[number]
        if opts.json:
            terminal.write_json(listing.as_json(paths[number], use, scored))
        else:
            _print_row(paths[number], scored.score, scored.error)
    if not opts.json and len(shown) < len(ids):
        left = text.count(len(ids) - len(shown), "file")
        terminal.notice(f"{left} never checked; `beet quality score` does.")
    return 0


def upgrades(lib: Library, opts: Namespace) -> int:
    """`beet quality upgrades`."""
    if opts.pretend and not opts.want:
        raise MusicToolError("--pretend goes with --want: a list changes nothing.")
    if opts.most < 0:
        raise MusicToolError(f"--most {opts.most}: a number of files, or 0 for all.")
    running = session.start(lib)
    host = running.host
    ids = find_ids(host, opts.query)
    use = opts.use or running.settings.quality.use
    tracks = listing.read_played(host.reading(), ids, use, find_ids(host, ["on_shelf:yes"]))
    ranked = rank(tracks)
    shown = ranked[: opts.most] if opts.most > 0 else ranked
    numbers = [ItemId(each.played.item_id) for each in shown]
    if opts.want:
        return _want(running, numbers, opts)
    if opts.format:
        for line in render_items(host, numbers, opts.format):
            terminal.write(line)
        return 0
    paths = item_paths(host, numbers)
    for number, each in zip(numbers, shown, strict=True):
        if opts.json:
            terminal.write_json(listing.upgrade_json(paths[number], each))
        else:
            plays = text.count(each.played.plays, "play")
            stars = f", {each.played.stars} stars" if each.played.stars else ""
            terminal.write(f"{each.points:6.2f} points, {plays}{stars}  {paths[number]}")
            terminal.write(f"        {each.advice}")
    if not opts.json:
        kept = f"; {len(shown):,} shown" if len(shown) < len(ranked) else ""
        terminal.write(f"{text.count(len(ranked), 'file')} to replace{kept}.")
    return 0


def _want(running: App, numbers: Sequence[ItemId], opts: Namespace) -> int:
    """Note that better copies of these files are wanted."""
    host = running.host
    planned = wanting.plan_wanted(host.reading(), numbers, wanted=True)
    paths = item_paths(host, numbers)
    for change in planned:
        path = paths[ItemId(change.entity_id)]
        if opts.json:
            terminal.write_json({"path": path, "item": change.entity_id})
        else:
            terminal.write(path)
    if opts.pretend or not planned:
        said = f"Better copies of {text.count(len(planned), 'file')} would be wanted."
        result = None
    else:
        said = f"Better copies of {text.count(len(planned), 'file')} are wanted."
        result = analysing.write_scores(host, planned, this_command())
    if not opts.json:
        undo = f" `beet undo {result.changeset_id}` takes it back." if result else ""
        terminal.write(f"{said if planned else 'Nothing new is wanted.'}{undo}")
    return 0


# --- score ---------------------------------------------------------------------------------------


def _pretend(running: App, ids: Sequence[ItemId], opts: Namespace) -> int:
    host = running.host
    known = engine.known_audio(host.reading(), (SIGNAL,))[SIGNAL]
    due = 0
    with terminal.long_work() as (_, cancel):
        for file in engine.find_files(host.reading(), host, ids):
            cancel.check()
            one = identify(file)
            is_due = not one.error and (opts.force or one.digest not in known)
            due += is_due
            status = "failed" if one.error else "due" if is_due else "known"
            if opts.json:
                terminal.write_json(_json_file(str(file.path), status, one.error, ()))
            elif status != "known":
                terminal.write(f"{file.path}: {one.error or 'would be checked'}")
    if not opts.json:
        planned = analysing.plan_known_scores(host, ids, running.settings.quality.use)
        terminal.write(
            f"{text.count(due, 'file')} would be checked;"
            f" {text.count(len(planned), 'value')} of known ones would be written."
        )
    return 0


def _show(
    running: App,
    ids: Sequence[ItemId],
    planned: Collection[Change],
    failed: Mapping[int, str],
    *,
    as_json_lines: bool,
) -> None:
    changed: dict[int, list[str]] = {}
    for change in planned:
        changed.setdefault(change.entity_id, []).append(change.field)
    paths = item_paths(running.host, ids)
    known = dict(read_scores(running.host.reading(), ids, running.settings.quality.use))
    for number in ids:
        if number not in known or number not in paths:
            continue
        error, fields = failed.get(number, ""), changed.get(number, [])
        if as_json_lines:
            status = "failed" if error else "scored" if fields else "known"
            terminal.write_json(_json_file(paths[number], status, error, fields))
        elif error or fields:
            _print_row(paths[number], known[number].score, error, most=_SHOWN_LOSSES)


def _json_file(path: str, status: str, error: str, fields: Sequence[str]) -> dict[str, Any]:
    return {"path": path, "status": status, "error": error or None, "fields": sorted(fields)}


# --- list ----------------------------------------------------------------------------------------


def _print_row(path: str, found: Score | None, error: str, *, most: int | None = None) -> None:
    if found is None:
        terminal.write(f"    -  {path}: {error}")
        return
    verdict = found.verdict.replace("_", " ") + (f" ({found.codec})" if found.codec else "")
    terminal.write(f"{found.score:5.1f}  {found.confidence}  {verdict}  {path}")
    for loss in found.losses[:most]:
        why = f"{loss.reason.rstrip('.')}: {loss.value} (limit: {loss.limit})"
        terminal.write(f"         {-loss.points:6.2f}  {why}")
