"""Health: what is wrong with the metadata, what it costs, and one problem after the other."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.host.search import ITEMS, Question
from musictool_core.quality.health import checkup, trend
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Mode, Profile
from musictool_web import health
from musictool_web.charts.small import sparkline
from musictool_web.context import Web, web
from musictool_web.page import Group, Page
from musictool_web.planned import preview as preview_of
from musictool_web.problem import NotThereError
from musictool_web.query import address
from musictool_web.said import messages, say

blueprint = APIBlueprint("health", __name__, enable_openapi=False)

ROWS = 50
_MOST_DONE = 200

PROFILES = {
    Profile.DJ: "DJ",
    Profile.COLLECTOR: "Collector",
    Profile.LIBRARIAN: "Librarian",
}

MODES = {
    Mode.SAFE: ("ok", "safe to mend"),
    Mode.PREVIEW: ("note", "can be mended"),
    Mode.REPORT: ("unknown", "yours to decide"),
}


@blueprint.get("/health")
def show() -> str:
    """Score, trend and problems of the latest check."""
    parts, profile = web(), health.profile_of(web(), request.args.get("profile", ""))
    found = checkup.latest(parts.host, profile)
    scores = [each.score for each in trend.snapshots(parts.host.reading(), profile)]
    problems = found.problems if found else ()
    return render_template(
        "health/page.html",
        found=found,
        age_s=(parts.now() - found.at).total_seconds() if found else 0,
        profile=profile,
        profiles=[
            {"label": label, "href": _link("/health", parts, each), "current": each is profile}
            for each, label in PROFILES.items()
        ],
        spark=sparkline(scores, _said(scores)),
        wrong=[each for each in problems if each.rule],
        missing=[each for each in problems if not each.rule],
        most=max((each.points for each in problems), default=1.0),
        safe=sum(1 for each in problems if each.rule and each.rule.mode is Mode.SAFE),
        modes=MODES,
        title_of=health.title_of,
        href=lambda each: _problem_link(parts, profile, each),
        waiting=health.waiting(parts),
        has_tracks=found is not None or parts.search.page(Question(ITEMS, (), limit=0)).total > 0,
        link=lambda path, **more: _link(path, parts, profile, **more),
        messages=messages(),
    )


@blueprint.get("/health/problems/<cause>")
def problem(cause: str) -> str:
    """Where a rule found something."""
    parts, profile = web(), health.profile_of(web(), request.args.get("profile", ""))
    rule = BY_ID.get(cause)
    if rule is None:
        raise NotThereError(f"there is no rule {cause!r}.")
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    total = checkup.count_evidence(parts.host, profile, cause)
    rows = checkup.evidence_of(parts.host, profile, cause, first=offset, count=ROWS)
    tracks = parts.search.rows_by_id(
        ITEMS, sorted({number for number, _ in rows}), ("id", "title", "artist", "album")
    )
    path = f"/health/problems/{cause}"
    return render_template(
        "health/problem.html",
        rule=rule,
        title=health.capital(rule.title),
        mode=MODES[rule.mode],
        severity=health.SEVERITIES[rule.severity],
        rows=[(tracks[number], said) for number, said in rows if number in tracks],
        total=total,
        fix=_link("/health/fix", parts, profile, cause=cause),
        can_be_fixed=rule.mode is not Mode.REPORT,
        home=_link("/health", parts, profile),
        more=_link(path, parts, profile, offset=offset + ROWS) if offset + ROWS < total else "",
        back=_link(path, parts, profile, offset=max(0, offset - ROWS)) if offset else "",
    )


@blueprint.get("/health/fix")
def preview() -> str:
    """What a fix would change."""
    parts, profile = web(), health.profile_of(web(), request.args.get("profile", ""))
    cause = request.args.get("cause", "")
    fixes = health.plan(parts, cause, profile)
    return render_template(
        "health/fix.html",
        cause=cause,
        title=health.capital(_fix_title(cause)),
        profile=profile,
        shown=preview_of(parts, fixes.changes),
        done="",
        back=_link("/health", parts, profile),
        step=None,
    )


@blueprint.post("/health/fix")
def fix() -> Any:
    """Make the changes of a fix; they can be undone."""
    parts, profile = web(), health.profile_of(web(), request.form.get("profile", ""))
    cause = request.form.get("cause", "")
    fixes = health.plan(parts, cause, profile)
    result = health.save(parts, fixes, profile)
    if result is None:
        say("There was nothing to change.")
    else:
        tracks = f"{fixes.tracks:,} track{'s' if fixes.tracks != 1 else ''}"
        undo_url = f"/history/{result.changeset_id}/undo"
        say(f"{tracks} mended: {_fix_title(cause)}.", undo_url=undo_url)
    if "done" not in request.form:
        return redirect(_link("/health", parts, profile), 303)
    done = _done(request.form.get("done", ""))
    return redirect(_link("/health/guide", parts, profile, done=",".join([*done, cause])), 303)


@blueprint.get("/health/guide")
def guide() -> Any:
    """One problem after the other, with what would be changed; the last page says what is left."""
    parts, profile = web(), health.profile_of(web(), request.args.get("profile", ""))
    found = checkup.latest(parts.host, profile)
    if found is None:
        return redirect(_link("/health", parts, profile), 303)
    done = _done(request.args.get("done", ""))
    steps = health.steps(found, done)
    names = [(_step_title(each), each in steps.done, each == steps.next) for each in steps.all]
    if not steps.next:
        return render_template(
            "health/done.html",
            steps=names,
            left=[each for each in found.problems if not each.can_be_fixed][:12],
            title_of=health.title_of,
            href=lambda each: _problem_link(parts, profile, each),
            home=_link("/health", parts, profile),
            messages=messages(),
        )
    fixes = health.plan(parts, steps.next, profile)
    going = ",".join(done)
    return render_template(
        "health/fix.html",
        cause=steps.next,
        title=health.capital(_fix_title(steps.next)),
        profile=profile,
        shown=preview_of(parts, fixes.changes),
        done=going,
        back=_link("/health", parts, profile),
        skip=_link("/health/guide", parts, profile, done=",".join([*done, steps.next])),
        step=steps.all.index(steps.next) + 1,
        steps=names,
        messages=messages(),
    )


@blueprint.post("/health/check")
def check() -> Any:
    """Have the library checked."""
    parts, profile = web(), health.profile_of(web(), request.form.get("profile", ""))
    health.check(parts, profile, files="files" in request.form)
    return redirect(_link("/health", parts, profile), 303)


def _done(text: str) -> list[str]:
    """The steps that were dealt with, from an address."""
    return [each for each in text.split(",")[:_MOST_DONE] if each in BY_ID or each == health.SAFE]


def _link(path: str, parts: Web, profile: Profile, **more: object) -> str:
    own = Profile(parts.app.settings.quality.profile)
    return address(path, profile="" if profile is own else profile.value, **more)


def _problem_link(parts: Web, profile: Profile, found: checkup.Problem) -> str:
    if found.rule is None:
        return health.tracks_without(found.cause)
    return _link(f"/health/problems/{found.cause}", parts, profile)


def _fix_title(cause: str) -> str:
    if cause == health.SAFE:
        return "all that is safe to mend"
    (rule,) = health.rules_of(cause)
    return rule.title


def _step_title(cause: str) -> str:
    return "Safe mends" if cause == health.SAFE else health.capital(BY_ID[cause].title)


def _said(scores: list[float]) -> str:
    if not scores:
        return ""
    days = f"{len(scores)} day{'s' if len(scores) != 1 else ''}"
    return f"Score over {days}: {scores[0]:.1f} to {scores[-1]:.1f}"


PAGE = Page(
    name="health",
    label="Health",
    url="/health",
    icon="activity",
    place=58,
    group=Group.MAIN,
    key="q",
    blueprints=(
        "musictool_web.pages.health:blueprint",
        "musictool_web.pages.upgrades:blueprint",
        "musictool_web.pages.health_art:blueprint",
        "musictool_web.api.health:blueprint",
        "musictool_web.api.health_art:blueprint",
        "musictool_web.api.upgrades:blueprint",
    ),
)
