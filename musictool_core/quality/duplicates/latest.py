"""The groups of the latest search through the whole library, as the web view shows them.

What was found can be found again, so it is kept in `musictool-cache.db`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, CreateTable, Database, In, Kind, Table, epoch, moment
from musictool_core.quality.duplicates.decide import Class, Decision
from musictool_core.quality.duplicates.evidence import Evidence, Sounds, Titles
from musictool_core.quality.duplicates.families import Group, Pair

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.quality.duplicates.finding import Found

SEARCHED = Table(
    "duplicate_searched",
    (
        Column("id", Kind.INTEGER, "always 1"),
        Column("at", Kind.DATE, "when it was looked"),
        Column("files", Kind.INTEGER, "how many were compared"),
        Column("failed", Kind.JSON, "why a file could not be, by item"),
    ),
    key=("id",),
)

GROUPS = Table(
    "duplicate_group",
    (
        Column("place", Kind.INTEGER, "from 0, the surest first"),
        Column("class", Kind.TEXT),
        Column("members", Kind.JSON, "items, rising"),
        Column("score", Kind.REAL, "0 to 1"),
        Column("pairs", Kind.JSON, "what is known of each"),
    ),
    key=("place",),
)


@dataclass(frozen=True, slots=True)
class Search:
    """The latest search.

    Attributes:
        at: when, UTC.
        files: how many were compared.
        failed: why a file could not be, by item.
        counts: groups by class; classes without one are left out.
    """

    at: datetime
    files: int
    failed: Mapping[int, str]
    counts: Mapping[Class, int]


def keep(host: Host, found: Found, files: int, *, now: datetime) -> None:
    """Keep a search through the whole library as the latest.

    Raises:
        StorageError: the cache cannot be written.
    """
    failed = {str(key): why for key, why in found.failed.items()}
    rows = [
        {
            "place": place,
            "class": each.found.value,
            "members": list(each.members),
            "score": each.score,
            "pairs": [_told(pair) for pair in each.pairs],
        }
        for place, each in enumerate(found.groups)
    ]
    with Database(host.cache_path).transaction() as tx:
        for table in (SEARCHED, GROUPS):
            CreateTable(table).apply(tx)
            table.delete(tx, where={})
        SEARCHED.insert(tx, [{"id": 1, "at": epoch(now), "files": files, "failed": failed}])
        GROUPS.insert(tx, rows)


def latest(host: Host) -> Search | None:
    """The latest search; None when nobody looked, or the cache was deleted."""
    with Database(host.cache_path).reading() as tx:
        row = SEARCHED.get(tx, {"id": 1}) if SEARCHED.exists(tx) else None
        if row is None:
            return None
        counted = {each: GROUPS.count(tx, where={"class": each.value}) for each in Class}
    failed = {int(key): why for key, why in row["failed"].items()}
    counts = {each: count for each, count in counted.items() if count}
    return Search(moment(row["at"]), row["files"], failed, counts)


def groups(
    host: Host, classes: Collection[Class], *, first: int = 0, count: int | None = None
) -> list[Group]:
    """Groups of the latest search, the surest first.

    Args:
        host: the library.
        classes: which ones.
        first: how many are skipped.
        count: how many at most; None for all.
    """
    with Database(host.cache_path).reading() as tx:
        if not GROUPS.exists(tx):
            return []
        where = {"class": In([each.value for each in classes])}
        places = [row["place"] for row in GROUPS.select(tx, ("place",), where=where)]
        shown = sorted(places)[first : None if count is None else first + count]
        rows = GROUPS.select(tx, where={"place": In(shown)}, order=("place",))
    return [_group(row) for row in rows]


def _told(pair: Pair) -> list[Any]:
    decision = pair.decision
    return [
        pair.left,
        pair.right,
        asdict(pair.evidence) | {"titles": pair.evidence.titles.value},
        [decision.found.value, decision.score, list(decision.reasons)],
    ]


def _group(row: Mapping[str, Any]) -> Group:
    return Group(
        Class(row["class"]),
        tuple(row["members"]),
        tuple(_pair(told) for told in row["pairs"]),
        row["score"],
    )


def _pair(told: list[Any]) -> Pair:
    left, right, evidence, (found, score, reasons) = told
    sounds = evidence["sounds"]
    known = Evidence(
        **{
            **evidence,
            "sounds": None if sounds is None else Sounds(**sounds),
            "titles": Titles(evidence["titles"]),
            "said": tuple(evidence["said"]),
        }
    )
    return Pair(left, right, known, Decision(Class(found), score, tuple(reasons)))
