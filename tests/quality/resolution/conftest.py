"""A library with one recording in several files, beside a collection of Traktor."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from beets.library import Item, Library

from musictool_core import changes, events, jobs, links
from musictool_core.analysis import tables as analysis
from musictool_core.changes import ChangeSetId, Origin, files
from musictool_core.changes.audio import AudioTarget
from musictool_core.changes.files import FileTarget
from musictool_core.changes.rows import album_target, item_target
from musictool_core.changes.tags import TagsTarget
from musictool_core.host import journal
from musictool_core.host.items import find_ids
from musictool_core.host.library import Host
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.duplicates import finding, library
from musictool_core.quality.duplicates.store import Store
from musictool_core.quality.resolution import planning
from musictool_core.quality.resolution.decks import Decks, open_decks
from musictool_core.safeio.mediatags import TagFile
from musictool_core.traktor import scan, tables
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.pushes import plan_push, push
from musictool_core.traktor.sync import SyncSettings, apply_sync, plan_sync
from musictool_core.traktor.target import NmlTarget
from tests.changes.kills import Kill
from tests.fakes import traktor
from tests.fakes.pieces import RATE, piece, write
from tests.traktor.conftest import traktor_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from musictool_core.changes import Change, Result, Target
    from musictool_core.quality.duplicates.families import Group
    from musictool_core.quality.resolution.planning import Plan

ORIGIN = Origin("tester", "beet quality", "beet quality resolve", 1)
LATER_S = 0.25
"""How much later the music begins in the file of the record."""


@dataclass
class Shelf:
    """Everything of one test."""

    host: Host
    folder: Path
    now: datetime = datetime(2026, 5, 1, 12, tzinfo=UTC)
    running: bool = False
    sounds: Mapping[str, Path] = field(default_factory=dict)

    @property
    def music(self) -> Path:
        """The music folder."""
        return self.folder / "music"

    @property
    def nml(self) -> Path:
        """The collection of Traktor."""
        return self.folder / "collection.nml"

    def add(self, sound: str, name: str, **beets: Any) -> Item:
        """Add a file to the library, its tags as its row."""
        path = self.music / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.sounds[sound], path)
        tags = TagFile(path)
        for key, value in {"title": "Song", "artist": "A", **beets}.items():
            if key in TagFile.fields():
                setattr(tags, key, value)
        tags.save()
        item = Item.from_path(bytes(path))
        item.update({"title": "Song", "artist": "A", **beets})
        self.host.lib.add(item)
        return item

    def album(self, name: str, *items: Item) -> int:
        """Make an album of items."""
        made = self.host.lib.add_album(list(items))
        made.album, made.albumartist = name, "A"
        made.store()
        assert made.id
        return int(made.id)

    def write(self, *entries: ET.Element) -> None:
        """Make the collection, and bring it in step."""
        self.nml.write_bytes(traktor.collection(entries))
        plan = plan_sync(
            self.host, self.nml, SyncSettings(),
            path_of=lambda where: str(self.music / where.file),
        )  # fmt: skip
        apply_sync(self.host, plan, origin=ORIGIN, now=self.now, is_running=lambda _: False)

    def listed(self, name: str, query: str) -> None:
        """Make a playlist of what a query finds."""
        planned = plan_push(self.host, self.nml, name.split("/"), query)
        push(
            self.host, self.nml, [planned], origin=ORIGIN, now=self.now,
            is_running=lambda _: False,
        )  # fmt: skip

    def decks(self) -> Decks | None:
        """The collection as the plan wants it."""
        return open_decks(self.host, traktor_settings(self.folder))

    def groups(self) -> list[Group]:
        """What is there twice."""
        tracks = library.read_tracks(self.host, find_ids(self.host, []))
        store = Store(self.host.cache_path)
        return finding.find(tracks, store, report=silent, cancel=CancelToken()).groups

    def plan(self, **options: Any) -> Plan:
        """Plan to resolve all."""
        return planning.plan(
            self.host, self.groups(), use="club", now=self.now, decks=self.decks(), **options
        )

    def apply(self, plan: Plan) -> Result:
        """Carry a plan out, tags too."""
        return self.carry_out(planning.prepare(self.host, plan))

    def carry_out(
        self,
        planned: Sequence[Change],
        undo_of: Sequence[ChangeSetId] = (),
        *,
        files_later: bool = False,
    ) -> Result:
        """Apply changes, and let files follow."""
        self.now += timedelta(minutes=1)
        following = (
            () if undo_of else files.file_changes(self.host, planned, write=True, move=False)
        )
        with self.host.paths():
            number = changes.plan(
                self.host,
                [*planned, *following],
                ORIGIN,
                now=self.now,
                undo_of=undo_of,
                files_later=files_later,
            )
            done = changes.apply(
                self.host, number, self.targets(), report=silent, cancel=CancelToken()
            )
            files.run(self.host, number, report=silent, cancel=CancelToken())
        return done

    def undo(self, number: ChangeSetId, *, files_later: bool = False) -> Result:
        """Take a change set back; nothing may be in the way."""
        with self.host.paths():
            planned = changes.plan_undo(self.host, [number])
        assert (planned.conflicts, planned.not_restorable) == ((), ())
        return self.carry_out(planned.changes, [number], files_later=files_later)

    def targets(self) -> dict[str, Target]:
        """All that can be written to."""
        made: tuple[Target, ...] = (
            item_target(), album_target(), AudioTarget(), TagsTarget(), FileTarget(),
            NmlTarget(lambda _: self.running),
        )  # fmt: skip
        return {target.name: target for target in made}

    def lists(self) -> dict[str, list[str]]:
        """Files of the playlists in Traktor."""
        data = self.nml.read_bytes()
        return {
            "/".join(each.path): [key.rpartition("/:")[2] for key in each.keys]
            for each in read_shelf(data, scan.scan(data)).playlists
        }

    def snapshot(self) -> dict[str, Any]:
        """Rows, files, collection: all that an undo must bring back."""
        view = self.host.reading()
        columns = "path, title, album, comments, format, bitrate, length, album_id, isrc, year"
        rows = {
            "items": view.query(f"SELECT id, {columns} FROM items ORDER BY id"),  # noqa: S608
            "albums": view.query("SELECT id, album, albumartist, artpath FROM albums ORDER BY id"),
            "attributes": view.query(
                "SELECT entity_id, key, value FROM item_attributes ORDER BY 1, 2"
            ),
        }
        return {
            **rows,
            "files": self.files(),
            "nml": self.nml.read_bytes() if self.nml.exists() else b"",
        }

    def files(self, *, trash: bool = False) -> dict[str, bytes]:
        """Files below the music folder; those of the trash, or all others."""
        return {
            p.relative_to(self.music).as_posix(): p.read_bytes()
            for p in self.music.rglob("*")
            if p.is_file() and (".musictool-trash" in p.parts) is trash
        }


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One recording as a lossless file, as MP3, from another source, and without its lead."""
    folder = tmp_path_factory.mktemp("sounds")
    whole = piece(41)
    silence = np.zeros((round(LATER_S * RATE), *whole.shape[1:]), whole.dtype)
    later = np.concatenate([silence, whole])
    return {
        "flac": write(folder / "a.flac", whole),
        "wav": write(folder / "a.wav", whole),
        "mp3": write(folder / "a.mp3", whole),
        "later": write(folder / "later.flac", later),
        "instrumental": write(folder / "i.flac", piece(41, without="lead")),
        "other": write(folder / "o.mp3", piece(42)),
    }


