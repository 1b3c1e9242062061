"""A query as a playlist file, to be dragged into a Traktor that runs.

Traktor overwrites its collection when it exits, so nothing can be written there meanwhile; a
playlist file is the one thing that a running Traktor takes. Tracks that it knows are copies of
their entries, byte for byte; others are entries with what beets knows and without any analysis,
which Traktor makes itself. What Traktor does with copies of tracks that it knows was not verified.

Source: reference/traktor-nml.md, section 5; the layout is that of playlists that Traktor exported.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError
from musictool_core.host import items as host_items
from musictool_core.host.entities import Entity, read_images
from musictool_core.music import ItemId
from musictool_core.traktor import model, patch, shelf, sides
from musictool_core.traktor.collection import open_collection
from musictool_core.traktor.layout import DECLARATION, TRAKTOR_STYLE, escape
from musictool_core.traktor.listing import items_by_key
from musictool_core.traktor.locations import location_of_key
from musictool_core.traktor.ondisk import existing
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.rules import READ_ONLY
from musictool_core.traktor.scan import scan
from musictool_core.traktor.values import NmlError, Patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.host.library import Host
    from musictool_core.traktor.collection import Collection as File
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.merge import Value
    from musictool_core.traktor.planned import SyncSettings
    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import AttributeEdit, Element, Location, TrackKey

_TRAKTOR_4 = 20
"""VERSION of a playlist whose collection says none."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A playlist file, not written yet.

    Attributes:
        name: of the playlist.
        known: tracks that are copies of their entries.
        new: tracks that Traktor does not know.
        left: paths of files that cannot be told to Traktor: they are not there, or no path map
            leads there.
        content: of the file; well-formed, and read back.
    """

    name: str
    known: int
    new: int
    left: tuple[str, ...]
    content: bytes = field(repr=False)


def plan_handover(host: Host, desk: Desk, name: str, query: Sequence[str]) -> HandOver:
    """Make a playlist file of what a query finds, in its order; nothing is written.

    Args:
        host: the library.
        desk: the collection; Traktor may run on it.
        name: of the playlist.
        query: words of a beets query.

    Raises:
        MusicToolError: the query cannot be understood.
        StorageError: the collection cannot be read.
        FormatError: it is not an NML that we read, or no XML file can hold the name.
    """
    file = open_collection(desk.collection)
    found = host_items.find_in_order(host, query)
    entries = file.scan.by_key
    key_of = {item: key for key, item in items_by_key(host, desk.collection).items()}
    linked = {item: key for item in found if (key := key_of.get(item)) in entries and key}
    places, left = _places(host, desk, file, [item for item in found if item not in linked])
    new = {item: place for item, place in places.items() if place.key not in entries}
    values = _values(host, new, desk.sync)
    key_of = linked | {item: place.key for item, place in places.items()}
    keys = [key_of[item] for item in found if item in key_of]
    made = {place.key: (place, values[item]) for item, place in new.items()}
    try:
        content = playlist_file(file, name, keys, made)
    except NmlError as error:
        raise FormatError(f"The playlist {name!r} cannot be made: {error}") from error
    return HandOver(name, len(keys) - len(new), len(new), left, content)


def playlist_file(
    file: File,
    name: str,
    keys: Sequence[TrackKey],
    new: Mapping[TrackKey, tuple[Location, tuple[AttributeEdit, ...]]],
) -> bytes:
    """The bytes of a playlist file.

    Args:
        file: the collection.
        name: of the playlist.
        keys: its tracks in order.
        new: places and values of those that have no entry in the collection.

    Raises:
        NmlError: XML cannot hold a value.
    """
    data, entries = file.data, file.scan.by_key
    copies = {
        key: None if key in new else data[entries[key].start : entries[key].end] for key in keys
    }
    blocks = [_bare(new[key][0]) if copy is None else copy for key, copy in copies.items()]
    made = _frame(file, name, keys, blocks)
    edits = {key: values for key, (_, values) in new.items() if values}
    made = patch.apply(made, scan(made), Patch(edits=edits))
    _check(made, name, keys, list(copies.values()))
    return made


def _frame(file: File, name: str, keys: Sequence[TrackKey], blocks: Sequence[bytes]) -> bytes:
    head = file.scan.sections.get("HEAD")
    counted = {"ENTRIES": str(len(blocks))}
    parts = [
        file.data[head.start : head.end] if head else _element("HEAD", {"PROGRAM": "Traktor"}),
        _element("MUSICFOLDERS"),
        _element("COLLECTION", counted, blocks),
        _element("SETS", {"ENTRIES": "0"}),
        _element("PLAYLISTS", children=[_folder([_playlist(file.scan, name, keys)])]),
    ]
    root = _element("NML", {"VERSION": str(file.scan.version or _TRAKTOR_4)}, parts)
    return DECLARATION + root + b"\n"


def _playlist(collection: Scan, name: str, keys: Sequence[TrackKey]) -> bytes:
    attributes = {"ENTRIES": str(len(keys)), "TYPE": "LIST"}
    if collection.style.uuids:
        # Another one whenever its tracks are others: it never passes for a list that is there.
        told = "\n".join((name, *keys)).encode(errors="surrogatepass")
        attributes["UUID"] = blake2b(told, digest_size=16).hexdigest()
    entries = [
        _element("ENTRY", children=[_element("PRIMARYKEY", {"TYPE": "TRACK", "KEY": key})])
        for key in keys
    ]
    own = _element("PLAYLIST", attributes, entries)
    return _element("NODE", {"TYPE": "PLAYLIST", "NAME": name}, [own])


def _folder(nodes: Sequence[bytes]) -> bytes:
    subnodes = _element("SUBNODES", {"COUNT": str(len(nodes))}, nodes)
    return _element("NODE", {"TYPE": "FOLDER", "NAME": "$ROOT"}, [subnodes])


def _bare(place: Location) -> bytes:
    where = {"DIR": place.folder, "FILE": place.file, "VOLUME": place.volume}
    if place.volume_id is not None:
        where["VOLUMEID"] = place.volume_id
    return _element("ENTRY", children=[_element("LOCATION", where)])


def _element(
    tag: str, attributes: Mapping[str, str] | None = None, children: Sequence[bytes] = ()
) -> bytes:
    # Traktor's own style has no indentation, so depth is nothing.
    return shelf.element(tag, attributes or {}, children, TRAKTOR_STYLE, 0)


def _check(
    made: bytes, name: str, keys: Sequence[TrackKey], copies: Sequence[bytes | None]
) -> None:
    """Read a file back.

    Args:
        made: the file.
        name: of its playlist.
        keys: tracks that it is to hold.
        copies: its entries as they are to stand there; None for one that was made anew.

    Raises:
        NmlError: it is not what was meant.
    """
    found = scan(made)
    (listed,) = read_shelf(made, found).playlists
    if (listed.path, listed.keys) != ((name,), tuple(keys)):
        raise NmlError(f"the playlist {name} was not made as planned.")
    for copy, span in zip(copies, found.entries, strict=True):
        if copy is not None and made[span.start : span.end] != copy:
            raise NmlError(f"the entry of {span.key} was not copied as it stands.")


def _places(
    host: Host, desk: Desk, file: File, items: Sequence[ItemId]
) -> tuple[dict[ItemId, Location], tuple[str, ...]]:
    """Where Traktor finds files that are not linked, and the paths that it cannot find."""
    paths = host_items.item_paths(host, items)
    translator = desk.translator(location_of_key(key) for key in file.scan.by_key)
    found: dict[ItemId, Location] = {}
    left = list[str]()
    for item, path in ((item, paths[item]) for item in items if item in paths):
        place = None
        if existing(path) is not None:
            with suppress(NmlError):
                place = translator.location(path)
        if place is None or not _can_hold(place.key):
            left.append(path)
        else:
            found[item] = place
    return found, tuple(left)


def _values(
    host: Host, items: Iterable[ItemId], settings: SyncSettings
) -> dict[ItemId, tuple[AttributeEdit, ...]]:
    """What beets says of tracks, as attributes of an entry."""
    wanted = [each for each in settings.fields if each.name not in READ_ONLY]
    columns, attributes = sides.columns_of(wanted)
    rows = read_images(host.reading(), Entity.ITEM, list(items), [*columns, *attributes])
    bare = model.parse(_element("ENTRY"))
    return {
        ItemId(item): tuple(_edits(bare, sides.of_row(row, wanted), settings))
        for item, row in rows.items()
    }


def _edits(
    bare: Element, values: Mapping[str, Value], settings: SyncSettings
) -> Iterable[AttributeEdit]:
    for each in settings.fields:
        value = values.get(each.name)
        if value is None or value == "":
            continue
        try:
            edits = sides.entry_edits(
                each, bare, value, numbers=TRAKTOR_STYLE.numbers, notation=settings.notation
            )
        except NmlError:
            # The same value would be left out by a sync.
            continue
        yield from (edit for edit in edits if _can_hold(edit.value or ""))


def _can_hold(text: str) -> bool:
    """Whether XML can; names of files on Linux need not be text, and tags hold bells."""
    try:
        escape(text)
    except NmlError:
        return False
    return True
