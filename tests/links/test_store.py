from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musictool_core import links
from musictool_core.links import LINKS, DecidedBy, Decision, Link
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def link(target: str, item: int, **changes: Any) -> Link:
    found = Link(
        item_id=ItemId(item),
        target_kind="track",
        target=target,
        decision=Decision.ACCEPT,
        decided_by=DecidedBy.MATCHER,
        method="title and length",
        confidence=0.97,
        matcher_version=1,
        decided_at=NOW,
        evidence={"title": 1.0, "length": -2},
    )
    return replace(found, **changes)


def decision(target: str, item: int, accepted: bool, **changes: Any) -> Link:
    said = Decision.ACCEPT if accepted else Decision.REJECT
    return link(target, item, decision=said, method="review", confidence=1.0, **changes)


def decide(host: Host, *decisions: Link) -> None:
    with host.transaction() as tx:
        for made in decisions:
            links.decide(tx, made)


def replace_automatic(host: Host, targets: Iterable[str], found: Iterable[Link]) -> int:
    with host.transaction() as tx:
        return links.replace_automatic(tx, "track", list(targets), found)


def forget(host: Host, *items: int) -> None:
    with host.transaction() as tx:
        links.forget_items(tx, [ItemId(item) for item in items], now=LATER)


def of_items(host: Host, *items: int) -> list[Link]:
    return links.links_of_items(host.reading(), [ItemId(item) for item in items])


def decisions(host: Host, targets: list[str] | None = None) -> dict[str, dict[ItemId, bool]]:
    return links.decisions(host.reading(), "track", targets)


def test_a_link_comes_back_as_it_was_stored(host: Host) -> None:
    found = link("100:A1", 1, evidence={"why": ["same title", {"s": 1.5}], "not": None})

    assert replace_automatic(host, ["100:A1"], [found]) == 1
    assert of_items(host, 1) == [found]


def test_the_same_answer_again_writes_nothing(host: Host) -> None:
    found = [link("100:A1", 1, evidence={"pair": (1, 2)}), link("100:A2", 2)]
    replace_automatic(host, ["100:A1", "100:A2"], found)

    again = [replace(one, decided_at=LATER) for one in found]

    assert replace_automatic(host, ["100:A1", "100:A2"], again) == 0
    assert {one.decided_at for one in of_items(host, 1, 2)} == {NOW}


@pytest.mark.parametrize(
    "change",
    [
        {"decision": Decision.REJECT},
        {"method": "isrc"},
        {"confidence": 0.5},
        {"evidence": {}},
        {"matcher_version": 2},
    ],
)
def test_an_answer_that_differs_in_anything_is_written_with_its_time(
    host: Host, change: dict[str, Any]
) -> None:
    replace_automatic(host, ["100:A1"], [link("100:A1", 1)])
    better = link("100:A1", 1, decided_at=LATER, **change)

    assert replace_automatic(host, ["100:A1"], [better]) == 1
    assert of_items(host, 1) == [better]


def test_links_that_are_no_longer_found_are_dropped_for_the_targets_looked_at(host: Host) -> None:
    replace_automatic(host, ["a", "b", "c"], [link("a", 1), link("b", 2), link("c", 3)])

    changed = replace_automatic(host, ["a", "b"], [link("a", 4)])

    assert changed == 3
    assert [(one.target, one.item_id) for one in of_items(host, 1, 2, 3, 4)] == [("c", 3), ("a", 4)]


def test_targets_of_another_kind_are_left_alone(host: Host) -> None:
    with host.transaction() as tx:
        links.replace_automatic(tx, "entry", ["a"], [link("a", 1, target_kind="entry")])

    replace_automatic(host, ["a"], [])

    assert len(of_items(host, 1)) == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_the_matcher_never_overwrites_or_drops_what_the_user_decided(
    host: Host, accepted: bool
) -> None:
    decide(host, decision("a", 1, accepted))
    before = of_items(host, 1)

    assert replace_automatic(host, ["a"], [link("a", 1)]) == 0
    assert replace_automatic(host, ["a"], []) == 0
    assert of_items(host, 1) == before


