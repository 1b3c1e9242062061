"""A write that is killed leaves the collection whole, and the next one ends as if it was not."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from beets import context
from beets.library import Library

from musictool_core import app, changes
from musictool_core.changes import store
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import tables
from musictool_core.traktor.merge import Side
from musictool_core.traktor.pushes import keep
from tests.fakes.traktor import entry
from tests.traktor.conftest import Deck
from tests.traktor.test_undo import targets, undo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host

ROOT = Path(__file__).resolve().parents[2]
TITLES = ("One", "Two", "Three")


@pytest.fixture
def prepared(deck: Deck) -> Deck:
    """Three tracks in step, with a change of each side of each."""
    app.start(deck.library, notice=lambda _: None)
    for number, title in enumerate(TITLES):
        deck.add(title, comments="old", label="Warp", track=number + 1)
    deck.write(*[entry(title, info={"COMMENT": "old"}) for title in TITLES])
    deck.sync()
    for title in TITLES:
        deck.set(title, comments=f"new {title}", traktor_rating=3)
        deck.change_entry(title, "INFO", "GENRE", "House")
        deck.write_tag(title, lyrics=f"la {title}")
    return deck


@pytest.fixture
def outdated(deck: Deck) -> Deck:
    """Three tracks in step, one moved since, and a playlist whose query finds it and another."""
    app.start(deck.library, notice=lambda _: None)
    for title in TITLES:
        deck.add(title, label="Warp" if title == "One" else "Tresor")
    deck.write(*[entry(title) for title in TITLES])
    deck.sync()
    with deck.host.transaction() as tx:
        keep(tx, deck.nml, ("Sets", "Warp"), "label:warp")
    deck.keep_up()
    deck.set("Two", label="Warp")
    deck.move("One", "Uno.mp3")
    deck.sync()
    return deck


def run(folder: Path, calls: int, *what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.traktor.killed", str(folder), str(calls), *what],
        cwd=ROOT,
        env={**os.environ, "BEETSDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def copy(deck: Deck, folder: Path) -> Path:
    """The whole of it in another folder; paths of the library are relative."""
    folder.mkdir()
    for name in ("library.db", "collection.nml"):
        shutil.copy(deck.folder / name, folder / name)
    for name in ("music", "musictool", "Backup"):
        if (deck.folder / name).exists():
            shutil.copytree(deck.folder / name, folder / name)
    with (folder / "library.db").open("rb"):
        pass
    library = Library(folder / "library.db", str(folder / "music"))
    with library.transaction() as tx:
        tx.mutate("UPDATE mt_traktor_collection SET path = ?", [str(folder / "collection.nml")])
    library._close()
    return folder


def after(folder: Path, sound: Path, settings: Any) -> Iterator[Deck]:
    """The library as the next command finds it, with everything put right that it puts right."""
    library = Library(folder / "library.db", str(folder / "music"))
    try:
        started = app.start(library, notice=lambda _: None)
        deck = Deck(started.host, library, folder, settings, sound)
        yield deck
    finally:
        library._close()
        context.set_music_dir(b"")


def finish(deck: Deck) -> None:
    """What the next command does, and the sync after it."""
    recover(deck.host, deck)
    deck.sync()
    deck.sync()


def recover(host: Host, deck: Deck) -> None:
    changes.recover(host, targets(deck), report=silent, cancel=CancelToken())


def sides(deck: Deck) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for title in TITLES:
        held, item, tags = deck.entry(title), deck.row(title), deck.tags(title)
        found[title] = [
            (held.get("comment"), held.get("stars"), held.get("genre"), held.get("lyrics")),
            (item.comments, item.get("traktor_rating"), list(item.genres), item.lyrics),
            (tags.comments, tags.genres, tags.lyrics),
        ]
    return found


EXPECTED = {
    title: [
        (f"new {title}", 3, "House", f"la {title}"),
        (f"new {title}", "3", ["House"], f"la {title}"),
        (f"new {title}", ["House"], f"la {title}"),
    ]
    for title in TITLES
}


def kill_at(deck: Deck, numbers: list[int], tmp: Path) -> None:
    old = deck.nml.read_bytes()
    for place, number in enumerate(numbers):
        folder = copy(deck, tmp / f"kill{place}")
        done = run(folder, number)
        assert done.returncode == -9, done.stderr
        new = (folder / "collection.nml").read_bytes()
        assert new.endswith(b"</NML>\n")
        assert new == old or new.count(b"new ") == len(TITLES)
        for left in after(folder, deck.sound, deck.settings):
            finish(left)
            assert sides(left) == EXPECTED
            assert left.plan().is_empty
            assert left.rows(tables.OUTBOX) == left.rows(tables.CONFLICTS) == []
        shutil.rmtree(folder)


def kill_keep_up(deck: Deck, numbers: list[int], tmp: Path) -> None:
    old = deck.nml.read_bytes()
    held = deck.lists()
    for place, number in enumerate(numbers):
        folder = copy(deck, tmp / f"kill{place}")
        done = run(folder, number, "keep-up")
        assert done.returncode == -9, done.stderr
        new = (folder / "collection.nml").read_bytes()
        assert new == old or (new.endswith(b"</NML>\n") and b"One.mp3" not in new)
        for left in after(folder, deck.sound, deck.settings):
            recover(left.host, left)
            kept = left.keep_up(force=True)
            assert kept.problems == ()
            assert left.lists() == {"Sets/Warp": ["Uno.mp3", "Two.mp3"]}
            assert left.keep_up().changesets == ()
            assert names_of(left) == {"Uno.mp3", "Two.mp3", "Three.mp3"}
            own = [
                each.changeset_id
                for each in store.list_sets(left.host.reading())
                if each.changeset_id > newest(deck)
            ]
            back = undo(left, *own)
            assert (back.applied, back.conflicts, back.failed) == (2, (), ())
            assert left.lists() == held
            assert b"Uno.mp3" not in left.nml.read_bytes()
            assert names_of(left) == {"One.mp3", "Two.mp3", "Three.mp3"}
        shutil.rmtree(folder)


def newest(deck: Deck) -> int:
    return max(each.changeset_id for each in store.list_sets(deck.host.reading()))


def names_of(deck: Deck) -> set[str]:
    """Files that bases and links name."""
    view = deck.host.reading()
    rows = [
        *view.query("SELECT key FROM mt_traktor_base"),
        *view.query("SELECT target FROM mt_link WHERE target_kind = 'traktor'"),
    ]
    return {key.rpartition("/:")[2] for (key,) in rows}


def points(deck: Deck, count: int, seed: int, tmp: Path, *what: str) -> list[int]:
    """Numbers of calls, spread over a whole sync."""
    done = run(copy(deck, tmp / "whole"), 0, *what)
    assert done.returncode == 0, done.stderr
    total = int(done.stdout)
    chance = random.Random(seed)
    step = total / count
    return [max(1, round(step * (place + chance.random()))) for place in range(count)]


@pytest.mark.timeout(600)
def test_a_kill_at_any_point_is_made_good(prepared: Deck, tmp_path: Path) -> None:
    kill_at(prepared, points(prepared, 6, 1, tmp_path), tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_are_made_good(prepared: Deck, tmp_path: Path, seed: int) -> None:
    kill_at(prepared, points(prepared, 50, seed + 10, tmp_path), tmp_path)


@pytest.mark.timeout(600)
def test_a_killed_move_and_playlist_are_made_good(outdated: Deck, tmp_path: Path) -> None:
    kill_keep_up(outdated, points(outdated, 6, 1, tmp_path, "keep-up"), tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_killed_moves_and_playlists_are_made_good(
    outdated: Deck, tmp_path: Path, seed: int
) -> None:
    numbers = points(outdated, 50, seed + 20, tmp_path, "keep-up")
    kill_keep_up(outdated, numbers, tmp_path)


def test_a_kill_before_anything_is_written_leaves_all_as_it_was(
    prepared: Deck, tmp_path: Path
) -> None:
    folder = copy(prepared, tmp_path / "first")

    assert run(folder, 1).returncode == -9

    assert (folder / "collection.nml").read_bytes() == prepared.nml.read_bytes()
    for left in after(folder, prepared.sound, prepared.settings):
        assert {c.side for c in left.plan().changes} == set(Side)
