"""Links between library items and targets such as the tracks of a record.

A target is a kind ("track") and a stable name within it ("1503102:A1", `music.track_refs`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, In, Index, Kind, Table, epoch, moment
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from musictool_core.db import Row, Tx

LINKS = Table(
    "mt_link",
    (
        Column("id", Kind.ID),
        Column("item_id", Kind.INTEGER, "item of the library"),
        Column("target_kind", Kind.TEXT, "what it is related to, e.g. track"),
        Column("target", Kind.TEXT, "stable name of the target, e.g. 1503102:A1"),
        Column("decision", Kind.TEXT, "accept or reject"),
        Column("decided_by", Kind.TEXT, "matcher or user"),
        Column("method", Kind.TEXT, "how it was found"),
        Column("confidence", Kind.REAL, "0 to 1"),
        Column("evidence", Kind.JSON, "what speaks for and against it"),
        Column("matcher_version", Kind.INTEGER),
        Column("decided_at", Kind.DATE),
        Column("removed_at", Kind.DATE, "when the item left the library; the row is set aside"),
    ),
    key=("target_kind", "target", "item_id"),
    indexes=(Index(("item_id",)),),
    search=("target", "method"),
)


class Decision(Enum):
    """Whether item and target are the same recording."""

    ACCEPT = "accept"
    REJECT = "reject"


class DecidedBy(Enum):
    """Who said so."""

    MATCHER = "matcher"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between an item and a target, accepted or rejected.

    Attributes:
        method: how it was found ("discogs id", "title and length", "review").
        confidence: 0 to 1.
        evidence: what speaks for and against it; plain JSON values.
        matcher_version: of the matcher whose evidence this is.
        decided_at: UTC.
    """

    item_id: ItemId
    target_kind: str
    target: str
    decision: Decision
    decided_by: DecidedBy
    method: str
    confidence: float
    matcher_version: int
    decided_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)


def decide(tx: Tx, link: Link) -> None:
    """Store the user's decision over whatever the matcher, or the user before, said."""
    LINKS.upsert(tx, [_row(replace(link, decided_by=DecidedBy.USER))])


def replace_automatic(
    tx: Tx, target_kind: str, targets: Collection[str], links: Iterable[Link]
) -> int:
    """Make `links` the matcher's whole answer for these targets; return how many rows changed.

    Pairs that the user decided stay as they are. A link that says what the row says already keeps
    its row and its time, so that the same answer twice writes nothing.

    Args:
        tx: the open transaction.
        target_kind: kind of all targets and links.
        targets: what was looked at; automatic links of these that are not in `links` are dropped.
        links: the answer; only links of these targets.
    """
    where = {"target_kind": target_kind, "target": In(targets), "removed_at": None}
    present = {_pair(row): row for row in LINKS.select(tx, where=where)}
    wanted = {(link.target, link.item_id): _row(link) for link in links}
    decided = {pair for pair, row in present.items() if row["decided_by"] == DecidedBy.USER.value}
    stale = [row["id"] for pair, row in present.items() if pair not in wanted.keys() | decided]
    changed = [
        row
        for pair, row in wanted.items()
        if pair not in decided and not _says_the_same(present.get(pair), row)
    ]
    return LINKS.delete(tx, where={"id": In(stale)}) + LINKS.upsert(tx, changed)


def decisions(
    tx: Tx, target_kind: str, targets: Collection[str] | None = None
) -> dict[str, dict[ItemId, bool]]:
    """What the user accepted (True) and rejected (False), by target and item.

    Args:
        tx: the open transaction.
        target_kind: kind of the targets.
        targets: names; None for all.
    """
    where: dict[str, Any] = {
        "target_kind": target_kind,
        "decided_by": DecidedBy.USER.value,
        "removed_at": None,
    }
    if targets is not None:
        where["target"] = In(targets)
    found: dict[str, dict[ItemId, bool]] = {}
    for row in LINKS.select(tx, ("target", "item_id", "decision"), where=where):
        accepted = row["decision"] == Decision.ACCEPT.value
        found.setdefault(row["target"], {})[ItemId(row["item_id"])] = accepted
    return found


def latest_decision(tx: Tx, target_kind: str) -> Link | None:
    """The user's latest decision, None when there is none."""
    where = {"target_kind": target_kind, "decided_by": DecidedBy.USER.value, "removed_at": None}
    latest = LINKS.select(tx, where=where, order=("-decided_at", "-id"), limit=1)
    return _link(latest[0]) if latest else None


def take_back(tx: Tx, target_kind: str) -> Link | None:
    """Forget the user's latest decision; return it, None when there is none."""
    latest = latest_decision(tx, target_kind)
    if latest is not None:
        pair = {"target": latest.target, "item_id": latest.item_id}
        LINKS.delete(tx, where={"target_kind": target_kind, **pair})
    return latest


def links_of_items(tx: Tx, item_ids: Collection[ItemId]) -> list[Link]:
    """All links of these items, accepted and rejected, by item and target."""
    where = {"item_id": In(item_ids), "removed_at": None}
    order = ("item_id", "target_kind", "target")
    return [_link(row) for row in LINKS.select(tx, where=where, order=order)]


def forget_items(tx: Tx, item_ids: Collection[ItemId], *, now: datetime) -> None:
    """Drop the matcher's links of items that left the library; set the user's aside.

    beets gives the id of its newest item out again once that item is removed: a decision that
    stayed in force would speak for another file.
    """
    where = {"item_id": In(item_ids), "removed_at": None}
    LINKS.delete(tx, where={**where, "decided_by": DecidedBy.MATCHER.value})
    LINKS.update(tx, {"removed_at": epoch(now)}, where=where)


def _pair(row: Row) -> tuple[str, ItemId]:
    return row["target"], ItemId(row["item_id"])


def _row(link: Link) -> Row:
    return {
        "item_id": link.item_id,
        "target_kind": link.target_kind,
        "target": link.target,
        "decision": link.decision.value,
        "decided_by": link.decided_by.value,
        "method": link.method,
        "confidence": link.confidence,
        "evidence": dict(link.evidence),
        "matcher_version": link.matcher_version,
        "decided_at": epoch(link.decided_at),
        "removed_at": None,
    }


def _says_the_same(present: Row | None, row: Row) -> bool:
    if present is None:
        return False
    # Through JSON, as the present row came: a tuple in the evidence is a list there.
    asked = {**row, "evidence": json.loads(json.dumps(row["evidence"]))}
    return all(present[name] == value for name, value in asked.items() if name != "decided_at")


def _link(row: Row) -> Link:
    return Link(
        item_id=ItemId(row["item_id"]),
        target_kind=row["target_kind"],
        target=row["target"],
        decision=Decision(row["decision"]),
        decided_by=DecidedBy(row["decided_by"]),
        method=row["method"],
        confidence=row["confidence"],
        matcher_version=row["matcher_version"],
        decided_at=moment(row["decided_at"]),
        evidence=row["evidence"],
    )
