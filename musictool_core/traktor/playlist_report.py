"""What a playlist holds: tracks, gaps, doubles, genres, and how keys and tempos follow each other.

Also a playlist as M3U8 text for other players.
Units: seconds, BPM; changes of tempo in percent.
Pure.
"""

from __future__ import annotations

import ntpath
import posixpath
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from musictool_core.music.keys import NOTES, Key, parse_key
from musictool_core.traktor.locations import split_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.music import ItemId
    from musictool_core.traktor.values import TrackKey

TEMPO_FITS = 6.0
"""Percent that decks and ears bear with a pitch fader."""


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """A track as far as a playlist goes.

    Attributes:
        key_value: MUSICAL_KEY, 0 to 23; None when not analysed.
        key_text: of the file's tag; read when there is no value.
        genres: as the library or Traktor has them.
        item_id: None when it is not in beets.
        path: on this computer; None when unknown.
        exists: whether the file is there; None when it was not looked for.
    """

    key: TrackKey
    artist: str = ""
    title: str = ""
    genres: tuple[str, ...] = ()
    key_value: int | None = None
    key_text: str = ""
    bpm: float | None = None
    length_s: float | None = None
    item_id: ItemId | None = None
    path: str | None = None
    exists: bool | None = None

    @property
    def musical_key(self) -> Key | None:
        """Its key; None when unknown."""
        if self.key_value is None:
            return parse_key(self.key_text)
        return key_of_value(self.key_value)


