"""A sync of a collection, a library and files: what it plans, what it writes, what it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core.errors import MusicToolError
from musictool_core.traktor import bases, linking, tables
from musictool_core.traktor.merge import Policy, Side
from musictool_core.traktor.sync import resolve
from musictool_core.traktor.values import TrackKey
from tests.fakes.traktor import entry

if TYPE_CHECKING:
    from tests.traktor.conftest import Deck


def test_the_first_sync_fills_what_a_side_lacks(deck: Deck) -> None:
    deck.add("One", label="Warp", comments="of beets")
    deck.write(entry("One", info={"RANKING": "204", "PLAYCOUNT": "7", "GENRE": "House; Dub"},
                     attributes={"ARTIST": "A", "AUDIO_ID": "x"}, bpm="126.752000", key="21",
                     cues=[1000, 2000]))  # fmt: skip

    deck.sync()

    held = deck.entry("One")
    assert (held["label"], held["comment"], held["ranking"]) == ("Warp", "of beets", 204)
    item = deck.row("One")
    names = ("rating", "playcount", "cue_count", "key", "bpm")
    assert [item[f"traktor_{name}"] for name in names] == ["4", "7", "2", "21", "126.752"]
    assert (item.bpm, list(item.genres)) == (127, ["House", "Dub"])
    tags = deck.tags("One")
    assert (tags.bpm, tags.genres, tags.comments) == (127, ["House", "Dub"], "of beets")


def test_a_plan_says_who_gets_what_and_why_and_writes_nothing(deck: Deck) -> None:
    deck.add("One", comments="c")
    deck.write(entry("One", attributes={"ARTIST": "A"}))
    before = deck.state(), sorted(p.name for p in deck.folder.iterdir())

    plan = deck.plan()

    (change,) = [c for c in plan.changes if c.field == "comment" and c.side is Side.NML]
    assert (change.old, change.new, change.reason) == (None, "c", "is known to beets, the file")
    assert change.writes == (("INFO@COMMENT", None, "c"),)
    assert (deck.state(), sorted(p.name for p in deck.folder.iterdir())) == before
    assert all(deck.rows(table) == [] for table in (tables.COLLECTIONS, tables.BASES))


def test_a_second_sync_plans_nothing_and_writes_no_byte(deck: Deck) -> None:
    deck.add("One", label="Warp", comments="two\nlines", genres=["House"], year=2019, track=3)
    deck.add("Two", initial_key="Fm")
    deck.write(
        entry("One", info={"RANKING": "196", "RELEASE_DATE": "2019/1/1"}, bpm="126.752000"),
        entry("Two", info={"KEY": "9m", "IMPORT_DATE": "2024/1/1", "LAST_PLAYED": "2024/5/3"}),
    )
    deck.sync()
    before, rows = deck.state(), [deck.rows(t) for t in (tables.BASES, tables.COLLECTIONS)]

    plan = deck.plan()
    deck.apply(plan)

    assert plan.is_empty
    assert plan.changes == ()
    assert deck.state() == before
    assert [deck.rows(t) for t in (tables.BASES, tables.COLLECTIONS)] == rows


@pytest.mark.parametrize("side", list(Side))
def test_a_change_of_one_side_reaches_the_others(deck: Deck, side: Side) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    if side is Side.NML:
        deck.change_entry("One", "INFO", "COMMENT", "new")
    elif side is Side.BEETS:
        deck.set("One", comments="new")
    else:
        deck.write_tag("One", comments="new")

    plan = deck.plan()
    deck.apply(plan)

    assert {c.side for c in plan.changes if c.field == "comment"} == set(Side) - {side}
    held = deck.entry("One")["comment"], deck.row("One").comments, deck.tags("One").comments
    assert held == ("new", "new", "new")
    assert deck.plan().is_empty


def test_a_conflict_is_listed_and_left_until_the_user_decides(deck: Deck) -> None:
    deck.add("One", comments="b")
    deck.write(entry("One", info={"COMMENT": "n"}))

    result = deck.sync()

    assert result.conflicts == 1
    (row,) = deck.rows(tables.CONFLICTS)
    assert (row["nml"], row["beets"], row["tags"]) == ("n", "b", "b")
    assert row["reason"] == "beets, the file and Traktor say different things"
    assert deck.entry("One")["comment"] == "n"
    assert deck.plan().changes == ()

    with deck.host.transaction() as tx:
        assert resolve(tx, row["id"], Side.BEETS)
    deck.sync()

    assert deck.entry("One")["comment"] == "b"
    assert deck.rows(tables.CONFLICTS) == []
    assert deck.plan().is_empty


def test_a_policy_decides_instead_of_the_user(deck: Deck) -> None:
    deck.with_policies(comment=Policy.NML)
    deck.add("One", comments="b")
    deck.write(entry("One", info={"COMMENT": "n"}))

    deck.sync()

    assert (deck.row("One").comments, deck.tags("One").comments) == ("n", "n")


def test_the_newest_is_known_by_its_times(deck: Deck) -> None:
    deck.with_policies(comment=Policy.NEWEST)
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    deck.change_entry("One", "INFO", "COMMENT", "of 2024")
    deck.set("One", comments="of today")

    deck.sync()

    assert deck.entry("One")["comment"] == "of today"


def test_what_only_traktor_says_is_put_right_in_beets(deck: Deck) -> None:
    deck.add("One")
    deck.write(entry("One", info={"PLAYCOUNT": "3", "COLOR": "4"}))
    deck.sync()
    deck.set("One", traktor_playcount=99)

    deck.sync()

    assert deck.row("One")["traktor_playcount"] == "3"
    assert deck.entry("One")["playcount"] == 3


def test_stars_of_another_player_stay_while_they_are_as_many(deck: Deck) -> None:
    deck.add("One", traktor_rating=4)
    deck.write(entry("One", info={"RANKING": "196"}))
    deck.sync()
    assert deck.entry("One")["ranking"] == 196

    deck.set("One", traktor_rating=5)
    deck.sync()

    assert deck.entry("One")["ranking"] == 255


def test_stars_reach_the_tags_and_come_from_there(deck: Deck) -> None:
    deck.add("One")
    deck.write(entry("One", info={"RANKING": "204", "PRODUCER": "P"}))
    deck.sync()
    tags = deck.tags("One")
    assert (tags.traktor_rating, tags.traktor_producer) == (4, "P")

    deck.write_tag("One", traktor_rating=2)
    deck.sync()

    assert (deck.entry("One")["stars"], deck.row("One")["traktor_rating"]) == (2, "2")
    assert deck.plan().changes == ()


def test_what_a_kind_of_file_has_no_place_for_is_kept_on_the_other_sides(deck: Deck) -> None:
    # An mp3 has a second comment in Traktor's own block only, which nobody may write.
    deck.add("One", traktor_comment2="warm")
    deck.write(entry("One"))
    deck.sync()
    assert deck.entry("One")["comment2"] == "warm"
    before = deck.state()

    assert deck.plan().changes == ()
    deck.sync()

    assert deck.state() == before
    deck.set("One", traktor_comment2="cold")
    deck.sync()
    assert deck.entry("One")["comment2"] == "cold"


def test_the_tempo_of_traktor_is_never_the_rounded_one_of_a_tag(deck: Deck) -> None:
    deck.add("One", bpm=127)
    deck.write(entry("One", attributes={"AUDIO_ID": "x"}, bpm="126.752000"))
    deck.sync()
    deck.set("One", bpm=64)

    deck.sync()

    assert deck.entry("One")["bpm"] == pytest.approx(126.752)
    assert deck.row("One").bpm == 127


def test_an_item_that_left_is_forgotten_and_its_entry_kept(deck: Deck) -> None:
    item = deck.add("One", comments="c")
    deck.add("Two")
    deck.write(entry("One"), entry("Two"))
    deck.sync()
    before = deck.nml.read_bytes()
    item.remove()
    other = deck.add("Three", comments="other")
    with deck.host.transaction() as tx:
        # beets gives the number of its newest item out again.
        tx.run("UPDATE items SET id = ? WHERE id = ?", [item.id or 1, other.id])

    deck.sync()

    assert deck.nml.read_bytes() == before
    assert len(deck.rows(tables.BASES)) == 1


def test_many_tracks_that_are_gone_stop_the_run(deck: Deck) -> None:
    titles = [f"T{number:02}" for number in range(30)]
    for title in titles:
        deck.library.add(_item(deck, title))
    deck.write(*[entry(title) for title in titles])
    deck.sync()
    deck.write(*[entry(title) for title in titles[:5]])

    plan = deck.plan()

    assert plan.refused == "25 of 30 tracks are gone."
    with pytest.raises(MusicToolError, match="25 of 30 tracks are gone"):
        deck.apply(plan)
    assert len(deck.rows(tables.BASES)) == 30
    deck.apply(plan, force=True)
    assert len(deck.rows(tables.BASES)) == 5


@pytest.mark.parametrize("content", [b"", b"<NML>", None])
def test_a_collection_that_is_not_there_is_unknown_and_not_empty(
    deck: Deck, content: bytes | None
) -> None:
    deck.add("One")
    deck.write(entry("One"))
    deck.sync()
    if content is None:
        deck.nml.unlink()
    else:
        deck.nml.write_bytes(content)

    with pytest.raises(MusicToolError):
        deck.plan()

    assert len(deck.rows(tables.BASES)) == 1


def test_a_file_that_cannot_be_written_is_owed_and_no_edit(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    deck.set("One", comments="new")
    plan = deck.plan()
    file = deck.folder / "music" / "One.mp3"
    kept = file.read_bytes()
    file.write_bytes(b"no audio any more")
    deck.apply(plan)
    file.write_bytes(kept)
    assert (deck.entry("One")["comment"], deck.tags("One").comments) == ("new", "old")

    plan = deck.plan()
    deck.apply(plan)

    assert [(c.side, c.reason) for c in plan.changes] == [
        (Side.TAGS, "could not be written before")
    ]
    assert deck.tags("One").comments == "new"


def test_without_tags_no_file_is_read_or_written(deck: Deck) -> None:
    deck.settings = replace(deck.settings, tags=False)
    deck.add("One", tags={"comments": "t"}, comments="b")
    deck.write(entry("One"))
    files = deck.state()[2]

    deck.sync()

    assert deck.entry("One")["comment"] == "b"
    assert deck.state()[2] == files


def _item(deck: Deck, title: str) -> Item:
    return Item(path=f"{deck.folder}/music/{title}.mp3".encode(), title=title)


def test_a_relocated_entry_keeps_its_bases(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    old, new = TrackKey(deck.key("One")), TrackKey(deck.key("Moved"))
    deck.change_entry("One", "LOCATION", "FILE", "Moved.mp3")
    deck.change_entry("Moved", "INFO", "COMMENT", "of Traktor")
    with deck.host.transaction() as tx:
        linking.rename(tx, {old: new})
        bases.rename(tx, 1, {old: new})

    deck.sync()

    # Without a base the two comments would be a conflict.
    assert deck.row("One").comments == "of Traktor"
    assert [row["key"] for row in deck.rows(tables.BASES)] == [new]
