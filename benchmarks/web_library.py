"""The library that the web view is measured on: many tracks, sleeves, and a shelf with gaps."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

from benchmarks import libraries
from benchmarks.queries import make_indexes, open_library
from musictool_core import app
from musictool_core.discogs.csvio import read_collection
from musictool_core.discogs.shelf_import import import_rows, import_tracklists
from musictool_core.gaps.refresh import refresh
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_core.host.library import Host

PLUGINS = (
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "traktor",
)
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SLEEVES = 200
"""Different pictures; albums take them in turn."""
_SIDE = 600
_ITEMS_A_RECORD = 100
_SEED = 4
"""Of `make_library`: the shelf holds records whose tracks the library has, or has in part."""


def make(root: Path, items: int) -> None:
    """Fill an empty folder: beets' settings, a large library, our tables and indexes."""
    settings = {
        "plugins": list(PLUGINS),
        "library": str(root / "library.db"),
        "directory": str(root / "music"),
        "create_backup_before_migrations": False,
    }
    (root / "config.yaml").write_text(json.dumps(settings), "utf-8")
    (root / "music").mkdir()
    libraries.make_library(root, items)
    add_sleeves(root)
    with started(root) as host:
        add_shelf(host, root, items)
    make_indexes(root)


def add_sleeves(root: Path) -> None:
    """Give each album a picture as large as downloaded ones are."""
    folder = root / "sleeves"
    folder.mkdir()
    paths = [folder / f"{number}.jpg" for number in range(_SLEEVES)]
    for number, path in enumerate(paths):
        paint(random.Random(number)).save(path, quality=88)
    with closing(sqlite3.connect(root / "library.db")) as own, own:
        ids = [number for (number,) in own.execute("SELECT id FROM albums")]
        pictures = zip(map(str.encode, map(str, itertools.cycle(paths))), ids, strict=False)
        own.executemany("UPDATE albums SET artpath = ? WHERE id = ?", pictures)


def paint(chance: random.Random) -> Image.Image:
    """A picture with areas, edges and grain, so that it packs like a photograph."""
    picture = Image.new("RGB", (_SIDE, _SIDE), _colour(chance))
    draw = ImageDraw.Draw(picture)
    for _ in range(24):
        x, y, size = (chance.randrange(_SIDE) for _ in range(3))
        draw.ellipse((x, y, x + size // 2, y + size // 2), fill=_colour(chance))
    grain = Image.effect_noise((_SIDE, _SIDE), 40).convert("RGB")
    return Image.blend(picture.filter(ImageFilter.GaussianBlur(2)), grain, 0.15)


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return (chance.randrange(256), chance.randrange(256), chance.randrange(256))


def add_shelf(host: Host, root: Path, items: int) -> None:
    """Records with track lists, compared with the files."""
    releases = libraries.make_shelf(max(1, items // 8), seed=_SEED)[: items // _ITEMS_A_RECORD]
    libraries.write_collection_csv(releases, root / "collection.csv")
    with host.transaction() as tx:
        rows = read_collection(root / "collection.csv").rows
        import_rows(tx, rows, complete=True, now=_NOW)
    cancel = CancelToken()
    import_tracklists(host, releases, origin="file", now=_NOW, report=silent, cancel=cancel)
    refresh(host, now=_NOW, report=silent, cancel=cancel)


@contextmanager
def started(root: Path) -> Iterator[Host]:
    """The product over the library of a folder, without a command."""
    lib = open_library(root)
    yield app.start(lib, notice=lambda _: None).host
    lib._close()  # noqa: SLF001 - there is no other way to give the file free
