"""The session against a real server: what arrives, what fails how, and what is never let out."""

from __future__ import annotations

import logging
import threading
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from werkzeug import Response

from musictool_core.errors import (
    AuthNeeded,
    Cancelled,
    NotFound,
    RateLimited,
    Refused,
    ShapeChanged,
    SourceError,
    Unreachable,
)
from musictool_core.net import (
    Challenged,
    CredentialsRejected,
    Forbidden,
    MemorySlots,
    Status,
)
from musictool_core.net.session import Session
from tests.fakes.clock import START, FakeClock
from tests.fakes.server import (
    Exchange,
    FakeService,
    Fault,
    client_error,
    cloudflare_challenge,
    cut_body,
    dripping_body,
    drop_connection,
    empty_body,
    endless_body,
    fastly_challenge,
    gzip_bomb,
    json_response,
    network_login,
    redirect,
    server_error,
    too_many_requests,
    web_page,
)
from tests.fakes.sessions import open_session, policy_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_core.net import HostPolicy

CANARY = "canary-5f1c9e"
AUTHORIZATION = {"Authorization": f"Discogs token={CANARY}"}


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def policy(service: FakeService) -> HostPolicy:
    return policy_for(service.base_url)


@pytest.fixture
def session(policy: HostPolicy, clock: FakeClock) -> Iterator[Session]:
    with open_session(policy, clock) as opened:
        yield opened


def test_an_answer_holds_parsed_json_and_its_bytes(session: Session) -> None:
    answer = session.get_json("/things", params={"q": "röyksopp & co"})

    assert answer.status is Status.OK
    assert answer.http_status == 200
    assert answer.data == {"method": "GET", "path": "/things", "query": {"q": "röyksopp & co"}}
    assert answer.body.startswith(b'{"method"')
    assert answer.headers["content-type"] == "application/json"


def test_requests_name_the_program_and_accept_only_what_we_can_unpack(
    service: FakeService, session: Session
) -> None:
    session.get_json("/things")

    sent = service.requests[0].headers
    assert sent["User-Agent"] == "musictool/test"
    assert sent["Accept-Encoding"] == "gzip"


def test_an_answer_without_content_is_none(service: FakeService, session: Session) -> None:
    service.fail_next(1, lambda _: Response(b"", 204))

    answer = session.request("DELETE", "/things/1")

    assert (answer.status, answer.data) == (Status.NONE, None)


def test_a_base_url_may_have_a_path(service: FakeService, clock: FakeClock) -> None:
    with open_session(policy_for(service.base_url + "/api/v2"), clock) as session:
        session.get_json("/things")

    assert service.requests[0].path == "/api/v2/things"


