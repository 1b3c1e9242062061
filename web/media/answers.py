"""What a page gets when there is no picture, waveform or sound: a status and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """Why there is nothing to send."""

    NONE = "none"
    """We looked: there is none."""
    PENDING = "pending"
    """It is being made; ask again in a moment."""
    NEEDS_FFMPEG = "needs ffmpeg"
    """ffmpeg is not installed, and nothing else can read this format."""
    UNREADABLE = "unreadable"
    """The file is damaged, hostile, or no audio file."""
    GONE = "gone"
    """The item or its file is not there."""
    NO_ROOM = "no room"
    """A copy for the browser does not fit on the disk."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing to send.

    Attributes:
        status: why.
        reason: one sentence for people; never holds a path.
    """

    status: Status
    reason: str


PENDING = Missing(Status.PENDING, "It is being prepared.")
NO_ITEM = Missing(Status.GONE, "This track is not in the library any more.")
NO_FILE = Missing(Status.GONE, "The file of this track is not where the library says.")
NO_AUDIO = Missing(Status.UNREADABLE, "This file holds no audio that we know.")
NEEDS_FFMPEG = Missing(
    Status.NEEDS_FFMPEG, "Install ffmpeg to see and hear this format in the browser."
)
