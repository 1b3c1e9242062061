"""A demo set is planned without chance, written once, carried on after an interruption."""

from __future__ import annotations

import json
from typing import Any

import mediafile
import pytest

from benchmarks.demo.__main__ import main
from benchmarks.demo.audio import PAUSE_S
from benchmarks.demo.build import DRIFT_S, STAMP, build, files_of, plan_demo_set
from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.model import seconds, tracks_by_reference
from musictool_core.errors import MusicToolError

SMALL = tuple(record for record in RECORDS if record.key in {"HT01", "KW45-8", "CB-45-31", "TR008"})
"""Records whose files are few and short."""


@pytest.fixture(scope="module")
def small_plan():
    files = [file for file in files_of(SMALL) if file.plays]
    return plan_demo_set(SMALL, files)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_plan():
    assert plan_demo_set(seed=5) == plan_demo_set(seed=5)


def test_another_seed_changes_music_and_lengths():
    one, two = plan_demo_set(seed=1), plan_demo_set(seed=2)

    assert [file.path for file in one.audio] == [file.path for file in two.audio]
    assert one.audio[0].passages != two.audio[0].passages


def test_two_files_of_one_recording_get_the_same_music():
    seeds = {
        file.path: file.passages[0].seed
        for file in plan_demo_set().audio
        if "Palm Wine Protocol" in file.path
    }

    assert len(seeds) == 2
    assert len(set(seeds.values())) == 1


def test_files_of_a_part_of_the_shelf_leave_out_what_other_records_hold():
    paths = [file.path for file in files_of(SMALL)]

    assert "Vinyl rips/Ruben Castellanos - Azotea Sessions - Side A.flac" in paths
    assert "Unsorted/Kolben - Drehmoment.mp3" not in paths
    assert not [path for path in paths if path.startswith("Jazz")]


def test_built_files_play_as_long_as_their_tracks(tmp_path, small_plan):
    tracks = tracks_by_reference(SMALL)

    build(tmp_path / "set", small_plan)

    for file in files_of(SMALL):
        if file.plays:
            length_s = sum(seconds(tracks[name][1].length) for name in file.plays)
            pauses_s = PAUSE_S * (len(file.plays) - 1)
            written = mediafile.MediaFile(tmp_path / "set" / "library" / file.path)
            assert abs(written.length - length_s - pauses_s) <= DRIFT_S * len(file.plays) + 0.2


def test_a_set_holds_what_its_plan_says_and_a_second_run_writes_nothing(tmp_path, small_plan):
    first = build(tmp_path, small_plan)
    before = contents(tmp_path)

    second = build(tmp_path, small_plan)

    assert set(before) == {STAMP, *small_plan.paths()}
    assert (first.written, second.written) == (first.total, 0)
    assert contents(tmp_path) == before


def test_a_missing_file_is_made_again_and_nothing_else_is_touched(tmp_path, small_plan):
    build(tmp_path, small_plan)
    before = contents(tmp_path)
    lost = small_plan.audio[0].path
    (tmp_path / lost).unlink()

    outcome = build(tmp_path, small_plan)

    after = contents(tmp_path)
    assert outcome.written == 1
    assert after[lost][1] == before[lost][1]
    assert {name for name in before if after[name][0] != before[name][0]} == {lost}


def test_an_interrupted_build_is_carried_on(tmp_path, small_plan):
    def stop_at_once(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, small_plan, stop_at_once)
    # What a kill leaves that comes in the middle of a file.
    whole = tmp_path / small_plan.audio[0].path
    whole.unlink(missing_ok=True)
    whole.with_name(f".part-{whole.name}").write_bytes(b"half")
    build(tmp_path, small_plan)

    assert set(contents(tmp_path)) == {STAMP, *small_plan.paths()}
    assert mediafile.MediaFile(whole).length > 60


def test_another_plan_replaces_the_files_of_the_last_and_no_others(tmp_path, small_plan):
    build(tmp_path, small_plan)
    (tmp_path / "library.db").write_text("mine")
    other = plan_demo_set(SMALL[:1], [], seed=2)

    build(tmp_path, other)

    assert set(contents(tmp_path)) == {STAMP, "library.db", *other.paths()}
    assert json.loads((tmp_path / "expected.json").read_bytes())["seed"] == 2


def test_a_stamp_that_points_outside_removes_nothing_there(tmp_path, small_plan):
    treasure = tmp_path / "treasure.txt"
    treasure.write_text("mine")
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / STAMP).write_text(json.dumps({"plan": "old", "files": ["../treasure.txt"]}))

    build(folder, small_plan)

    assert treasure.read_text() == "mine"


@pytest.mark.parametrize("stamp", [None, "not json", "[]"])
def test_a_folder_with_other_things_is_left_alone(tmp_path, small_plan, stamp):
    (tmp_path / "thesis.txt").write_text("mine")
    if stamp is not None:
        (tmp_path / STAMP).write_text(stamp)

    with pytest.raises(MusicToolError, match="not a demo set"):
        build(tmp_path, small_plan)

    assert not (tmp_path / "library").exists()
    assert not (tmp_path / "collection.csv").exists()


def test_progress_counts_every_audio_file(tmp_path, small_plan):
    seen: list[Any] = []

    build(tmp_path, small_plan, seen.append)

    total = len(small_plan.audio)
    assert [(each.done, each.total) for each in seen] == [(n + 1, total) for n in range(total)]


def test_the_command_refuses_a_foreign_folder_in_one_line(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")

    status = main([str(tmp_path)])

    output = capsys.readouterr()
    assert status == 1
    assert output.out == ""
    assert output.err.startswith("demo: ")
    assert len(output.err.splitlines()) == 1
