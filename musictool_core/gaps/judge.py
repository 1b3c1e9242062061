"""Decide the state of every track of one record from candidate files, decisions and ignore rules.

Pure: the same function serves the first full run, the update after an import, and the tests.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from musictool_core.gaps.states import State, TrackState
from musictool_core.matching import Match, Tier, find_recordings, match_release
from musictool_core.music import join_artists, track_refs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.matching import PreparedItem, PreparedRelease, Recording
    from musictool_core.music import FormatEntry, ItemId, Release

JUDGE_VERSION = 1
"""Raised whenever states may change; states of older versions are worked out again."""

_STATE_OF = {
    Tier.AUTO: State.OWN,
    Tier.REVIEW: State.REVIEW,
    Tier.OTHER_VERSION: State.OTHER_VERSION,
}
_STRENGTH = {Tier.AUTO: 2, Tier.REVIEW: 1, Tier.OTHER_VERSION: 0}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user does not want to hear of; all values case-folded.

    Attributes:
        releases: release ids as text.
        tracks: track refs.
        formats: carrier names or format words ("cassette", "test pressing").
    """

    releases: frozenset[str] = frozenset()
    tracks: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """What belongs to a record besides its track list.

    Attributes:
        folders: collection folders its copies are in.
        decisions: the user's yes and no, by track ref and item.
        rules: what is to be ignored.
    """

    folders: tuple[str, ...] = ()
    decisions: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)


def judge_release(
    prepared: PreparedRelease, candidates: Sequence[PreparedItem], context: Context
) -> list[TrackState]:
    """Return the state of each track, in track-list order.

    Args:
        prepared: the record.
        candidates: files that share a key with it, and files the user decided on; any order.
        context: folders, decisions and rules.
    """
    release = prepared.release
    refs = track_refs(release)
    proposals: dict[int, list[Match]] = defaultdict(list)
    for match in match_release(prepared, candidates):
        for index in match.tracks:
            if context.decisions.get(refs[index], {}).get(match.item_id) is not False:
                proposals[index].append(match)
    present = {candidate.item.item_id for candidate in candidates}
    recordings = find_recordings(prepared)
    found = [
        _judge_track(
            _unjudged(release, index, refs[index], recordings[index].key),
            proposals[index],
            _confirmed(context.decisions.get(refs[index], {}), present),
        )
        for index in range(len(release.tracks))
    ]
    shared = [_share(state, recordings[i], found) for i, state in enumerate(found)]
    whole = _ignores_record(release, context)
    return [
        replace(state, state=State.IGNORED)
        if whole or state.ref.casefold() in context.rules.tracks
        else state
        for state in shared
    ]


def _unjudged(release: Release, index: int, ref: str, recording: str) -> TrackState:
    track = release.tracks[index]
    return TrackState(
        ref=ref,
        position=track.position,
        artist=join_artists(track.artists or release.artists),
        title=track.title,
        state=State.MISSING,
        item_id=None,
        score=0.0,
        method="",
        evidence=(),
        recording=recording,
        duration_s=track.duration_s,
    )


def _judge_track(
    missing: TrackState, proposals: Sequence[Match], confirmed: ItemId | None
) -> TrackState:
    if confirmed is not None:
        return replace(
            missing,
            state=State.OWN,
            item_id=confirmed,
            score=1.0,
            method="you",
            evidence=("you said so",),
        )
    if not proposals:
        return missing
    # Ties go to the file that came first, so that two runs give the same answer.
    best = max(proposals, key=lambda match: (_STRENGTH[match.tier], match.score, -match.item_id))
    return replace(
        missing,
        state=_STATE_OF[best.tier],
        item_id=best.item_id,
        score=round(best.score, 3),
        method=best.method,
        evidence=best.evidence,
    )


def _share(own: TrackState, recording: Recording, found: Sequence[TrackState]) -> TrackState:
    """Let a track profit from its sisters on the same release.

    A file is related to one track only; a bonus CD repeats the LP's recordings, and who owns one
    mix of a song owns another version of the next.
    """
    if own.state is State.OWN:
        return own
    for twin in found:
        if twin.state is State.OWN and twin.recording == own.recording:
            because = f"the same recording as {twin.position or twin.title}"
            return replace(twin, ref=own.ref, position=own.position, evidence=(because,))
        if twin.state is State.REVIEW and twin.title == own.title and own.item_id is None:
            # Two pieces called "Untitled": the file may be either.
            return replace(twin, ref=own.ref, position=own.position, recording=own.recording)
    sisters = (found[index] for index in recording.other_versions)
    known = next((sister for sister in sisters if sister.item_id is not None), None)
    if own.state is not State.MISSING or known is None:
        return own
    return replace(
        own,
        state=State.OTHER_VERSION,
        item_id=known.item_id,
        score=known.score,
        method="sister track",
        evidence=(f"the file goes with {known.position or 'the track'}: {known.title}",),
    )


def _confirmed(decisions: Mapping[int, bool], present: set[ItemId]) -> ItemId | None:
    return min((item for item in present if decisions.get(item)), default=None)


def _is_format(entry: FormatEntry, names: frozenset[str]) -> bool:
    words = {word.casefold() for word in (entry.name, *entry.descriptions)}
    return not words.isdisjoint(names)


def _ignores_record(release: Release, context: Context) -> bool:
    rules = context.rules
    labels = {label.name.casefold() for label in release.labels}
    folders = {folder.casefold() for folder in context.folders}
    return (
        str(release.release_id) in rules.releases
        # A CD that came with an unwanted DVD is still wanted.
        or (bool(release.formats) and all(_is_format(e, rules.formats) for e in release.formats))
        or bool(rules.labels & labels)
        # A record in two folders is wanted as long as one of them is.
        or bool(folders and folders <= rules.folders)
    )
