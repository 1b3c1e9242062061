"""What a request asks to list, read from its address; and addresses made from queries."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ROWS = 500
_MOST_QUERY = 4_000


def words(query: str) -> tuple[str, ...]:
    """The words of a beets query as beets would read them from one text.

    Raises:
        MusicToolError: a quote is not closed, or the query is longer than anybody writes.
    """
    if len(query) > _MOST_QUERY or "\0" in query:
        raise MusicToolError("the query is too long, or holds what no query can.")
    try:
        return tuple(shlex.split(query))
    except ValueError as error:
        raise MusicToolError(f"query {query!r}: {error}.") from error


def text(query: Iterable[str]) -> str:
    """Words of a query as one text; `words` gives them back."""
    return shlex.join(query)


def sort_words(sort: str) -> tuple[str, ...]:
    """`-added,title` as beets' sort words `added-`, `title+`."""
    parts = [part.strip() for part in sort.split(",")]
    return tuple(
        f"{part[1:]}-" if part.startswith("-") else f"{part.lstrip('+')}+" for part in parts if part
    )


def address(path: str, **arguments: object) -> str:
    """A path with arguments; those that are None or empty are left out."""
    given = {name: str(value) for name, value in arguments.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
