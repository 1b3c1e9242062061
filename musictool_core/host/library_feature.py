"""What the host itself adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "library",
    migrations="musictool_core.host.journalmode:MIGRATIONS",
    pages=("musictool_web.pages.settings:PAGE", "musictool_web.pages.api_docs:PAGE"),
)
