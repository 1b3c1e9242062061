"""One change of a person at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core import app
from musictool_core.errors import MusicToolError
from musictool_core.insight import arranging, dashboards
from musictool_core.insight.arranging import Step
from musictool_core.insight.dashboards import GENERATED, Size, Widget

if TYPE_CHECKING:
    from beets.library import Library

THREE = (Widget("a", "growth"), Widget("b", "keys", size=Size.SMALL), Widget("c", "gone"))
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def stepped(widget: str, step: Step) -> tuple[Widget, ...]:
    return arranging.take_step(THREE, app.widget_kinds(), widget, step)


@pytest.mark.parametrize(
    ("widget", "step", "order"),
    [
        ("b", Step.EARLIER, "bac"),
        ("b", Step.LATER, "acb"),
        ("a", Step.EARLIER, "abc"),
        ("c", Step.LATER, "abc"),
        ("b", Step.REMOVE, "ac"),
    ],
)
def test_a_widget_moves_one_place(widget: str, step: Step, order: str) -> None:
    assert "".join(each.id for each in stepped(widget, step)) == order


@pytest.mark.parametrize(
    ("widget", "step", "size"),
    [
        ("a", Step.LARGER, Size.LARGE),
        ("a", Step.SMALLER, Size.MEDIUM),
        ("b", Step.LARGER, Size.MEDIUM),
        ("c", Step.LARGER, Size.MEDIUM),
    ],
)
def test_a_widget_has_the_sizes_of_its_kind(widget: str, step: Step, size: Size) -> None:
    assert {each.id: each.size for each in stepped(widget, step)}[widget] is size


def test_a_second_widget_of_a_kind_gets_an_id_of_its_own() -> None:
    kinds = app.widget_kinds()
    once = arranging.add((), kinds, "keys")
    twice = arranging.add(once, kinds, "keys", query="label:x")

    assert [(each.id, each.query) for each in twice] == [("keys", ""), ("keys-2", "label:x")]
    assert once[0].size is kinds["keys"].sizes[0]
    with pytest.raises(MusicToolError, match="no kind"):
        arranging.add((), kinds, "gone")


def test_a_widget_can_be_described_anew() -> None:
    changed = arranging.describe(THREE, "b", title=" Mine ", query=" label:x ")

    assert (changed[1].title, changed[1].query, changed[1].size) == ("Mine", "label:x", Size.SMALL)
    with pytest.raises(MusicToolError, match="no widget 'z'"):
        arranging.describe(THREE, "z", title="", query="")


def test_what_is_made_of_the_generated_dashboard_is_kept_once(library: Library) -> None:
    host = app.start(library, notice=print).host

    def save(number: int, version: int) -> dashboards.Dashboard:
        with host.transaction() as tx:
            return dashboards.save(
                tx, number, version=version, title="Mine", widgets=THREE, who="eva", now=NOW
            )

    kept = save(GENERATED, 0)
    assert kept.dashboard_id != GENERATED
    assert kept.widgets == THREE
    with pytest.raises(dashboards.Changed, match="kept since"):
        save(GENERATED, 0)
    assert save(kept.dashboard_id, kept.version).version == kept.version + 1
    assert len(dashboards.list_dashboards(host.reading())) == 1
