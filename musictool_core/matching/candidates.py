"""Judging one item against every track of one release.

Input:   a prepared release and a prepared item.
Output:  a `Candidate` for each track the item has anything to do with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.matching.artists import ArtistRelation as Artist
from musictool_core.matching.artists import Names, read_names, relate_artists
from musictool_core.matching.fit import Core, Fit, find_cores, find_title
from musictool_core.matching.judge import Circumstances, Judgement, Outcome, judge
from musictool_core.matching.sides import track_at_position, tracks_at_number
from musictool_core.matching.text import text_key

if TYPE_CHECKING:
    from musictool_core.matching.fit import Context
    from musictool_core.matching.prepared import PreparedItem, PreparedRelease, PreparedTrack
    from musictool_core.matching.titles import Line


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track the item may be.

    Attributes:
        at_number: the item's tags or its file name give this place on the record.
    """

    track: PreparedTrack
    judgement: Judgement
    at_number: bool


@dataclass(frozen=True, slots=True)
class _View:
    """One item seen beside one set of artists: the same for all tracks by them.

    Attributes:
        artist: relation of the artist fields.
        swapped: relation of the artist in the title field, None when there is none.
    """

    cores: tuple[Core, ...]
    artist: Artist
    swapped: Artist | None


def judge_tracks(release: PreparedRelease, item: PreparedItem, *, trusted: bool) -> list[Candidate]:
    """Judge the item against every track; tracks it has nothing to do with are left out.

    Args:
        release: the release.
        item: the item.
        trusted: the item is known to be of this release or its artist.
    """
    candidates: list[Candidate] = []
    views: dict[int, _View] = {}
    same_album = trusted or is_album(release, item.album_words) or _is_label_style(release, item)
    nobody = bool(item.item.artist) and not item.names
    numbered = tracks_at(release, item)
    for track in release.tracks:
        view = views.get(id(track.context))
        if view is None:
            view = views[id(track.context)] = _view(release, item, track.context)
        fit, artist = _find(item, track, view)
        if fit is None:
            continue
        around = Circumstances(
            length_s=item.item.length_s,
            track_s=track.duration_s,
            ignorable=track.ignorable,
            alone=len(release.tracks) == 1,
            has_versions=track.has_versions,
            same_album=same_album,
            other_album=bool(item.album_words) and not same_album,
            says_nobody=nobody and bool(track.context.names),
            album_version=item.album_version,
            release_version=release.album_version,
        )
        judgement = judge(fit, track.title, Artist.SAME if trusted else artist, around)
        if judgement.outcome is not Outcome.DIFFERENT:
            candidates.append(Candidate(track, judgement, track.index in numbered))
    return candidates


def tracks_at(release: PreparedRelease, item: PreparedItem) -> frozenset[int]:
    """Tracks at the place the item's tags or its file name give."""
    by_number = tracks_at_number(release.places, item.item.disc, item.item.track)
    printed = track_at_position(release.places, item.line.position)
    return by_number if printed is None else by_number | {printed}


def is_album(release: PreparedRelease, words: tuple[str, ...]) -> bool:
    """True when the words name the release."""
    return bool(words) and "".join(words) == "".join(release.title_words)


def _is_label_style(release: PreparedRelease, item: PreparedItem) -> bool:
    """The artist field names the label or the record instead of an artist."""
    squeezed = "".join(text_key(item.item.artist).split())
    return bool(squeezed) and (
        squeezed in release.label_names or squeezed == "".join(release.title_words)
    )


def _view(release: PreparedRelease, item: PreparedItem, context: Context) -> _View:
    artist = relate_artists(item.names, context.names)
    if artist is Artist.OTHER and _is_label_style(release, item):
        artist = Artist.UNKNOWN
    swapped = None
    if artist is not Artist.SAME and item.artist_line.runs:
        swapped = _artist_of_title(release, item.line, context.names)
    return _View(find_cores(item.line, context), artist, swapped)


def _artist_of_title(release: PreparedRelease, line: Line, names: Names) -> Artist | None:
    """Relation of the artist when the title field holds an artist or the record, else None."""
    if not line.runs:
        return None
    run = line.runs[0]
    written = read_names(run.text)
    if not written or is_album(release, run.words):
        return Artist.UNKNOWN
    same = run.words in names.names or relate_artists(written, names) is Artist.SAME
    return Artist.SAME if same else None


def _find(item: PreparedItem, track: PreparedTrack, view: _View) -> tuple[Fit | None, Artist]:
    """Look for the track in the title, then in the artist field (swapped fields)."""
    context = track.context
    fit = find_title(item.line, view.cores, track.title, context)
    if view.swapped is None or (fit is not None and not fit.unknown):
        return fit, view.artist
    if any(words <= item.artist_line.vocabulary for words in track.title.word_sets):
        swapped = find_title(item.artist_line, (), track.title, context)
        if swapped is not None and (swapped.whole or not swapped.unknown):
            return swapped, view.swapped
    return fit, view.artist
