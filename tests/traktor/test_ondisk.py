from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import pytest

from musictool_core.safeio import platform
from musictool_core.traktor import ondisk
from musictool_core.traktor.history import marks_of, moment_of
from musictool_core.traktor.locations import System
from musictool_core.traktor.ondisk import existing, surroundings, system, this_computer
from musictool_core.traktor.values import Location

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("name", "expected"),
    [("darwin", System.MACOS), ("win32", System.WINDOWS), ("linux", System.LINUX)],
)
def test_the_system_decides_about_paths(monkeypatch, name, expected):
    monkeypatch.setattr(sys, "platform", name)

    assert system() is expected


def test_a_name_is_found_as_the_disk_spells_it(tmp_path):
    folder = tmp_path / normalize("NFD", "Müsik")
    folder.mkdir()
    composed, decomposed = folder / normalize("NFC", "ä.mp3"), folder / normalize("NFD", "ö.mp3")
    composed.touch()
    decomposed.touch()

    # One folder decomposed, its file composed: no single form of the whole path is there.
    assert existing(normalize("NFC", str(composed))) == str(composed)
    assert existing(normalize("NFC", str(decomposed))) == str(decomposed)
    assert existing(str(tmp_path / "none" / "a.mp3")) is None
    assert existing(str(folder / "a\0b")) is None


def test_letter_case_is_left_to_the_disk(tmp_path):
    (tmp_path / "a.mp3").touch()

    assert existing(str(tmp_path / "A.mp3")) is None


def test_volumes_of_their_own_are_no_boot_volumes(tmp_path, monkeypatch):
    volumes = tmp_path / "Volumes"
    (volumes / "Clone").mkdir(parents=True)
    (volumes / "Macintosh HD").symlink_to("/")
    assert platform.mounted_volumes(volumes) == ("Clone",)
    assert platform.mounted_volumes(tmp_path / "none") == ()

    monkeypatch.setattr(ondisk, "mounted_volumes", lambda: ("Clone",))
    known = [Location(name, "/:Users/:me/:", "a.mp3") for name in ("Clone", "Macintosh HD")]
    assert this_computer(known).boot == ("Macintosh HD",)


def test_documents_that_windows_redirected_are_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(ondisk, "documents_folder", lambda: tmp_path)

    assert surroundings().documents == (tmp_path,)


@pytest.mark.skipif(sys.platform == "win32", reason="what Windows says is in tests/platforms")
def test_elsewhere_windows_is_not_asked():
    assert platform.documents_folder() is None
    assert platform.drive_serials() == {}
    assert surroundings().home == Path.home()


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer in a zone with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this system cannot be set")
def test_plays_of_summer_and_winter_have_the_offset_of_their_day() -> None:
    zone = ondisk.LocalZone()

    summer = moment_of(2026 << 16 | 7 << 8 | 1, 3600, zone)
    winter = moment_of(2026 << 16 | 1 << 8 | 1, 3600, zone)

    assert summer == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert winter == datetime(2026, 1, 1, 0, tzinfo=UTC)
    for moment in (summer, winter):
        assert moment is not None
        assert marks_of(moment, zone)[1] == 3600
    assert str(zone) == "CET/CEST"
    assert datetime.max.replace(tzinfo=zone).utcoffset() is not None
