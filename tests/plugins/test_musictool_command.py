"""`beet musictool`, in this process with a scripted keyboard, and thrice as the real `beet`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from beets.exceptions import UserError
from beets.library import Item

from beetsplug.musictool import MusictoolPlugin
from musictool_core import app, jobs, links
from musictool_core.app.cli import musictool
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.db import epoch
from musictool_core.discogs import mirror
from musictool_core.errors import Cancelled, FormatError, MusicToolError
from musictool_core.host import audiodata, indexes, journalmode
from musictool_core.host.library import Host
from musictool_core.host.settings import read_settings
from musictool_core.safeio import platform, torture
from musictool_core.safeio.payload import Payload, read_payload
from tests.fakes.discogs import FakeDiscogs
from tests.fakes.server import drop_connection, web_page
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from beets.library import Library

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canaryThatMustNotBeSeen"
WRONG = "wrongCanary"

ENABLE, TOKEN, TEST, KEEP, FOLDERS, WAL, AGREE = (
    "Enable them", "Discogs token", "Ask Discogs now", "Keep the token", "Which to leave",
    "Switch the library to WAL", "Do this",
)  # fmt: skip


class Script:
    """A keyboard that expects questions in an order; `KeyboardInterrupt` is an answer, too."""

    present = True

    def __init__(self, *lines: tuple[str, str | type[KeyboardInterrupt]]) -> None:
        self.lines = list(lines)

    def ask(self, question: str) -> str:
        expected, answer = self.lines.pop(0)
        assert expected in question
        if not isinstance(answer, str):
            raise answer
        return answer

    def ask_secret(self, question: str) -> str:
        assert "not shown" in question
        return self.ask(question)


class Nobody(Script):
    present = False


class Setting:
    """A library with its configuration file, as one `beet` finds them."""

    def __init__(self, library: Library, config: Any, folder: Path) -> None:
        self.library = library
        self.path = folder / "config.yaml"
        self._config = config

    def configure(self, content: str, mode: int = 0o644) -> None:
        self.path.write_bytes(content.encode())
        self.path.chmod(mode)
        self.reread()

    def reread(self) -> None:
        """Forget what an earlier `beet` read."""
        self._config.clear()
        self._config.read()

    def setup(self, keyboard: Script, *, pretend: bool = False) -> int:
        self.reread()
        failures = musictool.setup(self.library, Namespace(pretend=pretend), keyboard=keyboard)
        assert keyboard.lines == []
        return failures

    def host(self) -> Host:
        return app.start(self.library, notice=lambda _: None).host

    def backups(self) -> list[Path]:
        return sorted(self.path.parent.glob("config.yaml.bak-*"))

    def beet(self, *args: str) -> int:
        """Run the command as beets does; return the exit status."""
        (command,) = MusictoolPlugin().commands()
        options, rest = command.parse_args(list(args))
        try:
            command.func(self.library, options, rest)
        except SystemExit as stopped:
            return int(stopped.code or 0)
        return 0


@pytest.fixture
def setting(
    library: Library, beets_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Setting:
    monkeypatch.setenv("BEETSDIR", str(tmp_path))
    monkeypatch.delenv("MUSICTOOL_DISCOGS_TOKEN", raising=False)
    monkeypatch.delenv("MUSICTOOL_DISCOGS_TOKEN_FILE", raising=False)
    # So that setup does not offer it; what it does then has tests of its own.
    Host(library).set_journal_mode("wal")
    return Setting(library, beets_config, tmp_path)


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    with FakeDiscogs(username="collector", token=CANARY) as running:
        yield running


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def use(discogs: FakeDiscogs, token: str = "") -> str:
    """Configuration that speaks to the fake."""
    section = f"discogs: {{user_token: {token}}}\n" if token else ""
    return f'musictool: {{hosts: {{discogs: {{base_url: "{discogs.base_url}"}}}}}}\n{section}'


def add_copies(setting: Setting, *folders: str) -> None:
    rows = [
        {
            "instance_id": f"csv:{number}:1",
            "release_id": number,
            "artist": "Björk",
            "title": f"Post {number}",
            "folder": folder,
            "source": "csv",
            "removed_at": None,
        }
        for number, folder in enumerate(folders, start=1)
    ]
    with setting.host().transaction() as tx:
        mirror.INSTANCES.insert(tx, rows)


ALL_PLUGINS = f"plugins: {' '.join(OUR_PLUGINS)}\n"

# setup


def test_a_first_user_gets_a_private_file_and_the_next_command(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.setup(Script((ENABLE, ""), (TOKEN, CANARY), (TEST, "n"), (AGREE, "y")))

    assert yaml.safe_load(setting.path.read_text()) == {
        "plugins": " ".join(("musicbrainz", *OUR_PLUGINS)),
        "discogs": {"user_token": CANARY},
    }
    assert mode_of(setting.path) == 0o600
    assert setting.backups() == []
    out = capsys.readouterr().out
    assert f"{setting.path} (does not exist yet)" in out
    assert f"{setting.host().path} (writable)" in out
    assert "beet collection import-csv FILE" in out
    assert "beet collection sync" in out
    assert CANARY not in out


def test_the_second_run_asks_nothing_and_changes_nothing(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.setup(Script((ENABLE, ""), (TOKEN, CANARY), (TEST, "n"), (AGREE, "y")))
    before = setting.path.read_bytes()
    capsys.readouterr()

    setting.setup(Script())
    setting.setup(Nobody())

    assert setting.path.read_bytes() == before
    assert setting.backups() == []
    assert capsys.readouterr().out.count("Nothing to do.") == 2


def test_what_was_written_is_what_beets_reads(setting: Setting) -> None:
    setting.configure("plugins: [fetchart]\n")

    setting.setup(Script((ENABLE, "y"), (TOKEN, CANARY), (TEST, "n"), (AGREE, "yes")))
    setting.reread()

    assert read_settings().discogs_token == CANARY


def test_the_file_before_is_kept_beside_and_its_mode_stays(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("# mine\nplugins: fetchart\n", mode=0o640)

    setting.setup(Script((ENABLE, "y"), (TOKEN, CANARY), (TEST, "n"), (AGREE, "y")))

    (backup,) = setting.backups()
    assert backup.read_text() == "# mine\nplugins: fetchart\n"
    assert mode_of(backup) == mode_of(setting.path) == 0o640
    assert setting.path.read_text().startswith("# mine\nplugins: fetchart discogscollection")
    shown = capsys.readouterr()
    assert backup.name in shown.out
    assert shown.err.count(f"chmod 600 '{setting.path}'") == 1
    assert CANARY not in shown.out + shown.err


def test_plugins_alone_are_no_reason_to_talk_of_permissions(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: fetchart\n")

    setting.setup(Script((ENABLE, "y"), (TOKEN, ""), (AGREE, "y")))

    assert "chmod" not in capsys.readouterr().err


def test_an_earlier_backup_is_never_overwritten(setting: Setting) -> None:
    for content in ("plugins: a\n", "plugins: b\n", "plugins: c\n"):
        setting.configure(content)
        setting.setup(Script((ENABLE, "y"), (TOKEN, ""), (AGREE, "y")))

    contents = [path.read_text() for path in setting.backups()]
    assert contents == ["plugins: a\n", "plugins: b\n", "plugins: c\n"]


def test_a_linked_configuration_stays_a_link(setting: Setting, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.yaml"
    real.write_text("plugins: fetchart\n")
    setting.path.symlink_to(real)

    setting.setup(Script((ENABLE, "y"), (TOKEN, ""), (AGREE, "y")))

    assert setting.path.is_symlink()
    assert "musictool" in real.read_text()


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_only_a_clear_yes_writes(
    setting: Setting, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: fetchart\n")

    setting.setup(Script((ENABLE, "y"), (TOKEN, ""), (AGREE, answer)))

    assert setting.path.read_text() == "plugins: fetchart\n"
    assert setting.backups() == []
    assert "Nothing was changed." in capsys.readouterr().out


def test_what_is_declined_is_left_out(setting: Setting) -> None:
    setting.configure("plugins: fetchart\n")

    setting.setup(Script((ENABLE, "n"), (TOKEN, CANARY), (TEST, "n"), (AGREE, "y")))

    assert yaml.safe_load(setting.path.read_text()) == {
        "plugins": "fetchart",
        "discogs": {"user_token": CANARY},
    }


ALL_QUESTIONS = (
    (ENABLE, "y"),
    (TOKEN, CANARY),
    (TEST, "n"),
    (FOLDERS, "1"),
    (AGREE, "y"),
)


@pytest.mark.parametrize("answered", range(len(ALL_QUESTIONS)))
def test_ctrl_c_at_any_question_leaves_everything_as_it_was(
    setting: Setting, answered: int
) -> None:
    setting.configure("plugins: fetchart\n")
    add_copies(setting, "House", "For sale")
    stopped = (ALL_QUESTIONS[answered][0], KeyboardInterrupt)

    with pytest.raises(Cancelled, match="nothing was changed"):
        setting.setup(Script(*ALL_QUESTIONS[:answered], stopped))

    assert setting.path.read_text() == "plugins: fetchart\n"
    assert setting.backups() == []
    assert links.ignores(setting.host().reading()) == []


def test_pretending_shows_the_change_and_asks_nothing(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: fetchart\n")
    add_copies(setting, "House", "For sale")

    assert setting.setup(Script(), pretend=True) == 0

    out = capsys.readouterr().out
    assert "-plugins: fetchart\n" in out
    assert f"+plugins: fetchart {' '.join(OUR_PLUGINS)}\n" in out
    assert "asked for your Discogs token" in out
    assert "asked which folders" in out
    assert setting.path.read_text() == "plugins: fetchart\n"
    assert setting.backups() == []


def test_without_a_keyboard_it_says_what_it_would_do_and_stops(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: fetchart\n")

    with pytest.raises(MusicToolError, match="nobody is at the keyboard"):
        setting.setup(Nobody())

    assert "+plugins: fetchart discogscollection" in capsys.readouterr().out
    assert setting.path.read_text() == "plugins: fetchart\n"


@pytest.fixture
def without_wal(setting: Setting) -> Setting:
    Host(setting.library).set_journal_mode("delete")
    setting.configure(f"plugins: [{', '.join(OUR_PLUGINS)}]\ndiscogs: {{user_token: {CANARY}}}\n")
    return setting


def journal_mode(setting: Setting) -> str:
    """As every other program sees it."""
    Host(setting.library).release()
    return journalmode.current(Host(setting.library).reading())


def test_wal_is_offered_once_and_stays(
    without_wal: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert without_wal.setup(Script((WAL, ""), (AGREE, "y"))) == 0

    assert journal_mode(without_wal) == "wal"
    assert "`beet musictool uninstall` switches it back" in capsys.readouterr().out
    assert without_wal.setup(Script()) == 0
    assert without_wal.backups() == []


@pytest.mark.parametrize("answers", [[(WAL, "n")], [(WAL, "y"), (AGREE, "n")]])
def test_wal_that_is_declined_is_not_switched_on(
    without_wal: Setting, answers: list[tuple[str, str]]
) -> None:
    without_wal.setup(Script(*answers))

    assert journal_mode(without_wal) == "delete"


def test_pretending_names_the_offer_of_wal_and_switches_nothing(
    without_wal: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    without_wal.setup(Script(), pretend=True)

    assert "asked whether to switch the library to WAL" in capsys.readouterr().out
    assert journal_mode(without_wal) == "delete"


def test_where_the_system_tells_no_network_disks_enter_means_no(
    without_wal: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "tells_network_disks", lambda: False)

    without_wal.setup(Script((WAL, "")))

    assert journal_mode(without_wal) == "delete"


def test_on_a_network_disk_wal_is_not_offered(
    without_wal: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "network_file_system", lambda _: "nfs4")

    assert without_wal.setup(Script()) == 0


def test_a_file_that_changed_meanwhile_is_left_alone(setting: Setting) -> None:
    setting.configure("plugins: fetchart\n")

    class Editor(Script):
        def ask(self, question: str) -> str:
            if AGREE in question:
                setting.path.write_text("plugins: lyrics\n")
            return super().ask(question)

    with pytest.raises(MusicToolError, match="changed meanwhile"):
        setting.setup(Editor((ENABLE, "y"), (TOKEN, ""), (AGREE, "y")))

    assert setting.path.read_text() == "plugins: lyrics\n"
    assert setting.backups() == []


def test_a_file_that_cannot_be_changed_safely_is_explained(setting: Setting) -> None:
    content = "mine: &all [fetchart]\nplugins: *all\n"
    setting.configure(content)

    with pytest.raises(FormatError, match="left alone"):
        setting.setup(Script((ENABLE, "y"), (TOKEN, "")))

    assert setting.path.read_text() == content


def test_plugins_of_an_included_file_are_left_to_the_user(
    setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shared.yaml").write_text("plugins: fetchart gaps\n")
    setting.configure("include: [shared.yaml]\n")

    setting.setup(Script((TOKEN, "")))

    err = capsys.readouterr().err
    assert f"{tmp_path}/shared.yaml" in err
    assert "discogscollection djanalysis history marketplace musictool" in err
    assert setting.path.read_text() == "include: [shared.yaml]\n"


def test_a_token_of_the_environment_is_not_asked_for(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN", CANARY)
    setting.configure(ALL_PLUGINS)

    setting.setup(Script())

    out = capsys.readouterr().out
    assert "Nothing to do." in out
    assert "`beet collection sync`" in out


def test_an_accepted_token_says_whose_it_is(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(ALL_PLUGINS + use(discogs))

    setting.setup(Script((TOKEN, CANARY), (TEST, ""), (AGREE, "y")))

    assert yaml.safe_load(setting.path.read_text())["discogs"] == {"user_token": CANARY}
    assert "Discogs knows you as collector." in capsys.readouterr().out
    assert [request.path for request in discogs.requests] == ["/oauth/identity"]


def test_a_wrong_token_is_asked_for_again(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(ALL_PLUGINS + use(discogs))

    setting.setup(
        Script(
            (TOKEN, WRONG), (TEST, "y"), (TOKEN, "two words"), (TOKEN, CANARY), (TEST, "y"),
            (AGREE, "y"),
        )
    )  # fmt: skip

    assert yaml.safe_load(setting.path.read_text())["discogs"] == {"user_token": CANARY}
    out = capsys.readouterr().out
    assert "Discogs does not accept it." in out
    assert "No token looks like that" in out
    assert not any(token in out for token in (WRONG, CANARY, "two words"))


@pytest.mark.parametrize(
    ("fault", "said"),
    [(drop_connection(), "Is the network on?"), (web_page(), "a web page instead of JSON")],
)
@pytest.mark.parametrize("keep", [True, False])
def test_a_token_that_cannot_be_tested_is_kept_only_when_wanted(
    setting: Setting,
    discogs: FakeDiscogs,
    *,
    fault: Any,
    said: str,
    keep: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    setting.configure(ALL_PLUGINS + use(discogs))
    discogs.fail_next(1, fault)
    before = setting.path.read_text()
    further = [(KEEP, "y"), (AGREE, "y")] if keep else [(KEEP, ""), (TOKEN, "")]

    setting.setup(Script((TOKEN, CANARY), (TEST, "y"), *further))

    shown = capsys.readouterr()
    assert said in shown.out
    assert CANARY not in shown.out + shown.err
    assert (CANARY in setting.path.read_text()) == keep
    assert (setting.path.read_text() == before) != keep


def test_folders_for_sale_are_left_out_of_the_gaps(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(ALL_PLUGINS + f"discogs: {{user_token: {CANARY}}}\n")
    before = setting.path.read_text()
    add_copies(setting, "House", "For sale", "House")

    setting.setup(Script((FOLDERS, "9"), (FOLDERS, "1"), (AGREE, "y")))

    assert links.ignores(setting.host().reading()) == [
        links.IgnoreRule(links.IgnoreKind.FOLDER, "For sale")
    ]
    assert setting.path.read_text() == before
    out = capsys.readouterr().out
    assert "1  For sale (1 copy)" in out
    assert "2  House (2 copies)" in out
    assert "Numbers from 1 to 2" in out
    assert "`beet gaps`" in out
    setting.setup(Script())


def test_no_folder_is_a_choice(setting: Setting) -> None:
    setting.configure(ALL_PLUGINS + f"discogs: {{user_token: {CANARY}}}\n")
    add_copies(setting, "House", "For sale")

    setting.setup(Script((FOLDERS, "")))

    assert links.ignores(setting.host().reading()) == []


def test_a_single_folder_is_no_choice(setting: Setting) -> None:
    setting.configure(ALL_PLUGINS + f"discogs: {{user_token: {CANARY}}}\n")
    add_copies(setting, "House", "House")

    setting.setup(Script())


# doctor


def test_findings_stand_in_columns_with_what_to_do_below(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: musictool\n")
    setting.host()

    assert setting.beet("doctor") == 0

    lines = capsys.readouterr().out.splitlines()
    (plugins,) = [number for number, line in enumerate(lines) if line[9:].startswith("plugins ")]
    (library,) = [line for line in lines if line[9:].startswith("library ")]
    column = library.index(str(setting.host().path))
    assert lines[plugins][column:].startswith("Not enabled: discogscollection")
    assert lines[plugins].startswith("note ")
    assert lines[plugins + 1] == " " * column + "→ `beet musictool setup` adds them."
    assert lines[-1] == "No problems found."


def test_an_error_counts_and_ends_with_status_2(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure("plugins: musictool\ngaps: {vidoes: yes}\n")

    assert setting.beet("doctor") == 2

    out = capsys.readouterr().out
    assert "error    settings" in out
    assert out.splitlines()[-1] == "1 error."


def test_findings_as_json_are_one_object_a_line(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(f"plugins: musictool\ndiscogs: {{user_token: {CANARY}}}\n")
    setting.host()

    assert setting.beet("doctor", "--json") == 0

    out = capsys.readouterr().out
    rows = [json.loads(line) for line in out.splitlines()]
    assert {tuple(row) for row in rows} == {("level", "subject", "message", "mend")}
    (token,) = [row for row in rows if row["subject"] == "token"]
    assert token["level"] == "warning"
    assert CANARY not in out


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [(CANARY, 0, "accepts the token of c…"), (WRONG, 2, "the token is not accepted")],
)
def test_asking_the_service_is_part_of_the_report(
    setting: Setting,
    discogs: FakeDiscogs,
    *,
    token: str,
    status: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    setting.configure(use(discogs, token), mode=0o600)
    setting.host()

    assert setting.beet("doctor", "--live") == status

    shown = capsys.readouterr()
    assert said in shown.out
    assert not any(word in shown.out + shown.err for word in (token, "collector "))


def test_without_live_nothing_is_asked(setting: Setting, discogs: FakeDiscogs) -> None:
    setting.configure(use(discogs, CANARY))

    setting.beet("doctor")

    assert discogs.requests == []


def test_doctor_makes_and_drops_the_indexes_and_shows_them(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    def names() -> list[str]:
        return [part.name for part in indexes.report(setting.host()) if part.bytes]

    setting.beet("doctor", "--rebuild", "--pretend")
    assert names() == []
    assert "The indexes would be made anew." in capsys.readouterr().out

    assert setting.beet("doctor", "--rebuild") == 0
    shown = capsys.readouterr()
    assert names() == ["mt_ix_item_attributes", "mt_ix_album_attributes", "mt_text"]
    assert shown.out.count("sound") == 3
    assert "rows indexed: " in shown.err

    setting.beet("doctor", "--drop", "-p")
    assert len(names()) == 3
    assert "The indexes would be dropped." in capsys.readouterr().out

    setting.beet("doctor", "--drop", "--json")
    assert names() == []
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert row["message"] == "None made; 0 items need none."

    with pytest.raises(UserError, match="not allowed with"):
        setting.beet("doctor", "--drop", "--rebuild")


def add_tracks(setting: Setting, count: int) -> list[Path]:
    paths = [Path(os.fsdecode(setting.library.directory)) / f"{n}.flac" for n in range(count)]
    for path in paths:
        path.write_bytes(sample("flac", 0.1))
        setting.library.add(Item(path=os.fsencode(path)))
    return paths


def audio_of(shown: str) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in shown.splitlines()]
    return [(row["level"], row["message"]) for row in rows if row["subject"] == "audio"]


def test_reading_data_finds_rot_and_the_next_doctor_still_says_so(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    path, *_ = add_tracks(setting, 3)
    assert setting.beet("doctor", "--read-data", "50%", "--pretend", "--json") == 0
    assert ("ok", "Would read 2 of 3 files.") in audio_of(capsys.readouterr().out)

    assert setting.beet("doctor", "--read-data", "all", "--json") == 0
    shown = capsys.readouterr()
    assert ("ok", "Read 3 of 3 files: 3 read for the first time.") in audio_of(shown.out)
    assert "files read: 3 of 3" in shown.err

    times, content = path.stat(), bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert setting.beet("doctor", "--read-data", "all") == 2
    out = capsys.readouterr().out
    assert "bit rot" in out
    assert "Read 3 of 3 files: 2 as before, 1 with a finding." in out
    assert setting.beet("doctor", "--json") == 2
    ((_, message),) = [row for row in audio_of(capsys.readouterr().out) if row[0] == "error"]
    assert message.startswith(f"{path}: ")


def test_ctrl_c_while_reading_shows_what_was_found_and_keeps_it(
    setting: Setting, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tracks(setting, 3)

    def read(path: Path) -> Payload:
        os.kill(os.getpid(), signal.SIGINT)
        return read_payload(path)

    monkeypatch.setattr(audiodata, "read_payload", read)
    assert setting.beet("doctor", "--read-data", "all", "--json") == 130

    (found,) = audio_of(capsys.readouterr().out)
    assert found[1].startswith("Known of 1 of 3 files")


def test_without_the_music_folder_no_data_is_read(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    add_tracks(setting, 1)
    folder = Path(os.fsdecode(setting.library.directory))
    folder.rename(folder.parent / "drawer")

    assert setting.beet("doctor", "--read-data", "all", "--json") == 2

    assert audio_of(capsys.readouterr().out)[0] == (
        "error",
        f"the music folder {folder} is not there; nothing was read.",
    )


def test_a_share_that_is_none_is_one_line(setting: Setting) -> None:
    with pytest.raises(UserError, match="neither 5% nor all"):
        setting.beet("doctor", "--read-data", "5")


def test_torture_takes_copies_of_files_of_the_library_and_leaves_these_alone(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = add_tracks(setting, 3)
    before = [path.read_bytes() for path in paths]

    assert setting.beet("doctor", "--torture", "--kills", "4", "--seed", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert setting.beet("doctor", "--torture", "--kills", "2", "--json") == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    setting.beet("doctor", "--torture", "--pretend")
    pretended = capsys.readouterr().out

    assert [line.split()[:3] for line in lines[1:]] == [["flac", "4", "0"], ["sum", "4", "0"]]
    assert row["level"] == "ok"
    assert row["message"].startswith(
        "flac: 2 writers of each sort killed; files damaged by ours: 0"
    )
    assert pretended.count("Would torture a copy of ") == 2
    assert [path.read_bytes() for path in paths] == before
    assert sorted(paths[0].parent.iterdir()) == paths


def test_torture_of_an_empty_library_makes_files(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setting.beet("doctor", "--torture", "--kills", "3") == 0

    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines()[1:]] == ["mp3", "flac", "wav", "sum"]
    assert "generated ones" in shown.err


def test_a_damaged_file_of_ours_ends_the_torture_with_status_2(
    setting: Setting, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tear(path: Path, _tags: object, *, state: Path) -> None:
        del state
        path.write_bytes(path.read_bytes()[:-2000])
        os.kill(os.getpid(), signal.SIGKILL)

    add_tracks(setting, 1)
    monkeypatch.setattr(torture, "usable", lambda paths, _: paths)
    monkeypatch.setattr(torture, "write_tags", tear)

    assert setting.beet("doctor", "--torture", "--kills", "2", "--json") == 2
    assert json.loads(capsys.readouterr().out)["level"] == "error"


def test_where_nothing_can_be_killed_torture_says_so_in_one_line(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="from 1 on"):
        setting.beet("doctor", "--torture", "--kills", "0")
    monkeypatch.delattr(os, "fork")
    with pytest.raises(UserError, match="no way for"):
        setting.beet("doctor", "--torture")


def test_beet_config_hides_the_token_where_only_this_plugin_is_enabled(
    setting: Setting, beets_config: Any
) -> None:
    setting.configure(f"discogs: {{user_token: {CANARY}}}\n")

    MusictoolPlugin()

    assert CANARY not in beets_config.dump(full=True, redact=True)


# jobs


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def queue(setting: Setting, kind: str = "discogs.tracklists", key: str = "", **fields: Any) -> int:
    with setting.host().transaction() as tx:
        job_id = jobs.enqueue(tx, kind, {}, key=key, now=NOW)
        if fields:
            jobs.JOBS.update(tx, fields, where={"id": job_id})
    return job_id


def this_process() -> str:
    """Who runs a job, as its row names a process that is alive."""
    return f"{os.getpid()}:{platform.process_start(os.getpid())}"


def state_of(setting: Setting, job_id: int) -> str:
    return jobs.get(setting.host().reading(), jobs.JobId(job_id)).state.value


def shelve(setting: Setting, discogs: FakeDiscogs) -> None:
    """Put three records on the shelf that Discogs knows."""
    for number in (1, 2, 3):
        discogs.add_release(number, title=f"Post {number}")
    add_copies(setting, "House", "House", "House")


def test_an_empty_list_says_so(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    assert setting.beet("jobs") == 0
    assert setting.beet("jobs", "run") == 0
    assert setting.beet("jobs", "--json") == 0

    assert capsys.readouterr().out == "No jobs.\nNo job waits.\n"


def test_open_jobs_come_first_and_newest_first(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    queue(setting, state="failed", error="the shelf fell over.")
    queue(setting, "a")
    queue(setting, "b", state="done")
    running: dict[str, Any] = {"done": 1200, "total": 4000, "eta_s": 720.0}
    queue(setting, "c", state="running", owner=this_process(), **running)
    queue(setting, "d", retry_at=epoch(NOW))
    capsys.readouterr()

    setting.beet("jobs", "list")

    assert capsys.readouterr().out.splitlines() == [
        "    5  queued     d, not before 12:00 UTC",
        "    4  running    c  1,200 of 4,000, about 12 min to go",
        "    2  queued     a",
        "    3  done       b",
        "    1  failed     discogs.tracklists",
        "                  the shelf fell over.",
    ]


def test_only_the_latest_finished_jobs_are_listed_but_json_has_all(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(22):
        queue(setting, state="done")
    capsys.readouterr()

    setting.beet("jobs")
    listed = capsys.readouterr().out.splitlines()
    setting.beet("jobs", "--json")

    assert [line.split()[0] for line in listed] == [str(number) for number in range(22, 2, -1)]
    assert len(capsys.readouterr().out.splitlines()) == 22


def test_jobs_as_json_are_one_object_a_line(
    setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    number = queue(setting, error="discogs: no connection.")

    setting.beet("jobs", "list", str(number), "--json")

    row = json.loads(capsys.readouterr().out)
    assert row["id"] == number
    assert row["state"] == "queued"
    assert row["created_at"] == "2026-06-01T12:00:00+00:00"
    assert row["finished_at"] is None
    assert row["error"] == "discogs: no connection."


def test_a_job_that_does_not_exist_is_one_line(setting: Setting) -> None:
    with pytest.raises(UserError, match="there is no job 7"):
        setting.beet("jobs", "list", "7")


def test_everything_that_waits_is_run_also_what_a_dead_process_left(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(use(discogs))
    shelve(setting, discogs)
    number = queue(setting, state="running", owner=f"{os.getpid()}:before-the-reboot")

    assert setting.beet("jobs", "run") == 0

    assert state_of(setting, number) == "done"
    assert mirror.count_tracklists(setting.host().reading()).known == 3
    assert "done       discogs.tracklists  3 of 3" in capsys.readouterr().out


def test_a_job_that_cannot_be_finished_now_ends_with_status_2(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(use(discogs, WRONG))
    shelve(setting, discogs)
    number = queue(setting)

    assert setting.beet("jobs", "run", str(number)) == 2

    shown = capsys.readouterr()
    assert "token is not accepted" in shown.out
    assert WRONG not in shown.out + shown.err
    assert state_of(setting, number) == "queued"


def test_a_job_for_later_or_of_unknown_kind_does_not_stop_the_others(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(use(discogs))
    shelve(setting, discogs)
    strange = queue(setting, "of.tomorrow")
    later = queue(setting, key="later", retry_at=epoch(app.utc_now() + timedelta(hours=1)))
    number = queue(setting)

    assert setting.beet("jobs", "run") == 0

    err = capsys.readouterr().err
    assert f"Job {strange} is left: nothing here knows the work 'of.tomorrow'." in err
    assert f"Job {later} is left: in vain before" in err
    assert state_of(setting, number) == "done"
    assert {state_of(setting, strange), state_of(setting, later)} == {"queued"}


def test_jobs_run_in_the_order_in_which_they_were_queued(
    setting: Setting, discogs: FakeDiscogs, capsys: pytest.CaptureFixture[str]
) -> None:
    setting.configure(use(discogs))
    shelve(setting, discogs)
    first, second = queue(setting, key="earlier"), queue(setting, key="later")

    setting.beet("jobs", "run")

    numbers = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert numbers == [first, second]


def test_ctrl_c_keeps_the_job_for_later(setting: Setting, discogs: FakeDiscogs) -> None:
    setting.configure(use(discogs))
    shelve(setting, discogs)
    first, second = queue(setting, key="earlier"), queue(setting, key="later")
    discogs.before_answer = lambda _: os.kill(os.getpid(), signal.SIGINT)

    assert setting.beet("jobs", "run") == 130

    assert {state_of(setting, first), state_of(setting, second)} == {"queued"}
    assert len(discogs.requests) == 1


def test_jobs_are_cancelled_by_number(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = queue(setting)
    running = queue(setting, "a", state="running", owner=this_process())

    assert setting.beet("jobs", "cancel", str(waiting), str(running)) == 0

    assert state_of(setting, waiting) == "cancelled"
    out = capsys.readouterr().out
    assert f"{waiting:>5}  cancelled  discogs.tracklists" in out
    assert f"{running:>5}  stopping   a" in out


def test_cancelling_needs_a_number(setting: Setting) -> None:
    number = queue(setting)

    with pytest.raises(UserError, match="cancel which job"):
        setting.beet("jobs", "cancel")

    assert state_of(setting, number) == "queued"


# The real `beet`.


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "BEETSDIR": str(folder), "NO_COLOR": "1"}


def beet(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "beets", *args],
        env=environment(folder),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def talk(folder: Path, answers: Sequence[tuple[str, str]], *args: str) -> tuple[int, str]:
    """Run `beet` in a terminal, answer its questions, and return status and screen."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "beets", *args],
        env=environment(folder),
        cwd=ROOT,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    screen = ""
    for question, answer in answers:
        asked = len(screen)
        while question not in screen[asked:]:
            screen += os.read(ours, 4096).decode()
        os.write(ours, f"{answer}\n".encode())
    screen += _rest(lambda: os.read(ours, 4096))
    os.close(ours)
    return process.wait(), screen


def _rest(read: Callable[[], bytes]) -> str:
    """What comes until the other side hangs up, which Linux reports as an error."""
    text = b""
    try:
        while piece := read():
            text += piece
    except OSError:
        pass
    return text.decode()


def test_the_first_five_minutes_with_the_real_beet(tmp_path: Path) -> None:
    nobody = beet(tmp_path, "-p", "musictool", "musictool", "setup")
    assert nobody.returncode == 1
    assert nobody.stderr.count("\n") == 1
    assert "nobody is at the keyboard" in nobody.stderr
    assert not (tmp_path / "config.yaml").exists()

    answers = [(ENABLE, "y"), (TOKEN, CANARY), (TEST, "n"), (WAL, ""), (AGREE, "y")]
    status, screen = talk(tmp_path, answers, "-p", "musictool", "musictool", "setup")
    assert status == 0
    assert CANARY not in screen
    assert "beet collection import-csv FILE" in screen
    assert mode_of(tmp_path / "config.yaml") == 0o600

    checked = beet(tmp_path, "musictool", "doctor")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "All our plugins are enabled." in checked.stdout
    assert "Journal mode wal" in checked.stdout
    assert "No problems found." in checked.stdout
    assert CANARY not in checked.stdout
