"""What was measured as JSON values and back; names that are not known (any more) are left out."""

from __future__ import annotations

import dataclasses
import sys
import types
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from musictool_core.audio.signal.values import Signal
from musictool_core.audio.values import Analysis
from musictool_core.music.keys import Key

if TYPE_CHECKING:
    from collections.abc import Callable


def encode(found: Analysis | Signal) -> dict[str, Any]:
    """What `json` can write."""
    return dataclasses.asdict(found)


def decode(stored: dict[str, Any]) -> Analysis:
    """What `encode` gave, also that of an earlier version: what it did not know is None or empty.

    Raises:
        TypeError: it is something else.
    """
    made: Analysis = _reader(Analysis)(stored)
    return made


def decode_signal(stored: dict[str, Any]) -> Signal:
    """The same for the signal.

    Raises:
        TypeError: it is something else.
    """
    made: Signal = _reader(Signal)(stored)
    return made


@cache
def _reader(kind: Any) -> Callable[[dict[str, Any]], Any]:
    """What makes a value of a dataclass from JSON values; worked out once."""
    # Its module names Key for type checkers only.
    hints = get_type_hints(kind, vars(sys.modules[kind.__module__]), {"Key": Key})
    readers = {field.name: _converter(hints[field.name]) for field in dataclasses.fields(kind)}
    required = dict.fromkeys(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )

    def read(stored: dict[str, Any]) -> Any:
        given = dict(required)
        for name, value in stored.items():
            if name in readers:
                convert = readers[name]
                given[name] = value if value is None or convert is None else convert(value)
        return kind(**given)

    return read


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a value of this type from a JSON value; None when it is one already."""
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        each = _converter(get_args(hint)[0])
        return tuple if each is None else lambda stored: tuple(map(each, stored))
    reader: Any = _reader
    if dataclasses.is_dataclass(hint):
        made: Callable[[Any], Any] = reader(hint)
        return made
    return float if hint is float else None
