"""Home: dashboards, and arranging their widgets with or without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core import app
from musictool_core.discogs.sync import last_sync
from musictool_core.errors import MusicToolError
from musictool_core.insight import arranging, dashboards
from musictool_core.insight.arranging import Step
from musictool_core.insight.dashboards import GENERATED, Dashboard
from musictool_core.insight.widgets import first_dashboard, look
from musictool_web import widgets
from musictool_web.context import web
from musictool_web.fold import fold
from musictool_web.page import Page
from musictool_web.problem import NotThereError
from musictool_web.query import address

if TYPE_CHECKING:
    from musictool_core.db import Tx
    from musictool_core.insight.dashboards import Widget
    from musictool_web.context import Web

blueprint = APIBlueprint("home", __name__, enable_openapi=False)

_FRESH_S = 86_400.0
"""A collection that was read longer ago is said to be old."""

SIZE_NAMES = {"s": "small", "m": "medium", "l": "large", "xl": "full width"}


@blueprint.get("/")
def home() -> str:
    """The first dashboard."""
    kept = kept_dashboards(web())
    return _page(kept[0], kept)


@blueprint.get("/dashboards/<int:number>")
def show(number: int) -> str:
    """One dashboard."""
    parts = web()
    return _page(find(parts, number), kept_dashboards(parts))


@blueprint.get("/dashboards/<int:number>/widgets/<path:widget_id>")
def widget(number: int, widget_id: str) -> str:
    """One widget, as a page that shows an old state asks for it again."""
    parts = web()
    for each in find(parts, number).widgets:
        if each.id == widget_id:
            return render_template(
                "home/part.html",
                shown=widgets.show(parts, each),
                again=again(number, widget_id),
            )
    raise NotThereError(f"there is no widget {widget_id!r} on this dashboard.")


@blueprint.post("/dashboards")
def create() -> Any:
    """A new dashboard, to be arranged next."""
    parts = web()
    chosen = starting_widgets(parts) if request.form.get("start") == "usual" else ()
    with parts.host.transaction() as tx:
        made = dashboards.create(
            tx, request.form.get("title", ""), chosen, who=parts.who, now=parts.now()
        )
    return redirect(arrange_address(made))


@blueprint.post("/dashboards/<int:number>")
def change(number: int) -> Any:
    """One act of the forms: a step of a widget, a widget more, another name, delete."""
    parts = web()
    act = request.form.get("act", "")
    version = request.form.get("version", -1, type=int)
    if act == "delete":
        with parts.host.transaction() as tx:
            dashboards.delete(tx, number, version=version)
        return redirect("/")
    if act == "first":
        with parts.host.transaction() as tx:
            dashboards.move(tx, number, 0)
        return redirect("/")
    present = find(parts, number)
    changed = _changed(present, act)
    title = request.form.get("title", "") if act == "rename" else present.title
    with parts.host.transaction() as tx:
        saved = dashboards.save(
            tx,
            number,
            version=version,
            title=title,
            widgets=changed,
            who=parts.who,
            now=parts.now(),
        )
    return redirect(arrange_address(saved, request.form.get("widget", "")))


def kept_dashboards(parts: Web) -> list[Dashboard]:
    """All dashboards: those that are kept, or else the generated one."""
    return dashboards.list_dashboards(parts.host.reading()) or [
        dashboards.generated(starting_widgets(parts))
    ]


def find(parts: Web, number: int, tx: Tx | None = None) -> Dashboard:
    """One dashboard; the generated one also when others are kept.

    Raises:
        Missing: there is none with this number.
    """
    if number == GENERATED:
        return dashboards.generated(starting_widgets(parts))
    return dashboards.get(tx or parts.host.reading(), number)


def starting_widgets(parts: Web) -> tuple[Widget, ...]:
    """What a first dashboard shows of this library."""

    def make() -> tuple[Widget, ...]:
        return first_dashboard(app.widget_kinds().values(), look(parts.host))

    return parts.aggregates.get("starting widgets", make).value


def page_address(dashboard: Dashboard) -> str:
    """Where a dashboard is shown."""
    return f"/dashboards/{dashboard.dashboard_id}"


def arrange_address(dashboard: Dashboard, widget_id: str = "") -> str:
    """Where a dashboard is arranged, at one of its widgets."""
    anchor = f"#w-{widget_id}" if widget_id else ""
    return f"{address(page_address(dashboard), arrange=1)}{anchor}"


def again(number: int, widget_id: str) -> str:
    """Where one widget is had anew."""
    return f"/dashboards/{number}/widgets/{widget_id}"


def _changed(present: Dashboard, act: str) -> tuple[Widget, ...]:
    """The widgets after one act of the forms."""
    form, kinds = request.form, app.widget_kinds()
    if act == "rename":
        return present.widgets
    if act == "add":
        return arranging.add(present.widgets, kinds, form.get("kind", ""))
    widget_id = form.get("widget", "")
    if act == "describe":
        return arranging.describe(
            present.widgets,
            widget_id,
            title=form.get("title", ""),
            query=form.get("query", ""),
        )
    if act not in {step.value for step in Step}:
        raise MusicToolError(f"a dashboard knows no act {act!r}.")
    return arranging.take_step(present.widgets, kinds, widget_id, Step(act))


def _page(dashboard: Dashboard, kept: list[Dashboard]) -> str:
    parts = web()
    arranged = bool(request.args.get("arrange"))
    shown = [widgets.show(parts, each) for each in dashboard.widgets]
    if not arranged:
        shown = fold([each for each in shown if not (each.drawing and each.drawing.is_empty)])
    kinds = app.widget_kinds()
    return render_template(
        "home/page.html",
        dashboard=dashboard,
        kept=kept if len(kept) > 1 else (),
        is_first=kept[0].dashboard_id == dashboard.dashboard_id,
        shown=shown,
        arranged=arranged,
        again=again,
        sizes=[
            [size.value for size in arranging.sizes_of(kinds, each)] for each in dashboard.widgets
        ],
        size_names=SIZE_NAMES,
        kinds=kinds.values() if arranged else (),
        as_json=dashboards.widget_to_json,
        page=page_address(dashboard),
        sync=_sync(parts),
    )


def _sync(parts: Web) -> tuple[str, float] | None:
    """How old the collection is, as a stamp: status and seconds; None when it was never read."""
    run = last_sync(parts.host.reading())
    if run is None:
        return None
    age_s = max(0.0, parts.now().timestamp() - run["finished_at"])
    return ("stale" if age_s < _FRESH_S else "old"), age_s


PAGE = Page(
    name="home",
    label="Home",
    url="/",
    icon="house",
    place=10,
    tab=True,
    key="h",
    blueprints=(
        "musictool_web.pages.home:blueprint",
        "musictool_web.api.dashboards:blueprint",
    ),
)
