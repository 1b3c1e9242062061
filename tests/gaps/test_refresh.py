"""Gap states follow the library, the shelf and the user's word, and only what is near is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import app, links
from musictool_core.discogs import mirror
from musictool_core.errors import Cancelled
from musictool_core.gaps import review, tables
from musictool_core.gaps.refresh import TARGET_KIND, refresh
from musictool_core.music import ItemId, Track, TrackKind
from musictool_core.progress import CancelToken, Progress
from tests.gaps.conftest import NOW, Shelf

if TYPE_CHECKING:
    from beets.library import Item, Library

    from tests.conftest import MakeItem


def item_id(item: Item) -> ItemId:
    assert item.id is not None
    return ItemId(item.id)


def test_a_file_of_the_same_version_is_owned_and_the_rest_is_missing(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Boards of Canada", "Hi Scores", "Hi Scores", "Turquoise Hexagon Sun")
    item = make_item(library, artist="Boards Of Canada", title="Turquoise Hexagon Sun")

    shelf.refresh()

    assert shelf.states() == {"1:A1": "missing", "1:A2": "own"}
    (row,) = [row for row in shelf.rows() if row["state"] == "own"]
    assert row["item_id"] == item.id
    assert row["evidence"]


def test_an_owned_track_has_an_accepted_link_and_loses_it_with_its_file(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    item = make_item(library, artist="Aphex Twin", title="Digeridoo")
    shelf.refresh()
    (link,) = links.links_of_items(shelf.host.reading(), [item_id(item)])
    assert (link.target_kind, link.target) == (TARGET_KIND, "1:A1")

    item.remove()
    shelf.refresh()

    assert links.links_of_items(shelf.host.reading(), [item_id(item)]) == []
    assert shelf.states() == {"1:A1": "missing"}


def test_nothing_changed_means_nothing_is_judged(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    make_item(library, artist="Aphex Twin", title="Digeridoo")

    assert shelf.refresh().judged == 1
    assert shelf.refresh().judged == 0


def test_an_imported_file_closes_its_gap_and_leaves_other_records_alone(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    names = ["Autechre", "Plaid", "Squarepusher", "Clark", "Bibio", "Mira Calix", "Chris Clark"]
    songs = ["Bike", "Eyen", "Vic Acid", "Totem", "Lovers", "Humba", "Pleen"]
    for number, (name, song) in enumerate(zip(names, songs, strict=True), start=1):
        shelf.add(number, name, f"{song} EP", song)
    shelf.refresh()

    make_item(library, artist="Chris Clark", title="Pleen")
    refreshed = shelf.refresh()

    assert refreshed.judged == 1
    assert [row["ref"] for row in refreshed.closed] == ["7:A1"]
    assert shelf.states()["7:A1"] == "own"


def test_a_changed_file_leaves_the_record_it_was_near_to(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    shelf.add(2, "Autechre", "Garbage", "Garbagemx36")
    item = make_item(library, artist="Aphex Twin", title="Digeridoo")
    shelf.refresh()

    item["artist"], item["title"] = "Autechre", "Garbagemx36"
    item.store()
    shelf.refresh()

    assert shelf.states() == {"1:A1": "missing", "2:A1": "own"}


def test_changes_by_another_program_are_noticed(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    item = make_item(library, artist="nobody", title="nothing")
    shelf.refresh()

    with library.transaction() as tx:
        tx.mutate("UPDATE items SET artist = 'Aphex Twin', title = 'Digeridoo'")
    shelf.refresh()

    assert shelf.rows()[0]["item_id"] == item.id


def test_an_update_step_by_step_equals_one_full_run(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    titles = ["Xtal", "Tha", "Pulsewidth", "Ageispolis", "Green Calx", "Heliosphan"]
    for number, title in enumerate(titles, start=1):
        shelf.add(number, "Aphex Twin", "Selected", title, f"{title} (Dub)", "We Are The Music")
        make_item(library, artist="Aphex Twin", title=f"{title} (Live)" if number % 2 else title)
        shelf.refresh()
    stepwise = shelf.rows()

    shelf.host.cache_path.unlink()
    assert shelf.refresh().judged == len(titles)

    assert shelf.rows() == stepwise


def test_a_restored_library_starts_a_new_index(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    make_item(library, artist="Aphex Twin", title="Digeridoo")
    shelf.refresh()

    with shelf.host.transaction() as tx:
        tables.STAMP.delete(tx)
        tables.GAPS.delete(tx)
    shelf.refresh()

    assert shelf.states() == {"1:A1": "own"}


def test_a_decision_is_kept_whatever_the_matcher_says(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo", "Flaphead")
    right = make_item(library, artist="Aphex Twin", title="Digeridoo")
    odd = make_item(library, artist="AFX", title="track 2 of that record")
    shelf.refresh()

    review.decide(shelf.host, "1:A1", item_id(right), accept=False, now=NOW)
    review.decide(shelf.host, "1:A2", item_id(odd), accept=True, now=NOW)
    shelf.refresh()
    shelf.host.cache_path.unlink()
    shelf.refresh()

    assert shelf.states() == {"1:A1": "missing", "1:A2": "own"}
    assert {row["method"] for row in shelf.rows() if row["state"] == "own"} == {"you"}


def test_an_accepted_file_that_left_the_library_owns_nothing(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    item = make_item(library, artist="x", title="y")
    review.decide(shelf.host, "1:A1", item_id(item), accept=True, now=NOW)
    shelf.refresh()
    assert shelf.states() == {"1:A1": "own"}

    item.remove()
    shelf.refresh()

    assert shelf.states() == {"1:A1": "missing"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("release", "1"),
        ("track", "1:A1"),
        ("folder", "house"),
        ("label", "WARP records"),
    ],
)
def test_an_ignore_rule_takes_effect_and_can_be_taken_back(
    shelf: Shelf, kind: str, value: str
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    rule = links.IgnoreRule(links.IgnoreKind(kind), value)
    shelf.refresh()

    with shelf.host.transaction() as tx:
        links.add_ignore(tx, rule, now=NOW)
    shelf.refresh()
    assert shelf.states() == {"1:A1": "ignored"}

    with shelf.host.transaction() as tx:
        links.remove_ignore(tx, rule)
    shelf.refresh()
    assert shelf.states() == {"1:A1": "missing"}


def test_a_record_that_left_the_shelf_takes_its_gaps_along(shelf: Shelf) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    shelf.add(2, "Autechre", "Garbage", "Garbagemx36")
    shelf.refresh()

    with shelf.host.transaction() as tx:
        mirror.INSTANCES.update(tx, {"removed_at": 1.0}, where={"release_id": 1})
    shelf.refresh()

    assert shelf.states() == {"2:A1": "missing"}


def test_a_record_that_left_while_the_index_was_gone_leaves_nothing(shelf: Shelf) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    shelf.refresh()

    shelf.host.cache_path.unlink()
    with shelf.host.transaction() as tx:
        mirror.INSTANCES.update(tx, {"removed_at": 1.0}, where={"release_id": 1})
    shelf.refresh()

    assert shelf.states() == {}


def test_record_level_answers_need_no_track_list(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add_copy(1, "Boards of Canada", "Geogaddi")
    shelf.add_copy(2, "Boards of Canada", "Aquarius")
    shelf.add_copy(3, "Nobody", "Nothing")
    shelf.add_copy(4, "Someone Else", "Lost Tags")
    for title in ("Ready Lets Go", "Music Is Math"):
        make_item(library, artist="Boards of Canada", title=title, album="Geogaddi")
    make_item(library, artist="Boards of Canada", title="Aquarius", album="")
    make_item(library, artist="?", title="?", discogs_albumid=4)

    shelf.refresh()

    assert shelf.owned() == {1: "yes", 2: "partly", 3: "no", 4: "yes"}


def test_track_lists_that_arrive_later_replace_the_record_level_answer(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add_copy(1, "Boards of Canada", "Geogaddi")
    make_item(library, artist="Boards of Canada", title="Music Is Math", album="Geogaddi")
    make_item(library, artist="Boards of Canada", title="Gyroscope", album="Geogaddi")
    shelf.refresh()
    assert shelf.owned() == {1: "yes"}

    shelf.add(1, "Boards of Canada", "Geogaddi", "Music Is Math", "Gyroscope", "1969")
    shelf.refresh()

    assert shelf.owned() == {1: "partly"}
    assert shelf.states() == {"1:A1": "own", "1:A2": "own", "1:A3": "missing"}


def test_a_stop_in_the_middle_loses_nothing(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    for number in range(1, 600):
        shelf.add_copy(number, f"Artist {number}", f"Record {number}")
    shelf.add(600, "Aphex Twin", "Digeridoo", "Digeridoo")
    make_item(library, artist="Aphex Twin", title="Digeridoo")
    cancel = CancelToken()

    def stop_after_the_first_batch(progress: Progress) -> None:
        if progress.label.startswith("comparing") and progress.done:
            cancel.cancel()

    with pytest.raises(Cancelled):
        refresh(shelf.host, now=NOW, report=stop_after_the_first_batch, cancel=cancel)
    shelf.refresh()

    assert shelf.states() == {"600:A1": "own"}
    assert set(shelf.owned().values()) == {"no", "yes"}


def test_items_and_records_without_any_text_do_no_harm(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "", "", "", "Digeridoo")
    shelf.add(2, "Aphex Twin", "Empty")
    make_item(library, artist="", title="", album="")

    shelf.refresh()

    assert shelf.states() == {"1:A1": "missing", "1:A2": "missing"}


def test_video_tracks_count_only_when_asked_for(shelf: Shelf) -> None:
    film = Track("DVD1", "Come To Daddy", kind=TrackKind.VIDEO)
    shelf.add(1, "Aphex Twin", "Come To Daddy", "Come To Daddy", film)

    shelf.refresh()
    assert shelf.states() == {"1:A1": "missing"}

    shelf.refresh(videos=True)
    assert shelf.states() == {"1:A1": "missing", "1:DVD1": "missing"}


def test_two_started_products_share_one_state(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    shelf.add(1, "Aphex Twin", "Digeridoo", "Digeridoo")
    make_item(library, artist="Aphex Twin", title="Digeridoo")
    shelf.refresh()

    second = Shelf(app.start(library, notice=print).host)

    assert second.refresh().judged == 0
    assert second.states() == {"1:A1": "own"}
