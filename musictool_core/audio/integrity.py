"""Whether a file is whole: what its decoder said, and what its format can prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.audio.signal.values import Integrity

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.audio.decode import Decoding


def integrity_of(path: Path, file: Decoding) -> Integrity:
    """What can be said of a file that was decoded to its end."""
    del path
    return Integrity(
        errors=file.complaint_count + file.bad_samples,
        messages=tuple(file.complaints),
        missing_s=round(file.missing_s, 2),
    )
