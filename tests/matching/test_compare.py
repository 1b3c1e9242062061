"""Two songs: the verdict, its score, its symmetry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.matching import Song, Verdict, compare

if TYPE_CHECKING:
    from pathlib import Path

SAME, OTHER, DIFFERENT = Verdict.SAME, Verdict.OTHER_VERSION, Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (Song("deadmau5", "Strobe"), Song("Deadmau5", "Strobe (Original Mix)"), SAME),
        (Song("", "deadmau5 - Strobe"), Song("deadmau5", "Strobe"), SAME),
        (Song("Beatles", "Yesterday"), Song("Beatles, The", "Yesterday - Remaster"), SAME),
        (Song("A & B", "Title feat. C"), Song("B", "Title"), SAME),
        (Song("Fatboy Slim", "Praise You"), Song("Fat Boy Slim", "Praise You"), SAME),
        (Song("A", "Title (X Remix)"), Song("A", "Title - X Remix"), SAME),
        (Song("A", "Title (X Remix)"), Song("A", "Title"), OTHER),
        (Song("A", "Title (Extended Mix)", 360), Song("A", "Title", 240), OTHER),
        (Song("A", "Title (X Remix)"), Song("A", "Title (Y Remix)"), OTHER),
        (Song("A", "Title", 300), Song("A", "Title (Instrumental)", 300), OTHER),
        (Song("Karaoke Crew", "Title"), Song("A", "Title"), OTHER),
        (Song("A", "Title (Part 1)"), Song("A", "Title (Part 2)"), DIFFERENT),
        (Song("Moby", "Home", 200), Song("Sia", "Home", 200), DIFFERENT),
        (Song("A", "Title"), Song("A", "Other"), DIFFERENT),
        (Song("", ""), Song("", ""), DIFFERENT),
    ],
)
def test_two_songs_are_told_apart(left: Song, right: Song, verdict: Verdict) -> None:
    assert compare(left, right).verdict is verdict
    assert compare(right, left).verdict is verdict


def test_an_equal_isrc_decides() -> None:
    left = Song("A", "Title", isrc="US-S1Z-99-00001")
    right = Song("B", "Another", isrc="USS1Z9900001")

    assert compare(left, right).verdict is SAME
    assert compare(left, right).score == 1.0


def test_a_sure_verdict_scores_higher_than_an_unsure_one() -> None:
    wanted = Song("A", "Title", 360)

    sure = compare(wanted, Song("A", "Title", 361))
    unsure = compare(wanted, Song("A", "Title (Extended Mix)", 360))

    assert sure.score >= 0.9 > unsure.score


def test_the_verdict_explains_itself() -> None:
    evidence = compare(Song("A", "Title", 300), Song("A", "Title (Live)", 420)).evidence

    assert "same title" in evidence
    assert "length 120 s apart" in evidence
    assert "the file is original, the track is live" in evidence


_titles = st.lists(
    st.sampled_from(["Night", "Life", "(Dub)", "(X Remix)", "(Live)", "Part 1", "-", "[HD]", "2"]),
    max_size=5,
).map(" ".join)
_songs = st.builds(
    Song,
    artist=st.sampled_from(["", "Eva", "Eva feat. Adam", "Adam", "Various"]),
    title=_titles,
    duration_s=st.sampled_from([None, 200.0, 203.0, 400.0]),
)


@given(_songs, _songs)
def test_the_order_of_two_songs_does_not_matter(left: Song, right: Song) -> None:
    forward, backward = compare(left, right), compare(right, left)

    assert forward.verdict is backward.verdict
    assert forward.score == backward.score


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(left: str, right: str) -> None:
    assert 0.0 <= compare(Song("", left), Song("", right)).score <= 1.0


@pytest.mark.shared_data
def test_collected_pairs_are_judged_as_people_did(shared_data: Path) -> None:
    path = shared_data / "quality" / "version_cases.json"
    expected = {"same": SAME, "version": OTHER, "different": DIFFERENT}
    wrong = []
    for case in json.loads(path.read_text(encoding="utf-8")):
        left, right = (Song(s["artist"], s["title"], s["length"]) for s in (case["a"], case["b"]))
        # a remaster is the same recording to a matcher; keeping both is the duplicate search's rule
        if expected[case["relation"]] is not compare(left, right).verdict and not (
            case["note"].startswith("remaster")
        ):
            wrong.append(case)

    assert wrong == []
