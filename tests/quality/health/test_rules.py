"""One suite over all rules: each finds and mends its planted cases, and is silent elsewhere."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from musictool_core.quality.health import engine
from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.model import Mode, Rule, Standard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.quality.health.model import Example, Record

STANDARD = Standard(date(2026, 6, 1))
ids = [rule.rule_id for rule in RULES]


def numbered(example: Example) -> dict[int, Record]:
    """The records of an example as the engine takes them, of one album where there are several."""
    together = {"album_id": 1} if len(example.records) > 1 else {}
    return {n: {**together, **record} for n, record in enumerate(example.records)}


def found(records: Mapping[int, Record], rules: tuple[Rule, ...] = RULES) -> set[tuple[str, int]]:
    """Rules and records of all findings."""
    findings = engine.check(records, rules, STANDARD)
    return {(finding.rule.rule_id, finding.key) for finding in findings}


def test_no_two_rules_have_one_name() -> None:
    assert len(set(ids)) == len(ids) > 50


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_rule_finds_every_planted_case(rule: Rule) -> None:
    assert rule.planted

    for example in rule.planted:
        assert found(numbered(example), (rule,)), example


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_rule_is_silent_on_every_clean_case(rule: Rule) -> None:
    assert rule.clean

    for example in rule.clean:
        assert not found(numbered(example), (rule,)), example


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_rule_mends_what_it_says_and_nothing_the_second_time(rule: Rule) -> None:
    for example in rule.planted:
        before = numbered(example)
        patches = engine.fix(before, (rule,), STANDARD)
        after = {key: {**record, **patches.get(key, {})} for key, record in before.items()}

        assert patches == example.fixed
        assert not engine.fix(after, (rule,), STANDARD)


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_mended_case_is_found_no_more_and_by_no_other_rule(rule: Rule) -> None:
    for example in rule.planted:
        if example.fixed:
            before = numbered(example)
            after = {key: {**before[key], **example.fixed.get(key, {})} for key in before}

            assert not found(after) - found(before), example
            assert not {each for each in found(after) if each[0] == rule.rule_id}, example


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_what_only_reports_has_no_fix_and_what_mends_has_one(rule: Rule) -> None:
    assert (rule.fix is None) == (rule.mode is Mode.REPORT)
    assert any(example.fixed for example in rule.planted) == (rule.fix is not None)
