"""What quality adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature("quality", migrations="musictool_core.quality.tables:MIGRATIONS")
