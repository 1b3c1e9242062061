"""Export, track lists and dump are in Discogs' formats and agree; the expected states are true."""

from __future__ import annotations

import csv
import gzip
import io
import json
from itertools import zip_longest

import pytest
from lxml import etree

from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.library import FILES
from benchmarks.demo.model import reference
from benchmarks.demo.render import (
    expected_tracks,
    release_answer,
    render_dump,
    render_export,
    render_tracklists,
    strangers,
)

REAL_HEADER = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes"
)


def export_rows() -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(render_export(RECORDS), newline=""))
    return {row["release_id"]: row for row in rows}


def test_the_export_has_the_real_header_and_one_custom_column():
    header = render_export(RECORDS).split("\r\n", 1)[0]

    assert header == f"{REAL_HEADER},Collection Bought At"


def test_the_export_has_a_row_for_each_copy():
    rows = list(csv.DictReader(io.StringIO(render_export(RECORDS), newline="")))

    assert len(rows) == 41
    assert [row["CollectionFolder"] for row in rows if row["Title"] == "Nachtbus Nach Tegel"] == [
        "House & Techno",
        "To Sell",
    ]


@pytest.mark.parametrize(
    ("release_id", "text"),
    [
        ("990000023", '7", Single, Pap'),
        ("990000009", "2xLP, Album, Gat"),
        ("990000032", "CD, Album + DVD-V, PAL"),
        ("990000035", "Box, Comp, Ltd + 3xCD"),
        ("990000039", "Cass, Album"),
    ],
)
def test_the_export_abbreviates_formats(release_id: str, text: str):
    assert export_rows()[release_id]["Format"] == text


def test_the_export_quotes_inches_as_discogs_does():
    assert '"7"", Single, Pap"' in render_export(RECORDS)


def test_the_export_keeps_homonym_numbers_and_joins_by_comma():
    assert export_rows()["990000014"]["Artist"] == "Chidi Okonjo (3), Marta Reyes"


def test_the_export_writes_an_unknown_year_as_zero_and_no_rating_as_nothing():
    row = export_rows()["990000012"]

    assert (row["Released"], row["Rating"]) == ("0", "")


def test_a_row_without_conditions_lacks_its_last_column():
    rows = list(csv.reader(io.StringIO(render_export(RECORDS), newline="")))

    short = [row for row in rows if len(row) < len(rows[0])]

    assert [row[7] for row in short] == ["990000040"]


def test_tracklists_and_dump_tell_the_same():
    answers = [json.loads(line) for line in render_tracklists(RECORDS).splitlines()]
    releases = etree.fromstring(gzip.decompress(render_dump(RECORDS)))

    for answer, release in zip_longest(answers, releases):
        assert answer["id"] == int(str(release.get("id")))
        assert answer["title"] == release.findtext("title")
        assert answer["year"] == int(release.findtext("released") or 0)
        assert answer["country"] == release.findtext("country")
        assert str(answer["master_id"]) == str(release.findtext("master_id"))
        assert [each["name"] for each in answer["artists"]] == release.xpath(
            "artists/artist/name/text()"
        )
        assert [each["catno"] for each in answer["labels"]] == release.xpath("labels/label/@catno")
        assert [each["qty"] for each in answer["formats"]] == release.xpath("formats/format/@qty")
        assert [each["value"] for each in answer["identifiers"]] == release.xpath(
            "identifiers/identifier/@value"
        )
        assert told_by_api(answer["tracklist"]) == told_by_dump(release.find("tracklist"))


def told_by_api(lines):
    return [
        (
            line["position"],
            line["title"],
            line["duration"],
            [each["anv"] or each["name"] for each in line.get("artists", [])],
            [each["role"] for each in line.get("extraartists", [])],
            told_by_api(line.get("sub_tracks", [])),
        )
        for line in lines
    ]


def told_by_dump(group):
    return [
        (
            track.findtext("position"),
            track.findtext("title"),
            track.findtext("duration"),
            [
                each.findtext("anv") or each.findtext("name")
                for each in track.findall("artists/artist")
            ],
            track.xpath("extraartists/artist/role/text()"),
            told_by_dump(track.find("sub_tracks")) if track.find("sub_tracks") is not None else [],
        )
        for track in group
    ]


@pytest.mark.shared_data
def test_answers_use_no_key_the_real_api_does_not_use(shared_data):
    real = json.loads((shared_data / "discogs/api/real/release-8604223.json").read_bytes())
    ours = [release_answer(record) for record in RECORDS]

    def keys(answers, name):
        return {key for answer in answers for entry in answer[name] for key in entry}

    assert set(ours[0]) <= set(real)
    for name in ("artists", "labels", "formats", "identifiers", "tracklist"):
        assert keys(ours, name) <= keys([real], name)
    assert {line["type_"] for each in ours for line in each["tracklist"]} == {
        line["type_"] for line in real["tracklist"]
    }


@pytest.mark.shared_data
def test_the_dump_has_the_elements_of_a_real_one_in_their_order(shared_data):
    sample = shared_data / "discogs/dump/discogs_20200806_sample_releases.xml.gz"
    real = etree.fromstring(gzip.decompress(sample.read_bytes()))
    order = [element.tag for element in real[0]]

    for release in etree.fromstring(gzip.decompress(render_dump(RECORDS))):
        tags = [element.tag for element in release]
        assert tags == [tag for tag in order if tag in tags]
        assert set(tags) <= set(order)


@pytest.fixture(scope="module")
def states():
    expected = expected_tracks(RECORDS, FILES)
    return {(track.release_id - 990000000, track.position): track for track in expected}


def test_every_playable_track_has_an_expected_state(states):
    playable = [
        (record.release_id - 990000000, line.position)
        for record in RECORDS
        for line in record.playable()
    ]

    assert list(states) == playable
    assert {track.state for track in states.values()} == {
        "own",
        "other_version",
        "review",
        "missing",
    }


@pytest.mark.parametrize(
    ("place", "state"),
    [
        ((1, "A"), "own"),
        ((2, "B1"), "own"),  # the same recording, ripped from another record
        ((4, "1-01"), "own"),
        ((1, "B2"), "other_version"),  # a dub of a title owned in another mix
        ((3, "A1"), "other_version"),  # only the radio edit is there
        ((21, "A2"), "other_version"),  # only a live take is there
        ((21, "B1"), "missing"),  # part 1 is there; part 2 is another piece
        ((21, "B2"), "missing"),  # another artist's piece has the same title
        ((13, "A"), "review"),
        ((8, "A2"), "own"),  # within the file of a side
        ((29, "CD3"), "own"),  # on the bonus disc once more
    ],
)
def test_the_expected_state_is_true(states, place, state: str):
    assert states[place].state == states[place].accepted[0] == state


def test_an_owned_track_names_each_file_that_holds_it(states):
    assert states[14, "A"].files == (
        "Downloads/Chidi Okonjo, Marta Reyes - Palm Wine Protocol (Original Mix).mp3",
        "Chidi Okonjo & Marta Reyes/Palm Wine Protocol.flac",
    )


def test_an_unclear_file_lets_more_than_one_answer_pass(states):
    assert states[16, "1"].accepted == ("review", "own")
    assert states[16, "2"].accepted == ("other_version", "review", "missing")


def test_strangers_are_the_files_no_record_has_anything_of():
    paths = strangers(FILES)

    assert "Bellweather/Copper Wire/01 Copper Wire.ogg" in paths
    assert not [path for path in paths if "Salt Stairs" in path]
    assert len(paths) == 7


def test_references_use_catalogue_numbers():
    first = RECORDS[0]

    assert reference(first, first.lines[0]) == "KS007:A"
