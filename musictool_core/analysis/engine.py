"""A run: files are examined by workers, and what comes of them is stored at once."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import codec
from musictool_core.analysis.due import AudioFile, Examined, examine
from musictool_core.analysis.tables import FILES, RESULTS, SIGNALS
from musictool_core.audio.heard import DJ, SIGNAL
from musictool_core.audio.signal.values import SIGNAL_VERSION
from musictool_core.audio.values import VERSION
from musictool_core.db import In, epoch
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from musictool_core.analysis.workers import Outcome, Workers
    from musictool_core.audio.signal.values import Signal
    from musictool_core.audio.values import Analysis
    from musictool_core.db import Table, Tx
    from musictool_core.host.library import Host
    from musictool_core.host.settings import AnalysisSettings
    from musictool_core.jobs.runner import Clock
    from musictool_core.progress import CancelToken, Report

_ATTEMPTS = 3
"""Audio that could not be measured so often is left alone, unless it is forced."""

_AHEAD = 4
"""Files that wait for each worker, so that none is idle."""

_LOOK_S = 0.2
"""How often a run that waits asks whether it is to stop."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to.

    Attributes:
        measured: files that were measured now.
        known: files whose audio was known.
        failed: why, by number of the item.
        left: files that were not looked at, because the user stopped.
    """

    measured: int
    known: int
    failed: dict[int, str]
    left: int


def find_files(view: Tx, host: Host, ids: Collection[int]) -> list[AudioFile]:
    """The files of items, with what is known of them; items that are gone are left out."""
    found = []
    for part in in_parts(list(ids)):
        images = read_images(view, Entity.ITEM, part, {"path", "length"})
        seen = {row["item_id"]: row for row in FILES.select(view, where={"item_id": In(part)})}
        for number in part:
            if number not in images:
                continue
            columns, row = images[number].columns, seen.get(number)
            length = columns["length"]
            found.append(
                AudioFile(
                    number,
                    file_of(host, columns["path"]),
                    float(length) if isinstance(length, int | float) else None,
                    *((row["digest"], row["size"], row["modified_ns"]) if row else ()),
                )
            )
    return found


_GROUPS: Mapping[str, tuple[Table, int, str]] = {
    DJ: (RESULTS, VERSION, "analysis"),
    SIGNAL: (SIGNALS, SIGNAL_VERSION, "signal"),
}
"""For each group of measures its table, its version now, and the column of what was found."""


def known_audio(view: Tx, groups: Sequence[str] = (DJ,)) -> dict[str, dict[str, str]]:
    """For each group, audio that needs no measuring: "" when it is measured, else why it never is.

    By digest.
    """
    return {group: _known_to(view, group) for group in groups}


def _known_to(view: Tx, group: str) -> dict[str, str]:
    table, version, _ = _GROUPS[group]
    rows = table.select(view, ("digest", "error", "attempts"), where={"version": version})
    return {
        row["digest"]: row["error"]
        for row in rows
        if not row["error"] or row["attempts"] >= _ATTEMPTS
    }


def run(
    host: Host,
    files: Sequence[AudioFile],
    workers: Workers,
    settings: AnalysisSettings,
    *,
    now: Clock,
    report: Report,
    cancel: CancelToken,
    force: bool = False,
    groups: Sequence[str] = (DJ,),
) -> Run:
    """Examine files; what is done when the user stops is kept, and the rest is said.

    Args:
        host: the library, with our tables.
        files: of items; their `key` is the number of the item.
        workers: who measures.
        settings: of the user.
        now: the time (UTC).
        report: takes the progress, in files.
        cancel: asked while waiting; what is being measured is given up.
        force: measure known audio, too.
        groups: of measures that are wanted.

    Raises:
        Unable: nothing can be measured here.
        StorageError: the library cannot be written.
    """
    _forget_gone(host)
    known = known_audio(host.reading(), groups)
    task = partial(examine, known=known, tempo_range=settings.tempo_range, force=force)
    counts, failed, done = {True: 0, False: 0}, dict[int, str](), 0
    for one in _examined(files, workers, task, cancel):
        if one is None:
            # A job that reports nothing would not hear that it is to stop.
            report(Progress(done, len(files), _said(counts)))
            continue
        if one.is_news:
            with host.transaction() as tx:
                store(tx, one, at=epoch(now()))
        note(known, one)
        if error := one.error or error_of(known, one.digest):
            failed[one.file.key] = error
        else:
            counts[one.outcome is not None] += 1
        done += 1
        report(Progress(done, len(files), _said(counts)))
    return Run(counts[True], counts[False], failed, len(files) - done)


def _said(counts: dict[bool, int]) -> str:
    return f"files looked at, {counts[True]:,} measured"


def _examined(
    files: Iterable[AudioFile], workers: Workers, task: Any, cancel: CancelToken
) -> Iterator[Examined | None]:
    """Examine files as fast as the workers can, in whatever order they are done.

    None now and then while all of them take their time.
    """
    done: queue.SimpleQueue[Future[Examined]] = queue.SimpleQueue()
    waiting, under_way = iter(files), 0
    try:
        while not cancel.cancelled:
            while under_way < workers.count * _AHEAD and (file := next(waiting, None)):
                workers.submit(partial(task, file)).add_done_callback(done.put)
                under_way += 1
            if not under_way:
                return
            try:
                future = done.get(timeout=_LOOK_S)
            except queue.Empty:
                yield None
                continue
            under_way -= 1
            yield future.result()
    finally:
        if under_way:
            workers.close()


def store(tx: Tx, one: Examined, *, at: float) -> None:
    """Store what a file of an item holds, and what measuring it gave."""
    file = {
        "item_id": one.file.key,
        "digest": one.digest,
        "size": one.size,
        "modified_ns": one.modified_ns,
        "error": one.error,
    }
    FILES.upsert(tx, [file])
    if one.outcome is not None:
        store_outcome(tx, one.digest, one.outcome, at=at, groups=one.groups)


def store_outcome(
    tx: Tx, digest: str, outcome: Outcome, *, at: float, groups: Sequence[str] = (DJ,)
) -> None:
    """Store what measuring gave; an attempt that fails takes nothing away."""
    for group in groups:
        table, version, column = _GROUPS[group]
        before = table.get(tx, {"digest": digest, "version": version})
        found = _found(outcome, group)
        if found is None and before is not None and before[column] is not None:
            continue
        attempts = (before["attempts"] if before else 0) + 1
        row = {
            "digest": digest,
            "version": version,
            "at": at,
            column: codec.encode(found) if found else None,
            "error": _error(outcome, group),
            "attempts": 0 if found else attempts,
        }
        if group == DJ:
            row["engine"] = outcome.analysis.engine if outcome.analysis else ""
        table.upsert(tx, [row])


def _found(outcome: Outcome, group: str) -> Analysis | Signal | None:
    return outcome.analysis if group == DJ else outcome.signal


def _error(outcome: Outcome, group: str) -> str:
    return "" if _found(outcome, group) else outcome.error


def note(known: Mapping[str, dict[str, str]], one: Examined) -> None:
    """Remember what came of a file, so that its audio is not measured again in one run."""
    if one.outcome is not None:
        for group in one.groups:
            known[group][one.digest] = _error(one.outcome, group)


def error_of(known: Mapping[str, dict[str, str]], digest: str) -> str:
    """Why audio could not be measured; "" when it could."""
    return next((there[digest] for there in known.values() if there.get(digest)), "")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the audio of an item.

    Attributes:
        analysis: None when it could not be measured.
        error: why not.
        written: what we wrote into fields of the item that others fill, too.
    """

    analysis: Analysis | None
    error: str
    written: dict[str, Any]


