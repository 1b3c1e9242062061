"""The Discogs client against the fake service: what it asks, what it returns, how it fails."""

from __future__ import annotations

import json
import logging
import traceback
from typing import TYPE_CHECKING

import pytest

from musictool_core.discogs.api import CollectionPage, DiscogsApi, Folder, Identity
from musictool_core.discogs.fetcher import DiscogsClient
from musictool_core.errors import (
    AuthNeeded,
    NotFound,
    Refused,
    ShapeChanged,
    SourceError,
    Unreachable,
)
from musictool_core.net import Challenged, CredentialsRejected, Forbidden, MemorySlots
from tests.fakes.clock import FakeClock
from tests.fakes.discogs import FakeDiscogs, RateWindow
from tests.fakes.server import (
    Fault,
    cloudflare_challenge,
    drop_connection,
    empty_body,
    json_response,
    server_error,
    web_page,
)
from tests.fakes.sessions import open_session, policy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from musictool_core.net.session import Session

CANARY = "canary-31b7"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    with FakeDiscogs(token=CANARY) as running:
        yield running


@pytest.fixture
def session(discogs: FakeDiscogs, clock: FakeClock) -> Iterator[Session]:
    with open_session(policy_for(discogs.base_url), clock) as opened:
        yield opened


@pytest.fixture
def api(session: Session) -> DiscogsApi:
    return DiscogsApi(session, CANARY)


def seen(pages: list[CollectionPage]) -> list[int]:
    return [row["instance_id"] for page in pages for row in page.instances]


# ---- what is asked


