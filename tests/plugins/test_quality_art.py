"""`beet quality art` through the real command line, on real covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.music import HistoryBeet, files, snapshot
from tests.quality.art.sleeves import jpeg, sleeve

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, library_file: Path, **settings: object) -> HistoryBeet:
    """A library of two albums: a small cover beside one, none beside the other."""
    plugins = ["history", "quality", "fetchart"]
    ours = {
        "quality": {"auto": False},
        "fetchart": {"auto": True, "sources": ["filesystem"], "store_source": False},
    }
    beet = HistoryBeet(folder, library_file, plugins=plugins, **{**ours, **settings})
    (beet.make_album("One", ("mp3", "flac")) / "cover.jpg").write_bytes(jpeg(sleeve(1, 200)))
    beet.make_album("Two", ("mp3",))
    beet("import", "-q", "-A", "-c", str(beet.folder / "incoming"))
    return beet


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """See `made`."""
    return made(tmp_path / "beets", _library_file)


def test_the_worst_cover_comes_first_and_says_why(beet: HistoryBeet) -> None:
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    lines = beet("quality", "art").stdout.splitlines()
    rows = beet("quality", "art", "--json").rows

    assert lines[0] == "  0.00  Artist - Two  (no cover)"
    assert lines[2].startswith(" 71.75  Artist - One  (200 x 200 JPEG, ")
    assert lines[3] == (
        "         -28.25  It is small on good screens: 200 x 200 px (limit: 500 px)"
    )
    assert lines[-1] == "2 albums looked at; 2 lose points."
    assert [row["album"] for row in rows] == ["Two", "One"]
    assert [loss["rule"] for loss in rows[1]["losses"]] == ["P002"]
    for row in rows:
        assert row["score"] + sum(loss["points"] for loss in row["losses"]) == 100
    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)


def test_albums_are_chosen_by_a_query_and_printed_through_a_template(beet: HistoryBeet) -> None:
    assert beet("quality", "art", "-f", "$album!", "album:one").stdout == "One!\n"


def test_what_is_enough_depends_on_the_profile(beet: HistoryBeet) -> None:
    (one,) = beet("quality", "art", "--profile", "collector", "--json", "album:one").rows

    assert one["losses"][0]["limit"] == "1000 px"


def test_health_counts_covers_once_files_are_read(beet: HistoryBeet) -> None:
    def rules(*options: str) -> set[str | None]:
        return {row["rule"] for row in beet("quality", "health", "--json", *options).rows}

    assert not {"P001", "P002"} & rules()
    assert {"P001", "P002"} <= rules("--files")
