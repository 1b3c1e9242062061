"""From pairs to groups: files that are the same as each other, every one as every other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.quality.duplicates.decide import MERGED, Class, Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.quality.duplicates.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files, by number, the smaller one left; what is known of them and what follows."""

    left: int
    right: int
    evidence: Evidence
    decision: Decision


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong together.

    Attributes:
        found: of those that may become one, the least sure class of any pair.
        members: numbers of the files, rising.
        pairs: all pairs among them that were compared.
        score: the lowest of a pair, 0 to 1.
    """

    found: Class
    members: tuple[int, ...]
    pairs: tuple[Pair, ...]
    score: float


def group(pairs: Sequence[Pair]) -> list[Group]:
    """Groups of files that are pairwise the same, the surest first, then every other pair.

    A pair that is the same, but whose files would not all be the same as those of a group, is for a
    person to look at.
    """
    known = {(pair.left, pair.right): pair for pair in pairs}
    sets = _same_sets(pairs)
    grouped = {member: place for place, each in enumerate(sets) for member in each}
    groups = [_group(tuple(sorted(each)), known) for each in sets]
    for pair in pairs:
        found = pair.decision.found
        together = grouped.get(pair.left, -1) == grouped.get(pair.right, -2)
        if together or found is Class.DIFFERENT:
            continue
        if found in MERGED:
            found = Class.REVIEW
        groups.append(Group(found, (pair.left, pair.right), (pair,), pair.decision.score))
    order = list(Class)
    return sorted(groups, key=lambda each: (order.index(each.found), each.members))


def _same_sets(pairs: Sequence[Pair]) -> list[set[int]]:
    """Sets whose members are all the same as each other."""
    same = {(p.left, p.right) for p in pairs if p.decision.found in MERGED}
    surest = sorted(
        (p for p in pairs if p.decision.found in MERGED),
        key=lambda p: (MERGED.index(p.decision.found), -p.decision.score, p.left, p.right),
    )
    home: dict[int, set[int]] = {}
    for pair in surest:
        one = home.setdefault(pair.left, {pair.left})
        two = home.setdefault(pair.right, {pair.right})
        if one is two:
            continue
        if all((min(a, b), max(a, b)) in same for a in one for b in two):
            one |= two
            for member in two:
                home[member] = one
    sets = {id(each): each for each in home.values() if len(each) > 1}
    return list(sets.values())


def _group(members: tuple[int, ...], known: dict[tuple[int, int], Pair]) -> Group:
    within = [known[a, b] for place, a in enumerate(members) for b in members[place + 1 :]]
    weakest = max(within, key=lambda pair: MERGED.index(pair.decision.found))
    score = min(pair.decision.score for pair in within)
    return Group(weakest.decision.found, members, tuple(within), score)
