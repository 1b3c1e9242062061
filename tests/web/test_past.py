"""The journal as people read it: values in words, and what one act changed in one line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core.changes import Origin, SetState, store
from musictool_core.changes.provenance import Cause, PastChange, Provenance
from musictool_core.host import journal
from musictool_core.host.entities import Entity
from musictool_core.host.journal import Op
from musictool_web.past import changed_name, in_words, past_of

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SECTIONS = json.dumps(
    [
        {"start_s": 0.0, "end_s": 61.9, "bars": 32, "label": "intro", "energy": 3.1},
        {"start_s": 61.9, "end_s": 200.0, "bars": 70, "label": "main", "energy": 7.0},
    ]
)


def changed(
    number: int, field: str, new: str, *, changeset: int | None = 1, op: Op = Op.ADD
) -> PastChange:
    return PastChange(number, op, field, "", new, Cause(NOW, "beet dj", "ada", changeset))


def known(*changes: PastChange, more: int = 0) -> Provenance:
    return Provenance({}, None, changes, len(changes) + more)


def measured(changeset: int = 1) -> list[PastChange]:
    values = {
        "analysis_version": "2", "analysis_sections": SECTIONS, "analysis_lufs": "-9.04",
        "analysis_bpm_confidence": "0.982", "energy": "5.54", "analysis_key": "Em",
        "analysis_bpm": "127.5",
    }  # fmt: skip
    return [
        changed(90 - place, field, new, changeset=changeset)
        for place, (field, new) in enumerate(values.items())
    ]


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("analysis_bpm", "127.5", "127.50 BPM"),
        ("analysis_bpm_confidence", "0.982", "98%"),
        ("analysis_bpm_source", "djanalysis", "as measured"),
        ("analysis_bpm_source", "beet traktor", "beet traktor"),
        ("analysis_bpm_stable", "1", "yes"),
        ("analysis_bpm_stable", "0", "no"),
        ("analysis_downbeat", "0", "with the first beat"),
        ("analysis_downbeat", "1", "1 beat later"),
        ("analysis_downbeat", "3", "3 beats later"),
        ("analysis_grid_offset", "0.1234", "0.123 s"),
        ("analysis_key_changes", '[[61.9, "Am"], [120.0, "Em"]]', "Am at 1:02, Em at 2:00"),
        ("analysis_mix_out", "329.143", "5:29"),
        ("analysis_sections", SECTIONS, "intro 0:00 to 1:02, main 1:02 to 3:20"),
        ("analysis_true_peak", "-11.373", "-11.4 dBTP"),
        ("analysis_tuning", "-3.537", "-4 cents"),
        ("energy", "5.54", "5.5 of 10"),
        ("traktor_analysed", "1", "yes"),
        ("traktor_color", "2", "orange"),
        ("traktor_color", "9", "9"),
        ("traktor_key", "4", "E major, 12B"),
        ("traktor_key", "21", "A minor, 8A"),
        ("traktor_key", "24", "24"),
        ("traktor_last_played", "2026-09-03 12:00:00", "2026-09-03"),
        ("traktor_rating", "4", "4 of 5"),
        ("title", "12", "12"),
    ],
)
def test_values_are_said_in_words(field: str, text: str, said: str) -> None:
    assert in_words(field, text) == said


@pytest.mark.parametrize("text", ["", "no number", "[1]", '[{"label": 1}]', "{"])
@pytest.mark.parametrize("field", ["analysis_sections", "analysis_key_changes", "analysis_bpm"])
def test_what_cannot_be_read_is_shown_as_it_is(field: str, text: str) -> None:
    assert in_words(field, text) == text


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("analysis_sections", "Sections"),
        ("title", "Title"),
        ("nml1:INFO@CATALOG_NO", "Traktor: catalog no"),
        ("nml1:playlist Sets/Best", "Traktor: playlist Sets/Best"),
        ("nml1:LOCATION", "Traktor: place of the file"),
    ],
)
def test_what_changed_has_a_name(field: str, name: str) -> None:
    assert changed_name(Entity.ITEM, field) == name


def test_what_was_measured_at_once_is_one_line() -> None:
    found = past_of(Entity.ITEM, known(*measured(), changed(3, "title", "One", changeset=7)))

    line, other = found.acts
    assert line.about == "Measured: key Em, tempo 127.50 BPM, energy 5.5 of 10, -9.0 LUFS"
    assert [field.name for field in line.fields][:2] == ["Version of the measures", "Sections"]
    assert line.fields[1].new == "intro 0:00 to 1:02, main 1:02 to 3:20"
    assert (other.title, other.about, other.fields[0].new) == ("Title", "", "One")
    assert found.is_all


def test_what_another_command_changed_in_one_go_is_one_line() -> None:
    fields = ("traktor_rating", "bpm", "label", "nml1:INFO@LABEL", "title")
    changes = [changed(9 - place, field, "3") for place, field in enumerate(fields)]

    (line,) = past_of(Entity.ITEM, known(*changes)).acts

    assert line.about == "Title, label, BPM and 2 more"
    assert len(line.fields) == 5


def test_few_changes_unclaimed_ones_and_whole_ones_stand_alone() -> None:
    few = [changed(9 - place, "title", str(place)) for place in range(3)]
    unclaimed = [changed(6 - place, "artist", "A", changeset=None) for place in range(5)]
    whole = [changed(1, "*", "", op=Op.TAGS), changed(0, "*", "", op=Op.INSERT)]

    found = past_of(Entity.ITEM, known(*few, *unclaimed, *whole)).acts

    assert [act.title for act in found] == [
        *["Title"] * 3, *["Artist"] * 5, "tags written into the file", "added to the library",
    ]  # fmt: skip
    assert not any(act.about for act in found)


def test_only_the_newest_are_told_and_that_there_are_more() -> None:
    many = [changed(99 - number, "title", str(number), changeset=number) for number in range(20)]

    found = past_of(Entity.ITEM, known(*many))

    assert len(found.acts) == 12
    assert not found.is_all
    assert not past_of(Entity.ITEM, known(*measured(), more=1)).is_all


def test_pages_show_it_without_the_names_of_the_journal(
    browser: FlaskClient, library: Library, make_item: MakeItem, parts: Web
) -> None:
    journal.sync(parts.host)
    item = make_item(library, title="One")
    with parts.host.transaction() as tx:
        store_claim(tx, "beet import")
    for change in measured():
        item[change.field] = change.new
    item.store()
    with parts.host.transaction() as tx:
        number = store_claim(tx, "beet dj")

    track = browser.get(f"/tracks/{item.id}").text
    page = browser.get(f"/history/{number}").text
    sets = browser.get("/history").text

    assert "Measured: key Em, tempo 127.50 BPM" in track
    for shown in (track, page, sets):
        assert "analysis_" not in shown
        assert "Analysis " not in shown
        assert "start_s" not in shown
    assert "intro 0:00 to 1:02, main 1:02 to 3:20" in page
    assert "Measured tempo" in sets


def store_claim(tx, source: str) -> int:
    """Say that all changes nobody claimed belong to a command."""
    number = store.open_set(tx, Origin("ada", source, "", 1), state=SetState.OBSERVED, now=NOW)
    tx.run("UPDATE mt_journal SET changeset = ? WHERE changeset IS NULL", [number])
    return int(number)
