"""`beet quality`: how healthy metadata are, and what mends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app import edits
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.app.cli.following import write_files
from musictool_core.changes.container import NAMES
from musictool_core.changes.model import CONTAINER_TARGET
from musictool_core.changes.rows import shown
from musictool_core.errors import MusicToolError, StorageError
from musictool_core.host import terminal
from musictool_core.host.entities import Entity
from musictool_core.host.filework import import_writes
from musictool_core.host.items import find_ids, item_paths
from musictool_core.music import ItemId
from musictool_core.quality.art import gathering
from musictool_core.quality.health import checklists, checkup, library, trend
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Mode, Profile, Standard
from musictool_core.quality.health.themes import find_theme, read_themes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.changes import Change
    from musictool_core.host.settings import QualitySettings
    from musictool_core.quality.health.checkup import Examined, Fixes
    from musictool_core.quality.health.model import Finding, Rule
    from musictool_core.quality.health.score import Loss
    from musictool_core.quality.health.themes import Theme

_SHOWN_CHANGES = 200


def health(lib: Library, opts: Namespace) -> int:
    """`beet quality health`."""
    chosen = _fixed_rules(opts)
    running = session.start(lib)
    settings = running.settings.quality
    profile = Profile(opts.profile or settings.profile)
    standard, reason = checkup.standard_of(settings, app.utc_now()), ""
    if opts.theme is not None:
        theme = _theme(settings, opts.theme)
        chosen, standard, reason = theme.rules, theme.standard(standard), f"theme {theme.name}"
    host = running.host
    ids = find_ids(host, opts.query)
    if opts.theme is not None or chosen:
        with terminal.long_work() as (line, cancel):
            fixes = checkup.fixes_of(
                host, ids, chosen, standard, reason=reason, report=line, cancel=cancel
            )
        return _mend(running, fixes, opts)
    if opts.files and not gathering.can_measure():
        terminal.notice(f"Covers are not looked at: {gathering.INSTALL}")
    with terminal.long_work() as (line, cancel):
        found = checkup.examine(
            host, ids, profile, standard, files=opts.files, report=line, cancel=cancel
        )
    if opts.checklist:
        _print_checklist(running, found, profile, as_json=opts.json)
        return 0
    if opts.json:
        _print_json(running, found, profile)
    else:
        before = "" if opts.query else _before(running, profile)
        tracks = text.count(len(found.records), "track")
        score = f"{found.health.score:.1f}"
        terminal.write(f"Health {score} of 100 ({tracks}, {profile.value}){before}")
        _print_losses(found)
    if not (opts.query or opts.pretend):
        with host.transaction() as tx:
            trend.keep(tx, found.health, len(found.records), profile, app.utc_now().date())
        try:
            checkup.remember(host, found, profile, now=app.utc_now())
        except StorageError as error:
            terminal.notice(f"The web view does not hear of this: {error.line()}")
    return 0


def _theme(settings: QualitySettings, name: str) -> Theme:
    """The theme that is asked for, that of the settings for ""."""
    if not (name or settings.theme):
        known = ", ".join(read_themes(settings.themes))
        raise MusicToolError(f"say which theme: {known}.", hint="Or set quality.theme.")
    theme = find_theme(name or settings.theme, settings.themes)
    wanted = theme.standard(Standard(app.utc_now().date(), id3v23=settings.id3v23))
    if wanted.id3v23 != settings.id3v23:
        said = "2.3" if settings.id3v23 else "2.4"
        terminal.notice(f"beets goes on writing ID3v{said}: set its id3v23 as the theme says.")
    return theme


def _fixed_rules(opts: Namespace) -> Sequence[Rule]:
    """The rules whose fixes are wanted; none to look only."""
    if sum((opts.quick, bool(opts.fix), opts.theme is not None, opts.checklist)) > 1:
        raise MusicToolError("--quick, --fix, --theme and --checklist exclude each other.")
    if opts.quick:
        return list(checkup.safe_rules())
    if not opts.fix:
        return []
    rule = BY_ID.get(opts.fix.upper())
    if rule is None:
        raise MusicToolError(
            f"there is no rule {opts.fix}.", hint="They stand in the documentation."
        )
    if rule.fix is None:
        raise MusicToolError(
            f"{rule.rule_id} ({rule.title}) has no fix.",
            hint="Only you or another source can say what is right.",
        )
    return [rule]


# --- looking -------------------------------------------------------------------------------------


def _print_losses(found: Examined) -> None:
    first = checkup.first_examples(found.findings)
    for loss in found.health.losses:
        terminal.write(f"{-loss.points:6.1f}  {_described(loss)}")
        for finding in first.get(loss.rule, ()) if loss.rule else ():
            terminal.write(f"                {finding.evidence.text}")


def _described(loss: Loss) -> str:
    count = text.count(len(loss.keys), "track")
    rule = loss.rule
    if rule is None:
        return f"      {loss.reason}: {count}"
    way = {Mode.SAFE: "--quick mends it", Mode.PREVIEW: f"--fix {rule.rule_id} mends what it can"}
    mended = f"; {way[rule.mode]}" if rule.mode in way else ""
    return f"{rule.rule_id}  {rule.title}: {count}{mended}"


def _before(running: App, profile: Profile) -> str:
    today = app.utc_now().date().isoformat()
    earlier = [
        each for each in trend.snapshots(running.host.reading(), profile) if each.day < today
    ]
    return f"; {earlier[-1].score:.1f} on {earlier[-1].day}" if earlier else ""


def _print_json(running: App, found: Examined, profile: Profile) -> None:
    first = checkup.first_examples(found.findings)
    wanted = {ItemId(each.key) for kept in first.values() for each in kept}
    paths = item_paths(running.host, wanted)
    for loss in found.health.losses:
        rule = loss.rule
        terminal.write_json(
            {
                "score": round(found.health.score, 2),
                "profile": profile.value,
                "points": round(loss.points, 4),
                "reason": loss.reason,
                "rule": rule.rule_id if rule else None,
                "severity": rule.severity.name.lower() if rule else None,
                "mode": rule.mode.value if rule else None,
                "field": loss.field or None,
                "tracks": len(loss.keys),
                "items": list(loss.keys),
                "examples": [
                    _json_finding(each, paths) for each in (first.get(rule, ()) if rule else ())
                ],
            }
        )


def _print_checklist(running: App, found: Examined, profile: Profile, *, as_json: bool) -> None:
    answers = checklists.answer(found.records, found.findings, profile)
    if as_json:
        for each in answers:
            terminal.write_json(
                {
                    "point": each.point.name,
                    "profile": profile.value,
                    "fields": [list(group) for group in each.point.fields],
                    "rules": list(each.point.rules),
                    "tracks": each.tracks,
                    "lacking": list(each.lacking),
                }
            )
        return
    whole = checklists.complete(found.records, answers)
    tracks = text.count(len(found.records), "track")
    terminal.write(f"{whole:,} of {tracks} have all that a {profile.value} needs")
    first = {ItemId(key) for each in answers for key in each.lacking[: checkup.EXAMPLES]}
    paths = item_paths(running.host, first)
    for each in answers:
        have = each.tracks - len(each.lacking)
        terminal.write(f"{have:6,} of {each.tracks:,}  {each.point.name}")
        for key in each.lacking[: checkup.EXAMPLES]:
            terminal.write(f"                {paths.get(ItemId(key), '')}")


def _json_finding(finding: Finding, paths: Mapping[ItemId, str]) -> dict[str, Any]:
    return {
        "path": paths.get(ItemId(finding.key)),
        "fields": list(finding.evidence.fields),
        "evidence": finding.evidence.text,
    }


# --- mending -------------------------------------------------------------------------------------


def _mend(running: App, fixes: Fixes, opts: Namespace) -> int:
    planned = fixes.changes
    _print_changes(running, planned, as_json=opts.json)
    tracks = text.count(fixes.tracks, "track")
    values = text.count(len(planned), "value")
    if opts.pretend or not planned:
        if not opts.json:
            terminal.write(f"{values} of {tracks} would be changed.")
        return 0
    result = edits.save(running.host, planned, this_command(), write=import_writes()[0], move=False)
    unwritten = write_files(running, result.changeset_id)
    if not opts.json:
        terminal.write(
            f"{values} of {tracks} changed. `beet undo {result.changeset_id}` takes it back."
        )
    return unwritten + len(result.failed) + len(result.conflicts)


def _field(change: Change) -> str:
    name = NAMES.get(change.field, "") if change.target == CONTAINER_TARGET else ""
    return name or change.field


def _print_changes(running: App, planned: Sequence[Change], *, as_json: bool) -> None:
    items = {ItemId(c.entity_id) for c in planned if c.target != Entity.ALBUM.value}
    paths = item_paths(running.host, items)
    for number, change in enumerate(planned):
        is_item = change.target != Entity.ALBUM.value
        path = paths.get(ItemId(change.entity_id)) if is_item else None
        if as_json:
            old, new = (library.plain(change.field, v) for v in (change.old, change.new))
            terminal.write_json({"path": path, "field": change.field, "old": old, "new": new})
        elif number < _SHOWN_CHANGES:
            place = path or f"album {change.entity_id}"
            old_and_new = f"{shown(change.old)} -> {shown(change.new)}"
            terminal.write(f"{place}: {_field(change)}: {old_and_new}")
    if not as_json and len(planned) > _SHOWN_CHANGES:
        terminal.write(f"… and {len(planned) - _SHOWN_CHANGES:,} more")
