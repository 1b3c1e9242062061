"""Another file for an item, from anywhere: laid on the old one, so that cues can follow."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.model import in_order
from musictool_core.errors import FormatError, MusicToolError
from musictool_core.host.copies import read_columns
from musictool_core.host.entities import file_of
from musictool_core.quality.duplicates import finding
from musictool_core.quality.duplicates.finding import Track
from musictool_core.quality.duplicates.library import read_tracks
from musictool_core.quality.duplicates.store import Store
from musictool_core.quality.resolution.choice import OF_AUDIO
from musictool_core.quality.resolution.decks import Union
from musictool_core.quality.resolution.planning import (
    SAME_SPEED,
    Copy,
    Plan,
    exchange,
    place_for,
    read_members,
)
from musictool_core.quality.resolution.trash import Bin, Trashed

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.progress import CancelToken, Report
    from musictool_core.quality.duplicates.evidence import Sounds
    from musictool_core.quality.resolution.decks import Decks

_AGREEING = 0.5
"""Share of the passages that have to lie at one lag: the old file may be damaged or cut."""


@dataclass(frozen=True, slots=True)
class Laid:
    """How a new file lies on the old one.

    Attributes:
        lag_ms: to be added to a time in the old file; None when it is not known.
        told: what was found, in a sentence.
    """

    lag_ms: float | None
    told: str


def lay(host: Host, item: int, new: Path, *, report: Report, cancel: CancelToken) -> Laid:
    """Lay the sound of a new file on that of an item's.

    Raises:
        ToolMissing: what decodes is not installed.
        Cancelled: the user stopped.
    """
    (track,) = read_tracks(host, [item])  # type: ignore[list-item]
    # Their names say the same: whoever replaces a file says that it is the same track.
    other = Track(item + 1, new, track.song)
    found = finding.find([track, other], Store(host.cache_path), report=report, cancel=cancel)
    if why := next(iter(found.failed.values()), ""):
        return Laid(None, f"the sounds cannot be compared: {why}")
    pair = next((p for group in found.groups for p in group.pairs), None)
    if pair is None:
        return Laid(None, "they do not sound alike")
    if pair.evidence.same_payload:
        return Laid(0.0, "the audio is equal to the byte")
    if pair.evidence.sounds is None:
        return Laid(None, f"the sounds cannot be compared: {pair.evidence.why_not}")
    return _laid(pair.evidence.sounds)


def _laid(sounds: Sounds) -> Laid:
    if sounds.same_samples:
        return Laid(0.0, "both decode to the same samples")
    if not sounds.aligned or sounds.agreeing < _AGREEING:
        return Laid(None, "the sounds cannot be laid on one another")
    if abs(sounds.speed - 1) > SAME_SPEED:
        return Laid(None, f"the new one plays {100 * (sounds.speed - 1):+.3f} % faster")
    lag_ms = 1000 * sounds.lag_s
    where = (
        "at the same place"
        if abs(lag_ms) < 0.05
        else f"{abs(lag_ms):.2f} ms " + ("later" if lag_ms > 0 else "earlier")
    )
    return Laid(lag_ms, f"{100 * sounds.agreeing:.0f} % of the passages lie {where}")


def plan(
    host: Host,
    item: int,
    new: Path,
    laid: Laid,
    *,
    use: str,
    now: datetime,
    decks: Decks | None = None,
    force: bool = False,
) -> Plan:
    """Plan that a file takes the place of an item's; the new file itself is only read.

    Args:
        host: the library.
        item: its number.
        new: the file.
        laid: as `lay` found.
        use: what files are for.
        now: UTC.
        decks: the collection of Traktor that is kept in step.
        force: replace it also when it is not known where the one lies on the other; cues stay.

    Raises:
        MusicToolError: it is the item's own file, is no audio, or does not lie on the old one.
    """
    member = read_members(host.reading(), [item], use).get(item)
    if member is None:
        raise MusicToolError(f"item {item} is not in the library any more.")
    was = bytes(member.row.columns["path"] or b"")  # type: ignore[arg-type]
    old = file_of(host, was)
    if old.exists() and old.samefile(new):
        raise MusicToolError(f"{new} is the file of this track already.")
    if laid.lag_ms is None and not force:
        raise MusicToolError(
            f"{laid.told}; nothing was changed.",
            hint="--force replaces it all the same; cues stay where they are.",
        )
    columns = read_columns(
        new, [n for n in OF_AUDIO - {"path", "mtime"} if n in member.row.columns]
    )
    bin_ = Bin(host, now)
    kept, place = bin_.place(was), place_for(host, was, os.fsencode(new.name))
    reason = f"another file: {new.name}"
    change = exchange(
        item, member.row, columns, was=was, kept=kept, place=place,
        incoming=bin_.incoming(os.path.basename(place)), reason=reason,  # noqa: PTH119 - bytes
    )  # fmt: skip
    inherited = (
        None
        if decks is None
        else decks.inherit(
            [
                Union(
                    str(file_of(host, place)),
                    {str(old): laid.lag_ms or 0.0},
                    {str(old): item},
                )
            ]
        )
    )
    if inherited is not None and inherited.problems:
        raise FormatError(f"Traktor's collection: {inherited.problems[0]}; nothing was changed.")
    lists = () if decks is None else decks.playlists_of(item)
    return Plan(
        resolutions=(),
        refused=(),
        changes=() if inherited is None else tuple(in_order(inherited.changes)),
        copies=(Copy(item, new, change, {}),),
        trashed=(Trashed(item, was, kept, member.row, "", lists, reason),),
        cues=0 if inherited is None else inherited.cues,
        bin=bin_,
    )
