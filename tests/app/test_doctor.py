from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app, jobs
from musictool_core.app import doctor
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.db import Database, epoch
from musictool_core.discogs import mirror
from musictool_core.discogs.checks import check_live, check_shelf
from musictool_core.errors import Cancelled, MusicToolError, StorageError
from musictool_core.gaps import tables
from musictool_core.gaps.checks import check_gaps
from musictool_core.gaps.refresh import refresh
from musictool_core.host import checks
from musictool_core.host.checks import Checkup, Finding, Level, read_plugin_setting
from musictool_core.host.library import Host
from musictool_core.jobs.queue import claim
from musictool_core.music import ReleaseId
from musictool_core.progress import CancelToken, silent
from tests.fakes.discogs import FakeDiscogs, RateWindow
from tests.fakes.server import (
    Fault,
    cloudflare_challenge,
    drop_connection,
    server_error,
    too_many_requests,
    web_page,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from beets.library import Library

    from tests.conftest import MakeItem

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CANARY = "canaryThatMustNotBeSeen"
WRONG = "wrongCanary"


@pytest.fixture
def config_file(tmp_path: Path, beets_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration file of this test, which does not exist yet."""
    del beets_config
    monkeypatch.setenv("BEETSDIR", str(tmp_path))
    return tmp_path / "config.yaml"


@pytest.fixture
def checkup(library: Library, config_file: Path) -> Checkup:
    """A check-up of a library that musictool was started on."""
    del config_file
    running = app.start(library, notice=lambda _: None)
    return Checkup(running.host, running.settings, NOW)


@pytest.fixture
def untouched(library: Library, config_file: Path) -> Checkup:
    """A check-up of a library that musictool never wrote to."""
    del config_file
    return doctor.prepare(Host(library), NOW)


def add_copy(checkup: Checkup, release_id: int, **fields: Any) -> None:
    row = {
        "instance_id": f"csv:{release_id}:1",
        "release_id": release_id,
        "artist": "Björk",
        "title": f"Post {release_id}",
        "label": "",
        "catalognum": "",
        "folder": "House",
        "source": "csv",
        "removed_at": None,
    }
    with checkup.host.transaction() as tx:
        mirror.INSTANCES.insert(tx, [{**row, **fields}])


def add_run(checkup: Checkup, **fields: Any) -> None:
    started = epoch(NOW - timedelta(days=60))
    row = {"account": "collector", "page": 3, "total": 500, "started_at": started}
    with checkup.host.transaction() as tx:
        mirror.RUNS.insert(tx, [{**row, "finished_at": None, **fields}])


def only(findings: Iterable[Finding], subject: str) -> Finding:
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found


def findings_of(checkup: Checkup) -> list[Finding]:
    return list(doctor.examine(checkup, doctor.all_checks(checkup.host)))


# All of them together.


def test_a_fresh_library_has_no_problem_and_is_told_what_comes_first(checkup: Checkup) -> None:
    found = findings_of(checkup)

    assert {finding.level for finding in found} <= {Level.OK, Level.NOTE}
    assert "`beet collection import-csv FILE`" in only(found, "shelf").mend
    assert "`beet musictool setup`" in only(found, "token").mend
    assert "gaps" not in {finding.subject for finding in found}
    assert only(found, "tables").message == "Of this musictool's version."


def test_looking_changes_nothing(untouched: Checkup, tmp_path: Path) -> None:
    def everything() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = everything()
    folders = set(tmp_path.rglob("*"))

    found = findings_of(untouched)

    assert only(found, "tables").message.startswith("None of ours yet")
    assert only(found, "shelf").message == "No records yet."
    assert everything() == before
    assert set(tmp_path.rglob("*")) == folders


def test_only_what_needs_something_done_says_what(checkup: Checkup) -> None:
    for finding in findings_of(checkup):
        assert bool(finding.mend) == (finding.level is not Level.OK), finding


def test_a_check_that_fails_is_a_finding_and_the_others_still_run(checkup: Checkup) -> None:
    def check_first(_: Checkup) -> Iterator[Finding]:
        yield Finding(Level.OK, "first", "Fine.")
        raise MusicToolError("the shelf fell over.", hint="Put it up again.")

    def check_second(_: Checkup) -> list[Finding]:
        raise sqlite3.DatabaseError("database disk image is malformed")

    def check_third(_: Checkup) -> list[Finding]:
        return [Finding(Level.OK, "third", "Fine.")]

    found = list(doctor.examine(checkup, [check_first, check_second, check_third]))

    assert [finding.subject for finding in found] == ["first", "first", "second", "third"]
    assert found[1] == Finding(Level.ERROR, "first", "the shelf fell over.", "Put it up again.")
    assert found[2].level is Level.ERROR
    assert "malformed" in found[2].message


def test_stopping_is_no_finding(checkup: Checkup) -> None:
    def check(_: Checkup) -> list[Finding]:
        raise Cancelled("stopped.")

    with pytest.raises(Cancelled):
        list(doctor.examine(checkup, [check]))


# The library and the files around it.


def corrupt(path: Path) -> None:
    """Overwrite a page in the middle of a database."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def test_a_sound_library_is_named_with_its_size(checkup: Checkup) -> None:
    (found,) = checks.check_library(checkup)

    assert found.level is Level.OK
    assert found.message.startswith(f"{checkup.host.path} is sound (0.")


def test_a_damaged_library_is_an_error_that_says_how_to_save_it(checkup: Checkup) -> None:
    checkup.host.lib._close()
    corrupt(checkup.host.path)

    found = findings_of(checkup)

    damaged = only(found, "library")
    assert damaged.level is Level.ERROR
    assert not any("musictool doctor" in finding.mend for finding in found)
    assert "is damaged: " in damaged.message
    assert ".recover" in damaged.mend


def test_a_library_of_which_only_the_first_page_is_left_is_still_reported(
    checkup: Checkup,
) -> None:
    path = checkup.host.path
    checkup.host.lib._close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    found = findings_of(checkup)

    assert ".recover" in only(found, "library").mend
    assert only(found, "settings").level is Level.OK


def test_a_busy_library_is_not_called_damaged(checkup: Checkup) -> None:
    other = sqlite3.connect(checkup.host.path)
    other.execute("BEGIN EXCLUSIVE")
    impatient = replace(checkup, host=Host(checkup.host.lib, busy_wait_s=0.1))

    found = list(doctor.examine(impatient, [checks.check_library]))

    other.close()
    assert [finding.level for finding in found] == [Level.ERROR]
    assert "held by another program" in found[0].message


@contextmanager
def not_writable(path: Path) -> Iterator[None]:
    """Let the file and its folder belong to somebody else."""
    if os.getuid() == 0:
        # Permission bits do not bind root, but `access` asks for the real user.
        os.setreuid(65534, -1)
        yield
        os.setreuid(0, -1)
    else:
        path.chmod(0o444)
        path.parent.chmod(0o555)
        yield
        path.parent.chmod(0o755)


def test_a_library_that_cannot_be_written_is_an_error_and_so_is_its_folder(
    checkup: Checkup,
) -> None:
    path = checkup.host.path
    list(checks.check_library(checkup))

    with not_writable(path):
        found = list(checks.check_library(checkup))

    errors = [finding.message for finding in found if finding.level is Level.ERROR]
    assert errors == [f"{path} cannot be written.", f"{path.parent} cannot be written."]


@pytest.mark.parametrize(
    ("free", "size", "level"),
    [
        (5_000_000_000, 40_000_000, Level.OK),
        (140_000_000, 40_000_000, Level.OK),
        (139_999_999, 40_000_000, Level.WARNING),
        (0, 0, Level.WARNING),
    ],
)
def test_there_must_be_room_for_a_second_copy_of_the_library(
    free: int, size: int, level: Level
) -> None:
    assert checks.judge_space(free, size).level is level


@pytest.mark.parametrize(
    ("network", "journal", "level"),
    [
        ("", "delete", Level.NOTE),
        ("", "wal", Level.OK),
        ("cifs", "delete", Level.WARNING),
        ("nfs4", "wal", Level.ERROR),
    ],
)
def test_a_library_on_a_network_share_is_at_risk(network: str, journal: str, level: Level) -> None:
    found = checks.judge_place(network, journal)

    assert found.level is level
    assert (network or journal) in found.message


def test_the_journal_mode_is_read_from_the_library(checkup: Checkup) -> None:
    found = only(checks.check_disk(checkup), "journal")
    assert found.message.startswith("Journal mode delete: ")
    assert "`beet musictool setup` offers the mode WAL" in found.mend

    checkup.host.set_journal_mode("wal")

    found = only(checks.check_disk(checkup), "journal")
    assert (found.level, found.mend) == (Level.OK, "")
    assert found.message.startswith("Journal mode wal: ")


def test_a_state_folder_that_others_can_read_is_a_warning(checkup: Checkup) -> None:
    folder = checkup.host.state_directory
    (private,) = checks.check_state_folder(checkup)

    folder.chmod(0o750)
    (shared,) = checks.check_state_folder(checkup)

    assert private.level is Level.OK
    assert shared.level is Level.WARNING
    assert "chmod 700" in shared.mend


def cache_finding(checkup: Checkup) -> Finding:
    (found,) = checks.check_cache(checkup)
    return found


def test_a_damaged_cache_may_be_deleted(checkup: Checkup) -> None:
    path = checkup.host.cache_path
    assert cache_finding(checkup).level is Level.OK
    refresh(checkup.host, now=NOW, report=silent, cancel=CancelToken())
    assert cache_finding(checkup).message == "musictool-cache.db is sound."

    path.write_bytes(b"this is not a database" * 500)
    found = cache_finding(checkup)

    assert found.level is Level.ERROR
    assert "file is not a database" in found.message
    assert found.mend == "Delete it: everything in it is worked out again."


def test_a_torn_page_of_the_cache_is_found(checkup: Checkup) -> None:
    refresh(checkup.host, now=NOW, report=silent, cancel=CancelToken())
    corrupt(checkup.host.cache_path)

    assert cache_finding(checkup).level is Level.ERROR


def test_a_file_of_ours_is_looked_at_without_a_way_to_change_it(
    checkup: Checkup, tmp_path: Path
) -> None:
    refresh(checkup.host, now=NOW, report=silent, cancel=CancelToken())

    with (
        pytest.raises(StorageError, match="readonly"),
        checks.reading_file(checkup.host.cache_path) as view,
    ):
        view.run("DELETE FROM gap_stamp")
    with pytest.raises(StorageError), checks.reading_file(tmp_path / "no.db") as view:
        view.query("SELECT 1")

    assert not (tmp_path / "no.db").exists()


def test_a_busy_cache_is_not_called_damaged(checkup: Checkup) -> None:
    other = sqlite3.connect(checkup.host.cache_path)
    other.execute("CREATE TABLE t (a)")
    other.execute("BEGIN EXCLUSIVE")

    (found,) = doctor.examine(checkup, [checks.check_cache])

    other.close()
    assert "held by another program" in found.message


# Configuration, plugins, tables.


def settings_findings(checkup: Checkup) -> list[Finding]:
    return list(doctor.check_settings(checkup))


def test_a_setting_that_does_not_exist_is_shown_and_not_raised(
    library: Library, config_file: Path, beets_config: Any
) -> None:
    del config_file
    beets_config["gaps"] = {"vidoes": True}

    checkup = doctor.prepare(Host(library), NOW)
    (found,) = [finding for finding in findings_of(checkup) if finding.level is Level.ERROR]

    assert checkup.settings is None
    assert found.subject == "settings"
    assert "gaps.vidoes" in found.message
    assert found.mend == "Did you mean 'videos'?"


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("musictool", {"hosts": {"discogs": {"base_url": "ftp://x"}}}, "base_url"),
        ("marketplace", {"use": ["betport"]}, "betport"),
    ],
)
def test_tables_of_services_and_shops_are_looked_at_too(
    checkup: Checkup, beets_config: Any, section: str, values: dict[str, Any], said: str
) -> None:
    beets_config[section] = values

    (found,) = settings_findings(checkup)

    assert found.level is Level.ERROR
    assert said in found.message
    assert found.mend


