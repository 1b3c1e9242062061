"""Playlists, and other references to tracks, as bytes: made, replaced, taken out, relocated.

Works on the section PLAYLISTS (or SETS, or an entry with cells) as it stands in the file. Tracks
that stay in a playlist keep their bytes; counts are set right where something changed.
Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from musictool_core.traktor.layout import Style, escape, unescape
from musictool_core.traktor.markup import Node, Tag, tag_at, tree
from musictool_core.traktor.values import NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import Location, Patch, PlaylistWrite

MAX_NODES = 20_000_000
"""Elements of the section PLAYLISTS."""

_DEPTH_OF_ROOT = 2
"""Steps of indentation of the folder $ROOT: inside NML and PLAYLISTS."""

_REFERENCE = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<(PRIMARYKEY|CELL)(?=\s)(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>",
    re.DOTALL,
)


def element(
    name: str,
    attributes: Mapping[str, str],
    children: Sequence[bytes],
    style: Style,
    depth: int,
) -> bytes:
    """An element in the style of a file, `depth` steps in; its children are one step further."""
    tag = name.encode()
    quote = style.quote
    opening = b"<" + tag
    for attribute, value in attributes.items():
        opening += b" " + attribute.encode() + b"=" + quote + escape(value, style, quote) + quote
    closing = b"</" + tag + b">"
    if not children:
        return opening + (style.close or b">" + closing)
    lead, gap, trail = between(style, depth)
    return opening + b">" + lead + gap.join(children) + trail + closing


def between(style: Style, depth: int) -> tuple[bytes, bytes, bytes]:
    """White space before, between and behind the children of an element at a depth."""
    if style.indent:
        inside = style.newline + style.indent * (depth + 1)
        return inside, inside, style.newline + style.indent * depth
    return style.lead, style.gap, style.trail


# --- Relocation ----------------------------------------------------------------------------------


def relocate_cells(data: bytes, moves: Mapping[TrackKey, Location], style: Style) -> bytes:
    """Let cells of remix sets point at the new places."""

    def moved(tag: Tag) -> Mapping[str, str]:
        place = {name: _value(data, tag, name) for name in ("VOLUME", "DIR", "FILE")}
        goal = moves.get(TrackKey("".join(value or "" for value in place.values())))
        if goal is None:
            return {}
        return {"VOLUME": goal.volume, "DIR": goal.folder, "FILE": goal.file}

    return _replace_values(data, "CELL", moved, style)


def _relocate_keys(data: bytes, moves: Mapping[TrackKey, Location], style: Style) -> bytes:
    def moved(tag: Tag) -> Mapping[str, str]:
        goal = moves.get(TrackKey(_value(data, tag, "KEY") or ""))
        return {} if goal is None else {"KEY": goal.key}

    return _replace_values(data, "PRIMARYKEY", moved, style)


def _replace_values(
    data: bytes, name: str, change: Callable[[Tag], Mapping[str, str]], style: Style
) -> bytes:
    pieces = list[bytes]()
    at = 0
    for match in _REFERENCE.finditer(data):
        if match[1] is None or match[1].decode() != name:
            continue
        tag = tag_at(data, match.start(), match.end())
        new = change(tag)
        for attribute in tag.attributes if new else ():
            if attribute.name in new:
                start, end = attribute.value
                quote = data[end : end + 1]
                pieces += [data[at:start], escape(new[attribute.name], style, quote)]
                at = end
    return b"".join([*pieces, data[at:]])


def _value(data: bytes, tag: Tag, name: str) -> str | None:
    found = tag.attribute(name)
    return None if found is None else unescape(data[slice(*found.value)])


# --- Playlists -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Place:
    """Where a playlist or folder is, or would be.

    Attributes:
        folders: nodes from $ROOT down to the innermost that is there.
        node: of the thing itself; None when it is not there.
        missing: names of folders that are to be made.
    """

    folders: list[Node]
    node: Node | None
    missing: tuple[str, ...]


def rewrite(
    data: bytes, scan: Scan, patch: Patch, moves: Mapping[TrackKey, Location]
) -> tuple[bytes, tuple[int, int]]:
    """The section PLAYLISTS after a patch; how many of its entries are gone, and how many were.

    Raises:
        NmlError: a track is in no collection, or a playlist is there twice.
    """
    style = scan.style
    if moves:
        data = _relocate_keys(data, moves, style)
    if not patch.playlists:
        return data, (0, 0)
    total = sum(match[1] == b"PRIMARYKEY" for match in _REFERENCE.finditer(data))
    known = _keys_after(scan, moves) | patch.entries.keys()
    known -= {key for key, block in patch.entries.items() if block is None}
    removed = 0
    for write in patch.playlists:
        data, gone = _Section(data, style).write(write, moves, known)
        removed += gone
    return data, (removed, total)


def _keys_after(scan: Scan, moves: Mapping[TrackKey, Location]) -> set[TrackKey]:
    keys = set(scan.by_key)
    return keys - moves.keys() | {place.key for place in moves.values()} if moves else keys


class _Section:
    """The section PLAYLISTS as a tree, for one write."""

    def __init__(self, data: bytes, style: Style) -> None:
        self.data, self.style = data, style
        self.top = tree(data, 0, len(data), limit=MAX_NODES)
        root = self.top.child("NODE")
        if root is None:
            raise NmlError("its PLAYLISTS have no root folder.")
        self.root = root

    def write(
        self, write: PlaylistWrite, moves: Mapping[TrackKey, Location], known: set[TrackKey]
    ) -> tuple[bytes, int]:
        """The section after one write, and how many entries are gone."""
        if not write.path or not all(write.path):
            raise NmlError("a playlist needs a name.")
        place = self._find(write)
        if write.keys is None:
            return self._remove(place, write)
        keys = tuple(moves[key].key if key in moves else key for key in write.keys)
        entries = self._entries(place.node) if place.node else []
        present = {key for key, _ in entries}
        unknown = next((key for key in keys if key not in known and key not in present), None)
        if unknown is not None:
            raise NmlError(f"{unknown} is not in the collection; nothing was changed.")
        if place.node is None:
            return self._create(place, write, keys), 0
        gone = Counter(key for key, _ in entries) - Counter(keys)
        return self._replace(place.node, entries, keys), gone.total()

    # Finding

    def _find(self, write: PlaylistWrite) -> _Place:
        if write.uuid is not None:
            found = self._by_uuid(self.root, write.uuid.lower(), [self.root])
            if found is not None:
                return found
        folders = [self.root]
        *names, last = write.path
        for depth, name in enumerate(names):
            node = self._named(folders[-1], name, {"FOLDER"})
            if node is None:
                return _Place(folders, None, tuple(names[depth:]))
            folders.append(node)
        node = self._named(folders[-1], last, {"PLAYLIST"})
        if node is None and write.keys is None:
            node = self._named(folders[-1], last, {"FOLDER"})
        return _Place(folders, node, ())

    def _by_uuid(self, node: Node, uuid: str, folders: list[Node]) -> _Place | None:
        pending = [(node, folders)]
        while pending:
            folder, above = pending.pop()
            for child in self._nodes(folder):
                playlist = child.child("PLAYLIST")
                if playlist is not None and (self._get(playlist, "UUID") or "").lower() == uuid:
                    return _Place(above, child, ())
                pending.append((child, [*above, child]))
        return None

    def _nodes(self, folder: Node) -> list[Node]:
        subnodes = folder.child("SUBNODES")
        return [one for one in subnodes.children if one.tag.name == "NODE"] if subnodes else []

    def _named(self, folder: Node, name: str, kinds: set[str]) -> Node | None:
        found = [
            node
            for node in self._nodes(folder)
            if self._get(node, "NAME") == name and self._get(node, "TYPE") in kinds
        ]
        if len(found) > 1:
            raise NmlError(f"there are {len(found)} of the name {name!r} in one folder.")
        return found[0] if found else None

    def _get(self, node: Node, name: str) -> str | None:
        return _value(self.data, node.tag, name)

    def _entries(self, node: Node) -> list[tuple[TrackKey, bytes]]:
        playlist = node.child("PLAYLIST")
        found = list[tuple[TrackKey, bytes]]()
        for entry in playlist.children if playlist else ():
            reference = entry.child("PRIMARYKEY")
            if entry.tag.name == "ENTRY" and reference is not None:
                key = TrackKey(self._get(reference, "KEY") or "")
                found.append((key, self.data[entry.tag.start : entry.end]))
        return found

    # Changing

    def _replace(
        self, node: Node, entries: Iterable[tuple[TrackKey, bytes]], keys: Sequence[TrackKey]
    ) -> bytes:
        playlist = node.child("PLAYLIST")
        if playlist is None:
            raise NmlError("a playlist has no PLAYLIST.")
        if [key for key, _ in entries] == list(keys):
            return self.data
        kept: dict[TrackKey, deque[bytes]] = defaultdict(deque)
        for key, raw in entries:
            kept[key].append(raw)
        depth = self._depth(node) + 1
        blocks = [
            kept[key].popleft() if kept.get(key) else self._entry(key, depth + 1, playlist)
            for key in keys
        ]
        edits = [self._set(playlist.tag, "ENTRIES", str(len(keys)))]
        edits.append(self._fill(playlist, blocks, depth))
        return self._spliced(edits)

    def _create(self, place: _Place, write: PlaylistWrite, keys: Sequence[TrackKey]) -> bytes:
        folder = place.folders[-1]
        depth = self._depth(folder) + 2 + 2 * len(place.missing)
        attributes = {"ENTRIES": str(len(keys)), "TYPE": "LIST"}
        if self.style.uuids:
            attributes["UUID"] = write.uuid or self._new_uuid(write)
        entries = [self._entry(key, depth + 2) for key in keys]
        playlist = element("PLAYLIST", attributes, entries, self.style, depth + 1)
        own = {"TYPE": "PLAYLIST", "NAME": write.path[-1]}
        new = element("NODE", own, [playlist], self.style, depth)
        for name in reversed(place.missing):
            subnodes = element("SUBNODES", {"COUNT": "1"}, [new], self.style, depth - 1)
            depth -= 2
            own = {"TYPE": "FOLDER", "NAME": name}
            new = element("NODE", own, [subnodes], self.style, depth)
        return self._refill(folder, [*self._raw(self._nodes(folder)), new])

    def _remove(self, place: _Place, write: PlaylistWrite) -> tuple[bytes, int]:
        node = place.node
        if node is None:
            raise NmlError(f"there is no playlist {'/'.join(write.path)}.")
        if self._get(node, "TYPE") == "FOLDER" and self._nodes(node):
            raise NmlError(f"the folder {'/'.join(write.path)} is not empty.")
        folder = place.folders[-1]
        kept = [one for one in self._nodes(folder) if one is not node]
        return self._refill(folder, self._raw(kept)), len(self._entries(node))

    def _refill(self, folder: Node, nodes: list[bytes]) -> bytes:
        subnodes = folder.child("SUBNODES")
        if subnodes is None:
            raise NmlError("a folder has no SUBNODES.")
        depth = self._depth(folder) + 1
        edits = [self._set(subnodes.tag, "COUNT", str(len(nodes)))]
        edits.append(self._fill(subnodes, nodes, depth))
        return self._spliced(edits)

    def _raw(self, nodes: Iterable[Node]) -> list[bytes]:
        return [self.data[node.tag.start : node.end] for node in nodes]

    def _entry(self, key: TrackKey, depth: int, like: Node | None = None) -> bytes:
        """An entry; written as the others of the playlist `like` are."""
        for other in like.children if like else ():
            reference = other.child("PRIMARYKEY")
            found = reference.tag.attribute("KEY") if reference else None
            if found and len(other.children) == 1 and not other.tag.attributes:
                start, end = found.value
                quote = self.data[end : end + 1]
                before, after = self.data[other.tag.start : start], self.data[end : other.end]
                return before + escape(key, self.style, quote) + after
        attributes = {"TYPE": "TRACK", "KEY": key}
        reference_ = element("PRIMARYKEY", attributes, (), self.style, depth + 1)
        return element("ENTRY", {}, [reference_], self.style, depth)

    def _depth(self, node: Node) -> int:
        """Steps of indentation of a node."""
        depth, level = _DEPTH_OF_ROOT, [self.root]
        while level and not any(one is node for one in level):
            level = [child for one in level for child in self._nodes(one)]
            depth += 2
        return depth

    def _new_uuid(self, write: PlaylistWrite) -> str:
        seed = "\0".join(write.path).encode(errors="surrogatepass") + b"\0" + self.data
        return blake2b(seed, digest_size=16).hexdigest()

    def _set(self, tag: Tag, name: str, value: str) -> tuple[int, int, bytes]:
        found = tag.attribute(name)
        if found is None:
            at = tag.start + 1 + len(tag.name.encode())
            quote = self.style.quote
            return at, at, b" " + name.encode() + b"=" + quote + value.encode() + quote
        return *found.value, value.encode()

    def _fill(self, parent: Node, blocks: Sequence[bytes], depth: int) -> tuple[int, int, bytes]:
        """Replace all that is inside an element, in the spacing it has."""
        name = parent.tag.name.encode()
        tag = parent.tag
        if not blocks:
            if parent.tag.is_empty:
                return tag.end, tag.end, b""
            if self.style.close:
                return tag.body_end, parent.end, self.style.close
            return tag.end, parent.inner_end, b""
        lead, gap, trail = self._spacing(parent, depth)
        inner = lead + gap.join(blocks) + trail
        if tag.is_empty:
            return tag.body_end, tag.end, b">" + inner + b"</" + name + b">"
        return tag.end, parent.inner_end, inner

    def _spacing(self, parent: Node, depth: int) -> tuple[bytes, bytes, bytes]:
        lead, gap, trail = between(self.style, depth)
        children = parent.children
        if children:
            lead = self.data[parent.tag.end : children[0].tag.start]
            trail = self.data[children[-1].end : parent.inner_end]
        if len(children) > 1:
            gap = self.data[children[0].end : children[1].tag.start]
        return lead, gap, trail

    def _spliced(self, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
        data = self.data
        for start, end, new in sorted(edits, reverse=True):
            data = data[:start] + new + data[end:]
        return data
