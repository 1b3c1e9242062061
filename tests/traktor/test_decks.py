from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.traktor.decks import DeckPlay, Decks, DeckTrack
from musictool_core.traktor.values import NmlError

TRACK = {"filePath": "/Users/me/ä.mp3", "title": "T", "artist": "A", "bpm": 126, "trackLength": 300}


class Desk:
    """Decks, a clock and what they told."""

    def __init__(self) -> None:
        self.decks, self.now = Decks(), 1000.0
        self.plays: list[DeckPlay] = []
        self.changes: list[str] = []

    def post(self, path: str, **body: object) -> None:
        self.note(self.decks.take(path, body, self.now))

    def note(self, signals) -> None:
        self.plays += [one.play for one in signals if one.play is not None]
        self.changes += [one.changed.deck for one in signals if one.changed is not None]

    def run(self, seconds: int, deck: str = "A") -> None:
        """A deck that plays reports every second."""
        for _ in range(seconds):
            self.now += 1
            self.post(f"/updateDeck/{deck}", elapsedTime=self.now)

    def state(self, deck: str = "A"):
        return next(one for one in self.decks.desk.decks if one.deck == deck)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.post("/deckLoaded/A", **TRACK)
    return made


def test_a_track_that_plays_30_seconds_on_air_is_a_play(desk):
    desk.post("/updateChannel/1", isOnAir=True)
    desk.post("/updateDeck/A", isPlaying=True)

    desk.run(29)
    assert desk.plays == []
    desk.run(1)

    (play,) = desk.plays
    assert (play.deck, play.started_at, play.heard_s) == (0, 1000.0, 30.0)
    assert play.track == DeckTrack(
        path="/Users/me/ä.mp3", title="T", artist="A", bpm=126.0, length_s=300.0
    )


def test_a_play_is_told_again_while_and_when_it_ends(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(70)
    desk.post("/updateDeck/A", isPlaying=False)
    desk.run(60)
    desk.note(desk.decks.finish(desk.now))

    assert [play.heard_s for play in desk.plays] == [30.0, 60.0, 70.0]
    assert {play.started_at for play in desk.plays} == {1000.0}


def test_what_is_off_air_is_not_heard(desk):
    desk.post("/updateChannel/1", isOnAir=False)
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(100)
    assert desk.plays == []

    desk.post("/updateChannel/1", isOnAir=True)
    desk.run(30)
    assert [(play.started_at, play.heard_s) for play in desk.plays] == [(1100.0, 30.0)]


def test_the_channel_is_that_of_the_deck(desk):
    desk.post("/updateChannel/2", isOnAir=True)
    desk.post("/updateChannel/1", isOnAir=False)
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(40)

    assert desk.plays == []
    assert (desk.state("A").on_air, desk.state("B").on_air, desk.state("C").on_air) == (
        False, True, None
    )  # fmt: skip


def test_silence_counts_five_seconds_at_most(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(26)
    desk.now += 600
    desk.note(desk.decks.finish(desk.now))

    assert [play.heard_s for play in desk.plays] == [31.0]


def test_a_pause_is_not_heard_and_does_not_end_the_play(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(20)
    desk.post("/updateDeck/A", isPlaying=False)
    desk.run(20)
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(10)

    assert [(play.started_at, play.heard_s) for play in desk.plays] == [(1000.0, 30.0)]


def test_another_track_begins_anew_and_its_name_alone_does_not(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(20)
    desk.post("/deckLoaded/A", **{**TRACK, "title": "Corrected", "isPlaying": True})
    desk.run(10)
    assert [(play.track.title, play.heard_s) for play in desk.plays] == [("Corrected", 30.0)]

    desk.post("/deckLoaded/A", filePath="/other.mp3", title="B", isPlaying=True)
    desk.run(30)
    assert [(play.track.title, play.started_at) for play in desk.plays[1:]] == [("B", 1030.0)]


def test_the_end_of_a_track_tells_how_long_it_was(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    desk.run(45)
    desk.post("/deckLoaded/A", filePath="", title="", artist="")

    assert [play.heard_s for play in desk.plays] == [30.0, 45.0]
    assert desk.state().track is None


def test_values_of_a_deck_and_of_the_master():
    desk = Desk()
    desk.post("/deckLoaded/B", **{**TRACK, "keyText": "8m", "tempo": 1.05, "isSynced": True})
    desk.post("/updateDeck/B", isKeyLockOn=True, resultingKey="9m", elapsedTime="12.5")
    desk.post("/updateMasterClock", deck="B", bpm=132.3)

    deck = desk.state("B")
    assert (deck.is_synced, deck.is_key_locked, deck.elapsed_s, deck.key) == (
        True,
        True,
        12.5,
        "9m",
    )
    assert deck.bpm == pytest.approx(132.3)
    assert deck.track is not None
    assert deck.track.key == "8m"
    assert (desk.decks.desk.master, desk.decks.desk.bpm) == ("B", 132.3)
    desk.post("/updateMasterClock", deck=None, bpm="")
    assert (desk.decks.desk.master, desk.decks.desk.bpm) == (None, None)


def test_empty_texts_are_unknown_and_change_nothing(desk):
    desk.post("/updateDeck/A", isPlaying=True, tempo=1.0, elapsedTime=3)
    before = desk.state()
    changes = len(desk.changes)

    desk.post("/updateDeck/A", isPlaying="", tempo="", elapsedTime="", resultingKey="")

    assert desk.state() == before
    assert len(desk.changes) == changes


def test_the_place_in_the_track_alone_is_no_change(desk):
    desk.post("/updateDeck/A", isPlaying=True)
    changes = len(desk.changes)

    desk.run(3)

    assert len(desk.changes) == changes == 2
    assert desk.state().elapsed_s == 1003.0


@pytest.mark.parametrize(
    "path", ["/", "/updateDeck", "/updateDeck/E", "/deckLoaded/a", "/updateChannel/5", "/x/A"]
)
def test_other_paths_are_no_messages(desk, path):
    with pytest.raises(NmlError):
        desk.post(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["filePath", "title", "bpm", "isPlaying", "isOnAir", "elapsedTime", "deck", "tempo", "key"]
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["/deckLoaded/A", "/updateDeck/A", "/updateMasterClock",
                             "/updateChannel/1"]),
            st.dictionaries(NAMES, JSON, max_size=5),
            st.integers(-100, 100),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_any_json_leaves_decks_that_make_sense(messages):
    desk = Desk()
    for path, body, passed in messages:
        desk.now += passed
        desk.post(path, **body)

    assert all(play.heard_s >= 30 for play in desk.plays)
    assert desk.state("B").track is None
