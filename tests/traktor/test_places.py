"""Places and values of changes as texts: whatever is written down is read back as it was."""

from __future__ import annotations

import random

import pytest

from musictool_core.traktor import places
from musictool_core.traktor.places import Kind
from musictool_core.traktor.values import Location, NmlError, TrackKey

KEY = TrackKey("Macintosh HD/:Music/:a.mp3")


def test_each_kind_of_place_is_told_from_the_others() -> None:
    attribute = places.place(places.of_attribute(3, "INFO@RANKING"))
    own = places.place(places.of_attribute(3, "ENTRY@TITLE"))
    item = places.place(places.of_location(3))
    entry = places.place(places.of_location(3, KEY))
    listed = places.place(places.of_playlist(12, ("Sets", "LOCATION: best")))

    assert (attribute.kind, attribute.attribute, attribute.of_item) == (
        Kind.ATTRIBUTE, ("INFO", "RANKING"), True
    )  # fmt: skip
    assert own.attribute == ("", "TITLE")
    assert (item.kind, item.name, item.of_item) == (Kind.LOCATION, "", True)
    assert (entry.kind, entry.name, entry.of_item) == (Kind.LOCATION, KEY, False)
    assert (listed.kind, listed.path, listed.of_item, listed.collection) == (
        Kind.PLAYLIST, ("Sets", "LOCATION: best"), False, 12
    )  # fmt: skip
    # An attribute of the location is no location.
    assert places.place(places.of_attribute(3, "LOCATION@FILE")).kind is Kind.ATTRIBUTE


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("Mac", "/:a/:", "b.mp3", "Mac"), "Mac/:a/:b.mp3"),
        (Location("C:", "/:a/:", "b.mp3", "a1b2"), "C:/:a/:b.mp3 (drive a1b2)"),
        (Location("C:", "/:a/:", "b.mp3", ""), "C:/:a/:b.mp3 (drive )"),
        (Location("C:", "/:a/:", "b.mp3"), "C:/:a/:b.mp3 (drive)"),
        (Location("C:", "/:", "b (drive x)", "C:"), "C:/:b (drive x) (drive C:)"),
        (Location("C:", "/:", "b (drive)", "C:"), "C:/:b (drive) (drive C:)"),
    ],
)
def test_a_location_is_read_back_as_it_was(location: Location, text: str) -> None:
    assert places.write_location(location) == text
    assert places.read_location(text) == location


def test_a_location_is_read_back_or_refused_whatever_it_holds() -> None:
    chance = random.Random(3)
    parts = ["a", "/:", " (drive", " (drive ", ")", "C:", "//", "\u00e9", " "]
    refused = 0
    for _ in range(5_000):
        volume, folder, file, drive = (
            "".join(chance.choices(parts, k=chance.randrange(4))) for _ in range(4)
        )
        location = Location(volume, folder, file, chance.choice([None, drive, volume]))
        try:
            text = places.write_location(location)
        except NmlError:
            refused += 1
            continue
        assert places.read_location(text) == location
    assert 0 < refused < 5_000


@pytest.mark.parametrize("keys", [None, (), (KEY, KEY), (TrackKey("\u00e9"), TrackKey("\udc80"))])
def test_the_tracks_of_a_list_are_read_back_as_they_were(
    keys: tuple[TrackKey, ...] | None,
) -> None:
    text = places.write_keys(keys)

    assert places.read_keys(text) == keys
    assert text is None or text.encode()


def test_a_list_is_said_by_how_many_tracks_it_has() -> None:
    field = places.of_playlist(1, ("x",))

    assert places.said(field, None) == "no list"
    assert places.said(field, places.write_keys((KEY,))) == "1 track"
    assert places.said(field, places.write_keys(())) == "0 tracks"
    assert places.said(places.of_location(1), "x") == "x"
    assert places.said("title", "x") == "x"
