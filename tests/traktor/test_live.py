from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from musictool_core import events
from musictool_core.errors import ConfigError, LibraryBusy
from musictool_core.music import ItemId
from musictool_core.traktor import tables
from musictool_core.traktor.decks import DeckPlay, DeckTrack, Signal
from musictool_core.traktor.live import LiveFeed, PlayKeeper
from musictool_core.traktor.tables import PLAYS
from musictool_core.traktor.values import TrackKey
from tests.fakes.clock import FakeClock
from tests.fakes.traktor_decks import TraktorDecks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host

PATH = "/Users/me/Músïc/ä.mp3"
KEY = TrackKey("Macintosh HD/:Users/:me/:Músïc/:ä.mp3")


class Live:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.signals: list[Signal] = []
        self.feed = LiveFeed(self.signals.append, clock=self.clock.now, port=0)
        self.traktor = TraktorDecks(self.feed.port)

    @property
    def plays(self) -> list[DeckPlay]:
        return [one.play for one in self.signals if one.play is not None]


@pytest.fixture
def live() -> Iterator[Live]:
    made = Live()
    with made.feed:
        yield made


def play(traktor: TraktorDecks, clock: FakeClock, seconds: int) -> None:
    for _ in range(seconds // 5):
        clock.advance(5)
        assert traktor.deck("A", elapsedTime=1) == 204


def test_a_set_is_followed_from_its_start(live):
    live.traktor.start()
    assert all(deck.track is None for deck in live.feed.desk.decks)

    assert live.traktor.load("A", PATH, title="Tïtle 𝄞", artist="Ärtist") == 204
    live.traktor.channel(1, on_air=True)
    live.traktor.deck("A", isPlaying=True)
    play(live.traktor, live.clock, 40)

    deck = live.feed.desk.decks[0]
    assert (deck.track, deck.is_playing, deck.on_air) == (
        DeckTrack(path=PATH, title="Tïtle 𝄞", artist="Ärtist"), True, True
    )  # fmt: skip
    assert [one.heard_s for one in live.plays] == [30.0]


def test_closing_tells_how_long_a_play_was():
    live = Live()
    with live.feed:
        live.traktor.load("A", PATH)
        live.traktor.deck("A", isPlaying=True)
        play(live.traktor, live.clock, 50)

    assert [one.heard_s for one in live.plays] == [30.0, 50.0]


@pytest.mark.parametrize("length", ["", "0", "x", "-1", "1", "999"])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_body_is_read_until_it_is_whole_whatever_its_length_says(live, length, pieces):
    body = json.dumps({"filePath": "/ä.mp3", "title": "ö" * 99}, ensure_ascii=False).encode()

    status = live.traktor.send("/deckLoaded/A", body, length=length, pieces=pieces)

    assert status == 204
    assert live.feed.desk.decks[0].track.title == "ö" * 99


def test_large_bodies_are_refused(live):
    large = json.dumps({"title": "x" * (1 << 16)}).encode()

    assert live.traktor.send("/deckLoaded/A", b"{}", length=1 << 20) == 413
    # Stated small and sent large: the connection may be cut before all was sent.
    with suppress(ConnectionError):
        assert live.traktor.send("/deckLoaded/A", large, length=10) in {0, 413}
    assert live.feed.desk.decks[0].track is None


@pytest.mark.parametrize("body", [b"[]", b"no", b'"x"', b"\xff", b"[" * 30_000, b""])
def test_what_is_no_message_is_refused(live, body):
    assert live.traktor.send("/updateDeck/A", body) == 400


def test_other_paths_and_methods_are_refused(live):
    assert live.traktor.post("/updateDeck/Z", {}) == 404
    assert live.traktor.send("/updateDeck/A", b"", method="GET") == 501


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"kind": "text/plain"}, 415),
        ({"kind": "application/x-www-form-urlencoded"}, 415),
        ({"host": "evil.example"}, 403),
        ({"more": "Origin: https://evil.example\r\n"}, 403),
    ],
)
def test_what_a_web_page_can_send_is_refused(live, sent, status):
    body = json.dumps({"filePath": PATH}).encode()

    assert live.traktor.send("/deckLoaded/A", body, **sent) == status
    assert live.feed.desk.decks[0].track is None


def test_only_this_computer_is_listened_to(live):
    assert live.feed._server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said(live):
    with pytest.raises(ConfigError, match="no other program"):
        LiveFeed(live.signals.append, clock=live.clock.now, port=live.feed.port)


def test_messages_of_many_connections_are_taken_one_by_one(live):
    def post(deck: str) -> None:
        for number in range(10):
            live.traktor.load(deck, f"/{number}.mp3")

    threads = [threading.Thread(target=post, args=(deck,)) for deck in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [deck.track.path for deck in live.feed.desk.decks] == ["/9.mp3"] * 4
    assert len(live.signals) == 40


@pytest.fixture
def library_host(host: Host) -> Host:
    host.migrate({"traktor": tables.MIGRATIONS})
    return host


def rows(host: Host):
    return PLAYS.select(host.reading())


def test_plays_are_stored_as_they_happen_and_others_hear_of_it(library_host):
    clock = FakeClock()
    keeper = PlayKeeper(
        library_host,
        zone=UTC,
        key_of={PATH: KEY}.get,
        item_of={KEY: ItemId(7)}.get,
    )
    with keeper, LiveFeed(keeper, clock=clock.now, port=0) as feed:
        traktor = TraktorDecks(feed.port)
        traktor.load("A", PATH, title="T")
        traktor.deck("A", isPlaying=True)
        play(traktor, clock, 45)

    (row,) = rows(library_host)
    assert (row["key"], row["item_id"], row["deck"], row["duration_s"], row["source"]) == (
        KEY, 7, 0, 45.0, "live"
    )  # fmt: skip
    assert row["played_at"] == FakeClock().now()
    told = events.since(library_host.reading(), 0, limit=99)
    assert [one.name for one in told] == ["traktor.deck", "traktor.deck", "traktor.played"]
    assert told[1].payload["track"]["path"] == PATH
    assert told[1].payload["is_playing"] is True


def signal(path: str = PATH, heard: float = 40.0, title: str = "") -> Signal:
    return Signal(play=DeckPlay(0, DeckTrack(path=path, title=title), FakeClock().now(), heard))


def test_what_the_collection_does_not_have_is_stored_under_its_path_or_name(library_host):
    with PlayKeeper(library_host, zone=UTC) as keeper:
        keeper(signal("/x.mp3"))
        keeper(Signal(play=DeckPlay(1, DeckTrack(title="T", artist="A"), FakeClock().now(), 40.0)))

    assert {row["key"] for row in rows(library_host)} == {"/x.mp3", "A - T"}


def test_a_busy_library_delays_a_play_and_does_not_lose_it(library_host, monkeypatch):
    problems: list[str] = []
    busy = threading.Event()
    transaction = library_host.transaction

    def refusing():
        if not busy.is_set():
            raise LibraryBusy("the library is busy.")
        return transaction()

    monkeypatch.setattr(library_host, "transaction", refusing)
    failed = threading.Event()

    def note(line: str) -> None:
        problems.append(line)
        failed.set()

    with PlayKeeper(library_host, zone=UTC, problem=note) as keeper:
        keeper(signal())
        assert failed.wait(20)
        busy.set()

    assert [row["duration_s"] for row in rows(library_host)] == [40.0]
    assert "not stored yet: the library is busy" in problems[0]
