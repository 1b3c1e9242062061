"""Metadata health in the web view: the latest check, its problems as steps, and their fixes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core import jobs
from musictool_core.app import edits
from musictool_core.changes import Origin
from musictool_core.host.fieldnames import field_words
from musictool_core.host.filework import import_writes
from musictool_core.insight.marks import Listing
from musictool_core.quality.health import checkup, job
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Mode, Profile, Severity
from musictool_core.quality.health.score import lacking
from musictool_web import links
from musictool_web.problem import NotThereError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.changes import Result
    from musictool_core.jobs import Job, JobId
    from musictool_core.quality.health.checkup import Checkup, Fixes, Problem
    from musictool_core.quality.health.model import Rule, Standard
    from musictool_web.context import Web

SOURCE = "web health"
"""Source of the change sets that fixes make."""

SAFE = "safe"
"""Stands for all rules whose fixes cannot lose anything."""

_NUMBERS = frozenset(
    {"bpm", "energy", "year", "month", "original_year", "track", "disc"}
    | {"discogs_albumid", "traktor_rating"}
)

_PATTERNS = {"initial_key": "^[A-G0-9]", "artpath": "[./]"}
"""What a value that is there looks like; beets compares one that is not as the text "None"."""

_OLD = "genre"
"""beets warns of this name, and keeps what it held under the new one."""

SEVERITIES = {Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low"}


def profile_of(parts: Web, text: str) -> Profile:
    """The profile that is asked for, or that of the settings."""
    known = {each.value: each for each in Profile}
    return known.get(text) or Profile(parts.app.settings.quality.profile)


def standard(parts: Web) -> Standard:
    """What is right here, today."""
    return checkup.standard_of(parts.app.settings.quality, parts.now())


def title_of(problem: Problem) -> str:
    """What is wrong, as a line of its own."""
    if problem.rule is not None:
        return capital(problem.title)
    words = field_words(problem.cause)
    return f"No {words}"


def capital(text: str) -> str:
    """A text as it begins a line."""
    return text[:1].upper() + text[1:]


def tracks_without(field: str) -> str:
    """The list of the tracks that lack a field."""
    names, of_albums = lacking(field)
    parts = [f"^{name}::{_pattern(name)}" for name in names if name != _OLD]
    if of_albums:
        parts.append("^singleton:true")
    return links.listed(Listing.LIBRARY, " ".join(parts))


def _pattern(name: str) -> str:
    return "[1-9]" if name in _NUMBERS else _PATTERNS.get(name, ".")


def rules_of(cause: str) -> tuple[Rule, ...]:
    """The rules behind the name of a fix: one, or all safe ones.

    Raises:
        NotThereError: there is no such rule, or it mends nothing.
    """
    if cause == SAFE:
        return checkup.safe_rules()
    rule = BY_ID.get(cause)
    if rule is None or rule.mode is Mode.REPORT:
        raise NotThereError(f"there is no fix {cause!r}.")
    return (rule,)


def plan(parts: Web, cause: str, profile: Profile) -> Fixes:
    """What a fix would change now."""
    return checkup.plan_fixes(parts.host, rules_of(cause), profile, standard(parts))


def save(parts: Web, fixes: Fixes, profile: Profile) -> Result | None:
    """Make the changes and have the library checked again; None when there was nothing to do."""
    if not fixes.changes:
        return None
    origin = Origin(parts.who, SOURCE, "", os.getpid())
    result = edits.save(parts.host, fixes.changes, origin, write=import_writes()[0], move=False)
    check(parts, profile)
    return result


def check(parts: Web, profile: Profile, *, files: bool = False) -> JobId:
    """Queue a check of the whole library; `files` reads the tags of files, too."""
    number = job.queue(parts.host, profile, now=parts.now(), files=files)
    parts.worker.wake()
    return number


def waiting(parts: Web) -> Job | None:
    """The check that runs or waits."""
    found = jobs.list_jobs(parts.host.reading(), states=tuple(jobs.OPEN))
    return next((each for each in found if each.kind == job.KIND), None)


@dataclass(frozen=True, slots=True)
class Steps:
    """The way through the problems, the most expensive first.

    Attributes:
        all: what can be mended, in order; the safe rules are one step, `SAFE`.
        done: what was dealt with or left alone.
    """

    all: tuple[str, ...]
    done: frozenset[str]

    @property
    def next(self) -> str:
        """The first that is left; "" at the end."""
        return next((each for each in self.all if each not in self.done), "")


def steps(found: Checkup, done: Sequence[str]) -> Steps:
    """The steps of a check."""
    fixable = [each for each in found.problems if each.can_be_fixed]
    safe = [each for each in fixable if each.rule and each.rule.mode is Mode.SAFE]
    rest = [each.cause for each in fixable if each not in safe]
    # Those that need no thought come first: the rest is read more easily then.
    return Steps((*([SAFE] if safe else []), *rest), frozenset(done))
