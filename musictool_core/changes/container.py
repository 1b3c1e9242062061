"""The target `container`: how the tags of an item's file are written, not what they say.

A field is a fact of the tags (`safeio.tagfacts`), such as `ape` or `id3_version`. What is planned
waits for the job that writes files; all facts of one file are mended in one write. The journal gets
the bytes of before, as of any write of tags, so the target `tags` takes it back to the byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from musictool_core import safeio
from musictool_core.changes.model import (
    CONTAINER_TARGET,
    GONE,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
)
from musictool_core.changes.net import same
from musictool_core.changes.rows import shown
from musictool_core.changes.tags import paths_of, record_writes
from musictool_core.errors import MusicToolError
from musictool_core.host.entities import ABSENT, Value
from musictool_core.host.settings import read_hardlinks
from musictool_core.safeio.tagfacts import read_tag_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.host.library import Host
    from musictool_core.safeio import WriteResult

_NOTHING: Mapping[str, Any] = {"ape": None, "doubled": (), "latin1": (), "id3_tags": 0}
"""What stands for nothing, by fact."""

NAMES = {
    "ape": "APEv2 tag",
    "doubled": "Frames that stand twice",
    "id3_tags": "ID3 tags",
    "id3_version": "Version of ID3v2",
    "id3v1": "ID3v1 tag",
    "latin1": "Texts in Latin-1",
}
"""What a person calls the fields."""


class ContainerTarget:
    """How tags of the files of items are written."""

    name = CONTAINER_TARGET
    batch = 64

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; of a file that cannot be read, what is expected of it."""
        paths = paths_of(host, [change.entity_id for change in changes])
        found = {number: _facts(path) for number, path in paths.items()}
        return [
            GONE
            if change.entity_id not in found
            else change.old
            if isinstance(facts := found[change.entity_id], MusicToolError)
            else value_of(facts[change.field])
            for change in changes
        ]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; a fact that is there already is not written again."""
        paths = paths_of(host, [p.change.entity_id for p in work.pending])
        facts = {number: _facts(path) for number, path in paths.items()}
        judged = {
            p.number: _judge(p, facts.get(p.change.entity_id), force=work.force)
            for p in work.pending
        }
        wanted: dict[int, dict[str, Any]] = {}
        for pending in work.pending:
            if judged[pending.number] is None:
                change = pending.change
                wanted.setdefault(change.entity_id, {})[change.field] = _wanted(change)
        done = _mend(host, wanted, paths, work)
        outcomes = [
            judged[p.number] or _outcome_of(p, done[p.change.entity_id]) for p in work.pending
        ]
        record_writes(host, work, outcomes, list(done.items()), paths)


def value_of(fact: object) -> Value:
    """A fact as a change holds it; nothing of a kind is `ABSENT`."""
    if isinstance(fact, dict):
        return json.dumps(fact, ensure_ascii=False, sort_keys=True)
    if isinstance(fact, list | tuple):
        return ", ".join(map(str, fact)) or ABSENT
    return fact if isinstance(fact, int) and fact else ABSENT


def _wanted(change: Change) -> Any:
    if change.new is ABSENT:
        return _NOTHING.get(change.field)
    return json.loads(change.new) if isinstance(change.new, str) else change.new


def _facts(path: Path) -> dict[str, Any] | MusicToolError:
    try:
        facts = read_tag_facts(path)
    except MusicToolError as error:
        return error
    return {name: getattr(facts, name) for name in NAMES}


def _judge(
    pending: Pending, facts: dict[str, Any] | MusicToolError | None, *, force: bool
) -> Outcome | None:
    """What is known without a write; None when the file is to be mended."""
    number, change = pending.number, pending.change
    if facts is None:
        return Outcome(number, ChangeState.CONFLICT, GONE.value)
    if isinstance(facts, MusicToolError):
        return Outcome(number, ChangeState.FAILED, facts.line())
    found = value_of(facts[change.field])
    if same(found, change.new):
        # Also after a kill between the write and its mark in the set.
        return Outcome(number, ChangeState.APPLIED)
    if not same(found, change.old) and not force:
        return Outcome(number, ChangeState.CONFLICT, f"it is {shown(found)} now")
    return None


def _mend(
    host: Host, wanted: Mapping[int, Mapping[str, Any]], paths: Mapping[int, Path], work: Work
) -> dict[int, WriteResult | MusicToolError]:
    """Mend files; what became of each, by item."""
    done = safeio.mend_many(
        [(paths[number], facts) for number, facts in wanted.items()],
        state=host.state_directory,
        hardlinks=read_hardlinks(),
        notes=[{"item": number, "changeset": work.changeset} for number in wanted],
    )
    return dict(zip(wanted, done, strict=True))


def _outcome_of(pending: Pending, done: WriteResult | MusicToolError) -> Outcome:
    if isinstance(done, MusicToolError):
        return Outcome(pending.number, ChangeState.FAILED, done.line())
    return Outcome(pending.number, ChangeState.APPLIED)
