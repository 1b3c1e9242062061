"""Libraries of many small files, made once a worker and copied."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from beets.library import Library

from tests.fakes.music import HistoryBeet

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = [
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "traktor",
]
FEW = 50
MANY = 500


class Tracked(HistoryBeet):
    """`beet` on a library of so many tracks, each with a small file of its own."""

    def __init__(self, folder: Path, library_file: Path, tracks: int) -> None:
        super().__init__(folder, library_file, plugins=PLUGINS, timeout=0.5)
        self.tracks = tracks

    def fill(self) -> None:
        """Make the tracks: one is imported, the others are like it."""
        self.import_album("Album", ("mp3",))
        lib = Library(str(self.path), str(self.folder / "music"))
        try:
            first = next(iter(lib.items()))
            source = self.file_of(first.id or 0)
            with lib.transaction():
                for number in range(2, self.tracks + 1):
                    copy = source.with_name(f"{number}{source.suffix}")
                    shutil.copy(source, copy)
                    item = first.copy()
                    item.id = None
                    item.path = bytes(str(copy), "utf-8")
                    lib.add(item)
        finally:
            lib._close()


@pytest.fixture(
    scope="session",
    params=[FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(1_200)])],
)
def _made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _library_file: Path
) -> Tracked:
    made = Tracked(tmp_path_factory.mktemp("made") / "beets", _library_file, request.param)
    made.fill()
    return made


@pytest.fixture
def tracked(_made: Tracked, tmp_path: Path) -> Tracked:
    """A library that this test may change."""
    folder = shutil.copytree(_made.folder, tmp_path / "tracked")
    return Tracked(folder, folder / "library.db", _made.tracks)
