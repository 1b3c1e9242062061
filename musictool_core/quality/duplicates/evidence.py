"""What is known of two files that may be the same; plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.matching import Song, Verdict, compare, parse_title
from musictool_core.matching.vocabulary import REMASTER

if TYPE_CHECKING:
    from collections.abc import Mapping


class Titles(Enum):
    """What artist, title and length of two files say."""

    UNKNOWN = "unknown"
    """One of them has no title."""
    SAME = "same"
    OTHER_MASTER = "other master"
    """The same, but one of them says that it was remastered."""
    OTHER_VERSION = "other version"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Sounds:
    """How two sounds compare; see `audio.alignment` and `audio.nulltest` for each value.

    Attributes:
        aligned: whether any lag was found; the rest says nothing otherwise.
        same_samples: both decode to the same samples, bit for bit.
    """

    aligned: bool = False
    lag_s: float = 0.0
    speed: float = 1.0
    agreeing: float = 0.0
    missing: float = 1.0
    added: float = 1.0
    worst_missing: float = 1.0
    worst_added: float = 1.0
    worst_at_s: float = 0.0
    lean_db: float = 0.0
    band_lean_db: float = 0.0
    level_db: float = 0.0
    tone_db: float = 0.0
    motion_db: float = 0.0
    width_db: float = 0.0
    overlap_s: float = 0.0
    left_only_s: float = 0.0
    right_only_s: float = 0.0
    same_samples: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of two files.

    Attributes:
        same_file: every byte is equal.
        same_payload: the audio within is equal to the byte; tags differ or may differ.
        ber: share of differing bits of the fingerprints at their best offset; None when they were
            not compared.
        offset_s: where the beginning of the left one lies in the right one, by the fingerprints.
        sounds: None when the sounds were not compared.
        why_not: why they were not, in words.
        titles: what their names say.
        said: in sentences.
    """

    same_file: bool = False
    same_payload: bool = False
    ber: float | None = None
    offset_s: float = 0.0
    sounds: Sounds | None = None
    why_not: str = ""
    titles: Titles = Titles.UNKNOWN
    said: tuple[str, ...] = ()


def compare_titles(left: Song, right: Song) -> tuple[Titles, tuple[str, ...]]:
    """What the names of two files say, and why."""
    if not left.title or not right.title:
        return Titles.UNKNOWN, ()
    found = compare(left, right)
    titles = {
        Verdict.SAME: Titles.SAME,
        Verdict.OTHER_VERSION: Titles.OTHER_VERSION,
        Verdict.DIFFERENT: Titles.DIFFERENT,
    }
    if found.verdict is Verdict.SAME and _is_remaster(left) != _is_remaster(right):
        return Titles.OTHER_MASTER, found.evidence
    return titles[found.verdict], found.evidence


def _is_remaster(song: Song) -> bool:
    noise = " ".join(parse_title(song.title, song.artist).noise)
    return not REMASTER.isdisjoint(noise.casefold().replace("-", "").split())


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as JSON has it; what is not known is null."""
    sounds = evidence.sounds
    return {
        "same_file": evidence.same_file,
        "same_payload": evidence.same_payload,
        "ber": None if evidence.ber is None else round(evidence.ber, 4),
        "titles": evidence.titles.value,
        "sounds": None if sounds is None else _rounded(sounds),
    }


def _rounded(sounds: Sounds) -> Mapping[str, Any]:
    if not sounds.aligned:
        return {"aligned": False}
    return {
        "aligned": True,
        "same_samples": sounds.same_samples,
        "lag_s": round(sounds.lag_s, 6),
        "speed": round(sounds.speed, 6),
        **{
            name: round(float(getattr(sounds, name)), 3)
            for name in (
                *("agreeing", "missing", "added", "worst_missing", "worst_added", "worst_at_s"),
                *("lean_db", "band_lean_db", "level_db", "tone_db", "motion_db", "width_db"),
                *("overlap_s", "left_only_s", "right_only_s"),
            )
        },
    }
