"""The charts of Traktor's pages: every mark is a link with its number, whatever the names are."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from musictool_web.charts.mixpath import Stop, mix_path
from musictool_web.charts.months import month_columns
from tests.web.charts.samples import NASTY


def links_of(chart: str) -> list[tuple[str, str]]:
    """Label and address of every mark."""
    found = ET.fromstring(f"<div>{chart}</div>")  # noqa: S314 - our own markup
    return [(a.get("aria-label", ""), a.get("href", "")) for a in found.iter("a")]


def stops(number: int, name: str = "One") -> list[Stop]:
    """Tracks, every third of which does not follow."""
    return [
        Stop(name, "8A", 120.0 + place % 5, place % 3 == 1, f"#row-{place + 1}")
        for place in range(number)
    ]


def test_each_month_is_a_link_with_its_count() -> None:
    chart = month_columns(
        [("2026-01", 1), ("2026-02", 0), ("2026-03", 1200)], "play", "?m={}".format
    )

    assert links_of(chart) == [
        ("2026-01: 1 play", "?m=2026-01"),
        ("2026-03: 1,200 plays", "?m=2026-03"),
    ]
    assert "2026-03" in chart.partition("<table")[2]
    assert "style=" not in chart


def test_the_chosen_month_stands_out() -> None:
    chart = month_columns([("2026-01", 1), ("2026-02", 2)], "play", str, chosen="2026-02")

    assert chart.count('class="ch-bar"') == 1
    assert chart.count('class="ch-bar-context"') == 1


def test_without_counts_a_fact_stands_there() -> None:
    assert "No play is known yet." in month_columns([], "play", str)


def test_names_of_any_kind_are_safe_in_a_way() -> None:
    for name in NASTY:
        found = links_of(mix_path(stops(3, name)))
        assert len(found) == 3


def test_a_rough_step_is_said() -> None:
    labels = [label for label, _ in links_of(mix_path(stops(3)))]

    assert labels == [
        "1. One: 8A, 120.0 BPM",
        "2. One: 8A, 121.0 BPM, rough step",
        "3. One: 8A, 122.0 BPM",
    ]


def test_the_line_is_broken_where_no_tempo_is_known() -> None:
    way = [*stops(2), Stop("?", "", None, False, "#x"), *stops(2)]

    chart = mix_path(way)

    (drawn,) = [p.get("d", "") for p in ET.fromstring(f"<div>{chart}</div>").iter("path")]  # noqa: S314
    assert drawn.count("M") == 2
    assert "3. ?: key unknown, tempo unknown" in [label for label, _ in links_of(chart)]


def test_a_long_list_is_drawn_without_dots() -> None:
    chart = mix_path(stops(500))

    assert links_of(chart) == []
    assert "167 rough steps" in chart
    assert chart.count("<path") == 2


def test_fewer_than_two_tempos_are_no_way() -> None:
    assert "<svg" not in mix_path(stops(1))
    assert "<svg" not in mix_path([Stop("?", "8A", None, False, "#x")] * 3)
