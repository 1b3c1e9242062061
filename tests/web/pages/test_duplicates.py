"""Duplicates in the web view: a search, groups side by side, one is kept, and it comes back."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core import jobs
from musictool_core.changes import files as file_work
from musictool_core.progress import CancelToken
from musictool_core.quality.duplicates import job
from musictool_core.quality.duplicates.decide import Class
from tests.fakes.pieces import piece, write
from tests.web.pages.conftest import Html
from tests.web.stock import find_twins

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for name in ("a.flac", "a.mp3"):
        write(folder / name, piece(71), title="Glow", artist="Ada")
    return folder


@pytest.fixture
def doubled(library: Library, sounds: Path, tmp_path: Path) -> Path:
    """A FLAC and an MP3 of one recording; return the music folder."""
    music = tmp_path / "music"
    music.mkdir(exist_ok=True)
    for name in ("a.flac", "a.mp3"):
        copy = shutil.copy(sounds / name, music / name)
        library.add(Item.from_path(os.fsencode(copy)))
    return music


def search(parts: Web) -> None:
    """Run the search that waits, as the worker would."""
    run_all(parts, job.KIND, job.DuplicatesJob(parts.app.settings))


def run_all(parts: Web, kind: str, work: jobs.JobKind) -> None:
    """Run the waiting jobs of a kind."""
    found = jobs.list_jobs(parts.host.reading(), states=tuple(jobs.OPEN))
    numbers = [each.job_id for each in found if each.kind == kind]
    assert numbers
    for number in numbers:
        done = jobs.run(parts.host, number, {kind: work}, now=parts.now, cancel=CancelToken())
        assert done.state is jobs.JobState.DONE, done.error


def files(music: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in music.iterdir() if p.is_file()}


def test_an_empty_library_says_how_to_begin(browser: FlaskClient) -> None:
    assert "No tracks yet." in Html(browser.get("/duplicates").text).text


def test_a_search_finds_both_files_one_is_kept_and_an_undo_brings_the_other_back(
    browser: FlaskClient, parts: Web, library: Library, doubled: Path
) -> None:
    before = files(doubled)
    assert "Nobody looked yet." in Html(browser.get("/duplicates").text).text
    assert browser.post("/duplicates/search").status_code == 303
    search(parts)

    page = Html(browser.get("/duplicates").text)
    assert "2 files compared" in page.text
    assert "The same (1)" in page.text
    assert "to the trash" in page.text
    preview = Html(browser.get("/duplicates/resolve?members=1,2").text)
    assert "1 file to the trash" in preview.text
    assert files(doubled) == before

    answer = browser.post("/duplicates/resolve", data={"members": "1,2"})

    assert answer.status_code == 303
    assert files(doubled).keys() == {"a.flac"}
    assert [item.format for item in library.items()] == ["FLAC"]
    (number,) = [row[0] for row in parts.host.reading().query("SELECT max(id) FROM mt_changeset")]
    undone = browser.post(f"/history/{number}/undo")
    assert undone.status_code == 302
    run_all(parts, file_work.KIND, file_work.FilesJob(parts.app.settings))
    assert files(doubled) == before
    assert sorted(item.format for item in library.items()) == ["FLAC", "MP3"]


def test_the_api_says_and_does_the_same(browser: FlaskClient, parts: Web, doubled: Path) -> None:
    browser.post("/api/v1/duplicates/searches")
    search(parts)

    (group,) = browser.get("/api/v1/duplicates").json["groups"]  # type: ignore[index]
    assert (group["class"], group["items"], group["kept"]) == ("same_recording", [1, 2], 1)
    planned = browser.post("/api/v1/duplicates/resolve", json={"pretend": True}).json
    assert planned is not None
    assert (planned["changeset"], planned["groups"][0]["trashed"]) == (None, [2])
    done = browser.post("/api/v1/duplicates/resolve", json={"items": [1, 2]}).json
    assert done is not None
    assert done["failed"] == 0
    assert files(doubled).keys() == {"a.flac"}
    assert browser.post("/api/v1/duplicates/resolve", json={"items": [1]}).status_code == 404


def test_versions_are_shown_and_cannot_become_one(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    for title in ("Glow", "Glow (Dub)"):
        make_item(library, artist="Ada", title=title)
    find_twins(parts, (Class.VERSION, (1, 2)))

    page = Html(browser.get("/duplicates?kind=versions").text)

    assert "Glow (Dub)" in page.text
    assert "Keep one" not in page.text
    assert browser.get("/duplicates/resolve?members=1,2").status_code == 404
    assert browser.post("/duplicates/resolve", data={"members": "1,2"}).status_code == 404


def test_a_group_whose_file_left_the_library_is_left_alone(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    make_item(library, artist="Ada", title="Glow")
    find_twins(parts, (Class.SAME_RECORDING, (1, 2)))

    page = Html(browser.get("/duplicates").text)
    preview = Html(browser.get("/duplicates/resolve").text)

    assert "one of them is not in the library any more" in page.text
    assert "Left alone" in preview.text
