from __future__ import annotations

import gzip
import re
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from musictool_core.discogs.dump import read_dump
from musictool_core.errors import Cancelled, FormatError
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
)
from musictool_core.progress import CancelToken, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n<releases>\n'
STOCKHOLM = (
    '<release id="1" status="Accepted"><images><image type="primary" uri=""/></images>'
    "<artists><artist><id>1</id><name>The Persuader</name><anv>Persuader</anv><join>&amp;</join>"
    "<role/><tracks/></artist><artist><id>239</id><name>Jesper Dahlbäck</name></artist></artists>"
    '<title>Stockholm</title><labels><label name="Svek" catno="SK032" id="5"/></labels>'
    '<formats><format name="Vinyl" qty="2" text="Clear"><descriptions>'
    '<description>12"</description></descriptions></format></formats><country>Sweden</country>'
    "<released>1999-03-00</released><notes>The song titles are 6 of Stockholm's districts.</notes>"
    '<master_id is_main_release="true">1660109</master_id><tracklist>'
    "<track><position/><title>This Side</title><duration/></track>"
    "<track><position>A</position><title>Östermalm</title><duration>4:45</duration>"
    "<extraartists><artist><id>7</id><name>Mixer</name><role>Remix</role></artist></extraartists>"
    "</track><track><position/><title>Sysyphus</title><duration/><sub_tracks>"
    "<track><position>B1.1</position><title>Part 1</title><duration/></track>"
    "<track><position>B1.2</position><title>Part 2</title><duration/></track></sub_tracks></track>"
    '</tracklist><identifiers><identifier type="Barcode" value="0 7599-27256-2 0"/></identifiers>'
    '<videos><video src="x" duration="296"><title>A video</title></video></videos></release>'
)


def simple(number: int, title: str = "x") -> str:
    return f'<release id="{number}" status="Accepted"><title>{title}</title></release>\n'


def wanted(*numbers: int) -> frozenset[ReleaseId]:
    return frozenset(ReleaseId(number) for number in numbers)


def save(path: Path, *releases: str, prolog: str = PROLOG, end: str = "</releases>\n") -> Path:
    text = prolog + "".join(releases) + end
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(path: Path, *numbers: int) -> list[Release]:
    return list(read_dump(path, wanted(*numbers), silent, CancelToken()))


def read_until_error(releases: Iterator[Release]) -> tuple[list[int], FormatError]:
    found: list[int] = []
    with pytest.raises(FormatError) as caught:
        found.extend(release.release_id for release in releases)
    return found, caught.value


@pytest.mark.parametrize("name", ["releases.xml.gz", "releases.xml"])
def test_a_release_is_read_whole(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name, simple(11), STOCKHOLM, simple(12))

    assert read(path, 1) == [
        Release(
            release_id=ReleaseId(1),
            title="Stockholm",
            artists=(
                ArtistCredit("The Persuader", "Persuader", "&", 1),
                ArtistCredit("Jesper Dahlbäck", artist_id=239),
            ),
            tracks=(
                Track(
                    "A",
                    "Östermalm",
                    285.0,
                    remixers=(ArtistCredit("Mixer", artist_id=7),),
                    section="This Side",
                ),
                Track("B1", "Sysyphus", section="This Side"),
            ),
            labels=(LabelCredit("Svek", "SK032"),),
            formats=(FormatEntry("Vinyl", 2, ('12"',), "Clear"),),
            year=1999,
            country="Sweden",
            master_id=1660109,
            barcodes=("075992725620",),
        )
    ]


def test_only_wanted_releases_are_yielded_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = save(tmp_path / "releases.xml.gz", *(simple(number) for number in range(1, 2000)))

    found = [release.release_id for release in read(path, 1500, 3, 777, 5000)]

    assert found == [3, 777, 1500]


def test_a_release_that_spans_chunks_is_read(tmp_path: Path) -> None:
    long_title = "y" * 3_000_000
    path = save(tmp_path / "releases.xml", simple(1), simple(2, long_title), simple(3))

    assert [release.title for release in read(path, 2, 3)] == [long_title, "x"]


def test_reading_stops_when_all_are_found(tmp_path: Path) -> None:
    path = tmp_path / "releases.xml"
    padding = (simple(number, "z" * 1000) for number in range(10, 20_000))
    save(path, simple(1), simple(2), *padding, end="")  # the missing end would be an error
    seen: list[Progress] = []

    found = list(read_dump(path, wanted(1, 2), seen.append, CancelToken()))

    assert len(found) == 2
    assert all(step.done < path.stat().st_size / 10 for step in seen)


