"""Real sessions for tests: against a fake service, on a fake clock, with patience of seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from musictool_core.net import HostPolicy, MemorySlots
from musictool_core.net.session import Session

if TYPE_CHECKING:
    from musictool_core.net import Slots
    from tests.fakes.clock import FakeClock


def policy_for(base_url: str, **changes: Any) -> HostPolicy:
    """Discogs' limits for a server at `base_url`; `changes` replaces members of the policy."""
    policy = HostPolicy(
        name="fake",
        base_url=base_url,
        requests_per_minute=60,
        anonymous_requests_per_minute=25,
        burst=5,
        connect_s=2.0,
        read_s=5.0,
        deadline_s=30.0,
        body_cap_bytes=1_000_000,
        retries=2,
        budget_header="X-Discogs-Ratelimit",
    )
    return replace(policy, **changes)


def open_session(policy: HostPolicy, clock: FakeClock, slots: Slots | None = None) -> Session:
    """A session on `clock`, without chance; `slots` of its own unless given."""
    return Session(
        policy,
        "musictool/test",
        slots=slots or MemorySlots(),
        cancel=clock,
        now=clock.now,
        monotonic=clock.monotonic,
        chance=lambda: 0.5,
    )
