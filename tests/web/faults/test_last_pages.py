"""Which pages are shown again while another program holds the library, and which are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from musictool_web import last_pages
from tests.web.faults.test_faults import HELD, locked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from flask.testing import FlaskClient

    from musictool_web.context import Web

pytestmark = pytest.mark.usefixtures("_impatient_app")

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def _impatient_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests give up soon; asked for before the application is made."""
    monkeypatch.setattr("musictool_web.application.BUSY_WAIT_S", 0.2)
    monkeypatch.setattr("musictool_core.host.search._WAIT_S", 0.1)


@pytest.fixture
def asked(_impatient_app: None, request: pytest.FixtureRequest) -> FlaskClient:
    """A browser that was let in."""
    found: FlaskClient = request.getfixturevalue("browser")
    return found


@pytest.fixture
def lock(
    asked: FlaskClient,  # noqa: ARG001
    request: pytest.FixtureRequest,
) -> Iterator[Generator[None]]:
    """Not entered before the test asked for pages: `next(lock)` does."""
    parts: Web = request.getfixturevalue("parts")

    def steps() -> Generator[None]:
        with locked(parts.host.path):
            yield

    made = steps()
    yield made
    # By this thread, which opened its connection; the collector may run in any.
    made.close()


def test_what_was_just_done_is_told_once(asked: FlaskClient, lock: Iterator[None]) -> None:
    form = {"kind": "label", "value": "Kiln"}
    asked.post("/gaps/ignored", data=form, headers=OURS)
    assert "is ignored from now on" in asked.get("/gaps/ignored").text
    next(lock)

    assert asked.get("/gaps/ignored").status_code == 503


def test_the_pages_shown_last_are_kept(
    asked: FlaskClient, lock: Iterator[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_pages, "_MOST_PAGES", 2)
    for path in ("/jobs", "/history", "/jobs", "/settings"):
        asked.get(path)
    next(lock)

    assert asked.get("/history").status_code == 503
    assert HELD in asked.get("/jobs").text
    assert HELD in asked.get("/settings").text


def test_a_page_shown_again_comes_with_its_styles(asked: FlaskClient, lock: Iterator[None]) -> None:
    before = _style(asked.get("/gaps").text)
    next(lock)

    again = _style(asked.get("/gaps").text)

    # More by what the line about its age needs.
    assert len(again) >= len(before)
    assert set(re.split("[{};]", before)) <= set(re.split("[{};]", again))


def test_a_page_that_is_too_large_is_not_kept(
    asked: FlaskClient, lock: Iterator[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_pages, "_MOST_BYTES", 100)
    asked.get("/jobs")
    next(lock)

    assert asked.get("/jobs").status_code == 503


def test_a_page_shown_again_does_not_grow_young(asked: FlaskClient, lock: Iterator[None]) -> None:
    asked.get("/jobs")
    next(lock)

    assert asked.get("/jobs").text.count(HELD) == 1
    assert asked.get("/jobs").text.count(HELD) == 1


def test_part_of_a_page_is_not_shown_as_the_whole(asked: FlaskClient, lock: Iterator[None]) -> None:
    asked.get("/jobs", headers={"HX-Request": "true"})
    next(lock)

    assert asked.get("/jobs").status_code == 503
    assert HELD in asked.get("/jobs", headers={"HX-Request": "true"}).text


def test_an_error_is_not_kept(asked: FlaskClient, lock: Iterator[None]) -> None:
    assert asked.get("/tracks/1").status_code == 404
    next(lock)

    assert asked.get("/tracks/1").status_code == 503


def _style(page: str) -> str:
    found = re.search(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    assert found
    assert len(found[1]) > 1000
    return found[1]
