"""The same copies as Discogs has them and as the mirror has them, in one form to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from musictool_core.db import epoch
from musictool_core.discogs import mirror

if TYPE_CHECKING:
    from musictool_core.db import Tx
    from tests.fakes.discogs import FakeDiscogs


class Copy(NamedTuple):
    """What a user can change about a copy."""

    release_id: int
    folder: str
    rating: int
    added: float
    notes: str


def remote_copies(discogs: FakeDiscogs) -> dict[str, Copy]:
    """Every copy in the collection by instance id."""
    return {
        str(copy.instance_id): Copy(
            copy.release_id,
            discogs._folders[copy.folder_id],
            copy.rating,
            epoch(copy.added),
            dict(copy.notes).get(3, ""),
        )
        for copy in discogs._instances.values()
    }


def mirrored_copies(tx: Tx) -> dict[str, Copy]:
    """Every copy on the shelf by instance id, read without our own queries for it."""
    rows = mirror.INSTANCES.select(tx, where={"removed_at": None})
    return {
        row["instance_id"]: Copy(
            row["release_id"], row["folder"], row["rating"], row["added"], row["notes"]
        )
        for row in rows
    }
