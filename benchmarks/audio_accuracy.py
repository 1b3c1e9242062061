"""How often key and tempo are right, beside the tools people use for it.

python -m benchmarks.audio_accuracy TRUTH.json AUDIO_DIR [--predictions OUT.json] [--peers]

TRUTH is a list of clips: `id`, `file` (below AUDIO_DIR), `kind`, and what is known of `key`
("G# minor") and `bpm`. OUT holds what we say of each: `key`, `key_confidence`, `bpm`,
`bpm_confidence`; null is "unknown". Peers are asked where they are installed: essentia's stock
extractors, aubio, bpm-tools, soundstretch, librosa's beat tracker (beets' autobpm).

Key: MIREX weights (exact 1, a fifth above .5, relative .3, parallel .2; no answer 0). Tempo: Acc1
within 4 %, Acc2 also at 2, 3, 1/2 and 1/3 of it, and within .05 beats per minute of the truth. Made
clips (`edm`) and found pieces are in one table, by kind. Clips without a key or a tempo in the
truth are counted under "said nothing", which is right only where there really is none.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from musictool_core.audio.errors import AudioError
from musictool_core.audio.measure import analyse
from musictool_core.music.keys import NOTES, Key, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_FIFTH_UP, _FOURTH_UP = 7, 5
_ACC = 0.04
_EXACT_BPM = 0.05
_FOLDS = (1, 2, 3, 1 / 2, 1 / 3)
_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says of a clip."""

    key: Key | None = None
    bpm: float | None = None
    key_confidence: float = 0.0
    bpm_confidence: float = 0.0

    def row(self) -> dict[str, Any]:
        """As the predictions file holds it."""
        return {
            "key": _written(self.key) if self.key else None,
            "key_confidence": round(self.key_confidence, 4),
            "bpm": None if self.bpm is None else round(self.bpm, 4),
            "bpm_confidence": round(self.bpm_confidence, 4),
        }


def _written(key: Key) -> str:
    return f"{key.short.removesuffix('m')} {'minor' if key.minor else 'major'}"


def ours(path: Path) -> Answer:
    """What musictool says."""
    try:
        found = analyse(path)
    except AudioError as error:
        print(error.line())
        return Answer()
    return Answer(
        key=found.key.key if found.key else None,
        key_confidence=found.key.confidence if found.key else 0.0,
        bpm=found.tempo.bpm if found.tempo else None,
        bpm_confidence=found.tempo.confidence if found.tempo else 0.0,
    )


# ------------------------------------------------------------------ peers


def essentia_key(path: Path, *, profile: str) -> Answer:
    """Essentia's KeyExtractor with its defaults."""
    import essentia  # noqa: PLC0415 - a peer, where it is installed

    essentia.log.infoActive = essentia.log.warningActive = False
    from essentia import standard  # noqa: PLC0415

    signal = standard.MonoLoader(filename=str(path))()
    note, mode, strength = standard.KeyExtractor(profileType=profile)(signal)
    return Answer(key=parse_key(f"{note} {mode}"), key_confidence=float(strength))


def essentia_tempo(path: Path, *, method: str) -> Answer:
    """Essentia's RhythmExtractor2013."""
    import essentia  # noqa: PLC0415 - a peer, where it is installed

    essentia.log.infoActive = essentia.log.warningActive = False
    from essentia import standard  # noqa: PLC0415

    signal = standard.MonoLoader(filename=str(path))()
    return Answer(bpm=float(standard.RhythmExtractor2013(method=method)(signal)[0]))


def librosa_tempo(path: Path) -> Answer:
    """What beets' autobpm does."""
    import librosa  # noqa: PLC0415 - a peer, where it is installed

    signal, rate = librosa.load(path)
    tempo, _ = librosa.beat.beat_track(y=signal, sr=rate)
    return Answer(bpm=float(np.ravel(tempo)[0]))


