"""SIGKILL at random moments, beside plain mutagen on the same schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.safeio.kills import Tally, kill_writers

if TYPE_CHECKING:
    from pathlib import Path


def report(tallies: dict[str, Tally]) -> str:
    kills = sum(tally.kills for tally in tallies.values())
    ours = sum(tally.damaged for tally in tallies.values())
    plain = sum(tally.damaged_plain for tally in tallies.values())
    return f"{kills} kills: {ours} files damaged by safeio, {plain} by plain mutagen"


def test_killed_writers_leave_every_file_with_the_old_or_the_new_tags(tmp_path: Path) -> None:
    tallies = kill_writers(tmp_path, kills=140, seed=1)

    print(report(tallies))
    assert {kind: tally.damaged for kind, tally in tallies.items()} == dict.fromkeys(tallies, 0)
    assert sum(tally.damaged_plain for tally in tallies.values()) > 0
    assert sum(tally.recovered for tally in tallies.values()) > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_two_thousand_killed_writers_damage_nothing(tmp_path: Path) -> None:
    tallies = kill_writers(tmp_path, kills=2000, seed=2)

    print(report(tallies))
    assert sum(tally.damaged for tally in tallies.values()) == 0
