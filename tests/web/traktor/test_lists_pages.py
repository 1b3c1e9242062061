"""Playlists, plays and records beside both: what is listed is what is counted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from musictool_core.discogs import mirror
from musictool_core.gaps.tables import GAPS
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import scan
from musictool_core.traktor.tables import PLAYS
from tests.fakes.traktor import collection, entry, key_of
from tests.traktor.samples import KINDS, folder, playlist

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.traktor.conftest import Deck
    from tests.web.conftest import Api
    from tests.web.pages.conftest import Html
    from tests.web.traktor.conftest import Work

SET = "2" * 32
OWN = {"Sec-Fetch-Site": "same-origin"}
HISTORY = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="20"><COLLECTION ENTRIES="0"></COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1">
<NODE TYPE="PLAYLIST" NAME="HISTORY"><PLAYLIST ENTRIES="1" TYPE="PROTOCOL" UUID="x">
<ENTRY><PRIMARYKEY TYPE="TRACK" KEY="{key}"></PRIMARYKEY>
<EXTENDEDDATA DECK="1" DURATION="200" EXTENDEDTYPE="HistoryData" STARTDATE="{date}"
 STARTTIME="3600"></EXTENDEDDATA></ENTRY>
</PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS></NML>
"""
PLAYED = datetime(2026, 5, 1, 20, tzinfo=UTC)


@pytest.fixture
def filled(configured: Deck) -> Deck:
    """Four tracks, three of them in beets; a list with all that can be wrong, an empty one."""
    kinds = [("One", "0", "120"), ("Two", "0", "121"), ("Three", "6", "140"), ("Lost", "", "")]
    entries = [entry(title, key=key, bpm=bpm) for title, key, bpm in kinds]
    for title in ("One", "Two", "Three"):
        configured.add(title, comments="<i>c</i>")
    one, two, three, lost = (key_of(each) for each in entries)
    listed = [one, two, three, one, lost, f"{one}-gone"]
    kind = KINDS["t4"]
    lists = folder(
        "$ROOT",
        folder("Sets & co", playlist("Fri/day <b>", listed, kind, SET)),
        playlist("Empty", [], kind, "3" * 32),
    )
    made = re.sub(
        rb"<PLAYLISTS.*</PLAYLISTS>|<PLAYLISTS ?/>", b"@@", collection(entries), flags=re.DOTALL
    )
    configured.nml.write_bytes(made.replace(b"@@", f"<PLAYLISTS>{lists}</PLAYLISTS>".encode()))
    configured.sync()
    (configured.folder / "music" / "Two.mp3").unlink()
    return configured


def play(deck: Deck, item: int | None, at: datetime, seconds: float = 200.0) -> None:
    """A play as a history tells it."""
    with deck.host.transaction() as tx:
        number = PLAYS.count(tx)
        PLAYS.insert(
            tx,
            [
                {
                    "key": f"x/:track {number}.mp3",
                    "start_date": 1,
                    "start_time": number,
                    "deck": number % 2,
                    "item_id": item,
                    "played_at": at.timestamp(),
                    "duration_s": seconds,
                    "source": "h.nml",
                }
            ],
        )


@pytest.mark.usefixtures("filled")
def test_each_mark_of_a_playlist_leads_to_as_many_tracks(
    page: Callable[..., Html], api: Api
) -> None:
    (found, empty) = api("traktor/playlists")["items"]
    assert (found["path"], found["tracks"]) == (["Sets & co", "Fri/day <b>"], 6)
    counts = {name: found[name] for name in ("not_in_library", "not_in_collection", "repeated")}
    assert counts == {"not_in_library": 1, "not_in_collection": 1, "repeated": 1}
    assert empty["tracks"] == 0

    shown = page("/traktor/playlists", list=SET)

    for label, count in (
        ("file is missing", 2),
        ("not in beets", 1),
        ("not in the collection", 1),
        ("more than once", 1),
        ("rough steps", 2),
    ):
        link = shown.link(f"{count} {label}$")
        rows = [given for tag, given in page(link).tags if tag == "tr" and "id" in given]
        assert len(rows) == count, label
    assert "<b>" in shown.text
    assert shown.has("svg", class_="chart")


@pytest.mark.usefixtures("filled")
def test_the_way_through_a_playlist_is_told_step_by_step(api: Api) -> None:
    rows = api("traktor/playlists/tracks", list=SET)["items"]

    assert [(row["title"], row["key"], row["flags"]) for row in rows] == [
        ("One", "8B", []),
        ("Two", "8B", ["missing"]),
        ("Three", "2B", ["rough"]),
        ("One", "8B", ["repeated", "rough"]),
        ("Lost", "", ["missing", "not_in_library"]),
        ("One.mp3-gone", "", ["not_in_collection"]),
    ]
    assert [row["key_fit"] for row in rows[:4]] == [None, "same", "clashes", "clashes"]
    assert rows[1]["tempo_change"] == 0.83


def test_a_playlist_is_downloaded_with_paths_of_this_computer(
    filled: Deck, browser: FlaskClient
) -> None:
    answer = browser.get("/traktor/playlists.m3u8", query_string={"list": SET})

    lines = answer.text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines.count(str(filled.folder / "music" / "One.mp3")) == 2
    assert "Fri%2Fday" in answer.headers["Content-Disposition"]
    assert browser.get("/traktor/playlists.m3u8?list=none").status_code == 404


