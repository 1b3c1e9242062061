"""The tables of rules and themes say what they say."""

from __future__ import annotations

from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.checklists import CHECKLISTS
from musictool_core.quality.health.model import ALL_PROFILES, Profile
from musictool_core.quality.health.themes import CHOICES, read_themes
from tests.docs.pages import PLUGIN_PAGES, Table, inline_codes


def of_health(first: str) -> Table:
    """The table about the health of metadata whose first column has this name."""
    tables = PLUGIN_PAGES["quality"].tables("Health of the metadata")
    (found,) = (table for table in tables if table.header[0] == first)
    return found


def test_every_rule_is_documented_as_it_is() -> None:
    (table,) = PLUGIN_PAGES["quality"].tables("The rules")

    assert [tuple(row) for row in table.rows] == [
        (
            rule.rule_id,
            rule.title,
            rule.severity.name.lower(),
            rule.scope.value,
            rule.mode.value,
            ", ".join(each.value for each in Profile if each in rule.profiles)
            if rule.profiles != ALL_PROFILES
            else "all",
        )
        for rule in RULES
    ]


def test_every_choice_of_every_theme_is_documented() -> None:
    table, themes = of_health("choice"), read_themes({})

    assert table.header[3:] == tuple(f"`{name}`" for name in themes)
    assert [
        (row[0], set(inline_codes(row[1])), tuple(row[2].split(", ")), tuple(row[3:]))
        for row in table.rows
    ] == [
        (
            f"`{key}`",
            {*choice.known, *({"id3v23"} if key == "id3" else ()),
             *({"config/health.yaml"} if key == "genres" else ())},
            choice.rules,
            tuple(f"`{theme.chosen[key]}`" for theme in themes.values()),
        )
        for key, choice in CHOICES.items()
    ]  # fmt: skip


def test_what_becomes_of_a_file_is_said_of_each_rule_that_mends_files() -> None:
    mending = [rule.rule_id for rule in RULES if rule.rule_id[0] == "F" and rule.fix]

    assert [row[0] for row in of_health("rule").rows] == mending


def test_every_point_of_every_checklist_is_documented() -> None:
    def of_fields(groups: tuple[tuple[str, ...], ...]) -> str:
        said = (" or ".join(f"`{name}`" for name in group) for group in groups)
        return ", ".join(said) or "–"

    assert [tuple(row) for row in of_health("for").rows] == [
        (profile.value, point.name, of_fields(point.fields), ", ".join(point.rules) or "–")
        for profile, points in CHECKLISTS.items()
        for point in points
    ]