@pytest.fixture
def shelf(library: Library, tmp_path: Path, sounds: Mapping[str, Path]) -> Shelf:
    """An empty library; no collection yet."""
    host = Host(library, busy_wait_s=5.0)
    features = {
        "changes": changes, "links": links, "traktor": tables, "events": events, "jobs": jobs,
        "analysis": analysis,
    }  # fmt: skip
    host.migrate({name: module.MIGRATIONS for name, module in features.items()})
    journal.sync(host)
    return Shelf(host, tmp_path, sounds=sounds)


@pytest.fixture
def doubled(shelf: Shelf) -> Shelf:
    """An MP3 on an album, with cues and in a list; the same as a loose FLAC that begins later."""
    played = {"traktor_playcount": "7", "traktor_rating": "3", "comments": "peak time"}
    on_album = shelf.add("mp3", "song.mp3", album="LP", label="Warp", **played)
    shelf.album("LP", on_album, shelf.add("other", "b.mp3", title="Other", label="Warp"))
    shelf.add("later", "loose.flac", genres=["House"], year=1999, isrc="X1", traktor_playcount="2")
    shelf.write(
        traktor.entry("song", info={"PLAYCOUNT": "7", "RANKING": "153"}, cues=(1000, 5000)),
        traktor.entry("loose", file="loose.flac", info={"PLAYCOUNT": "2"}),
        traktor.entry("b"),
    )
    shelf.listed("Sets/Best", "label:Warp")
    return shelf


def killed_while(shelf: Shelf, number: ChangeSetId, at: int) -> bool:
    """Apply a stored change set in a process that dies at this step; return whether it did."""
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 2)
        host = Host(Library(shelf.host.path, os.fspath(shelf.music)), busy_wait_s=5.0)
        kill = Kill(at)
        host.lib._connection().set_trace_callback(kill)
        sys.addaudithook(kill.audit)
        with host.paths():
            changes.apply(host, number, shelf.targets(), report=silent, cancel=CancelToken())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
