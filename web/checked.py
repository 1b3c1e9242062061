"""How good the file of a track is, for its page and for the API."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from musictool_core.analysis.engine import signals_of
from musictool_core.audio.heard import SIGNAL
from musictool_core.quality import listing
from musictool_core.quality.limits import USES, read_limits
from musictool_core.quality.score import allowed_peak
from musictool_core.quality.scoring import Scored, read_scores
from musictool_web import measured
from musictool_web.charts.evidence import evidence

if TYPE_CHECKING:
    from musictool_core.audio.signal.values import Signal
    from musictool_core.db import Tx
    from musictool_core.jobs import Job
    from musictool_core.quality.score import Score
    from musictool_web.context import Web

_CONFIDENCES = {
    "A": "proven, or plain to see",
    "B": "something cannot be told",
    "C": "a suspicion",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a file.

    Attributes:
        score: for the use that is shown; None when it was never checked, or could not be.
        others: scores for the other uses, by use.
        error: why it could not be checked.
        job: checks it, and is not finished.
        signal: what was found; None where nothing is known.
    """

    score: Score | None
    others: dict[str, float]
    error: str
    job: Job | None
    signal: Signal | None = None

    @property
    def pictures(self) -> Markup:
        """What was found, drawn."""
        if self.signal is None:
            return Markup("")
        return evidence(self.signal, allowed_peak(self.signal, read_limits()))

    @property
    def confidence(self) -> str:
        """In words."""
        return _CONFIDENCES[self.score.confidence] if self.score else ""

    @property
    def is_own(self) -> bool:
        """Whether the file itself is in the codec that is named."""
        return self.score is not None and self.score.low == self.score.high


def checked(parts: Web, number: int) -> Checked:
    """What is known of the file of a track."""
    view = parts.host.reading()
    chosen = parts.app.settings.quality.use
    found = {use: next(read_scores(view, [number], use), (0, None))[1] for use in USES}
    known = found[chosen]
    others = {
        use: each.score.score
        for use, each in found.items()
        if use != chosen and each is not None and each.score is not None
    }
    return Checked(
        known.score if known else None,
        others,
        known.error if known else "",
        measured.open_job(parts, number, SIGNAL),
        _signal(view, number),
    )


def _signal(view: Tx, number: int) -> Signal | None:
    found = signals_of(view, [number]).get(number)
    return found.signal if found else None


def as_json(found: Checked, use: str) -> dict[str, Any]:
    """The object of one track in the API; `use` is that of the settings."""
    told = listing.as_json("", use, Scored(found.score, found.error))
    del told["path"]
    own = {use: found.score.score} if found.score else {}
    return {
        "is_checked": found.score is not None,
        "scores": {**own, **found.others},
        **told,
        **_seen(found.signal),
        "job": found.job.job_id if found.job else None,
    }


def _seen(signal: Signal | None) -> dict[str, Any]:
    """What the pictures of the page show."""
    trace = signal.trace if signal else None
    cut = signal.clipping if signal else None
    return {
        "spectrum": asdict(signal.spectrum) if signal and signal.spectrum else None,
        "edge_hz": trace.edge_hz if trace else None,
        "drop_db": trace.drop_db if trace else None,
        "frames": asdict(trace.frames) if trace and trace.frames else None,
        "true_peak_dbtp": signal.true_peak_dbtp if signal else None,
        "clipped_tops": cut.runs if cut else None,
        "clipped_per_minute": cut.per_minute if cut else None,
    }
