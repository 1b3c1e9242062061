"""Matching library items to the tracks of one release.

Input:   a prepared release and the prepared items that share a blocking key with it.
Output:  at most one `Match` per item, with method, tier, score and evidence.
The evidence ladder, first hit decides: position in the MusicBrainz field, Discogs id, barcode,
catalogue number, title. Items with an identifier are still placed by title, length and number.
Pure: plain values in and out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.matching.artists import ArtistRelation as Artist
from musictool_core.matching.artists import Names, relate_artists
from musictool_core.matching.candidates import Candidate, judge_tracks
from musictool_core.matching.judge import (
    AGREEING,
    CLOSE,
    Length,
    Outcome,
    relate_lengths,
    sentences,
)
from musictool_core.matching.sides import (
    is_sum,
    side_named,
    total_s,
    track_at_position,
    tracks_at_number,
)
from musictool_core.matching.text import text_key
from musictool_core.matching.versions import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.matching.prepared import PreparedItem, PreparedRelease, PreparedTrack
    from musictool_core.music import ItemId


class Tier(Enum):
    """How far a match is believed."""

    AUTO = "auto"
    """Counts as owned."""
    REVIEW = "review"
    """A person has to decide."""
    OTHER_VERSION = "other_version"
    """Another version of the track is owned: information, not ownership."""


@dataclass(frozen=True, slots=True)
class Match:
    """One item and the track or tracks it holds.

    Attributes:
        item_id: the library item.
        tracks: indexes into the release's tracks; several when one file holds a side or more.
        tier: how far the match is believed.
        score: 0 to 1.
        method: rung of the evidence ladder: "mb_trackid", "discogs_albumid", "barcode",
            "catalognum", "title", or "side" and "record" for files that hold several tracks.
        evidence: short sentences that a person can check.
    """

    item_id: ItemId
    tracks: tuple[int, ...]
    tier: Tier
    score: float
    method: str
    evidence: tuple[str, ...]


def match_release(release: PreparedRelease, items: Sequence[PreparedItem]) -> tuple[Match, ...]:
    """Return the best match of each item, in the order of the items; unrelated ones are left out.

    Several items may hold the same track: people own a track several times. The items are looked at
    together for one thing only: several of them under one strange name, each as long as the track
    of its title, show that the name is an alias.
    """
    aliases = _find_aliases(release, items)
    found = (_match_item(release, item, aliases) for item in items)
    return tuple(match for match in found if match is not None)


# Two equal titles of equal length may be chance or a cover; three are not.
_ALIAS_TRACKS = 3


def _find_aliases(release: PreparedRelease, items: Sequence[PreparedItem]) -> frozenset[Names]:
    """Names in the library under which the record's tracks were released too."""
    tracks: dict[Names, set[int]] = {}
    for item in items:
        if not item.names or item.names.is_tribute:
            continue
        for track in release.tracks:
            if _is_alias_evidence(track, item):
                tracks.setdefault(item.names, set()).add(track.index)
    return frozenset(names for names, found in tracks.items() if len(found) >= _ALIAS_TRACKS)


def _is_alias_evidence(track: PreparedTrack, item: PreparedItem) -> bool:
    if (
        len(item.line.runs) != 1
        or relate_lengths(item.item.length_s, track.duration_s) not in CLOSE
    ):
        return False
    if "".join(item.line.words) not in track.title.squeezed:
        return False
    return relate_artists(item.names, track.context.names) is Artist.OTHER


def _match_item(
    release: PreparedRelease, item: PreparedItem, aliases: frozenset[Names]
) -> Match | None:
    position = _position_in_mb_trackid(release, item)
    if position is not None:
        said = f"tagged as track {release.release.tracks[position].position} of this release"
        return Match(item.item.item_id, (position,), Tier.AUTO, 1.0, "mb_trackid", (said,))
    method, reason = _identifier(release, item)
    known = bool(method) or item.names in aliases
    candidates = judge_tracks(release, item, trusted=known)
    single = _best_track(item, candidates, method, reason)
    if single is not None and single.tier is Tier.AUTO:
        return single
    return _several_tracks(release, item, method) or single or _by_number(release, item, method)


def _position_in_mb_trackid(release: PreparedRelease, item: PreparedItem) -> int | None:
    """Beets' Discogs tagger stores "<release id>-<position>" there."""
    release_id, dash, position = item.item.mb_trackid.partition("-")
    if not dash or release_id != str(release.release.release_id):
        return None
    return track_at_position(release.places, position)


