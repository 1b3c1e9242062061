"""The real command line on a library of its own, beside a fake Discogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.beet import Beet, beet_beside
from tests.fakes.discogs import FakeDiscogs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    """Discogs with one account and nothing in it."""
    with FakeDiscogs() as running:
        yield running


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path, discogs: FakeDiscogs) -> Beet:
    """`beet` with an empty library, beside `discogs`."""
    return beet_beside(discogs, tmp_path / "beets", _library_file)
