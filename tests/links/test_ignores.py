from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from musictool_core import links
from musictool_core.links import IGNORES, IgnoreKind, IgnoreRule

if TYPE_CHECKING:
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOR_SALE = IgnoreRule(IgnoreKind.FOLDER, "For sale")


def add(host: Host, rule: IgnoreRule, now: datetime = NOW) -> bool:
    with host.transaction() as tx:
        return links.add_ignore(tx, rule, now=now)


def remove(host: Host, rule: IgnoreRule) -> bool:
    with host.transaction() as tx:
        return links.remove_ignore(tx, rule)


def test_rules_come_back_in_the_order_they_were_added(host: Host) -> None:
    rules = [IgnoreRule(kind, "x") for kind in reversed(IgnoreKind)] + [FOR_SALE]
    for rule in rules:
        assert add(host, rule)

    assert links.ignores(host.reading()) == rules


def test_a_rule_that_is_there_is_not_added_again_and_keeps_its_date(host: Host) -> None:
    add(host, FOR_SALE)

    assert not add(host, FOR_SALE, NOW + timedelta(days=1))
    assert [row["created_at"] for row in IGNORES.select(host.reading())] == [NOW.timestamp()]


def test_removing_a_rule_removes_that_one_only(host: Host) -> None:
    other = IgnoreRule(IgnoreKind.LABEL, "For sale")
    add(host, FOR_SALE)
    add(host, other)

    assert remove(host, FOR_SALE)
    assert not remove(host, FOR_SALE)
    assert links.ignores(host.reading()) == [other]
