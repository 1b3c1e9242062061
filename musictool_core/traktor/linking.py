"""Links between entries and items, as `links` keeps them: the door between it and `identity`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.db import In
from musictool_core.links import LINKS, DecidedBy, Decision, Link, decide, decisions
from musictool_core.links import replace_automatic as replace_links
from musictool_core.matching import MATCHER_VERSION
from musictool_core.traktor.identity import Method, StoredLink
from musictool_core.traktor.values import TrackKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from musictool_core.db import Row, Tx
    from musictool_core.music import ItemId
    from musictool_core.traktor.identity import Identification

TARGET_KIND = "traktor"
"""Of links whose target is the primary key of an entry."""


def stored_links(tx: Tx) -> dict[TrackKey, StoredLink]:
    """What earlier runs found; of an entry that several items were linked to, nothing."""
    where = {
        "target_kind": TARGET_KIND,
        "decision": Decision.ACCEPT.value,
        "decided_by": DecidedBy.MATCHER.value,
        "removed_at": None,
    }
    rows = LINKS.select(tx, ("target", "item_id", "method", "confidence"), where=where)
    found: dict[TrackKey, StoredLink] = {}
    several: set[TrackKey] = set()
    for row in rows:
        key = TrackKey(row["target"])
        if key in found:
            several.add(key)
        found[key] = StoredLink(row["item_id"], row["method"], row["confidence"])
    return {key: link for key, link in found.items() if key not in several}


def decided(tx: Tx) -> dict[str, dict[ItemId, bool]]:
    """What the user accepted (True) and rejected (False), by key."""
    return decisions(tx, TARGET_KIND)


def store(tx: Tx, found: Identification, *, now: datetime) -> int:
    """Keep what was matched, drop earlier links of these entries; return how many rows changed.

    An entry without an answer loses its automatic link; what the user decided stays.
    """
    # A stored link that was found again keeps its row, with the method that found it first.
    answers = [
        one for one in found.answers.values() if one.method is not Method.STORED or not one.item_id
    ]
    links = [
        _link(answer.key, answer.item_id, answer.method.value, answer.confidence, now=now)
        for answer in answers
        if answer.item_id is not None and answer.method not in {None, Method.PINNED}
    ]
    return replace_links(tx, TARGET_KIND, [answer.key for answer in answers], links)


def pin(tx: Tx, key: TrackKey, item_id: ItemId, *, now: datetime) -> None:
    """The user says that this entry is this item; earlier pins of the entry end."""
    for other, accepted in decisions(tx, TARGET_KIND, [key]).get(key, {}).items():
        if accepted and other != item_id:
            _release(tx, [key], other)
    decide(tx, _link(key, item_id, "decision", 1.0, now=now))


def forbid(tx: Tx, key: TrackKey, item_id: ItemId, *, now: datetime) -> None:
    """The user says that this entry is not this item."""
    decide(tx, _link(key, item_id, "decision", 0.0, now=now, decision=Decision.REJECT))


def release(tx: Tx, key: TrackKey, item_id: ItemId) -> bool:
    """Forget what the user said of this pair; False when that was nothing."""
    return _release(tx, [key], item_id) > 0


def rename(tx: Tx, moved: Mapping[TrackKey, TrackKey]) -> None:
    """Let links and decisions follow entries that got another place, so another key."""
    where = {"target_kind": TARGET_KIND, "target": In(list(moved))}
    rows = LINKS.select(tx, where=where)
    # What still stands under a new key was of an entry that is there no more.
    left = [*moved, *moved.values()]
    LINKS.delete(tx, where={"target_kind": TARGET_KIND, "target": In(left)})
    LINKS.insert(tx, [{**_bare(row), "target": moved[row["target"]]} for row in rows])


def _release(tx: Tx, keys: Collection[TrackKey], item_id: ItemId) -> int:
    where = {
        "target_kind": TARGET_KIND,
        "target": In(keys),
        "item_id": item_id,
        "decided_by": DecidedBy.USER.value,
    }
    return LINKS.delete(tx, where=where)


def _bare(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _link(
    key: TrackKey,
    item_id: ItemId,
    method: str,
    confidence: float,
    *,
    now: datetime,
    decision: Decision = Decision.ACCEPT,
) -> Link:
    return Link(
        item_id=item_id,
        target_kind=TARGET_KIND,
        target=key,
        decision=decision,
        decided_by=DecidedBy.MATCHER,
        method=method,
        confidence=confidence,
        matcher_version=MATCHER_VERSION,
        decided_at=now,
    )
