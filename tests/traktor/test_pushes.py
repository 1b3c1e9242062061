"""beets queries as playlists of Traktor."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import MusicToolError
from musictool_core.traktor import scan
from musictool_core.traktor.collection import list_backups
from musictool_core.traktor.pushes import Pushed, keep, plan_pushes, push, stop
from tests.fakes.traktor import entry
from tests.traktor.conftest import ORIGIN

if TYPE_CHECKING:
    from tests.traktor.conftest import Deck


def lists(deck: Deck) -> bytes:
    data = deck.nml.read_bytes()
    region = scan.scan(data).sections["PLAYLISTS"]
    return data[region.start : region.end]


def written(deck: Deck) -> int:
    return sent(deck).written


def sent(deck: Deck, *, force: bool = False) -> Pushed:
    due = plan_pushes(deck.host, deck.nml)
    deck.now += timedelta(minutes=1)
    return push(
        deck.host,
        deck.nml,
        due,
        origin=ORIGIN,
        now=deck.now,
        is_running=deck.runs,
        force=force,
    )


@pytest.fixture
def warp(deck: Deck) -> Deck:
    """Two tracks of one label and one of another; one query kept."""
    for title, label in (("One", "Warp"), ("Two", "Tresor"), ("Three", "Warp")):
        deck.add(title, label=label)
    deck.add("Not in Traktor", label="Warp")
    deck.write(entry("One"), entry("Two"), entry("Three"))
    deck.sync()
    with deck.host.transaction() as tx:
        keep(tx, deck.nml, ("beets", "Warp"), "label:warp")
    return deck


def test_a_query_becomes_a_playlist_and_is_kept_in_step(warp: Deck) -> None:
    (planned,) = plan_pushes(warp.host, warp.nml)
    assert (planned.missing, planned.is_due) == (1, True)
    assert written(warp) == 1
    told = lists(warp)
    assert told.count(b"PRIMARYKEY") == 4
    assert b"One.mp3" in told
    assert b"Three.mp3" in told
    assert b'NAME="Warp"' in told

    before = warp.nml.read_bytes()
    assert written(warp) == 0
    assert warp.nml.read_bytes() == before

    warp.set("Two", label="Warp")
    assert written(warp) == 1
    assert b"Two.mp3" in lists(warp)


def test_a_playlist_has_the_order_of_its_query(warp: Deck) -> None:
    with warp.host.transaction() as tx:
        keep(tx, warp.nml, ("Sorted",), "label:warp title-")

    written(warp)

    told = lists(warp).partition(b'NAME="Sorted"')[2]
    assert 0 < told.index(b"Three.mp3") < told.index(b"One.mp3")


def test_words_with_blanks_stand_in_quotation_marks(warp: Deck) -> None:
    warp.set("One", label="Warp Records")
    with warp.host.transaction() as tx:
        keep(tx, warp.nml, ("Exact",), "'label:=Warp Records'")
        keep(tx, warp.nml, ("Odd",), "title:don't")

    found = {push.name: push for push in plan_pushes(warp.host, warp.nml)}

    assert len(found["Exact",].keys) == 1
    assert found["Odd",].keys == ()


def test_as_many_copies_are_kept_as_the_settings_say(warp: Deck, beets_config: Any) -> None:
    beets_config["traktor"]["backups"] = 1
    for label in ("Warp", "Tresor", "Warp", "Tresor"):
        warp.set("Two", label=label)
        assert written(warp) == 1

    # The last one, and the first one of the day.
    assert len(list_backups(warp.nml)) <= 2


def test_while_traktor_runs_no_playlist_is_written(warp: Deck) -> None:
    warp.running = True
    before = warp.nml.read_bytes()

    with pytest.raises(MusicToolError, match="Traktor runs"):
        written(warp)

    assert warp.nml.read_bytes() == before
    warp.running = False
    assert written(warp) == 1


def test_a_list_that_is_kept_no_more_stays_as_it_is(warp: Deck) -> None:
    written(warp)
    with warp.host.transaction() as tx:
        assert stop(tx, warp.nml, ("beets", "Warp"))
        assert not stop(tx, warp.nml, ("beets", "Warp"))

    assert plan_pushes(warp.host, warp.nml) == ()
    assert b"One.mp3" in lists(warp)


@pytest.mark.parametrize("name", [(), ("",), ("a/b",)])
def test_names_that_traktor_could_not_show_are_refused(warp: Deck, name: tuple[str, ...]) -> None:
    with warp.host.transaction() as tx, pytest.raises(MusicToolError, match="no name"):
        keep(tx, warp.nml, name, "x")


def test_a_collection_that_was_never_synced_has_no_playlists(deck: Deck) -> None:
    with deck.host.transaction() as tx, pytest.raises(MusicToolError, match="never synced"):
        keep(tx, deck.nml, ("x",), "y")
