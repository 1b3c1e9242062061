"""What this package adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature("events", migrations="musictool_core.events:MIGRATIONS")
