"""The sync of Traktor after files became one, and after that was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor.sync import SyncSettings, apply_sync, plan_sync
from tests.quality.resolution.conftest import ORIGIN
from tests.quality.resolution.test_resolving import starts

if TYPE_CHECKING:
    from musictool_core.traktor.sync import SyncResult
    from tests.quality.resolution.conftest import Shelf


def synced(shelf: Shelf) -> SyncResult:
    """Plan and apply a sync."""
    plan = plan_sync(
        shelf.host, shelf.nml, SyncSettings(), path_of=lambda where: str(shelf.music / where.file)
    )
    return apply_sync(shelf.host, plan, origin=ORIGIN, now=shelf.now, is_running=lambda _: False)


def test_the_entry_that_stays_is_in_step_and_keeps_plays_and_cues(doubled: Shelf) -> None:
    doubled.apply(doubled.plan())

    first = synced(doubled)
    second = synced(doubled)

    assert (first.conflicts, first.failed, second.written) == (0, (), 0)
    (item,) = doubled.host.lib.items("title:=Song")
    assert item.traktor_playcount == "9"
    assert b'PLAYCOUNT="9"' in doubled.nml.read_bytes()
    assert starts(doubled, "song.flac") == pytest.approx([1250, 5250], abs=1)


def test_after_an_undo_both_are_in_step_as_before(doubled: Shelf) -> None:
    before = doubled.nml.read_bytes()
    done = doubled.apply(doubled.plan())
    doubled.undo(done.changeset_id)

    after = synced(doubled)

    assert (after.conflicts, after.written) == (0, 0)
    assert doubled.nml.read_bytes() == before