def test_a_query_is_downloaded_for_a_running_traktor(filled: Deck, browser: FlaskClient) -> None:
    before = filled.nml.read_bytes()
    asked = {"name": 'Fri "day"', "q": "title:one"}

    answer = browser.get("/traktor/handover.nml", query_string=asked)
    same = browser.get("/api/v1/traktor/handover.nml", query_string=asked)

    data = answer.get_data()
    (listed,) = read_shelf(data, scan(data)).playlists
    assert (listed.path, listed.keys) == (('Fri "day"',), (filled.key("One"),))
    assert same.get_data() == data
    assert "Fri%20%22day%22.nml" in answer.headers["Content-Disposition"]
    assert filled.nml.read_bytes() == before
    nothing = browser.get("/traktor/handover.nml?q=title:nothing", follow_redirects=True)
    assert "the query finds no track that Traktor could play" in nothing.text
    assert browser.get("/api/v1/traktor/handover.nml?name=x&q=title:nothing").status_code == 404
    assert browser.get("/api/v1/traktor/handover.nml").status_code == 422


def test_lists_are_those_of_the_file_as_it_is_now(filled: Deck, api: Api) -> None:
    assert len(api("traktor/playlists")["items"]) == 2

    filled.nml.write_bytes(filled.nml.read_bytes().replace(b'NAME="Empty"', b'NAME="Emptier"'))

    assert [each["path"][-1] for each in api("traktor/playlists")["items"]][1] == "Emptier"


def test_a_month_lists_as_many_plays_as_its_column_counts(
    filled: Deck, page: Callable[..., Html], api: Api
) -> None:
    for days, item in ((0, 1), (0, 2), (1, 1), (62, None)):
        play(filled, item, PLAYED + timedelta(days=days))
    play(filled, 3, PLAYED, seconds=5.0)

    shown = page("/traktor/plays")

    labels = [
        given["aria-label"] for tag, given in shown.tags if tag == "a" and "aria-label" in given
    ]
    assert {"2026-05: 3 plays", "2026-07: 1 play"} <= set(labels)
    assert [each["plays"] for each in api("traktor/plays")["months"]] == [3, 0, 1]
    assert api("traktor/plays", month="2026-05")["total"] == 3
    assert "Plays of 2026-07 1" in page("/traktor/plays", month="2026-07").text
    assert "1 never" in shown.text
    assert "Three" in page("/traktor/plays", never=1).text.partition("Never played")[2]


def test_evenings_are_told_apart_by_pauses(filled: Deck, page: Callable[..., Html]) -> None:
    for minutes in (0, 5, 10, 600):
        play(filled, 1, PLAYED + timedelta(minutes=minutes))

    told = page("/traktor/plays").text.partition("Last sessions")[2]

    assert re.findall(r"(\d+) tracks?\b", told) == ["1", "3"]


def test_records_are_told_with_playlists_and_plays(filled: Deck, parts: Web, api: Api) -> None:
    with parts.host.transaction() as tx:
        for number, item in ((11, 1), (12, 3), (13, None)):
            title = f"Record {number}"
            copy = {"instance_id": str(number), "release_id": number, "artist": "A", "title": title}
            mirror.INSTANCES.insert(tx, [copy])
            GAPS.insert(
                tx,
                [
                    {
                        "ref": f"r{number}",
                        "release_id": number,
                        "state": "own" if item else "missing",
                        "item_id": item,
                    }
                ],
            )
    play(filled, 1, PLAYED)

    told = api("traktor/records")

    assert [(each["release_id"], each["lists"], each["plays"]) for each in told["items"]] == [
        (11, ["Sets & co/Fri/day <b>"], 1),
        (12, ["Sets & co/Fri/day <b>"], 0),
    ]
    assert [each["release_id"] for each in api("traktor/records", use="unplayed")["items"]] == [12]
    assert api("traktor/records", use="unlisted")["total"] == 0


def test_histories_are_imported_from_the_page_once(
    filled: Deck, browser: FlaskClient, api: Api, work: Work, page: Callable[..., Html]
) -> None:
    folder = filled.folder / "History"
    folder.mkdir()
    text = HISTORY.format(key=key_of(entry("One")), date=2026 << 16 | 5 << 8 | 3)
    (folder / "history_2026y05m03d_02h00m00s.nml").write_text(text, encoding="utf-8")
    (folder / "history_2026y05m04d_02h00m00s.nml").write_text("no", encoding="utf-8")
    assert "No play is known yet" in page("/traktor/plays").text

    assert browser.post("/traktor/import", headers=OWN).status_code == 303
    (done,) = work()

    assert done.error == ""
    (play,) = api("traktor/plays")["items"]
    assert (play["deck"], play["duration_s"]) == ("B", 200.0)
    shown = page("/traktor/plays").text
    assert "1 new play from 1 history." in shown
    assert "history_2026y05m04d" in shown
    assert browser.post("/api/v1/traktor/plays/import", headers=OWN).status_code == 202
    (again,) = work()
    assert again.result
    assert (again.result["plays"], again.result["histories"]) == (0, 0)
