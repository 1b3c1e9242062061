from __future__ import annotations

from typing import Any

import pytest

from musictool_core.music import ItemId
from musictool_core.traktor.playlist_report import (
    Fit,
    ListedTrack,
    encode_m3u8,
    key_of_value,
    make_m3u8,
    make_report,
)
from musictool_core.traktor.values import TrackKey

CAMELOT = (
    *("8B", "3B", "10B", "5B", "12B", "7B", "2B", "9B", "4B", "11B", "6B", "1B"),
    *("5A", "12A", "7A", "2A", "9A", "4A", "11A", "6A", "1A", "8A", "3A", "10A"),
)


def track(name: str, **facts: Any) -> ListedTrack:
    return ListedTrack(TrackKey(name), **{"item_id": ItemId(1), **facts})


def report(*listed: ListedTrack, order: str = ""):
    known = {one.key: one for one in listed}
    keys = [TrackKey(name) for name in (order or "".join(known))]
    return make_report("List", keys, known)


def test_keys_of_traktor_are_those_of_the_wheel():
    keys = [key_of_value(value) for value in range(24)]

    assert [key.camelot for key in keys if key is not None] == list(CAMELOT)
    assert key_of_value(24) is None
    assert key_of_value(-1) is None


def test_what_is_missing_repeated_or_unknown_is_given_by_position():
    found = report(
        track("a", exists=True, length_s=100.0),
        track("b", exists=False, length_s=50.0),
        track("c", item_id=None),
        order="abcaxb",
    )

    assert (found.missing, found.not_in_library, found.not_in_collection) == ((2, 6), (3,), (5,))
    assert found.repeated == (("a", (1, 4)), ("b", (2, 6)))
    assert found.length_s == 300.0
    assert [None if one is None else one.key for one in found.tracks] == [*"abca", None, "b"]


def test_genres_and_keys_are_counted():
    found = report(
        track("a", genres=("Techno", "House"), key_value=21),
        track("b", genres=("House",), key_text="1m"),
        track("c", key_text="o"),
    )

    assert found.genres == (("House", 2), ("Techno", 1))
    assert found.keys == (("8A", 2),)


@pytest.mark.parametrize(
    ("before", "after", "fit"),
    [
        ({"key_value": 21}, {"key_text": "Am"}, Fit.SAME),
        ({"key_value": 21}, {"key_text": "9A"}, Fit.FITS),
        ({"key_value": 21}, {"key_text": "C"}, Fit.FITS),
        ({"key_value": 21}, {"key_text": "10A"}, Fit.CLASHES),
        ({"key_value": 21}, {"key_text": "9B"}, Fit.CLASHES),
        ({"key_value": 21}, {}, Fit.UNKNOWN),
        ({}, {"key_value": 21}, Fit.UNKNOWN),
    ],
)
def test_how_keys_follow_each_other(before, after, fit):
    (step,) = report(track("a", **before), track("b", **after)).steps

    assert (step.position, step.key_fit) == (2, fit)
    assert step.is_rough is (fit is Fit.CLASHES)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(100.0, 105.0, 5.0), (100.0, 90.0, -10.0), (174.0, 87.0, 0.0), (87.0, 176.0, 1.15),
     (None, 100.0, None), (100.0, 0.0, None)],
)  # fmt: skip
def test_how_tempos_follow_each_other(before, after, change):
    found = report(track("a", bpm=before), track("b", bpm=after))

    assert found.steps[0].tempo_change == change
    assert found.steps[0].is_rough is (change == -10.0)


def test_the_range_of_tempos_and_an_empty_list():
    assert report(track("a", bpm=120.0), track("b", bpm=126.5), track("c")).bpm == (120.0, 126.5)
    empty = make_report("Empty", [], {})
    assert (empty.bpm, empty.steps, empty.length_s) == (None, (), 0)
    assert report(track("a"), order="ax").steps[0].key_fit is Fit.UNKNOWN


def m3u8(*listed: ListedTrack, folder: str | None = None):
    known = {one.key: one for one in listed}
    return make_m3u8("My\nlist", list(known), known, folder=folder)


def test_an_m3u8_holds_name_lengths_titles_and_whole_paths():
    found = m3u8(
        track("a", path="/srv/music/ä.mp3", artist="A\r\nB", title="T", length_s=99.6),
        track("b", path="/srv/b.mp3"),
    )

    assert found.text == (
        "#EXTM3U\n#EXTENC:UTF-8\n#PLAYLIST:My list\n"
        "#EXTINF:100,A B - T\n/srv/music/ä.mp3\n"
        "#EXTINF:-1,\n/srv/b.mp3\n"
    )
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("path", "folder", "written"),
    [
        ("/srv/music/a.mp3", "/srv/music", "a.mp3"),
        ("/srv/music/a.mp3", "/srv/lists/dj", "../../music/a.mp3"),
        ("/srv/music/#1.mp3", "/srv/music", "./#1.mp3"),
        ("D:\\Music\\a.mp3", "d:\\Lists", "..\\Music\\a.mp3"),
        ("D:\\Music\\a.mp3", "C:\\Lists", "D:\\Music\\a.mp3"),
        ("\\\\nas\\music\\x\\a.mp3", "\\\\nas\\music\\y", "..\\x\\a.mp3"),
        ("D:\\Music\\a.mp3", "/srv", "D:\\Music\\a.mp3"),
    ],
)
def test_paths_are_relative_where_that_leads_there(path, folder, written):
    assert m3u8(track("a", path=path), folder=folder).text.splitlines()[-1] == written


def test_what_has_no_place_in_an_m3u8_is_named():
    found = m3u8(track("a"), track("b", path="/x\ny.mp3"), track("c", path="/c.mp3"))

    assert found.left_out == (1, 2)
    assert found.text.count("#EXTINF") == 1


def test_names_that_are_no_utf8_keep_their_bytes():
    path = b"/srv/\xff\xc3\xa4.mp3".decode("utf-8", errors="surrogateescape")

    data = encode_m3u8(m3u8(track("a", path=path)).text)

    assert b"\n/srv/\xff\xc3\xa4.mp3\n" in data
    assert not data.startswith(b"\xef\xbb\xbf")
