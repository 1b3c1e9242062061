"""What files lose points for: `config/quality.yaml`, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Steps = tuple[tuple[float, float], ...]
"""Sizes and what they cost, rising; in between in proportion."""

USES = ("club", "archive", "mobile")
"""What files are used for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The tables of the file, by its names.

    Attributes:
        rooms: points of each part, by use.
        classes: share of the part "source" by codec, bitrate in kbit/s first.
        transcoded: share that one more generation costs.
        suspicion: share that a suspicion costs.
        caps: the most points that a file with such damage gets.
        steps: by "part.name".
        flat: points by "part.name".
        peak_allowed: dBTP, of lossless and of lossy files.
    """

    rooms: Mapping[str, Mapping[str, float]]
    classes: Mapping[str, Steps]
    transcoded: float
    suspicion: float
    caps: Mapping[str, float]
    steps: Mapping[str, Steps]
    flat: Mapping[str, float]
    peak_allowed: Mapping[str, float]


@cache
def read_limits() -> Limits:
    """The limits that musictool comes with."""
    text = files("musictool_config").joinpath("quality.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    parts = {
        f"{part}.{name}": value
        for part in ("integrity", "level", "defects", "format")
        for name, value in read[part].items()
    }
    return Limits(
        rooms=read["uses"],
        classes={name: _steps(table) for name, table in read["source"].items()},
        transcoded=read["transcoded"],
        suspicion=read["suspicion"],
        caps=read["caps"],
        steps={
            name: _steps(value)
            for name, value in parts.items()
            if isinstance(value, dict) and name != "level.peak_allowed"
        },
        flat={name: value for name, value in parts.items() if not isinstance(value, dict)},
        peak_allowed=parts["level.peak_allowed"],
    )


def _steps(table: Mapping[float, float]) -> Steps:
    return tuple(sorted((float(size), float(cost)) for size, cost in table.items()))


def cost(steps: Steps, size: float) -> float:
    """What a size costs; that of the largest beyond it."""
    before = steps[0]
    for step in steps:
        if size <= step[0]:
            if step[0] == before[0]:
                return step[1]
            share = (size - before[0]) / (step[0] - before[0])
            return before[1] + share * (step[1] - before[1])
        before = step
    return before[1]
