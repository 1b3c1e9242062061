"""One collection as the configuration describes it: which file, whose paths, which rules.

What every command and page about Traktor starts with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.errors import ConfigError, MusicToolError
from musictool_core.host.settings import read_settings
from musictool_core.traktor import ondisk, process
from musictool_core.traktor.collection import Backups
from musictool_core.traktor.installations import Discovery, Installation, Surroundings, discover
from musictool_core.traktor.locations import PathMap, Translator
from musictool_core.traktor.merge import Policy
from musictool_core.traktor.planned import SyncSettings
from musictool_core.traktor.rules import sync_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.host.settings import TraktorSettings
    from musictool_core.traktor.process import State
    from musictool_core.traktor.values import Location


@dataclass(frozen=True, slots=True)
class Desk:
    """The collection that is worked on, and how.

    Attributes:
        collection: the NML.
        reason: why this one, in a line.
        sync: rules of the sync.
        maps: folders with two names.
    """

    collection: Path
    installation: Installation
    reason: str
    sync: SyncSettings
    maps: tuple[PathMap, ...]
    settings: TraktorSettings

    @property
    def histories(self) -> tuple[Path, ...]:
        """The histories beside the collection, the oldest first."""
        folder = self.installation.root / "History"
        return tuple(sorted(folder.glob("history_*.nml"))) if folder.is_dir() else ()

    @property
    def backups(self) -> Backups:
        """How many copies are kept."""
        return Backups(last=self.settings.backups)

    def translator(self, known: Iterable[Location] = ()) -> Translator:
        """What leads from entries to files and back.

        Args:
            known: locations of the collection; on macOS they tell how the start volume is called.
        """
        known = tuple(known)
        computer = None
        if not self.settings.remote:
            computer = ondisk.this_computer(known)
        return Translator(self.maps, computer=computer, known=known)

    def state(self) -> State:
        """Whether Traktor runs on the collection, and how we know."""
        return _state(self.collection, self.settings)


def find(settings: TraktorSettings) -> Discovery:
    """All collections that can be found, and the one that the configuration chooses."""
    configured = [Path(settings.collection).expanduser()] if settings.collection else []
    return discover(here(), configured=configured, version=settings.version)


def here() -> Surroundings:
    """This computer."""
    return ondisk.surroundings()


def open_desk(settings: TraktorSettings) -> Desk:
    """Choose the collection.

    Raises:
        MusicToolError: none can be chosen.
        ConfigError: a setting cannot be used.
    """
    found = find(settings)
    chosen = found.chosen
    if chosen is None or chosen.collection is None:
        raise MusicToolError(
            f"{found.reason}.", hint="`beet traktor detect` shows what was found and where."
        )
    return Desk(
        collection=chosen.collection,
        installation=chosen,
        reason=found.reason,
        sync=sync_settings(settings),
        maps=(*path_maps(settings), *chosen.maps),
        settings=settings,
    )


def sync_settings(settings: TraktorSettings) -> SyncSettings:
    """The rules of a sync.

    Raises:
        ConfigError: no such field or side.
    """
    known = {policy.value: policy for policy in Policy}
    for name, policy in settings.policies.items():
        if policy not in known:
            raise ConfigError(f"traktor.policies.{name}", policy, "a side", known=tuple(known))
    policies = {name: known[policy] for name, policy in settings.policies.items()}
    fields = sync_fields(policies, settings.clear)
    return SyncSettings(fields=fields, tags=settings.tags, notation=settings.keys)


def path_maps(settings: TraktorSettings) -> tuple[PathMap, ...]:
    """The folders of the configuration."""
    return tuple(PathMap(pair["nml"], pair["local"], pair.get("serial")) for pair in settings.paths)


def may_run(collection: Path) -> bool:
    """Whether Traktor may run and write this collection when it exits, by the configuration."""
    return not _state(collection, read_settings().traktor).may_write


def kept_backups() -> Backups:
    """How many copies of a collection are kept, by the configuration."""
    return Backups(last=read_settings().traktor.backups)


def _state(collection: Path, settings: TraktorSettings) -> State:
    remote = None
    if settings.remote or settings.owner:
        remote = process.Remote(collection.parent, settings.owner, ondisk.computer_name())
    # The one clock of the product is for what is stored; this only compares with file times.
    return process.check(
        now=time.time(), pattern=settings.program or process.PATTERN, remote=remote
    )
