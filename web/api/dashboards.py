"""Dashboards and the kinds of their widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range
from flask import jsonify, request

from musictool_core import app
from musictool_core.insight import arranging, dashboards
from musictool_core.insight.dashboards import (
    MOST_CHARACTERS,
    MOST_QUERY,
    Size,
    widget_from_json,
    widget_to_json,
)
from musictool_web.api.listing import PREFIX
from musictool_web.context import web
from musictool_web.pages.home import find, kept_dashboards, starting_widgets
from musictool_web.problem import NeededError

if TYPE_CHECKING:
    from flask import Response

    from musictool_core.insight.dashboards import Dashboard

blueprint = APIBlueprint("dashboards_api", __name__, url_prefix=PREFIX, tag="Dashboards")


class WidgetSchema(Schema):
    """One part of a dashboard."""

    id = String(required=True, validate=Length(1, MOST_CHARACTERS))
    kind = String(required=True, validate=Length(1, MOST_CHARACTERS))
    title = String(load_default="", metadata={"description": "empty for that of its kind"})
    size = String(load_default="m", validate=OneOf([size.value for size in Size]))
    query = String(load_default="", validate=Length(max=MOST_QUERY))
    options = Raw(load_default=dict, metadata={"description": "an object; what its kind knows"})


class DashboardBody(Schema):
    """What a dashboard is to be."""

    title = String(required=True, validate=Length(1, MOST_CHARACTERS))
    widgets = List(Nested(WidgetSchema), required=True)
    position = Integer(
        load_default=None, validate=Range(0, 10_000), metadata={"description": "among the others"}
    )


class NewDashboardBody(Schema):
    """What a new dashboard is to be; without widgets it gets those of a first one."""

    title = String(required=True, validate=Length(1, MOST_CHARACTERS))
    widgets = List(Nested(WidgetSchema), load_default=None, allow_none=True)


class DashboardAnswer(Schema):
    """One dashboard; `id` 0 is the generated one, there as long as none is kept."""

    id = Integer()
    title = String()
    position = Integer()
    version = Integer(metadata={"description": "the ETag; to be sent as If-Match"})
    who = String(metadata={"description": "who changed it last, empty for the generated one"})
    widgets = List(Nested(WidgetSchema))


class DashboardsAnswer(Schema):
    """All dashboards in their order."""

    items = List(Nested(DashboardAnswer))


class KindAnswer(Schema):
    """A kind of widget."""

    name = String()
    title = String()
    sizes = List(String(), metadata={"description": "the smallest first"})
    usual_size = String()


class KindsAnswer(Schema):
    """All kinds."""

    items = List(Nested(KindAnswer))


@blueprint.get("/widgets")
@blueprint.output(KindsAnswer)
@blueprint.doc(summary="List kinds of widgets")
def list_kinds() -> Any:
    """What can be put on a dashboard."""
    kinds = app.widget_kinds()
    return {
        "items": [
            {
                "name": kind.name,
                "title": kind.title,
                "sizes": [size.value for size in arranging.sizes_in_order(kind)],
                "usual_size": kind.sizes[0].value,
            }
            for kind in kinds.values()
        ]
    }


@blueprint.post("/dashboards")
@blueprint.input(NewDashboardBody, arg_name="body")
@blueprint.output(DashboardAnswer, status_code=201)
@blueprint.doc(summary="Create a dashboard", responses=[400])
def create_dashboard(body: dict[str, Any]) -> Any:
    """A dashboard behind the others."""
    parts = web()
    widgets = body["widgets"]
    chosen = (
        starting_widgets(parts)
        if widgets is None
        else [widget_from_json(widget) for widget in widgets]
    )
    with parts.host.transaction() as tx:
        made = dashboards.create(tx, body["title"], chosen, who=parts.who, now=parts.now())
    return _answer(made, 201)


@blueprint.get("/dashboards")
@blueprint.output(DashboardsAnswer)
@blueprint.doc(summary="List dashboards")
def list_dashboards() -> Any:
    """All dashboards."""
    return {"items": [_shown(dashboard) for dashboard in kept_dashboards(web())]}


@blueprint.get("/dashboards/<int:number>")
@blueprint.output(DashboardAnswer)
@blueprint.doc(summary="One dashboard", responses=[304, 404])
def get_dashboard(number: int) -> Any:
    """A dashboard with its version as ETag."""
    return _answer(find(web(), number)).make_conditional(request)


@blueprint.put("/dashboards/<int:number>")
@blueprint.input(DashboardBody, arg_name="body")
@blueprint.output(DashboardAnswer)
@blueprint.doc(
    summary="Replace a dashboard",
    description="Needs `If-Match`. The generated one (0) is kept under a number of its own: 201.",
    responses={201: "kept", 400: "not a dashboard", 404: "there is none", 412: "changed since",
               428: "If-Match is missing"},
)  # fmt: skip
def put_dashboard(number: int, body: dict[str, Any]) -> Any:
    """Title, widgets and place of a dashboard."""
    parts = web()
    version = _if_match()
    widgets = [widget_from_json(widget) for widget in body["widgets"]]
    with parts.host.transaction() as tx:
        saved = dashboards.save(
            tx,
            number,
            version=version,
            title=body["title"],
            widgets=widgets,
            who=parts.who,
            now=parts.now(),
        )
        if body["position"] is not None:
            dashboards.move(tx, saved.dashboard_id, body["position"])
            saved = dashboards.get(tx, saved.dashboard_id)
    return _answer(saved, 200 if saved.dashboard_id == number else 201)


@blueprint.delete("/dashboards/<int:number>")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Delete a dashboard",
    description="Needs `If-Match`.",
    responses={404: "there is none", 412: "changed since", 428: "If-Match is missing"},
)
def delete_dashboard(number: int) -> Any:
    """A dashboard, for ever."""
    version = _if_match()
    with web().host.transaction() as tx:
        dashboards.delete(tx, number, version=version)
    return ""


def _if_match() -> int:
    """The version that the caller saw.

    Raises:
        NeededError: it does not say.
        Changed: it names something that was never a version.
    """
    given = sorted(request.if_match.as_set())
    if not given:
        raise NeededError("say which version is meant: If-Match with the ETag of the dashboard.")
    if len(given) > 1 or not given[0].isdecimal() or len(given[0]) > 18:
        raise dashboards.Changed("If-Match names no version of this dashboard.")
    return int(given[0])


def _answer(dashboard: Dashboard, status: int = 200) -> Response:
    response = jsonify(_shown(dashboard))
    response.status_code = status
    response.set_etag(str(dashboard.version))
    if status == 201:
        response.headers["Location"] = f"{PREFIX}/dashboards/{dashboard.dashboard_id}"
    return response


def _shown(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "id": dashboard.dashboard_id,
        "title": dashboard.title,
        "position": dashboard.position,
        "version": dashboard.version,
        "who": dashboard.who,
        "widgets": [widget_to_json(widget) for widget in dashboard.widgets],
    }
