"""What a rule is, and what it says of records.

A record is a mapping of field names to values as beets stores them; a field that is not in it is
not judged. A rule sees a group of records: one track, the tracks of an album, or the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - dataclass fields are inspected at run time
from enum import Enum

Record = Mapping[str, object]
Patch = Mapping[str, object]
"""New values by field."""


class Severity(Enum):
    """How bad a finding is; the value is the share of validity that it costs."""

    HIGH = 0.3
    MEDIUM = 0.15
    LOW = 0.05


class Scope(Enum):
    """What a rule has to see at once."""

    ITEM = "item"
    ALBUM = "album"
    LIBRARY = "library"


class Mode(Enum):
    """What may be done about a finding."""

    SAFE = "safe"
    """Nothing can be lost: `--quick` applies it."""
    PREVIEW = "preview"
    """Right nearly always: shown, and applied rule by rule."""
    REPORT = "report"
    """A person or another source has to say what is right."""


class Profile(Enum):
    """Who uses the library."""

    DJ = "dj"
    COLLECTOR = "collector"
    LIBRARIAN = "librarian"


ALL_PROFILES = frozenset(Profile)


@dataclass(frozen=True, slots=True)
class Standard:
    """What is right here.

    Attributes:
        today: years after it lie in the future.
        keys: notation of keys: musical, camelot or open.
        id3v23: ID3v2.3 is wanted, not 2.4.
        featuring: how guests are named: "feat.", "ft." or "featuring".
        brackets: round or square ones around versions.
        separator: sign between artists that are joined in two ways; "" for that of most.
        cover_px: pixels of the shorter side that are enough for a cover.
    """

    today: date
    keys: str = "camelot"
    id3v23: bool = False
    featuring: str = "feat."
    brackets: str = "round"
    separator: str = ""
    cover_px: int = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that is wrong.

    Attributes:
        fields: fields it is about.
        text: what is there, in one short line.
        index: of the record in its group.
    """

    fields: tuple[str, ...]
    text: str
    index: int = 0


Detect = Callable[[Sequence[Record], Standard], Sequence[Evidence]]
Fix = Callable[[Sequence[Record], Standard], Mapping[int, Patch]]


@dataclass(frozen=True, slots=True)
class Example:
    """A group of records that shows what a rule does.

    Attributes:
        records: the group.
        fixed: patches by index, empty when the rule mends nothing here.
    """

    records: tuple[Record, ...]
    fixed: Mapping[int, Patch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule of the catalogue.

    Attributes:
        rule_id: such as "T001".
        title: what is wrong, in a few words.
        planted: groups it has to find.
        clean: groups it has to leave alone.
        fix: None where `mode` is report.
    """

    rule_id: str
    title: str
    severity: Severity
    scope: Scope
    mode: Mode
    detect: Detect
    planted: tuple[Example, ...]
    clean: tuple[Example, ...]
    fix: Fix | None = None
    profiles: frozenset[Profile] = ALL_PROFILES


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found in one record.

    Attributes:
        key: of the record, as the caller gave it.
    """

    rule: Rule
    key: int
    evidence: Evidence
