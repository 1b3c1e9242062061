"""The recordings behind the tracks of a release: which are the same, which the same song.

Pure. Coarser than a comparison on purpose: it only groups tracks of track lists, whose spelling is
Discogs' own. First artist, base title and version; a title that tells nothing ("Untitled") is never
grouped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.matching.artists import read_credits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.matching.prepared import PreparedRelease, PreparedTrack

_TELLS_NOTHING = frozenset(
    {"untitled", "unknown", "unknowntitle", "notitle", "intro", "outro", "interlude", "skit"}
)
_SAME_LENGTH_S = 5.0


@dataclass(frozen=True, slots=True)
class Recording:
    """What a track of a release is a copy of.

    Attributes:
        key: equal for the same recording, also on other releases.
        other_versions: tracks of the release that are the same song in another version.
    """

    key: str
    other_versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Song:
    """A track as far as grouping goes; no `titles` when the title tells nothing."""

    track: PreparedTrack
    artist: str
    titles: frozenset[str]
    key: str


def find_recordings(release: PreparedRelease) -> tuple[Recording, ...]:
    """Return the recording of every track, in track-list order."""
    songs = [_read_song(release, track) for track in release.tracks]
    keys = [_recording_key(release, song, songs) for song in songs]
    return tuple(
        Recording(
            keys[index],
            tuple(
                other
                for other, candidate in enumerate(songs)
                if keys[other] != keys[index] and _is_same_song(song, candidate)
            ),
        )
        for index, song in enumerate(songs)
    )


def _read_song(release: PreparedRelease, track: PreparedTrack) -> _Song:
    source = release.release.tracks[track.index]
    names = read_credits((source.artists or release.release.artists)[:1]).names
    artist = "".join(names[0]) if names else ""
    titles = track.title.squeezed
    if not titles or titles[0] in _TELLS_NOTHING:
        return _Song(track, artist, frozenset(), "")
    version = track.title.version
    kinds = " ".join(sorted(kind.value for kind in version.kinds))
    parts = " ".join(str(part) for part in version.parts)
    key = "|".join((artist, titles[0], kinds, version.name, parts))
    return _Song(track, artist, frozenset(titles), key)


def _recording_key(release: PreparedRelease, song: _Song, songs: Sequence[_Song]) -> str:
    """Name the recording; two pieces of one name on one release stay two.

    Tracks of a release share a key only when nothing but their place differs, as on an LP with its
    bonus CD: lengths that disagree tell pieces of one name apart.
    """
    own = f"{release.release.release_id}:{song.track.index}"
    if not song.titles:
        return own
    twins = [other.track for other in songs if other.key == song.key]
    first = next(track for track in twins if _same_length(track, song.track))
    return song.key if first is twins[0] else f"{release.release.release_id}:{first.index}"


def _is_same_song(song: _Song, other: _Song) -> bool:
    return (
        not song.titles.isdisjoint(other.titles)
        and song.artist == other.artist
        and song.track.title.version.parts == other.track.title.version.parts
    )


def _same_length(left: PreparedTrack, right: PreparedTrack) -> bool:
    if left.duration_s is None or right.duration_s is None:
        return True
    return abs(left.duration_s - right.duration_s) <= _SAME_LENGTH_S
