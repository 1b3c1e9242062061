"""What was measured on the page of a track, and what others say beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from musictool_core import jobs
from musictool_core.analysis import engine, filling
from musictool_core.analysis.due import AudioFile, Examined
from musictool_core.analysis.workers import Outcome
from musictool_core.audio import values
from musictool_core.music.keys import Key
from tests.fakes.measures import analysis
from tests.web.pages.conftest import Html

if TYPE_CHECKING:
    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Api


def get_item(library: Library, number: int | None) -> Item:
    """An item as it is now."""
    item = library.get_item(number or 0)
    assert item is not None
    return item


def post(browser: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    """What the API answers."""
    return browser.post(f"/api/v1/{path}", json=body).get_json()


class Measure(Protocol):
    """Adds a track whose file was measured."""

    def __call__(self, fields: dict[str, Any], **measured: Any) -> Item: ...


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture
def measure(parts: Web, library: Library, make_item: MakeItem) -> Measure:
    """Adds tracks of 127.63 BPM in A minor, unless it is told otherwise."""

    def make(fields: dict[str, Any], **measured: Any) -> Item:
        item = make_item(library, **fields)
        one = Examined(
            AudioFile(int(item.id or 0), parts.host.path),
            f"d{item.id}",
            outcome=Outcome(analysis(**measured)),
        )
        with parts.host.transaction() as tx:
            engine.store(tx, one, at=1_700_000_000.0)
        return item

    return make


def test_a_track_shows_what_was_measured(
    browser: FlaskClient, measure: Measure, make_item: MakeItem, library: Library
) -> None:
    track = measure({"title": "Measured", "bpm": 128, "initial_key": "Am"})
    other = make_item(library, title="Next", bpm=126, initial_key="Em")
    make_item(library, title="Far", bpm=90, initial_key="Em")

    page = Html(browser.get(f"/tracks/{track.id}").text)

    for said in ("127.63 BPM", "63.8", "A minor, 8A, 1m", "-8.5 LUFS", "6.6 of 10", "intro"):
        assert said in page.text, said
    drawn = {given.get("class") for tag, given in page.tags if tag in {"rect", "path", "line"}}
    assert {"so-band so-main", "so-grid", "so-energy", "so-mix", "so-end"} <= drawn
    mixes = page.text.partition("Mixes well with")[2].partition("Keys that fit")[0]
    assert "Next" in mixes
    assert "fifth up (8A to 9A)" in mixes
    assert "Far" not in mixes
    assert f"/api/v1/tracks/{other.id}/audio" in {given.get("href") for _, given in page.tags}


def test_what_could_not_be_told_is_said_to_be_unknown(
    browser: FlaskClient, measure: Measure
) -> None:
    nothing = dict.fromkeys(("key", "tempo", "grid", "energy", "structure", "loudness"))
    track = measure({"title": "Silence"}, **nothing)

    page = Html(browser.get(f"/tracks/{track.id}").text)

    said = page.text.partition("Sound as measured")[2]
    for what in ("Key", "Tempo", "Energy", "Loudness", "Beat grid", "Sections"):
        assert f"{what} – " in said.partition("Fields")[0], what


def test_a_file_that_was_never_measured_can_be(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    track = make_item(library, title="New")
    assert "Never measured." in browser.get(f"/tracks/{track.id}").text

    answer = browser.post(f"/tracks/{track.id}/measure")

    assert answer.status_code == 303
    (job,) = jobs.list_jobs(parts.host.reading())
    assert (job.kind, job.args["items"]) == ("analysis.analyse", [track.id])
    assert "waits to be measured" in browser.get(f"/tracks/{track.id}").text
    assert browser.post("/tracks/999/measure").status_code == 404


def test_the_part_alone_follows_a_job(browser: FlaskClient, measure: Measure) -> None:
    track = measure({"title": "Measured"})

    part = browser.get(f"/tracks/{track.id}?part=sound").text

    assert part.strip().startswith('<div id="sound"')
    assert "<html" not in part
    assert browser.get("/tracks/999?part=sound").status_code == 404


def test_what_xtractor_said_is_shown_as_its_word(
    browser: FlaskClient, measure: Measure, api: Api
) -> None:
    said = {"average_loudness": 0.9, "danceable": 0.87, "mood_acoustic": 0.1, "gender": "female"}
    track = measure({"title": "Measured", "bpm": 128, **said})
    alone = measure({"title": "Another", "danceable": 0.5})

    text = Html(browser.get(f"/tracks/{track.id}").text).text

    assert "Said by xtractor" in text
    assert "Danceable 87 % xtractor" in text
    others = api(f"tracks/{track.id}/analysis")["others"]
    assert {"source": "xtractor", "field": "gender", "value": "female"} in others
    assert "Said by xtractor" not in browser.get(f"/tracks/{alone.id}").text


def test_an_answer_is_previewed_made_and_taken_back(
    browser: FlaskClient, api: Api, measure: Measure, library: Library
) -> None:
    half = measure({"title": "Half", "bpm": 64, "initial_key": "Am"})
    measure({"title": "Right", "bpm": 128, "initial_key": "Am"})
    page = Html(browser.get("/dj/verify").text)
    assert "other octave half" in page.text
    assert "Right" not in page.text

    link = page.link("^The measured|^Measured$")
    preview = Html(browser.get(link).text)
    assert "1 track, 2 values" in preview.text
    assert get_item(library, half.id).bpm == 64
    form = {
        given["name"]: given["value"]
        for tag, given in preview.tags
        if tag == "input" and given.get("type") == "hidden"
    }
    answer = browser.post("/dj/verify", data=form, follow_redirects=True)

    assert get_item(library, half.id).bpm == 128
    assert get_item(library, half.id)["analysis_bpm_source"] == filling.OURS
    assert "Nothing to decide." in answer.text
    (number,) = (each["id"] for each in api("changesets")["items"])
    browser.post(f"/history/{number}/undo")
    assert get_item(library, half.id).bpm == 64
    assert api("dj/verify")["total"] == 1


def test_a_value_that_a_person_keeps_is_asked_about_no_more_until_it_changes(
    browser: FlaskClient, api: Api, measure: Measure, library: Library
) -> None:
    track = measure({"title": "Mine", "initial_key": "C#m"}, tempo=None)
    (question,) = api("dj/verify")["items"]
    assert (question["relation"], question["decided"]) == ("contradiction", False)
    body = {"answer": "theirs", "only": question["name"]}

    tried = post(browser, "dj/verify", {**body, "pretend": True})

    assert (tried["changeset"], tried["total"]) == (None, 1)
    done = post(browser, "dj/verify", body)
    assert done["changeset"]
    assert get_item(library, track.id)["analysis_key_source"] == "you (C#m)"
    assert api("dj/verify")["total"] == 0
    assert api("dj/verify", relation="decided")["total"] == 1

    item = get_item(library, track.id)
    item["initial_key"] = "F"
    item.store()
    assert api("dj/verify")["total"] == 1


def test_the_word_of_traktor_can_be_taken(
    browser: FlaskClient, api: Api, measure: Measure, library: Library
) -> None:
    track = measure({"title": "Both", "bpm": 100, "traktor_bpm": 99.5}, key=None)
    names = {each["source"]: each["name"] for each in api("dj/verify")["items"]}

    body = {"answer": "theirs", "only": names["traktor_bpm"]}
    browser.post("/api/v1/dj/verify", json=body)

    assert get_item(library, track.id)["analysis_bpm_source"] == "you (99.5)"
    assert api("dj/verify")["total"] == 0


def test_filters_count_what_they_list(api: Api, measure: Measure) -> None:
    measure({"title": "A", "bpm": 128, "initial_key": "C#m"})
    measure({"title": "B", "bpm": 96, "initial_key": "Em"})
    whole = api("dj/verify", relation="equal")

    assert whole["counts"] == {
        "open": 3, "equal": 1, "octave": 0, "harmonic": 2, "contradiction": 1, "decided": 0,
    }  # fmt: skip
    for relation, count in whole["counts"].items():
        found = api("dj/verify", relation=relation)
        assert (found["total"], len(found["items"])) == (count, count)
    assert api("dj/verify", what="key", q="title:B")["total"] == 1


def test_tracks_that_mix_in_the_api(api: Api, measure: Measure, browser: FlaskClient) -> None:
    one = measure({"title": "One", "bpm": 128, "initial_key": "Am"})
    half = measure({"title": "Half", "bpm": 64, "initial_key": "Em"}, tempo=None)
    shifted = measure(
        {"title": "Shifted", "bpm": 121, "initial_key": "G#m"},
        tempo=values.Tempo(120.5, 0.9, None, is_stable=True),
        key=values.KeyEstimate(Key(1, minor=True), 0.9, None, 0.0),
    )

    found = api(f"tracks/{one.id}/mixable")["items"]

    assert [each["item"] for each in found] == [half.id]
    assert "at double time" in found[0]["reasons"][1]
    varispeed = api(f"tracks/{one.id}/mixable", varispeed="true")["items"]
    assert shifted.id in {each["item"] for each in varispeed}
    assert browser.get("/api/v1/tracks/999/mixable").status_code == 404


def test_tracks_are_measured_by_query(browser: FlaskClient, parts: Web, measure: Measure) -> None:
    measure({"title": "One"})
    measure({"title": "Two"})

    answer = post(browser, "analysis", {"q": "title:One"})

    assert answer["tracks"] == 1
    assert jobs.get(parts.host.reading(), answer["job"]).args == {
        "items": [1],
        "groups": ["dj"],
    }
    assert browser.post("/api/v1/analysis", json={}).status_code == 400
    assert browser.post("/api/v1/analysis", json={"q": "title:none"}).status_code == 400
