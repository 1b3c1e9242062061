"""SQLite, opened well: tables declared as data, numbered migrations, transactions.

Features declare a `Table` and use its methods inside a transaction; SQL text stays in this
package and in `host`.
"""

from musictool_core.db.connection import Database, Row, Tx, translate_errors
from musictool_core.db.dates import epoch, moment
from musictool_core.db.migrations import (
    AddColumn,
    CreateTable,
    Migration,
    Step,
    migrate,
    schema_state,
)
from musictool_core.db.schema import Column, Index, Kind, Table
from musictool_core.db.where import AtLeast, Below, In, Not, Where

__all__ = [
    "AddColumn",
    "AtLeast",
    "Below",
    "Column",
    "CreateTable",
    "Database",
    "In",
    "Index",
    "Kind",
    "Migration",
    "Not",
    "Row",
    "Step",
    "Table",
    "Tx",
    "Where",
    "epoch",
    "migrate",
    "moment",
    "schema_state",
    "translate_errors",
]
