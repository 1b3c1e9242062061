"""Three sides of a field are brought to one value, or said to be in conflict."""

from __future__ import annotations

import random
from typing import Any

import pytest

from musictool_core.traktor.merge import (
    Base,
    Kind,
    Policy,
    Rule,
    Side,
    Verdict,
    alike,
    key_number,
    merge,
    normal,
    unwritten,
)
from tests.traktor import reference

N, B, T = Side.NML, Side.BEETS, Side.TAGS
ASK = Rule("comment")


def in_step(value: Any) -> Base:
    return Base({N: value, B: value, T: value}, value)


# Before the first sync.


def test_what_is_equal_at_first_is_only_recorded() -> None:
    decision = merge(ASK, {N: "a", B: "a", T: "a"}, None)

    assert decision.verdict is Verdict.RECORD
    assert decision.base == in_step("a")


def test_an_empty_side_is_filled_at_first() -> None:
    decision = merge(ASK, {N: None, B: "a", T: ""}, None)

    assert decision.verdict is Verdict.WRITE
    assert decision.writes == {N: "a", T: "a"}
    assert decision.reason == "is known to beets"


def test_different_values_at_first_wait_for_the_user() -> None:
    decision = merge(ASK, {N: "a", B: "b", T: None}, None)

    assert decision.verdict is Verdict.CONFLICT
    assert decision.writes == {}
    assert decision.base is None
    assert decision.reason == "beets and Traktor say different things"


def test_nothing_is_blanked_at_first_though_clearing_is_allowed() -> None:
    rule = Rule("comment", policy=Policy.NML, allow_clear=True)

    assert merge(rule, {N: None, B: "b", T: "b"}, None).writes == {N: "b"}
    # The policy's side says nothing: its nothing does not win over two values.
    assert merge(rule, {N: None, B: "b", T: "t"}, None).verdict is Verdict.CONFLICT


# After it.


def test_the_one_side_that_changed_is_followed() -> None:
    decision = merge(ASK, {N: "new", B: "a", T: "a"}, in_step("a"))

    assert decision.writes == {B: "new", T: "new"}
    assert decision.base == in_step("new")
    assert decision.reason == "was changed in Traktor"


def test_equal_changes_are_no_conflict() -> None:
    assert merge(ASK, {N: "new", B: "new", T: "a"}, in_step("a")).writes == {T: "new"}


@pytest.mark.parametrize(
    ("policy", "written"),
    [
        (Policy.NML, {B: "n", T: "n"}),
        (Policy.BEETS, {N: "b", T: "b"}),
        (Policy.TAGS, {N: "a", B: "a"}),
        (Policy.NEWEST, {N: "b", T: "b"}),
    ],
)
def test_the_policy_decides_between_changes(policy: Policy, written: dict[Side, str]) -> None:
    rule = Rule("comment", policy=policy)

    decision = merge(rule, {N: "n", B: "b", T: "a"}, in_step("a"), times={N: 10.0, B: 20.0, T: 5.0})

    assert decision.writes == written


def test_the_newest_needs_two_times_that_differ() -> None:
    rule = Rule("comment", policy=Policy.NEWEST)
    now = {N: "n", B: "b", T: "a"}

    for times in ({N: 10.0}, {N: 10.0, B: 10.0}):
        assert merge(rule, now, in_step("a"), times=times).verdict is Verdict.CONFLICT


def test_the_user_decides_a_conflict() -> None:
    decision = merge(ASK, {N: "n", B: "b", T: "a"}, in_step("a"), chosen=T)

    assert decision.writes == {N: "a", B: "a"}
    assert decision.reason == "you chose the file"


def test_a_cleared_value_comes_back_unless_clearing_is_allowed() -> None:
    now = {N: None, B: "a", T: "a"}

    kept = merge(ASK, now, in_step("a"))
    gone = merge(Rule("comment", allow_clear=True), now, in_step("a"))

    assert kept.writes == {N: "a"}
    assert kept.reason == "was cleared in Traktor, which is not taken over"
    assert gone.writes == {B: None, T: None}


def test_a_value_that_is_gone_everywhere_is_gone() -> None:
    decision = merge(ASK, {N: None, B: None, T: None}, in_step("a"))

    assert decision.verdict is Verdict.RECORD
    assert decision.base == in_step(None)


