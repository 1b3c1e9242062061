"""The score of metadata, 0 to 100, as what is lost and why. Pure.

45 points are for what is there, 30 for what is right in a track, 25 for what tracks agree on. The
losses of a track add up to 100 less its score; those of a library are the means of its tracks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.quality.health.model import Profile, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.quality.health.model import Finding, Record, Rule

COMPLETENESS, VALIDITY, CONSISTENCY = 45.0, 30.0, 25.0

_ORDER = (Profile.DJ, Profile.COLLECTOR, Profile.LIBRARIAN)
# Weight for each profile, in that order, of a field or of any of several.
_WEIGHTS: tuple[tuple[str, tuple[str, ...], tuple[int, int, int]], ...] = (
    ("artist", ("artist",), (12, 10, 9)),
    ("title", ("title",), (12, 10, 9)),
    ("bpm", ("bpm",), (14, 2, 1)),
    ("initial_key", ("initial_key",), (14, 2, 1)),
    ("energy", ("energy",), (6, 0, 0)),
    ("genres", ("genres", "genre"), (10, 8, 7)),
    ("album", ("album",), (4, 10, 9)),
    ("albumartist", ("albumartist",), (2, 8, 9)),
    ("year", ("year",), (6, 6, 6)),
    ("month", ("month",), (1, 4, 5)),
    ("original_year", ("original_year",), (1, 5, 6)),
    ("label", ("label",), (6, 8, 6)),
    ("catalognum", ("catalognum",), (1, 8, 6)),
    ("track", ("track",), (1, 6, 7)),
    ("disc", ("disc",), (0, 3, 4)),
    ("artpath", ("artpath",), (5, 6, 3)),
    ("mb_trackid", ("mb_trackid", "discogs_albumid"), (2, 4, 8)),
    ("isrc", ("isrc",), (1, 2, 4)),
    ("barcode", ("barcode",), (0, 2, 4)),
    ("comments", ("comments", "traktor_rating"), (2, 0, 0)),
)
_PLACES = dict.fromkeys(("album", "albumartist", "track", "disc", "artpath", "barcode"), "album_id")
"""What only tracks of albums have."""

FIELDS = tuple(name for _, names, _ in _WEIGHTS for name in names)


def lacking(field: str) -> tuple[tuple[str, ...], bool]:
    """Fields that a track lacks all of where a field is missing; and whether albums have it only.

    Raises:
        KeyError: nothing asks for the field.
    """
    return {name: names for name, names, _ in _WEIGHTS}[field], field in _PLACES


def only_of_albums(field: str) -> bool:
    """Whether a field is not asked of a track without an album."""
    return field in _PLACES


@dataclass(frozen=True, slots=True)
class Loss:
    """Points that are lost, and why.

    Attributes:
        points: of 100; for a library the mean over its tracks.
        reason: in words.
        rule: None for a value that is missing.
        field: that is missing, or that the rule is about.
        keys: of the records.
    """

    points: float
    reason: str
    rule: Rule | None
    field: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """How healthy records are.

    Attributes:
        score: 0 to 100; 100 where there are no records.
        losses: add up to 100 less the score, the largest first.
    """

    score: float
    losses: tuple[Loss, ...]


def assess(records: Mapping[int, Record], findings: Iterable[Finding], profile: Profile) -> Health:
    """The health of records, of which the findings of the rules of a profile are known."""
    own: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        own[finding.key].append(finding)
    points: dict[tuple[Rule | None, str], float] = defaultdict(float)
    keys: dict[tuple[Rule | None, str], dict[int, None]] = defaultdict(dict)
    for key, record in records.items():
        for cause, lost in (
            *_missing(record, profile),
            *_wrong(own[key], VALIDITY, of_groups=False),
            *_wrong(own[key], CONSISTENCY, of_groups=True),
        ):
            points[cause] += lost / len(records)
            keys[cause][key] = None
    losses = [
        Loss(lost, _reason(*cause), *cause, tuple(keys[cause])) for cause, lost in points.items()
    ]
    losses.sort(key=lambda loss: (-loss.points, loss.reason))
    return Health(100.0 - sum(loss.points for loss in losses), tuple(losses))


def _reason(rule: Rule | None, field: str) -> str:
    return rule.title if rule else f"{field} is missing"


def _missing(record: Record, profile: Profile) -> list[tuple[tuple[None, str], float]]:
    column = _ORDER.index(profile)
    asked = [
        (name, names, weights[column])
        for name, names, weights in _WEIGHTS
        if weights[column] and (name not in _PLACES or record.get(_PLACES[name]))
    ]
    total = sum(weight for _, _, weight in asked)
    return [
        ((None, name), COMPLETENESS * weight / total)
        for name, names, weight in asked
        if not any(record.get(each) for each in names)
    ]


def _wrong(
    findings: Sequence[Finding], room: float, *, of_groups: bool
) -> list[tuple[tuple[Rule, str], float]]:
    """What rules take from one part of the score; all of them together at most all of it."""
    rules = {
        finding.rule: None
        for finding in findings
        if (finding.rule.scope is not Scope.ITEM) == of_groups
    }
    total = sum(rule.severity.value for rule in rules)
    share = room / max(total, 1.0)
    return [((rule, ""), rule.severity.value * share) for rule in rules]
