"""What others say of tempo and key beside what was measured, and what a person decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import engine, fill, filling
from musictool_core.analysis.comparing import Comparison, Relation, compare_keys, compare_tempos
from musictool_core.changes.model import Change
from musictool_core.changes.net import same
from musictool_core.host.entities import Entity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from musictool_core.analysis.engine import Known
    from musictool_core.audio.values import Analysis
    from musictool_core.db import Tx
    from musictool_core.host.entities import RowImage

FIELDS = {"bpm": "bpm", "key": "initial_key"}
"""Where the library keeps what is compared."""

_REASON = "decided beside what was measured"


class Answer(Enum):
    """What a person says to a value that is not the measured one."""

    MEASURED = "measured"
    """The measured value is right: the library takes it."""
    THEIRS = "theirs"
    """The other value is right: the library takes or keeps it, and the question is closed."""
    OPEN = "open"
    """Ask again: what was decided does not count any more."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A value of another source beside the measured one.

    Attributes:
        item_id: of the item.
        what: "bpm" or "key".
        source: the field that says so.
        value: what it says; keys as beets writes them.
        measured: what was measured, in the same form.
        confidence: of that, 0 to 1.
        found: how they relate.
        is_decided: a person said that this value is right.
    """

    item_id: int
    what: str
    source: str
    value: float | str
    measured: float | str
    confidence: float
    found: Comparison
    is_decided: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a person may want to say who is right."""
        return not self.is_decided and self.found.relation is not Relation.EQUAL


def compare(view: Tx, ids: Collection[int]) -> Iterator[Compared]:
    """Compare all that others say of items; what was never measured is left out."""
    raw = engine.known_of(view, ids)
    for number, known, image in fill.read_known(view, ids):
        # As measured, not as others confirmed it.
        found = raw[number].analysis
        if found is not None:
            yield from _tempos(number, found, known, image)
            yield from _keys(number, found, known, image)


def as_json(compared: Compared) -> dict[str, Any]:
    """The documented object of one value (docs/plugins/djanalysis.md), without its file."""
    return {
        "what": compared.what,
        "source": compared.source,
        "value": compared.value,
        "measured": compared.measured,
        "confidence": compared.confidence,
        "relation": compared.found.relation.value,
        "detail": compared.found.detail,
        "confirms": compared.found.confirms,
        "decided": compared.is_decided,
    }


def plan_answer(
    view: Tx, compared: Collection[Compared], answer: Answer
) -> tuple[tuple[Change, ...], dict[int, dict[str, Any]]]:
    """Plan what an answer to questions changes in the library.

    Args:
        view: the library.
        compared: the questions, as `compare` gave them.
        answer: to all of them.

    Returns:
        The changes, and by item what of them is our own, as `fill.note_written` takes it.
    """
    changes: list[Change] = []
    written: dict[int, dict[str, Any]] = {}
    for each in compared:
        wanted = _wanted(each, answer)
        image = fill.image_of(view, each.item_id)
        if image is None:
            continue
        changes += _changes(each, image, wanted)
        if answer is Answer.MEASURED:
            before = dict(engine.known_of(view, [each.item_id])[each.item_id].written)
            mine = written.setdefault(each.item_id, before)
            mine[FIELDS[each.what]] = wanted[FIELDS[each.what]]
    return tuple(changes), written


def _wanted(each: Compared, answer: Answer) -> dict[str, Any]:
    """Values of fields after an answer; a field that is left out stays."""
    field = FIELDS[each.what]
    source = filling.SOURCES[field]
    if answer is Answer.OPEN:
        return {source: None}
    value = each.measured if answer is Answer.MEASURED else each.value
    stored = filling.whole_bpm(float(value)) if each.what == "bpm" else str(value)
    said = filling.OURS if answer is Answer.MEASURED else filling.decided(each.value)
    return {field: stored, source: said}


def _changes(each: Compared, image: RowImage, wanted: Mapping[str, Any]) -> Iterator[Change]:
    for field, value in wanted.items():
        old, new = image.value(field), fill.stored(field, value)
        if not same(old, new):
            yield Change(Entity.ITEM.value, each.item_id, field, old, new, filling.YOU, _REASON)


def said_by(view: Tx, compared: Collection[Compared]) -> dict[int, dict[str, str]]:
    """By item and field, who gave the library its present value; Traktor's own are left out."""
    ids = {each.item_id for each in compared if each.source in filling.SOURCES}
    return {
        number: {
            field: fill.said_by(view, number, field, known, image) for field in filling.SOURCES
        }
        for number, known, image in fill.read_known(view, ids)
    }


def _tempos(number: int, found: Analysis, known: Known, image: RowImage) -> Iterator[Compared]:
    if found.tempo is None:
        return
    for source, other in fill.tempos_of_others(image, known.written):
        yield Compared(
            number,
            "bpm",
            source,
            other,
            round(found.tempo.bpm, 3),
            round(found.tempo.confidence, 3),
            compare_tempos(found.tempo.bpm, other),
            _is_decided(image, "bpm", other),
        )


def _keys(number: int, found: Analysis, known: Known, image: RowImage) -> Iterator[Compared]:
    if found.key is None:
        return
    for source, key in fill.keys_of_others(image, known.written):
        yield Compared(
            number,
            "key",
            source,
            key.short,
            found.key.key.short,
            round(found.key.confidence, 3),
            compare_keys(found.key.key, key),
            _is_decided(image, "key", key.short),
        )


def _is_decided(image: RowImage, what: str, value: float | str) -> bool:
    said = image.value(filling.SOURCES[FIELDS[what]])
    return isinstance(said, str) and filling.is_decided(said, value)
