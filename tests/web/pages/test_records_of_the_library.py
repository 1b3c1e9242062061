"""Pages of one album, track, artist or label: what is there, and where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core.changes import Origin, SetState, store
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.gaps.tables import GAPS
from musictool_core.host import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Album
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.web.pages.conftest import Html

    Ask = Callable[..., Html]

RELEASE = 77


def gap(
    number: int, position: str, title: str, state: str, item_id: int | None
) -> dict[str, object]:
    """A track of the record."""
    return {
        "ref": f"{RELEASE}:{position}",
        "release_id": RELEASE,
        "number": number,
        "position": position,
        "artist": "Nordlicht",
        "title": title,
        "record_artist": "Nordlicht",
        "album": "Kontrapunkt",
        "label": "Ebbe, Flut",
        "state": state,
        "item_id": item_id,
        "score": 0.97,
        "method": "title",
        "evidence": ["same title"],
        "recording": position,
    }


@pytest.fixture
def on_shelf(parts: Web, shelf: Album) -> Album:
    """The album, with its record on the shelf: one track owned, one missing."""
    first = next(iter(shelf.items()))
    copy = {
        "instance_id": "csv:77:1", "release_id": RELEASE, "artist": "Nordlicht",
        "title": "Kontrapunkt", "label": "Ebbe, Flut", "catalognum": "EBB-07", "source": "csv",
    }  # fmt: skip
    with parts.host.transaction() as tx:
        INSTANCES.insert(tx, [copy])
        GAPS.insert(
            tx,
            [
                gap(0, "A1", "Gegenlicht", "own", first.id),
                gap(1, "B1", "Nachtschicht", "missing", None),
            ],
        )
    return shelf


def test_an_album_shows_its_tracks_by_disc(page: Ask, shelf: Album) -> None:
    found = page(f"/albums/{shelf.id}")

    assert "Disc 1" in found.text
    assert "Disc 2" in found.text
    assert found.link("^Stellwerk$") == "/tracks/2"
    assert found.link("^Nordlicht$") == "/artists?name=Nordlicht"
    assert found.link("Edit 3 tracks") == f"/editor?q=album_id%3A{shelf.id}"
    assert found.has("a", aria_current="page", href="/library")


def test_an_album_on_the_shelf_shows_the_sides_of_its_record(page: Ask, on_shelf: Album) -> None:
    found = page(f"/albums/{on_shelf.id}")

    assert "1 of 2 in this version" in found.text
    assert found.link("1 of 2") == f"/records/{RELEASE}"
    assert found.text.index("Side A") < found.text.index("Side B") < found.text.index("Not on the")
    assert "Nachtschicht missing" in found.text
    assert "Stellwerk" in found.text[found.text.index("Not on the record") :]


def test_facts_say_where_each_value_comes_from(page: Ask, parts: Web, shelf: Album) -> None:
    journal.sync(parts.host)
    shelf["catalognum"] = "EBB-7"
    shelf.store(inherit=False)
    (before,) = parts.host.reading().query("SELECT max(seq) FROM mt_journal")
    shelf["label"] = "Flut"
    shelf.store(inherit=False)
    with parts.host.transaction() as tx:
        ours = store.open_set(
            tx,
            Origin("ada", "beet modify", "beet modify -a", 1),
            state=SetState.OBSERVED,
            now=datetime(2026, 1, 2, tzinfo=UTC),
        )
        tx.run("UPDATE mt_journal SET changeset = ? WHERE seq > ?", [ours, before[0]])

    found = page(f"/albums/{shelf.id}")

    assert "Flut beet modify Catalogue EBB-7 another program" in found.text
    assert "Label Ebbe Flut" in found.text
    assert "artpath" not in found.text
    assert found.link("^beet modify$") == f"/history/{ours}"


@pytest.mark.parametrize(
    "path", ["/albums/99", "/tracks/99", f"/albums/{10**30}", f"/tracks/{10**30}"]
)
def test_what_is_not_there_is_not_found(page: Ask, path: str) -> None:
    page(path, 404)


def test_a_track_says_its_fields_its_file_and_its_records(page: Ask, on_shelf: Album) -> None:
    found = page("/tracks/1")

    assert "8A" in found.text
    assert "131 BPM" in found.text
    assert "Catalogue number EBB-07" in found.text
    assert "not where the library says" in found.text
    assert found.link("^Kontrapunkt A1") == f"/records/{RELEASE}"
    assert "same title" in found.text
    # A waveform of nothing would be asked for in vain.
    assert not found.has("mt-wave", data_track="1")
    assert found.link("^Edit track$") == "/editor?id=1"
    assert on_shelf.id


def test_keys_that_mix_say_how_many_tracks_there_are(page: Ask, shelf: Album) -> None:
    found = page("/tracks/1")

    same = page(found.link("^8A 2$"))
    assert "2 tracks" in same.text
    assert "1 track" in page(found.link("^8B 1$")).text
    assert shelf.id


def test_a_track_without_anything_is_a_page_too(page: Ask, shelf: Album) -> None:
    found = page("/tracks/5")

    assert "Unknown artist" in found.text
    assert "On no record" in found.text
    assert shelf.id


@pytest.mark.usefixtures("on_shelf")
def test_a_label_shows_files_records_and_how_complete_they_are(page: Ask) -> None:
    found = page("/labels", name="Ebbe")

    assert "3 tracks" in page(found.link("^3 tracks")).text
    assert "1 album" in page(found.link("^1 album$")).text
    assert found.link("1 record on the shelf").startswith("/collection?q=")
    assert "1 of 2 tracks in files" in found.text
    # The record is among the albums, so it is not listed again.
    assert "Records without an album" not in found.text


@pytest.mark.usefixtures("on_shelf")
def test_a_record_without_files_is_on_the_page_of_its_label(page: Ask) -> None:
    found = page("/labels", name="Flut")

    assert "no files" in found.text
    assert found.link("^Kontrapunkt Nordlicht$") == f"/records/{RELEASE}"


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("name", ['A/B, "C"'])
def test_an_artist_may_have_any_name(page: Ask, browser: FlaskClient, name: str) -> None:
    found = page("/artists", name=name)

    assert "1 track" in page(found.link("^1 track")).text
    answer = browser.get("/artists/A/B, %22C%22")
    assert answer.location == page("/library", q="title:שעת").link("^A/B")


@pytest.mark.usefixtures("shelf")
def test_an_artist_nobody_knows_is_not_found(page: Ask) -> None:
    page("/artists", 404, name="Nobody")
    page("/artists", 404, name="x" * 5000)
    page("/labels", 404, name="nul\0")


@pytest.mark.usefixtures("shelf")
def test_all_artists_and_labels_are_listed(page: Ask) -> None:
    artists = page("/artists")
    by_name = page("/labels", sort="name")

    assert artists.link("^Nordlicht 3 tracks$") == "/artists?name=Nordlicht"
    assert "2 artists" in artists.text
    assert by_name.text.index("=x~ Ltd.,") < by_name.text.index("Ebbe")
