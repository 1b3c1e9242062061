"""Every command and option is documented, and nothing else is."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mediafile import MediaFile

from musictool_core.host.command import Command, SoleCommand
from tests.docs.conftest import PLUGINS
from tests.docs.pages import PAGES, PLUGIN_PAGES, ROOT, Page, inline_codes
from tests.fakes.beet import fresh_beets

if TYPE_CHECKING:
    from tests.docs.conftest import DemoSet

_CLASSES = {
    "discogscollection": "DiscogsCollectionPlugin",
    "djanalysis": "DjAnalysisPlugin",
    "gaps": "GapsPlugin",
    "history": "HistoryPlugin",
    "marketplace": "MarketplacePlugin",
    "musictool": "MusictoolPlugin",
    "quality": "QualityPlugin",
    "traktor": "TraktorPlugin",
}


def commands_of(plugin: str) -> list[Command]:
    """The commands a plugin gives to beets."""
    with fresh_beets():
        made = getattr(import_module(f"beetsplug.{plugin}"), _CLASSES[plugin])()
        return list(made.commands())


def actions_of(plugin: str) -> dict[str, argparse.ArgumentParser]:
    """The parser of every action of a plugin by its words: "beet gaps list"."""
    found: dict[str, argparse.ArgumentParser] = {}
    for command in commands_of(plugin):
        if isinstance(command, SoleCommand):
            found[f"beet {command.name}"] = command.argparser()
        else:
            for name, parser in parsers_of(command).items():
                found[f"beet {command.name} {name}"] = parser
    return found


def parsers_of(command: Command) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a command's actions by name."""
    subparsers = [
        action
        for action in command.argparser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    return dict(subparsers[0].choices)


def arguments_of(parser: argparse.ArgumentParser) -> set[str]:
    """Option strings, and the names of what stands without one."""
    found: set[str] = set()
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            found |= set(action.option_strings) or {str(action.metavar or action.dest)}
    return found


@pytest.fixture(scope="session")
def actions() -> dict[str, argparse.ArgumentParser]:
    """The parser of every action by its words: "beet gaps list"."""
    return {words: parser for plugin in PLUGINS for words, parser in actions_of(plugin).items()}


def test_there_is_a_page_for_every_plugin() -> None:
    present = {path.stem for path in (ROOT / "beetsplug").glob("*.py")}

    assert present == set(PLUGIN_PAGES) == set(PLUGINS)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_page_has_a_heading_for_every_action(plugin: str) -> None:
    documented = [h for h in PLUGIN_PAGES[plugin].headings() if h.startswith("beet ")]

    assert documented == list(actions_of(plugin))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_under_each_action_stands_a_table_of_all_its_arguments(plugin: str) -> None:
    for heading, parser in actions_of(plugin).items():
        tables = PLUGIN_PAGES[plugin].tables(heading)
        listed = {
            code.split(" ")[0]
            for table in tables
            if table.header[0] == "argument"
            for code in table.codes()
        }
        assert listed == arguments_of(parser), heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_named_in_a_sentence_exists(
    page: Page, actions: dict[str, argparse.ArgumentParser]
) -> None:
    ours = {words.split()[1] for words in actions}
    sole = {words for words in actions if len(words.split()) == 2}

    for code in inline_codes(page.prose):
        words = shlex.split(code)
        if words[:1] != ["beet"] or len(words) < 3 or words[1] not in ours:
            continue
        action = " ".join(words[: 2 if " ".join(words[:2]) in sole else 3])
        if action.split()[-1].startswith("-"):
            continue
        assert action in actions, code
        options = {word for word in words[2:] if re.match(r"--?[a-z]", word)}
        assert options <= arguments_of(actions[action]) | {"-h", "--help"}, code


def test_the_keys_of_every_json_output_are_documented(
    actions: dict[str, argparse.ArgumentParser],
    demo_set: DemoSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beet = demo_set.beet(tmp_path / "work", shelf=False)
    monkeypatch.chdir(tmp_path / "work")
    # What leaves a job, and then something to show for every command.
    beet("collection", "import-csv", "collection.csv")
    beet("collection", "tracklists", "--dump", "releases.xml.gz")
    beet("gaps", "ignore", "folder", "To Sell")
    # Stars that differ are to be decided; a label given after that is not in Traktor yet.
    beet("modify", "-y", "-M", "-W", "label:glasshouse", "traktor_rating=4")
    beet("traktor", "push")
    beet("modify", "-y", "-M", "-W", "title:Rolltreppe", "label=Kaltstrom Berlin")
    # For `beet dj verify`, and for `beet undo --last`.
    beet("modify", "-y", "-M", "-W", "title:Undertow", "bpm=126")
    beet("modify", "-y", "-M", "-W", "title:Zugabe", "mood=calm")
    beet("dj", "analyze")
    beet("quality", "score")
    # For `beet quality duplicates`.
    (path,) = beet("ls", "-p", "title:Undertow").stdout.splitlines()
    twin = shutil.copy(path, tmp_path / f"twin{Path(path).suffix}")
    tagged = MediaFile(twin)
    tagged.update({"title": "Undertow (1)", "album": "", "track": 0})
    tagged.save()
    beet("import", "-q", "-A", "-s", "-c", str(twin))
    documented: dict[str, list[str]] = {}
    for page in PLUGIN_PAGES.values():
        for table in page.tables():
            for code in inline_codes(table.header[0]):
                documented[code] = table.codes()

    assert {words_of(code, actions) for code in documented} == {
        words for words, parser in actions.items() if "--json" in arguments_of(parser)
    }
    for code, keys in documented.items():
        done = beet(*shlex.split(code)[1:])
        assert done.rows, code
        for row in done.rows:
            assert list(row) == keys, code


def words_of(code: str, actions: dict[str, argparse.ArgumentParser]) -> str:
    """The action that a command line calls."""
    (found,) = (words for words in actions if f"{code} ".startswith(f"{words} "))
    return found


def test_json_of_every_command_is_one_object_a_line(demo_set: DemoSet, tmp_path: Path) -> None:
    done = demo_set.beet(tmp_path / "work", shelf=True)("collection", "list", "--json")

    assert all(isinstance(json.loads(line), dict) for line in done.stdout.splitlines())
