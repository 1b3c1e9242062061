"""From files to groups, with real files, a real decoder and the cache."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.errors import Cancelled
from musictool_core.matching import Song
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.quality.duplicates.finding import Found, Track, find
from musictool_core.quality.duplicates.listing import as_lines, as_row, summary
from musictool_core.quality.duplicates.store import Store
from tests.fakes.pieces import RATE, piece, write

if TYPE_CHECKING:
    from pathlib import Path

SONG = Song("Massive Attack", "Teardrop", 16)


def look(*paths: Path, store: Store | None = None, songs: dict[int, Song] | None = None) -> Found:
    tracks = [
        Track(number, path, (songs or {}).get(number, Song("", "")))
        for number, path in enumerate(paths)
    ]
    return find(tracks, store or Store(None), report=silent, cancel=CancelToken(), workers=1)


def classes(found: Found) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.found.value, each.members) for each in found.groups]


def test_copies_become_one_group_and_a_version_does_not(tmp_path: Path) -> None:
    full = write(tmp_path / "a.flac", piece(21))
    copy = tmp_path / "b.flac"
    shutil.copy(full, copy)
    wav = write(tmp_path / "c.wav", piece(21))
    lossy = write(tmp_path / "d.mp3", piece(21))
    instrumental = write(tmp_path / "e.flac", piece(21, without="lead"))
    other = write(tmp_path / "f.flac", piece(22))

    found = look(full, copy, wav, lossy, instrumental, other)

    assert found.failed == {}
    assert classes(found)[0] == ("same_recording", (0, 1, 2, 3))
    rest = classes(found)[1:]
    assert {name for name, _ in rest} <= {"version", "review"}
    assert all(4 in members for _, members in rest), rest
    kinds = {(p.left, p.right): p.decision.found.value for p in found.groups[0].pairs}
    assert kinds[0, 1] == "identical_file"
    assert kinds[0, 2] == kinds[1, 2] == "identical_audio"
    assert kinds[0, 3] == "same_recording"


def test_other_tags_around_the_same_audio_are_identical_audio(tmp_path: Path) -> None:
    one = write(tmp_path / "a.mp3", piece(23), title="Teardrop")
    two = tmp_path / "b.mp3"
    shutil.copy(one, two)
    write_tags(two, title="Teardrop (1)")

    assert classes(look(one, two)) == [("identical_audio", (0, 1))]
    named = {0: SONG, 1: Song("Massive Attack", "Teardrop (Instrumental)", 16)}
    (only,) = look(one, two, songs=named).groups
    assert only.found.value == "review"
    assert "different versions" in " ".join(only.pairs[0].decision.reasons)


def write_tags(path: Path, **tags: str) -> None:
    from mediafile import MediaFile  # noqa: PLC0415 - only here

    tagged = MediaFile(path)
    tagged.update(tags)
    tagged.save()


def test_titles_of_each_file_count_where_several_have_the_same_audio(tmp_path: Path) -> None:
    one = write(tmp_path / "a.flac", piece(24))
    again = tmp_path / "b.flac"
    shutil.copy(one, again)
    write_tags(again, title="x")
    lossy = write(tmp_path / "c.mp3", piece(24))
    songs = {0: SONG, 1: Song("Massive Attack", "Teardrop (Live)", 16), 2: SONG}

    assert classes(look(one, again, lossy, songs=songs)) == [
        ("same_recording", (0, 2)),
        ("review", (0, 1)),
        ("review", (1, 2)),
    ]


def test_what_cannot_be_read_is_said_and_stops_nothing(tmp_path: Path) -> None:
    full, wav = write(tmp_path / "a.flac", piece(25)), write(tmp_path / "b.wav", piece(25))
    text = tmp_path / "c.mp3"
    text.write_text("nothing to hear here\n" * 90)
    empty = tmp_path / "d.mp3"
    empty.touch()

    found = look(full, wav, text, empty, tmp_path / "gone.mp3")

    assert classes(found) == [("identical_audio", (0, 1))]
    assert set(found.failed) == {2, 3, 4}
    assert found.failed[4] == "is not there"


def test_the_second_time_nothing_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(tmp_path / "a.flac", piece(26)), write(tmp_path / "b.mp3", piece(26))]
    path = tmp_path / "musictool-cache.db"
    first = look(*files, store=Store(path))
    monkeypatch.setenv("PATH", str(tmp_path))

    again = look(*files, store=Store(path))

    assert again == first
    assert classes(again) == [("same_recording", (0, 1))]


def test_a_cache_that_is_damaged_costs_only_time(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.flac", piece(27)), write(tmp_path / "b.wav", piece(27))]
    path = tmp_path / "musictool-cache.db"
    path.write_bytes(b"no database" * 500)

    assert classes(look(*files, store=Store(path))) == [("identical_audio", (0, 1))]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.wav", piece(28)), write(tmp_path / "b.wav", piece(28))
    path = tmp_path / "musictool-cache.db"
    assert classes(look(one, two, store=Store(path))) == [("identical_file", (0, 1))]

    write(two, piece(29))

    assert look(one, two, store=Store(path)).groups == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM duplicate_file").fetchone() == (2,)


def test_it_stops_when_asked(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.wav", piece(30)) for n in range(3)]
    cancel = CancelToken()

    def report(progress: Progress) -> None:
        if progress.label == "files fingerprinted":
            cancel.cancel()

    tracks = [Track(n, path, SONG) for n, path in enumerate(files)]
    with pytest.raises(Cancelled):
        find(tracks, Store(None), report=report, cancel=cancel, workers=1)


def test_rows_and_lines_say_what_and_why(tmp_path: Path) -> None:
    full = piece(31)
    longer = np.concatenate([full, piece(32)[: 6 * RATE]])
    one, two = write(tmp_path / "a.flac", full), write(tmp_path / "b.flac", longer)

    found = look(one, two)
    names = {0: str(one), 1: str(two)}
    (row,) = [as_row(each, names) for each in found.groups]

    assert row["class"] == "version"
    assert row["files"] == [str(one), str(two)]
    assert row["score"] == pytest.approx(1, abs=0.01)
    assert row["evidence"][0]["sounds"]["right_only_s"] == pytest.approx(6, abs=0.5)
    assert (
        as_lines(found.groups[0], names)[0] == "versions: one has 6.0 s of sound more at its ends"
    )
    assert summary(found.groups) == "1 x versions"
    assert summary([]) == "nothing is there twice"
