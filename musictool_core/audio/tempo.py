"""Tempo, exact to hundredths of a beat per minute.

An onset envelope is taken apart into its frequencies. A steady beat is a comb of sharp lines
there, and the lines of a whole track lie sharper than any list of beats could: the place of the
comb is the tempo. Which of the related combs (half, double, three quarters ...) people would count
is a different question; a small network of ours answers it from the heights of the lines in four
registers (`weights.npz`, trained by `benchmarks.audio_train`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.features import FPS
from musictool_core.audio.network import load, softmax
from musictool_core.audio.onsets import is_level
from musictool_core.audio.values import Tempo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.material import Material, Measured

    Floats = NDArray[np.float32]

SLOWEST, FASTEST = 48.0, 240.0

_RATIOS = (1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0)
_LINES = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 3.0, 4.0)
_HARMONICS = ((1.0, 1.0), (2.0, 0.7), (4.0, 0.35))
"""Multiples of the beat and what a line there counts."""

_CENTRE, _WIDTH = 125.0, 0.5
"""Beats per minute and octaves: where tempi are, before anything was heard."""

_SAME = 0.03
_OUTSIDE = 1.5
"""How much the score of a tempo outside the expected range is lowered; e times this is its odds."""
_WINDOW_S = 24.0
_STEADY = 0.004
"""How far the tempo of most windows may be from that of the whole, as a share, for it to be one."""
_STEADY_SHARE = 0.8
_KNOWN_S = (18.0, 30.0)
_TURN_S = 4.0
_THIN = 50
"""Frames that are summed to one once an envelope was turned by a tempo."""
_MULTIPLES = (1, 2, 3, 4, 6, 8, 12)
_BESIDE = np.concatenate([np.linspace(0.93, 0.985, 12), np.linspace(1.015, 1.07, 12)])
_SHORTEST_BEAT_S = 5.0
"""Seconds of beat: a fill in a silence is no tempo."""
_LEAST_BEAT = 0.8
"""Odds of there being a beat below which none is told."""


class Lines:
    """Heights of the lines in the spectra of envelopes, comparable between files."""

    def __init__(self, parts: Floats) -> None:
        self._size = 1 << (4 * parts.shape[1] - 1).bit_length()
        scale = np.sqrt((parts[0] ** 2).sum()) * np.sqrt(parts.shape[1]) + 1e-9
        self._heights = np.abs(fft.rfft(parts, self._size, axis=1)) / np.float32(scale)

    def at(self, bpm: NDArray[np.float64], row: int = 0) -> NDArray[np.float64]:
        """Height at frequencies given in events per minute."""
        place = bpm / 60 * self._size / FPS
        below = np.minimum(place.astype(np.int64), self._heights.shape[1] - 2)
        share = place - below
        heights = self._heights[row]
        return np.asarray(heights[below] * (1 - share) + heights[below + 1] * share, np.float64)

    def comb(self, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of the lines of a beat."""
        lines = [gain * self.at(bpm * factor) for factor, gain in _HARMONICS]
        return np.asarray(np.sum(lines, axis=0), np.float64)


_GRID = np.exp(np.linspace(np.log(SLOWEST), np.log(FASTEST), 8000))


def candidates(lines: Lines) -> list[float]:
    """Tempi that may be meant, each the place of a comb."""
    heights = lines.comb(_GRID)
    weighted = heights * np.exp(-0.5 * (np.log2(_GRID / _CENTRE) / _WIDTH) ** 2)
    best = float(_GRID[weighted.argmax()])
    found: list[float] = []
    for ratio in sorted(_RATIOS, key=lambda value: abs(np.log2(value))):
        rough = best * ratio
        if not SLOWEST <= rough <= FASTEST:
            continue
        near = rough * np.linspace(0.985, 1.015, 301)
        found.append(float(near[lines.comb(near).argmax()]))
    peaks = np.flatnonzero((weighted[1:-1] > weighted[:-2]) & (weighted[1:-1] >= weighted[2:])) + 1
    for index in peaks[np.argsort(weighted[peaks])[::-1][:3]]:
        if all(abs(_GRID[index] / other - 1) > _SAME for other in found):
            found.append(float(_GRID[index]))
    return found


def own(lines: Lines, found: Sequence[float]) -> list[float]:
    """Those of some candidates that are more than lines of the first one.

    Loud chords every other bar fill all eighths of a beat with lines; five quarters of it would
    then be a candidate, of whose comb the highest line is the fifth of the beat itself.
    """
    strongest = found[0]
    return [bpm for bpm in found if _is_related(bpm / strongest) or _stands(lines, bpm, strongest)]


