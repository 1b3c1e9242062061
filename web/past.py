"""The journal as people read it: fields by name, values in words, one act in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from musictool_core.host.cells import Field, find_field
from musictool_core.host.fieldnames import field_name, field_words
from musictool_core.host.journal import Op
from musictool_core.music.keys import NOTES, WHEEL, parse_key
from musictool_core.traktor import places
from musictool_core.traktor.places import Kind
from musictool_web.charts.sound import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from musictool_core.changes.provenance import Cause, PastChange, Provenance
    from musictool_core.host.entities import Entity

READ = 400
"""Changes of one object that are read for its page."""

_MOST = 12
"""Lines that the page shows of them."""
_LEAST = 4
"""So many fields that one act changed stand in one line, which unfolds."""
_NAMED = 3
"""Fields that such a line names."""

_FIRST = (
    "title", "artist", "album", "albumartist", "label", "catalognum", "year", "genres", "bpm",
    "initial_key", "energy", "isrc", "comments", "traktor_rating", "traktor_playcount",
)  # fmt: skip
"""Fields in the order of a person's interest; the others follow by name."""

_MEASURED = "analysis_"
_TOLD = ("analysis_key", "analysis_bpm", "energy", "analysis_lufs")
"""What the line of a measured track says, in this order."""
_WITHIN = {"analysis_key": "key", "analysis_bpm": "tempo", "energy": "energy"}

_NML = "nml"

WHOLE = {
    Op.INSERT.value: "added to the library",
    Op.DELETE.value: "removed from the library",
    Op.TAGS.value: "tags written into the file",
    Op.AUDIO.value: "another file took its place",
    Op.ART.value: "cover file written",
}
"""What happened to the whole of an object, by its name in the journal."""


@dataclass(frozen=True, slots=True)
class PastField:
    """One field that changed; `old` and `new` are "" for none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PastAct:
    """What one command or person changed of an object at one time.

    Attributes:
        title: of one change its field, or what happened; "" where several are told by `about`.
        about: what several changes are, in short.
        fields: what changed; empty when it was the whole.
    """

    title: str
    about: str
    fields: tuple[PastField, ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class Past:
    """What a page tells of the journal of an object.

    Attributes:
        acts: the newest first.
        is_all: whether nothing was left out.
        total: changes there are.
    """

    acts: tuple[PastAct, ...]
    is_all: bool
    total: int


def past_of(entity: Entity, known: Provenance) -> Past:
    """Tell the journal of an object, of which `READ` changes were read."""
    acts: list[PastAct] = []
    told = 0
    for _, together in groupby(known.changes, key=_act):
        for act in _acts(entity, list(together)):
            if len(acts) < _MOST:
                acts.append(act)
                told += max(1, len(act.fields))
    return Past(tuple(acts), told == known.total, known.total)


def interest(field: str) -> tuple[int, str]:
    """Sorts fields: what people care for stands first."""
    return (_FIRST.index(field) if field in _FIRST else len(_FIRST), field)


def changed_name(entity: Entity | None, field: str) -> str:
    """How people call what changed: a field of items or albums, or a place in Traktor's file."""
    if field.startswith(_NML) and ":" in field:
        return _traktor_name(field)
    found = find_field(entity, field) if entity is not None else None
    return found.label if isinstance(found, Field) else field_name(field)


def _traktor_name(field: str) -> str:
    place = places.place(field)
    if place.kind is Kind.PLAYLIST:
        return f"Traktor: playlist {place.name}"
    if place.kind is Kind.LOCATION:
        return "Traktor: place of the file"
    return f"Traktor: {place.name.rpartition('@')[2].replace('_', ' ').lower()}"


def in_words(field: str, text: str) -> str:
    """A value of the journal as people read it.

    Args:
        field: of items or albums.
        text: as a cell shows it.
    """
    spoken = _SPOKEN.get(field)
    if spoken is None or not text:
        return text
    try:
        return spoken(text)
    except (ValueError, TypeError, LookupError):
        # Another program may have put anything there.
        return text


def _act(change: PastChange) -> tuple[Any, ...]:
    """Equal for neighbours that belong together."""
    is_whole = change.op.value in WHOLE
    if is_whole or change.cause.changeset is None:
        return (change.number,)
    return (change.cause.changeset, change.cause.source)


