"""What gap analysis adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "gaps",
    migrations="musictool_core.gaps.tables:MIGRATIONS",
    checks=("musictool_core.gaps.checks:check_gaps",),
)
