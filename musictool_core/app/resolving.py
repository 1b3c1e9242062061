"""Files of one recording become one: the terminal's and the web view's way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app
from musictool_core.app import edits
from musictool_core.changes.model import NML_TARGET
from musictool_core.quality.duplicates import finding, library
from musictool_core.quality.duplicates.decide import MERGED, Class
from musictool_core.quality.duplicates.store import Store
from musictool_core.quality.resolution import planning, replacing
from musictool_core.quality.resolution.decks import open_decks
from musictool_core.quality.resolution.replacing import Laid, lay
from musictool_core.traktor.collection import TraktorRuns
from musictool_core.traktor.desk import may_run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from musictool_core.app import App
    from musictool_core.changes import Origin, Result
    from musictool_core.host.library import Host
    from musictool_core.music import ItemId
    from musictool_core.progress import CancelToken, Report
    from musictool_core.quality.duplicates.families import Group
    from musictool_core.quality.duplicates.finding import Found
    from musictool_core.quality.resolution.decks import Decks
    from musictool_core.quality.resolution.planning import Plan


__all__ = ["Laid", "apply", "decks_of", "find", "lay", "plan", "plan_replacement"]


def find(host: Host, ids: Sequence[ItemId], *, report: Report, cancel: CancelToken) -> Found:
    """Groups of files among these items; as `finding.find`."""
    tracks = library.read_tracks(host, ids)
    return finding.find(tracks, Store(host.cache_path), report=report, cancel=cancel)


def plan(
    running: App,
    groups: Sequence[Group],
    *,
    across_albums: bool = False,
    classes: Collection[Class] = MERGED,
) -> Plan:
    """Plan what becomes of groups; nothing is written.

    Raises:
        StorageError, FormatError: Traktor's collection cannot be read.
    """
    host = running.host
    members = [number for group in groups for number in group.members]
    tracks = library.read_tracks(host, members)  # type: ignore[arg-type]
    return planning.plan(
        host,
        groups,
        use=running.settings.quality.use,
        now=app.utc_now(),
        decks=decks_of(running),
        digests={track.key: track.known[0] for track in tracks if track.known},
        across_albums=across_albums,
        classes=classes,
    )


def plan_replacement(
    running: App, item: int, new: Path, laid: Laid, *, force: bool = False
) -> Plan:
    """Plan that a file takes the place of an item's; as `replacing.plan`."""
    return replacing.plan(
        running.host,
        item,
        new,
        laid,
        use=running.settings.quality.use,
        now=app.utc_now(),
        decks=decks_of(running),
        force=force,
    )


def decks_of(running: App) -> Decks | None:
    """The collection of Traktor that is kept in step with the library; None without one."""
    return open_decks(running.host, running.settings.traktor)


def apply(
    host: Host,
    wanted: Plan,
    origin: Origin,
    *,
    decks: Decks | None,
    is_running: Callable[[Path], bool] = may_run,
    report: Report,
    cancel: CancelToken,
) -> Result | None:
    """Do what was planned, as one change set; None when there is nothing to do.

    Raises:
        TraktorRuns: nothing was changed.
        StorageError, FormatError: a copy cannot be made; nothing was changed.
    """
    if not (wanted.changes or wanted.copies):
        return None
    if decks is not None and any(c.target == NML_TARGET for c in wanted.changes):
        check_traktor(decks, is_running)
    planned = planning.prepare(host, wanted)
    return edits.save(host, planned, origin, write=True, move=False, report=report, cancel=cancel)


def check_traktor(decks: Decks, is_running: Callable[[Path], bool] = may_run) -> None:
    """Refuse while Traktor may write its collection.

    Raises:
        TraktorRuns: it runs, or may run.
    """
    if is_running(decks.path):
        raise TraktorRuns(
            f"Traktor runs, or may run; {decks.path.name} stays as it is, and so do the files.",
            hint="Quit Traktor first.",
        )
