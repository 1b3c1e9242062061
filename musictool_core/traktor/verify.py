"""Is a written file what was planned? Looked at as it is on the disk, not as it was meant.

The written bytes are parsed by libxml2, scanned anew, and compared: stretches that were to stay
equal by digest, entries one by one with the old index, and changed entries read back.
Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from musictool_core.traktor.model import parse
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import digest, scan
from musictool_core.traktor.values import Element, NmlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.traktor.patch import Rewrite, Touched
    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import Location, Patch, TrackKey


class _Silent:
    """Takes no events: only well-formedness is asked for, and no tree is made."""

    def close(self) -> None:
        """Nothing was collected."""


def check_well_formed(data: bytes) -> None:
    """Have an independent parser read it all.

    Raises:
        NmlError: not well-formed.
    """
    silent: Any = _Silent()
    parser = etree.XMLParser(
        target=silent, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise NmlError(f"not well-formed: {error.msg} (line {error.lineno}).") from error


def verify(written: bytes, rewrite: Rewrite, before: Scan, patch: Patch) -> int:
    """Compare what was written with the plan; return the digest of it.

    Args:
        written: read back from the disk.
        rewrite: the plan.
        before: scan of the source.
        patch: what was asked for.

    Raises:
        NmlError: they differ, with what differs first.
    """
    if len(written) != rewrite.size:
        raise NmlError(f"{len(written)} bytes were written instead of {rewrite.size}.")
    _check_kept(written, rewrite)
    check_well_formed(written)
    _check_entries(written, rewrite, before, patch)
    if patch.playlists or patch.relocations or patch.entries:
        _check_playlists(written, patch)
    return digest(written)


def _check_kept(written: bytes, rewrite: Rewrite) -> None:
    """Whether all that was to stay did: every entry that is not edited lies in such a stretch."""
    source, view = memoryview(rewrite.source), memoryview(written)
    for start, end, now in rewrite.kept():
        if digest(source[start:end]) != digest(view[now : now + end - start]):
            raise NmlError(f"bytes {start} to {end} were to stay and differ.")


def _check_entries(written: bytes, rewrite: Rewrite, before: Scan, patch: Patch) -> None:
    """Read edited entries back, at the places where they must be now, and count them all."""
    touched = {before.entries[one.index].start: one for one in rewrite.touched}
    shift = grown = 0
    for splice in rewrite.splices:
        start, size = splice.start + shift, len(splice.new)
        more = size - (splice.end - splice.start)
        shift += more
        if splice.start in touched:
            was = parse(rewrite.source[splice.start : splice.end])
            now = parse(written[start : start + size])
            _check_edited(was, now, touched[splice.start])
        if splice.end <= before.collection.inner_end:
            grown += more
    region = before.collection
    # Sections before the collection never differ.
    count = written.count(b"</ENTRY", region.inner, region.inner_end + grown)
    wanted = rewrite.source.count(b"</ENTRY", region.inner, region.inner_end)
    wanted += _more_entries(before, patch)
    if count != wanted:
        raise NmlError(f"{count} entries instead of {wanted}.")


def _more_entries(before: Scan, patch: Patch) -> int:
    """How many entries more there are than before."""
    were = {key for key in patch.entries if key in before.by_key}
    return sum(block is not None for block in patch.entries.values()) - len(were)


def _check_edited(was: Element, now: Element, touched: Touched) -> None:
    """Whether an entry differs in its edits and in nothing else."""
    wanted = {(edit.element, edit.attribute): edit.value for edit in touched.edits}
    for (element, attribute), value in wanted.items():
        if now.get(element, attribute) != value:
            raise NmlError(f"{element}@{attribute} was not written as planned.")
    if _without(was, wanted) != _without(now, wanted):
        raise NmlError(f"{was.attributes.get('TITLE')!r} differs in more than was planned.")


def _without(
    entry: Element, edited: Mapping[tuple[str, str], str | None]
) -> tuple[dict[str, str], Sequence[tuple[str, dict[str, str], Sequence[Element]]]]:
    """An entry less what was edited, and less elements that hold nothing else."""
    own = {name: value for name, value in entry.attributes.items() if ("", name) not in edited}
    seen = set[str]()
    children: list[tuple[str, dict[str, str], Sequence[Element]]] = []
    for child in entry.children:
        # Edits are about the first element of a name.
        first, tag = child.tag not in seen, child.tag
        seen.add(tag)
        rest = {
            name: value
            for name, value in child.attributes.items()
            if not (first and (tag, name) in edited)
        }
        is_edited = first and any(element == tag for element, _ in edited)
        # Cells follow relocated tracks; `_check_playlists` looks at references.
        if tag != "CELL" and (rest or child.children or not is_edited):
            children.append((tag, rest, child.children))
    return own, children


def _check_playlists(written: bytes, patch: Patch) -> None:
    moves = patch.relocations
    after = scan(written)
    lists = read_shelf(written, after).playlists
    wrong = next((one for one in lists if one.declared not in (None, len(one.keys))), None)
    if wrong is not None and any(wrong.path == one.path for one in patch.playlists):
        raise NmlError(f"the playlist {'/'.join(wrong.path)} counts wrongly.")
    _check_whole_entries(written, after, patch)
    gone = {key for key in (*moves, *patch.entries) if key not in after.by_key}
    dangling = next((key for one in lists for key in one.keys if key in gone), None)
    if dangling is not None:
        raise NmlError(f"a playlist still names {dangling}, which is there no more.")
    # Of several writes to one playlist the last counts.
    for write in {one.uuid or one.path: one for one in patch.playlists}.values():
        found = [one for one in lists if _is_meant(one.path, one.uuid, write.path, write.uuid)]
        wanted = None if write.keys is None else tuple(_moved(key, moves) for key in write.keys)
        if found if wanted is None else not any(one.keys == wanted for one in found):
            raise NmlError(f"the playlist {'/'.join(write.path)} was not written as planned.")


def _check_whole_entries(written: bytes, after: Scan, patch: Patch) -> None:
    for key, block in patch.entries.items():
        span = after.by_key.get(key)
        if (None if span is None else written[span.start : span.end]) != block:
            raise NmlError(f"the entry {key} was not written as planned.")


def _moved(key: TrackKey, moves: Mapping[TrackKey, Location]) -> TrackKey:
    return moves[key].key if key in moves else key


def _is_meant(
    path: tuple[str, ...], uuid: str | None, wanted: tuple[str, ...], wanted_uuid: str | None
) -> bool:
    return path == wanted or (uuid is not None and uuid.lower() == (wanted_uuid or "").lower())
