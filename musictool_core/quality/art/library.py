"""Covers of the library's albums as they were looked at, judged; reads, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.host import mediafiles
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.items import find_albums
from musictool_core.host.tracks import in_parts
from musictool_core.matching.text import text_key
from musictool_core.quality.art import alike, gathering, judge
from musictool_core.quality.art.values import Likeness, compare
from musictool_core.safeio.pictures import front_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.host.entities import RowImage
    from musictool_core.host.library import Host
    from musictool_core.quality.art.gathering import Shown
    from musictool_core.quality.art.judge import ArtLoss, ArtScore, Wanted
    from musictool_core.quality.art.values import PictureFacts

_FIELDS = ("album", "albumartist", "label")


@dataclass(frozen=True, slots=True)
class AlbumArt:
    """The cover of an album.

    Attributes:
        path: file that holds the picture: its own, or that of a track; None when there is none.
        is_embedded: it stands in the tags of that file.
        picture: None when there is none.
        same_as: other albums that show the same picture.
        score: what it is worth, and why.
    """

    album_id: int
    album: str
    albumartist: str
    path: Path | None
    is_embedded: bool
    picture: PictureFacts | None
    same_as: tuple[int, ...]
    score: ArtScore


@dataclass(frozen=True, slots=True)
class _Known:
    row: RowImage
    path: Path | None
    is_embedded: bool
    picture: PictureFacts | None
    further: tuple[ArtLoss, ...]


def read_art(host: Host, album_ids: Collection[int], wanted: Wanted) -> list[AlbumArt]:
    """Covers of albums, the worst first; albums that nobody looked at are left out.

    Raises:
        StorageError: the cache cannot be read.
    """
    found: dict[int, _Known] = {}
    asked = set(album_ids)
    others = [number for number in find_albums(host, ()) if number not in asked]
    # Of others only the cover counts, which may be on those as well.
    for ids, most in ((sorted(asked), _MOST_FILES), (others, 1)):
        for part in in_parts(ids):
            found.update(_read(host, part, most))
    sleeves = [
        alike.Sleeve(number, each.picture, _key(each, "albumartist"), _key(each, "label"))
        for number, each in found.items()
        if each.picture is not None
    ]
    same = {number: group for group in alike.shared(sleeves) for number in group}
    spread = {number: len(g) for g in alike.placeholders(sleeves) for number in g}
    rows = [
        _judged(number, found[number], same.get(number, ()), spread.get(number, 0), wanted)
        for number in asked & found.keys()
    ]
    return sorted(rows, key=lambda each: (each.score.score, each.album_id))


def items_of(host: Host, album_ids: Collection[int]) -> list[int]:
    """Items of albums."""
    files = mediafiles.first_files(host, album_ids, _MOST_FILES)
    return [file.item_id for found in files.values() for file in found]


_MOST_FILES = 10_000


def _read(host: Host, ids: Sequence[int], most: int) -> Iterator[tuple[int, _Known]]:
    rows = read_images(host.reading(), Entity.ALBUM, ids, _FIELDS)
    covers = mediafiles.album_pictures(host, ids)
    files = mediafiles.first_files(host, ids, most)
    paths = {file.path for found in files.values() for file in found}
    known = gathering.pictures_of(host, paths | {path for path in covers.values() if path})
    for number, row in rows.items():
        cover = covers[number]
        own = {file.path: known[file.path] for file in files[number] if file.path in known}
        if not own and cover not in known:
            continue
        yield number, _of_album(row, cover, known.get(cover, ()) if cover else (), own)


def _of_album(
    row: RowImage, cover: Path | None, of_file: Sequence[Shown], own: Mapping[Path, Sequence[Shown]]
) -> _Known:
    fronts = {path: front for path, found in own.items() if (front := front_of(found))}
    further = tuple(_beside(of_file, own, fronts))
    if of_file:
        return _Known(row, cover, False, of_file[0].facts, further)
    for path, front in fronts.items():
        return _Known(row, path, True, front.facts, further)
    return _Known(row, None, False, None, further)


def _beside(
    of_file: Sequence[Shown], own: Mapping[Path, Sequence[Shown]], fronts: Mapping[Path, Shown]
) -> Iterator[ArtLoss]:
    """What is wrong beside the picture itself."""
    pictures = dict(enumerate(front.facts for front in fronts.values()))
    odd = len(alike.odd_ones(pictures))
    if odd:
        yield judge.differs_fault(f"{odd} of {len(pictures)} tracks show another picture")
    elif of_file and pictures and compare(of_file[0].facts, pictures[0]) is not Likeness.SAME:
        yield judge.differs_fault("the tracks show another picture than the cover file")
    for found in own.values():
        types = [each.type for each in found if each.type is not None]
        fault = judge.types_fault(types) if len(types) == len(found) else None
        if fault:
            yield fault
            return


def _judged(
    number: int, known: _Known, same: Sequence[int], spread: int, wanted: Wanted
) -> AlbumArt:
    further = [*known.further, *([judge.placeholder_fault(spread)] if spread else [])]
    return AlbumArt(
        number,
        _text(known.row, "album"),
        _text(known.row, "albumartist"),
        known.path,
        known.is_embedded,
        known.picture,
        tuple(each for each in same if each != number),
        judge.assess(known.picture, wanted, further),
    )


def _text(row: RowImage, name: str) -> str:
    value = row.value(name)
    return value if isinstance(value, str) else ""


def _key(known: _Known, name: str) -> str:
    return text_key(_text(known.row, name))
