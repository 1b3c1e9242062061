"""The demo looks like ten years of collecting: dates on files, sleeves beside them."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

from benchmarks.demo import covers, history
from benchmarks.demo.library import FILES

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_dates_go_back_ten_years_and_some_are_of_this_week():
    found = history.dates(NOW)

    assert {at.year for at in found.values()} == set(range(2016, 2027))
    assert max(found.values()) < NOW
    lately = [folder for folder, at in found.items() if at > NOW - timedelta(days=7)]
    assert lately == list(history.LATELY)


def test_files_get_the_date_of_their_folder(tmp_path):
    file = next(file for file in FILES if file.path.startswith(history.LATELY[0]))
    path = tmp_path / file.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")

    history.date_files(tmp_path, NOW)

    assert path.stat().st_mtime == (NOW - timedelta(hours=9)).timestamp()


def test_a_sleeve_is_a_picture_that_only_its_name_decides():
    one = covers.draw_cover("Lumen Slow Weather")

    assert one == covers.draw_cover("Lumen Slow Weather")
    assert one[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(one[16:20]) == int.from_bytes(one[20:24]) == covers.SIZE
    start = one.index(b"IDAT")
    length = int.from_bytes(one[start - 4 : start])
    lines = zlib.decompress(one[start + 4 : start + 4 + length])
    assert len(lines) == covers.SIZE * (3 * covers.SIZE + 1)
    assert len(set(lines)) > 2


def test_sleeves_stand_beside_albums_and_are_drawn_once(tmp_path):
    for folder in covers.folders():
        (tmp_path / folder).mkdir(parents=True)

    assert covers.write_covers(tmp_path) == len(covers.folders()) >= 10
    assert covers.write_covers(tmp_path) == 0
    assert not [folder for folder in covers.folders() if folder.startswith(("Unsorted", "Downl"))]
