"""The verdict on one line of text against one known title: evidence first, then a table.

Input:   a `Fit`, the artists and lengths of both sides.
Output:  `Judgement`: verdict, score and the sentences that explain it.
Length supports or weakens; alone it never decides, for mix CDs and video cuts have other lengths
and over half of all vinyl has none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.matching.artists import ArtistRelation as Artist
from musictool_core.matching.fit import (
    BEGINNING,
    LOWEST_QUALITY,
    MISSPELT,
    WITHOUT_SMALL_WORDS,
    Fit,
)
from musictool_core.matching.versions import PLAIN, Relation, Version, relate
from musictool_core.matching.vocabulary import Kind

if TYPE_CHECKING:
    from musictool_core.matching.titles import Title


class Length(Enum):
    """How two playing times stand to each other."""

    EQUAL = "equal"
    CLOSE = "close"
    NEAR = "near"
    APART = "apart"
    FAR = "far"
    UNKNOWN = "unknown"


class Outcome(Enum):
    """What one comparison says, before other tracks of the release are looked at."""

    SAME = "same"
    UNSURE = "unsure"
    OTHER_VERSION = "other version"
    DIFFERENT = "different"


# Rips, pauses and fades move a length by seconds, pressings by a few per cent.
_EQUAL_S = 2.0
_CLOSE_S, _CLOSE_SHARE = 5.0, 0.02
_NEAR_S, _NEAR_SHARE = 10.0, 0.06
_APART_SHARE = 0.15
# A file this many times longer than the track holds something else (an album, a set).
_TOO_LONG, _TOO_LONG_S = 2.5, 240.0
# No single track of a record with several tracks is this long unless its length says so.
_ALBUM_LENGTH_S = 1200.0

CLOSE = frozenset({Length.EQUAL, Length.CLOSE})
AGREEING = frozenset({Length.EQUAL, Length.CLOSE, Length.NEAR})

# Titles of fewer words are shared by artists who have nothing to do with each other.
_DISTINCTIVE_WORDS = 3

_LENGTH_VALUE = {
    Length.EQUAL: 1.0,
    Length.CLOSE: 1.0,
    Length.NEAR: 0.8,
    Length.UNKNOWN: 0.7,
    Length.APART: 0.4,
    Length.FAR: 0.0,
}
_VERSION_VALUE = {
    Relation.SAME: 1.0,
    Relation.ALIKE: 0.9,
    Relation.UNSTATED: 0.7,
    Relation.UNSURE: 0.5,
    Relation.OTHER_CUT: 0.3,
    Relation.OTHER: 0.0,
    Relation.OTHER_PART: 0.0,
}
_ARTIST_VALUE = {
    Artist.SAME: 1.0,
    Artist.UNKNOWN: 0.6,
    Artist.UNCREDITED: 0.5,
    Artist.TRIBUTE: 0.0,
    Artist.OTHER: 0.0,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One comparison with all that led to it."""

    outcome: Outcome
    score: float
    fit: Fit
    artist: Artist
    version: Relation
    length: Length
    difference_s: float | None


