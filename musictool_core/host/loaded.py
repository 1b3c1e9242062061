"""Which plugins run in this process."""

from __future__ import annotations

from beets import plugins


def is_loaded(name: str) -> bool:
    """Whether beets has loaded a plugin of this name."""
    return any(plugin.name == name for plugin in plugins.find_plugins())
