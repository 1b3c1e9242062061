from __future__ import annotations

import pytest
from beets.library import Album, Item

from musictool_core.host.cells import editable_fields
from musictool_core.host.fieldnames import field_name, field_words


@pytest.mark.parametrize("name", sorted({*Item._fields, *Album._fields}))
def test_no_stored_name_of_beets_shows_through(name: str) -> None:
    said = field_name(name)
    assert "_" not in said
    assert said[0].isupper() or said[:1].isdigit()
    # beets glues words together: "albumartist", "mb_albumid", "disctitle".
    for glued in ("mb ", "rg ", "albuma", "albumd", "albums", "disct", "trackd", "groupid"):
        assert glued not in said.lower() or said == "Albums"
    assert not said.lower().endswith((" ids", " id"))


def test_no_two_fields_that_one_edits_are_called_the_same() -> None:
    singles = [field for field in editable_fields() if not field.name.endswith("s_sort")]
    said = [field.label for field in singles]
    doubles = {label for label in said if said.count(label) > 1}
    assert not doubles


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("albumartist", "album artist"),
        ("bpm", "BPM"),
        ("mb_albumid", "MusicBrainz release"),
        ("discogs_labelid", "Discogs label"),
        ("isrc", "ISRC"),
        ("my_mood", "my mood"),
    ],
)
def test_a_name_within_a_sentence(name: str, said: str) -> None:
    assert field_words(name) == said


def test_an_attribute_of_the_user_is_called_by_its_words() -> None:
    assert field_name("my_mood") == "My mood"
    assert field_name("") == ""
