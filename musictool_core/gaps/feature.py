"""What gap analysis adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "gaps",
    migrations="musictool_core.gaps.tables:MIGRATIONS",
    job_kinds=("musictool_core.gaps.refresh_job:RefreshJob",),
    pages=("musictool_web.pages.gaps:PAGE",),
    checks=("musictool_core.gaps.checks:check_gaps",),
)
