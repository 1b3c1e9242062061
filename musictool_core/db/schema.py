"""Tables declared as data, with the few operations features need.

A `Table` says its columns, key, indexes and which columns a free-text query searches. Its methods
take the open `Tx` first. JSON columns hold any JSON value and are encoded and decoded here; nothing
else converts values.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.db.where import Where, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.db.connection import Row, Tx


class Kind(Enum):
    """What a column holds."""

    ID = "id"
    """The row id, given out by SQLite."""
    INTEGER = "integer"
    REAL = "real"
    TEXT = "text"
    DATE = "date"
    """Seconds since 1970, UTC; queried with beets' date syntax (`added:2024..`)."""
    BOOLEAN = "boolean"
    JSON = "json"
    """Any JSON value; None stays NULL."""
    BLOB = "blob"
    """Bytes."""

    @property
    def sql(self) -> str:
        """The SQLite column type."""
        return _SQL_TYPES[self]


_SQL_TYPES = {
    Kind.ID: "INTEGER PRIMARY KEY",
    Kind.INTEGER: "INTEGER",
    Kind.REAL: "REAL",
    Kind.TEXT: "TEXT",
    Kind.DATE: "REAL",
    Kind.BOOLEAN: "INTEGER",
    Kind.JSON: "TEXT",
    Kind.BLOB: "BLOB",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `about` is one line for the docs, with unit and source where they matter."""

    name: str
    kind: Kind
    about: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns of its table."""

    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class Table:
    """One table of ours.

    Attributes:
        key: columns that identify a row for `upsert`; they get a unique index.
        search: columns that a bare word of a query looks into.
        row_id: what numbers the rows; a view has no rowid of its own.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    search: tuple[str, ...] = ()
    row_id: str = "rowid"

    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def create_statements(self) -> tuple[str, ...]:
        """Statements that create the table and its indexes when they do not exist."""
        columns = ", ".join(f'"{c.name}" {c.kind.sql}' for c in self.columns)
        statements = [f'CREATE TABLE IF NOT EXISTS "{self.name}" ({columns})']
        indexes = (Index(self.key, unique=True), *self.indexes) if self.key else self.indexes
        for index in indexes:
            name = f"{self.name}_{'_'.join(index.columns)}"
            unique = "UNIQUE " if index.unique else ""
            listed = ", ".join(f'"{column}"' for column in index.columns)
            statements.append(
                f'CREATE {unique}INDEX IF NOT EXISTS "{name}" ON "{self.name}" ({listed})'
            )
        return tuple(statements)

    def exists(self, tx: Tx) -> bool:
        """Whether the file holds this table."""
        return bool(tx.query("SELECT 1 FROM sqlite_master WHERE name = ?", [self.name]))

    def insert(self, tx: Tx, rows: Iterable[Mapping[str, Any]], *, ignore: bool = False) -> int:
        """Insert rows that all have the same columns; return how many were inserted.

        Args:
            tx: the open transaction.
            rows: column name to value.
            ignore: skip rows whose key exists instead of raising.
        """
        listed = list(rows)
        if not listed:
            return 0
        names = list(listed[0])
        verb = "INSERT OR IGNORE" if ignore else "INSERT"
        sql = f"{verb} INTO {self._into(names)}"
        return tx.run_many(sql, self._encode_all(names, listed))

    def upsert(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert rows, or update those whose key exists; return how many rows really changed.

        All rows must have the same columns. A row that is already equal is not written, so doing
        the same twice touches nothing the second time.
        """
        listed = list(rows)
        if not listed:
            return 0
        names = list(listed[0])
        values = [name for name in names if name not in self.key]
        sql = f"INSERT INTO {self._into(names)} ON CONFLICT ({self._listed(self.key)}) "
        if values:
            assigned = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
            differs = " OR ".join(f'"{self.name}"."{n}" IS NOT excluded."{n}"' for n in values)
            sql += f"DO UPDATE SET {assigned} WHERE {differs}"
        else:
            sql += "DO NOTHING"
        return tx.run_many(sql, self._encode_all(names, listed))

    def select(
        self,
        tx: Tx,
        columns: Sequence[str] = (),
        *,
        where: Where | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """Return matching rows as dicts, all columns unless some are named.

        `-name` in `order` sorts descending.
        """
        names = tuple(columns) or self.names()
        condition, params = render(where)
        sql = f'SELECT {self._listed(names)} FROM "{self.name}" WHERE {condition}'
        if order:
            sql += " ORDER BY " + ", ".join(
                f'"{name.removeprefix("-")}"{" DESC" if name.startswith("-") else ""}'
                for name in order
            )
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        return self.rows(names, tx.query(sql, params))

    def get(self, tx: Tx, where: Where) -> Row | None:
        """Return the first matching row, or None."""
        rows = self.select(tx, where=where, limit=1)
        return rows[0] if rows else None

    def update(self, tx: Tx, values: Mapping[str, Any], *, where: Where) -> int:
        """Set columns of the matching rows; return how many rows matched."""
        condition, params = render(where)
        assigned = ", ".join(f'"{name}" = ?' for name in values)
        encoded = [self.stored(name, value) for name, value in values.items()]
        return tx.run(f'UPDATE "{self.name}" SET {assigned} WHERE {condition}', [*encoded, *params])

    def delete(self, tx: Tx, *, where: Where | None = None) -> int:
        """Delete the matching rows; return how many."""
        condition, params = render(where)
        return tx.run(f'DELETE FROM "{self.name}" WHERE {condition}', params)

    def count(self, tx: Tx, *, where: Where | None = None) -> int:
        """Count the matching rows."""
        condition, params = render(where)
        sql = f'SELECT count(*) FROM "{self.name}" WHERE {condition}'
        return int(tx.query(sql, params)[0][0])

    def rows(self, names: Sequence[str], found: Iterable[Sequence[Any]]) -> list[Row]:
        """Turn what a SELECT of these columns found into dicts."""
        json_columns = [name for name in names if self._kind(name) is Kind.JSON]
        rows = [dict(zip(names, values, strict=True)) for values in found]
        for name in json_columns:
            for row in rows:
                if row[name] is not None:
                    row[name] = json.loads(row[name])
        return rows

    def stored(self, name: str, value: object) -> object:
        """The value as the column holds it."""
        if self._kind(name) is Kind.JSON and value is not None:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        return value

    def _into(self, names: Sequence[str]) -> str:
        marks = ", ".join("?" for _ in names)
        return f'"{self.name}" ({self._listed(names)}) VALUES ({marks})'

    @staticmethod
    def _listed(names: Sequence[str]) -> str:
        return ", ".join(f'"{name}"' for name in names)

    def _kind(self, name: str) -> Kind:
        return next(column.kind for column in self.columns if column.name == name)

    def _encode_all(
        self, names: Sequence[str], rows: Iterable[Mapping[str, Any]]
    ) -> Iterable[Sequence[object]]:
        encoded = {name for name in names if self._kind(name) is Kind.JSON}
        if not encoded:
            return ([row[name] for name in names] for row in rows)
        return (
            [self.stored(name, row[name]) if name in encoded else row[name] for name in names]
            for row in rows
        )
