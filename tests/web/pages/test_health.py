"""Health in the web view: the latest check, what a rule found, fixes and the way through them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import jobs
from musictool_core.changes import files
from musictool_core.quality.health import checkup, job
from musictool_core.quality.health.model import Profile
from musictool_web import health
from tests.safeio.samples import sample
from tests.safeio.test_mending import ape
from tests.web.pages.conftest import Html
from tests.web.stock import check_health

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture
def ill(library: Library, make_item: MakeItem) -> list[Item]:
    """Tracks with something safe to mend, something to look at, and nothing."""
    fine = {"year": 1999, "label": "Ebbe", "bpm": 128, "initial_key": "Am", "genres": ["Techno"]}
    return [
        make_item(library, artist="Ada ", title="Glow  worm", **fine),
        make_item(library, artist="Bo", title="Undertow ft. Ada", **fine),
        make_item(library, artist="Cy", title="Clean", energy=7, **fine),
        make_item(library, artist="Di", title="Bare"),
    ]


def get(library: Library, item: Item) -> Item:
    """An item as it is now."""
    found = library.get_item(int(item.id or 0))
    assert found is not None
    return found


def test_an_empty_library_says_how_to_begin(browser: FlaskClient) -> None:
    assert "No tracks yet." in Html(browser.get("/health").text).text


def test_a_check_is_asked_for_and_shown(browser: FlaskClient, parts: Web, ill: list[Item]) -> None:
    assert "Nobody looked yet." in Html(browser.get("/health").text).text

    answer = browser.post("/health/check")

    assert answer.status_code == 303
    (waiting,) = [each for each in jobs.list_jobs(parts.host.reading()) if each.kind == job.KIND]
    assert waiting.args == {"profile": "dj", "files": False}
    check_health(parts)
    page = Html(browser.get("/health").text)
    found = checkup.latest(parts.host, Profile.DJ)
    assert found is not None
    assert f"{found.score:.1f} of 100" in page.text
    assert "4 tracks, checked" in page.text
    assert ill


def test_points_of_the_problems_are_what_the_score_lacks(parts: Web, ill: list[Item]) -> None:
    check_health(parts)

    found = checkup.latest(parts.host, Profile.DJ)

    assert found is not None
    assert ill
    assert sum(each.points for each in found.problems) == pytest.approx(100 - found.score)


def test_each_missing_field_links_to_as_many_tracks_as_it_says(
    browser: FlaskClient, parts: Web, ill: list[Item], library: Library
) -> None:
    library.add_album([get(library, ill[2])])
    check_health(parts)
    page = Html(browser.get("/health").text)
    found = checkup.latest(parts.host, Profile.DJ)
    assert found is not None

    missing = [each for each in found.problems if each.rule is None]

    assert {"energy", "bpm", "artpath", "album"} >= {"energy", "bpm"} <= {e.cause for e in missing}
    for each in missing:
        href = page.link(f"^{re.escape(health.title_of(each))}$")
        query = {"q": href.partition("q=")[2]}
        listed = browser.get(f"/api/v1/tracks?limit=1&q={query['q']}").get_json()
        assert listed["total"] == each.tracks, (each.cause, href, listed)


def test_a_rule_lists_what_it_found(browser: FlaskClient, parts: Web, ill: list[Item]) -> None:
    check_health(parts)

    page = Html(browser.get("/health/problems/T010").text)

    assert "Undertow ft. Ada" in page.text
    assert f"/tracks/{ill[1].id}" in {href for _, href in page.links}
    assert f"/tracks/{ill[2].id}" not in {href for _, href in page.links}


def test_a_fix_is_previewed_made_and_taken_back(
    browser: FlaskClient, parts: Web, ill: list[Item], library: Library
) -> None:
    check_health(parts)

    preview = Html(browser.get("/health/fix?cause=safe").text)
    untouched = get(library, ill[0])
    answer = browser.post("/health/fix", data={"cause": "safe"})

    assert "1 track, 2 values" in preview.text
    assert (untouched.artist, untouched.title) == ("Ada ", "Glow  worm")
    assert answer.location == "/health"
    mended = get(library, ill[0])
    assert (mended.artist, mended.title) == ("Ada", "Glow worm")
    said = Html(browser.get("/health").text)
    (undo,) = [
        given["action"]
        for tag, given in said.tags
        if tag == "form" and given.get("action", "").endswith("/undo")
    ]
    browser.post(undo)
    back = get(library, ill[0])
    assert (back.artist, back.title) == ("Ada ", "Glow  worm")


def test_after_a_fix_the_library_is_checked_again(
    browser: FlaskClient, parts: Web, ill: list[Item]
) -> None:
    check_health(parts)

    browser.post("/health/fix", data={"cause": "safe"})

    states = {each.state for each in jobs.list_jobs(parts.host.reading()) if each.kind == job.KIND}
    assert states == {jobs.JobState.DONE, jobs.JobState.QUEUED}
    assert ill


def test_what_changed_since_the_check_is_left_alone(
    browser: FlaskClient, parts: Web, ill: list[Item], library: Library
) -> None:
    check_health(parts)
    changed = get(library, ill[0])
    changed.update({"artist": "Ada", "title": "Glow"})
    changed.store()

    page = Html(browser.get("/health/fix?cause=safe").text)

    assert "Nothing would change." in page.text


def test_the_guide_goes_from_safe_to_the_end(
    browser: FlaskClient, parts: Web, ill: list[Item], library: Library
) -> None:
    check_health(parts)

    first = browser.get("/health/guide")
    answer = browser.post("/health/fix", data={"cause": "safe", "done": ""})
    second = Html(browser.get(answer.location).text)
    last = browser.get("/health/guide?done=safe,T010,T009,T016,T007,T008,T025")

    assert "Step 1 of" in Html(first.text).text
    assert get(library, ill[0]).artist == "Ada"
    assert answer.location == "/health/guide?done=safe"
    assert "Step 2 of" in second.text
    assert "Undertow feat. Ada" in second.text
    assert "That was all that can be mended." in Html(last.text).text


def test_the_guide_without_a_check_begins_at_the_page(browser: FlaskClient) -> None:
    assert browser.get("/health/guide").location == "/health"


@pytest.mark.parametrize("cause", ["nothing", "N003", ""])
def test_what_mends_nothing_is_not_there(browser: FlaskClient, cause: str) -> None:
    assert browser.get(f"/health/fix?cause={cause}").status_code == 404
    assert browser.post("/health/fix", data={"cause": cause}).status_code == 404


def test_profiles_have_their_own_checks(browser: FlaskClient, parts: Web, ill: list[Item]) -> None:
    check_health(parts, Profile.LIBRARIAN)

    page = Html(browser.get("/health?profile=librarian").text)

    assert "4 tracks, checked" in page.text
    assert "Nobody looked yet." in Html(browser.get("/health").text).text
    assert all("profile=librarian" in href for said, href in page.links if said == "Walk through")
    assert ill


def test_the_api_says_and_does_the_same(
    browser: FlaskClient, parts: Web, ill: list[Item], library: Library
) -> None:
    def post(path: str, body: dict[str, Any]) -> Any:
        return browser.post(f"/api/v1/health/{path}", json=body)

    assert browser.get("/api/v1/health").get_json()["checked_at"] is None
    assert post("checks", {}).status_code == 202
    check_health(parts)

    told = browser.get("/api/v1/health").get_json()
    found = browser.get("/api/v1/health/problems/T001").get_json()
    planned = post("problems/safe/fix", {"pretend": True}).get_json()
    untouched = get(library, ill[0]).artist
    made = post("problems/safe/fix", {}).get_json()

    assert sum(each["points"] for each in told["problems"]) == pytest.approx(100 - told["score"])
    assert [each["day"] for each in told["trend"]] == [parts.now().date().isoformat()]
    assert {each["item"] for each in found["items"]} == {ill[0].id}
    assert found["total"] == 2
    assert untouched == "Ada "
    assert planned["changeset"] is None
    assert planned["changes"] == made["changes"]
    assert made["changeset"]
    assert get(library, ill[0]).artist == "Ada"
    assert browser.get("/api/v1/health/problems/nothing").status_code == 404


def test_how_tags_are_written_is_shown_in_words(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(sample("mp3") + ape(Title="Other"))
    item = make_item(library, path=os.fsencode(path), artist="Ada", title="Glow")
    found = checkup.examine(
        parts.host, [int(item.id or 0)], Profile.DJ, health.standard(parts), files=True
    )
    checkup.remember(parts.host, found, Profile.DJ, now=parts.now())

    page = Html(browser.get("/health/fix?cause=F003").text)
    answer = browser.post("/health/fix", data={"cause": "F003"})

    assert "APEv2 tag" in page.text
    assert "Other" in page.text
    assert answer.status_code == 303
    (waiting,) = [each for each in jobs.list_jobs(parts.host.reading()) if each.kind == files.KIND]
    assert waiting.state is jobs.JobState.QUEUED
