"""The toolkit's own promises: log, order of faults, hooks, clean shutdown."""

from __future__ import annotations

import threading

import pytest
import requests

from tests.fakes.server import (
    FakeService,
    LoggedRequest,
    cut_body,
    dripping_body,
    drop_connection,
    gzip_bomb,
    server_error,
    too_many_requests,
)


def test_requests_are_logged_with_what_was_sent() -> None:
    with FakeService() as service:
        requests.post(
            f"{service.base_url}/rooms?q=a%20b", data=b"body", headers={"X-Own": "1"}, timeout=5
        )

    logged = service.requests[0]
    assert (logged.method, logged.path, logged.query) == ("POST", "/rooms", {"q": "a b"})
    assert (logged.headers["X-Own"], logged.body) == ("1", b"body")


def test_faults_come_in_the_scripted_order_and_end() -> None:
    with FakeService() as service:
        service.fail_next(2, server_error(502))
        service.fail_next(1, too_many_requests(retry_after=7))
        answers = [requests.get(service.base_url, timeout=5) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [502, 502, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "7", None]


def test_the_hook_runs_before_each_answer() -> None:
    seen: list[LoggedRequest] = []
    with FakeService() as service:
        service.before_answer = seen.append
        requests.get(service.base_url + "/one", timeout=5)

    assert [request.path for request in seen] == ["/one"]


def test_a_dropped_connection_brings_no_answer() -> None:
    with FakeService() as service:
        service.fail_next(1, drop_connection())

        with pytest.raises(requests.ConnectionError):
            requests.get(service.base_url, timeout=5)


def test_an_unannounced_cut_is_invisible_to_http() -> None:
    with FakeService() as service:
        whole = requests.get(service.base_url, timeout=5).content
        service.fail_next(1, cut_body(announce_length=False))
        half = requests.get(service.base_url, timeout=5)

    assert half.status_code == 200
    assert half.content == whole[: len(whole) // 2]


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    with FakeService() as service:
        service.fail_next(1, gzip_bomb(1_000_000))
        answer = requests.get(service.base_url, timeout=5)

    assert int(answer.headers["Content-Length"]) < 2_000
    assert len(answer.content) == 1_000_002


def test_shutdown_ends_a_fault_that_never_ends_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())

    with FakeService() as service:
        service.fail_next(1, dripping_body(pause_s=0.001))
        with requests.get(service.base_url, stream=True, timeout=5) as answer:
            assert answer.raw.read(1) == b" "

    assert set(threading.enumerate()) <= before
