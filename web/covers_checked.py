"""Covers in the web view: the latest look at all of them, by what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import jobs
from musictool_core.quality.art import job
from musictool_core.quality.art.judge import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.jobs import Job, JobId
    from musictool_core.quality.health.model import Profile
    from musictool_web.context import Web

WORDS = {
    Mark.NONE: "None",
    Mark.SMALL: "Small",
    Mark.BLURRED: "Soft",
    Mark.NOT_SQUARE: "Not square",
    Mark.BORDERS: "Borders",
    Mark.HEAVY: "Compressed",
    Mark.DIFFERS: "Several",
    Mark.PLACEHOLDER: "Placeholder",
    Mark.TYPES: "Types",
    Mark.FORMAT: "Format",
    Mark.LARGE: "Large file",
}
"""What is wrong, in a word or two, in the order of the filters."""

NAMES = {mark: mark.name.lower() for mark in WORDS}
"""The same in addresses and in the API."""

BY_NAME = {name: mark for mark, name in NAMES.items()}


def mark_of(name: str) -> Mark | None:
    """The mark of a name in an address; None for all of them."""
    return BY_NAME.get(name)


def said(loss: Mapping[str, str]) -> tuple[str, str]:
    """A loss as a mark shows it: in a word, and why."""
    why = f"{loss['reason'].rstrip('.')}: {loss['value']} (limit: {loss['limit']})"
    return WORDS[Mark(loss["rule"])], why


def check(parts: Web, profile: Profile) -> JobId:
    """Queue a look at all covers."""
    number = job.queue(parts.host, profile.value, now=parts.now())
    parts.worker.wake()
    return number


def waiting(parts: Web) -> Job | None:
    """The look that runs or waits."""
    found = jobs.list_jobs(parts.host.reading(), states=tuple(jobs.OPEN))
    return next((each for each in found if each.kind == job.KIND), None)
