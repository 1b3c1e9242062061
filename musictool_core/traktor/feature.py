"""What keeping Traktor in step adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "traktor",
    migrations="musictool_core.traktor.tables:MIGRATIONS",
    job_kinds=(
        "musictool_core.traktor.sync_job:CompareJob",
        "musictool_core.traktor.sync_job:SyncJob",
        "musictool_core.traktor.sync_job:DeliverJob",
        "musictool_core.traktor.sync_job:ImportJob",
    ),
    targets=(
        "musictool_core.traktor.target:NmlTarget",
        "musictool_core.traktor.tagfields:TagFieldTarget",
    ),
    pages=("musictool_web.pages.traktor:PAGE",),
)
