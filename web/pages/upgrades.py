"""Files to replace: what a lossless copy would gain, by how often they are played; and wants."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.host.search import ITEMS, Question
from musictool_web import upgrades
from musictool_web.context import web
from musictool_web.planned import preview
from musictool_web.query import address
from musictool_web.said import messages, say

blueprint = APIBlueprint("upgrades", __name__, enable_openapi=False)

ROWS = 12
MORE = 50
"""On the first page, and on those after it."""


@blueprint.get("/health/upgrades")
def show() -> str:
    """The files, the most worthwhile first."""
    parts = web()
    offset = min(max(0, request.args.get("offset", 0, type=int)), upgrades.MOST)
    found = upgrades.ranked(parts)
    size = MORE if offset else ROWS
    shown = found.first[offset : offset + size]
    after, before = offset + size, offset - MORE if offset > ROWS else 0
    path = "/health/upgrades"
    return render_template(
        "health/upgrades.html",
        lines=upgrades.lines(parts, shown),
        ranked=found,
        use=parts.app.settings.quality.use,
        offset=offset,
        here=address(path, offset=offset or None),
        more=address(path, offset=after) if after < len(found.first) else "",
        back=address(path, offset=max(0, before) or None) if offset else "",
        is_checked=_is_checked(),
        messages=messages(),
    )


@blueprint.get("/health/upgrades/want")
def preview_wants() -> str:
    """What would change if better copies of these tracks were wanted."""
    parts = web()
    ids = request.args.getlist("id", type=int)[: upgrades.MOST]
    planned = upgrades.plan(parts, _known(ids), wanted=True)
    return render_template(
        "health/want.html", shown=preview(parts, planned), ids=ids, back="/health/upgrades"
    )


@blueprint.post("/health/upgrades/want")
def want() -> Any:
    """Want better copies of tracks, or no more; it can be undone."""
    parts = web()
    wanted = request.form.get("wanted", "1") == "1"
    ids = request.form.getlist("id", type=int)[: upgrades.MOST]
    result = upgrades.save(parts, upgrades.plan(parts, _known(ids), wanted=wanted))
    if result is None:
        say("There was nothing to change.")
    else:
        number = result.applied
        copies = "A better copy" if number == 1 else f"Better copies of {number:,} tracks"
        verb = "is" if number == 1 else "are"
        said = f"{copies} {verb} {'wanted' if wanted else 'not wanted any more'}."
        say(said, undo_url=f"/history/{result.changeset_id}/undo")
    offset = request.form.get("offset", 0, type=int)
    return redirect(address("/health/upgrades", offset=offset or None), 303)


def _known(ids: list[int]) -> list[int]:
    return [each for each in ids if 0 < each < 2**62]


def _is_checked() -> bool:
    """Whether any file was ever checked."""
    return web().search.page(Question(ITEMS, ("quality_verdict::.",), limit=0)).total > 0
