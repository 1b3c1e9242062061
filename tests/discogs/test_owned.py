"""Do I own this? Barcodes, catalogue numbers and words, as people type and scan them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from musictool_core.discogs import mirror
from musictool_core.discogs.owned import OwnedAnswer, Verdict, Way, find_owned, judge_owned
from musictool_core.music import Release, ReleaseId

if TYPE_CHECKING:
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, tzinfo=UTC)

COPIES = (
    # instance, release, artist, title, catalogue numbers
    ("1", 10, "Sigur Rós", "Ágætis Byrjun", "FATCD 11, FAT-LP 11"),
    ("2", 20, "Aphex Twin", "Windowlicker", "WAP 105"),
    ("3", 20, "Aphex Twin", "Windowlicker", "WAP 105"),
    ("4", 30, "Various", "The Sound Of Detroit", ""),
    ("5", 40, "Falk", "5023363002417", "505"),
)
BARCODES = {10: ("5 023363 002417",), 20: ("7 21616 90021 6", "0721616900216"), 30: ()}


@pytest.fixture
def shop(shelf_host: Host) -> Host:
    """A shelf of five copies; the track list of one record is not known."""
    names = ("instance_id", "release_id", "artist", "title", "catalognum")
    with shelf_host.transaction() as tx:
        rows = [dict(zip(names, copy, strict=True)) for copy in COPIES]
        mirror.INSTANCES.insert(tx, rows)
        releases = [
            Release(ReleaseId(number), "", (), barcodes=codes) for number, codes in BARCODES.items()
        ]
        mirror.store_releases(tx, releases, origin="api", now=NOW)
    return shelf_host


def ask(host: Host, code: str) -> tuple[Way | None, list[str]]:
    answer = find_owned(host.reading(), code)
    return answer.way, [row["instance_id"] for row in answer.copies]


@pytest.mark.parametrize(
    ("code", "copies"),
    [
        ("5 023363 002417", ["1"]),
        ("5023363002417", ["1"]),
        ("05023363002417", ["1"]),
        ("5-023363-002417", ["1"]),
        ("721616900216", ["2", "3"]),
        ("0721616900216", ["2", "3"]),
        ("7 21616 90021 6", ["2", "3"]),
    ],
)
def test_a_barcode_is_found_however_it_is_printed_or_scanned(
    shop: Host, code: str, copies: list[str]
) -> None:
    assert ask(shop, code) == (Way.BARCODE, copies)


@pytest.mark.parametrize(
    ("code", "copies"),
    [
        ("WAP 105", ["2", "3"]),
        ("wap105", ["2", "3"]),
        ("WAP-105", ["2", "3"]),
        ("fatlp11", ["1"]),
        ("FATCD  11", ["1"]),
        ("505", ["5"]),
    ],
)
def test_a_catalogue_number_is_found_whatever_its_spacing_case_and_dashes(
    shop: Host, code: str, copies: list[str]
) -> None:
    assert ask(shop, code) == (Way.CATALOGUE_NUMBER, copies)


@pytest.mark.parametrize(
    ("code", "copies"),
    [
        ("windowlicker", ["2", "3"]),
        ("Aphex Twin - Windowlicker", ["2", "3"]),
        ("agaetis sigur", ["1"]),
        ("SIGUR RÓS", ["1"]),
        ("sound of detroit", ["4"]),
    ],
)
def test_all_words_may_stand_in_artist_and_title_in_any_order(
    shop: Host, code: str, copies: list[str]
) -> None:
    assert ask(shop, code) == (Way.WORDS, copies)


@pytest.mark.parametrize(
    "code", ["5023363002418", "WAP 10", "WAP", "Windowlicker Remixes", "none", "", "  ", "---"]
)
def test_what_is_not_on_the_shelf_is_not_found(shop: Host, code: str) -> None:
    assert ask(shop, code) == (None, [])


def test_the_barcode_counts_for_more_than_a_title_of_the_same_digits(shop: Host) -> None:
    assert ask(shop, "5023363002417") == (Way.BARCODE, ["1"])


def test_a_copy_that_left_the_shelf_is_not_owned(shop: Host) -> None:
    with shop.transaction() as tx:
        mirror.INSTANCES.update(tx, {"removed_at": 1.0}, where={"instance_id": "2"})

    assert ask(shop, "WAP 105") == (Way.CATALOGUE_NUMBER, ["3"])


def test_the_answer_says_how_much_was_looked_at(shop: Host) -> None:
    answer = find_owned(shop.reading(), "nothing like it")

    assert answer == OwnedAnswer(way=None, copies=(), shelf=5, barcodes=2, records=4)


def test_an_empty_shelf_owns_nothing(shelf_host: Host) -> None:
    answer = find_owned(shelf_host.reading(), "WAP 105")

    assert answer == OwnedAnswer(way=None, copies=(), shelf=0, barcodes=0, records=0)


@pytest.mark.parametrize(
    ("code", "verdict", "candidates"),
    [
        ("5 023363 002417", Verdict.YES, []),
        ("WAP 105", Verdict.YES, []),  # two copies of one record
        ("aphex windowlicker", Verdict.YES, []),
        ("aphex", Verdict.YES, []),
        ("wap", Verdict.NO, []),
        ("WAP10", Verdict.PERHAPS, ["2"]),  # part of a number
        ("aphex twin drukqs", Verdict.PERHAPS, ["2"]),  # most of the words
        ("boards of canada geogaddi", Verdict.NO, []),
        ("", Verdict.NO, []),
        # The track lists of a third of the records are not known: "no" would be a guess.
        ("4006381333931", Verdict.PERHAPS, []),
    ],
)
def test_the_verdict_is_as_sure_as_it_can_be(
    shop: Host, code: str, verdict: Verdict, candidates: list[str]
) -> None:
    judged = judge_owned(shop.reading(), code)

    assert judged.verdict is verdict
    assert [row["instance_id"] for row in judged.candidates] == candidates
    assert bool(judged.why) == (verdict is Verdict.PERHAPS)


def test_several_records_that_fit_are_shown_and_not_decided(shop: Host) -> None:
    names = ("instance_id", "release_id", "artist", "title", "catalognum")
    with shop.transaction() as tx:
        other = ("6", 50, "Somebody", "Else", "WAP 105")
        mirror.INSTANCES.insert(tx, [dict(zip(names, other, strict=True))])

    judged = judge_owned(shop.reading(), "wap105")

    assert judged.verdict is Verdict.PERHAPS
    assert [row["instance_id"] for row in judged.candidates] == ["2", "6"]
    assert judged.why == "2 records fit this number."


def test_with_all_barcodes_known_an_unknown_one_is_a_no(shop: Host) -> None:
    with shop.transaction() as tx:
        release = Release(ReleaseId(40), "", ())
        mirror.store_releases(tx, [release], origin="api", now=NOW)

    assert judge_owned(shop.reading(), "4006381333931").verdict is Verdict.NO
