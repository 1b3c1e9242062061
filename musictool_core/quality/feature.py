"""What quality adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "quality",
    migrations="musictool_core.quality.tables:MIGRATIONS",
    job_kinds=(
        "musictool_core.quality.health.job:HealthJob",
        "musictool_core.quality.duplicates.job:DuplicatesJob",
        "musictool_core.quality.art.job:ArtJob",
    ),
    pages=("musictool_web.pages.health:PAGE", "musictool_web.pages.duplicates:PAGE"),
)
