"""When to ask again: pure rules, and the breaker with a clock that is a number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from musictool_core.errors import Unreachable
from musictool_core.net.retry import Breaker, backoff_s, parse_retry_after

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("99999999999999999999", 86_400.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2099 11:00:00 GMT", 86_400.0),
        ("Tue, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_within_a_day(
    value: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_back_off_doubles_up_to_half_a_minute_and_spreads() -> None:
    assert [backoff_s(attempt, 0.5) for attempt in (1, 2, 3, 4, 5, 6, 900)] == [
        1.0,
        2.0,
        4.0,
        8.0,
        16.0,
        30.0,
        30.0,
    ]
    assert (backoff_s(1, 0.0), backoff_s(1, 1.0)) == (0.75, 1.25)


def failing(breaker: Breaker, now: float, times: int) -> None:
    for _ in range(times):
        breaker.failed(now)


def test_four_failures_leave_the_breaker_closed() -> None:
    breaker = Breaker("fake")

    failing(breaker, 0.0, 4)

    breaker.check(0.0)


def test_a_success_starts_the_count_again() -> None:
    breaker = Breaker("fake")

    failing(breaker, 0.0, 4)
    breaker.succeeded()
    failing(breaker, 0.0, 4)

    breaker.check(0.0)


def test_it_opens_for_a_minute_and_then_twice_as_long_up_to_an_hour() -> None:
    breaker = Breaker("fake")
    now, pauses = 0.0, []

    failing(breaker, now, 5)
    for _ in range(9):
        pauses.append(open_for(breaker, now))
        now += pauses[-1]
        breaker.check(now)
        breaker.failed(now)

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def open_for(breaker: Breaker, now: float) -> int:
    for seconds in range(1, 4000):
        try:
            breaker.check(now + seconds)
        except Unreachable:
            continue
        return seconds
    raise AssertionError("never closes")


def test_failures_of_requests_under_way_do_not_lengthen_the_pause() -> None:
    breaker = Breaker("fake")

    failing(breaker, 0.0, 9)

    breaker.check(60.0)


def test_an_answer_after_the_pause_closes_it() -> None:
    breaker = Breaker("fake")
    failing(breaker, 0.0, 5)

    breaker.succeeded()
    failing(breaker, 61.0, 4)

    breaker.check(61.0)
