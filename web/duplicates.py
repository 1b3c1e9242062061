"""Files of one recording in the web view: groups of the latest search, and what becomes of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core import jobs
from musictool_core.changes import Origin
from musictool_core.changes.model import NML_TARGET
from musictool_core.errors import MusicToolError
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.duplicates import job, latest
from musictool_core.quality.duplicates.decide import MERGED, Class
from musictool_core.quality.resolution.choice import OF_SOUND, Refused, Resolution, Rules, choose
from musictool_core.quality.resolution.planning import read_members
from musictool_web.problem import NotThereError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from musictool_core.changes import Result
    from musictool_core.jobs import Job, JobId
    from musictool_core.quality.duplicates.families import Group
    from musictool_core.quality.resolution.choice import Member
    from musictool_core.quality.resolution.planning import Plan
    from musictool_web.context import Web

SOURCE = "web duplicates"
"""Source of the change sets that are made here."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Classes that are shown together.

    Attributes:
        name: in addresses.
        label: for people.
        about: what they are, in a sentence.
    """

    name: str
    label: str
    about: str
    classes: tuple[Class, ...]


KINDS = (
    Kind("same", "The same", "One file of each is enough.", MERGED),
    Kind(
        "masters", "Other masters", "The same recording with another tone, loudness or speed.",
        (Class.OTHER_MASTER,),
    ),
    Kind(
        "versions", "Versions", "A part is missing or added, or one is cut: both stay.",
        (Class.VERSION,),
    ),
    Kind(
        "review", "To review", "They sound the same, and something speaks against it: listen.",
        (Class.REVIEW,),
    ),
)  # fmt: skip

BY_CHOICE = (*MERGED, Class.OTHER_MASTER, Class.REVIEW)
"""What becomes one when a person says so; versions never do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A group beside what would become of it.

    Attributes:
        members: those that are still in the library.
        fate: what would become of it; None for versions.
        reasons: what they are to each other, in sentences.
    """

    group: Group
    members: tuple[Member, ...]
    fate: Resolution | Refused | None
    reasons: tuple[str, ...]


def kind_of(name: str) -> Kind:
    """The kind of this name, or the first."""
    return next((each for each in KINDS if each.name == name), KINDS[0])


def page_of(parts: Web, kind: Kind, first: int, count: int) -> list[Shown]:
    """Groups of a kind, the surest first."""
    found = latest.groups(parts.host, kind.classes, first=first, count=count)
    numbers = [number for group in found for number in group.members]
    members = read_members(parts.host.reading(), numbers, parts.app.settings.quality.use)
    return [_shown(group, [members[n] for n in group.members if n in members]) for group in found]


def _shown(group: Group, members: Sequence[Member]) -> Shown:
    fate: Resolution | Refused | None = None
    if len(members) < len(group.members):
        fate = Refused(group.members, "one of them is not in the library any more")
    elif group.found in BY_CHOICE:
        fate = choose(members, Rules())
    reasons = dict.fromkeys(text for pair in group.pairs for text in pair.decision.reasons)
    return Shown(group, tuple(members), fate, tuple(reasons))


def chosen(parts: Web, members: Sequence[int]) -> list[Group]:
    """The group of these members, or without any all that may become one.

    Raises:
        NotThereError: the latest search found no such group.
    """
    if not members:
        return latest.groups(parts.host, MERGED)
    wanted = tuple(sorted(members))
    found = [g for g in latest.groups(parts.host, BY_CHOICE) if g.members == wanted]
    if not found:
        raise NotThereError("these files are no group of the latest search.")
    return found


def plan(parts: Web, members: Sequence[int]) -> Plan:
    """What would become of a group, or of all that are the same; see `chosen`."""
    groups = chosen(parts, members)
    classes = BY_CHOICE if members else MERGED
    return _resolving().plan(  # type: ignore[no-any-return]
        parts.app, groups, across_albums=bool(members), classes=classes
    )


def apply(parts: Web, planned: Plan) -> Result | None:
    """Do it as one change set, and look again; None when there was nothing to do.

    Raises:
        MusicToolError: Traktor runs, or a copy cannot be made; nothing was changed.
    """
    resolving = _resolving()
    result: Result | None = resolving.apply(
        parts.host,
        planned,
        Origin(parts.who, SOURCE, "", os.getpid()),
        decks=resolving.decks_of(parts.app),
        report=silent,
        cancel=CancelToken(),
    )
    if result is not None:
        parts.worker.wake()
        search(parts)
    return result


def search(parts: Web) -> JobId:
    """Queue a search through the whole library."""
    number = job.queue(parts.host, now=parts.now())
    parts.worker.wake()
    return number


def waiting(parts: Web) -> Job | None:
    """The search that runs or waits."""
    found = jobs.list_jobs(parts.host.reading(), states=tuple(jobs.OPEN))
    return next((each for each in found if each.kind == job.KIND), None)


def lists_of(planned: Plan) -> int:
    """How many changes of Traktor's collection there are."""
    return sum(change.target == NML_TARGET for change in planned.changes)


def is_told(field: str) -> bool:
    """Whether a person wants to hear of a new value; what was measured comes with the audio."""
    return not field.startswith(OF_SOUND)


def numbers(text: str) -> list[int]:
    """Numbers of items from an address.

    Raises:
        NotThereError: they are none.
    """
    if not all(part.isascii() and part.isdigit() for part in text.split(",")):
        if text:
            raise NotThereError("these files are no group of the latest search.")
        return []
    return [int(part) for part in text.split(",")[:100]]


def _resolving() -> ModuleType:
    try:
        from musictool_core.app import resolving  # noqa: PLC0415 - numpy is an extra
    except ImportError as error:
        raise MusicToolError(
            "comparing sounds needs numpy and scipy.", hint="`pip install 'musictool[analysis]'`"
        ) from error
    return resolving
