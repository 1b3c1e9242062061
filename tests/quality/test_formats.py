"""Which formats suit, what others become, and that nothing lossy is made of what is lossy."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.quality.formats import File, Status, judge, query_for, read_formats

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem

FORMATS = read_formats()
NAMES = (*FORMATS.lossless, "MP3", "AAC", "OGG", "Opus", "Windows Media", "Musepack", "")
VERDICTS = ("", *(each.value for each in Verdict))
FILES = [
    File(name, rate, verdict)
    for name, rate, verdict in product(sorted(NAMES), (0, 44_100, 48_000, 96_000), VERDICTS)
]


@pytest.mark.parametrize("use", ["club", "archive", "mobile"])
def test_nothing_lossy_is_made_of_what_is_lossy_or_was(use: str) -> None:
    for file in FILES:
        found = judge(file, use, FORMATS)
        is_lossy = file.format not in FORMATS.lossless or file.verdict == "lossy_proven"
        assert not (is_lossy and found.convert_to == "opus"), file
        assert (found.status is Status.CONVERT) == bool(found.convert_to)
        assert found.reason.endswith(".")


@pytest.mark.parametrize("use", ["club", "archive", "mobile"])
@pytest.mark.parametrize("query", [["title:even"], ["title:even", ",", "title:odd"], []])
def test_the_query_finds_what_is_to_be_converted(
    library: Library, make_item: MakeItem, use: str, query: list[str]
) -> None:
    wanted: dict[str, set[int]] = {}
    for number, file in enumerate(FILES):
        title = "even" if number % 2 == 0 else "odd"
        given = {"quality_verdict": file.verdict} if file.verdict else {}
        item = make_item(library, format=file.format, samplerate=file.rate, title=title, **given)
        target = judge(file, use, FORMATS).convert_to
        if target and (len(query) != 1 or title == "even"):
            wanted.setdefault(target, set()).add(int(item.id or 0))

    found = {
        target: {item.id for item in library.items(query_for(target, use, query, FORMATS))}
        for target in wanted
    }

    assert wanted
    assert found == wanted


@pytest.mark.parametrize(
    ("file", "use", "target", "said"),
    [
        (File("FLAC", 44_100), "club", "", "Its format suits."),
        (File("FLAC", 96_000), "club", "flac_48k", "96 kHz: players may read 48 at most."),
        (File("ALAC", 44_100), "club", "flac", "ALAC is not for club; it is lossless."),
        (File("OGG", 44_100), "club", "flac", "Players may not read OGG: it is decoded,"),
        (File("FLAC", 44_100, has_checksum=False), "archive", "", "it has no checksum"),
        (File("WAVE", 44_100), "archive", "flac", "WAVE is not for archive"),
        (File("MP3", 44_100), "archive", "", "another codec would only make it worse"),
        (File("FLAC", 44_100), "mobile", "opus", "It was never checked."),
        (File("FLAC", 44_100, "cannot_tell"), "mobile", "opus", "it is lossless."),
        (File("FLAC", 44_100, "lossy_proven", "AAC"), "mobile", "", "It went through AAC"),
        (File("FLAC", 44_100, "suspicious", "AAC"), "mobile", "", "It may be from AAC"),
        (File("Opus", 48_000), "mobile", "", "Its format suits."),
        (File("Musepack", 44_100), "mobile", "", "another codec would only make it worse"),
    ],
)
def test_each_file_gets_a_target_and_a_reason(file: File, use: str, target: str, said: str) -> None:
    found = judge(file, use, FORMATS)

    assert found.convert_to == target
    assert said in found.reason


def test_each_own_format_says_how_it_is_made() -> None:
    assert {rules.high_rate_to for rules in FORMATS.uses.values()} - {""} == set(FORMATS.own)
    assert all({"command", "extension"} == set(given) for given in FORMATS.own.values())
