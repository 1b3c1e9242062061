"""`beet traktor` through the real command line, on real files and a collection as Traktor's."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mediafile import MediaFile

from tests.fakes import traktor
from tests.fakes.music import HistoryBeet

if TYPE_CHECKING:
    from tests.fakes.beet import Done

HISTORY = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="20"><HEAD COMPANY="x" PROGRAM="Traktor Pro 4"></HEAD>
<COLLECTION ENTRIES="0"></COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1">
<NODE TYPE="PLAYLIST" NAME="HISTORY"><PLAYLIST ENTRIES="1" TYPE="PROTOCOL" UUID="x">
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="{key}"></PRIMARYKEY>
<EXTENDEDDATA DECK="1" DURATION="200" EXTENDEDTYPE="HistoryData" PLAYEDPUBLIC="1"
 STARTDATE="{date}" STARTTIME="3600"></EXTENDEDDATA></ENTRY>
</PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS></NML>
"""


@pytest.fixture
def warp(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """Two files in beets, and a Traktor that knows both under the paths of its own computer."""
    nml = tmp_path / "Traktor 4.1.0" / "collection.nml"
    nml.parent.mkdir()
    beet = HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "traktor"],
        traktor={"collection": str(nml), "program": "no program has this name"},
    )
    beet.import_album("Warp", ("wav", "flac"))
    folder = beet.file_of(1).parent
    beet.configure(
        traktor={
            "collection": str(nml),
            "program": "no program has this name",
            "paths": [{"nml": "Macintosh HD/:Users/:me/:Music/:", "local": str(folder)}],
        }
    )
    nml.write_bytes(
        traktor.collection(
            traktor.entry(
                MediaFile(beet.file_of(number)).title or "",
                file=beet.file_of(number).name,
                info={"RANKING": "153", "PLAYCOUNT": "7"} if number == 1 else {},
                attributes={"ARTIST": "Artist"},
            )
            for number in (1, 2)
        )
    )
    return beet


def collection(beet: HistoryBeet) -> Path:
    return beet.folder.parent / "Traktor 4.1.0" / "collection.nml"


def info(beet: HistoryBeet, number: int) -> str:
    """The INFO of an entry, as it stands in the file."""
    block = collection(beet).read_text("utf-8").split("<ENTRY ")[number]
    found = re.search(r"<INFO[^>]*>", block)
    assert found
    return found[0]


def test_a_sync_brings_both_sides_together_and_undo_takes_it_back(warp: HistoryBeet) -> None:
    before = collection(warp).read_bytes()
    warp("modify", "-y", "-W", "-M", "id:2", "comments=from beets")

    done = warp("traktor", "sync")

    assert "2 tracks matched" in done.stdout
    assert warp.sql("SELECT value FROM item_attributes WHERE key = 'traktor_rating'") == [("3",)]
    assert 'COMMENT="from beets"' in info(warp, 2)
    assert MediaFile(warp.file_of(2)).comments == "from beets"
    assert "0 values to write" in warp("traktor", "sync").stdout

    warp("undo", "--last")

    assert collection(warp).read_bytes() == before
    assert warp.sql("SELECT value FROM item_attributes WHERE key = 'traktor_rating'") == []


def test_pretending_prints_what_would_be_written_and_writes_nothing(warp: HistoryBeet) -> None:
    warp("traktor", "status")  # makes our tables
    before = collection(warp).read_bytes(), warp.path.read_bytes()

    rows = warp("traktor", "sync", "--pretend", "--json").rows

    stars = next(row for row in rows if row["field"] == "stars")
    assert {**stars, "track": ""} == {
        "track": "",
        "item": 1,
        "field": "stars",
        "side": "beets",
        "old": None,
        "new": 3,
        "reason": "is known to Traktor",
    }
    assert stars["track"].startswith("Macintosh HD/:Users/:me/:Music/:")
    assert (collection(warp).read_bytes(), warp.path.read_bytes()) == before


def test_pull_leaves_the_collection_and_push_leaves_beets(warp: HistoryBeet) -> None:
    before = collection(warp).read_bytes()
    warp("modify", "-y", "-W", "-M", "id:2", "comments=from beets")

    warp("traktor", "pull")

    assert collection(warp).read_bytes() == before
    assert warp.sql("SELECT value FROM item_attributes WHERE key = 'traktor_rating'") == [("3",)]

    warp("modify", "-y", "-W", "-M", "id:1", "traktor_rating=5")
    warp("traktor", "push")

    assert 'COMMENT="from beets"' in info(warp, 2)
    assert 'RANKING="255"' in info(warp, 1)


