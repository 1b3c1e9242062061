"""Single fields of tags are written; what DJ software keeps in a file stays byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mutagen.id3 import COMM, GEOB, ID3, POPM, PRIV, TIT2, TXXX

from tests.fakes.traktor import entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.traktor.conftest import Deck

SERATO = {
    "Serato Markers2": bytes(range(256)) * 3,
    "Serato BeatGrid": b"\1\0\0\0\0\0\0",
    "Serato Analysis": b"\2\1",
    "CuePoints": b"mixed in key",
}


def add_frames(path: Path, trktr: bytes, version: int) -> None:
    tags = ID3(path)
    for name, payload in SERATO.items():
        tags.add(GEOB(encoding=0, mime="application/octet-stream", desc=name, data=payload))
    tags.add(PRIV(owner="TRAKTOR4", data=trktr))
    tags.add(PRIV(owner="www.amazon.com", data=b"\0\1\2"))
    tags.add(POPM(email="traktor@native-instruments.de", rating=196, count=7))
    tags.add(TXXX(encoding=3, desc="SERATO_PLAYCOUNT", text=["3"]))
    tags.add(COMM(encoding=3, lang="eng", desc="ID3v1 Comment", text=["another"]))
    tags.add(TIT2(encoding=1, text=["One"]))
    tags.save(path, v2_version=version)


def payloads(path: Path) -> dict[str, bytes]:
    tags = ID3(path)
    found = {f"GEOB {frame.desc}": frame.data for frame in tags.getall("GEOB")}
    found |= {f"PRIV {frame.owner}": frame.data for frame in tags.getall("PRIV")}
    popm = tags.getall("POPM")[0]
    return {**found, "POPM": bytes([popm.rating, popm.count])}


@pytest.mark.parametrize("version", [3, 4])
def test_frames_of_serato_and_traktor_keep_their_bytes(deck: Deck, version: int) -> None:
    deck.add("One", comments="old")
    path = deck.folder / "music" / "One.mp3"
    # With padding of its own inside, and bytes that a text codec would change.
    trktr = b"DMRT" + bytes(range(255, -1, -1)) * 8 + bytes(512)
    add_frames(path, trktr, version)
    deck.write(entry("One", info={"COMMENT": "old", "GENRE": "House"}))
    deck.sync()
    before = payloads(path)
    assert before["PRIV TRAKTOR4"] == trktr
    assert {
        name.removeprefix("GEOB "): data for name, data in before.items() if "GEOB" in name
    } == (SERATO)
    deck.change_entry("One", "INFO", "COMMENT", "a comment that is much longer than the old one")

    deck.sync()

    assert payloads(path) == before
    assert deck.tags("One").comments == "a comment that is much longer than the old one"
    tags = ID3(path)
    assert tags.version[1] == version
    assert tags.getall("COMM:ID3v1 Comment:eng")[0].text == ["another"]
    assert tags.getall("TXXX:SERATO_PLAYCOUNT")[0].text == ["3"]


def test_only_what_changed_is_written(deck: Deck) -> None:
    deck.add("One", comments="old", tags={"grouping": "of the file"})
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    deck.set("One", grouping="of beets")
    deck.change_entry("One", "INFO", "COMMENT", "new")

    deck.sync()

    assert deck.tags("One").grouping == "of the file"
    assert deck.row("One").grouping == "of beets"


def test_beets_knows_that_it_knows_the_tags(deck: Deck) -> None:
    item = deck.add("One")
    file = deck.folder / "music" / "One.mp3"
    with deck.host.transaction() as tx:
        tx.run("UPDATE items SET mtime = ?", [int(file.stat().st_mtime)])
    deck.write(entry("One", info={"GENRE": "House"}))

    deck.sync()

    stored = deck.host.reading().query("SELECT mtime FROM items WHERE id = ?", [item.id])
    assert stored == [(int(file.stat().st_mtime),)]
