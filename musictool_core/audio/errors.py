"""What can be wrong with a file that is to be measured."""

from __future__ import annotations

from musictool_core.errors import MusicToolError


class AudioError(MusicToolError):
    """A file could not be measured; the message names the reason."""


class Undecodable(AudioError):
    """No decoder makes sound of the file: missing, unreadable, empty, or not audio."""


class ToolMissing(AudioError):
    """A program or package that measuring needs is not installed."""
