"""Which fields are kept in step, on which sides, and who is right by default.

Who is right (reference/traktor-nml.md, section 8): what Traktor measures and counts is Traktor's
alone; of names beets is right, which has their sources; the rest is asked. A policy of the user
takes the place of these.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.errors import ConfigError
from musictool_core.traktor.fields import WRITABLE
from musictool_core.traktor.merge import BPM_TOLERANCE, Kind, Policy, Rule, Side

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class SyncField:
    """A field and where its sides keep it.

    Attributes:
        rule: how it is merged; its name is the field's.
        nml: name in `traktor.fields`.
        beets: columns or attributes of items.
        tags: fields of `safeio.mediatags.TagFile`; empty where no file has a place for it.
    """

    rule: Rule
    nml: str
    beets: tuple[str, ...]
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.rule.name


_DB_TOLERANCE = 0.01
_DATE = ("year", "month", "day")


def _beets(name: str, field: str = "", kind: Kind = Kind.TEXT) -> SyncField:
    """A field that beets has the sources of."""
    field = field or name
    return SyncField(Rule(name, kind, Policy.BEETS), name, (field,), (field,))


def _shared(name: str, field: str, *, tag: str = "", kind: Kind = Kind.TEXT) -> SyncField:
    """A field that people write everywhere."""
    return SyncField(Rule(name, kind, Policy.ASK), name, (field,), (tag,) if tag else ())


def _traktor(name: str, kind: Kind, *, field: str = "", tolerance: float = 0.0) -> SyncField:
    """A field that only Traktor says."""
    rule = Rule(name, kind, Policy.NML, Side.NML, allow_clear=True, tolerance=tolerance)
    return SyncField(rule, name, (field or f"traktor_{name}",))


SYNC_FIELDS = (
    _beets("title"),
    _beets("artist"),
    _beets("album"),
    _beets("track", kind=Kind.COUNT),
    _beets("tracktotal", kind=Kind.COUNT),
    _beets("label"),
    _beets("catalognum"),
    _beets("remixer", "remixers", Kind.TEXTS),
    SyncField(Rule("released", Kind.DATE, Policy.BEETS), "released", _DATE, _DATE),
    _shared("stars", "traktor_rating", tag="traktor_rating", kind=Kind.STARS),
    _shared("comment", "comments", tag="comments"),
    _shared("comment2", "traktor_comment2", tag="traktor_comment2"),
    _shared("genre", "genres", tag="genres", kind=Kind.TEXTS),
    _shared("key_text", "initial_key", tag="initial_key", kind=Kind.KEY),
    _shared("lyrics", "lyrics", tag="lyrics"),
    _shared("mix", "traktor_mix", tag="traktor_mix"),
    _shared("producer", "traktor_producer", tag="traktor_producer"),
    SyncField(
        Rule("tempo", Kind.NUMBER, Policy.NML, Side.NML, tolerance=BPM_TOLERANCE, whole=True),
        "bpm",
        ("bpm",),
        ("bpm",),
    ),
    _traktor("bpm", Kind.NUMBER, tolerance=BPM_TOLERANCE),
    _traktor("key", Kind.COUNT),
    _traktor("playcount", Kind.COUNT),
    _traktor("last_played", Kind.TEXT),
    _traktor("imported", Kind.TEXT),
    _traktor("ranking", Kind.COUNT),
    _traktor("color", Kind.COUNT),
    _traktor("locked", Kind.COUNT),
    _traktor("analysed", Kind.COUNT),
    _traktor("cues", Kind.COUNT, field="traktor_cue_count"),
    _traktor("peak_db", Kind.NUMBER, tolerance=_DB_TOLERANCE),
    _traktor("perceived_db", Kind.NUMBER, tolerance=_DB_TOLERANCE),
)
"""All of them, in the order in which a plan lists them."""

READ_ONLY = frozenset(
    {"tempo", "bpm", "key", "ranking", *(f.name for f in SYNC_FIELDS if f.nml not in WRITABLE)}
)
"""Fields of an entry that no sync ever writes: what Traktor measures, and what `stars` stands for.
`ranking` of another player (196) stays while the stars are the same."""


def sync_fields(
    policies: Mapping[str, Policy] | None = None, clear: Collection[str] = ()
) -> tuple[SyncField, ...]:
    """The fields with the user's policies.

    Args:
        policies: who is right, by field.
        clear: fields whose values may be taken away from all sides.

    Raises:
        ConfigError: no such field, or one that only Traktor can say.
    """
    known = [field.name for field in SYNC_FIELDS]
    for name in (*(policies or {}), *clear):
        if name not in known:
            raise ConfigError("traktor.policies", name, "a field that is kept in step", known)
    return tuple(_with(field, (policies or {}).get(field.name), clear) for field in SYNC_FIELDS)


def _with(field: SyncField, policy: Policy | None, clear: Collection[str]) -> SyncField:
    rule = field.rule
    if field.name in clear:
        rule = replace(rule, allow_clear=True)
    if policy is None or policy is rule.policy:
        return replace(field, rule=rule)
    if field.name in READ_ONLY:
        raise ConfigError(
            f"traktor.policies.{field.name}", policy.value, "possible: only Traktor says this"
        )
    return replace(field, rule=replace(rule, policy=policy, owner=None))
