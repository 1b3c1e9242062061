"""The target `audio`: another file becomes the one of an item, and the one before is kept.

A content is what the row says of a file while it is the item's (its path and what beets reads off
it), and `KEPT`, where that file lies while it is not. Both files change places before the row says
so; after a kill in between the files that lie right already are found, whichever they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.model import (
    AUDIO_TARGET,
    GONE,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
    decode,
    encode,
)
from musictool_core.changes.net import same
from musictool_core.errors import StorageError
from musictool_core.host import journal
from musictool_core.host.entities import (
    Entity,
    RowImage,
    Stored,
    announce,
    file_of,
    read_images,
    write_values,
)
from musictool_core.safeio.move import move_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

FIELD = "audio"
"""The one field of this target's changes."""

KEPT = "kept"
"""Attribute of a content: where the file lies while it is not the item's, as a stored path."""


def replaced(item: int, old: RowImage, new: RowImage, *, source: str, reason: str) -> Change:
    """The change that puts one file in the place of another.

    Args:
        item: its number.
        old: `path` and other columns of the present file, and where it is to be kept (`KEPT`).
        new: the same columns of the other one, and where it lies now (`KEPT`).
        source: where the other file comes from.
        reason: why it is better.
    """
    return Change(AUDIO_TARGET, item, FIELD, old, new, source, reason)


def invert_audio(item: int, audio: tuple[str, str]) -> Change:
    """The change that takes back what the journal says of an item's file, before and after."""
    before, after = (decode(json.loads(text)) for text in audio)
    return Change(AUDIO_TARGET, item, FIELD, after, before)


def audio_columns(audio: tuple[str, str] | None) -> dict[str, Stored]:
    """What a row says of the file that became the item's; nothing while it is the same one."""
    if audio is None:
        return {}
    after = decode(json.loads(audio[1]))
    return dict(after.columns) if isinstance(after, RowImage) else {}


def is_begun(host: Host, change: Change) -> bool:
    """Whether a run that was killed had moved one of the two files."""
    return _places(host, change.old).kept.exists() or not _places(host, change.new).kept.exists()


class AudioTarget:
    """Files of items, one for another."""

    name = AUDIO_TARGET
    batch = 16

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; where neither file is the item's, the path that its row names."""
        rows = read_images(host.reading(), Entity.ITEM, [c.entity_id for c in changes], {"path"})
        return [_present(host, change, rows.get(change.entity_id)) for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`."""
        ids = [pending.change.entity_id for pending in work.pending]
        rows = read_images(host.reading(), Entity.ITEM, ids, {"path"})
        outcomes = [_exchange(host, p, rows.get(p.change.entity_id)) for p in work.pending]
        done = [
            p.change
            for p, outcome in zip(work.pending, outcomes, strict=True)
            if outcome.state is ChangeState.APPLIED
        ]

        def write(tx: Tx) -> list[Outcome]:
            _write_rows(tx, done)
            return outcomes

        work.commit(write)
        announce(host, Entity.ITEM, {change.entity_id for change in done}, {})


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a file lies while it is the item's, and while it is not."""

    used: Path
    kept: Path


def _places(host: Host, image: Content) -> _Places:
    if not isinstance(image, RowImage):
        raise TypeError("a file is known by its row")
    return _Places(file_of(host, image.columns["path"]), file_of(host, image.attributes[KEPT]))


def _present(host: Host, change: Change, row: RowImage | None) -> Content | Gone:
    if row is None:
        return GONE
    for image in (change.old, change.new):
        places = _places(host, image)
        is_named = isinstance(image, RowImage) and same(row.columns["path"], image.columns["path"])
        if is_named and places.used.exists() and not places.kept.exists():
            return image
    return row.columns["path"]


def _exchange(host: Host, pending: Pending, row: RowImage | None) -> Outcome:
    """Let both files change places; done ones are left as they are."""
    number, change = pending.number, pending.change
    if row is None:
        return Outcome(number, ChangeState.CONFLICT, GONE.value)
    old, new = _places(host, change.old), _places(host, change.new)
    if file_of(host, row.columns["path"]) not in {old.used, new.used}:
        where = file_of(host, row.columns["path"])
        return Outcome(number, ChangeState.CONFLICT, f"its file is {where} now")
    root = file_of(host, b"")
    try:
        _move(old.used, old.kept, root, replaces=old.used == new.used)
        try:
            _move(new.kept, new.used, root)
        except StorageError:
            _move(old.kept, old.used, root)
            raise
    except StorageError as error:
        return Outcome(number, ChangeState.FAILED, error.line())
    return Outcome(number, ChangeState.APPLIED)


def _move(source: Path, destination: Path, root: Path, *, replaces: bool = False) -> None:
    """Move a file; when it was moved before, what lies at its former place is the other one."""
    is_there = destination.exists()
    if replaces and is_there and source.exists() and not source.samefile(destination):
        return
    if not is_there and not source.exists():
        raise StorageError(f"the file is neither at {source} nor at {destination}")
    move_file(source, destination, root=root)


def _write_rows(tx: Tx, changes: Sequence[Change]) -> None:
    names = {name for change in changes for name in _columns(change.new)}
    ids = [change.entity_id for change in changes]
    before = read_images(tx, Entity.ITEM, ids, names)
    lines: list[journal.Line] = []
    values: dict[str, list[tuple[int, Stored]]] = {}
    for change in changes:
        number = change.entity_id
        for name, value in _columns(change.new).items():
            present = before[number].columns.get(name) if number in before else value
            if not same(present, value):
                values.setdefault(name, []).append((number, value))
                lines.append(journal.line(Entity.ITEM, number, name, present, value, fixed=True))
    for name, wanted in values.items():
        write_values(tx, Entity.ITEM, name, wanted)
    if not journal.is_recording(tx):
        journal.record(tx, lines)
    journal.record(
        tx,
        [
            journal.audio_line(
                change.entity_id, json.dumps(encode(change.old)), json.dumps(encode(change.new))
            )
            for change in changes
        ],
    )


def _columns(image: Content) -> Mapping[str, Stored]:
    return image.columns if isinstance(image, RowImage) else {}
