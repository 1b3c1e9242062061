"""The demo as the documentation shows it: the same records and tags as `make demo`, other audio.

What plays takes half a minute to encode and changes no output, so each file is a FLAC header that
announces the length and holds no sound. beets imports it like any other.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from benchmarks.demo.audio import PAUSE_S, RATE
from benchmarks.demo.build import LIBRARY, plan_demo_set
from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.model import Tags
from benchmarks.demo.render import release_answer
from benchmarks.demo.traktor import FOLDER, VOLUME, write_traktor
from musictool_core.analysis import workers
from tests.fakes.beet import Beet
from tests.fakes.discogs import FakeDiscogs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGINS = [
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "quality",
    "traktor",
]

TRAKTOR = "traktor"
"""Folder of an installation."""

BOUGHT_SINCE = 990_000_900
"""A record that is in the collection at Discogs, but not in the export."""


@dataclass(frozen=True, slots=True)
class DemoSet:
    """Folders to copy from.

    Attributes:
        documents: the export, track lists, a Traktor, and a folder of files to import.
        imported: beets' folder after the import of the files.
        shelved: the same after the import of the export with its track lists.
        music: the files.
    """

    documents: Path
    imported: Path
    shelved: Path
    music: Path

    def beet(self, folder: Path, *, shelf: bool, **settings: Any) -> Beet:
        """`beet` on a fresh copy in `folder`, where the documents are put, too."""
        shutil.copytree(self.documents, folder, dirs_exist_ok=True)
        shutil.copytree(self.shelved if shelf else self.imported, folder / "beets")
        return _beet(folder / "beets", self.music, **settings)


@pytest.fixture(autouse=True)
def _measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds no sound is measured by its name."""
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:by_name")


@pytest.fixture(scope="session")
def demo_set(tmp_path_factory: pytest.TempPathFactory) -> DemoSet:
    """The demo set, imported once."""
    root = tmp_path_factory.mktemp("demo-set")
    made = DemoSet(root / "documents", root / "imported", root / "shelved", root / LIBRARY)
    _write_files(root)
    made.imported.mkdir()
    _run(_beet(made.imported, made.music), "import", "-A", str(made.music))
    shutil.copytree(made.imported, made.shelved)
    export, tracklists = (str(made.documents / n) for n in ("collection.csv", "tracklists.jsonl"))
    beet = _beet(made.shelved, made.music)
    _run(beet, "collection", "import-csv", export, "--tracklists", tracklists)
    return made


def _beet(folder: Path, music: Path, **settings: Any) -> Beet:
    importing = {"copy": False, "write": False, "quiet": True}
    common: dict[str, Any] = {"plugins": PLUGINS, "directory": str(music), "threaded": False}
    common["import"] = importing
    common["djanalysis"] = {"auto": False}
    common["quality"] = {"auto": False}
    # The files are shared by all tests: their tags stay as they are.
    common["traktor"] = {
        "collection": str(folder.parent / TRAKTOR),
        "paths": [{"nml": f"{VOLUME}{FOLDER}", "local": str(music)}],
        "tags": False,
    }
    return Beet(folder, **common, **settings)


def _run(beet: Beet, *words: str) -> None:
    done = beet(*words)
    assert done.status == 0, done.stderr


@pytest.fixture(scope="session")
def discogs() -> Iterator[FakeDiscogs]:
    """Discogs with the records of the demo in the collection, and one bought since the export."""
    with FakeDiscogs() as running:
        folders = {"Uncategorized": 1}
        for record in RECORDS:
            running.add_release(record.release_id, **_release_arguments(release_answer(record)))
            for copy in record.copies:
                if copy.folder not in folders:
                    folders[copy.folder] = running.add_folder(copy.folder)
                running.add_instance(
                    record.release_id,
                    folder_id=folders[copy.folder],
                    rating=copy.rating,
                    added=datetime.fromisoformat(copy.added).replace(tzinfo=UTC),
                )
        running.add_release(
            BOUGHT_SINCE,
            title="Night Bus",
            artist="Kolben",
            label="Werkstatt Süd",
            catno="WS 014",
            year=2024,
            tracks=(("A", "Night Bus", "6:02"), ("B", "Terminus", "5:41")),
        )
        running.add_instance(BOUGHT_SINCE, added=datetime(2026, 9, 30, tzinfo=UTC))
        yield running


def _release_arguments(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "id"}


def _write_files(root: Path) -> None:
    plan = plan_demo_set()
    (root / "documents" / "incoming").mkdir(parents=True)
    for name, content in plan.documents.items():
        (root / "documents" / name).write_bytes(content)
    for file in plan.audio:
        length_s = sum(passage.length_s for passage in file.passages)
        length_s += PAUSE_S * (len(file.passages) - 1)
        _write_silence((root / file.path).with_suffix(".flac"), length_s, file.tags)
    played = [replace(f, path=str(PurePosixPath(f.path).with_suffix(".flac"))) for f in plan.audio]
    write_traktor(root / "documents" / TRAKTOR, played, datetime(2026, 11, 20, 18))  # noqa: DTZ001
    bought = Tags(
        title="Gangway", artist="Theo Lindqvist & Marlon Voss", album="Ferry Terminal", track=3
    )
    _write_silence(root / "documents" / "incoming" / "gangway.flac", 391.0, bought)


def _write_silence(path: Path, length_s: float, tags: Tags) -> None:
    """Write a FLAC file that announces its length and ends after its tags."""
    assert not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = round(length_s * RATE)
    # STREAMINFO: block sizes, frame sizes, then 20 bits rate, 3 channels-1, 5 bits-1, 36 samples.
    packed = RATE << 44 | 0 << 41 | 15 << 36 | samples
    info = bytes([16, 0, 16, 0]) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    path.write_bytes(b"fLaC" + bytes([0x80, 0, 0, len(info)]) + info)
    file = FLAC(path)
    names = {"track": "tracknumber", "year": "date", "mb_trackid": "musicbrainz_trackid"}
    names |= {"mb_albumid": "musicbrainz_albumid", "catalognum": "catalognumber"}
    for name, value in asdict(tags).items():
        if value is not None:
            file[names.get(name, name)] = str(value)
    file.save()
    # No frames of FLAC, but what stands where they would: no two files have the same audio.
    with path.open("ab") as end:
        end.write(f"{path.parent.name} {path.stem}".encode())
