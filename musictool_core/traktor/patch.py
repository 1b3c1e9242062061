"""Changing an NML by as few bytes as possible.

`plan` turns a `Patch` into the places that differ; everything else is copied byte for byte. An
attribute is replaced, inserted or removed inside its tag, at its place in Traktor's order and in
the style of its neighbours; a missing element is made where it belongs. `render` writes a whole
entry from its model through the same code.

ENTRIES of the collection is never touched: real files do not keep it right.
Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musictool_core.traktor import fields, layout, shelf
from musictool_core.traktor.layout import Style, escape, unescape
from musictool_core.traktor.markup import Attribute, Node, Tag, tree
from musictool_core.traktor.model import parse
from musictool_core.traktor.values import AttributeEdit, Element, NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import EntrySpan, Location, Patch


_LINE_END = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes that take the place of a stretch of the source."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Touched:
    """An entry that a rewrite changes.

    Attributes:
        index: of the entry in the scan.
        edits: all that differs afterwards, the stamp and the location included.
    """

    index: int
    edits: tuple[AttributeEdit, ...]


@dataclass(frozen=True)
class Rewrite:
    """A file as it will be: the source with splices.

    Attributes:
        splices: in order, without overlaps.
        touched: entries that differ, in order.
        removed: playlist entries that are gone afterwards, and how many there are now.
    """

    source: bytes = field(repr=False)
    splices: tuple[Splice, ...]
    touched: tuple[Touched, ...]
    removed: tuple[int, int] = (0, 0)

    @property
    def size(self) -> int:
        """Bytes of the new file."""
        return len(self.source) + sum(len(one.new) - one.end + one.start for one in self.splices)

    def pieces(self) -> Iterator[memoryview]:
        """The new file, piece by piece; nothing is copied."""
        view = memoryview(self.source)
        at = 0
        for splice in self.splices:
            yield view[at : splice.start]
            yield memoryview(splice.new)
            at = splice.end
        yield view[at:]

    def kept(self) -> Iterator[tuple[int, int, int]]:
        """Stretches that stay as (start in the source, end there, start in the new file)."""
        at = shift = 0
        for splice in self.splices:
            yield at, splice.start, at + shift
            shift += len(splice.new) - (splice.end - splice.start)
            at = splice.end
        yield at, len(self.source), at + shift


def apply(data: bytes, scan: Scan, patch: Patch) -> bytes:
    """The file as it is after a patch.

    Raises:
        NmlError: as for `plan`.
    """
    return b"".join(plan(data, scan, patch).pieces())


def plan(data: bytes, scan: Scan, patch: Patch) -> Rewrite:
    """Work out what a patch changes; values that stand there already change nothing.

    Args:
        data: the file.
        scan: of exactly these bytes.
        patch: keys are those of the file as it is now, relocated tracks included.

    Raises:
        NmlError: a track or place is not there, is there twice or is taken, or XML cannot hold a
            value.
    """
    if len(data) != scan.size:
        raise NmlError("the file is not the one that was looked at.")
    moves = _check_relocations(scan, patch.relocations)
    touched = list[Touched]()
    splices = list[Splice]()
    for index, own in _touched_entries(data, scan, patch):
        span = scan.entries[index]
        block = data[span.start : span.end]
        new, edits = _patch_entry(block, own, moves, patch, scan.style)
        if new != block:
            splices.append(Splice(span.start, span.end, new))
            touched.append(Touched(index, edits))
    splices += _entry_splices(data, scan, patch)
    removed = (0, 0)
    for name in ("SETS", "PLAYLISTS"):
        region = scan.sections.get(name)
        if region is None:
            if name == "PLAYLISTS" and patch.playlists:
                raise NmlError("it has no PLAYLISTS; start Traktor once with this collection.")
            continue
        old = data[region.start : region.end]
        new = old
        if name == "SETS" and moves:
            new = shelf.relocate_cells(old, moves, scan.style)
        elif name == "PLAYLISTS":
            new, removed = shelf.rewrite(old, scan, patch, moves)
        if new != old:
            splices.append(Splice(region.start, region.end, new))
    splices.sort(key=lambda one: one.start)
    return Rewrite(data, tuple(splices), tuple(touched), removed)


def render(block: bytes, entry: Element, style: Style = layout.TRAKTOR_STYLE) -> bytes:
    """Write an entry from its model, every value of it, in the layout of its block.

    Args:
        block: the entry as it stands in the file.
        entry: the model; its elements are those of the block, its attributes may differ.
        style: of the file.

    Raises:
        NmlError: the elements differ, or XML cannot hold a value.
    """
    return b"".join(_render(tree(block, 0, len(block)), entry, block, style))


# --- One tag -------------------------------------------------------------------------------------


class _Draft:
    """An opening tag whose attributes change."""

    def __init__(self, data: bytes, tag: Tag, style: Style) -> None:
        self.tag, self.style = tag, style
        self._data = data
        self.attributes = [(one.name, data[one.start : one.end]) for one in tag.attributes]
        first = tag.attributes[0].value[0] if tag.attributes else 0
        self._quote = data[first - 1 : first] if first else style.quote

    def set(self, name: str, value: str | None) -> None:
        """Give an attribute a value; None takes it out."""
        at = next((n for n, one in enumerate(self.attributes) if one[0] == name), None)
        if at is None:
            if value is not None:
                present = [one[0] for one in self.attributes]
                raw = b" " + attribute_bytes(name, value, self.style, self._quote)
                index = layout.attribute_index(self.tag.name, present, name)
                self.attributes.insert(index, (name, raw))
        elif value is None:
            del self.attributes[at]
        else:
            found = self.tag.attribute(name)
            # Only what the file has is ever set twice.
            self.attributes[at] = (name, self._replaced(found, value) if found else b"")

    def _replaced(self, found: Attribute, value: str) -> bytes:
        start, end = found.value
        raw = self._data[start:end]
        quote = self._data[end : end + 1]
        new = escape(value, self.style, quote)
        if new != raw and unescape(raw) == value:
            # Another writer's way to escape: the value is the same, so its bytes stay.
            new = raw
        return self._data[found.start : start] + new + quote

    def render(self) -> bytes:
        """The tag up to its last attribute."""
        opening = self._data[self.tag.start : self.tag.start + 1]
        name = self.tag.name.encode(errors="surrogateescape")
        return opening + name + b"".join(raw for _, raw in self.attributes)


def attribute_bytes(name: str, value: str, style: Style, quote: bytes | None = None) -> bytes:
    """One attribute as it stands in a tag, without the blank before it."""
    quote = quote or style.quote
    return name.encode() + b"=" + quote + escape(value, style, quote) + quote


def _render(node: Node, element: Element, data: bytes, style: Style) -> Iterator[bytes]:
    if node.tag.name != element.tag or len(node.children) != len(element.children):
        raise NmlError(f"{element.tag} has not the elements that stand in the file.")
    draft = _Draft(data, node.tag, style)
    for name in [one.name for one in node.tag.attributes if one.name not in element.attributes]:
        draft.set(name, None)
    for name, value in element.attributes.items():
        draft.set(name, value)
    yield draft.render()
    at = node.tag.body_end
    for child, model in zip(node.children, element.children, strict=True):
        yield data[at : child.tag.start]
        yield from _render(child, model, data, style)
        at = child.end
    yield data[at : node.end]


# --- One entry -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Child:
    """A child of an entry while it changes.

    Attributes:
        gap: white space before it.
        node: None for one that is made.
        draft: of its tag, once that changes.
    """

    name: str
    gap: bytes
    node: Node | None
    draft: _Draft | None = None
    made: dict[str, str] = field(default_factory=dict)


class _Entry:
    """An entry that is being changed."""

    def __init__(self, data: bytes, style: Style) -> None:
        self.data, self.style = data, style
        self.node = tree(data, 0, len(data))
        self.draft = _Draft(data, self.node.tag, style)
        at = self.node.tag.end
        self.children = list[_Child]()
        for child in self.node.children:
            self.children.append(_Child(child.tag.name, data[at : child.tag.start], child))
            at = child.end
        self.trail = data[at : self.node.inner_end]

    def set(self, edit: AttributeEdit) -> None:
        if not edit.element:
            self.draft.set(edit.attribute, edit.value)
            return
        child = next((one for one in self.children if one.name == edit.element), None)
        if child is None:
            if edit.value is not None:
                self._add(edit.element).made[edit.attribute] = edit.value
        elif child.node is None:
            if edit.value is None:
                child.made.pop(edit.attribute, None)
            else:
                child.made[edit.attribute] = edit.value
        else:
            if child.draft is None:
                child.draft = _Draft(self.data, child.node.tag, self.style)
            child.draft.set(edit.attribute, edit.value)
            if edit.value is None and not child.draft.attributes and not child.node.children:
                self._remove(child)

    def _add(self, name: str) -> _Child:
        present = [child.name for child in self.children]
        index = layout.child_index(self.node.tag.name, present, name)
        if not self.children:
            child = _Child(name, self.style.lead, None)
            if not self.trail.strip():
                self.trail = self.style.trail
        elif index == 0:
            child = _Child(name, self.children[0].gap, None)
            self.children[0].gap = self._gap(1)
        else:
            child = _Child(name, self._gap(index), None)
        self.children.insert(index, child)
        return child

    def _gap(self, index: int) -> bytes:
        """White space between two children, as near to a place as there is one."""
        near = [*self.children[index : index + 1], *self.children[index - 1 : index]]
        gaps = [child.gap for child in near if child is not self.children[0]]
        return next((gap for gap in gaps if not gap.strip()), self.style.gap)

    def _remove(self, child: _Child) -> None:
        index = self.children.index(child)
        del self.children[index]
        if index == 0 and self.children:
            self.children[0].gap = child.gap
        elif not self.children and not self.trail.strip():
            self.trail = b""

    def render(self) -> bytes:
        tag = self.node.tag
        opening = self.draft.render()
        if tag.is_empty and not self.children:
            return opening + self.data[tag.body_end :]
        name = tag.name.encode()
        if not tag.is_empty and not self.children and not self.trail and self.node.children:
            # The last child went: as empty as this writer leaves an element.
            return opening + (self.style.close or b"></" + name + b">")
        inner = b"".join(child.gap + self._child(child) for child in self.children) + self.trail
        if tag.is_empty:
            return opening + b">" + inner + b"</" + name + b">"
        ending = self.data[tag.body_end : tag.end]
        return opening + ending + inner + self.data[self.node.inner_end :]

    def _child(self, child: _Child) -> bytes:
        if child.node is None:
            return _made(child, self.style)
        if child.draft is None:
            return self.data[child.node.tag.start : child.node.end]
        return child.draft.render() + self.data[child.node.tag.body_end : child.node.end]


def _made(child: _Child, style: Style) -> bytes:
    order = layout.ATTRIBUTE_ORDER.get(child.name, ())
    known = [name for name in order if name in child.made]
    names = [*known, *(name for name in child.made if name not in order)]
    return shelf.element(child.name, {name: child.made[name] for name in names}, (), style, 0)


def _patch_entry(
    block: bytes,
    own: tuple[AttributeEdit, ...],
    moves: Mapping[TrackKey, Location],
    patch: Patch,
    style: Style,
) -> tuple[bytes, tuple[AttributeEdit, ...]]:
    """The new bytes of an entry, and all edits that differ from what it says now."""
    if moves and b"<CELL" in block:
        block = shelf.relocate_cells(block, moves, style)
    model = parse(block)
    effective = tuple(edit for edit in own if model.get(edit.element, edit.attribute) != edit.value)
    if effective and patch.modified is not None:
        effective += fields.stamp(model, patch.modified)
    place = fields.location(model)
    move = moves.get(place.key) if place else None
    if move is not None:
        effective += _location_edits(model, move)
    if not effective:
        return block, ()
    entry = _Entry(block, style)
    for edit in effective:
        entry.set(edit)
    return entry.render(), effective


def _location_edits(model: Element, move: Location) -> tuple[AttributeEdit, ...]:
    volume_id = move.volume_id
    if volume_id is None and model.get("LOCATION", "VOLUME") == move.volume:
        volume_id = model.get("LOCATION", "VOLUMEID")
    wanted = {"DIR": move.folder, "FILE": move.file, "VOLUME": move.volume, "VOLUMEID": volume_id}
    return tuple(
        AttributeEdit("LOCATION", name, value)
        for name, value in wanted.items()
        if model.get("LOCATION", name) != value
    )


# --- All of them ---------------------------------------------------------------------------------


def _entry_splices(data: bytes, scan: Scan, patch: Patch) -> Iterator[Splice]:
    """Whole entries that are replaced, taken out or added."""
    doubtful = patch.entries.keys() & (
        scan.repeated | patch.edits.keys() | patch.relocations.keys()
    )
    if doubtful:
        raise NmlError(f"{min(doubtful)} is there or changed twice; nothing was changed.")
    added = b""
    for key, block in patch.entries.items():
        _check_entry(key, block)
        span = scan.by_key.get(key)
        if span is None:
            added += b"" if block is None else block + b"\n"
        elif block is None:
            line = _LINE_END.match(data, span.end)
            yield Splice(span.start, line.end() if line else span.end, b"")
        elif block != data[span.start : span.end]:
            yield Splice(span.start, span.end, block)
    if added:
        if not scan.entries:
            raise NmlError("it has no entries; start Traktor once with this collection.")
        yield Splice(scan.collection.inner_end, scan.collection.inner_end, added)


def _check_entry(key: TrackKey, block: bytes | None) -> None:
    """Whether these are the bytes of an entry of this key."""
    where = None if block is None else fields.location(parse(block))
    if block is not None and (where is None or where.key != key):
        raise NmlError(f"these are not the bytes of {key}; nothing was changed.")


def _touched_entries(
    data: bytes, scan: Scan, patch: Patch
) -> Iterator[tuple[int, tuple[AttributeEdit, ...]]]:
    """Indexes of entries that may change, in order, with their own edits."""
    keys = {*patch.edits, *patch.relocations}
    if not keys:
        return
    doubtful = keys & scan.repeated
    missing = keys - scan.by_key.keys()
    for problem, what in ((missing, "is not in the collection"), (doubtful, "is there twice")):
        if problem:
            raise NmlError(f"{min(problem)} {what}; nothing was changed.")
    with_cells = set(_entries_with_cells(data, scan)) if patch.relocations else set[int]()
    for index, span in enumerate(scan.entries):
        if span.key in keys or index in with_cells:
            yield index, patch.edits.get(span.key, ()) if span.key is not None else ()


def _entries_with_cells(data: bytes, scan: Scan) -> Iterator[int]:
    starts = [span.start for span in scan.entries]
    at = data.find(b"<CELL", scan.collection.inner, scan.collection.inner_end)
    while at != -1:
        index = bisect_right(starts, at) - 1
        if index >= 0 and at < scan.entries[index].end:
            yield index
        at = data.find(b"<CELL", at + 1, scan.collection.inner_end)


def _check_relocations(
    scan: Scan, relocations: Mapping[TrackKey, Location]
) -> Mapping[TrackKey, Location]:
    """Those that change something.

    Raises:
        NmlError: two tracks would have one place.
    """
    goals = [place.key for place in relocations.values()]
    if len(set(goals)) < len(goals):
        raise NmlError("two tracks would have one place; nothing was changed.")
    for goal in goals:
        if goal in scan.by_key and goal not in relocations:
            raise NmlError(f"{goal} is another track of the collection; nothing was changed.")
    return dict(relocations)


def inverse(block: bytes, edits: Iterable[AttributeEdit]) -> tuple[AttributeEdit, ...]:
    """The edits that give an entry back what it says now, before those are made."""
    model = parse(block)
    return tuple(
        AttributeEdit(edit.element, edit.attribute, model.get(edit.element, edit.attribute))
        for edit in edits
    )


def render_all(data: bytes, spans: Sequence[EntrySpan], style: Style) -> Iterator[bytes]:
    """The whole file with every entry parsed into its model and rendered from it."""
    at = 0
    for span in spans:
        block = data[span.start : span.end]
        yield data[at : span.start]
        yield render(block, parse(block), style)
        at = span.end
    yield data[at:]
