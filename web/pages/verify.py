"""Verify: tempo and key of tags and Traktor beside what was measured, and who is right."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.analysis import verifying
from musictool_core.analysis.tables import FILES
from musictool_core.analysis.verifying import Answer
from musictool_core.errors import MusicToolError
from musictool_core.host.search import ITEMS
from musictool_web import verify
from musictool_web.context import Web, web
from musictool_web.page import Group, Page
from musictool_web.planned import count_tracks
from musictool_web.planned import preview as preview_of
from musictool_web.query import address
from musictool_web.said import messages, say

blueprint = APIBlueprint("verify", __name__, enable_openapi=False)

ROWS = 50
_TABS = {
    verify.OPEN: "To decide",
    "contradiction": "Contradictions",
    "harmonic": "Harmonic",
    "octave": "Octave",
    "equal": "Equal",
    verify.DECIDED: "Decided",
}
_WHATS = {"": "Both", "bpm": "Tempo", "key": "Key"}
SOURCES = {
    "bpm": "library",
    "initial_key": "library",
    "traktor_bpm": "Traktor",
    "traktor_key": "Traktor",
}
_ANSWERS = {
    Answer.MEASURED: "the measured value is right",
    Answer.THEIRS: "the other value is right",
    Answer.OPEN: "ask again",
}


@blueprint.get("/dj/verify")
def show() -> Any:
    """The list."""
    parts, asked = web(), _asked(request.args)
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    error = ""
    try:
        found = verify.compared(parts, asked.query)
    except MusicToolError as problem:
        error, found = str(problem), ()
    meant = [each for each in found if asked.takes(each)]
    rows = meant[offset : offset + ROWS]
    counted = verify.counts(found, asked.what)
    tracks = _tracks(parts, [each.item_id for each in rows])
    return render_template(
        "verify/page.html",
        asked=asked,
        error=error,
        rows=[each for each in rows if each.item_id in tracks],
        tracks=tracks,
        said_by=verifying.said_by(parts.host.reading(), rows),
        total=len(meant),
        counted=counted,
        tabs=[
            (label, counted[name], _link(asked, relation=name), name == asked.relation)
            for name, label in _TABS.items()
        ],
        whats=[
            {"label": label, "href": _link(asked, what=name), "current": name == asked.what}
            for name, label in _WHATS.items()
        ],
        sources=SOURCES,
        name_of=verify.name_of,
        preview=lambda answer, only="": _preview(asked, answer, only),
        more=_link(asked, offset=offset + ROWS) if offset + ROWS < len(meant) else "",
        back=_link(asked, offset=max(0, offset - ROWS) or None) if offset else "",
        measured=_has_measured(parts),
        messages=messages(),
    ), (400 if error else 200)


@blueprint.get("/dj/verify/preview")
def preview() -> str:
    """What an answer would change."""
    parts, asked = web(), _asked(request.args)
    answer = _answer(request.args.get("answer", ""))
    planned = verify.plan(parts, asked, answer)
    return render_template(
        "verify/preview.html",
        asked=asked,
        answer=answer.value,
        said=_ANSWERS[answer],
        back=_link(asked),
        shown=preview_of(parts, planned.changes),
    )


@blueprint.post("/dj/verify")
def decide() -> Any:
    """Store an answer as a change set that can be undone."""
    parts, asked = web(), _asked(request.form)
    answer = _answer(request.form.get("answer", ""))
    planned = verify.plan(parts, asked, answer)
    result = verify.save(parts, planned)
    if result is None:
        say("There was nothing to change.")
    else:
        number = count_tracks(planned.changes)
        say(
            f"{number:,} track{'s' if number != 1 else ''}: {_ANSWERS[answer]}.",
            undo_url=f"/history/{result.changeset_id}/undo",
        )
    return redirect(_link(asked), 303)


def _asked(given: Any) -> verify.Asked:
    relation, what = given.get("relation", ""), given.get("what", "")
    return verify.Asked(
        given.get("q", "").strip(),
        relation if relation in verify.RELATIONS else verify.OPEN,
        what if what in verify.WHATS else "",
        given.get("only", ""),
    )


def _answer(text: str) -> Answer:
    try:
        return Answer(text)
    except ValueError:
        known = ", ".join(answer.value for answer in Answer)
        raise MusicToolError(f"an answer is one of {known}, not {text!r}.") from None


def _link(asked: verify.Asked, **changed: object) -> str:
    relation = None if asked.relation == verify.OPEN else asked.relation
    given = {"q": asked.query, "relation": relation, "what": asked.what}
    return address("/dj/verify", **{**given, **changed})


def _preview(asked: verify.Asked, answer: str, only: str) -> str:
    return address(
        "/dj/verify/preview",
        answer=answer,
        only=only,
        q=asked.query,
        relation=asked.relation,
        what=asked.what,
    )


def _tracks(parts: Web, ids: list[int]) -> Any:
    return parts.search.rows_by_id(ITEMS, ids, ("id", "title", "artist")) if ids else {}


def _has_measured(parts: Web) -> bool:
    return FILES.get(parts.host.reading(), {}) is not None


PAGE = Page(
    name="verify",
    label="Verify",
    url="/dj/verify",
    icon="audio-lines",
    place=55,
    group=Group.MAIN,
    key="v",
    blueprints=(
        "musictool_web.pages.verify:blueprint",
        "musictool_web.api.analysis:blueprint",
    ),
)
