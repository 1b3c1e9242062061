"""Whether new copies are worse than those that the library has, and how to say so. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.quality.score import Loss, Score

_LEAST = 1.0
"""Points below which two copies are equally good."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A new file and the best one that the library has of the same track.

    Attributes:
        name: of the track, as people say it.
    """

    name: str
    new: Score
    old: Score

    @property
    def loses(self) -> float:
        """Points that the new one has less; below 0 when it is better."""
        return self.old.score - self.new.score


def worse(copies: Sequence[Copy]) -> list[Copy]:
    """Those that are worse, the worst first."""
    found = [copy for copy in copies if copy.loses >= _LEAST]
    return sorted(found, key=lambda copy: -copy.loses)


def said(found: Sequence[Copy], *, replaces: bool) -> str:
    """One line about copies that are worse.

    Args:
        found: of `worse`, not empty.
        replaces: the old ones are removed for them; else both stay.
    """
    first = found[0]
    each = "the one that it replaces" if replaces else "the one in the library"
    line = (
        f"{first.name}: the new file is worse than {each}: {first.new.score:g} points instead of"
        f" {first.old.score:g}. {_why(first)}"
    )
    more = len(found) - 1
    if not more:
        return line
    return f"{line} So {'are' if more > 1 else 'is'} {more:,} more of this import."


def _why(copy: Copy) -> str:
    """What the new one loses most by, that the old one does not."""
    before = {loss.reason: loss.points for loss in copy.old.losses}

    def added(loss: Loss) -> float:
        return loss.points - before.get(loss.reason, 0.0)

    loss = max(copy.new.losses, key=added)
    return f"{loss.reason.rstrip('.')}: {loss.value}."
