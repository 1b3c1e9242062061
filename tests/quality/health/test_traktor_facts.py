"""What is known of tracks in Traktor, from the tables of the sync."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.host.items import find_ids
from musictool_core.quality.health import checkup
from musictool_core.quality.health import library as records
from musictool_core.quality.health.model import Profile, Standard
from musictool_core.quality.health.traktor_facts import with_traktor
from musictool_core.traktor.tables import BASES, CONFLICTS, MIGRATIONS

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

STANDARD = Standard(datetime(2026, 6, 1, tzinfo=UTC).date())


def found(host: Host) -> set[tuple[str, int, str]]:
    """What the rules for DJs' programs say."""
    done = checkup.examine(host, find_ids(host, ()), Profile.DJ, STANDARD)
    return {
        (each.rule.rule_id, each.key, each.evidence.text)
        for each in done.findings
        if each.rule.rule_id[0] == "J"
    }


@pytest.fixture
def shelf(host: Host, library: Library, make_item: MakeItem) -> Host:
    """Two files, and an item without one."""
    music = Path(os.fsdecode(library.directory))
    for name in ("a", "b"):
        (music / f"{name}.mp3").write_bytes(b"audio")
    for name in ("a", "b", "gone"):
        path = os.fsencode(music / f"{name}.mp3")
        make_item(library, title=name, artist="Ada", path=path)
    return host


def sync(host: Host, **conflict: Any) -> None:
    """Tables as a sync leaves them: all three in Traktor, one conflict."""
    host.migrate({"traktor": MIGRATIONS})
    with host.transaction() as tx:
        BASES.insert(tx, [{"collection": 1, "item_id": n, "key": f"k{n}"} for n in (1, 2, 3)])
        CONFLICTS.insert(
            tx, [{"collection": 1, "item_id": 2, "key": "k2", "chosen": "", **conflict}]
        )


def test_before_a_sync_nothing_is_known(shelf: Host) -> None:
    assert found(shelf) == set()
    shelf.migrate({"traktor": MIGRATIONS})
    assert found(shelf) == set()


def test_conflicts_and_entries_whose_file_is_gone_are_named(shelf: Host) -> None:
    sync(shelf, field="title", nml="Gleam", tags="Glow", beets="b")

    assert found(shelf) == {
        ("J003", 2, "title: 'Glow' in the file, 'Gleam' in Traktor"),
        ("J004", 3, "Traktor has an entry, and there is no file gone.mp3"),
    }


def test_where_the_file_says_nothing_beets_does(shelf: Host) -> None:
    sync(shelf, field="rating", nml=4, tags=None, beets=2)

    assert ("J003", 2, "rating: 2 in beets, 4 in Traktor") in found(shelf)


def test_what_the_user_chose_is_no_difference_any_more(shelf: Host) -> None:
    sync(shelf, field="title", nml="Gleam", tags="Glow", chosen="nml")

    assert {rule for rule, _, _ in found(shelf)} == {"J004"}


def test_a_drive_that_is_away_makes_no_file_gone(shelf: Host) -> None:
    sync(shelf, field="title", nml="Gleam", tags="Glow")
    shutil.rmtree(os.fsdecode(shelf.lib.directory))

    assert {rule for rule, _, _ in found(shelf)} == {"J003"}


def test_fields_of_traktor_are_judged_as_the_library_stores_them(
    host: Host, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="a", artist="Ada", traktor_analysed=1, traktor_ranking=196)
    make_item(
        library, title="b", artist="Ada", traktor_analysed=1, traktor_cue_count=3,
        traktor_perceived_db=-5.5, traktor_ranking=204, analysis_version=2,
    )  # fmt: skip
    make_item(library, title="c", artist="Ada", traktor_ranking=51, analysis_version=2, energy=5.5)

    assert {(rule, key) for rule, key, _ in found(host)} == {
        ("J001", 2), ("J002", 1), ("J005", 1), ("J006", 1),
    }  # fmt: skip
    known = with_traktor(host, records.read_records(host.reading(), [1]))
    assert not any(name.startswith("traktor.") for name in known[1])
