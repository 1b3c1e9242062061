"""What the decks do, out of the messages that Traktor posts; a play is told once it is one.

A track plays to the audience while its deck plays and its channel is on air; where Traktor does not
say what is on air, while its deck plays. 30 s of that are a play. Time between messages counts up
to 5 s, as a deck that plays reports every second and one that went silent may have ended.
Units: seconds; moments in seconds since 1970.
Pure: messages and the time in, values out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from musictool_core.traktor.history import COUNTED_S
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Mapping

DECKS = ("A", "B", "C", "D")

_LONGEST_TEXT = 2000
_GAP_S = 5.0
_STEP_S = 30.0
"""A play that goes on is told again this often, so that little is lost when all ends."""


@dataclass(frozen=True, slots=True)
class DeckTrack:
    """What is loaded.

    Attributes:
        path: as Traktor's computer has it; "" for what is no file.
        length_s: None when unknown.
    """

    path: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    label: str = ""
    comment: str = ""
    comment2: str = ""
    mix: str = ""
    remixer: str = ""
    key: str = ""
    bpm: float | None = None
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class DeckState:
    """One deck.

    Attributes:
        deck: "A" to "D".
        track: None while nothing was loaded.
        elapsed_s: place in the track; None when unknown.
        tempo: factor on the track's own tempo; None when unknown.
        key: as it sounds, e.g. "8m"; "" when unknown.
        on_air: None where Traktor does not say.
        seen_at: time of the last message.
    """

    deck: str
    track: DeckTrack | None = None
    elapsed_s: float | None = None
    is_playing: bool = False
    is_synced: bool = False
    is_key_locked: bool = False
    tempo: float | None = None
    key: str = ""
    on_air: bool | None = None
    seen_at: float | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the audience hears it, as far as is known."""
        return self.track is not None and self.is_playing and self.on_air is not False

    @property
    def bpm(self) -> float | None:
        """Tempo as it sounds; None when unknown."""
        if self.track is None or self.track.bpm is None or self.tempo is None:
            return None
        return self.track.bpm * self.tempo


@dataclass(frozen=True, slots=True)
class DeckPlay:
    """A track that was heard for at least 30 s; told again while and after it goes on.

    Attributes:
        deck: 0 to 3, as in a history.
        started_at: when it was first heard.
        heard_s: how long it was heard.
    """

    deck: int
    track: DeckTrack
    started_at: float
    heard_s: float


