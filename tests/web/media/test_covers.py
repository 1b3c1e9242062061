from __future__ import annotations

import io
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mediafile
import pytest
from beets.library import Item
from PIL import Image

from musictool_core.errors import MusicToolError
from musictool_core.host.entities import Entity
from musictool_web.media.answers import PENDING, Missing, Status
from musictool_web.media.cache import MediaCache
from musictool_web.media.covers import (
    NO_COVER,
    SIZES,
    Cover,
    Covers,
    Known,
    Thumbnail,
    initials,
    size_for,
)
from musictool_web.media.work import Workers
from tests.safeio.samples import sample
from tests.web.media.paint import BLUE, RED, SVG, png_that_claims, sleeve

if TYPE_CHECKING:
    from beets.library import Album, Library

    from musictool_core.host.library import Host


@pytest.fixture
def covers(host: Host, cache: MediaCache, workers: Workers) -> Covers:
    return Covers(host, cache, workers)


def add_album(library: Library, *kinds: str, art: bytes | None = None, **fields: Any) -> Album:
    """An album with a file of each kind, and a cover file when there is art."""
    folder = Path(library.directory.decode())
    items = []
    for number, kind in enumerate(kinds, start=1):
        path = folder / f"{fields.get('album', 'x')}{number}.{kind}"
        path.write_bytes(sample(kind))
        items.append(Item(path=os.fsencode(path), track=number, **fields))
    album = library.add_album(items or [Item(path=b"gone.mp3", **fields)])
    if art is not None:
        path = folder / f"cover-{album.id}.jpg"
        path.write_bytes(art)
        album.artpath = os.fsencode(path)
        album.store()
    return album


def number(model: Album | Item) -> int:
    assert model.id is not None
    return model.id


def file_of(item: Item) -> Path:
    return Path(os.fsdecode(item.path))


def embed(item: Item, *pictures: tuple[bytes, mediafile.ImageType]) -> None:
    file = mediafile.MediaFile(file_of(item))
    file.images = [mediafile.Image(data, type=kind) for data, kind in pictures]
    file.save()


FRONT, BACK = mediafile.ImageType.front, mediafile.ImageType.back


def shown(found: Thumbnail | Missing) -> str:
    """The colour of a thumbnail, roughly."""
    assert isinstance(found, Thumbnail), found
    with Image.open(io.BytesIO(found.content)) as picture:
        pixel = picture.convert("RGB").getpixel((3, 3))
    assert isinstance(pixel, tuple)
    return {0: "red", 1: "green", 2: "blue"}[pixel.index(max(pixel))]


