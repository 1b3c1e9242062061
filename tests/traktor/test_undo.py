"""A sync is taken back: to the byte while the collection is ours, else attribute by attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.changes.rows import item_target
from musictool_core.changes.tags import TagsTarget
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import tables
from musictool_core.traktor.merge import Policy
from musictool_core.traktor.tagfields import TagFieldTarget
from musictool_core.traktor.target import NmlTarget
from tests.fakes.traktor import entry
from tests.traktor.conftest import ORIGIN

if TYPE_CHECKING:
    from musictool_core.changes import Result, Target
    from musictool_core.changes.model import ChangeSetId
    from tests.traktor.conftest import Deck


def targets(deck: Deck) -> dict[str, Target]:
    made: tuple[Target, ...] = (
        item_target(),
        TagsTarget(),
        TagFieldTarget(),
        NmlTarget(deck.runs),
    )
    return {target.name: target for target in made}


def undo(deck: Deck, *sets: ChangeSetId | None) -> Result:
    wanted = [number for number in sets if number is not None]
    plan = changes.plan_undo(deck.host, wanted)
    number = changes.plan(deck.host, plan.changes, ORIGIN, now=deck.now, undo_of=wanted)
    return changes.apply(deck.host, number, targets(deck), report=silent, cancel=CancelToken())


@pytest.fixture
def synced(deck: Deck) -> Deck:
    """Two tracks in step, and a change of each side."""
    deck.with_policies(comment=Policy.BEETS)
    deck.add("One", comments="old", label="Warp")
    deck.add("Two", comments="old")
    deck.write(
        entry("One", info={"COMMENT": "old", "RANKING": "196"}), entry("Two", info={"MIX": "Dub"})
    )
    deck.sync()
    deck.set("One", comments="new", traktor_rating=5)
    deck.change_entry("Two", "INFO", "GENRE", "House")
    return deck


def test_everything_is_as_before_to_the_byte(synced: Deck) -> None:
    nml, rows, files = synced.state()
    result = synced.sync()
    assert synced.state() != (nml, rows, files)

    done = undo(synced, result.changeset)

    assert (done.conflicts, done.failed, done.cancelled) == ((), (), 0)
    assert synced.nml.read_bytes() == nml
    assert synced.state()[2] == files
    assert synced.row("Two").genres == []
    # What the user had typed before the sync was not the sync's.
    assert (synced.row("One").comments, synced.row("One")["traktor_rating"]) == ("new", "5")


def test_the_undo_can_be_taken_back_too(synced: Deck) -> None:
    result = synced.sync()
    after = synced.state()
    first = undo(synced, result.changeset)

    undo(synced, first.changeset_id)

    assert synced.state()[0] == after[0]
    assert synced.state()[2] == after[2]
    assert synced.row("Two").genres == ["House"]


def test_what_traktor_changed_since_stays(synced: Deck) -> None:
    result = synced.sync()
    synced.change_entry("Two", "INFO", "MIX", "Of Traktor")
    synced.change_entry("One", "INFO", "COMMENT", "Of Traktor")

    done = undo(synced, result.changeset)

    (conflict,) = done.conflicts
    assert conflict.field.endswith(":INFO@COMMENT")
    assert conflict.note == "it is 'Of Traktor' now"
    one, two = synced.entry("One"), synced.entry("Two")
    assert (one["comment"], one["ranking"], two["mix"]) == ("Of Traktor", 196, "Of Traktor")


def test_while_traktor_runs_its_file_stays_and_the_undo_says_so(synced: Deck) -> None:
    result = synced.sync()
    written = synced.nml.read_bytes()
    synced.running = True

    done = undo(synced, result.changeset)

    assert synced.nml.read_bytes() == written
    assert {each.note for each in done.failed} == {
        "Traktor runs, or may run; quit it and do this again"
    }
    assert synced.row("Two").genres == []

    synced.running = False
    assert undo(synced, result.changeset).failed == ()
    assert synced.entry("One")["comment"] == "old"


def test_two_syncs_are_taken_back_as_one(synced: Deck) -> None:
    first = synced.sync()
    synced.set("One", comments="newer")
    second = synced.sync()

    undo(synced, first.changeset, second.changeset)

    assert synced.entry("One")["comment"] == "old"
    assert synced.tags("One").comments == "old"


def test_the_journal_names_each_attribute(synced: Deck) -> None:
    result = synced.sync()

    view = synced.host.reading()
    rows = view.query(
        "SELECT field, old, new FROM mt_history WHERE op = 'nml' AND changeset = ? ORDER BY field",
        [result.changeset],
    )

    assert rows == [
        ("nml1:INFO@COMMENT", "old", "new"),
        ("nml1:INFO@RANKING", "196", "255"),
    ]
    (_, run) = synced.rows(tables.RUNS)
    assert run["changeset"] == result.changeset


def test_after_an_undo_the_next_sync_does_what_is_left(synced: Deck) -> None:
    result = synced.sync()
    undo(synced, result.changeset)

    synced.sync()

    assert synced.plan().is_empty