def test_the_user_overwrites_the_matcher_and_himself(host: Host) -> None:
    replace_automatic(host, ["a"], [link("a", 1)])

    decide(host, decision("a", 1, accepted=False))
    assert decisions(host) == {"a": {1: False}}
    decide(host, decision("a", 1, accepted=True, decided_at=LATER))
    assert decisions(host) == {"a": {1: True}}

    (stored,) = of_items(host, 1)
    assert (stored.decided_by, stored.method, stored.decided_at) == (
        DecidedBy.USER,
        "review",
        LATER,
    )


def test_decisions_are_those_of_the_user_by_target_and_item(host: Host) -> None:
    replace_automatic(host, ["a", "b"], [link("a", 9), link("b", 9)])
    decide(host, decision("a", 1, True), decision("a", 2, False), decision("b", 1, False))

    assert decisions(host) == {"a": {1: True, 2: False}, "b": {1: False}}
    assert decisions(host, ["b", "c"]) == {"b": {1: False}}
    assert links.decisions(host.reading(), "entry") == {}


def test_links_of_items_come_by_item_and_target(host: Host) -> None:
    replace_automatic(host, ["a", "b"], [link("b", 1), link("a", 2), link("a", 1)])

    found = [(one.item_id, one.target) for one in of_items(host, 1, 2)]

    assert found == [(1, "a"), (1, "b"), (2, "a")]


def test_an_item_that_left_takes_the_links_of_the_matcher_with_it(host: Host) -> None:
    replace_automatic(host, ["a", "b"], [link("a", 1), link("b", 2)])

    forget(host, 1)

    assert [one.item_id for one in of_items(host, 1, 2)] == [2]
    assert LINKS.count(host.reading(), where={"item_id": 1}) == 0


def test_a_decision_about_an_item_that_left_is_kept_but_speaks_for_no_other_file(
    host: Host,
) -> None:
    decide(host, decision("a", 1, accepted=True), decision("a", 2, accepted=True))

    forget(host, 1)

    assert decisions(host) == {"a": {2: True}}
    assert of_items(host, 1) == []
    row = LINKS.get(host.reading(), {"item_id": 1})
    assert row is not None
    assert (row["decision"], row["removed_at"]) == ("accept", LATER.timestamp())


def test_a_new_file_under_the_id_of_one_that_left_can_be_linked_and_decided(host: Host) -> None:
    decide(host, decision("a", 1, accepted=False), decision("b", 1, accepted=False))
    forget(host, 1)

    assert replace_automatic(host, ["a"], [link("a", 1)]) == 1
    decide(host, decision("b", 1, accepted=True))

    assert [(one.target, one.decision) for one in of_items(host, 1)] == [
        ("a", Decision.ACCEPT),
        ("b", Decision.ACCEPT),
    ]


def test_forgetting_twice_keeps_the_time_the_item_left(host: Host) -> None:
    decide(host, decision("a", 1, accepted=True))
    forget(host, 1)

    with host.transaction() as tx:
        links.forget_items(tx, [ItemId(1)], now=LATER + timedelta(days=1))

    row = LINKS.get(host.reading(), {"item_id": 1})
    assert row is not None
    assert row["removed_at"] == LATER.timestamp()


PAIRS = st.tuples(st.sampled_from("abc"), st.integers(1, 3))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("decide"), PAIRS, st.booleans()),
        st.tuples(st.just("match"), st.sets(st.sampled_from("abc")), st.sets(PAIRS)),
    ),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_after_any_steps_decisions_stand_and_the_rest_is_the_last_answer(
    host: Host, steps: list[tuple[Any, ...]]
) -> None:
    decided: dict[tuple[str, int], bool] = {}
    matched: set[tuple[str, int]] = set()
    with host.transaction() as tx:
        LINKS.delete(tx)
        for step, *rest in steps:
            if step == "decide":
                (target, item), accepted = rest
                links.decide(tx, decision(target, item, accepted))
                decided[target, item] = accepted
            else:
                targets, pairs = rest
                found = {pair for pair in pairs if pair[0] in targets}
                links.replace_automatic(tx, "track", targets, [link(*pair) for pair in found])
                matched = {pair for pair in matched if pair[0] not in targets} | found
        stored = {
            (one.target, one.item_id): one
            for one in links.links_of_items(tx, [ItemId(n) for n in (1, 2, 3)])
        }

    by_user = {
        pair: one.decision is Decision.ACCEPT
        for pair, one in stored.items()
        if one.decided_by is DecidedBy.USER
    }
    assert by_user == decided
    assert stored.keys() - by_user.keys() == matched - decided.keys()
