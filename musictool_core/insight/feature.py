"""What reading across features adds to the product."""

from musictool_core.host.feature import Feature

_KINDS = "musictool_core.insight.widgets"

FEATURE = Feature(
    "insight",
    migrations="musictool_core.insight.dashboards:MIGRATIONS",
    pages=(
        "musictool_web.pages.home:PAGE",
        "musictool_web.pages.library:PAGE",
        "musictool_web.pages.explore:PAGE",
    ),
    widgets=(
        f"{_KINDS}:ARRIVALS",
        f"{_KINDS}:COMPLETION",
        f"{_KINDS}:WAITING",
        f"{_KINDS}:GROWTH",
        f"{_KINDS}:GENRE_RANKS",
        f"{_KINDS}:KEYS",
        f"{_KINDS}:INCOMPLETE",
        f"{_KINDS}:DECADES",
        f"{_KINDS}:LABELS",
        f"{_KINDS}:TEMPI",
        f"{_KINDS}:ENERGIES",
        f"{_KINDS}:GENRES",
        f"{_KINDS}:YEARS",
        f"{_KINDS}:FORMATS",
        f"{_KINDS}:ARTISTS",
    ),
)
