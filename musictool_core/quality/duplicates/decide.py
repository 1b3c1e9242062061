"""From evidence to what two files are to each other. Pure.

A wrong merge is far worse than a missed one: whatever is not certain is `review`, and versions are
never merged. A fingerprint alone decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.quality.duplicates.evidence import Titles

if TYPE_CHECKING:
    from musictool_core.quality.duplicates.evidence import Evidence, Sounds


class Class(Enum):
    """What two files are to each other."""

    IDENTICAL_FILE = "identical_file"
    IDENTICAL_AUDIO = "identical_audio"
    """The same audio with other tags, or in another lossless container."""
    SAME_RECORDING = "same_recording"
    OTHER_MASTER = "same_recording_other_master"
    """The same recording with another tone, loudness or speed of the machine it was played on."""
    VERSION = "version"
    REVIEW = "review"
    DIFFERENT = "different"
    """Nothing to list."""


MERGED = (Class.IDENTICAL_FILE, Class.IDENTICAL_AUDIO, Class.SAME_RECORDING)
"""Classes whose files may become one; the surest first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A class with its reasons.

    Attributes:
        score: how much of what stands out in either is in both, 0 to 1.
    """

    found: Class
    score: float
    reasons: tuple[str, ...]


SAME_BER = 0.20
"""Beyond it a fingerprint speaks against the null test, and a person has to look."""

SAME_LOST, OTHER_LOST = 0.065, 0.12
"""Share of what stands out that copies may lack, and from which on it is another version."""

SAME_LEAN_DB, OTHER_LEAN_DB = 0.2, 0.5
"""How far changes of what stands out may lean to one side, over all."""

SAME_BAND_LEAN_DB, OTHER_BAND_LEAN_DB = 1.2, 2.6
"""The same in the band where that is most."""

UNLIKE_LOST, UNLIKE_BER = 0.2, 0.26
"""Share of what stands out that is in one only, on both sides, and bits that differ, beyond which
two pieces have nothing to do with each other."""

SAME_WORST, OTHER_WORST = 0.16, 0.40
"""The same in the worst second."""

SAME_AGREEING, OTHER_AGREEING = 0.90, 0.70
"""Share of the passages that have to lie on one line, and below which it is a cut."""

SAME_ONLY_S, OTHER_ONLY_S = 3.0, 3.6
"""Sound that only one of both has before or after: of a trim, and of a cut."""

SAME_SPEED, NEAR_SPEED = 3e-4, 0.010
"""Of two digital copies, and of a record played once more."""

SAME_TONE_DB, SAME_MOTION_DB, SAME_WIDTH_DB = 1.6, 0.5, 6.0
"""Of one master; codecs of 64 kbit/s stay below."""

MOST_TONE_DB, MOST_MOTION_DB = 10.0, 3.0
"""Of any master; beyond, a part may be missing that fills a band or a moment alone."""


def decide(evidence: Evidence) -> Decision:
    """What two files are to each other, and why."""
    if evidence.same_file:
        return Decision(Class.IDENTICAL_FILE, 1.0, ("every byte is equal",))
    sounds = evidence.sounds
    if evidence.same_payload or (sounds is not None and sounds.same_samples):
        return _identical(evidence)
    if sounds is None:
        why = evidence.why_not or "only the fingerprints were compared"
        return Decision(Class.REVIEW, _bits_equal(evidence), (why,))
    return _by_sound(evidence, sounds)


def _identical(evidence: Evidence) -> Decision:
    reason = (
        "the audio is equal to the byte"
        if evidence.same_payload
        else "both decode to the same samples"
    )
    if evidence.titles is Titles.OTHER_VERSION:
        conflict = "but their titles name different versions: one of them is wrong"
        return Decision(Class.REVIEW, 1.0, (reason, conflict, *evidence.said))
    told = ("their titles differ",) if evidence.titles is Titles.DIFFERENT else ()
    return Decision(Class.IDENTICAL_AUDIO, 1.0, (reason, *told))


def _by_sound(evidence: Evidence, sounds: Sounds) -> Decision:
    score = round(max(0.0, 1 - max(sounds.missing, sounds.added)), 4)
    if other := _against(sounds):
        found = Class.DIFFERENT if _is_chance(evidence, sounds) else Class.VERSION
        return Decision(found, score, other)
    if doubts := (*_doubts(sounds), *_contradictions(evidence)):
        return Decision(Class.REVIEW, score, doubts)
    alike = (
        f"{100 * max(sounds.missing, sounds.added):.1f} % of what stands out is in one only",
        f"{sounds.overlap_s:.1f} s lie on one another",
    )
    treated = _treatment(sounds)
    if evidence.titles is Titles.OTHER_MASTER:
        treated = (*treated, "one title says that it was remastered")
    if treated:
        return Decision(Class.OTHER_MASTER, score, (*treated, *alike))
    return Decision(Class.SAME_RECORDING, score, alike)


def _against(sounds: Sounds) -> tuple[str, ...]:
    """What makes them two versions."""
    if not sounds.aligned:
        return ("the sounds cannot be laid on one another",)
    found = []
    if sounds.agreeing < OTHER_AGREEING:
        found.append(f"only {100 * sounds.agreeing:.0f} % of the passages lie at one lag: a cut")
    if abs(sounds.speed - 1) > NEAR_SPEED:
        found.append(f"one plays {100 * abs(sounds.speed - 1):.1f} % faster")
    leans = abs(sounds.lean_db) >= OTHER_LEAN_DB or sounds.band_lean_db >= OTHER_BAND_LEAN_DB
    if max(sounds.missing, sounds.added) >= OTHER_LOST or leans:
        found.append(_part(sounds.missing, sounds.added))
    elif max(sounds.worst_missing, sounds.worst_added) >= OTHER_WORST:
        found.append(f"they differ around {_clock(sounds.worst_at_s)}")
    if max(sounds.left_only_s, sounds.right_only_s) > OTHER_ONLY_S:
        longer = max(sounds.left_only_s, sounds.right_only_s)
        found.append(f"one has {longer:.1f} s of sound more at its ends")
    return tuple(found)


def _part(missing: float, added: float) -> str:
    if min(missing, added) > 0.6 * max(missing, added):
        return f"{100 * max(missing, added):.0f} % of what stands out is in one only, on both sides"
    return f"a part is missing in one: {100 * max(missing, added):.0f} % of what stands out"


def _is_chance(evidence: Evidence, sounds: Sounds) -> bool:
    """Whether nothing but a likeness of fingerprints brought two pieces together."""
    if evidence.titles not in {Titles.UNKNOWN, Titles.DIFFERENT}:
        return False
    is_unlike = min(sounds.missing, sounds.added) > UNLIKE_LOST
    is_loose = sounds.agreeing < 0.5 or (evidence.ber or 0) > UNLIKE_BER
    return not sounds.aligned or (is_unlike and is_loose)


def _doubts(sounds: Sounds) -> tuple[str, ...]:
    """What leaves open whether they are the same."""
    found = []
    if sounds.agreeing < SAME_AGREEING:
        found.append(f"{100 * (1 - sounds.agreeing):.0f} % of the passages lie elsewhere")
    if max(sounds.missing, sounds.added) > SAME_LOST:
        lost = 100 * max(sounds.missing, sounds.added)
        found.append(f"{lost:.1f} % of what stands out is in one only")
    if abs(sounds.lean_db) > SAME_LEAN_DB or sounds.band_lean_db > SAME_BAND_LEAN_DB:
        found.append("what stands out is lower on one side: a quiet part may be missing")
    if max(sounds.worst_missing, sounds.worst_added) > SAME_WORST:
        found.append(f"they may differ around {_clock(sounds.worst_at_s)}")
    if max(sounds.left_only_s, sounds.right_only_s) > SAME_ONLY_S:
        found.append("one has some seconds of sound more at its ends")
    if sounds.tone_db > MOST_TONE_DB:
        found.append(f"bands differ by up to {sounds.tone_db:.0f} dB: more than a master does")
    if sounds.motion_db > MOST_MOTION_DB:
        found.append(f"the level moves by {sounds.motion_db:.1f} dB: more than a master does")
    return tuple(found)


def _contradictions(evidence: Evidence) -> tuple[str, ...]:
    """What speaks against what is heard."""
    found: list[str] = []
    is_other_speed = evidence.sounds is not None and abs(evidence.sounds.speed - 1) > SAME_SPEED
    if evidence.ber is not None and evidence.ber > SAME_BER and not is_other_speed:
        found.append(f"their fingerprints differ in {100 * evidence.ber:.0f} % of the bits")
    if evidence.titles in {Titles.OTHER_VERSION, Titles.DIFFERENT}:
        found += ["they sound the same, but their titles say otherwise", *evidence.said]
    return tuple(found)


def _treatment(sounds: Sounds) -> tuple[str, ...]:
    """What was done to the whole of one."""
    found = []
    if abs(sounds.speed - 1) > SAME_SPEED:
        found.append(f"one plays {100 * abs(sounds.speed - 1):.2f} % faster")
    if sounds.tone_db > SAME_TONE_DB:
        found.append(f"another tone: bands differ by up to {sounds.tone_db:.1f} dB")
    if sounds.motion_db > SAME_MOTION_DB:
        found.append(f"other dynamics: the level moves by {sounds.motion_db:.1f} dB")
    if sounds.width_db > SAME_WIDTH_DB:
        found.append(f"another stereo width: {sounds.width_db:.0f} dB")
    return tuple(found)


def _bits_equal(evidence: Evidence) -> float:
    return 0.0 if evidence.ber is None else round(max(0.0, 1 - 2 * evidence.ber), 4)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
