"""The web view on a large library: what first views weigh, and how fast it answers.

`python -m benchmarks.web [--items 100000] [--requests 400] [--library FOLDER] [--lighthouse]` makes
a library from a seed (in FOLDER, where it is found again; else for this run), starts
`beet musictool web` as a process of its own, and prints

* the weight of first views: HTML with its inlined styles, scripts and further styles, gzip;
* the time of lists, searches, facets and aggregates at 16 connections beside its bar: cold, warm,
  while a job reports its progress, while another process imports, and while 5,000 cells are edited
  again and again; with the CPU time of the server for a request, which a busy computer does not
  change much, and with the share and age of answers that were served old;
* the same questions asked of beets' own plugin `web`, and the ratio;
* ordinary requests beside 20 event streams, as a ratio;
* with Chromium: requests to foreign hosts, and the largest contentful paint with the network and
  the CPU slowed down as Lighthouse's phone has them; how long preview and save of 5,000 cells take,
  and rows of the editor's grid after random jumps;
* where `lighthouse` is on PATH its scores; with `--lighthouse` nothing but these and the weights,
  and where it is missing npm fetches it.

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
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from benchmarks import lighthouse, web_grid
from benchmarks.edits import make_edits
from benchmarks.web_library import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

CONNECTIONS = 16
STREAMS = 20
VIEWS = ("/", "/library", "/library?view=covers", "/albums/1", "/gaps", "/explore", "/editor")
"""Those that are there are weighed."""

CELLS = 5_000
LASTS_S = 8.0
"""While something changes each kind of request is measured so long: over many changes."""
_WARM_MS = {"lists": 200, "searches": 200, "facets": 20, "aggregates": 20}
_CHANGING_MS = dict.fromkeys(("lists", "searches", "facets", "aggregates"), 500)
"""What 95 of 100 requests should stay below."""

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
        seconds, answer, body = self.answer(path)
        return seconds, answer.status, body

    def answer(self, path: str) -> tuple[float, http.client.HTTPResponse, bytes]:
        """Seconds, answer and body of one request."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return time.perf_counter() - started, answer, body

    def post(self, path: str, body: object) -> int:
        """Send JSON from a page of ours; the status."""
        headers = {**self._headers, "Content-Type": "application/json", "Sec-Fetch-Site": "none"}
        self._connection.request("POST", path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

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
        pid: of its process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._pid = pid
        self.port = urlsplit(url).port or 0
        self.token = url.partition("token=")[2]
        self.base = f"http://127.0.0.1:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", url.partition(str(self.port))[2])
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def client(self) -> Client:
        """A new connection."""
        return Client(self.port, self.cookie)

    def cpu_s(self) -> float:
        """Seconds of CPU that it has used; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
                scores(server)
            return
        with serving(root) as server:
            weigh(server)
            measure(server, root, options.items, options.requests)
            beside_streams(server, options.requests)
            in_a_browser(server)
            the_editor(server, options.items)
            if shutil.which("lighthouse"):
                scores(server)
        beside_beets(root)


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """The web view on a library, in a process of its own."""
    process = beet(root, "musictool", "web", "--port", "0", "--no-browser", out=subprocess.PIPE)
    try:
        first = process.stdout.readline() if process.stdout else b""
        yield Server(first.decode().strip(), process.pid)
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
        page = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
        named = re.findall(r'<script[^>]* src="([^"]+)"', page)
        named += re.findall(r'<script[^>]* data-main="([^"]+)"', page)
        scripts = with_imports(client, named)
        styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        styles += " ".join(re.findall(r' data-(?:sheets|later)="([^"]*)"', page)).split()
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


def measure(server: Server, root: Path, items: int, requests: int) -> None:
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
    print(f"\n{CONNECTIONS} connections, {requests} requests a figure or more, ms")
    states = {
        "cold, then warm": State(alone(), {}),
        "warm": State(alone(), _WARM_MS),
        "while a job runs": State(progressing(root), _WARM_MS),
        "while another process imports": State(importing(root), _CHANGING_MS, LASTS_S),
        f"while {CELLS:,} cells are edited": State(editing(server, items), _CHANGING_MS, LASTS_S),
    }
    for name, state in states.items():
        with state.beside:
            for kind, paths in kinds.items():
                found = load(server, paths, requests, state.lasts_s)
                report(f"{kind}, {name}", found, state.bars_ms.get(kind))


@dataclass(frozen=True)
class State:
    """What happens beside the requests.

    Attributes:
        bars_ms: by kind of request, what 95 of 100 should stay below.
        lasts_s: each kind is asked for so long at least.
    """

    beside: AbstractContextManager[None]
    bars_ms: Mapping[str, float]
    lasts_s: float = 0.0


@dataclass(frozen=True)
class Loaded:
    """What came of many requests.

    Attributes:
        seconds: of each.
        cpu_s: of the server, for one.
        old: how many were answered with something older than the library.
        oldest_s: the age of the oldest of them.
        refused: how many were told to ask again, because the library was busy.
    """

    seconds: Sequence[float]
    cpu_s: float = 0.0
    old: int = 0
    oldest_s: float = 0.0
    refused: int = 0


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


def load(server: Server, paths: Sequence[str], requests: int, lasts_s: float = 0.0) -> Loaded:
    """Ask for the paths in turn over 16 connections.

    Args:
        server: whom to ask.
        paths: what to ask for.
        requests: how often at least.
        lasts_s: for how long at least.
    """
    ends = time.perf_counter() + lasts_s
    numbered = enumerate(itertools.cycle(paths))
    work = itertools.takewhile(
        lambda pair: pair[0] < requests or time.perf_counter() < ends, numbered
    )
    lock, ages, refused = threading.Lock(), list[float](), list[str]()

    def ask(_: int) -> list[float]:
        client, own = server.client(), list[float]()
        while True:
            with lock:
                _, path = next(work, (0, None))
            if path is None:
                client.close()
                return own
            seconds, answer, body = client.answer(path)
            if answer.status not in {200, 304, 503}:
                raise RuntimeError(f"{path}: {answer.status}")
            own.append(seconds)
            if answer.status == 503:
                refused.append(path)
            if (answer.getheader("ETag") or "").startswith("W/"):
                ages.append(age_of(answer, body))

    before = server.cpu_s()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        seconds = list(itertools.chain.from_iterable(pool.map(ask, range(CONNECTIONS))))
    cpu_s = (server.cpu_s() - before) / len(seconds)
    return Loaded(seconds, cpu_s, len(ages), max(ages, default=0.0), len(refused))


def age_of(answer: http.client.HTTPResponse, body: bytes) -> float:
    """Seconds that an answer says it is old."""
    if told := answer.getheader("Age"):
        return float(told)
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return float(re.findall(rb'"age_s":([0-9.]+)', text)[-1])


def report(title: str, found: Loaded, bar_ms: float | None = None) -> None:
    """One line."""
    seconds = found.seconds
    p50, p95 = (percentile(seconds, share) * 1e3 for share in (0.5, 0.95))
    line = f"{title:48} p50 {p50:6.0f}  p95 {p95:6.0f}  max {max(seconds) * 1e3:6.0f}"
    line += f"  server {found.cpu_s * 1e3:5.1f}"
    if bar_ms is not None:
        line += f"  bar {bar_ms:4.0f} {'ok' if p95 <= bar_ms and not found.refused else 'missed'}"
    if found.refused:
        line += f"  refused {found.refused}"
    if found.old:
        line += f"  old {found.old / len(seconds):4.0%}, oldest {found.oldest_s:.1f} s"
    print(line, flush=True)


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


def alone() -> AbstractContextManager[None]:
    """Nothing else happens."""
    return nullcontext()


@contextmanager
def progressing(root: Path) -> Iterator[None]:
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

    with repeatedly(beat, 1.0):
        yield


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


@contextmanager
def editing(server: Server, items: int) -> Iterator[None]:
    """Change thousands of cells by the API of the web view, and again as soon as they are."""
    client = server.client()
    texts = itertools.cycle(("1991", "1992"))
    took = list[float]()

    def edit(_: int) -> None:
        text = next(texts)
        edits = [
            {"entity": each.entity.value, "id": each.entity_id, "field": each.field, "new": new}
            for each in make_edits(items, CELLS)
            for new in [text if each.field in {"year", "bpm"} else f"{each.new_text}{text[-1]}"]
            if each.field not in {"initial_key", "energy"}
        ]
        begun = time.perf_counter()
        status = client.post("/api/v1/changesets", {"edits": edits, "write": False, "move": False})
        if status != 200:
            raise RuntimeError(f"the edit was refused: {status}")
        took.append(time.perf_counter() - begun)

    with repeatedly(edit, 0.05):
        yield
    client.close()
    print(f"{len(took)} edits, median {statistics.median(took):.2f} s of {CELLS:,} cells")


def beside_streams(server: Server, requests: int) -> None:
    """Ordinary requests without and with event streams open."""
    paths = lists(requests)
    load(server, paths, requests)
    before = load(server, paths, requests)
    with ExitStack() as stack:
        accepted = sum(open_stream(server, stack) for _ in range(STREAMS))
        beside = load(server, paths, requests)
    ratio = percentile(beside.seconds, 0.95) / percentile(before.seconds, 0.95)
    print(f"\n{STREAMS} streams asked for, {accepted} open")
    report("lists without streams", before)
    report("lists beside the streams", beside)
    print(f"p95 ratio {ratio:.2f}, bar 2", flush=True)


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
    context.add_cookies([{"name": name, "value": value, "url": server.base}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", _SLOW)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(server.base + path, wait_until="load", timeout=120_000)
    found = float(page.evaluate(_LCP))
    context.close()
    return found


def the_editor(server: Server, items: int) -> None:
    """Preview and save of thousands of cells, and the grid in a browser."""
    print(f"\neditor, {items:,} tracks", flush=True)
    web_grid.measure_api(server.base, server.token, items, CELLS)
    web_grid.measure_grid(server.base, server.token, items, web_grid.JUMPS)


def scores(server: Server) -> None:
    """What Lighthouse says of first views."""
    paths = those_there(server, lighthouse.VIEWS)
    lighthouse.show(server.base, server.token, paths, rounds=lighthouse.ROUNDS, flags=CHROMIUM)


_COMPARED = {
    "a word": ("/api/v1/tracks?q=velvet", "/item/query/velvet"),
    "a list of years": ("/api/v1/tracks?q=year:1990..1995", "/item/query/year:1990..1995"),
    "all labels": ("/api/v1/facets?fields=label", "/item/values/label"),
}
"""By what is asked for: of us (100 rows and the total), and of beets' plugin (all at once)."""


