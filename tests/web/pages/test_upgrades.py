"""Files to replace: the page, wanting better copies, and the same in the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from musictool_core.analysis import engine
from musictool_core.analysis.due import AudioFile, Examined
from musictool_core.analysis.workers import Outcome
from musictool_core.app.analysing import plan_known_scores, write_scores
from musictool_core.audio.heard import SIGNAL
from musictool_core.audio.signal.values import Trace
from musictool_core.changes import Origin
from tests.fakes.measures import checked
from tests.web.pages.conftest import Html

if TYPE_CHECKING:
    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

CLEAN = Trace("lossless_consistent", None, None, None, is_own=False, evidence=())
PATH = "/health/upgrades"


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture
def lossy(library: Library, make_item: MakeItem, parts: Web) -> list[Item]:
    """Two files that went through a codec, the second one played, and one that is fine."""
    items = [
        make_item(library, title="Glow", artist="Ada", length=180.0),
        make_item(library, title="Ember", artist="Bo", traktor_playcount=9, traktor_rating=5),
        make_item(library, title="Fine", artist="Cy", traktor_playcount=99),
    ]
    for item in items:
        found = checked(trace=CLEAN) if item.title == "Fine" else checked()
        outcome = Outcome(None, signal=found)
        file = AudioFile(int(item.id or 0), parts.host.path)
        with parts.host.transaction() as tx:
            engine.store(
                tx, Examined(file, f"d{item.id}", outcome=outcome, groups=(SIGNAL,)), at=1.0
            )
    planned = plan_known_scores(parts.host, [int(item.id or 0) for item in items], "club")
    write_scores(parts.host, planned, Origin("user", "test", "", 0))
    return items


def wanted(library: Library) -> list[int]:
    return [item.id or 0 for item in library.items("quality_wanted:1")]


@pytest.mark.usefixtures("lossy")
def test_what_is_played_comes_first_with_its_reason_and_evidence(browser: FlaskClient) -> None:
    page = Html(browser.get(PATH).text)

    assert page.text.index("Ember") < page.text.index("Glow")
    assert "Fine" not in page.text
    assert "2 files are lossy" in page.text
    assert "+21.25" in page.text
    assert (
        "MP3 of about 128 to 192 kbit/s in a lossless file. Look for a lossless copy." in page.text
    )
    assert "A grid." in page.text
    assert "9 plays, 5 stars" in page.text


def test_one_is_wanted_with_a_click_and_again_not(
    browser: FlaskClient, library: Library, lossy: list[Item]
) -> None:
    number = int(lossy[0].id or 0)

    answer = browser.post(f"{PATH}/want", data={"id": number, "wanted": "1"})
    after = browser.get(PATH).text

    assert (answer.status_code, answer.location) == (303, PATH)
    assert wanted(library) == [number]
    assert "A better copy is wanted." in after
    (undo,) = set(re.findall(r"/history/\d+/undo", after))
    assert "bandcamp.com/search?q=Ada+Glow" in after or "Ada+Glow" in after
    browser.post(undo)
    assert wanted(library) == []
    browser.post(f"{PATH}/want", data={"id": number, "wanted": "1"})
    browser.post(f"{PATH}/want", data={"id": number, "wanted": "0"})
    assert wanted(library) == []


def test_several_are_previewed_before_they_are_wanted(
    browser: FlaskClient, library: Library, lossy: list[Item]
) -> None:
    page = Html(browser.get(PATH).text)
    ids = page.values("input", "value", name="id")[:2]

    shown = Html(browser.get(f"{PATH}/want", query_string={"id": ids}).text)

    assert "Want better copies of 2 tracks" in shown.text
    assert wanted(library) == []
    browser.post(f"{PATH}/want", data={"id": shown.values("input", "value", name="id")})
    assert wanted(library) == [lossy[0].id, lossy[1].id]
    assert "Nothing would change." in browser.get(f"{PATH}/want", query_string={"id": ids}).text


def test_a_library_that_was_never_checked_says_how_to(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="Glow")
    assert "Never checked." in browser.get(PATH).text


def test_a_library_without_lossy_files_says_so(browser: FlaskClient, lossy: list[Item]) -> None:
    for item in lossy[:2]:
        item.remove()

    assert "Nothing to replace." in browser.get(PATH).text


@pytest.mark.usefixtures("lossy")
def test_the_api_does_the_same(browser: FlaskClient, library: Library) -> None:
    listed = browser.get("/api/v1/upgrades?limit=1").get_json()
    number = listed["items"][0]["item"]
    body = {"ids": [number]}

    would = browser.post("/api/v1/upgrades/wants", json={**body, "pretend": True}).get_json()
    before = wanted(library)
    did = browser.post("/api/v1/upgrades/wants", json=body).get_json()

    assert (listed["total"], len(listed["items"])) == (2, 1)
    assert (listed["items"][0]["title"], listed["items"][0]["plays"]) == ("Ember", 9)
    assert listed["items"][0]["wanted"] is False
    assert (would["changeset"], would["total"], before) == (None, 1, [])
    assert did["changes"] == [{"item": number, "field": "quality_wanted", "old": None, "new": "1"}]
    assert wanted(library) == [number]
    assert browser.get("/api/v1/upgrades").get_json()["items"][0]["wanted"] is True
    browser.post(f"/api/v1/changesets/{did['changeset']}/undo")
    assert wanted(library) == []
