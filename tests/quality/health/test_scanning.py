"""How the tags of files are written: read once for each state of a file, and judged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import mutagen.id3
import pytest

from musictool_core import app
from musictool_core.errors import Cancelled
from musictool_core.host.items import find_ids
from musictool_core.progress import CancelToken
from musictool_core.quality.health import checkup, scanning
from musictool_core.quality.health import library as records
from musictool_core.quality.health.model import Profile, Standard
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

STANDARD = Standard(app.utc_now().date())


@pytest.fixture
def files(tmp_path: Path, library: Library, make_item: MakeItem) -> list[Path]:
    """A plain MP3, one with an ID3v1 tag that says otherwise, and a path without a file."""
    paths = [tmp_path / f"{name}.mp3" for name in ("plain", "torn", "gone")]
    for path in paths[:2]:
        path.write_bytes(sample("mp3"))
        tags = mutagen.id3.ID3()
        tags.add(mutagen.id3.TIT2(encoding=3, text=[path.stem]))
        tags.save(path, v1=2)
    paths[1].write_bytes(paths[1].read_bytes()[:-125] + b"other".ljust(125, b"\0"))
    for path in paths:
        make_item(library, path=os.fsencode(path), title=path.stem, artist="Ada")
    return paths


def found(host: Host, *, files: bool = False) -> set[tuple[str, int]]:
    """Rules of files that speak, and of which item."""
    ids = find_ids(host, ())
    done = checkup.examine(host, ids, Profile.LIBRARIAN, STANDARD, files=files)
    return {
        (each.rule.rule_id, each.key)
        for each in done.findings
        if each.rule.rule_id.startswith("F0") and each.rule.rule_id != "F012"
    }


@pytest.mark.usefixtures("files")
def test_no_file_is_read_unless_it_is_asked_for(host: Host) -> None:
    assert found(host) == set()
    assert found(host, files=True) == {("F002", 2)}
    # What is known of them counts from then on.
    assert found(host) == {("F002", 2)}


def test_a_file_is_read_once_for_each_of_its_states(host: Host, files: list[Path]) -> None:
    ids = find_ids(host, ())

    assert scanning.scan(host, ids) == 2
    assert scanning.scan(host, ids) == 0
    os.utime(files[1], ns=(1, 1))
    assert scanning.scan(host, ids) == 1


def test_what_is_known_of_another_state_of_a_file_does_not_count(
    host: Host, files: list[Path]
) -> None:
    found(host, files=True)

    files[1].write_bytes(files[0].read_bytes())

    assert found(host) == set()
    assert found(host, files=True) == set()


def test_a_file_that_cannot_be_read_stops_nothing(host: Host, files: list[Path]) -> None:
    files[0].write_bytes(b"no audio")

    assert scanning.scan(host, find_ids(host, ())) == 2
    read = records.read_records(host.reading(), find_ids(host, ()))
    known = scanning.with_tags(host, read)
    assert ["tags.container" in known[number] for number in (1, 2, 3)] == [
        False, True, False,
    ]  # fmt: skip


@pytest.mark.usefixtures("files")
def test_a_stop_is_heard(host: Host) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        scanning.scan(host, find_ids(host, ()), cancel=cancel)
