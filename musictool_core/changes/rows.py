"""The targets `item` and `album`: fields and whole rows of the library, and where files lie.

A change of `path` or `artpath` moves the file first and the row after it; repeated after a kill in
between, the move is found done.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.changes.model import (
    GONE,
    WHOLE_ROW,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
)
from musictool_core.changes.net import same
from musictool_core.errors import StorageError
from musictool_core.host import journal
from musictool_core.host.entities import (
    ABSENT,
    Entity,
    RowImage,
    Value,
    announce,
    count_items,
    file_of,
    insert_image,
    read_images,
    remove_rows,
    write_values,
)
from musictool_core.host.journal import NOISE
from musictool_core.safeio.move import move_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

BATCH = 500
"""Rows per transaction."""

_SHOWN = 300
"""Characters of a value that a line shows."""


class RowTarget:
    """Rows of one kind."""

    batch = BATCH

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self.name = entity.value
        self.path_field = entity.path_field

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`."""
        images = self._images(host.reading(), changes)
        return [_present(images.get(change.entity_id), change.field) for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`."""
        refused = self._move_files(host, work)
        written: list[Outcome] = []

        def write(tx: Tx) -> list[Outcome]:
            written[:] = self._write(tx, work, refused)
            return written

        work.commit(write)
        self._announce(host, work, written)

    def _announce(self, host: Host, work: Work, outcomes: Sequence[Outcome]) -> None:
        changes = {pending.number: pending.change for pending in work.pending}
        ids: set[int] = set()
        gone: dict[int, RowImage] = {}
        for outcome in outcomes:
            change = changes[outcome.number]
            if outcome.state is not ChangeState.APPLIED:
                continue
            if change.new is not ABSENT or change.field != WHOLE_ROW:
                ids.add(outcome.given_id or change.entity_id)
            elif isinstance(outcome.found, RowImage):
                gone[change.entity_id] = outcome.found
        announce(host, self._entity, ids, gone)

    def _images(self, tx: Tx, changes: Sequence[Change]) -> dict[int, RowImage]:
        fields = {change.field for change in changes}
        whole = WHOLE_ROW in fields
        ids = {change.entity_id for change in changes}
        return read_images(tx, self._entity, ids, None if whole else fields)

    def _move_files(self, host: Host, work: Work) -> dict[int, str]:
        """Move files whose rows are as expected; return why some were not, by change."""
        moves = [p for p in work.pending if p.change.field == self._entity.path_field]
        if not moves:
            return {}
        refused = {}
        root = Path(file_of(host, b""))
        present = self.read(host, [p.change for p in moves])
        for _ in range(2):
            # A file may wait for its place until another one has left it.
            refused = {
                p.number: note
                for p, now in zip(moves, present, strict=True)
                if (note := _move(host, p.change, now, root=root, force=work.force))
            }
            if not refused:
                break
        return refused

    def _write(self, tx: Tx, work: Work, refused: Mapping[int, str]) -> list[Outcome]:
        images = self._images(tx, [p.change for p in work.pending])
        columns = frozenset(self._entity.columns(tx))
        lines: list[journal.Line] = []
        outcomes: list[Outcome] = []
        fields: dict[str, list[tuple[int, Value]]] = {}
        for pending in work.pending:
            change, image = pending.change, images.get(pending.change.entity_id)
            if pending.number in refused:
                note = refused[pending.number]
                outcomes.append(Outcome(pending.number, ChangeState.FAILED, note))
            elif change.field == WHOLE_ROW:
                outcome, effects = self._write_row(tx, pending, image, work)
                outcomes.append(outcome)
                lines += effects
            else:
                outcome = judge(pending, _present(image, change.field), force=work.force)
                outcomes.append(outcome)
                value = _renumbered(change, work.given_albums)
                if image is None or outcome.state is not ChangeState.APPLIED:
                    continue
                present = image.value(change.field)
                if not same(present, value):
                    fields.setdefault(change.field, []).append((change.entity_id, value))
                    lines.append(
                        journal.line(
                            self._entity,
                            change.entity_id,
                            change.field,
                            present,
                            value,
                            fixed=change.field in columns,
                        )
                    )
        for field, values in fields.items():
            write_values(tx, self._entity, field, values)
        # Without its triggers the journal still knows what we do ourselves.
        if not journal.is_recording(tx):
            journal.record(tx, lines)
        return outcomes

    def _write_row(
        self, tx: Tx, pending: Pending, present: RowImage | None, work: Work
    ) -> tuple[Outcome, list[journal.Line]]:
        number, change = pending.number, pending.change
        done = Outcome(number, ChangeState.APPLIED)
        if change.new is ABSENT:
            if present is None:
                return done, []
            if not work.force and not alike(present, change.old):
                return Outcome(number, ChangeState.CONFLICT, "it was changed since"), []
            if self._entity is Entity.ALBUM and count_items(tx, change.entity_id):
                return Outcome(number, ChangeState.CONFLICT, "it still has items"), []
            remove_rows(tx, self._entity, [change.entity_id])
            gone = journal.row_lines(self._entity, change.entity_id, present, appears=False)
            return replace(done, found=present), gone
        image = change.new
        if not isinstance(image, RowImage):
            raise TypeError(f"change {number}: {WHOLE_ROW} needs a whole row")
        if present is not None and alike(present, image):
            return done, []
        lines: list[journal.Line] = []
        if present is not None and alike(present, change.old):
            remove_rows(tx, self._entity, [change.entity_id])
            lines = journal.row_lines(self._entity, change.entity_id, present, appears=False)
        image = _in_album(image, work.given_albums)
        given = insert_image(tx, self._entity, change.entity_id, image)
        lines += journal.row_lines(self._entity, given, image, appears=True)
        if given != change.entity_id:
            done = replace(done, given_id=given)
        return done, lines


def item_target() -> RowTarget:
    """The items of the library."""
    return RowTarget(Entity.ITEM)


def album_target() -> RowTarget:
    """The albums of the library."""
    return RowTarget(Entity.ALBUM)


def judge(pending: Pending, present: Content | Gone, *, force: bool) -> Outcome:
    """Compare what is there with what a change expects."""
    change = pending.change
    if present is GONE:
        return Outcome(pending.number, ChangeState.CONFLICT, GONE.value)
    if same(present, change.old) or same(present, change.new):
        return Outcome(pending.number, ChangeState.APPLIED)
    if force:
        return Outcome(pending.number, ChangeState.APPLIED, found=present)
    return Outcome(pending.number, ChangeState.CONFLICT, f"it is {shown(present)} now")


def alike(one: RowImage, other: Content) -> bool:
    """Whether two whole rows hold the same; unset columns and noise do not count."""
    return isinstance(other, RowImage) and (
        _relevant(one.columns) == _relevant(other.columns) and one.attributes == other.attributes
    )


def shown(value: Content) -> str:
    """A value as a sentence shows it."""
    match value:
        case bytes():
            return repr(value.decode(errors="replace"))
        case RowImage():
            return "there"
        case _:
            return "not set" if value is ABSENT or value is None else _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _present(image: RowImage | None, field: str) -> Content | Gone:
    if field == WHOLE_ROW:
        return ABSENT if image is None else image
    return GONE if image is None else image.value(field)


def _relevant(columns: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value for name, value in columns.items() if value is not None and name not in NOISE
    }


def _renumbered(change: Change, given: Mapping[int, int]) -> Value:
    if isinstance(change.new, RowImage):
        raise TypeError(f"{change.field} cannot hold a whole row")
    if change.field == "album_id" and isinstance(change.new, int):
        return given.get(change.new, change.new)
    return change.new


def _in_album(image: RowImage, given: Mapping[int, int]) -> RowImage:
    album = image.columns.get("album_id")
    if isinstance(album, int) and album in given:
        return replace(image, columns={**image.columns, "album_id": given[album]})
    return image


def _move(host: Host, change: Change, present: Content | Gone, *, root: Path, force: bool) -> str:
    """Move the file of a change; return why it stays, "" when it lies where the row will say."""
    expected = force or same(present, change.old)
    if not (expected and isinstance(change.new, bytes) and isinstance(present, bytes)):
        return ""  # No file is meant, or the row will be left alone.
    source, destination = file_of(host, present), file_of(host, change.new)
    if source.exists() and destination.exists() and not source.samefile(destination):
        # After `beet move --copy` the first file is still there; the copy stays where it is.
        return "" if _equal_files(source, destination) else f"{destination} is another file"
    if not source.exists() and not destination.exists():
        return f"the file is neither at {source} nor at {destination}"
    try:
        move_file(source, destination, root=root)
    except StorageError as error:
        return error.line()
    return ""


def _equal_files(one: Path, other: Path) -> bool:
    import filecmp  # noqa: PLC0415 - rarely needed

    return filecmp.cmp(one, other, shallow=False)