def test_what_both_changed_waits_until_the_user_says_who_is_right(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    warp("modify", "-y", "-W", "-M", "id:1", "traktor_rating=5")
    nml = collection(warp)
    nml.write_bytes(nml.read_bytes().replace(b'RANKING="153"', b'RANKING="51"'))

    warp("traktor", "sync")
    (conflict,) = warp("traktor", "conflicts", "--json").rows

    assert (conflict["field"], conflict["nml"], conflict["beets"]) == ("stars", 1, 5)
    assert 'RANKING="51"' in info(warp, 1)

    warp("traktor", "conflicts", "--take", "beets")
    warp("traktor", "sync")

    assert 'RANKING="255"' in info(warp, 1)
    assert warp("traktor", "conflicts", "--json").rows == []


def test_while_traktor_runs_its_file_stays_and_what_waits_is_written_after_it(
    warp: HistoryBeet,
) -> None:
    warp("traktor", "sync")
    warp("modify", "-y", "-W", "-M", "id:1", "traktor_rating=5")
    settings = dict(warp._settings["traktor"])
    # This very process stands for Traktor.
    running = re.escape(Path(sys.executable).resolve().name) + "|python.*|pytest.*"
    before = collection(warp).read_bytes()
    warp.configure(traktor={**settings, "program": running})

    done = warp("traktor", "sync")

    assert "wait until Traktor has ended" in done.stdout
    assert collection(warp).read_bytes() == before
    assert warp.trying("traktor", "apply").status == 2
    assert collection(warp).read_bytes() == before

    warp.configure(traktor=settings)
    assert "1 value would be written" in warp("traktor", "apply", "--pretend").stdout
    age(collection(warp))
    warp("traktor", "apply")

    assert 'RANKING="255"' in info(warp, 1)
    assert "nothing waits" in warp("traktor", "apply").stdout


def age(path: Path) -> None:
    """Let a file be one that nobody has written for a while."""
    import os  # noqa: PLC0415

    then = path.stat().st_mtime - 60
    os.utime(path, (then, then))


def test_a_file_that_beets_moves_is_moved_in_traktor_with_its_playlists(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    warp("traktor", "playlists", "--push", "Sets/Best", "id:1")
    old = warp.file_of(1)
    warp("modify", "-y", "-W", "-M", "id:1", "title=Another Name")
    warp("move", "id:1")
    new = warp.file_of(1)
    assert new.parent == old.parent
    assert new.name != old.name
    assert str(new) in warp("traktor", "relocate", "--pretend").stdout

    warp("traktor", "sync")

    written = collection(warp).read_text("utf-8")
    assert f'FILE="{new.name}"' in written
    assert old.name not in written
    assert f'KEY="Macintosh HD/:Users/:me/:Music/:{new.name}"' in written
    assert "0 values to write" in warp("traktor", "sync").stdout


def test_a_folder_is_moved_when_its_files_are_in_the_new_one(
    warp: HistoryBeet, tmp_path: Path
) -> None:
    folder = warp.file_of(1).parent
    other = folder / "other"
    other.mkdir()
    shutil.move(warp.file_of(2), other / warp.file_of(2).name)

    done = warp("traktor", "relocate", str(folder), str(other))

    assert "1 entry moved" in done.stdout
    assert 'DIR="/:Users/:me/:Music/:other/:"' in collection(warp).read_text("utf-8")
    assert tmp_path.exists()


def test_a_query_that_is_kept_as_a_playlist_follows_the_library(warp: HistoryBeet) -> None:
    warp("traktor", "sync")

    warp("traktor", "playlists", "--push", "Best", "--keep", "traktor_rating:4..")
    first = {row["name"]: row["tracks"] for row in warp("traktor", "playlists", "--json").rows}
    warp("modify", "-y", "-W", "-M", "id:2", "traktor_rating=4")
    warp("traktor", "sync")
    second = {row["name"]: row["tracks"] for row in warp("traktor", "playlists", "--json").rows}

    assert (first["Best"], second["Best"]) == (0, 1)


def test_moves_and_playlists_are_in_the_history_and_taken_back(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    before = collection(warp).read_bytes()

    said = warp("traktor", "playlists", "--push", "Sets/Best", "id:1..2").stdout
    pushed = collection(warp).read_bytes()

    number = warp.newest_set()
    assert f"`beet undo {number}` takes it back" in said
    listed = warp("history", "list").stdout
    assert "beet traktor playlists --push Sets/Best" in listed
    assert "traktor 1 nml1:playlist Sets/Best: no list -> 2 tracks" in listed
    assert (
        "it is in Traktor." in warp("traktor", "playlists", "--push", "Sets/Best", "id:1..2").stdout
    )
    assert warp.newest_set() == number

    warp("modify", "-y", "-W", "-M", "id:1", "title=Another Name")
    warp("move", "id:1")
    new = warp.file_of(1).name
    assert "1 entry moved" in warp("traktor", "relocate").stdout
    assert (
        "item 1 nml1:LOCATION: 'Macintosh HD/:Users/:me/:Music/:" in warp("history", "list").stdout
    )
    assert new in collection(warp).read_text("utf-8")

    pretended = warp("undo", "--last", "--pretend").stdout
    assert "nml 1 nml1:LOCATION" in pretended
    warp("undo", "--last")
    assert collection(warp).read_bytes() == pushed
    assert (
        "nml1:playlist Sets/Best: 2 tracks -> no list"
        in warp("undo", "--pretend", str(number)).stdout
    )
    warp("undo", str(number))
    assert collection(warp).read_bytes() == before


def test_a_pretended_sync_names_moves_and_lists_and_writes_none(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    warp("traktor", "playlists", "--push", "Best", "--keep", "traktor_rating:4..")
    warp("modify", "-y", "-W", "-M", "id:2", "traktor_rating=4", "title=Another Name")
    warp("move", "id:2")
    before = collection(warp).read_bytes()

    done = warp("traktor", "sync", "--pretend", "--json")

    assert f"-> {warp.file_of(2)}" in done.stderr
    assert "playlist Best: 1 track" in done.stderr
    assert {row["field"] for row in done.rows} >= {"stars"}
    assert collection(warp).read_bytes() == before


def test_half_of_the_entries_move_only_when_that_is_forced(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    warp("modify", "-y", "-W", "-M", "artist=Other")
    warp("modify", "-y", "-W", "-M", "id:1", "title=One 2")
    warp("modify", "-y", "-W", "-M", "id:2", "title=Two 2")
    warp("move")

    refused = warp.trying("traktor", "relocate")

    assert refused.status == 1
    assert "2 of 2 entries would change" in refused.stderr
    assert "2 of 2 entries would change" in warp("traktor", "sync").stderr
    # The values of the sync are in step all the same.
    assert b'TITLE="One 2"' in collection(warp).read_bytes()
    warp("traktor", "relocate", "--force")
    assert warp.file_of(1).name in collection(warp).read_text("utf-8")


def test_watching_once_syncs_and_keeps_lists_and_moves_up(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    warp("traktor", "playlists", "--push", "Best", "--keep", "traktor_rating:4..")
    warp("modify", "-y", "-W", "-M", "id:2", "traktor_rating=4", "title=Another Name")
    warp("move", "id:2")

    done = warp("traktor", "watch", "--once")

    assert "1 moved file found again" in done.stderr
    assert "1 playlist brought up to date" in done.stderr
    assert 'RANKING="204"' in info(warp, 2)
    written = collection(warp).read_text("utf-8")
    assert written.count(warp.file_of(2).name) == 2
    # The file is ours by now, and the library may have changed even so.
    assert "0 values written" in warp("traktor", "watch", "--once").stdout


def test_watching_does_what_waited_when_traktor_has_ended(
    warp: HistoryBeet, tmp_path: Path
) -> None:
    warp("traktor", "sync")
    warp("traktor", "playlists", "--push", "Best", "--keep", "traktor_rating:4..")
    program = tmp_path / "fake-traktor"
    shutil.copy(Path("/bin/sleep").resolve(), program)
    warp.configure(traktor={**warp._settings["traktor"], "program": "^fake-traktor$"})
    warp("modify", "-y", "-W", "-M", "id:2", "traktor_rating=4")
    before = collection(warp).read_bytes()
    with (
        subprocess.Popen([program, "60"]) as traktor_runs,
        warp.start("traktor", "watch") as watching,
    ):
        assert watching.stdout is not None
        assert "1 waiting" in watching.stdout.readline()
        assert collection(warp).read_bytes() == before
        traktor_runs.kill()
        traktor_runs.wait()
        assert "1 value written, 0 waiting" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=30)
    assert 'RANKING="204"' in info(warp, 2)
    assert warp.file_of(2).name in collection(warp).read_text("utf-8").partition("<PLAYLISTS>")[2]


def test_playlists_are_exported_for_other_players(warp: HistoryBeet, tmp_path: Path) -> None:
    warp("traktor", "sync")
    warp("traktor", "playlists", "--push", "A/B:C", "id:1..2")
    out = tmp_path / "out"
    out.mkdir()

    warp("traktor", "export", "--to", str(out))

    (file,) = out.iterdir()
    assert file.name == "A - B_C.m3u8"
    lines = file.read_text("utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert [line for line in lines if not line.startswith("#")] == [
        str(warp.file_of(1)),
        str(warp.file_of(2)),
    ]


def test_a_query_is_handed_over_as_a_file_that_replaces_none(
    warp: HistoryBeet, tmp_path: Path
) -> None:
    warp("traktor", "sync")
    warp.import_album("New", ("flac",))
    shutil.move(warp.file_of(3), warp.file_of(1).with_name("new.flac"))
    warp("modify", "-yMW", "id:3", f"path={warp.file_of(1).with_name('new.flac')}")
    before = collection(warp).read_bytes()
    hand_over = ("traktor", "handover", "--name", "To/night", "--to", str(tmp_path), "id-")

    pretended = warp(*hand_over, "--pretend")
    first, second = warp(*hand_over), warp(*hand_over)

    assert pretended.stdout == "3 tracks, 1 of them new to Traktor; nothing was written.\n"
    assert first.stdout.startswith(f"{tmp_path / 'To_night.nml'}: 3 tracks, 1 of them new")
    assert f"{tmp_path / 'To_night (2).nml'}" in second.stdout
    made = (tmp_path / "To_night.nml").read_text("utf-8")
    assert 'NAME="To/night"><PLAYLIST ENTRIES="3"' in made
    assert collection(warp).read_bytes() == before
    nowhere = warp.trying("traktor", "handover", "--name", "x", "--to", "nowhere")
    assert nowhere.status == 1
    assert "is not a folder" in nowhere.stderr


def test_what_was_played_is_imported_once(warp: HistoryBeet) -> None:
    warp("traktor", "sync")
    key = f"Macintosh HD/:Users/:me/:Music/:{warp.file_of(1).name}"
    folder = collection(warp).parent / "History"
    folder.mkdir()
    date = 2024 << 16 | 5 << 8 | 3
    (folder / "history_2024y05m03d_02h00m00s.nml").write_text(HISTORY.format(key=key, date=date))

    warp("traktor", "history")
    (play,) = warp("traktor", "history", "--json").rows

    assert (play["track"], play["item"], play["deck"], play["duration"]) == (key, 1, "B", 200.0)
    assert "Artist - Warp 1" in warp("traktor", "history", "--most").stdout


def test_a_backup_is_put_in_its_place_and_what_was_there_is_kept(warp: HistoryBeet) -> None:
    before = collection(warp).read_bytes()
    warp("modify", "-y", "-W", "-M", "id:2", "comments=from beets")
    warp("traktor", "sync")
    after = collection(warp).read_bytes()
    (name,) = (line.split(" ")[0] for line in lines_of(warp("traktor", "backups")) if "MB" in line)

    warp("traktor", "backups", "--restore", name)

    assert collection(warp).read_bytes() == before
    kept = collection(warp).parent / "Backup" / "musictool"
    assert {path.read_bytes() for path in kept.glob("*.nml")} == {before, after}
    assert "no backup 'x'" in warp.trying("traktor", "backups", "--restore", "x").stderr


def lines_of(done: Done) -> list[str]:
    return done.stdout.splitlines()


def test_status_detect_and_health_say_what_is_there(warp: HistoryBeet) -> None:
    warp("traktor", "sync")

    (status,) = warp("traktor", "status", "--json").rows
    (found,) = warp("traktor", "detect", "--json").rows
    rules = {row["rule"] for row in warp("traktor", "health", "--json").rows}

    assert (status["entries"], status["traktor"], status["waiting"]) == (2, "not running", 0)
    assert (found["version"], found["entries"], found["chosen"]) == ("4.1.0", 2, True)
    assert rules == {"unanalysed"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<NML VERSION='20'>", "is cut short"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><NML></NML>", "document type"),
    ],
)
def test_a_collection_that_cannot_be_read_gets_one_line_and_loses_nothing(
    warp: HistoryBeet, content: bytes, said: str
) -> None:
    warp("traktor", "sync")
    collection(warp).write_bytes(content)

    done = warp.trying("traktor", "sync")

    assert done.status == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert collection(warp).read_bytes() == content
    assert warp.sql("SELECT count(*) FROM mt_traktor_base") == [(2,)]


def test_without_a_collection_it_says_what_to_do(warp: HistoryBeet, tmp_path: Path) -> None:
    warp.configure(traktor={"collection": str(tmp_path / "nowhere")})

    done = warp.trying("traktor", "status")

    assert done.status == 1
    assert "beet traktor detect" in done.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"keys": "german"}, "traktor.keys"),
        ({"policies": {"stars": "me"}}, "traktor.policies.stars"),
        ({"policies": {"starz": "nml"}}, "starz"),
        ({"paths": [{"nml": "x"}]}, "traktor.paths"),
        ({"paths": ["x"]}, "traktor.paths"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    warp: HistoryBeet, setting: dict[str, object], said: str
) -> None:
    warp.configure(traktor={**warp._settings["traktor"], **setting})

    done = warp.trying("traktor", "sync")

    assert done.status == 1
    assert said in done.stderr
