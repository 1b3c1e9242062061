"""How the matcher tells versions of a title apart, case by case.

python -m benchmarks.versions CASES.json [--json]

A case has `a` and `b` (artist, title, length in seconds, album) and the `relation` that is right:
same, version or different. Beside ours stands what beets' own `duplicates` can do with names: the
same when artist and title are equal but for case.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core.matching import Song
from musictool_core.quality.duplicates.evidence import Titles, compare_titles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RELATIONS = {
    Titles.UNKNOWN: "different",
    Titles.SAME: "same",
    Titles.OTHER_MASTER: "version",
    Titles.OTHER_VERSION: "version",
    Titles.DIFFERENT: "different",
}


def judge(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case with what the matcher says of it."""
    titles, said = compare_titles(_song(case["a"]), _song(case["b"]))
    relation = RELATIONS[titles]
    return {
        "a": f"{case['a']['artist']} - {case['a']['title']}",
        "b": f"{case['b']['artist']} - {case['b']['title']}",
        "expected": case["relation"],
        "found": relation,
        "right": relation == case["relation"],
        "by_equal_names": _is_equal(case),
        "evidence": list(said),
    }


def _song(side: Mapping[str, Any]) -> Song:
    return Song(side["artist"], side["title"], side.get("length") or None)


def _is_equal(case: Mapping[str, Any]) -> bool:
    """Whether equal names say the right thing."""
    a, b = case["a"], case["b"]
    same = all(a[name].casefold() == b[name].casefold() for name in ("artist", "title"))
    return bool(same == (case["relation"] == "same"))


def main(args: Sequence[str]) -> int:
    """Print each case, then the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.versions", description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object a case")
    chosen = parser.parse_args(args)
    rows = [judge(case) for case in json.loads(chosen.cases.read_text("utf-8"))]
    for row in rows:
        if chosen.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            mark = "right" if row["right"] else "WRONG"
            print(f"{mark}  {row['a']} | {row['b']}: {row['found']} (is {row['expected']})")
    merged = sum(row["found"] == "same" != row["expected"] for row in rows)
    if not chosen.json:
        right, plain = (sum(row[name] for row in rows) for name in ("right", "by_equal_names"))
        print(f"{right} of {len(rows)} right, {merged} wrong merges; equal names: {plain}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
