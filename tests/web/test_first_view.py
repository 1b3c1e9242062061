"""What comes with the first answer: small, complete, from nowhere else.

Sizes are bytes on the wire; a server may send 14 KB before it hears from the browser.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from benchmarks import libraries
from musictool_core.analysis import engine
from musictool_core.analysis.due import AudioFile, Examined
from musictool_core.analysis.workers import Outcome
from musictool_core.audio.heard import SIGNAL
from musictool_core.gaps.refresh import refresh
from musictool_core.progress import CancelToken, silent
from musictool_web import first_view
from musictool_web.assets import built
from tests.fakes.measures import checked
from tests.gaps.conftest import NOW, Shelf
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.web.conftest import Watched

PAGES = (
    "/", "/library", "/library?view=covers", "/library?sort=artist,album,track",
    "/library?q=genres:techno", "/albums/1", "/tracks/1", "/gaps", "/gaps/completion",
    "/collection", "/health/upgrades", "/explore", "/editor?q=", "/own", "/history", "/jobs",
    "/settings", "/artists", "/labels",
)  # fmt: skip
IN_BROWSER = ("/", "/library", "/albums/1", "/gaps", "/explore", "/editor?q=")
"""Between them they ask for all kinds of scripts, styles, fonts and pictures."""

MOST_HTML = 14_000
MOST_SCRIPT = 45_000
MOST_SCRIPT_EDITOR = 140_000
ITEMS, ALBUMS, RECORDS = 3_000, 300, 60

SHEET = (
    '@font-face{src:url("a{}.woff2")}.a,.b>p{x:1}.b:not(.c) td:hover{x:2}#id{x:3}'
    "@media(width>1px){.a .c{x:4}@supports (x:y){.a::before{x:5}}}@media print{.c{x:6}}"
    ".js .d,a[href]{x:7}"
)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ("", '@font-face{src:url("a{}.woff2")}#id{x:3}'),
        (
            ".a",
            (
                '@font-face{src:url("a{}.woff2")}.a{x:1}#id{x:3}'
                "@media(width>1px){@supports (x:y){.a::before{x:5}}}"
            ),
        ),
        (".b td", '@font-face{src:url("a{}.woff2")}.b:not(.c) td:hover{x:2}#id{x:3}'),
        (".b p a", '@font-face{src:url("a{}.woff2")}.b>p{x:1}#id{x:3}a[href]{x:7}'),
        (".js .d", '@font-face{src:url("a{}.woff2")}#id{x:3}.js .d{x:7}'),
    ],
)
def test_a_rule_is_written_when_the_page_holds_its_classes_and_elements(
    names: str, written: str
) -> None:
    assert first_view.write_used(first_view.read_sheet(SHEET), frozenset(names.split())) == written


def test_names_are_read_from_a_page_and_include_what_the_script_sets_first() -> None:
    found = first_view.names_in('<a class="b c"><mt-player></mt-player></a><p class="c">')

    assert found == {".b", ".c", "a", "mt-player", "p", ".js"}


@pytest.mark.parametrize("name", ["critical.css", "page-library.css", "page-shelf.css"])
def test_a_sheet_is_read_whole(frontend_built: None, name: str) -> None:  # noqa: ARG001
    text = built().sheet_text(name)
    names = frozenset(re.findall(r"\.[a-zA-Z][\w-]*|[a-z][\w-]*", text))

    assert first_view.write_used(first_view.read_sheet(text), names) == text.strip()


def test_a_page_that_is_loaded_whole_waits_for_no_sheet(
    browser: FlaskClient,
    frontend_built: None,  # noqa: ARG001
) -> None:
    page = browser.get("/library").text
    before, _, main = page.partition("<main")
    style = before.partition("<style")[2].partition("</style>")[0]
    later = re.search(r'data-later="([^"]+)"', page)

    assert 'rel="stylesheet"' not in before + main.partition("</main>")[0]
    assert ".find" in style, "the sheet of the page is in it"
    assert ".wheel" not in style, "no page but the first has one"
    assert later is not None
    assert later[1].split() == [built().url("common.css"), built().url("page-library.css")]


def test_a_page_that_is_exchanged_brings_a_link_to_its_sheet(
    browser: FlaskClient,
    frontend_built: None,  # noqa: ARG001
) -> None:
    page = browser.get("/library", headers={"HX-Request": "true"}).text

    assert "<style" not in page
    assert f'<link rel="stylesheet" href="{built().url("page-library.css")}">' in page


def test_the_first_page_of_a_browser_asks_for_nothing_before_it_is_drawn(
    browser: FlaskClient,
    frontend_built: None,  # noqa: ARG001
) -> None:
    page = browser.get("/library").text
    seen = page.replace(page.partition("<noscript>")[2].partition("</noscript>")[0], "")

    assert re.findall(r'<script[^>]* src="([^"]+)"', seen) == [built().url("boot.js")]
    assert "woff2" not in seen.partition("data-files")[0]
    assert built().url("icons.svg") not in re.findall(r'href="([^"#]+)#', seen)
    assert '<use href="#mt-rows-3"/>' in seen
    assert seen.count('<symbol id="mt-rows-3"') == 1

    browser.set_cookie(first_view.FILES_COOKIE, "of an earlier build")
    assert built().url("boot.js") in browser.get("/library").text  # type: ignore[operator]
    browser.set_cookie(first_view.FILES_COOKIE, built().files["archivo.woff2"])
    known = browser.get("/library").text
    assert f'<script type="module" src="{built().url("main.js")}">' in known
    assert '@font-face{font-family:Archivo;src:url("/static/' in known
    assert built().url("boot.js") not in known  # type: ignore[operator]


@pytest.mark.usefixtures("chromium")
def test_a_browser_that_comes_first_gets_everything_a_little_later(
    served: str, watched: Watched
) -> None:
    page = watched.context(been_here=False).new_page()
    page.goto(f"{served}/launch?token={TOKEN}")

    page.wait_for_function("() => document.documentElement.classList.contains('js')")
    page.wait_for_function("() => document.cookie.includes('mt_files=')")
    page.wait_for_function("() => document.fonts.check('14px Archivo')")
    page.reload()

    assert page.locator("script[data-main]").count() == 0
    assert page.locator("script[type=module]").count() > 0


def test_states_that_come_with_a_pointer_are_left_for_the_whole_sheets() -> None:
    rules = first_view.read_sheet("a,a:hover{x:1}a:active{x:2}@media print{a:hover b{x:3}a{x:4}}")

    written = first_view.write_used(first_view.at_rest(rules), frozenset("ab"))

    assert written == "a{x:1}@media print{a{x:4}}"


def test_what_a_first_sheet_declares_and_does_not_use_comes_later() -> None:
    sheet = ":root{--a: 1;--a-2: 3;--b: var(--a)}.x--y:focus{y:var(--b)}.q{--c: 2}"

    assert (
        first_view.without_unused(sheet) == ":root{--a: 1;--b: var(--a)}.x--y:focus{y:var(--b)}.q{}"
    )


@pytest.fixture
def crowded(parts: Web) -> None:
    """A library with names, tags and gaps as large ones have them."""
    shelf = libraries.make_shelf(ITEMS // 8, seed=4)
    files = sorted(libraries.make_items(shelf, ITEMS, seed=4), key=lambda item: item.albumartist)
    with parts.host.transaction() as tx:
        tx.run_many(
            "INSERT INTO albums (id, album, albumartist, label, year, added)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (number, file.album, file.albumartist, file.label, file.year, 1.2e9 + number * 1e6)
                for number, file in enumerate(files[:: ITEMS // ALBUMS], start=1)
            ],
        )
        tx.run_many(
            "INSERT INTO items (id, album_id, artist, title, album, albumartist, label, catalognum,"
            " length, track, year, added, path, genres, bpm, initial_key, format)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'MP3')",
            [
                (
                    number, number * ALBUMS // ITEMS + 1, file.artist, file.title, file.album,
                    file.albumartist, file.label, file.catalognum, file.length_s, file.track,
                    file.year, 1.2e9 + number * 1.5e5, b"x", libraries.GENRES[number % 9],
                    90 + number % 88, ("Am", "F#m", "C", "Gm", "")[number % 5],
                )
                for number, file in enumerate(files)
            ],
        )  # fmt: skip
        tx.run_many(
            "INSERT INTO item_attributes (entity_id, key, value) VALUES (?, ?, ?)",
            [
                (number, key, str(number % most))
                for number in range(ITEMS)
                for key, most in (("energy", 11), ("quality_score", 101))
            ],
        )
        verdicts = ("lossy_proven", "lossless_consistent", "suspicious", "cannot_tell")
        tx.run_many(
            "INSERT INTO item_attributes (entity_id, key, value) VALUES (?, 'quality_verdict', ?)",
            [(number, verdicts[number % 4]) for number in range(ITEMS)],
        )
        for number in (1, *range(0, ITEMS, 4)):
            file = AudioFile(number, parts.host.path)
            one = Examined(
                file, f"{number}", outcome=Outcome(None, "", checked()), groups=(SIGNAL,)
            )
            engine.store(tx, one, at=1.0)
    made = Shelf(parts.host)
    for release in shelf[:RECORDS]:
        made.add(
            release.release_id, release.artists[0].name, release.title, *release.tracks,
            label=release.labels[0].name, catalognum=release.labels[0].catno, year=release.year,
        )  # fmt: skip
    refresh(parts.host, now=NOW, report=silent, cancel=CancelToken())


_FOREIGN = re.compile(r"<(?:img|script|link|audio|iframe)[^>]*(?:src|href)=\"(?:\w+:)?//")


@pytest.mark.usefixtures("crowded", "frontend_built")
def test_first_views_fit_into_the_first_packets(browser: FlaskClient) -> None:
    sizes = {}
    for path in PAGES:
        answer = browser.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, path
        assert answer.headers["Content-Encoding"] == "gzip"
        assert _FOREIGN.findall(gzip.decompress(answer.data).decode()) == []
        sizes[path] = len(answer.data)

    assert {path: size for path, size in sizes.items() if size > MOST_HTML} == {}
    assert sizes["/library"] > MOST_HTML / 2, "a table with all its columns"
    assert sizes["/gaps"] > MOST_HTML / 2, "a list with all its shops"


_SCRIPTS = """() => performance.getEntriesByType("resource")
  .filter((each) => each.name.endsWith(".js"))
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


