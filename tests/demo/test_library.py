"""The library is large and mixed enough to show what matching is worth."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.library import FILES
from benchmarks.demo.model import tracks_by_reference


def test_there_are_over_sixty_files_in_six_formats():
    formats = Counter(PurePosixPath(file.path).suffix for file in FILES)

    assert len({file.path for file in FILES}) == len(FILES) >= 64
    assert set(formats) == {".mp3", ".flac", ".ogg", ".opus", ".wav", ".aiff"}
    assert min(formats.values()) >= 3


def test_every_reference_is_a_track_of_the_shelf():
    references = tracks_by_reference(RECORDS).keys()

    assert all(references >= {*file.plays, *file.version_of} for file in FILES)


def test_every_file_says_how_long_it_plays():
    assert all(file.plays or file.length for file in FILES)


def test_about_half_of_the_files_are_tagged_with_label_and_catalogue_number():
    careful = [file for file in FILES if file.tags.label and file.tags.catalognum]

    assert 0.4 <= len(careful) / len(FILES) <= 0.6


def test_file_names_are_allowed_on_windows():
    assert not [file.path for file in FILES if set(file.path) & set('\\:?*"<>|')]


def test_some_files_hold_whole_sides_and_one_track_lies_there_twice():
    plays = Counter(name for file in FILES for name in file.plays)

    assert [file for file in FILES if len(file.plays) > 1 and not file.doubtful]
    assert [name for name, count in plays.items() if count > 1] == ["HRM11:A"]
