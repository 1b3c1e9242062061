"""Our plugins beside beets' own: real commands, and the same answers with and without us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mediafile import MediaFile

from tests.fakes.beet import ROOT
from tests.fakes.music import HistoryBeet, files, snapshot
from tests.safeio.samples import artwork

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = sorted(path.stem for path in (ROOT / "beetsplug").glob("*.py"))
THEIRS = ["metasync", "mpdstats", "scrub", "smartplaylist", "types", "web", "zero"]
PLAYLISTS = [
    {"name": "driving.m3u", "query": "energy:8..9"},
    {"name": "dark.m3u", "query": ["mood:dark energy-", "^energy:..8 title+"]},
    {"name": "shelf.m3u", "album_query": "shelf:a"},
    {"name": "rated.m3u", "query": "traktor_rating:4.. , stars:3.. energy+"},
]
SETTINGS: dict[str, Any] = {
    # Ours declare `energy` and `traktor_rating`, too.
    "types": {"energy": "float", "traktor_rating": "int", "stars": "int", "play_count": "int"},
    "zero": {"fields": ["comments"]},
    "metasync": {"source": []},
}


@pytest.fixture
def shelf(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    """Ours and theirs, on two albums with attributes."""
    beet = HistoryBeet(tmp_path / "beets", _library_file, plugins=[*OURS, *THEIRS], **SETTINGS)
    lists = {"playlists": PLAYLISTS, "playlist_dir": str(tmp_path / "lists"), "auto": False}
    beet.configure(smartplaylist=lists)
    beet.import_album("One", ("mp3", "flac", "aiff"))
    beet.import_album("Two", ("wav", "ogg"))
    for number, words in enumerate(
        ("energy=8.5 mood=dark", "energy=7 traktor_rating=5", "mood=dark", "energy=9 stars=4", ""),
        start=1,
    ):
        if words:
            beet("modify", "-y", "-W", "-M", f"id:{number}", *words.split())
    beet("modify", "-a", "-I", "-y", "-W", "-M", "album:Two", "shelf=A1", "energy=8")
    return beet


@pytest.mark.parametrize("order", [[*OURS, *THEIRS], [*THEIRS, *OURS]])
def test_all_load_in_either_order_without_a_word(shelf: HistoryBeet, order: list[str]) -> None:
    shelf.configure(plugins=order)

    done = shelf.apart("ls", "-f", "$id $energy", "energy:8..", "energy-")

    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["4 9.0", "1 8.5", "5 8.0"]


def test_fields_that_the_user_and_we_declare_are_the_users(shelf: HistoryBeet) -> None:
    shelf.configure(
        types={**SETTINGS["types"], "traktor_playcount": "int", "quality_score": "float"}
    )

    for order in ([*OURS, "types"], ["types", *OURS]):
        shelf.configure(plugins=order)
        shelf("modify", "-y", "-W", "-M", "id:1", "traktor_rating=4", "quality_score=71.5")
        assert (
            shelf("ls", "-f", "$id", "traktor_rating:4..5", "quality_score:70..80").stdout == "1\n"
        )


def playlists(beet: HistoryBeet) -> dict[str, str]:
    """What `beet splupdate` writes."""
    folder = beet.folder.parent / "lists"
    beet("splupdate")
    found = {path.name: path.read_text() for path in sorted(folder.iterdir())}
    for path in folder.iterdir():
        path.unlink()
    return found


def test_smart_playlists_over_attributes_are_the_same_with_and_without_us(
    shelf: HistoryBeet,
) -> None:
    ours = playlists(shelf)
    shelf.configure(plugins=THEIRS)

    assert playlists(shelf) == ours
    assert {name: len(text.splitlines()) for name, text in ours.items()} == {
        "dark.m3u": 3, "driving.m3u": 3, "rated.m3u": 2, "shelf.m3u": 2
    }  # fmt: skip


def test_playlists_follow_what_undo_takes_back(shelf: HistoryBeet) -> None:
    before = playlists(shelf)
    shelf("modify", "-y", "-W", "-M", "id:2", "energy=8.2")

    changed = playlists(shelf)
    shelf("undo", "--last")

    assert len(changed["driving.m3u"].splitlines()) == 4
    assert playlists(shelf) == before


def comments(beet: HistoryBeet) -> set[str | None]:
    return {MediaFile(path).comments for path in (beet.folder / "music").rglob("*.*")}


def test_zero_changes_what_we_write_and_undo_restores_the_bytes(shelf: HistoryBeet) -> None:
    before = snapshot(shelf), files(shelf.folder / "music")

    shelf("modify", "-y", "-w", "-M", "title=New", "comments=words")
    written = comments(shelf)
    shelf("undo", "--last")

    assert written == {None}
    assert (snapshot(shelf), files(shelf.folder / "music")) == before


def test_the_command_of_zero_is_taken_back_too(shelf: HistoryBeet) -> None:
    shelf.configure(zero={"fields": ["title"], "auto": False})
    before = files(shelf.folder / "music")

    shelf("zero", "id:1..")
    zeroed = files(shelf.folder / "music")
    shelf("undo", "--last")

    assert not set(zeroed.values()) & set(before.values())
    assert files(shelf.folder / "music") == before


@pytest.mark.parametrize("words", [("scrub",), ("scrub", "-W")])
def test_what_scrub_removes_comes_back_to_the_byte(
    shelf: HistoryBeet, words: Sequence[str]
) -> None:
    for path in (shelf.folder / "music").rglob("*.*"):
        tagged = MediaFile(path)
        tagged.lyrics = "not in the library"
        tagged.art = artwork(5000)
        tagged.save()
    before = snapshot(shelf), files(shelf.folder / "music")

    shelf(*words)
    scrubbed = files(shelf.folder / "music")
    shelf("undo", "--last")

    # It cannot remove what is in AIFF and WAV files.
    changed = {Path(name).name for name in scrubbed if scrubbed[name] != before[1][name]}
    assert {"01 One 1.mp3", "02 One 2.flac", "02 Two 2.ogg"} <= changed
    assert (snapshot(shelf), files(shelf.folder / "music")) == before


def test_an_import_that_scrubs_and_zeroes_can_be_taken_back(shelf: HistoryBeet) -> None:
    shelf.import_album("Three", ("mp3",))

    done = shelf("undo", "--last")

    assert "conflict" not in done.stdout
    assert shelf("ls", "album:Three").stdout == ""


def web_answers(beet: HistoryBeet, queries: Sequence[str]) -> dict[str, list[int]]:
    """Ids that beets' own web plugin answers, in order, from a process as a user starts it."""
    program = (
        "import json, sys\n"
        "import beets.ui\n"
        "from beetsplug import web\n"
        "class Served(Exception):\n"
        "    pass\n"
        "def run(*_, **__):\n"
        "    client = web.app.test_client()\n"
        "    print(json.dumps({q: [o['id'] for o in client.get(q).get_json()['results']]\n"
        "        for q in json.loads(sys.argv[1])}))\n"
        "web.app.run = run\n"
        "beets.ui.main(['web'])\n"
    )
    (beet.folder / "ask.py").write_text(program)
    done = beet.python(beet.folder / "ask.py", json.dumps(queries))
    assert done.status == 0, done.stderr
    found: dict[str, list[int]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_web_plugin_answers_the_same_ids_with_and_without_us(shelf: HistoryBeet) -> None:
    queries = [
        "/item/query/energy:8..9",
        "/item/query/energy:8../energy-",
        "/item/query/mood:dark/title:One",
        "/item/query/^energy:..8",
        "/album/query/shelf:a",
    ]
    ours = web_answers(shelf, queries)
    shelf.configure(plugins=THEIRS)

    assert web_answers(shelf, queries) == ours
    assert ours["/item/query/energy:8../energy-"] == [4, 1, 5]
