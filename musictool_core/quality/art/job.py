"""The job that looks at the covers of the whole library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.quality.art import latest

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext, JobId

KIND = "quality.art"


class ArtJob:
    """Looks at all covers, and judges them by the limits of the profile it is given."""

    name = KIND
    can_pause = True

    def __init__(self, _: Settings) -> None:
        pass

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        profile = str(context.args["profile"])
        found = latest.look(
            context.host, profile, now=context.now(), report=context.report, cancel=context.cancel
        )
        return {"albums": found.albums, "score": round(found.score, 2)}


def queue(host: Host, profile: str, *, now: datetime) -> JobId:
    """Queue a look; of two alike the earlier counts."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, KIND, {"profile": profile}, key=profile, now=now)
