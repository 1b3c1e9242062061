"""Duplicates: files of one recording side by side, and one that stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.host.search import ITEMS, Question
from musictool_core.quality.duplicates import latest
from musictool_core.quality.resolution.choice import Refused, Resolution
from musictool_web import duplicates
from musictool_web.context import Web, web
from musictool_web.page import Group, Page
from musictool_web.query import address
from musictool_web.said import messages, say

if TYPE_CHECKING:
    from musictool_core.quality.resolution.choice import Member

blueprint = APIBlueprint("duplicates", __name__, enable_openapi=False)

GROUPS = 25


@blueprint.get("/duplicates")
def show() -> str:
    """Groups of the latest search."""
    parts, kind = web(), duplicates.kind_of(request.args.get("kind", ""))
    found = latest.latest(parts.host)
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    counts = {each: _count(found, each) for each in duplicates.KINDS}
    shown = duplicates.page_of(parts, kind, offset, GROUPS)
    return render_template(
        "duplicates/page.html",
        found=found,
        age_s=(parts.now() - found.at).total_seconds() if found else 0,
        kind=kind,
        kinds=[
            {
                "label": f"{each.label} ({counts[each]:,})" if found else each.label,
                "href": _link(each.name),
                "current": each is kind,
            }
            for each in duplicates.KINDS
        ],
        shown=shown,
        total=counts[kind],
        is_fate=lambda fate: isinstance(fate, Resolution),
        is_refused=lambda fate: isinstance(fate, Refused),
        path=_path,
        waiting=duplicates.waiting(parts),
        has_tracks=found is not None or parts.search.page(Question(ITEMS, (), limit=0)).total > 0,
        more=_link(kind.name, offset + GROUPS) if offset + GROUPS < counts[kind] else "",
        back=_link(kind.name, max(0, offset - GROUPS)) if offset else "",
        resolve=lambda members: address("/duplicates/resolve", members=_joined(members)),
        messages=messages(),
    )


@blueprint.get("/duplicates/resolve")
def preview() -> str:
    """What would become of a group, or of all."""
    parts = web()
    members = duplicates.numbers(request.args.get("members", ""))
    planned = duplicates.plan(parts, members)
    return render_template(
        "duplicates/resolve.html",
        planned=planned,
        members=_joined(members),
        path=_path,
        is_told=duplicates.is_told,
        titles=_titles(parts, [n for each in planned.refused for n in each.members]),
        traktor=duplicates.lists_of(planned),
        messages=messages(),
    )


@blueprint.post("/duplicates/resolve")
def resolve() -> Any:
    """Keep one file of a group, or of each; it can be undone."""
    parts = web()
    planned = duplicates.plan(parts, duplicates.numbers(request.form.get("members", "")))
    result = duplicates.apply(parts, planned)
    if result is None:
        say("There was nothing to do.")
    else:
        files = len(planned.trashed)
        text = f"{files:,} file{'s' if files != 1 else ''} went to the trash."
        if left := len(result.failed) + len(result.conflicts):
            text += f" {left} thing{'s' if left != 1 else ''} could not be done; see the history."
        say(text, undo_url=f"/history/{result.changeset_id}/undo")
    return redirect("/duplicates", 303)


@blueprint.post("/duplicates/search")
def search() -> Any:
    """Look for duplicates in the whole library."""
    duplicates.search(web())
    return redirect("/duplicates", 303)


def _count(found: latest.Search | None, kind: duplicates.Kind) -> int:
    return 0 if found is None else sum(found.counts.get(each, 0) for each in kind.classes)


def _link(kind: str, offset: int = 0) -> str:
    first = duplicates.KINDS[0].name
    return address("/duplicates", kind="" if kind == first else kind, offset=offset or None)


def _path(member: Member) -> str:
    """Where its file is, within the music folder."""
    path = member.row.columns["path"]
    return os.fsdecode(path) if isinstance(path, bytes) else str(path)


def _joined(members: Any) -> str:
    return ",".join(str(number) for number in members)


def _titles(parts: Web, numbers: list[int]) -> dict[int, str]:
    rows = parts.search.rows_by_id(ITEMS, sorted(set(numbers)), ("id", "title"))
    return {number: row["title"] or "Untitled" for number, row in rows.items()}


PAGE = Page(
    name="duplicates",
    label="Duplicates",
    url="/duplicates",
    icon="copy",
    place=59,
    group=Group.MAIN,
    key="w",
    blueprints=(
        "musictool_web.pages.duplicates:blueprint",
        "musictool_web.api.duplicates:blueprint",
    ),
)
