"""Which plugins run in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beets import plugins

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beets.library import Library


def run_command(lib: Library, name: str, words: Sequence[str]) -> None:
    """Run a command of another plugin in this process, as typed.

    Raises:
        MusicToolError: no plugin that is loaded has it.
    """
    command = next((each for each in plugins.commands() if each.name == name), None)
    if command is None:
        raise MusicToolError(
            f"no plugin has a command {name}.", hint=f"Add `{name}` to `plugins:`."
        )
    options, rest = command.parse_args(list(words))
    command.func(lib, options, rest)


def is_loaded(name: str) -> bool:
    """Whether beets has loaded a plugin of this name."""
    return any(plugin.name == name for plugin in plugins.find_plugins())
