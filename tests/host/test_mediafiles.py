from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core.host import mediafiles

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_core.host.library import Host

NAMES = ("a.mp3", "ü\udcff.flac", "in/deep.wav")


@pytest.fixture
def album(library: Library) -> int:
    """Three files: the last one added is the first track."""
    folder = Path(os.fsdecode(library.directory))
    items = [
        Item(path=os.fsencode(folder / name), disc=2 - n // 2, track=n, length=60.0 * n)
        for n, name in enumerate(NAMES)
    ]
    made = library.add_album(items)
    made.artpath = os.fsencode(folder / "cover.jpg")
    made.store()
    assert made.id is not None
    return made.id


def test_paths_are_absolute_in_every_thread(host: Host, library: Library, album: int) -> None:
    folder, found = Path(os.fsdecode(library.directory)), {}

    def read() -> None:
        found.update(mediafiles.item_files(host, [1, 2, 3, 99]))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()

    assert {number: file.path for number, file in found.items()} == {
        number: folder / name for number, name in enumerate(NAMES, start=1)
    }
    assert [(file.album_id, file.length_s) for file in found.values()] == [
        (album, 0.0),
        (album, 60.0),
        (album, 120.0),
    ]


def test_a_file_outside_of_the_music_folder_keeps_its_path(host: Host, library: Library) -> None:
    library.add(Item(path=b"/elsewhere/x.mp3"))

    assert mediafiles.item_files(host, [1])[1].path == Path("/elsewhere/x.mp3")


def test_the_first_files_come_in_the_order_of_the_tracks(host: Host, album: int) -> None:
    found = mediafiles.first_files(host, [album, 99], 2)

    assert [file.path.name for file in found[album]] == ["deep.wav", "a.mp3"]
    assert found[99] == ()


def test_an_album_has_a_cover_file_or_none(host: Host, library: Library, album: int) -> None:
    other = library.add_album([Item(path=b"/elsewhere/x.mp3")]).id
    assert other is not None

    assert mediafiles.album_pictures(host, [album, other, 99]) == {
        album: Path(os.fsdecode(library.directory)) / "cover.jpg",
        other: None,
    }
