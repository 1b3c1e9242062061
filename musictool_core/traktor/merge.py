"""Three sides that hold one field (Traktor, beets, the file's tags), brought to one value.

Each side has a base of its own: what it held after the last sync. `agreed` is what all of them were
to hold then. A side whose base is another value than `agreed` could not be written (Traktor ran, a
disk was full): that is owed to it, and no change of the user.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.music.keys import NOTES, parse_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

Value = str | int | float | tuple[str, ...] | None
"""A value of one side; None: there is none."""

BPM_TOLERANCE = 0.01
"""Beats per minute: what rounding of numbers in files comes to."""

MOST_PLAYS = 60_000
"""Real collections hold 6,553,701 plays: above this a count is damage, and unknown."""


class Side(Enum):
    """Who holds a value."""

    NML = "nml"
    BEETS = "beets"
    TAGS = "tags"

    @property
    def said(self) -> str:
        """Its name in a sentence."""
        return _SAID[self]


_SAID = {Side.NML: "Traktor", Side.BEETS: "beets", Side.TAGS: "the file"}

_RICHEST_FIRST = (Side.BEETS, Side.TAGS, Side.NML)
"""Whose form of equal values is taken: Traktor has lost line breaks."""


class Policy(Enum):
    """Who is right when several sides were changed to different values."""

    ASK = "ask"
    """Nobody: it is listed, and waits for the user."""
    NML = "nml"
    BEETS = "beets"
    TAGS = "tags"
    NEWEST = "newest"
    """The side that was written last; the user where that is not known."""


class Kind(Enum):
    """How values of a field are compared."""

    TEXT = "text"
    """Line breaks and repeated blanks do not count."""
    TEXTS = "texts"
    """Several texts; their order does not count."""
    NUMBER = "number"
    COUNT = "count"
    STARS = "stars"
    """1 to 5; 0 is none."""
    KEY = "key"
    """Any notation of one of 24 keys; other texts as they are."""
    DATE = "date"
    """A year alone is equal to each of its days."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is kept equal.

    Attributes:
        name: of the field.
        kind: how its values are compared.
        policy: decides between different changes.
        owner: only this side ever says what the value is; None where all may.
        allow_clear: a value that was taken away on one side goes from the others, too.
        tolerance: numbers that differ by no more are equal.
        whole: a side that can hold only whole numbers is equal when it is the rounded number.
    """

    name: str
    kind: Kind = Kind.TEXT
    policy: Policy = Policy.ASK
    owner: Side | None = None
    allow_clear: bool = False
    tolerance: float = 0.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """What was known of a field after the last sync; values in their normal form.

    Attributes:
        sides: what each side held.
        agreed: what all were to hold.
    """

    sides: Mapping[Side, Value]
    agreed: Value


class Verdict(Enum):
    """What a merge found."""

    SAME = "same"
    """Nothing is to be done."""
    RECORD = "record"
    """Nothing is to be written but the base: the sides are equal already."""
    WRITE = "write"
    CONFLICT = "conflict"
    """Nobody may decide but the user; no side and no base is touched."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one field of one track.

    Attributes:
        value: what all sides are to hold; of a conflict None.
        writes: sides that hold something else now, with their value to be.
        base: to be stored when all writes are done; None: as it is.
        reason: one line for the user.
    """

    verdict: Verdict
    value: Value = None
    writes: Mapping[Side, Value] = field(default_factory=dict)
    base: Base | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One of the values that sides were changed to."""

    value: Value
    sides: tuple[Side, ...]


def merge(
    rule: Rule,
    now: Mapping[Side, Value],
    base: Base | None,
    *,
    times: Mapping[Side, float] | None = None,
    chosen: Side | None = None,
) -> Decision:
    """Decide what becomes of one field of one track.

    Args:
        rule: of the field.
        now: what the sides hold; those that cannot be asked now are left out.
        base: what was known after the last sync, None before the first.
        times: when each side was written, seconds since 1970, as far as that is known.
        chosen: the side that the user picked, where this is a conflict.
    """
    return _Merge(rule, now, base).decide(times or {}, chosen)


def unwritten(
    rule: Rule, now: Mapping[Side, Value], decided: Base, failed: Collection[Side]
) -> Base:
    """The base to store when some sides could not be written.

    Args:
        rule: of the field.
        now: the values that were merged.
        decided: the base of the decision.
        failed: sides that hold what they held; what they were to hold is owed to them.
    """
    left = {side: normal(rule.kind, now[side]) for side in failed if side in now}
    return Base({**decided.sides, **left}, decided.agreed)


def normal(kind: Kind, value: Value) -> Value:
    """The form in which values are compared and kept as a base."""
    if value is None:
        return None
    if kind is Kind.TEXT:
        return normal_text(value) or None
    if kind is Kind.TEXTS:
        return _normal_texts(value) or None
    return _NORMALS[kind](value)


