"""Covers of albums and tracks: which picture, how large, which colours, under which address.

An album shows the cover file that beets knows, else the picture in one of its first files; a track
shows the cover of its album, else the picture in its own file. What was found is kept with the size
and time of the files it was found in, so a changed file is seen at once; thumbnails are kept by the
content of the picture, so an address with the version never changes what it shows.
"""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import asdict, dataclass
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError
from musictool_core.host import mediafiles
from musictool_core.host.entities import Entity
from musictool_core.safeio.pictures import front_of, read_pictures
from musictool_web.media import pictures
from musictool_web.media.answers import PENDING, Missing, Status
from musictool_web.media.colours import Colours
from musictool_web.media.work import Busy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_web.media.cache import MediaCache
    from musictool_web.media.work import Workers

log = logging.getLogger(__name__)

SIZES = (64, 128, 256, 320, 640)
"""Longest sides in pixels that there are; any other is refused."""

MIMETYPE = "image/webp"

_FIRST_FILES = 3
"""Files of an album that are searched for a picture."""

_RULES = 1
"""Raised when thumbnails or colours are made in another way."""

NO_COVER = Missing(Status.NONE, "No cover.")
_TOO_LARGE = Missing(
    Status.UNREADABLE, f"The picture has more than {pictures.MOST_BYTES // 10**6} MB."
)


class Known(Enum):
    """Whether there is a cover."""

    COVER = "cover"
    NONE = "none"
    UNKNOWN = "unknown"
    """Not looked at yet; asking for a thumbnail looks."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What a page needs to show a cover.

    Attributes:
        known: whether there is one.
        version: for the address (`?v=`): names the content of the picture; "" unless known.
        colours: None unless known.
        reason: why there is none, when a picture is there but cannot be shown.
    """

    known: Known
    version: str = ""
    colours: Colours | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture to send.

    Attributes:
        content: WebP.
        version: names the content of the picture it was made from.
        size: the size asked for.
    """

    content: bytes
    version: str
    size: int

    @property
    def etag(self) -> str:
        """Names these bytes."""
        return f"{self.version}-{self.size}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A file that may hold the picture, as it was when it was looked at."""

    path: Path
    is_picture: bool
    size: int
    mtime_ns: int


_Places = tuple[_Place, ...]


class Covers:
    """Covers of one library. One object serves all threads.

    Args:
        host: the library.
        cache: where thumbnails are kept.
        workers: where pictures are decoded.
        wait_s: how long a request waits for its picture.
    """

    def __init__(
        self, host: Host, cache: MediaCache, workers: Workers, *, wait_s: float = 10.0
    ) -> None:
        self._host = host
        self._cache = cache
        self._workers = workers
        self._wait_s = wait_s

    def describe(self, entity: Entity, ids: Collection[int]) -> dict[int, Cover]:
        """What is known about the covers of a page, without opening any file."""
        places = self._places(entity, ids)
        keys = {number: _key(found) for number, found in places.items() if found}
        facts = self._cache.facts(set(keys.values()))
        return {
            number: _cover(facts.get(keys[number])) if number in keys else Cover(Known.NONE)
            for number in ids
        }

    def cover(self, entity: Entity, number: int) -> Cover:
        """The cover of one album or track; looks at the picture when it is not known yet."""
        found = self.describe(entity, [number])[number]
        if found.known is Known.UNKNOWN:
            self.thumbnail(entity, number, SIZES[0])
            found = self.describe(entity, [number])[number]
        return found

    def thumbnail(self, entity: Entity, number: int, size: int) -> Thumbnail | Missing:
        """The cover, at most `size` pixels a side.

        Raises:
            MusicToolError: there is no such size.
        """
        if size not in SIZES:
            listed = ", ".join(map(str, SIZES))
            raise MusicToolError(f"covers have no size {size}.", hint=f"Sizes are {listed}.")
        places = self._places(entity, [number])[number]
        if not places:
            return NO_COVER
        key = _key(places)
        facts = self._cache.facts([key]).get(key)
        if facts is not None:
            if "version" not in facts:
                return _missing(facts)
            kept = self._cache.get(_thumbnail_key(facts["version"], size))
            if kept is not None:
                return Thumbnail(kept.content, facts["version"], size)
        try:
            return self._workers.run(
                (key, size), lambda: self._make(key, places, size), wait_s=self._wait_s
            )
        except Busy:
            return PENDING

    def _places(self, entity: Entity, ids: Collection[int]) -> dict[int, _Places]:
        found = self._album_places(ids) if entity is Entity.ALBUM else self._item_places(ids)
        return {number: found.get(number, ()) for number in ids}

    def _album_places(self, ids: Collection[int]) -> dict[int, _Places]:
        known = mediafiles.album_pictures(self._host, ids)
        found = {
            number: _existing((path, True) for path in [known[number]] if path) for number in known
        }
        bare = [number for number, places in found.items() if not places]
        if bare:
            files = mediafiles.first_files(self._host, bare, _FIRST_FILES)
            for number in bare:
                found[number] = _existing((file.path, False) for file in files[number])
        return found

    def _item_places(self, ids: Collection[int]) -> dict[int, _Places]:
        files = mediafiles.item_files(self._host, ids)
        albums = {file.album_id for file in files.values() if file.album_id is not None}
        pictures_of = mediafiles.album_pictures(self._host, albums)
        found = {}
        for number, file in files.items():
            picture = pictures_of.get(file.album_id) if file.album_id is not None else None
            places = _existing((path, True) for path in [picture] if path)
            found[number] = places or _existing([(file.path, False)])
        return found

    def _make(self, key: str, places: _Places, size: int) -> Thumbnail | Missing:
        data = _find_picture(places)
        if isinstance(data, Missing):
            return self._keep_nothing(key, data)
        try:
            picture = pictures.open_picture(data, side=size)
        except pictures.BadPicture as error:
            return self._keep_nothing(key, Missing(Status.UNREADABLE, str(error)))
        version = blake2b(data, digest_size=8, salt=bytes([_RULES])).hexdigest()
        made = Thumbnail(pictures.to_webp(picture), version, size)
        colours = asdict(pictures.picture_colours(picture))
        self._cache.put(_thumbnail_key(version, size), made.content)
        if key not in self._cache.facts([key]):
            self._cache.put(key, facts={"version": version, "colours": colours})
        return made

    def _keep_nothing(self, key: str, missing: Missing) -> Missing:
        self._cache.put(key, facts={"status": missing.status.value, "reason": missing.reason})
        return missing


