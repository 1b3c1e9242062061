"""Every setting, host key, shop and queryable field is documented as it is."""

from __future__ import annotations

import dataclasses
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from musictool_core.acquire.shops import load_shops
from musictool_core.db import Kind
from musictool_core.discogs import mirror
from musictool_core.gaps import tables as gap_tables
from musictool_core.host.fields import FLEXIBLE_FIELDS
from musictool_core.host.settings import read_defaults, read_settings
from musictool_core.net.hosts import REPLACEABLE, HostPolicy, load_hosts
from tests.docs.conftest import PLUGINS
from tests.docs.pages import PAGES, PLUGIN_PAGES, ROOT, Page, Table

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.db import Table as StoredTable

SETTINGS = Page("docs/settings.md")
FIELDS = Page("docs/fields.md")

VARIABLE = re.compile(r"MUSICTOOL_[A-Z]+(?:_[A-Z]+)*")

KIND_WORDS = {
    Kind.INTEGER: "whole number",
    Kind.REAL: "number",
    Kind.TEXT: "text",
    Kind.DATE: "date",
    Kind.JSON: "JSON",
}


def only(tables: list[Table]) -> Table:
    """The one table under a heading."""
    (table,) = tables
    return table


def as_mapping(table: Table) -> dict[str, Any]:
    """First column to second, both written as code; an empty second cell is None."""
    return {
        table.codes()[number]: yaml.safe_load(row[1].strip("`")) if row[1] else None
        for number, row in enumerate(table.rows)
    }


def packaged(name: str) -> dict[str, dict[str, Any]]:
    """A YAML file of the package."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(
        files("musictool_config").joinpath(name).read_text("utf-8")
    )
    return loaded


def test_every_setting_is_documented_with_its_default() -> None:
    documented = as_mapping(only(SETTINGS.tables("Settings")))

    assert documented == {
        f"{section}.{key}": default
        for section, keys in read_defaults().items()
        for key, default in keys.items()
    }


def test_every_setting_stands_on_the_page_of_its_plugin() -> None:
    for section, keys in read_defaults().items():
        for key in keys:
            assert f"`{section}.{key}`" in PLUGIN_PAGES[section].text


def test_every_key_of_a_service_is_documented_with_its_value() -> None:
    table = only(SETTINGS.tables("Services"))

    assert as_mapping(table) == packaged("hosts.yaml")["discogs"]
    assert set(table.codes()) == {field.name for field in dataclasses.fields(HostPolicy)} - {"name"}
    replaceable = {row[0].strip("`") for row in table.rows if row[2] == "yes"}
    assert replaceable == set(REPLACEABLE)


def test_every_key_of_a_shop_is_documented() -> None:
    documented = set(only(SETTINGS.tables("Shops")).codes())

    used = {key for entry in packaged("stores.yaml").values() for key in entry}
    assert documented >= used
    for key in documented:
        shop = {"name": "Shop", "url": "https://shop.example/{region}?q={q}", "region": "gb"}
        load_shops({"new": shop | {key: shop.get(key, "query" if key == "q" else True)}})


def test_every_shop_is_listed_with_its_address() -> None:
    documented = {
        row[0].strip("`"): (row[1], row[2].strip("`"))
        for row in only(PLUGIN_PAGES["marketplace"].tables("The shops")).rows
    }

    assert documented == {
        key: (entry["name"], entry["url"]) for key, entry in packaged("stores.yaml").items()
    }


def test_every_environment_variable_is_documented() -> None:
    named = {
        name
        for path in (ROOT / "musictool_core").rglob("*.py")
        for name in VARIABLE.findall(path.read_text("utf-8"))
    }

    assert named == set(VARIABLE.findall(SETTINGS.text))


def test_the_token_is_taken_from_the_first_documented_place(
    beets_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = dict.fromkeys(VARIABLE.findall(SETTINGS.text.partition("taken from")[2]))
    (tmp_path / "token").write_text("of the file\n", "utf-8")
    found = []

    beets_config["discogs"]["user_token"] = "of the setting"
    found.append(read_settings().discogs_token)
    monkeypatch.setenv(second, str(tmp_path / "token"))
    found.append(read_settings().discogs_token)
    monkeypatch.setenv(first, "of the environment")
    found.append(read_settings().discogs_token)

    assert found == ["of the setting", "of the file", "of the environment"]


@pytest.mark.parametrize(
    ("heading", "table"),
    [("Fields of the collection", mirror.INSTANCES), ("Fields of the gaps", gap_tables.GAPS)],
)
def test_every_field_is_documented_as_it_is_declared(heading: str, table: StoredTable) -> None:
    rows = only(FIELDS.tables(heading)).rows

    assert list(rows) == [
        (f"`{column.name}`", KIND_WORDS[column.kind], column.about)
        for column in table.columns
        if column.kind is not Kind.ID
    ]


def test_every_attribute_of_items_is_documented_as_it_is_declared() -> None:
    rows = only(FIELDS.tables("Fields of your items")).rows

    assert list(rows) == [
        (f"`{field.name}`", KIND_WORDS[field.kind], field.about) for field in FLEXIBLE_FIELDS
    ]


@pytest.mark.parametrize(
    ("heading", "table"),
    [("Fields of the collection", mirror.INSTANCES), ("Fields of the gaps", gap_tables.GAPS)],
)
def test_the_fields_of_a_bare_word_are_documented(heading: str, table: StoredTable) -> None:
    section = FIELDS.text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    sentence = section.replace("\n", " ").partition("A bare word looks into ")[2].partition(".")[0]

    assert tuple(re.findall(r"`([a-z_]+)`", sentence)) == table.search


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=f"{page.name}-{number}")
        for page in PAGES
        for number, example in enumerate(page.blocks("yaml"), start=1)
    ],
)
def test_examples_of_settings_can_be_used(example: str) -> None:
    given = yaml.safe_load(example)

    for section, keys in read_defaults().items():
        assert set(given.get(section, {})) <= set(keys)
    load_hosts(given.get("musictool", {}).get("hosts", {}))
    shops = given.get("marketplace", {})
    load_shops(shops.get("shops", {}), shops.get("use", []))
    assert given.get("plugins", " ".join(PLUGINS)).split() == PLUGINS
