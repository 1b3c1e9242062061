"""What is imported is measured while beets asks its questions, and collected in one stage.

Files are put in when a task is created, so that lookups, prompts and copying hide the measuring.
What it says is set in the stage, before beets writes tags and moves files; where beets writes none
(as-is), we do. All of it is part of the import: undoing that takes it back.

Two plugins measure what is imported: `djanalysis` for DJs, `quality` the signal. Where both do, the
first does it for both, so that each file is decoded once.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.analysis import cluster, engine, filling
from musictool_core.analysis.due import AudioFile, examine
from musictool_core.analysis.tables import FILES
from musictool_core.analysis.workers import Unable
from musictool_core.app import analysing
from musictool_core.audio.heard import DJ, SIGNAL
from musictool_core.db import epoch
from musictool_core.errors import StorageError
from musictool_core.host import filework
from musictool_core.host.cells import tag_fields
from musictool_core.host.listening import Literal, carry_on
from musictool_core.host.loaded import is_loaded
from musictool_core.host.settings import read_settings
from musictool_core.quality import replacing
from musictool_core.quality.limits import read_limits
from musictool_core.quality.score import assess
from musictool_core.quality.scoring import fields_of, read_scores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from beets.library import Item, Library

    from musictool_core.analysis.due import Examined
    from musictool_core.analysis.filling import FieldValue
    from musictool_core.analysis.workers import Workers
    from musictool_core.app import App
    from musictool_core.host.settings import Settings

_LOOK_S = 0.2

_FROM_IMPORT = "beet import"

_REPLACING = frozenset({"REMOVE", "UPGRADE"})
"""What beets may do with old copies so that only new ones stay."""

_PLUGINS = {"djanalysis": DJ, "quality": SIGNAL}
"""Who wants which measures; the first that is loaded does the work for all."""


@dataclass(slots=True)
class _Found:
    """What is to be stored of an imported item, once its file is where it stays."""

    digest: str
    error: str
    written: dict[str, FieldValue]
    has_tags: bool


@dataclass(slots=True)
class _Import:
    """One run of `beet import`."""

    app: App
    workers: Workers
    known: dict[str, dict[str, str]]
    futures: dict[Path, Future[Examined]] = field(default_factory=dict)
    found: dict[int, _Found] = field(default_factory=dict)


class Importing:
    """The listeners and the stage of the plugin; each logs what goes wrong and lets beets go on.

    Args:
        log: of the plugin.
        plugin: its name.
    """

    def __init__(self, log: logging.Logger, plugin: str) -> None:
        self._log = log
        self._plugin = plugin
        self._import: _Import | None = None
        self._later: list[int] = []
        self._exits = ExitStack()
        # Tasks are created in one thread of beets, and collected in another.
        self._lock = threading.Lock()

    def begin(self, session: Any) -> None:
        """Listener of `import_begin`."""
        with carry_on(self._log):
            self.end()
            groups = self._groups("yes")
            if session.config["pretend"] or not groups:
                return
            running = app.start(session.lib, notice=self._notice)
            settings = running.settings.analysis
            workers = self._exits.enter_context(cluster.open_workers(settings))
            known = engine.known_audio(running.host.reading(), groups)
            self._import = _Import(running, workers, known)

    def created(self, session: Any, task: Any) -> None:
        """Listener of `import_task_created`: begin to measure."""
        del session
        if self._import is not None:
            with carry_on(self._log):
                for item in task.items:
                    self._measure(self._import, item)

    def chosen(self, session: Any, task: Any) -> None:
        """Listener of `import_task_choice`: what is skipped need not be measured."""
        del session
        if self._import is not None and task.skip:
            for item in task.items:
                with self._lock:
                    future = self._import.futures.pop(_path(item), None)
                if future is not None:
                    future.cancel()

    def collect(self, session: Any, task: Any) -> None:
        """Import stage: wait for the measures, set what they say, and warn of worse copies."""
        items = list(task.imported_items())
        self._later += [int(item.id) for item in items if item.id]
        run = self._import
        if run is None:
            return
        with carry_on(self._log):
            for item in items:
                # What cannot be done at all ends it: there is no ffmpeg, say.
                if self._import is run:
                    self._collect(run, item)
            if self._import is run and SIGNAL in run.known:
                self._compare(run, session, task)

    def settled(self, session: Any, task: Any) -> None:
        """Listener of `import_task_files`: files are where they stay, their tags are written."""
        if self._import is None:
            return
        with carry_on(self._log):
            items = [item for item in task.imported_items() if item.id in self._import.found]
            is_written = task.apply or task.choice_flag.name == "RETAG"
            if session.config["write"] and not is_written:
                self._write_tags(self._import, items)
            self._remember(self._import, items)

    def done(self, lib: Library) -> None:
        """Listener of `import`: queue what is to be measured in the background."""
        with carry_on(self._log):
            self.end()
            later, self._later = self._later, []
            groups = self._groups("background")
            if later and groups:
                running = app.start(lib, notice=self._notice)
                job = analysing.queue(running.host, later, groups)
                self._log.warning(
                    f"{len(later)} imported files are measured by job {job}: the web view runs it,"
                    " or `beet musictool jobs run`."
                )

    def end(self) -> None:
        """End the workers."""
        self._import = None
        self._exits.close()

    def _notice(self, said: str) -> None:
        self._log.warning(Literal(said))

    def _groups(self, when: str) -> tuple[str, ...]:
        """Groups of measures that are wanted then, for the one plugin that does the work."""
        loaded = [name for name in _PLUGINS if name == self._plugin or is_loaded(name)]
        if self._plugin != loaded[0]:
            return ()
        settings = read_settings()
        return tuple(_PLUGINS[name] for name in loaded if _auto(settings, name) == when)

    def _measure(self, run: _Import, item: Item) -> Future[Examined]:
        path = _path(item)
        with self._lock:
            if path not in run.futures:
                file = AudioFile(0, path, item.length or None)
                tempo_range = run.app.settings.analysis.tempo_range
                work = partial(examine, file, known=run.known, tempo_range=tempo_range)
                run.futures[path] = run.workers.submit(work)
            return run.futures[path]

    def _collect(self, run: _Import, item: Item) -> None:
        one = self._wait(run, item)
        if one is None or not item.id:
            return
        host = run.app.host
        if one.outcome is not None:
            with host.transaction() as tx:
                engine.store_outcome(
                    tx, one.digest, one.outcome, at=epoch(app.utc_now()), groups=one.groups
                )
            engine.note(run.known, one)
        error = one.error or engine.error_of(run.known, one.digest)
        if error:
            self._log.warning(Literal(f"{one.file.path}: {error}"))
        values, written = _values(run, item, one.digest)
        has_tags = _set(item, values) if values else False
        if values:
            item.store()
        run.found[int(item.id)] = _Found(one.digest, one.error, written, has_tags=has_tags)

    def _compare(self, run: _Import, session: Any, task: Any) -> None:
        """Warn when files are worse than those that they replace or stand beside.

        With `quiet` only the log of the import has it: nobody looks at the terminal.
        """
        if task.duplicate_action is None:
            return
        found = replacing.worse(_copies(run, session, task))
        if not found:
            return
        line = replacing.said(found, replaces=task.duplicate_action.name in _REPLACING)
        session.logger.info(Literal(line))
        if not session.config["quiet"]:
            self._log.warning(Literal(line))

    def _wait(self, run: _Import, item: Item) -> Examined | None:
        future = self._measure(run, item)
        while True:
            try:
                return future.result(timeout=_LOOK_S)
            except TimeoutError:
                # The import was stopped by Ctrl-C: beets waits for its threads.
                if getattr(threading.current_thread(), "abort_flag", False):
                    run.workers.close()
                    return None
            except CancelledError:
                return None
            except Unable as error:
                self._log.warning(Literal(error.line()))
                self._import = None
                return None

    def _write_tags(self, run: _Import, items: Iterable[Item]) -> None:
        tagged = {int(item.id or 0): item for item in items}
        due = [number for number in tagged if run.found[number].has_tags]
        # It sends events, and beets lets no listener of a plugin call another one of it while the
        # level of its log is set.
        level = self._log.level
        self._log.setLevel(logging.NOTSET)
        try:
            done = filework.write_tags(run.app.host, due)
            filework.store_written(
                run.app.host,
                [one for one in done if not (one is None or isinstance(one, StorageError))],
            )
        finally:
            self._log.setLevel(level)
        for number, one in zip(due, done, strict=True):
            if isinstance(one, StorageError):
                self._log.warning(Literal(one.line()))
            elif one is not None:
                tagged[number].load()

    def _remember(self, run: _Import, items: Iterable[Item]) -> None:
        rows = []
        for item in items:
            found = run.found.pop(int(item.id or 0))
            try:
                seen = _path(item).stat()
            except OSError:
                continue
            rows.append(
                {
                    "item_id": item.id,
                    "digest": found.digest,
                    "size": seen.st_size,
                    "modified_ns": seen.st_mtime_ns,
                    "error": found.error,
                    "written": found.written,
                }
            )
        with run.app.host.transaction() as tx:
            FILES.upsert(tx, rows)


def _copies(run: _Import, session: Any, task: Any) -> list[replacing.Copy]:
    """Imported files beside the best that the library has of the same tracks, where both are known.

    Tracks are the same by the fields that beets goes by (`import.duplicate_keys.item`).
    """
    keys = session.config["duplicate_keys"]["item"].as_str_seq()
    view, use = run.app.host.reading(), run.app.settings.quality.use
    before: dict[tuple[object, ...], list[int]] = {}
    for each in task.find_duplicates(session.lib):
        for item in each.items() if task.is_album else [each]:
            before.setdefault(tuple(item.get(key) for key in keys), []).append(int(item.id))
    known = dict(read_scores(view, [number for part in before.values() for number in part], use))
    copies = []
    for item in task.imported_items():
        same = before.get(tuple(item.get(key) for key in keys), [])
        scores = [known[number].score for number in same if number in known]
        old = max((each for each in scores if each), key=lambda each: each.score, default=None)
        signal = engine.signal_of(view, run.found[item.id].digest) if item.id in run.found else None
        if old is not None and signal is not None:
            name = f"{item.artist} - {item.title}"
            copies.append(replacing.Copy(name, assess(signal, use, read_limits()), old))
    return copies


def _auto(settings: Settings, plugin: str) -> str:
    return settings.analysis.auto if plugin == "djanalysis" else settings.quality.auto


def _values(
    run: _Import, item: Item, digest: str
) -> tuple[dict[str, FieldValue], dict[str, FieldValue]]:
    """What the audio of an item says in its fields, and what of it stands in those of others."""
    view, settings = run.app.host.reading(), run.app.settings
    values: dict[str, FieldValue] = {}
    written: dict[str, FieldValue] = {}
    analysis = engine.analysis_of(view, digest) if DJ in run.known else None
    if analysis is not None:
        template = settings.analysis.comment
        made = filling.fill(analysis, _present(item), _ours(item), template=template)
        values, written = made.values, made.written
        for name, source in filling.SOURCES.items():
            if source not in values and item.get(name) and not item.get(source):
                values[source] = _FROM_IMPORT
    signal = engine.signal_of(view, digest) if SIGNAL in run.known else None
    if signal is not None:
        values |= fields_of(signal, settings.quality.use)
    return values, written


def _path(item: Item) -> Path:
    return Path(os.fsdecode(item.path))


def _present(item: Item) -> dict[str, FieldValue]:
    return {name: item.get(name) or None for name in filling.SHARED}


def _ours(item: Item) -> dict[str, FieldValue]:
    """What we wrote into an item that is imported again."""
    return {
        name: item.get(name)
        for name, source in filling.SOURCES.items()
        if item.get(source) == filling.OURS
    }


def _set(item: Item, values: dict[str, FieldValue]) -> bool:
    """Set fields; whether any of them stands in tags, too."""
    changed = {name for name, value in values.items() if item.get(name) != value}
    for name in changed:
        if values[name] is not None:
            item[name] = values[name]
        elif name in item:
            del item[name]
    return bool(changed & tag_fields())
