"""`beet quality score`, `list` and what hangs on them, on real files through the command line."""

from __future__ import annotations

import json
import logging
import shlex
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from mediafile import MediaFile

from musictool_core.analysis import workers
from tests.ancestry.conftest import music, write
from tests.fakes.music import HistoryBeet, files, snapshot

if TYPE_CHECKING:
    from pathlib import Path

RATE = 44_100
NEVER = "tests.fakes.measures:never_asked"
KEYS = [
    *("path", "score", "use", "losses", "verdict", "codec", "confidence", "bitrate_low"),
    *("bitrate_high", "evidence", "error"),
]


def ffmpeg(*words: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files to import: one sound in many forms, and what is wrong with some."""
    folder = tmp_path_factory.mktemp("shelf")
    true = write(folder / "true.wav", music(7, seconds=6))
    for name in ("best", "fast"):
        level = "8" if name == "best" else "0"
        ffmpeg("-i", true, "-compression_level", level, folder / f"{name}.flac")
    ffmpeg("-i", true, folder / "true.aiff")
    ffmpeg("-i", true, "-c:a", "alac", folder / "alac.m4a")
    ffmpeg("-i", true, "-b:a", "128k", folder / "lossy.mp3")
    ffmpeg("-i", folder / "lossy.mp3", folder / "fake.flac")
    loud = np.clip(4 * music(7, seconds=6), -1, 1)
    soundfile.write(folder / "loud.flac", loud, RATE, subtype="PCM_16")
    return folder


Opened = Callable[..., HistoryBeet]


@pytest.fixture
def opened(_library_file: Path, tmp_path: Path) -> Opened:
    """Opens an empty library with plugins; imports check nothing unless the settings say so."""

    def open_it(*plugins: str, **settings: Any) -> HistoryBeet:
        ours: dict[str, Any] = {"quality": {"auto": False}, "djanalysis": {"auto": False}}
        ours["import"] = {"duplicate_action": "keep"}
        names = ["history", "quality", *plugins]
        return HistoryBeet(tmp_path / "beets", _library_file, plugins=names, **(ours | settings))

    return open_it


@pytest.fixture
def beet(opened: Opened) -> HistoryBeet:
    return opened()


def take(beet: HistoryBeet, *paths: Path) -> None:
    """Import copies of files as they are, one after the other, under their names."""
    for path in paths:
        copy = shutil.copy(path, beet.folder / "music")
        beet("import", "-q", "-A", "-C", "-s", str(copy))


def by_name(rows: list[Any]) -> dict[str, Any]:
    return {row["path"].rpartition("/")[2]: row for row in rows}


def test_files_are_checked_once_scored_listed_and_taken_back(
    beet: HistoryBeet, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(beet, *sorted(shelf.iterdir()))
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    done = beet("quality", "score")

    assert "files checked, 0 known before" in done.stdout
    rows = beet("quality", "list", "--json").rows
    assert all(list(row) == KEYS for row in rows)
    for row in rows:
        assert sum(loss["points"] for loss in row["losses"]) == 100 - row["score"]
        assert row["use"] == "club"
    found = by_name(rows)
    by_verdict = {name: (row["verdict"], row["codec"]) for name, row in found.items()}
    whole = ("alac.m4a", "best.flac", "fast.flac", "true.aiff", "true.wav")
    assert {by_verdict[name] for name in whole} == {("lossless_consistent", None)}
    (score,) = {found[name]["score"] for name in whole}
    assert found["loud.flac"]["score"] < score
    lossy = [row for row in rows if row["codec"] == "MP3"]
    assert [row["verdict"] for row in lossy] == ["lossy_proven"] * 2
    fake, own = sorted(lossy, key=lambda row: row["score"])
    assert fake["bitrate_low"] <= 128 <= fake["bitrate_high"]
    assert own["bitrate_low"] == own["bitrate_high"] == 128
    assert fake["score"] < own["score"] < 80
    low = beet("ls", "-f", "$path", "quality_score:..80", "quality_verdict:lossy_proven").stdout
    assert low.split() == [row["path"] for row in lossy]
    assert len(beet("quality").stdout.splitlines()) >= len(rows)

    monkeypatch.setattr(workers, "MEASURE", NEVER)
    assert (
        f"nothing new; {len(rows)} files known before; 0 values" in beet("quality", "score").stdout
    )
    mobile = by_name(beet("quality", "list", "--use", "mobile", "--json").rows)
    assert all(row["use"] == "mobile" for row in mobile.values())
    assert beet("quality", "list", "-f", "$quality_score", "quality_score:..80").stdout.strip()

    beet("undo", "--last")

    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)


def test_what_nobody_can_play_has_no_points_and_stops_no_other(
    beet: HistoryBeet, shelf: Path
) -> None:
    take(beet, *(shelf / name for name in ("lossy.mp3", "best.flac", "true.wav")))
    junk, gone = beet.file_of(1), beet.file_of(2)
    junk.write_bytes(bytes(range(256)) * 40)
    gone.unlink()

    done = beet.trying("quality", "score", "--json")

    assert done.status == 2
    states = {row["path"]: (row["status"], row["error"]) for row in done.rows}
    assert states[str(gone)] == ("failed", "is not there")
    assert states[str(junk)] == ("scored", None)
    rows = {row["path"]: row for row in beet("quality", "list", "--json").rows}
    assert rows[str(junk)]["score"] == 0
    assert rows[str(junk)]["losses"][0]["reason"] == "It cannot be played."
    assert (rows[str(gone)]["score"], rows[str(gone)]["error"]) == (None, "is not there")
    assert rows[str(beet.file_of(3))]["score"] > 90


def test_upgrades_are_ranked_by_what_they_gain_and_by_plays(
    opened: Opened, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    beet = opened()
    take(beet, *(shelf / name for name in ("lossy.mp3", "fake.flac", "true.wav", "best.flac")))
    beet("modify", "-y", "-M", "-W", "id:1", "traktor_playcount=9")
    beet("modify", "-y", "-M", "-W", "id:2", "traktor_rating=5", "play_count=1")
    beet("quality", "score")

    rows = beet("quality", "upgrades", "--json").rows
    text = beet("quality", "upgrades", "--most", "1").stdout

    # What is lossless as far as can be told is never named, neither is a suspicion.
    assert [row["item"] for row in rows] == [1, 2]
    assert [row["weight"] for row in rows] == [10, 4]
    assert [row["plays"] for row in rows] == [9, 1]
    assert rows[0]["points"] < rows[1]["points"]
    assert rows[1]["advice"] == (
        "MP3 of about 128 to 192 kbit/s in a lossless file. Look for a lossless copy."
    )
    assert text.splitlines()[0].startswith(f"{rows[0]['points']:6.2f} points, 9 plays  ")
    assert text.endswith("2 files to replace; 1 shown.\n")
    assert beet("quality", "upgrades", "-f", "$id").stdout == "1\n2\n"


def test_better_copies_are_wanted_and_bought(
    opened: Opened, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    beet = opened("marketplace")
    take(beet, *(shelf / name for name in ("lossy.mp3", "fake.flac", "best.flac")))
    beet("modify", "-y", "-M", "-W", "id:1", "artist=Ada", "title=Glow", "traktor_playcount=9")
    beet("quality", "score")
    before = snapshot(beet)

    would = beet("quality", "upgrades", "--want", "--most", "1", "--pretend").stdout
    unchanged = snapshot(beet)
    said = beet("quality", "upgrades", "--want", "--most", "1").stdout
    again = beet("quality", "upgrades", "--want", "--most", "1").stdout
    links = beet("buy", "links", "--upgrades", "--shop", "bandcamp", "--json").rows
    others = beet("buy", "links", "--upgrades", "id:2").stdout

    assert would.endswith("Better copies of 1 file would be wanted.\n")
    assert unchanged == before
    assert "Better copies of 1 file are wanted. `beet undo " in said
    assert again == "Nothing new is wanted.\n"
    assert beet("ls", "-f", "$id", "quality_wanted:1").stdout == "1\n"
    assert [row["want"] for row in links] == ["Ada - Glow"]
    assert others.endswith("0 tracks to get, 8 shops.\n")
    beet("undo", "--last")
    assert snapshot(beet) == before
    assert beet.trying("quality", "upgrades", "--pretend").status == 1


def test_pretending_writes_nothing_and_says_what_is_due(
    beet: HistoryBeet, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(beet, shelf / "lossy.mp3", shelf / "true.wav")
    beet("quality", "score", "id:1")
    before = snapshot(beet)
    monkeypatch.setattr(workers, "MEASURE", NEVER)

    done = beet("quality", "score", "--pretend")
    rows = beet("quality", "score", "--pretend", "--json").rows

    assert done.stdout.endswith(
        "1 file would be checked; 0 values of known ones would be written.\n"
    )
    assert [row["status"] for row in rows] == ["known", "due"]
    assert snapshot(beet) == before
    assert "1 file never checked" in beet("quality").stderr


def test_measuring_for_djs_and_checking_keep_apart(
    opened: Opened, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:treacherous")
    beet = opened("djanalysis")
    take(beet, shelf / "true.wav")

    beet("quality", "score")

    assert beet("dj", "list").stdout == ""
    assert "1 file measured, 0 known" in beet("dj", "analyze").stdout
    assert "nothing new; 1 file known" in beet("quality", "score").stdout
    assert beet.values("bpm") != [(0,)]


@pytest.mark.parametrize("plugins", [[], ["djanalysis"]])
def test_an_import_asks_each_file_once_for_all_that_is_wanted(
    opened: Opened,
    tmp_path: Path,
    shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    plugins: list[str],
) -> None:
    log = tmp_path / "asked"
    monkeypatch.setenv("TREACHEROUS_LOG", str(log))
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:noted")
    beet = opened(*plugins, quality={}, djanalysis={})

    take(beet, shelf / "true.wav")

    (asked,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert asked == (["dj", "signal"] if "djanalysis" in plugins else ["signal"])
    shown = beet("ls", "-f", "$quality_score $quality_verdict $analysis_bpm").stdout.split()
    assert float(shown[0]) < 80
    assert shown[1] == "lossy_proven"
    assert ("$" in shown[2]) == ("djanalysis" not in plugins)
    assert "nothing new; 1 file known before; 0 values" in beet("quality", "score").stdout
    assert log.read_text().count("\n") == 1


def test_an_import_may_leave_it_to_a_job(
    opened: Opened, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:treacherous")
    beet = opened("djanalysis", "musictool", quality={"auto": "background"})

    take(beet, shelf / "true.wav")
    assert beet("ls", "quality_score:..").stdout == ""
    beet("musictool", "jobs", "run")

    assert float(beet("ls", "-f", "$quality_score").stdout) < 80
    assert beet("dj", "list").stdout == ""


def tagged(path: Path, folder: Path, album: str = "") -> Path:
    """A copy of a file with artist and title, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    copy = folder / path.name
    shutil.copy(path, copy)
    file = MediaFile(copy)
    file.update({"artist": "Ada", "title": "Glow {0}", "album": album, "albumartist": "Ada"})
    file.save()
    return copy


_WORSE = "Ada - Glow {0}: the new file is worse than the one"


@pytest.mark.parametrize("how", [("remove", ""), ("keep", ""), ("remove", "Lantern")])
def test_a_copy_that_is_worse_than_the_one_it_replaces_is_named(
    opened: Opened,
    tmp_path: Path,
    shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: tuple[str, str],
) -> None:
    action, album = how
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    beet = opened(**{"quality": {}, "import": {"duplicate_action": action}})
    words = ("import", "-A", "-C", *([] if album else ["-s"]))
    best = tagged(shelf / "best.flac", tmp_path / "a", album)
    lossy = tagged(shelf / "lossy.mp3", tmp_path / "b", album)

    first = beet(*words, str(best.parent))
    second = beet(*words, str(lossy.parent))

    assert _WORSE not in first.stderr
    (line,) = (line for line in second.stderr.splitlines() if _WORSE in line)
    which = "that it replaces" if action == "remove" else "in the library"
    assert f"{which}: " in line
    assert line.endswith("The format is lossy: MP3 192 kbit/s.")
    assert beet("ls").stdout.count("Glow") == (1 if action == "remove" else 2)


def test_a_copy_that_is_as_good_or_better_needs_no_word(
    opened: Opened, tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    beet = opened(**{"quality": {}, "import": {"duplicate_action": "remove"}})

    said = [
        beet("import", "-A", "-C", "-s", str(tagged(shelf / name, tmp_path / name))).stderr
        for name in ("lossy.mp3", "best.flac", "best.flac")
    ]

    assert not any(_WORSE in each for each in said)


def test_a_quiet_import_has_it_in_its_log_only(
    opened: Opened, tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    log = tmp_path / "import.log"
    beet = opened(**{"quality": {}, "import": {"duplicate_action": "remove"}})
    beet("import", "-q", "-A", "-C", "-s", str(tagged(shelf / "best.flac", tmp_path / "a")))
    lossy = tagged(shelf / "lossy.mp3", tmp_path / "b")

    done = beet("import", "-q", "-l", str(log), "-A", "-C", "-s", str(lossy))

    # beets leaves it open.
    for handler in logging.getLogger("beets.importer.session").handlers:
        handler.close()
    assert _WORSE not in done.stderr + done.stdout
    assert _WORSE in log.read_text("utf-8")


def test_what_was_never_checked_is_not_compared(
    opened: Opened, tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    settings = {"import": {"duplicate_action": "remove"}}
    beet = opened(**settings)
    beet("import", "-A", "-C", "-s", str(tagged(shelf / "best.flac", tmp_path / "a")))
    beet.configure(quality={})

    done = beet("import", "-A", "-C", "-s", str(tagged(shelf / "lossy.mp3", tmp_path / "b")))

    assert _WORSE not in done.stderr
    assert beet("ls", "-f", "$quality_verdict").stdout == "lossy_proven\n"


def test_formats_are_judged_and_the_command_converts_them(
    opened: Opened, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    device = tmp_path / "device"
    beet = opened("convert", convert={"dest": str(device), "never_convert_lossy_files": True})
    take(beet, *(shelf / name for name in ("best.flac", "fake.flac", "lossy.mp3", "true.wav")))
    beet("quality", "score")

    rows = by_name(beet("quality", "formats", "--for", "mobile", "--json").rows)
    said = beet("quality", "formats", "--for", "mobile").stdout
    (command,) = (line for line in said.splitlines() if line.startswith("beet convert "))
    beet(*shlex.split(command)[1:], "-y")

    assert {name: (row["status"], row["convert_to"]) for name, row in rows.items()} == {
        "best.flac": ("convert", "opus"),
        "fake.flac": ("keep", None),
        "lossy.mp3": ("suits", None),
        "true.wav": ("keep", None),
    }
    assert "lossy.mp3" not in said
    assert "lossy.mp3" in beet("quality", "formats", "--for", "mobile", "--all").stdout
    assert [path.suffix for path in device.rglob("*") if path.is_file()] == [".opus"]
    club = beet("quality", "formats", "-f", "$format")
    assert club.stdout == "FLAC\nFLAC\nMP3\nWAVE\n"


def test_a_format_of_our_own_says_what_beets_needs(opened: Opened, shelf: Path) -> None:
    beet = opened()
    take(beet, shelf / "best.flac")
    beet("modify", "-y", "-M", "-W", "samplerate=96000")

    done = beet("quality", "formats", "--for", "club")

    assert "beet convert -f flac_48k samplerate:48001.." in done.stdout
    assert "`flac_48k` needs, under `convert: formats:`" in done.stderr
    assert "plugin `convert` is not enabled" in done.stderr


def test_the_others_are_converted_on_request_and_only_they(
    opened: Opened, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_codec")
    beet = opened("convert")
    take(beet, *(shelf / name for name in ("best.flac", "lossy.mp3", "fake.flac")))
    beet("quality", "score")
    before = files(beet.folder / "music")
    device = tmp_path / "device"

    beet("quality", "formats", "--for", "mobile", "--convert", "-y", "--dest", str(device))

    assert [path.suffix for path in device.rglob("*") if path.is_file()] == [".opus"]
    assert files(beet.folder / "music") == before


def test_without_the_plugin_nothing_is_converted(beet: HistoryBeet, shelf: Path) -> None:
    take(beet, shelf / "best.flac")

    done = beet.trying("quality", "formats", "--for", "mobile", "--convert")

    assert done.status != 0
    assert "nothing was converted" in done.stderr
