"""What the Discogs mirror adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "discogs",
    migrations="musictool_core.discogs.mirror:MIGRATIONS",
    job_kinds=("musictool_core.discogs.tracklist_job:TracklistJob",),
    pages=("musictool_web.pages.collection:PAGE", "musictool_web.pages.own:PAGE"),
    checks=("musictool_core.discogs.checks:check_shelf",),
)
