"""A check of the whole library, and the latest one as it is kept: what is wrong, and with what.

What was found can be found again, so it is kept in `musictool-cache.db`; a cache that was deleted
means that nobody checked yet. What the scores were, day by day, stands in the library (`trend`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from musictool_core.db import (
    Column,
    CreateTable,
    Database,
    In,
    Kind,
    Table,
    epoch,
    moment,
)
from musictool_core.host.items import find_ids
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.art import gathering
from musictool_core.quality.art.judge import wanted_by
from musictool_core.quality.health import covers, engine, library, scanning, trend
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Mode, Profile, Scope, Standard
from musictool_core.quality.health.score import assess
from musictool_core.quality.health.themes import find_theme
from musictool_core.quality.health.traktor_facts import with_traktor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from musictool_core.changes.model import Change
    from musictool_core.host.library import Host
    from musictool_core.host.settings import QualitySettings
    from musictool_core.progress import Report
    from musictool_core.quality.health.model import Finding, Record, Rule
    from musictool_core.quality.health.score import Health

CHECKED = Table(
    "health_checked",
    (
        Column("profile", Kind.TEXT, "whose weights: dj, collector or librarian"),
        Column("at", Kind.DATE, "when it was checked"),
        Column("tracks", Kind.INTEGER),
        Column("score", Kind.REAL, "0 to 100"),
        Column("problems", Kind.JSON, "the worst first"),
    ),
    key=("profile",),
)

FOUND = Table(
    "health_found",
    (
        Column("profile", Kind.TEXT),
        Column("cause", Kind.TEXT, "number of the rule"),
        Column("place", Kind.INTEGER, "from 0, in the order in which it was found"),
        Column("item_id", Kind.INTEGER),
        Column("evidence", Kind.TEXT),
    ),
    key=("profile", "cause", "place"),
)

EXAMPLES = 3
_OF_FILES = "F"
"""How numbers of rules begin that judge files."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that lowers the score.

    Attributes:
        cause: number of the rule, or the field that is missing.
        title: what is wrong, in a few words.
        points: of the 100 that it costs, over all tracks.
        tracks: how many have it.
        examples: what is there, different ones.
    """

    cause: str
    title: str
    points: float
    tracks: int
    examples: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule | None:
        """None for a field that is missing."""
        return BY_ID.get(self.cause)

    @property
    def can_be_fixed(self) -> bool:
        """Whether its rule knows what would be right."""
        return self.rule is not None and self.rule.mode is not Mode.REPORT


@dataclass(frozen=True, slots=True)
class Checkup:
    """The latest check of the library.

    Attributes:
        at: UTC.
        score: 0 to 100; the points of the problems are what it lacks.
        problems: the most expensive first.
    """

    profile: Profile
    at: datetime
    tracks: int
    score: float
    problems: tuple[Problem, ...]

    def problem(self, cause: str) -> Problem | None:
        """The problem of a rule or field; None where there is none."""
        return next((each for each in self.problems if each.cause == cause), None)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found, before it is kept."""

    records: Mapping[int, Record]
    findings: Sequence[Finding]
    health: Health


def standard_of(settings: QualitySettings, now: datetime) -> Standard:
    """What is right by the user's settings and theme, today.

    Raises:
        ConfigError: there is no such theme.
    """
    standard = Standard(now.date(), settings.keys, settings.id3v23)
    if not settings.theme:
        return standard
    return find_theme(settings.theme, settings.themes).standard(standard)


