"""A library whose every text is markup, in a real browser: nothing of it runs on any page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_web.context import NAME
from tests.web.looks.catalogue import DESK, Look, looks_as_parameters
from tests.web.looks.world import MARKUP, READ_BY_CODE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.web.looks.conftest import Worlds

BROKEN = """() => [
    ...window.mtBroken,
    ...[...document.querySelectorAll("img[src='x'], [onerror], [onload]")].map(e => e.outerHTML),
    ...[...document.querySelectorAll("a[href], form[action]")]
        .map(e => e.getAttribute("href") ?? e.getAttribute("action"))
        .filter(address => /^\\s*(javascript|data|vbscript):/i.test(address)),
    ...[...document.querySelectorAll("script")].filter(e => !e.src).map(e => e.outerHTML),
]"""
"""What ran, what the policy refused, and what only waits to run."""


# What is behind other worlds is empty, or locked.
@pytest.mark.parametrize("look", looks_as_parameters("filled"))
def test_markup_in_the_library_runs_on_no_page(look_at: Callable[..., Page], look: Look) -> None:
    page = look_at(look, width=DESK, of="marked")
    # Scripts that write texts have begun: those of the page, then the frame after them.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    assert page.evaluate(BROKEN) == []


def test_markup_is_shown_as_text(look_at: Callable[..., Page]) -> None:
    for path in (
        "/library",
        "/tracks/1",
        "/records/10",
        "/gaps",
        "/jobs",
        "/history",
        "/collection",
    ):
        page = look_at(Look("", path), width=DESK, of="marked")
        assert MARKUP in (page.locator("main").text_content() or ""), path
        page.context.close()


def test_every_text_of_every_table_is_markup_or_a_word_of_the_program(worlds: Worlds) -> None:
    host = worlds.application("marked").extensions[NAME].host
    view = host.reading()
    tables = [row[0] for row in view.query("SELECT name FROM sqlite_master WHERE type = 'table'")]

    assert set(READ_BY_CODE) <= set(tables)
    for table in ("items", "albums", "mt_gap", "mt_discogs_instance", "mt_job", "mt_changeset"):
        (whole,) = view.query(f'SELECT group_concat(quote(t.id)) FROM "{table}" t')  # noqa: S608
        assert whole[0], f"nothing of {table} is shown"
