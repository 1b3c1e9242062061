"""Which files come first, also when not all of their scores are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from musictool_core.audio.signal.values import Source, Trace
from musictool_core.quality.limits import read_limits
from musictool_core.quality.score import Score, assess
from musictool_core.quality.upgrades import Candidate, Played, first, rank
from tests.fakes.measures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOM = read_limits().rooms["club"]["source"]


def score(kbps: int, clipped: float = 0.0, *, is_proven: bool = True) -> Score:
    """Of an MP3 with this bitrate."""
    verdict = "lossy_proven" if is_proven else "cannot_tell"
    trace = Trace(verdict, "MP3", None, None, is_own=True, evidence=())
    signal = checked(
        source=Source("mp3", 44_100, 2, 0, kbps, 180.0), trace=trace, true_peak_dbtp=clipped
    )
    return assess(signal, "club", read_limits())


TRACKS = st.lists(
    st.tuples(
        st.sampled_from([320, 192, 128, 96]), st.sampled_from([0.0, 2.5]), st.booleans(),
        st.integers(0, 50), st.integers(0, 5),
    ),
    max_size=250,
)  # fmt: skip


@given(TRACKS, st.integers(1, 40))
def test_the_first_ones_are_those_of_the_whole_ranking(
    tracks: list[tuple[int, float, bool, int, int]], count: int
) -> None:
    scores = {
        number: score(kbps, peak, is_proven=proven)
        for number, (kbps, peak, proven, _, _) in enumerate(tracks, start=1)
    }
    played = [Played(n, scores[n], *tracks[n - 1][3:], is_on_shelf=False) for n in scores]
    candidates = [
        Candidate(
            each.item_id,
            min(ROOM, 100 - each.score.score),
            each.plays,
            each.stars,
            is_on_shelf=False,
        )
        for each in played
    ]

    found = first(candidates, lambda ids: {n: scores[n] for n in ids}, count)

    worth = [each.points * each.weight for each in rank(played)[:count]]
    assert [each.points * each.weight for each in found] == worth


def test_the_scores_of_those_that_cannot_come_first_are_not_asked_for() -> None:
    lossy = score(128)
    asked: list[int] = []

    def scores_of(ids: Sequence[int]) -> dict[int, Score]:
        asked.extend(ids)
        return dict.fromkeys(ids, lossy)

    candidates = [Candidate(n, lossy.source_points, n, 0, is_on_shelf=False) for n in range(10_000)]

    found = first(candidates, scores_of, 5)

    assert [each.played.item_id for each in found] == [9_999, 9_998, 9_997, 9_996, 9_995]
    assert len(asked) <= 200


def test_what_has_no_score_is_left_out() -> None:
    candidates = [
        Candidate(1, 40.0, 9, 0, is_on_shelf=False),
        Candidate(2, 40.0, 0, 0, is_on_shelf=False),
    ]

    found = first(candidates, lambda ids: {n: score(128) for n in ids if n == 2}, 5)

    assert [each.played.item_id for each in found] == [2]
