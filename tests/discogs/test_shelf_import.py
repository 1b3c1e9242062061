"""A CSV and offline track lists into the mirror: the same file again changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import events
from musictool_core.discogs import mirror
from musictool_core.discogs.csvio import CsvRow
from musictool_core.discogs.shelf_import import ImportResult, import_rows, import_tracklists
from musictool_core.errors import Cancelled
from musictool_core.music import LabelCredit, Release, ReleaseId, Track
from musictool_core.progress import CancelToken, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.db import Row
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def copy(release_id: int, **fields: Any) -> CsvRow:
    default: dict[str, Any] = {"line": 2, "artist": "Falk", "title": "Slow River"}
    return CsvRow(release_id=ReleaseId(release_id), **{**default, **fields})


def take(host: Host, *rows: CsvRow, complete: bool = True, now: datetime = NOW) -> ImportResult:
    with host.transaction() as tx:
        return import_rows(tx, rows, complete=complete, now=now)


def shelf(host: Host) -> list[str]:
    return [row["instance_id"] for row in mirror.live_instances(host.reading())]


def row(host: Host, instance_id: str) -> Row:
    (found,) = mirror.INSTANCES.select(host.reading(), where={"instance_id": instance_id})
    return found


def news(host: Host) -> list[dict[str, Any]]:
    return [dict(event.payload) for event in events.since(host.reading(), 0, limit=100)]


def add_api_copy(host: Host, release_id: int, **fields: Any) -> None:
    values = {"instance_id": f"9{release_id}", "release_id": release_id, "source": "api"}
    with host.transaction() as tx:
        mirror.INSTANCES.insert(tx, [{**values, **fields}])


def changed(**counts: int) -> ImportResult:
    return ImportResult(
        **{"added": 0, "updated": 0, "removed": 0, "unchanged": 0, "covered": 0, **counts}
    )


# A CSV.


def test_a_copy_is_stored_with_all_that_the_export_says(shelf_host: Host) -> None:
    labels = (LabelCredit("Warp", "WAP 1"), LabelCredit("Warp", "WAP 1"), LabelCredit("Tresor"))
    found = copy(
        5,
        labels=labels,
        formats='2x12", Album',
        year=1999,
        rating=4,
        folder="House",
        added=datetime.fromisoformat("2024-02-29 23:30"),
        media_condition="Mint (M)",
        sleeve_condition="Generic",
        notes="gift",
        custom={"Storage": "shelf 4"},
    )

    assert take(shelf_host, found) == changed(added=1)

    stored = row(shelf_host, "csv:5:1")
    assert stored == stored | {
        "release_id": 5,
        "artist": "Falk",
        "title": "Slow River",
        "label": "Warp, Tresor",
        "catalognum": "WAP 1",
        "year": 1999,
        "formats": '2x12", Album',
        "folder": "House",
        "rating": 4,
        "added": datetime(2024, 2, 29, 23, 30, tzinfo=UTC).timestamp(),
        "media_condition": "Mint (M)",
        "sleeve_condition": "Generic",
        "notes": "gift",
        "custom": {"Storage": "shelf 4"},
        "source": "csv",
        "removed_at": None,
    }


def test_the_same_file_again_changes_nothing(shelf_host: Host) -> None:
    rows = [
        copy(5),
        copy(5, added=datetime.fromisoformat("2020-01-01")),
        copy(6, custom={"a": "b"}),
    ]
    take(shelf_host, *rows)
    before = mirror.live_instances(shelf_host.reading())

    assert take(shelf_host, *rows, now=NOW + timedelta(days=1)) == changed(unchanged=3)
    assert mirror.live_instances(shelf_host.reading()) == before
    assert news(shelf_host) == [{"added": 3, "updated": 0, "removed": 0}]


def test_a_newer_file_adds_updates_and_removes(shelf_host: Host) -> None:
    take(shelf_host, copy(5), copy(6), copy(7))

    result = take(shelf_host, copy(5), copy(6, rating=5), copy(8))

    assert result == changed(added=1, updated=1, removed=1, unchanged=1)
    assert shelf(shelf_host) == ["csv:5:1", "csv:6:1", "csv:8:1"]
    assert row(shelf_host, "csv:6:1")["rating"] == 5
    assert news(shelf_host)[-1] == {"added": 1, "updated": 1, "removed": 1}


def test_nothing_is_removed_when_rows_could_not_be_read(shelf_host: Host) -> None:
    take(shelf_host, copy(5), copy(6))

    assert take(shelf_host, copy(5), complete=False) == changed(unchanged=1)
    assert shelf(shelf_host) == ["csv:5:1", "csv:6:1"]


def test_a_removed_copy_keeps_its_row_and_comes_back(shelf_host: Host) -> None:
    take(shelf_host, copy(5, notes="from the flea market"), copy(6))
    take(shelf_host, copy(6))
    gone = row(shelf_host, "csv:5:1")
    assert (gone["removed_at"], gone["notes"]) == (NOW.timestamp(), "from the flea market")

    assert take(shelf_host, copy(5), copy(6)) == changed(added=1, unchanged=1)
    assert row(shelf_host, "csv:5:1")["removed_at"] is None


def test_a_copy_that_stays_removed_keeps_the_time_of_it(shelf_host: Host) -> None:
    take(shelf_host, copy(5), copy(6))
    take(shelf_host, copy(6))

    take(shelf_host, copy(6), now=NOW + timedelta(days=9))

    assert row(shelf_host, "csv:5:1")["removed_at"] == NOW.timestamp()


def test_several_copies_of_one_release_are_several_rows(shelf_host: Host) -> None:
    first, second = (
        copy(5, added=datetime.fromisoformat("2019-01-01")),
        copy(5, added=datetime.fromisoformat("2021-01-01")),
    )

    take(shelf_host, second, first)

    added = [row(shelf_host, f"csv:5:{number}")["added"] for number in (1, 2)]
    assert added == sorted(added)
    assert take(
        shelf_host, second, first, copy(5, added=datetime.fromisoformat("2023-01-01"))
    ) == changed(added=1, unchanged=2)


def test_the_digital_answer_outlives_an_update(shelf_host: Host) -> None:
    take(shelf_host, copy(5))
    with shelf_host.transaction() as tx:
        mirror.set_owned(tx, {ReleaseId(5): "partly"})

    take(shelf_host, copy(5, rating=3))

    assert row(shelf_host, "csv:5:1")["owned"] == "partly"


def test_a_transaction_that_is_undone_leaves_no_row_and_no_news(shelf_host: Host) -> None:
    def pretend() -> None:
        with shelf_host.transaction() as tx:
            assert import_rows(tx, [copy(5)], complete=True, now=NOW) == changed(added=1)
            raise KeyError

    with pytest.raises(KeyError):
        pretend()

    assert shelf(shelf_host) == []
    assert news(shelf_host) == []


# After the API.


def test_what_the_api_lists_is_not_touched_by_a_csv(shelf_host: Host) -> None:
    add_api_copy(shelf_host, 5, title="As Discogs has it")

    assert take(shelf_host, copy(5), copy(5), copy(6)) == changed(added=1, covered=2)
    assert shelf(shelf_host) == ["95", "csv:6:1"]


def test_a_csv_never_removes_what_the_api_lists(shelf_host: Host) -> None:
    add_api_copy(shelf_host, 5)

    assert take(shelf_host, copy(6)) == changed(added=1)
    assert shelf(shelf_host) == ["95", "csv:6:1"]


@pytest.mark.parametrize("added", [None, datetime.fromisoformat("2020-01-01")])
def test_an_old_export_does_not_bring_back_what_the_api_saw_leave(
    shelf_host: Host, added: datetime | None
) -> None:
    add_api_copy(shelf_host, 5, removed_at=NOW.timestamp())

    assert take(shelf_host, copy(5, added=added)) == changed(covered=1)
    assert shelf(shelf_host) == []


def test_a_record_bought_again_comes_back_with_a_newer_export(shelf_host: Host) -> None:
    add_api_copy(shelf_host, 5, removed_at=NOW.timestamp())

    assert take(shelf_host, copy(5, added=datetime.fromisoformat("2027-01-01"))) == changed(added=1)


def test_the_copy_that_left_last_tells_which_exports_are_too_old(shelf_host: Host) -> None:
    for number, left in ((1, "2021-01-01"), (2, "2023-01-01"), (3, "2020-01-01")):
        removed_at = datetime.fromisoformat(left).replace(tzinfo=UTC).timestamp()
        add_api_copy(shelf_host, 5, instance_id=str(number), removed_at=removed_at)

    between = copy(5, added=datetime.fromisoformat("2022-01-01"))

    assert take(shelf_host, between) == changed(covered=1)


def test_one_copy_on_the_shelf_counts_for_more_than_one_that_left(shelf_host: Host) -> None:
    add_api_copy(shelf_host, 5)
    add_api_copy(shelf_host, 5, instance_id="96", removed_at=NOW.timestamp())

    assert take(shelf_host, copy(5, added=datetime.fromisoformat("2027-01-01"))) == changed(
        covered=1
    )


# Offline track lists.


def lists(numbers: range) -> Iterator[Release]:
    for number in numbers:
        yield Release(ReleaseId(number), "Slow River", (), tracks=(Track("A1", f"Dawn {number}"),))


def import_lists(host: Host, releases: Iterator[Release], **options: Any) -> int:
    default = {"origin": "file", "now": NOW, "report": silent, "cancel": CancelToken()}
    return import_tracklists(host, releases, **{**default, **options})


def test_only_track_lists_of_records_on_the_shelf_are_stored(shelf_host: Host) -> None:
    take(shelf_host, copy(2), copy(3))

    assert import_lists(shelf_host, lists(range(1, 10))) == 2
    assert set(mirror.release_fingerprints(shelf_host.reading())) == {2, 3}
    assert import_lists(shelf_host, lists(range(1, 10))) == 0


def test_a_long_file_is_stored_in_parts_that_outlive_a_stop(shelf_host: Host) -> None:
    take(shelf_host, *(copy(number) for number in range(1, 601)))
    cancel, seen = CancelToken(), list[Progress]()

    def stop_after_the_first(progress: Progress) -> None:
        seen.append(progress)
        cancel.cancel()

    with pytest.raises(Cancelled):
        import_lists(shelf_host, lists(range(1, 601)), report=stop_after_the_first, cancel=cancel)

    assert seen == [Progress(250, 600, "storing track lists")]
    assert mirror.count_tracklists(shelf_host.reading()).known == 250
    assert import_lists(shelf_host, lists(range(1, 601))) == 350
