from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.music import ItemId
from musictool_core.traktor.identity import (
    EntryFacts,
    Identification,
    ItemFacts,
    Method,
    Outcome,
    StoredLink,
    identify,
)
from musictool_core.traktor.locations import PathMap, Translator
from musictool_core.traktor.values import Location

MAPS = Translator([PathMap("Macintosh HD/:Users/:me/:Music/:", "/srv/music")])


def entry(file: str = "a.mp3", folder: str = "/:Users/:me/:Music/:", **facts: Any) -> EntryFacts:
    location = Location("Macintosh HD", folder, file, "Macintosh HD")
    return EntryFacts(location.key, location, **facts)


def item(number: int, path: str = "", **facts: Any) -> ItemFacts:
    return ItemFacts(ItemId(number), path or f"/srv/elsewhere/{number}.mp3", **facts)


def only(found: Identification) -> Any:
    (answer,) = found.answers.values()
    return answer


def outcome(found: Identification) -> list[tuple[Outcome, int | None, Method | None]]:
    return [(one.outcome, one.item_id, one.method) for one in found.answers.values()]


def test_a_mapped_path_finds_its_file_and_says_so():
    found = identify([entry(length_s=200.0)], [item(1, "/srv/music/a.mp3", length_s=200.4)],
                     path_of=MAPS.path)  # fmt: skip

    answer = only(found)
    assert (answer.outcome, answer.item_id, answer.method) == (Outcome.MATCHED, 1, Method.PATH)
    assert answer.confidence > 0.9
    assert answer.evidence == ("the same path: /srv/music/a.mp3", "lengths 200.0 and 200.4 s")
    assert found.left_over == ()


def test_letter_case_of_a_path_counts_only_where_a_file_has_it():
    lower, upper = item(1, "/srv/music/a.mp3"), item(2, "/srv/music/A.mp3")

    both = identify([entry("A.mp3")], [lower, upper], path_of=MAPS.path)
    assert both.matched == {entry("A.mp3").key: 2}
    assert identify([entry("A.mp3")], [lower], path_of=MAPS.path).matched
    twice = [item(1, "/srv/music/AA.mp3"), item(2, "/srv/music/aA.mp3")]
    assert only(identify([entry("aa.mp3")], twice, path_of=MAPS.path)).candidates == (1, 2)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({"length_s": 200.0}, {"length_s": 201.5}, "lengths 200.0 and 201.5 s"),
        ({"audio_bytes": 1000}, {"audio_bytes": 1030}, "sizes 1000 and 1030 bytes"),
    ],
)
def test_another_length_or_size_refutes_even_the_same_path(ours, theirs, said):
    answer = only(
        identify([entry(**ours)], [item(1, "/srv/music/a.mp3", **theirs)], path_of=MAPS.path)
    )

    assert (answer.outcome, answer.item_id) == (Outcome.UNMATCHED, None)
    assert said in answer.evidence[0]
    assert "/srv/music/a.mp3" in answer.evidence[0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"length_s": 200.0}, {"length_s": 201.0}),
        ({"audio_bytes": 1000}, {"audio_bytes": 1020}),
        ({"length_s": 200.0}, {}),
    ],
)
def test_what_is_close_or_unknown_does_not_refute(ours, theirs):
    found = identify([entry(**ours)], [item(1, "/srv/music/a.mp3", **theirs)], path_of=MAPS.path)

    assert found.matched


def test_folders_and_name_find_a_file_under_another_root():
    where = "/:Users/:me/:Music/:Artist/:Album/:"
    three = identify([entry("01.mp3", where)], [item(1, "/x/Music/artist/Album/01.mp3")])
    two = identify([entry("01.mp3", where)], [item(1, "/x/Artist/Album/01.mp3")])
    one = identify([entry("01.mp3", where)], [item(1, "/x/y/Album/01.mp3")])

    assert outcome(three) == [(Outcome.MATCHED, 1, Method.FOLDERS_3)]
    assert outcome(two) == [(Outcome.MATCHED, 1, Method.FOLDERS_2)]
    assert outcome(one) == [(Outcome.UNMATCHED, None, None)]


def test_doubles_are_reported_and_never_picked():
    ours = entry("01.mp3", "/:Users/:me/:Music/:Artist/:Album/:")
    doubles = [item(n, f"/{n}/Music/Artist/Album/01.mp3") for n in (1, 2)]

    found = identify([ours], doubles)

    answer = only(found)
    assert (answer.outcome, answer.item_id) == (Outcome.AMBIGUOUS, None)
    assert answer.candidates == (1, 2)
    assert answer.evidence == ("several files fit",)
    assert found.left_over == (1, 2)


