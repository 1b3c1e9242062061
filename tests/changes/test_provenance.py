"""Where values come from: the newest change of each field, and how the object came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core.changes import Origin, SetState, store
from musictool_core.changes.provenance import provenance
from musictool_core.host.entities import Entity
from musictool_core.host.journal import Op
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem


def claim(host: Host, source: str) -> int:
    """Say that all changes nobody claimed belong to a command."""
    with host.transaction() as tx:
        origin = Origin("ada", source, source, 1)
        now = datetime(2026, 1, 2, tzinfo=UTC)
        number = store.open_set(tx, origin, state=SetState.OBSERVED, now=now)
        tx.run("UPDATE mt_journal SET changeset = ? WHERE changeset IS NULL", [number])
    return number


@pytest.fixture
def item(recorded: Host, library: Library, make_item: MakeItem):
    """An imported track."""
    made = make_item(library, title="One", bpm=120, data_source="Discogs")
    claim(recorded, "beet import")
    return made


def test_each_field_names_what_changed_it_last(recorded: Host, item) -> None:
    last = 0
    for tempo, source in ((121, "beet modify"), (122, "web editor")):
        item["bpm"] = tempo
        item.store()
        last = claim(recorded, source)

    known = provenance(recorded.reading(), Entity.ITEM, item.id)

    bpm = known.of("bpm")
    assert bpm
    assert (bpm.source, bpm.who, bpm.changeset, bpm.is_known) == ("web editor", "ada", last, True)
    assert known.of("title") == known.appeared
    assert known.appeared
    assert known.appeared.source == "beet import"
    assert [(c.field, c.old, c.new) for c in known.changes[:2]] == [
        ("bpm", "121", "122"), ("bpm", "120", "121"),
    ]  # fmt: skip
    assert known.changes[-1].op is Op.INSERT


def test_what_nobody_claimed_came_from_outside(recorded: Host, item) -> None:
    item["title"] = "Two"
    item.store()

    cause = provenance(recorded.reading(), Entity.ITEM, item.id).of("title")

    assert cause
    assert (cause.source, cause.is_known) == ("outside", False)


def test_only_as_many_changes_as_asked_for_and_none_of_them_noise(recorded: Host, item) -> None:
    for number in range(5):
        item["title"] = f"Title {number}"
        item["added"] = float(number)
        item.store()

    known = provenance(recorded.reading(), Entity.ITEM, item.id, most=3)

    assert [change.new for change in known.changes] == ["Title 4", "Title 3", "Title 2"]
    assert known.total > 5
    assert all(change.field != "added" for change in known.changes)


def test_a_number_given_out_again_does_not_inherit_the_past(
    recorded: Host, library: Library, item, make_item: MakeItem
) -> None:
    item["title"] = "Of the first"
    item.store()
    item.remove()
    again = make_item(library, title="Second")
    with recorded.transaction() as tx:
        tx.run("UPDATE mt_journal SET entity_id = ? WHERE entity = 'item'", [again.id])

    known = provenance(recorded.reading(), Entity.ITEM, again.id or 0)

    assert [change.new for change in known.changes if change.field == "title"] == []
    assert known.changes[-1].op is Op.INSERT


def test_a_library_without_a_journal_knows_nothing(library: Library, make_item: MakeItem) -> None:
    made = make_item(library, title="One")

    known = provenance(Host(library).reading(), Entity.ITEM, made.id or 0)

    assert (known.fields, known.appeared, known.changes, known.total) == ({}, None, (), 0)
    assert known.of("title") is None


def test_the_history_of_one_object_does_not_scan_that_of_all(recorded: Host, item) -> None:
    plan = recorded.reading().query(
        "EXPLAIN QUERY PLAN SELECT * FROM mt_history"
        " WHERE entity_id = ? AND entity = 'item' ORDER BY id DESC LIMIT 20",
        [item.id],
    )

    said = " ".join(str(step[-1]) for step in plan)
    assert "mt_journal_entity_id" in said
    assert "TEMP B-TREE" not in said