def test_nothing_wanted_reads_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "absent.xml.gz") == []


def test_progress_counts_bytes_on_disk_up_to_the_end(tmp_path: Path) -> None:
    path = save(tmp_path / "releases.xml.gz", *(simple(number) for number in range(1, 200_000)))
    seen: list[Progress] = []

    list(read_dump(path, wanted(10**9), seen.append, CancelToken()))

    size = path.stat().st_size
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert {step.total for step in seen} == {size}
    assert seen[-1] == Progress(size, size, "reading releases.xml.gz")
    assert 2 < len(seen) <= 1002


def test_cancel_stops_between_two_chunks(tmp_path: Path) -> None:
    path = save(tmp_path / "releases.xml.gz", *(simple(number) for number in range(1, 200_000)))
    cancel = CancelToken()
    releases = read_dump(path, wanted(1, 199_999), silent, cancel)

    assert next(releases).release_id == 1
    cancel.cancel()

    with pytest.raises(Cancelled):
        next(releases)


@pytest.mark.parametrize("lost", [9, 2000, 20_000])
def test_a_truncated_archive_gives_what_is_complete_and_then_an_error(
    tmp_path: Path, lost: int
) -> None:
    whole = PROLOG + "".join(simple(n, f"{n * 7919 % 100_003}") for n in range(1, 5000))
    data = gzip.compress(whole.encode())[:-lost]
    path = tmp_path / "releases.xml.gz"
    path.write_bytes(data)
    complete = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data).count(b"</release>")

    found, error = read_until_error(read_dump(path, wanted(*range(1, 6000)), silent, CancelToken()))

    assert found == list(range(1, complete + 1))
    assert complete > 0
    assert str(error) == f"{path}: ends too early."
    assert error.hint is not None


def test_a_plain_file_without_its_end_is_reported_after_what_is_complete(tmp_path: Path) -> None:
    path = save(tmp_path / "releases.xml", simple(1), simple(2), simple(3)[:20], end="")

    found, error = read_until_error(read_dump(path, wanted(1, 2, 3), silent, CancelToken()))

    assert found == [1, 2]
    assert str(error) == f"{path}: ends too early."