@pytest.mark.usefixtures("crowded")
def test_scripts_are_small_and_nothing_is_asked_of_other_hosts(
    served: str, watched: Watched
) -> None:
    context = watched.context()
    context.request.get(f"{served}/launch?token={TOKEN}", max_redirects=0)
    hosts, sizes = set[str | None](), {}
    context.on("request", lambda asked: hosts.add(urlsplit(asked.url).hostname))
    for path in IN_BROWSER:
        page = context.new_page()
        page.goto(served + path, wait_until="load")
        if path == "/editor?q=":
            page.wait_for_function("() => customElements.get('mt-editor')")
        sizes[path] = page.evaluate(_SCRIPTS)
        page.close()
    editor = sizes.pop("/editor?q=")

    assert {path: size for path, size in sizes.items() if size > MOST_SCRIPT} == {}
    assert min(sizes.values()) > 0
    assert max(sizes.values()) < editor <= MOST_SCRIPT_EDITOR
    assert hosts == {"127.0.0.1"}


@pytest.mark.usefixtures("crowded")
def test_what_a_board_leaves_for_later_comes_into_view_or_by_a_link(browser: FlaskClient) -> None:
    folded, whole = browser.get("/explore").text, browser.get("/explore?whole=1").text
    sections = re.findall(r'<section [^>]*id="w-(\w+)".*?</section>', folded, re.DOTALL)
    later = re.findall(r'<section [^>]*id="w-(\w+)"[^>]*hx-trigger="revealed"', folded)

    assert sections == re.findall(r'<section [^>]*id="w-(\w+)"', whole)
    assert later, "all of it does not fit"
    assert "growth" not in later, "what comes first is there"
    assert 'hx-trigger="revealed"' not in whole
    assert folded.count("whole=1") == len(later)
    for name in later:
        assert "</svg>" in browser.get(f"/explore?part={name}").text