def test_plugins_that_are_not_enabled_are_named(
    checkup: Checkup, config_file: Path, beets_config: Any
) -> None:
    config_file.write_text("plugins: gaps fetchart\n")
    beets_config.clear()
    beets_config.read()

    (found,) = doctor.check_plugins(checkup)

    assert found.level is Level.NOTE
    assert (
        found.message
        == "Not enabled: discogscollection, djanalysis, history, marketplace, musictool, quality,"
        " traktor."
    )


def test_all_plugins_enabled_is_fine_however_this_beet_was_called(
    checkup: Checkup, config_file: Path, beets_config: Any
) -> None:
    config_file.write_text(f"plugins: [{', '.join(OUR_PLUGINS)}]\n")
    beets_config.clear()
    beets_config.read()
    beets_config["plugins"] = ["musictool"]

    (found,) = doctor.check_plugins(checkup)

    assert found.level is Level.OK
    assert read_plugin_setting().path == config_file


def test_without_a_configuration_beets_default_plugins_hold(checkup: Checkup) -> None:
    del checkup

    assert read_plugin_setting() == checks.PluginSetting(("musicbrainz",), None)


def set_version(checkup: Checkup, feature: str, version: int) -> None:
    checkup.host.lib._connection().execute(
        "UPDATE mt_schema SET version = ? WHERE feature = ?", (version, feature)
    )
    checkup.host.lib._connection().commit()


