"""Which fields are kept in step, with whose word, and how a value is written on each side."""

from __future__ import annotations

import pytest

from musictool_core.errors import ConfigError
from musictool_core.host.fields import FLEXIBLE_FIELDS
from musictool_core.host.tracks import is_column
from musictool_core.traktor import bases, fields, rules
from musictool_core.traktor.merge import Base, Policy, Side
from musictool_core.traktor.rules import SYNC_FIELDS, sync_fields
from musictool_core.traktor.sides import key_text


def test_every_side_of_a_field_exists() -> None:
    declared = {field.name for field in FLEXIBLE_FIELDS}

    for field in SYNC_FIELDS:
        assert field.nml in fields.FIELDS
        assert all(is_column(name) or name in declared for name in field.beets)
        assert field.rule.owner is Side.NML or field.nml in fields.WRITABLE


def test_what_only_traktor_says_is_not_edited_elsewhere() -> None:
    of_traktor = [field for field in FLEXIBLE_FIELDS if field.name.startswith("traktor_")]
    followed = {field.name for field in of_traktor if field.is_followed}

    owned = [field for field in SYNC_FIELDS if field.rule.owner is Side.NML]

    assert {name for field in owned for name in field.beets} == {*followed, "bpm"}


def test_the_user_may_say_who_is_right() -> None:
    found = {f.name: f.rule for f in sync_fields({"title": Policy.NML}, clear=["comment"])}

    assert found["title"].policy is Policy.NML
    assert found["comment"].allow_clear
    assert not found["title"].allow_clear


@pytest.mark.parametrize("name", sorted(rules.READ_ONLY))
def test_nobody_but_traktor_measures(name: str) -> None:
    with pytest.raises(ConfigError, match="only Traktor says this"):
        sync_fields({name: Policy.BEETS})


def test_a_field_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError) as raised:
        sync_fields({"titel": Policy.BEETS})
    assert raised.value.hint == "Did you mean 'title'?"
    with pytest.raises(ConfigError):
        sync_fields(clear=["titel"])


@pytest.mark.parametrize(
    ("value", "notation", "text"),
    [
        ("Fm", "open", "9m"),
        ("Fm", "camelot", "4A"),
        ("4A", "musical", "Fm"),
        (17, "open", "9m"),
        (0, "open", "1d"),
        (0, "camelot", "8B"),
        (21, "musical", "Am"),
        ("o", "open", "o"),
        ("A lydian", "camelot", "A lydian"),
    ],
)
def test_keys_are_written_in_the_notation_that_is_wanted(
    value: str | int, notation: str, text: str
) -> None:
    assert key_text(value, notation) == text


@pytest.mark.parametrize(
    "base",
    [
        Base({Side.NML: "a", Side.BEETS: "a"}, "a"),
        Base({Side.NML: "a", Side.BEETS: "b", Side.TAGS: None}, "b"),
        Base({Side.NML: "a", Side.BEETS: None}, None),
        Base({Side.BEETS: ("x", "y")}, ("x", "y")),
        Base({Side.NML: 0, Side.BEETS: 0}, 0),
    ],
)
def test_a_base_is_read_as_it_was_stored(base: Base) -> None:
    assert bases.decode(bases.encode({"f": base})) == {"f": base}


def test_of_a_field_that_nobody_holds_nothing_is_stored() -> None:
    assert bases.encode({"f": Base({Side.NML: None, Side.BEETS: None}, None)}) == {}
