"""Every page of the web view and its main states, by the route that answers it.

A new page is named here; `test_catalogue.py` fails until it is. What lies here is opened in a real
browser by every test of this package: on phone and desk, in both themes, for axe and for markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark.structures import ParameterSet
    from playwright.sync_api import Page

PHONE = 360
DESK = 1280
HEIGHT = 900


@dataclass(frozen=True)
class Look:
    """One state of a page.

    Attributes:
        name: of the state; with the route it is unique.
        path: what is opened.
        act: brings the opened page into the state.
        world: which library is behind it; `held` is one that another program keeps locked.
        status: of the answer.
        script: what the browser has that ours lacks.
        is_known: whether the browser was let in.
    """

    name: str
    path: str
    act: Callable[[Page], None] | None = None
    world: str = "filled"
    status: int = 200
    script: str = ""
    is_known: bool = True


def _is_phone(page: Page) -> bool:
    return bool(page.evaluate("innerWidth") == PHONE)


def _click(selector: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator(selector).locator("visible=true").first.click()

    return act


def _on_desk(act: Callable[[Page], None]) -> Callable[[Page], None]:
    """What a phone has no room for."""
    return lambda page: None if _is_phone(page) else act(page)


def _unfold(page: Page) -> None:
    """Open all that is folded, but menus: they would lie over each other."""
    page.evaluate(
        "document.querySelectorAll('main details:not(.menu)').forEach(each => each.open = true)"
    )


def _open_filters(page: Page) -> None:
    if page.locator("button.filter").is_visible():
        page.locator("button.filter").click()
        page.locator("#facets:popover-open").wait_for()


def _select_rows(page: Page) -> None:
    if page.locator("[data-selecting]").is_visible():
        page.locator("[data-selecting]").click()
    for place in (0, 1):
        page.locator("main tbody .check").locator("visible=true").nth(place).click()
    page.locator(".actions").wait_for()


def _play(page: Page) -> None:
    page.locator("main [data-play='1']").locator("visible=true").first.click()
    page.wait_for_function(
        "() => document.querySelector('.pl-play')?.getAttribute('aria-label') === 'Pause'"
    )


def _open_palette(page: Page) -> None:
    page.wait_for_function("() => !!customElements.get('mt-player')")
    page.keyboard.press("Control+k")
    page.locator(".palette input").fill("e")
    page.locator(".palette li").first.wait_for()


def _open_keys(page: Page) -> None:
    page.wait_for_function("() => !!customElements.get('mt-player')")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()


def _grid(page: Page) -> None:
    page.wait_for_selector("[role=gridcell] bdi, .ed-card")


def _edit_a_cell(page: Page) -> None:
    _grid(page)
    if _is_phone(page):
        _open_sheet(page)
        page.fill("#sheet-field-title", "Another title")
        page.locator(".ed-sheet button:has-text('Done')").click()
    else:
        page.locator("mt-grid").focus()
        page.keyboard.type("Another title")
        page.keyboard.press("Enter")
    page.locator("[data-act=save]:has-text('Save 1 track, 1 cell')").first.wait_for()


def _open_sheet(page: Page) -> None:
    """The field sheet of a phone; on a desk the cell that is being typed into."""
    _grid(page)
    if _is_phone(page):
        page.locator(".ed-card button").nth(1).click()
        page.locator(".ed-sheet").wait_for()
    else:
        page.locator("mt-grid").focus()
        page.keyboard.press("F2")


def _act_of_editor(name: str, opens: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        _grid(page)
        # By the script's own way: a phone has no room for each button.
        page.locator(f"[data-act={name}]").first.dispatch_event("click")
        page.locator(opens).wait_for()

    return act


def _scan(page: Page) -> None:
    page.get_by_role("button", name="Scan a barcode").click()
    page.locator(".scan video").wait_for()


CAMERA = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["ean_13"]; }
  async detect() { return []; }
};
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () =>
  document.createElement("canvas").captureStream();
"""
"""No machine of ours has a camera: what a phone offers."""