def test_a_damaged_archive_is_reported_after_what_is_complete(tmp_path: Path) -> None:
    path = save(tmp_path / "releases.xml.gz", *(simple(n, str(n * n)) for n in range(1, 20_000)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    path.write_bytes(data)

    found, error = read_until_error(
        read_dump(path, wanted(*range(1, 20_001)), silent, CancelToken())
    )

    assert found == list(range(1, len(found) + 1))
    assert len(found) > 1000
    assert error.hint is not None


def test_broken_releases_are_named_after_the_others_were_read(tmp_path: Path) -> None:
    path = save(
        tmp_path / "releases.xml",
        simple(1),
        simple(2, "Rock & Roll"),
        simple(3, "&undeclared;"),
        simple(4, ""),
        simple(5),
    )

    found, error = read_until_error(read_dump(path, wanted(1, 2, 3, 4, 5), silent, CancelToken()))

    assert found == [1, 5]
    assert str(error).startswith(f"{path}: 3 releases cannot be read: 2 (")
    assert "4 (release 4: field title is ''.)" in str(error)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE releases [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<releases>',
        '<!DOCTYPE releases SYSTEM "http://127.0.0.1/evil.dtd">\n<releases>',
        '<!DOCTYPE releases [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<releases>',
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, prolog: str) -> None:
    path = save(tmp_path / "releases.xml", simple(1, "&x;"), prolog=prolog)

    with pytest.raises(FormatError, match="declares a document type"):
        read(path, 1)


@pytest.mark.parametrize("declared", ['<!ENTITY x "boom">', "<!DOCTYPE r>"])
def test_a_document_type_further_down_is_never_used(tmp_path: Path, declared: str) -> None:
    padding = simple(1, "x" * 5000)
    path = save(tmp_path / "releases.xml", padding, declared, simple(2, "&x;"), simple(3))

    found, error = read_until_error(read_dump(path, wanted(1, 2, 3), silent, CancelToken()))

    assert found == [1, 3]
    assert "2 (" in str(error)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<?xml version='1.0'?><masters><master id='1'>", "holds <masters>"),
        (b"<!doctype html><html><body>403</body></html>", "holds <html>"),
        (b"release_id,Artist,Title\n1,a,b\n", "is not XML"),
        (b"<?xml version='1.0' encoding='latin-1'?><releases>", "is written in latin-1"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not XML"),
        (b"", "ends too early"),
        (b"\x1f\x8b\x08\x00\x00", "ends too early"),
        (b"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00", "is damaged"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "dump.xml"
    path.write_bytes(data)

    with pytest.raises(FormatError) as caught:
        read(path, 1)

    assert caught.value.line().startswith(f"{path}: {said}")
    assert "\n" not in caught.value.line()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.xml.gz", tmp_path):
        with pytest.raises(FormatError, match="cannot be read") as caught:
            read(path, 1)
        assert str(path) in str(caught.value)


def test_a_file_without_the_end_of_a_release_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "releases.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(PROLOG.encode())
        for _ in range(100):
            stream.write(bytes(2**20))

    with pytest.raises(FormatError, match="no end of a release"):
        read(path, 1)


def test_memory_is_bounded_by_a_release_not_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "releases.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(PROLOG.encode())
        for number in range(1, 30):
            stream.write(simple(number, "x" * 2**20).encode())
        stream.write(b"</releases>")

    tracemalloc.start()
    count = sum(1 for _ in read_dump(path, wanted(1, 29, 99), silent, CancelToken()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2
    assert peak < 12 * 2**20


def _reference(path: Path) -> dict[int, dict[str, object]]:
    """What a plain XML parser finds in the dump, before any rule about track lists."""
    found: dict[int, dict[str, object]] = {}
    with gzip.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="release"):
            lines = element.findall("tracklist/track")
            parts = element.findall("tracklist/track/sub_tracks/track")
            found[int(element.get("id") or 0)] = {
                "title": (element.findtext("title") or "").strip(),
                "artists": [name.text for name in element.iterfind("artists/artist/name")],
                "catnos": [_catno(label) for label in element.iterfind("labels/label")],
                "formats": [entry.get("name") for entry in element.iterfind("formats/format")],
                "master_id": element.findtext("master_id"),
                "country": element.findtext("country") or "",
                "lines": [_row(line) for line in [*lines, *parts]],
            }
            element.clear()
    return found


def _catno(label: etree._Element) -> str:
    text = (label.get("catno") or "").strip()
    return "" if text == "none" else text


def _row(line: etree._Element) -> tuple[str, str]:
    return (line.findtext("position") or "").strip(), (line.findtext("title") or "").strip()


@pytest.mark.shared_data
def test_every_release_of_the_sample_is_read_as_an_xml_parser_reads_it(shared_data: Path) -> None:
    path = shared_data / "discogs" / "dump" / "discogs_20200806_sample_releases.xml.gz"
    reference = _reference(path)

    releases = {release.release_id: release for release in read(path, *reference)}

    assert len(reference) == 881
    assert releases.keys() == reference.keys()
    for number, expected in reference.items():
        release = releases[ReleaseId(number)]
        assert release.title == expected["title"]
        assert [artist.name for artist in release.artists] == expected["artists"]
        assert [entry.name for entry in release.formats] == expected["formats"]
        assert release.country == expected["country"]
        master = str(release.master_id) if release.master_id else None
        assert master == expected["master_id"]
        assert [label.catno for label in release.labels] == expected["catnos"]


@pytest.mark.shared_data
def test_no_position_of_the_sample_is_lost_or_invented(shared_data: Path) -> None:
    path = shared_data / "discogs" / "dump" / "discogs_20200806_sample_releases.xml.gz"
    reference = _reference(path)

    merged: dict[int, int] = {}
    invented: dict[int, set[str]] = {}
    for release in read(path, *reference):
        lines = reference[release.release_id]["lines"]
        assert isinstance(lines, list)
        printed = {position for position, _ in lines if position}
        found = {track.position for track in release.tracks if track.position}
        if found != printed:
            merged[release.release_id] = len(printed) - len(found)
        if found - printed:
            invented[release.release_id] = found - printed

    # Looked at one by one: all have parts of one track ("A2a", "11.1", "1-5.1").
    assert merged == {
        1586326: 2,
        1586336: 6,
        1586381: 34,
        3019966: 13,
        3019999: 6,
        4497824: 10,
        4497828: 31,
        7698019: 3,
        9342960: 10,
        9343051: 2,
        11058788: 3,
        12645394: 5,
        12645417: 1,
        14220543: 3,
    }
    # Index tracks that are one cut take the position that their parts share.
    assert invented == {3019999: {"1-5"}, 9343051: {"B1"}, 14220543: {"1-9"}}


@pytest.mark.shared_data
def test_a_dump_of_masters_is_told_apart(shared_data: Path) -> None:
    path = shared_data / "discogs" / "dump" / "discogs_20200806_sample_masters.xml.gz"

    with pytest.raises(FormatError, match=re.escape("holds <masters>; expected")):
        read(path, 1)
