"""A started product over a real library, and shelves to fill it with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app
from musictool_core.discogs import mirror
from musictool_core.gaps import tables
from musictool_core.gaps.refresh import Refreshed, refresh
from musictool_core.music import ArtistCredit, LabelCredit, Release, ReleaseId, Track
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_core.db import Row
    from musictool_core.host.library import Host

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf:
    """A shelf in the mirror of one library, and the gap rows that come of it."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def add_copy(self, release_id: int, artist: str, title: str, **fields: Any) -> None:
        """Put a copy on the shelf; its track list stays unknown."""
        row = {
            "instance_id": f"csv:{release_id}:1",
            "release_id": release_id,
            "artist": artist,
            "title": title,
            "label": "Warp Records",
            "catalognum": f"WAP {release_id}",
            "folder": "House",
            "formats": '12"',
            "genres": "",
            "source": "csv",
            "removed_at": None,
        }
        with self.host.transaction() as tx:
            mirror.INSTANCES.upsert(tx, [{**row, **fields}])

    def add(
        self, release_id: int, artist: str, title: str, *tracks: Track | str, **fields: Any
    ) -> Release:
        """Put a copy on the shelf with its track list; bare titles become A1, A2, …"""
        self.add_copy(release_id, artist, title, **fields)
        listed = tuple(
            Track(f"A{number}", track) if isinstance(track, str) else track
            for number, track in enumerate(tracks, start=1)
        )
        release = Release(
            ReleaseId(release_id),
            title,
            (ArtistCredit(artist),),
            listed,
            labels=(LabelCredit("Warp Records", f"WAP {release_id}"),),
        )
        with self.host.transaction() as tx:
            mirror.store_releases(tx, [release], origin="file", now=NOW)
        return release

    def refresh(self, **options: Any) -> Refreshed:
        """Bring the gap rows up to date."""
        return refresh(self.host, now=NOW, report=silent, cancel=CancelToken(), **options)

    def rows(self) -> list[Row]:
        """All gap rows in order."""
        return tables.GAPS.select(self.host.reading(), order=("release_id", "number"))

    def states(self) -> dict[str, str]:
        """State by track ref."""
        return {row["ref"]: row["state"] for row in self.rows()}

    def owned(self) -> dict[int, str]:
        """Record-level answer by release."""
        rows = mirror.live_instances(self.host.reading())
        return {row["release_id"]: row["owned"] for row in rows}


@pytest.fixture
def shelf(library: Library) -> Shelf:
    """An empty shelf beside an empty library."""
    return Shelf(app.start(library, notice=print).host)