def _identifier(release: PreparedRelease, item: PreparedItem) -> tuple[str, str]:
    """Return (method, sentence) of the identifier both share, or two empty strings."""
    if item.item.discogs_albumid == release.release.release_id:
        return "discogs_albumid", "tagged with this Discogs release"
    if item.barcode and item.barcode in release.barcodes:
        return "barcode", f"same barcode {item.item.barcode}"
    if item.catno and item.catno in release.catnos and _label_or_artist_agrees(release, item):
        return "catalognum", f"same catalogue number {item.item.catalognum}"
    return "", ""


def _label_or_artist_agrees(release: PreparedRelease, item: PreparedItem) -> bool:
    """Labels share catalogue numbers ("001"), so the number alone proves nothing."""
    label = "".join(text_key(item.item.label).split())
    if label and label in release.label_names:
        return True
    return relate_artists(item.names, release.names) is Artist.SAME


_VERSION_RANK = {relation: -rank for rank, relation in enumerate(Relation)}
_LENGTH_RANK = {
    Length.EQUAL: 3,
    Length.CLOSE: 3,
    Length.NEAR: 2,
    Length.UNKNOWN: 1,
    Length.APART: 1,
    Length.FAR: 0,
}
_OUTCOME_RANK = {outcome: -rank for rank, outcome in enumerate(Outcome)}
_TIERS = {
    Outcome.SAME: Tier.AUTO,
    Outcome.UNSURE: Tier.REVIEW,
    Outcome.OTHER_VERSION: Tier.OTHER_VERSION,
}


def _says_the_same(candidate: Candidate) -> bool:
    """Both say "Single Version", or neither does: tells two plain versions of a title apart."""
    return candidate.judgement.fit.version.said == candidate.track.title.version.said


def _best_track(
    item: PreparedItem, candidates: list[Candidate], method: str, reason: str
) -> Match | None:
    if not candidates:
        return None
    best = max(candidates, key=_rank)
    best, tier = _settle(best, candidates, trusted=bool(method))
    said = sentences(best.judgement, best.track.title)
    return Match(
        item_id=item.item.item_id,
        tracks=(best.track.index,),
        tier=tier,
        score=round(best.judgement.score, 4),
        method=method or "title",
        evidence=(reason, *said) if reason else said,
    )


def _rank(candidate: Candidate) -> tuple[float, ...]:
    judgement = candidate.judgement
    return (
        judgement.outcome is Outcome.SAME,
        judgement.fit.quality - 0.1 * len(judgement.fit.unknown),
        judgement.fit.length,
        _VERSION_RANK[judgement.version],
        _says_the_same(candidate),
        _OUTCOME_RANK[judgement.outcome],
        candidate.at_number,
        _LENGTH_RANK[judgement.length],
        -(judgement.difference_s or 0.0),
    )


def _settle(
    best: Candidate, candidates: list[Candidate], *, trusted: bool
) -> tuple[Candidate, Tier]:
    """Decide between tracks that are equally good readings of the item: only the length can."""
    if trusted and best.at_number and best.judgement.version is not Relation.OTHER_PART:
        return best, Tier.AUTO
    tier = _TIERS[best.judgement.outcome]
    if tier is not Tier.AUTO:
        return best, tier
    rivals = [
        other
        for other in candidates
        if other is not best and _is_rival(other, best) and not _is_copy(other, best)
    ]
    if not rivals:
        return best, Tier.REVIEW if _is_a_guess(best) else tier
    equals = (best, *rivals)
    for lengths in (CLOSE, AGREEING):
        agreeing = [one for one in equals if one.judgement.length in lengths]
        if len(agreeing) == 1:
            return agreeing[0], Tier.AUTO
        if agreeing:
            equals = tuple(agreeing)
            break
    placed = [one for one in equals if one.at_number]
    if len(placed) == 1:
        return placed[0], Tier.AUTO
    return best, Tier.REVIEW


def _is_a_guess(best: Candidate) -> bool:
    """The bare title of a release that holds only named versions of it names none of them."""
    judgement = best.judgement
    unnamed = judgement.version is Relation.UNSTATED and best.track.has_versions
    return unnamed and judgement.length not in CLOSE


