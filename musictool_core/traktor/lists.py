"""The playlists of a collection for pages: all of them counted, and one of them looked through.

The collection is scanned once; of its entries only those of the list that is asked for are read, so
a page costs the same whatever the size of the collection.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.traktor import fields, model
from musictool_core.traktor.collection import open_collection
from musictool_core.traktor.listing import items_by_key, listed_track
from musictool_core.traktor.locations import location_of_key
from musictool_core.traktor.playlist_report import make_report
from musictool_core.traktor.playlists import read_shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.music import ItemId
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.locations import Translator
    from musictool_core.traktor.playlist_report import ListedTrack, PlaylistReport
    from musictool_core.traktor.playlists import Playlist, Shelf
    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import TrackKey


@dataclass(frozen=True, slots=True)
class Counted:
    """A playlist in numbers.

    Attributes:
        ident: names it in addresses: its UUID, or the path of its folders; unique in the file.
        not_in_library: tracks that are not in beets.
        not_in_collection: entries whose track is not in the collection; Traktor drops them.
        repeated: entries that were there before.
    """

    ident: str
    playlist: Playlist
    tracks: int
    not_in_library: int
    not_in_collection: int
    repeated: int

    @property
    def name(self) -> str:
        """Its own name."""
        return self.playlist.path[-1] if self.playlist.path else "History"

    @property
    def depth(self) -> int:
        """How many folders it is in."""
        return max(0, len(self.playlist.path) - 1)


class Lists:
    """All lists of one collection, as it was when it was opened.

    Args:
        desk: the collection.
        scan: of it.
        shelf: its lists.
        item_of: items that the last sync found, by key.
    """

    def __init__(
        self, desk: Desk, scan: Scan, shelf: Shelf, item_of: Mapping[TrackKey, ItemId]
    ) -> None:
        self._desk, self._scan = desk, scan
        self.item_of = item_of
        self.counted = tuple(self._counted(shelf.playlists))
        self.folders = shelf.folders

    def find(self, ident: str) -> Counted | None:
        """A list by its name in addresses."""
        return next((each for each in self.counted if each.ident == ident), None)

    def report(self, counted: Counted, *, look: bool = True) -> PlaylistReport:
        """Look through a list.

        Raises:
            StorageError: the collection cannot be read, or is another one by now.
        """
        playlist = counted.playlist
        return make_report(counted.name, playlist.keys, self.tracks(playlist.keys, look=look))

    def tracks(self, keys: Iterable[TrackKey], *, look: bool) -> dict[TrackKey, ListedTrack]:
        """Entries of the collection; keys that it does not have are left out.

        Args:
            keys: of the entries.
            look: whether their files are there.

        Raises:
            StorageError: the collection cannot be read, or is another one by now.
        """
        spans = {key: span for key in keys if (span := self._scan.by_key.get(key)) is not None}
        found = {}
        path = self._desk.collection
        try:
            with path.open("rb") as file:
                for key, span in spans.items():
                    file.seek(span.start)
                    element = model.parse(file.read(span.end - span.start))
                    where = fields.location(element)
                    place = None if where is None else self._translator.path(where)
                    item_id = self.item_of.get(key)
                    found[key] = listed_track(key, element, item_id, place, look=look)
        except OSError as error:
            raise StorageError(f"{path} could not be read ({error.strerror}).") from error
        return found

    @cached_property
    def _translator(self) -> Translator:
        return self._desk.translator(location_of_key(key) for key in self._scan.by_key)

    def _counted(self, playlists: Iterable[Playlist]) -> Iterable[Counted]:
        taken = set[str]()
        known = self._scan.by_key
        for playlist in playlists:
            base = ident = playlist.uuid or "/".join(playlist.path) or "History"
            number = 1
            while ident in taken:
                number += 1
                ident = f"{base}:{number}"
            taken.add(ident)
            there = [key for key in playlist.keys if key in known]
            yield Counted(
                ident,
                playlist,
                len(playlist.keys),
                sum(key not in self.item_of for key in there),
                len(playlist.keys) - len(there),
                len(playlist.keys) - len(set(playlist.keys)),
            )


class Shelves:
    """Opens the lists of a collection; the file is read again only when it is another one.

    For 100,000 tracks that costs about two seconds, so a web process keeps one of these.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mark: tuple[Path, int, int] | None = None
        self._kept: tuple[Scan, Shelf] | None = None

    def read(self, host: Host, desk: Desk) -> Lists:
        """The lists as the file has them now, with the items of the last sync.

        Raises:
            StorageError: it cannot be read.
            FormatError: it is not an NML that we read.
        """
        mark = mark_of(desk.collection)
        with self._lock:
            if self._kept is None or self._mark != mark:
                self._kept = None
                file = open_collection(desk.collection)
                self._kept = file.scan, read_shelf(file.data, file.scan)
                # As it was before it was read: what was written meanwhile is read the next time.
                self._mark = mark
            scan, shelf = self._kept
        return Lists(desk, scan, shelf, items_by_key(host, desk.collection))


def mark_of(collection: Path) -> tuple[Path, int, int]:
    """Path, size and time (ns) of a collection: with another one its lists are read again.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        seen = collection.stat()
    except OSError as error:
        raise StorageError(f"{collection} could not be read ({error.strerror}).") from error
    return collection, seen.st_size, seen.st_mtime_ns
