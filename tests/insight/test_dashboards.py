"""Dashboards are kept, checked, and never overwritten by somebody who saw an older version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app
from musictool_core.errors import MusicToolError
from musictool_core.insight import dashboards
from musictool_core.insight.dashboards import Size, Widget, widget_from_json, widget_to_json
from musictool_core.insight.widgets import Sources, first_dashboard, look, read_widget

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem
    from tests.insight.conftest import Counted

NOW = datetime(2026, 11, 27, tzinfo=UTC)
GROWTH = Widget("a", "growth", "My growth", Size.LARGE, "label:'x y'", {"step": "month"})


@pytest.fixture
def started(library: Library) -> Host:
    return app.start(library, notice=print).host


def make(host: Host, title: str, *widgets: Widget) -> dashboards.Dashboard:
    with host.transaction() as tx:
        return dashboards.create(tx, title, widgets, who="eva", now=NOW)


def test_a_dashboard_comes_back_as_it_was_stored(started: Host) -> None:
    made = make(started, " Sunday crate ", GROWTH, Widget("b", "keys"))

    assert made.title == "Sunday crate"
    assert made.widgets == (GROWTH, Widget("b", "keys"))
    assert (made.version, made.who, made.position) == (1, "eva", 0)
    assert dashboards.list_dashboards(started.reading()) == [made]


def test_a_change_of_an_old_version_writes_nothing_and_says_who_was_faster(started: Host) -> None:
    made = make(started, "One")
    change: dict[str, Any] = {"version": 1, "widgets": [GROWTH], "now": NOW}
    with started.transaction() as tx:
        changed = dashboards.update(tx, made.dashboard_id, title="Two", who="bob", **change)

    with (
        pytest.raises(dashboards.Changed, match="by bob since version 1"),
        started.transaction() as tx,
    ):
        dashboards.update(tx, made.dashboard_id, title="Three", who="eva", **change)
    with pytest.raises(dashboards.Changed), started.transaction() as tx:
        dashboards.delete(tx, made.dashboard_id, version=1)
    assert dashboards.get(started.reading(), made.dashboard_id) == changed
    assert (changed.title, changed.version, changed.widgets) == ("Two", 2, (GROWTH,))


@pytest.mark.parametrize(
    ("number", "position", "order"),
    [(3, 0, "CAB"), (1, 1, "BAC"), (1, 99, "BCA"), (2, -5, "BAC"), (2, 1, "ABC")],
)
def test_dashboards_can_be_put_in_order(
    started: Host, number: int, position: int, order: str
) -> None:
    for title in "ABC":
        make(started, title)

    with started.transaction() as tx:
        moved = dashboards.move(tx, number, position)

    assert "".join(dashboard.title for dashboard in moved) == order
    assert [dashboard.position for dashboard in moved] == [0, 1, 2]


def test_a_deleted_dashboard_leaves_no_hole(started: Host) -> None:
    for title in "ABC":
        make(started, title)
    with started.transaction() as tx:
        dashboards.delete(tx, 1, version=1)

    left = dashboards.list_dashboards(started.reading())
    assert [(d.title, d.position) for d in left] == [("B", 0), ("C", 1)]
    with pytest.raises(MusicToolError, match="no dashboard 1"):
        dashboards.get(started.reading(), 1)


@pytest.mark.parametrize(
    ("title", "widgets", "said"),
    [
        (" ", [], "needs a name"),
        ("x" * 201, [], "too long"),
        ("x", [Widget("a", "keys"), Widget("a", "keys")], "id of its own"),
        ("x", [Widget("", "keys")], "id of its own"),
        ("x", [Widget(str(n), "keys") for n in range(61)], "at most 60"),
        ("x", [Widget("a", "keys", query="label:'x")], "quotation"),
        ("x", [Widget("a", "keys", query="x" * 2001)], "too long"),
        ("x", [Widget("a", "keys", title="x" * 201)], "too long"),
    ],
)
def test_what_is_not_a_dashboard_is_not_stored(
    started: Host, title: str, widgets: list[Widget], said: str
) -> None:
    with pytest.raises(MusicToolError, match=said):
        make(started, title, *widgets)
    assert dashboards.list_dashboards(started.reading()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": "huge"}, "one of s, m, l, xl"),
        ({"title": 5}, "is a text"),
        ({"options": []}, "is an object"),
        ({"kind": ""}, "needs a kind"),
    ],
)
def test_what_is_not_a_widget_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MusicToolError, match=said):
        widget_from_json({**widget_to_json(GROWTH), **change})
    assert widget_from_json(widget_to_json(GROWTH)) == GROWTH


def test_the_first_dashboard_shows_what_there_is(
    started: Host, library: Library, make_item: MakeItem
) -> None:
    kinds = app.widget_kinds()
    empty = first_dashboard(kinds.values(), look(started))
    make_item(library, genres=["Dub"], initial_key="Am")
    filled = first_dashboard(kinds.values(), look(started))

    assert empty == ()
    names = [widget.kind for widget in filled]
    assert names[0] == "arrivals"
    assert {"growth", "genre_ranks", "keys"} <= set(names)
    assert not {"completion", "tempi", "artists"} & set(names)
    make(started, "Home", *filled)


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        (Widget("a", "gone"), "no widget 'gone'"),
        (Widget("a", "growth", options={"step": "day"}), "one of year, month"),
        (Widget("a", "labels", options={"most": 0}), "from 1 to 50"),
        (Widget("a", "labels", options={"most": True}), "from 1 to 50"),
        (Widget("a", "labels", query="year:x"), "int"),
    ],
)
def test_a_widget_that_cannot_be_read_says_why(counted: Counted, widget: Widget, said: str) -> None:
    sources = Sources(counted.host, counted.search, NOW)
    with pytest.raises(MusicToolError, match=said):
        read_widget(app.widget_kinds(), sources, widget)


def test_kinds_are_legible_in_some_size_and_have_a_title() -> None:
    for kind in app.widget_kinds().values():
        assert kind.sizes
        assert kind.title
