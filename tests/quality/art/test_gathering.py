"""Pictures of the library: looked at once for each state of a file, measured once each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from mediafile import Image, ImageType, MediaFile

from musictool_core.db import Database
from musictool_core.errors import Cancelled
from musictool_core.host.items import find_albums, find_ids
from musictool_core.progress import CancelToken
from musictool_core.quality.art import gathering, library
from musictool_core.quality.art.judge import Mark, wanted_by
from musictool_core.quality.health import checkup
from musictool_core.quality.health.model import Profile
from tests.quality.art.sleeves import jpeg, sleeve
from tests.quality.health.test_scanning import STANDARD
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

GOOD = jpeg(sleeve(1))
SMALL = jpeg(sleeve(2, 200))
DJ = wanted_by("dj")


class Shelf:
    """Albums with covers, as files and in tags."""

    def __init__(self, folder: Path, library: Library, make_item: MakeItem) -> None:
        self._folder = folder
        self._library = library
        self._make_item = make_item

    def add(
        self, name: str, *embedded: bytes | None, cover: bytes | None = None, **album: str
    ) -> list[Path]:
        """An album of an MP3 for each picture; returns its files, the cover last."""
        folder = self._folder / name
        folder.mkdir()
        files, items = [], []
        for number, picture in enumerate(embedded, 1):
            path = folder / f"{number}.mp3"
            path.write_bytes(sample("mp3"))
            if picture is not None:
                embed(path, picture)
            made = {"title": f"{name} {number}", "artist": "Ada", "album": name, "track": number}
            items.append(
                self._make_item(
                    self._library, path=os.fsencode(path), **made, **{"albumartist": name, **album}
                )
            )
            files.append(path)
        made_album = self._library.add_album(items)
        if cover is not None:
            path = folder / "cover.jpg"
            path.write_bytes(cover)
            made_album.artpath = os.fsencode(path)
            made_album.store()
            files.append(path)
        return files


def embed(path: Path, *pictures: bytes, type: ImageType = ImageType.front) -> None:  # noqa: A002 - as mediafile calls it
    """Put pictures into the tags of a file."""
    file = MediaFile(path)
    file.images = [Image(each, type=type) for each in pictures]
    file.save()


@pytest.fixture
def shelf(tmp_path: Path, library: Library, make_item: MakeItem) -> Shelf:
    """An empty shelf."""
    return Shelf(tmp_path, library, make_item)


def scan(host: Host) -> int:
    """Look at all files."""
    return gathering.scan(host, find_ids(host, ()))


def marks(host: Host) -> dict[str, set[Mark]]:
    """What is wrong with the covers, by album."""
    scan(host)
    found = library.read_art(host, find_albums(host, ()), DJ)
    return {each.album: set(each.score.marks) for each in found}


def test_a_file_is_looked_at_once_for_each_of_its_states(host: Host, shelf: Shelf) -> None:
    first, second, cover = shelf.add("One", GOOD, None, cover=GOOD)

    assert scan(host) == 3
    assert scan(host) == 0
    os.utime(first, ns=(1, 1))
    assert scan(host) == 1
    known = gathering.pictures_of(host, [first, second, cover])
    assert [len(known[path]) for path in (first, second, cover)] == [1, 0, 1]


def test_a_picture_is_measured_once_whereever_it_stands(host: Host, shelf: Shelf) -> None:
    shelf.add("One", GOOD, GOOD, GOOD, cover=GOOD)
    shelf.add("Two", GOOD)

    scan(host)

    with Database(host.cache_path).reading() as tx:
        assert gathering.PICTURES.count(tx) == 1
        assert gathering.FILES.count(tx) == 5


def test_what_is_known_of_another_state_of_a_file_does_not_count(host: Host, shelf: Shelf) -> None:
    (_, cover) = shelf.add("One", None, cover=GOOD)
    scan(host)

    cover.write_bytes(SMALL)

    assert gathering.pictures_of(host, [cover]) == {}
    assert marks(host) == {"One": {Mark.SMALL}}


def test_names_that_are_no_text_and_files_that_are_none_stop_nothing(
    host: Host, library: Library, make_item: MakeItem, tmp_path: Path
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff.mp3"
    with open(odd, "wb") as file:  # noqa: PTH123 - its name is no text
        file.write(sample("mp3"))
    make_item(library, path=odd)
    make_item(library, path=os.fsencode(tmp_path / "gone.mp3"))
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no audio")
    make_item(library, path=os.fsencode(broken))

    assert scan(host) == 2
    assert scan(host) == 0


def test_a_stop_is_heard(host: Host, shelf: Shelf) -> None:
    shelf.add("One", GOOD)
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        gathering.scan(host, find_ids(host, ()), cancel=cancel)


def test_albums_are_judged_by_what_players_show_the_worst_first(host: Host, shelf: Shelf) -> None:
    shelf.add("Fine", SMALL, cover=jpeg(sleeve(2)))
    shelf.add("Tags", SMALL, SMALL)
    shelf.add("None", None, None)
    shelf.add("Broken", None, cover=b"no picture")
    scan(host)

    found = library.read_art(host, find_albums(host, ()), DJ)

    assert [each.album for each in found] == ["None", "Broken", "Tags", "Fine"]
    assert [each.score.score for each in found][::3] == [0, 100]
    assert [each.is_embedded for each in found] == [False, False, True, False]
    assert found[0].path is None


def test_albums_that_nobody_looked_at_are_left_out(host: Host, shelf: Shelf) -> None:
    shelf.add("One", GOOD)

    assert library.read_art(host, find_albums(host, ()), DJ) == []


def test_a_picture_of_another_album_and_odd_types_are_seen(host: Host, shelf: Shelf) -> None:
    second, third, fourth = (jpeg(sleeve(number)) for number in (3, 4, 5))
    shelf.add("One other", second, second, third)
    shelf.add("All other", third, third, cover=second)
    (path,) = shelf.add("Types", None)
    embed(path, fourth, type=ImageType.back)
    shelf.add("Fine", jpeg(sleeve(1, 300)), None, cover=GOOD)

    assert marks(host) == {
        "One other": {Mark.DIFFERS},
        "All other": {Mark.DIFFERS},
        "Types": {Mark.TYPES},
        "Fine": set(),
    }


def test_a_placeholder_is_seen_and_a_sleeve_of_a_label_is_none(host: Host, shelf: Shelf) -> None:
    other = jpeg(sleeve(3))
    for name in ("One", "Two", "Three"):
        shelf.add(name, None, cover=GOOD)
        shelf.add(f"{name} of the label", None, cover=other, label="Kompakt")

    found = marks(host)

    assert found["One"] == found["Two"] == found["Three"] == {Mark.PLACEHOLDER}
    assert found["One of the label"] == set()
    same = {e.album: e.same_as for e in library.read_art(host, [1, 2], DJ)}
    assert {name: len(others) for name, others in same.items()} == {"One": 2, "One of the label": 2}


def test_the_rules_of_health_say_the_same_with_files_only(host: Host, shelf: Shelf) -> None:
    shelf.add("Small", None, cover=SMALL)
    shelf.add("None", None)
    shelf.add("Fine", GOOD)

    def found(*, files: bool) -> set[tuple[str, int]]:
        done = checkup.examine(host, find_ids(host, ()), Profile.DJ, STANDARD, files=files)
        return {
            (each.rule.rule_id, each.key) for each in done.findings if each.rule.rule_id[0] == "P"
        }

    assert found(files=False) == set()
    assert found(files=True) == found(files=False) == {("P002", 1), ("P001", 2)}


def test_how_many_pixels_are_enough_depends_on_the_profile(host: Host, shelf: Shelf) -> None:
    shelf.add("Middle", None, cover=GOOD)

    def small(profile: Profile) -> bool:
        done = checkup.examine(host, find_ids(host, ()), profile, STANDARD, files=True)
        return any(each.rule.rule_id == "P002" for each in done.findings)

    assert [small(profile) for profile in Profile] == [False, True, False]
