"""Key, tempo, grid, energy and structure of music whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.audio_lessons import features_of
from benchmarks.audio_material import piece
from musictool_core.audio import grid, sounding
from musictool_core.audio.decode import RATE
from musictool_core.audio.material import Material
from musictool_core.audio.measure import measured
from musictool_core.audio.tonality import tonality
from musictool_core.music.keys import parse_key
from tests.audio.conftest import BPM, FIRST_BEAT_S, dance, listen, note, stereo

_LASTING = slice(-9, -6)
"""Of the signs of a key, those of how far a moment falls from its loudest frame."""


def test_tempo_is_exact_and_the_grid_lies_on_the_kick() -> None:
    found = measured(listen(stereo(dance(bars=24))))

    assert found.tempo is not None
    assert found.grid is not None
    assert found.tempo.bpm == pytest.approx(BPM, abs=0.02)
    assert found.tempo.is_stable
    beat = 60 / BPM
    off = (found.grid.offset_s - FIRST_BEAT_S + beat / 2) % beat - beat / 2
    assert abs(off) < 0.01


@pytest.mark.parametrize("seed", [6_500_002, 6_500_095])
def test_the_beat_is_found_where_most_begins_between_two_beats(seed: int) -> None:
    made = piece(seed)
    material = Material(features_of(made.samples))
    grid_found = measured(material).grid
    beat_s = 60 / (made.bpm or 0)

    def beats_off(at_s: float) -> float:
        return abs(((at_s - made.first_beat_s) / beat_s + 0.5) % 1 - 0.5)

    assert material.onsets is not None
    assert grid_found is not None
    assert beats_off(grid.strongest(material.onsets.parts, beat_s) * beat_s) > 0.4
    assert beats_off(grid_found.offset_s) < 0.05


@pytest.mark.parametrize("bpm", [92.3, 128.0, 139.0, 174.25])
def test_tempo_of_drums_alone(bpm: float) -> None:
    found = measured(listen(stereo(dance(bpm=bpm, chords=False))))

    assert found.tempo is not None
    ratio = found.tempo.bpm / bpm
    assert min(abs(ratio / fold - 1) for fold in (0.5, 1, 2)) < 0.0005


def test_chords_that_are_switched_every_other_bar_leave_the_kick_its_tempo() -> None:
    # Each switch clicks in all registers: a comb of all eighths of the beat, 158.1 among them.
    beat, time = 60 / BPM, np.arange(30 * RATE) / RATE
    chord = np.floor(time / (8 * beat)).astype(int) % 4
    sounds = np.mod(time, 8 * beat) < 0.98 * 8 * beat
    roots = np.array([57, 53, 48, 55])
    tones = sum(
        np.sin(2 * np.pi * 440 * 2 ** ((roots[chord] + step - 69) / 12) * time)
        for step in (0, 4, 7)
    )
    within = np.mod(time, beat)
    kick = np.sin(2 * np.pi * (45 * within + 3 * (1 - np.exp(-30 * within)))) * np.exp(-30 * within)
    mixed = np.asarray(0.8 * kick + 0.1 * tones * sounds, np.float32)
    found = measured(listen(stereo(mixed))).tempo

    assert found is not None
    assert found.bpm == pytest.approx(BPM, abs=0.05)


def test_a_fill_in_a_silence_is_no_tempo() -> None:
    samples = np.zeros(24 * RATE, np.float32)
    fill = dance(bars=1, chords=False)[: 2 * RATE]
    samples[8 * RATE : 10 * RATE] = fill

    assert measured(listen(stereo(samples))).tempo is None


def test_a_tone_that_glides_through_all_registers_does_not_beat() -> None:
    way = np.linspace(0, 1, 24 * RATE)
    hertz = 40 * (12_000 / 40) ** way
    glide = 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)
    material = listen(stereo(np.asarray(glide, np.float32)))

    assert measured(material).tempo is None
    assert material.onsets is not None
    # Its power moves from band to band and never grows.
    assert np.percentile(np.abs(material.onsets.whole), 95) < 0.5


def test_partials_at_whole_multiples_are_told_from_those_of_a_plate() -> None:
    time = np.arange(8 * RATE) / RATE
    signs = []
    for stretch in (1.0, 1.37):
        places = [110 * partial**stretch for partial in range(1, 9)]
        sound = sum(np.sin(2 * np.pi * hertz * time) for hertz in places)
        features = listen(stereo(np.asarray(0.05 * sound, np.float32))).features
        tuned = sounding.tuning(features.pitches)
        signs.append(tonality(features, tuned, sounding.notes(features.pitches, tuned))[-1])

    voice, plate = signs
    assert voice > plate + 2


def test_drums_alone_have_no_key() -> None:
    assert measured(listen(stereo(dance(chords=False)))).key is None


@pytest.mark.parametrize("half_tones", [0, 1, 5, 9])
def test_key_and_tuning_follow_the_pitch(half_tones: int) -> None:
    cents = 25
    chords = ((57, 60, 64), (53, 57, 60), (50, 53, 57), (52, 56, 59), (57, 60, 64))
    shift = half_tones + cents / 100
    parts = []
    for chord in chords * 3:
        bass = note(440 * 2 ** ((chord[0] - 12 + shift - 69) / 12), 2)
        parts.append(
            sum((note(440 * 2 ** ((midi + shift - 69) / 12), 2) for midi in chord), start=bass)
        )
    found = measured(listen(stereo(0.05 * np.concatenate(parts)))).key

    a_minor = parse_key("Am")
    assert found is not None
    assert a_minor is not None
    names = ("A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#")
    assert found.key == parse_key(f"{names[half_tones]}m")
    assert found.tuning_cents == pytest.approx(cents, abs=5)
    assert found.alternative not in {None, found.key}


def test_a_layer_more_is_more_energy_and_a_pad_is_little() -> None:
    bare = measured(listen(stereo(dance(chords=False)))).energy
    full = measured(listen(stereo(dance()))).energy
    tone = 0.1 * sum((note(hertz, 20) for hertz in (220.0, 261.6, 329.6)), start=np.float32(0))
    pad = measured(listen(stereo(np.asarray(tone, np.float32)))).energy

    assert bare is not None
    assert full is not None
    assert pad is not None
    assert full.level > bare.level > pad.level
    assert 1 <= pad.level < 4


def test_sections_are_found_and_the_music_before_the_full_part_is_the_intro() -> None:
    beat = 60 / BPM
    drums, full = dance(bars=32, chords=False, first=0.0), dance(bars=32, first=0.0)
    start, end = int(8 * 4 * beat * RATE), int(24 * 4 * beat * RATE)
    samples = np.concatenate([drums[:start], full[start:end], drums[end:]])
    found = measured(listen(stereo(samples))).structure

    assert found is not None
    assert [section.label for section in found.sections] == ["intro", "main", "outro"]
    assert found.intro_end_s == pytest.approx(8 * 4 * beat, abs=4 * beat)
    assert found.outro_start_s == pytest.approx(24 * 4 * beat, abs=4 * beat)
    assert found.mix_out_s == found.outro_start_s
    for earlier, later in zip(found.sections, found.sections[1:], strict=False):
        assert earlier.end_s == later.start_s


def test_a_layer_in_one_register_begins_a_section() -> None:
    bar = 4 * 60 / BPM
    samples = dance(bars=32, first=0.0)
    layer = samples[int(16 * bar * RATE) :]
    time = np.arange(len(layer)) / RATE
    for hertz in (2100, 2700, 3500, 4400, 5600):
        layer += (0.01 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
    found = measured(listen(stereo(samples))).structure

    assert found is not None
    assert [section.start_s for section in found.sections] == [0, pytest.approx(16 * bar, abs=bar)]


def test_notes_last_and_drums_do_not_however_clear_their_pitch() -> None:
    sustained = note(440, 8)
    time = np.arange(RATE // 2) / RATE
    struck = np.tile(np.sin(2 * np.pi * 440 * time) * np.exp(-20 * time), 16).astype(np.float32)
    falls = []
    for sound in (sustained, struck):
        features = listen(stereo(sound)).features
        table = sounding.notes(features.pitches, 0.0)
        falls.append(tonality(features, 0.0, table)[_LASTING])

    lasting, falling = falls
    assert (lasting > -0.5).all()
    assert (falling < -2).all()


def test_a_range_speaks_for_the_octave_inside_it() -> None:
    samples = stereo(dance(bpm=90, chords=False))
    slow = listen(samples)
    fast = type(slow)(slow.features, tempo_range=(150.0, 200.0))

    low, high = measured(slow).tempo, measured(fast).tempo
    assert low is not None
    assert high is not None
    assert high.bpm >= low.bpm


def test_a_tempo_that_changes_is_not_called_stable() -> None:
    samples = np.concatenate([dance(bpm=120, bars=16), dance(bpm=127, bars=16)])
    found = measured(listen(stereo(samples)))

    assert found.tempo is None or not found.tempo.is_stable
    assert found.grid is None


def test_a_piece_of_one_section_is_mixed_out_in_its_last_eight_bars() -> None:
    found = measured(listen(stereo(dance(bars=32)))).structure

    assert found is not None
    assert len(found.sections) == 1
    assert found.mix_out_s == pytest.approx(FIRST_BEAT_S + 24 * 240 / BPM, abs=8 * 60 / BPM)


def test_a_long_last_section_that_is_no_outro_is_mixed_out_in_its_last_eight_bars() -> None:
    beat = 60 / BPM
    drums, full = dance(bars=32, chords=False, first=0.0), dance(bars=32, first=0.0)
    start = int(8 * 4 * beat * RATE)
    found = measured(listen(stereo(np.concatenate([drums[:start], full[start:]])))).structure

    assert found is not None
    assert [section.label for section in found.sections] == ["intro", "main"]
    assert found.outro_start_s is None
    assert found.mix_out_s == pytest.approx(24 * 4 * beat, abs=8 * beat)


def test_one_mixes_in_where_the_music_begins_and_not_in_the_silence_before() -> None:
    quiet = np.zeros((int(5.3 * RATE), 2), np.float32)
    samples = np.concatenate([quiet, stereo(dance(bars=24))])
    found = measured(listen(samples)).structure

    assert found is not None
    assert found.mix_in_s == pytest.approx(5.3 + FIRST_BEAT_S, abs=2.5 * 60 / BPM)


def test_the_bar_begins_where_the_chords_change() -> None:
    found = measured(listen(stereo(dance(bars=24, first=FIRST_BEAT_S + 2 * 60 / BPM)))).grid

    assert found is not None
    assert found.downbeat is not None
    beats = (found.offset_s - FIRST_BEAT_S) * BPM / 60
    assert (round(beats) + found.downbeat) % 4 == 2
