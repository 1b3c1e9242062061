"""What waits for a person, each with the list that it is on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.insight.marks import Link, Listing, Mark
from musictool_core.jobs import JOBS, JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host


class Cause(Enum):
    """Why something waits."""

    REVIEW = "review"
    """A file may be a track; a person has to say."""
    FAILED_JOB = "failed_job"
    """Long work ended with an error."""
    INTERRUPTED = "interrupted"
    """Changes were begun, and their process died."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one cause; at least one."""

    cause: Cause
    mark: Mark


def waiting(host: Host) -> tuple[Waiting, ...]:
    """Everything that waits; what does not wait is left out."""
    return tuple(found for found in _look(host) if found.mark.count)


def _look(host: Host) -> Iterator[Waiting]:
    view = host.reading()
    review = State.REVIEW.value
    count = GAPS.count(view, where={"state": review})
    yield Waiting(Cause.REVIEW, _mark(Listing.GAPS, count, f"state:={review}"))
    failed = JobState.FAILED.value
    count = JOBS.count(view, where={"state": failed})
    yield Waiting(Cause.FAILED_JOB, _mark(Listing.JOBS, count, f"state:={failed}"))
    broken = [found.changeset_id for found in store.interrupted(view)]
    groups = tuple((f"id:{number}",) for number in broken)
    yield Waiting(Cause.INTERRUPTED, Mark("", len(broken), Link(Listing.HISTORY, groups)))


def _mark(listing: Listing, count: int, word: str) -> Mark:
    return Mark("", count, Link(listing, ((word,),)))
