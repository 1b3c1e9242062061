"""The collection beside the library: which entry is which item, and what lists and reports need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.music import ItemId
from musictool_core.traktor import bases, fields, model
from musictool_core.traktor.collection import open_collection
from musictool_core.traktor.health import EntryHealth
from musictool_core.traktor.identity import Answer, Method, Outcome
from musictool_core.traktor.playlist_report import ListedTrack
from musictool_core.traktor.playlists import read_shelf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.library import Host
    from musictool_core.traktor.collection import Collection
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.locations import Translator
    from musictool_core.traktor.playlists import Shelf
    from musictool_core.traktor.values import Element, TrackKey


@dataclass(frozen=True)
class Read:
    """A collection as it was read for a list or report.

    Attributes:
        elements: entries by key; of entries without a location nothing.
        homeless: entries without a location.
        item_of: items that the last sync found, by key.
    """

    collection: Collection
    shelf: Shelf
    elements: Mapping[TrackKey, Element]
    homeless: tuple[Element, ...]
    item_of: Mapping[TrackKey, ItemId]
    translator: Translator

    def path(self, key: TrackKey) -> str | None:
        """Where the file of an entry is on this computer; None when nothing tells."""
        element = self.elements.get(key)
        where = None if element is None else fields.location(element)
        return None if where is None else self.translator.path(where)

    def tracks(self, *, look: bool = True) -> dict[TrackKey, ListedTrack]:
        """All entries as playlists show them.

        Args:
            look: whether the files are there.
        """
        return {
            key: listed_track(key, element, self.item_of.get(key), self.path(key), look=look)
            for key, element in self.elements.items()
        }

    def health(self) -> list[EntryHealth]:
        """All entries as the health report wants them."""
        found = [
            EntryHealth(key, element, _exists(self.path(key)), self._answer(key))
            for key, element in self.elements.items()
        ]
        return found + [EntryHealth(None, element) for element in self.homeless]

    def _answer(self, key: TrackKey) -> Answer | None:
        item_id = self.item_of.get(key)
        if item_id is None:
            return Answer(key, Outcome.UNMATCHED)
        return Answer(key, Outcome.MATCHED, item_id, Method.STORED, 1.0)


def read(host: Host, desk: Desk) -> Read:
    """Read a collection whole.

    Raises:
        StorageError: it cannot be read.
        FormatError: it is not an NML that we read.
    """
    file = open_collection(desk.collection)
    elements: dict[TrackKey, Element] = {}
    homeless: list[Element] = []
    for span in file.scan.entries:
        element = model.parse(file.data[span.start : span.end])
        if span.key is None:
            homeless.append(element)
        else:
            elements[span.key] = element
    locations = [where for e in elements.values() if (where := fields.location(e)) is not None]
    return Read(
        file,
        read_shelf(file.data, file.scan),
        elements,
        tuple(homeless),
        items_by_key(host, desk.collection),
        desk.translator(locations),
    )


def listed_track(
    key: TrackKey, element: Element, item_id: ItemId | None, path: str | None, *, look: bool
) -> ListedTrack:
    """An entry as playlists show it.

    Args:
        key: of the entry.
        element: the entry.
        item_id: None when it is not in beets.
        path: of its file; None when unknown.
        look: whether the file is there.
    """
    found = fields.read_all(element)
    genre = str(found.get("genre") or "")
    return ListedTrack(
        key,
        artist=str(found.get("artist") or ""),
        title=str(found.get("title") or ""),
        genres=tuple(part.strip() for part in genre.split(";") if part.strip()),
        key_value=_whole(found.get("key")),
        key_text=str(found.get("key_text") or ""),
        bpm=_number(found.get("bpm")),
        length_s=_number(found.get("length")),
        item_id=item_id,
        path=path,
        exists=_exists(path) if look else None,
    )


def items_by_key(host: Host, collection: Path) -> dict[TrackKey, ItemId]:
    """Which item each entry is, as of the last sync."""
    known = bases.load(host.reading(), collection)
    return {each.key: ItemId(each.item_id) for each in known.marks.values()}


def _exists(path: str | None) -> bool | None:
    return None if path is None else Path(path).exists()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
