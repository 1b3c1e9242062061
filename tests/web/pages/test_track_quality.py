"""How good the file of a track is, on its page and in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import jobs
from musictool_core.analysis import engine
from musictool_core.analysis.due import AudioFile, Examined
from musictool_core.analysis.workers import Outcome
from musictool_core.audio.heard import SIGNAL
from musictool_core.quality.limits import read_limits
from musictool_core.quality.score import assess
from tests.fakes.measures import checked
from tests.web.pages.conftest import Html

if TYPE_CHECKING:
    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture
def track(library: Library, make_item: MakeItem) -> Item:
    """A track of which nothing is known."""
    return make_item(library, title="Glow", artist="Ada")


def store(parts: Web, track: Item, **changes: Any) -> None:
    """What a check of its file found."""
    file = AudioFile(int(track.id or 0), parts.host.path)
    outcome = Outcome(None, signal=checked(**changes))
    with parts.host.transaction() as tx:
        engine.store(tx, Examined(file, "d1", outcome=outcome, groups=(SIGNAL,)), at=1.0)


def test_each_lost_point_is_on_the_page(browser: FlaskClient, parts: Web, track: Item) -> None:
    store(parts, track)
    score = assess(checked(), "club", read_limits())

    page = Html(browser.get(f"/tracks/{track.id}").text)

    assert score.losses
    assert f"{score.score:g} of 100 for club" in page.text
    assert "lossy, proven" in page.text
    for loss in score.losses:
        assert loss.reason in page.text
        assert loss.value in page.text
    for line in score.evidence:
        assert line in page.text
    for use in ("archive", "mobile"):
        assert f"{use} {assess(checked(), use, read_limits()).score:g}" in page.text


def test_what_was_found_is_drawn(browser: FlaskClient, parts: Web, track: Item) -> None:
    store(parts, track)

    page = Html(browser.get(f"/tracks/{track.id}").text)

    pictures = page.values("svg", "aria-label", role="img")
    assert "Frames of MP3: 3 of 4 passages at sample 48 of 576." in pictures
    assert any("It ends steeply at 16.0 kHz" in said for said in pictures)
    assert any("true peak -0.5 dBTP, limit 0; 30 tops cut off" in said for said in pictures)
    assert "0 to 1 kHz" in page.text


def test_what_an_earlier_version_found_has_no_picture_of_what_it_did_not_look_at(
    browser: FlaskClient, parts: Web, track: Item
) -> None:
    store(parts, track, spectrum=None, trace=None, true_peak_dbtp=None)

    page = browser.get(f"/tracks/{track.id}").text

    assert "of 100 for club" in Html(page).text
    assert 'id="proofs"' not in page


def test_a_check_is_asked_for_on_the_page(browser: FlaskClient, parts: Web, track: Item) -> None:
    assert "Never checked." in Html(browser.get(f"/tracks/{track.id}").text).text

    answer = browser.post(f"/tracks/{track.id}/check")

    assert answer.location == f"/tracks/{track.id}#checked"
    (job,) = jobs.list_jobs(parts.host.reading())
    assert job.args == {"items": [track.id], "groups": [SIGNAL]}
    part = browser.get(f"/tracks/{track.id}?part=quality").text
    assert "waits to be checked" in part
    # What is measured for DJs is another thing.
    assert "Never measured." in browser.get(f"/tracks/{track.id}?part=sound").text


def test_the_api_says_the_same(browser: FlaskClient, parts: Web, track: Item) -> None:
    unknown = browser.get(f"/api/v1/tracks/{track.id}/quality").get_json()
    store(parts, track)
    known = browser.get(f"/api/v1/tracks/{track.id}/quality").get_json()

    assert (unknown["is_checked"], unknown["score"], unknown["losses"]) == (False, None, [])
    assert known["is_checked"]
    assert known["score"] + sum(loss["points"] for loss in known["losses"]) == 100
    assert set(known["scores"]) == {"club", "archive", "mobile"}
    assert known["scores"]["club"] == known["score"]
    assert unknown["spectrum"] is unknown["frames"] is None
    assert known["spectrum"]["top_hz"] == 22_050
    assert len(known["spectrum"]["levels"]) == 96
    assert known["frames"]["own"] == [48, 48, 311, 48]
    assert (known["edge_hz"], known["true_peak_dbtp"]) == (16_000, -0.5)
    assert (known["clipped_tops"], known["clipped_per_minute"]) == (30, 10)


def test_a_track_that_is_not_there(browser: FlaskClient) -> None:
    for path in ("/tracks/99?part=quality", "/api/v1/tracks/99/quality"):
        assert browser.get(path).status_code == 404
    assert browser.post("/tracks/99/check").status_code == 404


def test_tracks_are_checked_by_the_api(browser: FlaskClient, parts: Web, track: Item) -> None:
    body = {"ids": [track.id], "groups": ["signal"]}

    answer = browser.post("/api/v1/analysis", json=body)

    assert answer.status_code == 202
    (job,) = jobs.list_jobs(parts.host.reading())
    assert job.args["groups"] == ["signal"]
    assert browser.post("/api/v1/analysis", json={"groups": []}).status_code == 422
