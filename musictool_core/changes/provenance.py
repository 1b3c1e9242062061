"""Where the values of one item or album come from: its part of the journal, newest change first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.model import OUTSIDE
from musictool_core.db import moment
from musictool_core.host.cells import format_cell
from musictool_core.host.checks import has_table
from musictool_core.host.entities import ABSENT
from musictool_core.host.journal import HISTORY, NOISE, Op

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from musictool_core.db import Row, Tx
    from musictool_core.host.entities import Entity

_ROWS = 2_000
"""Newest changes of one object that are looked at for the sources of its fields."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what made a change.

    Attributes:
        source: command or feature; `OUTSIDE` when nobody claimed it.
        who: user of this computer or of the web view, "" when unknown.
        changeset: what `beet undo` takes; None while nobody claimed it.
    """

    at: datetime
    source: str
    who: str
    changeset: int | None

    @property
    def is_known(self) -> bool:
        """Whether somebody claimed it."""
        return self.source != OUTSIDE


@dataclass(frozen=True, slots=True)
class PastChange:
    """One change of an item or album.

    Attributes:
        number: of the journal; grows.
        field: column or attribute; "*" for the whole object.
        old: as a cell shows it, "" when there was none.
        new: as a cell shows it, "" when there is none.
    """

    number: int
    op: Op
    field: str
    old: str
    new: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Provenance:
    """The journal of one item or album.

    Attributes:
        fields: by field, what gave it its present value; fields that never changed are left out.
        appeared: how it came to the library; None when that was before the journal.
        changes: the newest first, as many as were asked for.
        total: changes that were looked at.
    """

    fields: dict[str, Cause]
    appeared: Cause | None
    changes: tuple[PastChange, ...]
    total: int

    def of(self, field: str) -> Cause | None:
        """What gave a field its present value; None when that was before the journal."""
        return self.fields.get(field, self.appeared)


def provenance(view: Tx, entity: Entity, number: int, *, most: int = 20) -> Provenance:
    """Read the journal of one item or album.

    Args:
        view: the library.
        entity: which kind.
        number: its id.
        most: changes to return.
    """
    if not has_table(view, HISTORY.name):
        return Provenance({}, None, (), 0)
    rows = HISTORY.select(
        view,
        where={"entity_id": number, "entity": entity.value},
        order=("-id",),
        limit=_ROWS,
    )
    fields: dict[str, Cause] = {}
    appeared: Cause | None = None
    for place, row in enumerate(rows):
        if row["op"] == Op.INSERT.value:
            # What was before belongs to another object under the same number.
            appeared = _cause(row)
            rows = rows[: place + 1]
            break
        fields.setdefault(row["field"], _cause(row))
    told = [row for row in rows if row["field"] not in NOISE]
    return Provenance(fields, appeared, _changes(entity, told[:most]), len(told))


_WITHOUT_VALUES = frozenset(
    {Op.TAGS.value, Op.AUDIO.value, Op.ART.value, Op.INSERT.value, Op.DELETE.value}
)
"""What happened to the whole of an object."""


def _changes(entity: Entity, rows: Sequence[Row]) -> tuple[PastChange, ...]:
    return tuple(
        PastChange(
            row["id"],
            Op(row["op"]),
            row["field"],
            _shown(entity, row, "old"),
            _shown(entity, row, "new"),
            _cause(row),
        )
        for row in rows
    )


def _shown(entity: Entity, row: Row, side: str) -> str:
    if row["op"] in _WITHOUT_VALUES:
        return ""
    value = row[side]
    return format_cell(entity, row["field"], ABSENT if value is None else value)


def _cause(row: Row) -> Cause:
    return Cause(moment(row["at"]), row["source"], row["who"], row["changeset"])
