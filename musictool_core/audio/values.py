"""What was measured of one file, as frozen values that survive a JSON text.

Times are seconds from the first sample that a decoder gives. What cannot be told is None: "unknown"
is an answer, a made-up number is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musictool_core.music.keys import Key

VERSION = 6
"""Of the measures; grows when any of them may give another answer for the same audio."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that holds from a time on, where that is not the key of the whole."""

    at_s: float
    key: Key


@dataclass(frozen=True, slots=True)
class KeyEstimate:
    """The key of a file.

    Attributes:
        confidence: share of such answers that are right, 0 to 1.
        alternative: second choice.
        tuning_cents: how much sharper than A4 = 440 Hz it is, -50 to 50.
        changes: where another key begins; empty when it stays.
    """

    key: Key
    confidence: float
    alternative: Key | None
    tuning_cents: float
    changes: tuple[KeyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Tempo:
    """The tempo of a file.

    Attributes:
        bpm: beats per minute, exact.
        confidence: share of such answers that are right, 0 to 1.
        alternative: second choice, beats per minute.
        is_stable: one tempo fits the whole file.
    """

    bpm: float
    confidence: float
    alternative: float | None
    is_stable: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the beats are, for a file whose tempo is stable.

    Attributes:
        offset_s: of the first beat.
        downbeat: how many beats after it the first bar begins, 0 to 3; None when that is unclear.
    """

    offset_s: float
    downbeat: int | None


@dataclass(frozen=True, slots=True)
class Energy:
    """How driving a file is, 1 (calm) to 10; not how loud.

    Attributes:
        level: of the whole.
        curve: of equal parts of it, in order.
        step_s: length of a part.
    """

    level: float
    curve: tuple[float, ...]
    step_s: float


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the arrangement.

    Attributes:
        bars: its length; None without a steady grid.
        label: "intro", "main", "break", "build" or "outro".
        energy: as `Energy.level`.
    """

    start_s: float
    end_s: float
    bars: int | None
    label: str
    energy: float


@dataclass(frozen=True, slots=True)
class Structure:
    """The arrangement, and where to mix.

    Attributes:
        confidence: 0 to 1.
    """

    sections: tuple[Section, ...]
    intro_end_s: float | None
    outro_start_s: float | None
    mix_in_s: float | None
    mix_out_s: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Loudness:
    """Loudness by EBU R 128.

    Attributes:
        integrated_lufs: of the whole.
        range_lu: loudness range.
        true_peak_dbtp: highest peak between samples.
    """

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that was measured of one file in one pass.

    Attributes:
        version: `VERSION` of the measures.
        engine: "essentia" or "numpy": what measured.
        danceability: 0 to about 3.
        notes: one line each on what was odd, e.g. that the file is shorter than it says.
    """

    version: int
    engine: str
    duration_s: float
    sample_rate: int
    channels: int
    key: KeyEstimate | None
    tempo: Tempo | None
    grid: Grid | None
    energy: Energy | None
    structure: Structure | None
    loudness: Loudness | None
    danceability: float | None
    notes: tuple[str, ...] = ()
