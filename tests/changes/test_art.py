"""Covers as a target of change sets: kept before they are written, and brought back to the byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from musictool_core import app, changes
from musictool_core.app import edits
from musictool_core.changes.art import place_of
from musictool_core.changes.keptart import drop_pictures, has_picture, keep_picture, name_of
from musictool_core.changes.model import ART_TARGET, Change, Origin
from musictool_core.host.entities import ABSENT
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library

    from musictool_core.changes import Result
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

OLD, NEW = b"the old picture", b"the new picture"
ME = Origin("me", "test", "", 1)
ALL = 1e12
"""Later than every file."""


@pytest.fixture
def cover(library: Library, make_item: MakeItem, tmp_path: Path) -> Path:
    """The cover of album 1."""
    path = tmp_path / "music" / "cover.jpg"
    path.write_bytes(OLD)
    album = library.add_album([make_item(library, album="One")])
    album.artpath = os.fsencode(path)
    album.store()
    return path


def change(host: Host, old: bytes | None = OLD, new: bytes | None = NEW) -> Change:
    """A change of the cover of album 1."""
    before, after = (ABSENT if data is None else keep_picture(host, data) for data in (old, new))
    return Change(ART_TARGET, 1, "cover.jpg", before, after)


def apply(host: Host, *planned: Change) -> Result:
    """Plan and apply as a command does."""
    number = changes.plan(host, planned, ME, now=app.utc_now())
    return changes.apply(host, number, app.change_targets(), report=silent, cancel=CancelToken())


def test_a_cover_is_replaced_and_the_browser_takes_it_back(recorded: Host, cover: Path) -> None:
    os.chmod(cover, 0o640)  # noqa: PTH101 - as its owner would

    done = apply(recorded, change(recorded))

    assert (cover.read_bytes(), done.applied, cover.stat().st_mode & 0o777) == (NEW, 1, 0o640)
    back = edits.undo_one(recorded, done.changeset_id, "me")
    assert cover.read_bytes() == OLD
    again = edits.redo_one(recorded, done.changeset_id, "me")
    assert cover.read_bytes() == NEW
    for result in (back, again):
        assert (result.failed, result.conflicts) == ((), ())


def test_after_a_kill_the_journal_hears_of_what_was_written(recorded: Host, cover: Path) -> None:
    planned = change(recorded)
    # Killed between the file and the row of the change.
    cover.write_bytes(NEW)

    done = apply(recorded, planned)

    assert done.applied == 1
    edits.undo_one(recorded, done.changeset_id, "me")
    assert cover.read_bytes() == OLD


def test_a_cover_that_is_neither_is_left_alone(recorded: Host, cover: Path) -> None:
    planned = change(recorded)
    cover.write_bytes(b"of somebody else")

    done = apply(recorded, planned)

    assert [each.note for each in done.conflicts] == [f"{cover} was written since"]
    assert cover.read_bytes() == b"of somebody else"


def test_what_cannot_be_written_stays_and_says_why(recorded: Host, cover: Path) -> None:
    planned = change(recorded, old=None)
    cover.unlink()
    cover.parent.rename(cover.parent.with_name("away"))

    done = apply(recorded, planned)

    assert [each.field for each in done.failed] == ["cover.jpg"]
    assert "could not be written" in done.failed[0].note


def test_of_an_album_that_is_gone_nothing_is_written(
    recorded: Host, cover: Path, library: Library
) -> None:
    planned = change(recorded)
    gone = library.get_album(1)
    assert gone is not None
    gone.remove(delete=False)

    assert len(apply(recorded, planned).conflicts) == 1
    assert cover.read_bytes() == OLD


def test_a_picture_that_nobody_needs_is_dropped_and_undo_says_what_is_lost(
    recorded: Host, cover: Path
) -> None:
    done = apply(recorded, change(recorded))
    keep_picture(recorded, b"of a plan that was given up")

    assert drop_pictures(recorded, before=0) == 0
    assert drop_pictures(recorded, before=ALL) == 1
    assert has_picture(recorded, name_of(OLD))
    (recorded.state_directory / "art" / name_of(OLD)).unlink()
    plan = changes.plan_undo(recorded, [done.changeset_id])

    assert plan.changes == ()
    assert [each.note for each in plan.not_restorable] == [
        "the picture of before is not kept any more"
    ]
    assert cover.read_bytes() == NEW


def test_names_of_files_need_not_be_text(recorded: Host, library: Library, cover: Path) -> None:
    odd = os.fsencode(cover.parent) + b"/\xff.jpg"
    os.rename(os.fsencode(cover), odd)  # noqa: PTH104 - its name is no text
    album = library.get_album(1)
    assert album is not None
    album.artpath = odd
    album.store()
    planned = Change(
        ART_TARGET, 1, place_of(b"\xff.jpg"), keep_picture(recorded, OLD),
        keep_picture(recorded, NEW),
    )  # fmt: skip

    done = apply(recorded, planned)

    assert done.applied == 1
    with open(odd, "rb") as file:  # noqa: PTH123 - see above
        assert file.read() == NEW