def test_what_was_cleared_where_it_could_be_seen_is_not_taken_from_the_rest() -> None:
    gone = merge(ASK, {N: None, B: None}, in_step("a"))

    assert merge(ASK, {N: None, B: None, T: "a"}, gone.base).writes == {N: "a", B: "a"}


# A side that could not be written.


def test_a_failed_write_is_made_again_and_is_no_change() -> None:
    before, now = in_step("a"), {N: "a", B: "new", T: "a"}
    decision = merge(ASK, now, before)
    assert decision.base is not None
    left = unwritten(ASK, now, decision.base, {T})

    again = merge(ASK, {N: "new", B: "new", T: "a"}, left)

    assert again.writes == {T: "new"}
    assert again.reason == "could not be written before"


def test_a_later_change_outdates_what_is_owed() -> None:
    left = Base({N: "a", B: "new", T: "new"}, "new")

    assert merge(ASK, {N: "a", B: "newer", T: "new"}, left).writes == {N: "newer", T: "newer"}
    assert merge(ASK, {N: "a", B: "a", T: "new"}, left).writes == {T: "a"}


def test_a_side_that_changed_before_it_got_what_is_owed_is_in_conflict() -> None:
    left = Base({N: "a", B: "new", T: "new"}, "new")

    decision = merge(ASK, {N: "of Traktor", B: "new", T: "new"}, left)

    assert decision.verdict is Verdict.CONFLICT
    assert decision.reason == "beets, the file and Traktor say different things"


def test_a_side_that_is_new_is_filled_or_says_something_new() -> None:
    two = Base({N: "a", B: "a"}, "a")

    assert merge(ASK, {N: "a", B: "a", T: None}, two).writes == {T: "a"}
    assert merge(ASK, {N: "a", B: "a", T: "t"}, two).writes == {N: "t", B: "t"}


# Fields of one owner.


def test_only_the_owner_is_followed() -> None:
    rule = Rule("playcount", Kind.COUNT, owner=N)

    assert merge(rule, {N: 7, B: 9}, Base({N: 7, B: 7}, 7)).writes == {B: 7}
    assert merge(rule, {N: 8, B: 9}, Base({N: 7, B: 7}, 7)).writes == {B: 8}
    assert merge(rule, {N: None, B: 9}, Base({N: 7, B: 7}, 7)).verdict is Verdict.SAME
    assert merge(rule, {B: 9}, None).verdict is Verdict.SAME


def test_what_its_owner_cleared_goes_where_that_is_allowed() -> None:
    rule = Rule("color", Kind.COUNT, owner=N, allow_clear=True)

    assert merge(rule, {N: None, B: 3}, Base({N: 3, B: 3}, 3)).writes == {B: None}
    assert merge(rule, {N: None, B: 3}, None).verdict is Verdict.SAME


# What is equal.


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (Kind.TEXT, "two\r\nlines ", "two lines"),
        (Kind.TEXT, "Beyonce\u0301", "Beyonc\u00e9"),
        (Kind.TEXT, "", None),
        (Kind.TEXTS, "House; Techno", ("Techno", "House")),
        (Kind.STARS, 0, None),
        (Kind.STARS, "4", 4),
        (Kind.KEY, "4A", "Fm"),
        (Kind.KEY, "1d", "C"),
        (Kind.DATE, "2019/1/1", "2019"),
        (Kind.DATE, "2019/5/3", "2019-05-03"),
        (Kind.DATE, "2019/5/3", "2019"),
        (Kind.COUNT, "6553701", None),
        (Kind.NUMBER, "126.753", 126.75),
    ],
)
def test_alike(kind: Kind, one: Any, other: Any) -> None:
    rule = Rule("x", kind, tolerance=0.01)

    assert alike(rule, one, other)
    assert alike(rule, other, one)
    assert normal(kind, normal(kind, one)) == normal(kind, one)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (Kind.TEXT, "House", "house"),
        (Kind.TEXTS, "House", "House; Techno"),
        (Kind.STARS, 4, 5),
        (Kind.KEY, "Am", "A"),
        (Kind.KEY, "o", "p"),
        (Kind.DATE, "2019/5/3", "2019/5/4"),
        (Kind.DATE, "2019/5/3", "2020"),
        (Kind.COUNT, 0, None),
        (Kind.NUMBER, 126.75, 126.77),
        (Kind.NUMBER, 0.0, None),
    ],
)
def test_not_alike(kind: Kind, one: Any, other: Any) -> None:
    assert not alike(Rule("x", kind, tolerance=0.01), one, other)