def _acts(entity: Entity, changes: Sequence[PastChange]) -> list[PastAct]:
    if changes[0].op.value in WHOLE:
        return [PastAct(WHOLE[changes[0].op.value], "", (), changes[0].cause)]
    fields = [_field(entity, change) for change in changes]
    if len(changes) < _LEAST:
        return [
            PastAct(field.name, "", (field,), change.cause)
            for field, change in zip(fields, changes, strict=True)
        ]
    return [PastAct("", _in_short(entity, changes), tuple(fields), changes[0].cause)]


def _field(entity: Entity, change: PastChange) -> PastField:
    old, new = (in_words(change.field, text) for text in (change.old, change.new))
    return PastField(changed_name(entity, change.field), old, new)


def _in_short(entity: Entity, changes: Sequence[PastChange]) -> str:
    """What several changes are."""
    news = {change.field: change.new for change in changes}
    if any(field.startswith(_MEASURED) for field in news):
        found = [
            f"{_WITHIN.get(field, '')} {in_words(field, news[field])}".strip()
            for field in _TOLD
            if news.get(field)
        ]
        return f"Measured: {', '.join(found)}" if found else "Measured"
    first, *others = sorted((change.field for change in changes), key=interest)
    within = [
        changed_name(entity, field) if field.startswith(_NML) else field_words(field)
        for field in others[: _NAMED - 1]
    ]
    named = ", ".join((changed_name(entity, first), *within))
    return f"{named} and {len(changes) - _NAMED} more"


def _number(form: str) -> Callable[[str], str]:
    return lambda text: form.format(float(text))


def _time(text: str) -> str:
    return clock(float(text))


def _bars(text: str) -> str:
    beats = int(text)
    return "with the first beat" if not beats else f"{beats} beat{'s' if beats > 1 else ''} later"


def _sections(text: str) -> str:
    return _listed(
        f"{each['label']} {clock(each['start_s'])} to {clock(each['end_s'])}"
        for each in json.loads(text)
    )


def _key_changes(text: str) -> str:
    return _listed(f"{key} at {clock(at_s)}" for at_s, key in json.loads(text))


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _yes_no(text: str) -> str:
    return "yes" if int(text) else "no"


def _traktor_key(text: str) -> str:
    number = int(text)
    key = parse_key(f"{NOTES[number % 12]}{'m' if number >= len(NOTES) else ''}")
    return f"{key.name}, {key.camelot}" if key and number < len(WHEEL) else text


def _day(text: str) -> str:
    return text.removesuffix(" 12:00:00")


def _said_by(text: str) -> str:
    return "as measured" if text == "djanalysis" else text


_COLOURS = ("none", "red", "orange", "yellow", "green", "blue", "violet", "magenta")
_BPM = _number("{:.2f} BPM")
_SHARE = _number("{:.0%}")
_SPOKEN: dict[str, Callable[[str], str]] = {
    "analysis_bpm": _BPM,
    "analysis_bpm_alt": _BPM,
    "analysis_bpm_confidence": _SHARE,
    "analysis_bpm_source": _said_by,
    "analysis_bpm_stable": _yes_no,
    "analysis_danceability": _number("{:.1f}"),
    "analysis_downbeat": _bars,
    "analysis_grid_offset": _number("{:.3f} s"),
    "analysis_intro_end": _time,
    "analysis_key_changes": _key_changes,
    "analysis_key_confidence": _SHARE,
    "analysis_key_source": _said_by,
    "analysis_lra": _number("{:.1f} LU"),
    "analysis_lufs": _number("{:.1f} LUFS"),
    "analysis_mix_in": _time,
    "analysis_mix_out": _time,
    "analysis_outro_start": _time,
    "analysis_sections": _sections,
    "analysis_true_peak": _number("{:.1f} dBTP"),
    "analysis_tuning": _number("{:+.0f} cents"),
    "energy": _number("{:.1f} of 10"),
    "traktor_analysed": _yes_no,
    "traktor_bpm": _BPM,
    "traktor_color": lambda text: _COLOURS[int(text)],
    "traktor_imported": _day,
    "traktor_key": _traktor_key,
    "traktor_last_played": _day,
    "traktor_locked": _yes_no,
    "traktor_peak_db": _number("{:.1f} dB"),
    "traktor_perceived_db": _number("{:.1f} dB"),
    "traktor_ranking": _number("{:.0f} of 255"),
    "traktor_rating": _number("{:.0f} of 5"),
}
"""How a value is said, by field; others are shown as a cell shows them."""
