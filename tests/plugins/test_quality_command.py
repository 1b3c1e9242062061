"""`beet quality` through the real command line, on real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from mediafile import MediaFile

from tests.fakes.music import HistoryBeet, files, snapshot
from tests.fakes.pieces import piece, write
from tests.safeio.test_mending import ape


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """A library of one album of two files."""
    plugins = ["history", "quality"]
    made = HistoryBeet(tmp_path / "beets", _library_file, plugins=plugins, quality={"auto": False})
    made.import_album("One", ("mp3", "flac"))
    return made


def spoil(beet: HistoryBeet) -> None:
    """Give tracks and album what rules mend."""
    beet("modify", "-y", "-M", "-a", "albumartist= Basic  Channel ", "label=Chain &amp; Co")
    beet("modify", "-y", "-M", "id:1", "title=BjÃ¶rk", "isrc=gb-aye-68-00023")


def test_it_says_what_is_lost_and_why(beet: HistoryBeet) -> None:
    spoil(beet)

    done = beet("quality", "health", "--profile", "librarian")
    rows = beet("quality", "health", "--profile", "librarian", "--json").rows

    assert done.stdout.startswith("Health ")
    assert "T003  text read in a wrong encoding: 1 track; --fix T003 mends" in done.stdout
    assert rows[0]["score"] + sum(row["points"] for row in rows) == pytest.approx(100, abs=0.05)
    (wrong,) = (row for row in rows if row["rule"] == "T003")
    assert wrong["items"] == [1]
    assert wrong["examples"][0]["evidence"] == "'BjÃ¶rk'"


def test_safe_fixes_reach_rows_album_and_tags_and_are_undone_to_the_byte(beet: HistoryBeet) -> None:
    spoil(beet)
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    done = beet("quality", "health", "--quick")

    assert "takes it back" in done.stdout
    assert beet("ls", "-f", "$albumartist|$isrc", "id:1").stdout == "Basic Channel|GBAYE6800023\n"
    assert beet("ls", "-a", "-f", "$albumartist|$label").stdout == "Basic Channel|Chain &amp; Co\n"
    paths = beet("ls", "-p").stdout.splitlines()
    assert {MediaFile(path).albumartist for path in paths} == {"Basic Channel"}
    assert "0 values" in beet("quality", "health", "--quick").stdout

    beet("undo", "--last")
    assert snapshot(beet) == before
    assert files(beet.folder / "music") == bytes_before


def test_pretending_shows_the_same_changes_and_writes_nothing(beet: HistoryBeet) -> None:
    spoil(beet)
    beet("quality", "health", "--pretend")
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    shown = beet("quality", "health", "--fix", "t003", "--pretend", "--json").rows

    assert [(row["old"], row["new"]) for row in shown] == [("BjÃ¶rk", "Björk")]
    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)
    assert beet.sql("SELECT count(*) FROM mt_health") == [(0,)]


def test_the_score_of_a_day_is_kept_and_compared(beet: HistoryBeet) -> None:
    beet("quality", "health")
    beet("quality", "health", "id:1")
    beet("quality", "health")
    kept = beet.sql("SELECT count(*), max(tracks) FROM mt_health")

    beet.sql("UPDATE mt_health SET day = '2020-01-02', score = 12.34")

    assert kept == [(1, 2)]
    assert "; 12.3 on 2020-01-02" in beet("quality", "health").stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fix", "X999"), "there is no rule X999"),
        (("--fix", "T004"), "has no fix"),
        (("--fix", "T001", "--quick"), "exclude each other"),
    ],
)
def test_what_cannot_be_mended_is_said(
    beet: HistoryBeet, words: tuple[str, ...], said: str
) -> None:
    done = beet.trying("quality", "health", *words)

    assert done.status == 1
    assert said in done.stderr


def test_an_unknown_tempo_is_missing_and_not_wrong(beet: HistoryBeet) -> None:
    beet("modify", "-y", "-M", "-W", "bpm=0")

    rows = beet("quality", "health", "--json").rows

    assert {row["field"] for row in rows if row["rule"] is None} >= {"bpm"}
    assert "N001" not in {row["rule"] for row in rows}


def test_keys_are_judged_by_the_notation_of_the_setting(beet: HistoryBeet) -> None:
    beet("modify", "-y", "-M", "-W", "id:1", "initial_key=Am")

    as_beets = beet("quality", "health", "--fix", "K001", "-p", "--json").rows
    beet.configure(quality={"keys": "camelot"})
    as_wheel = beet("quality", "health", "--fix", "K001", "-p", "--json").rows

    assert as_beets == []
    assert [row["new"] for row in as_wheel] == ["8A"]


def test_duplicates_are_listed_with_why(beet: HistoryBeet, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.flac", piece(41), artist="Air", title="Sluice", album="One")
    write(tmp_path / "in" / "b.mp3", piece(41), artist="Air", title="Sluice", album="One")
    write(tmp_path / "in" / "c.flac", piece(42), artist="Air", title="Weir", album="One")
    beet("import", "-q", "-A", "-c", str(tmp_path / "in"))

    rows = beet("quality", "duplicates", "--json", "artist:Air").rows
    lines = beet("quality", "duplicates", "artist:Air").stdout.splitlines()
    formatted = beet("quality", "duplicates", "-f", "$format $title", "artist:Air").stdout

    (row,) = rows
    assert row["class"] == "same_recording"
    assert {path.rsplit(".")[-1] for path in row["files"]} == {"flac", "mp3"}
    assert row["evidence"][0]["titles"] == "same"
    assert lines[0].startswith("same recording: ")
    assert lines[-1] == "3 files compared: 1 x same recording."
    assert sorted(formatted.splitlines()) == ["FLAC Sluice", "MP3 Sluice"]
    assert (beet.folder / "musictool-cache.db").exists()


def test_a_file_that_cannot_be_compared_is_a_failure_of_its_own(beet: HistoryBeet) -> None:
    beet.file_of(1).write_bytes(b"")

    done = beet.trying("quality", "duplicates", "--json")

    assert done.status == 2
    assert "is empty (0 bytes)" in done.stderr


def test_a_damaged_cache_stops_no_look_at_the_metadata(beet: HistoryBeet) -> None:
    spoil(beet)
    (beet.folder / "musictool-cache.db").write_bytes(b"no database" * 1000)

    done = beet("quality", "health")
    again = beet("quality", "health", "id:1")

    assert (done.status, again.status) == (0, 0)
    assert done.stdout.startswith("Health ")
    assert again.stdout.startswith("Health ")
    assert "not a database" in done.stderr


def test_a_negative_number_of_files_is_refused(beet: HistoryBeet) -> None:
    done = beet.trying("quality", "upgrades", "--most", "-1")

    assert done.status == 1
    assert "--most -1" in done.stderr


def test_how_tags_are_written_is_mended_and_undone_to_the_byte(beet: HistoryBeet) -> None:
    mp3 = next(Path(path) for path in beet("ls", "-p").stdout.splitlines() if path[-1] == "3")
    mp3.write_bytes(mp3.read_bytes() + ape(Title="Other", Mood="Calm"))
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    shown = beet("quality", "health", "--fix", "F003", "--pretend")
    rows = beet("quality", "health", "--fix", "F003", "--pretend", "--json").rows
    assert files(beet.folder / "music") == bytes_before
    done = beet("quality", "health", "--fix", "F003")

    assert 'APEv2 tag: \'{"title": "Other"}\' -> not set' in shown.stdout
    assert [(row["path"], row["field"], row["new"]) for row in rows] == [(str(mp3), "ape", None)]
    assert "1 value of 1 track changed." in done.stdout
    assert b"APETAGEX" not in mp3.read_bytes()
    assert "0 values" in beet("quality", "health", "--fix", "F003").stdout
    beet("undo", "--last")
    assert files(beet.folder / "music") == bytes_before
    assert snapshot(beet) == before


def test_a_file_gets_the_ending_of_what_it_holds(beet: HistoryBeet) -> None:
    flac = next(Path(path) for path in beet("ls", "-p").stdout.splitlines() if path[-1] == "c")
    wrong = flac.with_suffix(".mp3")
    flac.rename(wrong)
    beet.sql("UPDATE items SET path = CAST(replace(path, '.flac', '.mp3') AS BLOB)")
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    done = beet("quality", "health", "--fix", "F013")

    assert "1 value of 1 track changed." in done.stdout
    assert flac.exists()
    assert str(flac) in beet("ls", "-p").stdout
    beet("undo", "--last")
    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)


def test_a_theme_is_shown_written_and_undone(beet: HistoryBeet) -> None:
    beet("modify", "-y", "-M", "id:1", "initial_key=8A", "title=Rain (ft. Cy)")
    beet("modify", "-y", "-M", "id:2", "initial_key=G", "title=Glow [Club Mix]")
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    shown = beet("quality", "health", "--theme", "club", "--pretend", "--json").rows
    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)
    done = beet("quality", "health", "--theme", "club")

    assert {(row["field"], row["new"]) for row in shown} >= {
        ("title", "Rain (feat. Cy)"), ("title", "Glow (Club Mix)"), ("initial_key", "Am"),
    }  # fmt: skip
    assert "takes it back" in done.stdout
    assert beet("ls", "-f", "$title|$initial_key").stdout.splitlines() == [
        "Rain (feat. Cy)|Am", "Glow (Club Mix)|G",
    ]  # fmt: skip
    assert "0 values" in beet("quality", "health", "--theme", "club").stdout
    beet("undo", "--last")
    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)


def test_a_theme_that_there_is_not_is_refused(beet: HistoryBeet) -> None:
    wrong = beet.trying("quality", "health", "--theme", "clubb")
    unsaid = beet.trying("quality", "health", "--theme")

    assert "Did you mean 'club'?" in wrong.stderr
    assert "say which theme: club, archive, old_players" in unsaid.stderr


def test_a_theme_against_the_setting_of_beets_says_so(beet: HistoryBeet) -> None:
    done = beet("quality", "health", "--theme", "old_players", "--pretend")

    assert "beets goes on writing ID3v2.4" in done.stderr


def test_the_checklist_says_which_tracks_lack_what(beet: HistoryBeet) -> None:
    beet("modify", "-y", "-M", "id:1", "bpm=128", "initial_key=Am", "genres=Techno", "energy=7")

    done = beet("quality", "health", "--checklist")
    rows = beet("quality", "health", "--checklist", "--json", "id:2").rows

    assert done.stdout.splitlines()[0] == "1 of 2 tracks have all that a dj needs"
    assert "     1 of 2  an energy" in done.stdout
    (energy,) = (row for row in rows if row["point"] == "an energy")
    assert energy == {
        "point": "an energy", "profile": "dj", "fields": [["energy"]], "rules": [],
        "tracks": 1, "lacking": [2],
    }  # fmt: skip
    assert beet.sql("SELECT count(*) FROM mt_health") == [(0,)]


def test_a_theme_that_keeps_all_changes_nothing(beet: HistoryBeet) -> None:
    beet.configure(quality={"auto": False, "themes": {"still": {"keys": "keep"}}})

    assert "0 values of 0 tracks" in beet("quality", "health", "--theme", "still").stdout
