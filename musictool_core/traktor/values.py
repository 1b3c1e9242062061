"""What the parts of this package tell each other, as frozen values.

Texts are as a person reads them (unescaped); only `layout` knows how they stand in a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TrackKey = NewType("TrackKey", str)
"""VOLUME + DIR + FILE of a location: what Traktor's playlists call PRIMARYKEY."""


class NmlError(ValueError):
    """A file is not an NML that we can read or write; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where Traktor believes a file to be.

    Attributes:
        volume: "Macintosh HD" (macOS) or "C:" (Windows).
        folder: DIR, its parts between "/:", e.g. "/:Users/:me/:Music/:".
        file: name of the file; "//" stands for "/" in a name of the Finder.
        volume_id: tells two drives of one letter apart; None when it is absent.
    """

    volume: str
    folder: str
    file: str
    volume_id: str | None = None

    @property
    def key(self) -> TrackKey:
        """The primary key of the track."""
        return TrackKey(self.volume + self.folder + self.file)


class EntrySpan(NamedTuple):
    """Where one entry of the collection stands in the file; a tuple, because there are so many.

    Attributes:
        key: None for an entry without a location, which real files have.
        start: offset of its first byte.
        end: offset behind its last one, the line feed behind it excluded.
        digest: of its bytes; an entry whose digest is known need not be parsed again.
    """

    key: TrackKey | None
    start: int
    end: int
    digest: int


@dataclass(frozen=True, slots=True)
class Element:
    """One element as it was read; what we do not know stays in it.

    Attributes:
        attributes: in the order of the file.
        children: in the order of the file; text between them does not occur in an NML.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: Sequence[Element] = ()

    def child(self, tag: str) -> Element | None:
        """The first child of this name."""
        return next((child for child in self.children if child.tag == tag), None)

    def get(self, child: str, attribute: str) -> str | None:
        """An attribute of a child, or of this element where `child` is ""; None when absent."""
        found = self.child(child) if child else self
        return None if found is None else found.attributes.get(attribute)


@dataclass(frozen=True, slots=True)
class AttributeEdit:
    """One attribute of an entry, to be given another value.

    Attributes:
        element: child of the entry, e.g. "INFO"; "" for the entry itself. Made when it is absent.
        value: None takes the attribute out.
    """

    element: str
    attribute: str
    value: str | None


@dataclass(frozen=True, slots=True)
class PlaylistWrite:
    """One playlist, to hold exactly these tracks; made, or replaced where it is there.

    Attributes:
        path: names of its folders below the root, then its own.
        keys: in order; a track may come twice. None takes the playlist, or an empty folder of this
            path, out. A track that the same patch relocates may go by either of its keys.
        uuid: identity where the file has such; None: found by `path`.
    """

    path: tuple[str, ...]
    keys: tuple[TrackKey, ...] | None
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """All that one write does to a collection; what is not named keeps its bytes.

    Attributes:
        edits: by track.
        relocations: new places, applied with every playlist that names the track.
        playlists: in order.
        entries: whole entries by key: other bytes for one, a new one behind the others, or None to
            take it out. No other part of the patch is about these.
        modified: stamp for MODIFIED_DATE and MODIFIED_TIME of edited entries, seconds since
            1970 UTC; None leaves them.
    """

    edits: Mapping[TrackKey, tuple[AttributeEdit, ...]] = field(default_factory=dict)
    relocations: Mapping[TrackKey, Location] = field(default_factory=dict)
    playlists: tuple[PlaylistWrite, ...] = ()
    entries: Mapping[TrackKey, bytes | None] = field(default_factory=dict)
    modified: int | None = None
