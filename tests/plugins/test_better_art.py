"""`beet quality art --better`: found through fetchart, previewed, taken, taken back to the byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from mediafile import Image, ImageType, MediaFile
from werkzeug import Response

from tests.fakes.music import HistoryBeet, files, snapshot
from tests.fakes.server import FakeService
from tests.quality.art.sleeves import jpeg, larger, saved, sleeve

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug import Request

SMALL, LARGE = jpeg(sleeve(1, 200)), jpeg(sleeve(1, 900))
OTHER = jpeg(sleeve(2, 900))


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """An album "One" with a small cover; fetchart looks beside the files."""
    made = HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "quality", "fetchart"],
        quality={"auto": False},
        fetchart={"auto": False, "sources": ["filesystem"]},
    )
    made.import_album("One", ("mp3", "flac"))
    return made


def folder(beet: HistoryBeet) -> Path:
    """Where the files of the album lie."""
    return beet.folder / "music" / "Artist" / "One"


def cover(beet: HistoryBeet, data: bytes = SMALL, name: str = "cover.jpg") -> Path:
    """Give the album a cover."""
    path = folder(beet) / name
    path.write_bytes(data)
    beet.sql("UPDATE albums SET artpath = ?", os.fsencode(f"Artist/One/{name}"))
    return path


def offer(beet: HistoryBeet, data: bytes = LARGE, name: str = "front.jpg") -> None:
    """Put a picture where fetchart finds it."""
    (folder(beet) / name).write_bytes(data)


def embed(beet: HistoryBeet, *pictures: bytes) -> None:
    """Put pictures into the tags of all tracks; the first is the front."""
    for path in tracks(beet):
        file = MediaFile(path)
        types = [ImageType.front, ImageType.back]
        file.images = [
            Image(data, desc=kind.name, type=kind)
            for data, kind in zip(pictures, types, strict=False)
        ]
        file.save()


def tracks(beet: HistoryBeet) -> list[str]:
    """Paths of the tracks."""
    return beet("ls", "-p").stdout.splitlines()


def fronts(beet: HistoryBeet) -> list[list[bytes]]:
    """Pictures in the tags of each track."""
    return [[image.data for image in MediaFile(path).images] for path in tracks(beet)]


def state(beet: HistoryBeet) -> Any:
    """All rows and files."""
    return snapshot(beet), files(beet.folder / "music")


def test_a_better_copy_replaces_the_cover_and_undo_brings_back_each_byte(
    beet: HistoryBeet,
) -> None:
    path = cover(beet)
    offer(beet)
    back = jpeg(sleeve(9))
    embed(beet, SMALL, back)
    before = state(beet)

    done = beet("quality", "art", "--better", "--yes")

    assert "71.75 -> 100.00  Artist - One" in done.stdout
    assert "900 x 900 JPEG from filesystem" in done.stdout
    assert "1 cover replaced, 3 changes." in done.stdout
    assert path.read_bytes() == LARGE
    assert fronts(beet) == [[LARGE, back], [LARGE, back]]
    assert beet("quality", "art", "--json").rows[0]["score"] == 100

    beet("undo", "--last")
    assert state(beet) == before


def test_an_undo_is_undone_and_says_what_it_does(beet: HistoryBeet) -> None:
    path = cover(beet)
    offer(beet)
    beet("quality", "art", "--better", "--yes")

    assert "cover" in beet("undo", "--last", "--pretend").stdout
    beet("undo", "--last")
    assert path.read_bytes() == SMALL
    beet("undo", "--last")

    assert path.read_bytes() == LARGE


def test_the_first_cover_of_an_album_is_taken_away_again(beet: HistoryBeet) -> None:
    offer(beet)
    before = state(beet)

    beet("quality", "art", "--better", "--yes")

    (row,) = beet("quality", "art", "--json").rows
    assert (row["score"], row["path"]) == (100, str(folder(beet) / "cover.jpg"))
    assert (folder(beet) / "cover.jpg").read_bytes() == LARGE

    beet("undo", "--last")
    assert state(beet) == before


@pytest.mark.parametrize("options", [("--pretend",), ()])
def test_nothing_is_written_before_somebody_agrees(
    beet: HistoryBeet, options: tuple[str, ...]
) -> None:
    cover(beet)
    offer(beet)
    before = state(beet)

    done = beet("quality", "art", "--better", *options)
    (row,) = beet("quality", "art", "--better", "--json", *options).rows

    assert "1 cover can be replaced." in done.stdout
    assert (row["source"], row["is_sure"], row["better_score"]) == ("filesystem", True, 100)
    assert state(beet) == before


def test_another_picture_is_shown_and_never_taken(beet: HistoryBeet) -> None:
    cover(beet)
    offer(beet, OTHER)
    before = state(beet)

    done = beet("quality", "art", "--better", "--yes")

    assert "from filesystem (different)" in done.stdout
    assert "0 covers can be replaced; 1 may be of another record" in done.stdout
    assert state(beet) == before


def test_what_is_not_better_is_not_offered(beet: HistoryBeet) -> None:
    cover(beet, jpeg(sleeve(1, 400)))
    offer(beet, jpeg(larger(sleeve(1, 200), 1000)))
    offer(beet, jpeg(sleeve(1, 900), 5), name="album.jpg")

    done = beet("quality", "art", "--better")

    assert done.stdout == "0 covers can be replaced.\n"


def test_a_good_cover_is_not_searched_for(beet: HistoryBeet) -> None:
    cover(beet, jpeg(sleeve(1, 600)))
    offer(beet)

    assert beet("quality", "art", "--better").stdout == "0 covers can be replaced.\n"


def test_a_picture_in_another_format_takes_that_of_the_file(beet: HistoryBeet) -> None:
    path = cover(beet)
    offer(beet, saved(sleeve(1, 900), "PNG"), name="front.png")

    beet("quality", "art", "--better", "--yes")

    assert path.read_bytes()[:3] == b"\xff\xd8\xff"
    (row,) = beet("quality", "art", "--json").rows
    assert (row["width"], row["format"]) == (900, "JPEG")


def test_a_track_with_another_picture_keeps_it(beet: HistoryBeet) -> None:
    cover(beet)
    offer(beet)
    embed(beet, OTHER)

    beet("quality", "art", "--better", "--yes")

    assert fronts(beet) == [[OTHER], [OTHER]]


def test_a_cover_that_was_written_since_is_left_alone_by_undo(beet: HistoryBeet) -> None:
    path = cover(beet)
    offer(beet)
    beet("quality", "art", "--better", "--yes")
    path.write_bytes(OTHER)

    done = beet.trying("undo", "--last")

    assert done.status
    assert "written since" in done.stdout + done.stderr
    assert path.read_bytes() == OTHER
    beet("undo", "--last", "--force")
    assert path.read_bytes() == SMALL


def test_a_cover_that_was_moved_since_is_brought_back_where_it_is(beet: HistoryBeet) -> None:
    cover(beet)
    offer(beet)
    beet("quality", "art", "--better", "--yes")
    replaced = beet.newest_set()
    beet("modify", "-y", "-a", "album=Two")

    beet("undo", str(replaced))

    assert (beet.folder / "music" / "Artist" / "Two" / "cover.jpg").read_bytes() == SMALL


class Gallery(FakeService):
    """A server of one picture."""

    def respond(self, request: Request) -> Response:
        """See `FakeService`."""
        if request.path != "/large.jpg":
            return Response(status=404)
        return Response(LARGE, mimetype="image/jpeg")


@pytest.fixture
def online(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """An album "One"; fetchart asks the address that the album names."""
    made = HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "quality", "fetchart"],
        quality={"auto": False},
        fetchart={"auto": False, "sources": ["cover_art_url"]},
    )
    made.import_album("One", ("mp3",))
    return made


@pytest.mark.parametrize(("name", "is_there"), [("large.jpg", True), ("gone.jpg", False)])
def test_a_picture_is_fetched_where_an_address_says(
    online: HistoryBeet, name: str, *, is_there: bool
) -> None:
    beet = online
    with Gallery() as gallery:
        path = cover(beet)
        beet("modify", "-y", "-a", f"cover_art_url={gallery.base_url}/{name}")

        done = beet("quality", "art", "--better", "--yes")

    assert ("900 x 900 JPEG from cover_art_url" in done.stdout) == is_there
    assert path.read_bytes() == (LARGE if is_there else SMALL)


@pytest.fixture
def bare(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """A library of one album, without fetchart."""
    made = HistoryBeet(
        tmp_path / "beets", _library_file, plugins=["quality"], quality={"auto": False}
    )
    made.import_album("One", ("mp3",))
    return made


def test_without_fetchart_it_says_what_to_do(bare: HistoryBeet) -> None:
    done = bare.trying("quality", "art", "--better")

    assert done.status
    assert "Add fetchart to `plugins`." in done.stderr
    assert bare.trying("quality", "art", "--yes").status
