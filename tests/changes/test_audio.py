"""Another file in the place of an item's: back again, over its own name, after a kill anywhere."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from beets import context

from musictool_core import changes
from musictool_core.changes import Change, ChangeSetId, Origin, audio, store
from musictool_core.changes.audio import AudioTarget
from musictool_core.changes.rows import album_target, item_target
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT, Entity, RowImage, Stored, read_images
from musictool_core.progress import CancelToken, silent
from tests.changes.kills import copied, killed, open_library, points, state

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.changes.targets import Target
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOMEBODY = Origin("anna", "test", "", 1)


def known() -> dict[str, Target]:
    made = (item_target(), album_target(), AudioTarget())
    return {target.name: target for target in made}


def said(path: str, kind: str, bitrate: int, kept: bytes) -> RowImage:
    columns: dict[str, Stored] = {"path": path.encode(), "format": kind, "bitrate": bitrate}
    return RowImage(columns, {audio.KEPT: kept})


def exchange(present: str, other: str) -> Change:
    """Item 1 gets the file that is kept as `new`; its own is kept as `old`."""
    return audio.replaced(
        1,
        RowImage(
            {"path": present.encode(), "format": "MP3", "bitrate": 128_000}, {"kept": b"t/old"}
        ),
        RowImage(
            {"path": other.encode(), "format": "FLAC", "bitrate": 900_000}, {"kept": b"t/new"}
        ),
        source="test",
        reason="better",
    )


def apply(host: Host, planned: list[Change]) -> changes.Result:
    with host.paths():
        number = changes.plan(host, planned, SOMEBODY, now=NOW)
        return changes.apply(host, number, known(), report=silent, cancel=CancelToken())


def undo(host: Host, *numbers: int) -> changes.Result:
    with host.paths():
        planned = changes.plan_undo(host, [ChangeSetId(n) for n in numbers])
    assert not planned.conflicts
    assert not planned.not_restorable
    return apply(host, list(planned.changes))


def fill(host: Host, make_item: MakeItem, music: Path) -> None:
    (music / "t").mkdir(parents=True)
    (music / "a.mp3").write_bytes(b"old")
    (music / "t" / "new").write_bytes(b"new")
    path = str(music / "a.mp3").encode()
    make_item(host.lib, path=path, title="A", format="MP3", bitrate=128_000)


def files(music: Path) -> dict[str, bytes]:
    return {
        p.relative_to(music).as_posix(): p.read_bytes() for p in music.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
def test_another_file_becomes_the_items_and_undo_brings_the_first_back(
    recorded: Host, make_item: MakeItem, tmp_path: Path, name: str
) -> None:
    music = tmp_path / "music"
    fill(recorded, make_item, music)
    before = files(music)
    columns = "SELECT path, format, bitrate, title FROM items"
    rows = recorded.reading().query(columns)

    done = apply(recorded, [exchange("a.mp3", name)])

    assert done.applied == 1
    assert files(music) == {name: b"new", "t/old": b"old"}
    assert recorded.reading().query(columns) == [(name.encode(), "FLAC", 900_000, "A")]

    undone = undo(recorded, done.changeset_id)

    assert undone.applied == 1
    assert files(music) == before
    assert recorded.reading().query(columns) == rows

    undo(recorded, undone.changeset_id)

    assert files(music) == {name: b"new", "t/old": b"old"}
    assert recorded.reading().query(columns) == [(name.encode(), "FLAC", 900_000, "A")]


def test_a_file_that_was_moved_or_removed_since_comes_back_too(
    recorded: Host, make_item: MakeItem, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    fill(recorded, make_item, music)
    before = files(music)
    first = apply(recorded, [exchange("a.mp3", "a.flac")])
    second = apply(recorded, [Change("item", 1, "path", b"a.flac", b"b.flac")])
    image = read_images(recorded.reading(), Entity.ITEM, [1])[1]
    third = apply(recorded, [Change("item", 1, changes.WHOLE_ROW, image, ABSENT)])

    undo(recorded, first.changeset_id, second.changeset_id, third.changeset_id)

    assert files(music) == before
    assert recorded.reading().query("SELECT path, format FROM items") == [(b"a.mp3", "MP3")]


@pytest.mark.parametrize("lacking", ["a.mp3", "t/new"])
def test_without_one_of_the_files_nothing_changes(
    recorded: Host, make_item: MakeItem, tmp_path: Path, lacking: str
) -> None:
    music = tmp_path / "music"
    fill(recorded, make_item, music)
    (music / lacking).unlink()
    before = files(music)

    done = apply(recorded, [exchange("a.mp3", "a.flac")])

    assert [each.note.startswith("the file is neither at") for each in done.failed] == [True]
    assert files(music) == before
    assert recorded.reading().query("SELECT path, format FROM items") == [(b"a.mp3", "MP3")]


def test_a_stranger_in_the_way_stays_and_so_does_the_file(
    recorded: Host, make_item: MakeItem, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    fill(recorded, make_item, music)
    (music / "a.flac").write_bytes(b"another")
    before = files(music)

    done = apply(recorded, [exchange("a.mp3", "a.flac")])

    assert len(done.failed) == 1
    assert files(music) == before


def test_a_file_that_lies_elsewhere_by_now_is_left_alone(
    recorded: Host, make_item: MakeItem, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    fill(recorded, make_item, music)
    apply(recorded, [Change("item", 1, "path", b"a.mp3", b"b.mp3")])
    before = files(music)

    done = apply(recorded, [exchange("a.mp3", "a.flac")])

    assert [each.note for each in done.conflicts] == [f"its file is {music / 'b.mp3'} now"]
    assert files(music) == before


@pytest.fixture
def prepared(_library_file: Path, tmp_path: Path, beets_config: Any, make_item: MakeItem) -> Path:
    beets_config["directory"] = str(tmp_path)
    folder = tmp_path / "made"
    folder.mkdir()
    shutil.copy(_library_file, folder / "library.db")
    music = context.get_music_dir()
    host = open_library(folder)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    fill(host, make_item, folder / "music")
    host.lib._close()
    context.set_music_dir(music)
    return folder


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
@pytest.mark.parametrize("wanted", [12, pytest.param(10_000, marks=pytest.mark.long)])
def test_an_exchange_killed_at_any_point_is_whole_after_the_next_start(
    prepared: Path, tmp_path: Path, wanted: int, name: str
) -> None:
    before = state(prepared)
    total = 0

    def work(host: Host) -> None:
        apply(host, [exchange("a.mp3", name)])

    while killed(copied(prepared, tmp_path / "count"), total + 32, work):
        total += 32
    replaced = state(tmp_path / "count")
    assert replaced["files"] == {f"music/{name}": b"new", "music/t/old": b"old"}
    finished = 0

    for at in points(random.Random(total), total, wanted):
        folder = copied(prepared, tmp_path / f"at{at}")
        assert killed(folder, at, work)
        host = open_library(folder)
        with host.paths():
            changes.recover(host, known(), report=silent, cancel=CancelToken())
        begun = any(s.state is changes.SetState.DONE for s in store.list_sets(host.reading()))
        host.lib._close()
        assert state(folder) == (replaced if begun else before), f"step {at}"
        if begun:
            host = open_library(folder)
            undo(host, 1)
            host.lib._close()
            assert state(folder) == before, f"undo after step {at}"
        finished += begun

    assert finished >= 1
