"""Applying change sets: compare-and-set, cancel, and a kill at any point."""

from __future__ import annotations

import os
import random
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from beets import context

from musictool_core import changes
from musictool_core.changes import Change, Origin, store
from musictool_core.changes.rows import album_target, item_target
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.safeio import platform
from tests.changes.kills import copied, killed, open_library, points, state

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.changes.targets import Target
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOMEBODY = Origin("anna", "test", "", 1)


def run(
    host: Host, planned: list[Change], targets: dict[str, Target], *, force: bool = False
) -> changes.Result:
    number = changes.plan(host, planned, SOMEBODY, now=NOW, force=force)
    return changes.apply(host, number, targets, report=silent, cancel=CancelToken())


def titles(host: Host) -> list[str]:
    return [row[0] for row in host.reading().query("SELECT title FROM items ORDER BY id")]


def test_each_change_is_written_only_over_what_it_expects(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    for title in ("a", "mine", "b"):
        make_item(recorded.lib, title=title)
    planned = [
        Change("item", 1, "title", "a", "x"),
        Change("item", 2, "title", "a", "x"),
        Change("item", 3, "title", "a", "b"),
        Change("item", 4, "title", "a", "x"),
        Change("item", 1, "energy", ABSENT, "7"),
    ]

    result = run(recorded, planned, targets)

    assert titles(recorded) == ["x", "mine", "b"]
    assert result.applied == 3
    assert [(c.entity_id, c.note) for c in result.conflicts] == [
        (2, "it is 'mine' now"),
        (4, "it is not in the library any more"),
    ]


def test_what_is_written_is_claimed_in_the_journal(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    make_item(recorded.lib, title="a")

    result = run(recorded, [Change("item", 1, "title", "a", "x")], targets)

    (entry,) = journal.entries(recorded.reading(), [result.changeset_id])
    assert (entry.field, entry.old, entry.new) == ("title", "a", "x")


def test_a_null_value_is_not_a_missing_row(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    make_item(recorded.lib)
    with recorded.transaction() as tx:
        tx.run("UPDATE items SET lyrics = NULL")

    result = run(recorded, [Change("item", 1, "lyrics", None, "la")], targets)

    assert (result.applied, result.conflicts) == (1, ())


def test_objects_of_beets_read_themselves_again(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    item = make_item(recorded.lib, title="a")

    run(recorded, [Change("item", 1, "title", "a", "x")], targets)

    item.load()
    assert item.title == "x"


def test_cancel_gives_up_the_rest_and_says_how_much(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    for _ in range(10):
        make_item(recorded.lib, title="a")
    planned = [Change("item", n, "title", "a", "x") for n in range(1, 11)]
    number = changes.plan(recorded, planned, SOMEBODY, now=NOW)
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done >= 4:
            cancel.cancel()

    result = changes.apply(recorded, number, targets, report=stop, cancel=cancel)

    assert (result.applied, result.cancelled) == (8, 2)
    assert titles(recorded) == ["x"] * 8 + ["a"] * 2
    assert store.get_set(recorded.reading(), number).state is changes.SetState.DONE


def test_a_finished_set_is_not_applied_again(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    make_item(recorded.lib, title="a")
    result = run(recorded, [Change("item", 1, "title", "a", "x")], targets)

    with pytest.raises(MusicToolError, match="is finished"):
        changes.apply(recorded, result.changeset_id, targets, report=silent, cancel=CancelToken())


def test_an_unknown_target_is_refused_by_name(recorded: Host, targets: dict[str, Target]) -> None:
    with pytest.raises(MusicToolError, match="'moon'"):
        run(recorded, [Change("moon", 1, "phase", "new", "full")], targets)


def test_the_preview_counts_shows_and_finds_moves(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    recorded.lib.path_formats[:0] = []
    for title in ("a", "mine"):
        make_item(recorded.lib, title=title, artist="b")
    planned = [
        Change("item", 1, "title", "a", "x"),
        Change("item", 2, "title", "a", "x"),
        Change("item", 1, "energy", ABSENT, "7"),
    ]

    seen = changes.preview(recorded, planned, targets, with_moves=True)

    assert seen.counts == {("item", "title"): 1, ("item", "energy"): 1}
    assert seen.sample == (planned[0], planned[2])
    assert [c.entity_id for c in seen.conflicts] == [2]
    ((number, before, after),) = seen.moves
    assert (number, "a" in before.name, "x" in after.name) == (1, True, True)
    assert titles(recorded) == ["a", "mine"]


# Kills.


def prepare(folder: Path, library_file: Path) -> None:
    """Three files that a beets command has just renamed and changed, and one it removed."""
    (folder / "music").mkdir(parents=True)
    shutil.copy(library_file, folder / "library.db")
    host = open_library(folder)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    from beets.library import Item  # noqa: PLC0415 - not before the configuration is set

    for number in range(4):
        path = folder / "music" / f"{number}.mp3"
        path.write_bytes(bytes([number]) * 100)
        host.lib.add(Item(path=os.fsencode(path), title=f"old {number}", energy=str(number)))
    start = journal.last_seq(host.reading())
    for item in list(host.lib.items()):
        (folder / "music" / "new").mkdir(exist_ok=True)
        target = folder / "music" / "new" / f"{item.id}.mp3"
        item.filepath.rename(target)
        item.update({"path": os.fsencode(target), "title": f"new {item.id}", "energy": "9"})
        item.store()
        if item.id == 4:
            item.remove()
    with host.transaction() as tx:
        number = store.open_set(tx, SOMEBODY, state=changes.SetState.OBSERVED, now=NOW)
        journal.claim(tx, number, journal.Unclaimed(start))
    host.lib._close()


def undo_all(host: Host, number: int) -> None:
    made = (item_target(), album_target())
    for target in made:
        target.batch = 3
    known = {target.name: target for target in made}
    with host.paths():
        planned = changes.plan_undo(host, [changes.ChangeSetId(number)])
        undoing = changes.plan(host, planned.changes, SOMEBODY, now=NOW)
        changes.apply(host, undoing, known, report=silent, cancel=CancelToken())


@pytest.fixture
def prepared(_library_file: Path, tmp_path: Path, beets_config: Any) -> Path:
    beets_config["directory"] = str(tmp_path)
    music = context.get_music_dir()
    prepare(tmp_path / "made", _library_file)
    context.set_music_dir(music)
    return tmp_path / "made"


@pytest.mark.parametrize("wanted", [25, pytest.param(10_000, marks=pytest.mark.long)])
def test_an_undo_killed_at_any_point_is_whole_after_the_next_start(
    prepared: Path, tmp_path: Path, wanted: int
) -> None:
    before = state(prepared)
    total = 0
    while killed(copied(prepared, tmp_path / "count"), total + 64, lambda h: undo_all(h, 1)):
        total += 64
    undone = state(tmp_path / "count")
    assert undone["files"].keys() == {f"music/{n}.mp3" for n in range(4)}
    finished = 0

    for at in points(random.Random(total), total, wanted):
        folder = copied(prepared, tmp_path / f"at{at}")
        assert killed(folder, at, lambda h: undo_all(h, 1))
        host = open_library(folder)
        with host.paths():
            changes.recover(
                host,
                {t.name: t for t in (item_target(), album_target())},
                report=silent,
                cancel=CancelToken(),
            )
        sets = store.list_sets(host.reading())
        begun = any(s.state is changes.SetState.DONE for s in sets)
        host.lib._close()
        # A plan that was stored, but not begun, waits for somebody to apply it.
        assert state(folder) == (undone if begun else before), f"step {at}"
        finished += begun

    assert finished >= 1


def test_a_set_that_a_living_process_applies_is_left_to_it(
    recorded: Host, targets: dict[str, Target], make_item: MakeItem
) -> None:
    make_item(recorded.lib, title="a")
    number = changes.plan(recorded, [Change("item", 1, "title", "a", "x")], SOMEBODY, now=NOW)
    with recorded.transaction() as tx:
        store.take(tx, number)
        store.CHANGESETS.update(tx, {"owner": platform.mark_of(os.getppid())}, where={"id": number})

    assert changes.recover(recorded, targets, report=silent, cancel=CancelToken()) == []
    with pytest.raises(MusicToolError, match="elsewhere"):
        changes.apply(recorded, number, targets, report=silent, cancel=CancelToken())
    assert titles(recorded) == ["a"]
