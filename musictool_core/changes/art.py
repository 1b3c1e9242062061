"""The target `art`: cover files of albums, and the front covers in the tags of items.

A change of a cover file names its bytes before and after (`ABSENT` for no file); both are kept in
the state directory before anything is written, so that it can be repeated and taken back. A change
of the field `EMBEDDED` writes tags: taking it back is up to the target `tags`, which has the bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musictool_core import safeio
from musictool_core.changes.keptart import keep_picture, name_of, read_picture
from musictool_core.changes.model import (
    ART_TARGET,
    GONE,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
)
from musictool_core.changes.unsettled import settle_batch
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT, Entity, file_of, read_images, write_values
from musictool_core.host.settings import read_hardlinks
from musictool_core.safeio.pictures import front_of, read_pictures, with_front

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

EMBEDDED = "embedded"
"""Field of items: the front cover in the tags of their file."""

_HEX = "hex:"
_READABLE = 0o644


@dataclass(slots=True)
class _Done:
    """What a batch wrote."""

    lines: list[journal.Line] = field(default_factory=list)
    undos: list[str] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)


class ArtTarget:
    """Pictures of albums and items."""

    name = ART_TARGET
    batch = 16

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; a picture is the name of its bytes, or `ABSENT`."""
        return [_present(_file(host, change), change) for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; what was written before a kill is known by its bytes."""
        done = _Done()
        outcomes = [_apply(host, pending, work, done) for pending in work.pending]

        def write(tx: Tx) -> list[Outcome]:
            journal.record(tx, done.lines)
            write_values(tx, Entity.ITEM, "mtime", done.times)
            return outcomes

        work.commit(write)
        settle_batch(host, work.changeset, done.undos, outcomes)


def place_of(stored: bytes) -> str:
    """A stored path as the field of a change: text, whatever it is made of."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return f"{_HEX}{stored.hex()}"


def _stored(place: str) -> bytes:
    return bytes.fromhex(place[len(_HEX) :]) if place.startswith(_HEX) else place.encode()


def _file(host: Host, change: Change) -> Path | None:
    """The file that a change is about; None when its item or album is gone."""
    entity = Entity.ITEM if change.field == EMBEDDED else Entity.ALBUM
    images = read_images(host.reading(), entity, [change.entity_id], {entity.path_field})
    if change.entity_id not in images:
        return None
    stored = images[change.entity_id].columns[entity.path_field]
    if change.field == EMBEDDED:
        return file_of(host, stored)
    path = file_of(host, _stored(change.field))
    if not path.exists() and stored and (moved := file_of(host, stored)).exists():
        # Its album was moved since.
        return moved
    return path


def _present(path: Path | None, change: Change) -> Content | Gone:
    if path is None:
        return GONE
    data = _front(path) if change.field == EMBEDDED else _content(path)
    return ABSENT if data is None else name_of(data)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _front(path: Path) -> bytes | None:
    found = front_of(read_pictures(path))
    return found.data if found else None


def _apply(host: Host, pending: Pending, work: Work, done: _Done) -> Outcome:
    number, change = pending.number, pending.change
    try:
        path = _file(host, change)
        found = _present(path, change)
        if path is None or found is GONE:
            return Outcome(number, ChangeState.CONFLICT, GONE.value)
        if change.field == EMBEDDED:
            return _embed(host, pending, path, work, done)
        return _replace(host, pending, path, found, done, force=work.force)
    except (MusicToolError, OSError) as error:
        said = error.line() if isinstance(error, MusicToolError) else str(error)
        return Outcome(number, ChangeState.FAILED, said)
    except Exception as error:  # noqa: BLE001 - readers of strangers' tags raise anything
        return Outcome(number, ChangeState.FAILED, f"its tags cannot be read ({error})")


def _replace(
    host: Host, pending: Pending, path: Path, found: Content | Gone, done: _Done, *, force: bool
) -> Outcome:
    """Put a kept picture in the place of a cover file, or take the file away."""
    number, change = pending.number, pending.change
    if found not in (change.old, change.new) and not force:
        return Outcome(number, ChangeState.CONFLICT, f"{path} was written since")
    if found != change.new:
        if found is not ABSENT:
            keep_picture(host, path.read_bytes())
        if change.new is ABSENT:
            safeio.remove_file(path)
        else:
            mode = _READABLE if found is ABSENT else None
            safeio.replace_file(path, read_picture(host, str(change.new)), mode=mode)
    before = change.old if found == change.new else found
    if before != change.new:
        names = [None if each is ABSENT else str(each) for each in (before, change.new)]
        done.lines.append(journal.art_line(change.entity_id, change.field, *names))
    return Outcome(number, ChangeState.APPLIED)


def _embed(host: Host, pending: Pending, path: Path, work: Work, done: _Done) -> Outcome:
    """Give a file another front cover."""
    number, change = pending.number, pending.change
    found = _present(path, change)
    if found == change.new:
        return Outcome(number, ChangeState.APPLIED)
    if found != change.old and not work.force:
        return Outcome(number, ChangeState.CONFLICT, f"{path} has another picture by now")
    images = with_front(path, read_picture(host, str(change.new)))
    (written,) = safeio.write_many(
        [(path, {"images": images})],
        state=host.state_directory,
        hardlinks=read_hardlinks(),
        notes=[{"item": change.entity_id, "changeset": work.changeset}],
    )
    if isinstance(written, MusicToolError):
        raise written
    if written.undo is not None:
        undo = str(written.undo)
        done.lines.append(journal.tags_line(change.entity_id, undo, written.before, written.after))
        done.undos.append(undo)
    done.times.append((change.entity_id, int(os.stat(path).st_mtime)))  # noqa: PTH116 - as beets
    return Outcome(number, ChangeState.APPLIED)
