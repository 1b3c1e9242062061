"""The closed set of statuses."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from musictool_core.errors import (
    AuthNeeded,
    NotFound,
    RateLimited,
    Refused,
    ShapeChanged,
    SourceError,
    Unreachable,
)
from musictool_core.net import Challenged, CredentialsRejected, Forbidden, Status


def test_the_set_of_statuses_is_closed() -> None:
    assert [status.value for status in Status] == [
        "ok",
        "none",
        "challenged",
        "blocked",
        "rate_limited",
        "auth_required",
        "auth_expired",
        "shape_changed",
        "offline",
        "disabled",
        "stale",
    ]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Challenged("fake", "x"), Status.CHALLENGED),
        (Refused("fake", "x"), Status.BLOCKED),
        (Forbidden("fake", "x"), Status.BLOCKED),
        (CredentialsRejected("fake", "x"), Status.AUTH_EXPIRED),
        (AuthNeeded("fake", "x"), Status.AUTH_REQUIRED),
        (RateLimited("fake", datetime(2026, 1, 1, tzinfo=UTC)), Status.RATE_LIMITED),
        (NotFound("fake", "x"), Status.NONE),
        (ShapeChanged("fake", "x"), Status.SHAPE_CHANGED),
        (Unreachable("fake", "x"), Status.OFFLINE),
        (SourceError("fake", "x"), Status.OFFLINE),
    ],
)
def test_every_error_has_its_status(error: SourceError, status: Status) -> None:
    assert Status.from_error(error) is status


def test_the_vocabulary_comes_without_the_http_library() -> None:
    code = "import sys, musictool_core.net; print({'requests', 'urllib3'} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"
