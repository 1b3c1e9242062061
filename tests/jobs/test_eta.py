from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.jobs import remaining_s


@pytest.mark.parametrize(
    ("first", "done", "total", "elapsed_s", "expected"),
    [
        (0, 10, 100, 20.0, 180.0),
        (500, 510, 1000, 20.0, 980.0),
        (0, 100, 100, 20.0, 0.0),
        (0, 0, 0, 0.0, 0.0),
        (0, 0, 100, 20.0, None),
        (500, 500, 1000, 20.0, None),
        (500, 400, 1000, 20.0, None),
        (0, 10, None, 20.0, None),
        (0, 10, 100, 0.0, None),
    ],
)
def test_the_rest_takes_as_long_as_this_run_needs_for_it(
    first: int, done: int, total: int | None, elapsed_s: float, expected: float | None
) -> None:
    assert remaining_s(first=first, done=done, total=total, elapsed_s=elapsed_s) == expected


@given(
    first=st.integers(0, 10**6),
    done=st.integers(0, 10**6),
    total=st.none() | st.integers(0, 10**6),
    elapsed_s=st.floats(0, 10**6),
)
def test_the_remaining_time_is_unknown_or_not_negative(
    first: int, done: int, total: int | None, elapsed_s: float
) -> None:
    remaining = remaining_s(first=first, done=done, total=total, elapsed_s=elapsed_s)

    assert remaining is None or remaining >= 0
