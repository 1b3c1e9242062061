"""Records of the library, and patches as changes of a change set; reads, writes nothing."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from musictool_core.changes.container import value_of
from musictool_core.changes.files import PLACE
from musictool_core.changes.model import CONTAINER_TARGET, FILE_TARGET, Change
from musictool_core.changes.net import same
from musictool_core.host.entities import ABSENT, Entity, RowImage, Value, albums_of, read_images
from musictool_core.host.tracks import in_parts, is_column, is_list, join_list, split_list
from musictool_core.quality.health.rules.files import PREFIX
from musictool_core.quality.health.score import FIELDS as SCORED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.quality.health.model import Patch, Record

SOURCE = "quality health"

_OF_ALBUMS = "artpath"
_JUDGED = (
    *(
        "artist",
        "title",
        "album",
        "albumartist",
        "artist_sort",
        "albumartist_sort",
        "label",
        "genre",
        "genres",
        "catalognum",
    ),
    *(
        "comments",
        "comp",
        "track",
        "tracktotal",
        "disc",
        "disctotal",
        "bpm",
        "initial_key",
        "energy",
    ),
    *("year", "month", "day", "original_year", "original_month", "original_day", "date"),
    *("albumdisambig", "isrc", "barcode", "data_source", "discogs_albumid", "format", "album_id"),
    *("mb_trackid", "mb_albumid", "mb_artistid", "mb_albumartistid", "mb_releasegroupid"),
    *("mb_releasetrackid", "mb_workid", "rg_track_gain"),
    *("analysis_bpm", "analysis_bpm_stable", "analysis_key", "analysis_version"),
    *("traktor_bpm", "traktor_rating", "traktor_ranking", "traktor_imported"),
    *("traktor_analysed", "traktor_cue_count", "traktor_perceived_db"),
)
_PATH = "path"
_ORDER = {CONTAINER_TARGET: 1, FILE_TARGET: 2}
_FIELDS = frozenset({*_JUDGED, *SCORED, _PATH} - {_OF_ALBUMS})


def read_records(view: Tx, ids: Sequence[int]) -> dict[int, Record]:
    """Records of items, by their number; those that are gone are left out."""
    records: dict[int, Record] = {}
    for part in in_parts(list(ids)):
        images = read_images(view, Entity.ITEM, part, _FIELDS)
        albums = {image.value("album_id") for image in images.values()}
        numbers = {number for number in albums if isinstance(number, int)}
        covers = read_images(view, Entity.ALBUM, numbers, (_OF_ALBUMS,))
        for number in part:
            if number in images:
                records[number] = _record(images[number], covers)
    return records


def _record(image: RowImage, covers: Mapping[int, RowImage]) -> Record:
    values = {**image.columns, **image.attributes}
    path = values.pop(_PATH, None)
    record: dict[str, object] = {
        name: list(split_list(value)) if is_list(name) else value for name, value in values.items()
    }
    if isinstance(path, bytes):
        # For rules it is a name; what opens files takes its own bytes.
        record[_PATH] = path.decode("utf-8", "replace").replace(os.sep, "/")
    album = record.get("album_id")
    if isinstance(album, int) and album in covers:
        record[_OF_ALBUMS] = covers[album].value(_OF_ALBUMS)
    elif album is None:
        # Nobody expects a number of a track that has no album.
        record.pop("track", None)
    if not record.get("bpm"):
        # beets writes 0 for a tempo that is not known: it is missing, not wrong.
        record.pop("bpm", None)
    return record


def plan_patches(
    host: Host, patches: Mapping[int, Patch], reason: str, known: Mapping[int, Record]
) -> list[Change]:
    """Changes that make the patches true; the album follows where it says the same as its track.

    Args:
        host: the library.
        patches: new values by item and field; of `path` the new ending counts.
        reason: of the changes.
        known: records of the items, with what is known of their files.
    """
    view = host.reading()
    changes: dict[tuple[str, int, str], Change] = {}
    for part in in_parts(list(patches)):
        fields = {name for number in part for name in patches[number] if not _is_fact(name)}
        images = read_images(view, Entity.ITEM, part, fields)
        homes = albums_of(view, images)
        albums = read_images(view, Entity.ALBUM, set(homes.values()), fields)
        for number, image in images.items():
            home = homes.get(number, 0)
            of_album = (home, albums[home]) if home in albums else None
            for change in (
                *_changes(number, image, of_album, patches[number], reason),
                *_of_file(number, image, patches[number], reason, known[number]),
            ):
                changes.setdefault((change.target, change.entity_id, change.field), change)
    # Tags are mended, and files renamed, when the rows are written.
    return sorted(changes.values(), key=lambda change: _ORDER.get(change.target, 0))


def _of_file(
    number: int, image: RowImage, patch: Patch, reason: str, record: Record
) -> Iterator[Change]:
    """How the tags of a file are to be written, and what ending it is to have."""
    for name, value in patch.items():
        if _is_fact(name):
            old, new = value_of(record.get(name)), value_of(value)
            if not same(old, new):
                fact = name.removeprefix(PREFIX)
                yield Change(CONTAINER_TARGET, number, fact, old, new, SOURCE, reason)
        elif name == _PATH and isinstance(path := image.columns[_PATH], bytes):
            stem, _ = os.path.splitext(path)  # noqa: PTH122 - bytes
            renamed = stem + PurePosixPath(str(value)).suffix.encode()
            yield Change(FILE_TARGET, number, PLACE, path, renamed, SOURCE, reason)


def _is_fact(name: str) -> bool:
    return name.startswith(PREFIX)


def _changes(
    number: int, image: RowImage, album: tuple[int, RowImage] | None, patch: Patch, reason: str
) -> Iterator[Change]:
    for field, value in patch.items():
        if _is_fact(field) or field == _PATH:
            continue
        old, new = image.value(field), _stored(field, value)
        if same(old, new):
            continue
        yield Change(Entity.ITEM.value, number, field, old, new, SOURCE, reason)
        if album and field in album[1].columns and same(album[1].value(field), old):
            yield Change(Entity.ALBUM.value, album[0], field, old, new, SOURCE, reason)


def _stored(field: str, value: object) -> Value:
    if isinstance(value, list | tuple):
        return join_list([str(part) for part in value])
    if not isinstance(value, str | int | float):
        return ABSENT
    return value if is_column(field) else str(value)


def plain(field: str, value: object) -> object:
    """A stored value as JSON has it; None for what is not there."""
    if is_list(field) and isinstance(value, str):
        return list(split_list(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float) else None
