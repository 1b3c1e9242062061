"""Files of one recording become one: the best of all stays, and an undo brings back everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor import model, scan

if TYPE_CHECKING:
    from tests.quality.resolution.conftest import Shelf


def starts(shelf: Shelf, file: str) -> list[float]:
    """Times of the cues of an entry, milliseconds."""
    data = shelf.nml.read_bytes()
    found = scan.scan(data)
    span = next(s for s in found.entries if (s.key or "").endswith(f":{file}"))
    entry = model.parse(data[span.start : span.end])
    return [float(c.attributes["START"]) for c in entry.children if c.tag == "CUE_V2"]


def entries(shelf: Shelf) -> set[str]:
    found = scan.scan(shelf.nml.read_bytes())
    return {(s.key or "").rpartition("/:")[2] for s in found.entries}


@pytest.mark.parametrize("later", [False, True], ids=["at once", "files by a job"])
def test_the_better_audio_takes_the_place_on_the_album_and_all_comes_back(
    doubled: Shelf, later: bool
) -> None:
    before = doubled.snapshot()
    mp3, loose = before["files"]["song.mp3"], before["files"]["loose.flac"]

    plan = doubled.plan()
    (made,) = plan.resolutions
    assert (made.kept.item_id, made.audio.item_id) == (1, 3)
    assert before == doubled.snapshot(), "a plan writes nothing"
    done = doubled.apply(plan)

    assert (done.failed, done.conflicts) == ((), ())
    assert doubled.files().keys() == {"song.flac", "b.mp3"}
    (item,) = doubled.host.lib.items("title:=Song")
    assert (item.id, item.album, item.format) == (1, "LP", "FLAC")
    # The year of an album is not that of a loose file, which may be of another release.
    assert (item.comments, item.year, item.isrc) == ("peak time", 0, "X1")
    assert item.genres == ["House"]
    assert (item.traktor_playcount, item.traktor_rating) == ("9", "3")
    # Cues lie where the same beat is in the other file: the aim is 1 ms.
    assert starts(doubled, "song.flac") == pytest.approx([1250, 5250], abs=1)
    assert entries(doubled) == {"song.flac", "b.mp3"}
    assert doubled.lists() == {"Sets/Best": ["song.flac", "b.mp3"]}
    trash = doubled.files(trash=True)
    assert sorted(trash.values(), key=len)[-2:] == sorted([mp3, loose], key=len)
    (manifest,) = [content for name, content in trash.items() if name.endswith("manifest.json")]
    told = json.loads(manifest)
    assert [each["was"] for each in told] == ["song.mp3", "loose.flac"]
    assert all((doubled.music / each["now"]).is_file() for each in told)

    doubled.undo(done.changeset_id, files_later=later)

    assert doubled.snapshot() == before


def test_the_tags_of_the_file_that_takes_the_place_are_those_of_the_row(doubled: Shelf) -> None:
    doubled.apply(doubled.plan())

    from musictool_core.safeio.mediatags import TagFile  # noqa: PLC0415 - only here

    tags = TagFile(doubled.music / "song.flac")
    assert (tags.album, tags.comments, tags.isrc, tags.label) == ("LP", "peak time", "X1", "Warp")


def test_where_the_best_audio_lies_right_only_the_other_goes(shelf: Shelf) -> None:
    shelf.album("LP", shelf.add("flac", "song.flac", album="LP"))
    shelf.add("mp3", "loose.mp3", comments="from the shop", play_count="4")
    before = shelf.snapshot()

    done = shelf.apply(shelf.plan())

    assert (done.failed, done.conflicts) == ((), ())
    assert shelf.files().keys() == {"song.flac"}
    (item,) = shelf.host.lib.items()
    assert (item.comments, item.play_count) == ("from the shop", "4")
    shelf.undo(done.changeset_id)
    assert shelf.snapshot() == before


def test_of_equal_audio_the_file_stays_that_lies_right_whatever_it_weighs(shelf: Shelf) -> None:
    shelf.album("LP", shelf.add("flac", "song.flac", album="LP"))
    shelf.add("wav", "loose.wav")

    (made,) = shelf.plan().resolutions

    assert (made.kept.item_id, made.audio.item_id) == (1, 1)


def test_an_album_that_was_added_twice_becomes_one(shelf: Shelf) -> None:
    shelf.album("LP", shelf.add("mp3", "1/song.mp3", album="LP"))
    shelf.album("lp", shelf.add("flac", "2/song.flac", album="LP"))
    before = shelf.snapshot()

    done = shelf.apply(shelf.plan())

    assert (done.failed, done.conflicts) == ((), ())
    assert len(shelf.host.lib.albums()) == 1
    assert len(shelf.host.lib.items()) == 1
    shelf.undo(done.changeset_id)
    assert shelf.snapshot() == before


def test_one_recording_on_two_albums_stays_on_both(shelf: Shelf) -> None:
    shelf.album("LP", shelf.add("flac", "1/song.flac", album="LP"))
    shelf.album("Best of", shelf.add("mp3", "2/song.mp3", album="Best of"))

    plan = shelf.plan()

    assert (plan.resolutions, plan.changes, plan.copies) == ((), (), ())
    assert "Best of and LP" in plan.refused[0].why.replace("A - ", "")
    assert len(shelf.plan(across_albums=True).resolutions) == 1


def test_versions_are_never_touched(shelf: Shelf) -> None:
    shelf.add("flac", "song.flac")
    shelf.add("instrumental", "instrumental.flac", title="Song")

    plan = shelf.plan()

    assert (plan.resolutions, plan.refused, plan.changes) == ((), (), ())


def test_a_checked_score_counts_more_than_the_name_of_a_format(shelf: Shelf) -> None:
    from dataclasses import replace  # noqa: PLC0415 - only here

    from musictool_core.quality.resolution import choice, planning  # noqa: PLC0415 - only here

    shelf.add("flac", "song.flac")
    shelf.add("mp3", "loose.mp3")
    members = planning.read_members(shelf.host.reading(), [1, 2], "club")
    fake = [replace(members[1], score=40.0), replace(members[2], score=80.0)]

    made = choice.choose(fake, choice.Rules())

    assert isinstance(made, choice.Resolution)
    assert made.audio.item_id == 2


def test_what_traktor_cannot_give_up_stays_with_its_reason(doubled: Shelf) -> None:
    data = doubled.nml.read_bytes().replace(b'NAME="Best"', b'NAME="Be/st"')
    doubled.nml.write_bytes(data)

    plan = doubled.plan()

    assert plan.resolutions == ()
    assert [each.why for each in plan.refused] == [
        "Traktor's collection stays as it is: no change can name the playlist 'Be/st'"
    ]


def test_a_collection_that_is_not_at_hand_is_told_of(
    doubled: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    doubled.nml.rename(doubled.nml.with_suffix(".away"))

    assert doubled.decks() is None
    assert "it goes on naming files" in caplog.text
