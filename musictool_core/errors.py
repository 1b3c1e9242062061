"""The error hierarchy: an error says what happened to which object, and how to react.

Expected outcomes ("the shop has no such track") are values, never errors. Entry points (plugins,
web, jobs) translate a `MusicToolError` into one line for the user; nothing else catches it broadly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MusicToolError(Exception):
    """Root of all our errors.

    Attributes:
        hint: what the user can do about it, one sentence, or None.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def line(self) -> str:
        """Message and hint as the one line a user reads."""
        return f"{self} {self.hint}" if self.hint else str(self)


class ConfigError(MusicToolError):
    """A setting has a value we cannot use."""

    def __init__(self, key: str, value: object, expected: str, known: Iterable[str] = ()) -> None:
        nearest = get_close_matches(str(value), list(known), n=1)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else None
        super().__init__(f"setting {key}: {value!r} is not {expected}.", hint=hint)
        self.key = key


class Reaction(Enum):
    """How to react to a failed source."""

    NEVER = "never"
    """Asking again gives the same answer."""
    LATER = "later"
    """Try again, but not in this run."""
    AT = "at"
    """Try again at a known time."""


@dataclass(frozen=True, slots=True)
class Retry:
    """When asking a source again makes sense; `at` (UTC) only with `Reaction.AT`."""

    reaction: Reaction
    at: datetime | None = None


class SourceError(MusicToolError):
    """A remote source did not give an answer we can use."""

    def __init__(
        self, source: str, message: str, *, retry: Retry | None = None, hint: str | None = None
    ) -> None:
        super().__init__(f"{source}: {message}", hint=hint)
        self.source = source
        self.retry = retry or Retry(Reaction.LATER)


class Unreachable(SourceError):
    """No answer: network off, connection dropped, deadline passed, or the server failed."""


class RateLimited(SourceError):
    """The source asks us to wait longer than a run should wait."""

    def __init__(self, source: str, until: datetime) -> None:
        super().__init__(
            source,
            f"asks us to wait until {until:%H:%M:%S} UTC.",
            retry=Retry(Reaction.AT, until),
            hint="What was fetched is kept; run the command again then.",
        )
        self.until = until


class AuthNeeded(SourceError):
    """No credentials, wrong ones, or expired ones."""


class Refused(SourceError):
    """The source knows us and says no (private, blocked, challenge page)."""


class NotFound(SourceError):
    """The object is gone or never existed."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__(source, message, retry=Retry(Reaction.NEVER))


class ShapeChanged(SourceError):
    """An answer arrived that is not in the documented form."""


class FormatError(MusicToolError):
    """A file is not as documented; nothing was written."""


class StorageError(MusicToolError):
    """Our own storage could not be written or read (disk full, read-only, damaged)."""


class LibraryBusy(StorageError):
    """Another process holds the library longer than we wait."""


class Cancelled(MusicToolError):
    """The user asked to stop; what was done so far is kept."""