PAGES: dict[str, tuple[Look, ...]] = {
    "/": (
        Look("as generated or first", "/"),
        Look("empty library", "/", world="empty"),
        Look("arranging", "/?arrange=1", _unfold),
        Look("odd values", "/", world="odd"),
        Look("odd values, arranging", "/?arrange=1", world="odd"),
        Look("the palette", "/", _open_palette),
        Look("the keys", "/", _open_keys),
        Look("a stranger", "/", status=401, is_known=False),
    ),
    "/launch": (
        Look("a wrong token", "/launch?token=wrong", status=403, is_known=False),
        Look("a wrong token of somebody known", "/launch?token=wrong", status=403),
    ),
    "/more": (Look("as it is", "/more"),),
    "/dashboards/<int:number>": (
        Look("every widget", "/dashboards/1"),
        Look("every widget, arranging", "/dashboards/1?arrange=1", _unfold),
        Look("without widgets", "/dashboards/2"),
        Look("every widget, empty library", "/dashboards/1", world="bare"),
        Look("not there", "/dashboards/99", status=404),
    ),
    "/library": (
        Look("table", "/library"),
        Look("grid", "/library?view=covers"),
        Look("grid in sections", "/library?view=covers&sort=label,catalognum"),
        Look("filtered", "/library?q=year%3A1995"),
        Look("nothing found", "/library?q=nothing"),
        Look("no album found", "/library?q=nothing&view=covers"),
        Look("not understood", "/library?q=year%3Ax..y", status=400),
        Look("filters open", "/library", _open_filters),
        Look("filters of the grid open", "/library?view=covers", _open_filters),
        Look("sorts open", "/library", _click("details.sorts summary")),
        Look("columns open", "/library", _on_desk(_click("details.pick summary"))),
        Look("rows selected", "/library", _select_rows),
        Look("something plays", "/library?q=id%3A1", _play),
        Look("empty library", "/library", world="empty"),
        Look("empty library, grid", "/library?view=covers", world="empty"),
    ),
    "/library/facets/<field>": (
        Look("genres", "/library/facets/genres"),
        Look("empty library", "/library/facets/genres", world="empty"),
        Look("not there", "/library/facets/nothing", status=404),
    ),
    "/albums/<int:album_id>": (
        Look("an album", "/albums/1"),
        Look("not there", "/albums/99999", status=404),
    ),
    "/tracks/<int:track_id>": (
        Look("a track with a file", "/tracks/1"),
        Look("an edited track", "/tracks/2", _unfold),
        Look("nasty names", "/tracks/4"),
        Look("long names", "/tracks/5"),
        Look("without tags", "/tracks/6"),
        Look("not there", "/tracks/99999", status=404),
    ),
    "/dj/verify": (
        Look("to decide", "/dj/verify"),
        Look("equal", "/dj/verify?relation=equal"),
        Look("decided", "/dj/verify?relation=decided"),
        Look("not understood", "/dj/verify?q=year%3Ax..y", status=400),
        Look("empty library", "/dj/verify", world="empty"),
    ),
    "/dj/verify/preview": (
        Look("measured", "/dj/verify/preview?answer=measured"),
        Look("nothing", "/dj/verify/preview?answer=theirs&only=nothing"),
        Look("no answer", "/dj/verify/preview", status=400),
    ),
    "/health": (
        Look("checked", "/health"),
        Look("not checked", "/health?profile=librarian"),
        Look("empty library", "/health", world="empty"),
    ),
    "/health/art": (
        Look("looked at", "/health/art"),
        Look("one mark", "/health/art?mark=none"),
        Look("nothing of it", "/health/art?mark=borders"),
        Look("not looked at", "/health/art?profile=librarian"),
        Look("empty library", "/health/art", world="empty"),
    ),
    "/health/problems/<cause>": (
        Look("found", "/health/problems/T001"),
        Look("nothing", "/health/problems/I002"),
        Look("not there", "/health/problems/nothing", status=404),
    ),
    "/health/fix": (
        Look("safe rules", "/health/fix?cause=safe"),
        Look("nothing to mend", "/health/fix?cause=T003"),
        Look("no such fix", "/health/fix?cause=N003", status=404),
    ),
    "/health/guide": (
        Look("the first step", "/health/guide"),
        Look("a later step", "/health/guide?done=safe"),
    ),
    "/duplicates": (
        Look("the same", "/duplicates"),
        Look("versions", "/duplicates?kind=versions"),
        Look("to review", "/duplicates?kind=review"),
        Look("none of a kind", "/duplicates?kind=masters"),
        Look("empty library", "/duplicates", world="empty"),
    ),
    "/duplicates/resolve": (
        Look("one group", "/duplicates/resolve?members=1,2"),
        Look("all", "/duplicates/resolve"),
        Look("no such group", "/duplicates/resolve?members=1,4", status=404),
        Look("no numbers", "/duplicates/resolve?members=x", status=404),
    ),
    "/health/upgrades": (
        Look("ranked", "/health/upgrades"),
        Look("empty library", "/health/upgrades", world="empty"),
    ),
    "/health/upgrades/want": (
        Look("some", "/health/upgrades/want?id=1&id=2"),
        Look("nothing", "/health/upgrades/want?id=3"),
    ),
    "/artists": (
        Look("all", "/artists"),
        Look("by name", "/artists?sort=name"),
        Look("one", "/artists?name=Nordlicht"),
        Look("not there", "/artists?name=Nobody", status=404),
        Look("empty library", "/artists", world="empty"),
    ),
    "/labels": (
        Look("all", "/labels"),
        Look("one", "/labels?name=Ebbe"),
        Look("not there", "/labels?name=Nothing", status=404),
        Look("empty library", "/labels", world="empty"),
    ),
    "/collection": (
        Look("grid", "/collection"),
        Look("table", "/collection?view=table&sort=label,catalognum"),
        Look("all unfolded", "/collection", _unfold),
        Look("sorts open", "/collection", _click("main details.menu summary")),
        Look("nothing found", "/collection?q=nothing"),
        Look("empty library", "/collection", world="empty"),
    ),
    "/records/<int:release_id>": (
        Look("every state of a track", "/records/10"),
        Look("shops open", "/records/10", _click("main details.shops summary")),
        Look("nasty names", "/records/20", _unfold),
        Look("without a track list", "/records/30"),
        Look("not there", "/records/99999", status=404),
    ),
    "/gaps": (
        Look("open ones", "/gaps"),
        Look("to review", "/gaps?state=review"),
        Look("missing", "/gaps?state=missing"),
        Look("all unfolded", "/gaps", _unfold),
        Look("shops open", "/gaps", _click("main details.shops summary")),
        Look("nothing found", "/gaps?q=nothing"),
        Look("empty library", "/gaps", world="empty"),
    ),
    "/gaps/completion": (
        Look("labels", "/gaps/completion"),
        Look("artists", "/gaps/completion?level=artist"),
        Look("empty library", "/gaps/completion", world="empty"),
    ),
    "/gaps/reverse": (
        Look("files without a record", "/gaps/reverse"),
        Look("empty library", "/gaps/reverse", world="empty"),
    ),
    "/gaps/ignored": (
        Look("rules", "/gaps/ignored"),
        Look("empty library", "/gaps/ignored", world="empty"),
    ),
    "/gaps/review": (
        Look("a question", "/gaps/review", _unfold),
        Look("only skipped ones are left", "/gaps/review?skip=1,2,3,4,5,6,7,8,9,10"),
        Look("nothing to review", "/gaps/review", world="empty"),
    ),
    "/own": (
        Look("asking", "/own"),
        Look("yes", "/own?code=LAN+001"),
        Look("perhaps", "/own?code=bo+unlisted+thing"),
        Look("no", "/own?code=nothing"),
        Look("the camera looks", "/own", _scan, script=CAMERA),
        Look("empty library", "/own", world="empty"),
    ),
    "/editor": (
        Look("nothing chosen", "/editor"),
        Look("the grid", "/editor?q=", _grid),
        Look("a changed cell and its preview", "/editor?q=", _edit_a_cell),
        Look("a cell or a sheet open", "/editor?q=", _open_sheet),
        Look("replace", "/editor?q=", _act_of_editor("replace", "#ed-replace")),
        Look("columns", "/editor?q=", _act_of_editor("columns", "#ed-columns")),
        Look("nothing found", "/editor?q=nothing"),
        Look("empty library", "/editor?q=", world="empty"),
    ),
    "/explore": (
        Look("all", "/explore"),
        Look("narrowed", "/explore?q=format:flac&year=2023", _unfold),
        Look("odd values", "/explore", world="odd"),
        Look("odd values, narrowed", "/explore?q=format:flac&year=2024", world="odd"),
        Look("empty library", "/explore", world="empty"),
    ),
    "/jobs": (
        Look("each state", "/jobs"),
        Look("none", "/jobs", world="empty"),
    ),
    "/history": (
        Look("changes", "/history"),
        Look("all unfolded", "/history", _unfold),
        Look("nothing found", "/history?q=field:nothing"),
        Look("none", "/history", world="empty"),
    ),
    "/history/<int:number>": (
        Look("an edit", "/history/1"),
        Look("not there", "/history/999", status=404),
        Look("the library is held", "/history/1", world="held", status=503),
    ),
    "/settings": (Look("as they are", "/settings"),),
    "/settings/health": (Look("findings", "/settings/health"),),
    # After a sync: `tests/web/traktor`.
    "/traktor": (
        Look("before the first sync", "/traktor"),
        Look("no collection", "/traktor", world="empty"),
    ),
    "/traktor/playlists": (
        Look("a playlist", f"/traktor/playlists?list={'4' * 32}"),
        Look("no collection", "/traktor/playlists", world="empty"),
    ),
    "/traktor/plays": (Look("none", "/traktor/plays"), Look("never", "/traktor/plays?never=1")),
    "/traktor/records": (Look("of a playlist", "/traktor/records"),),
    "/traktor/backups/<name>": (
        Look("to be restored", "/traktor/backups/collection_2026y05m01d_20h00m00s.nml"),
    ),
    "/api/docs": (Look("an operation open", "/api/docs", _click("details.operation summary")),),
}
"""The looks of each route that answers a page."""

