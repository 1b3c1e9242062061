"""What is known of tracks in Traktor beside the fields of their rows; reads, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.quality.health.rules.decks import PREFIX
from musictool_core.traktor.tables import BASES, CONFLICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host
    from musictool_core.quality.health.model import Record


def with_traktor(host: Host, records: Mapping[int, Record]) -> dict[int, Record]:
    """Records with what Traktor says otherwise, and whether the file of an entry is gone.

    Without a sync nothing is known. Where the whole music folder is away, no file counts as gone.
    """
    view = host.reading()
    found: dict[int, Record] = dict(records)
    for part in in_parts(list(records)):
        for number, name, value in (*_differences(view, part), *_gone(host, part)):
            found[number] = {**found[number], PREFIX + name: value}
    return found


def _differences(view: Tx, ids: Sequence[int]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Fields that a sync left to the user, and what each side says."""
    if not CONFLICTS.exists(view):
        return
    own: dict[int, dict[str, str]] = {}
    for row in CONFLICTS.select(view, where={"item_id": In(ids)}, order=("item_id", "field")):
        if not row["chosen"]:
            own.setdefault(row["item_id"], {})[row["field"]] = _said(row)
    yield from ((number, "differences", told) for number, told in own.items())


def _said(row: Row) -> str:
    here = row["tags"] if row["tags"] is not None else row["beets"]
    place = "the file" if row["tags"] is not None else "beets"
    return f"{row['field']}: {here!r} in {place}, {row['nml']!r} in Traktor"


def _gone(host: Host, ids: Sequence[int]) -> Iterator[tuple[int, str, bool]]:
    view = host.reading()
    if not BASES.exists(view) or not file_of(host, b"").exists():
        return
    known = {row["item_id"] for row in BASES.select(view, ("item_id",), where={"item_id": In(ids)})}
    for number, image in read_images(view, Entity.ITEM, known, {"path"}).items():
        if not file_of(host, image.columns["path"]).exists():
            yield number, "file_is_gone", True
