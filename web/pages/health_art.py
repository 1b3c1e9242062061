"""Covers as a wall of sleeves, the worst first, each with what it loses points for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.host.search import ALBUMS, Question
from musictool_core.quality.art import latest
from musictool_core.quality.health.model import Profile
from musictool_web import covers_checked, health
from musictool_web.art import album_art
from musictool_web.context import Web, web
from musictool_web.query import address

if TYPE_CHECKING:
    from collections.abc import Mapping

blueprint = APIBlueprint("health_art", __name__, enable_openapi=False)

ROWS = 60
_SIDE = 156
_POOR, _FAIR = 50, 80
"""Scores below which a cover is poor, and below which it is fair."""


@blueprint.get("/health/art")
def show() -> str:
    """The latest look at all covers."""
    parts, profile = web(), health.profile_of(web(), request.args.get("profile", ""))
    mark = covers_checked.mark_of(request.args.get("mark", ""))
    found = latest.latest(parts.host, profile.value)
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    total = (found.counts.get(mark, 0) if mark else found.albums) if found else 0
    rows = latest.window(parts.host, profile.value, mark, first=offset, count=ROWS)
    there = parts.search.rows_by_id(ALBUMS, [row["album_id"] for row in rows], ("id",))
    rows = [row for row in rows if row["album_id"] in there]
    name = covers_checked.NAMES[mark] if mark else ""
    own = Profile(parts.app.settings.quality.profile)

    def link(**more: object) -> str:
        return address("/health/art", profile="" if profile is own else profile.value, **more)

    return render_template(
        "health/art.html",
        found=found,
        age_s=(parts.now() - found.at).total_seconds() if found else 0,
        profile=profile,
        profiles=[
            {
                "label": each.value.capitalize() if each is not Profile.DJ else "DJ",
                "href": address("/health/art", profile="" if each is own else each.value),
                "current": each is profile,
            }
            for each in Profile
        ],
        chips=_chips(found, name, link) if found else [],
        covers=[_cover(row) for row in rows],
        art=album_art(parts, [row["album_id"] for row in rows], _SIDE),
        first=offset + 1,
        last=offset + len(rows),
        total=total,
        is_narrowed=mark is not None,
        everything=link(),
        more=link(mark=name, offset=offset + ROWS) if offset + ROWS < total else "",
        back=link(mark=name, offset=max(0, offset - ROWS)) if offset else "",
        home=address("/health", profile="" if profile is own else profile.value),
        waiting=covers_checked.waiting(parts),
        has_albums=found is not None or _has_albums(parts),
    )


@blueprint.post("/health/art/check")
def check() -> Any:
    """Have all covers looked at."""
    parts, profile = web(), health.profile_of(web(), request.form.get("profile", ""))
    covers_checked.check(parts, profile)
    own = Profile(parts.app.settings.quality.profile)
    shown = "" if profile is own else profile.value
    return redirect(address("/health/art", profile=shown), 303)


def _has_albums(parts: Web) -> bool:
    return parts.search.page(Question(ALBUMS, (), limit=0)).total > 0


def _chips(found: latest.Look, name: str, link: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": f"{word} {found.counts.get(mark, 0):,}",
            "href": link(mark="" if own == name else own),
            "on": own == name,
        }
        for mark, word in covers_checked.WORDS.items()
        for own in (covers_checked.NAMES[mark],)
        if found.counts.get(mark) or own == name
    ]


def _cover(row: Mapping[str, Any]) -> dict[str, Any]:
    score = row["score"]
    size = f"{row['width']} x {row['height']} {row['format']}" if row["width"] else ""
    return {
        "id": row["album_id"],
        "title": row["album"] or "Untitled",
        "artist": row["albumartist"] or "Unknown artist",
        "score": round(score),
        "kind": "bad" if score < _POOR else "warn" if score < _FAIR else "ok",
        "size": f"{size}, in tags" if row["embedded"] and size else size,
        "marks": [covers_checked.said(loss) for loss in row["losses"]],
    }
