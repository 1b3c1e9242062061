"""Versions of a title, and which of them are the same.

Versions are never compared by a string ratio: "Pure (Mig's Vocal)" and "Pure (Jay's Dub)" are alike
as strings and different as music. `relate` is the compatibility table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from musictool_core.matching.vocabulary import FILLER, SAYS_ORIGINAL, UNCENSORED, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

Words = tuple[str, ...]

DEFINING = frozenset(
    {
        Kind.DUB,
        Kind.INSTRUMENTAL,
        Kind.ACAPELLA,
        Kind.LIVE,
        Kind.DEMO,
        Kind.ACOUSTIC,
        Kind.ORCHESTRAL,
        Kind.COVER,
        Kind.REPRISE,
        Kind.TOOL,
        Kind.MASHUP,
        Kind.ALTERED,
        Kind.RERECORDING,
        Kind.ALTERNATE,
        Kind.VIP,
    }
)
"""Kinds that make another recording whatever the length says."""

CUT = frozenset({Kind.SHORT, Kind.LONG, Kind.CLUB})
"""Kinds that name another length or arrangement of the same recording."""


@dataclass(frozen=True, slots=True)
class Version:
    """The version a title names.

    Attributes:
        kinds: empty for the version a title has when none is named.
        runs: words that name the remixer or the mix, by the brackets they stand in
            ((("hallway",), ("jays", "undercover")) for "(Hallway Mix) (Jay's Undercover Dub)").
        parts: part numbers ("Part 2" is 2), in order.
        year: year in the version's name ("1999 Mix"), or None.
        said: words that leave the version what it is ("original", "album", "single").
    """

    kinds: frozenset[Kind] = frozenset()
    runs: tuple[Words, ...] = ()
    parts: tuple[int, ...] = ()
    year: int | None = None
    said: frozenset[str] = frozenset()

    @property
    def names(self) -> Words:
        """All words that name the remixer or the mix, in order."""
        if len(self.runs) == 1:
            return self.runs[0]
        return tuple(word for run in self.runs for word in run)

    @property
    def original(self) -> bool:
        """True when the title says that it is the original ("Original Mix")."""
        return not SAYS_ORIGINAL.isdisjoint(self.said)

    @property
    def is_named(self) -> bool:
        """True when the title tells its version from the plain one (part numbers aside)."""
        return bool(self.kinds or self.runs or self.year)

    @property
    def name(self) -> str:
        """Remixer or mix name in normal form, "" when there is none."""
        return " ".join(self.names)


PLAIN = Version()


class Relation(Enum):
    """How a file's version stands to a track's version."""

    SAME = "same"
    """Both name the same version, or neither names one."""
    ALIKE = "alike"
    """One name contains the other, or differs in wording only."""
    UNSTATED = "unstated"
    """The file names no version, the track does."""
    UNSURE = "unsure"
    """Partly equal names: the length has to decide."""
    OTHER_CUT = "other cut"
    """The file names a cut (radio edit, extended) that the track does not name."""
    OTHER = "other"
    """Another version of the same title."""
    OTHER_PART = "other part"
    """Another part of the same title: never the same track."""


_SEVERITY = {relation: rank for rank, relation in enumerate(Relation)}
# "Floppy Dub" is sold as "Floppy Remix" now and then; no other kind is that loose.
_LOOSE = frozenset({Kind.DUB, Kind.REMIX, Kind.VOCAL})
_CHANNELS = frozenset({Kind.MONO, Kind.STEREO})


def relate(left: Version, right: Version, ignorable: frozenset[str] = frozenset()) -> Relation:
    """Compare the version of a file with the version of a track.

    Args:
        left: version the file names.
        right: version the track names.
        ignorable: words that do not tell versions apart here (artist and title words).
    """
    parts = _relate_parts(left, right)
    if parts is Relation.OTHER_PART:
        return parts
    if _censored(left, right) or _censored(right, left):
        return Relation.OTHER
    if left.is_named:
        named = _relate_named(left, right, ignorable)
    else:
        named = _unstated(left, right, ignorable) if right.is_named else Relation.SAME
    return max(named, parts, key=_SEVERITY.__getitem__)


def _relate_named(left: Version, right: Version, ignorable: frozenset[str]) -> Relation:
    """A file that names its version against any track."""
    if Kind.REMIX in left.kinds and not right.is_named and not _both_say(left, right):
        return Relation.OTHER
    kinds = _relate_kinds(left.kinds, right.kinds)
    names = _relate_names(left, right, ignorable)
    return max(kinds, names, key=_SEVERITY.__getitem__)


def _censored(left: Version, right: Version) -> bool:
    """Tell "Clean" from "Dirty"; against a title that says neither it is open."""
    return Kind.CLEAN in left.kinds and not UNCENSORED.isdisjoint(right.said)


def _both_say(left: Version, right: Version) -> bool:
    """Recognise "Main Remix" for "Main Mix": the wording varies where no name is given."""
    return not left.runs and not left.said.isdisjoint(right.said)


def _unstated(left: Version, right: Version, ignorable: frozenset[str]) -> Relation:
    """A file without version words against a track with some."""
    if right.kinds & DEFINING:
        return Relation.OTHER
    if left.original and (set(right.names) - ignorable - FILLER or right.kinds & CUT):
        return Relation.OTHER
    return Relation.UNSTATED


def _relate_parts(left: Version, right: Version) -> Relation:
    if left.parts == right.parts:
        return Relation.SAME
    if left.parts and right.parts:
        return Relation.OTHER_PART
    return Relation.UNSTATED


def _relate_kinds(left: frozenset[Kind], right: frozenset[Kind]) -> Relation:
    differing = left ^ right
    if not differing:
        return Relation.SAME
    if differing & DEFINING:
        return Relation.UNSURE if differing <= _LOOSE else Relation.OTHER
    if differing & CUT:
        if len(differing & CUT) > 1:
            return Relation.OTHER
        return Relation.OTHER_CUT if differing & CUT <= left else Relation.UNSURE
    if differing >= _CHANNELS:
        return Relation.OTHER
    return Relation.UNSURE if Kind.CLEAN in differing else Relation.ALIKE


def _relate_names(left: Version, right: Version, ignorable: frozenset[str]) -> Relation:
    if left.runs == right.runs:
        return _relate_years(left, right)
    ours = [word for word in left.names if word not in FILLER]
    theirs = [word for word in right.names if word not in FILLER]
    if _numbers_differ(ours, theirs):
        return Relation.OTHER
    if ours and words_alike("".join(ours), "".join(theirs)):
        return _relate_years(left, right)
    return _relate_word_lists(left, right, ours, theirs, ignorable)


def _relate_word_lists(
    left: Version,
    right: Version,
    ours: list[str],
    theirs: list[str],
    ignorable: frozenset[str],
) -> Relation:
    """Compare names word by word, whatever their order."""
    only_ours, only_theirs, common = _split_common(ours, theirs)
    extra_ours = [word for word in only_ours if word not in ignorable]
    extra_theirs = [word for word in only_theirs if word not in ignorable]
    if not extra_ours and not extra_theirs:
        return Relation.ALIKE
    if all(word in ignorable for word in common):
        return Relation.OTHER
    if _has_own_run(left, only_ours, ignorable) or _has_own_run(right, only_theirs, ignorable):
        # "(Petalpusher Dub) (Kerri Chandler Remix)" is a remix of the dub
        return Relation.OTHER
    return Relation.UNSURE if extra_ours and extra_theirs else Relation.ALIKE


def _has_own_run(version: Version, unmatched: list[str], ignorable: frozenset[str]) -> bool:
    return len(version.runs) > 1 and any(
        set(run) <= set(unmatched) and not set(run) <= ignorable for run in version.runs
    )


def _relate_years(left: Version, right: Version) -> Relation:
    if left.year == right.year:
        return Relation.SAME
    if left.year is not None and right.year is not None:
        return Relation.OTHER
    # "Original Mix 1999" is dated; "1999 Mix" is a mix of its own
    dated = left if left.year is not None else right
    return Relation.SAME if dated.said or dated.runs or dated.kinds else Relation.UNSURE


def _numbers_differ(left: Iterable[str], right: Iterable[str]) -> bool:
    """Tell "Dub 1" from "Dub 2"; a number on one side only may be anything."""
    ours = sorted(word for word in left if word.isdecimal() and len(word) <= 2)
    theirs = sorted(word for word in right if word.isdecimal() and len(word) <= 2)
    return bool(ours and theirs) and ours != theirs


def _split_common(left: list[str], right: list[str]) -> tuple[list[str], list[str], list[str]]:
    rest = list(right)
    only_left: list[str] = []
    common: list[str] = []
    for word in left:
        twin = next((other for other in rest if words_alike(word, other)), None)
        if twin is None:
            only_left.append(word)
        else:
            rest.remove(twin)
            common.append(word)
    return only_left, rest, common


def words_alike(left: str, right: str) -> bool:
    """Equal but for a possessive s or a typing slip (none in short words and in numbers)."""
    if left == right:
        return True
    shorter, longer = sorted((left, right), key=len)
    if longer == shorter + "s" and len(shorter) > 2:
        return True
    if len(shorter) < 4 or any(char.isdigit() for char in longer):
        return False
    allowed = 1 if len(shorter) < 8 else 2
    return OSA.distance(left, right, score_cutoff=allowed) <= allowed
