"""Pictures that the sources of beets' `fetchart` plugin have for an album; the only door to them.

fetchart itself takes the first picture that its limits let through. Here each source is asked, and
all that it has is handed over.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import plugins

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Album

    from musictool_core.host.library import Host

log = logging.getLogger(__name__)

PLUGIN = "fetchart"

MOST_BYTES = 64_000_000
_MOST_OF_A_SOURCE = 4


@dataclass(frozen=True, slots=True)
class Offered:
    """A picture of a source, named as in fetchart's `sources`."""

    source: str
    data: bytes


def offered(host: Host, album_id: int) -> Iterator[Offered]:
    """Pictures for an album, in the order of the sources; a source that fails has none.

    Raises:
        MusicToolError: the user did not enable fetchart.
    """
    found: list[Any] = [each for each in plugins.find_plugins() if each.name == PLUGIN]
    if not found:
        raise MusicToolError(
            "better covers come from the sources of beets' fetchart plugin.",
            hint="Add fetchart to `plugins`.",
        )
    with host.paths():
        album = host.lib.get_album(album_id)
        if album is None:
            return
        for source in found[0].sources:
            yield from _of_source(found[0], source, album)


def _of_source(plugin: Any, source: Any, album: Album) -> Iterator[Offered]:
    try:
        folders = [album.path] if album.items() else None
        for candidate in islice(source.get(album, plugin, folders), _MOST_OF_A_SOURCE):
            source.fetch_image(candidate, plugin)
            data = _content(candidate.path)
            if source.LOC != "local":
                source.cleanup(candidate)
            if data is not None:
                yield Offered(str(source.ID), data)
    except Exception as error:  # noqa: BLE001 - sources are of strangers, and so are their answers
        log.warning("%s: %s", source.ID, error)


def _content(path: bytes | None) -> bytes | None:
    if path is None:
        return None
    with suppress(OSError):
        file = Path(os.fsdecode(path))
        if file.stat().st_size <= MOST_BYTES:
            return file.read_bytes()
    return None
