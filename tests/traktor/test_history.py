from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.music import ItemId
from musictool_core.traktor.history import (
    last_played,
    marks_of,
    moment_of,
    read_history,
)
from musictool_core.traktor.playstats import (
    Heard,
    by_month,
    least_played,
    most_played,
    totals,
)
from musictool_core.traktor.values import NmlError

CHICAGO = ZoneInfo("America/Chicago")
BERLIN = ZoneInfo("Europe/Berlin")


def event(key="HD/:a.mp3", day=(2013 << 16) + (6 << 8) + 24, time=3600, deck=0, **more):
    given = {"DECK": deck, "DURATION": "100.5", "STARTDATE": day, "STARTTIME": time, **more}
    attributes = " ".join(f'{name}="{value}"' for name, value in given.items() if value is not None)
    return (
        f'<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="{key}"></PRIMARYKEY>\n'
        f"<EXTENDEDDATA {attributes}></EXTENDEDDATA>\n</ENTRY>\n"
    )


def history(*events, entries=""):
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        '<NML VERSION="15"><HEAD COMPANY="x" PROGRAM="Traktor"></HEAD>\n'
        f'<COLLECTION ENTRIES="1">{entries}</COLLECTION>\n'
        '<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1">'
        '<NODE TYPE="PLAYLIST" NAME="HISTORY">'
        f'<PLAYLIST ENTRIES="{len(events)}" TYPE="PROTOCOL">{"".join(events)}</PLAYLIST>\n'
        "</NODE>\n</SUBNODES>\n</NODE>\n</PLAYLISTS>\n</NML>\n"
    ).encode()


def test_the_date_is_taken_apart_and_the_local_time_becomes_utc():
    # Of the reference: 131925528 is 2013-06-24.
    (play,) = read_history(history(event(day=131925528, time=79963)), CHICAGO).plays

    assert play.played_at == datetime(2013, 6, 25, 3, 12, 43, tzinfo=UTC)
    assert (play.deck, play.duration_s, play.public) == (0, 100.5, None)


@pytest.mark.parametrize(("text", "public"), [("1", True), ("0", False), (None, None)])
def test_whether_it_was_heard_may_be_unknown(text, public):
    (play,) = read_history(history(event(PLAYEDPUBLIC=text)), UTC).plays

    assert play.public is public


def test_an_event_is_one_however_often_it_is_there_and_another_on_another_deck():
    found = read_history(history(event(), event(), event(deck=1), event(time=3601)), UTC)

    assert len(found.plays) == 3


@pytest.mark.parametrize(
    "broken",
    [{"day": 0}, {"day": (2013 << 16) + (13 << 8) + 1}, {"time": 10**9}, {"deck": 9}, {"key": ""},
     {"day": "x"}, {"day": (9999 << 16) + (12 << 8) + 31, "time": 100_000}],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_counted_and_left_out(broken):
    found = read_history(history(event(**broken), event()), CHICAGO)

    assert (len(found.plays), found.skipped) == (1, 1)


def test_a_session_past_midnight_goes_on():
    day = (2013 << 16) + (6 << 8) + 24

    assert moment_of(day, 86_400 + 60, UTC) == datetime(2013, 6, 25, 0, 1, tzinfo=UTC)


def test_the_first_of_a_double_hour_is_taken_and_identity_is_not_touched_by_the_zone():
    day = (2024 << 16) + (10 << 8) + 27
    data = history(event(day=day, time=2 * 3600 + 1800))

    (berlin,), (utc,) = read_history(data, BERLIN).plays, read_history(data, UTC).plays
    assert berlin.played_at == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert berlin.played_at != utc.played_at
    assert berlin.identity == utc.identity


@given(st.integers(315_532_800, 4_102_444_800))
def test_what_traktor_would_write_leads_back(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    # The second of a double hour is written like the first.
    back = moment_of(*marks_of(moment, BERLIN), BERLIN)

    assert back is not None
    assert moment - back in {timedelta(0), timedelta(hours=1)}


def test_names_come_from_the_copies_of_the_entries():
    entry = (
        '<ENTRY TITLE="T &amp; T" ARTIST="A"><LOCATION DIR="/:" FILE="a.mp3" VOLUME="HD">'
        "</LOCATION>\n</ENTRY>\n"
    )
    (play,) = read_history(history(event(), entries=entry), UTC).plays

    assert (play.artist, play.title) == ("A", "T & T")


def test_what_is_no_history_is_refused():
    for data in (b"", b"no", b"<!DOCTYPE a><NML></NML>", history(event())[:300]):
        with pytest.raises(NmlError):
            read_history(data, UTC)


def test_all_real_histories(shared_data):
    files = sorted((shared_data / "traktor-nml" / "history").glob("*.nml"))
    assert len(files) == 19
    plays = [play for path in files for play in read_history(path.read_bytes(), CHICAGO).plays]

    assert sum(read_history(path.read_bytes(), CHICAGO).skipped for path in files) == 0
    facts = json.loads((shared_data / "traktor-nml" / "corpus-facts.json").read_text())
    assert len(plays) == sum(facts[f"history/{path.name}"]["history_events"] for path in files)
    assert {play.played_at.year for play in plays} == {2010, 2011, 2012, 2014}
    assert all(play.title for play in plays)
    assert {play.public for play in plays} == {True, False, None}


def test_the_later_of_the_stated_day_and_the_history_counts():
    late = datetime(2024, 5, 1, 23, 30, tzinfo=UTC)

    assert last_played(date(2024, 5, 1), late, BERLIN) == date(2024, 5, 2)
    assert last_played(date(2025, 1, 1), late, BERLIN) == date(2025, 1, 1)
    assert last_played(None, late, UTC) == date(2024, 5, 1)
    assert last_played(None, None, UTC) is None


def at(item, text, *, lasts=200.0):
    return Heard(ItemId(item), datetime.fromisoformat(text).replace(tzinfo=UTC), lasts)


HEARD = [
    at(1, "2024-01-31 23:30"),
    at(1, "2024-04-01"),
    at(2, "2024-04-02"),
    at(3, "2024-04-03", lasts=29.9),
    at(4, "2024-04-04", lasts=None),
    at(4, "2024-04-05", lasts=30.0),
]


def test_short_events_are_no_plays_and_unknown_lengths_are():
    found = totals(HEARD)

    assert {item: total.plays for item, total in found.items()} == {1: 2, 2: 1, 4: 2}
    assert found[ItemId(1)].last_played == datetime(2024, 4, 1, tzinfo=UTC)


def test_months_are_those_of_the_wall_clock_and_have_no_gaps():
    months = [("2024-01", 1), ("2024-02", 0), ("2024-03", 0), ("2024-04", 4)]
    assert by_month(HEARD, UTC) == months
    assert by_month(HEARD, BERLIN)[0] == ("2024-02", 1)
    assert by_month([], UTC) == []
    over = [at(1, "2023-12-01"), at(1, "2024-01-01")]
    assert by_month(over, UTC) == [("2023-12", 1), ("2024-01", 1)]


def test_ranks():
    found = totals(HEARD)
    items = [ItemId(number) for number in (1, 2, 3, 4, 5)]

    assert [item for item, _ in most_played(found, 2)] == [4, 1]
    assert least_played(found, items, 4) == [(3, 0), (5, 0), (2, 1), (1, 2)]
