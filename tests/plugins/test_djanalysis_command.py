"""`beet dj` through the real command line, on real files; workers measure with a small measure."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from mediafile import MediaFile
from PIL import Image

from musictool_core.analysis import workers
from tests.analysis.conftest import write_wav
from tests.fakes.music import HistoryBeet, files, snapshot

if TYPE_CHECKING:
    from pathlib import Path

LIST_KEYS = [
    *("path", "key", "key_confidence", "key_alt", "camelot", "bpm", "bpm_confidence", "bpm_alt"),
    *("grid_offset_s", "energy", "sections", "intro_end_s", "outro_start_s", "mix_in_s"),
    *("mix_out_s", "lufs", "lra_lu", "true_peak_dbtp", "error"),
]
NEVER = "tests.fakes.measures:never_asked"


@pytest.fixture(autouse=True)
def _measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:treacherous")


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """An empty library; imports measure nothing unless a test says so."""
    return HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "djanalysis"],
        djanalysis={"auto": False, "workers": 2},
    )


def import_wavs(beet: HistoryBeet, *names: str, first: int = 1) -> None:
    """Make WAV files of these names, and import them as they are, one after the other."""
    folder = beet.folder / "incoming" / names[0]
    folder.mkdir(parents=True)
    for seed, name in enumerate(names, start=first):
        path = write_wav(folder / f"{seed} {name}.wav", seed)
        tagged = MediaFile(path)
        tagged.update({"title": name, "artist": "Artist", "album": names[0], "track": seed})
        tagged.save()
    beet("import", "-q", "-A", "-c", str(folder))


def test_files_are_measured_once_and_fields_and_tags_filled_in(
    beet: HistoryBeet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_wavs(beet, "one", "two")
    before, bytes_before = snapshot(beet), files(beet.folder / "music")

    done = beet("dj", "analyze")

    assert "2 files measured, 0 known before" in done.stdout
    (row, _) = beet("dj", "list", "--json").rows
    assert list(row) == LIST_KEYS
    assert row["path"] == str(beet.file_of(1))
    assert row["error"] is None
    tagged = MediaFile(beet.file_of(1))
    assert tagged.bpm == int(row["bpm"] + 0.5)
    shown = beet("ls", "-f", "$bpm|$analysis_bpm|$initial_key|$analysis_camelot|$energy", "id:1")
    bpm, exact, key, camelot, energy = shown.stdout.strip().split("|")
    assert (int(bpm), float(exact), camelot) == (tagged.bpm, row["bpm"], row["camelot"])
    assert (key, float(energy)) == (tagged.initial_key, row["energy"])

    monkeypatch.setattr(workers, "MEASURE", NEVER)
    again = beet("dj", "analyze")

    assert "nothing new; 2 files known before; 0 values written." in again.stdout

    beet("undo", "--last")

    assert (snapshot(beet), files(beet.folder / "music")) == (before, bytes_before)


def test_new_tags_measure_nothing_and_new_audio_does(
    beet: HistoryBeet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_wavs(beet, "one")
    beet("dj", "analyze")
    (first,) = beet("dj", "list", "--json").rows
    with monkeypatch.context() as patch:
        patch.setattr(workers, "MEASURE", NEVER)
        beet("modify", "-y", "id:1", "title=Another")

        assert "nothing new; 1 file known before" in beet("dj", "analyze").stdout

    write_wav(beet.file_of(1), 99)

    assert "1 file measured" in beet("dj", "analyze").stdout
    (second,) = beet("dj", "list", "--json").rows
    assert (second["bpm"], second["camelot"]) != (first["bpm"], first["camelot"])
    # What we wrote ourselves follows.
    assert beet.values("bpm") == [(int(second["bpm"] + 0.5),)]


def test_what_somebody_else_set_stays_unless_it_is_forced(beet: HistoryBeet) -> None:
    import_wavs(beet, "one")
    beet("modify", "-y", "-W", "-M", "id:1", "bpm=90", "energy=2", "initial_key=Cm")

    done = beet("dj", "analyze", "--json")

    (row,) = done.rows
    assert row["status"] == "filled"
    assert set(row["kept"]) <= {"bpm", "energy", "initial_key"}
    assert row["kept"]["bpm"]["is"] == 90
    assert beet.values("bpm", "initial_key") == [(90, "Cm")]
    assert beet("ls", "-f", "$energy $analysis_bpm_source").stdout == "2.0 beet modify\n"

    beet("dj", "analyze", "--force")

    ((bpm,),) = beet.values("bpm")
    (measured,) = beet("dj", "list", "--json").rows
    assert bpm == int(measured["bpm"] + 0.5)
    assert beet("ls", "-f", "$camelot").stdout.strip() == measured["camelot"]
    assert beet("ls", "-f", "$analysis_bpm_source").stdout == "djanalysis\n"


def test_bad_files_are_named_with_their_reason_and_all_others_finish(
    beet: HistoryBeet,
) -> None:
    names = ("good", "crash", "bug", "gone", "empty", "junk", "fine")
    import_wavs(beet, *names)
    beet.file_of(4).unlink()
    beet.file_of(5).write_bytes(b"")
    beet.file_of(6).write_bytes(bytes(range(256)) * 9)

    done = beet.trying("dj", "analyze", "--json")

    assert done.status == 2
    errors = {row["path"].rpartition("/")[2]: row["error"] for row in done.rows}
    found = {name: next(e for file, e in errors.items() if name in file) for name in names}
    assert found["good"] is None
    assert found["fine"] is None
    assert "SIGSEGV" in found["crash"]
    assert found["bug"] == "ZeroDivisionError: division by zero"
    assert found["gone"] == "is not there"
    assert found["empty"] == "is empty (0 bytes)"
    assert "RIFF" in found["junk"]
    listed = {
        row["path"].rpartition("/")[2]: row["error"] for row in beet("dj", "list", "--json").rows
    }
    assert listed == errors


def test_ctrl_c_keeps_what_is_measured_and_the_next_run_does_the_rest(
    beet: HistoryBeet,
) -> None:
    beet.configure(djanalysis={"auto": False, "workers": 1})
    import_wavs(beet, "one", "hang", "three")
    hanging = beet.file_of(2)

    def press() -> None:
        while not hanging.with_suffix(".begun").exists():
            threading.Event().wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    finger = threading.Thread(target=press, daemon=True)
    finger.start()
    stopped = beet.trying("dj", "analyze")
    finger.join()

    assert stopped.status == 130
    assert stopped.stderr.splitlines()[-1] == (
        "stopped on request; 2 files come with the next run."
    )
    assert "1 file measured, 0 known before" in stopped.stdout
    assert [bool(bpm) for (bpm,) in beet.values("bpm")] == [True, False, False]

    again = beet("dj", "analyze", "id:1", ",", "id:3")

    assert "1 file measured, 1 known before" in again.stdout


def test_points_are_drawn_as_a_picture(beet: HistoryBeet, tmp_path: Path) -> None:
    import_wavs(beet, "one")
    beet("dj", "analyze")

    beet("dj", "points", "--png", str(tmp_path / "one.png"), "id:1")

    with Image.open(tmp_path / "one.png") as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (1600, 420))
        # A ground for each kind of section, paper, and ink on it.
        assert len(drawn.getcolors(1 << 16) or ()) > 20
    nowhere = beet.trying("dj", "points", "--png", str(tmp_path / "none" / "one.png"), "id:1")
    assert nowhere.status == 1
    assert nowhere.stderr.endswith("none is not a folder.\n")


def test_no_file_at_a_time_is_refused_in_one_line(beet: HistoryBeet) -> None:
    import_wavs(beet, "one")

    done = beet.trying("dj", "analyze", "-j", "0")

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["error: -j 0: at least one file at a time."]


def test_measuring_can_be_paused_and_goes_on_after_a_restart(beet: HistoryBeet) -> None:
    plugins = ["history", "djanalysis", "musictool"]
    beet.configure(djanalysis={"auto": "background", "workers": 1}, plugins=plugins)
    import_wavs(beet, "one", "two")
    number = beet("musictool", "jobs", "--json").rows[0]["id"]

    beet("musictool", "jobs", "pause", str(number))
    beet("musictool", "jobs", "run")

    assert beet("musictool", "jobs", "--json", "list", str(number)).rows[0]["state"] == "paused"
    beet("musictool", "jobs", "resume", str(number))
    beet("musictool", "jobs", "run")
    assert beet("musictool", "jobs", "--json", "list", str(number)).rows[0]["state"] == "done"


def test_pretending_measures_and_writes_nothing(
    beet: HistoryBeet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_wavs(beet, "one")
    beet("dj", "list")  # makes our tables
    monkeypatch.setattr(workers, "MEASURE", NEVER)
    before = beet.path.read_bytes(), files(beet.folder / "music")

    done = beet("dj", "analyze", "--pretend")
    rows = beet("dj", "analyze", "-p", "--json").rows

    assert "1 file would be measured" in done.stdout
    assert [row["status"] for row in rows] == ["due"]
    assert (beet.path.read_bytes(), files(beet.folder / "music")) == before


def test_an_import_measures_and_writes_tags_also_as_is(beet: HistoryBeet) -> None:
    beet.configure(djanalysis={"auto": True}, threaded=True)

    import_wavs(beet, "one", "two")

    (row, _) = beet("dj", "list", "--json").rows
    tagged = MediaFile(beet.file_of(1))
    assert tagged.bpm == int(row["bpm"] + 0.5)
    assert beet.values("bpm")[0] == (tagged.bpm,)
    assert "nothing new; 2 files known before; 0 values written" in beet("dj", "analyze").stdout
    assert beet("ls", "-f", "$analysis_bpm_source", "id:1").stdout == "djanalysis\n"
    # The source of a copy is nobody's to write.
    originals = sorted((beet.folder / "incoming" / "one").glob("*.wav"))
    assert MediaFile(originals[0]).bpm is None


def test_an_import_keeps_what_tags_say(beet: HistoryBeet) -> None:
    beet.configure(djanalysis={"auto": True})
    folder = beet.folder / "incoming" / "tagged"
    folder.mkdir(parents=True)
    tagged = MediaFile(write_wav(folder / "1.wav", 1))
    tagged.update({"title": "one", "artist": "Artist", "album": "tagged", "bpm": 90})
    tagged.save()

    beet("import", "-q", "-A", "-c", str(folder))

    assert beet.values("bpm") == [(90,)]
    assert beet("ls", "-f", "$analysis_bpm_source").stdout == "beet import\n"


def test_imports_of_singletons_and_bad_files_go_on(beet: HistoryBeet) -> None:
    beet.configure(djanalysis={"auto": True})
    folder = beet.folder / "incoming"
    folder.mkdir()
    for seed, name in enumerate(("good", "crash"), start=1):
        tagged = MediaFile(write_wav(folder / f"{name}.wav", seed))
        tagged.update({"title": name, "artist": "Artist"})
        tagged.save()

    done = beet("import", "-q", "-A", "-s", "-c", str(folder))

    assert "SIGSEGV" in done.stderr
    assert [bool(bpm) for (bpm,) in beet.values("bpm")] == [False, True]


@pytest.mark.parametrize("setting", [False, True])
def test_an_import_that_pretends_or_is_not_to_measure_measures_nothing(
    beet: HistoryBeet, setting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", NEVER)
    beet.configure(djanalysis={"auto": setting})
    folder = beet.folder / "incoming"
    folder.mkdir()
    write_wav(folder / "1.wav", 1)

    done = beet("import", "-q", "-A", "-c", *(["--pretend"] if setting else []), str(folder))

    assert "measured" not in done.stderr
    assert beet.values("bpm") == ([] if setting else [(0,)])


def test_in_the_background_a_job_measures_what_was_imported(beet: HistoryBeet) -> None:
    beet.configure(
        djanalysis={"auto": "background"}, plugins=["history", "djanalysis", "musictool"]
    )
    import_wavs(beet, "one", "two")
    assert beet.values("bpm") == [(0,), (0,)]

    beet("musictool", "jobs", "run")
    beet("musictool", "jobs", "run")

    assert all(bpm for (bpm,) in beet.values("bpm"))
    assert MediaFile(beet.file_of(1)).bpm


def test_keys_are_found_and_shown_in_every_notation(beet: HistoryBeet) -> None:
    import_wavs(beet, "one", "two", "three")
    beet("modify", "-y", "-W", "-M", "id:1", "initial_key=Am", "energy=8")
    beet("modify", "-y", "-W", "-M", "id:2", "initial_key=F#")

    def ids(*query: str) -> str:
        return beet("ls", "-f", "$id", *query).stdout.replace("\n", " ").strip()

    assert ids("camelot:8A") == "1"
    assert ids("camelot:2B") == "2"
    assert ids("camelot:2") == "2"
    assert ids("camelot:8A,2B") == "1 2"
    assert ids("open_key:1m") == "1"
    assert ids("camelot:12A") == ids("camelot:nonsense") == ""
    assert ids("^camelot:8A") == "2 3"
    assert ids("camelot:8A", "energy:7..9") == "1"
    shown = beet("ls", "-f", "$camelot $open_key $musical_key", "id:2").stdout
    assert shown == "2B 7d F# major\n"
    beet.configure(plugins=["history", "djanalysis", "musictool"])
    assert ids("camelot:8A", "energy:7..9") == "1"


def test_tags_take_the_notation_and_decimals_that_are_wanted(beet: HistoryBeet) -> None:
    beet.configure(
        djanalysis={
            "auto": False,
            "tag_notation": "camelot",
            "bpm_decimals": 2,
            "comment": "{camelot} - Energy {energy}",
        }
    )
    import_wavs(beet, "one")
    beet("modify", "-y", "-W", "-M", "id:1", "comments=bought in Leeds")

    beet("dj", "analyze")
    beet("dj", "analyze", "--force")

    (row,) = beet("dj", "list", "--json").rows
    tagged = MediaFile(beet.file_of(1))
    assert tagged.initial_key == row["camelot"]
    assert tagged.comments == f"{row['camelot']} - Energy 7 - bought in Leeds"
    assert tagged.mgfile.tags["TBPM"].text == [f"{row['bpm']:.2f}".rstrip("0").rstrip(".")]
    assert beet.values("comments") == [(tagged.comments,)]
    assert "A" not in beet.values("initial_key")[0][0].removeprefix("A")


def test_verify_compares_with_what_others_say(beet: HistoryBeet) -> None:
    import_wavs(beet, "one", "two", "three", "four")
    beet("dj", "analyze")
    measured = beet("dj", "list", "--json").rows
    beet("modify", "-y", "-W", "-M", "id:1", f"traktor_bpm={measured[0]['bpm'] * 2}")
    beet("modify", "-y", "-W", "-M", "id:2", f"traktor_bpm={measured[1]['bpm']}")
    beet("modify", "-y", "-W", "-M", "id:3", f"traktor_bpm={measured[2]['bpm'] * 1.5}")
    beet("modify", "-y", "-W", "-M", "id:4", f"traktor_bpm={measured[3]['bpm'] * 1.13}")

    rows = beet("dj", "verify", "--json").rows

    assert [(row["relation"], row["detail"], row["confirms"]) for row in rows] == [
        ("octave", "double", True),
        ("equal", "", True),
        ("harmonic", "3:2", False),
        ("contradiction", "", False),
    ]
    shown = beet("dj", "verify").stdout
    assert "4 values compared: 1 equal, 1 in another octave, 1 harmonic, 1 contradicting" in shown
    assert shown.count("\n") == 4
    # The octave that another source knows is ours from then on.
    (first, *_) = beet("dj", "list", "--json").rows
    assert first["bpm"] == pytest.approx(measured[0]["bpm"] * 2, abs=0.002)


def test_what_mixes_with_a_track_is_found_with_reasons(beet: HistoryBeet) -> None:
    import_wavs(beet, "one", "two", "three", "four")
    for number, bpm, key in ((1, 128, "Am"), (2, 130, "Em"), (3, 128, "C#"), (4, 64, "C")):
        beet("modify", "-y", "-W", "-M", f"id:{number}", f"bpm={bpm}", f"initial_key={key}")

    rows = beet("dj", "mixable", "--json", "id:1").rows

    assert [(row["item"], row["relation"], row["camelot"]) for row in rows] == [
        (4, "relative", "8B"),
        (2, "fifth up", "9A"),
    ]
    assert rows[0]["reasons"] == ["relative (8A to 8B)", "same tempo at double time"]
    assert rows[1]["tempo_change_percent"] == pytest.approx(-1.538, abs=0.001)
    shown = beet("dj", "mixable", "id:1", "--among", "id:2").stdout
    assert "8A 128.00 BPM; 1 track:" in shown
    assert "fifth up (8A to 9A); -1.54 % tempo" in shown
    assert "which one?" in beet.trying("dj", "mixable", "artist:Artist").stderr
    assert "which one?" in beet.trying("dj", "mixable").stderr


def test_points_are_shown_with_their_bars(beet: HistoryBeet) -> None:
    import_wavs(beet, "one")
    assert "never measured" in beet.trying("dj", "points", "id:1").stderr
    beet("dj", "analyze")

    shown = beet("dj", "points", "id:1").stdout
    (row,) = beet("dj", "points", "id:1", "--json").rows

    assert " 0:00.00 to  1:00.00  intro   32 bars  energy 4.0" in shown
    assert "intro ends:    1:00.00 (bar " in shown
    assert row["mix_in_s"] == 30.0
    assert [each["label"] for each in row["sections"]] == ["intro", "main"]


def test_a_format_prints_items(beet: HistoryBeet) -> None:
    import_wavs(beet, "one")
    beet("dj", "analyze")

    assert beet("dj", "list", "-f", "$title: $analysis_lra").stdout == "one: 0.000\n"


def test_what_leaves_the_library_is_forgotten_and_audio_is_not(beet: HistoryBeet) -> None:
    import_wavs(beet, "one")
    beet("dj", "analyze")
    shutil.copy(beet.file_of(1), beet.folder / "copy.wav")
    beet("remove", "-f", "id:1")

    assert beet.sql("SELECT count(*) FROM mt_analysis_file") == [(0,)]
    assert beet.sql("SELECT count(*) FROM mt_analysis") == [(1,)]
