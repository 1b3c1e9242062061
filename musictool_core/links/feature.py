"""What this package adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature("links", migrations="musictool_core.links:MIGRATIONS")
