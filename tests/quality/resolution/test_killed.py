"""A process that dies while files become one: the next start finishes it, and an undo is exact."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.changes import store
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.resolution import planning
from tests.quality.resolution.conftest import ORIGIN, killed_while

if TYPE_CHECKING:
    from musictool_core.changes import ChangeSetId
    from tests.quality.resolution.conftest import Shelf


def stored(shelf: Shelf) -> ChangeSetId:
    planned = planning.prepare(shelf.host, shelf.plan())
    return changes.plan(shelf.host, planned, ORIGIN, now=shelf.now)


def finished(shelf: Shelf, number: ChangeSetId) -> bool:
    """Do what a start does; return whether the set is done."""
    with shelf.host.paths():
        changes.recover(shelf.host, shelf.targets(), report=silent, cancel=CancelToken())
    return store.get_set(shelf.host.reading(), number).state is changes.SetState.DONE


@pytest.mark.parametrize("wanted", [5, pytest.param(400, marks=pytest.mark.long)])
def test_killed_at_any_step_it_is_whole_or_not_begun_and_comes_back(
    doubled: Shelf, wanted: int
) -> None:
    before = doubled.snapshot()
    total, number = 64, stored(doubled)
    while killed_while(doubled, number, total):
        assert finished(doubled, number)
        doubled.undo(number)
        assert doubled.snapshot() == before
        total, number = total + 64, stored(doubled)
    done = doubled.snapshot()
    doubled.undo(number)
    assert doubled.snapshot() == before

    for at in random.Random(total).sample(range(1, total), min(wanted, total - 1)):
        number = stored(doubled)
        killed_while(doubled, number, at)
        if finished(doubled, number):
            now = doubled.snapshot()
            assert now["files"] == done["files"], f"step {at}"
            assert now["attributes"] == done["attributes"], f"step {at}"
            doubled.undo(number)
        assert doubled.snapshot() == before, f"step {at}"
