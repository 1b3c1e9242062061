"""The web view on a large library: what first views weigh, and how fast it answers.

`python -m benchmarks.web [--items 100000] [--requests 400] [--library FOLDER] [--lighthouse]` makes
a library from a seed (in FOLDER, where it is found again; else for this run), starts
`beet musictool web` as a process of its own, and prints

* the weight of first views: HTML with its inlined styles, scripts and further styles, gzip;
* the time of lists, searches, facets and aggregates at 16 connections: cold, warm, while a job
  reports its progress, and while another process imports;
* the same question asked of beets' own plugin `web`;
* ordinary requests beside 20 event streams, as a ratio;
* with Chromium: requests to foreign hosts, and the largest contentful paint with the network and
  the CPU slowed down as Lighthouse's phone has them;
* with `--lighthouse` first views only: what they weigh, and its scores.

Times are by the clock of the client, on the same computer: the client takes its share of the CPU.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import itertools
import json
import os
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from benchmarks import lighthouse
from benchmarks.web_library import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

CONNECTIONS = 16
STREAMS = 20
VIEWS = ("/", "/library", "/library?view=covers", "/albums/1", "/gaps", "/explore", "/editor")
"""Those that are there are weighed."""

AGGREGATES = ("growth", "genres", "decades", "labels", "formats", "completion")
_WORDS = ("tor", "night", "velvet", "love", "dub", "rain", "kalomi", "moon", "blue", "sun")
_QUERIES = (
    "", "energy:8..9", "label:tor", "night", "genres:techno", "year:1990..1995", "mood:dark",
    "genres:techno energy:7..", "artist:tor", "love night",
)  # fmt: skip
_SORTS = ("", "-added", "title", "-year", "artist,album,track", "energy")
_LIBRARY_FACETS = "genres,label,initial_key,format,year"


class Client:
    """One connection that stays open.

    Args:
        port: of the server.
        cookie: of the session.
    """

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}

    def ask(self, path: str) -> tuple[float, int, bytes]:
        """Seconds, status and body of one request."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return time.perf_counter() - started, answer.status, body

    def text(self, path: str) -> str:
        """The body of one request, unpacked."""
        body = self.ask(path)[2]
        return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode("utf-8")

    def close(self) -> None:
        """End it."""
        self._connection.close()


class Server:
    """A running web view.

    Args:
        url: the launch address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = urlsplit(url).port or 0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", url.partition(str(self.port))[2])
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def client(self) -> Client:
        """A new connection."""
        return Client(self.port, self.cookie)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=400, help="per figure")
    parser.add_argument("--lighthouse", action="store_true", help="first views and its scores")
    parser.add_argument("--library", type=Path, help="a folder of this benchmark to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = options.library or Path(name)
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "library.db").exists():
            make(root, options.items)
        print(f"{options.items:,} items\n", flush=True)
        if options.lighthouse:
            with serving(root) as server:
                weigh(server)
                paths = those_there(server, lighthouse.VIEWS)
                base = f"http://127.0.0.1:{server.port}"
                lighthouse.show(
                    base, server.cookie, paths, rounds=lighthouse.ROUNDS, flags=CHROMIUM
                )
            return
        with serving(root) as server:
            weigh(server)
            measure(server, root, options.requests)
            beside_streams(server, options.requests)
            in_a_browser(server)
        beside_beets(root)


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """The web view on a library, in a process of its own."""
    process = beet(root, "musictool", "web", "--port", "0", "--no-browser", out=subprocess.PIPE)
    try:
        first = process.stdout.readline() if process.stdout else b""
        yield Server(first.decode().strip())
    finally:
        process.terminate()
        process.wait(60)


def beet(root: Path, *words: str, out: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start a command of beets."""
    return subprocess.Popen(
        [sys.executable, "-m", "beets", *words],
        env={**os.environ, "BEETSDIR": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.DEVNULL,
    )


def weigh(server: Server) -> None:
    """First views: what a browser loads before it can use the page, in KB of gzip."""
    client = server.client()
    print(f"{'first view, KB gzip':34} {'HTML':>7} {'scripts':>8} {'styles':>7}")
    for path in VIEWS:
        _, status, body = client.ask(path)
        if status != 200:
            print(f"{path:34} not there ({status})")
            continue
        page = gzip.decompress(body).decode("utf-8")
        scripts = with_imports(client, re.findall(r'<script[^>]* src="([^"]+)"', page))
        styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        parts = (len(body), weight(client, scripts), weight(client, styles))
        print(f"{path:34} {parts[0] / 1e3:7.1f} {parts[1] / 1e3:8.1f} {parts[2] / 1e3:7.1f}")
    client.close()


def with_imports(client: Client, scripts: Sequence[str]) -> list[str]:
    """Scripts, and what they import at once."""
    found = list(scripts)
    for script in found:
        folder = script.rpartition("/")[0]
        for name in re.findall(r'(?:from|import)"\./([^"]+\.js)"', client.text(script)):
            if f"{folder}/{name}" not in found:
                found.append(f"{folder}/{name}")
    return found


def weight(client: Client, paths: Sequence[str]) -> int:
    """Bytes that these files take on the way."""
    return sum(len(client.ask(path)[2]) for path in paths)


def measure(server: Server, root: Path, requests: int) -> None:
    """Lists, searches, facets and aggregates at 16 connections."""
    kinds = {
        "lists": lists(requests),
        "searches": searches(requests),
        "facets": facets(requests),
        "library page": ["/library", *(f"/library?q={quote(q)}" for q in _QUERIES)],
    }
    aggregates = those_there(server, [f"/api/v1/stats/{name}" for name in AGGREGATES])
    if aggregates:
        kinds["aggregates"] = aggregates
    print(f"\n{CONNECTIONS} connections, {requests} requests a figure, ms")
    states: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
        "cold, then warm": alone,
        "warm": alone,
        "while a job runs": progressing,
        "while another process imports": importing,
    }
    for state, beside in states.items():
        with beside(root):
            for kind, paths in kinds.items():
                asked = list(itertools.islice(itertools.cycle(paths), requests))
                report(f"{kind}, {state}", load(server, asked))


