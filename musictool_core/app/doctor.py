"""What `beet musictool doctor` examines, and in which order.

Nothing is written, not even our own tables: what is broken must not get worse by being looked at.
Only files that a crash left half written are put right first, as at every start of a command.
Checks of a feature run while its tables are of the version that this musictool knows, or not made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from musictool_core import app, jobs, net
from musictool_core.acquire.shops import load_shops
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.db import schema_state, translate_errors
from musictool_core.errors import Cancelled, ConfigError, MusicToolError, StorageError
from musictool_core.host import checks, indexes, unfinished
from musictool_core.host.checks import Checkup, Finding, Level, read_plugin_setting
from musictool_core.host.feature import resolve
from musictool_core.host.settings import read_settings

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.jobs import Job

Check = Callable[[Checkup], Iterable[Finding]]
"""Looks at one matter without changing it, and says what it found; our tables may be missing."""


def prepare(host: Host, now: datetime) -> Checkup:
    """What the checks are given; settings that cannot be used are left out."""
    try:
        settings = read_settings()
    except ConfigError:
        settings = None
    return Checkup(host, settings, now)


def all_checks(host: Host) -> list[Check]:
    """Every check that can run on this library, the host's first."""
    found: list[Check] = [
        unfinished.check_writes,
        checks.check_library,
        checks.check_disk,
        checks.check_state_folder,
        unfinished.check_leftovers,
        checks.check_cache,
        indexes.check_indexes,
        check_settings,
        check_plugins,
        check_schema,
    ]
    state = _schema_state(host)
    for feature in app.features():
        version = state.get(feature.name, 0)
        if feature.checks and version in {0, len(resolve(feature.migrations))}:
            found += [resolve(reference) for reference in feature.checks]
    return [*found, check_jobs] if "jobs" in state else found


def examine(checkup: Checkup, wanted: Iterable[Check]) -> Iterator[Finding]:
    """Run the checks; one that fails is a finding itself, and the others still run."""
    for check in wanted:
        try:
            with translate_errors(os.fspath(checkup.host.path)):
                yield from check(checkup)
        except Cancelled:
            raise
        except MusicToolError as error:
            subject = check.__name__.removeprefix("check_")
            # Nobody needs the advice to run what runs already.
            advice = "" if error.hint is None or "musictool doctor" in error.hint else error.hint
            yield Finding(Level.ERROR, subject, str(error), advice)


def check_settings(_: Checkup) -> Iterator[Finding]:
    """Look whether the configuration can be used, tables of services and shops included."""
    faults = 0
    for read in (read_settings, _read_hosts, _read_shops):
        try:
            read()
        except ConfigError as error:
            faults += 1
            mend = error.hint or "Correct it in the configuration (`beet config -e`)."
            yield Finding(Level.ERROR, "settings", str(error), mend)
            if read is read_settings:
                return
    if not faults:
        yield Finding(Level.OK, "settings", "All settings can be used.")


def check_plugins(_: Checkup) -> Iterator[Finding]:
    """Look which of our plugins are enabled."""
    enabled = read_plugin_setting().names
    lacking = [name for name in OUR_PLUGINS if name not in enabled]
    if lacking:
        message = f"Not enabled: {', '.join(lacking)}."
        yield Finding(Level.NOTE, "plugins", message, "`beet musictool setup` adds them.")
    else:
        yield Finding(Level.OK, "plugins", "All our plugins are enabled.")


def check_schema(checkup: Checkup) -> Iterator[Finding]:
    """Look whether our tables are of this musictool's version."""
    state = schema_state(checkup.host.reading())
    wanted = {f.name: len(resolve(f.migrations)) for f in app.features() if f.migrations}
    newer = [name for name, version in wanted.items() if state.get(name, 0) > version]
    behind = [name for name, version in wanted.items() if state.get(name, 0) < version]
    if newer:
        yield Finding(
            Level.ERROR,
            "tables",
            f"A newer musictool wrote this library ({', '.join(newer)}).",
            "Upgrade musictool, or restore a backup made with this version.",
        )
    elif not state:
        yield Finding(Level.OK, "tables", "None of ours yet; the first command makes them.")
    elif behind:
        message = f"Older than this musictool ({', '.join(behind)})."
        mend = "Nothing to do: the next command brings them up to date."
        yield Finding(Level.NOTE, "tables", message, mend)
    else:
        yield Finding(Level.OK, "tables", "Of this musictool's version.")


def check_jobs(checkup: Checkup) -> Iterator[Finding]:
    """Look for long work that was interrupted, waits, or failed."""
    quiet = True
    for job in _latest_jobs(checkup.host):
        finding = _judge_job(job)
        if finding is not None:
            quiet = False
            yield finding
    if quiet:
        yield Finding(Level.OK, "jobs", "Nothing waits, and nothing failed.")


def _judge_job(job: Job) -> Finding | None:
    named = f"Job {job.job_id} ({job.kind})"
    go_on = f"`beet musictool jobs run {job.job_id}` goes on with it."
    match job.state:
        case jobs.JobState.RUNNING if not jobs.owner_lives(job.owner):
            message = f"{named} was interrupted: its process is gone."
            return Finding(Level.WARNING, "jobs", message, go_on)
        case jobs.JobState.RUNNING:
            return Finding(Level.OK, "jobs", f"{named} is running.")
        case jobs.JobState.QUEUED:
            because = f": {job.error}" if job.error else "."
            return Finding(Level.NOTE, "jobs", f"{named} waits{because}", go_on)
        case jobs.JobState.FAILED:
            mend = "Mend the cause, then give the command that started it again."
            return Finding(Level.WARNING, "jobs", f"{named} failed: {job.error}", mend)
    return None


def _latest_jobs(host: Host) -> Iterator[Job]:
    """The newest job of each kind and key: a failure that was made good since does not count."""
    seen: set[tuple[str, str]] = set()
    for job in jobs.list_jobs(host.reading()):
        if (job.kind, job.key) not in seen:
            seen.add((job.kind, job.key))
            yield job


def _schema_state(host: Host) -> dict[str, int]:
    """Versions of our tables; none where the file cannot tell, which is another check's matter."""
    try:
        with translate_errors(os.fspath(host.path)):
            return schema_state(host.reading())
    except StorageError:
        return {}


def _read_hosts() -> None:
    net.load_hosts(read_settings().hosts)


def _read_shops() -> None:
    settings = read_settings()
    load_shops(settings.shops, settings.shops_used)
