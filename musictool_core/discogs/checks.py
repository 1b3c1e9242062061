"""What `beet musictool doctor` says about the record shelf and the way to Discogs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from musictool_core import net
from musictool_core.db import moment
from musictool_core.discogs import mirror
from musictool_core.discogs.connect import USER_AGENT
from musictool_core.errors import ConfigError, NotFound, RateLimited, SourceError
from musictool_core.host.checks import Finding, Level
from musictool_core.host.settings import config_path
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from musictool_core.db import Tx
    from musictool_core.discogs.mirror import TracklistCount
    from musictool_core.host.checks import Checkup
    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.net import Slots
    from musictool_core.progress import CancelToken

_OLD = timedelta(days=30)
"""After so long a shelf is likely to have changed."""

_KNOWN_RELEASE = 1
"""Asked for when there is no token: any answer, even "gone", shows that Discogs can be reached."""


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """What Discogs itself said.

    Attributes:
        username: whose token it is; "" when none was sent.
        remaining: requests left in this minute, None when Discogs did not say.
        limit: requests a minute, None when Discogs did not say.
    """

    username: str
    remaining: int | None
    limit: int | None


def check_shelf(checkup: Checkup) -> Iterator[Finding]:
    """Look at the token, the copies, their track lists, and the last sync."""
    if checkup.settings is not None:
        yield from _check_token(checkup.settings.discogs_token)
    view = checkup.host.reading()
    if not mirror.shelf_exists(view):
        yield Finding(
            Level.NOTE,
            "shelf",
            "No records yet.",
            "`beet collection import-csv FILE` reads an export of discogs.com (Settings, Export).",
        )
        return
    lists = mirror.count_tracklists(view)
    copies = mirror.INSTANCES.count(view, where=mirror.LIVE)
    yield Finding(Level.OK, "shelf", f"Records: {lists.total:,}, copies: {copies:,}.")
    yield _judge_tracklists(lists)
    yield from _check_sync(view, checkup.now)


def check_live(checkup: Checkup, cancel: CancelToken) -> Iterator[Finding]:
    """Ask Discogs who we are, read-only; neither the token nor the user name is repeated."""
    if checkup.settings is None:
        return
    try:
        answer = ask_discogs(checkup.host, checkup.settings, cancel)
    except (SourceError, ConfigError) as error:
        level = Level.WARNING if isinstance(error, RateLimited) else Level.ERROR
        yield Finding(level, "discogs", str(error), error.hint or "")
        return
    said = "Discogs answers"
    if answer.username:
        said += f" and accepts the token of {answer.username[0]}…"
    if answer.remaining is not None:
        said += f"; {answer.remaining} of {answer.limit} requests a minute are left"
    yield Finding(Level.OK, "discogs", f"{said}.")


def ask_discogs(host: Host, settings: Settings, cancel: CancelToken) -> LiveAnswer:
    """Ask whose token it is; without a token, ask for some release. One request, not repeated.

    Raises:
        ConfigError: the address of Discogs was replaced by one that cannot be used.
        AuthNeeded: the token is not accepted.
        SourceError: no usable answer.
    """
    # Bring in requests, which a check-up without the network does not pay for.
    from musictool_core.discogs.api import DiscogsApi  # noqa: PLC0415
    from musictool_core.net.session import Session  # noqa: PLC0415

    policy = net.load_hosts(settings.hosts)["discogs"]
    slots = _WatchedSlots(net.FileSlots(host.state_directory, cancel))
    quick = replace(policy, retries=0)
    with Session(quick, USER_AGENT, slots=slots, cancel=cancel) as session:
        api = DiscogsApi(session, settings.discogs_token)
        username = ""
        if settings.discogs_token:
            username = api.identity().username
        else:
            with suppress(NotFound):
                api.release_json(_KNOWN_RELEASE)
    return LiveAnswer(username, slots.remaining, slots.limit)


class _WatchedSlots:
    """Slots that also remember what the server said of the budget."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.remaining: int | None = None
        self.limit: int | None = None

    def reserve(self, host: str, interval_s: float, burst: int, now: float) -> float:
        """See `net.Slots.reserve`."""
        return self._slots.reserve(host, interval_s, burst, now)

    def report(self, host: str, remaining: int, limit: int, now: float) -> None:
        """See `net.Slots.report`."""
        self.remaining, self.limit = remaining, limit
        self._slots.report(host, remaining, limit, now)

    def hold(self, host: str, seconds: float, now: float) -> None:
        """See `net.Slots.hold`."""
        self._slots.hold(host, seconds, now)


def _check_token(token: str) -> Iterator[Finding]:
    if not token:
        yield Finding(
            Level.NOTE,
            "token",
            "No Discogs token: `beet collection sync` needs one, and track lists come faster"
            " with it.",
            "`beet musictool setup` asks for it.",
        )
        return
    path = config_path()
    in_file = path.exists() and token.encode() in path.read_bytes()
    if in_file and platform.is_open_to_others(path):
        yield Finding(
            Level.WARNING,
            "token",
            f"{path} holds your Discogs token, and other users of this computer can read it.",
            f"`chmod 600 '{path}'`",
        )
    else:
        place = str(path) if in_file else "the environment or another configuration file"
        yield Finding(Level.OK, "token", f"A Discogs token is set in {place}.")


def _judge_tracklists(lists: TracklistCount) -> Finding:
    message = f"{lists.known:,} of {lists.total:,} track lists known"
    if lists.gone:
        message += f", {lists.gone:,} deleted at Discogs"
    if not lists.wanted:
        return Finding(Level.OK, "track lists", f"{message}.")
    mend = "`beet collection tracklists` gets them."
    return Finding(Level.NOTE, "track lists", f"{message}, {lists.wanted:,} to come.", mend)


def _check_sync(view: Tx, now: datetime) -> Iterator[Finding]:
    runs = mirror.RUNS.select(view, order=("-id",), limit=1)
    if not runs:
        yield Finding(Level.OK, "sync", "Never synced with Discogs: the shelf is from a file.")
        return
    run = runs[0]
    mend = "`beet collection sync`"
    if run["finished_at"] is None:
        message = f"The last sync stopped after page {run['page']:,}."
        yield Finding(Level.WARNING, "sync", message, f"{mend} goes on.")
        return
    finished = moment(run["finished_at"])
    message = f"Synced with Discogs on {finished:%Y-%m-%d}."
    if now - finished > _OLD:
        yield Finding(Level.NOTE, "sync", message, f"{mend} brings it up to date.")
    else:
        yield Finding(Level.OK, "sync", message)
