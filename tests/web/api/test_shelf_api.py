"""Everything the pages of collection and gaps do is in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_web.shelf import key_of, ref_of
from tests.web.stock import LONG, NASTY, stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.gaps.conftest import Shelf
    from tests.web.conftest import Api

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def shelf(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    return stock(parts, library, make_item)


def test_copies_are_listed_with_facets(api: Api) -> None:
    found = api("collection", q="label:warp", sort="title", facets="folder")

    assert [row["title"] for row in found["items"]] == ["Lantern", LONG]
    assert found["total"] == 2
    assert found["items"][0]["added"] == "2023-11-14T22:13:20+00:00"
    assert {entry["value"] for entry in found["facets"]["folder"]} == {"House", NASTY}
    assert "id" not in found["items"][0]


def test_a_record_comes_with_tracks_states_and_links(api: Api) -> None:
    record = api("records/10")

    assert (record["own"], record["counted"]) == (1, 4)
    assert [track["state"] for track in record["tracks"]] == [
        "own", "review", "other_version", "missing",
    ]  # fmt: skip
    own, _, _, missing = record["tracks"]
    assert own["links"] == []
    assert missing["links"][0]["url"].startswith("https://")
    assert missing["evidence"] == []
    assert record["copies"][0]["catalognum"] == "LAN 001"
    assert record["discogs"] == "https://www.discogs.com/release/10"


def test_gaps_are_listed_with_facets(api: Api) -> None:
    found = api("gaps", q="state:missing", facets="state", fields="ref,title")

    assert found["total"] == 3
    assert ["10:A4", "Ash"] in found["rows"]
    assert found["facets"] == {"state": [{"value": "missing", "count": 3}]}


@pytest.mark.parametrize("ref", ["20:A/1?#", "20:A/1?#/2", "10:A4"])
def test_links_of_a_track_whatever_its_name_holds(api: Api, ref: str) -> None:
    found = api(f"gaps/{key_of(ref)}/links")

    assert found["ref"] == ref
    assert found["links"]
    assert all(link["url"].startswith("https://") for link in found["links"])


@pytest.mark.parametrize("ref", ["a/../b", "%2e%2e", "ü 漢", "", "x" * 500, ":", "//"])
def test_names_in_addresses_lead_back(ref: str) -> None:
    assert ref_of(key_of(ref)) == ref
    assert not set(key_of(ref)) & set("/?#%. ")


@pytest.mark.parametrize("key", ["nothing", "%FF", "!", "_w"])
def test_what_is_no_track_is_not_found(browser: FlaskClient, key: str) -> None:
    answer = browser.get(f"/api/v1/gaps/{key}/links")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def post(browser: FlaskClient, path: str, body: Any) -> Any:
    return browser.post(f"/api/v1/{path}", json=body, headers=OURS)


def test_a_decision_is_stored_and_taken_back(browser: FlaskClient, shelf: Shelf) -> None:
    path = f"gaps/{key_of('10:A2')}/decision"
    said = post(browser, path, {"same": True, "item_id": 2})

    assert said.json == {"ref": "10:A2", "state": "own", "item_id": 2}
    assert post(browser, "gaps/decisions/take-back", {}).json == {"ref": "10:A2"}
    assert shelf.states()["10:A2"] == "review"
    assert post(browser, "gaps/decisions/take-back", {}).json == {"ref": None}
    assert post(browser, path, {"same": False, "item_id": 2}).json["state"] == "missing"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"same": True, "item_id": 3}, 412),
        ({"same": True}, 422),
        ({"item_id": 2}, 422),
        ({"same": "perhaps", "item_id": 2}, 422),
        ({"same": True, "item_id": 10**30}, 422),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    browser: FlaskClient, shelf: Shelf, body: dict[str, Any], status: int
) -> None:
    assert post(browser, f"gaps/{key_of('10:A2')}/decision", body).status_code == status
    assert shelf.states()["10:A2"] == "review"


@pytest.mark.parametrize("level", ["release", "artist", "label"])
def test_completion_by_level_with_the_query_behind_it(api: Api, level: str) -> None:
    entries = api("gaps/completion", level=level, q="album:lantern")["items"]

    assert len(entries) == 1
    (entry,) = entries
    assert (entry["own"], entry["review"], entry["other_version"], entry["missing"]) == (1, 1, 1, 1)
    assert entry["share"] == 0.25
    assert api("gaps", q=entry["q"])["total"] == 4


def test_rules(browser: FlaskClient, api: Api) -> None:
    rule = {"kind": "label", "value": "Ebbe"}
    assert post(browser, "ignores", rule).json == rule
    assert post(browser, "ignores", rule).status_code == 200
    assert api("ignores") == {"items": [rule]}
    gone = browser.delete("/api/v1/ignores", query_string=rule, headers=OURS)
    assert gone.status_code == 204
    again = browser.delete("/api/v1/ignores", query_string=rule, headers=OURS)
    assert again.status_code == 404
    assert post(browser, "ignores", {"kind": "mood", "value": "x"}).status_code == 422


def test_files_without_a_record(api: Api) -> None:
    found = api("gaps/reverse", limit=1)

    assert found["total"] == 1
    assert found["items"][0]["titles"] == ["One"]
    assert api("gaps/reverse", q="artist:ada")["total"] == 0


def test_do_i_own_this(api: Api, browser: FlaskClient) -> None:
    yes = api("owned", code="lan 001")
    assert (yes["verdict"], yes["found_by"], yes["shelf"]) == ("yes", "catalogue number", 3)
    assert [copy["release_id"] for copy in yes["copies"]] == [10]
    assert api("owned", code="whatever else")["verdict"] == "no"
    by_title = api("owned", code="ada ember")
    assert (by_title["verdict"], by_title["found_by"]) == ("yes", "track title")
    (held,) = by_title["on_records"]
    assert (held["title"], held["release_id"], held["href"]) == ("Ember", 10, "/records/10")
    (file,) = api("owned", code="cy one")["as_files"]
    assert (file["title"], file["release_id"], file["href"]) == (
        "One", None, f"/tracks/{file['item_id']}",
    )  # fmt: skip
    assert browser.get("/api/v1/owned").status_code == 422


def test_the_description_names_every_call(api: Api) -> None:
    paths = api("openapi.json")["paths"]

    for path in (
        "collection", "records/{release_id}", "owned", "gaps", "gaps/{gap_id}/links",
        "gaps/{gap_id}/decision", "gaps/decisions/take-back", "gaps/completion", "gaps/reverse",
        "ignores",
    ):  # fmt: skip
        assert f"/api/v1/{path}" in paths