def initials(name: str) -> str:
    """Up to two letters for a sleeve without a cover, "" when a name has none."""
    words = [word for word in name.split() if any(map(str.isalnum, word))]
    firsts = [next(filter(str.isalnum, word)) for word in words]
    return "".join(firsts[:2]).upper()


def size_for(side: int) -> int:
    """The smallest size that is not smaller than this many pixels, else the largest."""
    return next((size for size in SIZES if size >= side), SIZES[-1])


def _existing(candidates: Iterable[tuple[Path, bool]]) -> _Places:
    """Those that are files, as they are now."""
    found = []
    for path, is_picture in candidates:
        try:
            facts = path.stat()
        except (OSError, ValueError):
            continue
        # Opening a pipe would wait for a writer.
        if stat.S_ISREG(facts.st_mode):
            found.append(_Place(path, is_picture, facts.st_size, facts.st_mtime_ns))
    return tuple(found)


def _find_picture(places: _Places) -> bytes | Missing:
    """The bytes of the first picture there is."""
    refused = NO_COVER
    for place in places:
        try:
            data = _read(place) if place.is_picture else _embedded(place)
        except Exception as error:  # noqa: BLE001 - readers of strangers' tags raise anything
            log.debug("no picture in %s: %s", place.path, error)
            continue
        if data is not None and len(data) <= pictures.MOST_BYTES:
            return data
        refused = _TOO_LARGE if data is not None else refused
    return refused


def _read(place: _Place) -> bytes:
    with place.path.open("rb") as file:
        return file.read(pictures.MOST_BYTES + 1)


def _embedded(place: _Place) -> bytes | None:
    """The front cover in the tags of a file, else its first picture."""
    found = front_of(read_pictures(place.path))
    return found.data if found else None


def _key(places: _Places) -> str:
    parts = [
        f"{place.size} {place.mtime_ns} ".encode() + os.fsencode(place.path) for place in places
    ]
    digest = blake2b(b"\0".join(parts), digest_size=16, salt=bytes([_RULES]))
    return f"cover:{digest.hexdigest()}"


def _thumbnail_key(version: str, size: int) -> str:
    return f"thumbnail:{version}:{size}"


def _cover(facts: Mapping[str, object] | None) -> Cover:
    if facts is None:
        return Cover(Known.UNKNOWN)
    if "version" not in facts:
        missing = _missing(facts)
        reason = missing.reason if missing.status is not Status.NONE else ""
        return Cover(Known.NONE, reason=reason)
    colours = facts["colours"]
    made = Colours(**colours) if isinstance(colours, dict) else None
    return Cover(Known.COVER, str(facts["version"]), made)


def _missing(facts: Mapping[str, object]) -> Missing:
    return Missing(Status(facts["status"]), str(facts["reason"]))
