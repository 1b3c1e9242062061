from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mutagen
import pytest
from mutagen.id3 import ID3, POPM

from musictool_core.errors import FormatError
from musictool_core.safeio import restore_tags, write_tags
from musictool_core.safeio.mediatags import TagFile, has_place
from tests.safeio.samples import ALL, sample

if TYPE_CHECKING:
    from pathlib import Path

VALUES: dict[str, Any] = {
    "traktor_rating": 4,
    "traktor_comment2": "warm",
    "traktor_mix": "Dub",
    "traktor_producer": "Somebody",
}
TRAKTOR = "traktor@native-instruments.de"


def file_of(folder: Path, kind: str) -> Path:
    path = folder / f"track.{kind}"
    path.write_bytes(sample(kind, 0.1))
    return path


@pytest.mark.parametrize("kind", ALL)
def test_each_field_is_kept_where_its_kind_of_file_has_a_place(kind: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, kind)
    wanted = {name: value for name, value in VALUES.items() if has_place(path.suffix, name)}
    before = path.read_bytes()

    result = write_tags(path, VALUES, state=tmp_path / "state")

    file = TagFile(path)
    assert {name: getattr(file, name) for name in VALUES} == dict.fromkeys(VALUES) | wanted
    if wanted:
        assert result.undo is not None
        restore_tags(path, result.undo, state=tmp_path / "state")
    assert path.read_bytes() == before


def test_some_kinds_have_places() -> None:
    assert has_place(".mp3", "traktor_rating")
    assert not has_place(".flac", "traktor_rating")
    assert has_place(".flac", "traktor_mix")
    assert not has_place(".m4a", "traktor_mix")
    assert has_place(".m4a", "title")


def rated(folder: Path, *frames: POPM) -> Path:
    path = file_of(folder, "mp3")
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path)
    return path


@pytest.mark.parametrize(("byte", "stars"), [(0, None), (1, 1), (51, 1), (196, 4), (255, 5)])
def test_stars_of_a_byte(byte: int, stars: int | None, tmp_path: Path) -> None:
    assert TagFile(rated(tmp_path, POPM(TRAKTOR, byte, count=0))).traktor_rating == stars


def test_a_byte_that_means_as_many_stars_stays(tmp_path: Path) -> None:
    path = rated(tmp_path, POPM(TRAKTOR, 196, count=7))
    before = path.read_bytes()

    write_tags(path, {"traktor_rating": 4}, state=tmp_path / "state")

    assert path.read_bytes() == before


def test_plays_and_the_stars_of_other_players_stay(tmp_path: Path) -> None:
    other = POPM("Windows Media Player 9 Series", 128, count=3)
    path = rated(tmp_path, other, POPM(TRAKTOR, 51, count=7))

    write_tags(path, {"traktor_rating": 5}, state=tmp_path / "state")
    assert ID3(path)[f"POPM:{TRAKTOR}"] == POPM(TRAKTOR, 255, count=7)
    write_tags(path, {"traktor_rating": None}, state=tmp_path / "state")

    tags = ID3(path)
    assert tags[f"POPM:{TRAKTOR}"] == POPM(TRAKTOR, 0, count=7)
    assert other in tags.getall("POPM")
    assert TagFile(path).traktor_rating is None


def test_stars_are_taken_away_with_their_frame(tmp_path: Path) -> None:
    path = rated(tmp_path, POPM(TRAKTOR, 51, count=0))

    write_tags(path, {"traktor_rating": None}, state=tmp_path / "state")

    assert not mutagen.File(path).tags


def test_other_people_beside_the_producer_stay(tmp_path: Path) -> None:
    path = file_of(tmp_path, "mp3")
    write_tags(path, {"arrangers": ["A"], "traktor_producer": "P"}, state=tmp_path / "state")

    write_tags(path, {"traktor_producer": "Q"}, state=tmp_path / "state")

    file = TagFile(path)
    assert (file.arrangers, file.traktor_producer) == (["A"], "Q")


def test_what_is_no_number_of_stars_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, "mp3")
    for wrong in (6, -1, "many"):
        with pytest.raises(FormatError, match="traktor_rating"):
            write_tags(path, {"traktor_rating": wrong}, state=tmp_path / "state")
