"""The whole way of a user, on desktop and phone size, with real audio playing on through it.

Home -> a mark of a chart -> Library -> 12 tracks -> Editor -> paste a column -> preview -> save ->
undo -> Gaps -> review -> a link to a shop. Each step is a function, so that a page that changes
changes one place here. The addresses and names that pages agreed upon: marks on Home are links to
lists; checkboxes of the library are named `id` and its form has a button "Edit"; the editor is an
`<mt-grid>`, on phones cards with a field sheet; gaps are at `/gaps`, decisions at `/gaps/review`.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from tests.fakes.beet import Beet
from tests.web.visitor import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from tests.web.conftest import Watched
    from tests.web.visitor import Visitor

SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
NEEDED = ("/", "/library", "/editor", "/gaps", "/gaps/review")
"""The journey is made where all of these are there."""

YEAR = 1995
TRACKS = 14
EDITED = 12
PLUGINS = [
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "traktor",
]
SHOPS = re.compile("^https://")
PLAYS = "document.querySelector('mt-player').audio.paused === false"

COLLECTION = """\
Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added
JT 001,Journeyers,Way Out,Journey Tracks,LP,,1995,990100001,Uncategorized,2024-01-02 10:00:00
"""
TRACKLIST = (
    '{"id": 990100001, "title": "Way Out", "year": 1995, "artists": [{"name": "Journeyers", "id":'
    ' 1, "anv": "", "join": ""}], "labels": [{"name": "Journey Tracks", "catno": "JT 001", "id":'
    ' 1}], "formats": [{"name": "Vinyl", "qty": "1", "descriptions": ["12\\""]}], "tracklist":'
    ' [{"position": "A", "type_": "track", "title": "Track 1 (LP Version)", "duration": "0:03"},'
    ' {"position": "B1", "type_": "track", "title": "Never Ripped", "duration": "5:00"},'
    ' {"position": "B2", "type_": "track", "title": "Track 14", "artists": [{"name": "Other Hands",'
    ' "id": 2, "anv": "", "join": ""}]}]}\n'
)
"""A record of which one track is to be decided upon, and one is missing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, _library_file: Path) -> Path:
    """A beets folder with real audio of one year and a shelf, made once."""
    root = tmp_path_factory.mktemp("journey")
    (root / "music").mkdir()
    shutil.copy(_library_file, root / "library.db")
    beet = Beet(
        root,
        plugins=PLUGINS,
        threaded=False,
        ui={"color": False},
        **{"import": {"copy": False, "write": False, "quiet": True}},
    )
    for number in range(1, TRACKS + 1):
        write_audio(
            root / "music" / f"{number:02}.mp3",
            "mp3",
            # The first is long: it plays on while the journey goes on.
            [Passage(number, 240.0 if number == 1 else 3.0)],
            Tags(
                title=f"Track {number}",
                artist="Journeyers",
                album="Way Out",
                track=number,
                year=YEAR,
            ),
        )
    for words in (
        ("import", "-A", "-q", str(root / "music")),
        ("collection", "import-csv", str(_file(root, "shelf.csv", COLLECTION)), "--tracklists",
         str(_file(root, "lists.jsonl", TRACKLIST))),
    ):  # fmt: skip
        done = beet(*words)
        assert done.status == 0, done.stderr
    return root


def _file(root: Path, name: str, text: str) -> Path:
    (root / name).write_text(text, "utf-8")
    return root / name


@pytest.fixture
def visitor(made: Path, tmp_path: Path) -> Iterator[Visitor]:
    """A server on a copy of it, as a process of its own."""
    folder = tmp_path / "beets"
    shutil.copytree(made, folder)
    beet = Beet(folder, plugins=PLUGINS, directory=str(folder / "music"))
    with serving(beet) as (_, found):
        lacking = [path for path in NEEDED if found.get(path).status_code == 404]
        if lacking:
            pytest.skip(f"not there yet: {', '.join(lacking)}")
        yield found


@pytest.mark.usefixtures("frontend_built")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", SIZES)
def test_the_journey(visitor: Visitor, watched: Watched, size: str) -> None:
    phone = size == "phone"
    context = watched.context(
        viewport=SIZES[size],
        has_touch=phone,
        permissions=["clipboard-read", "clipboard-write"],
    )
    # Shops are not asked; what would be sent to them is looked at.
    sent: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        sent.append(route.request.headers)
        route.fulfill(body="shop")

    context.route(SHOPS, answer)
    page = context.new_page()
    page.goto(visitor.launch_url, wait_until="load")

    follow_a_mark(page)
    play_the_first(page)
    select_tracks(page, phone=phone)
    if phone:
        paste_on_a_phone(page)
    else:
        paste_a_column(page)
    save(page)
    assert titles(visitor) == {f"Pasted {n}" for n in range(1, EDITED + 1)}
    undo(page)
    assert not any(title.startswith("Pasted") for title in titles(visitor, "Track"))
    decide(page)
    follow_a_link(page)

    assert sent
    assert "referer" not in sent[0]
    assert page.evaluate(PLAYS)


