"""What measuring files adds to the product."""

from musictool_core.host.feature import Feature

FEATURE = Feature(
    "analysis",
    migrations="musictool_core.analysis.tables:MIGRATIONS",
    pages=("musictool_web.pages.verify:PAGE",),
    job_kinds=("musictool_core.app.analysing:AnalyseJob",),
)
