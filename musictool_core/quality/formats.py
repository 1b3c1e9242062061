"""Whether the format of a file suits what it is for, and what to make of it. Pure.

Nothing lossy is ever made of what is lossy, nor of what only looks lossless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from musictool_core.audio.ancestry.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DOUBTED = (Verdict.LOSSY_PROVEN.value, Verdict.SUSPICIOUS.value)


class Status(Enum):
    """What is to be done with a file."""

    SUITS = "suits"
    CONVERT = "convert"
    KEEP = "keep"
    """It does not suit, and no conversion makes it better."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What suits one use, and what others become.

    Attributes:
        plays: formats that suit.
        lossless_to: format of beets' `convert` for lossless files that do not suit.
        lossy_to: the same for lossy ones; "" where they stay as they are.
        makes_lossy: `lossless_to` is lossy.
        most_rate: Hz; None for no limit.
        high_rate_to: format for lossless files that have more.
    """

    plays: frozenset[str]
    lossless_to: str
    lossy_to: str
    makes_lossy: bool = False
    most_rate: int | None = None
    high_rate_to: str = ""


@dataclass(frozen=True, slots=True)
class Formats:
    """The part "formats" of `config/quality.yaml`.

    Attributes:
        own: settings of formats that beets does not come with, by name.
    """

    lossless: frozenset[str]
    uses: Mapping[str, Rules]
    own: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file.

    Attributes:
        format: as beets calls it.
        rate: Hz; 0 when unknown.
        verdict: on its past; "" when it was never checked.
        codec: that it went through; "" when that is not known.
        has_checksum: whether a FLAC knows the sum of its own sound; None when that is not known.
    """

    format: str
    rate: int
    verdict: str = ""
    codec: str = ""
    has_checksum: bool | None = None


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether a file suits.

    Attributes:
        convert_to: format of beets' `convert`; "" for none.
        reason: one sentence.
    """

    status: Status
    convert_to: str
    reason: str


@cache
def read_formats() -> Formats:
    """The formats that musictool comes with."""
    text = files("musictool_config").joinpath("quality.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.safe_load(text)["formats"]
    lossless, own = frozenset(read.pop("lossless")), read.pop("own")
    uses = {
        use: Rules(**{**rules, "plays": frozenset(rules["plays"])}) for use, rules in read.items()
    }
    return Formats(lossless, uses, own)


def judge(file: File, use: str, formats: Formats) -> Fitness:
    """Whether a file suits a use, and what to make of it if not."""
    rules = formats.uses[use]
    is_lossless = file.format in formats.lossless
    if is_lossless and rules.most_rate and file.rate > rules.most_rate:
        said = f"{file.rate / 1000:g} kHz: players may read {rules.most_rate / 1000:g} at most."
        return Fitness(Status.CONVERT, rules.high_rate_to, said)
    if file.format in rules.plays:
        return Fitness(Status.SUITS, "", _remark(file))
    if is_lossless:
        return _of_lossless(file, use, rules)
    if rules.lossy_to:
        said = f"Players may not read {file.format}: it is decoded, which costs space only."
        return Fitness(Status.CONVERT, rules.lossy_to, said)
    return Fitness(Status.KEEP, "", "It is lossy: another codec would only make it worse.")


def _remark(file: File) -> str:
    if file.format == "FLAC" and file.has_checksum is False:
        return "Its format suits, but it has no checksum of its sound."
    return "Its format suits."


def _of_lossless(file: File, use: str, rules: Rules) -> Fitness:
    if rules.makes_lossy and file.verdict in _DOUBTED:
        past = "It went through" if file.verdict == Verdict.LOSSY_PROVEN.value else "It may be from"
        said = f"{past} {file.codec or 'a lossy codec'}: another codec would make it worse."
        return Fitness(Status.KEEP, "", said)
    unknown = "" if file.verdict or not rules.makes_lossy else " It was never checked."
    return Fitness(
        Status.CONVERT,
        rules.lossless_to,
        f"{file.format} is not for {use}; it is lossless.{unknown}",
    )


# --- queries -------------------------------------------------------------------------------------


def query_for(target: str, use: str, query: Sequence[str], formats: Formats) -> list[str]:
    """A query for beets that finds what `judge` gives a target, within another query.

    Args:
        target: format of `convert`.
        use: what files are for.
        query: words; one of the groups between its commas must hold.
        formats: as read.
    """
    found: list[str] = []
    for group in _groups(query):
        for terms in _terms_for(target, use, formats):
            found += [*group, *terms, ","]
    return found[:-1]


def _terms_for(target: str, use: str, formats: Formats) -> list[list[str]]:
    """Words for each way in which files get this target."""
    rules = formats.uses[use]
    known = formats.lossless - rules.plays
    most = [f"samplerate:..{rules.most_rate}"] if rules.most_rate else []
    ways = []
    if target == rules.high_rate_to and rules.most_rate:
        ways.append([f"samplerate:{rules.most_rate + 1}..", _one_of(formats.lossless)])
    if target == rules.lossless_to:
        doubts = [f"^quality_verdict:={each}" for each in _DOUBTED] if rules.makes_lossy else []
        ways.append([_one_of(known), *most, *doubts])
    if target == rules.lossy_to:
        ways.append([f"^{_one_of(formats.lossless | rules.plays)}"])
    return ways


def _one_of(names: frozenset[str]) -> str:
    listed = "|".join(re.escape(name).replace("\\ ", " ") for name in sorted(names))
    return f"format::^({listed})$"


def _groups(query: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for word in query:
        term = word.removesuffix(",")
        if term:
            groups[-1].append(term)
        if word.endswith(","):
            groups.append([])
    return groups if len(groups) == 1 else [each for each in groups if each] or [[]]
