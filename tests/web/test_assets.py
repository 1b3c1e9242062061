"""Names, icons and the inlined sheet, with and without a build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from musictool_web.assets import Assets, UnknownAssetError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    (tmp_path / "critical-1.css").write_text('@font-face{src:url("./a-2.woff2")}', "utf-8")
    files = {"critical.css": "critical-1.css", "main.js": "main-9.js", "icons.svg": "icons-3.svg"}
    manifest = {"files": files, "icons": {"house": '<path d="M1 1"/>'}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return Assets.load(tmp_path, base="/music/static/dist/")


def test_a_plain_name_becomes_the_url_of_the_hashed_file(assets: Assets) -> None:
    assert assets.url("main.js") == "/music/static/dist/main-9.js"
    assert assets.is_built


def test_the_inlined_sheet_points_to_files_from_any_page(assets: Assets) -> None:
    assert assets.critical_css() == '@font-face{src:url("/music/static/dist/a-2.woff2")}'


def test_an_icon_is_decoration_unless_it_has_a_label(assets: Assets) -> None:
    assert assets.icon("house", size=20) == (
        '<svg class="i i20" viewBox="0 0 24 24" aria-hidden="true">'
        '<use href="/music/static/dist/icons-3.svg#house"/></svg>'
    )
    assert 'role="img" aria-label="&lt;b&gt;"' in assets.icon("house", label="<b>")
    assert '<path d="M1 1"/>' in assets.icon("house", inline=True)


@pytest.mark.parametrize("ask", [lambda a: a.url("grid.js"), lambda a: a.icon("hose")])
def test_what_the_build_did_not_make_is_a_mistake_in_the_code(assets: Assets, ask) -> None:
    with pytest.raises(UnknownAssetError):
        ask(assets)


def test_without_a_build_pages_get_the_plain_sheet_and_no_addresses(tmp_path: Path) -> None:
    absent = Assets.load(tmp_path / "dist")

    assert not absent.is_built
    assert absent.url("main.js") is None
    assert absent.icon("house") == ""
    assert "body {" in absent.critical_css()
