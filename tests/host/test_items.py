from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import MusicToolError
from musictool_core.host.items import find_ids, fingerprints, item_path, load_items
from musictool_core.music import ItemId, LibraryItem

if TYPE_CHECKING:
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem


def test_an_item_is_read_with_everything_a_comparison_needs(
    host: Host, make_item: MakeItem
) -> None:
    make_item(
        host.lib,
        title="Xtal",
        artist="Aphex Twin",
        album="Selected Ambient Works",
        albumartist="AFX",
        length=293.5,
        track=1,
        disc=2,
        year=1992,
        label="Apollo",
        catalognum="AMB 3922",
        barcode="5411867111234",
        isrc="BEAA19200001",
        mb_trackid="100-A1",
        discogs_albumid=100,
        format="FLAC",
        path=b"/elsewhere/01 Xtal.flac",
    )

    assert load_items(host) == [
        LibraryItem(
            item_id=ItemId(1),
            title="Xtal",
            artist="Aphex Twin",
            album="Selected Ambient Works",
            albumartist="AFX",
            length_s=293.5,
            track=1,
            disc=2,
            year=1992,
            label="Apollo",
            catalognum="AMB 3922",
            barcode="5411867111234",
            isrc="BEAA19200001",
            mb_trackid="100-A1",
            discogs_albumid=100,
            album_id=None,
            file_name="01 Xtal.flac",
            format="FLAC",
        )
    ]


def test_what_beets_stores_as_zero_is_unknown(host: Host, make_item: MakeItem) -> None:
    make_item(host.lib)

    (item,) = load_items(host)

    assert (item.length_s, item.year, item.discogs_albumid) == (None, None, None)
    assert (item.title, item.track, item.file_name) == ("", 0, "1.mp3")


def test_a_file_name_that_is_not_utf8_is_read_without_loss(host: Host, make_item: MakeItem) -> None:
    make_item(host.lib, path=b"/music/\xff.mp3")

    assert load_items(host)[0].file_name.encode("utf-8", "surrogateescape") == b"\xff.mp3"


def test_items_can_be_read_by_id_in_id_order_and_those_gone_are_left_out(
    host: Host, make_item: MakeItem
) -> None:
    for title in ("a", "b", "c"):
        make_item(host.lib, title=title)

    found = load_items(host, {ItemId(99), ItemId(3), ItemId(1)})

    assert [item.title for item in found] == ["a", "c"]


def test_the_fingerprint_of_an_item_changes_when_a_field_of_a_comparison_does(
    host: Host, make_item: MakeItem
) -> None:
    changed, same, commented = (make_item(host.lib, title=title) for title in ("a", "b", "c"))
    before = fingerprints(host)

    changed.title = "new"
    changed.store()
    commented.comments = "not compared"
    commented.store()

    after = fingerprints(host)
    assert {item for item in after if after[item] != before[item]} == {changed.id}
    assert same.id in after


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ([], [1, 2, 3]),
        (["artist:aphex"], [1]),
        (["^artist:aphex"], [2, 3]),
        (["year:1990..1993"], [1]),
        (["artist:autechre", ",", "artist:aphex"], [1, 2]),
        (["mood:dark"], [2]),
        (["mood:dark", "artist:autechre"], [2]),
        (["mood:dark", "artist:aphex"], []),
        (["albumtotal:5"], []),
        (["nothing of this"], []),
    ],
)
def test_a_query_finds_the_items_that_beets_would_list(
    host: Host, make_item: MakeItem, query: list[str], found: list[int]
) -> None:
    make_item(host.lib, artist="Aphex Twin", year=1992)
    make_item(host.lib, artist="Autechre", year=1994, mood="dark")
    make_item(host.lib, artist="Boards of Canada", year=1998)

    assert find_ids(host, query) == found
    assert sorted(item.id or 0 for item in host.lib.items(query)) == found


def test_a_query_over_a_field_of_the_album_finds_its_items(host: Host, make_item: MakeItem) -> None:
    item = make_item(host.lib, album="SAW")
    make_item(host.lib, album="Amber")
    album = host.lib.add_album([item])
    album.mood = "calm"
    album.artpath = b"/art/saw.jpg"
    album.store()

    assert find_ids(host, ["artpath::saw"]) == [item.id]
    assert find_ids(host, ["mood:calm"]) == [item.id]


@pytest.mark.parametrize("query", ["year:soon", "title::("])
def test_a_query_that_makes_no_sense_is_one_line(host: Host, query: str) -> None:
    with pytest.raises(MusicToolError, match="query") as caught:
        find_ids(host, [query])

    assert query in caught.value.line()


def test_the_path_of_an_item_is_absolute(host: Host, make_item: MakeItem) -> None:
    item = make_item(host.lib)

    assert item_path(host, ItemId(1)) == host.lib.directory + b"/1.mp3" == item.path


def test_the_path_of_an_item_that_is_gone_is_an_error(host: Host) -> None:
    with pytest.raises(MusicToolError, match="item 7 is not in the library any more"):
        item_path(host, ItemId(7))
