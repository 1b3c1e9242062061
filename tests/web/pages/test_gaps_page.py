"""Gaps: tabs, review without scripts, rules, completion, files without a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from musictool_core import jobs
from musictool_core.gaps import refresh_job
from musictool_web.shelf import key_of
from tests.gaps.conftest import Shelf
from tests.web.stock import compare, stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def shelf(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    return stock(parts, library, make_item)


def titles(page: str) -> list[str]:
    """Titles of the listed tracks."""
    return re.findall(r'class="two grow"><p><bdi dir="auto">([^<]*)', page)


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"q": "album:lantern"}, ["Ember", "Spark (Extended Mix)", "Ash"]),
        ({"q": "album:lantern", "state": "missing"}, ["Ash"]),
        ({"state": "review"}, ["Ember"]),
        ({"state": "other_version"}, ["Spark (Extended Mix)"]),
        ({"q": "state:own"}, ["Glow"]),
        ({"q": "album:lantern state::."}, ["Glow", "Ember", "Spark (Extended Mix)", "Ash"]),
        ({"q": "ember , ash", "state": "missing"}, ["Ash"]),
        ({"q": "album:nothing"}, []),
    ],
)
def test_tabs_and_queries_find_what_they_say(
    browser: FlaskClient, arguments: dict[str, str], found: list[str]
) -> None:
    page = browser.get("/gaps", query_string=arguments)

    assert page.status_code == 200
    assert titles(page.text) == found


@pytest.mark.usefixtures("shelf")
def test_the_list_counts_by_state_and_links_records_and_shops(browser: FlaskClient) -> None:
    page = browser.get("/gaps").text

    for tab in ("All open 5", "Missing 3", "To review 1", "Other version 1"):
        assert tab in page
    assert 'href="/records/10"' in page
    assert "you have" in page
    assert "Shops for Ash" in page
    assert "compared just now" in page
    assert "<img src=x" not in page


def test_the_stamp_says_when_states_are_old(browser: FlaskClient, parts: Web) -> None:
    shelf = Shelf(parts.host)
    shelf.add(10, "Ada", "Lantern", "Glow")
    assert "not compared yet" in browser.get("/gaps").text
    compare(parts)
    assert "compared just now" in browser.get("/gaps").text
    shelf.add_copy(11, "Bo", "Other")
    assert "about to be compared" in browser.get("/gaps").text
    job = refresh_job.queue_job(parts.host, now=parts.now())
    with parts.host.transaction() as tx:
        running = {"state": jobs.JobState.RUNNING.value, "done": 3, "total": 40}
        jobs.JOBS.update(tx, running, where={"id": job})
    assert "being compared, 3 of 40" in browser.get("/gaps").text


def answer(browser: FlaskClient, said: str, page: str) -> str:
    """Send the form of a review page; return the next page."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    sent = browser.post("/gaps/review", data={**fields, "answer": said}, headers=OURS)
    assert sent.status_code == 303, sent.text
    return browser.get(sent.location).text