# ---- what is tried again


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(server_error(500), id="500"),
        pytest.param(server_error(520), id="520"),
        pytest.param(too_many_requests(retry_after=3), id="429"),
        pytest.param(drop_connection(), id="dropped before the headers"),
        pytest.param(drop_connection(after_headers=True), id="dropped after the headers"),
        pytest.param(cut_body(announce_length=True), id="cut, length announced"),
        pytest.param(cut_body(announce_length=False), id="cut, length unknown"),
        pytest.param(empty_body(), id="empty"),
    ],
)
def test_a_passing_fault_is_survived(service: FakeService, session: Session, fault: Fault) -> None:
    service.fail_next(2, fault)

    assert session.get_json("/things").data["path"] == "/things"
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        pytest.param(server_error(), Unreachable, Status.OFFLINE, id="503"),
        pytest.param(too_many_requests(), RateLimited, Status.RATE_LIMITED, id="429"),
        pytest.param(drop_connection(), Unreachable, Status.OFFLINE, id="dropped"),
        pytest.param(
            drop_connection(after_headers=True), Unreachable, Status.OFFLINE, id="no body"
        ),
        pytest.param(cut_body(announce_length=True), Unreachable, Status.OFFLINE, id="cut"),
        pytest.param(
            cut_body(announce_length=False), Unreachable, Status.OFFLINE, id="cut unannounced"
        ),
        pytest.param(empty_body(), Refused, Status.BLOCKED, id="empty"),
    ],
)
def test_a_lasting_fault_ends_in_its_error_after_all_retries(
    service: FakeService,
    session: Session,
    fault: Fault,
    error: type[SourceError],
    status: Status,
) -> None:
    service.fail_next(3, fault)

    with pytest.raises(error) as raised:
        session.get_json("/things")

    assert type(raised.value) is error
    assert Status.from_error(raised.value) is status
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        pytest.param(client_error(403), Forbidden, Status.BLOCKED, id="403"),
        pytest.param(client_error(451), Refused, Status.BLOCKED, id="451"),
        pytest.param(client_error(404), NotFound, Status.NONE, id="404"),
        pytest.param(client_error(410), NotFound, Status.NONE, id="410"),
        pytest.param(client_error(422), ShapeChanged, Status.SHAPE_CHANGED, id="422"),
        pytest.param(client_error(511), Unreachable, Status.OFFLINE, id="511"),
        pytest.param(web_page(), ShapeChanged, Status.SHAPE_CHANGED, id="web page"),
        pytest.param(web_page(403), Refused, Status.BLOCKED, id="web page 403"),
        pytest.param(network_login(), Unreachable, Status.OFFLINE, id="network login"),
        pytest.param(cloudflare_challenge(), Challenged, Status.CHALLENGED, id="cloudflare"),
        pytest.param(fastly_challenge(), Challenged, Status.CHALLENGED, id="fastly"),
        pytest.param(
            redirect("http://elsewhere.invalid/"), ShapeChanged, Status.SHAPE_CHANGED, id="moved"
        ),
        pytest.param(redirect("http://["), ShapeChanged, Status.SHAPE_CHANGED, id="bad redirect"),
        pytest.param(gzip_bomb(50_000_000), ShapeChanged, Status.SHAPE_CHANGED, id="gzip bomb"),
        pytest.param(endless_body(), ShapeChanged, Status.SHAPE_CHANGED, id="endless"),
    ],
)
def test_a_clear_no_is_not_asked_again(
    service: FakeService,
    session: Session,
    fault: Fault,
    error: type[SourceError],
    status: Status,
) -> None:
    service.fail_next(3, fault)

    with pytest.raises(error) as raised:
        session.get_json("/things")

    assert type(raised.value) is error
    assert Status.from_error(raised.value) is status
    assert len(service.requests) == 1


def test_a_login_page_comes_with_advice(service: FakeService, session: Session) -> None:
    service.fail_next(1, web_page())

    with pytest.raises(ShapeChanged) as raised:
        session.get_json("/things")

    assert raised.value.line() == (
        "fake: answered with a web page instead of JSON. Is a network login page in the way? "
        "Open a web page in a browser and try again."
    )


def test_missing_credentials_and_rejected_ones_are_told_apart(
    service: FakeService, session: Session
) -> None:
    service.fail_next(2, client_error(401))

    with pytest.raises(AuthNeeded) as missing:
        session.get_json("/things")
    with pytest.raises(CredentialsRejected) as rejected:
        session.get_json("/things", headers=AUTHORIZATION)

    assert Status.from_error(missing.value) is Status.AUTH_REQUIRED
    assert Status.from_error(rejected.value) is Status.AUTH_EXPIRED


def test_what_changes_the_server_is_sent_once(service: FakeService, session: Session) -> None:
    service.fail_next(1, server_error())

    with pytest.raises(Unreachable):
        session.request("POST", "/things", body=b"{}")

    assert [(request.method, request.body) for request in service.requests] == [("POST", b"{}")]


def test_a_host_that_is_not_there_is_unreachable(clock: FakeClock) -> None:
    with FakeService() as gone:
        policy = policy_for(gone.base_url)

    with (
        open_session(policy, clock) as session,
        pytest.raises(Unreachable, match=f"no connection to {policy.host}"),
    ):
        session.get_json("/things")


