"""The collection of Traktor that is kept in step, as far as files that become one concern it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError
from musictool_core.host.checks import has_table
from musictool_core.traktor import bases, heirs, listing
from musictool_core.traktor.desk import open_desk
from musictool_core.traktor.heirs import Estate, Inheritance
from musictool_core.traktor.tables import COLLECTIONS
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.host.settings import TraktorSettings
    from musictool_core.traktor.listing import Read
    from musictool_core.traktor.values import TrackKey

log = logging.getLogger(__name__)

SOURCE = "quality"
REASON = "its file becomes one with another"


@dataclass(frozen=True, slots=True)
class Union:
    """Files that become one.

    Attributes:
        to: whole path of the file that stays.
        lags_ms: what is to be added to a time in each file for the same place in that one, by whole
            path.
        items: of these files, by whole path.
    """

    to: str
    lags_ms: Mapping[str, float]
    items: Mapping[str, int]


@dataclass(frozen=True)
class Decks:
    """A collection, read for this."""

    path: Path
    number: int
    read: Read

    @cached_property
    def _key_of(self) -> Mapping[int, TrackKey]:
        """Entries that the last sync found, by item."""
        return {item: key for key, item in self.read.item_of.items()}

    @cached_property
    def _lists_of(self) -> Mapping[TrackKey, tuple[str, ...]]:
        """Names of playlists, by the entries that they name."""
        found: dict[TrackKey, dict[str, None]] = {}
        for each in self.read.shelf.playlists:
            for key in each.keys:
                found.setdefault(key, {})["/".join(each.path)] = None
        return {key: tuple(names) for key, names in found.items()}

    def inherit(self, unions: Sequence[Union]) -> Inheritance:
        """What becomes of entries and playlists; problems by place in the list."""
        estates: list[Estate] = []
        places: list[int] = []
        problems: dict[int, str] = {}
        for place, union in enumerate(unions):
            shifts = self._shifts(union)
            if not shifts:
                continue
            try:
                to = self.read.translator.location(union.to)
            except NmlError:
                to = None
            if to is None:
                problems[place] = "no path map leads there from Traktor (`traktor: paths`)"
                continue
            estates.append(Estate(to, shifts))
            places.append(place)
        file = self.read.collection
        found = heirs.inherit(
            file.data, file.scan, self.read.shelf.playlists, self.number, estates,
            source=SOURCE, reason=REASON,
        )  # fmt: skip
        problems |= {places[each]: why for each, why in found.problems.items()}
        return Inheritance(found.changes, problems, found.cues)

    def playlists_of(self, item: int) -> tuple[str, ...]:
        """Names of the playlists that a track is in."""
        key = self._key_of.get(item)
        return () if key is None else self._lists_of.get(key, ())

    def _shifts(self, union: Union) -> dict[TrackKey, float]:
        """Entries of the files, and what is to be added to their times."""
        found: dict[TrackKey, float] = {}
        for path, lag_ms in union.lags_ms.items():
            key = self._key_of.get(union.items[path])
            if key is None or key not in self.read.elements:
                key = self._by_path(path)
            if key is not None:
                found[key] = lag_ms
        return found

    def _by_path(self, path: str) -> TrackKey | None:
        try:
            where = self.read.translator.location(path)
        except NmlError:
            return None
        return where.key if where is not None and where.key in self.read.elements else None


def open_decks(host: Host, settings: TraktorSettings) -> Decks | None:
    """The collection; None when none is kept in step with this library, or it is not at hand.

    Raises:
        MusicToolError: it is kept in step and cannot be read.
    """
    if not has_table(host.reading(), COLLECTIONS.name):
        return None
    known = {row["path"] for row in COLLECTIONS.select(host.reading(), ("path",))}
    if not known:
        return None
    try:
        desk = open_desk(settings)
    except MusicToolError:
        desk = None
    if desk is None or str(desk.collection) not in known:
        log.warning("Traktor's collection is not at hand; it goes on naming files that make room.")
        return None
    number = bases.load(host.reading(), desk.collection).number
    return Decks(desk.collection, number, listing.read(host, desk))
