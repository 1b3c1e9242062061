"""Files that a better copy is wanted of: a decision of the user, kept in a field of the item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.changes.model import Change
from musictool_core.changes.net import same
from musictool_core.host.entities import ABSENT, Entity, read_images
from musictool_core.host.tracks import in_parts

if TYPE_CHECKING:
    from collections.abc import Collection

    from musictool_core.db import Tx
    from musictool_core.host.entities import Value

WANTED = "quality_wanted"

SOURCE = "quality wants"

_YES: Value = "1"
_REASON = "a better copy is wanted", "no better copy is wanted"


def plan_wanted(view: Tx, ids: Collection[int], *, wanted: bool) -> list[Change]:
    """Changes after which a better copy of items is wanted, or is not; what is so stays.

    Args:
        view: of the library.
        ids: of items; those that are gone are left out.
        wanted: whether it is.
    """
    new = _YES if wanted else ABSENT
    changes = []
    for part in in_parts(list(ids)):
        for number, image in read_images(view, Entity.ITEM, part, (WANTED,)).items():
            old = image.value(WANTED)
            if not same(old, new):
                reason = _REASON[not wanted]
                changes.append(Change(Entity.ITEM.value, number, WANTED, old, new, SOURCE, reason))
    return changes


def wanted_among(view: Tx, ids: Collection[int]) -> set[int]:
    """Of which of these items a better copy is wanted."""
    return {
        number
        for part in in_parts(list(ids))
        for number, image in read_images(view, Entity.ITEM, part, (WANTED,)).items()
        if image.value(WANTED) == _YES
    }