def _is_copy(other: Candidate, best: Candidate) -> bool:
    """The same recording once more, as on the CD or download that comes with a record."""
    ours, theirs = best.track, other.track
    return (
        ours.carrier != theirs.carrier
        and ours.title.squeezed == theirs.title.squeezed
        and ours.title.version == theirs.title.version
        and relate_lengths(ours.duration_s, theirs.duration_s) in _NO_CONTRADICTION
    )


_NO_CONTRADICTION = CLOSE | {Length.UNKNOWN}


def _is_rival(other: Candidate, best: Candidate) -> bool:
    """True when the other track is as good a reading of the item as the best one."""
    ours, theirs = best.judgement, other.judgement
    if (
        theirs.outcome is not Outcome.SAME
        or theirs.fit.length < ours.fit.length
        or theirs.fit.quality < ours.fit.quality
        or len(theirs.fit.unknown) > len(ours.fit.unknown)
    ):
        return False
    if theirs.version is ours.version:
        return _says_the_same(other) >= _says_the_same(best)
    return theirs.version is Relation.UNSTATED and _may_be_other_version(best, other)


def _may_be_other_version(best: Candidate, other: Candidate) -> bool:
    """A file without version beside "Title (Original Mix)" and "Title (X Remix)".

    Where the first track is plain itself, the file is taken for it unless only the other is as
    long.
    """
    if best.judgement.fit.version.said:
        return False
    if best.track.title.version.said:
        return True
    denied = best.judgement.length in {Length.APART, Length.FAR}
    return denied and other.judgement.length in AGREEING


def _by_number(release: PreparedRelease, item: PreparedItem, method: str) -> Match | None:
    """Place an item of this very release whose title says nothing ("Track 03", "Untitled")."""
    if method != "discogs_albumid":
        return None
    numbered = tracks_at_number(release.places, item.item.disc, item.item.track)
    for index in sorted(numbered):
        if relate_lengths(item.item.length_s, release.tracks[index].duration_s) in CLOSE:
            said = ("tagged with this Discogs release", "same track number", "same length")
            return Match(item.item.item_id, (index,), Tier.AUTO, 0.9, method, said)
    if len(numbered) == 1:
        said = ("tagged with this Discogs release", "same track number", "another title")
        return Match(item.item.item_id, tuple(numbered), Tier.REVIEW, 0.6, method, said)
    return None


def _several_tracks(release: PreparedRelease, item: PreparedItem, method: str) -> Match | None:
    """Recognise a file that holds a whole side or the whole record."""
    if len(release.tracks) < 2 or not _is_of_release(release, item, method):
        return None
    side = side_named(item.line, release.places)
    if side is not None:
        name = release.places.side_names[side]
        return _long_file(release, item, release.places.sides[side], "side", f"side {name}")
    whole = method == "discogs_albumid" and item.item.track <= 1
    if whole or _names_release(release, item):
        everything = tuple(range(len(release.tracks)))
        return _long_file(release, item, everything, "record", "the whole record")
    return None


def _is_of_release(release: PreparedRelease, item: PreparedItem, method: str) -> bool:
    """True when the item is by the release's artist or tagged with the release."""
    if method:
        return True
    if relate_artists(item.names, release.names) is Artist.SAME:
        return True
    words = item.line.words
    return any("".join(words).startswith("".join(name)) for name in release.names.names)


def _names_release(release: PreparedRelease, item: PreparedItem) -> bool:
    return bool(release.title_words) and set(release.title_words) <= item.line.vocabulary


def _long_file(
    release: PreparedRelease,
    item: PreparedItem,
    indexes: tuple[int, ...],
    method: str,
    what: str,
) -> Match | None:
    expected_s = total_s(release.release.tracks, indexes)
    length_s = item.item.length_s
    if is_sum(length_s, expected_s, len(indexes)):
        said = (f"names {what}", f"as long as its {len(indexes)} tracks together")
        return Match(item.item.item_id, indexes, Tier.AUTO, 0.95, method, said)
    if expected_s is None and length_s and length_s >= _SHORTEST_SIDE_S:
        said = (f"names {what}", "too long for a single track")
        return Match(item.item.item_id, indexes, Tier.REVIEW, 0.7, method, said)
    return None


# Sides of twelve-inch singles are shorter, but then their tracks are told apart by title.
_SHORTEST_SIDE_S = 720.0
