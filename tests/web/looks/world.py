"""A library with something on every page, also as strangers would have it: every text is markup."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from beets import config, context
from beets.library import Item, Library

from musictool_core import app, jobs, links
from musictool_core.analysis import engine
from musictool_core.analysis.due import AudioFile, Examined
from musictool_core.analysis.workers import Outcome
from musictool_core.app import edits
from musictool_core.app.analysing import plan_known_scores, write_scores
from musictool_core.audio.heard import SIGNAL
from musictool_core.changes import Origin
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.host import journal
from musictool_core.host.entities import Entity
from musictool_core.insight import dashboards
from musictool_core.insight.dashboards import Size, Widget
from musictool_core.links.ignores import IgnoreKind, IgnoreRule
from musictool_core.quality.art import latest
from musictool_core.quality.duplicates.decide import Class
from musictool_core.quality.wanting import plan_wanted
from musictool_web import create_app
from musictool_web.context import NAME, Web
from tests.fakes.measures import analysis, checked
from tests.fakes.traktor import collection, entry, key_of
from tests.traktor.samples import KINDS, playlist
from tests.traktor.samples import folder as folder_node
from tests.web.pages.conftest import write_tone
from tests.web.stock import LONG, NASTY, check_health, find_twins, stock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from apiflask import APIFlask

MARKUP = (
    "</script><img src=x onerror=\"alert(1)\"><svg onload='alert(2)'>{{7*7}}javascript:alert(3)//"
)
"""Put in front of each text of the library; whatever the place, one of its parts would run."""

LIST = "4" * 32
"""Identity of a playlist of Traktor."""

BACKUP = "collection_2026y05m01d_20h00m00s.nml"

READ_BY_CODE = {
    "migrations": "*",
    "mt_schema": "*",
    "mt_library": "*",
    "mt_journal_state": "*",
    "mt_gap_stamp": "*",
    "mt_event": "*",
    "mt_job": {"kind", "key", "state", "args"},
    "mt_changeset": {"state"},
    "mt_change": {"target", "field", "state", "old", "new"},
    "mt_journal": {"entity", "op", "field"},
    "mt_audio_hash": "*",
    "mt_analysis": {"digest", "engine", "analysis"},
    "mt_analysis_signal": {"digest", "signal"},
    "mt_analysis_file": {"digest", "written"},
    "mt_link": {"target_kind", "target", "decision", "decided_by"},
    "mt_ignore": {"kind"},
    "mt_discogs_instance": {"instance_id", "source", "owned"},
    "mt_discogs_release": {"data", "origin"},
    "mt_gap": {"ref", "state", "recording"},
    "mt_dashboard": {"widgets"},
    "mt_health": "*",
    "item_attributes": {"key"},
    "album_attributes": {"key"},
}
"""Texts that are words of the program: names, states, its own JSON. A table that is not named has
none, so what a new table holds becomes markup until somebody says otherwise."""


@contextmanager
def opened(folder: Path, library_file: Path, token: str) -> Iterator[APIFlask]:
    """The application over a library of its own; its threads do not run.

    Args:
        folder: empty; gets `library.db` and `music/`.
        library_file: the empty library to begin with.
        token: the launch token.
    """
    config.clear()
    config.read(user=False, defaults=True)
    config["create_backup_before_migrations"] = False
    config["timeout"] = 0.1
    # Not that of whoever runs the tests.
    config["traktor"]["collection"] = str(folder / "collection.nml")
    config["directory"] = str(folder / "music")
    config["library"] = str(folder / "library.db")
    (folder / "music").mkdir()
    shutil.copy(library_file, folder / "library.db")
    lib = Library(folder / "library.db", str(folder / "music"))
    application = create_app(lib, token=token, secret=b"s" * 32)
    application.testing = True
    yield application
    application.extensions[NAME].close()
    lib._close()
    context.set_music_dir(b"")
    config.clear()
    config.read(user=False, defaults=True)


def fill(application: APIFlask) -> None:
    """Put something on every page; its numbers are those that the catalogue names."""
    parts: Web = application.extensions[NAME]
    lib = parts.host.lib
    numbers = count(1)

    def make_item(library: Library, **fields: Any) -> Item:
        path = library.directory + f"/{next(numbers)}.wav".encode()
        item = Item(**{"path": path, **fields})
        library.add(item)
        return item

    journal.sync(parts.host)
    with parts.host.paths():
        # Before the shelf: its tracks are numbers 1 to 3, its album is number 1.
        _album(lib, make_item)
        stock(parts, lib, make_item)
        _edit(parts)
    write_tone(parts.host.path.parent / "music" / "1.wav")
    _jobs(parts)
    _measured(parts)
    _checked(parts)
    _traktor(parts.host.path.parent)
    add_dashboards(application)
    check_health(parts)
    find_twins(
        parts,
        (Class.SAME_RECORDING, (1, 2)),
        (Class.IDENTICAL_AUDIO, (3, 4)),
        (Class.SAME_RECORDING, (5, 999)),
        (Class.VERSION, (1, 3)),
        (Class.REVIEW, (2, 3)),
    )
    latest.look(parts.host, "dj", now=parts.now())
    with parts.host.transaction() as tx:
        for kind, value in ((IgnoreKind.LABEL, "Kiln"), (IgnoreKind.FOLDER, "For sale")):
            links.add_ignore(tx, IgnoreRule(kind, value), now=parts.now())


def _checked(parts: Web) -> None:
    """Files that went through a codec: of one a better copy is wanted already."""
    path = parts.host.path.parent / "music" / "1.wav"
    for number in (1, 2, 3):
        outcome = Outcome(analysis(duration_s=180.0), "", checked())
        one = Examined(AudioFile(number, path), f"{number}" * 8, outcome=outcome, groups=(SIGNAL,))
        with parts.host.transaction() as tx:
            engine.store(tx, one, at=1_700_000_000.0)
    wanted = plan_wanted(parts.host.reading(), [3], wanted=True)
    planned = [*plan_known_scores(parts.host, [1, 2, 3], "club"), *wanted]
    write_scores(parts.host, planned, Origin("user", "world", "", 0))


def _measured(parts: Web) -> None:
    """What was measured of some tracks, and what tags say otherwise."""
    path = parts.host.path.parent / "music" / "1.wav"
    for number in (1, 2, 4, 5):
        found = analysis(duration_s=180.0, notes=(f"{MARKUP} is odd",))
        outcome = Outcome(found, "")
        one = Examined(AudioFile(number, path), f"{number}" * 8, outcome=outcome)
        with parts.host.transaction() as tx:
            engine.store(tx, one, at=1_700_000_000.0)
    with parts.host.transaction() as tx:
        unread = AudioFile(6, path)
        engine.store(tx, Examined(unread, error="is empty (0 bytes)"), at=1_700_000_000.0)


def add_dashboards(application: APIFlask) -> None:
    """Dashboard 1 has every widget, 2 has none."""
    parts: Web = application.extensions[NAME]
    with parts.host.transaction() as tx:
        widgets = [
            Widget(name, name, title=f"My {name}", size=Size.LARGE) for name in app.widget_kinds()
        ]
        dashboards.create(tx, "Everything", widgets, who="eva", now=parts.now())
        dashboards.create(tx, "Nothing yet", (), who="eva", now=parts.now())


def _album(lib: Library, make_item: Any) -> None:
    common = {
        "album": "Kontrapunkt", "albumartist": "Nordlicht", "artist": "Nordlicht", "label": "Ebbe",
        "catalognum": "EBB-07", "year": 1995, "format": "FLAC",
    }  # fmt: skip
    tracks = [
        make_item(
            lib, title=title, track=n, disc=disc, length=3.0, bpm=130 + n, initial_key=key,
            genres=["Techno"], comments="A comment", added=1_700_000_000.0 + n, **common,
        )
        for n, (title, disc, key) in enumerate(
            [("Gegenlicht", 1, "Am"), ("Stellwerk", 1, "8A"), ("Ebbe & Flut", 2, "C")], start=1
        )
    ]  # fmt: skip
    lib.add_album(tracks)
    make_item(
        lib, title=NASTY, artist='A/B, "C"', label="=x~ Ltd.,", year=2003, genres=["Techno", "Dub"],
        format="MP3", length=100.0,
    )  # fmt: skip
    make_item(lib, title=LONG, artist=LONG, label=LONG)
    make_item(lib, title="Bare")


def _edit(parts: Web) -> None:
    """One act that changes several fields of a track: its history tells them in one line."""
    draft = plan_edits(
        parts.host,
        [
            CellEdit(Entity.ITEM, 2, "title", "Stellwerk II"),
            CellEdit(Entity.ITEM, 2, "comments", LONG),
            CellEdit(Entity.ITEM, 2, "composer", NASTY),
            CellEdit(Entity.ITEM, 2, "isrc", "DEA123456789"),
        ],
    )
    origin = Origin("anna", EDITOR, "an edit", 1)
    edits.save(parts.host, draft.changes, origin, write=False, move=False)


def _traktor(folder: Path) -> None:
    """A collection that was never synced, with a playlist and a backup."""
    entries = [entry("Gegenlicht"), entry("Stellwerk")]
    lists = folder_node(
        "$ROOT", playlist("Friday", [key_of(each) for each in entries], KINDS["t4"], LIST)
    )
    made = collection(entries).partition(b"<PLAYLISTS>")[0].decode()
    whole = f"{made}<PLAYLISTS>{lists}</PLAYLISTS></NML>".encode()
    (folder / "collection.nml").write_bytes(whole)
    backup = folder / "Backup" / "musictool" / BACKUP
    backup.parent.mkdir(parents=True)
    backup.write_bytes(whole)


def _jobs(parts: Web) -> None:
    with parts.host.transaction() as tx:
        for state in ("running", "failed", "done", "cancelled"):
            number = jobs.enqueue(tx, "some.work", {}, key=state, now=parts.now())
            values = {"state": state, "owner": "x", "error": "why", "label": "what", "done": 3}
            jobs.JOBS.update(tx, {**values, "total": 9}, where={"id": number})
        jobs.enqueue(tx, "some.work", {}, key="waits", now=parts.now())


def mark(library: Path) -> int:
    """Put markup in front of every text of a library; returns how many were changed."""
    marked = 0
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.create_function("marked", 1, _marked, deterministic=True)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            spared = READ_BY_CODE.get(table, frozenset())
            if spared == "*" or table.startswith("sqlite_"):
                continue
            for _, name, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
                if kind in {"TEXT", ""} and name not in spared:
                    marked += connection.execute(
                        f'UPDATE "{table}" SET "{name}" = marked("{name}")'  # noqa: S608
                        f" WHERE typeof(\"{name}\") = 'text' AND \"{name}\" != ''"
                    ).rowcount
    return marked


def _marked(text: str) -> str:
    if text[:1] in "[{":
        try:
            return json.dumps(_inside(json.loads(text)))
        except ValueError:
            pass
    return MARKUP + text


def _inside(value: Any) -> Any:
    match value:
        case str():
            return MARKUP + value
        case list():
            return [_inside(each) for each in value]
        case dict():
            return {name: _inside(each) for name, each in value.items()}
        case _:
            return value
