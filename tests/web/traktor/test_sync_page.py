"""The page of Traktor: what a sync would write, the user's word on it, and writing it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import jobs
from musictool_core.traktor import tables
from musictool_core.traktor.pushes import keep
from tests.fakes.traktor import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.traktor.conftest import Deck
    from tests.web.conftest import Api
    from tests.web.pages.conftest import Html
    from tests.web.traktor.conftest import Work

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def filled(configured: Deck) -> Deck:
    """Two tracks: one differs in label and comment, of one the sides disagree."""
    configured.add("One", label="Warp", comments="<b>of beets</b>")
    configured.add("Two", comments="b")
    configured.write(entry("One"), entry("Two", info={"COMMENT": "n"}))
    return configured


def post(browser: FlaskClient, path: str, status: int = 303, **form: object) -> str:
    """Send a form of the page."""
    answer = browser.post(path, data=form, headers=OWN)
    assert answer.status_code == status, answer.text[-500:]
    return answer.text


def seen(api: Api) -> int:
    """Number of the latest look."""
    number: int = api("traktor/plan")["seen"]
    return number


@pytest.mark.usefixtures("filled")
def test_a_look_lists_what_would_be_written_and_writes_nothing(
    filled: Deck, browser: FlaskClient, page: Callable[..., Html], work: Work
) -> None:
    before = filled.state()
    assert "Nobody has looked yet" in page("/traktor").text

    post(browser, "/traktor/compare")
    work()

    found = page("/traktor")
    assert "Warp" in found.text
    assert "<b>of beets</b>" in found.text
    assert not found.has("b", class_="of")
    assert "1 value" in found.text
    assert "To decide" in found.text
    assert filled.state() == before


def test_what_is_rejected_is_not_written_and_the_rest_is(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    post(browser, "/traktor/compare")
    work()
    (comment,) = [
        each["number"]
        for each in api("traktor/plan")["items"]
        if (each["field"], each["side"]) == ("comment", "nml")
    ]

    post(browser, "/traktor/judge", seen=seen(api), change=comment, accept=0)
    assert "rejected" in page("/traktor").text
    post(browser, "/traktor/apply", seen=seen(api))
    (done,) = work()

    assert done.error == ""
    assert filled.entry("One")["label"] == "Warp"
    assert filled.entry("One").get("comment") is None
    assert filled.row("One").comments == "<b>of beets</b>"
    assert [e for e in api("traktor/plan")["items"] if not e["rejected"]] == []
    # Nor by the next sync, from wherever it is started.
    filled.sync()
    assert filled.entry("One").get("comment") is None
    assert api("traktor/status")["rejected"] == 1


def test_a_rejected_value_is_asked_about_again_when_it_is_another_or_allowed(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    changes = {(e["field"], e["side"]): e for e in api("traktor/plan")["items"]}
    place = changes["comment", "nml"]
    post(browser, "/traktor/judge", seen=seen(api), change=place["number"], accept=0)
    post(browser, "/traktor/apply", seen=seen(api))
    work()

    filled.set("One", comments="another")
    assert ("comment", "another") in {(c.field, c.new) for c in filled.plan().changes}
    filled.set("One", comments="<b>of beets</b>")
    assert [
        c for c in filled.plan().changes if c.field == "comment" and c.side.value == "nml"
    ] == []
    post(browser, "/traktor/allow", item_id=place["item_id"], field="comment", side="nml")
    assert ("comment", "<b>of beets</b>") in {(c.field, c.new) for c in filled.plan().changes}


def test_rejected_values_are_listed_and_allowed_by_the_api(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    changes = {(e["field"], e["side"]): e for e in api("traktor/plan")["items"]}
    number = changes["comment", "nml"]["number"]
    post(browser, "/traktor/judge", seen=seen(api), change=number, accept=0)

    listed = api("traktor/rejected")
    (one,) = listed["items"]
    assert (listed["total"], one["field"], one["side"]) == (1, "comment", "nml")
    assert one["value"] == "<b>of beets</b>"
    assert api("traktor/rejected", offset=1) == {"items": [], "total": 1}

    where = {name: one[name] for name in ("item_id", "field", "side")}
    headers = {"Sec-Fetch-Site": "none"}
    address = "/api/v1/traktor/rejected"
    statuses = [
        browser.delete(address, query_string=where, headers=headers).status_code for _ in range(2)
    ]
    assert statuses == [204, 404]
    assert api("traktor/rejected")["total"] == 0
    assert ("comment", "<b>of beets</b>") in {(c.field, c.new) for c in filled.plan().changes}


def test_only_what_was_seen_is_written(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    number = seen(api)
    filled.set("One", catalognum="WAP 1", label="Warp Records")

    post(browser, "/traktor/apply", seen=number)
    work()

    held = filled.entry("One")
    assert (held["comment"], held.get("label"), held.get("catalognum")) == (
        "<b>of beets</b>",
        None,
        None,
    )
    new = {(e["field"], e["new"]) for e in api("traktor/plan")["items"]}
    assert {("label", "Warp Records"), ("catalognum", "WAP 1")} <= new


def test_another_look_meanwhile_is_noticed(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    number = seen(api)
    post(browser, "/traktor/compare")
    work()

    assert "compared again" in post(browser, "/traktor/apply", 412, seen=number)
    assert "compared again" in post(browser, "/traktor/judge", 412, seen=number, change=1)
    assert filled.entry("One").get("label") is None


def test_a_conflict_is_decided_on_the_page_and_written(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    post(browser, "/traktor/compare")
    work()
    (conflict,) = api("traktor/conflicts")["items"]
    assert (conflict["nml"], conflict["beets"], conflict["tags"]) == ("n", "b", "b")

    post(browser, "/traktor/decide", conflict=conflict["id"], side="nml")
    assert "Traktor is right" in page("/traktor").text
    number = seen(api)
    post(browser, "/traktor/apply", seen=number)
    work()

    assert (filled.row("Two").comments, filled.tags("Two").comments) == ("n", "n")
    assert api("traktor/conflicts")["items"] == []


def test_a_decision_survives_another_look_and_is_written_then(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    (conflict,) = api("traktor/conflicts")["items"]
    browser.put(f"/api/v1/traktor/conflicts/{conflict['id']}", json={"side": "nml"}, headers=OWN)
    post(browser, "/traktor/compare")
    work()
    assert api("traktor/conflicts")["items"][0]["chosen"] == "nml"
    post(browser, "/traktor/apply", seen=seen(api))
    work()

    assert (filled.row("Two").comments, filled.tags("Two").comments) == ("n", "n")
    assert api("traktor/conflicts")["items"] == []


def test_a_sync_can_be_taken_back_from_the_page(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    before = filled.nml.read_bytes()
    post(browser, "/traktor/compare")
    work()
    post(browser, "/traktor/apply", seen=seen(api))
    work()
    link = page("/traktor").link("take it back")
    assert re.fullmatch(r"/history/\d+", link)

    post(browser, f"{link}/undo", 302)

    assert filled.nml.read_bytes() == before


def test_a_backup_is_put_back_after_a_question(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    before = filled.nml.read_bytes()
    post(browser, "/traktor/compare")
    work()
    post(browser, "/traktor/apply", seen=seen(api))
    work()
    assert filled.nml.read_bytes() != before
    (name,) = [each["name"] for each in api("traktor/backups")["items"]]

    assert "2 tracks" in page(f"/traktor/backups/{name}").text
    post(browser, f"/traktor/backups/{name}")

    assert filled.nml.read_bytes() == before
    page("/traktor/backups/other.nml", 404)


def test_the_outbox_shows_what_waits_for_traktor(
    filled: Deck, api: Api, page: Callable[..., Html]
) -> None:
    filled.running = True
    filled.sync()

    waiting = api("traktor/outbox")

    assert waiting["total"] == 4
    assert {each["field"] for each in waiting["items"]} == {"label", "comment", "artist"}
    assert "4 values until Traktor has ended" in page("/traktor").text


def waiting_for(filled: Deck) -> None:
    """Values that wait, in a file that nobody writes."""
    filled.running = True
    filled.sync()
    filled.running = False
    then = filled.nml.stat().st_mtime - 60
    os.utime(filled.nml, (then, then))


def test_what_waits_is_delivered_from_the_page(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    waiting_for(filled)
    assert "Write it now" in page("/traktor").text

    post(browser, "/traktor/deliver")
    (done,) = work()

    assert done.error == ""
    assert done.result
    assert done.result["written"] > 0
    assert filled.entry("One")["label"] == "Warp"
    assert api("traktor/outbox")["total"] == 0
    assert "Outbox" not in page("/traktor").text
    assert page("/traktor").link("take it back")


def test_what_waits_goes_on_waiting_while_traktor_runs(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, beets_config: Any
) -> None:
    waiting_for(filled)
    before = filled.nml.read_bytes()
    beets_config["traktor"]["program"] = "(?i)python.*|pytest.*"

    answer = browser.post("/api/v1/traktor/outbox/deliver", headers=OWN)
    (done,) = work()

    assert answer.status_code == 202
    assert "Traktor runs" in done.error
    assert filled.nml.read_bytes() == before
    assert api("traktor/outbox")["total"] == 4
    assert "Write what waited for Traktor" in browser.get("/traktor", headers=OWN).text


def test_what_is_discarded_stays_out_of_traktor_until_it_is_another_value(
    filled: Deck, browser: FlaskClient, api: Api, page: Callable[..., Html]
) -> None:
    waiting_for(filled)
    (label,) = [e["id"] for e in api("traktor/outbox")["items"] if e["field"] == "label"]

    post(browser, "/traktor/discard", value=label)

    assert api("traktor/outbox")["total"] == 3
    assert "label" in page("/traktor").text.partition("Rejected")[2]
    filled.sync()
    assert filled.entry("One").get("label") is None
    assert filled.entry("One")["comment"] == "<b>of beets</b>"
    assert "no" in post(browser, "/traktor/discard", 404, value=label)
    filled.set("One", label="Warp Records")
    filled.sync()
    assert filled.entry("One")["label"] == "Warp Records"


def test_all_that_waits_is_discarded_at_once(filled: Deck, browser: FlaskClient, api: Api) -> None:
    waiting_for(filled)
    before = filled.nml.read_bytes()

    answer = browser.post("/api/v1/traktor/outbox/discard", json={}, headers=OWN)

    assert answer.json == {"count": 4}
    assert api("traktor/outbox")["total"] == 0
    filled.sync()
    assert filled.nml.read_bytes() == before


def test_a_list_and_a_move_are_in_the_history_of_the_web_view(
    filled: Deck, browser: FlaskClient, page: Callable[..., Html]
) -> None:
    filled.sync()
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Sets", "Warp"), "label:warp")
    before = filled.nml.read_bytes()
    filled.move("One", "Uno.mp3")
    one, two = filled.keep_up(force=True).changesets

    moved, listed = page(f"/history/{one}"), page(f"/history/{two}")

    assert "Traktor: place of the file" in moved.text
    assert "Uno.mp3" in moved.text
    assert "Traktor: playlist Sets/Warp" in listed.text
    assert "no list" in listed.text
    assert "1 track" in listed.text
    post(browser, f"/history/{two}/undo", 302)
    post(browser, f"/history/{one}/undo", 302)
    assert filled.nml.read_bytes() == before


def test_a_list_that_is_left_alone_is_named_in_the_history(
    filled: Deck, browser: FlaskClient
) -> None:
    filled.sync()
    with filled.host.transaction() as tx:
        keep(tx, filled.nml, ("Warp",), "label:warp")
    (number,) = filled.keep_up().changesets
    filled.nml.write_bytes(filled.nml.read_bytes().replace(b'KEY="', b'KEY="x'))

    shown = post(browser, f"/history/{number}/undo", 200)

    assert "Traktor: playlist Warp" in shown
    assert "it is another list now (1 track)" in shown


def test_a_killed_sync_goes_on_and_finds_done_what_is_done(
    filled: Deck, browser: FlaskClient, api: Api, work: Work
) -> None:
    post(browser, "/traktor/compare")
    work()
    post(browser, "/traktor/apply", seen=seen(api))
    (done,) = work()
    after = filled.state()
    with filled.host.transaction() as tx:
        # As a kill after the last step leaves it.
        jobs.JOBS.update(tx, {"state": "queued"}, where={"id": done.job_id})
    (again,) = work()

    assert again.error == ""
    assert filled.state() == after


def test_without_a_collection_the_page_says_how_to_name_one(
    configured: Deck, page: Callable[..., Html]
) -> None:
    found = page("/traktor")

    assert "No collection of Traktor was found" in found.text
    assert "collection: /path/to/collection.nml" in found.text
    assert configured.rows(tables.COLLECTIONS) == []


def test_while_traktor_runs_nothing_is_put_into_its_file(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, beets_config: Any
) -> None:
    filled.sync()
    (name,) = [each["name"] for each in api("traktor/backups")["items"]]
    filled.set("One", label="another")
    before = filled.nml.read_bytes()
    beets_config["traktor"]["program"] = "(?i)python.*|pytest.*"

    answer = browser.post(f"/api/v1/traktor/backups/{name}/restore", headers=OWN)
    post(browser, "/traktor/compare")
    work()
    post(browser, "/traktor/apply", seen=seen(api))
    (done,) = work()

    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert filled.nml.read_bytes() == before
    assert done.result
    assert done.result["queued"] == 1
    assert [each["new"] for each in api("traktor/outbox")["items"]] == ["another"]


def test_a_brake_is_told_and_needs_the_users_word(
    configured: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    titles = [f"Number{number:02}" for number in range(25)]
    for title in titles:
        configured.add(title, label="old")
    configured.write(*[entry(title) for title in titles])
    configured.sync()
    for title in titles:
        configured.set(title, label="new")

    post(browser, "/traktor/compare")
    work()

    assert "25 of 25 tracks would change" in page("/traktor").text
    post(browser, "/traktor/apply", 400, seen=seen(api))
    assert work() == []
    post(browser, "/traktor/apply", seen=seen(api), force=1)
    work()
    assert {configured.entry(title)["label"] for title in titles} == {"new"}


def test_a_long_difference_comes_in_pages(
    configured: Deck, browser: FlaskClient, work: Work, page: Callable[..., Html]
) -> None:
    titles = [f"Track {number}" for number in range(12)]
    for title in titles:
        configured.add(title, label="x")
    configured.write(*[entry(title) for title in titles])
    post(browser, "/traktor/compare")
    work()

    first = page("/traktor")
    second = page(first.link("^Next$").partition("#")[0])

    def shown(found: Html) -> list[str]:
        return [given["id"] for tag, given in found.tags if tag == "tbody"]

    assert shown(first) == [f"track-{number}" for number in range(1, 11)]
    assert shown(second) == ["track-11", "track-12"]
