"""The target `tagfield`: single fields of a file's tags, everything else in the file stays.

Taking it back is the work of the target `tags`, which brings the bytes of before back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.changes.model import GONE, Change, ChangeState, Content, Gone, Outcome, Pending
from musictool_core.changes.net import same
from musictool_core.changes.rows import judge
from musictool_core.changes.unsettled import settle_batch
from musictool_core.errors import MusicToolError
from musictool_core.host import journal, tracks
from musictool_core.host.entities import ABSENT, RowImage, Value
from musictool_core.traktor import sides

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

TARGET = "tagfield"


class TagFieldTarget:
    """Fields of tags, by their names in mediafile."""

    name = TARGET
    batch = 256

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; a file that cannot be read has nothing."""
        found: list[Content | Gone] = [GONE] * len(changes)
        paths = tracks.files_of(host, {change.entity_id for change in changes})
        for number, places in _by_item(changes).items():
            held = _read(paths.get(number), [changes[place].field for place in places])
            if isinstance(held, dict):
                for place in places:
                    found[place] = held[changes[place].field]
        return found

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; what a killed run wrote is found there."""
        changes = [pending.change for pending in work.pending]
        paths = tracks.files_of(host, {change.entity_id for change in changes})
        outcomes: dict[int, Outcome] = {}
        writes: list[tuple[int, Path, dict[str, object]]] = []
        pending_of: list[list[Pending]] = []
        for number, places in _by_item(changes).items():
            own = [work.pending[place] for place in places]
            wanted = _judged(paths.get(number), own, outcomes, force=work.force)
            if wanted:
                fields = {
                    p.change.field: sides.for_mediafile(p.change.field, _value(p.change.new))
                    for p in wanted
                }
                writes.append((number, paths[number], fields))
                pending_of.append(wanted)
        before = {number: path.stat().st_mtime for number, path, _ in writes if path.exists()}
        lines: list[journal.Line] = []
        undos: list[str] = []
        times: list[tuple[int, float, float]] = []
        for start in range(0, len(writes), 64):
            part = writes[start : start + 64]
            done = tracks.write_tags(host, part, changeset=work.changeset)
            for (number, path, _), own, result in zip(
                part, pending_of[start : start + 64], done, strict=True
            ):
                if isinstance(result, MusicToolError):
                    for p in own:
                        outcomes[p.number] = Outcome(p.number, ChangeState.FAILED, result.line())
                elif result.undo is not None:
                    undos.append(str(result.undo))
                    lines.append(
                        journal.tags_line(number, str(result.undo), result.before, result.after)
                    )
                    times.append((number, before[number], path.stat().st_mtime))
        ordered = [outcomes[pending.number] for pending in work.pending]

        def write(tx: Tx) -> list[Outcome]:
            journal.record(tx, lines)
            tracks.follow_files(tx, times)
            return ordered

        work.commit(write)
        settle_batch(host, work.changeset, undos, ordered)


def _judged(
    path: Path | None, pending: Sequence[Pending], outcomes: dict[int, Outcome], *, force: bool
) -> list[Pending]:
    """What of one file is to be written; the outcomes of all are noted."""
    held = _read(path, [p.change.field for p in pending])
    wanted = []
    for p in pending:
        if isinstance(held, str):
            outcomes[p.number] = Outcome(p.number, ChangeState.FAILED, held)
            continue
        present = held[p.change.field]
        outcomes[p.number] = judge(p, present, force=force)
        is_due = outcomes[p.number].state is ChangeState.APPLIED
        if is_due and not same(present, _value(p.change.new)):
            wanted.append(p)
    return wanted


def _read(path: Path | None, names: Sequence[str]) -> dict[str, Value] | str:
    """What a file holds, or why that cannot be told."""
    if path is None:
        return GONE.value
    try:
        found = tracks.read_tags(path, names)
    except MusicToolError as error:
        return error.line()
    return {name: sides.from_mediafile(name, value) for name, value in found.items()}


def _by_item(changes: Sequence[Change]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place, change in enumerate(changes):
        found.setdefault(change.entity_id, []).append(place)
    return found


def _value(content: Content) -> Value:
    if isinstance(content, RowImage):
        raise TypeError("a tag holds no row")
    return None if content is ABSENT else content
