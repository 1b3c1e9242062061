"""Which covers are the same picture: within an album, and on albums that are not. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.quality.art.values import Likeness, compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.quality.art.values import PictureFacts

LEAST_ALBUMS = 3
"""Albums of as many artists that share a picture before it counts as a placeholder."""

_Look = tuple[int | None, tuple[int, ...]]

_BANDS = 4
_BAND_BITS = 64 // _BANDS


@dataclass(frozen=True, slots=True)
class Sleeve:
    """A cover among others.

    Attributes:
        key: of the album, as the caller numbers them.
        artist: of the album, as a key to compare; "" when unknown.
        label: the same of its label.
    """

    key: int
    picture: PictureFacts
    artist: str
    label: str


def shared(sleeves: Sequence[Sleeve]) -> list[tuple[int, ...]]:
    """Groups of albums that show the same picture, each with two albums or more.

    Copies differ by a bit or two of the hash; those that have no 16 bits of it in common are not
    found, so that 100,000 albums take seconds.
    """
    same: dict[_Look, list[int]] = defaultdict(list)
    shown: dict[_Look, PictureFacts] = {}
    for sleeve in sleeves:
        # Plain pictures are on many records by design.
        if not sleeve.picture.error and sleeve.picture.hash is not None:
            look = (sleeve.picture.hash, sleeve.picture.colours)
            same[look].append(sleeve.key)
            shown.setdefault(look, sleeve.picture)
    keys, pictures = list(same.values()), list(shown.values())
    alike = _alike(pictures)
    groups, taken = [], set[int]()
    # About one in the middle: chains of pictures, each a little different, are no group.
    for one in sorted(range(len(keys)), key=lambda place: (-len(alike[place]), place)):
        if one in taken:
            continue
        members = [one, *(place for place in sorted(alike[one]) if place not in taken)]
        taken.update(members)
        albums = sorted(key for place in members for key in keys[place])
        if len(albums) > 1:
            groups.append(tuple(albums))
    return groups


def placeholders(sleeves: Sequence[Sleeve]) -> list[tuple[int, ...]]:
    """Groups of albums of several artists and labels that share a picture."""
    known = {each.key: each for each in sleeves}
    found = []
    for keys in shared(sleeves):
        members = [known[key] for key in keys]
        artists = {each.artist for each in members}
        labels = {each.label for each in members}
        # Labels have sleeves of their own for many records; what nobody knows says nothing.
        is_of_label = len(labels) == 1 and "" not in labels
        if "" not in artists and len(artists) >= LEAST_ALBUMS and not is_of_label:
            found.append(keys)
    return found


def odd_ones(pictures: Mapping[int, PictureFacts]) -> dict[int, Likeness]:
    """Which tracks of one album show another picture than most of it.

    Args:
        pictures: by track.

    Returns:
        Those tracks; `REVIEW` where it may be the same picture, too.
    """
    keys = sorted(pictures)
    # Most albums show one picture in all tracks.
    looks: dict[_Look, list[int]] = defaultdict(list)
    for key in keys:
        looks[pictures[key].hash, pictures[key].colours].append(key)
    if len(looks) < 2:
        return {}
    firsts = [members[0] for members in looks.values()]
    agreeing = {
        one: sum(
            len(members)
            for members in looks.values()
            if compare(pictures[one], pictures[members[0]]) is Likeness.SAME
        )
        for one in firsts
    }
    usual = max(firsts, key=lambda key: (agreeing[key], -key))
    compared = {key: compare(pictures[usual], pictures[key]) for key in keys}
    return {key: found for key, found in compared.items() if found is not Likeness.SAME}


def _alike(pictures: Sequence[PictureFacts]) -> dict[int, set[int]]:
    """For each picture the places of those that look the same."""
    found: dict[int, set[int]] = {place: set() for place in range(len(pictures))}
    for places in _buckets(pictures):
        for index, one in enumerate(places):
            for other in places[index + 1 :]:
                if compare(pictures[one], pictures[other]) is Likeness.SAME:
                    found[one].add(other)
                    found[other].add(one)
    return found


def _buckets(pictures: Sequence[PictureFacts]) -> Iterator[list[int]]:
    """Places of pictures whose hashes have a quarter in common."""
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        for band in range(_BANDS):
            part = ((picture.hash or 0) >> (band * _BAND_BITS)) & ((1 << _BAND_BITS) - 1)
            buckets[band, part].append(place)
    yield from (places for places in buckets.values() if len(places) > 1)
