"""Numbered migrations per feature, recorded in `mt_schema` of the file they change.

A feature lists its migrations in order; number n brings the file from version n-1 to n. Each runs
in the caller's transaction, so a killed upgrade leaves the previous version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from musictool_core.db.schema import Column, Kind, Table
from musictool_core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.db.connection import Tx

SCHEMA = Table(
    "mt_schema",
    (Column("feature", Kind.TEXT), Column("version", Kind.INTEGER)),
    key=("feature",),
)


class Step(Protocol):
    """One change of the schema."""

    def apply(self, tx: Tx) -> None:
        """Carry it out; must be harmless when it was done before."""
        ...


@dataclass(frozen=True, slots=True)
class CreateTable:
    """Create a table and its indexes."""

    table: Table

    def apply(self, tx: Tx) -> None:
        """See `Step.apply`."""
        for statement in self.table.create_statements():
            tx.run(statement)


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Give a table that was made without it a column; its rows have nothing there."""

    table: Table
    name: str

    def apply(self, tx: Tx) -> None:
        """See `Step.apply`."""
        present = {
            row[0] for row in tx.query("SELECT name FROM pragma_table_info(?)", [self.table.name])
        }
        if self.name not in present:
            (column,) = (each for each in self.table.columns if each.name == self.name)
            tx.run(f'ALTER TABLE "{self.table.name}" ADD COLUMN "{column.name}" {column.kind.sql}')


@dataclass(frozen=True, slots=True)
class Migration:
    """What brings a feature's tables to its next version."""

    steps: tuple[Step, ...]


def schema_state(tx: Tx) -> dict[str, int]:
    """Versions by feature; empty for a file we never wrote to."""
    found = tx.query("SELECT 1 FROM sqlite_master WHERE name = ?", ["mt_schema"])
    return {row["feature"]: row["version"] for row in SCHEMA.select(tx)} if found else {}


def migrate(tx: Tx, wanted: Mapping[str, Sequence[Migration]], *, path: str) -> tuple[str, ...]:
    """Bring the file to the wanted versions; return the features that changed.

    Raises:
        StorageError: the file was made by a newer musictool; nothing was changed.
    """
    state = schema_state(tx)
    newer = [name for name, steps in wanted.items() if state.get(name, 0) > len(steps)]
    if newer:
        raise StorageError(
            f"{path} was written by a newer musictool ({', '.join(newer)}).",
            hint="Upgrade musictool, or restore a backup made with this version.",
        )
    behind = [name for name, steps in wanted.items() if state.get(name, 0) < len(steps)]
    if not behind:
        return ()
    CreateTable(SCHEMA).apply(tx)
    for name in behind:
        for migration in wanted[name][state.get(name, 0) :]:
            for step in migration.steps:
                step.apply(tx)
        SCHEMA.upsert(tx, [{"feature": name, "version": len(wanted[name])}])
    return tuple(behind)
