"""Which part of the library a statistic is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.host.entities import Entity
from musictool_core.host.search import Question
from musictool_core.host.tallies import count_attribute, count_values, read_values
from musictool_core.insight.marks import Link, Listing, Mark, Words, asked

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from musictool_core.host.library import Host
    from musictool_core.host.search import Search

_EVERYTHING = Link(Listing.LIBRARY)


@dataclass(frozen=True, slots=True)
class Scope:
    """Tracks to look at.

    Attributes:
        host: the library.
        link: lists the tracks.
        ids: of the tracks, None for all.
    """

    host: Host
    link: Link = _EVERYTHING
    ids: Collection[int] | None = None

    def count(self, *names: str) -> list[tuple[Any, ...]]:
        """Combinations of values of these columns, each with its number of tracks last."""
        return count_values(self.host.reading(), Entity.ITEM, *names, ids=self.ids)

    def count_attribute(self, name: str) -> list[tuple[str | None, int]]:
        """Values of a flexible attribute, each with its number of tracks."""
        return count_attribute(self.host.reading(), Entity.ITEM, name, ids=self.ids)

    def read(self, *names: str) -> list[tuple[Any, ...]]:
        """These columns of every track."""
        return read_values(self.host.reading(), Entity.ITEM, *names, ids=self.ids)

    def mark(self, label: str, count: int, *groups: Words) -> Mark:
        """A mark for the tracks that one of the groups finds."""
        return Mark(label, count, Link(Listing.LIBRARY, groups).within(self.link))


def scope_of(host: Host, search: Search, text: str) -> Scope:
    """The tracks that a query finds, as a person types it; all of them for "".

    Raises:
        MusicToolError: the query cannot be understood.
    """
    link = asked(Listing.LIBRARY, text)
    if not link.groups:
        return Scope(host)
    return Scope(host, link, search.ids(Question(Listing.LIBRARY.of, link.words)))