@pytest.fixture
def questions(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    """Two records with two questions each."""
    shelf = Shelf(parts.host)
    for number, artist in ((10, "Ada"), (20, "Bo")):
        titles = [f"Glow {artist}", f"Ember {artist}"]
        shelf.add(number, artist, f"Record {artist}", *titles)
        for title in titles:
            make_item(library, artist="Various", title=title)
    compare(parts)
    assert list(shelf.states().values()) == ["review"] * 4
    return shelf


@pytest.mark.usefixtures("questions")
def test_the_list_knows_an_answer_at_once(browser: FlaskClient) -> None:
    assert "To review 4" in browser.get("/gaps").text

    answer(browser, "y", browser.get("/gaps/review").text)

    assert "To review 3" in browser.get("/gaps").text


def test_review_asks_one_question_after_the_other(browser: FlaskClient, questions: Shelf) -> None:
    page = browser.get("/gaps/review").text
    assert "<b>4</b>" in page
    assert "Glow Ada" in page
    assert 'data-play="1"' in page
    page = answer(browser, "y", page)
    assert "Ember Ada" in page
    assert "<b>3</b>" in page
    page = answer(browser, "n", page)
    assert "Glow Bo" in page
    page = answer(browser, "s", page)
    assert "Ember Bo" in page
    page = answer(browser, "s", page)

    assert "Only skipped questions are left." in page
    assert questions.states() == {
        "10:A1": "own", "10:A2": "missing", "20:A1": "review", "20:A2": "review",
    }  # fmt: skip
    assert "<b>2</b>" in browser.get("/gaps/review").text


def test_always_answers_all_of_the_record(browser: FlaskClient, questions: Shelf) -> None:
    page = answer(browser, "a", browser.get("/gaps/review").text)

    assert "Glow Bo" in page
    assert list(questions.states().values()) == ["own", "own", "review", "review"]


def test_the_last_answer_is_taken_back(browser: FlaskClient, questions: Shelf) -> None:
    page = answer(browser, "y", browser.get("/gaps/review").text)
    assert "Last answer: “<bdi" in page

    browser.post("/gaps/take-back", headers=OURS)

    assert set(questions.states().values()) == {"review"}
    page = browser.get("/gaps/review").text
    assert "is open again" in page
    assert "Last answer" not in page


def test_an_answer_of_another_kind_changes_nothing(browser: FlaskClient, questions: Shelf) -> None:
    form = {"key": key_of("10:A1"), "item_id": "1", "answer": "x"}

    assert browser.post("/gaps/review", data=form, headers=OURS).status_code == 400
    gone = {**form, "key": key_of("10:Z9"), "answer": "y"}
    assert browser.post("/gaps/review", data=gone, headers=OURS).status_code == 404
    assert browser.post("/gaps/review", data={**form, "key": "%%"}, headers=OURS).status_code == 404
    assert set(questions.states().values()) == {"review"}


@pytest.mark.usefixtures("questions")
def test_a_question_about_a_file_that_is_gone_is_not_asked(
    browser: FlaskClient, library: Library
) -> None:
    library.get_item(1).remove()  # type: ignore[union-attr]

    page = browser.get("/gaps/review").text

    assert "Glow Ada" not in page
    assert "<b>3</b>" in page


@pytest.mark.usefixtures("shelf")
def test_rules_are_made_and_unmade(browser: FlaskClient) -> None:
    page = browser.post(
        "/gaps/ignored", data={"kind": "label", "value": " Ebbe "}, headers=OURS,
        follow_redirects=True,
    ).text  # fmt: skip
    assert "Label “Ebbe” is ignored from now on." in page
    gone = {"kind": "label", "value": "Ebbe", "remove": "1"}
    page = browser.post("/gaps/ignored", data=gone, headers=OURS, follow_redirects=True).text
    assert "is wanted again" in page
    assert "No rules." in page
    for wrong in ({"kind": "label", "value": " "}, {"kind": "mood", "value": "x"}, {}):
        assert browser.post("/gaps/ignored", data=wrong, headers=OURS).status_code == 400


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("level", ["label", "artist", "release", "nonsense"])
def test_completion_counts_and_links(browser: FlaskClient, level: str) -> None:
    page = browser.get("/gaps/completion", query_string={"level": level, "q": "album:lantern"})

    assert page.status_code == 200
    assert "25.0" in page.text
    assert "1 of 4" in page.text
    assert re.search(r'href="/gaps\?q=[^"]*album%3Alantern', page.text)


@pytest.mark.usefixtures("shelf")
def test_files_without_a_record_are_listed(browser: FlaskClient) -> None:
    page = browser.get("/gaps/reverse").text
    assert "Alone" in page or "One" in page
    assert "Glow" not in page
    assert "Nothing here fits." in browser.get("/gaps/reverse?q=artist:ada").text


def test_changes_from_elsewhere_are_refused(browser: FlaskClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/gaps/review", "/gaps/decision", "/gaps/take-back", "/gaps/ignored"):
        assert browser.post(path, headers=foreign).status_code == 403
    assert browser.post("/collection/import", headers=foreign).status_code == 403
