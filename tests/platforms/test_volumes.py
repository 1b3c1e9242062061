"""Names where letter case and accents do not count: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

import pytest
from mediafile import MediaFile

from musictool_core.errors import StorageError
from musictool_core.safeio import FileBusy, Method, platform, restore_tags, write_many, write_tags
from musictool_core.safeio.move import move_file
from musictool_core.safeio.seam import DISK
from tests.fakes.music import HistoryBeet, files, snapshot
from tests.platforms.volumes import fold_names, names_below
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

COMPOSED = normalize("NFC", "Café Ö.mp3")
DECOMPOSED = normalize("NFD", COMPOSED)


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on such a disk."""
    folder = tmp_path / "volume"
    folder.mkdir()
    fold_names(monkeypatch, folder)
    return folder


SPELLINGS = [
    ("track.mp3", "Track.mp3"),
    (COMPOSED, DECOMPOSED),
    (DECOMPOSED, COMPOSED.upper()),
    ("Straße.mp3", "STRASSE.mp3"),
]


@pytest.mark.parametrize(("old", "new"), SPELLINGS)
@pytest.mark.parametrize("other_name", [False, True])
def test_a_move_that_only_changes_the_spelling_keeps_the_file(
    volume: Path, tmp_path: Path, old: str, new: str, other_name: bool
) -> None:
    (volume / old).write_bytes(b"audio")
    if other_name:
        # A second link to the file looks like a move that was killed half-way.
        os.link(volume / old, tmp_path / "elsewhere")

    move_file(volume / old, volume / new, root=volume)
    move_file(volume / old, volume / new, root=volume)

    assert names_below(volume) == {new}
    assert (volume / new).read_bytes() == b"audio"


def test_a_move_into_another_spelling_of_its_folder_keeps_the_file(volume: Path) -> None:
    (volume / "Artist").mkdir()
    (volume / "Artist" / "x.mp3").write_bytes(b"audio")

    move_file(volume / "Artist" / "x.mp3", volume / "ARTIST" / "x.mp3", root=volume)

    assert names_below(volume) == {"Artist/x.mp3"}


def test_where_case_counts_two_spellings_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "track.mp3").write_bytes(b"ours")
    (tmp_path / "Track.mp3").write_bytes(b"theirs")

    with pytest.raises(StorageError, match="exists"):
        move_file(tmp_path / "track.mp3", tmp_path / "Track.mp3", root=tmp_path)
    (tmp_path / "Track.mp3").unlink()
    os.link(tmp_path / "track.mp3", tmp_path / "Track.mp3")
    move_file(tmp_path / "track.mp3", tmp_path / "Track.mp3", root=tmp_path)

    assert names_below(tmp_path) == {"Track.mp3"}


def test_a_link_to_the_file_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").write_bytes(b"audio")
    (tmp_path / "link.mp3").symlink_to(tmp_path / "x.mp3")

    for source, destination in (("x.mp3", "link.mp3"), ("link.mp3", "x.mp3")):
        with pytest.raises(StorageError, match="exists"):
            move_file(tmp_path / source, tmp_path / destination, root=tmp_path)

    assert (tmp_path / "link.mp3").read_bytes() == b"audio"


@pytest.mark.skipif(not platform.has_locks(), reason="this system locks no files")
@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_two_spellings_are_one_file_for_the_lock(
    volume: Path, tmp_path: Path, one: str, other: str
) -> None:
    (volume / one).write_bytes(sample("mp3", 0.1))
    state = tmp_path / "state"
    held, done = threading.Event(), threading.Event()

    class Slow(type(DISK)):  # type: ignore[misc]
        def fsync(self, descriptor: int) -> None:
            held.set()
            done.wait(30)
            super().fsync(descriptor)

    writer = threading.Thread(
        target=lambda: write_tags(volume / one, {"title": "first"}, state=state, io=Slow())
    )
    writer.start()
    held.wait(30)
    with pytest.raises(FileBusy):
        write_tags(volume / other, {"title": "second"}, state=state, wait_s=0)
    done.set()
    writer.join()

    assert MediaFile(volume / one).title == "first"


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_one_batch_writes_two_spellings_one_after_the_other(
    volume: Path, tmp_path: Path, one: str, other: str
) -> None:
    (volume / one).write_bytes(sample("mp3", 0.1))
    before = (volume / one).read_bytes()

    edits = [(volume / one, {"title": "first"}), (volume / other, {"artist": "second"})]
    outcomes = write_many(edits, state=tmp_path / "state")

    found = MediaFile(volume / one)
    assert (found.title, found.artist) == ("first", "second")
    for outcome in reversed(outcomes):
        assert not isinstance(outcome, Exception)
        assert outcome.method is not Method.UNCHANGED
        restore_tags(volume / other, str(outcome.undo), state=tmp_path / "state")
    assert (volume / one).read_bytes() == before
    assert len(names_below(volume)) == 1


def test_a_key_is_the_same_for_all_spellings_only() -> None:
    assert len({platform.folded(name) for pair in SPELLINGS[1:3] for name in pair}) == 1
    assert platform.folded("a/b.mp3") != platform.folded("a/c.mp3")
    assert platform.folded("\udcff") == "\udcff"


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    return HistoryBeet(tmp_path / "beets", _library_file)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_in_either_form_are_moved_written_and_undone(
    beet: HistoryBeet, form: Literal["NFC", "NFD"]
) -> None:
    beet.import_album(normalize(form, "Café Ö"), ("mp3", "flac"))
    before = snapshot(beet), files(beet.folder / "music")

    beet("modify", "-y", "-w", "-m", normalize("NFD", "album=Éa"), "title=x")
    after = files(beet.folder / "music")
    beet("undo", "--last")

    assert not set(after) & set(before[1])
    assert (snapshot(beet), files(beet.folder / "music")) == before


def test_undo_of_a_move_that_only_changed_the_spelling(
    beet: HistoryBeet, monkeypatch: pytest.MonkeyPatch
) -> None:
    beet.import_album("One", ("mp3", "flac"))
    before = snapshot(beet), files(beet.folder / "music")
    fold_names(monkeypatch, beet.folder / "music")

    beet("modify", "-y", "-W", "-m", "title:One 1", "title=ONE 1")
    ((path,), _) = beet.values("path")
    # beets leaves the spelling on the disk as it is; other programs do not.
    lying = beet.folder / "music" / path.decode()
    lying.rename(lying)
    moved = names_below(beet.folder / "music")
    beet("undo", "--last")

    assert "Artist/One/01 ONE 1.mp3" in moved
    assert (snapshot(beet), files(beet.folder / "music")) == before
