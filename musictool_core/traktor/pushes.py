"""beets queries that are kept as playlists of Traktor: what a query finds, in its order.

A list is written when its tracks are others than those that were written last, as a change set
that can be taken back. While Traktor runs nothing is written: the same comparison finds it again
later.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core import changes
from musictool_core.changes import Change
from musictool_core.changes.model import NML_TARGET
from musictool_core.db import epoch
from musictool_core.errors import MusicToolError
from musictool_core.host import items as host_items
from musictool_core.progress import CancelToken, silent
from musictool_core.traktor import collection as files
from musictool_core.traktor import places, scan
from musictool_core.traktor.collection import TraktorRuns
from musictool_core.traktor.desk import may_run
from musictool_core.traktor.places import SEPARATOR
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.tables import BASES, COLLECTIONS, PLAYLISTS
from musictool_core.traktor.target import NmlTarget
from musictool_core.traktor.values import Patch, PlaylistWrite, TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.changes import ChangeSetId, Origin, Unfulfilled
    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host

SOURCE = "traktor"
REASON = "the query finds these"


@dataclass(frozen=True, slots=True)
class Push:
    """A playlist as it is to be.

    Attributes:
        name: folders and name.
        keys: its tracks.
        missing: tracks of the query that have no entry in Traktor.
        is_due: Traktor's list is another one.
    """

    name: tuple[str, ...]
    query: str
    keys: tuple[TrackKey, ...]
    missing: int
    is_due: bool

    @property
    def mark(self) -> int:
        """Differs when the tracks do."""
        return scan.digest("\n".join(self.keys).encode(errors="surrogatepass"))


def keep(tx: Tx, collection: Path, name: Sequence[str], query: str) -> None:
    """Keep a query as a playlist from now on; the next `push` makes it.

    Args:
        tx: the open transaction.
        collection: that was synced before.
        name: folders and name.
        query: as typed in a shell: words with blanks in quotation marks.

    Raises:
        MusicToolError: the collection is not known yet, or the name cannot be used.
    """
    _check_name(name)
    number = _row(tx, collection)["id"]
    row = {"collection": number, "name": SEPARATOR.join(name), "query": query, "mark": None}
    PLAYLISTS.upsert(tx, [row])


def stop(tx: Tx, collection: Path, name: Sequence[str]) -> bool:
    """Leave a playlist as it is from now on; False when it was not kept."""
    where = {"collection": _row(tx, collection)["id"], "name": SEPARATOR.join(name)}
    return bool(PLAYLISTS.delete(tx, where=where))


def plan_pushes(host: Host, collection: Path) -> tuple[Push, ...]:
    """What the kept playlists are to hold; nothing is written.

    Raises:
        MusicToolError: the collection is not known yet, or a query cannot be understood.
    """
    view = host.reading()
    number = _row(view, collection)["id"]
    rows = PLAYLISTS.select(view, where={"collection": number}, order=("name",))
    return tuple(_pushes(host, number, [(r["name"], r["query"], r["mark"]) for r in rows]))


def plan_push(host: Host, collection: Path, name: Sequence[str], query: str) -> Push:
    """What one playlist is to hold that is not kept; nothing is written.

    Raises:
        MusicToolError: the collection is not known yet, the query cannot be understood, or the
            name cannot be used.
    """
    _check_name(name)
    number = _row(host.reading(), collection)["id"]
    (found,) = _pushes(host, number, [(SEPARATOR.join(name), query, None)])
    return found


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of playlists that were due.

    Attributes:
        changeset: what `beet undo` takes; None when nothing was to be written.
        written: how many lists.
        left: lists that could not be written, and why.
    """

    changeset: ChangeSetId | None = None
    written: int = 0
    left: tuple[Unfulfilled, ...] = ()


