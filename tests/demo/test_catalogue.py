"""The shelf holds the shapes real shelves hold, and its references lead somewhere."""

from __future__ import annotations

from collections import Counter

from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.model import reference, seconds, tracks_by_reference


def record(key: str):
    return next(each for each in RECORDS if each.key == key)


def test_there_are_forty_records_with_ids_and_keys_of_their_own():
    assert len(RECORDS) == 40
    assert len({each.release_id for each in RECORDS}) == 40
    assert len({each.key for each in RECORDS}) == 40


def test_no_two_playable_tracks_share_a_reference():
    references = [reference(each, line) for each in RECORDS for line in each.playable()]

    assert Counter(references).most_common(1)[0][1] == 1


def test_a_recording_on_several_records_lasts_about_equally_long_on_each():
    tracks = tracks_by_reference(RECORDS)

    shared = [line for _, line in tracks.values() if line.same_as]

    assert len(shared) > 10
    for line in shared:
        origin = tracks[line.same_as][1]
        assert not origin.same_as
        assert abs(seconds(origin.length) - seconds(line.length)) <= 2


def test_over_half_of_the_vinyl_prints_no_lengths_as_on_discogs():
    vinyl = [each for each in RECORDS if each.formats[0].name == "Vinyl"]

    assert 0.45 <= sum(not each.prints_lengths for each in vinyl) / len(vinyl) <= 0.65


def test_headings_and_films_are_not_playable():
    titles = [line.title for line in record("MGRDVD01").playable()]

    assert titles == ["Hide & Leather", "Steam Organ Dub", "Brass Ring"]


def test_an_index_with_positions_inside_a_track_is_one_track():
    box = {line.position: line.title for line in record("SHR-BOX-3").playable()}

    assert box["1-3"] == "Three Spoons"
    assert "1-3.1" not in box


def test_an_index_with_positions_of_its_own_is_several_tracks():
    box = {line.position: line.title for line in record("SHR-BOX-3").playable()}

    assert (box["2-1"], box["2-2"]) == ("East Wing", "West Wing")
    assert "Hospital Variations" not in box.values()


def test_barcodes_have_a_right_check_digit():
    barcodes = [each.barcode() for each in RECORDS if each.has_barcode]

    assert barcodes
    for code in barcodes:
        assert len(code) == 13
        assert sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(code)) % 10 == 0


def test_lengths_of_an_hour_and_more_are_understood():
    assert seconds("6:42") == 402
    assert seconds("1:02:03") == 3723
