"""Field types shared by all our plugins and tables, and the flexible fields we declare.

beets refuses to start when two plugins, or a plugin and the user's `types:` section, give one field
two type objects that are not equal, and plain beets types have no equality. Ours equal any type of
the same family (all integers, all floats), in both directions, so load order does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from beets.dbcore import types
from beets.library import Album, Item

from musictool_core.db import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Shared:
    """What our types have in common, whatever their display settings."""

    _family: ClassVar[type[types.Type]]
    """Ours equal all types of this beets class, among them what `types:` in the user's config
    gives."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self._family)

    def __hash__(self) -> int:
        return hash(self._family)

    def format(self, value: Any) -> str:
        """Show an unknown value as nothing, not as 0 or 1970."""
        return "" if value is None else super().format(value)  # type: ignore[misc]


class Integer(_Shared, types.NullInteger):
    """A whole number; unknown stays unknown instead of becoming 0."""

    _family = types.BaseInteger


class Float(_Shared, types.NullFloat):
    """A number with decimals; unknown stays unknown instead of becoming 0.0."""

    _family = types.BaseFloat


class Text(_Shared, types.String):
    """Text; a query term looks for a part of it."""

    _family = types.String


class Date(_Shared, types.DateType):
    """A time, queried as `2024..`, `-3m..` and so on; unknown stays unknown."""

    _family = types.DateType
    null = None  # type: ignore[assignment]


class Boolean(_Shared, types.Boolean):
    """True or false, or unknown."""

    _family = types.Boolean
    null = None


TYPES: Mapping[Kind, types.Type] = {
    Kind.ID: types.PRIMARY_ID,
    Kind.INTEGER: Integer(),
    Kind.REAL: Float(2),
    Kind.TEXT: Text(),
    Kind.DATE: Date(),
    Kind.BOOLEAN: Boolean(),
    Kind.JSON: Text(),
}
"""The one type object for each kind of column."""


class AttributeInteger(_Shared, types.Integer):
    """A whole number in a flexible attribute.

    As with `types: {name: int}` of beets, so that queries find the same: what is stored but is no
    whole number counts as 0. An attribute that is not there stays unknown.
    """

    _family = types.BaseInteger


class AttributeFloat(_Shared, types.Float):
    """A number in a flexible attribute, as with `types: {name: float}` of beets."""

    _family = types.BaseFloat


_ATTRIBUTE_TYPES: Mapping[Kind, types.Type] = {
    Kind.INTEGER: AttributeInteger(),
    Kind.REAL: AttributeFloat(),
    Kind.DATE: TYPES[Kind.DATE],
}
"""Text needs none: it is what beets takes every attribute for."""


@dataclass(frozen=True, slots=True)
class FlexibleField:
    """A flexible attribute of beets' items or albums that the product fills or reads.

    Attributes:
        about: one line for the docs, with unit and source.
        of_albums: albums have it too.
        is_followed: another program alone says what it is; nobody edits it here.
    """

    name: str
    kind: Kind
    about: str
    of_albums: bool = False
    is_followed: bool = False


def _measured(*fields: tuple[str, Kind, str]) -> tuple[FlexibleField, ...]:
    """Fields that say what our own analysis measured."""
    return tuple(FlexibleField(*field, is_followed=True) for field in fields)


