"""An entry for another file: what was worked out in Traktor goes on where the file goes.

Entries of files that become one are told as `Estate`s. The one with the most work in it stays, at
the place of the file that stays; its cues and grid are moved by the distance of the two sounds, the
others go, and every playlist names the one that stays. All of it are changes of whole entries and
whole playlists, so an undo needs no backup to be exact.
Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.changes.model import NML_TARGET, Change
from musictool_core.traktor import fields, places
from musictool_core.traktor.layout import escape
from musictool_core.traktor.model import parse
from musictool_core.traktor.patch import render
from musictool_core.traktor.values import Element, NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.traktor.playlists import Playlist
    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import Location

CUE = "CUE_V2"
_GRID = "4"
"""TYPE of a cue that is a marker of the beat grid."""

_OF_AUDIO = (
    ("", "AUDIO_ID"),
    ("INFO", "BITRATE"),
    ("INFO", "PLAYTIME"),
    ("INFO", "PLAYTIME_FLOAT"),
    ("INFO", "FILESIZE"),
)
"""What Traktor says of the file itself: it is that of the file that stays."""


@dataclass(frozen=True, slots=True)
class Estate:
    """Entries that become one.

    Attributes:
        to: where the file that stays lies.
        shifts_ms: what is to be added to the times of each entry for the sound of that file.
    """

    to: Location
    shifts_ms: Mapping[TrackKey, float]


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What becomes of estates.

    Attributes:
        changes: of entries, then of playlists.
        problems: why an estate was left as it is, by its place in the list.
        cues: cues and grid markers that other times were worked out for.
    """

    changes: tuple[Change, ...]
    problems: Mapping[int, str]
    cues: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry that stays, as it will be, and keys that lead to it."""

    key: TrackKey
    before: bytes | None
    after: bytes
    came_from: TrackKey | None
    gone: Mapping[TrackKey, bytes]
    cues: int


def inherit(
    data: bytes,
    scan: Scan,
    playlists: Sequence[Playlist],
    number: int,
    estates: Sequence[Estate],
    *,
    source: str,
    reason: str,
) -> Inheritance:
    """Plan what becomes of entries whose files become one.

    Args:
        data: the collection.
        scan: of it.
        playlists: its playlists.
        number: of the collection.
        estates: no two name one entry.
        source: what plans this.
        reason: why.
    """
    lists = _Lists(playlists)
    steps: list[_Step] = []
    problems: dict[int, str] = {}
    taken: set[TrackKey] = set()
    for place, estate in enumerate(estates):
        keys = {*estate.shifts_ms, estate.to.key}
        step, problem = None, ""
        try:
            problem = _problem(data, scan, lists, keys)
            step = None if problem or taken & keys else _step(data, scan, estate)
        except NmlError as error:
            step, problem = None, str(error)
        if problem or taken & keys:
            problems[place] = problem or "another group is about the same entry"
        elif step is not None:
            steps.append(step)
        taken |= keys
    named = [
        *_entry_changes(number, steps),
        *_list_changes(number, steps, playlists),
    ]
    changes = tuple(
        Change(NML_TARGET, number, field, old, new, source, reason) for field, old, new in named
    )
    return Inheritance(changes, problems, sum(step.cues for step in steps))


def shifted(entry: Element, by_ms: float) -> Element:
    """An entry with cues and grid at other times.

    A cue stays within the sound; a marker of the grid that would leave it goes on by whole beats.
    """
    beat_ms = _beat_ms(entry)
    children = [
        _shifted_cue(child, by_ms, beat_ms) if child.tag == CUE else child
        for child in entry.children
    ]
    return replace(entry, children=children)


def work_in(entry: Element) -> tuple[int, int, int]:
    """How much was worked out by hand: cues, whether there is a grid, whether it is locked."""
    cues = [child.attributes.get("TYPE") for child in entry.children if child.tag == CUE]
    is_locked = entry.attributes.get("LOCK") == "1"
    return sum(kind != _GRID for kind in cues), int(_GRID in cues), int(is_locked)


# --- entries -------------------------------------------------------------------------------------


def _step(data: bytes, scan: Scan, estate: Estate) -> _Step | None:
    blocks = {
        key: data[span.start : span.end]
        for key in (estate.to.key, *estate.shifts_ms)
        if (span := scan.by_key.get(key)) is not None
    }
    if not blocks:
        return None
    models = {key: parse(block) for key, block in blocks.items()}
    there = estate.to.key
    # The one of the file that stays where both are worth the same: nothing has to be moved.
    best = max(blocks, key=lambda key: (work_in(models[key]), key == there))
    by_ms = estate.shifts_ms.get(best, 0.0)
    moved = _with_plays(shifted(models[best], by_ms), list(models.values()))
    model = moved if best == there else _at(_of_file(moved, models.get(there)), estate.to)
    after = render(blocks[best], model, scan.style)
    gone = {key: block for key, block in blocks.items() if key != there}
    cues = sum(
        one.tag == CUE and one.attributes.get("START") != two.attributes.get("START")
        for one, two in zip(models[best].children, moved.children, strict=True)
    )
    came_from = best if there not in blocks else None
    return _Step(there, blocks.get(there), after, came_from, gone, cues)


def _with_plays(entry: Element, entries: Sequence[Element]) -> Element:
    """An entry with the plays of all, the highest rating and the last time."""
    if entry.child("INFO") is None or len(entries) < 2:
        return entry
    for name, of_all in (("PLAYCOUNT", sum), ("RANKING", max)):
        told = [int(text) for each in entries if (text := each.get("INFO", name) or "").isdigit()]
        if told and str(of_all(told)) != entry.get("INFO", name):
            entry = _with(entry, "INFO", name, str(of_all(told)))
    played = [last for each in entries if (last := each.get("INFO", "LAST_PLAYED"))]
    newest = max(played, key=_date, default="")
    if newest and newest != entry.get("INFO", "LAST_PLAYED"):
        entry = _with(entry, "INFO", "LAST_PLAYED", newest)
    return entry


def _date(text: str) -> tuple[int, ...]:
    """Year, month, day, so that dates can be compared."""
    return tuple(int(part) for part in text.split("/") if part.isdigit())


def _at(entry: Element, to: Location) -> Element:
    """An entry that says that its file lies elsewhere."""
    now = fields.location(entry)
    volume_id = to.volume_id
    if volume_id is None and now is not None and now.volume == to.volume:
        volume_id = now.volume_id
    told = {"DIR": to.folder, "FILE": to.file, "VOLUME": to.volume, "VOLUMEID": volume_id}

    def of(child: Element) -> Element:
        if child.tag != "LOCATION":
            return child
        kept = {**child.attributes, **{name: v for name, v in told.items() if v is not None}}
        if volume_id is None:
            kept.pop("VOLUMEID", None)
        return replace(child, attributes=kept)

    return replace(entry, children=[of(child) for child in entry.children])


def _of_file(entry: Element, other: Element | None) -> Element:
    """An entry that says of its file what another one says of its own."""
    if other is None:
        return entry
    for element, name in _OF_AUDIO:
        value = other.get(element, name)
        if value is not None and entry.get(element, name) is not None:
            entry = _with(entry, element, name, value)
    return entry


def _with(entry: Element, element: str, name: str, value: str) -> Element:
    if not element:
        return replace(entry, attributes={**entry.attributes, name: value})
    children = list(entry.children)
    place = next(n for n, child in enumerate(children) if child.tag == element)
    attributes = {**children[place].attributes, name: value}
    children[place] = replace(children[place], attributes=attributes)
    return replace(entry, children=children)


def _shifted_cue(cue: Element, by_ms: float, beat_ms: float | None) -> Element:
    told = cue.attributes.get("START", "")
    try:
        start_ms = float(told) + by_ms
    except ValueError:
        return cue
    if start_ms < 0:
        is_grid = cue.attributes.get("TYPE") == _GRID and beat_ms
        start_ms = start_ms % beat_ms if is_grid and beat_ms else 0.0
    digits = len(told.partition(".")[2])
    return replace(cue, attributes={**cue.attributes, "START": f"{start_ms:.{digits}f}"})


def _beat_ms(entry: Element) -> float | None:
    """Length of a beat; None where no tempo is told."""
    try:
        bpm = float(entry.get("TEMPO", "BPM") or 0)
    except ValueError:
        return None
    return 60_000.0 / bpm if bpm > 0 else None


def _entry_changes(
    number: int, steps: Sequence[_Step]
) -> Iterator[tuple[str, str | None, str | None]]:
    for step in steps:
        if step.before != step.after:
            field = places.of_entry(number, step.key, step.came_from)
            yield field, _text(step.before), _text(step.after)
        for key, block in step.gone.items():
            yield places.of_entry(number, key), _text(block), None


def _text(block: bytes | None) -> str | None:
    if block is None:
        return None
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        raise NmlError("an entry is not written in UTF-8") from error


# --- playlists -----------------------------------------------------------------------------------


def _list_changes(
    number: int, steps: Sequence[_Step], playlists: Sequence[Playlist]
) -> Iterator[tuple[str, str | None, str | None]]:
    heirs = {key: step.key for step in steps for key in step.gone}
    for each in playlists:
        if each.query is None and not heirs.keys().isdisjoint(each.keys):
            after = [heirs.get(key, key) for key in each.keys]
            field = places.of_playlist(number, each.path)
            yield field, places.write_keys(each.keys), places.write_keys(after)


class _Lists:
    """Playlists by the entries that they name, and how many there are of a name."""

    def __init__(self, playlists: Sequence[Playlist]) -> None:
        self.count = Counter(each.path for each in playlists)
        self.naming: dict[TrackKey, list[Playlist]] = {}
        for each in playlists:
            for key in set(each.keys):
                self.naming.setdefault(key, []).append(each)


def _problem(data: bytes, scan: Scan, lists: _Lists, keys: set[TrackKey]) -> str:
    """Why entries of these keys are left alone, "" when they need not be."""
    if keys & scan.repeated:
        return "Traktor has an entry twice"
    for key in keys & scan.by_key.keys():
        for each in lists.naming.get(key, ()):
            if each.played:
                return "a history in the collection names it"
            if lists.count[each.path] > 1:
                return f"Traktor has several playlists named {each.path[-1]!r}"
            if any(places.SEPARATOR in name for name in each.path):
                return f"no change can name the playlist {each.path[-1]!r}"
        _text(data[scan.by_key[key].start : scan.by_key[key].end])
        if _is_in_a_set(data, scan, key):
            return "a remix set of Traktor plays it"
    return ""


def _is_in_a_set(data: bytes, scan: Scan, key: TrackKey) -> bool:
    region = scan.sections.get("SETS")
    if region is None:
        return False
    return data.find(escape(key, scan.style, b'"'), region.start, region.end) != -1
