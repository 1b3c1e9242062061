"""The engine: groups, several rules on one record, progress and stopping."""

from __future__ import annotations

from datetime import date

import pytest

from musictool_core.errors import Cancelled
from musictool_core.progress import CancelToken
from musictool_core.quality.health import engine
from musictool_core.quality.health.catalogue import BY_ID, RULES
from musictool_core.quality.health.model import Profile, Standard

STANDARD = Standard(date(2026, 6, 1))


def test_fixes_of_several_rules_build_on_each_other() -> None:
    record = {"artist": " Chase&nbsp;&amp; Status", "title": "01. Blind_Faith", "track": 0}

    patches = engine.fix({7: record}, RULES, STANDARD)

    assert patches == {7: {"artist": "Chase & Status", "title": "Blind Faith", "track": 1}}


def test_an_album_rule_sees_only_tracks_of_one_album() -> None:
    records = {
        1: {"album_id": 1, "track": 1},
        2: {"album_id": 2, "track": 1},
        3: {"album_id": 2, "track": 1},
        4: {"track": 1},
    }

    found = engine.check(records, [BY_ID["N006"]], STANDARD)

    assert [finding.key for finding in found] == [2, 3]


def test_a_profile_leaves_rules_of_others_out() -> None:
    named = {profile: {rule.rule_id for rule in engine.rules_for(profile)} for profile in Profile}

    assert "K003" in named[Profile.DJ] - named[Profile.COLLECTOR]
    assert "N007" in named[Profile.LIBRARIAN] - named[Profile.DJ]
    assert set(engine.rules_for(None)) == set(RULES)


def test_keys_follow_the_notation_of_the_library() -> None:
    records = {1: {"initial_key": "8A"}, 2: {"initial_key": "Am"}}

    musical = engine.fix(records, [BY_ID["K001"]], Standard(date(2026, 6, 1), keys="musical"))

    assert musical == {1: {"initial_key": "Am"}}


def test_it_stops_on_request() -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        engine.check({1: {"title": "x"}}, RULES, STANDARD, cancel=cancel)
