"""What this installation is: places, plugins, services, what is kept for undo, versions. Read only.

No secret is in it: of a token only whether there is one.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from pathlib import Path  # noqa: TC003 - as above
from typing import TYPE_CHECKING

from musictool_core import __version__, net
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.db import moment
from musictool_core.host import journal
from musictool_core.host.backup import BEETS_VERSION
from musictool_core.host.checks import has_table, read_plugin_setting
from musictool_core.host.settings import SettingNow, config_path, list_settings

if TYPE_CHECKING:
    from musictool_core.app import App
    from musictool_core.host.library import Host


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is kept.

    Attributes:
        name: what it is called in the documentation.
        holds: what is in it.
        bytes: None where nothing is there yet, or it is not measured.
    """

    name: str
    path: Path
    holds: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Service:
    """A service that can be asked.

    Attributes:
        has_token: whether requests carry one.
        per_minute: requests that may be made.
    """

    name: str
    address: str
    has_token: bool
    per_minute: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept so that changes can be taken back.

    Attributes:
        is_on: whether changes are written down now.
        changes: how many are known.
        since: time of the oldest; None when there is none.
        bytes: room they take in the library, estimated.
        most_years: older changes are forgotten.
        most_changes: beyond, the oldest are forgotten.
    """

    is_on: bool
    changes: int
    since: datetime | None
    bytes: int
    most_years: int
    most_changes: int


@dataclass(frozen=True, slots=True)
class About:
    """This installation.

    Attributes:
        config: the file in which settings are changed.
        plugins: ours by name, and whether the configuration enables them.
        journal_mode: of the library, as SQLite names it.
    """

    config: Path
    places: tuple[Place, ...]
    plugins: dict[str, bool]
    services: tuple[Service, ...]
    journal_mode: str
    kept: Kept
    settings: tuple[SettingNow, ...]
    versions: dict[str, str]


def describe(running: App) -> About:
    """Describe the installation.

    Raises:
        ConfigError: a setting cannot be used.
        LibraryBusy: another program holds the library too long.
    """
    host = running.host
    view = host.reading()
    enabled = read_plugin_setting().names
    return About(
        config_path(),
        tuple(_places(host)),
        {name: name in enabled for name in OUR_PLUGINS},
        _services(running),
        str(view.query("PRAGMA journal_mode")[0][0]),
        _kept(running),
        list_settings(),
        versions(host),
    )


def versions(host: Host) -> dict[str, str]:
    """What runs here, by name."""
    return {
        "musictool": __version__,
        "beets": BEETS_VERSION,
        "python": platform.python_version(),
        "sqlite": str(host.reading().query("SELECT sqlite_version()")[0][0]),
    }


def _places(host: Host) -> list[Place]:
    library = "items, albums, your records, gaps, decisions, the journal of changes"
    state = "old tags for undo, the key of browser sessions; readable for you only"
    cache = "thumbnails, waveforms, indexes; delete it whenever you like"
    return [
        Place("library", host.path, library, _size(host.path)),
        Place("state", host.state_path, state, _size(host.state_path)),
        Place("cache", host.cache_path, cache, _size(host.cache_path)),
        Place("music", host.music_folder, "your files; never touched unasked", None),
    ]


def _size(path: Path) -> int | None:
    """Bytes of a file, or of all files in a folder; what vanishes meanwhile counts nothing."""
    if not path.exists():
        return None
    found = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    total = 0
    for each in found:
        try:
            total += each.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _services(running: App) -> tuple[Service, ...]:
    has_token = bool(running.settings.discogs_token)
    return tuple(
        Service(
            name,
            policy.base_url,
            has_token,
            policy.requests_per_minute if has_token else policy.anonymous_requests_per_minute,
        )
        for name, policy in net.load_hosts(running.settings.hosts).items()
    )


def _kept(running: App) -> Kept:
    view, settings = running.host.reading(), running.settings
    found = journal.size(view) if has_table(view, "mt_journal") else journal.Size(0, None, 0)
    return Kept(
        journal.is_recording(view),
        found.rows,
        None if found.since is None else moment(found.since),
        found.bytes,
        settings.history_years,
        settings.history_changes,
    )