def test_the_token_travels_in_the_header_only(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    assert api.identity() == Identity("collector", 7_000_001)

    (sent,) = discogs.requests
    assert sent.headers["Authorization"] == f"Discogs token={CANARY}"
    assert sent.headers["Accept"] == "application/vnd.discogs.v2.discogs+json"
    assert sent.headers["User-Agent"] == "musictool/test"
    assert (sent.path, sent.query) == ("/oauth/identity", {})


def test_a_token_pasted_with_blanks_around_it_works(session: Session) -> None:
    assert DiscogsApi(session, f"  {CANARY}\n").identity().username == "collector"


def test_a_listing_is_sorted_by_the_date_of_adding(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    added = discogs.add_instances(230)

    pages = list(api.collection_pages("collector"))

    assert [(page.page, page.pages, page.items) for page in pages] == [
        (1, 3, 230),
        (2, 3, 230),
        (3, 3, 230),
    ]
    assert seen(pages) == added
    assert discogs.requests[1].query == {
        "sort": "added",
        "sort_order": "asc",
        "per_page": "100",
        "page": "2",
    }


@pytest.mark.parametrize(("copies", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (2345, 24)])
def test_a_full_listing_costs_a_request_per_hundred_copies_and_two(
    discogs: FakeDiscogs, api: DiscogsApi, copies: int, requests: int
) -> None:
    discogs.add_instances(copies)

    username = api.identity().username
    api.folders(username)
    pages = list(api.collection_pages(username))

    assert len(seen(pages)) == copies
    assert len(discogs.requests) == requests + 2
    assert discogs.lazy_requests() == []


def test_nothing_that_is_returned_asks_again(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_instances(3)
    (page,) = api.collection_pages("collector")
    release = api.release(page.instances[0]["id"])
    (found, *_) = api.search(text=release.title)
    asked = len(discogs.requests)

    values = [*page.instances, found]

    assert all(type(value) is dict for value in values)
    assert all(row.get("country") is None for row in page.instances)
    assert json.loads(json.dumps(values)) == values
    assert len(discogs.requests) == asked == 3


def test_a_listing_goes_on_where_it_was_interrupted(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    added = discogs.add_instances(250)

    assert seen(list(api.collection_pages("collector", start_page=3))) == added[200:]
    assert list(api.collection_pages("collector", start_page=9)) == []


def test_a_page_is_asked_for_when_it_is_wanted(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_instances(250)

    next(api.collection_pages("collector"))

    assert len(discogs.requests) == 1


def test_copies_added_meanwhile_are_on_the_last_page(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_instances(100)
    pages = api.collection_pages("collector", per_page=50)

    first = next(pages)
    discogs.add_instances(1)

    assert seen([first, *pages]) == discogs.instance_ids()


def test_a_last_page_that_vanishes_ends_the_listing(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    added = discogs.add_instances(101)
    pages = api.collection_pages("collector")

    first = next(pages)
    discogs.remove_instance(added[-1])

    assert list(pages) == []
    assert seen([first]) == added[:100]


def test_folders_come_with_their_counts(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_instances(3)

    assert api.folders("collector") == (Folder(0, "All", 3), Folder(1, "Uncategorized", 3))


def test_the_copies_of_one_release_are_told(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_release(7)
    discogs.add_release(8)
    copies = [discogs.add_instance(7), discogs.add_instance(7, rating=5)]

    found = api.instances_of("collector", 7)

    assert [(row["instance_id"], row["rating"]) for row in found] == [
        (copies[0], 0),
        (copies[1], 5),
    ]
    assert api.instances_of("collector", 8) == ()


def test_a_release_comes_with_its_tracks(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_release(7, title="Deep River EP", tracks=[("A1", "Deep River", "6:30")])

    release = api.release(7)

    assert (release.release_id, release.title) == (7, "Deep River EP")
    assert [(track.position, track.duration_s) for track in release.tracks] == [("A1", 390.0)]
    assert api.release_json(7) == discogs.releases[7]


@pytest.mark.shared_data
def test_a_recorded_release_arrives_whole(
    discogs: FakeDiscogs, api: DiscogsApi, shared_data: Path
) -> None:
    recorded = json.loads((shared_data / "discogs/api/real/release-8604223.json").read_bytes())
    discogs.releases[8604223] = recorded

    assert api.release_json(8604223) == recorded
    assert api.release(8604223).title == "Ummagumma"


def test_search_asks_for_releases_by_what_is_given(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_release(7, title="Deep River", catno="RAV 1", barcode="4006408126652")

    by = [
        api.search(text="röd deep"),
        api.search(barcode="4006408126652"),
        api.search(catno="RAV 1", text="River"),
    ]

    assert [[row["id"] for row in rows] for rows in by] == [[], [7], [7]]
    assert discogs.requests[0].query == {"type": "release", "per_page": "100", "q": "röd deep"}
    assert discogs.requests[2].query == {
        "type": "release",
        "per_page": "100",
        "catno": "RAV 1",
        "q": "River",
    }


def test_a_name_is_one_part_of_the_path(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    with pytest.raises(NotFound, match=r"knows no collection of a/\.\./b"):
        api.folders("a/../b")

    assert discogs.requests[0].path == "/users/a/../b/collection/folders"
    assert len(discogs.requests) == 1


# ---- who is asked


@pytest.mark.parametrize("token", [None, "", "  "])
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda api: api.identity(), id="identity"),
        pytest.param(lambda api: api.folders("collector"), id="folders"),
        pytest.param(lambda api: list(api.collection_pages("collector")), id="pages"),
        pytest.param(lambda api: api.instances_of("collector", 7), id="instances"),
    ],
)
def test_without_a_token_the_account_is_not_asked_and_the_line_says_how_to_get_one(
    discogs: FakeDiscogs, session: Session, token: str | None, call: Callable[[DiscogsApi], object]
) -> None:
    with pytest.raises(AuthNeeded) as raised:
        call(DiscogsApi(session, token))

    assert type(raised.value) is AuthNeeded
    assert raised.value.line() == (
        "discogs: no token is set. Make a personal access token at "
        "https://www.discogs.com/settings/developers and put it into the beets configuration as "
        "`discogs: user_token: …`."
    )
    assert discogs.requests == []


def test_without_a_token_releases_and_search_still_answer(
    discogs: FakeDiscogs, session: Session
) -> None:
    discogs.add_release(7, title="Deep River")
    anonymous = DiscogsApi(session, None)

    assert anonymous.release(7).title == "Deep River"
    assert len(anonymous.search(text="river")) == 1
    assert "Authorization" not in discogs.requests[0].headers


def test_a_search_that_wants_a_token_says_so(discogs: FakeDiscogs, session: Session) -> None:
    discogs.fail_next(1, lambda _: json_response({"message": "You must authenticate."}, 401))

    with pytest.raises(AuthNeeded, match="answers only with a token") as raised:
        DiscogsApi(session, None).search(text="river")

    assert raised.value.hint is not None


def test_a_wrong_token_is_one_clear_line(discogs: FakeDiscogs, session: Session) -> None:
    with pytest.raises(CredentialsRejected) as raised:
        DiscogsApi(session, "wrong").identity()

    assert raised.value.line().startswith("discogs: the token is not accepted. Make a personal")
    assert len(discogs.requests) == 1


@pytest.mark.parametrize("token", [f"{CANARY}\nX-Own: 1", f"{CANARY} b", f"{CANARY}ß"])
def test_a_token_that_cannot_be_one_is_not_sent_and_not_printed(
    discogs: FakeDiscogs, session: Session, token: str
) -> None:
    with pytest.raises(CredentialsRejected) as raised:
        DiscogsApi(session, token)

    assert CANARY not in "".join(traceback.format_exception(raised.value))
    assert discogs.requests == []


def test_somebody_elses_private_collection_is_refused(
    discogs: FakeDiscogs, api: DiscogsApi
) -> None:
    discogs.closed_users.add("hermit")

    with pytest.raises(Forbidden) as raised:
        list(api.collection_pages("hermit"))

    assert raised.value.line() == (
        "discogs: the collection of hermit is private, and the token is not its owner's. "
        "Use the owner's token, or make the collection public on Discogs."
    )


def test_an_unknown_user_is_not_an_empty_collection(api: DiscogsApi) -> None:
    with pytest.raises(NotFound, match="knows no collection of nobody"):
        list(api.collection_pages("nobody"))


# ---- what goes wrong


def test_a_deleted_release_is_gone(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.add_release(7)
    discogs.delete_release(7)

    with pytest.raises(NotFound, match="release 7 is gone"):
        api.release(7)

    assert len(discogs.requests) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(web_page(), ShapeChanged, id="web page"),
        pytest.param(web_page(403), Refused, id="blocking page"),
        pytest.param(cloudflare_challenge(), Challenged, id="challenge"),
        pytest.param(empty_body(), Refused, id="empty"),
        pytest.param(server_error(502), Unreachable, id="502"),
        pytest.param(drop_connection(), Unreachable, id="dropped"),
    ],
)
def test_a_fault_of_the_service_is_never_taken_for_a_private_or_an_empty_collection(
    discogs: FakeDiscogs, api: DiscogsApi, fault: Fault, error: type[SourceError]
) -> None:
    discogs.fail_next(3, fault)

    with pytest.raises(error) as raised:
        list(api.collection_pages("collector"))

    assert type(raised.value) is error


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"pagination": {"page": 1, "pages": 1, "items": 0}},
        {"pagination": {"page": 1, "pages": "1", "items": 0}, "releases": []},
        {"pagination": {"page": 1, "pages": 1, "items": 1}, "releases": [7]},
        {"pagination": {"page": 1, "pages": 1, "items": 1}, "releases": [{"id": 7}]},
        {"pagination": {"page": 1, "pages": 1, "items": 1}, "releases": [{"instance_id": 7}]},
        {"pagination": {"page": 1, "pages": True, "items": 1}, "releases": []},
    ],
)
def test_a_page_in_another_form_is_noticed(
    discogs: FakeDiscogs, api: DiscogsApi, answer: object
) -> None:
    discogs.fail_next(1, lambda _: json_response(answer))

    with pytest.raises(ShapeChanged, match="without the documented member"):
        list(api.collection_pages("collector"))


def test_the_wrong_release_is_noticed(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.fail_next(1, lambda _: json_response({"id": 8, "title": "Other", "tracklist": []}))

    with pytest.raises(ShapeChanged, match="asked for release 7, got 8"):
        api.release_json(7)


def test_a_release_that_cannot_be_read_is_noticed(discogs: FakeDiscogs, api: DiscogsApi) -> None:
    discogs.fail_next(1, lambda _: json_response({"id": 7, "title": "x", "tracklist": "A1"}))

    with pytest.raises(ShapeChanged, match="release 7: field tracklist"):
        api.release(7)


def test_more_copies_of_one_release_than_a_page_holds_are_not_cut_off(
    discogs: FakeDiscogs, api: DiscogsApi
) -> None:
    discogs.add_release(7)
    copies = [discogs.add_instance(7) for _ in range(101)]

    assert [row["instance_id"] for row in api.instances_of("collector", 7)] == copies


def test_the_token_leaves_by_no_other_way(
    discogs: FakeDiscogs, api: DiscogsApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    discogs.fail_next(3, drop_connection())

    with pytest.raises(Unreachable) as raised:
        api.release_json(7)

    shown = caplog.text + "".join(traceback.format_exception(raised.value)) + repr(api)
    assert CANARY not in shown
    assert all(CANARY not in f"{request.path}{request.query}" for request in discogs.requests)


# ---- pace


def test_two_hundred_track_lists_stay_within_the_limit_of_the_server(clock: FakeClock) -> None:
    with (
        FakeDiscogs(token=CANARY, window=RateWindow(clock.now)) as discogs,
        open_session(policy_for(discogs.base_url), clock) as session,
    ):
        discogs.add_instances(200)
        api = DiscogsApi(session, CANARY)
        started = clock.now()
        for release_id in discogs.releases:
            api.release_json(release_id)

    assert len(discogs.requests) == 200
    assert clock.now() - started < 200 * 60 / 50


def test_another_program_on_the_same_address_is_given_way(clock: FakeClock) -> None:
    with (
        FakeDiscogs(token=CANARY, window=RateWindow(clock.now)) as discogs,
        open_session(policy_for(discogs.base_url), clock) as session,
    ):
        discogs.add_instances(60)
        api = DiscogsApi(session, CANARY)
        discogs.before_answer = lambda _: discogs.spend_elsewhere(1)
        for release_id in discogs.releases:
            api.release_json(release_id)

    assert len(discogs.requests) == 60


def test_anonymous_use_adapts_to_the_lower_limit(clock: FakeClock) -> None:
    with (
        FakeDiscogs(window=RateWindow(clock.now)) as discogs,
        open_session(policy_for(discogs.base_url), clock) as session,
    ):
        discogs.add_instances(60)
        api = DiscogsApi(session, None)
        for release_id in discogs.releases:
            api.release_json(release_id)

    assert len(discogs.requests) == 60


def test_two_sessions_share_one_limit(clock: FakeClock) -> None:
    slots = MemorySlots()
    with FakeDiscogs(token=CANARY, window=RateWindow(clock.now)) as discogs:
        policy = policy_for(discogs.base_url)
        with (
            open_session(policy, clock, slots) as one,
            open_session(policy, clock, slots) as two,
        ):
            discogs.add_instances(80)
            for release_id in discogs.releases:
                DiscogsApi(one, CANARY).release_json(release_id)
                DiscogsApi(two, CANARY).release_json(release_id)

    assert len(discogs.requests) == 160


# ---- the library underneath


def test_lazy_objects_of_the_library_ask_through_the_session_too(
    discogs: FakeDiscogs, session: Session
) -> None:
    discogs.add_release(7, title="Deep River")

    assert DiscogsClient(session, CANARY).release(7).title == "Deep River"

    (request,) = discogs.requests
    assert request.headers["Authorization"] == f"Discogs token={CANARY}"
    assert request.query == {}


def test_what_the_library_writes_is_sent_once_as_json(
    discogs: FakeDiscogs, session: Session
) -> None:
    discogs.fail_next(1, server_error())

    with pytest.raises(Unreachable):
        DiscogsClient(session, CANARY)._post(f"{discogs.base_url}/users/collector/lists", {"a": 1})

    (request,) = discogs.requests
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {"a": 1}


def test_the_library_sees_no_failed_answer(session: Session) -> None:
    with pytest.raises(NotFound):
        DiscogsClient(session, CANARY).release(404).refresh()
