"""What a sync of everything does first: Traktor learns of moved files, and of kept playlists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError, StorageError
from musictool_core.traktor import bases, listing, pushes, relocations
from musictool_core.traktor.collection import TraktorRuns
from musictool_core.traktor.desk import may_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from musictool_core.changes import ChangeSetId, Origin
    from musictool_core.host.library import Host
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.pushes import Push
    from musictool_core.traktor.relocations import Relocation


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done; nothing is written yet.

    Attributes:
        moves: entries whose file is elsewhere.
        lists: kept playlists whose query finds other tracks.
    """

    moves: tuple[Relocation, ...] = ()
    lists: tuple[Push, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done.

    Attributes:
        moved: entries.
        lists: playlists.
        changesets: what `beet undo` takes.
        problems: what was left, one line each.
    """

    moved: int = 0
    lists: int = 0
    changesets: tuple[ChangeSetId, ...] = ()
    problems: tuple[str, ...] = ()


def plan_keep_up(host: Host, desk: Desk) -> Due:
    """Look what a sync would do first.

    Raises:
        MusicToolError: the collection cannot be read, or a query cannot be understood.
    """
    row = bases.load(host.reading(), desk.collection).row
    if row is None or row["synced_at"] is None:
        return Due()
    moves: tuple[Relocation, ...] = ()
    if relocations.has_moved(host, desk):
        found = relocations.find_moved(host, listing.read(host, desk))
        moves = tuple(each for each in found if each.to is not None)
    lists = pushes.plan_pushes(host, desk.collection)
    return Due(moves, tuple(each for each in lists if each.is_due))


def keep_up(
    host: Host,
    desk: Desk,
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool] = may_run,
    force: bool = False,
) -> Kept:
    """Do it, each as a change set of its own; while Traktor runs, nothing.

    A brake, or a query that cannot be understood, is told and hinders nothing else.

    Args:
        host: the library.
        desk: the collection.
        origin: who wants it.
        now: UTC.
        is_running: whether Traktor may run.
        force: also where a brake was pulled.

    Raises:
        StorageError: the library or the collection cannot be read or written.
    """
    row = bases.load(host.reading(), desk.collection).row
    if row is None or row["synced_at"] is None or is_running(desk.collection):
        return Kept()
    done = Kept()
    for step in (_move, _push):
        try:
            more = step(host, desk, origin=origin, now=now, is_running=is_running, force=force)
        except TraktorRuns:
            return done
        except StorageError:
            raise
        except MusicToolError as error:
            more = Kept(problems=(error.line(),))
        done = Kept(
            done.moved + more.moved,
            done.lists + more.lists,
            (*done.changesets, *more.changesets),
            (*done.problems, *more.problems),
        )
    return done


def _move(
    host: Host,
    desk: Desk,
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool],
    force: bool,
) -> Kept:
    if not relocations.has_moved(host, desk):
        return Kept()
    read = listing.read(host, desk)
    found = relocations.find_moved(host, read)
    result = relocations.relocate(
        host, desk, read, found, origin=origin, now=now, is_running=is_running, force=force
    )
    problems = tuple(f"{each.before}: {each.problem}" for each in found if each.problem)
    if result is None:
        return Kept(problems=problems)
    left = tuple(each.note for each in (*result.conflicts, *result.failed))
    sets = (result.changeset_id,) if result.applied else ()
    return Kept(moved=result.applied, changesets=sets, problems=(*problems, *left))


def _push(
    host: Host,
    desk: Desk,
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool],
    force: bool,
) -> Kept:
    due = pushes.plan_pushes(host, desk.collection)
    done = pushes.push(
        host,
        desk.collection,
        due,
        origin=origin,
        now=now,
        is_running=is_running,
        force=force,
    )
    sets = (done.changeset,) if done.changeset is not None and done.written else ()
    return Kept(
        lists=done.written, changesets=sets, problems=tuple(each.note for each in done.left)
    )
