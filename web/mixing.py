"""Tracks that mix with one: those that may are asked for by a query, then judged one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import mixing
from musictool_core.analysis.sides import read_sides
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.marks import one_of
from musictool_core.music.keys import parse_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.analysis.mixing import Neighbour, Side
    from musictool_web.context import Web

PITCH = 6.0
"""How far tempos may differ, in percent."""

_MOST_JUDGED = 3_000
"""Tracks that are judged, the newest first. Bounds the time of a page."""

_MARGIN = 1
"""The library holds whole tempos."""
_ACCEPT_AGE_S = 10.0


@dataclass(frozen=True, slots=True)
class Mixes:
    """What mixes with a track.

    Attributes:
        side: of the track itself.
        found: the best first.
        sides: of the others, by number.
    """

    side: Side
    found: tuple[Neighbour, ...]
    sides: dict[int, Side]


def mixes_with(
    parts: Web, number: int, *, pitch: float = PITCH, varispeed: bool = False, most: int = 12
) -> Mixes | None:
    """Tracks that mix with one; None when its key or tempo is not known."""
    view = parts.host.reading()
    own = next(iter(read_sides(view, [number])), None)
    if own is None or own.key is None or not own.bpm:
        return None
    ids = _candidates(parts, own, pitch=pitch, varispeed=varispeed)
    sides = {side.item_id: side for side in read_sides(view, ids)}
    found = mixing.find_neighbours(own, sides.values(), pitch_percent=pitch, varispeed=varispeed)[
        :most
    ]
    return Mixes(own, tuple(found), {each.item_id: sides[each.item_id] for each in found})


def as_json(each: Neighbour, side: Side) -> dict[str, Any]:
    """The object of one track, as `beet dj mixable --json` has it, without its file."""
    return {
        "item": each.item_id,
        "bpm": round(side.bpm, 3),
        "camelot": side.key.camelot if side.key else None,
        "tempo_change_percent": round(each.tempo_change, 3),
        "camelot_at_tempo": each.key.camelot,
        "relation": each.relation,
        "energy": side.energy,
        "score": round(each.score, 3),
        "reasons": list(each.reasons),
    }


def _candidates(parts: Web, own: Side, *, pitch: float, varispeed: bool) -> list[int]:
    keys = () if varispeed else _keys(parts, own)
    query: list[str] = []
    for factor in (1.0, 2.0, 0.5):
        low = own.bpm / factor / (1 + pitch / 100) - _MARGIN
        high = own.bpm / factor / (1 - pitch / 100) + _MARGIN
        query += [f"bpm:{max(1.0, low):.2f}..{high:.2f}", *keys, ","]
    asked = Question(ITEMS, tuple(query[:-1]), ("id-",), limit=_MOST_JUDGED, columns=("id",))
    return [row["id"] for row in parts.search.page(asked, accept_age_s=_ACCEPT_AGE_S).rows]


def _keys(parts: Web, own: Side) -> Sequence[str]:
    """The word that finds the keys that may go with it, however they are spelled here."""
    asked = Question(ITEMS, limit=0, facets=("initial_key",))
    counted = parts.search.page(asked, accept_age_s=_ACCEPT_AGE_S).facets["initial_key"]
    spelled = [
        str(value)
        for value, _ in counted
        if value and (key := parse_key(str(value))) and mixing.goes_with(own.key, key)
    ]
    # Without any there is nothing to find.
    return (one_of("initial_key", sorted(spelled)),) if spelled else ("id:0",)