def alike(rule: Rule, one: Value, other: Value) -> bool:
    """Whether two values are equal for this field."""
    return _same(rule, normal(rule.kind, one), normal(rule.kind, other))


def _same(rule: Rule, one: Value, other: Value) -> bool:
    """Whether two values in their normal form are equal."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    if rule.kind is Kind.NUMBER:
        return _close(rule, float(one), float(other))  # type: ignore[arg-type]
    if rule.kind is Kind.DATE:
        return str(one)[:4] == str(other)[:4] and 4 in {len(str(one)), len(str(other))}
    return rule.kind is Kind.TEXTS and set(one) == set(other)  # type: ignore[arg-type]


def normal_text(value: object) -> str:
    """A text without line breaks, repeated blanks and other ways to write a letter."""
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def key_number(text: str) -> int | None:
    """The number that Traktor gives a key: 0 to 11 for C to B major, 12 to 23 for minor."""
    key = parse_key(text)
    if key is None:
        return None
    return NOTES.index(key.short.removesuffix("m")) + (12 if key.minor else 0)


class _Merge:
    """One merge; values are compared in their normal form, and written in their own."""

    def __init__(self, rule: Rule, now: Mapping[Side, Value], base: Base | None) -> None:
        self._rule, self._now, self._base = rule, now, base
        self._held = {side: normal(rule.kind, value) for side, value in now.items()}

    def decide(self, times: Mapping[Side, float], chosen: Side | None) -> Decision:
        """See `merge`."""
        if self._rule.owner is not None:
            return self._follow(self._rule.owner)
        everywhere = self._grouped(self._held)
        if len(everywhere) == 1:
            return self._settle(everywhere[0].value, "")
        candidates, cleared = self._changed()
        if not candidates:
            base = self._base
            if base is not None and (base.agreed is not None or self._rule.allow_clear):
                return self._settle(self._agreed(base), _why_again(cleared))
            # Nobody may take away what a side still holds.
            candidates = self._grouped(self._there())
        if len(candidates) > 1:
            won = self._winner(candidates, times, chosen)
            if won is None:
                return Decision(Verdict.CONFLICT, reason=_clash(candidates))
            return self._settle(*won)
        (only,) = candidates
        return self._settle(only.value, _why(self._base, only))

    def _follow(self, owner: Side) -> Decision:
        """All sides hold what their owner says; where he says nothing they keep what they have."""
        says_nothing = self._held.get(owner) is None
        may_clear = self._base is not None and self._rule.allow_clear
        if owner not in self._now or (says_nothing and not may_clear):
            return Decision(Verdict.SAME)
        return self._settle(self._now[owner], f"only {owner.said} says this")

    def _there(self) -> dict[Side, Value]:
        return {side: value for side, value in self._held.items() if value is not None}

    def _changed(self) -> tuple[list[_Candidate], tuple[Side, ...]]:
        """What sides were changed to since the last sync, and which were cleared without effect.

        Before the first one every value counts, and no value is not one.
        """
        rule, base = self._rule, self._base
        if base is None:
            return self._grouped(self._there()), ()
        changed = {s: v for s, v in self._held.items() if self._is_changed(s, v, base)}

        def counts(value: Value) -> bool:
            return rule.allow_clear or value is not None

        cleared = tuple(s for s, v in changed.items() if not counts(v))
        changed = {s: v for s, v in changed.items() if counts(v)}
        if any(s in base.sides and not _same(rule, base.sides[s], base.agreed) for s in changed):
            # A side was changed that still waited for the agreed value: those that hold it stand
            # by it.
            held = self._held.items()
            changed |= {s: v for s, v in held if counts(v) and _same(rule, v, base.agreed)}
        return self._grouped(changed), cleared

    def _is_changed(self, side: Side, value: Value, base: Base) -> bool:
        if side in base.sides:
            return not _same(self._rule, value, base.sides[side])
        # A side that is new: what it lacks is filled.
        known = (None, base.agreed, *base.sides.values())
        return not any(_same(self._rule, value, other) for other in known)

    def _grouped(self, held: Mapping[Side, Value]) -> list[_Candidate]:
        groups: list[list[Side]] = []
        for side in _RICHEST_FIRST:
            if side in held:
                for group in groups:
                    if _same(self._rule, held[group[0]], held[side]):
                        group.append(side)
                        break
                else:
                    groups.append([side])
        return [_Candidate(self._now[self._fullest(group)], tuple(group)) for group in groups]

    def _fullest(self, sides: Sequence[Side]) -> Side:
        """Of equal values the one that says most: a day before its year, 125.4 before 125."""
        if self._rule.kind in {Kind.DATE, Kind.NUMBER}:
            return max(sides, key=lambda side: len(str(self._held[side])))
        return sides[0]

    def _winner(
        self, candidates: Sequence[_Candidate], times: Mapping[Side, float], chosen: Side | None
    ) -> tuple[Value, str] | None:
        if chosen is not None and chosen in self._now:
            return self._now[chosen], f"you chose {chosen.said}"
        if self._rule.policy is Policy.ASK:
            return None
        if self._rule.policy is Policy.NEWEST:
            return _newest(candidates, times)
        side = Side(self._rule.policy.value)
        said = any(side in candidate.sides for candidate in candidates)
        if side not in self._now or not (said or self._held[side] is not None):
            return None
        return self._now[side], f"{side.said} is right about this field"

    def _settle(self, value: Value, reason: str) -> Decision:
        """Bring all sides to a value."""
        rule, base = self._rule, self._base
        wanted = normal(rule.kind, value)
        if base is None and wanted is None:
            return Decision(Verdict.SAME)
        writes = {s: value for s, held in self._held.items() if not _same(rule, held, wanted)}
        after = self._next_base(wanted, writes)
        if writes:
            return Decision(Verdict.WRITE, value, writes, after, reason)
        if after == base:
            return Decision(Verdict.SAME, value)
        return Decision(Verdict.RECORD, value, base=after, reason="equal everywhere")

    def _next_base(self, wanted: Value, writes: Mapping[Side, Value]) -> Base:
        rule, base = self._rule, self._base
        sides = {} if base is None else dict(base.sides)
        for side, held in self._held.items():
            if side in writes:
                sides[side] = wanted
            elif side not in sides or not _same(rule, sides[side], held):
                sides[side] = held
        # What is equal but for rounding stays as it is, so that the same again stores nothing.
        if base is not None and _same(rule, base.agreed, wanted):
            wanted = base.agreed
        return Base(sides, wanted)

    def _agreed(self, base: Base) -> Value:
        """The agreed value as a side holds it, with its line breaks; else as it was kept."""
        for side in _RICHEST_FIRST:
            if side in self._held and _same(self._rule, self._held[side], base.agreed):
                return self._now[side]
        return base.agreed


def _newest(
    candidates: Sequence[_Candidate], times: Mapping[Side, float]
) -> tuple[Value, str] | None:
    if not all(side in times for candidate in candidates for side in candidate.sides):
        return None
    ages = [(max(times[s] for s in c.sides), c) for c in candidates]
    latest = max(age for age, _ in ages)
    won = [candidate for age, candidate in ages if age == latest]
    if len(won) > 1:
        return None
    return won[0].value, f"{_listed(won[0].sides)} was written last"


def _why(base: Base | None, taken: _Candidate) -> str:
    verb = "is known to" if base is None else "was changed in"
    return f"{verb} {_listed(taken.sides)}"


def _why_again(cleared: Sequence[Side]) -> str:
    if cleared:
        return f"was cleared in {_listed(cleared)}, which is not taken over"
    return "could not be written before"


def _clash(candidates: Sequence[_Candidate]) -> str:
    return f"{' and '.join(_listed(c.sides) for c in candidates)} say different things"


def _listed(sides: Iterable[Side]) -> str:
    return ", ".join(side.said for side in sides)


def _close(rule: Rule, one: float, other: float) -> bool:
    if abs(one - other) <= rule.tolerance + 1e-9:
        return True
    return rule.whole and any(
        a.is_integer() and round(b) == a for a, b in ((one, other), (other, one))
    )


def _normal_texts(value: Value) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else value
    texts = [str(part) for part in parts] if isinstance(parts, list | tuple) else [str(parts)]
    return tuple(dict.fromkeys(text for part in texts if (text := normal_text(part))))


def _normal_number(value: Value) -> float | None:
    try:
        number = float(str(value).strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _normal_count(value: Value) -> int | None:
    number = _normal_number(value)
    return int(number) if number is not None and 0 <= number <= MOST_PLAYS else None


def _normal_stars(value: Value) -> int | None:
    return min(_normal_count(value) or 0, 5) or None


def _normal_key(value: Value) -> Value:
    if isinstance(value, int):
        return value
    text = normal_text(value)
    number = key_number(text)
    return (text or None) if number is None else number


_DATE = re.compile(r"(\d{4})(?:[/-](\d{1,2})[/-](\d{1,2}))?")


def _normal_date(value: Value) -> Value:
    found = _DATE.fullmatch(str(value).strip())
    if not found or int(found[1]) == 0:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    # Traktor has no other way to write a year alone.
    if not (1 <= month <= 12 and 1 <= day <= 31) or (month, day) == (1, 1):
        return f"{year:04}"
    return f"{year:04}-{month:02}-{day:02}"


_NORMALS = {
    Kind.NUMBER: _normal_number,
    Kind.COUNT: _normal_count,
    Kind.STARS: _normal_stars,
    Kind.KEY: _normal_key,
    Kind.DATE: _normal_date,
}
