"""What the user rejected is written by no sync, waits nowhere, and ends with its track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor import comparison, outbox, rejections, tables
from musictool_core.traktor.merge import Side
from tests.fakes.traktor import entry

if TYPE_CHECKING:
    from musictool_core.traktor.planned import FieldChange
    from tests.traktor.conftest import Deck


def reject(deck: Deck, change: FieldChange) -> None:
    """Have the user reject a value."""
    place = (change.item_id, change.field, change.side.value)
    with deck.host.transaction() as tx:
        rejections.reject(tx, deck.nml, [(place, change.new)], now=deck.now)


def planned(deck: Deck, field: str, side: Side) -> FieldChange:
    """The change of a field that a plan holds."""
    (found,) = [c for c in deck.plan().changes if (c.field, c.side) == (field, side)]
    return found


@pytest.mark.parametrize(
    ("field", "value"), [("comment", "c"), ("genre", ["House", "Dub"]), ("track", 7)]
)
def test_a_value_of_any_kind_is_rejected_on_one_side(deck: Deck, field: str, value: object) -> None:
    names = {"comment": "comments", "genre": "genres", "track": "track"}
    deck.add("One", tags={names[field]: None}, **{names[field]: value})
    deck.write(entry("One"))
    reject(deck, planned(deck, field, Side.NML))

    deck.sync()

    assert deck.entry("One").get(field) is None
    assert field not in {c.field for c in deck.plan().changes}


def test_what_waits_for_traktor_and_is_rejected_then_waits_no_more(deck: Deck) -> None:
    deck.add("One", label="Warp")
    deck.write(entry("One"))
    deck.running = True
    change = planned(deck, "label", Side.NML)
    deck.sync()
    fields = {each.field for each in outbox.waiting(deck.host.reading(), deck.nml)}
    assert "label" in fields

    reject(deck, change)
    deck.sync()
    deck.running = False
    deck.sync()

    assert outbox.waiting(deck.host.reading(), deck.nml) == []
    assert deck.entry("One").get("label") is None
    assert deck.entry("One")["artist"] == "A"


def test_a_rejection_goes_with_its_track(deck: Deck) -> None:
    item = deck.add("One", label="Warp")
    deck.write(entry("One"))
    reject(deck, planned(deck, "label", Side.NML))
    deck.sync()

    item.remove()
    deck.sync()

    assert deck.rows(tables.REJECTED) == []


def test_a_look_is_kept_in_the_order_of_tracks_and_fields(deck: Deck) -> None:
    deck.add("Two", label="b", catalognum="B")
    deck.add("One", label="a", catalognum="A")
    deck.write(entry("One"), entry("Two"))

    assert comparison.latest(deck.host, deck.nml) is None
    number = comparison.keep(deck.host, deck.plan(), now=deck.now)

    look = comparison.latest(deck.host, deck.nml)
    assert look is not None
    assert (look.number, look.tracks, sum(look.sides.values())) == (number, 2, look.changes)
    found = comparison.of_tracks(deck.host, deck.nml, 1, 1)
    told = [(each.field, each.new) for each in found if each.field in {"label", "catalognum"}]
    assert told == [("label", "b"), ("catalognum", "B")]
    assert [each.number for each in comparison.window(deck.host, deck.nml, 2, 2)] == [2, 3]
    deck.sync()
    comparison.keep(deck.host, deck.plan(), now=deck.now)
    assert comparison.of_tracks(deck.host, deck.nml, 1, 9) == []
