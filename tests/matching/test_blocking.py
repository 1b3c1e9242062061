"""Blocking: candidates are few, and nothing that would match is lost."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from benchmarks.matching import (
    Case,
    Score,
    add_scores,
    predict,
    read_cases,
    synthetic_library,
)
from musictool_core.matching import (
    Tier,
    artist_keys,
    item_keys,
    match_release,
    prepare_item,
    prepare_release,
    release_keys,
)
from tests.matching.releases import item, release

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.music import LibraryItem

RECORD = release(
    "The Persuader", "Djurgårdsbron", "Night Life", title="Stockholm", label="Svek", catno="SK 032"
)


def _shares_key(candidate: LibraryItem) -> bool:
    keys = release_keys(prepare_release(RECORD))
    return not keys.isdisjoint(item_keys(prepare_item(candidate)))


@pytest.mark.parametrize(
    "candidate",
    [
        item("Persuader", "Djurgardsbron"),
        item("The Persuader", "Djrugårdsbron"),
        item("The Persuader", "Nightlife"),
        item("", "The Persuader - Night Life (Dub) [Svek]"),
        item("", "Persuader Night Life"),
        item("Night Life", "The Persuader"),
        item("", "Night Life"),
        item("Alias", "x", discogs_albumid=42),
        item("Alias", "x", mb_trackid="42-A1"),
        item("Alias", "x", catalognum="sk-032"),
        item("Alias", "Night Life", album="Stockholm"),
        item("The Persuader", "Side A", album="Stockholm"),
        item("", "Side B", album="Stockholm"),
    ],
)
def test_what_may_match_shares_a_key(candidate: LibraryItem) -> None:
    assert _shares_key(candidate)


@pytest.mark.parametrize(
    "candidate",
    [
        item("Somebody", "Djurgårdsbron"),
        item("The Persuader", "Quite Another"),
        item("The Others", "Stockholm"),
        item("", ""),
    ],
)
def test_what_cannot_match_shares_none(candidate: LibraryItem) -> None:
    assert not _shares_key(candidate)


def test_keys_do_not_depend_on_what_else_is_there() -> None:
    first = release_keys(prepare_release(RECORD))
    prepare_release(release("Somebody", "Night Life"))

    assert release_keys(prepare_release(RECORD)) == first


@pytest.mark.shared_data
def test_blocking_loses_at_most_half_a_point_of_recall(shared_data: Path) -> None:
    blocked, unblocked = Score(), Score()
    for case in read_cases(shared_data / "discogs" / "matching.jsonl"):
        add_scores(blocked, case, predict(case))
        add_scores(unblocked, case, predict(case, blocked=False))

    assert unblocked.recall - blocked.recall <= 0.005


@pytest.mark.shared_data
def test_a_large_collection_has_few_candidates(shared_data: Path) -> None:
    cases = read_cases(shared_data / "discogs" / "matching.jsonl")
    releases, library = synthetic_library(cases, releases=500, items=2000)
    buckets: dict[str, set[int]] = defaultdict(set)
    keys_made = 0
    for number, entry in enumerate(library):
        keys = item_keys(prepare_item(entry))
        keys_made += len(keys)
        for key in keys:
            buckets[key].add(number)

    pairs = 0
    for record in releases:
        keys = release_keys(prepare_release(record))
        pairs += len(set().union(*(buckets.get(key, set()) for key in keys)))

    assert keys_made / len(library) <= 8
    assert pairs <= 2 * len(library)


@pytest.mark.shared_data
def test_strangers_of_a_large_library_are_never_taken_for_owned(shared_data: Path) -> None:
    cases = read_cases(shared_data / "discogs" / "matching.jsonl")
    everything = [(case, entry) for case in cases for entry in _tagged(case)]
    chance = random.Random(5)
    wrong = []
    for case in chance.sample(cases, 40):
        record = prepare_release(case.release)
        strangers = [
            prepare_item(entry)
            for other, entry in chance.sample(everything, min(2000, len(everything)))
            if not _related(case, other)
        ]
        keys = release_keys(record)
        candidates = [one for one in strangers if not keys.isdisjoint(item_keys(one))]
        found = match_release(record, candidates)
        wrong += [(case.name, match) for match in found if match.tier is Tier.AUTO]

    assert wrong == []


def _tagged(case: Case) -> list[LibraryItem]:
    """Items that name an artist: what a library holds, other than a list of videos."""
    return [entry for entry in case.items if artist_keys(entry.artist)]


def _related(case: Case, other: Case) -> bool:
    """Two releases of one artist may share tracks; they prove nothing about strangers."""
    ours = {credit.name for credit in case.release.artists}
    ours |= {credit.name for track in case.release.tracks for credit in track.artists}
    theirs = {credit.name for credit in other.release.artists}
    theirs |= {credit.name for track in other.release.tracks for credit in track.artists}
    return bool((ours & theirs) - {"Various"})
