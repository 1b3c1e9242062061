"""Runs rules over records, and makes patches of their fixes. Pure; reads no file."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.model import Evidence, Finding, Mode, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.progress import Report
    from musictool_core.quality.health.model import Profile, Record, Rule, Standard

_ROUNDS = 4
"""A fix may uncover another one (an entity that stands for odd white space)."""

_STEP = 5_000


def rules_for(profile: Profile | None) -> tuple[Rule, ...]:
    """The rules of a profile; all of them for None."""
    return tuple(rule for rule in RULES if profile is None or profile in rule.profiles)


def check(
    records: Mapping[int, Record],
    rules: Sequence[Rule],
    standard: Standard,
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[Finding]:
    """All findings, by rule in the order given.

    Args:
        records: by a number of the caller; `album_id` says which belong together.
        rules: to run.
        standard: what is right here.
        report: takes the progress, in records.
        cancel: stops it.

    Raises:
        Cancelled: on request.
    """
    found: dict[str, list[Finding]] = {rule.rule_id: [] for rule in rules}
    own = [rule for rule in rules if rule.scope is Scope.ITEM]
    for number, (key, record) in enumerate(records.items()):
        if number % _STEP == 0:
            (cancel or CancelToken()).check()
            report(Progress(number, len(records), "tracks judged"))
        for rule in own:
            for evidence in rule.detect((record,), standard):
                found[rule.rule_id].append(Finding(rule, key, evidence))
    for rule in rules:
        if rule.scope is not Scope.ITEM:
            for keys in _groups(records, rule.scope):
                group = [records[key] for key in keys]
                for evidence in rule.detect(group, standard):
                    found[rule.rule_id].append(Finding(rule, keys[evidence.index], evidence))
    return [finding for rule in rules for finding in found[rule.rule_id]]


def fix(
    records: Mapping[int, Record], rules: Sequence[Rule], standard: Standard
) -> dict[int, dict[str, object]]:
    """New values that the rules make, by record and field; repeated until nothing changes."""
    now: dict[int, Record] = dict(records)
    patches: dict[int, dict[str, object]] = defaultdict(dict)
    for _ in range(_ROUNDS):
        has_changed = False
        for rule in rules:
            for key, patch in _patches(now, rule, standard):
                now[key] = {**now[key], **patch}
                patches[key].update(patch)
                has_changed = True
        if not has_changed:
            break
    changed: dict[int, dict[str, object]] = {}
    for key, patch in patches.items():
        if left := {name: new for name, new in patch.items() if records[key].get(name) != new}:
            changed[key] = left
    return changed


def _patches(
    records: Mapping[int, Record], rule: Rule, standard: Standard
) -> Iterator[tuple[int, Mapping[str, object]]]:
    if rule.fix is None or rule.mode is Mode.REPORT:
        return
    for keys in list(_groups(records, rule.scope)):
        made = rule.fix([records[key] for key in keys], standard)
        for index, patch in made.items():
            if any(records[keys[index]].get(name) != new for name, new in patch.items()):
                yield keys[index], patch


def _groups(records: Mapping[int, Record], scope: Scope) -> Iterator[list[int]]:
    if scope is Scope.ITEM:
        yield from ([key] for key in records)
    elif scope is Scope.LIBRARY:
        yield list(records)
    else:
        albums: dict[object, list[int]] = defaultdict(list)
        for key, record in records.items():
            if album := record.get("album_id"):
                albums[album].append(key)
        yield from albums.values()


__all__ = ["Evidence", "check", "fix", "rules_for"]
