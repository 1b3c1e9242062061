"""Releases and library items taken apart once, ready to be compared many times.

Input:   `Release` and `LibraryItem` values.
Output:  `PreparedRelease` and `PreparedItem`; each can be kept while its source is unchanged.
Pure: no network, no database, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.matching.artists import Names, read_credits, read_names, united
from musictool_core.matching.fit import Context, make_context, without_phrases
from musictool_core.matching.sides import Places, carrier_of, places_of
from musictool_core.matching.text import barcode_key, catno_key, text_key
from musictool_core.matching.titles import (
    EMPTY_LINE,
    Line,
    Title,
    parse_title,
    read_line,
    read_title,
    spelled,
)
from musictool_core.matching.versions import PLAIN, Version
from musictool_core.matching.vocabulary import Kind
from musictool_core.matching.wording import canonical, read_wording
from musictool_core.music import join_artists

if TYPE_CHECKING:
    from musictool_core.music import ArtistCredit, LibraryItem, Release, Track

Words = tuple[str, ...]

# What the name of an album says about all its tracks.
_ALBUM_KINDS = frozenset({Kind.LIVE, Kind.COVER, Kind.INSTRUMENTAL, Kind.ACOUSTIC})


@dataclass(frozen=True, slots=True)
class PreparedTrack:
    """A track, taken apart once.

    Attributes:
        ignorable: words that do not tell versions of this track apart (its title, its artists).
        has_versions: the release holds several tracks of this title.
        carrier: kind of carrier it is on, where a record comes with its CD or download.
    """

    index: int
    title: Title
    context: Context
    ignorable: frozenset[str]
    duration_s: float | None
    has_versions: bool
    carrier: str


@dataclass(frozen=True, slots=True)
class PreparedRelease:
    """A release, taken apart once.

    Attributes:
        album_version: what the release's own title says about all tracks ("Live At ...").
    """

    release: Release
    tracks: tuple[PreparedTrack, ...]
    names: Names
    title_words: Words
    label_names: frozenset[str]
    catnos: frozenset[str]
    barcodes: frozenset[str]
    places: Places
    album_version: Version


@dataclass(frozen=True, slots=True)
class PreparedItem:
    """A library item, taken apart once.

    Attributes:
        line: its title, or its file name when there is no title.
        artist_line: its artist field read as a title, for swapped fields.
        names: its artists; the album artist where the track names none.
        album_version: what the album's name says about all its tracks.
    """

    item: LibraryItem
    line: Line
    artist_line: Line
    names: Names
    album_words: Words
    album_version: Version
    catno: str
    barcode: str


def prepare_release(release: Release) -> PreparedRelease:
    """Take a release apart."""
    names = united(read_credits(release.artists), read_names(join_artists(release.artists)))
    title_words = tuple(text_key(release.title).split())
    labels = [label.name for label in release.labels]
    known = [spelled(text) for text in (*_album_names(release, names), *labels)]
    contexts: dict[tuple[ArtistCredit, ...], Context] = {}
    tracks: list[PreparedTrack] = []
    for index, track in enumerate(release.tracks):
        context = contexts.get(track.artists)
        if context is None:
            context = contexts[track.artists] = _context(names, track, known)
        tracks.append(_prepare_track(index, track, context))
    return PreparedRelease(
        release=release,
        tracks=_mark_versions(tracks),
        names=names,
        title_words=title_words,
        label_names=frozenset("".join(text_key(label).split()) for label in labels),
        catnos=frozenset(filter(None, (catno_key(label.catno) for label in release.labels))),
        barcodes=frozenset(filter(None, (barcode_key(code) for code in release.barcodes))),
        places=places_of(release.tracks),
        album_version=_album_version(title_words),
    )


def prepare_item(item: LibraryItem) -> PreparedItem:
    """Take an item apart."""
    album_words = tuple(text_key(item.album).split())
    return PreparedItem(
        item=item,
        line=read_line(item.title or item.file_name),
        artist_line=read_line(item.artist) if item.artist else EMPTY_LINE,
        names=read_names(item.artist) or read_names(item.albumartist),
        album_words=album_words,
        album_version=_album_version(album_words),
        catno=catno_key(item.catalognum),
        barcode=barcode_key(item.barcode),
    )


def _album_names(release: Release, names: Names) -> tuple[str, ...]:
    """Ways a file may name the record: whole, without brackets, without the artist's name."""
    parsed = parse_title(release.title, has_artist=False)
    artists = tuple(spelled(" ".join(name)) for name in names.names)
    bare = " ".join(without_phrases(parsed.base_words, artists))
    return tuple(dict.fromkeys((release.title, parsed.base, bare)))


def _context(names: Names, track: Track, known: list[Words]) -> Context:
    if track.artists:
        own = united(read_credits(track.artists), read_names(join_artists(track.artists)))
        names = own or names
    return make_context(names, known)


def _prepare_track(index: int, track: Track, context: Context) -> PreparedTrack:
    title = read_title(track.title)
    if track.remixers and not title.version.is_named:
        title = _with_remixers(title, track.remixers)
    return PreparedTrack(
        index=index,
        title=title,
        context=context,
        ignorable=context.names.words | (title.word_sets[0] if title.word_sets else frozenset()),
        duration_s=track.duration_s or None,
        has_versions=False,
        carrier=carrier_of(track.position),
    )


def _with_remixers(title: Title, remixers: tuple[ArtistCredit, ...]) -> Title:
    """A remix credit names the version where the title does not."""
    names = read_names(*(credit.anv or credit.name for credit in remixers))
    if not names:
        return title
    version = Version(frozenset({Kind.REMIX}), (names.names[0],), title.version.parts)
    return replace(title, version=version)


def _mark_versions(tracks: list[PreparedTrack]) -> tuple[PreparedTrack, ...]:
    counts: dict[str, int] = {}
    for track in tracks:
        for squeezed in track.title.squeezed:
            counts[squeezed] = counts.get(squeezed, 0) + 1
    return tuple(
        replace(track, has_versions=any(counts[text] > 1 for text in track.title.squeezed))
        for track in tracks
    )


def _album_version(album: Words) -> Version:
    if not album:
        return PLAIN
    kinds = read_wording(canonical(album), False).version.kinds & _ALBUM_KINDS
    return Version(kinds=kinds) if kinds else PLAIN
