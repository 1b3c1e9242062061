"""A library with the tables of the shelf, and Discogs asked on a clock that nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.discogs import mirror
from musictool_core.discogs.api import DiscogsApi
from tests.fakes.clock import FakeClock
from tests.fakes.discogs import FakeDiscogs
from tests.fakes.sessions import open_session, policy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host


@pytest.fixture
def shelf_host(host: Host) -> Host:
    """The library `host` with the tables of the shelf."""
    host.migrate({"discogs": mirror.MIGRATIONS})
    return host


@pytest.fixture
def clock() -> FakeClock:
    """The clock of `api`."""
    return FakeClock()


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    """Discogs with one account and nothing in it."""
    with FakeDiscogs() as running:
        yield running


@pytest.fixture
def api(discogs: FakeDiscogs, clock: FakeClock) -> Iterator[DiscogsApi]:
    """Discogs as the owner of the account."""
    with open_session(policy_for(discogs.base_url), clock) as session:
        yield DiscogsApi(session, discogs.token)
