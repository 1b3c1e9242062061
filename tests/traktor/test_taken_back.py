"""Moved entries and pushed playlists are change sets: journalled, followed, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import changes
from musictool_core.changes import store
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import fields, listing, relocations, tables
from musictool_core.traktor.collection import BrakeReached, TraktorRuns
from musictool_core.traktor.pushes import keep, plan_push, plan_pushes, push
from musictool_core.traktor.values import Location, TrackKey
from tests.fakes import traktor
from tests.fakes.traktor import entry
from tests.traktor.conftest import ORIGIN
from tests.traktor.test_undo import targets, undo

if TYPE_CHECKING:
    from musictool_core.changes import Result
    from tests.traktor.conftest import Deck

TITLES = ("One", "Two", "Three", "Four")


@pytest.fixture
def filled(deck: Deck) -> Deck:
    """Four tracks in step, three of them in a playlist."""
    for title in TITLES:
        deck.add(title, label="Warp" if title != "Four" else "Tresor")
    deck.write(*[entry(title) for title in TITLES])
    deck.sync()
    sent(deck, "Sets/Best", "label:warp")
    assert deck.lists() == {"Sets/Best": ["One.mp3", "Two.mp3", "Three.mp3"]}
    return deck


def sent(deck: Deck, name: str, query: str, **options: Any) -> Any:
    planned = plan_push(deck.host, deck.nml, name.split("/"), query)
    deck.now += timedelta(minutes=1)
    return push(
        deck.host,
        deck.nml,
        [planned],
        origin=ORIGIN,
        now=deck.now,
        is_running=deck.runs,
        **options,
    )


def moved(deck: Deck, **options: Any) -> Result | None:
    """Relocate what lies elsewhere."""
    desk = deck.desk()
    read = listing.read(deck.host, desk)
    return relocated(deck, relocations.find_moved(deck.host, read), **options)


def relocated(deck: Deck, found: Any, **options: Any) -> Result | None:
    desk = deck.desk()
    deck.now += timedelta(minutes=1)
    return relocations.relocate(
        deck.host,
        desk,
        listing.read(deck.host, desk),
        found,
        origin=ORIGIN,
        now=deck.now,
        is_running=deck.runs,
        **options,
    )


def moved_folder(deck: Deck, old: str, new: str) -> Result | None:
    music = deck.folder / "music"
    read = listing.read(deck.host, deck.desk())
    return relocated(deck, relocations.find_below(read, str(music / old), str(music / new)))


def told(deck: Deck, number: int | None) -> list[tuple[Any, ...]]:
    """What the history says of a change set."""
    sql = (
        "SELECT entity, entity_id, field, old, new FROM mt_history"
        " WHERE op = 'nml' AND changeset = ? ORDER BY id"
    )
    return deck.host.reading().query(sql, [number])


def keys_of(deck: Deck) -> list[str]:
    """Files that bases, links and plays name."""
    view = deck.host.reading()
    found: list[str] = []
    for sql in (
        "SELECT key FROM mt_traktor_base ORDER BY item_id",
        "SELECT target FROM mt_link WHERE target_kind = 'traktor' ORDER BY item_id",
        "SELECT key FROM mt_traktor_play ORDER BY id",
    ):
        found += [row[0].rpartition("/:")[2] for row in view.query(sql)]
    return found


# --- Relocations ---------------------------------------------------------------------------------


def test_a_moved_entry_is_in_the_history_and_comes_back_to_the_byte(filled: Deck) -> None:
    with filled.host.transaction() as tx:
        played = {"key": filled.key("One"), "start_date": 1, "start_time": 2, "deck": 0}
        tables.PLAYS.insert(tx, [played])
    before, keys = filled.nml.read_bytes(), keys_of(filled)
    filled.move("One", "Uno.mp3")

    done = moved(filled)

    assert done
    assert done.applied == 1
    place = f"{traktor.VOLUME}{traktor.FOLDER}"
    assert told(filled, done.changeset_id) == [
        ("item", 1, "nml1:LOCATION", f"{place}One.mp3", f"{place}Uno.mp3")
    ]
    assert filled.lists() == {"Sets/Best": ["Uno.mp3", "Two.mp3", "Three.mp3"]}
    assert [key.replace("Uno", "One") for key in keys_of(filled)] == keys
    assert keys_of(filled).count("Uno.mp3") == 3

    back = undo(filled, done.changeset_id)

    assert (back.applied, back.conflicts, back.failed) == (1, (), ())
    assert filled.nml.read_bytes() == before
    assert keys_of(filled) == keys
    assert moved(filled) is not None
    assert filled.plan().changes == ()


def test_what_traktor_wrote_since_stays_when_a_move_is_taken_back(filled: Deck) -> None:
    filled.move("One", "Uno.mp3")
    done = moved(filled)
    assert done
    filled.change_entry("Two", "INFO", "COMMENT", "Of Traktor")

    back = undo(filled, done.changeset_id)

    assert (back.applied, back.conflicts, back.failed) == (1, (), ())
    assert filled.entry("Two")["comment"] == "Of Traktor"
    assert filled.lists() == {"Sets/Best": ["One.mp3", "Two.mp3", "Three.mp3"]}
    assert keys_of(filled)[0] == "One.mp3"


def test_an_entry_that_traktor_moved_since_stays_where_it_is(filled: Deck) -> None:
    filled.move("One", "Uno.mp3")
    done = moved(filled)
    assert done
    program = traktor.Traktor(filled.nml)
    key = filled.key("One").replace("One", "Uno")
    program.obey("\t".join(("set", key, "LOCATION", "FILE", "Other.mp3")))
    program.exit()
    left = filled.nml.read_bytes()

    back = undo(filled, done.changeset_id)

    assert [each.note for each in back.conflicts] == ["Traktor has no such entry any more"]
    assert filled.nml.read_bytes() == left
    assert keys_of(filled)[0] == "Uno.mp3"


def test_a_place_that_is_taken_by_now_is_said(filled: Deck) -> None:
    filled.move("One", "Uno.mp3")
    done = moved(filled)
    filled.change_entry("Two", "INFO", "COMMENT", "Of Traktor")
    program = traktor.Traktor(filled.nml)
    program.obey("add\tOne")
    program.exit()
    assert done

    back = undo(filled, done.changeset_id)

    assert [each.note for each in back.failed] == ["another entry has this place"]
    assert keys_of(filled)[0] == "Uno.mp3"


def test_an_entry_that_beets_does_not_know_goes_and_comes_back(deck: Deck) -> None:
    music = deck.folder / "music"
    for name in ("a", "b", "c"):
        (music / name).mkdir(parents=True)
    (music / "b" / "One.mp3").touch()
    made = entry("One")
    location = made.find("LOCATION")
    assert location is not None
    location.attrib["DIR"] += "a/:"
    deck.write(made, entry("Two"))
    first = deck.nml.read_bytes()

    one = moved_folder(deck, "a", "b")
    (music / "b" / "One.mp3").rename(music / "c" / "One.mp3")
    second = deck.nml.read_bytes()
    two = moved_folder(deck, "b", "c")

    assert one
    assert two
    place = f"{traktor.VOLUME}{traktor.FOLDER}"
    # By the key that it had first, so that both can be taken back as one.
    assert told(deck, two.changeset_id) == [
        ("traktor", 1, f"nml1:LOCATION {place}a/:One.mp3", f"{place}b/:One.mp3",
         f"{place}c/:One.mp3")
    ]  # fmt: skip
    back = undo(deck, two.changeset_id)
    assert deck.nml.read_bytes() == second
    undo(deck, back.changeset_id)
    undo(deck, one.changeset_id, two.changeset_id)
    assert deck.nml.read_bytes() == first


def test_two_entries_change_places_and_back(filled: Deck) -> None:
    """Each goes where the other one was, in one write."""
    before, keys = filled.nml.read_bytes(), keys_of(filled)
    one, two = (TrackKey(filled.key(title)) for title in ("One", "Two"))
    read = listing.read(filled.host, filled.desk())
    there = {key: fields.location(read.elements[key]) for key in (one, two)}
    swap = [
        relocations.Relocation(one, "", "", there[two]),
        relocations.Relocation(two, "", "", there[one]),
    ]

    done = relocated(filled, swap, force=True)

    assert done
    assert filled.lists() == {"Sets/Best": ["Two.mp3", "One.mp3", "Three.mp3"]}
    assert keys_of(filled)[:2] == ["Two.mp3", "One.mp3"]
    filled.change_entry("Three", "INFO", "COMMENT", "Of Traktor")
    assert undo(filled, done.changeset_id).applied == 2
    assert keys_of(filled) == keys
    assert filled.lists() == {"Sets/Best": ["One.mp3", "Two.mp3", "Three.mp3"]}
    assert filled.nml.read_bytes() != before


def test_the_number_of_the_drive_comes_back_too(deck: Deck) -> None:
    deck.add("One")
    made = entry("One")
    place = made.find("LOCATION")
    assert place is not None
    place.attrib["VOLUMEID"] = "a1b2c3d4"
    deck.write(made, entry("Two"))
    deck.sync()
    deck.move("One", "Uno.mp3")
    read = listing.read(deck.host, deck.desk())
    (found,) = relocations.find_moved(deck.host, read)
    other = Location("D:", traktor.FOLDER, "Uno.mp3", "99887766")
    done = relocated(deck, [replace(found, to=other)])
    assert done
    assert b'VOLUME="D:" VOLUMEID="99887766"' in deck.nml.read_bytes()
    deck.change_entry("Two", "INFO", "COMMENT", "Of Traktor")

    undo(deck, done.changeset_id)

    assert b'VOLUMEID="a1b2c3d4"' in deck.nml.read_bytes()
    ((*_, old, new),) = told(deck, done.changeset_id)
    assert old.endswith("One.mp3 (drive a1b2c3d4)")
    assert new.endswith("Uno.mp3 (drive 99887766)")


def test_while_traktor_runs_nothing_is_moved_or_noted(filled: Deck) -> None:
    filled.move("One", "Uno.mp3")
    filled.running = True
    before, sets = filled.nml.read_bytes(), len(store.list_sets(filled.host.reading()))

    with pytest.raises(TraktorRuns, match="Traktor runs"):
        moved(filled)

    assert filled.nml.read_bytes() == before
    assert len(store.list_sets(filled.host.reading())) == sets


def test_half_of_a_collection_moves_only_when_it_is_forced(filled: Deck) -> None:
    for title in TITLES[:3]:
        filled.move(title, f"{title} 2.mp3")
    before = filled.nml.read_bytes()

    with pytest.raises(BrakeReached, match="3 of 4 entries"):
        moved(filled)
    assert filled.nml.read_bytes() == before
    assert filled.keep_up().moved == 0

    done = filled.keep_up(force=True)
    assert (done.moved, done.problems) == (3, ())


# --- Playlists -----------------------------------------------------------------------------------


def test_a_pushed_list_is_in_the_history_and_goes_again_to_the_byte(filled: Deck) -> None:
    before = filled.nml.read_bytes()

    done = sent(filled, "New/Tresor", "label:tresor")

    assert done.written == 1
    place = f"{traktor.VOLUME}{traktor.FOLDER}"
    assert told(filled, done.changeset) == [
        ("traktor", 1, "nml1:playlist New/Tresor", None, f'["{place}Four.mp3"]')
    ]
    back = undo(filled, done.changeset)
    assert (back.applied, back.conflicts) == (1, ())
    assert filled.nml.read_bytes() == before

    again = undo(filled, back.changeset_id)
    assert again.applied == 1
    assert filled.lists()["New/Tresor"] == ["Four.mp3"]


def test_a_second_push_writes_and_notes_nothing(filled: Deck) -> None:
    before, sets = filled.nml.read_bytes(), len(store.list_sets(filled.host.reading()))

    done = sent(filled, "Sets/Best", "label:warp")

    assert (done.changeset, done.written) == (None, 0)
    assert filled.nml.read_bytes() == before
    assert len(store.list_sets(filled.host.reading())) == sets


def test_an_update_goes_back_to_the_order_of_before_whatever_traktor_wrote(filled: Deck) -> None:
    done = sent(filled, "Sets/Best", "title-")
    assert filled.lists()["Sets/Best"] == ["Two.mp3", "Three.mp3", "One.mp3", "Four.mp3"]
    filled.change_entry("Two", "INFO", "COMMENT", "Of Traktor")

    back = undo(filled, done.changeset)

    assert (back.applied, back.conflicts, back.failed) == (1, (), ())
    assert filled.lists()["Sets/Best"] == ["One.mp3", "Two.mp3", "Three.mp3"]
    assert filled.entry("Two")["comment"] == "Of Traktor"


def test_a_list_that_was_changed_since_is_a_conflict_unless_forced(filled: Deck) -> None:
    done = sent(filled, "Sets/Best", "label:tresor", force=True)
    edited(filled, b"Four.mp3", b"One.mp3")

    back = undo(filled, done.changeset)

    (conflict,) = back.conflicts
    assert conflict.note == "it is another list now (1 track)"
    assert filled.lists()["Sets/Best"] == ["One.mp3"]

    plan = changes.plan_undo(filled.host, [done.changeset], force=True)
    number = changes.plan(
        filled.host, plan.changes, ORIGIN, now=filled.now, undo_of=[done.changeset], force=True
    )
    changes.apply(filled.host, number, targets(filled), report=silent, cancel=CancelToken())
    assert filled.lists()["Sets/Best"] == ["One.mp3", "Two.mp3", "Three.mp3"]


def edited(deck: Deck, old: bytes, new: bytes) -> None:
    """Change a list as the user of Traktor does."""
    head, mark, lists = deck.nml.read_bytes().partition(b"<PLAYLISTS>")
    deck.nml.write_bytes(head + mark + lists.replace(old, new))


def test_a_list_goes_back_after_its_tracks_were_moved(filled: Deck) -> None:
    done = sent(filled, "Sets/Best", "label:tresor", force=True)
    for title in ("One", "Four"):
        filled.move(title, f"{title} 2.mp3")
    assert moved(filled)
    filled.change_entry("Two", "INFO", "COMMENT", "Of Traktor")

    back = undo(filled, done.changeset)

    assert (back.applied, back.conflicts, back.failed) == (1, (), ())
    assert filled.lists()["Sets/Best"] == ["One 2.mp3", "Two.mp3", "Three.mp3"]


def test_a_track_that_traktor_lost_keeps_a_list_from_going_back(filled: Deck) -> None:
    done = sent(filled, "Sets/Best", "label:tresor", force=True)
    data = filled.nml.read_bytes()
    start = data.index(b'TITLE="One"')
    start = data.rindex(b"<ENTRY", 0, start)
    end = data.index(b"</ENTRY>", start) + len(b"</ENTRY>\n")
    filled.nml.write_bytes(data[:start] + data[end:])

    back = undo(filled, done.changeset)

    (failed,) = back.failed
    assert failed.note.endswith("One.mp3 no more")
    assert filled.lists()["Sets/Best"] == ["Four.mp3"]


def test_a_name_that_is_there_twice_hinders_no_other_list(filled: Deck) -> None:
    data = filled.nml.read_bytes()
    start = data.index(b'<NODE TYPE="PLAYLIST" NAME="Best">')
    end = data.index(b"</NODE>", start) + len(b"</NODE>\n")
    filled.nml.write_bytes(data[:end] + data[start:end] + data[end:])
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Sets", "Best"), "label:tresor")
        keep(tx, filled.nml, ("Other",), "label:tresor")

    done = filled.keep_up()

    assert done.lists == 1
    assert done.problems == ("there are 2 lists of this name",)
    assert filled.lists()["Other"] == ["Four.mp3"]
    (due,) = [each.name for each in plan_pushes(filled.host, filled.nml) if each.is_due]
    assert due == ("Sets", "Best")


def test_a_kept_list_that_is_taken_back_is_kept_no_more(filled: Deck) -> None:
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Kept",), "label:tresor")
    done = filled.keep_up()
    assert done.lists == 1

    undo(filled, *done.changesets)

    assert filled.rows(tables.PLAYLISTS) == []
    assert filled.keep_up().lists == 0
    assert "Kept" not in filled.lists()


def test_an_update_of_a_kept_list_that_is_taken_back_waits_for_other_tracks(filled: Deck) -> None:
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Kept",), "label:tresor")
    filled.keep_up()
    filled.set("One", label="Tresor")
    (number,) = filled.keep_up().changesets
    assert filled.lists()["Kept"] == ["One.mp3", "Four.mp3"]

    undo(filled, number)

    assert filled.lists()["Kept"] == ["Four.mp3"]
    assert filled.keep_up().lists == 0
    filled.set("Two", label="Tresor")
    assert filled.keep_up().lists == 1


def test_more_than_usual_leaves_lists_only_when_it_is_forced(filled: Deck) -> None:
    before = filled.nml.read_bytes()

    with pytest.raises(BrakeReached, match="3 of 3 playlist entries"):
        sent(filled, "Sets/Best", "label:tresor")

    assert filled.nml.read_bytes() == before


def test_all_is_taken_back_as_one(filled: Deck) -> None:
    """A move, a list and a sync, in one write, after Traktor wrote something else."""
    filled.set("Two", comments="of beets")
    synced = filled.sync()
    listed = sent(filled, "All", "title+")
    filled.move("One", "Uno.mp3")
    done = moved(filled)
    assert done
    assert filled.lists()["All"] == ["Four.mp3", "Uno.mp3", "Three.mp3", "Two.mp3"]
    filled.change_entry("Three", "INFO", "COMMENT", "Of Traktor")

    back = undo(filled, synced.changeset, listed.changeset, done.changeset_id)

    assert (back.conflicts, back.failed) == ((), ())
    assert filled.lists() == {"Sets/Best": ["One.mp3", "Two.mp3", "Three.mp3"]}
    assert filled.entry("Two").get("comment") is None
    assert filled.entry("Three")["comment"] == "Of Traktor"


def test_a_query_that_cannot_be_understood_hinders_no_sync(filled: Deck) -> None:
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Bad",), "year:x..y")
    filled.move("One", "Uno.mp3")

    done = filled.keep_up()

    assert done.moved == 1
    assert len(done.problems) == 1


def test_before_the_first_sync_nothing_is_kept_up(deck: Deck) -> None:
    deck.write(entry("One"))
    assert deck.keep_up().changesets == ()
    assert deck.rows(tables.COLLECTIONS) == []


def test_a_list_that_has_the_name_of_a_folder_is_taken_out_alone(filled: Deck) -> None:
    done = sent(filled, "Sets", "label:tresor")
    filled.change_entry("Two", "INFO", "COMMENT", "Of Traktor")

    back = undo(filled, done.changeset)

    assert (back.applied, back.failed) == (1, ())
    assert filled.lists() == {"Sets/Best": ["One.mp3", "Two.mp3", "Three.mp3"]}
