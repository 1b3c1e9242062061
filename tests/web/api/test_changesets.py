"""Edits through the API: preview, save, conflicts, undo and redo, search and replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from beets import config

from musictool_core.host import journal

if TYPE_CHECKING:
    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Api

HERE = {"Sec-Fetch-Site": "same-origin"}


class Posts:
    """`post("changesets", edits=[…])`: the answer as JSON."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def __call__(self, path: str, *, status: int = 200, **body: Any) -> Any:
        response = self.client.post(f"/api/v1/{path}", json=body, headers=HERE)
        assert response.status_code == status, response.text
        return response.json


@pytest.fixture
def post(browser: FlaskClient) -> Posts:
    return Posts(browser)


@pytest.fixture
def three(library: Library, make_item: MakeItem, parts: Web) -> list[int]:
    """Three tracks, with the journal on."""
    journal.sync(parts.host)
    config["import"]["write"] = False
    config["import"]["copy"] = False
    titles = ("One", "Two", "Three")
    return [make_item(library, title=title, year=1995, bpm=120).id or 0 for title in titles]


def edit(number: int, field: str, new: str, old: str | None = None) -> dict[str, Any]:
    return {"entity": "item", "id": number, "field": field, "new": new, "old": old}


def item_of(library: Library, number: int) -> Item:
    item = library.get_item(number)
    assert item is not None
    return item


def test_the_cover_of_an_album_is_no_file_of_a_track(
    library: Library, post: Posts, three: list[int]
) -> None:
    album = library.add_album([item_of(library, number) for number in three])
    edits = [edit(number, "title", "Other") for number in three if number != album.id]
    assert len(edits) == 2

    found = post("changesets", edits=edits, write=True, move=True, pretend=True)
    assert found["files_waiting"] == 2
    found = post("changesets", edits=edits, write=True, move=True)
    assert found["files_waiting"] == 2


def test_a_preview_counts_and_changes_nothing(
    library: Library, post: Posts, three: list[int]
) -> None:
    edits = [edit(n, "genres", "Techno; Dub") for n in three] + [edit(three[0], "year", "1996")]

    found = post("changesets", edits=edits, pretend=True)

    assert [(c["field"], c["label"], c["count"]) for c in found["counts"]] == [
        ("genres", "Genres", 3),
        ("year", "Year", 1),
    ]
    assert found["changeset"] is None
    assert ("year", "1995", "1996") in [
        (each["field"], each["old"], each["new"]) for each in found["differences"]
    ]
    assert item_of(library, three[0]).year == 1995
    assert item_of(library, three[0]).genres == []


def test_a_preview_names_wrong_texts_by_cell(post: Posts, three: list[int]) -> None:
    found = post(
        "changesets", edits=[edit(three[1], "bpm", "abc"), edit(999, "bpm", "1")], pretend=True
    )

    (error,) = found["errors"]
    assert (error["id"], error["field"]) == (three[1], "bpm")
    assert error["why"] == "'abc' is not a tempo: a whole number from 20 to 400"
    assert [gone["id"] for gone in found["gone"]] == [999]


def test_saving_leaves_wrong_texts_out(library: Library, post: Posts, three: list[int]) -> None:
    found = post("changesets", edits=[edit(three[0], "bpm", "130"), edit(three[1], "bpm", "abc")])

    assert found["applied"] == 1
    assert found["changeset"]
    assert [error["id"] for error in found["errors"]] == [three[1]]
    assert item_of(library, three[0]).bpm == 130
    assert item_of(library, three[1]).bpm == 120


def test_a_cell_that_somebody_changed_meanwhile_is_left_alone(
    library: Library, post: Posts, three: list[int]
) -> None:
    found = post("changesets", edits=[edit(three[0], "year", "2001", old="1990")])

    assert found["changeset"] is None
    assert found["errors"][0]["why"] == "it is '1995' now"
    assert item_of(library, three[0]).year == 1995


def test_undo_and_redo_follow_the_pointers(
    library: Library, api: Api, post: Posts, three: list[int]
) -> None:
    number = post("changesets", edits=[edit(three[0], "title", "Uno")])["changeset"]

    listed = api("changesets")
    assert listed["undo"] == number
    assert listed["redo"] is None
    undone = post(f"changesets/{number}/undo")
    assert undone["applied"] == 1
    assert item_of(library, three[0]).title == "One"

    listed = api("changesets")
    assert listed["undo"] is None
    assert listed["redo"] == undone["changeset"]
    found = api(f"changesets/{number}")
    assert found["undone_by"] == undone["changeset"]
    assert not found["can_undo"]

    post(f"changesets/{number}/redo")
    assert item_of(library, three[0]).title == "Uno"
    assert api(f"changesets/{number}")["undone_by"] is None


def test_an_undo_names_cells_that_were_changed_since(
    library: Library, post: Posts, three: list[int]
) -> None:
    number = post("changesets", edits=[edit(n, "title", "Same") for n in three[:2]])["changeset"]
    item = item_of(library, three[0])
    item.title = "Other"
    item.store()

    undone = post(f"changesets/{number}/undo")

    assert undone["applied"] == 1
    (conflict,) = undone["conflicts"]
    assert (conflict["id"], conflict["field"]) == (three[0], "title")
    assert conflict["why"] == "it is 'Other' now"
    assert item_of(library, three[1]).title == "Two"


