"""The states of a track, and of a record as a whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.music import ItemId


class State(Enum):
    """What we know about one playable track of an owned record."""

    OWN = "own"
    """A file of the same version is in the library."""
    OTHER_VERSION = "other_version"
    """Only another version (remix, live, edit) of the song is in the library."""
    REVIEW = "review"
    """A file may be it; a person has to say."""
    MISSING = "missing"
    """No file was found: this is a gap."""
    IGNORED = "ignored"
    """The user does not want it."""


GAP_STATES = (State.MISSING, State.OTHER_VERSION)
"""States in which the track itself is not owned digitally."""


class Owned(Enum):
    """Whether a record as a whole is owned digitally."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class TrackState:
    """One playable track with its state and why.

    Attributes:
        ref: stable name of the track (`music.track_refs`).
        item_id: the file that owns it, may own it, or is the other version; None when missing.
        score: 0 to 1, how sure the relation to the file is; 0.0 when there is none.
        method: which evidence decided ("title", "discogs_albumid", "you", …).
        evidence: short sentences for the user.
        recording: equal for the same recording on several records: they are one gap together.
    """

    ref: str
    position: str
    artist: str
    title: str
    state: State
    item_id: ItemId | None
    score: float
    method: str
    evidence: tuple[str, ...]
    recording: str
    duration_s: float | None


def owned_of(states: Iterable[State]) -> Owned:
    """Sum up the states of a record's tracks; ignored ones do not count.

    A track to review counts as not owned: better one question too many than a gap hidden.
    """
    counted = [state for state in states if state is not State.IGNORED]
    own = sum(1 for state in counted if state is State.OWN)
    if own == len(counted):
        return Owned.YES if counted else Owned.NO
    return Owned.PARTLY if own else Owned.NO