def test_an_album_shows_the_cover_file_of_beets(library: Library, covers: Covers) -> None:
    album = add_album(library, "mp3", art=sleeve(RED))
    embed(album.items()[0], (sleeve(BLUE), FRONT))

    found = covers.thumbnail(Entity.ALBUM, number(album), 128)

    assert shown(found) == "red"
    assert isinstance(found, Thumbnail)
    with Image.open(io.BytesIO(found.content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (128, 128))


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a", "ogg", "opus", "wav", "aiff", "wv", "wma"])
def test_without_one_it_shows_the_picture_in_its_first_files(
    kind: str, library: Library, covers: Covers
) -> None:
    album = add_album(library, kind, kind)
    # MP4 does not say what a picture shows.
    others = [] if kind == "m4a" else [(sleeve(BLUE), BACK)]
    embed(album.items()[1], *others, (sleeve(RED), FRONT))

    assert shown(covers.thumbnail(Entity.ALBUM, number(album), 64)) == "red"


def test_a_cover_file_that_is_gone_gives_way_to_the_embedded_picture(
    library: Library, covers: Covers
) -> None:
    album = add_album(library, "flac", art=sleeve(RED))
    embed(album.items()[0], (sleeve(BLUE), BACK))
    Path(os.fsdecode(album.artpath or b"")).unlink()

    assert shown(covers.thumbnail(Entity.ALBUM, number(album), 64)) == "blue"


def test_a_track_shows_the_cover_of_its_album_else_its_own(
    library: Library, covers: Covers
) -> None:
    with_cover = add_album(library, "mp3", art=sleeve(RED), album="a").items()[0]
    without = add_album(library, "mp3", album="b").items()[0]
    for item in (with_cover, without):
        embed(item, (sleeve(BLUE), FRONT))
    single = Item(path=without.path)
    library.add(single)

    found = [covers.thumbnail(Entity.ITEM, number(i), 64) for i in (with_cover, without, single)]

    assert [shown(thumbnail) for thumbnail in found] == ["red", "blue", "blue"]


def test_nothing_is_known_before_a_picture_was_looked_at_and_all_of_it_after(
    library: Library, covers: Covers
) -> None:
    album = add_album(library, "mp3", art=sleeve(RED))
    bare = add_album(library, "mp3", album="bare")
    before = covers.describe(Entity.ALBUM, [number(album), number(bare), 999])

    thumbnail = covers.thumbnail(Entity.ALBUM, number(album), 64)
    covers.thumbnail(Entity.ALBUM, number(bare), 64)
    after = covers.describe(Entity.ALBUM, [number(album), number(bare), 999])

    assert [found.known for found in before.values()] == [
        Known.UNKNOWN,
        Known.UNKNOWN,
        Known.NONE,
    ]
    assert isinstance(thumbnail, Thumbnail)
    assert after[number(album)].known is Known.COVER
    assert after[number(album)].version == thumbnail.version
    colours = after[number(album)].colours
    assert colours is not None
    assert colours.lettering == "#ffffff"
    assert after[number(bare)] == after[999] == Cover(Known.NONE)


def test_asking_for_one_cover_looks_at_it(library: Library, covers: Covers) -> None:
    album = add_album(library, art=sleeve(RED))

    assert covers.cover(Entity.ALBUM, number(album)).known is Known.COVER


def test_the_version_names_the_content_and_nothing_else(library: Library, covers: Covers) -> None:
    first = add_album(library, art=sleeve(RED), album="a")
    second = add_album(library, art=sleeve(RED), album="b")
    other = add_album(library, art=sleeve(BLUE), album="c")

    versions = [covers.cover(Entity.ALBUM, number(a)).version for a in (first, second, other)]

    assert versions[0] == versions[1] != versions[2]
    small, large = (covers.thumbnail(Entity.ALBUM, number(first), size) for size in (64, 128))
    assert isinstance(small, Thumbnail)
    assert isinstance(large, Thumbnail)
    assert small.version == large.version
    assert small.etag != large.etag


def test_a_changed_cover_is_seen_at_once(library: Library, covers: Covers) -> None:
    album = add_album(library, art=sleeve(RED))
    before = covers.thumbnail(Entity.ALBUM, number(album), 64)
    Path(os.fsdecode(album.artpath or b"")).write_bytes(sleeve(BLUE, 201))

    after = covers.thumbnail(Entity.ALBUM, number(album), 64)

    assert (shown(before), shown(after)) == ("red", "blue")


def test_a_thumbnail_is_made_once(
    library: Library, host: Host, cache: MediaCache, covers: Covers
) -> None:
    album = add_album(library, art=sleeve(RED))
    first = covers.thumbnail(Entity.ALBUM, number(album), 64)
    never = Workers(threads=1, waiting=0)

    again = Covers(host, cache, never).thumbnail(Entity.ALBUM, number(album), 64)

    assert again == first


def test_without_a_cache_covers_are_shown_all_the_same(
    library: Library, host: Host, workers: Workers
) -> None:
    host.cache_path.write_bytes(b"this is not a database" * 100)
    covers = Covers(host, MediaCache(host.cache_path), workers)
    album = add_album(library, art=sleeve(RED))

    assert shown(covers.thumbnail(Entity.ALBUM, number(album), 64)) == "red"
    assert shown(covers.thumbnail(Entity.ALBUM, number(album), 64)) == "red"
    assert covers.cover(Entity.ALBUM, number(album)).known is Known.UNKNOWN


@pytest.mark.parametrize(
    "art",
    [b"", SVG, sleeve()[:200], png_that_claims(30_000, 30_000), sleeve() + bytes(20_000_000)],
    ids=["empty", "svg", "cut", "bomb", "huge"],
)
def test_a_hostile_cover_is_none_with_a_reason_and_is_not_looked_at_again(
    art: bytes, library: Library, host: Host, cache: MediaCache, covers: Covers
) -> None:
    album = add_album(library, art=art)

    found = covers.thumbnail(Entity.ALBUM, number(album), 64)

    assert isinstance(found, Missing)
    assert found.status is Status.UNREADABLE
    assert covers.cover(Entity.ALBUM, number(album)) == Cover(Known.NONE, reason=found.reason)
    never = Covers(host, cache, Workers(threads=1, waiting=0))
    assert never.thumbnail(Entity.ALBUM, number(album), 64) == found


def test_a_hostile_embedded_picture_is_none(library: Library, covers: Covers) -> None:
    album = add_album(library, "mp3")
    embed(album.items()[0], (png_that_claims(30_000, 30_000), FRONT))

    found = covers.thumbnail(Entity.ALBUM, number(album), 64)

    assert isinstance(found, Missing)
    assert found.status is Status.UNREADABLE


def test_a_file_that_is_all_tag_is_not_read(library: Library, covers: Covers) -> None:
    album = add_album(library, "mp3")
    embed(album.items()[0], (sleeve(RED), FRONT))
    path = file_of(album.items()[0])
    footer = b"APETAGEX" + struct.pack("<4I8x", 2000, 70_000_032, 1, 0)
    # A picture first, then 70 MB of another tag.
    path.write_bytes(path.read_bytes() + bytes(70_000_000) + footer)

    assert covers.thumbnail(Entity.ALBUM, number(album), 64) == NO_COVER


@pytest.mark.parametrize("content", [b"", b"no audio at all", bytes(5000)])
def test_files_that_are_no_audio_have_no_cover(
    content: bytes, library: Library, covers: Covers
) -> None:
    album = add_album(library, "mp3")
    file_of(album.items()[0]).write_bytes(content)

    assert covers.thumbnail(Entity.ALBUM, number(album), 64) == NO_COVER


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_the_cover_is_not_opened(
    library: Library, covers: Covers, tmp_path: Path
) -> None:
    album = add_album(library)
    os.mkfifo(tmp_path / "pipe")
    album.artpath = os.fsencode(tmp_path / "pipe")
    album.store()

    assert covers.thumbnail(Entity.ALBUM, number(album), 64) == NO_COVER


@pytest.mark.parametrize("size", [0, 63, 65, 100_000, -1])
def test_only_the_listed_sizes_are_made(size: int, library: Library, covers: Covers) -> None:
    album = add_album(library, art=sleeve(RED))

    with pytest.raises(MusicToolError, match="no size"):
        covers.thumbnail(Entity.ALBUM, number(album), size)


def test_a_picture_that_takes_too_long_is_answered_with_pending(
    library: Library, host: Host, cache: MediaCache
) -> None:
    album = add_album(library, art=sleeve(RED))
    full = Covers(host, cache, Workers(threads=1, waiting=0))

    assert full.thumbnail(Entity.ALBUM, number(album), 64) == PENDING


def test_threads_of_a_server_may_ask_at_once(library: Library, covers: Covers) -> None:
    albums = [add_album(library, "mp3", art=sleeve(RED), album=str(n)) for n in range(4)]
    asked = [number(album) for album in albums] * 4

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: covers.thumbnail(Entity.ALBUM, n, 64), asked))

    assert {shown(thumbnail) for thumbnail in found} == {"red"}


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Theo Lindqvist", "TL"),
        ("303 Grad", "3G"),
        ("Überdruck", "Ü"),
        ("(The) Band of Two", "TB"),
        ("! ? ...", ""),
        ("", ""),
        ("東京 事変", "東事"),
    ],
)
def test_a_sleeve_without_cover_carries_the_first_letters(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_size_for_a_side_is_the_next_one_up() -> None:
    assert [size_for(side) for side in (24, 64, 65, 312, 600, 2000)] == [64, 64, 128, 320, 640, 640]
    assert list(SIZES) == sorted(SIZES)
