"""What a change set would do, before it is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.model import GONE, TAGS_TARGET, WHOLE_ROW, Change, Unfulfilled
from musictool_core.changes.net import same
from musictool_core.changes.rows import alike, shown
from musictool_core.host.entities import ABSENT, Entity, RowImage, Value, planned_moves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.model import Content, Gone
    from musictool_core.changes.targets import Target
    from musictool_core.host.library import Host

SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying changes would do now.

    Attributes:
        counts: changes by target and field, the most frequent first.
        sample: the first `SAMPLE` changes.
        conflicts: changes that would be left alone.
        moves: files that `beet move` would move then and not now, as (item, from, to).
    """

    counts: Mapping[tuple[str, str], int]
    sample: tuple[Change, ...]
    conflicts: tuple[Unfulfilled, ...]
    moves: tuple[tuple[int, Path, Path], ...]


def preview(
    host: Host,
    changes: Sequence[Change],
    targets: Mapping[str, Target],
    *,
    with_moves: bool = False,
) -> Preview:
    """Compare changes with what is there now.

    Args:
        host: the library.
        changes: what is planned.
        targets: what can be written to.
        with_moves: also work out which files the user's path formats would move.
    """
    effective: list[Change] = []
    conflicts: list[Unfulfilled] = []
    for name in dict.fromkeys(change.target for change in changes):
        own = [change for change in changes if change.target == name]
        for change, present in zip(own, targets[name].read(host, own), strict=True):
            if note := _conflict(change, present):
                where = (change.target, change.entity_id, change.field)
                conflicts.append(Unfulfilled(*where, note))
            elif not _equal(present, change.new):
                effective.append(change)
    counts = Counter((change.target, change.field) for change in effective)
    return Preview(
        dict(counts.most_common()),
        tuple(effective[:SAMPLE]),
        tuple(conflicts),
        _moves(host, effective) if with_moves else (),
    )


def _conflict(change: Change, present: Content | Gone) -> str:
    if present is GONE:
        return GONE.value
    if _equal(present, change.old) or _equal(present, change.new):
        return ""
    if change.target == TAGS_TARGET:
        return "its file is gone" if present is ABSENT else "its file was written since"
    if change.field == WHOLE_ROW:
        # A row whose number is taken comes back under another one.
        return "it was changed since" if change.new is ABSENT else ""
    return f"it is {shown(present)} now"


def _equal(one: Content | Gone, other: Content) -> bool:
    return alike(one, other) if isinstance(one, RowImage) else same(one, other)


def _moves(host: Host, changes: Sequence[Change]) -> tuple[tuple[int, Path, Path], ...]:
    values: dict[int, dict[str, Value]] = {}
    for change in changes:
        if change.target == Entity.ITEM.value and not isinstance(change.new, RowImage):
            values.setdefault(change.entity_id, {})[change.field] = change.new
    return planned_moves(host, values)
