"""Files that lie elsewhere than Traktor believes: entries and every playlist follow them.

Nothing is queued: an entry is moved when its item's file is at another place than the entry says,
and nothing is where the entry says. So what beets, or anybody, moved is found whenever one looks.
What is written is a change set like any other: links, bases and plays follow with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core import changes
from musictool_core.changes import Change
from musictool_core.changes.model import NML_TARGET, in_order
from musictool_core.host.items import item_paths
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import bases, fields, follow, ondisk, places
from musictool_core.traktor.collection import TraktorRuns, check_brakes
from musictool_core.traktor.desk import may_run
from musictool_core.traktor.listing import items_by_key
from musictool_core.traktor.locations import location_of_key, nfc
from musictool_core.traktor.target import NmlTarget
from musictool_core.traktor.values import Location, NmlError, Patch, TrackKey

SOURCE = "traktor"
REASON = "the file lies there"

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.changes import Origin, Result
    from musictool_core.host.library import Host
    from musictool_core.music import ItemId
    from musictool_core.progress import Report
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.listing import Read


@dataclass(frozen=True, slots=True)
class Relocation:
    """An entry and its new place.

    Attributes:
        before: path on this computer that the entry leads to.
        after: where the file is.
        to: the same as Traktor is to have it; None when no path map tells, or another entry is
            there already.
        problem: why not, "" when it can be moved.
    """

    key: TrackKey
    before: str
    after: str
    to: Location | None
    problem: str = ""


def has_moved(host: Host, desk: Desk) -> bool:
    """Whether some item's file is elsewhere than its entry says; the collection is not read."""
    item_of = items_by_key(host, desk.collection)
    translator = desk.translator(location_of_key(key) for key in item_of)
    return bool(_moved(host, item_of, lambda key: translator.path(location_of_key(key))))


def find_moved(host: Host, read: Read) -> tuple[Relocation, ...]:
    """Entries whose item's file is elsewhere, by what the last sync linked."""
    return _plan(read, _moved(host, read.item_of, read.path))


def find_below(read: Read, old: str, new: str) -> tuple[Relocation, ...]:
    """Entries below a folder whose files are below another one.

    Args:
        read: the collection.
        old: folder as the entries lead to it, whole path.
        new: where its files are now, whole path.
    """
    start = nfc(old).rstrip("/\\")
    wanted: dict[TrackKey, tuple[str, str]] = {}
    for key in read.elements:
        before = read.path(key)
        if before is None or not nfc(before).startswith((f"{start}/", f"{start}\\")):
            continue
        after = new.rstrip("/\\") + nfc(before)[len(start) :]
        if (there := ondisk.existing(after)) is not None:
            wanted[key] = before, there
    return _plan(read, wanted)


def relocate(
    host: Host,
    desk: Desk,
    read: Read,
    relocations: Sequence[Relocation],
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool] = may_run,
    force: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Result | None:
    """Write the places as a change set; None when there is nothing to do.

    Args:
        host: the library.
        desk: the collection.
        read: as it was read for the plan.
        relocations: what is to be done; those with a problem are left.
        origin: who wants it.
        now: UTC.
        is_running: whether Traktor may run.
        force: do not brake.
        report: takes the progress.
        cancel: asked before the write.

    Raises:
        TraktorRuns, BrakeReached, FormatError: nothing was changed.
    """
    moves = {each.key: each.to for each in relocations if each.to is not None}
    if not moves:
        return None
    if is_running(desk.collection):
        raise TraktorRuns(
            f"Traktor runs, or may run; {desk.collection.name} stays as it is.",
            hint="Quit Traktor first.",
        )
    if not force:
        check_brakes(read.collection, Patch(relocations=moves))
    with host.transaction() as tx:
        number = bases.number_of(tx, desk.collection)
        known = follow.known_fields(tx, number)
        wanted = [_change(read, number, key, to, known) for key, to in moves.items()]
        changeset = changes.plan(host, in_order(wanted), origin, now=now)
    return changes.apply(
        host,
        changeset,
        {NML_TARGET: NmlTarget(is_running)},
        report=report,
        cancel=cancel or CancelToken(),
    )


def _change(
    read: Read, number: int, key: TrackKey, to: Location, known: Mapping[TrackKey, str]
) -> Change:
    """An entry and its places; of one without an item the first key that it had is its name."""
    now = fields.location(read.elements[key])
    if now is None:
        raise NmlError(f"{key} is nowhere.")
    if to.volume_id is None and to.volume == now.volume:
        to = replace(to, volume_id=now.volume_id)
    old, new = places.write_location(now), places.write_location(to)
    item = read.item_of.get(key)
    if item is not None:
        return Change(NML_TARGET, item, places.of_location(number), old, new, SOURCE, REASON)
    field = known.get(key) or places.of_location(number, key)
    return Change(NML_TARGET, number, field, old, new, SOURCE, REASON)


def _moved(
    host: Host, item_of: Mapping[TrackKey, ItemId], path_of: Callable[[TrackKey], str | None]
) -> dict[TrackKey, tuple[str, str]]:
    """Path before and after, by key."""
    paths = item_paths(host, list(item_of.values()))
    found: dict[TrackKey, tuple[str, str]] = {}
    for key, item_id in item_of.items():
        before, after = path_of(key), paths.get(item_id)
        if before is None or after is None or nfc(before) == nfc(after):
            continue
        if ondisk.existing(before) is None and ondisk.existing(after) is not None:
            found[key] = before, after
    return found


def _plan(read: Read, wanted: dict[TrackKey, tuple[str, str]]) -> tuple[Relocation, ...]:
    taken = set(read.elements) - set(wanted)
    found = []
    for key, (before, after) in wanted.items():
        try:
            to = read.translator.location(after)
        except NmlError:
            to = None
        problem = "" if to is not None else "no path map leads there (`traktor: paths`)"
        if to is not None and to.key in taken:
            to, problem = None, "another entry has this place"
        if to is not None and not _can_return(read, key):
            to, problem = None, "its entry is no place that could be taken back"
        if to is not None:
            taken.add(to.key)
        found.append(Relocation(key, before, after, to, problem))
    return tuple(found)


def _can_return(read: Read, key: TrackKey) -> bool:
    """Whether the place of an entry can be told in the journal; hostile ones cannot."""
    where = fields.location(read.elements[key])
    try:
        return where is not None and bool(places.write_location(where))
    except NmlError:
        return False