def test_a_server_that_speaks_no_tls_is_not_trusted_and_not_asked_again(
    service: FakeService, clock: FakeClock
) -> None:
    policy = policy_for(service.base_url.replace("http:", "https:"))

    with (
        open_session(policy, clock) as session,
        pytest.raises(Unreachable, match=r"could not prove its identity \(TLS\)"),
    ):
        session.get_json("/things", headers=AUTHORIZATION)

    assert service.requests == []
    assert clock.waits == []


# ---- waiting


def test_retries_back_off(service: FakeService, session: Session, clock: FakeClock) -> None:
    service.fail_next(2, server_error())

    session.get_json("/things", headers=AUTHORIZATION)

    assert clock.waits == [pytest.approx(1.0), pytest.approx(2.0)]


def test_retry_after_in_seconds_is_honoured(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(1, too_many_requests(retry_after=120))

    session.get_json("/things")

    assert clock.waits == [pytest.approx(120.0)]


def test_retry_after_counts_for_more_than_an_exhausted_budget(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    headers = {
        "Retry-After": "3",
        "X-Discogs-Ratelimit": "60",
        "X-Discogs-Ratelimit-Remaining": "0",
    }
    service.fail_next(1, lambda _: json_response({}, 429, headers))

    session.get_json("/things")

    assert clock.waits == [pytest.approx(3.0)]


def test_a_long_wait_is_explained(
    service: FakeService, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="musictool_core")
    service.fail_next(1, too_many_requests(retry_after=90))

    session.get_json("/things")

    assert [record.message for record in caplog.records] == [
        "fake: waiting 90 s before the next request."
    ]


def test_retry_after_as_a_date_is_honoured(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(
        1, too_many_requests(datetime.fromtimestamp(START, UTC) + timedelta(seconds=40))
    )

    session.get_json("/things")

    assert clock.waits == [pytest.approx(40.0)]


def test_a_failing_server_may_also_say_when_to_return(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(1, server_error(503, retry_after=17))

    session.get_json("/things")

    assert clock.waits == [pytest.approx(17.0)]


def test_a_limit_without_retry_after_waits_for_the_window(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(1, too_many_requests())

    session.get_json("/things")

    assert clock.waits == [pytest.approx(67.5)]


@pytest.mark.parametrize("fault", [too_many_requests(121), server_error(503, retry_after=121)])
def test_a_longer_retry_after_ends_the_request_with_its_time(
    service: FakeService, session: Session, clock: FakeClock, fault: Fault
) -> None:
    service.fail_next(1, fault)

    with pytest.raises(RateLimited) as raised:
        session.get_json("/things")

    assert raised.value.until == datetime.fromtimestamp(START + 121, UTC)
    assert clock.waits == []


def test_until_then_nobody_asks_again(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(1, too_many_requests(3600))
    with pytest.raises(RateLimited):
        session.get_json("/things")
    clock.advance(600)

    with pytest.raises(RateLimited) as raised:
        session.get_json("/things")

    assert raised.value.until == datetime.fromtimestamp(START + 3600, UTC)
    assert len(service.requests) == 1


def test_the_reported_budget_slows_us_down(
    service: FakeService, session: Session, clock: FakeClock
) -> None:
    service.fail_next(
        1,
        lambda _: json_response(
            {}, headers={"X-Discogs-Ratelimit": "60", "X-Discogs-Ratelimit-Remaining": "1"}
        ),
    )

    session.get_json("/things")
    session.get_json("/things")

    assert clock.waits == [pytest.approx(16.0)]


def test_a_burst_is_followed_by_even_pace_at_the_limit_of_the_credentials(
    session: Session, clock: FakeClock
) -> None:
    for _ in range(7):
        session.get_json("/things", headers=AUTHORIZATION)

    assert clock.waits == [pytest.approx(60 / 55), pytest.approx(60 / 55)]


def test_requests_without_credentials_keep_the_lower_limit(
    session: Session, clock: FakeClock
) -> None:
    for _ in range(6):
        session.get_json("/things")

    assert clock.waits == [pytest.approx(60 / 20)]


def test_a_wait_ends_at_ctrl_c(service: FakeService, session: Session, clock: FakeClock) -> None:
    service.fail_next(1, server_error())
    service.before_answer = lambda _: clock.cancel()

    with pytest.raises(Cancelled):
        session.get_json("/things")

    assert len(service.requests) == 1


# ---- slow and hostile bodies


def test_a_dripping_body_ends_at_the_deadline(
    service: FakeService, policy: HostPolicy, clock: FakeClock
) -> None:
    service.fail_next(1, dripping_body())
    readings = iter(range(1000))
    session = Session(
        replace(policy, deadline_s=10),
        "musictool/test",
        slots=MemorySlots(),
        cancel=clock,
        now=clock.now,
        monotonic=lambda: float(next(readings)),
    )

    with session, pytest.raises(Unreachable, match="did not finish its answer within 10 s"):
        session.get_json("/things")

    assert len(service.requests) == 1


def test_a_silent_server_ends_at_the_read_timeout(
    service: FakeService, policy: HostPolicy, clock: FakeClock
) -> None:
    service.fail_next(1, dripping_body(pause_s=60))

    with (
        open_session(replace(policy, read_s=0.05, retries=0), clock) as session,
        pytest.raises(Unreachable, match=r"fell silent for 0\.05 s"),
    ):
        session.get_json("/things")


def test_json_nested_beyond_reason_is_no_answer(service: FakeService, session: Session) -> None:
    service.fail_next(3, lambda _: Response(b"[" * 400_000, 200))

    with pytest.raises(Unreachable, match="the answer was cut off"):
        session.get_json("/things")


def test_text_that_is_neither_json_nor_a_page_is_no_answer(
    service: FakeService, session: Session
) -> None:
    service.fail_next(1, lambda _: Response(b"pong", 200))

    with pytest.raises(ShapeChanged, match="answered with something instead of JSON"):
        session.get_json("/things")


# ---- redirects and other hosts


def test_a_redirect_within_the_host_is_followed(service: FakeService, session: Session) -> None:
    service.fail_next(1, redirect("/moved/here?page=2"))

    answer = session.get_json("/things", params={"q": "x"})

    assert answer.data == {"method": "GET", "path": "/moved/here", "query": {"page": "2"}}


def test_the_body_of_a_redirect_is_not_read(service: FakeService, session: Session) -> None:
    def endless_redirect(exchange: Exchange) -> Response:
        exchange.socket.sendall(b"HTTP/1.1 302 Found\r\nLocation: /moved\r\n\r\n")
        return endless_body()(exchange)

    service.fail_next(1, endless_redirect)

    assert session.get_json("/things").data["path"] == "/moved"


def test_a_redirect_loop_ends_after_three_turns(service: FakeService, session: Session) -> None:
    service.fail_next(10, redirect("/things"))

    with pytest.raises(ShapeChanged, match="redirected more than 3 times"):
        session.get_json("/things")

    assert len(service.requests) == 4


def test_credentials_never_follow_a_redirect_to_another_host(
    service: FakeService, session: Session
) -> None:
    with FakeService() as thief:
        service.fail_next(1, redirect(thief.base_url + "/things"))

        with pytest.raises(ShapeChanged, match="leads to another host"):
            session.get_json("/things", headers=AUTHORIZATION)

        assert thief.requests == []


def test_a_redirected_change_is_not_repeated(service: FakeService, session: Session) -> None:
    service.fail_next(1, redirect("/elsewhere", status=307))

    with pytest.raises(ShapeChanged, match="redirected a POST"):
        session.request("POST", "/things", body=b"{}")

    assert len(service.requests) == 1


def test_a_link_to_the_same_host_is_followed_and_one_elsewhere_is_not(
    service: FakeService, session: Session
) -> None:
    assert session.get_json(service.base_url + "/page/2").data["path"] == "/page/2"

    with FakeService() as elsewhere:
        with pytest.raises(ShapeChanged, match="a link leads to another host"):
            session.get_json(elsewhere.base_url + "/page/2", headers=AUTHORIZATION)

        assert elsewhere.requests == []


def test_cookies_are_not_kept(service: FakeService, session: Session) -> None:
    service.fail_next(1, lambda _: json_response({}, headers={"Set-Cookie": "id=1; Path=/"}))

    session.get_json("/things")
    session.get_json("/things")

    assert "Cookie" not in service.requests[1].headers


# ---- the breaker


@pytest.mark.parametrize("fault", [server_error(), drop_connection()])
def test_a_dead_host_is_left_alone_after_five_failures(
    service: FakeService, session: Session, clock: FakeClock, fault: Fault
) -> None:
    service.fail_next(100, fault)
    for _ in range(2):
        with pytest.raises(Unreachable):
            session.get_json("/things")

    with pytest.raises(Unreachable, match="failed 5 times in a row; next try in 60 s"):
        session.get_json("/things")

    assert len(service.requests) == 5
    clock.advance(61)
    with pytest.raises(Unreachable):
        session.get_json("/things")
    assert len(service.requests) == 6


def test_answers_that_never_end_open_the_breaker_too(
    service: FakeService, policy: HostPolicy
) -> None:
    class Ticking(FakeClock):
        def monotonic(self) -> float:
            self.advance(1)
            return super().monotonic()

    service.fail_next(100, dripping_body(pause_s=0.001))

    with open_session(replace(policy, deadline_s=2), Ticking()) as session:
        for _ in range(5):
            with pytest.raises(Unreachable, match="did not finish"):
                session.get_json("/things")
        with pytest.raises(Unreachable, match="failed 5 times in a row"):
            session.get_json("/things")


def test_failures_with_successes_between_them_do_not_add_up(
    service: FakeService, session: Session
) -> None:
    for _ in range(3):
        service.fail_next(2, server_error())

        assert session.get_json("/things").status is Status.OK


def test_a_clear_no_keeps_the_breaker_closed(service: FakeService, session: Session) -> None:
    for _ in range(6):
        service.fail_next(1, client_error(404))
        with pytest.raises(NotFound):
            session.get_json("/things")

    assert session.get_json("/things").status is Status.OK


# ---- secrets


@pytest.mark.parametrize(
    "fault",
    [
        server_error(),
        too_many_requests(3600),
        client_error(401),
        client_error(403),
        drop_connection(),
        cut_body(announce_length=True),
        web_page(),
        redirect("http://elsewhere.invalid/"),
    ],
)
def test_no_secret_leaves_by_logs_errors_or_urls(
    service: FakeService, session: Session, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.fail_next(3, fault)

    with pytest.raises(SourceError) as raised:
        session.get_json("/things", params={"q": "x"}, headers=AUTHORIZATION)

    trace = "".join(traceback.format_exception(raised.value))
    shown = caplog.text + trace + repr(raised.value) + repr(session) + raised.value.line()
    assert CANARY not in shown
    sent = service.requests[0]
    assert sent.headers["Authorization"] == AUTHORIZATION["Authorization"]
    assert CANARY not in str(sent.query) + sent.path


def test_a_secret_that_cannot_be_sent_is_not_printed(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(CredentialsRejected) as raised:
        session.get_json("/things", headers={"Authorization": f"Discogs token={CANARY}\n"})

    assert CANARY not in "".join(traceback.format_exception(raised.value)) + caplog.text


def test_the_body_of_an_answer_stays_out_of_its_repr(session: Session) -> None:
    assert repr(session.get_json("/things")) == "Answer(http_status=200)"


def test_a_netrc_file_does_not_replace_our_credentials(
    service: FakeService,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))

    session.get_json("/things", headers=AUTHORIZATION)

    assert service.requests[0].headers["Authorization"] == AUTHORIZATION["Authorization"]


# ---- connections


def test_connections_are_kept_between_requests_and_closed_at_the_end(clock: FakeClock) -> None:
    connections: set[tuple[str, int]] = set()
    closed = threading.Event()

    class KeepAlive(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            connections.add(self.client_address)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def finish(self) -> None:
            super().finish()
            closed.set()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), KeepAlive)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()

    with open_session(policy_for(f"http://127.0.0.1:{server.server_port}"), clock) as session:
        for _ in range(10):
            session.get_json("/things")
        assert not closed.is_set()
    assert closed.wait(5)
    server.shutdown()
    server.server_close()
    thread.join()

    assert len(connections) == 1
