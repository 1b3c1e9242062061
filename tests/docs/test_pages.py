"""The pages hang together: links, glossary, layers, stored tables, messages."""

from __future__ import annotations

import ast
import configparser
import contextlib
import dataclasses
import re
import sqlite3
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pytest

from musictool_core import app, music
from musictool_core.host import command
from musictool_core.host.feature import resolve
from musictool_core.net.hosts import load_hosts
from tests.docs.pages import PAGES, PLUGIN_PAGES, README, ROOT, Page, anchor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.conftest import DemoSet

ARCHITECTURE = Page("docs/architecture.md")
ERRORS = Page("docs/errors.md")
PRIVACY = Page("docs/privacy.md")
GLOSSARY = Page("docs/glossary.md")
NOTICES = (
    "Data provided by [Discogs](https://www.discogs.com/).",
    (
        "This application uses Discogs' API but is not affiliated with, sponsored or endorsed by"
        " Discogs. 'Discogs' is a trademark of Zink Media, LLC."
    ),
)


def name_of(page: Page) -> str:
    """What a page is called in the names of tests."""
    return page.name


by_name = pytest.mark.parametrize("page", PAGES, ids=name_of)


@by_name
def test_links_between_pages_lead_somewhere(page: Page) -> None:
    for link in page.links():
        target, _, fragment = link.partition("#")
        if target.startswith("https://"):
            continue
        path = page.path.parent / target if target else page.path
        assert path.exists(), link
        if fragment:
            headings = Page(path.resolve().relative_to(ROOT).as_posix()).headings()
            assert fragment in {anchor(heading) for heading in headings}, link


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        links = Page(path.relative_to(ROOT).as_posix()).links()
        targets = [link.partition("#")[0] for link in links if "://" not in link]
        todo += [(path.parent / target).resolve() for target in targets if target]

    assert reached >= {page.path for page in PAGES}


@by_name
def test_pages_name_no_machine_and_promise_no_work(page: Page) -> None:
    assert not re.search(r"(?<![\w…])/(work|root|home|tmp|Users)/", page.text)
    assert not re.search(r"\b(TODO|FIXME|TBD|XXX)\b", page.text)


@by_name
def test_pages_are_written_in_short_lines(page: Page) -> None:
    long = [line for line in page.prose.splitlines() if len(line) > 120 and "|" not in line]

    assert not long


@pytest.mark.parametrize("name", ["README.md", "docs/privacy.md"])
def test_the_notices_that_discogs_asks_for_are_there(name: str) -> None:
    text = re.sub(r"\s+", " ", Page(name).text)

    assert all(notice in text for notice in NOTICES)


def test_every_public_dataclass_of_the_vocabulary_is_in_the_glossary() -> None:
    names = {
        name
        for module in iter_modules(music.__path__)
        for name, value in vars(import_module(f"{music.__name__}.{module.name}")).items()
        if dataclasses.is_dataclass(value) and not name.startswith("_")
    }

    assert names
    assert names <= {code for table in GLOSSARY.tables() for code in table.codes(2)}


def test_the_drawing_of_the_layers_is_the_contract() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    layers = contract["importlinter:contract:layers"]["layers"].split("\n")
    built = [
        " | ".join(name.strip() for name in layer.split("|") if "(" not in name) for layer in layers
    ]

    drawn = [
        line.split("  ")[0].strip()
        for line in ARCHITECTURE.blocks("text")[0].splitlines()
        if not line.startswith("   ")
    ]
    assert drawn == ["beetsplug", *(layer for layer in built if layer)]


def test_every_table_we_make_is_listed(demo_set: DemoSet, tmp_path: Path) -> None:
    beet = demo_set.beet(tmp_path / "work", shelf=True)
    (listed,) = (table for table in ARCHITECTURE.tables() if table.header[0] == "table")

    assert sorted(listed.codes()) == tables_of(beet.folder)


@pytest.mark.parametrize("page", [page for page in PAGES if page.blocks("sql")], ids=name_of)
def test_after_the_sql_of_a_page_everything_works(
    page: Page, demo_set: DemoSet, tmp_path: Path
) -> None:
    beet = demo_set.beet(tmp_path / "work", shelf=True)

    run_sql(beet.folder, page.blocks("sql"))

    assert beet("gaps").status == 0
    assert beet("collection", "import-csv", str(tmp_path / "work" / "collection.csv")).status == 0