def titles(visitor: Visitor, first: str = "Pasted") -> set[str]:
    """Titles in the library that begin like this, once those that wait are written."""
    answer = visitor.get(f"/api/v1/tracks?q=title:{first}&fields=title&limit=100").json()
    return {title for (title,) in answer["rows"]}


def follow_a_mark(page: Page) -> None:
    """Home: a year of a chart leads to the list of that year, with the same count."""
    mark = page.locator('main svg a[href^="/library?q=year%3A1990..1999"]').first
    mark.scroll_into_view_if_needed()
    mark.click()
    page.wait_for_url("**/library?**")
    assert str(TRACKS) in page.locator("main").inner_text()


def play_the_first(page: Page) -> None:
    """The long track plays from here to the end of the journey."""
    page.get_by_role("link", name="Play Track 1", exact=True).click()
    page.wait_for_function(PLAYS)


def select_tracks(page: Page, *, phone: bool) -> None:
    """Twelve tracks, then the editor; a phone shows the boxes on demand, and a card is one."""
    boxes = page.locator('main tbody label:has(input[name="id"])')
    if phone:
        assert not boxes.first.is_visible()
        page.get_by_role("button", name="Select").click()
    for number in range(EDITED):
        boxes.nth(number).click()
    page.get_by_role("button", name=f"Edit {EDITED} tracks").click()
    page.wait_for_url("**/editor?**")


def copy_a_column(page: Page) -> None:
    """As a spreadsheet puts it on the clipboard."""
    column = "\n".join(f"Pasted {number}" for number in range(1, EDITED + 1))
    page.evaluate("text => navigator.clipboard.writeText(text)", column)


def paste_a_column(page: Page) -> None:
    """Into the titles, from the active cell down; the pane says what saving would do."""
    grid = page.locator("mt-grid")
    grid.wait_for()
    copy_a_column(page)
    grid.get_by_role("gridcell", name=re.compile("^Track ")).first.click()
    page.keyboard.press("Control+v")
    grid.get_by_text(f"Pasted {EDITED}").wait_for()
    page.locator(".pane").get_by_text(f"{EDITED} files written after saving").wait_for()
    assert page.locator(".pane .now").all_inner_texts() == [f"Pasted {EDITED}"]


def paste_on_a_phone(page: Page) -> None:
    """Into one field of the sheet for all cards; a line above them says what saving would do."""
    page.locator(".ed-card .check").first.click()
    page.get_by_role("button", name=f"All {EDITED}").click()
    page.get_by_role("button", name="Edit together").click()
    copy_a_column(page)
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Title", exact=True).focus()
    page.keyboard.press("Control+v")
    sheet.get_by_text(f"{EDITED} lines for {EDITED} tracks").wait_for()
    sheet.get_by_role("button", name="Done").click()
    page.get_by_text(f"Would change: {EDITED} cells, tags of {EDITED} files").click()
    news = page.locator(".ed-before .now").all_inner_texts()
    assert news == [f"Pasted {number}" for number in range(1, EDITED + 1)]


def save(page: Page) -> None:
    """The button counts what was previewed; saving says that it can be taken back."""
    page.get_by_role("button", name=f"Save {EDITED} tracks, {EDITED} cells").click()
    page.locator(".toast", has_text=f"Saved {EDITED} tracks, {EDITED} cells").wait_for()


def undo(page: Page) -> None:
    """Everything is as it was."""
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.locator(".toast", has_text="Taken back").wait_for()


def decide(page: Page) -> None:
    """Gaps: one track is to be decided upon; after the answer none is."""
    to_gaps(page)
    page.locator('main a[href^="/gaps/review"]').first.click()
    page.wait_for_url("**/gaps/review**")
    page.get_by_role("button", name="Yes, same track").click()
    page.get_by_text("Nothing to review.").wait_for()


def follow_a_link(page: Page) -> None:
    """The missing track has links to shops: https, of another host, telling nothing of us."""
    to_gaps(page)
    page.get_by_role("link", name="To review 0").wait_for()
    gap = page.locator("main li, main tr").filter(has_text="Never Ripped").last
    gap.get_by_text(re.compile("shops$")).click()
    link = gap.locator('a[href^="https://"][target="_blank"]').first
    assert set((link.get_attribute("rel") or "").split()) >= {"noopener", "noreferrer"}
    with page.context.expect_page() as opened:
        link.click()
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()


def to_gaps(page: Page) -> None:
    """By the navigation, at the side or at the bottom."""
    page.locator('#nav a[href="/gaps"]:visible, #tabs a[href="/gaps"]:visible').first.click()
    page.wait_for_url("**/gaps")
