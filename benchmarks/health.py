"""How well the rules of metadata health find what is wrong, and how fast.

python -m benchmarks.health CASES.json [--json] [--rows N]

A case is a record (`fields`), the rules that have to speak (`expect`) and what the fixes have to
come to (`fix`). Cases that expect nothing are clean: any finding there is a false alarm. Beside
ours stands what a plain beets user has: the rules that `ftfy.fix_text` and stripping white space
cover, on the same cases.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ftfy

from musictool_core.quality.health import engine
from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.model import Standard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.quality.health.model import Record


def judge(cases: Sequence[Mapping[str, Any]], standard: Standard) -> dict[str, Any]:
    """Figures over all cases, and what went wrong in each."""
    expected = found = fixes = fixed = clean = alarms = peer = 0
    wrong: list[dict[str, Any]] = []
    for case in cases:
        record: Record = case["fields"]
        rules = {each.rule.rule_id for each in engine.check({0: record}, RULES, standard)}
        patch = engine.fix({0: record}, RULES, standard).get(0, {})
        wanted = set(case["expect"])
        extra, missed = rules - wanted, wanted - rules
        is_fixed = all(_alike(patch.get(name), value) for name, value in case["fix"].items())
        expected += len(wanted)
        found += len(wanted & rules)
        clean += not wanted
        alarms += bool(extra) and not wanted
        fixes += bool(case["fix"])
        fixed += bool(case["fix"]) and is_fixed
        peer += bool(case["fix"]) and _peer(record) == case["fix"]
        if extra or missed or not is_fixed:
            wrong.append(
                {"id": case["id"], "missed": sorted(missed), "extra": sorted(extra), "fix": patch}
            )
    return {
        "cases": len(cases),
        "expected": expected,
        "found": found,
        "clean": clean,
        "false_alarms": alarms,
        "fixes": fixes,
        "fixes_right": fixed,
        "fixes_right_ftfy_and_strip": peer,
        "wrong": wrong,
    }


def _alike(one: object, other: object) -> bool:
    return one == other or (one in {None, ""} and other in {None, ""})


def _peer(record: Record) -> dict[str, object]:
    mended = {
        name: ftfy.fix_text(value).strip()
        for name, value in record.items()
        if isinstance(value, str)
    }
    return {name: new for name, new in mended.items() if new != record[name]}


def measure(cases: Sequence[Mapping[str, Any]], rows: int, standard: Standard) -> float:
    """Seconds for all rules over so many rows of distinct texts, ten to an album."""
    records: dict[int, Record] = {}
    for number in range(rows):
        fields = dict(cases[number % len(cases)]["fields"])
        for name in ("artist", "title", "album"):
            if isinstance(fields.get(name), str):
                fields[name] = f"{fields[name]} {number // 10 if name != 'title' else number}"
        records[number] = {**fields, "album_id": number // 10 + 1}
    begun = time.perf_counter()
    engine.check(records, RULES, standard)
    return time.perf_counter() - begun


def main(args: Sequence[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.health", description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--rows", type=int, default=0, help="also time so many rows")
    chosen = parser.parse_args(args)
    cases = json.loads(chosen.cases.read_text("utf-8"))
    standard = Standard(datetime.now(UTC).date())  # noqa: TID251 - a benchmark runs today
    figures = judge(cases, standard)
    if chosen.rows:
        figures["rows"] = chosen.rows
        figures["seconds"] = round(measure(cases, chosen.rows, standard), 2)
    if chosen.json:
        print(json.dumps(figures, ensure_ascii=False))
        return 0
    print(f"{figures['cases']} cases, {len(RULES)} rules")
    print(f"found:        {figures['found']} of {figures['expected']} planted faults")
    print(f"false alarms: {figures['false_alarms']} of {figures['clean']} clean cases")
    print(
        f"fixes right:  {figures['fixes_right']} of {figures['fixes']}"
        f" (ftfy and strip: {figures['fixes_right_ftfy_and_strip']})"
    )
    for each in figures["wrong"]:
        print(f"  {each['id']}: missed {each['missed']}, extra {each['extra']}, fix {each['fix']}")
    if chosen.rows:
        print(f"{chosen.rows:,} rows: {figures['seconds']} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