def _is_related(ratio: float) -> bool:
    return any(abs(ratio / simple - 1) <= _SAME for simple in _RATIOS)


def _stands(lines: Lines, bpm: float, strongest: float) -> bool:
    """Whether most of a comb is not made of multiples of another beat."""
    factors, gains = np.array(_HARMONICS).T
    heights = gains * lines.at(bpm * factors)
    places = bpm * factors / strongest
    apart = np.abs(places - np.round(places)) > _SAME
    return bool(heights[apart].sum() >= heights.sum() / 2)


def evidence(lines: Lines, found: Sequence[float]) -> NDArray[np.float64]:
    """What speaks for and against counting at each of some tempi, shape (tempi, inputs).

    The lines around a tempo against the highest of them, and its comb against the highest one: a
    line that the beat of another tempo leaves there looks like a beat of its own.
    """
    heights = np.array([_around(lines, bpm) for bpm in found])
    table = np.sqrt(heights / (heights.max(axis=2, keepdims=True) + 1e-6))
    gains = np.array([gain for _, gain in _HARMONICS])
    combs = heights[:, :, [_LINES.index(factor) for factor, _ in _HARMONICS]] @ gains
    against = np.sqrt(combs / (combs.max(axis=0) + 1e-6))
    octave = np.log2(np.array(found) / _CENTRE)[:, None]
    flat = table.reshape(len(found), -1)
    return np.concatenate([flat, against, octave, octave**2, octave**3], axis=1)


def _around(lines: Lines, bpm: float) -> NDArray[np.float64]:
    """Heights of the lines around a tempo, shape (rows, lines)."""
    place = (bpm * np.array(_LINES)[:, None] * np.linspace(0.996, 1.004, 9)).ravel()
    rows = [lines.at(place, row).reshape(len(_LINES), -1).max(axis=1) for row in range(4)]
    return np.array(rows)


def pulse(parts: Floats, lines: Lines, bpm: float) -> NDArray[np.float64]:
    """What tells a beat from other sound that comes and goes."""
    background = lines.comb(_GRID)
    height = float(lines.comb(np.array([bpm])).max())
    local = local_tempi(parts, bpm)
    near = np.abs(local / bpm - 1) < _STEADY
    whole = parts[0]
    # Training pieces are short, and none very short; other tracks are to look like them.
    size = float(np.clip(parts.shape[1] / FPS, *_KNOWN_S))
    repeats = [_repeats(whole, beats * 60 / bpm) for beats in (1, 2, 4)]
    return np.array(
        [
            np.log(height + 1e-6),
            np.log(height / (np.median(background) + 1e-9)),
            np.log(height / (np.percentile(background, 95) + 1e-9)),
            np.log(height * np.sqrt(size) + 1e-6),
            np.log(size),
            np.mean(near),
            float(np.median(np.abs(local / bpm - 1))) * 20,
            *repeats,
            float(np.mean(whole > 2 * whole.std())),
            float((whole**4).mean() / ((whole**2).mean() ** 2 + 1e-12)) ** 0.25,
            *_coherence(parts, bpm).ravel(),
            *_sharpness(lines, bpm),
        ]
    )


def _sharpness(lines: Lines, bpm: float) -> NDArray[np.float64]:
    """How far the lines at multiples of a beat stand out from what is beside them, logarithms.

    Blows are short, so their lines go on and on; what only sways has one or two of them.
    """
    here = bpm * np.array(_MULTIPLES)[:, None] * np.linspace(0.997, 1.003, 7)
    beside = bpm * np.array(_MULTIPLES)[:, None] * _BESIDE
    heights = lines.at(here.ravel()).reshape(here.shape).max(axis=1)
    ground = np.median(lines.at(beside.ravel()).reshape(beside.shape), axis=1)
    return np.asarray(np.log((heights + 1e-6) / (ground + 1e-6)))


