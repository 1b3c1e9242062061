"""The job that looks for files of one recording in the whole library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.errors import MusicToolError
from musictool_core.host.items import find_ids

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext, JobId

KIND = "quality.duplicates"


class DuplicatesJob:
    """Compares all files; what was worked out before is taken as it is."""

    name = KIND
    can_pause = True

    def __init__(self, _: Settings) -> None:
        pass

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        try:
            from musictool_core.quality.duplicates import finding, latest, library, store  # noqa: PLC0415 - numpy is an extra
        except ImportError as error:
            raise MusicToolError(
                "comparing sounds needs numpy and scipy.",
                hint="`pip install 'musictool[analysis]'`",
            ) from error
        host = context.host
        tracks = library.read_tracks(host, find_ids(host, ()))
        found = finding.find(
            tracks, store.Store(host.cache_path), report=context.report, cancel=context.cancel
        )
        latest.keep(host, found, len(tracks), now=context.now())
        return {"files": len(tracks), "groups": len(found.groups), "failed": len(found.failed)}


def queue(host: Host, *, now: datetime) -> JobId:
    """Queue a search; of two the earlier counts."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, KIND, {}, key="library", now=now)
