"""What the library knows of entries and playlists, when these get another key, or go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.host import journal
from musictool_core.traktor import bases, linking, places
from musictool_core.traktor.plays import rename_plays
from musictool_core.traktor.tables import CONFLICTS, OUTBOX, PLAYLISTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from musictool_core.db import Tx
    from musictool_core.traktor.values import TrackKey


def moved(tx: Tx, collection: int, keys: Mapping[TrackKey, TrackKey]) -> None:
    """Let all that names entries follow them to their new keys.

    Args:
        tx: the open transaction, which also says that they are there.
        collection: its number.
        keys: new ones, by those that the library knows.
    """
    if not keys:
        return
    linking.rename(tx, keys)
    rename_plays(tx, keys)
    bases.rename(tx, collection, keys)
    where = {"collection": collection, "key": In(list(keys))}
    for table in (OUTBOX, CONFLICTS):
        for row in table.select(tx, ("id", "key"), where=where):
            table.update(tx, {"key": keys[row["key"]]}, where={"id": row["id"]})


def removed(tx: Tx, collection: int, playlists: Collection[str]) -> None:
    """Keep no more what was taken back: the next sync would make it again."""
    PLAYLISTS.delete(tx, where={"collection": collection, "name": In(list(playlists))})


class Renames:
    """Where entries went that we moved."""

    def __init__(self, tx: Tx, collection: int) -> None:
        self._next: dict[TrackKey, TrackKey] = {}
        for _, old, new in journal.nml_writes(tx, places.of_location(collection)):
            if old is not None and new is not None:
                before, after = (places.read_location(str(each)).key for each in (old, new))
                # Nothing leads on from where an entry is now, so no way leads in a circle.
                self._next.pop(after, None)
                if before != after:
                    self._next[before] = after
        for field, _, new in journal.nml_writes(tx, places.of_entries(collection)):
            key, came_from = places.place(field).entry
            if came_from is not None:
                self._next.pop(key if new is not None else came_from, None)
                self._next |= {came_from: key} if new is not None else {key: came_from}

    def now(self, key: TrackKey) -> TrackKey:
        """The last key of an entry that had this one."""
        while key in self._next:
            key = self._next[key]
        return key


def known_fields(tx: Tx, collection: int) -> dict[TrackKey, str]:
    """Under which field entries that beets does not know were moved, by their key of now."""
    own = places.of_location(collection)
    found: dict[TrackKey, str] = {}
    for field, _, new in journal.nml_writes(tx, f"{own} "):
        if new is not None:
            found[places.read_location(str(new)).key] = field
    return found
