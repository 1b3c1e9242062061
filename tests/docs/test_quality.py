"""The table of rules says what the rules say."""

from __future__ import annotations

from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.model import ALL_PROFILES, Profile
from tests.docs.pages import PLUGIN_PAGES


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
