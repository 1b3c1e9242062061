"""Files to replace, for their page and for the API: which come first, and which are wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from musictool_core.acquire.wants import ITEM_FIELDS, want_of_item
from musictool_core.app import edits
from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.changes import Origin
from musictool_core.host.search import ITEMS, Question
from musictool_core.quality import listing, wanting
from musictool_web import shelf, verdicts
from musictool_web.facets import IS_ON_SHELF
from musictool_web.shelf import has_shelf

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from musictool_core.changes import Change, Result
    from musictool_core.quality.upgrades import Upgrade
    from musictool_web.context import Web
    from musictool_web.shelf import Offer

MOST = 200
"""Files that are ranked: nobody replaces more at a time."""

SOURCE = "web quality"

_LOSSY = f"{verdicts.FIELD}:={Verdict.LOSSY_PROVEN.value}"
_FIELDS = (*ITEM_FIELDS, "album", "album_id")
_SHOPS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One file worth replacing.

    Attributes:
        row: fields of its track.
        is_wanted: a better copy is.
        offers: searches in shops.
    """

    found: Upgrade
    row: Any
    is_wanted: bool
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Files worth replacing.

    Attributes:
        first: at most `MOST`, the most worthwhile first.
        total: all files that are proven lossy.
        age_s: 0 when it is of the present state of the library.
    """

    first: Sequence[Upgrade]
    total: int
    age_s: float


def ranked(parts: Web) -> Ranked:
    """The first files to replace, worked out once for each state of the library."""
    found = parts.aggregates.get(("upgrades",), partial(_rank, parts))
    upgrades, total = found.value
    return Ranked(upgrades, total, found.age_s)


def _rank(parts: Web) -> tuple[Sequence[Upgrade], int]:
    ids = parts.search.ids(Question(ITEMS, (_LOSSY,)))
    held = parts.search.ids(Question(ITEMS, (_LOSSY, IS_ON_SHELF))) if has_shelf(parts) else ()
    use = parts.app.settings.quality.use
    return listing.read_first(parts.host.reading(), ids, use, held, MOST), len(ids)


def lines(parts: Web, found: Sequence[Upgrade], *, shops: bool = True) -> list[Line]:
    """Upgrades with their tracks; what is gone is left out."""
    ids = [each.played.item_id for each in found]
    rows = parts.search.rows_by_id(ITEMS, ids, _FIELDS) if ids else {}
    wanted = wanting.wanted_among(parts.host.reading(), ids)
    chosen = shelf.chosen_shops(parts)[:_SHOPS] if shops else ()
    return [
        Line(
            each,
            rows[each.played.item_id],
            each.played.item_id in wanted,
            shelf.offers_of(chosen, want_of_item(rows[each.played.item_id])),
        )
        for each in found
        if each.played.item_id in rows
    ]


def plan(parts: Web, ids: Collection[int], *, wanted: bool) -> list[Change]:
    """What wanting better copies of tracks, or no more, would change."""
    return wanting.plan_wanted(parts.host.reading(), ids, wanted=wanted)


def save(parts: Web, planned: Sequence[Change]) -> Result | None:
    """Make these changes; None when there are none."""
    if not planned:
        return None
    origin = Origin(parts.who, SOURCE, "", os.getpid())
    return edits.save(parts.host, planned, origin, write=False, move=False)