def examine(
    host: Host,
    ids: Sequence[int],
    profile: Profile,
    standard: Standard,
    *,
    files: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Examined:
    """Judge items by the rules of a profile; writes nothing into the library.

    Args:
        host: the library.
        ids: of items.
        profile: whose rules and weights count.
        standard: what is right here.
        files: read tags and covers of files that changed since; else what is known of them counts.
            Covers need numpy and Pillow.
        report: takes the progress, in tracks.
        cancel: stops it.

    Raises:
        Cancelled: on request.
    """
    if files:
        scanning.scan(host, ids, report=report, cancel=cancel)
        if gathering.can_measure():
            gathering.scan(host, ids, report=report, cancel=cancel)
    records = with_traktor(
        host, scanning.with_tags(host, library.read_records(host.reading(), ids))
    )
    records = covers.with_covers(host, records)
    standard = replace(standard, cover_px=wanted_by(profile.value).pixels)
    rules = engine.rules_for(profile)
    findings = engine.check(records, rules, standard, report=report, cancel=cancel)
    return Examined(records, findings, assess(records, findings, profile))


def keep(host: Host, found: Examined, profile: Profile, *, now: datetime) -> None:
    """Keep a check of the whole library as the latest, and its score as that of the day.

    Raises:
        StorageError: the library or the cache cannot be written.
    """
    with host.transaction() as tx:
        trend.keep(tx, found.health, len(found.records), profile, now.date())
    remember(host, found, profile, now=now)


def remember(host: Host, found: Examined, profile: Profile, *, now: datetime) -> None:
    """Keep a check of the whole library as the latest.

    Raises:
        StorageError: the cache cannot be written.
    """
    problems = _problems(found)
    told: dict[str, Any] = {
        "profile": profile.value,
        "at": epoch(now),
        "tracks": len(found.records),
        "score": found.health.score,
        "problems": [
            [each.cause, each.title, each.points, each.tracks, list(each.examples)]
            for each in problems
        ],
    }
    with Database(host.cache_path).transaction() as tx:
        for table in (CHECKED, FOUND):
            CreateTable(table).apply(tx)
            table.delete(tx, where={"profile": profile.value})
        CHECKED.insert(tx, [told])
        FOUND.insert(tx, list(_rows(found, profile)))


def latest(host: Host, profile: Profile) -> Checkup | None:
    """The latest check; None when nobody checked, or the cache was deleted."""
    with Database(host.cache_path).reading() as tx:
        row = CHECKED.get(tx, {"profile": profile.value}) if CHECKED.exists(tx) else None
    if row is None:
        return None
    problems = tuple(
        Problem(cause, title, points, tracks, tuple(examples))
        for cause, title, points, tracks, examples in row["problems"]
    )
    return Checkup(profile, moment(row["at"]), row["tracks"], row["score"], problems)


def evidence_of(
    host: Host, profile: Profile, cause: str, *, first: int = 0, count: int | None = None
) -> list[tuple[int, str]]:
    """Items in which a rule found something, with what it found, in order.

    Args:
        host: the library.
        profile: of the check.
        cause: number of the rule.
        first: place to begin at, from 0.
        count: how many places; None for all that follow.
    """
    where: dict[str, object] = {"profile": profile.value, "cause": cause}
    if count is not None:
        where["place"] = In(range(first, first + count))
    with Database(host.cache_path).reading() as tx:
        if not FOUND.exists(tx):
            return []
        rows = FOUND.select(tx, ("item_id", "evidence"), where=where, order=("place",))
    return [(row["item_id"], row["evidence"]) for row in rows]


def count_evidence(host: Host, profile: Profile, cause: str) -> int:
    """How many places a rule found; a track may have several."""
    with Database(host.cache_path).reading() as tx:
        if not FOUND.exists(tx):
            return 0
        return FOUND.count(tx, where={"profile": profile.value, "cause": cause})


def plan_fixes(host: Host, rules: Sequence[Rule], profile: Profile, standard: Standard) -> Fixes:
    """What rules would mend in the tracks in which the latest check found something.

    Tracks are read as they are now; what was mended since is not planned. See `fixes_of`.
    """
    ids: set[int] = set()
    for rule in rules:
        ids.update(number for number, _ in evidence_of(host, profile, rule.rule_id))
    if ids and any(rule.scope is not Scope.ITEM for rule in rules):
        # Other tracks of an album, or of the library, say what is right.
        ids = set(find_ids(host, ()))
    return fixes_of(host, sorted(ids), rules, standard)


@dataclass(frozen=True, slots=True)
class Fixes:
    """Planned fixes: of how many tracks, and the changes."""

    tracks: int
    changes: tuple[Change, ...]


def fixes_of(
    host: Host,
    ids: Sequence[int],
    rules: Sequence[Rule],
    standard: Standard,
    *,
    reason: str = "",
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Fixes:
    """What rules would mend in items as they are now.

    Where one of the rules judges files, the tags of files that changed since are read first. The
    changes have a reason of their own where none is given.

    Raises:
        Cancelled: on request.
    """
    if any(rule.rule_id.startswith(_OF_FILES) for rule in rules):
        scanning.scan(host, ids, report=report, cancel=cancel)
    records = scanning.with_tags(host, library.read_records(host.reading(), ids))
    patches = engine.fix(records, rules, standard)
    changes = library.plan_patches(host, patches, reason or _named(rules), records)
    return Fixes(len(patches), tuple(changes))


def _named(rules: Sequence[Rule]) -> str:
    if len(rules) == 1:
        return f"{rules[0].rule_id}, {rules[0].title}"
    is_safe = all(rule.mode is Mode.SAFE for rule in rules)
    return "the safe rules" if is_safe else ", ".join(rule.rule_id for rule in rules)


def safe_rules() -> tuple[Rule, ...]:
    """Rules whose fixes cannot lose anything."""
    return tuple(rule for rule in BY_ID.values() if rule.mode is Mode.SAFE)


def first_examples(findings: Sequence[Finding]) -> dict[Rule, list[Finding]]:
    """For each rule the first findings that say something different."""
    first: dict[Rule, list[Finding]] = {}
    for finding in findings:
        kept = first.setdefault(finding.rule, [])
        is_new = all(finding.evidence.text != each.evidence.text for each in kept)
        if len(kept) < EXAMPLES and is_new:
            kept.append(finding)
    return first


def _problems(found: Examined) -> list[Problem]:
    first = first_examples(found.findings)
    return [
        Problem(
            loss.rule.rule_id if loss.rule else loss.field,
            loss.reason,
            loss.points,
            len(loss.keys),
            tuple(each.evidence.text for each in first.get(loss.rule, ())) if loss.rule else (),
        )
        for loss in found.health.losses
    ]


def _rows(found: Examined, profile: Profile) -> Collection[dict[str, Any]]:
    places: dict[str, int] = {}
    rows = []
    for finding in found.findings:
        cause = finding.rule.rule_id
        place = places[cause] = places.get(cause, -1) + 1
        rows.append(
            {
                "profile": profile.value,
                "cause": cause,
                "place": place,
                "item_id": finding.key,
                "evidence": finding.evidence.text,
            }
        )
    return rows
