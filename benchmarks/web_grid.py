"""How quick the editor is over a large library: its API, and its grid in a browser.

`python -m benchmarks.web_grid [--items 100000] [--cells 5000] [--jumps 200]` makes a library from a
seed, serves it as `beet musictool web` does, and prints beside the bars: preview and save of
thousands of cells over HTTP, the first rows of the grid after navigation, and how long rows take to
be filled after random jumps; a jump that is never filled is counted. Needs chromium.
`python -m benchmarks.web` prints the same of its library.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from beets import config
from beets.library import Library
from playwright.sync_api import sync_playwright
from waitress import create_server

from benchmarks import libraries
from benchmarks.edits import make_edits
from musictool_web import create_app
from musictool_web.context import NAME

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOKEN = "of the benchmark"  # noqa: S105 - lives for a minute
JUMP_S = 5.0
JUMPS = 200
_BARS_S = {"preview": 1.0, "save": 5.0, "first rows": 0.5, "jump, p95": 0.2}

# Resolves with the milliseconds until all rows in view are filled; -1 when they never are.
_JUMP = """async ([place, most]) => {
  const grid = document.querySelector("mt-grid");
  const begun = performance.now();
  grid.scrollTop = place * 34;
  const next = () => new Promise((done) => requestAnimationFrame(done));
  await next(); await next();
  while (performance.now() - begun < most) {
    const seen = [...grid.querySelectorAll(".g-row")].filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom > 100 && box.top < innerHeight;
    });
    const top = Math.min(...seen.map((row) => Number(row.dataset.place)));
    if (seen.length > 10 && Math.abs(top - place) < 40
        && seen.every((row) => !row.classList.contains("g-wait"))) return performance.now() - begun;
    await next();
  }
  return -1;
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--jumps", type=int, default=JUMPS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        libraries.make_library(Path(folder), options.items)
        config["create_backup_before_migrations"] = False
        lib = Library(str(Path(folder) / "library.db"), str(Path(folder) / "music"))
        web_app = create_app(lib, token=TOKEN, secret=b"s" * 32)
        listening = socket.create_server(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = create_server(
            web_app, sockets=[listening], threads=32, max_request_body_size=1 << 24
        )
        Thread(target=server.run, daemon=True).start()
        measure_api(address, TOKEN, options.items, options.cells)
        measure_grid(address, TOKEN, options.items, options.jumps)
        server.close()
        web_app.extensions[NAME].close()


def measure_api(address: str, token: str, items: int, cells: int) -> None:
    """Preview and save, each once."""
    edits = [
        {"entity": "item", "id": e.entity_id, "field": e.field, "new": e.new_text}
        for e in make_edits(items, cells)
    ]
    for name, pretend in (("preview", True), ("save", False)):
        body = {"edits": edits, "write": True, "move": True, "pretend": pretend}
        begun = time.perf_counter()
        answer = post(f"{address}/api/v1/changesets", token, body)
        told(name, time.perf_counter() - begun, f"{answer['applied']:,} cells")


def measure_grid(address: str, token: str, items: int, jumps: int) -> None:
    """Navigation and random jumps in a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no chromium: the grid is not measured")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.request.get(f"{address}/launch?token={token}")
        page = context.new_page()
        seen = [first_rows(page, address) for _ in range(5)]
        told("first rows", statistics.median(seen), f"first visit {seen[0]:.2f} s")
        chance = random.Random(1)
        taken = [
            page.evaluate(_JUMP, [chance.randrange(items - 100), JUMP_S * 1000])
            for _ in range(jumps)
        ]
        filled = sorted(each / 1000 for each in taken if each >= 0)
        never = len(taken) - len(filled)
        told("jump, median", statistics.median(filled), f"{never} of {jumps} never filled")
        told("jump, p95", filled[int(len(filled) * 0.95)], f"slowest {filled[-1]:.2f} s")
        browser.close()


def first_rows(page: Page, address: str) -> float:
    """Seconds from navigation to rows with text."""
    page.goto(f"{address}/editor", wait_until="load")
    page.goto(f"{address}/editor?q=", wait_until="commit")
    page.wait_for_selector("[role=gridcell] bdi", state="attached")
    shown: Any = page.evaluate("performance.now()")
    return float(shown) / 1000


def post(url: str, token: str, body: Any) -> Any:
    """The JSON answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def told(name: str, seconds: float, note: str) -> None:
    """One line."""
    bar = f"bar {_BARS_S[name]:.1f} s" if name in _BARS_S else ""
    print(f"{name:14} {seconds:7.3f} s  {bar:10}  {note}")


if __name__ == "__main__":
    main()