FLEXIBLE_FIELDS = (
    FlexibleField("energy", Kind.REAL, "how driving the track is, 1 (calm) to 10"),
    *_measured(
        ("analysis_bpm", Kind.REAL, "measured tempo, beats per minute, exact"),
        ("analysis_bpm_confidence", Kind.REAL, "share of such tempos that are right, 0 to 1"),
        ("analysis_bpm_alt", Kind.REAL, "second choice of the measured tempo"),
        ("analysis_bpm_stable", Kind.INTEGER, "1 when one tempo fits the whole file"),
        ("analysis_bpm_source", Kind.TEXT, "where the value of `bpm` comes from"),
        ("analysis_grid_offset", Kind.REAL, "first beat, seconds from the start"),
        ("analysis_downbeat", Kind.INTEGER, "beats from there to the first bar, 0 to 3"),
        ("analysis_key", Kind.TEXT, "measured key, as in `initial_key`"),
        ("analysis_key_confidence", Kind.REAL, "share of such keys that are right, 0 to 1"),
        ("analysis_key_alt", Kind.TEXT, "second choice of the measured key"),
        ("analysis_key_changes", Kind.TEXT, "other keys and where they begin, JSON"),
        ("analysis_key_source", Kind.TEXT, "where the value of `initial_key` comes from"),
        ("analysis_camelot", Kind.TEXT, "measured key on the Camelot wheel"),
        ("analysis_tuning", Kind.REAL, "cents above A4 = 440 Hz"),
        ("analysis_lufs", Kind.REAL, "loudness of the whole, LUFS (EBU R 128)"),
        ("analysis_lra", Kind.REAL, "loudness range, LU"),
        ("analysis_true_peak", Kind.REAL, "highest peak between samples, dBTP"),
        ("analysis_danceability", Kind.REAL, "0 to about 3"),
        ("analysis_intro_end", Kind.REAL, "where the intro ends, seconds"),
        ("analysis_outro_start", Kind.REAL, "where the outro begins, seconds"),
        ("analysis_mix_in", Kind.REAL, "where to mix in, seconds"),
        ("analysis_mix_out", Kind.REAL, "where to mix out, seconds"),
        ("analysis_sections", Kind.TEXT, "parts of the arrangement, JSON"),
        ("analysis_version", Kind.INTEGER, "version of the measures"),
    ),
    FlexibleField(
        "quality_score",
        Kind.REAL,
        "quality of the file, 0 to 100",
        of_albums=True,
        is_followed=True,
    ),
    FlexibleField(
        "quality_verdict",
        Kind.TEXT,
        "lossless_consistent, lossy_proven, suspicious or cannot_tell",
        is_followed=True,
    ),
    FlexibleField("quality_wanted", Kind.INTEGER, "1 when a better copy of the file is wanted"),
    FlexibleField("traktor_rating", Kind.INTEGER, "stars in Traktor, 1 to 5, 0 for unrated"),
    FlexibleField("traktor_comment2", Kind.TEXT, "second comment in Traktor"),
    FlexibleField("traktor_mix", Kind.TEXT, "name of the mix in Traktor"),
    FlexibleField("traktor_producer", Kind.TEXT, "producer in Traktor"),
    FlexibleField(
        "traktor_playcount", Kind.INTEGER, "how often Traktor counted a play", is_followed=True
    ),
    FlexibleField(
        "traktor_last_played", Kind.DATE, "day of the last play in Traktor", is_followed=True
    ),
    FlexibleField(
        "traktor_imported", Kind.DATE, "day when Traktor got to know the file", is_followed=True
    ),
    FlexibleField(
        "traktor_ranking",
        Kind.INTEGER,
        "rating in Traktor as its file has it, 0 to 255",
        is_followed=True,
    ),
    FlexibleField("traktor_bpm", Kind.REAL, "tempo in Traktor, beats per minute", is_followed=True),
    FlexibleField(
        "traktor_key",
        Kind.INTEGER,
        "key that Traktor measured: 0 to 11 C to B major, 12 to 23 minor",
        is_followed=True,
    ),
    FlexibleField(
        "traktor_color", Kind.INTEGER, "color in Traktor: 1 red to 7 magenta", is_followed=True
    ),
    FlexibleField(
        "traktor_locked",
        Kind.INTEGER,
        "1 when the track is locked in Traktor against analysis",
        is_followed=True,
    ),
    FlexibleField(
        "traktor_analysed", Kind.INTEGER, "1 when Traktor has analysed the track", is_followed=True
    ),
    FlexibleField(
        "traktor_cue_count",
        Kind.INTEGER,
        "number of cues, loops and grid markers in Traktor",
        is_followed=True,
    ),
    FlexibleField("traktor_peak_db", Kind.REAL, "peak in Traktor, dB", is_followed=True),
    FlexibleField(
        "traktor_perceived_db", Kind.REAL, "perceived loudness in Traktor, dB", is_followed=True
    ),
)
"""All of them; their types make ranges (`energy:8..9`) and sorts (`energy-`) work everywhere."""

_EXACT = AttributeFloat(3)
"""What is measured shows more than one decimal."""

ITEM_TYPES: Mapping[str, types.Type] = {
    field.name: _EXACT
    if field.kind is Kind.REAL and field.name.startswith("analysis_")
    else _ATTRIBUTE_TYPES[field.kind]
    for field in FLEXIBLE_FIELDS
    if field.kind in _ATTRIBUTE_TYPES
}
"""What a plugin exposes as `item_types`."""

ALBUM_TYPES: Mapping[str, types.Type] = {
    field.name: _ATTRIBUTE_TYPES[field.kind] for field in FLEXIBLE_FIELDS if field.of_albums
}
"""What a plugin exposes as `album_types`."""

_OF_THIS_COMPUTER = frozenset({"path", "artpath"})


def is_date(name: str) -> bool:
    """Whether a field of items and albums holds a time, in seconds since 1970."""
    return isinstance(Item._type(name), types.DateType)  # noqa: SLF001 - beets has no public way


def is_readable(name: str) -> bool:
    """Whether a stored field may be shown outside of this computer's file system: no paths."""
    computed = name in Item._getters() or name in Album._getters()  # noqa: SLF001 - as above
    return bool(name) and not computed and name not in _OF_THIS_COMPUTER