def beside_beets(root: Path) -> None:
    """The same asked of beets' own plugin `web` and of ours, one connection, median of 3."""
    with serving(root) as server:
        client = server.client()
        ours = {what: three(client.ask, asked[0]) for what, asked in _COMPARED.items()}
        client.close()
    port = free_port()
    usual = (root / "config.yaml").read_text("utf-8")
    settings = json.loads(usual) | {"plugins": ["web"], "web": {"port": port}}
    (root / "config.yaml").write_text(json.dumps(settings), "utf-8")
    process = beet(root, "web")
    print(
        f"\n{'one connection, first and median of 3, ms':48} {'ours':>12} {'beets web':>14} ratio"
    )
    try:
        for what, (_, asked) in _COMPARED.items():
            theirs = three(partial(ask_beets, port), asked)
            cells = [f"{1e3 * each[0]:,.0f}, {1e3 * each[1]:,.0f}" for each in (ours[what], theirs)]
            ratio = f"{theirs[0] / ours[what][0]:,.0f}, {theirs[1] / ours[what][1]:,.0f}"
            print(f"{what:48} {cells[0]:>12} {cells[1]:>14} {ratio}", flush=True)
    finally:
        process.terminate()
        process.wait(60)
        (root / "config.yaml").write_text(usual, "utf-8")


def three(ask: Callable[[str], tuple[float, int, bytes]], path: str) -> tuple[float, float]:
    """Seconds of the first request, and of the middle one of three."""
    found = [ask(path) for _ in range(3)]
    for _, status, _ in found:
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
    return found[0][0], statistics.median(seconds for seconds, *_ in found)


def free_port() -> int:
    """A port that nobody listens on now."""
    import socket  # noqa: PLC0415 - only here

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask_beets(port: int, path: str) -> tuple[float, int, bytes]:
    """Seconds, status and body of one request to the plugin `web`, which may still be starting."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        started = time.perf_counter()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except ConnectionRefusedError:
            threading.Event().wait(0.1)
            continue
        finally:
            connection.close()
        return time.perf_counter() - started, answer.status, body
    raise RuntimeError("beets' plugin `web` does not start")


if __name__ == "__main__":
    main()
