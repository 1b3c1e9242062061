"""A library of real files beside a collection of Traktor."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from musictool_core import changes, links
from musictool_core.changes import Origin
from musictool_core.host import journal
from musictool_core.host.library import Host
from musictool_core.host.settings import TraktorSettings
from musictool_core.safeio.mediatags import TagFile
from musictool_core.traktor import fields, model, scan, tables
from musictool_core.traktor.desk import Desk, open_desk
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.rules import sync_fields
from musictool_core.traktor.sync import SyncPlan, SyncResult, SyncSettings, apply_sync, plan_sync
from musictool_core.traktor.upkeep import Kept, keep_up
from tests.fakes import traktor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from beets.library import Library

    from musictool_core.traktor.merge import Policy
    from musictool_core.traktor.values import Location

ORIGIN = Origin("tester", "beet traktor", "beet traktor sync", 4711)
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Deck:
    """Everything of one test: a library, its files, and a collection."""

    host: Host
    library: Library
    folder: Path
    settings: SyncSettings
    sound: Path
    programs: list[Any] = field(default_factory=list)
    running: bool = False
    now: datetime = START

    @property
    def nml(self) -> Path:
        """The collection."""
        return self.folder / "collection.nml"

    def add(self, title: str, *, tags: Mapping[str, Any] | None = None, **beets: Any) -> Item:
        """Add a file to the library; its tags are those of the item unless given."""
        path = self.folder / "music" / f"{title}.mp3"
        shutil.copy(self.sound, path)
        file = TagFile(path)
        for name, value in {"title": title, "artist": "A", **beets, **(tags or {})}.items():
            if name in TagFile.fields():
                setattr(file, name, value)
        file.save()
        item = Item(path=bytes(path), **{"title": title, "artist": "A", **beets})
        self.library.add(item)
        return item

    def write(self, *entries: ET.Element) -> None:
        """Make the collection."""
        self.nml.write_bytes(traktor.collection(entries))

    def path_of(self, location: Location) -> str:
        """Where this computer has a file."""
        return str(self.folder / "music" / location.file)

    def desk(self) -> Desk:
        """The collection as the configuration would name it."""
        return desk_of(self.folder)

    def keep_up(self, **options: Any) -> Kept:
        """What a sync of everything does first."""
        self.now += timedelta(minutes=1)
        return keep_up(
            self.host,
            self.desk(),
            origin=ORIGIN,
            now=self.now,
            is_running=self.runs,
            **options,
        )

    def move(self, title: str, name: str) -> None:
        """Move the file of an item as `beet move` does."""
        old = self.folder / "music" / f"{title}.mp3"
        new = old.with_name(name)
        new.parent.mkdir(exist_ok=True)
        old.rename(new)
        with self.host.paths():
            item = self.row(title)
            item.path = bytes(new)
            item.store()

    def lists(self) -> dict[str, list[str]]:
        """Files of the playlists in Traktor, by path."""
        data = self.nml.read_bytes()
        return {
            "/".join(each.path): [key.rpartition("/:")[2] for key in each.keys]
            for each in read_shelf(data, scan.scan(data)).playlists
        }

    def runs(self, _: Path) -> bool:
        """Whether Traktor runs."""
        return self.running or any(program.runs for program in self.programs)

    def plan(self, **options: Any) -> SyncPlan:
        """Plan a sync."""
        return plan_sync(self.host, self.nml, self.settings, path_of=self.path_of, **options)

    def apply(self, plan: SyncPlan, **options: Any) -> SyncResult:
        """Apply a plan."""
        self.now += timedelta(minutes=1)
        return apply_sync(
            self.host,
            plan,
            origin=ORIGIN,
            now=self.now,
            is_running=self.runs,
            **options,
        )

    def sync(self) -> SyncResult:
        """Plan and apply."""
        return self.apply(self.plan())

    def with_policies(self, clear: tuple[str, ...] = (), **policies: Policy) -> None:
        """Let other policies hold."""
        self.settings = replace(self.settings, fields=sync_fields(policies, clear))

    def entry(self, title: str) -> dict[str, fields.Value]:
        """What Traktor's file holds of a track."""
        data = self.nml.read_bytes()
        found = scan.scan(data)
        span = next(s for s in found.entries if (s.key or "").endswith(f":{title}.mp3"))
        return fields.read_all(model.parse(data[span.start : span.end]))

    def key(self, title: str) -> str:
        """Primary key of a track."""
        return f"{traktor.VOLUME}{traktor.FOLDER}{title}.mp3"

    def row(self, title: str) -> Item:
        """What beets holds of a track."""
        (item,) = self.library.items(f'title:="{title}"')
        return item

    def tags(self, title: str) -> TagFile:
        """What the file of a track holds."""
        return TagFile(self.folder / "music" / f"{title}.mp3")

    def rows(self, table: Any) -> list[dict[str, Any]]:
        """All rows of a table."""
        found: list[dict[str, Any]] = table.select(self.host.reading())
        return found

    def write_tag(self, title: str, **values: Any) -> None:
        """Change tags as another program does."""
        file = self.tags(title)
        for name, value in values.items():
            setattr(file, name, value)
        file.save()

    def set(self, title: str, **values: Any) -> None:
        """Change an item as `beet modify -W` does."""
        with self.host.paths():
            item = self.row(title)
            item.update(values)
            item.store()

    def change_entry(self, title: str, element: str, attribute: str, value: str) -> None:
        """Change the collection as Traktor does."""
        program = traktor.Traktor(self.nml)
        program.obey("\t".join(("set", self.key(title), element, attribute, value)))
        program.exit()

    def state(self) -> tuple[bytes, list[Any], list[bytes]]:
        """Everything that a sync can write."""
        view = self.host.reading()
        items = view.query("SELECT * FROM items ORDER BY id")
        attributes = view.query("SELECT entity_id, key, value FROM item_attributes ORDER BY 1, 2")
        files = [p.read_bytes() for p in sorted((self.folder / "music").glob("*.mp3"))]
        return self.nml.read_bytes(), [items, attributes], files


def traktor_settings(folder: Path) -> TraktorSettings:
    """How a configuration names the collection of a folder, and the music beside it."""
    return TraktorSettings(
        collection=str(folder / "collection.nml"),
        paths=({"nml": f"{traktor.VOLUME}{traktor.FOLDER}", "local": str(folder / "music")},),
        program="no-such-program-runs",
    )


def desk_of(folder: Path) -> Desk:
    """The collection of a folder, and the music beside it."""
    return open_desk(traktor_settings(folder))


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short file without tags."""
    path = tmp_path_factory.mktemp("sound") / "sound.mp3"
    write_audio(path, "mp3", [Passage(1, 0.1)], Tags(title="", artist="", album=""))
    TagFile(path).delete()
    return path


@pytest.fixture
def deck(library: Library, tmp_path: Path, sound: Path) -> Deck:
    """An empty library and no collection yet."""
    host = Host(library, busy_wait_s=5.0)
    host.migrate(
        {
            "changes": changes.MIGRATIONS,
            "links": links.MIGRATIONS,
            "traktor": tables.MIGRATIONS,
        }
    )
    journal.sync(host)
    return Deck(host, library, tmp_path, SyncSettings(), sound)
