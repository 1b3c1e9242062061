"""From what is known of items to a change set: reads the library, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.analysis import engine, filling, others
from musictool_core.analysis.comparing import confirmed_tempo
from musictool_core.analysis.tables import FILES
from musictool_core.audio.values import Analysis
from musictool_core.changes.model import Change
from musictool_core.changes.net import same
from musictool_core.changes.provenance import provenance
from musictool_core.host.entities import ABSENT, Entity, RowImage, Value, read_images
from musictool_core.host.tracks import in_parts, is_column
from musictool_core.music.keys import NOTES, parse_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from musictool_core.analysis.engine import Known
    from musictool_core.analysis.filling import FieldValue, Filling, Kept
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.music.keys import Key

_REASON = "measured from the audio"

BEFORE = "the library, before musictool"
"""Where a value comes from that the journal does not know of."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What filling items comes to.

    Attributes:
        changes: of a change set.
        kept: values of others that differ from what was measured, by item.
        written: what of the changes stands in fields of others, by item.
    """

    changes: tuple[Change, ...]
    kept: Mapping[int, tuple[Kept, ...]]
    written: Mapping[int, Mapping[str, FieldValue]]


def plan_fields(
    host: Host, ids: Collection[int], *, template: str = "", force: bool = False
) -> Planned:
    """Plan what known analyses say in fields of items; items without one stay as they are.

    Args:
        host: the library, with our tables.
        ids: of items.
        template: of comments, "" for none.
        force: also over the values of others.
    """
    view = host.reading()
    changes: list[Change] = []
    kept: dict[int, tuple[Kept, ...]] = {}
    written: dict[int, Mapping[str, FieldValue]] = {}
    for number, known, image in read_known(view, ids):
        if known.analysis is None:
            continue
        present = present_of(image)
        made = filling.fill(known.analysis, present, known.written, template=template, force=force)
        changes += _changes(view, number, image, made)
        if made.kept:
            kept[number] = made.kept
        if made.written != known.written:
            written[number] = made.written
    return Planned(tuple(changes), kept, written)


def read_known(view: Tx, ids: Collection[int]) -> Iterator[tuple[int, Known, RowImage]]:
    """What is known of items, their tempo in the octave that others confirm, and their fields.

    Items whose files were never looked at are left out.
    """
    for part in in_parts(list(ids)):
        found = engine.known_of(view, part)
        images = read_images(view, Entity.ITEM, list(found), _FIELDS)
        for number in part:
            if number in images:
                yield number, _confirmed(found[number], images[number]), images[number]


def _confirmed(known: Known, image: RowImage) -> Known:
    found = known.analysis
    if found is None or found.tempo is None:
        return known
    theirs = [value for _, value in tempos_of_others(image, known.written)]
    return replace(known, analysis=replace(found, tempo=confirmed_tempo(found.tempo, theirs)))


def tempos_of_others(image: RowImage, written: Mapping[str, FieldValue]) -> list[tuple[str, float]]:
    """Tempos of an item that we did not write, with the field they stand in."""
    ours = written.get("bpm")
    found = []
    for name in ("bpm", "traktor_bpm"):
        value = number_in(image.value(name))
        if value and not (name == "bpm" and ours is not None and value == float(ours)):
            found.append((name, value))
    return found


def keys_of_others(image: RowImage, written: Mapping[str, FieldValue]) -> list[tuple[str, Key]]:
    """Keys of an item that we did not write, with the field they stand in."""
    found = []
    text = image.value("initial_key")
    key = parse_key(text) if isinstance(text, str) else None
    if key and text != written.get("initial_key"):
        found.append(("initial_key", key))
    number = number_in(image.value("traktor_key"))
    if number is not None and 0 <= number < 24:
        name = f"{NOTES[int(number) % 12]}{'m' if number >= 12 else ''}"
        traktors = parse_key(name)
        if traktors:
            found.append(("traktor_key", traktors))
    return found


def image_of(view: Tx, number: int) -> RowImage | None:
    """The fields of an item that an analysis is about; None when it is gone."""
    return read_images(view, Entity.ITEM, [number], _FIELDS).get(number)


def number_in(value: Value) -> float | None:
    """A stored value as a number, None when it is none."""
    if value is ABSENT or value is None or isinstance(value, bytes):
        return None
    try:
        return float(value)
    except ValueError:
        return None


_FIELDS = frozenset(
    {
        *filling.SHARED,
        *filling.SOURCES.values(),
        "traktor_bpm",
        "traktor_key",
        *filling.own_fields(Analysis(0, "", 0.0, 0, 0, None, None, None, None, None, None, None)),
    }
)


def present_of(image: RowImage) -> dict[str, FieldValue]:
    """What stands in the fields that others fill, too; None for what is empty."""
    found: dict[str, FieldValue] = {}
    for name in filling.SHARED:
        value = image.value(name)
        is_text = isinstance(value, str | int | float) and not isinstance(value, bytes)
        found[name] = value if is_text and value not in {"", 0, "0"} else None  # type: ignore[assignment]
    return found


def note_written(tx: Tx, planned: Planned) -> None:
    """Remember what we wrote into fields that others fill, too."""
    for number, values in planned.written.items():
        FILES.update(tx, {"written": dict(values)}, where={"item_id": number})


def source_of(view: Tx, number: int, field: str) -> str:
    """Where the value of a field comes from, as far as the journal knows."""
    cause = provenance(view, Entity.ITEM, number).of(field)
    if cause and cause.source and cause.is_known:
        return cause.source
    # Its attributes tell that it was here; of `initial_key` it says nothing.
    if field == "bpm" and others.said_by_others(view, number):
        return others.XTRACTOR
    return cause.source if cause and cause.source else BEFORE


def said_by(view: Tx, number: int, field: str, known: Known, image: RowImage) -> str:
    """Who gave a field of `filling.SOURCES` its present value; "" when it has none."""
    value = present_of(image)[field]
    said = image.value(filling.SOURCES[field])
    if value is None:
        return ""
    if known.written.get(field) is not None and same(value, known.written[field]):
        return filling.OURS
    if isinstance(said, str) and filling.is_decided(said, value):
        return filling.YOU
    return source_of(view, number, field)


def _changes(view: Tx, number: int, image: RowImage, made: Filling) -> Iterator[Change]:
    values = dict(made.values)
    for field, source in filling.SOURCES.items():
        said = image.value(source)
        if source in values:
            continue
        present = present_of(image)[field]
        if present is None:
            values[source] = None
        elif said is ABSENT or said == filling.OURS or _is_of_another(str(said), present):
            values[source] = source_of(view, number, field)
    for field, value in values.items():
        old, new = image.value(field), stored(field, value)
        if not same(old, new):
            yield Change(Entity.ITEM.value, number, field, old, new, filling.OURS, _REASON)


def _is_of_another(said: str, value: str | float) -> bool:
    """Whether a person called another value right than the one that is there by now."""
    return said.startswith(f"{filling.YOU} (") and not filling.is_decided(said, value)


def stored(field: str, value: FieldValue) -> Value:
    """A value as SQLite holds it: attributes are text."""
    if is_column(field):
        return value
    return ABSENT if value is None else value if isinstance(value, str) else repr(value)