def test_tables_of_a_newer_musictool_are_an_error_and_not_read(checkup: Checkup) -> None:
    set_version(checkup, "discogs", 99)

    found = findings_of(checkup)

    assert only(found, "tables").level is Level.ERROR
    assert "(discogs)" in only(found, "tables").message
    assert "shelf" not in {finding.subject for finding in found}
    assert "jobs" in {finding.subject for finding in found}


def test_tables_of_an_older_musictool_need_nothing_done(checkup: Checkup) -> None:
    set_version(checkup, "gaps", 0)

    found = only(findings_of(checkup), "tables")

    assert found.level is Level.NOTE
    assert "(gaps)" in found.message


# The shelf.


def with_token(checkup: Checkup, base_url: str = "", token: str = CANARY) -> Checkup:
    assert checkup.settings is not None
    hosts = {"discogs": {"base_url": base_url}} if base_url else {}
    return replace(checkup, settings=replace(checkup.settings, discogs_token=token, hosts=hosts))


def test_a_token_in_a_file_that_others_read_is_a_warning(
    checkup: Checkup, config_file: Path
) -> None:
    config_file.write_text(f"discogs:\n  user_token: {CANARY}\n")
    config_file.chmod(0o644)
    shared = only(check_shelf(with_token(checkup)), "token")
    config_file.chmod(0o600)
    private = only(check_shelf(with_token(checkup)), "token")

    assert shared.level is Level.WARNING
    assert f"chmod 600 '{config_file}'" in shared.mend
    assert private == Finding(Level.OK, "token", f"A Discogs token is set in {config_file}.")