def program_tempo(path: Path, *, command: Sequence[str], pattern: str) -> Answer:
    """The number that a program prints about a wav file."""
    with TemporaryDirectory() as folder:
        wav = Path(folder) / "clip.wav"
        subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ac", "2", wav], check=True)
        line = [part.replace("FILE", str(wav)) for part in command]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
    found = re.findall(pattern, done.stdout + done.stderr)
    return Answer(bpm=float(found[-1]) if found else None)


def peers() -> dict[str, Callable[[Path], Answer]]:
    """The peers that are installed."""
    found: dict[str, Callable[[Path], Answer]] = {}
    if has("essentia"):
        for profile in ("shaath", "edma", "bgate"):
            found[f"essentia {profile}"] = partial(essentia_key, profile=profile)
        for method in ("multifeature", "degara"):
            found[f"essentia {method}"] = partial(essentia_tempo, method=method)
    if has("librosa"):
        found["librosa beat_track"] = librosa_tempo
    programs = {
        "aubio tempo": (["aubio", "tempo", "FILE"], r"([\d.]+) bpm"),
        "bpm-tools": (["bpm-tag", "-n", "-f", "FILE"], r"([\d.]+) BPM"),
        "soundstretch": (["soundstretch", "FILE", "-bpm"], r"Detected BPM rate ([\d.]+)"),
    }
    for name, (command, pattern) in programs.items():
        if shutil.which(command[0]):
            found[name] = partial(program_tempo, command=command, pattern=pattern)
    return found


