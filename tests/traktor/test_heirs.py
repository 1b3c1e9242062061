"""Entries of files that become one: cues move with the sound, playlists follow, all comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import bases, collection, fields, heirs, model
from musictool_core.traktor.heirs import Estate, Inheritance
from musictool_core.traktor.locations import location_of_key
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.target import NmlTarget
from musictool_core.traktor.values import TrackKey
from tests.fakes import traktor
from tests.fakes.traktor import entry
from tests.traktor.conftest import ORIGIN
from tests.traktor.test_taken_back import keys_of, sent
from tests.traktor.test_undo import undo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.changes import Result
    from musictool_core.traktor.values import Element
    from tests.traktor.conftest import Deck


@pytest.fixture
def filled(deck: Deck) -> Deck:
    """One was worked on, Two lies beside it in a playlist, Three has nothing to do with them."""
    for title in ("One", "Two", "Three"):
        deck.add(title, label="Warp")
    deck.write(
        entry("One", attributes={"AUDIO_ID": "A1"}, cues=(1000, 2000), bpm="120.000000"),
        entry("Two", attributes={"AUDIO_ID": "A2"}, info={"BITRATE": "900000"}),
        entry("Three", cues=(5,)),
    )
    deck.sync()
    sent(deck, "Sets/Best", "label:warp")
    return deck


def planned(deck: Deck, to: str, shifts_ms: Mapping[str, float]) -> Inheritance:
    """What becomes of the entries of these titles when the file of `to` stays."""
    file = collection.open_collection(deck.nml)
    with deck.host.transaction() as tx:
        number = bases.number_of(tx, deck.nml)
    estate = Estate(
        location_of_key(deck.key(to)),
        {TrackKey(deck.key(title)): by for title, by in shifts_ms.items()},
    )
    lists = read_shelf(file.data, file.scan).playlists
    return heirs.inherit(
        file.data, file.scan, lists, number, [estate], source="test", reason="one file"
    )


def apply(deck: Deck, found: Inheritance) -> Result:
    assert not found.problems
    number = changes.plan(deck.host, found.changes, ORIGIN, now=deck.now)
    return changes.apply(
        deck.host,
        number,
        {"nml": NmlTarget(deck.runs)},
        report=silent,
        cancel=CancelToken(),
    )


def entries(deck: Deck) -> dict[str, Element]:
    file = collection.open_collection(deck.nml)
    found = [model.parse(file.data[s.start : s.end]) for s in file.scan.entries]
    return {str(one.get("LOCATION", "FILE")): one for one in found}


def starts(element: Element) -> list[str]:
    return [c.attributes["START"] for c in element.children if c.tag == "CUE_V2"]


def test_the_entry_with_the_work_takes_the_place_of_the_other(filled: Deck) -> None:
    before = filled.nml.read_bytes()

    done = apply(filled, planned(filled, "Two", {"One": 12.5}))

    assert (done.failed, done.conflicts) == ((), ())
    found = entries(filled)
    assert found.keys() == {"Two.mp3", "Three.mp3"}
    assert starts(found["Two.mp3"]) == ["1012.500000", "2012.500000"]
    # Of the file Traktor says what it said of this one.
    assert found["Two.mp3"].attributes["AUDIO_ID"] == "A2"
    assert starts(found["Three.mp3"]) == ["5.000000"]
    assert filled.lists() == {"Sets/Best": ["Two.mp3", "Two.mp3", "Three.mp3"]}

    back = undo(filled, done.changeset_id)
    assert (back.failed, back.conflicts) == ((), ())

    assert filled.nml.read_bytes() == before


def test_an_entry_without_work_goes_and_the_other_stays_as_it_is(filled: Deck) -> None:
    kept = filled.nml.read_bytes()

    done = apply(filled, planned(filled, "One", {"Two": 40.0}))

    assert (done.failed, done.conflicts) == ((), ())
    found = entries(filled)
    assert starts(found["One.mp3"]) == ["1000.000000", "2000.000000"]
    assert filled.lists() == {"Sets/Best": ["One.mp3", "One.mp3", "Three.mp3"]}
    back = undo(filled, done.changeset_id)
    assert (back.failed, back.conflicts) == ((), ())
    assert filled.nml.read_bytes() == kept


def test_an_entry_goes_where_its_file_has_none_and_all_that_names_it_follows(filled: Deck) -> None:
    names = keys_of(filled)

    done = apply(filled, planned(filled, "New", {"One": -500.0}))

    assert (done.failed, done.conflicts) == ((), ())
    found = entries(filled)
    assert found.keys() == {"New.mp3", "Two.mp3", "Three.mp3"}
    assert starts(found["New.mp3"]) == ["500.000000", "1500.000000"]
    assert fields.location(found["New.mp3"]) == location_of_key(filled.key("New"), traktor.VOLUME)
    assert filled.lists() == {"Sets/Best": ["New.mp3", "Two.mp3", "Three.mp3"]}
    assert keys_of(filled) == ["New.mp3" if name == "One.mp3" else name for name in names]

    back = undo(filled, done.changeset_id)
    assert (back.failed, back.conflicts) == ((), ())

    assert keys_of(filled) == names
    assert entries(filled).keys() == {"One.mp3", "Two.mp3", "Three.mp3"}


def test_an_undo_after_traktor_wrote_brings_back_each_entry_and_list(filled: Deck) -> None:
    before, lists = entries(filled), filled.lists()
    done = apply(filled, planned(filled, "Two", {"One": 12.5}))
    filled.change_entry("Three", "INFO", "RANKING", "204")

    back = undo(filled, done.changeset_id)
    assert (back.failed, back.conflicts) == ((), ())

    found = entries(filled)
    assert {name: found[name] for name in ("One.mp3", "Two.mp3")} == {
        name: before[name] for name in ("One.mp3", "Two.mp3")
    }
    assert found["Three.mp3"].get("INFO", "RANKING") == "204"
    assert filled.lists() == lists


def test_cues_stay_within_the_sound_and_the_grid_keeps_its_beat() -> None:
    made = model.parse(
        b'<ENTRY TITLE="A"><TEMPO BPM="120.000000"></TEMPO>'
        b'<CUE_V2 TYPE="4" START="30.000000"></CUE_V2><CUE_V2 TYPE="0" START="30.5"></CUE_V2>'
        b'<CUE_V2 TYPE="0" START="800"></CUE_V2><CUE_V2 TYPE="0" START="?"></CUE_V2></ENTRY>'
    )

    assert starts(heirs.shifted(made, -100.0)) == ["430.000000", "0.0", "700", "?"]


def test_what_no_change_can_name_is_left_as_it_is(filled: Deck) -> None:
    data = filled.nml.read_bytes().replace(b'NAME="Best"', b'NAME="Be/st"')
    filled.nml.write_bytes(data)

    found = planned(filled, "Two", {"One": 12.5})

    assert found.changes == ()
    assert found.problems == {0: "no change can name the playlist 'Be/st'"}


def test_no_entry_means_nothing_to_do(filled: Deck) -> None:
    found = planned(filled, "Nowhere", {"Unknown": 1.0})

    assert (found.changes, found.problems) == ((), {})


def test_an_entry_that_is_no_utf8_is_left_as_it_is(filled: Deck) -> None:
    data = filled.nml.read_bytes().replace(b'TITLE="One"', b'TITLE="On\xe9"')
    file = collection.open_collection(filled.nml)
    estate = Estate(location_of_key(filled.key("Two")), {TrackKey(filled.key("One")): 0.0})

    found = heirs.inherit(data, file.scan, (), 1, [estate], source="test", reason="")

    assert found.problems == {0: "an entry is not written in UTF-8"}
