"""`beet quality resolve`, `replace` and `trash` through the command line, on real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.music import HistoryBeet, files, snapshot
from tests.fakes.pieces import piece, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """A library with a FLAC and an MP3 of one recording, and an instrumental."""
    settings = {"quality": {"auto": False}, "import": {"duplicate_action": "keep"}}
    made = HistoryBeet(
        tmp_path / "beets", _library_file, plugins=["history", "quality"], **settings
    )
    for name, without in (("a.flac", ""), ("b.mp3", ""), ("i.flac", "lead")):
        path = write(made.folder / "music" / name, piece(51, without=without), title=name[0])
        made("import", "-q", "-A", "-C", "-s", str(path))
    made("modify", "-y", "-M", "title:a", "title=Song")
    made("modify", "-y", "-M", "title:b", "title=Song", "comments=peak time")
    return made


def test_one_file_stays_the_other_lies_in_the_trash_and_undo_brings_it_back(
    beet: HistoryBeet,
) -> None:
    before, contents = snapshot(beet), files(beet.folder / "music")
    music = beet.folder / "music"

    shown = beet("quality", "resolve", "--pretend")

    assert shown.status == 0
    assert "FLAC stays over MP3" in shown.stdout
    assert f"to the trash: {music / 'b.mp3'}" in shown.stdout
    assert "comments: '' -> 'peak time'" in shown.stdout
    assert snapshot(beet) == before

    rows = beet("quality", "resolve", "--pretend", "--json").rows
    assert [(row["kept"], row["refused"]) for row in rows] == [(str(music / "a.flac"), None)]

    done = beet("quality", "resolve")

    assert done.status == 0
    assert "1 file of 1 group went to the trash" in done.stdout
    assert not (music / "b.mp3").exists()
    assert beet("ls", "-f", "$title $comments", "format:FLAC", "title:Song").stdout == (
        "Song peak time\n"
    )
    (heap,) = beet("quality", "trash", "--json").rows
    assert heap["files"] == 1
    nothing = beet("quality", "resolve")
    assert "0 files of 0 groups" in nothing.stdout

    assert beet("undo", "--last").status == 0

    assert snapshot(beet) == before
    assert {name: files(beet.folder / "music")[name] for name in contents} == contents


def test_a_track_gets_another_file(beet: HistoryBeet, tmp_path: Path) -> None:
    new = write(tmp_path / "new.flac", piece(51))
    before = snapshot(beet)

    shown = beet("quality", "replace", "--pretend", str(new), "format:MP3")

    assert shown.status == 0
    assert "100 % of the passages lie" in shown.stdout
    assert snapshot(beet) == before

    done = beet("quality", "replace", str(new), "format:MP3")

    assert done.status == 0
    assert (beet.folder / "music" / "b.flac").exists()
    assert new.exists()
    assert beet("undo", "--last").status == 0
    assert snapshot(beet) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replace", "nowhere.flac", "title:x"], "is no file"),
        (["trash", "--older", "-1"], "--older -1: a number of days"),
    ],
)
def test_wrong_words_are_told_in_one_line(beet: HistoryBeet, words: list[str], said: str) -> None:
    done = beet.trying("quality", *words)

    assert done.status != 0
    assert said in done.stderr


def test_replace_wants_one_track_and_the_same_music(beet: HistoryBeet, tmp_path: Path) -> None:
    other = write(tmp_path / "other.flac", piece(52))
    before = snapshot(beet)

    assert (
        "the query finds 2 tracks"
        in beet.trying("quality", "replace", str(other), "title:Song").stderr
    )
    assert (
        "do not sound alike" in beet.trying("quality", "replace", str(other), "format:MP3").stderr
    )
    assert snapshot(beet) == before


def test_the_trash_is_emptied_when_asked_and_says_what_is_gone(beet: HistoryBeet) -> None:
    beet("quality", "resolve")

    assert "0 files deleted" in beet("quality", "trash", "--empty", "--older", "1").stdout
    assert "1 file" in beet("quality", "trash", "--empty", "--pretend").stdout
    assert "1 file deleted for good" in beet("quality", "trash", "--empty").stdout
    assert beet("quality", "trash", "--json").rows == []
    undone = beet.trying("undo", "--last")
    assert "is neither at" in undone.stdout + undone.stderr
