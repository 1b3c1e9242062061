"""Edits of cells become changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core import changes
from musictool_core.changes import Change, Origin
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.host.entities import ABSENT, Entity
from musictool_core.progress import CancelToken, silent
from tests.changes.test_apply import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.changes.targets import Target
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

ITEM, ALBUM = Entity.ITEM, Entity.ALBUM
ANNA = Origin("anna", EDITOR, "", 1)


@pytest.fixture
def shelf(recorded: Host, make_item: MakeItem) -> Host:
    """An album of two tracks and a single track."""
    one = make_item(recorded.lib, title="One", album="A", label="Old", bpm=120, mood="dark")
    two = make_item(recorded.lib, title="Two", album="A", label="Other")
    album = recorded.lib.add_album([one, two])
    album["shelf"] = "A1"
    album.store(inherit=False)
    make_item(recorded.lib, title="Alone", bpm=100)
    return recorded


def edit(number: int, field: str, text: str, *, old: str | None = None) -> CellEdit:
    return CellEdit(ITEM, number, field, text, old)


def made(host: Host, *edits: CellEdit, inherit: bool = True) -> list[tuple[object, ...]]:
    draft = plan_edits(host, edits, inherit=inherit)
    assert not draft.errors
    return [(c.target, c.entity_id, c.field, c.old, c.new) for c in draft.changes]


def test_edits_of_tracks_touch_nothing_else(shelf: Host) -> None:
    assert made(shelf, edit(1, "title", "Uno"), edit(3, "mood", "deep"), edit(1, "mood", "")) == [
        ("item", 1, "mood", "dark", ABSENT),
        ("item", 1, "title", "One", "Uno"),
        ("item", 3, "mood", ABSENT, "deep"),
    ]


def test_changes_say_where_they_come_from(shelf: Host) -> None:
    (change,) = plan_edits(shelf, [edit(1, "title", "Uno")]).changes

    assert change == Change("item", 1, "title", "One", "Uno", "web editor", "")


@pytest.mark.parametrize(
    ("field", "text"), [("label", "New"), ("genres", "A; B"), ("shelf", "B2"), ("shelf", "")]
)
@pytest.mark.parametrize("inherit", [True, False])
def test_an_edit_of_an_album_does_what_modify_does(
    shelf: Host, targets: dict[str, Target], field: str, text: str, inherit: bool
) -> None:
    view = shelf.reading()

    def content() -> list[list[tuple[object, ...]]]:
        return [
            view.query("SELECT label, genres FROM albums"),
            view.query("SELECT label, genres FROM items"),
            view.query("SELECT entity_id, key, value FROM album_attributes ORDER BY 1, 2"),
            view.query("SELECT entity_id, key, value FROM item_attributes ORDER BY 1, 2"),
        ]

    number = shelf.lib.albums()[0].id or 0
    for item in shelf.lib.items("album:A"):
        item["shelf"] = "own"
        item.store()
    before = content()
    draft = plan_edits(shelf, [CellEdit(ALBUM, number, field, text)], inherit=inherit)
    changeset = changes.plan(shelf, draft.changes, ANNA, now=NOW)
    changes.apply(shelf, changeset, targets, report=silent, cancel=CancelToken())
    ours = content()
    undo = changes.plan(shelf, changes.plan_undo(shelf, [changeset]).changes, ANNA, now=NOW)
    changes.apply(shelf, undo, targets, report=silent, cancel=CancelToken())
    assert content() == before

    album = shelf.lib.albums()[0]
    if text:
        album.set_parse(field, text)
    else:
        del album[field]
    album.store(inherit=inherit)

    assert ours == content()
    assert ours != before


def test_the_later_of_two_edits_counts(shelf: Host) -> None:
    album = CellEdit(ALBUM, 1, "label", "Album's")

    assert made(shelf, edit(1, "bpm", "90"), edit(1, "bpm", "91")) == [("item", 1, "bpm", 120, 91)]
    assert made(shelf, album, edit(1, "label", "Own"))[1:] == [
        ("item", 1, "label", "Old", "Own"),
        ("item", 2, "label", "Other", "Album's"),
    ]
    assert made(shelf, album, edit(1, "label", "Old"))[1:] == [
        ("item", 2, "label", "Other", "Album's"),
    ]
    assert made(shelf, edit(1, "label", "Own"), album)[1] == ("item", 1, "label", "Old", "Album's")


def test_what_is_there_already_is_no_change(shelf: Host) -> None:
    same = [edit(1, "bpm", "120"), edit(1, "bpm", " 120"), edit(3, "year", ""), edit(3, "x", "")]

    for one in same:
        draft = plan_edits(shelf, [one])
        assert (draft.changes, draft.unchanged, draft.errors) == ((), (one,), ())


def test_what_is_unset_in_sql_counts_as_empty(shelf: Host) -> None:
    with shelf.transaction() as tx:
        tx.run("UPDATE items SET year = NULL, label = NULL")

    assert made(shelf, edit(1, "year", ""), edit(1, "label", "")) == []
    assert made(shelf, edit(1, "year", "1994", old="")) == [("item", 1, "year", None, 1994)]


def test_texts_that_cannot_be_stored_are_errors_and_the_rest_is_planned(shelf: Host) -> None:
    wrong, path = edit(1, "bpm", "abc"), edit(1, "path", "/x")

    draft = plan_edits(shelf, [wrong, edit(3, "bpm", "99"), path])

    assert [(e.edit, e.message) for e in draft.errors] == [
        (wrong, "'abc' is not a tempo: a whole number from 20 to 400"),
        (path, "'path' follows from the path formats; `beet move` moves files."),
    ]
    assert [c.new for c in draft.changes] == [99]


def test_a_wrong_text_that_is_stored_already_can_stay(shelf: Host) -> None:
    with shelf.transaction() as tx:
        tx.run("UPDATE items SET bpm = 999")

    assert made(shelf, edit(1, "bpm", "999")) == []


def test_a_cell_that_somebody_changed_meanwhile_is_an_error(shelf: Host) -> None:
    draft = plan_edits(shelf, [edit(1, "title", "Uno", old="Eins"), edit(1, "bpm", "9", old="8")])

    assert [error.message for error in draft.errors] == [
        "it is 'One' now",
        "'9' is not a tempo: a whole number from 20 to 400",
    ]
    assert made(shelf, edit(1, "title", "Uno", old="One"))[0][4] == "Uno"


def test_tracks_show_the_attributes_of_their_album(shelf: Host) -> None:
    assert made(shelf, edit(1, "shelf", "B2", old="A1")) == [("item", 1, "shelf", ABSENT, "B2")]
    draft = plan_edits(shelf, [edit(1, "shelf", "")])
    assert [error.message for error in draft.errors] == ["it is the album's value; clear it there"]


def test_what_is_gone_is_said(shelf: Host) -> None:
    gone, there = edit(9, "title", "x"), edit(1, "title", "x")

    draft = plan_edits(shelf, [gone, CellEdit(ALBUM, 9, "label", "x"), there])

    assert draft.gone == (gone, CellEdit(ALBUM, 9, "label", "x"))
    assert [c.entity_id for c in draft.changes] == [1]


def test_many_rows_are_read_with_few_statements(shelf: Host) -> None:
    statements: list[str] = []
    edits = [edit(number, field, "7") for number in (1, 2, 3) for field in ("track", "mood")]
    shelf.lib._connection().set_trace_callback(statements.append)

    plan_edits(shelf, edits[:1])
    few = len(statements)
    plan_edits(shelf, edits)

    assert len(statements) - few <= few + 4


# The preview.


def test_the_preview_knows_that_path_formats_look_at_the_album(
    shelf: Host, targets: dict[str, Target]
) -> None:
    draft = plan_edits(shelf, [CellEdit(ALBUM, 1, "albumartist", "Somebody")])

    seen = changes.preview(shelf, draft.changes, targets, with_moves=True)

    assert [(number, after.parts[-3]) for number, _, after in seen.moves] == [
        (1, "Somebody"),
        (2, "Somebody"),
    ]
    assert (seen.looked_at, seen.files) == (2, 2)


def test_an_attribute_of_an_album_alone_moves_its_files(
    shelf: Host, targets: dict[str, Target]
) -> None:
    shelf.lib.path_formats = [("default", "$shelf/$title")]
    draft = plan_edits(shelf, [CellEdit(ALBUM, 1, "shelf", "B2")], inherit=False)

    seen = changes.preview(shelf, draft.changes, targets, with_moves=True)

    assert [after.parts[-2] for _, _, after in seen.moves] == ["B2", "B2"]


def test_places_are_worked_out_for_the_first_files_only(
    shelf: Host, targets: dict[str, Target]
) -> None:
    draft = plan_edits(shelf, [edit(number, "title", "x") for number in (1, 2, 3)])
    clock = iter(range(100))

    few = changes.preview(shelf, draft.changes, targets, with_moves=True, most_moves=2)
    late = changes.preview(
        shelf, draft.changes, targets, with_moves=True, monotonic=lambda: float(next(clock))
    )

    assert (len(few.moves), few.looked_at, few.files) == (2, 2, 3)
    assert (len(late.moves), late.looked_at, late.files) == (0, 0, 3)


def test_the_library_is_as_before_a_preview(shelf: Host, targets: dict[str, Target]) -> None:
    draft = plan_edits(shelf, [CellEdit(ALBUM, 1, "albumartist", "Somebody")])
    before: Path = shelf.lib.get_item(1).filepath  # type: ignore[union-attr]

    changes.preview(shelf, draft.changes, targets, with_moves=True)

    item = shelf.lib.get_item(1)
    assert isinstance(item, Item)
    assert (item.filepath, item.albumartist) == (before, "")
    album = item.get_album()
    assert album is not None
    assert album.albumartist == ""
