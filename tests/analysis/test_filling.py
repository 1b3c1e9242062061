"""What an analysis may write where, comments and tags."""

from __future__ import annotations

from typing import Any

import pytest

from musictool_core.analysis import comments
from musictool_core.analysis.filling import fill, own_fields, whole_bpm
from musictool_core.analysis.tagging import dress_tags
from musictool_core.errors import ConfigError
from musictool_core.host.fields import FLEXIBLE_FIELDS
from tests.fakes.measures import analysis

EMPTY = dict.fromkeys(("bpm", "initial_key", "energy", "comments"))
TEMPLATE = "{camelot} - Energy {energy}"


def test_every_field_that_is_filled_is_declared() -> None:
    declared = {field.name for field in FLEXIBLE_FIELDS if field.name.startswith("analysis_")}

    sources = {"analysis_bpm_source", "analysis_key_source"}
    assert set(own_fields(analysis())) == declared - sources


def test_what_is_unknown_takes_the_field_away() -> None:
    unknown = analysis(key=None, tempo=None, grid=None, energy=None, structure=None, loudness=None)

    made = fill(unknown, EMPTY, {})

    known = {name for name, value in made.values.items() if value is not None}
    assert known == {"analysis_danceability", "analysis_version"}


def test_empty_fields_are_filled() -> None:
    made = fill(analysis(), EMPTY, {})

    assert (made.values["bpm"], made.values["initial_key"], made.values["energy"]) == (
        128,
        "Am",
        6.6,
    )
    assert made.values["analysis_bpm"] == 127.63
    assert made.values["analysis_bpm_source"] == "djanalysis"
    assert made.written == {"bpm": 128, "initial_key": "Am", "energy": 6.6}
    assert made.kept == ()


def test_values_of_others_stay_and_our_own_are_renewed() -> None:
    present = {**EMPTY, "bpm": 90, "initial_key": "Cm", "energy": "5.5"}

    made = fill(analysis(), present, {"energy": 5.5, "initial_key": "Dm"})

    assert {name for name in EMPTY if name in made.values} == {"energy"}
    assert [(each.field, each.present, each.measured) for each in made.kept] == [
        ("bpm", 90, 128),
        ("initial_key", "Cm", "Am"),
    ]
    forced = fill(analysis(), present, {}, force=True)
    assert (forced.values["bpm"], forced.kept) == (128, ())


def test_equal_values_of_others_are_neither_ours_nor_worth_telling() -> None:
    made = fill(analysis(), {**EMPTY, "bpm": 128, "initial_key": "Am", "energy": "6.6"}, {})

    assert (made.kept, made.written) == ((), {})
    assert "analysis_bpm_source" not in made.values


@pytest.mark.parametrize(("bpm", "whole"), [(127.5, 128), (126.5, 127), (127.49, 127)])
def test_halves_go_up(bpm: float, whole: int) -> None:
    assert whole_bpm(bpm) == whole


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "8A - Energy 7"),
        ("bought in Leeds", "8A - Energy 7 - bought in Leeds"),
        ("11B - Energy 10 - bought in Leeds", "8A - Energy 7 - bought in Leeds"),
        ("bought in Leeds / 1A - Energy 3.", "bought in Leeds / 8A - Energy 7."),
        ("8A - Energy 7", "8A - Energy 7"),
        # Not ours: 18A is no key.
        ("18A - Energy 7", "8A - Energy 7 - 18A - Energy 7"),
    ],
)
def test_comments_are_renewed_in_place(before: str, after: str) -> None:
    text = comments.render(TEMPLATE, analysis())

    assert comments.renew(before, TEMPLATE, text) == after
    assert comments.renew(after, TEMPLATE, text) == after


def test_a_new_template_replaces_what_the_old_one_left() -> None:
    made = fill(
        analysis(), {**EMPTY, "comments": "8A, mine"}, {"comments": "8A"}, template=TEMPLATE
    )

    assert made.values["comments"] == "8A - Energy 7, mine"
    assert made.written["comments"] == "8A - Energy 7"


def test_a_comment_waits_until_all_is_known() -> None:
    made = fill(analysis(key=None), EMPTY, {}, template=TEMPLATE)

    assert "comments" not in made.values


def test_all_values_can_stand_in_a_comment() -> None:
    template = "{bpm} {key} {open_key} {camelot} {energy}"

    assert comments.render(template, analysis()) == "127.63 Am 1m 8A 7"
    comments.check_template(template)
    with pytest.raises(ConfigError, match="camelt"):
        comments.check_template("{camelt}")


@pytest.mark.parametrize(
    ("tags", "notation", "decimals", "dressed"),
    [
        ({"initial_key": "F#m", "bpm": 128}, "musical", 0, {"initial_key": "F#m", "bpm": 128}),
        ({"initial_key": "F#m", "bpm": 128}, "camelot", 2, {"initial_key": "11A", "bpm": 127.63}),
        ({"initial_key": "F#m", "bpm": 64}, "open", 2, {"initial_key": "4m", "bpm": 64}),
        ({"initial_key": "o", "bpm": None}, "open", 2, {"initial_key": "o", "bpm": None}),
        ({}, "camelot", 2, {}),
    ],
)
def test_tags_are_written_as_wanted(
    tags: dict[str, Any], notation: str, decimals: int, dressed: dict[str, Any]
) -> None:
    dress_tags(tags, 127.63, notation=notation, decimals=decimals)

    assert tags == dressed
