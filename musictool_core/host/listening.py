"""Listeners that must never break what beets is doing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator


class Literal:
    """A line for a logger of beets, which takes braces in texts for places to fill.

    Args:
        text: names of users' files and tracks may be in it.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


@contextmanager
def carry_on(log: logging.Logger) -> Iterator[None]:
    """Log whatever goes wrong in the block, and let beets go on."""
    try:
        yield
    except MusicToolError as error:
        log.warning(Literal(error.line()))
    except Exception:
        log.exception("musictool: a listener failed; beets goes on")