def test_a_side_of_whole_numbers_is_equal_when_rounded() -> None:
    rule = Rule("bpm", Kind.NUMBER, tolerance=0.01, whole=True)

    assert alike(rule, 126.752, 127)
    assert not alike(rule, 126.4, 127)
    assert merge(rule, {N: 126.752, B: 127}, None).verdict is Verdict.RECORD
    assert merge(rule, {N: 126.752, B: None, T: 127}, None).writes == {B: 126.752}


def test_keys_have_the_numbers_of_traktor() -> None:
    # reference/traktor-nml.md, the table of MUSICAL_KEY.
    assert [key_number(text) for text in ("C", "1d", "8B", "F#", "Am", "10A", "3m", "Gb", "x")] == [
        0, 0, 0, 6, 21, 23, 23, 6, None,
    ]  # fmt: skip


def test_of_equal_values_the_richest_form_is_taken() -> None:
    date, text = Rule("year", Kind.DATE), Rule("comment")

    assert merge(date, {N: "2019", B: "2019-05-03", T: None}, None).writes == {T: "2019-05-03"}
    assert merge(text, {N: "a b", B: "a\nb", T: None}, None).writes == {T: "a\nb"}


# Everything at random, against the reference.


def play(seed: int) -> None:
    chance = random.Random(seed)
    policy = chance.choice(list(Policy))
    rule = Rule("x", policy=policy, allow_clear=chance.random() < 0.5)
    case = reference.Field({name: chance.choice(VALUES) for name in reference.NAMES})
    base: Base | None = None
    for _ in range(chance.randint(1, 6)):
        for name in reference.NAMES:
            if chance.random() < 0.4:
                case.held[name] = chance.choice(VALUES)
        reachable = {name for name in reference.NAMES if chance.random() < 0.85}
        base = step(chance, case, base, rule, reachable or {"beets"})


VALUES = (None, None, "a", "b", "c")


def step(
    chance: random.Random,
    case: reference.Field,
    base: Base | None,
    rule: Rule,
    reachable: set[str],
) -> Base | None:
    times = {name: float(chance.randint(1, 4)) for name in reference.NAMES}
    now = {Side(name): case.held[name] for name in reachable}
    wanted = reference.outcome(
        case, reachable, rule.policy.value, clears=rule.allow_clear, times=times
    )
    decision = merge(rule, now, base, times={Side(name): time for name, time in times.items()})

    if wanted[0] == "conflict":
        assert decision.verdict is Verdict.CONFLICT
        assert (decision.writes, decision.base) == ({}, None)
        return base
    assert decision.verdict is not Verdict.CONFLICT
    assert {**now, **decision.writes} == dict.fromkeys(now, wanted[1])
    assert decision.verdict is not Verdict.WRITE or decision.reason
    before = dict(case.held)
    failed = {side for side in decision.writes if chance.random() < 0.2}
    for side in decision.writes.keys() - failed:
        case.held[side.value] = decision.writes[side]  # type: ignore[assignment]
    if not case.started and wanted[1] is None:
        assert decision.base is None
        return base
    after = base if decision.base is None else unwritten(rule, now, decision.base, failed)
    case.started, case.meant = True, wanted[1]
    written = {name for name in reachable if Side(name) not in failed}
    case.seen |= {n: case.held[n] if n in written else before[n] for n in reachable}
    assert after is not None
    assert {side.value: value for side, value in after.sides.items()} == case.seen
    assert after.agreed == case.meant
    second = merge(rule, {Side(n): case.held[n] for n in reachable}, after)
    assert second.writes.keys() == failed
    if not failed:
        assert second.verdict is Verdict.SAME
        # Taken back, each side holds what it held.
        undo = {side: before[side.value] for side in decision.writes}
        assert {**{Side(n): case.held[n] for n in reachable}, **undo} == now
    return after


@pytest.mark.parametrize("block", range(15))
def test_any_history_ends_as_in_the_reference(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        play(seed)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_ten_thousand_histories_end_as_in_the_reference(block: int) -> None:
    for seed in range(10_000 + block * 1000, 11_000 + block * 1000):
        play(seed)
