"""What a change set would do, before it is stored."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from musictool_core.changes.model import (
    ART_TARGET,
    GONE,
    TAGS_TARGET,
    WHOLE_ROW,
    Change,
    Unfulfilled,
)
from musictool_core.changes.net import same
from musictool_core.changes.rows import alike, shown
from musictool_core.host.entities import ABSENT, Entity, RowImage, Value, items_of, planned_moves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.model import Content, Gone
    from musictool_core.changes.targets import Target
    from musictool_core.host.library import Host

SAMPLE = 200

MOVES = 200
MOVES_S = 0.1
"""The place is worked out for so many files, and for so long, at most: beets needs milliseconds for
each, or much more where many albums have one name."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying changes would do now.

    Attributes:
        counts: changes by target and field, the most frequent first.
        sample: the first `SAMPLE` changes.
        conflicts: changes that would be left alone.
        moves: files that `beet move` would move then and not now, as (item, from, to).
        looked_at: number of files whose place was worked out, the first ones.
        files: number of files that could move.
    """

    counts: Mapping[tuple[str, str], int]
    sample: tuple[Change, ...]
    conflicts: tuple[Unfulfilled, ...]
    moves: tuple[tuple[int, Path, Path], ...]
    looked_at: int = 0
    files: int = 0


def preview(
    host: Host,
    changes: Sequence[Change],
    targets: Mapping[str, Target],
    *,
    with_moves: bool = False,
    most_moves: int = MOVES,
    monotonic: Callable[[], float] = time.monotonic,
) -> Preview:
    """Compare changes with what is there now.

    Args:
        host: the library.
        changes: what is planned.
        targets: what can be written to.
        with_moves: also work out which files the user's path formats would move.
        most_moves: for how many files at most.
        monotonic: seconds that never go back.
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
    values, albums = _to_be(host, effective) if with_moves else ({}, {})
    first = dict(islice(values.items(), most_moves))
    ends = monotonic() + MOVES_S
    moves, looked_at = planned_moves(host, first, albums, enough=lambda: monotonic() > ends)
    return Preview(
        dict(counts.most_common()),
        tuple(effective[:SAMPLE]),
        tuple(conflicts),
        moves,
        looked_at,
        len(values),
    )


def _conflict(change: Change, present: Content | Gone) -> str:
    if present is GONE:
        return GONE.value
    if _equal(present, change.old) or _equal(present, change.new):
        return ""
    if change.target == TAGS_TARGET:
        return "its file is gone" if present is ABSENT else "its file was written since"
    if change.target == ART_TARGET:
        return "its file is gone" if present is ABSENT else "it was written since"
    if change.field == WHOLE_ROW:
        # A row whose number is taken comes back under another one.
        return "it was changed since" if change.new is ABSENT else ""
    return f"it is {shown(present)} now"


def _equal(one: Content | Gone, other: Content) -> bool:
    return alike(one, other) if isinstance(one, RowImage) else same(one, other)


def _to_be(
    host: Host, changes: Sequence[Change]
) -> tuple[dict[int, dict[str, Value]], dict[int, dict[str, Value]]]:
    """New values by item and by album; all items whose place could depend on one are named."""
    values: dict[str, dict[int, dict[str, Value]]] = {entity.value: {} for entity in Entity}
    for change in changes:
        if change.target in values and not isinstance(change.new, RowImage):
            own = values[change.target].setdefault(change.entity_id, {})
            own[change.field] = change.new
    items, albums = values[Entity.ITEM.value], values[Entity.ALBUM.value]
    for tracks in items_of(host.reading(), albums).values():
        for number in tracks:
            items.setdefault(number, {})
    return items, albums