ERRORS = (Look("no such page", "/no/such/page", status=404),)
"""Looks of addresses that belong to no route."""

NO_PAGES = {
    "/dashboards/<int:number>/widgets/<path:widget_id>": "/dashboards/1/widgets/completion",
    "/search": "/search?q=x",
    "/artists/<path:name>": "/artists/Nordlicht",
    "/labels/<path:name>": "/labels/Ebbe",
    "/history.csv": "/history.csv",
    "/traktor/decks": "/traktor/decks",
    "/traktor/handover.nml": "/traktor/handover.nml?name=x",
    "/traktor/playlists.m3u8": f"/traktor/playlists.m3u8?list={'4' * 32}",
    "/healthz": "/healthz",
    "/robots.txt": "/robots.txt",
    "/favicon.ico": "/favicon.ico",
    "/manifest.webmanifest": "/manifest.webmanifest",
    "/static/dist/<path:name>": "/static/dist/licences.txt",
}
"""Routes outside the API that answer no page (a redirect, a file, a part of a page that is looked
at with it), with an address that is there."""


def all_looks() -> list[tuple[str, Look]]:
    """All of them, by a name for each."""
    return [
        (f"{rule} {look.name}", look)
        for rule, looks in {**PAGES, "(no route)": ERRORS}.items()
        for look in looks
    ]


def looks_as_parameters(world: str = "") -> list[ParameterSet]:
    """What a test in a browser looks at: the first look of each route, in `make test-long` all.

    Args:
        world: only those of this one; "" for all.
    """
    first = {looks[0] for looks in (*PAGES.values(), ERRORS)}
    return [
        pytest.param(look, id=name, marks=() if look in first else pytest.mark.long)
        for name, look in all_looks()
        if world in {"", look.world}
    ]
