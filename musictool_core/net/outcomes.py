"""How a lookup can end: a closed set of statuses, and the answer that arrives when all went well.

Failures travel as the errors of `musictool_core.errors`; the two subclasses here tell apart what a
user must react to differently. `Status.from_error` turns an error into the value that is stored and
shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.errors import (
    AuthNeeded,
    NotFound,
    RateLimited,
    Refused,
    ShapeChanged,
    SourceError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Challenged(Refused):
    """A page that asks a browser to prove it is one came instead of the answer."""


class Forbidden(Refused):
    """The source itself says that this is not for us (HTTP 403): private, or somebody else's."""


class CredentialsRejected(AuthNeeded):
    """Credentials were sent and not accepted: wrong, revoked or expired."""


class Status(Enum):
    """The closed set of ways a lookup ends; every page, table and command shows one of these."""

    OK = "ok"
    NONE = "none"
    """The source answered that it has no such thing."""
    CHALLENGED = "challenged"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    AUTH_REQUIRED = "auth_required"
    AUTH_EXPIRED = "auth_expired"
    SHAPE_CHANGED = "shape_changed"
    OFFLINE = "offline"
    DISABLED = "disabled"
    """Not asked, because the user switched the source off."""
    STALE = "stale"
    """Not asked or not answered; what is shown is an older answer."""

    @classmethod
    def from_error(cls, error: SourceError) -> Status:
        """Return the status that `error` is shown as; OFFLINE where no kind of its own exists."""
        for kind, status in _STATUS_OF_ERROR:
            if isinstance(error, kind):
                return status
        return cls.OFFLINE


_STATUS_OF_ERROR: tuple[tuple[type[SourceError], Status], ...] = (
    # Subclasses stand before their parents.
    (Challenged, Status.CHALLENGED),
    (Refused, Status.BLOCKED),
    (CredentialsRejected, Status.AUTH_EXPIRED),
    (AuthNeeded, Status.AUTH_REQUIRED),
    (RateLimited, Status.RATE_LIMITED),
    (NotFound, Status.NONE),
    (ShapeChanged, Status.SHAPE_CHANGED),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete, parsed answer.

    Attributes:
        http_status: 200 to 299.
        data: the parsed JSON; None when the source answered without content (204).
        body: the bytes `data` was parsed from, decompressed.
        headers: of the answer; names compare without case.
    """

    http_status: int
    data: Any = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def status(self) -> Status:
        """OK, or NONE for an answer without content."""
        return Status.NONE if self.data is None else Status.OK
