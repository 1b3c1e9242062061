"""What a change of a collection names and holds, as the texts that the journal keeps of it.

Four kinds of places: an attribute of an item's entry ("nml1:INFO@RANKING"), where Traktor believes
a file to be ("nml1:LOCATION" of an item's entry, "nml1:LOCATION KEY" of one that beets does not
know), a whole entry (`nml1:ENTRY ["KEY"]`, with the key that it had before where it came from
another one), and a playlist ("nml1:playlist Sets/Best"). A location is its primary key, with the
number of the drive where that is not the name of the volume; an entry is its XML; a playlist is the
list of its keys as JSON; both are nothing where there is none.
Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.traktor.locations import location_of_key
from musictool_core.traktor.values import NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.traktor.values import Location

SEPARATOR = "/"
"""Between the folders of a playlist and its name."""

_LOCATION = "LOCATION"
_PLAYLIST = "playlist "
_ENTRY = "ENTRY "
_DRIVE = " (drive "
_NO_DRIVE = " (drive)"


class Kind(Enum):
    """What of a collection a change is about."""

    ATTRIBUTE = "attribute"
    LOCATION = "location"
    ENTRY = "entry"
    PLAYLIST = "playlist"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a collection.

    Attributes:
        collection: its number.
        name: "INFO@RANKING"; the key of an entry that beets does not know, "" for an item's one;
            keys of a whole entry as JSON; folders and name of a playlist.
    """

    collection: int
    kind: Kind
    name: str

    @property
    def of_item(self) -> bool:
        """Whether it is about the entry of an item; else the change names the collection."""
        return self.kind is Kind.ATTRIBUTE or (self.kind is Kind.LOCATION and not self.name)

    @property
    def attribute(self) -> tuple[str, str]:
        """Element ("" for the entry itself) and attribute."""
        element, _, attribute = self.name.partition("@")
        return "" if element == "ENTRY" else element, attribute

    @property
    def entry(self) -> tuple[TrackKey, TrackKey | None]:
        """Key of a whole entry, and the one that it had before it came there."""
        keys = [TrackKey(key) for key in json.loads(self.name)]
        return keys[0], keys[1] if len(keys) > 1 else None

    @property
    def path(self) -> tuple[str, ...]:
        """Folders and name of a playlist."""
        return tuple(self.name.split(SEPARATOR))


def of_attribute(collection: int, attribute: str) -> str:
    """The field of a change: an attribute ("INFO@RANKING") of an item's entry."""
    return f"nml{collection}:{attribute}"


def of_location(collection: int, key: TrackKey | None = None) -> str:
    """The field of a change: where the file of an entry is.

    Args:
        collection: its number.
        key: of an entry that beets does not know; None for that of the item.
    """
    return f"nml{collection}:{_LOCATION}" + ("" if key is None else f" {key}")


def of_entries(collection: int) -> str:
    """What the fields of all changes of whole entries begin with."""
    return f"nml{collection}:{_ENTRY}"


def of_entry(collection: int, key: TrackKey, came_from: TrackKey | None = None) -> str:
    """The field of a change: a whole entry.

    Args:
        collection: its number.
        key: of the entry; its XML says the same.
        came_from: the key of the entry that went when this one came.
    """
    keys = [key] if came_from is None else [key, came_from]
    return f"{of_entries(collection)}{json.dumps(keys)}"


def of_playlist(collection: int, path: Sequence[str]) -> str:
    """The field of a change: the tracks of a playlist."""
    return f"nml{collection}:{_PLAYLIST}{SEPARATOR.join(path)}"


def place(field: str) -> Place:
    """What the field of a change says."""
    head, _, rest = field.partition(":")
    number = int(head.removeprefix("nml"))
    if rest == _LOCATION or rest.startswith(f"{_LOCATION} "):
        return Place(number, Kind.LOCATION, rest[len(_LOCATION) + 1 :])
    if rest.startswith(_ENTRY):
        return Place(number, Kind.ENTRY, rest.removeprefix(_ENTRY))
    if rest.startswith(_PLAYLIST):
        return Place(number, Kind.PLAYLIST, rest.removeprefix(_PLAYLIST))
    return Place(number, Kind.ATTRIBUTE, rest)


def write_location(location: Location) -> str:
    """A location as a text.

    Raises:
        NmlError: it cannot be told as one.
    """
    key, drive = location.key, location.volume_id
    text = f"{key}{_NO_DRIVE}" if drive is None else f"{key}{_DRIVE}{drive})"
    if drive == location.volume and read_location(key) == location:
        text = key
    if read_location(text) != location:
        raise NmlError(f"{key!r} is no place that can be taken back.")
    return text


def read_location(text: str) -> Location:
    """The location that `write_location` was given."""
    if text.endswith(_NO_DRIVE):
        return location_of_key(text.removesuffix(_NO_DRIVE))
    key, found, drive = text.rpartition(_DRIVE)
    if found and drive.endswith(")"):
        return location_of_key(key, drive[:-1])
    plain = location_of_key(text)
    return location_of_key(text, plain.volume)


def write_keys(keys: Sequence[TrackKey] | None) -> str | None:
    """The tracks of a playlist as a text; None for no playlist."""
    if keys is None:
        return None
    text = json.dumps(list(keys), ensure_ascii=False)
    # What UTF-8 cannot hold, the library cannot either.
    return text if text.isascii() or _is_storable(text) else json.dumps(list(keys))


def read_keys(text: str | None) -> tuple[TrackKey, ...] | None:
    """The tracks that `write_keys` was given."""
    return None if text is None else tuple(TrackKey(key) for key in json.loads(text))


def said(field: str, value: object) -> object:
    """A value as a person wants to see it in the history: of a playlist, how many tracks."""
    if not field.startswith("nml"):
        return value
    kind = place(field).kind
    if kind is Kind.ENTRY:
        return "no entry" if value is None else f"an entry of {len(str(value)):,} characters"
    if kind is not Kind.PLAYLIST:
        return value
    count = len(read_keys(str(value)) or ()) if value is not None else None
    if count is None:
        return "no list"
    return f"{count:,} track{'' if count == 1 else 's'}"


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
