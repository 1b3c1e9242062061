"""What this package adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "jobs",
    migrations="musictool_core.jobs:MIGRATIONS",
    pages=("musictool_web.pages.jobs:PAGE",),
)