def test_two_entries_do_not_share_a_file():
    same: dict[str, Any] = {"artist": "A", "title": "Long Title", "length_s": 200.0}
    first, second = entry("1.mp3", "/:X/:", **same), entry("2.mp3", "/:X/:", **same)

    found = identify([first, second], [item(1, **same)])

    assert {one.outcome for one in found.answers.values()} == {Outcome.AMBIGUOUS}
    assert {one.evidence for one in found.answers.values()} == {("several entries fit this file",)}


def test_a_file_that_is_taken_is_not_given_to_a_weaker_claim():
    facts: dict[str, Any] = {"artist": "A", "title": "Long Title", "length_s": 200.0}
    there, stale = entry(**facts), entry("old.mp3", "/:X/:", **facts)

    found = identify([there, stale], [item(1, "/srv/music/a.mp3", **facts)], path_of=MAPS.path)

    assert found.matched == {there.key: 1}
    assert found.answers[stale.key].outcome is Outcome.AMBIGUOUS
    assert found.answers[stale.key].evidence == (f"{there.key} is that file already",)


def test_an_audio_id_needs_both_lengths_because_it_repeats():
    ours = entry("moved.mp3", "/:X/:", audio_id="abc", length_s=200.0)
    right, wrong = item(1, audio_id="abc", length_s=200.5), item(2, audio_id="abc", length_s=260.0)

    assert outcome(identify([ours], [right, wrong])) == [(Outcome.MATCHED, 1, Method.AUDIO_ID)]
    assert not identify([ours], [replace(right, length_s=None)]).matched
    assert not identify([ours], [right, replace(wrong, length_s=200.1)]).matched


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("payload_hash", Method.PAYLOAD),
        ("acoustid", Method.ACOUSTID),
        ("mb_trackid", Method.RECORDING),
    ],
)
def test_what_names_the_sound_or_the_recording_finds_it(name, method):
    facts: dict[str, Any] = {name: "x"}
    found = identify([entry("z.mp3", "/:X/:", **facts)], [item(1, **facts), item(2)])

    assert outcome(found) == [(Outcome.MATCHED, 1, method)]


def test_artist_title_and_length_find_a_file_as_the_matcher_says():
    ours = entry("z.mp3", "/:X/:", artist="Deekline & Wizard", title="Back Up (Krafty Kuts Remix)",
                 length_s=299.0)  # fmt: skip
    same = item(
        1, artist="Deekline and Wizard", title="Back Up [Krafty Kuts Remix]", length_s=298.6
    )
    other = item(2, artist="Deekline & Wizard", title="Back Up (Original Mix)", length_s=299.2)

    assert outcome(identify([ours], [same, other])) == [(Outcome.MATCHED, 1, Method.TITLE)]
    assert not identify([ours], [other]).matched
    assert not identify([ours], [replace(same, length_s=None)]).matched
    assert not identify([ours], [replace(same, length_s=301.0)]).matched


def test_a_weaker_method_decides_between_candidates_but_never_against_them():
    where = "/:Users/:me/:Music/:Artist/:Album/:"
    ours = entry("01.mp3", where, artist="A", title="Long Title", length_s=200.0)
    one = item(1, "/1/Music/Artist/Album/01.mp3", artist="A", title="Long Title", length_s=200.0)
    two = item(2, "/2/Music/Artist/Album/01.mp3", artist="B", title="Other", length_s=200.0)
    outside = item(3, artist="A", title="Long Title", length_s=200.0)

    assert identify([ours], [one, two]).matched == {ours.key: 1}
    undecided = identify([ours], [replace(one, title="Elsewhere"), two, outside])
    assert only(undecided).candidates == (1, 2)


def test_without_lengths_titles_that_differ_refute_folders_and_name():
    where = "/:Users/:me/:Music/:Various/:CD1/:"
    ours = entry("01 Intro.mp3", where, artist="Someone", title="Welcome Speech")
    theirs = item(1, "/x/Various/CD1/01 Intro.mp3", artist="Nobody", title="Ocean Drive")

    answer = only(identify([ours], [theirs]))
    assert answer.outcome is Outcome.UNMATCHED
    assert "no lengths" in answer.evidence[0]
    assert identify([ours], [replace(theirs, title="")]).matched


