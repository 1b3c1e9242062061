"""The state of each track of one record, from files, decisions and rules."""

from __future__ import annotations

from typing import Any

import pytest

from musictool_core.gaps.judge import Context, Rules, judge_release
from musictool_core.gaps.states import Owned, State, owned_of
from musictool_core.matching import prepare_item, prepare_release
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    ItemId,
    LabelCredit,
    LibraryItem,
    Release,
    ReleaseId,
    Track,
)


def release(*tracks: Track, **fields: Any) -> Release:
    given: dict[str, Any] = {
        "release_id": ReleaseId(1),
        "title": "Hold On",
        "artists": (ArtistCredit("Delphine (2)"),),
        "tracks": tracks,
        "labels": (LabelCredit("Glasshouse", "GT 01"),),
        "formats": (FormatEntry("Vinyl", 1, ('12"', "Test Pressing")),),
    }
    return Release(**{**given, **fields})


def file(number: int, title: str, **fields: Any) -> LibraryItem:
    return LibraryItem(ItemId(number), title=title, **{"artist": "Delphine", **fields})


def judge(record: Release, *files: LibraryItem, **context: Any) -> dict[str, str]:
    states = judge_release(
        prepare_release(record), [prepare_item(item) for item in files], Context(**context)
    )
    return {state.position: state.state.value for state in states}


TWO_MIXES = (Track("A", "Hold On (Club Mix)", 420.0), Track("B", "Hold On (Dub)", 360.0))


def test_owning_one_mix_makes_the_other_mixes_another_version() -> None:
    assert judge(release(*TWO_MIXES), file(1, "Hold On (Dub)", length_s=361.0)) == {
        "A": "other_version",
        "B": "own",
    }


def test_parts_are_not_versions_of_each_other() -> None:
    record = release(Track("A", "Undertow Pt. 1"), Track("B", "Undertow Pt. 2"))

    assert judge(record, file(1, "Undertow Part 1")) == {"A": "own", "B": "missing"}


def test_a_bonus_cd_repeats_recordings_that_are_owned_once() -> None:
    record = release(Track("A1", "Kestrel", 171.0), Track("CD1", "Kestrel", 172.0))

    assert judge(record, file(1, "Kestrel", length_s=171.0)) == {"A1": "own", "CD1": "own"}


def test_two_pieces_of_one_name_are_two() -> None:
    record = release(Track("A", "Untitled", 300.0), Track("B", "Untitled", 420.0))

    states = judge(record, file(1, "Untitled", length_s=301.0))

    assert states["B"] != "own"


def test_a_no_is_final_and_a_yes_wins_over_everything() -> None:
    files = (file(1, "Hold On (Dub)"), file(2, "something else", artist="somebody"))
    decisions = {"1:B": {1: False, 2: True}}

    assert judge(release(*TWO_MIXES), *files, decisions=decisions)["B"] == "own"
    assert judge(release(*TWO_MIXES), files[0], decisions=decisions)["B"] != "own"


@pytest.mark.parametrize(
    "rules",
    [
        Rules(releases=frozenset({"1"})),
        Rules(formats=frozenset({"test pressing"})),
        Rules(labels=frozenset({"glasshouse"})),
        Rules(folders=frozenset({"for sale"})),
    ],
)
def test_a_rule_about_the_record_ignores_all_its_tracks(rules: Rules) -> None:
    states = judge(release(*TWO_MIXES), rules=rules, folders=("For Sale",))

    assert set(states.values()) == {"ignored"}


def test_the_cd_of_a_set_is_wanted_though_dvds_are_not() -> None:
    both = release(*TWO_MIXES, formats=(FormatEntry("CD"), FormatEntry("DVD")))

    assert set(judge(both, rules=Rules(formats=frozenset({"dvd"}))).values()) == {"missing"}


def test_a_record_in_two_folders_is_wanted_while_one_of_them_is() -> None:
    rules = Rules(folders=frozenset({"for sale"}))

    states = judge(release(*TWO_MIXES), rules=rules, folders=("For Sale", "House"))

    assert set(states.values()) == {"missing"}


def test_a_rule_about_a_track_leaves_its_sister_alone() -> None:
    states = judge(release(*TWO_MIXES), rules=Rules(tracks=frozenset({"1:a"})))

    assert states == {"A": "ignored", "B": "missing"}


def test_the_surest_file_is_named_and_ties_go_to_the_first() -> None:
    record = release(Track("A", "Kestrel", 171.0))
    files = [prepare_item(file(number, "Kestrel", length_s=171.0)) for number in (5, 3, 4)]

    (state,) = judge_release(prepare_release(record), files, Context())

    assert state.item_id == 3


def test_every_state_but_missing_says_why() -> None:
    prepared = prepare_release(release(*TWO_MIXES))
    states = judge_release(prepared, [prepare_item(file(1, "Hold On (Dub)"))], Context())

    assert all(bool(s.evidence) == (s.state is not State.MISSING) for s in states)


@pytest.mark.parametrize(
    ("states", "owned"),
    [
        ([State.OWN, State.OWN], Owned.YES),
        ([State.OWN, State.IGNORED], Owned.YES),
        ([State.OWN, State.REVIEW], Owned.PARTLY),
        ([State.MISSING, State.OTHER_VERSION], Owned.NO),
        ([State.IGNORED], Owned.NO),
        ([], Owned.NO),
    ],
)
def test_a_record_is_owned_as_far_as_its_wanted_tracks_are(
    states: list[State], owned: Owned
) -> None:
    assert owned_of(states) is owned
