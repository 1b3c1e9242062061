"""Columns of all items or albums at once, as SQLite holds them: what statistics are made of.

Values are raw: lists are joined text (`LIST_SEPARATOR`), what is not known is 0, "" or None.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from beets.dbcore import types

if TYPE_CHECKING:
    from collections.abc import Collection

    from musictool_core.db import Tx
    from musictool_core.host.entities import Entity

LIST_SEPARATOR = types.MULTI_VALUE_DELIMITER
"""Stands between the values of a column that holds several, such as `genres`."""


def count_values(
    view: Tx, entity: Entity, *names: str, ids: Collection[int] | None = None
) -> list[tuple[Any, ...]]:
    """Every combination of values that occurs in these columns, with its number of rows last.

    Args:
        view: the library.
        entity: items or albums.
        names: columns.
        ids: the rows to look at, None for all.
    """
    listed = ", ".join(f'"{name}"' for name in names)
    chosen, params = _chosen("id", ids)
    sql = f'SELECT {listed}, count(*) FROM "{entity.table}"{chosen} GROUP BY {listed}'
    return view.query(sql, params)


def count_attribute(
    view: Tx, entity: Entity, name: str, *, ids: Collection[int] | None = None
) -> list[tuple[str | None, int]]:
    """Every value of a flexible attribute with its number of rows; None for rows without it."""
    chosen, params = _chosen("row.id", ids)
    sql = (
        f'SELECT said.value, count(*) FROM "{entity.table}" AS row LEFT JOIN'
        f' "{entity.attributes}" AS said ON said.entity_id = row.id AND said.key = ?{chosen}'
        " GROUP BY said.value"
    )
    return [(value, number) for value, number in view.query(sql, [name, *params])]


def read_values(
    view: Tx,
    entity: Entity,
    *names: str,
    ids: Collection[int] | None = None,
    where: tuple[str, Collection[int]] | None = None,
) -> list[tuple[Any, ...]]:
    """These columns of every row, in no order.

    Args:
        view: the library.
        entity: items or albums.
        names: columns.
        ids: the rows to look at, None for all.
        where: a column and the numbers that it may hold, instead of `ids`.
    """
    listed = ", ".join(f'"{name}"' for name in names)
    chosen, params = _chosen(*(where or ("id", ids)))
    return view.query(f'SELECT {listed} FROM "{entity.table}"{chosen}', params)


def read_newest(view: Tx, entity: Entity, *names: str, limit: int) -> list[tuple[Any, ...]]:
    """These columns of the rows added last, the newest first."""
    listed = ", ".join(f'"{name}"' for name in names)
    sql = f'SELECT {listed} FROM "{entity.table}" ORDER BY added DESC, id DESC LIMIT ?'
    return view.query(sql, [limit])


def has_value(view: Tx, entity: Entity, name: str) -> bool:
    """Whether any row has something in this column."""
    sql = f"""SELECT 1 FROM "{entity.table}" WHERE "{name}" NOT IN ('', 0) LIMIT 1"""
    return bool(view.query(sql))


def _chosen(name: str, values: Collection[int] | None) -> tuple[str, list[str]]:
    if values is None:
        return "", []
    column = ".".join(f'"{part}"' for part in name.split("."))
    return f" WHERE {column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]