def test_a_decision_stands_against_everything_but_another_decision():
    ours = entry(length_s=200.0)
    here, chosen = item(1, "/srv/music/a.mp3", length_s=200.0), item(2, length_s=99.0)

    pinned = identify(
        [ours], [here, chosen], path_of=MAPS.path, decided={ours.key: {ItemId(2): True}}
    )
    forbidden = identify([ours], [here], path_of=MAPS.path, decided={ours.key: {ItemId(1): False}})
    both: dict[str, dict[ItemId, bool]] = {ours.key: {ItemId(1): True, ItemId(2): True}}
    twice = identify([ours], [here, chosen], path_of=MAPS.path, decided=both)
    gone = identify([ours], [here], path_of=MAPS.path, decided={ours.key: {ItemId(9): True}})

    assert outcome(pinned) == [(Outcome.MATCHED, 2, Method.PINNED)]
    assert outcome(forbidden) == [(Outcome.UNMATCHED, None, None)]
    assert outcome(twice) == [(Outcome.AMBIGUOUS, None, Method.PINNED)]
    assert outcome(gone) == [(Outcome.MATCHED, 1, Method.PATH)]


def test_a_stored_link_holds_until_something_refutes_it():
    ours = entry(length_s=200.0)
    linked, at_path = item(1, length_s=200.0), item(2, "/srv/music/a.mp3", length_s=200.0)
    stored = {ours.key: StoredLink(ItemId(1), "path", 0.99)}

    kept = identify([ours], [linked, at_path], path_of=MAPS.path, stored=stored)
    refuted = identify(
        [ours], [replace(linked, length_s=90.0), at_path], path_of=MAPS.path, stored=stored
    )

    assert outcome(kept) == [(Outcome.MATCHED, 1, Method.STORED)]
    assert only(kept).evidence[0] == "linked before by path"
    assert outcome(refuted) == [(Outcome.MATCHED, 2, Method.PATH)]


def test_an_entry_without_a_location_can_still_be_found():
    facts: dict[str, Any] = {"artist": "A", "title": "Long Title", "length_s": 200.0}
    bare = replace(entry(**facts), location=None)

    assert identify([bare], [item(1, **facts)], path_of=MAPS.path).matched == {bare.key: 1}


def test_thousands_of_doubles_are_not_millions_of_pairs():
    facts: dict[str, Any] = {
        "artist": "Unknown",
        "title": "Track",
        "length_s": 200.0,
        "audio_id": "same",
    }
    folder = "/:Users/:me/:Music/:A/:B/:"
    entries = [
        replace(entry("01.mp3", folder, **facts), key=f"{n}")  # type: ignore[arg-type]
        for n in range(4_000)
    ]
    items = [item(n, f"/{n}/A/B/01.mp3", **facts) for n in range(4_000)]

    found = identify(entries, items)

    assert {one.outcome for one in found.answers.values()} == {Outcome.AMBIGUOUS}
    assert max(len(one.candidates) for one in found.answers.values()) <= 10


NAMES = st.sampled_from(["a.mp3", "b.mp3", "A.mp3"])
LENGTHS = st.sampled_from([None, 100.0, 100.8, 102.0])
TITLES = st.sampled_from(["", "Blue Monday", "Blue Monday (Remix)", "Age Of Consent"])
IDS = st.sampled_from(["", "x", "y"])
FACTS = st.fixed_dictionaries(
    {"title": TITLES, "artist": st.sampled_from(["", "New Order"]), "length_s": LENGTHS,
     "audio_id": IDS, "mb_trackid": IDS}
)  # fmt: skip


@given(
    st.lists(st.tuples(NAMES, FACTS), max_size=6),
    st.lists(st.tuples(NAMES, FACTS), max_size=6),
    st.randoms(use_true_random=False),
)
def test_answers_are_one_to_one_and_no_matter_of_order(ours, theirs, random):
    entries = [
        entry(name, f"/:Users/:me/:Music/:A/:{n % 2}/:{n}/:", **facts)
        for n, (name, facts) in enumerate(ours)
    ]
    items = [
        item(n, f"/srv/music/A/{n % 2}/{n % 4}/{name}", **facts)
        for n, (name, facts) in enumerate(theirs)
    ]

    found = identify(entries, items, path_of=MAPS.path)
    shuffled = identify(
        random.sample(entries, len(entries)), random.sample(items, len(items)), path_of=MAPS.path
    )

    assert found.matched == shuffled.matched
    assert len(set(found.matched.values())) == len(found.matched)
    by_id = {one.item_id: one for one in items}
    for one in entries:
        answer = found.answers[one.key]
        if answer.item_id is not None and one.length_s and by_id[answer.item_id].length_s:
            assert abs(one.length_s - by_id[answer.item_id].length_s) <= 1.0  # type: ignore[operator]
    assert sorted([*found.matched.values(), *found.left_over]) == sorted(by_id)


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_left_as_it_was(collecting):
    was_on = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        identify([entry()], [item(1)])
        assert gc.isenabled() is collecting
        with pytest.raises(ZeroDivisionError):
            identify([entry()], [item(1)], path_of=lambda _: str(1 / 0))
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if was_on else gc.disable)()
