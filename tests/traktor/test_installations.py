from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor import installations
from musictool_core.traktor.installations import Surroundings, count_entries, discover
from musictool_core.traktor.locations import PathMap, System
from musictool_core.traktor.tsi import MUSIC, ROOT, classic_parts, read_settings
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NML = '<NML VERSION="19"><COLLECTION ENTRIES="9">{}</COLLECTION><PLAYLISTS>{}</PLAYLISTS></NML>'
ENTRY = '<ENTRY TITLE="a &lt;ENTRY b"></ENTRY>\n'


def make(folder: Path, *, entries: int = 1, root: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = NML.format(ENTRY * entries, ENTRY * 7)
    folder.joinpath("collection.nml").write_text(text)
    if root:
        settings(folder / "Traktor Settings.tsi", {ROOT: root})
    return folder


def settings(path: Path, values: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = "".join(f'<Entry Name="{k}" Type="3" Value="{v}"></Entry>' for k, v in values.items())
    path.write_text(f"<NIXML><TraktorSettings>{entries}</TraktorSettings></NIXML>")


def at(home: Path, system: System, **more: object) -> Surroundings:
    return Surroundings(system, home, **more)  # type: ignore[arg-type]


def vendor(home: Path) -> Path:
    return home / "Documents" / "Native Instruments"


def test_the_newest_version_is_chosen_by_number_and_said(tmp_path):
    for version in ("2.6.0", "3.9", "3.11.1"):
        make(vendor(tmp_path) / f"Traktor {version}", entries=3)
    for other in ("Traktor Kontrol S4", "Traktor 3.12 backup", "Traktor", "Traktor x.1"):
        make(vendor(tmp_path) / other)

    found = discover(at(tmp_path, System.MACOS))

    assert [one.version_text for one in found.candidates] == ["3.11.1", "3.9", "2.6.0"]
    assert found.chosen is found.candidates[0]
    assert found.chosen.entries == 3
    assert found.chosen.size == found.chosen.root.joinpath("collection.nml").stat().st_size
    assert found.chosen.modified is not None
    assert found.reason == "Traktor 3.11.1 is the newest version"


def test_a_version_that_the_user_names_is_taken_or_missed(tmp_path):
    for version in ("3.9", "3.11.1"):
        make(vendor(tmp_path) / f"Traktor {version}")

    chosen = discover(at(tmp_path, System.MACOS), version="3.9").chosen
    assert chosen is not None
    assert chosen.version == (3, 9)
    missed = discover(at(tmp_path, System.MACOS), version="2.11")
    assert (missed.chosen, missed.reason) == (None, "Traktor 2.11 was not found")


def test_nothing_found_is_said(tmp_path):
    found = discover(at(tmp_path, System.LINUX))

    assert (found.candidates, found.chosen) == ((), None)
    assert "no collection was found" in found.reason


def test_two_equal_ones_are_never_chosen_from(tmp_path):
    redirected = tmp_path / "OneDrive" / "Documents"
    make(redirected / "Native Instruments" / "Traktor 3.11.1")
    make(vendor(tmp_path) / "Traktor 3.11.1")
    around = at(tmp_path, System.WINDOWS, documents=(redirected,))

    found = discover(around)

    assert len(found.candidates) == 2
    assert found.chosen is None
    assert "are equally new" in found.reason


def test_one_folder_found_twice_is_one(tmp_path):
    make(vendor(tmp_path) / "Traktor 3.11.1")
    (tmp_path / "Redirected").symlink_to(tmp_path / "Documents")
    around = at(tmp_path, System.WINDOWS, documents=(tmp_path / "Redirected",))

    found = discover(around)

    assert len(found.candidates) == 1
    assert found.chosen is not None


@pytest.mark.parametrize(
    ("documents", "source"),
    [
        (".wine/drive_c/users/me/Documents", "wine"),
        (".wine/drive_c/users/me/My Documents", "wine"),
        (
            ".var/app/com.usebottles.bottles/data/bottles/bottles/DJ/drive_c/users/me/Documents",
            "Bottles, DJ",
        ),
        (
            ".local/share/Steam/steamapps/compatdata/4711/pfx/drive_c/users/steamuser/Documents",
            "Steam, 4711",
        ),
    ],
)
def test_wine_prefixes_are_searched_on_linux(tmp_path, documents, source):
    make(tmp_path / documents / "Native Instruments" / "Traktor 3.11.1")

    found = discover(at(tmp_path, System.LINUX))

    assert found.chosen is not None
    assert found.chosen.source == source
    drive = tmp_path / documents.split("/users/", maxsplit=1)[0]
    assert PathMap("C:/:", str(drive)) in found.chosen.maps


def test_a_prefix_of_the_environment_and_its_drives(tmp_path):
    prefix, music = tmp_path / "prefix", tmp_path / "music"
    music.mkdir()
    make(prefix / "drive_c/users/me/Documents/Native Instruments/Traktor 3.11.1")
    (prefix / "dosdevices").mkdir()
    (prefix / "dosdevices" / "d:").symlink_to(music)

    found = discover(at(tmp_path, System.LINUX, environment={"WINEPREFIX": str(prefix)}))

    assert found.chosen is not None
    assert PathMap("D:/:", str(music)) in found.chosen.maps


def test_settings_name_another_root(tmp_path):
    used = make(tmp_path / "Config", entries=5)
    make(vendor(tmp_path) / "Traktor 3.11.1", root=f"{used}/")

    found = discover(at(tmp_path, System.MACOS))

    assert found.chosen is not None
    assert (found.chosen.root, found.chosen.entries) == (used, 5)
    assert found.chosen.notes == (f"its settings name another root: {used}",)


def test_the_old_form_of_macos_is_read_on_any_volume(tmp_path):
    volumes = tmp_path / "Volumes"
    used = make(volumes / "USB" / "Root", entries=5)
    make(vendor(tmp_path) / "Traktor 2.6.0", root="USB:Root:")

    found = discover(at(tmp_path, System.MACOS, volumes=volumes))

    assert found.chosen is not None
    assert found.chosen.root == used


def test_the_old_form_of_the_own_folder_is_no_other_root(tmp_path):
    folder = vendor(tmp_path) / "Traktor 2.6.0"
    make(folder, root=":".join(["Macintosh HD", *folder.parts[1:], ""]))

    found = discover(at(tmp_path, System.MACOS, volumes=tmp_path / "none"))

    assert found.chosen is not None
    assert (found.chosen.root, found.chosen.notes) == (folder, ())


def test_a_root_of_wine_is_found_in_any_letter_case(tmp_path):
    drive = tmp_path / ".wine" / "drive_c"
    used = make(drive / "Root" / "Config", entries=5)
    make(drive / "users/me/Documents/Native Instruments/Traktor 3.11.1", root="c:\\root\\CONFIG\\")

    found = discover(at(tmp_path, System.LINUX))

    assert found.chosen is not None
    assert found.chosen.root == used


def test_a_root_that_is_away_is_not_replaced_by_an_older_copy(tmp_path):
    make(vendor(tmp_path) / "Traktor 3.11.1", root=f"{tmp_path}/unplugged/")
    make(vendor(tmp_path) / "Traktor 3.9")

    found = discover(at(tmp_path, System.MACOS))

    assert found.chosen is None
    assert found.candidates[0].absent
    assert found.candidates[0].collection is None
    assert "3.11.1 is newer, but its folder is not there now" in found.reason


def test_a_root_of_another_computer_is_noted_and_the_copy_taken(tmp_path):
    copy = make(tmp_path / "copy" / "Traktor 3.11.1", root="C:\\Users\\me\\Traktor\\")

    found = discover(at(tmp_path, System.LINUX), configured=[copy])

    assert found.chosen is not None
    assert found.chosen.root == copy
    assert "of another computer" in found.chosen.notes[0]


def test_a_left_folder_without_a_collection_does_not_hide_the_one_in_use(tmp_path):
    (vendor(tmp_path) / "Traktor 4.0.0").mkdir(parents=True)
    make(vendor(tmp_path) / "Traktor 3.11.1")

    found = discover(at(tmp_path, System.MACOS))

    assert found.chosen is not None
    assert found.chosen.version == (3, 11, 1)
    assert "no collection at" in found.candidates[0].notes[0]


@pytest.mark.parametrize("named", ["", "Traktor 3.11.1", "Traktor 3.11.1/collection.nml"])
def test_the_configuration_may_name_a_collection_its_folder_or_the_one_above(tmp_path, named):
    folder = make(tmp_path / "mounted" / "Traktor 3.11.1")
    make(vendor(tmp_path) / "Traktor 4.4.2")

    found = discover(at(tmp_path, System.MACOS), configured=[tmp_path / "mounted" / named])

    assert found.chosen is not None
    assert (found.chosen.collection, found.chosen.source) == (
        folder / "collection.nml",
        "configuration",
    )
    assert len(found.candidates) == 1


def test_a_configured_collection_that_is_missing_is_not_replaced_by_another(tmp_path):
    make(vendor(tmp_path) / "Traktor 4.4.2")

    found = discover(at(tmp_path, System.MACOS), configured=[tmp_path / "gone" / "collection.nml"])

    assert found.chosen is None
    assert "no collection at" in found.candidates[0].notes[0]


def test_entries_are_counted_in_the_collection_only(tmp_path, shared_data):
    assert count_entries(make(tmp_path, entries=2) / "collection.nml") == 2
    real = shared_data / "traktor-nml" / "real" / "collection-v19-mac-2019.nml"
    assert count_entries(real) == 2615
    (tmp_path / "empty.nml").write_bytes(b"")
    assert count_entries(tmp_path / "empty.nml") is None
    assert count_entries(tmp_path / "none.nml") is None


@pytest.mark.parametrize("piece", [1, 7, 16, 17, 40, 100])
def test_entries_are_counted_wherever_the_file_is_cut(tmp_path, monkeypatch, piece):
    path = make(tmp_path, entries=5) / "collection.nml"
    monkeypatch.setattr(installations, "_PIECE", piece)

    assert count_entries(path) == 5
    path.write_text(path.read_text().partition("</COLLECTION>")[0])
    assert count_entries(path) == 5
    path.write_text("<NML>" + ENTRY * 9)
    assert count_entries(path) is None


def test_settings_are_read_until_found(tmp_path):
    path = tmp_path / "Traktor Settings.tsi"
    blob = base64.b64encode(os.urandom(300_000)).decode()
    settings(path, {"DeviceIO.A": blob, ROOT: "C:\\a&amp;b\\", "DeviceIO.B": blob})
    path.write_text(path.read_text().removesuffix("</TraktorSettings></NIXML>") + "<broken")

    assert read_settings(path, {ROOT}) == {ROOT: "C:\\a&b\\"}
    with pytest.raises(NmlError, match="not well-formed"):
        read_settings(path, {ROOT, "absent"})


def test_real_settings(shared_data):
    path = shared_data / "traktor-nml" / "real" / "Traktor Settings (2.6.0, mac).tsi"

    values = read_settings(path)

    assert classic_parts(values[ROOT]) == (
        "Macintosh HD",
        ("Users", "cantgetnosleep", "Documents", "Native Instruments", "Traktor 2.6.0"),
    )
    assert values[MUSIC] == "Macintosh HD:Users:cantgetnosleep:Music:"


HOSTILE: list[tuple[str, Callable[[], str]]] = [
    ("DOCTYPE", lambda: '<!DOCTYPE a [<!ENTITY b "c">]><NIXML>&b;</NIXML>'),
    ("deeper", lambda: "<NIXML>" + "<a>" * 10_000),
    ("no settings", lambda: "<html><body>"),
    ("not well-formed", lambda: "\0\1\2"),
    ("encoding", lambda: "<?xml version='1.0' encoding='klingon'?><NIXML/>"),
    ("larger than 16 MB", lambda: "<NIXML><Entry Name='" + "x" * (17 << 20)),
]


@pytest.mark.parametrize(("said", "text"), HOSTILE, ids=[said for said, _ in HOSTILE])
def test_a_file_of_a_stranger_is_refused(tmp_path, said, text):
    path = tmp_path / "Traktor Settings.tsi"
    path.write_text(text())

    with pytest.raises(NmlError, match=said):
        read_settings(path)


def test_settings_that_cannot_be_read_are_noted(tmp_path):
    folder = make(vendor(tmp_path) / "Traktor 3.11.1")
    folder.joinpath("Traktor Settings.tsi").write_text("<NIXML")

    found = discover(at(tmp_path, System.MACOS))

    assert found.chosen is not None
    assert "cannot be read" in found.chosen.notes[0]


@pytest.mark.parametrize("value", ["/Users/me", "C:\\a\\", "", "Macintosh HD", "Macintosh HD:"])
def test_other_forms_are_no_old_paths_of_macos(value):
    assert classic_parts(value) is None
