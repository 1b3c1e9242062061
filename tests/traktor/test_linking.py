from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from musictool_core.links import LINKS, links_of_items
from musictool_core.music import ItemId
from musictool_core.traktor import linking
from musictool_core.traktor.identity import (
    EntryFacts,
    Identification,
    ItemFacts,
    Method,
    Outcome,
    StoredLink,
    identify,
)
from musictool_core.traktor.values import Location, TrackKey

if TYPE_CHECKING:
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LOCATION = Location("HD", "/:A/:B/:", "a.mp3", "HD")
KEY = LOCATION.key
ITEM, OTHER = ItemId(1), ItemId(2)


def find(host: Host, *items: ItemFacts) -> Identification:
    tx = host.reading()
    return identify(
        [EntryFacts(KEY, LOCATION, length_s=200.0)],
        items,
        stored=linking.stored_links(tx),
        decided=linking.decided(tx),
    )


def keep(host: Host, found: Identification, now: datetime = NOW) -> int:
    with host.transaction() as tx:
        return linking.store(tx, found, now=now)


def item(item_id: ItemId = ITEM, path: str = "/x/A/B/a.mp3", **facts: Any) -> ItemFacts:
    return ItemFacts(item_id, path, **{"length_s": 200.0, **facts})


def test_what_was_found_is_kept_and_found_again_by_it(host):
    assert keep(host, find(host, item())) == 1
    kept = StoredLink(ITEM, Method.FOLDERS_2.value, 0.93)
    assert linking.stored_links(host.reading()) == {KEY: kept}

    # The file moved where no other method finds it.
    again = find(host, item(path="/elsewhere.mp3"))
    assert again.answers[KEY].method is Method.STORED
    assert keep(host, again, NOW + timedelta(days=1)) == 0
    assert linking.stored_links(host.reading()) == {KEY: kept}


def test_a_link_that_is_refuted_goes(host):
    keep(host, find(host, item()))

    refuted = find(host, item(length_s=90.0))
    assert refuted.answers[KEY].outcome is Outcome.UNMATCHED
    assert keep(host, refuted) == 1
    assert linking.stored_links(host.reading()) == {}


def test_the_user_pins_and_pins_anew(host):
    keep(host, find(host, item()))
    for chosen in (OTHER, ITEM, OTHER):
        with host.transaction() as tx:
            linking.pin(tx, KEY, chosen, now=NOW)

    found = find(host, item(), item(OTHER, "/other.mp3", length_s=5.0))

    assert (found.matched, found.answers[KEY].method) == ({KEY: OTHER}, Method.PINNED)
    keep(host, found)
    # The automatic link to the first item is gone, the decision is not.
    rows = LINKS.select(host.reading())
    assert [(row["item_id"], row["decided_by"]) for row in rows] == [(OTHER, "user")]


def test_the_user_forbids_and_takes_it_back(host):
    keep(host, find(host, item()))
    with host.transaction() as tx:
        linking.forbid(tx, KEY, ITEM, now=NOW)
    assert find(host, item()).matched == {}
    keep(host, find(host, item()))
    assert find(host, item()).matched == {}

    with host.transaction() as tx:
        assert linking.release(tx, KEY, ITEM)
        assert not linking.release(tx, KEY, ITEM)
    assert find(host, item()).matched == {KEY: ITEM}


def test_an_entry_that_was_linked_twice_is_asked_anew(host):
    keep(host, find(host, item()))
    with host.transaction() as tx:
        LINKS.insert(tx, [{**row(host), "item_id": OTHER}])

    assert linking.stored_links(host.reading()) == {}


def row(host: Host) -> dict[str, Any]:
    (found,) = LINKS.select(host.reading())
    return {name: value for name, value in found.items() if name != "id"}


def test_links_and_decisions_follow_a_relocation(host):
    keep(host, find(host, item()))
    with host.transaction() as tx:
        linking.forbid(tx, KEY, OTHER, now=NOW)
        linking.rename(tx, {KEY: TrackKey("HD/:New/:a.mp3")})

    links = links_of_items(host.reading(), [ITEM, OTHER])
    assert {link.target for link in links} == {"HD/:New/:a.mp3"}
    assert len(links) == 2


def test_two_entries_that_swap_places_keep_their_links(host):
    one, two = TrackKey("HD/:1"), TrackKey("HD/:2")
    with host.transaction() as tx:
        linking.pin(tx, one, ITEM, now=NOW)
        linking.pin(tx, two, OTHER, now=NOW)
        linking.rename(tx, {one: two, two: one})

    assert linking.decided(host.reading()) == {two: {ITEM: True}, one: {OTHER: True}}
