"""The fake Discogs keeps the rules of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.fakes.discogs import FakeDiscogs, RateWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASES = "/users/collector/collection/folders/0/releases"


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    with FakeDiscogs() as running:
        yield running


def ask(
    discogs: FakeDiscogs, path: str, *, token: str | None = None, **query: Any
) -> requests.Response:
    sent = discogs.token if token is None else token
    headers = {"User-Agent": "test"} | ({"Authorization": f"Discogs token={sent}"} if sent else {})
    return requests.get(discogs.base_url + path, params=query, headers=headers, timeout=5)


def test_pages_cover_the_collection_once(discogs: FakeDiscogs) -> None:
    added = discogs.add_instances(230)

    pages = [
        ask(discogs, RELEASES, sort="added", sort_order="asc", per_page=100, page=page).json()
        for page in (1, 2, 3)
    ]

    assert [len(page["releases"]) for page in pages] == [100, 100, 30]
    assert pages[0]["pagination"]["items"] == 230
    assert [row["instance_id"] for page in pages for row in page["releases"]] == added


def test_links_to_other_pages_lead_back_to_the_fake(discogs: FakeDiscogs) -> None:
    discogs.add_instances(5)

    urls = ask(discogs, RELEASES, per_page=2, page=2).json()["pagination"]["urls"]

    assert sorted(urls) == ["first", "last", "next", "prev"]
    assert urls["next"].startswith(discogs.base_url + RELEASES)
    assert "page=3" in urls["next"]


def test_pages_hold_at_most_a_hundred_and_fifty_by_default(discogs: FakeDiscogs) -> None:
    discogs.add_instances(120)

    assert len(ask(discogs, RELEASES, per_page=500).json()["releases"]) == 100
    assert len(ask(discogs, RELEASES).json()["releases"]) == 50


def test_beyond_the_last_page_is_404(discogs: FakeDiscogs) -> None:
    discogs.add_instances(3)

    assert ask(discogs, RELEASES, page=2).status_code == 404


def test_an_empty_collection_has_one_empty_page(discogs: FakeDiscogs) -> None:
    answer = ask(discogs, RELEASES).json()

    assert (answer["pagination"]["items"], answer["pagination"]["pages"]) == (0, 1)
    assert answer["releases"] == []


@pytest.mark.parametrize("sort", ["label", "artist", "title", "catno", "format", "rating", "year"])
def test_every_documented_sort_key_works(discogs: FakeDiscogs, sort: str) -> None:
    discogs.add_instances(20)

    up = ask(discogs, RELEASES, sort=sort, sort_order="asc").json()["releases"]
    down = ask(discogs, RELEASES, sort=sort, sort_order="desc").json()["releases"]

    assert up == down[::-1]


def test_generated_collections_are_the_same_every_time() -> None:
    with FakeDiscogs(seed=3) as one, FakeDiscogs(seed=3) as two, FakeDiscogs(seed=4) as other:
        for fake in (one, two, other):
            fake.add_instances(20)
        titles = [
            [release["title"] for release in fake.releases.values()] for fake in (one, two, other)
        ]

    assert titles[0] == titles[1] != titles[2]


def test_dates_carry_the_zone_of_the_server(discogs: FakeDiscogs) -> None:
    discogs.add_instances(1)

    assert ask(discogs, RELEASES).json()["releases"][0]["date_added"] == "2015-03-01T05:00:00-08:00"


def test_folders_count_their_copies(discogs: FakeDiscogs) -> None:
    jazz = discogs.add_folder("Jazz")
    first, _ = discogs.add_instances(2)
    discogs.change_instance(first, folder_id=jazz)

    folders = ask(discogs, "/users/collector/collection/folders").json()["folders"]

    assert [(row["id"], row["name"], row["count"]) for row in folders] == [
        (0, "All", 2),
        (1, "Uncategorized", 1),
        (2, "Jazz", 1),
    ]
    jazz_path = RELEASES.replace("/0/", f"/{jazz}/")
    assert [row["instance_id"] for row in ask(discogs, jazz_path).json()["releases"]] == [first]


def test_the_collection_can_change_between_two_pages(discogs: FakeDiscogs) -> None:
    first, *_ = discogs.add_instances(4)
    discogs.before_answer = lambda request: (
        discogs.remove_instance(first) if request.query["page"] == "2" else None
    )

    shown = [
        row["instance_id"]
        for page in (1, 2)
        for row in ask(discogs, RELEASES, sort="added", per_page=2, page=page).json()["releases"]
    ]

    assert len(shown) == 3
    assert len(discogs.instance_ids()) == 3
    assert set(discogs.instance_ids()) - set(shown)


def test_a_wrong_token_is_401_and_none_closes_the_account(discogs: FakeDiscogs) -> None:
    assert ask(discogs, RELEASES, token="wrong").status_code == 401
    assert ask(discogs, "/oauth/identity", token="").status_code == 401
    assert ask(discogs, "/oauth/identity").json()["username"] == "collector"


def test_a_private_collection_is_for_its_owner() -> None:
    with FakeDiscogs(private=True) as discogs:
        assert ask(discogs, RELEASES, token="").status_code == 403
        assert ask(discogs, RELEASES).status_code == 200


def test_another_users_private_collection_stays_closed(discogs: FakeDiscogs) -> None:
    discogs.closed_users.add("hermit")

    assert ask(discogs, RELEASES.replace("collector", "hermit")).status_code == 403
    assert ask(discogs, RELEASES.replace("collector", "nobody")).status_code == 404


def test_a_deleted_release_stays_in_the_collection(discogs: FakeDiscogs) -> None:
    discogs.add_release(7, title="Gone")
    discogs.add_instance(7)
    discogs.delete_release(7)

    assert ask(discogs, "/releases/7").status_code == 404
    assert ask(discogs, RELEASES).json()["releases"][0]["basic_information"]["title"] == "Gone"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "deep river"}, [7]),
        ({"q": "aril"}, [7]),
        ({"barcode": "4 006408 126652"}, [7]),
        ({"catno": "rav 001"}, [7]),
        ({"catno": "RAV"}, []),
        ({"q": "deep", "type": "master"}, []),
    ],
)
def test_search_finds_words_barcodes_and_catalogue_numbers(
    discogs: FakeDiscogs, query: dict[str, str], found: list[int]
) -> None:
    discogs.add_release(
        7,
        title="Deep River",
        artist="Aril",
        label="Ravine",
        catno="RAV001",
        barcode="4006408126652",
    )
    discogs.add_release(8, title="Other")

    answer = ask(discogs, "/database/search", **query).json()

    assert [row["id"] for row in answer["results"]] == found


def test_the_limit_is_a_moving_window() -> None:
    clock = FakeClock()
    with FakeDiscogs(window=RateWindow(clock.now, limit=3)) as discogs:
        codes = []
        for _ in range(5):
            codes.append(ask(discogs, "/oauth/identity").status_code)
            clock.advance(10)
        clock.advance(11)
        late = ask(discogs, "/oauth/identity")

    assert codes == [200, 200, 200, 429, 429]
    assert late.status_code == 200
    assert late.headers["X-Discogs-Ratelimit"] == "3"
    assert late.headers["X-Discogs-Ratelimit-Used"] == "3"
    assert late.headers["X-Discogs-Ratelimit-Remaining"] == "0"


def test_requests_of_others_behind_the_address_count() -> None:
    clock = FakeClock()
    with FakeDiscogs(window=RateWindow(clock.now, retry_after=9)) as discogs:
        discogs.spend_elsewhere(60)
        answer = ask(discogs, "/oauth/identity")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")


def test_a_program_without_a_name_gets_an_empty_body(discogs: FakeDiscogs) -> None:
    answer = requests.get(discogs.base_url + "/oauth/identity", timeout=5)

    assert (answer.status_code, answer.content) == (200, b"")
