"""All charts on one page, to look at: `python -m tests.web.charts.gallery OUT.html STYLES…`.

The page takes the product's own style sheets, in order; `--dark` shows the other theme.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from musictool_core.insight.widgets import Growths
from musictool_core.music.keys import Key
from musictool_web.charts import bars, growth, keys, ranks, small
from tests.web.charts import samples
from tests.web.charts.test_charts import address

HATCH = (
    '<svg class="defs sr" aria-hidden="true"><defs><pattern id="mt-hatch" width="4" height="8"'
    ' patternUnits="userSpaceOnUse" patternTransform="rotate(25)">'
    '<path class="hatch-line" d="M1 0v8"/></pattern></defs></svg>'
)
LAYOUT = """
body { margin: 0; padding: 16px; background: var(--paper); color: var(--ink); }
main { display: grid; gap: 32px; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); }
section { border-top: 1.5px solid var(--ink); min-width: 0; }
h2 { font: 680 15px/20px var(--font); margin: 8px 0 12px; }
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("styles", type=Path, nargs="*")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    styles = "\n".join(path.read_text("utf-8") for path in options.styles)
    parts = "".join(f"<section><h2>{title}</h2>{drawn}</section>" for title, drawn in charts())
    theme = "dark" if options.dark else "light"
    options.page.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Charts</title>'
        f"<style>{styles}{LAYOUT}</style>{HATCH}<main>{parts}</main>",
        "utf-8",
    )


def charts() -> list[tuple[str, str]]:
    """Title and markup of each."""
    spark = small.sparkline([9, 8.5, 8.7, 7, 6.8, 7.2, 5], "price")
    return [
        ("Growth", growth.growth_chart(samples.growths(), address)),
        ("Genre ranks", ranks.ranks_chart(samples.genre_years(), address)),
        ("Keys", keys.key_wheel(samples.wheel(), address)),
        ("Mixes", keys.key_wheel(samples.wheel(), address, playing=Key(8, minor=True))),
        ("Labels", bars.bar_rows(samples.labels(), "label", address)),
        ("Decades", bars.bar_columns(samples.decades(), "year", address, step=10)),
        ("Years", bars.bar_columns(samples.years(), "year", address)),
        ("By month", growth.growth_chart(samples.many_months(), address)),
        ("Nasty", bars.bar_rows(samples.nasty_names(), "label", address)),
        ("Nasty ranks", ranks.ranks_chart(samples.genre_years(samples.NASTY), address)),
        ("One year", growth.growth_chart(Growths(samples.growth(2026, [5]), None), address)),
        ("Small", spark),
        ("Empty", bars.bar_rows(samples.breakdown(unknown=3), "label", address)),
    ]


if __name__ == "__main__":
    main()