def push(
    host: Host,
    collection: Path,
    pushes: Sequence[Push],
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool] = may_run,
    force: bool = False,
) -> Pushed:
    """Write the playlists that are due, all at once; those that hold these tracks stay.

    Args:
        host: the library.
        collection: the file.
        pushes: as planned.
        origin: who wants it.
        now: UTC.
        is_running: whether Traktor may run.
        force: do not brake.

    Raises:
        MusicToolError: Traktor runs, a brake was pulled, or the collection cannot be read; nothing
            was changed.
    """
    due = [each for each in pushes if each.is_due]
    if not due:
        return Pushed()
    if is_running(collection):
        raise TraktorRuns(
            f"Traktor runs, or may run; {collection.name} stays as it is.",
            hint="Quit Traktor first.",
        )
    number = _row(host.reading(), collection)["id"]
    wanted = _changes(files.open_collection(collection), number, due, force=force)
    result = None
    if wanted:
        changeset = changes.plan(host, wanted, origin, now=now)
        targets = {NML_TARGET: NmlTarget(is_running)}
        result = changes.apply(host, changeset, targets, report=silent, cancel=CancelToken())
    if result is not None and result.cancelled:
        raise TraktorRuns(f"Traktor was started meanwhile; {collection.name} stays as it is.")
    left = (*result.conflicts, *result.failed) if result else ()
    not_done = {each.field for each in left}
    with host.transaction() as tx:
        for each in due:
            if places.of_playlist(number, each.name) in not_done:
                continue
            where = {"collection": number, "name": SEPARATOR.join(each.name)}
            PLAYLISTS.update(tx, {"mark": each.mark, "written_at": epoch(now)}, where=where)
    return Pushed(result.changeset_id if result else None, result.applied if result else 0, left)


def _changes(
    collection: files.Collection, number: int, due: Sequence[Push], *, force: bool
) -> list[Change]:
    """What is to be written: of each list its tracks now, and those that it is to hold."""
    held: dict[tuple[str, ...], tuple[TrackKey, ...]] = {}
    several: set[tuple[str, ...]] = set()
    for each in read_shelf(collection.data, collection.scan).playlists:
        if each.query is None:
            several |= {each.path} if each.path in held else set()
            held.setdefault(each.path, each.keys)
    there = collection.scan.by_key
    wanted = {each.name: tuple(key for key in each.keys if key in there) for each in due}
    new = {name: keys for name, keys in wanted.items() if held.get(name) != keys}
    if new and not force:
        # Of those that are there twice the target says so.
        sure = {name: keys for name, keys in new.items() if name not in several}
        lists = tuple(PlaylistWrite(name, keys) for name, keys in sure.items())
        files.check_brakes(collection, Patch(playlists=lists))
    return [
        Change(
            NML_TARGET,
            number,
            places.of_playlist(number, name),
            places.write_keys(held.get(name)),
            places.write_keys(keys),
            SOURCE,
            REASON,
        )
        for name, keys in new.items()
    ]


def _pushes(host: Host, number: int, kept: Sequence[tuple[str, str, int | None]]) -> Iterator[Push]:
    """Lists of these names and queries; with the mark of what was written last."""
    rows = BASES.select(host.reading(), ("item_id", "key"), where={"collection": number})
    keys = {row["item_id"]: TrackKey(row["key"]) for row in rows}
    for name, query, mark in kept:
        items = host_items.find_in_order(host, words_of(query))
        listed = tuple(keys[item] for item in items if item in keys)
        path, missing = tuple(name.split(SEPARATOR)), len(items) - len(listed)
        push = Push(path, query, listed, missing, is_due=True)
        yield replace(push, is_due=push.mark != mark)


def words_of(query: str) -> list[str]:
    """The words of a query as a shell reads them; a single quotation mark is a letter."""
    try:
        return shlex.split(query)
    except ValueError:
        return query.split()


def _check_name(name: Sequence[str]) -> None:
    if not name or any(not part or SEPARATOR in part for part in name):
        raise MusicToolError(f"{SEPARATOR.join(name)!r} is no name of a playlist.")


def _row(tx: Tx, collection: Path) -> Row:
    row = COLLECTIONS.get(tx, {"path": str(collection)})
    if row is None or row["synced_at"] is None:
        raise MusicToolError(f"{collection} was never synced.", hint="Sync it first.")
    return row