def relate_lengths(left_s: float | None, right_s: float | None) -> Length:
    """Compare two playing times in seconds; None or 0 is unknown."""
    if not left_s or not right_s:
        return Length.UNKNOWN
    difference = abs(left_s - right_s)
    if difference <= _EQUAL_S:
        return Length.EQUAL
    if difference <= max(_CLOSE_S, _CLOSE_SHARE * right_s):
        return Length.CLOSE
    if difference <= max(_NEAR_S, _NEAR_SHARE * right_s):
        return Length.NEAR
    return Length.APART if difference <= _APART_SHARE * right_s else Length.FAR


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around one comparison.

    Attributes:
        length_s: length of the file in seconds, or None.
        track_s: length of the known track in seconds, or None.
        ignorable: words that do not tell versions apart here.
        alone: the known title is the only one of its release.
        has_versions: the release holds several versions of the title.
        same_album: the file's album is named like the release.
        other_album: the file names an album, and it is not this release.
        says_nobody: the file's artist field says that there is none ("Various").
        album_version: what the file's album says about all its tracks.
        release_version: what the release's title says about all its tracks.
    """

    length_s: float | None = None
    track_s: float | None = None
    ignorable: frozenset[str] = frozenset()
    alone: bool = False
    has_versions: bool = False
    same_album: bool = False
    other_album: bool = False
    says_nobody: bool = False
    album_version: Version = PLAIN
    release_version: Version = PLAIN


def judge(fit: Fit, title: Title, artist: Artist, around: Circumstances) -> Judgement:
    """Weigh the evidence for one line and one title.

    Args:
        fit: where and how the title was found.
        title: the known title.
        artist: relation of the artist fields.
        around: lengths and whatever else is known.
    """
    if fit.names_artist:
        artist = Artist.SAME
    ours, theirs = _versions(fit, title, around)
    version = relate(ours, theirs, around.ignorable)
    length = relate_lengths(around.length_s, around.track_s)
    outcome = _outcome(fit, artist, version, length, around)
    score = (
        0.45 * fit.quality
        + 0.25 * _ARTIST_VALUE[artist]
        + 0.2 * _VERSION_VALUE[version]
        + 0.1 * _LENGTH_VALUE[length]
        - 0.04 * min(len(fit.unknown), 4)
    )
    difference_s = None
    if around.length_s and around.track_s:
        difference_s = abs(around.length_s - around.track_s)
    return Judgement(outcome, max(score, 0.0), fit, artist, version, length, difference_s)


def _versions(fit: Fit, title: Title, around: Circumstances) -> tuple[Version, Version]:
    """Versions of both sides, with what their albums say about all tracks."""
    ours, theirs = fit.version, title.version
    album, release = around.album_version.kinds, around.release_version.kinds
    if album - release:
        ours = replace(ours, kinds=ours.kinds | (album - release))
    if release & ours.kinds:
        theirs = replace(theirs, kinds=theirs.kinds | (release & ours.kinds))
    return ours, theirs


def _outcome(
    fit: Fit, artist: Artist, version: Relation, length: Length, around: Circumstances
) -> Outcome:
    if fit.not_a_track or version is Relation.OTHER_PART or _is_too_long(around):
        return Outcome.DIFFERENT
    outcome = _by_title(fit, artist, length, around)
    if outcome is Outcome.DIFFERENT:
        return outcome
    if artist is Artist.TRIBUTE:
        return Outcome.OTHER_VERSION
    return _by_version(outcome, version, length, live_only=_may_be_studio(fit, length, around))


def _by_version(outcome: Outcome, version: Relation, length: Length, *, live_only: bool) -> Outcome:
    """Narrow what the title says by what the versions say."""
    match version:
        case Relation.OTHER:
            return Outcome.OTHER_VERSION
        case Relation.OTHER_CUT:
            return Outcome.UNSURE if length is Length.EQUAL else Outcome.OTHER_VERSION
        case Relation.UNSURE:
            return _by_length_alone(outcome, length)
        case _:
            return Outcome.UNSURE if live_only else outcome


def _is_too_long(around: Circumstances) -> bool:
    """True when the file must hold more than the track."""
    if not around.length_s:
        return False
    if around.track_s:
        excess = around.length_s - around.track_s
        return around.length_s > _TOO_LONG * around.track_s and excess > _TOO_LONG_S
    return around.length_s > _ALBUM_LENGTH_S and not around.alone


def _by_length_alone(outcome: Outcome, length: Length) -> Outcome:
    """Versions with partly equal names: only the length can tell."""
    if length is Length.EQUAL:
        return outcome
    if length in {Length.APART, Length.FAR}:
        return Outcome.OTHER_VERSION
    return Outcome.UNSURE


def _may_be_studio(fit: Fit, length: Length, around: Circumstances) -> bool:
    """A live record and a file that does not say that it is live."""
    if Kind.LIVE not in around.release_version.kinds or around.same_album:
        return False
    return Kind.LIVE not in fit.version.kinds and length not in CLOSE


def _by_title(fit: Fit, artist: Artist, length: Length, around: Circumstances) -> Outcome:
    match artist:
        case Artist.SAME:
            return _by_title_of_artist(fit, length, around)
        case Artist.UNKNOWN:
            return _by_title_only(fit, length, around)
        case Artist.UNCREDITED if around.same_album:
            return _by_title_only(fit, length, around)
        case Artist.TRIBUTE if fit.quality >= WITHOUT_SMALL_WORDS:
            return Outcome.SAME
        case Artist.OTHER | Artist.UNCREDITED if (
            fit.quality >= WITHOUT_SMALL_WORDS and not fit.unknown
        ):
            # An alias or a member's name is possible; coincidence is likelier unless much agrees.
            agrees = around.same_album or (fit.length >= _DISTINCTIVE_WORDS and length in CLOSE)
            return Outcome.UNSURE if agrees else Outcome.DIFFERENT
        case _:
            return Outcome.DIFFERENT


def _by_title_of_artist(fit: Fit, length: Length, around: Circumstances) -> Outcome:
    agrees = length in AGREEING
    if fit.quality < LOWEST_QUALITY:
        return Outcome.DIFFERENT
    if fit.quality < MISSPELT and not agrees:
        open_ = length is Length.UNKNOWN and not fit.unknown and fit.quality > BEGINNING
        return Outcome.SAME if open_ else Outcome.UNSURE
    if not fit.unknown or agrees:
        return Outcome.SAME
    if fit.whole and not fit.is_medley:
        names_version = fit.in_brackets and around.has_versions and not fit.version.is_named
        certain = length is Length.UNKNOWN and not names_version
        return Outcome.SAME if certain else Outcome.UNSURE
    unlikely = length is Length.FAR or len(fit.unknown) > fit.length
    return Outcome.DIFFERENT if unlikely else Outcome.UNSURE


def _by_title_only(fit: Fit, length: Length, around: Circumstances) -> Outcome:
    if fit.quality < MISSPELT:
        return Outcome.DIFFERENT
    if fit.unknown:
        agrees = length in CLOSE and fit.length >= 2
        return Outcome.UNSURE if agrees else Outcome.DIFFERENT
    if around.same_album or length in CLOSE:
        return Outcome.SAME
    # From here the title stands alone: it must be exact, and not one that anybody may have used.
    tells_little = (
        fit.quality < WITHOUT_SMALL_WORDS
        or around.other_album
        or around.says_nobody
        or fit.is_common
    )
    return Outcome.UNSURE if tells_little else Outcome.SAME


def sentences(judgement: Judgement, title: Title) -> tuple[str, ...]:
    """Explain a judgement in short sentences a person can check."""
    fit = judgement.fit
    said = [_title_sentence(fit)]
    said.append(_ARTIST_SENTENCE[judgement.artist])
    said.append(_version_sentence(judgement, title))
    if judgement.difference_s is not None:
        said.append(f"length {judgement.difference_s:.0f} s apart")
    if fit.unknown:
        said.append(f"unexplained words: {' '.join(fit.unknown)}")
    if fit.not_a_track:
        said.append(f"the file calls itself a {fit.not_a_track}")
    return tuple(sentence for sentence in said if sentence)


def _title_sentence(fit: Fit) -> str:
    if fit.quality >= WITHOUT_SMALL_WORDS:
        return "same title"
    if fit.quality >= MISSPELT:
        return "same title but for spelling"
    return "similar title"


_ARTIST_SENTENCE = {
    Artist.SAME: "same artist",
    Artist.UNKNOWN: "no artist to compare",
    Artist.UNCREDITED: "the release names no artist",
    Artist.TRIBUTE: "played by a tribute or karaoke act",
    Artist.OTHER: "another artist",
}


def describe_version(version: Version) -> str:
    """Name a version for people: "remix of jays undercover", "live", "original"."""
    kinds = " ".join(sorted(kind.value for kind in version.kinds))
    parts = " ".join(f"part {number}" for number in version.parts)
    return " ".join(text for text in (version.name, kinds, parts) if text) or "original"


def _version_sentence(judgement: Judgement, title: Title) -> str:
    ours, theirs = describe_version(judgement.fit.version), describe_version(title.version)
    match judgement.version:
        case Relation.SAME:
            return "same version"
        case Relation.ALIKE:
            return f"version names agree ({ours} / {theirs})"
        case Relation.UNSTATED:
            return f"the file does not say which version it is; the track is {theirs}"
        case Relation.UNSURE:
            return f"version names agree partly ({ours} / {theirs})"
        case Relation.OTHER | Relation.OTHER_CUT | Relation.OTHER_PART:
            return f"the file is {ours}, the track is {theirs}"
