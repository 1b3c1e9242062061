"""Artists and labels of the library with their numbers of tracks and albums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable  # noqa: TC003 - dataclass fields are inspected
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.host.membership import ON_SHELF
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_web.links import artist_page, label_page

if TYPE_CHECKING:
    from musictool_web.context import Web

_ACCEPT_AGE_S = 10.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What has a name.

    Attributes:
        of_tracks: field of tracks that holds it.
        of_albums: field of albums that holds it.
        page: address of its page.
    """

    of_tracks: str
    of_albums: str
    page: Callable[[str], str]


ARTISTS = Kind("artist", "albumartist", artist_page)
LABELS = Kind("label", "label", label_page)


@dataclass(frozen=True, slots=True)
class Name:
    """One artist or label, as it is spelled.

    Attributes:
        tracks: with exactly this name.
        albums: with exactly this name.
        on_shelf: tracks that are also on a record.
        href: of its page.
    """

    name: str
    tracks: int
    albums: int
    on_shelf: int
    href: str


def list_names(
    parts: Web, kind: Kind, *, offset: int, limit: int, by_name: bool = False, part: str = ""
) -> tuple[list[Name], int]:
    """A window of all names, and how many there are.

    Args:
        parts: of this process.
        kind: artists or labels.
        offset: names to leave out before the window.
        limit: names in the window.
        by_name: in order of the alphabet, else the most frequent first.
        part: only names that contain it, in any case.
    """
    tracks = _counted(parts, kind.of_tracks, of_albums=False)
    albums = _counted(parts, kind.of_albums, of_albums=True)
    sought = part.casefold()
    names = [name for name in tracks | albums if sought in name.casefold()]
    if by_name:
        names.sort(key=lambda name: (name.casefold(), name))
    else:
        names.sort(key=lambda name: (-tracks[name], -albums[name], name))
    shown = names[offset : offset + limit]
    held = _counted(parts, kind.of_tracks, of_albums=False, words=(f"{ON_SHELF}:yes",))
    return [Name(n, tracks[n], albums[n], held[n], kind.page(n)) for n in shown], len(names)


def _counted(
    parts: Web, field: str, *, of_albums: bool, words: tuple[str, ...] = ()
) -> Counter[str]:
    asked = Question(ALBUMS if of_albums else ITEMS, words, limit=0, facets=(field,))
    counted = parts.search.page(asked, accept_age_s=_ACCEPT_AGE_S).facets[field]
    return Counter({str(name): number for name, number in counted if name})