def lasting_s(envelope: Floats, bpm: float) -> float:
    """For how many seconds a beat is about as strong as where it is strongest."""
    size = int(_TURN_S / 2 * FPS)
    count = max(1, len(envelope) // size)
    kept = envelope[: count * size]
    time = np.arange(len(kept)) / FPS
    power = np.zeros(count)
    for factor, gain in _HARMONICS:
        turned = kept * np.exp(-2j * np.pi * (bpm * factor / 60) * time)
        power += gain * np.abs(turned.reshape(count, -1).sum(axis=1)) ** 2
    return float(power.sum() ** 2 / ((power**2).sum() + 1e-12) * size / FPS)


def _repeats(envelope: Floats, after_s: float) -> float:
    """How like itself an envelope is some time later."""
    lag = round(after_s * FPS)
    if not 0 < lag < len(envelope):
        return 0.0
    later, now = envelope[lag:], envelope[:-lag]
    return float((later * now).sum() / (np.sqrt((later**2).sum() * (now**2).sum()) + 1e-9))


def _coherence(parts: Floats, bpm: float) -> NDArray[np.float64]:
    """How well each few seconds go on with the beat of those before, 0 to 1.

    Sound that comes and goes at random makes a comb somewhere, too, but its phase jumps. Rows as
    in `parts`, columns for the beat and its double.
    """
    size = int(_TURN_S * FPS)
    count = max(1, parts.shape[1] // size)
    kept = parts[:, : count * size]
    time = np.arange(kept.shape[1]) / FPS
    found = []
    for factor in (1, 2):
        turn = np.exp(-2j * np.pi * (bpm * factor / 60) * time)
        turned = (kept * turn).reshape(len(kept), count, -1).sum(axis=2)
        steps = turned[:, 1:] * turned[:, :-1].conj()
        found.append(np.abs(steps.sum(axis=1)) / (np.abs(steps).sum(axis=1) + 1e-9))
    return np.array(found).T


def local_tempi(parts: Floats, bpm: float) -> NDArray[np.float64]:
    """Tempo near `bpm` in each of overlapping windows."""
    return _by_window(parts, bpm * np.linspace(0.96, 1.04, 161))[:, 0]


def _by_window(parts: Floats, tempi: NDArray[np.float64]) -> NDArray[np.float64]:
    """The one of these tempi that each window has, and the height of its comb."""
    size = min(int(_WINDOW_S * FPS), parts.shape[1])
    found = []
    for at in range(0, parts.shape[1] - size + 1, max(1, size // 2)):
        heights = Lines(parts[:1, at : at + size]).comb(tempi)
        found.append((tempi[heights.argmax()], heights.max()))
    return np.array(found)


def is_stable(parts: Floats, bpm: float) -> bool:
    """Whether one tempo fits the whole; windows count as far as they beat at all."""
    tempi, heights = _by_window(parts, bpm * np.linspace(0.92, 1.08, 321)).T
    near = np.abs(tempi / bpm - 1) < _STEADY
    return bool(heights[near].sum() >= _STEADY_SHARE * heights.sum())


def refined(envelope: Floats, bpm: float) -> float:
    """The tempo near a rough one, to thousandths.

    The comb is evaluated exactly instead of between the points of a spectrum: the envelope is
    turned by each harmonic of the rough tempo and thinned out, after which little is left to sum.
    """
    count = len(envelope) // _THIN * _THIN
    time = np.arange(count) / FPS
    at = time.reshape(-1, _THIN).mean(axis=1)
    turned = []
    for factor, gain in _HARMONICS:
        turn = np.exp(-2j * np.pi * (bpm * factor / 60) * time)
        turned.append((factor, gain, (envelope[:count] * turn).reshape(-1, _THIN).sum(axis=1)))
    reach, centre = min(0.004 * bpm, 90 / max(time[-1], 1.0)), 0.0
    for _ in range(3):
        steps = centre + np.linspace(-reach, reach, 41)
        heights = sum(
            gain * np.abs(np.exp(-2j * np.pi * np.outer(steps * factor / 60, at)) @ row)
            for factor, gain, row in turned
        )
        centre = float(steps[np.argmax(heights)])
        reach /= 12
    return bpm + centre


def measure(material: Material, so_far: Measured) -> Tempo | None:
    """Tempo of a file; None where nothing beats."""
    del so_far
    onsets = material.onsets
    if onsets is None or is_level(material.features):
        return None
    lines = Lines(onsets.parts)
    found = own(lines, candidates(lines))
    scores = load("tempo")(evidence(lines, found))[:, 0]
    low, high = material.tempo_range
    scores = scores - _OUTSIDE * np.array([not low <= bpm <= high for bpm in found])
    shares = softmax(scores)
    order = np.argsort(shares)[::-1]
    best = found[order[0]]
    signs = pulse(onsets.parts, lines, best)
    beats = float(softmax(np.append(load("beat")(signs[None])[0], 0.0))[0])
    if beats < _LEAST_BEAT or lasting_s(onsets.whole, best) < _SHORTEST_BEAT_S:
        return None
    return Tempo(
        bpm=refined(onsets.whole, best),
        confidence=float(shares[order[0]] * beats),
        alternative=refined(onsets.whole, found[order[1]]) if len(found) > 1 else None,
        is_stable=is_stable(onsets.parts, best),
    )