def lists(count: int) -> list[str]:
    """Windows of lists, some far down, with different queries and sorts."""
    chance = random.Random(1)
    return [
        "/api/v1/tracks?"
        + urlencode(
            {
                "q": chance.choice(_QUERIES),
                "sort": chance.choice(_SORTS),
                "offset": chance.choice((0, 0, 0, 100, 4_200)),
            }
        )
        for _ in range(count)
    ]


def searches(count: int) -> list[str]:
    """What somebody types into the palette, letter by letter."""
    typed = [word[:length] for word in _WORDS for length in range(2, len(word) + 1)]
    return [f"/api/v1/search?q={quote(text)}" for text in typed][:count]


def facets(count: int) -> list[str]:
    """Facets of the library page, under several queries."""
    return [
        "/api/v1/tracks?" + urlencode({"q": query, "facets": _LIBRARY_FACETS, "limit": 1})
        for query in _QUERIES
    ][:count]


def those_there(server: Server, paths: Sequence[str]) -> list[str]:
    """The addresses that answer."""
    client = server.client()
    found = [path for path in paths if client.ask(path)[1] == 200]
    client.close()
    return found


def load(server: Server, paths: Sequence[str]) -> list[float]:
    """Ask for all paths over 16 connections; return the seconds of each."""
    work = iter(list(paths))
    lock = threading.Lock()

    def ask(_: int) -> list[float]:
        client, own = server.client(), list[float]()
        while True:
            with lock:
                path = next(work, None)
            if path is None:
                client.close()
                return own
            seconds, status, _body = client.ask(path)
            if status not in {200, 304}:
                raise RuntimeError(f"{path}: {status}")
            own.append(seconds)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(itertools.chain.from_iterable(pool.map(ask, range(CONNECTIONS))))


def report(title: str, seconds: Sequence[float]) -> None:
    """One line."""
    p50, p95 = (percentile(seconds, share) * 1e3 for share in (0.5, 0.95))
    print(f"{title:48} p50 {p50:6.0f}  p95 {p95:6.0f}  max {max(seconds) * 1e3:6.0f}", flush=True)


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value that this share stays below."""
    return sorted(seconds)[min(len(seconds) - 1, round(len(seconds) * share))]


@contextmanager
def repeatedly(action: Callable[[int], None], pause_s: float) -> Iterator[None]:
    """Do something now and then in the background."""
    stop = threading.Event()

    def act() -> None:
        for number in itertools.count():
            if stop.wait(pause_s):
                return
            action(number)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def alone(_: Path) -> AbstractContextManager[None]:
    """Nothing else happens."""
    return nullcontext()


def progressing(root: Path) -> AbstractContextManager[None]:
    """Commit the progress of a job each second, as a running one does."""
    with closing(sqlite3.connect(root / "library.db")) as own, own:
        own.execute(
            "INSERT INTO mt_job (kind, key, state, args, done, label, error, attempts, owner,"
            " cancel_requested, created_at) VALUES ('bench', '', 'done', '{}', 0, '', '', 0, '',"
            " 0, 0)"
        )

    def beat(number: int) -> None:
        with closing(sqlite3.connect(root / "library.db", timeout=30)) as own, own:
            own.execute("UPDATE mt_job SET done = ? WHERE kind = 'bench'", (number,))

    return repeatedly(beat, 1.0)


def importing(root: Path) -> AbstractContextManager[None]:
    """Change items as an import does: some each half second, each in a transaction."""

    def change(number: int) -> None:
        with closing(sqlite3.connect(root / "library.db", timeout=30)) as own, own:
            first = number * 10 % 90_000
            own.execute(
                "UPDATE items SET comments = ? WHERE id BETWEEN ? AND ?",
                (f"changed {number}", first, first + 9),
            )

    return repeatedly(change, 0.5)


def beside_streams(server: Server, requests: int) -> None:
    """Ordinary requests without and with event streams open."""
    paths = lists(requests)
    load(server, paths)
    before = load(server, paths)
    with ExitStack() as stack:
        accepted = sum(open_stream(server, stack) for _ in range(STREAMS))
        beside = load(server, paths)
    ratio = percentile(beside, 0.95) / percentile(before, 0.95)
    print(f"\n{STREAMS} streams asked for, {accepted} open")
    report("lists without streams", before)
    report("lists beside the streams", beside)
    print(f"p95 ratio {ratio:.2f}", flush=True)


def open_stream(server: Server, stack: ExitStack) -> bool:
    """Open an event stream that stays until the stack ends; whether there was room."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    stack.callback(connection.close)
    connection.request("GET", "/api/v1/events", headers={"Cookie": server.cookie})
    answer = connection.getresponse()
    # Kept: a stream that nobody holds would be closed.
    stack.callback(answer.close)
    return answer.status == 200