def has(module: str) -> bool:
    """Whether a peer is installed."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec(module) is not None


# ------------------------------------------------------------------ scores


def mirex(truth: Key, said: Key | None) -> float:
    """Weight of an answer."""
    if said is None:
        return 0.0
    if said == truth:
        return 1.0
    root, other = (NOTES.index(key.short.removesuffix("m")) for key in (truth, said))
    if said.minor == truth.minor:
        return 0.5 if (other - root) % 12 == _FIFTH_UP else 0.0
    if said.hour == truth.hour:
        return 0.3
    return 0.2 if root == other else 0.0


def is_near(truth: float, said: float | None, *, folded: bool = False) -> bool:
    """Within 4 %, `folded` also at a related tempo."""
    factors = _FOLDS if folded else (1,)
    return said is not None and any(
        abs(said - truth * factor) <= _ACC * truth * factor for factor in factors
    )


def table(
    clips: Sequence[Mapping[str, Any]], answers: Mapping[str, Mapping[str, Answer]]
) -> Iterator[str]:
    """Scores of each tool, over all clips and by kind."""
    kinds = ["ALL", *sorted({str(clip["kind"]) for clip in clips})]
    keys = f"{'key n':>5} {'weighted':>8} {'exact':>6} {'none':>5}"
    tempi = f"{'bpm n':>5} {'Acc1':>6} {'Acc2':>6} {'<=.05':>6} {'none':>5}"
    yield f"{'tool':22} {'kind':8} {keys}   {tempi}"
    for tool, said in answers.items():
        for kind in kinds:
            chosen = [clip for clip in clips if kind in ("ALL", clip["kind"])]
            yield f"{tool:22} {kind:8} {_key_part(chosen, said)}   {_tempo_part(chosen, said)}"


def _key_part(clips: Sequence[Mapping[str, Any]], said: Mapping[str, Answer]) -> str:
    pairs = [(parse_key(clip["key"]), said[clip["id"]].key) for clip in clips if clip.get("key")]
    keyed = [(truth, answer) for truth, answer in pairs if truth]
    if not keyed or not any(answer.key for answer in said.values()):
        return f"{len(keyed):5} {'-':>8} {'-':>6} {'-':>5}"
    weighted = sum(mirex(truth, answer) for truth, answer in keyed) / len(keyed)
    exact = sum(truth == answer for truth, answer in keyed) / len(keyed)
    nothing = sum(answer is None for _, answer in keyed)
    return f"{len(keyed):5} {100 * weighted:8.1f} {100 * exact:6.1f} {nothing:5}"


def _tempo_part(clips: Sequence[Mapping[str, Any]], said: Mapping[str, Answer]) -> str:
    pairs = [(float(clip["bpm"]), said[clip["id"]].bpm) for clip in clips if clip.get("bpm")]
    if not pairs or not any(answer.bpm for answer in said.values()):
        return f"{len(pairs):5} {'-':>6} {'-':>6} {'-':>6} {'-':>5}"
    first = sum(is_near(truth, answer) for truth, answer in pairs) / len(pairs)
    second = sum(is_near(truth, answer, folded=True) for truth, answer in pairs) / len(pairs)
    exact = sum(
        answer is not None and abs(answer - truth) <= _EXACT_BPM for truth, answer in pairs
    ) / len(pairs)
    nothing = sum(answer is None for _, answer in pairs)
    return f"{len(pairs):5} {100 * first:6.1f} {100 * second:6.1f} {100 * exact:6.1f} {nothing:5}"


def gain(
    clips: Sequence[Mapping[str, Any]], ours: Mapping[str, Answer], peer: Mapping[str, Answer]
) -> tuple[float, float]:
    """Mean gain in weighted key score over a peer, and its 95 % lower bound by paired bootstrap."""
    differences = []
    for clip in clips:
        truth = parse_key(clip["key"]) if clip.get("key") else None
        if truth:
            name = clip["id"]
            differences.append(mirex(truth, ours[name].key) - mirex(truth, peer[name].key))
    draw = random.Random(6)
    means = sorted(
        sum(draw.choices(differences, k=len(differences))) / len(differences) for _ in range(_DRAWS)
    )
    return 100 * sum(differences) / len(differences), 100 * means[int(0.025 * _DRAWS)]


def calibration(
    clips: Sequence[Mapping[str, Any]], said: Mapping[str, Answer]
) -> Iterator[tuple[str, int, float, float]]:
    """Stated confidence in keys, by band: band, clips, mean stated, share right."""
    rows = []
    for clip in clips:
        answer = said[clip["id"]]
        if clip.get("key") and answer.key:
            rows.append((answer.key_confidence, answer.key == parse_key(clip["key"])))
    for low, high in ((0.0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        band = [(stated, right) for stated, right in rows if low <= stated < high]
        if band:
            stated = sum(value for value, _ in band) / len(band)
            right = sum(value for _, value in band) / len(band)
            yield f"{low:.2f}-{min(high, 1):.2f}", len(band), stated, right


# ------------------------------------------------------------------ running


def place(clip: Mapping[str, Any], folder: Path) -> Path:
    """The file of a clip, whether the folder is the one of the truth or that of the audio."""
    relative = Path(clip.get("file") or clip["id"])
    for path in (folder / relative, folder / relative.name):
        if path.is_file():
            return path
    return next(iter(sorted(folder.glob(f"{clip['id']}.*"))), folder / relative)


def ask(tool: Callable[[Path], Answer], paths: Mapping[str, Path], jobs: int) -> dict[str, Answer]:
    """What a tool says of each clip."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return dict(zip(paths, pool.map(tool, paths.values()), strict=True))


def main() -> None:
    """Ask, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("truth", type=Path)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--predictions", type=Path, help="write what we say there")
    parser.add_argument("--peers", action="store_true", help="ask the installed peers, too")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    clips = json.loads(options.truth.read_text("utf-8"))
    paths = {str(clip["id"]): place(clip, options.audio) for clip in clips}
    answers = {"musictool": ask(ours, paths, options.jobs)}
    if options.predictions:
        rows = {name: answer.row() for name, answer in answers["musictool"].items()}
        options.predictions.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    for name, tool in (peers() if options.peers else {}).items():
        answers[name] = ask(tool, paths, options.jobs)
    print("\n".join(table(clips, answers)))
    for name, said in answers.items():
        if name.startswith("essentia") and any(answer.key for answer in said.values()):
            mean, low = gain(clips, answers["musictool"], said)
            print(f"key, weighted, over {name}: {mean:+.1f}, 95 % lower bound {low:+.1f}")
    for band, count, stated, right in calibration(clips, answers["musictool"]):
        print(f"key confidence {band}: {count} clips, stated {stated:.2f}, right {right:.2f}")


if __name__ == "__main__":
    main()
