"""beets' own tag writes through `safeio`, for `musictool.safe_writes: all`.

beets has no hook that replaces the write itself, so `Item.write` is replaced. Loaded with the
plugin into every `beet` command: what writes is loaded with the first write.

Only a method with the known arguments is replaced; any other is a version of beets that we do not
know, and stays as it is.

Of beets' own plugins one writes files by itself: `scrub` removes all tags with mutagen, then has
`Item.write` write those of the library. What it does to a file is recorded as one write.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

import beets
from beets.library import Item

from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    import logging

_KNOWN = ("self", "path", "tags", "id3v23")
_KNOWN_SCRUB = ("self", "item", "restore")

BEYOND = frozenset({".ape", ".dsf", ".mp+", ".mpc", ".mpp"})
"""Endings that beets writes and `safeio` does not; they are written as ever."""


def install(log: logging.Logger) -> None:
    """Replace `Item.write` in this process, unless the user wants beets to write by itself."""
    original = Item.write
    if not _is_wanted() or original.__module__ == __name__:
        return
    if tuple(inspect.signature(original).parameters) != _KNOWN:
        log.warning(
            "musictool: this beets writes tags in a way we do not know; its own writes are not"
            " crash-safe, and their tags cannot be taken back."
        )
        return

    def write(
        self: Item, path: bytes | None = None, tags: Any = None, id3v23: bool | None = None
    ) -> None:
        if os.path.splitext(os.fsdecode(path or self.path))[1].lower() in BEYOND:  # noqa: PTH122 - loads quickly
            original(self, path, tags, id3v23)
        else:
            resolve("musictool_core.host.tagwrite:write_item")(self, path, tags, id3v23)

    Item.write = write  # type: ignore[method-assign]


def cover_scrub() -> None:
    """When all plugins are loaded: have what `scrub` does to a file recorded, too."""
    plugin = getattr(sys.modules.get("beetsplug.scrub"), "ScrubPlugin", None)
    original = getattr(plugin, "_scrub_item", None)
    if original is None or not _is_wanted() or original.__module__ == __name__:
        return
    if tuple(inspect.signature(original).parameters) != _KNOWN_SCRUB:
        return

    def scrub_item(self: Any, item: Item, restore: bool) -> None:
        keep_over = resolve("musictool_core.host.tagwrite:keep_over")
        keep_over(item, lambda: original(self, item, restore))

    plugin._scrub_item = scrub_item  # type: ignore[union-attr] # noqa: SLF001 - there is no event


def _is_wanted() -> bool:
    setting = beets.config["musictool"]["safe_writes"]
    return not (setting.exists() and setting.get() == "own")
