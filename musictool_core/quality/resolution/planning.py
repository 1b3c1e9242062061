"""From decisions to a change set: rows, files, tags, Traktor; nothing is written here but copies.

A file that is not kept is moved to the trash by its row, which leaves the library after that; so an
undo brings back both. Where the better audio is another file's, a copy of it is made with the tags
of the row that stays, and takes the place of that row's file: what goes to the trash is what was
there, byte for byte.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.changes import audio
from musictool_core.changes.model import WHOLE_ROW, Change, in_order
from musictool_core.host.copies import album_fields, copy_for
from musictool_core.host.entities import ABSENT, Entity, RowImage, file_of, items_of, read_images
from musictool_core.quality.duplicates.decide import MERGED, Class
from musictool_core.quality.resolution.choice import (
    OF_AUDIO,
    Member,
    Refused,
    Resolution,
    Rules,
    choose,
)
from musictool_core.quality.resolution.decks import Union
from musictool_core.quality.resolution.trash import Bin, Trashed
from musictool_core.quality.scoring import read_scores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Tx
    from musictool_core.host.entities import Stored
    from musictool_core.host.library import Host
    from musictool_core.quality.duplicates.families import Group, Pair
    from musictool_core.quality.resolution.decks import Decks

SOURCE = "quality"
SAME_SPEED = 5e-5
"""A file that plays this much faster is 15 ms off after five minutes: cues cannot follow."""

_ONE = "the same recording is kept once"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that takes the place of an item's file.

    Attributes:
        item_id: whose file is replaced.
        source: the better file.
        change: that puts the copy in its place.
        values: what the row of the item is about to hold.
    """

    item_id: int
    source: Path
    change: Change
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; nothing is written yet.

    Attributes:
        resolutions: groups that become one.
        refused: groups that stay as they are, and why.
        changes: in the order in which they are applied, but for those of `copies`.
        copies: to be made first (`prepare`).
        trashed: files that go to the trash.
        cues: cues and grid markers of Traktor that get other times.
        bin: where the trash of this plan is.
    """

    resolutions: tuple[Resolution, ...]
    refused: tuple[Refused, ...]
    changes: tuple[Change, ...]
    copies: tuple[Copy, ...]
    trashed: tuple[Trashed, ...]
    cues: int
    bin: Bin

    @property
    def touches_traktor(self) -> bool:
        """Whether a collection of Traktor is to be written."""
        return any(change.target == "nml" for change in self.changes)


def plan(
    host: Host,
    groups: Sequence[Group],
    *,
    use: str,
    now: datetime,
    decks: Decks | None = None,
    digests: Mapping[int, str] | None = None,
    across_albums: bool = False,
    classes: Collection[Class] = MERGED,
) -> Plan:
    """Plan that files of one recording become one; other groups are left out.

    Args:
        host: the library.
        groups: as `duplicates.finding` finds them; members are items.
        use: what the files are for, see `quality.score`.
        now: UTC.
        decks: the collection of Traktor that is kept in step.
        digests: SHA-256 of the audio of items, for the manifest.
        across_albums: one recording on two albums becomes one, too.
        classes: which groups; others than `MERGED` only where a person says so.
    """
    rules = Rules(across_albums=across_albums, album_fields=album_fields())
    merged = [group for group in groups if group.found in classes]
    members = read_members(host.reading(), [n for g in merged for n in g.members], use)
    chosen: list[tuple[Group, Resolution]] = []
    refused: list[Refused] = []
    for group in merged:
        there = [members[number] for number in group.members if number in members]
        made: Resolution | Refused
        if len(there) < len(group.members):
            made = Refused(group.members, "one of them is not in the library any more")
        elif faster := _other_speed(group):
            made = Refused(group.members, faster)
        else:
            made = choose(there, rules)
        if isinstance(made, Refused):
            refused.append(made)
        else:
            chosen.append((group, made))
    return _planned(host, chosen, refused, now=now, decks=decks, digests=digests or {})


def _other_speed(group: Group) -> str:
    """Why cues cannot follow, "" where they can."""
    speeds = [p.evidence.sounds.speed for p in group.pairs if p.evidence.sounds is not None]
    worst = max((abs(speed - 1) for speed in speeds), default=0.0)
    return f"one plays {100 * worst:.2f} % faster" if worst > SAME_SPEED else ""


def prepare(host: Host, plan: Plan) -> tuple[Change, ...]:
    """Make the copies and the manifest; return all changes, to be applied in this order.

    Raises:
        StorageError, FormatError: nothing but copies in the trash was made.
    """
    if plan.trashed:
        plan.bin.write_manifest(plan.trashed)
    exchanges: list[Change] = []
    for each in plan.copies:
        new = each.change.new
        if not isinstance(new, RowImage):
            raise TypeError("a file is known by its row")
        target = file_of(host, new.attributes[audio.KEPT])
        copy_for(host, each.item_id, each.values, each.source, target)  # type: ignore[arg-type]
        columns = {**new.columns, "mtime": int(target.stat().st_mtime)}
        exchanges.append(replace(each.change, new=replace(new, columns=columns)))
    return tuple(in_order([*plan.changes, *exchanges]))


def read_members(view: Tx, numbers: Collection[int], use: str) -> dict[int, Member]:
    """Items as members of groups, by number; those that are gone are left out."""
    rows = read_images(view, Entity.ITEM, numbers)
    scores = {n: scored.score for n, scored in read_scores(view, list(rows), use)}
    albums = {number for row in rows.values() if (number := _album(row)) is not None}
    sizes = {album: len(items) for album, items in items_of(view, albums).items()}
    found: dict[int, Member] = {}
    for number, row in rows.items():
        album, score = _album(row), scores.get(number)
        found[number] = Member(
            item_id=number,
            album="" if album is None else _name(row),
            album_size=0 if album is None else sizes.get(album, 0),
            score=None if score is None else score.score,
            row=row,
        )
    return found


def lag_ms(pairs: Sequence[Pair], number: int, other: int) -> float:
    """What is to be added to a time in one file for the same place in the other, milliseconds."""
    for pair in pairs:
        if {pair.left, pair.right} == {number, other} and pair.evidence.sounds is not None:
            lag = 1000 * pair.evidence.sounds.lag_s
            return lag if pair.left == number else -lag
    return 0.0


# --- building ------------------------------------------------------------------------------------


def _planned(
    host: Host,
    chosen: Sequence[tuple[Group, Resolution]],
    refused: list[Refused],
    *,
    now: datetime,
    decks: Decks | None,
    digests: Mapping[int, str],
) -> Plan:
    bin_ = Bin(host, now)
    inherited = None if decks is None else decks.inherit([_union(host, *each) for each in chosen])
    problems = {} if inherited is None else inherited.problems
    for place, why in problems.items():
        members = tuple(chosen[place][0].members)
        refused.append(Refused(members, f"Traktor's collection stays as it is: {why}"))
    if problems:
        # What stays must not be in the changes of the others: plan again without it.
        left = [each for place, each in enumerate(chosen) if place not in problems]
        return _planned(host, left, refused, now=now, decks=decks, digests=digests)
    changes: list[Change] = []
    copies: list[Copy] = []
    trashed: list[Trashed] = []
    for _, resolution in chosen:
        changes += _values(resolution)
        if resolution.audio is not resolution.kept:
            copy = _copy(host, resolution, bin_)
            copies.append(copy)
            trashed.append(_former(copy, resolution.kept, digests, decks))
        for loser in resolution.losers:
            one = _trashed(loser, bin_, digests, decks)
            trashed.append(one)
            changes += _leaving(one)
    changes += _emptied(host, [r for _, r in chosen], bin_)
    changes += [] if inherited is None else inherited.changes
    return Plan(
        tuple(r for _, r in chosen),
        tuple(refused),
        tuple(in_order(changes)),
        tuple(copies),
        tuple(trashed),
        0 if inherited is None else inherited.cues,
        bin_,
    )


def _values(resolution: Resolution) -> Iterator[Change]:
    kept = resolution.kept
    for field, (value, giver) in resolution.values.items():
        reason = f"of item {giver}, the same recording" if giver != kept.item_id else _ONE
        old = kept.row.value(field)
        yield Change(Entity.ITEM.value, kept.item_id, field, old, value, SOURCE, reason)


def _copy(host: Host, resolution: Resolution, bin_: Bin) -> Copy:
    kept, better = resolution.kept, resolution.audio
    was, source = _path(kept.row), _path(better.row)
    wanted = place_for(host, was, source)
    names = [name for name in better.row.columns if name in OF_AUDIO - {"path", "mtime"}]
    change = exchange(
        kept.item_id,
        kept.row,
        {name: better.row.columns[name] for name in names},
        was=was,
        kept=bin_.place(was),
        place=wanted,
        incoming=bin_.incoming(os.path.basename(wanted)),  # noqa: PTH119 - bytes
        reason=resolution.reasons[0],
    )
    values = {field: value for field, (value, _) in resolution.values.items()}
    return Copy(kept.item_id, file_of(host, source), change, values)


def place_for(host: Host, was: bytes, source: bytes) -> bytes:
    """Where a file lies that takes the place of another one: under its name, with its own ending.

    Args:
        host: the library.
        was: stored path of the one that is replaced.
        source: name of the other one.
    """
    base, ending = os.path.splitext(was)[0], os.path.splitext(source)[1]  # noqa: PTH122 - bytes
    wanted, number = base + ending, 1
    while wanted != was and file_of(host, wanted).exists():
        number += 1
        wanted = base + f" ({number})".encode() + ending
    return wanted


def exchange(
    item: int,
    row: RowImage,
    columns: Mapping[str, Stored],
    *,
    was: bytes,
    kept: bytes,
    place: bytes,
    incoming: bytes,
    reason: str,
) -> Change:
    """The change that lets a file take the place of an item's.

    Args:
        item: its number.
        row: of the item as it is.
        columns: what beets reads off the other file.
        was: where the item's file lies.
        kept: where it is to be kept.
        place: where the other file is to lie.
        incoming: where that lies now.
        reason: why it is better.
    """
    names = [*columns, "mtime"]
    old = {"path": was, **{name: row.columns.get(name) for name in names}}
    new: dict[str, Stored] = {"path": place, **columns}
    return audio.replaced(
        item,
        RowImage(old, {audio.KEPT: kept}),
        RowImage(new, {audio.KEPT: incoming}),
        source=SOURCE,
        reason=reason,
    )


def _trashed(loser: Member, bin_: Bin, digests: Mapping[int, str], decks: Decks | None) -> Trashed:
    was = _path(loser.row)
    return Trashed(
        loser.item_id,
        was,
        bin_.place(was),
        loser.row,
        digests.get(loser.item_id, ""),
        () if decks is None else decks.playlists_of(loser.item_id),
        _ONE,
    )


def _former(copy: Copy, kept: Member, digests: Mapping[int, str], decks: Decks | None) -> Trashed:
    """The file that a better one takes the place of."""
    old = copy.change.old
    if not isinstance(old, RowImage):
        raise TypeError("a file is known by its row")
    now = old.attributes[audio.KEPT]
    return Trashed(
        kept.item_id,
        _path(kept.row),
        now if isinstance(now, bytes) else os.fsencode(str(now)),
        kept.row,
        digests.get(kept.item_id, ""),
        () if decks is None else decks.playlists_of(kept.item_id),
        copy.change.reason,
    )


def _leaving(one: Trashed) -> Iterator[Change]:
    """The file goes to the trash, then its row leaves."""
    item = Entity.ITEM.value
    yield Change(item, one.item_id, "path", one.was, one.now, SOURCE, one.why)
    gone = replace(one.row, columns={**one.row.columns, "path": one.now})
    yield Change(item, one.item_id, WHOLE_ROW, gone, ABSENT, SOURCE, one.why)


def _emptied(host: Host, resolutions: Sequence[Resolution], bin_: Bin) -> Iterator[Change]:
    """Albums that nothing is left of leave the library, their covers with them."""
    view = host.reading()
    losers = {loser.item_id for r in resolutions for loser in r.losers}
    touched = {n for r in resolutions for m in r.losers if (n := _album(m.row)) is not None}
    empty = [n for n, items in items_of(view, touched).items() if losers.issuperset(items)]
    why = "nothing is left of it"
    for number, row in read_images(view, Entity.ALBUM, empty).items():
        cover = row.columns.get("artpath")
        if isinstance(cover, bytes) and cover and file_of(host, cover).exists():
            now = bin_.place(cover)
            yield Change(Entity.ALBUM.value, number, "artpath", cover, now, SOURCE, why)
            cover = now
        gone = replace(row, columns={**row.columns, "artpath": cover})
        yield Change(Entity.ALBUM.value, number, WHOLE_ROW, gone, ABSENT, SOURCE, why)


def _union(host: Host, group: Group, resolution: Resolution) -> Union:
    """The group as Traktor's side wants it."""
    kept, better = resolution.kept, resolution.audio
    stays = _path(kept.row)
    if better is not kept:
        stays = place_for(host, stays, _path(better.row))
    members = {str(file_of(host, _path(m.row))): m for m in (kept, *resolution.losers)}
    return Union(
        str(file_of(host, stays)),
        {p: lag_ms(group.pairs, m.item_id, better.item_id) for p, m in members.items()},
        {p: m.item_id for p, m in members.items()},
    )


def _path(row: RowImage) -> bytes:
    path = row.columns["path"]
    return path if isinstance(path, bytes) else os.fsencode(str(path))


def _album(row: RowImage) -> int | None:
    number = row.columns.get("album_id")
    return number if isinstance(number, int) else None


def _name(row: RowImage) -> str:
    """An album as a person knows it."""
    artist, album = (str(row.columns.get(name) or "").strip() for name in ("albumartist", "album"))
    return f"{artist} - {album}" if artist else album
