"""Playlists, folders and smart lists of an NML, read only.

Names repeat across folders, tracks repeat in a playlist, and old files have no UUIDs: a playlist is
known by its UUID, else by the path of its folders.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.traktor.markup import Tag, events, values
from musictool_core.traktor.values import TrackKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from musictool_core.traktor.scan import Region, Scan


@dataclass(frozen=True, slots=True)
class Played:
    """One event of a history: a track on a deck.

    Attributes:
        key: of the track.
        start_date: `year << 16 | month << 8 | day`.
        start_time: seconds of that day, local time.
        duration_s: None when absent.
        deck: 0 to 3.
        public: whether it was heard; None where old files do not say.
    """

    key: TrackKey
    start_date: int
    start_time: int
    duration_s: float | None
    deck: int
    public: bool | None


@dataclass(frozen=True, slots=True)
class Playlist:
    """One list of tracks, or one search that stands for a list.

    Attributes:
        path: names of its folders below the root, then its own.
        kind: "LIST", "PROTOCOL" (a history) or "SMARTLIST".
        keys: in order, with repeats; () for a smart list.
        declared: what ENTRIES says; None when it says nothing.
        uuid: None where the file has none.
        query: of a smart list, in Traktor's language.
        played: of a history, in order.
    """

    path: tuple[str, ...]
    kind: str
    keys: tuple[TrackKey, ...] = ()
    declared: int | None = None
    uuid: str | None = None
    query: str | None = None
    played: tuple[Played, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """All lists of a file.

    Attributes:
        folders: paths below the root, in order; the root itself is not among them.
        playlists: smart lists included, in order.
        remix_sets: how many there are.
    """

    folders: tuple[tuple[str, ...], ...]
    playlists: tuple[Playlist, ...]
    remix_sets: int

    def dangling(self, known: Mapping[TrackKey, object]) -> tuple[TrackKey, ...]:
        """Playlist entries whose track is not in the collection; Traktor drops them silently."""
        return tuple(key for one in self.playlists for key in one.keys if key not in known)


def read_shelf(data: bytes, scan: Scan) -> Shelf:
    """Read all lists.

    Raises:
        NmlError: broken markup.
    """
    reader = _Reader()
    section = scan.sections.get("PLAYLISTS")
    if section is not None:
        for name, attributes in _walk(data, section):
            reader.take(name, attributes)
        reader.finish()
    sets = scan.sections.get("SETS")
    walked = _walk(data, sets) if sets else ()
    remix_sets = sum(name == "SET" and attributes is not None for name, attributes in walked)
    return Shelf(tuple(reader.folders), tuple(reader.playlists), remix_sets)


def _walk(data: bytes, region: Region) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Opening tags with their attributes, closing ones with None."""
    for event in events(data, region.inner, region.inner_end):
        if isinstance(event, Tag):
            yield event.name, values(data, event)
            if event.is_empty:
                yield event.name, None
        else:
            yield event[0], None


class _Reader:
    """Takes tags in order."""

    def __init__(self) -> None:
        self.folders: list[tuple[str, ...]] = []
        self.playlists: list[Playlist] = []
        self._path: list[str] = []
        self._head: tuple[str, dict[str, str]] | None = None
        self._keys: list[TrackKey] = []
        self._query: str | None = None
        self._played: list[Played] = []

    def take(self, name: str, attributes: dict[str, str] | None) -> None:
        """One tag; `attributes` None closes."""
        if name == "NODE":
            self._take_node(attributes)
        elif name in {"PLAYLIST", "SMARTLIST"}:
            if attributes is None:
                self.finish()
            else:
                self._head = name, attributes
        elif attributes is not None and self._head is not None:
            self._take_entry(name, attributes)

    def _take_node(self, attributes: dict[str, str] | None) -> None:
        if attributes is None:
            if self._path:
                self._path.pop()
            return
        self._path.append(attributes.get("NAME", ""))
        # The first node is $ROOT.
        if attributes.get("TYPE") == "FOLDER" and len(self._path) > 1:
            self.folders.append(tuple(self._path[1:]))

    def _take_entry(self, name: str, attributes: dict[str, str]) -> None:
        if name == "PRIMARYKEY":
            self._keys.append(TrackKey(attributes.get("KEY", "")))
        elif name == "SEARCH_EXPRESSION":
            self._query = attributes.get("QUERY")
        elif name == "EXTENDEDDATA" and self._keys:
            self._played.append(_played(self._keys[-1], attributes))

    def finish(self) -> None:
        """Note the list that is open."""
        if self._head is None:
            return
        name, attributes = self._head
        kind = attributes.get("TYPE", "LIST") if name == "PLAYLIST" else name
        self.playlists.append(
            Playlist(
                tuple(self._path[1:]),
                kind,
                tuple(self._keys),
                _whole(attributes.get("ENTRIES")),
                attributes.get("UUID"),
                self._query,
                tuple(self._played),
            )
        )
        self._head, self._query = None, None
        self._keys, self._played = [], []


def _played(key: TrackKey, attributes: Mapping[str, str]) -> Played:
    public = attributes.get("PLAYEDPUBLIC")
    return Played(
        key,
        _whole(attributes.get("STARTDATE")) or 0,
        _whole(attributes.get("STARTTIME")) or 0,
        _number(attributes.get("DURATION")),
        _whole(attributes.get("DECK")) or 0,
        None if public is None else public == "1",
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text and len(text) < 19 and text.isascii() and text.isdigit() else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None
