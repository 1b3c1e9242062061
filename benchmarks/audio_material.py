"""Music made of nothing but a seed: what the small models of the audio measures are trained on.

Known key, tuning and tempo; many kinds of harmony, arrangement, drum pattern and sound, all
synthesised here (no soundfont, no corpus, no sample). Nothing of it is in the accuracy benchmark,
whose clips come from other generators, other sounds and other people's pieces.

Units: seconds, Hz, MIDI numbers; samples are floats from -1 to 1 at `RATE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.decode import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
_SCALES = {
    "major": (MAJOR, 0.30),
    "mixolydian": ((0, 2, 4, 5, 7, 9, 10), 0.08),
    "lydian": ((0, 2, 4, 6, 7, 9, 11), 0.02),
    "minor": (MINOR, 0.30),
    "harmonic": ((0, 2, 3, 5, 7, 8, 11), 0.12),
    "dorian": ((0, 2, 3, 5, 7, 9, 10), 0.09),
    "phrygian": ((0, 1, 3, 5, 7, 8, 10), 0.09),
}
_MINOR_SCALES = {"minor", "harmonic", "dorian", "phrygian"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip and the truth about it.

    Attributes:
        samples: one channel.
        tonic: half tones above C; None without a key.
        bpm: None without a beat.
        beats_s: time of the first beat.
    """

    samples: Floats
    tonic: int | None
    is_minor: bool
    bpm: float | None
    kind: str
    first_beat_s: float = 0.0


def piece(seed: int) -> Piece:
    """The clip of this seed."""
    return song(seed).piece()