@dataclass(frozen=True, slots=True)
class Signal:
    """What a message meant.

    Attributes:
        changed: the deck, when more changed than its place in the track.
        play: a play that began to count, went on, or ended.
    """

    changed: DeckState | None = None
    play: DeckPlay | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All decks at one moment.

    Attributes:
        master: deck that leads, None when none or unknown.
        bpm: of the master clock, None when unknown.
    """

    decks: tuple[DeckState, ...]
    master: str | None = None
    bpm: float | None = None


@dataclass(slots=True)
class _Hearing:
    """How long the track of a deck was heard.

    Attributes:
        until: time up to which it was counted.
    """

    started_at: float | None = None
    until: float = 0.0
    heard_s: float = 0.0
    told_s: float = 0.0


@dataclass(slots=True)
class Decks:
    """The decks, changed by messages; not safe for threads."""

    _decks: dict[str, DeckState] = field(
        default_factory=lambda: {name: DeckState(name) for name in DECKS}
    )
    _hearing: dict[str, _Hearing] = field(
        default_factory=lambda: {name: _Hearing() for name in DECKS}
    )
    _master: str | None = None
    _bpm: float | None = None

    @property
    def desk(self) -> Desk:
        """All decks as they are now."""
        return Desk(tuple(self._decks.values()), self._master, self._bpm)

    def take(self, path: str, body: Mapping[str, Any], now: float) -> list[Signal]:
        """Take one message.

        Args:
            path: of the request, e.g. "/updateDeck/A".
            body: its JSON; empty texts and values of another type count as unknown.
            now: when it came.

        Raises:
            NmlError: no such message.
        """
        kind, _, target = path.strip("/").partition("/")
        if kind == "updateMasterClock" and not target:
            self._master = _text(body, "deck") if _text(body, "deck") in DECKS else None
            self._bpm = _number(body, "bpm")
            return []
        if kind in {"deckLoaded", "updateDeck"} and target in DECKS:
            return self._take_deck(target, body, now, loaded=kind == "deckLoaded")
        if kind == "updateChannel" and target in {"1", "2", "3", "4"}:
            deck = DECKS[int(target) - 1]
            on_air = _truth(body, "isOnAir")
            before = self._decks[deck]
            known = before.on_air if on_air is None else on_air
            return self._become(replace(before, on_air=known), now, seen=before.seen_at)
        raise NmlError(f"{path!r} is no message of a deck.")

    def finish(self, now: float) -> list[Signal]:
        """End: tell how long the plays were that still went on."""
        return [
            signal for deck in DECKS for signal in self._count(self._decks[deck], now, end=True)
        ]

    def _take_deck(
        self, deck: str, body: Mapping[str, Any], now: float, *, loaded: bool
    ) -> list[Signal]:
        before = self._decks[deck]
        track = _track(body) if loaded else before.track
        if track is not None and not (track.path or track.title):
            track = None
        playing, synced = _truth(body, "isPlaying"), _truth(body, "isSynced")
        locked = _truth(body, "isKeyLockOn")
        after = replace(
            before,
            track=track,
            elapsed_s=_first(_number(body, "elapsedTime"), None if loaded else before.elapsed_s),
            is_playing=before.is_playing if playing is None else playing,
            is_synced=before.is_synced if synced is None else synced,
            is_key_locked=before.is_key_locked if locked is None else locked,
            tempo=_first(_number(body, "tempo"), before.tempo),
            key=_text(body, "resultingKey") or ("" if loaded else before.key),
        )
        return self._become(after, now, seen=now)

    def _become(self, after: DeckState, now: float, *, seen: float | None) -> list[Signal]:
        before = self._decks[after.deck]
        same = _same_track(before.track, after.track)
        signals = self._count(before, now, end=not same or (before.is_heard and not after.is_heard))
        hearing = self._hearing[after.deck]
        if not same:
            hearing = self._hearing[after.deck] = _Hearing()
        if after.is_heard and hearing.started_at is None:
            hearing.started_at = now
        hearing.until = now
        self._decks[after.deck] = replace(after, seen_at=seen)
        if replace(after, elapsed_s=None, seen_at=None) != replace(
            before, elapsed_s=None, seen_at=None
        ):
            signals.append(Signal(changed=self._decks[after.deck]))
        return signals

    def _count(self, deck: DeckState, now: float, *, end: bool) -> list[Signal]:
        """Add the time since the last message to what was heard; tell of it where it is due."""
        hearing = self._hearing[deck.deck]
        if deck.is_heard and hearing.started_at is not None:
            hearing.heard_s += min(max(0.0, now - hearing.until), _GAP_S)
            hearing.until = now
        if deck.track is None or hearing.started_at is None or hearing.heard_s < COUNTED_S:
            return []
        due = hearing.told_s == 0.0 or hearing.heard_s - hearing.told_s >= _STEP_S
        if not due and not (end and hearing.heard_s > hearing.told_s):
            return []
        hearing.told_s = hearing.heard_s
        play = DeckPlay(
            DECKS.index(deck.deck), deck.track, hearing.started_at, round(hearing.heard_s, 3)
        )
        return [Signal(play=play)]


def _same_track(ours: DeckTrack | None, theirs: DeckTrack | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.path or theirs.path:
        return ours.path == theirs.path
    return (ours.artist, ours.title) == (theirs.artist, theirs.title)


def _track(body: Mapping[str, Any]) -> DeckTrack:
    return DeckTrack(
        path=_text(body, "filePath"),
        title=_text(body, "title"),
        artist=_text(body, "artist"),
        album=_text(body, "album"),
        genre=_text(body, "genre"),
        label=_text(body, "label"),
        comment=_text(body, "comment"),
        comment2=_text(body, "comment2"),
        mix=_text(body, "mix"),
        remixer=_text(body, "remixer"),
        key=_text(body, "keyText") or _text(body, "key"),
        bpm=_number(body, "bpm"),
        length_s=_number(body, "trackLength"),
    )


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:_LONGEST_TEXT]


def _number(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _truth(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    return known.get(str(value).lower()) if isinstance(value, str | int) else None