def test_what_is_taken_back_is_not_taken_back_again(post: Posts, three: list[int]) -> None:
    number = post("changesets", edits=[edit(three[0], "title", "Uno")])["changeset"]
    post(f"changesets/{number}/undo")

    wrong = post(f"changesets/{number}/undo", status=400)

    assert "taken back already" in wrong["detail"]
    assert post("changesets/987654321/undo", status=404)["status"] == 404
    other = post("changesets", edits=[edit(three[0], "title", "A")])["changeset"]
    assert "is not taken back" in post(f"changesets/{other}/redo", status=400)["detail"]


def test_an_undo_needs_no_body(browser: FlaskClient, post: Posts, three: list[int]) -> None:
    number = post("changesets", edits=[edit(three[0], "title", "Uno")])["changeset"]

    response = browser.post(f"/api/v1/changesets/{number}/undo", headers=HERE)

    assert response.status_code == 200


def test_a_set_tells_what_it_did(api: Api, post: Posts, three: list[int]) -> None:
    number = post("changesets", edits=[edit(n, "year", "2001") for n in three])["changeset"]

    found = api(f"changesets/{number}", limit=2)

    assert found["changes"] == 3
    assert found["objects"] == 3
    assert found["fields"] == {"year": 3}
    assert found["source"] == "web editor"
    assert len(found["differences"]) == 2
    first = next(line for line in found["differences"] if line["field"] == "year")
    assert (first["old"], first["new"]) == (1995, 2001)


def test_sets_are_found_by_what_they_changed(api: Api, post: Posts, three: list[int]) -> None:
    first = post("changesets", edits=[edit(three[0], "title", "Uno")])["changeset"]
    second = post("changesets", edits=[edit(three[0], "year", "2001")])["changeset"]

    assert [s["id"] for s in api("changesets", q="field:title new:Uno")["items"]] == [first]
    assert [s["id"] for s in api("changesets", limit=1)["items"]] == [second]
    assert api("changesets", limit=1)["next"] == second
    assert [s["id"] for s in api("changesets", before=second)["items"]][:1] == [first]


def test_the_history_is_listed_and_exported_without_formulas(
    browser: FlaskClient, api: Api, post: Posts, three: list[int]
) -> None:
    post("changesets", edits=[edit(three[0], "title", "=cmd|' /C calc'!A0")])

    found = api("history", q="field:title new:cmd")
    assert found["total"] == 1
    assert found["items"][0]["new"] == "=cmd|' /C calc'!A0"
    csv = browser.get("/api/v1/history.csv?q=field:title+new:cmd")
    assert csv.mimetype == "text/csv"
    assert "attachment" in csv.headers["Content-Disposition"]
    lines = csv.text.splitlines()
    assert lines[0] == "id,at,who,source,entity,entity_id,field,old,new,changeset"
    assert ",'=cmd|' /C calc'!A0," in lines[1]
    assert len(lines) == 2


def test_search_and_replace_counts_and_takes_unsaved_texts(
    library: Library, post: Posts, three: list[int]
) -> None:
    asked: dict[str, Any] = {
        "ids": three,
        "fields": ["title"],
        "pattern": "t",
        "ignore_case": True,
        "replacement": "T.",
        "texts": [{"id": three[0], "field": "title", "text": "tt"}],
    }

    counted = post("changesets/replace", **asked, count_only=True)
    found = post("changesets/replace", **asked)

    assert counted == {"cells": 3, "found": 4, "changed": 3}
    assert {(e["id"], e["old"], e["new"]) for e in found["edits"]} == {
        (three[0], "tt", "T.T."),
        (three[1], "Two", "T.wo"),
        (three[2], "Three", "T.hree"),
    }
    assert item_of(library, three[0]).title == "One"


def test_a_wrong_pattern_is_said(post: Posts, three: list[int]) -> None:
    wrong = post(
        "changesets/replace", status=400, ids=three, fields=["title"], pattern="(", regex=True
    )

    assert "cannot be read" in wrong["detail"]


def test_rows_and_cells_for_the_grid(
    library: Library, api: Api, make_item: MakeItem, three: list[int]
) -> None:
    item = make_item(library, title="Zero", genres=["A", "B"], year=0, comp=True)
    album = library.add_album([item])
    album["mood"] = "dark"
    album.store(inherit=False)

    assert api("rows", q="year:1995", sort="-title")["ids"] == [three[1], three[2], three[0]]
    found = api("cells", ids=f"{item.id},{three[0]},999", fields="title,genres,year,comp,mood")

    assert found["rows"] == [
        [item.id, "Zero", "A; B", "", "yes", "dark"],
        [three[0], "One", "", "1995", "no", ""],
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"ids": "1,x", "fields": "title"},
        {"ids": "1", "fields": "path"},
        {"ids": ",".join(str(n) for n in range(501)), "fields": "title"},
    ],
)
def test_cells_that_may_not_be_had(browser: FlaskClient, arguments: dict[str, str]) -> None:
    assert browser.get("/api/v1/cells", query_string=arguments).status_code == 400


def test_fields_say_what_may_be_typed(api: Api) -> None:
    fields = {field["name"]: field for field in api("fields")["items"]}

    assert fields["bpm"]["allowed"] == "a whole number from 20 to 400"
    assert fields["genres"]["kind"] == "list"
    assert "path" not in fields


@pytest.mark.parametrize("edits", [[], [{"id": 1}], [edit(1, "title", "x") | {"entity": "dog"}]])
def test_edits_that_make_no_sense_are_refused(post: Posts, edits: list[Any]) -> None:
    assert post("changesets", status=422, edits=edits)["status"] == 422


def test_a_stranger_changes_nothing(stranger: FlaskClient, browser: FlaskClient) -> None:
    assert stranger.post("/api/v1/changesets", json={}, headers=HERE).status_code == 401
    response = browser.post("/api/v1/changesets", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
