"""Listeners that must never break what beets is doing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator


@contextmanager
def carry_on(log: logging.Logger) -> Iterator[None]:
    """Log whatever goes wrong in the block, and let beets go on."""
    try:
        yield
    except MusicToolError as error:
        # beets' loggers take text with braces literally only without arguments.
        log.warning(error.line())
    except Exception:
        log.exception("musictool: a listener failed; beets goes on")