def test_a_token_of_the_environment_is_no_matter_of_the_file(
    checkup: Checkup, config_file: Path
) -> None:
    config_file.write_text("x: 1\n")
    config_file.chmod(0o644)

    found = only(check_shelf(with_token(checkup)), "token")

    assert found.level is Level.OK
    assert "the environment" in found.message


def test_the_shelf_is_counted_with_its_track_lists(checkup: Checkup) -> None:
    for release_id in (1, 2, 3):
        add_copy(checkup, release_id)
    add_copy(checkup, 3, instance_id="csv:3:2")
    with checkup.host.transaction() as tx:
        mirror.mark_gone(tx, ReleaseId(2), now=NOW)

    found = list(check_shelf(checkup))

    assert only(found, "shelf").message == "Records: 3, copies: 4."
    lists = only(found, "track lists")
    assert lists.message == "0 of 3 track lists known, 1 deleted at Discogs, 2 to come."
    assert "`beet collection tracklists`" in lists.mend
    assert only(found, "sync").message.startswith("Never synced")


@pytest.mark.parametrize(
    ("age", "level", "said"),
    [
        (timedelta(days=30), Level.OK, "2026-05-02"),
        (timedelta(days=31), Level.NOTE, "2026-05-01"),
    ],
)
def test_an_old_sync_is_worth_knowing(
    checkup: Checkup, age: timedelta, level: Level, said: str
) -> None:
    add_copy(checkup, 1)
    add_run(checkup, finished_at=epoch(NOW - age))

    found = only(check_shelf(checkup), "sync")

    assert (found.level, said in found.message) == (level, True)


