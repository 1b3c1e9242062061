from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from musictool_core.db import epoch, moment


def test_a_time_of_any_zone_comes_back_as_the_same_moment_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    told = datetime(2024, 5, 1, 1, 30, tzinfo=berlin)

    assert moment(epoch(told)) == told
    assert moment(epoch(told)).tzinfo is UTC
