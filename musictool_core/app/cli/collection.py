"""`beet collection`: list, import, sync, track lists, do I own this, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app, jobs
from musictool_core.app.cli import session, text
from musictool_core.db import moment
from musictool_core.discogs import mirror
from musictool_core.discogs import sync as discogs_sync
from musictool_core.discogs.connect import connect
from musictool_core.discogs.csvio import read_collection
from musictool_core.discogs.dump import read_dump
from musictool_core.discogs.jsonio import read_tracklists
from musictool_core.discogs.owned import OwnedAnswer, find_owned
from musictool_core.discogs.shelf_import import ImportResult, import_rows, import_tracklists
from musictool_core.discogs.tracklist_job import drop_needless_job, queue_job
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import models, terminal
from musictool_core.matching import barcode_key

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.db import Row
    from musictool_core.discogs.csvio import CsvProblem
    from musictool_core.discogs.jsonio import TracklistProblem
    from musictool_core.discogs.sync import SyncResult

_ORDER = ("artist+", "title+", "instance_id+")
_SHOWN_PROBLEMS = 5
_OWNED_WORDS = {"yes": "owned digitally", "partly": "partly digital", "no": "not digital", "": ""}


def list_copies(lib: Library, opts: Namespace) -> int:
    """`beet collection list`."""
    running = session.start(lib)
    session.refresh_gaps(running)
    rows = models.find_rows(running.host, mirror.INSTANCES, opts.query, order=_ORDER)
    shown = [row for row in rows if row["removed_at"] is None]
    for row in shown:
        if opts.json:
            terminal.write_json(_json_copy(row))
        elif opts.format:
            terminal.write(models.render(running.host, mirror.INSTANCES, row, opts.format))
        else:
            terminal.write(_copy_line(row))
    if not opts.json and not opts.format:
        terminal.notice(f"{text.count(len(shown), 'copy', 'copies')}.")
    return 0


def import_csv(lib: Library, opts: Namespace) -> int:
    """`beet collection import-csv`."""
    read = read_collection(Path(opts.file))
    running = session.start(lib)
    now = app.utc_now()
    with session.maybe_pretend(running.host, pretend=opts.pretend) as tx:
        result = import_rows(tx, read.rows, complete=not read.problems, now=now)
    terminal.write(_import_summary(result, pretend=opts.pretend))
    failures = _report_problems(read.problems)
    if opts.pretend:
        if opts.tracklists:
            shelf = {row.release_id for row in read.rows}
            listed = read_tracklists(Path(opts.tracklists), lambda _: None)
            _say_would_store(sum(release.release_id in shelf for release in listed))
        return failures
    if opts.tracklists:
        failures += _read_tracklist_file(running, Path(opts.tracklists))
    _finish(running)
    return failures


def sync(lib: Library, opts: Namespace) -> int:
    """`beet collection sync`."""
    running = session.start(lib)
    with (
        terminal.long_work() as (line, cancel),
        connect(running.host, running.settings, cancel) as api,
    ):
        if opts.pretend:
            listing = discogs_sync.fetch_listing(api, report=line, cancel=cancel)
            with session.maybe_pretend(running.host, pretend=True) as tx:
                result = discogs_sync.preview_collection(tx, listing)
        else:
            result = discogs_sync.sync_collection(
                running.host, api, now=app.utc_now, report=line, cancel=cancel, full=opts.full
            )
    terminal.write(_sync_summary(result, pretend=opts.pretend))
    if not opts.pretend:
        _finish(running)
    return 0


def fetch_tracklists(lib: Library, opts: Namespace) -> int:
    """`beet collection tracklists`."""
    running = session.start(lib)
    if opts.pretend:
        if opts.dump:
            wanted = set(mirror.wanted_releases(running.host.reading()))
            with terminal.long_work() as (line, cancel):
                found = sum(1 for _ in read_dump(Path(opts.dump), wanted, line, cancel))
            _say_would_store(found)
        terminal.write(session.tracklist_notice(running))
        return 0
    job = None
    if opts.dump:
        _read_dump_file(running, Path(opts.dump))
    else:
        job = _run_tracklist_job(running)
    session.refresh_gaps(running)
    terminal.write(session.tracklist_notice(running))
    if job is None:
        return 0
    if job.error:
        raise MusicToolError(job.error)
    return int(job.result["unreadable"]) if job.result else 0


def owned(lib: Library, opts: Namespace) -> int:
    """`beet collection owned`."""
    running = session.start(lib)
    session.refresh_gaps(running)
    code = " ".join(opts.code)
    answer = find_owned(running.host.reading(), code)
    if opts.json:
        for row in answer.copies:
            terminal.write_json({"found_by": answer.way.value, **_json_copy(row)})  # type: ignore[union-attr]
        return 0
    if answer.way is None:
        terminal.write(f"No: nothing like {code!r} among {_copies(answer.shelf)}.")
        _explain_barcodes(answer, code)
        return 0
    terminal.write(f"Yes, by {answer.way.value}: {_copies(len(answer.copies))}.")
    for row in answer.copies:
        added = moment(row["added"]).date().isoformat() if row["added"] else "unknown"
        terminal.write(f"  {_copy_line(row)}")
        terminal.write(f"    folder {row['folder'] or '-'}, added {added}")
    return 0


def status(lib: Library, opts: Namespace) -> int:
    """`beet collection status`."""
    running = session.start(lib)
    view = running.host.reading()
    lists = mirror.count_tracklists(view)
    copies = mirror.INSTANCES.count(view, where=mirror.LIVE)
    last = discogs_sync.last_sync(view)
    synced = moment(last["finished_at"]) if last else None
    if opts.json:
        terminal.write_json(
            {
                "copies": copies,
                "records": lists.total,
                "tracklists_known": lists.known,
                "tracklists_gone": lists.gone,
                "account": last["account"] if last else None,
                "synced_at": synced.isoformat() if synced else None,
            }
        )
        return 0
    terminal.write(f"{_copies(copies)} of {text.count(lists.total, 'record')}.")
    if last and synced:
        age = text.duration((app.utc_now() - synced).total_seconds())
        terminal.write(f"Synced with {last['account']} at Discogs {age} ago.")
    else:
        terminal.write("Never synced with Discogs; `beet collection sync` does (needs a token).")
    terminal.write(session.tracklist_notice(running))
    return 0


def _finish(running: App) -> None:
    """After the shelf changed: queue track lists, answer at record level, say what is next."""
    queue_job(running.host, now=app.utc_now())
    session.refresh_gaps(running)
    answers = {
        row["release_id"]: row["owned"] for row in mirror.live_instances(running.host.reading())
    }
    counts = {word: list(answers.values()).count(word) for word in ("yes", "partly", "no")}
    terminal.write(
        f"{text.count(len(answers), 'record')}: {counts['yes']:,} owned digitally,"
        f" {counts['partly']:,} partly, {counts['no']:,} not."
    )
    terminal.write(session.tracklist_notice(running))


def _run_tracklist_job(running: App) -> jobs.Job | None:
    """Run the job to its end and say what it got; None when no track list is wanted.

    Raises:
        Cancelled: the user stopped it; it waits to go on another time.
    """
    session.recover_jobs(running.host)
    job_id = queue_job(running.host, now=app.utc_now())
    if job_id is None:
        return None
    with terminal.long_work() as (line, cancel):
        job = jobs.run(
            running.host,
            job_id,
            app.job_kinds(running),
            now=app.utc_now,
            cancel=cancel,
            report=line,
        )
    if job.state is jobs.JobState.DONE and job.result is not None:
        stored, gone, odd = (job.result[name] for name in ("stored", "gone", "unreadable"))
        terminal.write(
            f"{text.count(stored, 'track list')} fetched, {gone} deleted at Discogs,"
            f" {odd} unreadable."
        )
    elif job.state is jobs.JobState.RUNNING:
        terminal.write(f"Job {job.job_id} is fetching them in another process already.")
    elif not job.error:
        raise Cancelled("stopped; what was fetched is kept. Run the command again to go on.")
    return job


def _read_tracklist_file(running: App, path: Path) -> int:
    problems: list[TracklistProblem] = []
    with terminal.long_work() as (line, cancel):
        stored = import_tracklists(
            running.host,
            read_tracklists(path, problems.append),
            origin="file",
            now=app.utc_now(),
            report=line,
            cancel=cancel,
        )
    terminal.write(f"{text.count(stored, 'track list')} stored from {path}.")
    drop_needless_job(running.host, now=app.utc_now())
    return _report_problems(problems)


def _read_dump_file(running: App, path: Path) -> None:
    wanted = set(mirror.wanted_releases(running.host.reading()))
    with terminal.long_work() as (line, cancel):
        stored = import_tracklists(
            running.host,
            read_dump(path, wanted, line, cancel),
            origin="dump",
            now=app.utc_now(),
            report=lambda _: None,
            cancel=cancel,
        )
    terminal.write(f"{text.count(stored, 'track list')} stored from {path}.")
    drop_needless_job(running.host, now=app.utc_now())


def _say_would_store(number: int) -> None:
    terminal.write(f"{text.count(number, 'track list')} would be stored.")


def _report_problems(problems: Sequence[CsvProblem | TracklistProblem]) -> int:
    for problem in problems[:_SHOWN_PROBLEMS]:
        terminal.notice(f"line {problem.line}: {problem.message}")
    if len(problems) > _SHOWN_PROBLEMS:
        terminal.notice(f"… and {len(problems) - _SHOWN_PROBLEMS:,} more lines.")
    return len(problems)


def _explain_barcodes(answer: OwnedAnswer, code: str) -> None:
    if barcode_key(code) and answer.barcodes < answer.records:
        terminal.write(
            f"Barcodes are known for {answer.barcodes:,} of {text.count(answer.records, 'record')};"
            " `beet collection tracklists` brings the others."
        )


def _import_summary(result: ImportResult, *, pretend: bool) -> str:
    was = "would be" if pretend else "was" if result.added == 1 else "were"
    line = (
        f"{_copies(result.added)} {was} added, {result.updated:,} updated,"
        f" {result.removed:,} marked as removed, {result.unchanged:,} unchanged"
    )
    return line + (f", {result.covered:,} known from Discogs itself." if result.covered else ".")


def _sync_summary(result: SyncResult, *, pretend: bool) -> str:
    if pretend:
        return (
            f"{_copies(result.listed)} listed: {result.added:,} would be added, {result.updated:,}"
            f" updated, {result.removed:,} are not listed any more and would be checked."
        )
    return (
        f"{_copies(result.listed)} on the shelf: {result.added:,} added,"
        f" {result.updated:,} updated, {result.removed:,} gone."
    )


def _copies(number: int) -> str:
    return text.count(number, "copy", "copies")


def _copy_line(row: Row) -> str:
    about = ", ".join(
        str(row[name]) for name in ("label", "catalognum", "year", "formats") if row[name]
    )
    owned_word = _OWNED_WORDS.get(row["owned"] or "", "")
    return f"{row['artist']} - {row['title']} [{about}] {owned_word}".rstrip()


def _json_copy(row: Row) -> dict[str, Any]:
    """The documented object of one copy (docs/plugins/discogscollection.md)."""
    known = row["instance_id"]
    return {
        "instance_id": int(known) if known.isdecimal() else known,
        "release_id": row["release_id"],
        "artist": row["artist"],
        "title": row["title"],
        "label": row["label"],
        "catalognum": row["catalognum"],
        "year": row["year"],
        "formats": row["formats"],
        "folder": row["folder"],
        "added": moment(row["added"]).isoformat() if row["added"] else None,
        "owned": row["owned"] or "",
    }
