"""Queries as playlist files for a running Traktor."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from musictool_core.errors import FormatError
from musictool_core.traktor import fields, model
from musictool_core.traktor.collection import open_collection
from musictool_core.traktor.handover import plan_handover, playlist_file
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import scan
from musictool_core.traktor.verify import check_well_formed
from tests.fakes.traktor import FOLDER, VOLUME, entry
from tests.traktor.samples import real_files

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.traktor.scan import Scan
    from tests.traktor.conftest import Deck

KEY = f"{VOLUME}{FOLDER}"


def entries(made: bytes, found: Scan) -> list[bytes]:
    return [made[span.start : span.end] for span in found.entries]


@pytest.fixture
def warp(deck: Deck) -> Deck:
    """Two tracks that Traktor knows and analysed, and one that it does not."""
    deck.add("One", label="Warp", bpm=120)
    deck.add("Two", label="Warp", bpm=110)
    deck.write(entry("One", cues=[1000], bpm="120.000000", key="3"), entry("Two"), entry("Other"))
    deck.sync()
    deck.add("Néw & <loud>", label="Warp", bpm=100, genres=["Dub"], initial_key="F#m", track=3)
    return deck


def test_known_tracks_are_copies_and_new_ones_say_what_beets_knows(warp: Deck) -> None:
    before = warp.nml.read_bytes()
    plan = plan_handover(warp.host, warp.desk(), 'Set "A" & B', ["label:warp", "bpm+"])

    assert (plan.known, plan.new, plan.left) == (2, 1, ())
    check_well_formed(plan.content)
    found = scan(plan.content)
    (listed,) = read_shelf(plan.content, found).playlists
    names = ["Néw & <loud>.mp3", "Two.mp3", "One.mp3"]
    assert (listed.path, listed.declared) == (('Set "A" & B',), 3)
    assert list(listed.keys) == [KEY + name for name in names]
    new, two, one = entries(plan.content, found)
    assert one in before
    assert two in before
    assert b"CUE_V2" in one
    values = fields.read_all(model.parse(new))
    assert {name: values[name] for name in ("title", "artist", "genre", "key_text", "track")} == {
        "title": "Néw & <loud>",
        "artist": "A",
        "genre": "Dub",
        "key_text": "4m",
        "track": 3,
    }
    assert values.get("bpm") is None
    assert warp.nml.read_bytes() == before


def test_the_file_is_as_traktor_lays_out_its_own(warp: Deck) -> None:
    made = plan_handover(warp.host, warp.desk(), "Set", ["label:warp"]).content

    root = etree.fromstring(made)
    assert [each.tag for each in root] == ["HEAD", "MUSICFOLDERS", "COLLECTION", "SETS",
                                           "PLAYLISTS"]  # fmt: skip
    before = etree.fromstring(warp.nml.read_bytes())
    assert root.attrib == before.attrib
    assert etree.tostring(root[0]).strip() == etree.tostring(before[0]).strip()
    uuid = root.find(".//PLAYLIST").attrib["UUID"]  # type: ignore[union-attr]
    assert len(uuid) == 32
    other = plan_handover(warp.host, warp.desk(), "Set", ["One"]).content
    assert str(uuid).encode() not in other


def test_what_traktor_cannot_find_is_left_out_and_named(warp: Deck) -> None:
    (warp.folder / "music" / "Néw & <loud>.mp3").unlink()

    plan = plan_handover(warp.host, warp.desk(), "Set", ["label:warp"])

    assert (plan.known, plan.new) == (2, 0)
    assert [path.rpartition("/")[2] for path in plan.left] == ["Néw & <loud>.mp3"]


def test_a_file_beyond_every_path_map_is_left_out(warp: Deck) -> None:
    desk = replace(warp.desk(), maps=())

    plan = plan_handover(warp.host, desk, "Set", ["label:warp"])

    assert (plan.known, plan.new, len(plan.left)) == (2, 0, 1)


def test_an_entry_that_no_sync_linked_yet_is_copied_too(deck: Deck) -> None:
    deck.add("One")
    deck.write(entry("One", cues=[1000]))

    plan = plan_handover(deck.host, deck.desk(), "Set", [])

    assert (plan.known, plan.new) == (1, 0)
    assert b"CUE_V2" in plan.content


def test_a_name_that_no_file_can_hold_is_refused_in_a_line(warp: Deck) -> None:
    with pytest.raises(FormatError, match="no XML file can hold"):
        plan_handover(warp.host, warp.desk(), "a\x07b", ["One"])


def test_one_value_that_no_file_can_hold_stops_no_others(deck: Deck) -> None:
    deck.write(entry("Other"))
    deck.add("One")
    deck.set("One", album="bell \x07", label="Warp")

    plan = plan_handover(deck.host, deck.desk(), "Set", [])

    assert (plan.known, plan.new) == (0, 1)
    (new,) = entries(plan.content, scan(plan.content))
    values = fields.read_all(model.parse(new))
    assert (values["label"], values.get("album")) == ("Warp", None)


def test_a_file_whose_name_is_no_text_is_left_out(deck: Deck) -> None:
    deck.write(entry("Other"))
    deck.add("One")
    odd = os.fsencode(deck.folder / "music") + b"/caf\xe9.mp3"
    (deck.folder / "music" / "One.mp3").rename(os.fsdecode(odd))
    with deck.host.paths():
        item = deck.row("One")
        item.path = odd
        item.store()

    plan = plan_handover(deck.host, deck.desk(), "Set", [])

    assert (plan.known, plan.new, len(plan.left)) == (0, 0, 1)


@pytest.mark.shared_data
def test_every_entry_of_real_files_can_be_handed_over(shared_data: Path) -> None:
    for path in real_files(shared_data):
        file = open_collection(path)
        keys = tuple(file.scan.by_key)

        made = playlist_file(file, "All", [*keys, *keys[:2]], {})

        found = scan(made)
        spans = [file.scan.by_key[key] for key in keys]
        assert entries(made, found) == [file.data[span.start : span.end] for span in spans]
        (listed,) = read_shelf(made, found).playlists
        assert listed.keys == (*keys, *keys[:2])
        check_well_formed(made)
