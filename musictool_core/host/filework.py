"""Files following their rows: what `try_sync` of beets does, in steps that a kill cannot spoil."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import beets
from beets import plugins
from beets.dbcore.pathutils import normalize_path_for_db
from beets.library.exceptions import FileOperationError
from beets.util import ancestry, samefile

from musictool_core.errors import StorageError
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.host.listening import carry_on
from musictool_core.host.safewrite import BEYOND
from musictool_core.host.tagwrite import write_items

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from beets.library import Item

    from musictool_core.host.library import Host

log = logging.getLogger(__name__)


_AT_ONCE_BYTES = 512_000_000
"""Of files that are written together: while they are copied nobody can stop the work."""


def import_writes() -> tuple[bool, bool]:
    """Whether beets' commands write tags, and move files, unless they are told otherwise."""
    chosen = beets.config["import"]
    return bool(chosen["write"].get(bool)), bool(chosen["move"].get(bool) or chosen["copy"].get())


def written_at_once(host: Host, numbers: Sequence[int]) -> int:
    """How many of these items' files, from the first on, are few enough bytes to write together."""
    images = read_images(host.reading(), Entity.ITEM, numbers, {"path"})
    total = 0
    for count, number in enumerate(numbers):
        # One that is gone costs nothing.
        with suppress(KeyError, OSError):
            total += file_of(host, images[number].columns["path"]).stat().st_size
        if total > _AT_ONCE_BYTES:
            return max(1, count)
    return len(numbers)


def write_tags(host: Host, numbers: Sequence[int]) -> list[Item | StorageError | None]:
    """Write items' tags into their files as `Item.write` of beets does.

    Returns:
        For each its item, whose new `mtime` is not stored yet; why the file cannot be written, and
        is unchanged; or None when the item is gone.
    """
    with host.paths():
        items = [host.lib.get_item(number) for number in numbers]
        ours = [item for item in items if item is not None and not _is_beyond(item)]
        errors = dict(zip(map(id, ours), write_items(ours), strict=True))
        for item in items:
            if item is not None and _is_beyond(item):
                errors[id(item)] = _written_by_beets(item)
    return [_told(item, errors.get(id(item))) for item in items]


def _is_beyond(item: Item) -> bool:
    return item.filepath.suffix.lower() in BEYOND


def _written_by_beets(item: Item) -> FileOperationError | None:
    try:
        item.write()
    except FileOperationError as error:
        return error
    return None


def _told(item: Item | None, error: FileOperationError | None) -> Item | StorageError | None:
    if error is None:
        return item
    told = StorageError(str(error))
    told.__cause__ = error
    return told


def store_written(host: Host, items: Iterable[Item]) -> None:
    """Store items after their files were written, as beets does; plugins are told."""
    with host.paths():
        for item in items:
            # A listener of the write may have set more than the new `mtime`.
            with carry_on(log):
                item.store()


def place_of(host: Host, number: int, taken: Collection[bytes]) -> tuple[bytes, bytes] | None:
    """Where an item's file lies and where it is to lie, as stored paths; None when it stays.

    Args:
        host: the library.
        number: the item.
        taken: stored paths that others are about to get.
    """
    with host.paths():
        item = host.lib.get_item(number)
        if item is None or host.lib.directory not in ancestry(item.path):
            return None
        wanted = item.destination()
        if wanted == item.path or not item.filepath.exists():
            return None
        return _stored(item.path), _stored(_free(wanted, item.path, taken))


def cover_place(host: Host, number: int) -> tuple[bytes, bytes] | None:
    """The same for the cover of an album: beside its first track."""
    with host.paths():
        album = host.lib.get_album(number)
        cover = album.artpath if album else None
        if album is None or not cover or not album.items() or not Path(os.fsdecode(cover)).exists():
            return None
        wanted = album.art_destination(cover)
        if host.lib.directory not in ancestry(wanted):
            # Tracks that lie elsewhere are not moved; nobody wants their cover to be.
            return None
        return None if wanted == cover else (_stored(cover), _stored(_free(wanted, cover, ())))


def new_cover_place(host: Host, number: int, ending: str) -> bytes | None:
    """Where the first cover of an album is to lie, as a stored path; None when it has no tracks."""
    with host.paths():
        album = host.lib.get_album(number)
        if album is None or not album.items():
            return None
        wanted = album.art_destination(os.fsencode(f"cover{ending}"))
        return _stored(_free(wanted, b"", ()))


def tell_moves(host: Host, event: str, moves: Iterable[tuple[int, bytes, bytes]]) -> None:
    """Send `before_item_moved` or `item_moved` of (item, from, to), paths as stored."""
    with host.paths():
        for number, source, destination in moves:
            with carry_on(log):
                item = host.lib.get_item(number)
                if item is not None:
                    # Their senders know no type for a name that is not literal.
                    plugins.send(  # type: ignore[call-overload]
                        event,
                        item=item,
                        source=os.fsencode(file_of(host, source)),
                        destination=os.fsencode(file_of(host, destination)),
                    )


def _stored(path: bytes) -> bytes:
    return bytes(normalize_path_for_db(path) or b"")


def _free(wanted: bytes, present: bytes, taken: Collection[bytes]) -> bytes:
    """The wanted path, or that with the first number that nobody has.

    As beets does, but a file that has such a number already keeps it.
    """
    base, ending = os.path.splitext(wanted)  # noqa: PTH122 - bytes
    candidate, count = wanted, 0
    while candidate != present and (
        _stored(candidate) in taken
        or (os.path.lexists(candidate) and not samefile(candidate, present))
    ):
        count += 1
        candidate = base + f".{count}".encode() + ending
    return candidate
