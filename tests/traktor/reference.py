"""The merge once more, small and slow: what `traktor.merge` must come to, for the property tests.

Values are plain texts, None for no value. It is written from the rules in docs/plugins/traktor.md
and shares no code with the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NAMES = ("nml", "beets", "tags")


@dataclass
class Field:
    """One field of one track on three sides, and what a careful person remembers of it.

    Attributes:
        held: what each side holds.
        seen: what each side held when it was last in step, or was looked at.
        meant: what all sides were to hold then; `started` tells whether there was a then.
    """

    held: dict[str, str | None]
    seen: dict[str, str | None] = field(default_factory=dict)
    meant: str | None = None
    started: bool = False


def outcome(
    case: Field, reachable: set[str], policy: str, *, clears: bool, times: dict[str, float]
) -> tuple[str, str | None]:
    """("value", what all reachable sides are to hold) or ("conflict", None)."""
    held = {name: case.held[name] for name in NAMES if name in reachable}
    if len(set(held.values())) == 1:
        return "value", next(iter(held.values()))
    claims = _claims(case, held, clears=clears)
    if not claims:
        if case.meant is not None or clears:
            return "value", case.meant
        claims = {name: value for name, value in held.items() if value is not None}
    wanted = set(claims.values())
    if len(wanted) == 1:
        return "value", wanted.pop()
    return _judge(held, claims, wanted, policy, times)


def _judge(
    held: dict[str, str | None],
    claims: dict[str, str | None],
    wanted: set[str | None],
    policy: str,
    times: dict[str, float],
) -> tuple[str, str | None]:
    if policy == "newest":
        best = {v: max(times[n] for n in claims if claims[n] == v) for v in wanted}
        first = [v for v in wanted if best[v] == max(best.values())]
        return ("value", first[0]) if len(first) == 1 else ("conflict", None)
    if policy == "ask" or policy not in held or (held[policy] is None and policy not in claims):
        return "conflict", None
    return "value", held[policy]


def _claims(case: Field, held: dict[str, str | None], *, clears: bool) -> dict[str, str | None]:
    if not case.started:
        return {name: value for name, value in held.items() if value is not None}
    known = {None, case.meant, *case.seen.values()}
    claims = {}
    for name, value in held.items():
        news = value != case.seen[name] if name in case.seen else value not in known
        if news and (value is not None or clears):
            claims[name] = value
    if any(name in case.seen and case.seen[name] != case.meant for name in claims):
        claims |= {n: v for n, v in held.items() if v == case.meant and (v is not None or clears)}
    return claims
