"""Files that a form sent, as files of this computer for as long as they are read."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.datastructures import FileStorage


@contextmanager
def received(sent: FileStorage | None, name: str) -> Iterator[Path]:
    """Yield a file of this name with what was sent; it is gone afterwards.

    Raises:
        MusicToolError: no file was chosen.
    """
    if sent is None or not sent.filename:
        raise MusicToolError("no file was chosen.", hint="Choose one, and send the form again.")
    with tempfile.TemporaryDirectory(prefix="musictool-") as folder:
        path = Path(folder) / name
        sent.save(path)
        yield path