def test_a_sync_that_stopped_is_a_warning(checkup: Checkup) -> None:
    add_copy(checkup, 1)
    add_run(checkup, finished_at=epoch(NOW))
    add_run(checkup)

    found = only(check_shelf(checkup), "sync")

    assert found.level is Level.WARNING
    assert found.message == "The last sync stopped after page 3."
    assert "goes on" in found.mend


# Long work.


def queue(checkup: Checkup, key: str = "", **fields: Any) -> int:
    with checkup.host.transaction() as tx:
        job_id = jobs.enqueue(tx, "discogs.tracklists", {}, key=key, now=NOW)
        if fields:
            jobs.JOBS.update(tx, fields, where={"id": job_id})
    return job_id


def job_findings(checkup: Checkup) -> list[Finding]:
    return list(doctor.check_jobs(checkup))


def test_a_job_whose_process_died_is_offered_again(checkup: Checkup) -> None:
    number = queue(checkup, state="running", owner=f"{os.getpid()}:before-the-reboot")

    (found,) = job_findings(checkup)

    assert found.level is Level.WARNING
    assert "its process is gone" in found.message
    assert f"`beet musictool jobs run {number}`" in found.mend


def test_a_job_that_runs_is_left_alone(checkup: Checkup) -> None:
    number = queue(checkup)
    with checkup.host.transaction() as tx:
        claim(tx, jobs.JobId(number), now=NOW)

    (found,) = job_findings(checkup)

    assert found == Finding(Level.OK, "jobs", f"Job {number} (discogs.tracklists) is running.")


def test_a_failure_counts_until_the_same_work_is_done(checkup: Checkup) -> None:
    queue(checkup, state="failed", error="the shelf fell over.")
    (failed,) = job_findings(checkup)
    queue(checkup, state="done")
    (done,) = job_findings(checkup)

    assert failed.level is Level.WARNING
    assert "the shelf fell over." in failed.message
    assert done.level is Level.OK


def test_a_job_that_waits_says_for_what(checkup: Checkup) -> None:
    queue(checkup, error="discogs: no connection.")

    (found,) = job_findings(checkup)

    assert found.level is Level.NOTE
    assert found.message.endswith("waits: discogs: no connection.")


# Gaps.


def gap_finding(checkup: Checkup) -> Finding:
    (found,) = check_gaps(checkup)
    return found


def update_gaps(checkup: Checkup) -> None:
    refresh(checkup.host, now=NOW, report=silent, cancel=CancelToken())


def test_gaps_are_in_step_until_a_file_or_a_record_changes(
    checkup: Checkup, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library, title="Army of Me")
    add_copy(checkup, 1)
    assert gap_finding(checkup).message == "Not looked for yet."

    update_gaps(checkup)
    assert gap_finding(checkup) == Finding(Level.OK, "gaps", "In step (files: 1, records: 1).")

    item.title = "Hyperballad"
    item.store()
    make_item(library, title="Isobel")
    add_copy(checkup, 2)
    changed = gap_finding(checkup)
    assert changed.level is Level.NOTE
    assert changed.message == "Changed since the last look (files: 2, records: 1)."

    update_gaps(checkup)
    assert gap_finding(checkup).level is Level.OK


def test_a_library_whose_gap_tables_were_never_made_is_only_behind(checkup: Checkup) -> None:
    add_copy(checkup, 1)
    connection = checkup.host.lib._connection()
    connection.execute("DELETE FROM mt_schema WHERE feature = 'gaps'")
    connection.execute("DROP TABLE mt_gap_stamp")
    connection.commit()

    assert gap_finding(checkup).message == "Not looked for yet."


@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_or_empty_index_needs_nothing_done(
    checkup: Checkup, content: bytes | None
) -> None:
    add_copy(checkup, 1)
    update_gaps(checkup)
    path = checkup.host.cache_path
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    found = gap_finding(checkup)

    assert found.level is Level.NOTE
    assert "everything is compared again" in found.message
    assert path.exists() == (content is not None)


