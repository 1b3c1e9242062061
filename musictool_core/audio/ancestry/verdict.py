"""What can be said of the past of a file."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What the evidence allows to say, and no more."""

    LOSSLESS_CONSISTENT = "lossless_consistent"
    """Nothing of a codec was found where it would show."""
    LOSSY_PROVEN = "lossy_proven"
    """The frame grid of a codec was found, or the file is in a lossy format itself."""
    SUSPICIOUS = "suspicious"
    """A weak grid together with an edge in the spectrum."""
    CANNOT_TELL = "cannot_tell"
    """Silent, too short, or dark: a codec would not show."""
