"""Comparing two songs: the pair form of the matcher.

Shops (is this offer what I want?), Traktor (is this entry that file?) and duplicate search use it.
Both readings are tried (left as free text against right, and the reverse), so `compare` says the
same whichever way round it is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from musictool_core.matching.artists import Names, read_names, relate_artists
from musictool_core.matching.fit import Context, find_cores, find_title, make_context
from musictool_core.matching.judge import CLOSE, Circumstances, Judgement, Outcome, judge, sentences
from musictool_core.matching.text import isrc_key
from musictool_core.matching.titles import Line, Title, known_title, parse_title, read_line
from musictool_core.matching.versions import Relation


class Verdict(Enum):
    """What two songs are to each other."""

    SAME = "same"
    OTHER_VERSION = "other_version"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Song:
    """A song as a shop, a library or a DJ program describes it.

    Attributes:
        artist: "" when unknown; then the title may be a whole "Artist - Title" line.
        duration_s: seconds, None when unknown.
    """

    artist: str
    title: str
    duration_s: float | None = None
    isrc: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Verdict on two songs.

    Attributes:
        score: 0 to 1; of two SAME verdicts the higher one is surer, below 0.9 a person should look.
        evidence: short sentences that a person can check.
    """

    verdict: Verdict
    score: float
    evidence: tuple[str, ...]


_UNRELATED = Comparison(Verdict.DIFFERENT, 0.0, ("no common title",))
_ORDER = {Verdict.SAME: 2, Verdict.OTHER_VERSION: 1, Verdict.DIFFERENT: 0}
# A verdict that rests on one weak leg stays below the mark from which nobody looks.
_UNSURE_SCORE = 0.85


@dataclass(frozen=True, slots=True)
class _Reading:
    line: Line
    title: Title
    names: Names
    context: Context
    ignorable: frozenset[str]


def compare(left: Song, right: Song) -> Comparison:
    """Say whether two songs are the same recording in the same version."""
    ours, theirs = isrc_key(left.isrc), isrc_key(right.isrc)
    if ours and ours == theirs:
        return Comparison(Verdict.SAME, 1.0, (f"same ISRC {left.isrc}",))
    forward, backward = _one_way(left, right), _one_way(right, left)
    if (_ORDER[backward.verdict], backward.score) > (_ORDER[forward.verdict], forward.score):
        return backward
    return forward


@lru_cache(maxsize=8192)
def _read(artist: str, title: str) -> _Reading:
    parsed = parse_title(title, artist)
    known = known_title(parsed)
    names = read_names(*parsed.artists)
    words = known.word_sets[0] if known.word_sets else frozenset[str]()
    return _Reading(
        line=read_line(title),
        title=known,
        names=names,
        context=make_context(names),
        ignorable=names.words | words,
    )


def _one_way(text: Song, known: Song) -> Comparison:
    ours, theirs = _read(text.artist, text.title), _read(known.artist, known.title)
    cores = find_cores(ours.line, theirs.context)
    fit = find_title(ours.line, cores, theirs.title, theirs.context)
    if fit is None:
        return _UNRELATED
    around = Circumstances(
        length_s=text.duration_s,
        track_s=known.duration_s,
        ignorable=theirs.ignorable,
        has_versions=True,
    )
    artist = relate_artists(ours.names, theirs.names)
    judgement = judge(fit, theirs.title, artist, around)
    verdict, score = _verdict(judgement, theirs.title)
    return Comparison(verdict, round(score, 4), sentences(judgement, theirs.title))


def _verdict(judgement: Judgement, title: Title) -> tuple[Verdict, float]:
    """Unlike a track list, a pair gives no hint which version an unnamed one is."""
    outcome, score = judgement.outcome, judgement.score
    if outcome is Outcome.DIFFERENT:
        return Verdict.DIFFERENT, min(score, 0.5)
    if outcome is Outcome.OTHER_VERSION:
        return Verdict.OTHER_VERSION, min(score, _UNSURE_SCORE)
    if judgement.version is Relation.SAME or judgement.version is Relation.ALIKE:
        certain = outcome is Outcome.SAME
        return Verdict.SAME, score if certain else min(score, _UNSURE_SCORE)
    if judgement.length in CLOSE and not title.version.runs:
        return Verdict.SAME, min(score, _UNSURE_SCORE)
    return Verdict.OTHER_VERSION, min(score, _UNSURE_SCORE)
