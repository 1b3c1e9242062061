"""What is known of the sound of a track, prepared for its page and for the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from musictool_core import jobs
from musictool_core.analysis import fill, filling
from musictool_core.analysis.others import said_by_others
from musictool_core.app import analysing
from musictool_core.audio.heard import DJ
from musictool_web.charts.sound import sound_picture
from musictool_web.media.answers import Status
from musictool_web.media.peaks import Peaks

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from musictool_core.analysis.engine import Known
    from musictool_core.analysis.others import Said
    from musictool_core.audio.values import Analysis
    from musictool_core.db import Tx
    from musictool_core.host.entities import RowImage
    from musictool_core.jobs import Job
    from musictool_core.music.keys import Key
    from musictool_web.context import Web

_WAIT_S = 0.5
"""How long a page waits for a waveform that was never made; then it follows."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known.

    Attributes:
        analysis: None when the file was never measured, or could not be.
        error: why it could not.
        picture: empty when there is nothing to draw.
        is_early: the waveform is still being made.
        job: measures this track or all, and is not finished.
        sources: by field of beets, where its value comes from; "" when that is not known.
        others: what other programs say in attributes of their own.
    """

    analysis: Analysis | None
    error: str
    picture: Markup
    is_early: bool
    job: Job | None
    sources: dict[str, str]
    others: tuple[Said, ...]


def measured(parts: Web, number: int, title: str, *, draw: bool = True) -> Measured:
    """What is known of the sound of a track.

    Args:
        parts: of this process.
        number: of the track.
        title: for the description of the picture.
        draw: make the picture, too.
    """
    view = parts.host.reading()
    found = next(iter(fill.read_known(view, [number])), None)
    analysis = found[1].analysis if found else None
    peaks = parts.media.peaks.peaks(number, wait_s=_WAIT_S) if analysis and draw else None
    is_early = peaks is not None and not isinstance(peaks, Peaks)
    is_early = is_early and getattr(peaks, "status", None) is Status.PENDING
    content = peaks.content if isinstance(peaks, Peaks) else None
    return Measured(
        analysis,
        found[1].error if found else "",
        sound_picture(analysis, content, _said(analysis, title)) if analysis and draw else Markup(),
        is_early,
        open_job(parts, number),
        _sources(view, number, found),
        said_by_others(view, number),
    )


def spelled(key: Key, notation: str) -> str:
    """A key in all notations, that of the user's setting first: "F# minor, 11A, 4m"."""
    ways = {"musical": key.name, "camelot": key.camelot, "open": key.open_key}
    first = ways.pop(notation, key.name)
    return ", ".join((first, *(way for way in ways.values() if way != first)))


def open_job(parts: Web, number: int, group: str = DJ) -> Job | None:
    """The job that measures a track and is not finished, if there is one.

    Args:
        parts: of this process.
        number: of the track.
        group: of measures.
    """
    for job in jobs.list_jobs(parts.host.reading(), states=jobs.OPEN):
        is_ours = job.kind == analysing.KIND and group in job.args.get("groups", [DJ])
        if is_ours and number in job.args["items"]:
            return job
    return None


def queue(parts: Web, numbers: Collection[int], groups: Sequence[str] = (DJ,)) -> jobs.JobId:
    """Queue a job that measures tracks."""
    number = analysing.queue(parts.host, numbers, groups)
    parts.worker.wake()
    return number


def as_json(found: Measured) -> dict[str, Any]:
    """The object of one track in the API."""
    known = found.analysis
    energy = known.energy if known else None
    return {
        **filling.as_json(known, found.error),
        "is_measured": known is not None,
        "length_s": round(known.duration_s, 3) if known else None,
        "downbeat": known.grid.downbeat if known and known.grid else None,
        "bpm_stable": known.tempo.is_stable if known and known.tempo else None,
        "energy_curve": [round(level, 2) for level in energy.curve] if energy else [],
        "energy_step_s": round(energy.step_s, 3) if energy else None,
        "danceability": known.danceability if known else None,
        "sources": found.sources,
        "others": [
            {"source": each.source, "field": each.field, "value": each.value}
            for each in found.others
        ],
        "job": found.job.job_id if found.job else None,
    }


def _sources(view: Tx, number: int, found: tuple[int, Known, RowImage] | None) -> dict[str, str]:
    if found is None:
        return {}
    _, known, image = found
    return {field: fill.said_by(view, number, field, known, image) for field in filling.SOURCES}


def _said(found: Analysis, title: str) -> str:
    parts = [f"Waveform of {title}"]
    if found.grid is not None:
        parts.append("its beat grid")
    if found.structure is not None:
        parts.append(f"{len(found.structure.sections)} sections and mix points")
    if found.energy is not None:
        parts.append("energy")
    return ", ".join(parts)
