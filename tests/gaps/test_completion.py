"""Completion counts recordings, each once, at the best state any of its rows has."""

from __future__ import annotations

from typing import Any

from musictool_core.gaps.completion import Level, count_completion, total


def row(recording: str, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "release_id": 1,
        "record_artist": "Kolben",
        "album": "Drehmoment",
        "artist": "Kolben",
        "label": "Werkstatt",
        "recording": recording,
        "state": state,
        **fields,
    }


def test_the_same_recording_on_two_records_is_one_gap() -> None:
    rows = [row("gantry", "missing"), row("gantry", "missing", release_id=2)]

    (artist,) = count_completion(rows, Level.ARTIST)

    assert (artist.wanted, artist.own) == (1, 0)
    assert [entry.wanted for entry in count_completion(rows, Level.RELEASE)] == [1, 1]


def test_a_recording_is_as_good_as_its_best_row() -> None:
    rows = [row("gantry", "missing"), row("gantry", "own", release_id=2)]

    assert total(rows).own == 1


def test_ignored_recordings_do_not_count_and_review_is_shown_apart() -> None:
    rows = [row("a", "own"), row("b", "ignored"), row("c", "review"), row("d", "other_version")]

    whole = total(rows)

    assert (whole.wanted, whole.own, whole.review, whole.ignored) == (3, 1, 1, 1)
    assert round(whole.share, 3) == 0.333


def test_what_wants_nothing_is_complete() -> None:
    assert total([row("a", "ignored")]).share == 1.0
    assert total([]).share == 1.0


def test_a_record_of_two_labels_counts_for_both() -> None:
    entries = count_completion([row("a", "own", label="Kiln, Mosi")], Level.LABEL)

    assert {entry.name for entry in entries} == {"Kiln", "Mosi"}


def test_spellings_of_one_artist_are_one() -> None:
    rows = [row("a", "own"), row("b", "missing", artist="KOLBEN")]

    (artist,) = count_completion(rows, Level.ARTIST)

    assert (artist.name, artist.wanted) == ("Kolben", 2)


def test_the_least_complete_comes_first() -> None:
    rows = [row("a", "own", label="Full"), row("b", "missing", label="Empty")]

    assert [entry.name for entry in count_completion(rows, Level.LABEL)] == ["Empty", "Full"]
