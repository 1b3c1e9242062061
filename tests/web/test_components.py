"""What the templates write: small, without inline styles or scripts, usable without a build."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment, FileSystemLoader

from musictool_core.net.outcomes import Status
from musictool_web.assets import DIST, STATIC, Assets, built
from tests.web.gallery import NONCE, WEB, create

if TYPE_CHECKING:
    from flask import Flask

KILOBYTE = 1024


def packed(text: str | bytes) -> int:
    """Bytes after gzip."""
    return len(gzip.compress(text.encode() if isinstance(text, str) else text, 9))


def environment(assets: Assets) -> Environment:
    """Templates as the web view sets them up."""
    made = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    made.globals.update(assets.template_globals())
    return made


@pytest.fixture
def ui(frontend_built: None):  # noqa: ARG001
    return environment(built()).get_template("ui.html").module


@pytest.fixture(scope="module")
def app(frontend_built: None) -> Flask:  # noqa: ARG001
    return create()


class Tags(HTMLParser):
    """All start tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_nothing_needs_an_inline_style_or_script(app: Flask) -> None:
    tags = Tags(app.test_client().get("/").text).found

    assert not [tag for tag, attrs in tags if "style" in attrs]
    assert not [tag for tag, attrs in tags if any(name.startswith("on") for name in attrs)]
    assert all(attrs.get("src") for tag, attrs in tags if tag == "script")
    assert [attrs for tag, attrs in tags if tag == "style"] == [{"nonce": NONCE}]


def test_ids_are_unique_and_each_page_has_one_heading(app: Flask) -> None:
    tags = Tags(app.test_client().get("/").text).found
    ids = [found for _, attrs in tags if (found := attrs.get("id"))]

    assert sorted(ids) == sorted(set(ids))
    assert [tag for tag, _ in tags].count("h1") == 1


def test_the_frame_with_its_sheet_fits_the_first_round_trip(frontend_built: None) -> None:  # noqa: ARG001
    frame = environment(built()).get_template("base.html")
    nav = [
        {"icon": name, "label": name.title(), "href": f"/{name}", "count": 12, "tab": at < 4}
        for at, name in enumerate(["house", "library", "disc-3", "wallet", "table-2", "history"])
    ]

    assert packed(built().critical_css()) <= 8 * KILOBYTE
    assert packed(frame.render(nav=nav, nonce="n", theme="auto")) <= 10 * KILOBYTE


def test_scripts_of_a_first_view_stay_small(frontend_built: None) -> None:  # noqa: ARG001
    main = (DIST / built().files["main.js"]).read_text("utf-8")
    first = {built().files["main.js"], *re.findall(r'(?:from|import)"\./([^"]+)"', main)}

    assert len(first) > 1
    assert sum(packed((DIST / name).read_bytes()) for name in first) <= 25 * KILOBYTE


def test_every_text_file_is_there_compressed_too(frontend_built: None) -> None:  # noqa: ARG001
    texts = [path for path in DIST.iterdir() if path.suffix in {".js", ".css", ".svg", ".txt"}]

    assert texts
    for path in texts:
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()
        assert path.with_name(f"{path.name}.br").stat().st_size > 0


def test_licences_of_all_that_is_shipped_come_along(frontend_built: None) -> None:  # noqa: ARG001
    text = (DIST / "licences.txt").read_text("utf-8")

    for name in ("htmx.org 4", "@fontsource-variable/archivo", "ibm-plex-mono", "lucide-static"):
        assert name in text


@pytest.mark.parametrize("status", list(Status))
def test_every_way_a_lookup_can_end_has_its_stamp(ui, status: Status) -> None:
    stamp = ui.stamp(status.value)

    assert re.search(r"<use[^>]+>.*</svg>\w+", stamp), "an icon, then a word"


def test_names_are_escaped_and_read_in_their_own_direction(ui) -> None:
    assert ui.name("<b>שעת</b>") == '<bdi dir="auto">&lt;b&gt;שעת&lt;/b&gt;</bdi>'


def test_ticks_say_their_states_in_words(ui) -> None:
    ticks = ui.ticks([["owned", "owned", "other_version"], ["missing"]])

    assert 'aria-label="2 owned, 1 other version, 1 missing"' in ticks
    assert re.findall(r'class="(t-[^"]+)"', ticks) == ["t-o", "t-o", "t-v", "t-m side"]


@pytest.mark.parametrize(
    ("score", "word", "pips"),
    [
        (0.95, "sure", 4),
        (0.8, "likely", 3),
        (0.5, "maybe", 2),
        (0.49, "weak", 1),
        (None, "no basis", 0),
    ],
)
def test_confidence_has_a_word_for_each_range(ui, score, word, pips) -> None:
    assert f'class="pips p{pips}"' in ui.confidence(score)
    assert word in ui.confidence(score)


def test_a_filter_button_that_is_not_available_says_why(ui) -> None:
    assert 'aria-disabled="true" title="no connection"' in ui.button("Sync", reason="no connection")


def test_a_queue_survives_as_json_in_its_attribute(ui) -> None:
    (_, attrs), *_ = Tags(ui.play(7, 'The "7"', [7, 8])).found

    assert attrs["data-queue"] == "[7, 8]"
    assert attrs["aria-label"] == 'Play The "7"'
    assert attrs["href"] == "/api/v1/tracks/7/audio"


def test_without_a_build_the_frame_is_plain_and_says_so() -> None:
    page = (
        environment(Assets())
        .get_template("base.html")
        .render(nav=[{"icon": "house", "label": "Home", "href": "/"}], nonce="n")
    )
    tags = Tags(page).found

    assert "The front end is not built" in page
    assert (STATIC / "fallback.css").read_text("utf-8") in page
    assert not [tag for tag, _ in tags if tag in {"script", "link", "use"}]
    assert "None" not in page
