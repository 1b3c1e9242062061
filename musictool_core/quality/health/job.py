"""The job that checks the metadata of the whole library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.host.items import find_ids
from musictool_core.quality.art import gathering, latest
from musictool_core.quality.health import checkup
from musictool_core.quality.health.model import Profile

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext, JobId

KIND = "quality.health"


class HealthJob:
    """Checks all tracks by the rules of the profile it is given."""

    name = KIND
    can_pause = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.quality

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        profile = Profile(context.args["profile"])
        found = checkup.examine(
            context.host,
            find_ids(context.host, ()),
            profile,
            checkup.standard_of(self._settings, context.now()),
            files=bool(context.args.get("files")),
            report=context.report,
            cancel=context.cancel,
        )
        checkup.keep(context.host, found, profile, now=context.now())
        if context.args.get("files") and gathering.can_measure():
            latest.look(context.host, profile.value, now=context.now(), cancel=context.cancel)
        return {"tracks": len(found.records), "score": round(found.health.score, 2)}


def queue(host: Host, profile: Profile, *, now: datetime, files: bool = False) -> JobId:
    """Queue a check, with `files` one that reads their tags; of two alike the earlier counts."""
    args = {"profile": profile.value, "files": files}
    key = f"{profile.value} files" if files else profile.value
    with host.transaction() as tx:
        return jobs.enqueue(tx, KIND, args, key=key, now=now)
