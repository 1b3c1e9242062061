"""What was measured survives a JSON text."""

from __future__ import annotations

import json

from musictool_core.analysis.codec import decode, encode
from tests.fakes.measures import analysis


def test_an_analysis_survives_a_json_text() -> None:
    found = analysis()

    assert decode(json.loads(json.dumps(encode(found)))) == found


def test_what_is_unknown_survives_too() -> None:
    found = analysis(key=None, tempo=None, grid=None, structure=None, loudness=None, notes=())

    assert decode(json.loads(json.dumps(encode(found)))) == found


def test_what_another_version_stored_is_read() -> None:
    stored = encode(analysis())
    stored["smell"] = {"sweet": 1}
    stored["key"]["colour"] = "blue"
    del stored["danceability"], stored["key"]["alternative"], stored["notes"]

    read = decode(stored)

    assert (read.danceability, read.notes) == (None, ())
    assert read.key is not None
    assert read.key.alternative is None
    assert read.tempo == analysis().tempo


def test_whole_numbers_of_json_become_numbers_with_decimals() -> None:
    stored = json.loads('{"bpm": 128, "confidence": 1, "alternative": null, "is_stable": true}')

    read = decode({**encode(analysis()), "tempo": stored})

    assert read.tempo is not None
    assert isinstance(read.tempo.bpm, float)