def song(seed: int) -> Song:
    """The piece of this seed, not yet rendered."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(
        ["loop", "functional", "vamp", "melody", "free", "drums"],
        p=[0.41, 0.23, 0.10, 0.12, 0.05, 0.09],
    )
    return Song(rng, str(kind))


def in_mode(name: str) -> tuple[str, tuple[int, ...]]:
    """A mode and its scale, in half tones above the tonic."""
    return name, _SCALES[name][0]


def drums_alone(rng: np.random.Generator) -> Piece:
    """Drums and nothing else."""
    return Song(rng, "drums").piece()


# ------------------------------------------------------------------ sound


def _adsr(count: int, attack: float, decay: float, sustain: float, release: float) -> Floats:
    time = np.arange(count, dtype=np.float32) / RATE
    level = np.minimum(1, time / max(attack, 1e-4))
    level *= sustain + (1 - sustain) * np.exp(-np.maximum(0, time - attack) / decay)
    left = (count - np.arange(count, dtype=np.float32)) / RATE
    return (level * np.minimum(1, left / max(release, 1e-4))).astype(np.float32)


class Voice:
    """An instrument: what one of its notes sounds like."""

    def __init__(self, rng: np.random.Generator, role: str) -> None:
        self._rng = rng
        self._cents = 0.0
        kind = rng.choice(
            ["saw", "square", "soft", "organ", "bell", "pluck", "noisy", "fm", "string"]
        )
        slope = {"saw": 1.0, "square": 1.0, "soft": 2.2, "organ": 0.6, "noisy": 1.2}
        partials = np.arange(1, 41)
        amplitude = partials ** -float(slope.get(str(kind), 1.5) * rng.uniform(0.8, 1.5))
        if kind == "square":
            amplitude[1::2] *= rng.uniform(0, 0.3)
        if kind == "organ":
            amplitude *= rng.random(40) * np.isin(partials, [1, 2, 3, 4, 6, 8, 10, 12, 16])
            amplitude[0] = max(amplitude[0], 0.5)
        amplitude *= rng.uniform(0.4, 1.6, 40)
        # A body or a filter: some partials are lifted, high ones cut.
        amplitude *= 1 / (1 + (partials / rng.uniform(3, 40)) ** 4)
        self._amplitude = amplitude
        self._phase = rng.uniform(0, 2 * np.pi, 40)
        self._is_bell = kind == "bell"
        self._fm = (rng.choice([0.5, 1, 1, 2, 3]), rng.uniform(0.5, 5)) if kind == "fm" else None
        # Partials of a stiff string lie too high.
        self._stiffness = 10 ** rng.uniform(-4.5, -3.2) if kind == "string" else 0.0
        self._ratios = np.array([1, rng.uniform(2, 4.2), rng.uniform(4.5, 9.5), 12.3])
        self._detune = rng.choice([0, 0, 4, 9, 16]) if role != "bass" else 0
        short = kind in {"pluck", "bell", "string"} or (
            role in {"arp", "bass"} and rng.random() < 0.6
        )
        self._shape = (
            (0.003, rng.uniform(0.08, 0.5), rng.uniform(0, 0.2), 0.03)
            if short
            else (rng.uniform(0.004, 0.12), 1.0, rng.uniform(0.5, 1), rng.uniform(0.03, 0.15))
        )
        self._vibrato = rng.uniform(5, 30) if role == "lead" and rng.random() < 0.3 else 0.0
        self._breath = rng.uniform(0.01, 0.06) if kind == "noisy" else 0.0
        self._made: dict[tuple[float, int], Floats] = {}

    def note(self, midi: float, count: int) -> Floats:
        """So many samples of a note."""
        if (midi, count) not in self._made:
            self._made[midi, count] = self._make(midi, count)
        return self._made[midi, count]

    def _make(self, midi: float, count: int) -> Floats:
        hertz = 440 * 2 ** ((midi - 69) / 12)
        envelope = _adsr(count, *self._shape)
        if self._is_bell:
            time = np.arange(count) / RATE
            sound = np.zeros(count)
            for rank, ratio in enumerate(self._ratios):
                if hertz * ratio < RATE / 2.2:
                    fade = np.exp(-time * (1 + 2.5 * rank))
                    sound += 0.5**rank * fade * np.sin(2 * np.pi * hertz * ratio * time)
            return (sound * envelope).astype(np.float32)
        if self._fm:
            return (self._modulated(hertz, count) * envelope).astype(np.float32)
        if self._stiffness:
            return (self._stiff(hertz, count) * envelope).astype(np.float32)
        return (self._waves(hertz, count) * envelope).astype(np.float32)

    def _modulated(self, hertz: float, count: int) -> NDArray[np.float64]:
        ratio, depth = self._fm or (1.0, 0.0)
        time = np.arange(count) / RATE
        index = depth * np.exp(-3 * time)
        turn = 2 * np.pi * hertz * time
        return np.asarray(np.sin(turn + index * np.sin(ratio * turn)), np.float64)

    def _stiff(self, hertz: float, count: int) -> NDArray[np.float64]:
        time = np.arange(count) / RATE
        sound = np.zeros(count)
        for partial in range(1, 16):
            place = hertz * partial * np.sqrt(1 + self._stiffness * partial**2)
            if place < RATE / 2.2:
                fade = np.exp(-time * (0.4 + 0.35 * partial))
                sound += self._amplitude[partial - 1] * fade * np.sin(2 * np.pi * place * time)
        return sound

    def _waves(self, hertz: float, count: int) -> NDArray[np.float64]:
        top = min(40, int(RATE / 2.2 / hertz))
        spectrum = np.zeros(1025, complex)
        spectrum[1 : top + 1] = self._amplitude[:top] * np.exp(1j * self._phase[:top])
        table = np.fft.irfft(spectrum, 2048)
        table /= np.sqrt(np.mean(table**2)) + 1e-9
        copies = (-self._detune, 0, self._detune) if self._detune else (0,)
        sound = np.zeros(count)
        for cents in copies:
            steps = np.full(count, hertz * 2 ** (cents / 1200) * 2048 / RATE)
            if self._vibrato:
                time = np.arange(count) / RATE
                steps *= 2 ** (self._vibrato / 1200 * np.sin(2 * np.pi * 5.5 * time))
            phase = np.cumsum(steps) + self._rng.uniform(0, 2048)
            sound += table[phase.astype(np.int64) % 2048]
        if self._breath:
            sound += self._breath * 10 * self._rng.standard_normal(count)
        return sound / len(copies)


class Kit:
    """Drums."""

    def __init__(self, rng: np.random.Generator, tonic: int) -> None:
        self._rng = rng
        self.sounds = {
            "kick": self._kick(tonic),
            "snare": self._snare(),
            "clap": self._noise_hit(rng.uniform(0.08, 0.2), 900, 6000),
            "hat": self._noise_hit(rng.uniform(0.02, 0.06), 6000, 16000),
            "open": self._noise_hit(rng.uniform(0.12, 0.35), 5000, 16000),
            "ride": self._ride(),
            "tom": self._struck(70, 190, rng.uniform(6, 16)),
            "conga": self._struck(160, 480, rng.uniform(8, 25)),
            "bell": self._struck(450, 1100, rng.uniform(8, 30)),
            "block": self._struck(700, 2200, rng.uniform(25, 70)),
        }

    def _kick(self, tonic: int) -> Floats:
        rng = self._rng
        count = int(rng.uniform(0.15, 0.45) * RATE)
        time = np.arange(count) / RATE
        base = rng.uniform(42, 62)
        if rng.random() < 0.25:  # tuned, as in trap and house
            base = 440 * 2 ** ((24 + 12 * (tonic < 6) + tonic - 69) / 12)
        hertz = base + rng.uniform(80, 260) * np.exp(-time * rng.uniform(25, 60))
        sound = np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-time * rng.uniform(7, 18))
        sound[:200] += rng.uniform(0, 0.4) * rng.standard_normal(200)
        return sound.astype(np.float32)

    def _snare(self) -> Floats:
        rng = self._rng
        body = self._noise_hit(rng.uniform(0.08, 0.25), 300, rng.uniform(6000, 12000))
        tone = self._struck(150, 330, rng.uniform(12, 30))
        size = max(len(body), len(tone))
        sound = np.zeros(size, np.float32)
        sound[: len(body)] += body
        sound[: len(tone)] += np.float32(rng.uniform(0.1, 0.9)) * tone
        return sound

    def _noise_hit(self, decay: float, low: float, high: float) -> Floats:
        count = int(min(0.6, 5 * decay) * RATE)
        spectrum = np.fft.rfft(self._rng.standard_normal(count))
        hertz = np.fft.rfftfreq(count, 1 / RATE)
        spectrum *= 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 4)
        sound = np.fft.irfft(spectrum, count)
        sound /= np.abs(sound).max() + 1e-9
        return (sound * np.exp(-np.arange(count) / RATE / decay)).astype(np.float32)

    def _ride(self) -> Floats:
        rng = self._rng
        count = int(0.5 * RATE)
        time = np.arange(count) / RATE
        sound = sum(np.sin(2 * np.pi * rng.uniform(300, 9000) * time + i) for i in range(14))
        sound = np.asarray(sound) * np.exp(-time * rng.uniform(5, 15))
        return np.asarray(sound / np.abs(sound).max(), np.float32)

    def _struck(self, low: float, high: float, decay: float) -> Floats:
        """A skin, a bell or a block: a few partials that are no harmonics."""
        rng = self._rng
        count = int(min(0.6, 6 / decay) * RATE)
        time = np.arange(count) / RATE
        base, bend = rng.uniform(low, high), rng.choice([0, rng.uniform(0, 0.5)])
        hertz = base * (1 + bend * np.exp(-time * 20))
        sound = np.zeros(count)
        for rank in range(int(rng.integers(1, 5))):
            ratio = 1.0 if rank == 0 else rng.uniform(1.3, 4.5)
            fade = np.exp(-time * decay * (1 + 0.6 * rank))
            sound += 0.6**rank * fade * np.sin(2 * np.pi * np.cumsum(hertz * ratio) / RATE)
        sound += rng.uniform(0, 0.3) * np.exp(-time * 60) * rng.standard_normal(count)
        return np.asarray(sound / np.abs(sound).max(), np.float32)


def reverb(rng: np.random.Generator, sound: Floats) -> Floats:
    """A sound in a room."""
    count = int(rng.uniform(0.3, 2.0) * RATE)
    tail = rng.standard_normal(count) * np.exp(-5 * np.arange(count) / count)
    tail[: int(0.01 * RATE)] = 0
    size = 1 << (len(sound) + count).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    wet *= np.abs(sound).max() / (np.abs(wet).max() + 1e-9)
    return (sound + rng.uniform(0.05, 0.5) * wet).astype(np.float32)


def speech(rng: np.random.Generator) -> Floats:
    """22 s of syllables of gliding pitch through moving formants, with hisses and pauses."""
    parts: list[NDArray[np.float64]] = []
    base = rng.uniform(85, 230)
    while sum(map(len, parts)) < 22 * RATE:
        count = int(rng.uniform(0.08, 0.3) * RATE)
        time = np.arange(count) / RATE
        hertz = base * 2 ** (rng.normal(0, 0.2) + rng.normal(0, 0.8) * time)
        phase = 2 * np.pi * np.cumsum(hertz) / RATE
        formants = rng.uniform([250, 800, 2200], [850, 2300, 3000])
        sound = np.zeros(count)
        for partial in range(1, 28):
            gain = sum(
                1 / (1 + ((partial * hertz.mean() - centre) / 120) ** 2) for centre in formants
            )
            sound += (gain + 0.02) / partial**0.3 * np.sin(partial * phase)
        sound *= np.hanning(count)
        if rng.random() < 0.4:
            parts.append(0.25 * rng.standard_normal(int(0.07 * RATE)))
        parts.append(sound)
        if rng.random() < 0.25:
            parts.append(np.zeros(int(rng.exponential(0.25) * RATE)))
    joined = np.concatenate(parts)
    joined += 0.001 * rng.standard_normal(len(joined))
    return np.asarray(0.5 * joined / np.abs(joined).max(), np.float32)


# ------------------------------------------------------------------ music

_FEELS = {
    # feel: (slowest, fastest, how often)
    "house": (116, 132, 0.16),
    "techno": (126, 150, 0.12),
    "trance": (130, 146, 0.07),
    "hard": (145, 178, 0.06),
    "dnb": (164, 182, 0.10),
    "dubstep": (134, 152, 0.08),
    "hiphop": (78, 108, 0.13),
    "breaks": (115, 145, 0.06),
    "rock": (88, 178, 0.12),
    "ballad": (64, 112, 0.05),
    "reggae": (72, 100, 0.03),
    "disco": (105, 130, 0.05),
    "jazz": (100, 180, 0.03),
    "shuffle": (80, 150, 0.05),
}


class Song:
    """A piece in the making."""

    def __init__(self, rng: np.random.Generator, kind: str, bars: int | None = None) -> None:
        self.rng = rng
        self.kind = kind
        names = list(_FEELS)
        odds = np.array([_FEELS[name][2] for name in names])
        self.feel = str(rng.choice(names, p=odds / odds.sum()))
        slow, fast, _ = _FEELS[self.feel]
        self.bpm = round(float(rng.uniform(slow, fast)), rng.choice([0, 0, 2]))
        scales = list(_SCALES)
        odds = np.array([_SCALES[name][1] for name in scales])
        self.mode = str(rng.choice(scales, p=odds / odds.sum()))
        self.scale: tuple[int, ...] = _SCALES[self.mode][0]
        self.tonic = int(rng.integers(12))
        self.cents = float(np.clip(rng.normal(0, 6), -50, 50))
        if rng.random() < 0.2:
            self.cents = float(rng.uniform(-50, 50))
        self.beat = 60 / self.bpm
        self.bars = max(8, int(rng.uniform(22, 36) / (4 * self.beat)))
        self.bars = bars or self.bars
        self.lead_in = float(rng.choice([0, 0, rng.uniform(0, 2)]))
        self.swing = float(rng.choice([0, 0, 0, rng.uniform(0.05, 0.33)]))
        self.humanity = float(rng.choice([0, 0, rng.uniform(0, 0.008)]))
        if kind == "free":  # no beat: each note comes when it comes
            self.humanity = float(rng.uniform(0.12, 0.5))
        count = int((self.lead_in + (self.bars * 4 + 2) * self.beat) * RATE)
        self.tonal = np.zeros(count, np.float32)
        self.drums = np.zeros(count, np.float32)
        self.sway_s, self.sway_every_s = 0.0, 1.0
        """How far players get before and behind the beat, and in which time they come back."""
        self.kicks: list[float] = []
        self.events: list[Event] = []
        """What is played, for those who would play it on other instruments."""

    # -------------------------------------------------------------- placing

    def at(self, bar: int, beat: float) -> float:
        """Seconds of a place in the piece, with swing on the sixteenths."""
        place = beat
        if self.swing and round(beat * 4) % 2 and abs(beat * 4 - round(beat * 4)) < 0.01:
            place += self.swing / 4
        human = self.rng.normal(0, self.humanity) if self.humanity else 0.0
        if self.kind == "free":
            place *= 1 + 0.03 * (bar % 5)
        time = self.lead_in + (bar * 4 + place) * self.beat
        sway = self.sway_s * np.sin(2 * np.pi * time / self.sway_every_s)
        return max(0.0, float(time + sway + human))

    def put(self, track: Floats, time: float, sound: Floats, gain: float) -> None:
        """Add a sound to a track."""
        start = int(time * RATE)
        stop = min(len(track), start + len(sound))
        if stop > start:
            track[start:stop] += gain * sound[: stop - start]

    def degree(self, degree: int, octave: int, sharp: int = 0) -> float:
        """MIDI number of a degree of the scale, 0 the tonic."""
        octaves, step = divmod(degree, 7)
        note = 12 * (octave + 1 + octaves) + self.tonic + self.scale[step] + sharp
        return note + self.cents / 100

    # -------------------------------------------------------------- harmony

    def chords(self) -> list[tuple[int, ...]]:
        """Degrees sounding in each bar or half bar, root first."""
        if self.kind == "functional":
            return self._functional()
        if self.kind == "vamp":
            other = int(self.rng.choice([0, 0, 6, 3, 1, 5]))
            return [self._triad(0), self._triad(0), self._triad(0), self._triad(other)]
        pools = ((0, 5, 3, 4), (0, 3, 4), (0, 5, 2, 6), (0, 4, 5, 3), (5, 6, 0, 0), (0, 6, 5, 6))
        loop = list(self.rng.permutation(pools[self.rng.integers(len(pools))]))
        if self.rng.random() < 0.4:
            loop = [0, *self.rng.integers(0, 7, 3)]
        if self.rng.random() < 0.45 and 0 in loop:
            loop = loop[loop.index(0) :] + loop[: loop.index(0)]
        if self.rng.random() < 0.3:
            loop = [int(chord) for chord in loop for _ in range(2)]
        return [self._triad(int(chord)) for chord in loop]

    def _triad(self, root: int) -> tuple[int, ...]:
        if self.rng.random() < 0.15:
            return (root, root + 4)
        return (root, root + 2, root + 4, *((root + 6,) if self.rng.random() < 0.2 else ()))

    def _functional(self) -> list[tuple[int, ...]]:
        after = {
            0: [(3, 0.3), (4, 0.3), (5, 0.2), (1, 0.15), (2, 0.05)],
            1: [(4, 0.8), (6, 0.2)],
            2: [(5, 0.6), (3, 0.4)],
            3: [(4, 0.5), (0, 0.25), (1, 0.25)],
            4: [(0, 0.7), (5, 0.2), (3, 0.1)],
            5: [(3, 0.4), (1, 0.4), (4, 0.2)],
            6: [(0, 0.9), (2, 0.1)],
        }
        chain = [0 if self.rng.random() < 0.85 else 4]
        total = self.bars * 2
        while len(chain) < total:
            options = after[chain[-1]]
            odds = np.array([odd for _, odd in options])
            chain.append(int(self.rng.choice([d for d, _ in options], p=odds / odds.sum())))
            if len(chain) % 8 == 0:
                chain[-2:] = [4, 0] if self.rng.random() < 0.7 else [0, 4]
        chords = []
        for root in chain:
            triad = (root, root + 2, root + 4)
            turn = int(self.rng.choice([0, 0, 0, 1, 2]))
            # An inversion puts another of its notes into the bass.
            chords.append((*triad[turn:], *triad[:turn]))
        return chords

    # -------------------------------------------------------------- layers

    def piece(self) -> Piece:
        """Render everything."""
        is_drums = self.kind == "drums"
        odds = {"functional": 0.45, "free": 0.0}.get(self.kind, 0.8)
        has_drums = is_drums or self.rng.random() < odds
        plan = self._plan(has_drums=has_drums)
        if not is_drums:
            self.play(plan)
        if has_drums:
            self.drum(plan)
        mixed = _uneven(self.rng, self.mix(has_drums=has_drums))
        has_beat = self.kind != "free" and (has_drums or self.kind != "melody")
        return Piece(
            mixed,
            None if is_drums else self.tonic,
            self.mode in _MINOR_SCALES,
            self.bpm if has_beat else None,
            self.kind,
            self.lead_in,
        )

    def _plan(self, *, has_drums: bool) -> list[set[str]]:
        """Which layers play in each bar."""
        rng = self.rng
        # Lists, because the order of a set of words differs from process to process.
        layers = ["pad", "bass", "arp", "lead", "drums"]
        if self.kind == "melody":
            layers = ["lead", "drums"] + (["bass"] if rng.random() < 0.3 else [])
        else:
            layers = [name for name in layers if name == "drums" or rng.random() < 0.7]
            if not {"pad", "arp", "lead"} & set(layers):
                layers.append(str(rng.choice(["pad", "arp"])))
        plan: list[set[str]] = []
        block = int(rng.choice([4, 8]))
        while len(plan) < self.bars:
            now = {name for name in layers if rng.random() < 0.85}
            if has_drums and rng.random() < 0.9:
                now.add("drums")
            plan += [now or set(layers)] * block
        return plan[: self.bars]

    def play(self, plan: list[set[str]]) -> None:
        """Play all that is no drum, those layers in each bar that the plan names."""
        chords = self.chords()
        per_bar = 2 if self.kind == "functional" else 1
        voices = {name: Voice(self.rng, name) for name in ("pad", "bass", "arp", "lead")}
        gains = {name: float(self.rng.uniform(0.3, 1.0)) for name in voices}
        gains["bass"] *= 1.2
        players: dict[str, Callable[[int, float, tuple[int, ...], float], Iterator[Note]]] = {
            "pad": self._pad(),
            "bass": self._bass(),
            "arp": self._arp(),
            "lead": self._lead(),
        }
        for bar, layers in enumerate(plan):
            for half in range(per_bar):
                chord = chords[(bar * per_bar + half) % len(chords)]
                for name, player in players.items():
                    if name in layers:
                        for note in player(bar, half * 2.0, chord, 4 / per_bar):
                            sound = voices[name].note(
                                note.midi, int(note.beats * self.beat * RATE) + 1
                            )
                            time, gain = self.at(bar, note.beat), gains[name] * note.gain
                            self.put(self.tonal, time, sound, gain)
                            length = note.beats * self.beat
                            self.events.append(Event(name, time, length, note.midi, gain))

    def _raise(self, degree: int, chord: tuple[int, ...]) -> int:
        """The seventh of a minor key is raised over its dominant."""
        functional = self.kind in {"functional", "melody"} and self.mode == "minor"
        is_dominant = {4, 6, 1} <= {step % 7 for step in chord}
        return int(functional and is_dominant and degree % 7 == 6)

    def _pad(self) -> Callable[[int, float, tuple[int, ...], float], Iterator[Note]]:
        octave = int(self.rng.choice([3, 4, 4]))
        hits = int(self.rng.choice([1, 1, 1, 2, 4]))
        offbeat = self.rng.random() < 0.2

        def play(bar: int, start: float, chord: tuple[int, ...], beats: float) -> Iterator[Note]:
            del bar
            spread = chord if self.kind != "functional" else (*chord, chord[0] + 7)
            for hit in range(hits):
                for degree in spread:
                    length = beats / hits
                    yield Note(
                        start + hit * length + (0.5 if offbeat else 0),
                        length * (0.5 if offbeat else 0.97),
                        self.degree(degree, octave, self._raise(degree, chord)),
                        0.5,
                    )

        return play

    def _bass(self) -> Callable[[int, float, tuple[int, ...], float], Iterator[Note]]:
        rng = self.rng
        style = str(rng.choice(["offbeat", "eighths", "long", "riff", "beats", "octaves"]))
        riff = [(int(rng.choice([0, 0, 0, 4, 7, 2, 6])), rng.random() < 0.6) for _ in range(16)]

        def play(bar: int, start: float, chord: tuple[int, ...], beats: float) -> Iterator[Note]:
            root = chord[0] if chord[0] < 5 else chord[0] - 7
            del bar
            if style == "long":
                yield Note(start, beats * 0.95, self.degree(root, 2), 1.0)
                return
            step = {"beats": 1.0, "riff": 0.25}.get(style, 0.5)
            for index in range(int(beats / step)):
                degree, plays = root, True
                if style == "offbeat":
                    plays = index % 2 == 1
                elif style == "octaves":
                    degree = root + 7 * (index % 2)
                elif style == "riff":
                    degree, plays = root + riff[index % 16][0], riff[index % 16][1]
                if plays:
                    yield Note(start + index * step, step * 0.85, self.degree(degree, 2), 1.0)

        return play

    def _arp(self) -> Callable[[int, float, tuple[int, ...], float], Iterator[Note]]:
        rng = self.rng
        order = [int(v) for v in rng.permutation([0, 2, 4, 7])]
        step = float(rng.choice([0.25, 0.25, 0.5]))
        rests = rng.random(16) < rng.choice([0, 0.3])
        octave = int(rng.choice([4, 5]))

        def play(bar: int, start: float, chord: tuple[int, ...], beats: float) -> Iterator[Note]:
            del bar
            for index in range(int(beats / step)):
                if not rests[index % 16]:
                    degree = chord[0] + order[index % 4]
                    raised = self._raise(degree, chord)
                    yield Note(
                        start + index * step, step * 0.8, self.degree(degree, octave, raised), 0.6
                    )

        return play

    def _lead(self) -> Callable[[int, float, tuple[int, ...], float], Iterator[Note]]:
        rng = self.rng
        stable = np.array([0.3, 0.1, 0.17, 0.11, 0.2, 0.07, 0.05])
        repeated = rng.random() < 0.5
        octave = int(rng.choice([4, 5, 5]))
        memory: dict[int, list[Note]] = {}
        rhythm = float(rng.choice([0.5, 0.5, 1.0]))
        state = {"at": 0}

        def phrase(start: float, chord: tuple[int, ...], beats: float, *, ends: bool) -> list[Note]:
            notes, place, at = [], 0.0, state["at"]
            while place < beats - 0.01:
                length = min(float(rng.choice([rhythm, rhythm, 2 * rhythm])), beats - place)
                if rng.random() < 0.65:
                    at = int(np.clip(at + rng.choice([-2, -1, -1, 1, 1, 2]), -4, 9))
                elif rng.random() < 0.5:
                    at = chord[int(rng.integers(len(chord)))]
                else:
                    at = int(rng.choice(7, p=stable))
                if ends and place + length >= beats - 0.01:
                    at = int(rng.choice([0, 0, 0, 7, 4]))
                if rng.random() < 0.9:
                    raised = self._raise(at, chord)
                    midi = self.degree(at, octave, raised)
                    notes.append(Note(start + place, length * 0.9, midi, 0.8))
                place += length
            state["at"] = at
            return notes

        def play(bar: int, start: float, chord: tuple[int, ...], beats: float) -> Iterator[Note]:
            slot = (bar % 4) * 2 + int(start > 0)
            if not repeated or slot not in memory:
                memory[slot] = phrase(start, chord, beats, ends=bar % 4 == 3)
            yield from memory[slot]

        return play

    # -------------------------------------------------------------- drums

    def drum(self, plan: list[set[str]]) -> None:
        """Play the drums."""
        kit = Kit(self.rng, self.tonic)
        pattern = _pattern(self.rng, self.feel)
        gains = {name: float(self.rng.uniform(0.4, 1.0)) for name in kit.sounds}
        gains["kick"] *= 1.3
        for name in ("hat", "open", "ride"):
            gains[name] *= 0.5
        extra = list(_percussion(self.rng)) if self.rng.random() < self._busy() else []
        for bar, layers in enumerate(plan):
            if "drums" not in layers:
                continue
            for name, beat, gain in (*pattern[bar % len(pattern)], *extra):
                time = self.at(bar, beat)
                self.put(self.drums, time, kit.sounds[name], gains[name] * gain)
                self.events.append(Event(name, time, 0.1, None, gains[name] * gain))
                if name == "kick":
                    self.kicks.append(time)

    def _busy(self) -> float:
        """How likely there is percussion beside the kit."""
        return 0.6 if self.kind == "drums" else 0.25

    # -------------------------------------------------------------- mix

    def mix(self, *, has_drums: bool) -> Floats:
        """All that was played, as one recording."""
        rng = self.rng
        tonal, drums = self.tonal, self.drums
        peak = float(np.abs(tonal).max())
        if peak:
            tonal = tonal / peak * rng.uniform(0.3, 0.8)
        if rng.random() < 0.12:  # guitars through an amplifier: notes sound that nobody plays
            tonal = 0.5 * np.tanh(rng.uniform(3, 12) * tonal)
        if rng.random() < 0.4:
            tonal = reverb(rng, tonal.astype(np.float32))
        if self.kicks and rng.random() < 0.4 and self.feel in {"house", "techno", "trance", "hard"}:
            duck = 1 - 0.7 * np.exp(-np.arange(int(0.3 * RATE)) / (0.09 * RATE))
            level = np.ones(len(tonal), np.float32)
            for kick in self.kicks:
                start = int(kick * RATE)
                part = level[start : start + len(duck)]
                np.minimum(part, duck[: len(part)], out=part)
            tonal = tonal * level
        if has_drums:
            if rng.random() < 0.25:
                drums = reverb(rng, drums)
            drums = drums / (np.abs(drums).max() + 1e-9) * rng.uniform(0.3, 0.9)
        mixed = tonal + drums
        if rng.random() < 0.5:
            mixed = np.tanh(rng.uniform(1, 2.5) * mixed)
        if rng.random() < 0.3:
            decibels = rng.uniform(3, 50)
            level = np.sqrt(np.mean(mixed**2)) * 10 ** (-decibels / 20)
            mixed = mixed + level * rng.standard_normal(len(mixed))
        return np.asarray(0.8 * mixed / (np.abs(mixed).max() + 1e-9), np.float32)


def _uneven(rng: np.random.Generator, sound: Floats) -> Floats:
    """Now and then from a turntable, whose speed sways a little around the right one."""
    if rng.random() > 0.1:
        return sound
    time = np.arange(len(sound)) / RATE
    turn = 2 * np.pi * rng.uniform(0.05, 0.6)
    sway = rng.uniform(0.0005, 0.003) / turn * np.sin(turn * time)
    return np.interp(time + sway, time, sound).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Event:
    """A note or a hit of a piece.

    Attributes:
        name: of the layer or the drum.
        midi: None for a drum.
    """

    name: str
    at_s: float
    length_s: float
    midi: float | None
    gain: float


@dataclass(frozen=True, slots=True)
class Note:
    """What a player plays in a bar.

    Attributes:
        beat: within the bar.
        beats: how long.
    """

    beat: float
    beats: float
    midi: float
    gain: float


_Hit = tuple[str, float, float]


def _pattern(rng: np.random.Generator, feel: str) -> list[list[_Hit]]:
    """One or two bars of drums in a feel."""
    backbone: dict[str, Callable[[np.random.Generator], list[_Hit]]] = {
        "dnb": _dnb,
        "dubstep": _halftime,
        "hiphop": _boombap,
        "breaks": _breaks,
        "rock": _rock,
        "ballad": _rock,
        "reggae": _reggae,
        "jazz": _jazz,
        "shuffle": _shuffle,
    }
    bars = []
    first = backbone.get(feel, _four)(rng)
    for _ in range(int(rng.choice([1, 2]))):
        bar = list(first)
        if rng.random() < 0.3:
            bar.append(
                (
                    str(rng.choice(["tom", "snare", "kick"])),
                    float(rng.choice([2.75, 3.5, 3.75, 1.75])),
                    0.6,
                )
            )
        bars.append(bar)
    return bars


def _percussion(rng: np.random.Generator) -> Iterator[_Hit]:
    """A bar of other things to strike."""
    for name in ("conga", "bell", "block", "tom"):
        if rng.random() < 0.5:
            for place in rng.choice(16, int(rng.integers(1, 7)), replace=False):
                yield name, float(place) / 4, float(rng.uniform(0.3, 0.9))


def _hats(
    rng: np.random.Generator, *, steps: tuple[float, ...] = (0.25, 0.5, 0.5, 1.0)
) -> list[_Hit]:
    step = float(rng.choice(steps))
    name = str(rng.choice(["hat", "hat", "ride"]))
    accent = rng.uniform(0.3, 1.0)
    return [
        (name, index * step, 1.0 if index * step % 1 == 0 else accent)
        for index in range(int(4 / step))
        if rng.random() < 0.97
    ]


def _four(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", float(beat), 1.0) for beat in range(4)]
    if rng.random() < 0.75:
        name = str(rng.choice(["clap", "snare"]))
        hits += [(name, 1.0, 0.9), (name, 3.0, 0.9)]
    if rng.random() < 0.8:
        hits += [("open", beat + 0.5, 0.9) for beat in range(4)]
    if rng.random() < 0.6:
        hits += _hats(rng, steps=(0.25, 0.5))
    if rng.random() < 0.3:
        hits += [("tom", float(rng.integers(16)) / 4, 0.6) for _ in range(3)]
    return hits


def _dnb(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("snare", 1.0, 1.0), ("snare", 3.0, 1.0)]
    hits.append(("kick", float(rng.choice([2.5, 2.5, 2.0, 1.5])), 0.95))
    hits += [("snare", float(rng.integers(16)) / 4, 0.25) for _ in range(int(rng.integers(3)))]
    return hits + _hats(rng, steps=(0.5, 0.5, 0.25, 1.0))


def _halftime(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("snare", 2.0, 1.0)]
    if rng.random() < 0.5:
        hits.append(("kick", float(rng.choice([1.5, 2.5, 3.5, 0.75])), 0.8))
    return hits + _hats(rng, steps=(0.25, 0.5, 0.5, 1.0))


def _boombap(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("snare", 1.0, 1.0), ("snare", 3.0, 1.0)]
    hits.append(("kick", float(rng.choice([2.0, 2.5, 2.0, 1.75])), 0.9))
    if rng.random() < 0.4:
        hits.append(("kick", float(rng.choice([1.5, 0.75, 3.5])), 0.7))
    return hits + _hats(rng, steps=(0.5, 0.5, 0.25))


def _breaks(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("snare", 1.0, 1.0), ("snare", 3.0, 1.0)]
    hits += [("kick", 2.5, 0.9), ("kick", float(rng.choice([0.5, 1.75])), 0.7)]
    hits += [("snare", 1.75, 0.3), ("snare", 2.25, 0.3)]
    return hits + _hats(rng, steps=(0.5, 0.5, 0.25))


def _rock(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("kick", 2.0, 1.0)]
    hits += [("snare", 1.0, 1.0), ("snare", 3.0, 1.0)]
    if rng.random() < 0.5:
        hits.append(("kick", float(rng.choice([0.5, 1.5, 2.5, 3.5])), 0.9))
    if rng.random() < 0.15:
        hits += [("kick", place / 2, 0.7) for place in range(8)]
    return hits + _hats(rng, steps=(0.5, 0.5, 1.0))


def _reggae(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 2.0, 1.0), ("snare", 2.0, 0.6)]
    if rng.random() < 0.5:
        hits.append(("kick", 0.0, 1.0))
    return hits + _hats(rng, steps=(0.5,))


def _jazz(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("ride", float(beat), 1.0) for beat in range(4)]
    hits += [("ride", 1.67, 0.7), ("ride", 3.67, 0.7), ("hat", 1.0, 0.9), ("hat", 3.0, 0.9)]
    return [*hits, ("kick", float(rng.integers(4)), 0.4)]


def _shuffle(rng: np.random.Generator) -> list[_Hit]:
    hits: list[_Hit] = [("kick", 0.0, 1.0), ("kick", 2.0, 1.0)]
    hits += [("snare", 1.0, 1.0), ("snare", 3.0, 1.0)]
    name = str(rng.choice(["hat", "ride"]))
    for beat in range(4):
        hits += [(name, float(beat), 1.0), (name, beat + 2 / 3, 0.7)]
    if rng.random() < 0.5:
        hits.append(("kick", float(rng.choice([1.67, 2.67, 3.67])), 0.8))
    return hits
