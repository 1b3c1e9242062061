"""What the user does not want to hear of again: rules over releases, tracks, formats, folders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.db import Column, Kind, Table, epoch

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.db import Row, Tx

IGNORES = Table(
    "mt_ignore",
    (
        Column("id", Kind.ID),
        Column("kind", Kind.TEXT, "release, track, format, folder or label"),
        Column("value", Kind.TEXT, "id or name, as the user gave it"),
        Column("created_at", Kind.DATE),
    ),
    key=("kind", "value"),
    search=("value",),
)


class IgnoreKind(Enum):
    """What a rule looks at."""

    RELEASE = "release"
    TRACK = "track"
    FORMAT = "format"
    FOLDER = "folder"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One rule, e.g. all records in the folder "For sale"."""

    kind: IgnoreKind
    value: str


def add_ignore(tx: Tx, rule: IgnoreRule, *, now: datetime) -> bool:
    """Add a rule; False when it was there."""
    row = {**_row(rule), "created_at": epoch(now)}
    return bool(IGNORES.insert(tx, [row], ignore=True))


def remove_ignore(tx: Tx, rule: IgnoreRule) -> bool:
    """Remove a rule; False when there was none."""
    return bool(IGNORES.delete(tx, where=_row(rule)))


def ignores(tx: Tx) -> list[IgnoreRule]:
    """All rules in the order they were added."""
    rows = IGNORES.select(tx, order=("id",))
    return [IgnoreRule(IgnoreKind(row["kind"]), row["value"]) for row in rows]


def _row(rule: IgnoreRule) -> Row:
    return {"kind": rule.kind.value, "value": rule.value}
