"""Another file for a track: aligned to the old one, cues with it, everything back by an undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import FormatError, MusicToolError
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.resolution import replacing
from musictool_core.safeio.mediatags import TagFile
from tests.fakes import traktor
from tests.quality.resolution.test_resolving import entries, starts

if TYPE_CHECKING:
    from musictool_core.quality.resolution.planning import Plan
    from musictool_core.quality.resolution.replacing import Laid
    from tests.quality.resolution.conftest import Shelf


@pytest.fixture
def single(shelf: Shelf) -> Shelf:
    """One MP3 that was worked on."""
    shelf.add("mp3", "song.mp3", comments="peak time", traktor_rating="3")
    shelf.write(traktor.entry("song", info={"RANKING": "153"}, cues=(1000, 5000)))
    shelf.listed("Sets/Best", "title:Song")
    return shelf


def laid(shelf: Shelf, sound: str) -> Laid:
    return replacing.lay(shelf.host, 1, shelf.sounds[sound], report=silent, cancel=CancelToken())


def plan(shelf: Shelf, sound: str, **options: Any) -> Plan:
    return replacing.plan(
        shelf.host, 1, shelf.sounds[sound], laid(shelf, sound),
        use="club", now=shelf.now, decks=shelf.decks(), **options,
    )  # fmt: skip


def test_the_new_file_takes_the_place_with_cues_lists_and_tags_and_comes_back(
    single: Shelf,
) -> None:
    before = single.snapshot()
    mp3 = before["files"]["song.mp3"]

    done = single.apply(plan(single, "later"))

    assert (done.failed, done.conflicts) == ((), ())
    assert single.files().keys() == {"song.flac"}
    (item,) = single.host.lib.items()
    assert (item.id, item.format, item.comments) == (1, "FLAC", "peak time")
    assert item.length == pytest.approx(16.25, abs=0.1)
    tags = TagFile(single.music / "song.flac")
    assert (tags.title, tags.comments) == ("Song", "peak time")
    assert starts(single, "song.flac") == pytest.approx([1250, 5250], abs=1)
    assert single.lists() == {"Sets/Best": ["song.flac"]}
    assert mp3 in single.files(trash=True).values()
    assert single.sounds["later"].exists(), "the new file itself is only read"

    single.undo(done.changeset_id)

    assert single.snapshot() == before


def test_a_file_of_the_same_name_takes_the_place_too(single: Shelf, tmp_path: Any) -> None:
    before = single.snapshot()
    other = tmp_path / "other" / "song.mp3"
    other.parent.mkdir()
    other.write_bytes(single.sounds["mp3"].read_bytes())

    found = replacing.lay(single.host, 1, other, report=silent, cancel=CancelToken())
    done = single.apply(
        replacing.plan(
            single.host, 1, other, found, use="club", now=single.now, decks=single.decks()
        )
    )

    assert (done.failed, done.conflicts) == ((), ())
    assert found.told == "the audio is equal to the byte"
    assert single.files().keys() == {"song.mp3"}
    assert starts(single, "song.mp3") == [1000, 5000]
    single.undo(done.changeset_id)
    assert single.snapshot() == before


def test_another_piece_is_refused_but_for_force(single: Shelf) -> None:
    before = single.snapshot()

    with pytest.raises(MusicToolError, match="they do not sound alike; nothing was changed"):
        plan(single, "other")
    done = single.apply(plan(single, "other", force=True))

    assert starts(single, "song.mp3") == [1000, 5000]
    single.undo(done.changeset_id)
    assert single.snapshot() == before


def test_what_is_no_audio_or_the_same_file_is_refused(single: Shelf, tmp_path: Any) -> None:
    text = tmp_path / "song.flac"
    text.write_text("no music")
    unknown = replacing.Laid(None, "")

    with pytest.raises(FormatError, match="is no audio file"):
        replacing.plan(single.host, 1, text, unknown, use="club", now=single.now, force=True)
    own = single.music / "song.mp3"
    with pytest.raises(MusicToolError, match="is the file of this track already"):
        replacing.plan(single.host, 1, own, unknown, use="club", now=single.now, force=True)


def test_an_entry_that_is_named_only_by_its_path_follows_too(single: Shelf) -> None:
    with single.host.transaction() as tx:
        tx.run("DELETE FROM mt_traktor_base")
        tx.run("DELETE FROM mt_link")

    single.apply(plan(single, "later"))

    assert entries(single) == {"song.flac"}
