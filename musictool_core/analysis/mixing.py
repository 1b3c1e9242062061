"""Which tracks mix with one: near in tempo, and in key at the tempo they would be played. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.analysis.comparing import relation_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.music.keys import Key

_SHARES = {"same key": 1.0, "relative": 0.9, "fifth up": 0.9, "fifth down": 0.9}
_BOOSTS = {2: ("energy boost, two half tones up", 0.6), 7: ("energy boost, a half tone up", 0.5)}
"""By hours up the wheel."""

_FACTORS = ((1.0, ""), (2.0, "at double time"), (0.5, "at half time"))
_IN_TUNE_CENTS = 35
"""A key that is further from any half tone sounds out of tune beside another."""

_OF_KEY, _OF_TEMPO, _OF_ENERGY = 0.55, 0.35, 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """What of a track matters.

    Attributes:
        bpm: beats per minute.
        key: None when unknown.
        energy: 1 to 10, None when unknown.
    """

    item_id: int
    bpm: float
    key: Key | None
    energy: float | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track that mixes.

    Attributes:
        tempo_change: how much faster it is to be played, in percent.
        key: that sounds then.
        relation: of that key to the one of the track.
        score: 0 to 1.
        reasons: sentences.
    """

    item_id: int
    tempo_change: float
    key: Key
    relation: str
    score: float
    reasons: tuple[str, ...]


def find_neighbours(
    track: Side, others: Iterable[Side], *, pitch_percent: float = 6.0, varispeed: bool = False
) -> list[Neighbour]:
    """Tracks that mix with one, the best first.

    Args:
        track: what plays; its key must be known.
        others: what may come next.
        pitch_percent: how much faster or slower they may be played.
        varispeed: the key moves with the tempo, as on a turntable without key lock.
    """
    found = (
        _judge(track, other, pitch_percent=pitch_percent, varispeed=varispeed)
        for other in others
        if other.item_id != track.item_id
    )
    return sorted((n for n in found if n is not None), key=lambda n: (-n.score, n.item_id))


def key_at(key: Key, tempo_change: float) -> tuple[Key, float]:
    """The key that sounds when a track is played faster by so many percent, and the cents beside.

    6 % is about a half tone.
    """
    shift = 12 * math.log2(1 + tempo_change / 100)
    return key.shifted(round(shift)), 100 * (shift - round(shift))


def goes_with(one: Key | None, other: Key) -> bool:
    """Whether a key can come after another at all, keys locked."""
    return one is not None and bool(_relation(one, other)[1])


def _judge(track: Side, other: Side, *, pitch_percent: float, varispeed: bool) -> Neighbour | None:
    if track.key is None or other.key is None or not track.bpm or not other.bpm:
        return None
    factor, word = min(_FACTORS, key=lambda each: abs(math.log(track.bpm / (other.bpm * each[0]))))
    change = 100 * (track.bpm / (other.bpm * factor) - 1)
    key, cents = key_at(other.key, change) if varispeed else (other.key, 0.0)
    relation, share = _relation(track.key, key)
    # Rounding must not keep out what is just at the end of the fader.
    if abs(change) > pitch_percent + 1e-9 or not share or abs(cents) > _IN_TUNE_CENTS:
        return None
    reasons = [f"{relation} ({track.key.camelot} to {key.camelot})", _tempo_said(change, word)]
    if varispeed and key != other.key:
        reasons.append(f"{other.key.camelot} sounds as {key.camelot} at this tempo")
    nearness = 1 - abs(change) / pitch_percent if pitch_percent else 1.0
    score = _OF_KEY * share + _OF_TEMPO * nearness
    if track.energy is not None and other.energy is not None:
        step = other.energy - track.energy
        score += _OF_ENERGY * max(0.0, 1 - abs(step) / 4)
        reasons.append(f"energy {step:+.1f}" if abs(step) >= 0.05 else "same energy")
    return Neighbour(other.item_id, change, key, relation, score, tuple(reasons))


def _relation(one: Key, other: Key) -> tuple[str, float]:
    word = relation_of(one, other)
    if word:
        return word, _SHARES[word]
    if one.minor == other.minor:
        return _BOOSTS.get((other.hour - one.hour) % 12, ("", 0.0))
    return "", 0.0


def _tempo_said(change: float, word: str) -> str:
    said = "same tempo" if abs(change) < 0.005 else f"{change:+.2f} % tempo"
    return f"{said} {word}".rstrip()