def test_an_index_of_another_library_does_not_count(checkup: Checkup) -> None:
    add_copy(checkup, 1)
    update_gaps(checkup)
    with Database(checkup.host.cache_path).transaction() as tx:
        tables.INDEX_STAMP.update(tx, {"token": "another"}, where={"id": 1})

    assert "belongs to another state" in gap_finding(checkup).message


# Asking Discogs itself.


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    with FakeDiscogs(username="collector", token=CANARY) as running:
        yield running


def ask(checkup: Checkup) -> list[Finding]:
    return list(check_live(checkup, CancelToken()))


def test_a_good_token_is_reported_without_token_and_name(
    checkup: Checkup, discogs: FakeDiscogs
) -> None:
    (found,) = ask(with_token(checkup, discogs.base_url))

    assert found.level is Level.OK
    assert found.message == (
        "Discogs answers and accepts the token of c…; 59 of 60 requests a minute are left."
    )
    assert [request.path for request in discogs.requests] == ["/oauth/identity"]
    assert {request.method for request in discogs.requests} == {"GET"}


def test_without_a_token_it_is_asked_whether_discogs_answers_at_all(
    checkup: Checkup, discogs: FakeDiscogs
) -> None:
    (found,) = ask(with_token(checkup, discogs.base_url, token=""))

    assert found.message == "Discogs answers; 59 of 60 requests a minute are left."


def test_a_wrong_token_is_an_error_that_says_where_to_get_one(
    checkup: Checkup, discogs: FakeDiscogs
) -> None:
    (found,) = ask(with_token(checkup, discogs.base_url, WRONG))

    assert found.level is Level.ERROR
    assert "token is not accepted" in found.message
    assert "https://www.discogs.com/settings/developers" in found.mend
    assert WRONG not in repr(found)


FAULTS: dict[str, tuple[Fault, Level, str]] = {
    "connection dropped": (drop_connection(), Level.ERROR, "no connection"),
    "web page": (web_page(), Level.ERROR, "web page instead of JSON"),
    "challenge": (cloudflare_challenge(), Level.ERROR, "proof of a browser"),
    "server fault": (server_error(503), Level.ERROR, "HTTP 503"),
    "too many requests": (too_many_requests(100), Level.WARNING, "asks us to wait until"),
}


@pytest.mark.parametrize(("fault", "level", "said"), FAULTS.values(), ids=list(FAULTS))
def test_every_way_to_fail_is_told_apart_after_one_request(
    checkup: Checkup,
    discogs: FakeDiscogs,
    caplog: pytest.LogCaptureFixture,
    *,
    fault: Fault,
    level: Level,
    said: str,
) -> None:
    caplog.set_level("DEBUG")
    discogs.fail_next(1, fault)

    (found,) = ask(with_token(checkup, discogs.base_url))

    assert found.level is level
    assert said in found.message
    assert CANARY not in repr(found) + caplog.text
    assert len(discogs.requests) == 1


def test_a_long_wait_that_discogs_asks_for_holds_for_the_next_look_too(
    checkup: Checkup, discogs: FakeDiscogs
) -> None:
    discogs.fail_next(1, too_many_requests(1000))
    live = with_token(checkup, discogs.base_url)

    levels = [ask(live)[0].level, ask(live)[0].level]

    assert levels == [Level.WARNING, Level.WARNING]
    assert len(discogs.requests) == 1


def test_a_spent_budget_slows_down_the_next_command(checkup: Checkup) -> None:
    window = RateWindow(now=lambda: 0.0, limit=1)
    with FakeDiscogs(token=CANARY, window=window) as discogs:
        (found,) = ask(with_token(checkup, discogs.base_url))
        host = discogs.base_url.removeprefix("http://")

    paces = json.loads((checkup.host.state_directory / "pacing.json").read_text())
    assert "0 of 1 requests" in found.message
    assert paces[host]["held_until"] > paces[host]["written_at"]


def test_no_network_at_all_is_one_finding(checkup: Checkup) -> None:
    with FakeDiscogs() as gone:
        address = gone.base_url

    (found,) = ask(with_token(checkup, address))

    assert found.level is Level.ERROR
    assert "no connection to 127.0.0.1" in found.message
    assert found.mend == "Is the network on?"
