"""Records with what is known of the covers of their files and albums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.host import mediafiles
from musictool_core.host.tracks import in_parts
from musictool_core.quality.art import gathering
from musictool_core.quality.health.rules.art import COVER, EMBEDDED, TYPES
from musictool_core.safeio.pictures import front_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.library import Host
    from musictool_core.quality.health.model import Record


def with_covers(host: Host, records: Mapping[int, Record]) -> dict[int, Record]:
    """Records with their pictures, where files are as they were looked at."""
    found: dict[int, Record] = dict(records)
    for part in in_parts(list(records)):
        items = mediafiles.item_files(host, part)
        albums = {file.album_id for file in items.values() if file.album_id is not None}
        covers = mediafiles.album_pictures(host, albums)
        paths = {file.path for file in items.values()} | {path for path in covers.values() if path}
        try:
            known = gathering.pictures_of(host, paths)
        except StorageError:
            # Without the cache nothing is known of files; who reads them is told what is wrong.
            return dict(records)
        for number, file in items.items():
            cover = covers.get(file.album_id) if file.album_id is not None else None
            own = known.get(file.path)
            if own is None or (cover and cover not in known and cover.exists()):
                continue
            of_album = known.get(cover, ()) if cover else ()
            front = front_of(own)
            found[number] = {
                **records[number],
                COVER: of_album[0].facts if of_album else None,
                EMBEDDED: front.facts if front else None,
                TYPES: tuple(each.type for each in own),
            }
    return found
