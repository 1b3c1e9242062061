"""What was found of the signal of one file, as frozen values that survive a JSON text.

Times are seconds from the first sample. What cannot be told is None.
"""

from __future__ import annotations

from dataclasses import dataclass

SIGNAL_VERSION = 2
"""Of the checks; grows when any of them may give another answer for the same audio."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the file is.

    Attributes:
        codec: as ffmpeg calls it, e.g. "flac".
        rate: Hz.
        depth: bits of a sample, 0 where the codec has none.
        kbps: of the audio, kbit/s; 0 when unknown.
    """

    codec: str
    rate: int
    channels: int
    depth: int
    kbps: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Passage:
    """Where something is."""

    at_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether the file is whole.

    Attributes:
        unreadable: why no decoder makes sound of it; "" when one does.
        errors: how often the decoder complained.
        messages: the first complaints.
        missing_s: what it lacks of the length that it says.
        checksum: of FLAC: "right", "wrong" or "absent"; "" for other formats.
        junk_bytes: between the frames of an MP3.
        notes: what is odd, but no damage.
    """

    unreadable: str = ""
    errors: int = 0
    messages: tuple[str, ...] = ()
    missing_s: float = 0.0
    checksum: str = ""
    junk_bytes: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frames:
    """Where the frames of a codec seem to begin, passage by passage.

    Attributes:
        codec: whose frames they are.
        spacing: samples from one to the next.
        offset: where they begin in the file, modulo the spacing.
        own: the same by each passage alone: by chance, all of them differ.
        depth: standard deviations by which the offset lies below all others.
        rate: Hz at which they were found.
    """

    codec: str
    spacing: int
    offset: int
    own: tuple[int, ...]
    depth: float
    rate: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Whether the sound went through a lossy codec.

    Attributes:
        verdict: a value of `audio.ancestry.inspection.Verdict`.
        codec: which; None when none was found.
        low: lowest likely bitrate of the ancestor, kbit/s; None when unknown.
        high: highest likely one.
        is_own: the file itself is in that codec.
        evidence: what speaks for the verdict, one line each.
        edge_hz: where the treble ends; None when it does not.
        drop_db: how much less there is above.
        doubt: what does not fit what the file says of itself, in words; "" when all does.
        frames: the best that were found, also where they prove nothing; None where none were looked
            for.
    """

    verdict: str
    codec: str | None
    low: int | None
    high: int | None
    is_own: bool
    evidence: tuple[str, ...]
    edge_hz: float | None = None
    drop_db: float | None = None
    doubt: str = ""
    frames: Frames | None = None


@dataclass(frozen=True, slots=True)
class Clipping:
    """Tops that were cut off.

    Attributes:
        runs: of samples that stand at the file's own highest value.
        per_minute: of them.
        level_dbfs: of that value.
    """

    runs: int
    per_minute: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class Levels:
    """What the channels are beside each other.

    Attributes:
        dc: mean of each channel, as a share of full scale.
        dead: number of the silent one of two channels, counted from 1; None when both sound.
        inverted_share: of the seconds with sound, those in which two channels cancel each other.
        likeness: "equal" or "alike" for two channels that hold one sound, "" otherwise.
    """

    dc: tuple[float, ...]
    dead: int | None
    inverted_share: float
    likeness: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Where nothing sounds.

    Attributes:
        lead_s: before the first sound.
        tail_s: after the last.
        pauses: of some seconds in between.
        is_whole: nothing sounds at all.
    """

    lead_s: float
    tail_s: float
    pauses: tuple[Passage, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Dropouts:
    """Samples that are missing inside the music.

    Attributes:
        count: how many holes there are.
        first: the first of them.
    """

    count: int
    first: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Single disturbed samples.

    Attributes:
        count: how many.
        per_minute: of them.
        first_s: when the first ones are.
    """

    count: int
    per_minute: float
    first_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """How much sounds where, on average.

    Attributes:
        top_hz: where the last band ends; the first begins at 0, and all are equally wide.
        levels: of each band in dB, 0 being what a sine of full scale has in its line.
    """

    top_hz: float
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whether the file holds what its numbers promise.

    Attributes:
        depth: bits that are used; None where the codec has none.
        upsampled_from: rate that its spectrum ends like, Hz; None when it does not.
    """

    depth: int | None
    upsampled_from: int | None


@dataclass(frozen=True, slots=True)
class Signal:
    """All that was found of one file in one pass.

    Attributes:
        version: `SIGNAL_VERSION` of the checks.
        source: None when nothing can be decoded.
        true_peak_dbtp: highest peak between samples; None for silence.
    """

    version: int
    source: Source | None
    integrity: Integrity
    trace: Trace | None = None
    true_peak_dbtp: float | None = None
    clipping: Clipping | None = None
    levels: Levels | None = None
    silence: Silence | None = None
    dropouts: Dropouts | None = None
    clicks: Clicks | None = None
    resolution: Resolution | None = None
    spectrum: Spectrum | None = None
