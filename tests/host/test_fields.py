from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from beets import plugins
from beets.dbcore import types
from beets.library import Item
from beets.plugins import BeetsPlugin, PluginConflictError

from beetsplug.types import TypesPlugin
from musictool_core.db import Kind
from musictool_core.host.fields import TYPES


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have beets see these plugins, in this order."""
    return lambda *loaded: monkeypatch.setattr(plugins, "_instances", list(loaded))


def plugin(name: str, field_type: types.Type) -> BeetsPlugin:
    made: BeetsPlugin = type(name, (BeetsPlugin,), {"item_types": {"probe": field_type}})(name)
    return made


ALIKE = [
    (Kind.INTEGER, types.INTEGER),
    (Kind.INTEGER, types.NullInteger()),
    (Kind.INTEGER, types.PaddedInt(2)),
    (Kind.REAL, types.FLOAT),
    (Kind.REAL, types.NULL_FLOAT),
    (Kind.REAL, types.Float(6)),
    (Kind.TEXT, types.STRING),
    (Kind.DATE, types.DATE),
    (Kind.BOOLEAN, types.BOOLEAN),
]


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize(("kind", "theirs"), ALIKE)
def test_a_plugin_with_a_type_of_the_same_family_does_not_conflict(
    load: Any, kind: Kind, theirs: types.Type, ours_first: bool
) -> None:
    both = [plugin("ours", TYPES[kind]), plugin("theirs", theirs)]
    load(*(both if ours_first else reversed(both)))

    assert "probe" in plugins.types(Item)


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize(
    ("kind", "word"),
    [(Kind.INTEGER, "int"), (Kind.REAL, "float"), (Kind.DATE, "date"), (Kind.BOOLEAN, "bool")],
)
def test_the_types_section_of_the_user_does_not_conflict(
    load: Any, beets_config: Any, kind: Kind, word: str, ours_first: bool
) -> None:
    beets_config["types"] = {"probe": word}
    both = [plugin("ours", TYPES[kind]), TypesPlugin("types")]
    load(*(both if ours_first else reversed(both)))

    assert "probe" in plugins.types(Item)


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_type_of_another_family_still_conflicts(load: Any, ours_first: bool) -> None:
    both = [plugin("ours", TYPES[Kind.TEXT]), plugin("theirs", types.INTEGER)]
    load(*(both if ours_first else reversed(both)))

    with pytest.raises(PluginConflictError):
        plugins.types(Item)


def test_two_plugins_of_ours_never_conflict(load: Any) -> None:
    for order in permutations(["a", "b"]):
        load(*(plugin(name, TYPES[Kind.REAL]) for name in order))

        assert plugins.types(Item)["probe"] is TYPES[Kind.REAL]


def test_types_of_different_families_differ_and_equal_ones_hash_alike() -> None:
    families = [TYPES[kind] for kind in (Kind.INTEGER, Kind.REAL, Kind.TEXT, Kind.BOOLEAN)]

    assert len(set(families)) == 4
    assert hash(TYPES[Kind.TEXT]) == hash(TYPES[Kind.JSON])


@pytest.mark.parametrize("kind", sorted(TYPES.keys() - {Kind.TEXT, Kind.JSON}, key=str))
def test_an_unknown_value_stays_unknown_and_is_shown_as_nothing(kind: Kind) -> None:
    unknown = TYPES[kind].from_sql(None)

    assert unknown is None
    assert TYPES[kind].format(unknown) == ""
