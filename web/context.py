"""What every view works with: the started product and the parts of this web process."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - dataclass fields are inspected
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - as above
from typing import TYPE_CHECKING, cast

from flask import current_app

from musictool_core.app import App  # noqa: TC001 - dataclass fields are inspected
from musictool_core.host.memory import Kept
from musictool_core.host.search import (  # noqa: TC001 - dataclass fields are inspected
    Question,
    Search,
)
from musictool_core.jobs import Worker  # noqa: TC001 - dataclass fields are inspected
from musictool_web.aggregates import Aggregates  # noqa: TC001 - dataclass fields are inspected
from musictool_web.compress import Packed  # noqa: TC001 - dataclass fields are inspected
from musictool_web.freshness import GapsWatch  # noqa: TC001 - dataclass fields are inspected
from musictool_web.live import Tail  # noqa: TC001 - dataclass fields are inspected
from musictool_web.media.service import Media  # noqa: TC001 - dataclass fields are inspected
from musictool_web.remember import Remembered  # noqa: TC001 - dataclass fields are inspected

if TYPE_CHECKING:
    from musictool_core.host.library import Host

_KEPT_BYTES = 16 << 20

NAME = "musictool"
"""Under which Flask keeps it, as an extension."""


@dataclass(frozen=True, slots=True)
class Web:
    """The parts of one web process.

    Attributes:
        app: the started product.
        search: lists of the library.
        worker: runs queued jobs.
        tail: tells open browsers what happens.
        media: covers, waveforms and sound.
        aggregates: what is counted over the whole library.
        now: the time (UTC).
        who: user of this computer, for the history.
        gaps: keeps the gap states fresh.
        remembered: answers that take long.
        bodies: windows of lists as they are sent, with the generation they are of.
    """

    app: App
    search: Search
    worker: Worker
    tail: Tail
    media: Media
    aggregates: Aggregates
    now: Callable[[], datetime]
    who: str
    gaps: GapsWatch
    remembered: Remembered
    bodies: Kept[tuple[Question, bool], tuple[int, Packed]] = field(
        default_factory=lambda: Kept(_KEPT_BYTES, size=lambda known: len(known[1]))
    )

    @property
    def host(self) -> Host:
        """The library."""
        return self.app.host

    def close(self) -> None:
        """Stop the threads and close the connections."""
        self.gaps.stop()
        self.tail.stop()
        self.search.later.close()
        self.worker.stop()
        self.media.close()
        self.search.close()


def web() -> Web:
    """The parts of this process, for a view."""
    return cast("Web", current_app.extensions[NAME])
