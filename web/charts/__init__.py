"""Charts drawn on the server as SVG: pure functions from results of `insight` to markup.

One file a chart. Widths are percentages and text has its own size, so one drawing fits a phone and
a desk. Nothing carries a style: colours are the classes of `frontend/styles/charts.css` and
`marks.css`. Every mark is a link to the list of what it counts, made by the `href` that is handed
in; `tables.chart_table` says the same in numbers.
"""
