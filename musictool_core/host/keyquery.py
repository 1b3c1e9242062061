"""Keys as DJs write them, in templates (`$camelot`) and queries (`camelot:8A`).

Both look at `initial_key`, in whatever notation it is stored, so they say what the library holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beets.dbcore.query import FieldQuery

from musictool_core.music.keys import WHEEL, Key, parse_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beets.dbcore.db import Model
    from beets.library import Item


class KeyQuery(FieldQuery[str]):
    """Items in one of several keys: `8A`, `8A,9A`, `Am`, `1m`, or `8` for both rings."""

    def clause(self) -> tuple[str, Sequence[str]]:
        """See `Query.clause`."""
        spelled = sorted({text for key in wanted_keys(self.pattern) for text in _spelled(key)})
        marks = ", ".join("?" for _ in spelled)
        return f"IFNULL(items.initial_key, '') IN ({marks})", spelled

    def match(self, obj: Model) -> bool:
        """Ask a loaded item, where another part of the query needs the slow way."""
        return parse_key(str(obj.get("initial_key") or "")) in wanted_keys(self.pattern)


def wanted_keys(pattern: str) -> frozenset[Key]:
    """The keys that a pattern names; none when it names none."""
    found: set[Key] = set()
    for word in pattern.removeprefix("=").split(","):
        key = parse_key(word)
        if key is not None:
            found.add(key)
        elif word.strip().isdecimal():
            found |= {each for each in WHEEL if each.hour == int(word)}
    return frozenset(found)


def _spelled(key: Key) -> tuple[str, ...]:
    """How a key may be stored; beets itself has Camelot in small letters."""
    return (key.short, key.camelot, key.camelot.lower(), key.open_key)


def show_key(item: Item, name: str) -> str:
    """A field of templates: camelot, open_key or musical_key ("F# minor"); "" when unknown."""
    key = parse_key(str(item.get("initial_key") or ""))
    if key is None:
        return ""
    return {"camelot": key.camelot, "open_key": key.open_key}.get(name, key.plain_name)


ITEM_QUERIES = dict.fromkeys(("camelot", "open_key"), KeyQuery)
"""What a plugin exposes as `item_queries`."""
