"""`beet dj`: measure files, list what was measured, compare it, and find what mixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import engine, fill, filling, mixing, picture, verifying
from musictool_core.analysis.comments import check_template
from musictool_core.analysis.comparing import Relation
from musictool_core.analysis.due import identify
from musictool_core.analysis.sides import read_sides
from musictool_core.analysis.tagging import dress_tags
from musictool_core.app import analysing
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.app.cli.following import write_files
from musictool_core.audio.heard import DJ
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import find_ids, find_in_order, item_paths, render_items
from musictool_core.host.library import Host
from musictool_core.host.listening import carry_on
from musictool_core.host.settings import read_settings
from musictool_core.music import ItemId
from musictool_core.safeio import replace_file

if TYPE_CHECKING:
    import logging
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from beets.library import Item, Library

    from musictool_core.analysis.fill import Planned
    from musictool_core.analysis.filling import Kept
    from musictool_core.analysis.mixing import Neighbour, Side
    from musictool_core.analysis.verifying import Compared
    from musictool_core.app import App
    from musictool_core.audio.values import Analysis

_UNKNOWN = "-"


def analyze(lib: Library, opts: Namespace) -> int:
    """`beet dj analyze`."""
    if opts.jobs is not None and opts.jobs < 1:
        raise MusicToolError(f"-j {opts.jobs}: at least one file at a time.")
    running = session.start(lib)
    check_template(running.settings.analysis.comment)
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
            report=line,
            cancel=cancel,
        )
    template = running.settings.analysis.comment
    planned = fill.plan_fields(running.host, ids, template=template, force=opts.force)
    result = analysing.write(running.host, planned, this_command())
    unwritten = write_files(running, result.changeset_id) if result else 0
    _show(running, ids, planned, run.failed, as_json=opts.json)
    if not opts.json:
        summary = f"{text.count(run.measured, 'file')} measured, {run.known:,} known before"
        if not run.measured and run.known:
            summary = f"nothing new; {text.count(run.known, 'file')} known before"
        summary += f", {len(run.failed):,} failed" if run.failed else ""
        undo = f" `beet undo {result.changeset_id}` takes it back." if result else ""
        terminal.write(f"{summary}; {text.count(len(planned.changes), 'value')} written.{undo}")
        if planned.kept:
            terminal.write(
                f"{text.count(len(planned.kept), 'track')} keep another tempo, key or energy:"
                " `beet dj verify` compares."
            )
    if run.left:
        raise Cancelled(f"stopped on request; {run.left:,} files come with the next run.")
    return len(run.failed) + unwritten


def list_analyses(lib: Library, opts: Namespace) -> int:
    """`beet dj list`."""
    running = session.start(lib)
    ids = find_in_order(running.host, opts.query)
    found = {n: known for n, known, _ in fill.read_known(running.host.reading(), ids)}
    shown = [number for number in ids if number in found]
    if opts.format:
        for line in render_items(running.host, shown, opts.format):
            terminal.write(line)
        return 0
    paths = item_paths(running.host, shown)
    for number in shown:
        known = found[number]
        if opts.json:
            said = filling.as_json(known.analysis, known.error)
            terminal.write_json({"path": paths[number], **said})
        else:
            terminal.write(_line(paths[number], known.analysis, known.error))
    if not opts.json and len(shown) < len(ids):
        left = text.count(len(ids) - len(shown), "file")
        terminal.notice(f"{left} never measured; `beet dj analyze` does.")
    return 0


def verify(lib: Library, opts: Namespace) -> int:
    """`beet dj verify`."""
    running = session.start(lib)
    ids = find_in_order(running.host, opts.query)
    rows = list(verifying.compare(running.host.reading(), ids))
    paths = item_paths(running.host, {ItemId(row.item_id) for row in rows})
    for row in rows:
        path = paths[ItemId(row.item_id)]
        if opts.json:
            terminal.write_json({"path": path, **verifying.as_json(row)})
        elif opts.all or row.is_open:
            terminal.write(_verified(row, path))
    if not opts.json:
        counts = [
            f"{sum(row.found.relation is each for row in rows):,} {word}"
            for each, word in _RELATION_WORDS.items()
        ]
        confirmed = sum(row.found.confirms for row in rows)
        terminal.write(
            f"{text.count(len(rows), 'value')} compared: {', '.join(counts)};"
            f" {text.count(confirmed, 'tempo')} confirmed."
        )
    return 0


def mixable(lib: Library, opts: Namespace) -> int:
    """`beet dj mixable`."""
    running = session.start(lib)
    number = _only(running.host, opts.query)
    among = [opts.among] if opts.among else []
    view = running.host.reading()
    sides = {side.item_id: side for side in read_sides(view, find_ids_of(running.host, among))}
    track = sides.get(number) or next(iter(read_sides(view, [number])))
    if track.key is None or not track.bpm:
        raise MusicToolError(
            "its key and tempo are not known.", hint="`beet dj analyze` measures them."
        )
    found = mixing.find_neighbours(
        track, sides.values(), pitch_percent=opts.pitch, varispeed=opts.varispeed
    )[: opts.most]
    paths = item_paths(running.host, {ItemId(each.item_id) for each in found})
    if not opts.json:
        terminal.write(
            f"{track.key.camelot} {track.bpm:.2f} BPM; {text.count(len(found), 'track')}:"
        )
    for each in found:
        path = paths[ItemId(each.item_id)]
        if opts.json:
            terminal.write_json(_json_neighbour(path, sides[each.item_id], each))
        else:
            side = sides[each.item_id]
            key = each.key.camelot
            terminal.write(f"{each.score:.2f} {key:>3} {side.bpm:7.2f}  {path}")
            terminal.write(f"              {'; '.join(each.reasons)}")
    return 0


def find_ids_of(host: Host, words: Sequence[str]) -> list[ItemId]:
    """Items of a query that stands in one word."""
    return find_ids(host, [part for word in words for part in word.split()])


def points(lib: Library, opts: Namespace) -> int:
    """`beet dj points`."""
    running = session.start(lib)
    number = _only(running.host, opts.query)
    known = next(iter(fill.read_known(running.host.reading(), [number])), None)
    if known is None or known[1].analysis is None:
        why = known[1].error if known else "it was never measured"
        raise MusicToolError(f"nothing is known of it: {why}.", hint="`beet dj analyze` measures.")
    path = item_paths(running.host, [ItemId(number)])[ItemId(number)]
    if opts.png:
        target = Path(opts.png).expanduser().absolute()
        if not target.parent.is_dir():
            raise MusicToolError(f"{target.parent} is not a folder.")
        drawn = picture.draw_points(known[1].analysis, Path(path).stem)
        replace_file(target, drawn, mode=0o644)
    if opts.json:
        terminal.write_json(_json_points(path, known[1].analysis))
    else:
        _print_points(path, known[1].analysis)
    return 0


def before_write(item: Item, tags: dict[str, Any], log: logging.Logger) -> None:
    """Listener of `write`: the user may want another notation in tags."""
    with carry_on(log):
        settings = read_settings().analysis
        exact = fill.number_in(item.get("analysis_bpm"))
        dress_tags(tags, exact, notation=settings.tag_notation, decimals=settings.bpm_decimals)


def after_removal(item: Item, log: logging.Logger) -> None:
    """Listener of `item_removed`."""
    with carry_on(log):
        host = Host(item.db)
        if item.id is not None and engine.has_tables(host.reading()):
            with host.transaction() as tx:
                engine.forget(tx, [item.id])


# --- analyze -------------------------------------------------------------------------------------


def _pretend(running: App, ids: Sequence[ItemId], opts: Namespace) -> int:
    host = running.host
    known = engine.known_audio(host.reading())[DJ]
    due = 0
    with terminal.long_work() as (_, cancel):
        for file in engine.find_files(host.reading(), host, ids):
            cancel.check()
            one = identify(file)
            is_due = not one.error and (opts.force or one.digest not in known)
            due += is_due
            status = "failed" if one.error else "due" if is_due else "known"
            if opts.json:
                terminal.write_json(_json_file(str(file.path), status, one.error, [], ()))
            elif status != "known":
                terminal.write(f"{file.path}: {one.error or 'would be measured'}")
    if not opts.json:
        template = running.settings.analysis.comment
        planned = fill.plan_fields(host, ids, template=template, force=opts.force)
        terminal.write(
            f"{text.count(due, 'file')} would be measured;"
            f" {text.count(len(planned.changes), 'value')} of known ones would be written."
        )
    return 0


def _show(
    running: App,
    ids: Sequence[ItemId],
    planned: Planned,
    failed: Mapping[int, str],
    *,
    as_json: bool,
) -> None:
    changed: dict[int, list[str]] = {}
    for change in planned.changes:
        changed.setdefault(change.entity_id, []).append(change.field)
    paths = item_paths(running.host, ids)
    known = engine.known_of(running.host.reading(), ids)
    for number in ids:
        if number not in known or number not in paths:
            continue
        error, fields = failed.get(number, ""), changed.get(number, [])
        if as_json:
            status = "failed" if error else "filled" if fields else "known"
            kept = planned.kept.get(number, ())
            terminal.write_json(_json_file(paths[number], status, error, fields, kept))
        elif error or fields:
            terminal.write(_line(paths[number], known[number].analysis, error))


def _json_file(
    path: str, status: str, error: str, fields: Sequence[str], kept: Sequence[Kept]
) -> dict[str, Any]:
    return {
        "path": path,
        "status": status,
        "error": error or None,
        "fields": sorted(fields),
        "kept": {each.field: {"is": each.present, "measured": each.measured} for each in kept},
    }


# --- list ----------------------------------------------------------------------------------------


def _line(path: str, found: Analysis | None, error: str) -> str:
    if found is None:
        return f"{path}: {error}"
    key = found.key.key.camelot if found.key else _UNKNOWN
    bpm = f"{found.tempo.bpm:.2f}" if found.tempo else _UNKNOWN
    energy = f"{found.energy.level:.1f}" if found.energy else _UNKNOWN
    lufs = f"{found.loudness.integrated_lufs:.1f}" if found.loudness else _UNKNOWN
    return f"{key:>3} {bpm:>7} BPM  energy {energy:>4}  {lufs:>5} LUFS  {path}"


# --- verify --------------------------------------------------------------------------------------

_RELATION_WORDS = {
    Relation.EQUAL: "equal",
    Relation.OCTAVE: "in another octave",
    Relation.HARMONIC: "harmonic",
    Relation.CONTRADICTION: "contradicting",
}


def _verified(row: Compared, path: str) -> str:
    found = row.found
    detail = f" ({found.detail})" if found.detail else ""
    is_octave = found.relation is Relation.OCTAVE
    sure = "; its octave is taken" if is_octave else "; confirms ours"
    sure = sure if found.confirms else ""
    sure += "; decided by you" if row.is_decided else ""
    return (
        f"{found.relation.value + detail:<24} {row.source} {row.value}, measured"
        f" {row.measured} ({row.confidence:.2f}){sure}  {path}"
    )


# --- mixable, points -----------------------------------------------------------------------------


def _only(host: Host, query: Sequence[str]) -> int:
    found = find_ids(host, query) if query else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise MusicToolError("no track is found; which one?", hint="e.g. title:Undertow or id:12")
    raise MusicToolError(
        f"{len(found):,} tracks are found; which one?", hint="e.g. add its artist, or give id:12"
    )


def _json_neighbour(path: str, side: Side, found: Neighbour) -> dict[str, Any]:
    return {
        "path": path,
        "item": found.item_id,
        "bpm": round(side.bpm, 3),
        "camelot": side.key.camelot if side.key else None,
        "tempo_change_percent": round(found.tempo_change, 3),
        "camelot_at_tempo": found.key.camelot,
        "relation": found.relation,
        "energy": side.energy,
        "score": round(found.score, 3),
        "reasons": list(found.reasons),
    }


def _json_points(path: str, found: Analysis) -> dict[str, Any]:
    values = filling.as_json(found)
    names = ("bpm", "grid_offset_s", "intro_end_s", "outro_start_s", "mix_in_s")
    return {
        "path": path,
        **{name: values[name] for name in (*names, "mix_out_s")},
        "length_s": round(found.duration_s, 3),
        "confidence": round(found.structure.confidence, 3) if found.structure else None,
        "sections": values["sections"],
    }


def _print_points(path: str, found: Analysis) -> None:
    terminal.write(_line(path, found, ""))
    structure = found.structure
    if structure is None:
        terminal.write("Its arrangement is unclear.")
        return
    for each in structure.sections:
        bars = text.count(each.bars, "bar") if each.bars is not None else ""
        times = f"{_clock(each.start_s)} to {_clock(each.end_s)}"
        terminal.write(f"  {times}  {each.label:<6} {bars:>8}  energy {each.energy:.1f}")
    marks = {
        "intro ends": structure.intro_end_s,
        "mix in": structure.mix_in_s,
        "mix out": structure.mix_out_s,
        "outro begins": structure.outro_start_s,
    }
    for name, at_s in marks.items():
        if at_s is not None:
            terminal.write(f"{name + ':':<14}{_clock(at_s)}{_bar_said(found, at_s)}")


def _bar_said(found: Analysis, at_s: float) -> str:
    """In which bar a time is, counted from 1; "" without a steady grid."""
    if found.tempo is None or found.grid is None or found.grid.downbeat is None:
        return ""
    beats = (at_s - found.grid.offset_s) * found.tempo.bpm / 60 - found.grid.downbeat
    return f" (bar {round(beats / 4, 1) + 1:g})"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:>2}:{seconds % 60:05.2f}"
