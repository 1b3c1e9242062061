"""Field types shared by all our plugins and tables.

beets refuses to start when two plugins, or a plugin and the user's `types:` section, give one field
two type objects that are not equal, and plain beets types have no equality. Ours equal any type of
the same family (all integers, all floats), in both directions, so load order does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from beets.dbcore import types

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
