"""Groups of duplicates as rows of JSON and as lines. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from musictool_core.quality.duplicates.decide import Class
from musictool_core.quality.duplicates.evidence import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.quality.duplicates.families import Group, Pair

WORDS = {
    Class.IDENTICAL_FILE: "identical files",
    Class.IDENTICAL_AUDIO: "identical audio",
    Class.SAME_RECORDING: "same recording",
    Class.OTHER_MASTER: "same recording, other master",
    Class.VERSION: "versions",
    Class.REVIEW: "to review",
    Class.DIFFERENT: "different",
}


def as_row(group: Group, names: Mapping[int, str]) -> dict[str, Any]:
    """A group as JSON has it: `class`, `files`, `score`, `evidence`."""
    return {
        "class": group.found.value,
        "files": [names[member] for member in group.members],
        "score": round(group.score, 4),
        "evidence": [_evidence(pair, names) for pair in group.pairs],
    }


def _evidence(pair: Pair, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "files": [names[pair.left], names[pair.right]],
        "class": pair.decision.found.value,
        "reasons": list(pair.decision.reasons),
        **as_json(pair.evidence),
    }


def as_lines(group: Group, names: Mapping[int, str]) -> list[str]:
    """A group as lines: what it is and why, then its files."""
    reasons = dict.fromkeys(text for pair in group.pairs for text in pair.decision.reasons)
    said = "; ".join(list(reasons)[:3])
    return [
        f"{WORDS[group.found]}: {said}",
        *(f"  {names[member]}" for member in group.members),
    ]


def summary(groups: Sequence[Group]) -> str:
    """How many there are of each class, in words."""
    counts = Counter(each.found for each in groups)
    said = [f"{counts[each]:,} x {words}" for each, words in WORDS.items() if counts[each]]
    return ", ".join(said) or "nothing is there twice"