_LCP = """
new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
  .observe({type: 'largest-contentful-paint', buffered: true}))
"""
_ROUNDS = 5
_PHONE = {"width": 412, "height": 823}
_SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


def in_a_browser(server: Server) -> None:
    """Requests to foreign hosts, and the largest paint on a slow phone."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("\nno chromium here: no figures of a browser")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only with a browser

    paths = those_there(server, [path for path in VIEWS if path != "/editor"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        foreign: list[str] = []
        print(f"\n{'slow phone, median of 5':34} {'LCP':>8}")
        for path in paths:
            found = [paint(browser, server, path, foreign) for _ in range(_ROUNDS)]
            print(f"{path:34} {statistics.median(found):5.0f} ms", flush=True)
        browser.close()
    print(f"requests to foreign hosts: {len(foreign)}")


def paint(browser: Any, server: Server, path: str, foreign: list[str]) -> float:
    """Milliseconds until the largest part of a page is there, in a fresh profile."""
    context = browser.new_context(viewport=_PHONE, device_scale_factor=1.75, is_mobile=True)
    context.on(
        "request",
        lambda asked: (
            foreign.append(asked.url)
            if urlsplit(asked.url).hostname not in {"127.0.0.1", None}
            else None
        ),
    )
    name, _, value = server.cookie.partition("=")
    base = f"http://127.0.0.1:{server.port}"
    context.add_cookies([{"name": name, "value": value, "url": base}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", _SLOW)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(base + path, wait_until="load", timeout=120_000)
    found = float(page.evaluate(_LCP))
    context.close()
    return found


_COMPARED = "velvet"


def beside_beets(root: Path) -> None:
    """The same words asked of beets' own plugin `web` and of ours: first rows, one connection."""
    with serving(root) as server:
        client = server.client()
        asked = f"/api/v1/tracks?q={_COMPARED}&limit=100"
        ours = [client.ask(asked)[0] for _ in range(3)]
        client.close()
    port = free_port()
    usual = (root / "config.yaml").read_text("utf-8")
    settings = json.loads(usual) | {"plugins": ["web"], "web": {"port": port}}
    (root / "config.yaml").write_text(json.dumps(settings), "utf-8")
    process = beet(root, "web")
    try:
        theirs = [ask_beets(port, f"/item/query/{_COMPARED}") for _ in range(3)]
    finally:
        process.terminate()
        process.wait(60)
        (root / "config.yaml").write_text(usual, "utf-8")
    first, own = statistics.median(theirs), statistics.median(ours)
    print(f"\nthe word {_COMPARED!r}, median of 3: beets' web {first:.2f} s (all rows at once),")
    print(f"ours {own * 1e3:.0f} ms (100 rows and the total): {first / own:,.0f} times as fast")


def free_port() -> int:
    """A port that nobody listens on now."""
    import socket  # noqa: PLC0415 - only here

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask_beets(port: int, path: str) -> float:
    """Seconds of one request to the plugin `web`, which may still be starting."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        started = time.perf_counter()
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except ConnectionRefusedError:
            threading.Event().wait(0.1)
            continue
        finally:
            connection.close()
        return time.perf_counter() - started
    raise RuntimeError("beets' plugin `web` does not start")


if __name__ == "__main__":
    main()
