"""Themes: known and own ones, what their choices make of records, and that they come to rest."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from musictool_core.errors import ConfigError
from musictool_core.host.settings import QualitySettings
from musictool_core.quality.health import checkup, engine
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Standard
from musictool_core.quality.health.themes import CHOICES, KEEP, Theme, find_theme, read_themes

TODAY = Standard(date(2026, 6, 1))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMES = list(read_themes({}))

RECORDS: dict[int, dict[str, object]] = {
    1: {"artist": "Ada & Bo", "title": "Rain (ft. Cy) [Club Mix]", "initial_key": "Am"},
    2: {"artist": "Ada / Bo", "title": "Glow (Original Mix)", "initial_key": "9B"},
    3: {"artist": "Ada & Bo feat. Di", "title": "Dusk", "genres": ["hip-hop"]},
    4: {"artist": "Ada & Bo", "title": "Dawn", "date": "13/04/2005"},
    5: {"artist": "NEW ORDER", "title": "BLUE MONDAY", "album": "POWER, CORRUPTION & LIES"},
    6: {"title": "Noon", "tags.id3_version": 3, "tags.latin1": ["TIT2"], "tags.container": "MP3"},
    7: {"title": "Eve", "tags.id3_version": 4, "tags.latin1": [], "tags.container": "MP3"},
}


def written(theme: Theme) -> dict[int, dict[str, object]]:
    """What a theme makes of the records."""
    return engine.fix(RECORDS, theme.rules, theme.standard(TODAY))


def one(**chosen: object) -> Theme:
    """A theme of one choice."""
    return find_theme("mine", {"mine": chosen})


@pytest.mark.parametrize("name", NAMES)
def test_a_packaged_theme_decides_each_thing_by_a_choice_that_there_is(name: str) -> None:
    theme = read_themes({})[name]

    assert theme.chosen.keys() == CHOICES.keys()
    for key, chosen in theme.chosen.items():
        assert chosen in (*CHOICES[key].known, KEEP)
    assert theme.rules


@pytest.mark.parametrize("name", NAMES)
def test_what_a_theme_made_needs_nothing_more(name: str) -> None:
    theme = read_themes({})[name]
    made = {key: {**record, **written(theme).get(key, {})} for key, record in RECORDS.items()}

    assert not engine.fix(made, theme.rules, theme.standard(TODAY))


def test_every_choice_has_rules_that_can_mend() -> None:
    for key, choice in CHOICES.items():
        assert all(BY_ID[name].fix is not None for name in choice.rules), key


@pytest.mark.parametrize(
    ("chosen", "made"),
    [
        ({"keys": "camelot"}, {1: {"initial_key": "8A"}}),
        ({"keys": "open"}, {1: {"initial_key": "1m"}, 2: {"initial_key": "2d"}}),
        ({"featuring": "featuring"}, {
            1: {"title": "Rain (featuring Cy) [Club Mix]"},
            3: {"artist": "Ada & Bo featuring Di"},
        }),
        ({"featuring": "ft."}, {3: {"artist": "Ada & Bo ft. Di"}}),
        ({"brackets": "round"}, {1: {"title": "Rain (ft. Cy) (Club Mix)"}}),
        ({"brackets": "square"}, {2: {"title": "Glow [Original Mix]"}}),
        ({"separators": "usual"}, {2: {"artist": "Ada & Bo"}}),
        ({"separators": ";"}, {n: {"artist": "Ada; Bo"} for n in (1, 2, 4)}),
        ({"dates": "iso"}, {4: {"date": "2005-04-13"}}),
        ({"titles": "title"}, {5: {
            "artist": "New Order", "title": "Blue Monday", "album": "Power, Corruption & Lies",
        }}),
        ({"genres": "list"}, {3: {"genres": ["Hip Hop"]}}),
        ({"id3": 2.4}, {6: {"tags.id3_version": 4}}),
        ({"id3": "2.3"}, {7: {"tags.id3_version": 3}}),
        ({"id3": "beets"}, {6: {"tags.id3_version": 4}}),
        ({"encoding": "unicode"}, {6: {"tags.latin1": []}}),
        ({"keys": "keep"}, {}),
    ],
    ids=str,
)  # fmt: skip
def test_a_choice_changes_what_it_is_about(
    chosen: dict[str, object], made: dict[int, dict[str, object]]
) -> None:
    assert written(one(**chosen)) == made


def test_an_own_theme_may_begin_from_a_known_one_and_replace_it() -> None:
    own = {
        "club": {"like": "club", "keys": "open"},
        "mine": {"like": "club", "titles": "keep"},
    }
    found, packaged = read_themes(own), read_themes({})["club"]

    assert found["club"].chosen == {**packaged.chosen, "keys": "open"}
    assert found["mine"].chosen == {**packaged.chosen, "keys": "open", "titles": "keep"}
    assert set(one(keys="open").chosen.values()) == {"open", "keep"}


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"mine": {"keys": "traktor"}}, "quality.themes.mine.keys: 'traktor' is not camelot"),
        ({"mine": {"key": "open"}}, "quality.themes.mine.key: 'key' is not a choice"),
        ({"mine": {"like": "clubb"}}, "quality.themes.mine.like: 'clubb' is not a theme"),
        ({"mine": "club"}, "quality.themes.mine: 'club' is not a table"),
        ({}, "quality.theme: 'mine' is not a theme"),
    ],
)
def test_what_there_is_not_is_said(own: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        find_theme("mine", own)

    assert said in refused.value.line()


def test_the_theme_of_the_settings_says_what_is_right() -> None:
    own = {"mine": {"featuring": "ft.", "id3": "2.3"}}

    standard = checkup.standard_of(QualitySettings(keys="open", theme="mine", themes=own), NOW)

    assert standard == Standard(NOW.date(), keys="open", id3v23=True, featuring="ft.")
    record = {1: {"artist": "Ada ft. Bo", "title": "Rain"}}
    assert not engine.check(record, [BY_ID["T010"]], standard)
    assert engine.check(record, [BY_ID["T010"]], TODAY)
