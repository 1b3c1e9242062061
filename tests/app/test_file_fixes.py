"""Fixes of how tags are written, end to end: a job writes files, undo brings them back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from musictool_core import app, changes, jobs
from musictool_core.app import edits
from musictool_core.changes import Origin, SetState, files, preview, store
from musictool_core.changes.container import ContainerTarget
from musictool_core.changes.files import FilesJob
from musictool_core.host import journal
from musictool_core.host.items import find_ids
from musictool_core.host.library import Host
from musictool_core.host.settings import Settings
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.health import checkup
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Standard
from musictool_core.safeio.tagfacts import read_tag_facts
from tests.app.test_edits import LONG, NEVER, copied, kill_points, killed, start_again
from tests.safeio.samples import sample
from tests.safeio.test_mending import LATIN, NAMES, OWN, ape, tag, text, v1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beets.library import Library

    from tests.conftest import MakeItem

ANNA = Origin("anna", "test", "", 1)
STANDARD = Standard(app.utc_now().date())
ALL = ("F001", "F002", "F003", "F004", "F006", "F007", "F009", "F013")


def fill(library: Library, make_item: MakeItem) -> Host:
    """Files with a fault each, one with several, one that fits nothing, and a clean one."""
    audio, flac = sample("mp3"), sample("flac")
    made = {
        "a.mp3": audio + v1(title="Glow", artist="Ada"),
        "b.mp3": tag(NAMES) + audio + v1(title="Old", artist="Ada"),
        "c.mp3": tag([*LATIN, OWN, text("TPE1", b"Ada", 0)], 3) + audio + ape(Genre="Dub"),
        "d.flac": tag(NAMES) + flac,
        "e.mp3": flac,
        "f.mp3": tag(NAMES) + audio,
        "g.mp3": b"no audio",
    }
    host = Host(library, busy_wait_s=5.0)
    host.migrate({"changes": changes.MIGRATIONS, "jobs": jobs.MIGRATIONS})
    for name, data in made.items():
        path = Path(os.fsdecode(library.directory)) / name
        path.write_bytes(data)
        make_item(library, path=os.fsencode(path), title="Glow", artist="Ada")
    journal.sync(host)
    return host


@pytest.fixture
def ill(library: Library, make_item: MakeItem) -> Host:
    """A library of such files."""
    return fill(library, make_item)


def contents(host: Host) -> dict[str, bytes]:
    """All files by their names."""
    music = Path(os.fsdecode(host.lib.directory))
    return {path.name: path.read_bytes() for path in sorted(music.iterdir())}


def plan(host: Host, *rules: str) -> checkup.Fixes:
    """What rules would mend now."""
    return checkup.fixes_of(host, find_ids(host, ()), [BY_ID[name] for name in rules], STANDARD)


def follow(host: Host) -> list[jobs.Job]:
    """Run the queued jobs."""
    queued = jobs.list_jobs(host.reading(), states=(jobs.JobState.QUEUED,))
    kinds = {"changes.files": FilesJob(Settings())}
    return [
        jobs.run(host, job.job_id, kinds, now=app.utc_now, cancel=CancelToken(), report=silent)
        for job in queued
    ]


def save(host: Host, rules: Sequence[str] = ALL) -> changes.ChangeSetId:
    """Mend, files included."""
    fixes = plan(host, *rules)
    number = edits.save(host, fixes.changes, ANNA, write=True, move=False).changeset_id
    follow(host)
    return number


def test_each_fault_is_one_change_and_no_file_is_written_before_the_job(ill: Host) -> None:
    before = contents(ill)

    planned = plan(ill, *ALL).changes
    edits.save(ill, planned, ANNA, write=True, move=False)

    assert sorted((c.target, c.entity_id, c.field) for c in planned) == [
        ("container", 1, "id3_version"),
        ("container", 2, "id3v1"),
        ("container", 3, "ape"),
        ("container", 3, "doubled"),
        ("container", 3, "id3_version"),
        ("container", 3, "latin1"),
        ("container", 4, "id3_tags"),
        ("file", 5, "place"),
    ]
    assert contents(ill) == before


def test_files_are_mended_and_nothing_is_left_to_mend(ill: Host) -> None:
    before = contents(ill)

    number = save(ill)

    after = contents(ill)
    assert list(after) == ["a.mp3", "b.mp3", "c.mp3", "d.flac", "e.flac", "f.mp3", "g.mp3"]
    assert after["e.flac"] == before["e.mp3"]
    assert {name for name in before if before[name] != after.get(name)} == {
        "a.mp3", "b.mp3", "c.mp3", "d.flac", "e.mp3",
    }  # fmt: skip
    item = ill.lib.get_item(5)
    assert item is not None
    assert item.filepath.name == "e.flac"
    assert ill.lib.get_item(3).mtime == ill.lib.get_item(3).current_mtime()  # type: ignore[union-attr]
    assert store.get_set(ill.reading(), number).state is SetState.DONE
    assert not plan(ill, *ALL).changes


def test_undo_brings_every_byte_and_name_back_and_redo_mends_again(ill: Host) -> None:
    before = contents(ill)
    number = save(ill)
    mended = contents(ill)

    edits.undo(ill, [number], ANNA)
    follow(ill)
    assert contents(ill) == before
    edits.redo_one(ill, number, "anna")
    follow(ill)

    assert contents(ill) == mended


def test_a_file_that_was_written_since_is_left_alone(ill: Host) -> None:
    planned = plan(ill, "F003").changes
    path = Path(os.fsdecode(ill.lib.directory)) / "c.mp3"
    path.write_bytes(tag(NAMES) + sample("mp3") + ape(Title="Another"))
    before = contents(ill)

    seen = preview(ill, planned, {"container": ContainerTarget()})
    number = edits.save(ill, planned, ANNA, write=True, move=False).changeset_id
    (done,) = follow(ill)

    assert "Another" in seen.conflicts[0].note
    assert done.result is not None
    assert done.result["failed"] == 1
    assert "Another" in store.result(ill.reading(), number).conflicts[0].note
    assert contents(ill) == before


def test_a_bad_file_is_named_in_one_line_and_the_others_are_mended(ill: Host) -> None:
    planned = plan(ill, "F001", "F002").changes
    path = Path(os.fsdecode(ill.lib.directory)) / "a.mp3"
    path.write_bytes(b"no audio any more")

    edits.save(ill, planned, ANNA, write=True, move=False)
    (done,) = follow(ill)

    assert done.result is not None
    (failure,) = done.result["failures"]
    assert "a.mp3 is no audio file" in failure["why"]
    assert "\n" not in failure["why"]
    assert read_tag_facts(path.with_name("b.mp3")).id3v1 == {
        "title": "Glow", "artist": "Ada", "album": "Lantern",
    }  # fmt: skip


def test_a_name_that_is_taken_is_not_overwritten(ill: Host) -> None:
    taken = Path(os.fsdecode(ill.lib.directory)) / "e.flac"
    taken.write_bytes(b"mine")
    before = contents(ill)

    edits.save(ill, plan(ill, "F013").changes, ANNA, write=True, move=False)
    (done,) = follow(ill)

    assert done.result is not None
    assert "e.flac is another file" in done.result["failures"][0]["why"]
    assert contents(ill) == before


def test_a_stop_after_the_write_loses_no_undo(ill: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(ill)
    number = edits.save(ill, plan(ill, *ALL).changes, ANNA, write=True, move=False).changeset_id

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "mark", stopped)
    with pytest.raises(KeyboardInterrupt):
        files.run(ill, number, report=silent, cancel=CancelToken())
    monkeypatch.undo()
    assert contents(ill) != before
    files.run(ill, number, report=silent, cancel=CancelToken())

    assert not plan(ill, *ALL).changes
    edits.undo(ill, [number], ANNA)
    follow(ill)
    assert contents(ill) == before


def mend_all(host: Host) -> None:
    """The work that is killed."""
    save(host)


@pytest.mark.parametrize("wanted", [10, pytest.param(10_000, marks=LONG)])
def test_mending_killed_at_any_point_is_exact_after_the_next_start_and_its_undo_too(
    ill: Host, tmp_path: Path, wanted: int
) -> None:
    ill.lib._close()
    source = tmp_path / "source"
    source.mkdir()
    shutil.copytree(tmp_path / "music", source / "music")
    shutil.copy(tmp_path / "library.db", source / "library.db")
    before = on_disk(source)
    done = copied(source, tmp_path / "done")
    assert not killed(done, NEVER, mend_all)
    mended = on_disk(done)
    assert mended != before
    finished, points = 0, kill_points(done, wanted)

    for at in points:
        folder = copied(source, tmp_path / "killed")
        if not killed(folder, at, mend_all):
            continue  # Sometimes there are fewer steps.
        host = start_again(folder)
        follow(host)
        begun = [each for each in store.list_sets(host.reading()) if each.state is SetState.DONE]
        assert on_disk(folder) == (mended if begun else before), f"step {at}"
        if begun:
            finished += 1
            edits.undo(host, [begun[-1].changeset_id], ANNA)
            follow(host)
            assert on_disk(folder) == before, f"undo after step {at}"
        host.lib._close()

    assert finished > len(points) // 4


def on_disk(folder: Path) -> dict[str, bytes]:
    """Files of a library's folder by their names."""
    return {path.name: path.read_bytes() for path in sorted((folder / "music").iterdir())}
