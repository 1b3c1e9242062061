"""Playlists: read with all that is odd about them, made, replaced and taken out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor.patch import apply, plan
from musictool_core.traktor.playlists import Playlist, read_shelf
from musictool_core.traktor.scan import is_traktor_layout, scan
from musictool_core.traktor.values import Location, NmlError, Patch, PlaylistWrite, TrackKey
from tests.traktor.blocks import differences, flat
from tests.traktor.samples import FOREIGN, KINDS, collection, folder, key_of, playlist, real_files

if TYPE_CHECKING:
    from pathlib import Path

LAYOUTS = {"traktor": bytes, **FOREIGN}

KEYS = tuple(TrackKey(key_of(number)) for number in range(8))
FRIDAY = ("Sets & co", "Friday")


def lists(data: bytes) -> dict[tuple[str, ...], Playlist]:
    return {one.path: one for one in read_shelf(data, scan(data)).playlists}


def written(data: bytes, *writes: PlaylistWrite) -> bytes:
    return apply(data, scan(data), Patch(playlists=writes))


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_order_repeats_folders_and_uuids_are_read(turn) -> None:
    data = turn(collection())

    shelf = read_shelf(data, scan(data))

    assert shelf.folders == (("Sets & co",),)
    assert [one.path for one in shelf.playlists] == [("_LOOPS",), FRIDAY, ("Preparation",)]
    friday = shelf.playlists[1]
    assert friday.keys == (*KEYS[:4], KEYS[0])
    assert (friday.declared, friday.uuid, friday.kind) == (5, "1" * 32, "LIST")
    assert shelf.remix_sets == 1
    assert shelf.dangling(scan(data).by_key) == ()


@pytest.mark.shared_data
def test_real_files_have_the_lists_that_lxml_counted(shared_data: Path) -> None:
    facts = json.loads((shared_data / "traktor-nml" / "corpus-facts.json").read_bytes())
    for path in real_files(shared_data):
        data = path.read_bytes()
        index = scan(data)
        shelf = read_shelf(data, index)
        known = facts[f"{path.parent.name}/{path.name}"]
        smart = [one for one in shelf.playlists if one.kind == "SMARTLIST"]
        assert len(shelf.playlists) - len(smart) == known["playlists"]
        assert len(smart) == known["smartlists"]
        assert all(one.query for one in smart)
        # Theirs counts $ROOT.
        assert len(shelf.folders) == max(0, known["folders"] - 1)
        assert sum(len(one.keys) for one in shelf.playlists) == known["playlist_entries"]
        assert len(shelf.dangling(index.by_key)) == known["dangling_playlist_entries"]
        assert sum(len(one.played) for one in shelf.playlists) == known.get("history_events", 0)


def test_a_track_without_entry_is_dangling() -> None:
    data = collection(2, playlists=folder("$ROOT", playlist("x", ["C:/:gone"], KINDS["t3"])))

    assert read_shelf(data, scan(data)).dangling(scan(data).by_key) == (TrackKey("C:/:gone"),)


# --- Writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_a_playlist_is_replaced_and_goes_back_to_the_byte(kind: str, turn) -> None:
    data = turn(collection(kind=kind))
    old = lists(data)[FRIDAY]
    new = (KEYS[5], KEYS[0], KEYS[5], KEYS[2])

    changed = written(data, PlaylistWrite(FRIDAY, new))

    assert lists(changed)[FRIDAY].keys == new
    assert lists(changed)[FRIDAY].declared == 4
    assert lists(changed)[FRIDAY].uuid == old.uuid
    place = "NML/PLAYLISTS[0]/NODE[0]/SUBNODES[0]/NODE[1]/SUBNODES[0]/NODE[0]/PLAYLIST[0]"
    assert all(path.startswith(place) for path, _ in differences(data, changed))
    assert written(changed, PlaylistWrite(FRIDAY, old.keys)) == data


# Comments between its tracks, and how their tags were wrapped, go with the tracks of a playlist.
EVEN = [name for name in LAYOUTS if name not in {"wrapped", "with_comments"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [LAYOUTS[name] for name in EVEN], ids=EVEN)
def test_a_playlist_is_emptied_filled_again_and_the_same(kind: str, turn) -> None:
    data = turn(collection(kind=kind))

    empty = written(data, PlaylistWrite(FRIDAY, ()))

    assert (lists(empty)[FRIDAY].keys, lists(empty)[FRIDAY].declared) == ((), 0)
    assert written(empty, PlaylistWrite(FRIDAY, lists(data)[FRIDAY].keys)) == data
    full = written(data, PlaylistWrite(("_LOOPS",), KEYS[:2]))
    assert lists(full)[("_LOOPS",)].keys == KEYS[:2]
    assert written(full, PlaylistWrite(("_LOOPS",), ())) == data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_a_playlist_is_made_with_its_folders_and_taken_out_again(kind: str, turn) -> None:
    data = turn(collection(kind=kind))
    path = ("Sets & co", 'New "folder"', "Deep", "Mine")

    changed = written(data, PlaylistWrite(path, KEYS[2:5]))

    made = lists(changed)[path]
    assert (made.keys, made.declared) == (KEYS[2:5], 3)
    assert (made.uuid is not None and len(made.uuid) == 32) == KINDS[kind].uuid
    assert_counts(changed)
    back = written(changed, *(PlaylistWrite(path[:depth], None) for depth in (4, 3, 2)))
    assert back == data
    if turn is bytes:
        assert is_traktor_layout(changed)


def assert_counts(data: bytes) -> None:
    """Every COUNT and ENTRIES is what lxml counts."""
    values = flat(data)
    for (place, name), value in values.items():
        if name == "COUNT" or (name == "ENTRIES" and "PLAYLIST[0]" in place[-1]):
            below = {other for other, mark in values if mark == "" and other[:-1] == place}
            assert int(value) == len(below), place


def test_several_lists_in_one_patch_and_a_new_uuid_for_each() -> None:
    data = collection()

    changed = written(
        data,
        PlaylistWrite(("New", "A"), KEYS[:1]),
        PlaylistWrite(("New", "B"), KEYS[:1]),
        PlaylistWrite(("Preparation",), None),
        PlaylistWrite(("New", "C"), KEYS[:2], uuid="f" * 32),
    )

    found = lists(changed)
    assert ("Preparation",) not in found
    assert [path for path in found if path[0] == "New"] == [("New", name) for name in "ABC"]
    assert len({one.uuid for one in found.values()}) == len(found)
    assert found["New", "C"].uuid == "f" * 32
    assert_counts(changed)


def test_a_uuid_finds_a_list_that_was_renamed_or_moved() -> None:
    data = collection()

    changed = written(data, PlaylistWrite(("Elsewhere",), KEYS[:1], uuid="1" * 32))

    assert lists(changed)[FRIDAY].keys == KEYS[:1]
    assert ("Elsewhere",) not in lists(changed)


def test_tracks_that_stay_keep_all_that_is_said_about_them() -> None:
    data = collection()
    about = b'<EXTENDEDDATA DECK="1" DURATION="3.5"></EXTENDEDDATA>\n'
    at = data.index(b"</ENTRY>", data.index(b'NAME="Friday"'))
    data = data[:at] + about + data[at:]

    changed = written(data, PlaylistWrite(FRIDAY, (KEYS[5], KEYS[0])))

    assert about in changed
    assert lists(changed)[FRIDAY].keys == (KEYS[5], KEYS[0])


def test_a_relocated_track_goes_by_its_old_and_its_new_key() -> None:
    data = collection()
    goal = Location("D:", "/:a/:", "b.mp3")

    for key in (KEYS[6], goal.key):
        patch = Patch(
            relocations={KEYS[6]: goal}, playlists=(PlaylistWrite(FRIDAY, (key, KEYS[1])),)
        )
        changed = apply(data, scan(data), patch)
        assert lists(changed)[FRIDAY].keys == (goal.key, KEYS[1])


def test_unknown_tracks_double_names_and_full_folders_are_refused() -> None:
    data = collection()
    twice = collection(
        playlists=folder("$ROOT", *(playlist("x", [], KINDS["t3"], str(n) * 32) for n in "12"))
    )

    with pytest.raises(NmlError, match="not in the collection"):
        written(data, PlaylistWrite(FRIDAY, (TrackKey("nowhere"),)))
    with pytest.raises(NmlError, match="not empty"):
        written(data, PlaylistWrite(("Sets & co",), None))
    with pytest.raises(NmlError, match="no playlist"):
        written(data, PlaylistWrite(("Nothing",), None))
    with pytest.raises(NmlError, match="2 of the name"):
        written(twice, PlaylistWrite(("x",), ()))
    with pytest.raises(NmlError, match="needs a name"):
        written(data, PlaylistWrite((), ()))


def test_a_list_may_keep_what_was_dangling_in_it() -> None:
    gone = TrackKey("C:/:gone")
    data = collection(2, playlists=folder("$ROOT", playlist("x", [gone], KINDS["t3"])))

    changed = written(data, PlaylistWrite(("x",), (KEYS[0], gone)))

    assert lists(changed)["x",].keys == (KEYS[0], gone)


def test_how_many_playlist_entries_go_is_counted() -> None:
    data = collection()

    rewrite = plan(data, scan(data), Patch(playlists=(PlaylistWrite(FRIDAY, (KEYS[0], KEYS[7])),)))

    assert rewrite.removed == (4, 7)
