"""Lighthouse's scores for first views of the web view, beside the bars.

Lighthouse is a tool of this benchmark only: nothing of it is part of the product. It is the command
`lighthouse` on PATH, else `npx lighthouse@13`, which keeps it in npm's own cache; it needs Node
and chromium. Each run has a fresh profile, the phone that Lighthouse simulates, and the launch
token in its requests, so that it sees the page and not the door: a cookie would be replaced by the
first one that the page keeps itself. The server has answered once before, as it has on any day but
the first.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VIEWS = ("/", "/library", "/library?view=covers", "/albums/1", "/gaps")
ROUNDS = 5
LCP_MS = {"/": 1000.0}
"""Bars of the largest paint; `_LCP_MS` for pages that are not here."""

_LCP_MS = 1200.0
_SCORES = {"performance": 95.0, "accessibility": 100.0, "best-practices": 100.0}
_TIMES = {
    "first paint": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "blocked": "total-blocking-time",
}
_VERSION = "13"
_RUN_S = 300
_ATTEMPTS = 3


def command() -> list[str] | None:
    """How Lighthouse is called here; None where it cannot be."""
    if shutil.which("chromium") is None:
        return None
    own = shutil.which("lighthouse")
    if own is not None:
        return [own]
    npx = shutil.which("npx")
    return None if npx is None else [npx, "--yes", f"lighthouse@{_VERSION}"]


def show(base: str, token: str, paths: Sequence[str], *, rounds: int, flags: Sequence[str]) -> None:
    """Run it on each page and print medians beside the bars.

    Args:
        base: address of the server, without a slash at its end.
        token: of the launch address.
        paths: pages.
        rounds: runs a page.
        flags: of chromium.
    """
    call = command()
    if call is None:
        print("\nno Lighthouse here: it needs chromium, and `lighthouse` or `npx` on PATH")
        return
    print(
        f"\nLighthouse {_VERSION}, phone, median of {rounds}: ours/bar. It slows the CPU down to a"
    )
    print("quarter; `CPU` says how much of it was free: a quiet desktop has 1,500 and more.")
    for path in paths:
        runs = [_run(call, base + path, token, flags) for _ in range(rounds)]
        print(f"{path:24} {', '.join(_figures(path, runs))}; load {_load()}", flush=True)
        for fault in sorted(set().union(*map(_faults, runs))):
            print(f"  {fault}")


def _run(call: Sequence[str], url: str, token: str, flags: Sequence[str]) -> Mapping[str, Any]:
    """One run; where Lighthouse fails, which it does now and then on a busy computer, another."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            return _run_once(call, url, token, flags)
        except RuntimeError:
            if not left:
                raise
    raise AssertionError  # the last attempt returns or raises


def _run_once(call: Sequence[str], url: str, token: str, flags: Sequence[str]) -> Mapping[str, Any]:
    done = subprocess.run(
        [
            *(*call, url, "--quiet", "--output=json"),
            f"--extra-headers={json.dumps({'Authorization': f'Bearer {token}'})}",
            f"--only-categories={','.join(_SCORES)}",
            f"--chrome-flags=--headless=new {' '.join(flags)}",
        ],
        capture_output=True,
        check=False,
        timeout=_RUN_S,
        env={**os.environ, "CHROME_PATH": shutil.which("chromium") or ""},
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse does not run here: {done.stderr.decode()[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["finalDisplayedUrl"] != url or found.get("runtimeError"):
        raise RuntimeError(f"it did not see {url}: {found['finalDisplayedUrl']}")
    return found


def _figures(path: str, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    figures = []
    for name, bar in _SCORES.items():
        ours = statistics.median(100 * run["categories"][name]["score"] for run in runs)
        figures.append(f"{name} {ours:.0f}/{bar:.0f}")
    for name, audit in _TIMES.items():
        ours = statistics.median(run["audits"][audit]["numericValue"] for run in runs)
        most = f"/{LCP_MS.get(path, _LCP_MS):.0f}" if name == "LCP" else ""
        figures.append(f"{name} {ours:.0f}{most} ms")
    free = statistics.median(run["environment"]["benchmarkIndex"] for run in runs)
    return [*figures, f"CPU {free:.0f}"]


def _faults(run: Mapping[str, Any]) -> set[str]:
    """What keeps accessibility and best practices from being whole."""
    return {
        f"{run['audits'][part['id']]['title']}: {_places(run['audits'][part['id']])}"
        for category in ("accessibility", "best-practices")
        for part in run["categories"][category]["auditRefs"]
        if part["weight"]
        and (run["audits"][part["id"]]["score"] or 0) < 1
        and run["audits"][part["id"]]["scoreDisplayMode"] not in {"notApplicable", "informative"}
    }


def _places(audit: Mapping[str, Any]) -> str:
    items = audit.get("details", {}).get("items", [])
    nodes = [item["node"]["snippet"] for item in items if "node" in item]
    return "; ".join(nodes[:3]) or json.dumps(items[:2])


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"
