"""Pictures of every page for the documentation, in all widths and themes.

`python -m benchmarks.screenshots OUT [--library DIR] [--path /library?q=dub …]` starts the web view
on the demo library (`make demo`), or on the beets folder given, and writes OUT/NAME-WIDTH-THEME.png
for every page of the navigation and the addresses given. It says what is wider than its window and
what the browser's console complained about; with either it ends with status 1.

`python -m benchmarks.screenshots docs/pictures --docs` makes those of the documentation anew.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.web import CHROMIUM, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS = (360, 768, 1440)
THEMES = ("light", "dark")
DEMO = Path(__file__).resolve().parents[1] / ".demo" / "beets"
BESIDE = ("/library?view=covers", "/settings/health", "/api/docs")
"""What the navigation does not lead to."""

DOCS = (
    ("/", 1440, "light"),
    ("/library?view=covers", 1440, "dark"),
    ("/tracks/3", 1440, "light"),
    ("/gaps", 1440, "light"),
    ("/explore", 1440, "dark"),
    ("/health", 1440, "light"),
    ("/own", 390, "dark"),
)
"""Address, width and theme of the pictures of the documentation."""

_OVERFLOW = "document.documentElement.scrollWidth > innerWidth"
_SETTLED = "document.fonts.ready.then(() => new Promise(done => setTimeout(done, 400)))"
"""Pictures and waveforms come after the page."""

_LINKS = "all => all.map(link => link.getAttribute('href'))"


def main() -> int:
    """Write the pictures; return 1 when a page has a fault that can be seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--library", type=Path, default=DEMO, help="a beets folder")
    parser.add_argument("--path", action="append", default=[], help="an address more")
    parser.add_argument("--docs", action="store_true", help="those of the documentation, as WebP")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None or not (options.library / "library.db").exists():
        sys.stderr.write("chromium and a library are needed: `make demo`, or --library DIR\n")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with serving(options.library) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        if options.docs:
            for path, width, theme in DOCS:
                shoot(browser, server.url, [path], options.out, width=width, theme=theme)
            compress(options.out)
            return 0
        paths = [*pages(browser, server.url), *BESIDE, *options.path]
        faults = [
            fault
            for theme in THEMES
            for width in WIDTHS
            for fault in shoot(browser, server.url, paths, options.out, width=width, theme=theme)
        ]
        browser.close()
    for fault, times in Counter(faults).items():
        print(fault if times == 1 else f"{fault} ({times} times)")
    return 1 if faults else 0


def pages(browser: Any, launch_url: str) -> list[str]:
    """Where the navigation leads."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(launch_url)
    page.goto(f"{launch_url.partition('/launch')[0]}/jobs")
    found: list[str] = page.locator("#nav a").evaluate_all(_LINKS)
    page.close()
    return found


def shoot(
    browser: Any, launch_url: str, paths: Sequence[str], out: Path, *, width: int, theme: str
) -> list[str]:
    """Write one picture of each address; return what is wrong."""
    height = 844 if width < 640 else 900
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    context.new_page().goto(launch_url)
    faults: list[str] = []
    for path in paths:
        name = f"{name_of(path)}-{width}-{theme}"
        page = context.new_page()
        page.on("console", lambda said, name=name: complain(faults, name, said))
        answer = page.goto(launch_url.partition("/launch")[0] + path, wait_until="load")
        page.evaluate(_SETTLED)
        page.screenshot(path=out / f"{name}.png")
        if answer is None or not answer.ok:
            faults.append(f"{name}: not answered")
        if page.evaluate(_OVERFLOW):
            faults.append(f"{name}: wider than its window")
        page.close()
    context.close()
    return faults


def compress(folder: Path) -> None:
    """Turn the pictures of a folder into WebP, which takes a tenth."""
    for picture in folder.glob("*.png"):
        with Image.open(picture) as image:
            image.save(picture.with_suffix(".webp"), quality=82, method=6)
        picture.unlink()


def complain(faults: list[str], name: str, said: Any) -> None:
    """Note what the console has against a page."""
    if said.type in {"error", "warning"}:
        faults.append(f"{name}: {said.text}")


def name_of(path: str) -> str:
    """An address as the name of a file: `/library?view=covers` is `library-view-covers`."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-") or "home"


if __name__ == "__main__":
    sys.exit(main())
