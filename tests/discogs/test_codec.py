"""Releases in the mirror's JSON: everything comes back, and little is written."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from musictool_core.discogs.codec import release_from_json, release_to_json
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
    TrackKind,
)

words = st.text(max_size=8)
numbers = st.none() | st.integers(1, 10**9)


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=3).map(tuple)


artists = some(st.builds(ArtistCredit, words, words, words, numbers))
tracks = st.builds(
    Track,
    position=words,
    title=words,
    duration_s=st.none() | st.floats(0.5, 10_000),
    artists=artists,
    remixers=artists,
    kind=st.sampled_from(TrackKind),
    section=words,
)
releases = st.builds(
    Release,
    release_id=st.integers(1, 10**9).map(ReleaseId),
    title=words,
    artists=artists,
    tracks=some(tracks),
    labels=some(st.builds(LabelCredit, words, words)),
    formats=some(st.builds(FormatEntry, words, st.integers(1, 99), some(words), words)),
    year=st.none() | st.integers(1900, 2100),
    country=words,
    master_id=numbers,
    barcodes=some(words),
)


@settings(deadline=None)
@given(releases)
def test_every_release_comes_back_as_it_was(release: Release) -> None:
    text = json.dumps(release_to_json(release))

    assert release_from_json(release.release_id, json.loads(text)) == release


def test_what_is_not_known_takes_no_room() -> None:
    release = Release(ReleaseId(1), "Blue", (), tracks=(Track("A1", "Green"),))

    assert release_to_json(release) == {
        "title": "Blue",
        "tracks": [{"position": "A1", "title": "Green"}],
    }


def test_a_release_of_which_nothing_is_known_can_be_read() -> None:
    assert release_from_json(7, {}) == Release(ReleaseId(7), "", ())
