"""What others say of tempo and key, beside what was measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.audio.values import Tempo
    from musictool_core.music.keys import Key

_CONFIRMS_BPM = 0.03
"""So near to ours, in some octave, no tempo of another source is by chance."""

_CONFIRMED = 0.98

_WHOLE = 1.0
"""A whole number may be rounded or cut off."""
_DECIMAL = 0.1

_OCTAVES = {1.0: "", 2.0: "double", 0.5: "half", 4.0: "four times", 0.25: "a quarter"}
_RATIOS = {2 / 3: "2:3", 3 / 2: "3:2", 3 / 4: "3:4", 4 / 3: "4:3", 3.0: "three times", 1 / 3: "1:3"}


class Relation(Enum):
    """How another value relates to the measured one."""

    EQUAL = "equal"
    OCTAVE = "octave"
    """The same tempo, counted twice or half as fast."""
    HARMONIC = "harmonic"
    """A mistake that is near: a neighbour on the wheel, or a tempo at 2:3."""
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Another value beside ours.

    Attributes:
        detail: how they relate, in a word; "" when they are equal or have nothing in common.
        confirms: it says for certain which octave is right.
    """

    relation: Relation
    detail: str = ""
    confirms: bool = False


def compare_tempos(measured: float, other: float) -> Comparison:
    """Compare the tempo of another source with ours, beats per minute."""
    allowed = _WHOLE if other == int(other) else _DECIMAL
    for ratio, word in _OCTAVES.items():
        apart = abs(other - measured * ratio)
        if apart <= allowed:
            relation = Relation.OCTAVE if word else Relation.EQUAL
            return Comparison(relation, word, apart <= _CONFIRMS_BPM)
    for ratio, word in _RATIOS.items():
        if abs(other - measured * ratio) <= allowed:
            return Comparison(Relation.HARMONIC, word)
    return Comparison(Relation.CONTRADICTION)


def compare_keys(measured: Key, other: Key) -> Comparison:
    """Compare the key of another source with ours."""
    if measured == other:
        return Comparison(Relation.EQUAL)
    word = relation_of(measured, other)
    if word:
        return Comparison(Relation.HARMONIC, word)
    if other.short.removesuffix("m") == measured.short.removesuffix("m"):
        return Comparison(Relation.HARMONIC, "parallel")
    return Comparison(Relation.CONTRADICTION)


def relation_of(one: Key, other: Key) -> str:
    """How near a key is on the wheel: a word, or "" when they do not go together."""
    if one.hour == other.hour:
        return "relative" if one.minor != other.minor else "same key"
    if one.minor != other.minor:
        return ""
    return {1: "fifth up", 11: "fifth down"}.get((other.hour - one.hour) % 12, "")


def confirmed_tempo(tempo: Tempo, others: Iterable[float]) -> Tempo:
    """A tempo in the octave that another source confirms; itself when none does."""
    for other in others:
        compared = compare_tempos(tempo.bpm, other)
        if not compared.confirms:
            continue
        ratio = next(r for r, word in _OCTAVES.items() if word == compared.detail)
        sure = max(tempo.confidence, _CONFIRMED)
        if ratio == 1:
            return replace(tempo, confidence=sure)
        return replace(tempo, bpm=tempo.bpm * ratio, alternative=tempo.bpm, confidence=sure)
    return tempo
