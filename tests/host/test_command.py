from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from beets.exceptions import UserError
from beets.ui import CommonOptionsParser

from musictool_core.host.command import FAILURES, INTERRUPTED, Actions, Command

ROOT = Path(__file__).resolve().parents[2]


def build(actions: Actions) -> None:
    actions.add("list", "show", "list the records", query="records", listing=True, writing=True)
    actions.add("import-csv", "show", "read a file", writing=True).add_argument("file")
    actions.add("sync", "fail_thrice", "ask Discogs")
    actions.add("login", "refuse", "ask for the token")
    actions.add("watch", "stop", "wait for changes")


def command(**options: Any) -> Command:
    return Command("shelf", "the record shelf", build, package="tests.fakes.actions", **options)


def parsed(made: Command, *args: str) -> argparse.Namespace:
    options, rest = made.parse_args(list(args))
    assert rest == []
    assert isinstance(options, argparse.Namespace)
    return options


def test_an_action_is_parsed_with_its_own_options() -> None:
    options = parsed(command(), "import-csv", "my.csv", "--pretend")

    assert (options.file, options.pretend) == ("my.csv", True)


def test_a_query_is_taken_as_beets_takes_it() -> None:
    options = parsed(command(), "list", "--json", "label:warp", "added:2024..", "^year:1999")

    assert options.query == ["label:warp", "added:2024..", "^year:1999"]


@pytest.mark.parametrize("args", [(), ("--json",), ("-f", "$title")])
def test_with_options_only_the_default_action_runs(args: tuple[str, ...]) -> None:
    assert parsed(command(default="list"), *args).query == []


def test_without_a_default_an_action_must_be_named() -> None:
    with pytest.raises(UserError, match="ACTION"):
        command().parse_args([])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lst"], "invalid choice: 'lst' (choose from 'list', 'import-csv',"),
        (["label:warp"], "invalid choice: 'label:warp'"),
        (["import-csv"], "the following arguments are required: file"),
        (["list", "--jso"], "unrecognized arguments: --jso"),
        (["list", "--format"], "expected one argument"),
    ],
)
def test_a_mistake_is_one_line_that_tells_where_help_is(args: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        command(default="list").parse_args(args)

    assert said in str(caught.value)
    assert str(caught.value).count("--help") == 1
    assert "\n" not in str(caught.value)


def test_asking_for_help_with_a_default_action_shows_all_actions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(default="list").parse_args(["--help"])

    assert stopped.value.code == 0
    assert "import-csv" in capsys.readouterr().out


def test_the_parser_is_not_built_before_it_is_needed() -> None:
    built: list[Actions] = []
    made = Command("shelf", "the record shelf", built.append, package="not.imported")

    assert built == []
    made.argparser()
    made.argparser()
    assert len(built) == 1


def test_the_code_of_an_action_is_not_imported_before_it_runs() -> None:
    made = Command("shelf", "the record shelf", build, package="no.such.package")

    assert parsed(made, "sync").action == "no.such.package:fail_thrice"


@pytest.mark.parametrize("args", [("sync", "--json"), ("sync", "--pretend"), ("sync", "warp")])
def test_an_action_takes_only_what_it_was_declared_with(args: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="unrecognized arguments"):
        command().parse_args(list(args))


def test_a_listing_is_printed_in_one_form_only() -> None:
    with pytest.raises(UserError, match="not allowed with"):
        command().parse_args(["list", "--json", "-f", "$title"])


def test_shell_completion_gets_the_long_options_of_all_actions() -> None:
    # As `beets.ui.commands.completion` reads them.
    names = [
        name
        for option in command().parser._get_all_options()[1:]
        for name in option._short_opts + option._long_opts
    ]

    assert names == ["--format", "--json", "--pretend"]


def test_beets_still_asks_its_parsers_for_what_the_facade_answers() -> None:
    assert callable(CommonOptionsParser._get_all_options)
    assert callable(CommonOptionsParser.format_help)


def run(action: str, *args: str) -> None:
    made = command()
    options, rest = made.parse_args([action, *args])
    made.func("the library", options, rest)  # type: ignore[arg-type]


@pytest.mark.usefixtures("beets_config")
def test_the_action_gets_the_library_and_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    run("list", "--pretend", "label:warp")

    assert json.loads(capsys.readouterr().out) == {
        "library": True,
        "query": ["label:warp"],
        "pretend": True,
    }


def test_failures_end_with_status_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        run("sync")

    assert stopped.value.code == FAILURES == 2


def test_an_error_of_ours_is_the_users_one_line_with_its_hint() -> None:
    with pytest.raises(UserError, match=r"^no token\. Run `beet musictool setup`\.$"):
        run("login")


def test_stopping_is_no_failure_but_has_the_status_of_ctrl_c(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("watch")

    assert stopped.value.code == INTERRUPTED == 130
    assert capsys.readouterr().err == "stopped on request; what was done so far is kept.\n"


# The real `beet`.

PLUGIN = """
from beets.plugins import BeetsPlugin
from musictool_core.host.command import Command

def build(actions):
    actions.add("list", "show", "list the records", query="records", listing=True, writing=True)
    actions.add("sync", "fail_thrice", "ask Discogs")

class ShelfPlugin(BeetsPlugin):
    def commands(self):
        about = "the record shelf"
        return [Command("shelf", about, build, package="tests.fakes.actions", default="list")]
"""


class Beet:
    """`beet` in its own process, with a plugin that has one of our commands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "plugins").mkdir()
        (folder / "plugins" / "shelf.py").write_text(PLUGIN)
        (folder / "config.yaml").write_text(
            f"plugins: shelf\npluginpath: {folder}/plugins\nlibrary: {folder}/library.db\n"
            f"directory: {folder}/music\ncreate_backup_before_migrations: no\n"
        )

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BEETSDIR": str(self._folder), "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "beets", *args],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def beet(host: object, tmp_path: Path) -> Beet:
    del host  # its library lies in the same folder
    return Beet(tmp_path)


def test_beet_runs_the_default_action(beet: Beet) -> None:
    done = beet("shelf")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"library": True, "query": [], "pretend": False}


def test_beet_help_shows_the_actions(beet: Beet) -> None:
    done = beet("help", "shelf")

    assert done.returncode == 0
    assert "usage: beet shelf" in done.stdout
    assert "list the records" in done.stdout


def test_beet_ends_with_status_1_and_one_line_for_an_unknown_action(beet: Beet) -> None:
    done = beet("shelf", "lst")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: argument ACTION: invalid choice: 'lst'")
    assert done.stderr.count("\n") == 1


def test_beet_ends_with_status_2_after_failures(beet: Beet) -> None:
    assert beet("shelf", "sync").returncode == 2


def test_beet_completion_knows_the_command_and_its_options(beet: Beet) -> None:
    done = beet("completion")

    assert done.returncode == 0, done.stderr
    assert "opts__shelf='--format --json --pretend'" in done.stdout
