"""Opening the Discogs API with the user's settings."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import musictool_core
from musictool_core import net

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.discogs.api import DiscogsApi
    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.progress import CancelToken

USER_AGENT = f"musictool/{musictool_core.__version__} (beets plugin)"
"""Discogs answers generic names with nothing."""


@contextmanager
def connect(host: Host, settings: Settings, cancel: CancelToken) -> Iterator[DiscogsApi]:
    """Yield the API; its rate limit is shared with every process that uses this library."""
    # Bring in requests, a tenth of a second that commands without network do not pay.
    from musictool_core.discogs.api import DiscogsApi  # noqa: PLC0415
    from musictool_core.net.session import Session  # noqa: PLC0415

    policy = net.load_hosts(settings.hosts)["discogs"]
    slots = net.FileSlots(host.state_directory, cancel)
    with Session(policy, USER_AGENT, slots=slots, cancel=cancel) as session:
        yield DiscogsApi(session, settings.discogs_token)


def requests_per_minute(settings: Settings) -> int:
    """How fast long work asks: more with a token than without."""
    policy = net.load_hosts(settings.hosts)["discogs"]
    return round(60 / policy.interval_s(authorized=bool(settings.discogs_token)))