class Fit(Enum):
    """How a key follows another."""

    SAME = "same"
    FITS = "fits"
    CLASHES = "clashes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """From one track of a playlist to the next.

    Attributes:
        position: of the second one, from 1.
        tempo_change: percent, half and double time taken as the same; None when unknown.
    """

    position: int
    key_fit: Fit
    tempo_change: float | None

    @property
    def is_rough(self) -> bool:
        """Whether key or tempo is known not to fit."""
        jumps = self.tempo_change is not None and abs(self.tempo_change) > TEMPO_FITS
        return jumps or self.key_fit is Fit.CLASHES


@dataclass(frozen=True, slots=True)
class PlaylistReport:
    """What a playlist holds; positions count from 1.

    Attributes:
        tracks: in order, with repeats; None for a key that the collection does not have.
        length_s: of all whose length is known.
        missing: positions whose file is not there.
        not_in_library: positions of tracks that are not in beets.
        not_in_collection: positions of keys that no entry has; Traktor drops these silently.
        repeated: key, and its positions, of what is there more than once.
        genres: how many tracks have each, the most first.
        keys: the same, in Camelot's form.
        bpm: lowest and highest; None when none is known.
        steps: one less than tracks.
    """

    name: str
    tracks: tuple[ListedTrack | None, ...]
    length_s: float
    missing: tuple[int, ...]
    not_in_library: tuple[int, ...]
    not_in_collection: tuple[int, ...]
    repeated: tuple[tuple[TrackKey, tuple[int, ...]], ...]
    genres: tuple[tuple[str, int], ...]
    keys: tuple[tuple[str, int], ...]
    bpm: tuple[float, float] | None
    steps: tuple[Step, ...]


def key_of_value(value: int) -> Key | None:
    """The key of a MUSICAL_KEY: 0 to 11 C to B major, 12 to 23 minor; None for other numbers."""
    if not 0 <= value < 24:
        return None
    return parse_key(NOTES[value % 12] + ("m" if value >= 12 else ""))


def make_report(
    name: str, keys: Sequence[TrackKey], tracks: Mapping[TrackKey, ListedTrack]
) -> PlaylistReport:
    """Look through a playlist.

    Args:
        name: of the playlist.
        keys: in order, with repeats.
        tracks: of the collection, by key.
    """
    listed = tuple(tracks.get(key) for key in keys)
    known = [(position, track) for position, track in enumerate(listed, 1) if track is not None]
    tempos = [track.bpm for _, track in known if track.bpm]
    found_keys = [key for _, track in known if (key := track.musical_key) is not None]
    return PlaylistReport(
        name=name,
        tracks=listed,
        length_s=sum(track.length_s or 0.0 for _, track in known),
        missing=tuple(position for position, track in known if track.exists is False),
        not_in_library=tuple(position for position, track in known if track.item_id is None),
        not_in_collection=tuple(n for n, track in enumerate(listed, 1) if track is None),
        repeated=_repeated(keys),
        genres=_counted([genre for _, track in known for genre in track.genres]),
        keys=_counted([key.camelot for key in found_keys]),
        bpm=(min(tempos), max(tempos)) if tempos else None,
        steps=tuple(
            _step(position, *pair) for position, pair in enumerate(pairwise(listed), start=2)
        ),
    )


@dataclass(frozen=True, slots=True)
class M3u:
    """A playlist as text.

    Attributes:
        text: of the file; encode it with `encode_m3u8`.
        left_out: positions of tracks without a path, or with one that a line cannot hold.
    """

    text: str
    left_out: tuple[int, ...]


def make_m3u8(
    name: str,
    keys: Sequence[TrackKey],
    tracks: Mapping[TrackKey, ListedTrack],
    *,
    folder: str | None = None,
) -> M3u:
    """Write a playlist as extended M3U8.

    Args:
        name: of the playlist.
        keys: in order, with repeats.
        tracks: of the collection, by key.
        folder: where the file will be; paths become relative to it where they can. None: whole
            paths.
    """
    lines = ["#EXTM3U", "#EXTENC:UTF-8", f"#PLAYLIST:{_one_line(name)}"]
    left_out = []
    for position, key in enumerate(keys, start=1):
        track = tracks.get(key)
        path = None if track is None else track.path
        if track is None or path is None or "\n" in path or "\r" in path:
            left_out.append(position)
            continue
        length = -1 if track.length_s is None else round(track.length_s)
        label = " - ".join(_one_line(part) for part in (track.artist, track.title) if part)
        lines += [f"#EXTINF:{length},{label}", _place(path, folder)]
    return M3u("\n".join(lines) + "\n", tuple(left_out))


def encode_m3u8(text: str) -> bytes:
    """The bytes of the file: UTF-8 without a mark; names that are no UTF-8 keep their bytes."""
    return text.encode("utf-8", errors="surrogateescape")


def _place(path: str, folder: str | None) -> str:
    place = path
    if folder is not None:
        ours, theirs = split_path(folder)[0], split_path(path)[0]
        rules = ntpath if theirs else posixpath
        # From one drive to another no relative path leads.
        if ours.lower() == theirs.lower():
            place = rules.relpath(path, folder)
    return f"./{place}" if place.startswith("#") else place


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _repeated(keys: Sequence[TrackKey]) -> tuple[tuple[TrackKey, tuple[int, ...]], ...]:
    places: dict[TrackKey, list[int]] = {}
    for position, key in enumerate(keys, start=1):
        places.setdefault(key, []).append(position)
    return tuple((key, tuple(found)) for key, found in places.items() if len(found) > 1)


def _counted(values: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _step(position: int, before: ListedTrack | None, after: ListedTrack | None) -> Step:
    if before is None or after is None:
        return Step(position, Fit.UNKNOWN, None)
    return Step(
        position,
        _fit(before.musical_key, after.musical_key),
        _tempo_change(before.bpm, after.bpm),
    )


def _fit(before: Key | None, after: Key | None) -> Fit:
    if before is None or after is None:
        return Fit.UNKNOWN
    if before == after:
        return Fit.SAME
    return Fit.FITS if after in before.mixes_with else Fit.CLASHES


def _tempo_change(before: float | None, after: float | None) -> float | None:
    if not before or not after:
        return None
    changes = [(after * factor / before - 1.0) * 100.0 for factor in (1.0, 0.5, 2.0)]
    nearest: float = min(changes, key=abs)
    return round(nearest, 2)
