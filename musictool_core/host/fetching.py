"""Makes flexible queries of an open library fast, in every command and plugin.

Loaded with the plugin into every `beet` command: what does the work is imported by the first query.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from beets.library import Library

_REWRITTEN = "musictool_core.host.sqlquery:rewritten"


def speed_up(lib: Library) -> None:
    """Have `lib.items` and `lib.albums` answer flexible queries in SQL; results stay the same.

    The one way into it that all of beets goes is `_fetch`, which nothing but this object gets
    replaced: other libraries in the process stay as they are.
    """
    stock = lib._fetch  # noqa: SLF001 - see above
    own = threading.local()

    def fetch(model_cls: Any, query: Any = None, sort: Any = None, limit: int | None = None) -> Any:
        query, sort = resolve(_REWRITTEN)(lib, own, model_cls, query, sort) or (query, sort)
        return stock(model_cls, query, sort, limit)

    lib._fetch = fetch  # type: ignore[method-assign] # noqa: SLF001
