"""How well copies are found and versions kept apart, on generated families of pieces.

python -m benchmarks.duplicates_accuracy [--families N] [--seed S] [--json]

Of copies that are merged it is also said how far a cue would miss its beat.

Each family of `version_material`: the whole piece against its copies, its remaster and its
versions, and against its versions at 64 kbit/s. A wrong merge is a version that would become one
with the whole piece. Beside ours stands a fingerprint alone, as Chromaprint's users take it: equal
when less than 15 % of the bits differ.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import version_material as material
from musictool_core.audio.fingerprint import STEP_S, fingerprint_file
from musictool_core.quality.duplicates.decide import MERGED, Class, decide
from musictool_core.quality.duplicates.evidence import Evidence, as_json
from musictool_core.quality.duplicates.index import propose
from musictool_core.quality.duplicates.sounds import Sounding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PLAIN_BER = 0.15


def judge(
    sounding: Sounding, left: Path, right: Path
) -> tuple[Class, Evidence | None, tuple[str, ...]]:
    """What two files are to each other; DIFFERENT without evidence when nothing proposes them."""
    prints = [fingerprint_file(path).values for path in (left, right)]
    proposals = propose(prints)
    if not proposals:
        return Class.DIFFERENT, None, ()
    heard = sounding.compare(left, right, -proposals[0].offset * STEP_S)
    evidence = Evidence(ber=proposals[0].ber, sounds=heard)
    made = decide(evidence)
    return made.found, evidence, made.reasons


def judge_family(
    folder: Path, seed: int, kind: str
) -> Iterator[tuple[str, Class, Evidence | None, tuple[str, ...]]]:
    """All comparisons of one family, by the name of what the whole piece is compared with."""
    made = material.versions(seed, kind)
    files = material.write_copies(folder, "full", seed, made["full"])
    for name in material.VERSIONS:
        files[name] = material.write(folder / f"{name}.flac", made[name])
        files[f"{name}_64"] = material.encoded(files[name], folder / f"{name}_64", "mp3_64")
    sounding = Sounding()
    for name, path in files.items():
        if name != "wav":
            yield name, *judge(sounding, files["wav"], path)


def main(args: Sequence[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.duplicates_accuracy", description=__doc__)
    parser.add_argument("--families", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="one JSON object a comparison")
    chosen = parser.parse_args(args)
    found: dict[str, Counter[Class]] = {}
    plain: Counter[str] = Counter()
    misses_ms: list[float] = []
    for number in range(chosen.families):
        kind = material.KINDS[number % len(material.KINDS)]
        with tempfile.TemporaryDirectory() as folder:
            for name, each, evidence, why in judge_family(Path(folder), chosen.seed + number, kind):
                found.setdefault(name, Counter())[each] += 1
                is_near = evidence is not None and (evidence.ber or 0) < _PLAIN_BER
                plain[name] += is_near
                if name in material.MERGED and evidence is not None and evidence.sounds is not None:
                    off_s = evidence.sounds.lag_s - material.lag_s(name, chosen.seed + number)
                    misses_ms.append(1000 * abs(off_s))
                if chosen.json:
                    row = {"seed": chosen.seed + number, "kind": kind, "with": name}
                    row |= {"class": each.value, "reasons": why}
                    print(json.dumps(row | (as_json(evidence) if evidence else {})), flush=True)
    if not chosen.json:
        _print(found, plain, chosen.families)
        near = sum(miss <= 1 for miss in misses_ms)
        worst = max(misses_ms, default=0.0)
        print(f"cues: {near} of {len(misses_ms)} within 1 ms; worst {worst:.2f} ms")
    return 0


def _print(found: dict[str, Counter[Class]], plain: Counter[str], families: int) -> None:
    wrong = sum(
        counts[each]
        for name, counts in found.items()
        if name.removesuffix("_64") in material.VERSIONS
        for each in MERGED
    )
    print(f"{families} families; wrong merges: {wrong}")
    for name, counts in found.items():
        said = ", ".join(f"{count} {each.value}" for each, count in counts.most_common())
        print(f"  {name:<16} {said}; fingerprint alone: {plain[name]} equal")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