def test_the_sql_to_leave_leaves_nothing_of_ours_and_plain_beets_works(
    demo_set: DemoSet, tmp_path: Path
) -> None:
    beet = demo_set.beet(tmp_path / "work", shelf=True)
    assert "mt_journal" in tables_of(beet.folder)

    run_sql(beet.folder, README.blocks("sql"))

    assert ours_in(beet.folder) == []
    beet.configure(plugins=[])
    done = beet("modify", "-y", "-M", "-W", "title:Undertow", "genres=Techno", "mood=calm")
    assert done.status == 0, done.stderr
    assert beet("ls", "-f", "$mood", "title:Undertow").stdout == "calm\n"
    assert ours_in(beet.folder) == []


def test_the_sql_to_start_again_empties_the_shelf_and_keeps_decisions(
    demo_set: DemoSet, tmp_path: Path
) -> None:
    beet = demo_set.beet(tmp_path / "work", shelf=True)
    beet("gaps", "ignore", "label", "Kiln")

    run_sql(beet.folder, PLUGIN_PAGES["discogscollection"].blocks("sql"))

    assert beet("gaps", "list", "--json").rows == []
    assert beet("collection", "list", "--json").rows == []
    assert beet("gaps", "ignore", "--json").rows == [{"kind": "label", "value": "Kiln"}]


def run_sql(folder: Path, scripts: list[str]) -> None:
    """Do to the library what the pages tell to do with the sqlite3 shell.

    What a SELECT prints is a script itself: `sqlite3 library.db < it | sqlite3 library.db`.
    """
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as library:
        for script in scripts:
            if script.startswith("SELECT"):
                library.executescript("\n".join(line for (line,) in library.execute(script)))
            else:
                library.executescript(script)


def ours_in(folder: Path) -> list[str]:
    """Names of everything of ours in the library: tables, views, triggers, indexes."""
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as library:
        rows = library.execute("SELECT name FROM sqlite_master WHERE name GLOB 'mt_*'")
        return [name for (name,) in rows]


def tables_of(folder: Path) -> list[str]:
    """Names of our tables in the library."""
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as library:
        rows = library.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'mt\\_%' ESCAPE '\\'"
            " ORDER BY name"
        )
        return [name for (name,) in rows]


def test_exit_statuses_are_documented() -> None:
    (table,) = ERRORS.tables("Exit status")

    assert table.codes() == ["0", "1", str(command.FAILURES), str(command.INTERRUPTED)]


def test_every_documented_message_is_one_that_the_code_can_print() -> None:
    texts = set(strings_of(ROOT / "musictool_core"))

    for table in ERRORS.tables():
        if table.header[0] == "message":
            for message in table.codes():
                for part in message.split("…"):
                    assert any(part in text for text in texts), (message, part)


def strings_of(folder: Path) -> list[str]:
    """All string literals of the code below a folder; f-strings in pieces."""
    return [
        node.value
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_features_are_named_on_the_architecture_page() -> None:
    listed = next(t for t in ARCHITECTURE.tables() if t.header[0] == "feature")

    assert listed.codes() == [feature.name for feature in app.features()]
    assert [set(row[1].replace(",", " ").replace("`", " ").split()) for row in listed.rows] == [
        {resolve(reference).name for reference in feature.job_kinds} for feature in app.features()
    ]


def test_decisions_are_numbered_without_gaps_and_of_one_form() -> None:
    pages = [page for page in PAGES if page.path.parent.name == "decisions"]
    numbers = [int(page.path.name[:4]) for page in pages]

    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
    for page in pages:
        assert page.headings()[1:] == [
            "Situation",
            "Choice",
            "Rejected",
            "How we would notice that it was wrong",
        ]


def test_privacy_page_names_every_service_that_can_be_asked() -> None:
    asked = {policy.base_url for policy in load_hosts().values()}

    assert asked == set(re.findall(r"`(https?://[^`]+)`", PRIVACY.text))