def known_of(view: Tx, ids: Collection[int]) -> dict[int, Known]:
    """What is known of items; those that were never looked at are left out."""
    found: dict[int, Known] = {}
    for part in in_parts(list(ids)):
        files = FILES.select(view, where={"item_id": In(part)})
        digests = In({row["digest"] for row in files if row["digest"]})
        results = {row["digest"]: row for row in RESULTS.select(view, where={"digest": digests})}
        for row in files:
            result = results.get(row["digest"])
            if not result and not row["error"]:
                # Only its signal was checked.
                continue
            stored = result["analysis"] if result else None
            found[row["item_id"]] = Known(
                codec.decode(stored) if stored else None,
                row["error"] or (result["error"] if result else ""),
                row["written"] or {},
            )
    return found


def analysis_of(view: Tx, digest: str) -> Analysis | None:
    """What is known of audio, None when that is nothing."""
    row = RESULTS.get(view, {"digest": digest})
    return codec.decode(row["analysis"]) if row and row["analysis"] else None


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of the signal of an item.

    Attributes:
        signal: None when it could not be checked, or never was.
        error: why not; "" when it never was.
    """

    signal: Signal | None
    error: str


def signals_of(view: Tx, ids: Collection[int]) -> dict[int, Checked]:
    """The same for signals; items whose file was never looked at are left out."""
    found: dict[int, Checked] = {}
    for part in in_parts(list(ids)):
        files = FILES.select(view, where={"item_id": In(part)})
        digests = In({row["digest"] for row in files if row["digest"]})
        results = {row["digest"]: row for row in SIGNALS.select(view, where={"digest": digests})}
        for row in files:
            result = results.get(row["digest"])
            if not result and not row["error"]:
                continue
            stored = result["signal"] if result else None
            found[row["item_id"]] = Checked(
                codec.decode_signal(stored) if stored else None,
                row["error"] or (result["error"] if result else ""),
            )
    return found


def signal_of(view: Tx, digest: str) -> Signal | None:
    """What is known of the signal of audio, None when that is nothing."""
    row = SIGNALS.get(view, {"digest": digest})
    return codec.decode_signal(row["signal"]) if row and row["signal"] else None


def has_tables(view: Tx) -> bool:
    """Whether the library was ever opened with this feature."""
    return FILES.exists(view)


def forget(tx: Tx, ids: Collection[int]) -> None:
    """Forget which audio items held: they left the library, and numbers are given out again."""
    FILES.delete(tx, where={"item_id": In(list(ids))})


def _forget_gone(host: Host) -> None:
    """The same for all items that left without our noticing."""
    view = host.reading()
    seen = [row["item_id"] for row in FILES.select(view, ("item_id",))]
    there = {
        number for part in in_parts(seen) for number in read_images(view, Entity.ITEM, part, {"id"})
    }
    if gone := set(seen) - there:
        with host.transaction() as tx:
            forget(tx, gone)
