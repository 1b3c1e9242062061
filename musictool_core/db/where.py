"""Conditions on columns as plain values: `{"state": "queued", "release_id": In(ids)}`.

A mapping is a conjunction. A value means equality, None means IS NULL, and the small classes below
say the rest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class In:
    """The column is one of these values; any number of them (bound as one parameter)."""

    values: Collection[int] | Collection[str]


@dataclass(frozen=True, slots=True)
class Not:
    """The column is not this value; `Not(None)` means it is set."""

    value: object


@dataclass(frozen=True, slots=True)
class Below:
    """The column is set and smaller."""

    value: float


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The column is set and equal or greater."""

    value: float


Where = Mapping[str, Any]


def render(where: Where | None) -> tuple[str, list[Any]]:
    """Return the text after WHERE and its parameters; an empty condition is always true."""
    if not where:
        return "1", []
    parts: list[str] = []
    params: list[Any] = []
    for column, condition in where.items():
        text, param = _render_one(column, condition)
        parts.append(text)
        params.extend(param)
    return " AND ".join(parts), params


def _render_one(column: str, condition: object) -> tuple[str, list[Any]]:
    match condition:
        case In(values):
            # One bound parameter: any number of ids, and one cached statement for all.
            text = json.dumps(list(values))
            return f'"{column}" IN (SELECT value FROM json_each(?))', [text]
        case Not(value):
            return f'"{column}" IS NOT ?', [value]
        case Below(value):
            return f'"{column}" < ?', [value]
        case AtLeast(value):
            return f'"{column}" >= ?', [value]
        case _:
            return f'"{column}" IS ?', [condition]
