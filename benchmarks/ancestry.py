"""Whether files went through a lossy codec: our verdicts beside the truth and a cut-off rule.

python -m benchmarks.ancestry MANIFEST.jsonl [--predictions OUT.jsonl] [--jobs N]

A line of the manifest describes one file (`path`, relative to the manifest; `label` lossless or
lossy; `kind`; `codec`), as shared/data/quality/build_corpus.py writes it. Printed: false
accusations with the upper bound of their rate, recall by codec and by what was done afterwards, how
often the codec was named right, and CPU seconds a file. Files that are lossy themselves and damaged
ones are listed apart: of them nothing has to be proven.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from musictool_core.audio.ancestry.inspection import inspect
from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CUT_HZ, CUT_DB = 19_600.0, 20.0
"""The rule that most tools have: an edge below this, so steep, means a codec."""

_LOSSLESS_ENDINGS = (".flac", ".wav", ".aiff", ".m4a_alac", ".wv", ".ape")
_NAMES = {
    "mp3": "MP3",
    "aac": "AAC",
    "vorbis": "Vorbis",
    "opus": "Opus",
    "mp2": "MP2",
    "wma": "WMA",
    "ac3": "AC-3",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What we say of a file.

    Attributes:
        cpu_s: the decoder's included.
        evidence: what speaks for it, or why nothing could be said.
        bitrate: of the ancestor, kbit/s, lowest and highest.
    """

    row: Mapping[str, Any]
    verdict: str
    codec: str | None
    is_cut: bool
    cpu_s: float
    evidence: str = ""
    bitrate: tuple[int, int] | None = None


def say(root: Path, row: Mapping[str, Any]) -> Said:
    """Look at one file."""
    before = _used()
    try:
        found = inspect(root / row["path"])
    except MusicToolError as error:
        return Said(row, Verdict.CANNOT_TELL.value, None, False, _used() - before, str(error))
    edge = found.edge
    is_cut = edge is not None and edge.hz < CUT_HZ and edge.drop_db > CUT_DB
    return Said(
        row,
        found.verdict.value,
        found.codec,
        is_cut,
        _used() - before,
        " ".join(found.evidence),
        found.bitrate,
    )


def _used() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def upper_bound(wrong: int, total: int, level: float = 0.95) -> float:
    """Clopper and Pearson's one-sided upper bound of a rate, by bisection."""
    if wrong >= total:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(wrong, total, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _at_most(wrong: int, total: int, rate: float) -> float:
    """Probability of so many or fewer among `total`."""
    probability, found = (1 - rate) ** total, 0.0
    for number in range(wrong + 1):
        found += probability
        probability *= (total - number) / (number + 1) * rate / (1 - rate)
    return found


def table(said: Sequence[Said]) -> Iterator[str]:
    """The figures, a line each."""
    original = [each for each in said if each.row["label"] == "lossless"]
    hidden = [each for each in said if _is_hidden(each.row)]
    accused = [each for each in original if each.verdict == Verdict.LOSSY_PROVEN.value]
    cut = sum(each.is_cut for each in original)
    if original:
        bound = 100 * upper_bound(len(accused), len(original))
        rest = Counter(each.verdict for each in original)
        yield f"{len(original)} originals: {len(accused)} accused, rate <= {bound:.2f} % (95 %)"
        yield f"  verdicts: {', '.join(f'{name} {count}' for name, count in rest.most_common())}"
        yield f"  the cut-off rule accuses {cut} ({100 * cut / len(original):.1f} %)"
        for each in accused:
            yield f"  ACCUSED {each.row['path']}: {each.evidence}"
    yield f"{'ancestors':28} files  proven  named  cut-off rule  bitrate"
    for name, part in _parts(hidden):
        found = [each for each in part if each.verdict == Verdict.LOSSY_PROVEN.value]
        named = sum(each.codec == _NAMES.get(each.row["codec"]) for each in found)
        cut = sum(each.is_cut for each in part)
        yield (
            f"{name:28} {len(part):5} {_percent(len(found), len(part)):>7}"
            f" {_percent(named, len(found)):>6} {_percent(cut, len(part)):>13} {_near(found):>8}"
        )
    spent = sorted(each.cpu_s for each in [*original, *hidden])
    if len(spent) > 1:
        yield f"CPU a file: median {median(spent):.2f} s, p95 {quantiles(spent, n=20)[-1]:.2f} s"


def _is_hidden(row: Mapping[str, Any]) -> bool:
    """Whether a file is lossless by its format and lossy by its past, and whole."""
    is_whole = not str(row["kind"]).startswith("damaged")
    return row["label"] == "lossy" and is_whole and row["path"].endswith(_LOSSLESS_ENDINGS)


def _parts(hidden: Sequence[Said]) -> Iterator[tuple[str, list[Said]]]:
    plain = [each for each in hidden if each.row["kind"] == "transcode"]
    three = [each for each in hidden if each.row["codec"] in {"mp3", "aac", "vorbis"}]
    yield "MP3, AAC, Vorbis: untouched", [each for each in plain if each in three]
    yield "MP3, AAC, Vorbis: all", three
    for key in ("codec", "rate"):
        for name in _values(plain, key):
            part = [each for each in plain if _label(each, key) == name]
            yield f"  {name}", part
    processed = [each for each in hidden if each.row["kind"] != "transcode"]
    for name in _values(processed, "kind"):
        yield f"  {name}", [each for each in processed if each.row["kind"] == name]


def _near(found: Sequence[Said]) -> str:
    """How often the bitrate lies in the range that we name, in percent."""
    known = [each for each in found if str(each.row["rate"]).isdigit() and each.bitrate]
    right = [e for e in known if e.bitrate and e.bitrate[0] <= int(e.row["rate"]) <= e.bitrate[1]]
    return _percent(len(right), len(known))


def _label(each: Said, key: str) -> str:
    return each.row["codec"] if key == "codec" else f"{each.row['codec']} {each.row['rate']}"


def _values(said: Iterable[Said], key: str) -> list[str]:
    if key == "kind":
        return sorted({each.row["kind"] for each in said})
    return sorted({_label(each, key) for each in said})


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def main() -> None:
    """Ask, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--predictions", type=Path, help="write what we say there")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.manifest.read_text("utf-8").splitlines() if line]
    # Before the workers load numpy.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    root = options.manifest.parent
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        said = list(pool.map(say, [root] * len(rows), rows))
    if options.predictions:
        lines = [json.dumps(_prediction(each)) for each in said]
        options.predictions.write_text("\n".join([*lines, ""]), "utf-8")
    print("\n".join(table(said)))


def _prediction(each: Said) -> dict[str, Any]:
    return {
        "path": each.row["path"],
        "verdict": each.verdict,
        "codec": each.codec.lower() if each.codec else None,
        "bitrate_low": each.bitrate[0] if each.bitrate else None,
        "bitrate_high": each.bitrate[1] if each.bitrate else None,
        "evidence": each.evidence,
    }


if __name__ == "__main__":
    main()
