"""What doctor says of a journal that is whole, and of one that is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.changes.checks import check_journal
from musictool_core.host import journal
from musictool_core.host.checks import Checkup, Finding, Level
from musictool_core.host.entities import Entity
from musictool_core.safeio import write_tags
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.changes import ChangeSetId
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def findings(host: Host) -> list[Finding]:
    return list(check_journal(Checkup(host, None, NOW)))


def problem(host: Host) -> Finding:
    """The one finding that is not OK."""
    (found,) = [finding for finding in findings(host) if finding.level is not Level.OK]
    assert found.mend
    return found


def run(host: Host, statement: str) -> None:
    with host.transaction() as tx:
        tx.run(statement)


@pytest.fixture
def planned(recorded: Host, make_item: MakeItem) -> ChangeSetId:
    """A change set of two changes that is stored."""
    item = make_item(recorded.lib, title="Old")
    assert item.id is not None
    wanted = [changes.Change("item", item.id, field, "", "New") for field in ("label", "comments")]
    return changes.plan(recorded, wanted, changes.Origin("me", "test", "test", 1), now=NOW)


def test_a_whole_journal_is_fine(recorded: Host, planned: ChangeSetId) -> None:
    del planned
    assert {finding.level for finding in findings(recorded)} == {Level.OK}


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TRIGGER mt_journal_items_title",
        "CREATE TRIGGER mt_journal_more AFTER INSERT ON items BEGIN SELECT 1; END",
    ],
)
def test_a_trigger_too_few_or_too_many_is_a_warning_that_history_on_mends(
    recorded: Host, damage: str
) -> None:
    run(recorded, damage)

    found = problem(recorded)
    journal.sync(recorded, enable=True)

    assert found.level is Level.WARNING
    assert "`beet history on`" in found.mend
    assert {finding.level for finding in findings(recorded)} == {Level.OK}


def test_a_trigger_of_another_version_is_found_though_their_number_is_right(
    recorded: Host,
) -> None:
    run(recorded, "DROP TRIGGER mt_journal_items_title")
    run(
        recorded,
        "CREATE TRIGGER mt_journal_items_title AFTER UPDATE OF title ON items BEGIN SELECT 1; END",
    )

    assert "mt_journal_items_title" in problem(recorded).message


def test_a_journal_that_is_off_has_no_triggers_to_lack(recorded: Host) -> None:
    journal.sync(recorded, enable=False)

    assert "Switched off" in problem(recorded).message


def test_changes_of_a_set_that_is_gone_are_worth_a_note(
    recorded: Host, make_item: MakeItem
) -> None:
    make_item(recorded.lib)
    run(recorded, "UPDATE mt_journal SET changeset = 77")

    found = problem(recorded)

    assert found.level is Level.NOTE
    assert "77" in found.message


def test_planned_changes_of_a_finished_set_are_a_warning(
    recorded: Host, planned: ChangeSetId
) -> None:
    run(recorded, "UPDATE mt_changeset SET state = 'done'")

    found = problem(recorded)

    assert found.level is Level.WARNING
    assert found.message.endswith(f"2 in {planned}.")


def test_changes_without_a_set_are_worth_a_note(recorded: Host, planned: ChangeSetId) -> None:
    del planned
    run(recorded, "DELETE FROM mt_changeset")

    assert problem(recorded).message.startswith("2 planned or made changes belong to no set")


def test_tags_that_are_no_longer_kept_are_counted(
    recorded: Host, make_item: MakeItem, tmp_path: Path
) -> None:
    item = make_item(recorded.lib)
    assert item.id is not None
    path = tmp_path / "a.flac"
    path.write_bytes(sample("flac", 0.1))
    undo = write_tags(path, {"title": "x"}, state=recorded.state_directory).undo
    lines: list[journal.Line] = [
        (Entity.ITEM, item.id, journal.Op.TAGS, "tags", f"{kept} 10:ab", "11:cd")
        for kept in (undo, "0123-0")
    ]
    with recorded.transaction() as tx:
        journal.record(tx, lines)

    assert problem(recorded).message.startswith("Tags of 1 of 2 writes are no longer kept")
