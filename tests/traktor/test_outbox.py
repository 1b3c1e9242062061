"""Traktor runs and overwrites its file when it exits: nothing of ours and nothing of it is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.traktor import tables
from musictool_core.traktor.merge import Side
from musictool_core.traktor.outbox import Delivery, deliver, is_settled, waiting
from tests.fakes.traktor import entry
from tests.traktor.conftest import ORIGIN, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.traktor.conftest import Deck

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """A running Traktor, in a process of its own."""

    def __init__(self, collection: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-m", "tests.fakes.traktor", str(collection)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def __call__(self, *words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def quit(self) -> None:
        self._process.communicate("quit\n", timeout=30)


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        if program.runs:
            program.quit()


def send(deck: Deck, *, settle: bool = True) -> Delivery:
    deck.now += timedelta(minutes=1)
    if settle:
        os.utime(deck.nml, (deck.now.timestamp() - 60,) * 2)
    delivery, _ = deliver(
        deck.host,
        deck.nml,
        deck.settings,
        origin=ORIGIN,
        now=deck.now,
        is_running=deck.runs,
    )
    return delivery


def test_what_traktor_would_overwrite_waits_and_the_other_sides_do_not(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    before = deck.nml.read_bytes()
    deck.running = True
    deck.set("One", comments="new")

    result = deck.sync()

    assert (result.queued, deck.nml.read_bytes()) == (1, before)
    assert deck.tags("One").comments == "new"
    (row,) = waiting(deck.host.reading(), deck.nml)
    assert (row.field, row.base, row.new, row.since) == ("comment", "old", "new", deck.now)
    assert send(deck) is Delivery.RUNNING

    deck.running = False
    assert send(deck, settle=False) is not Delivery.EMPTY
    assert deck.entry("One")["comment"] == "new"
    assert waiting(deck.host.reading()) == []
    assert send(deck) is Delivery.EMPTY
    assert deck.plan().is_empty


def test_the_same_sync_again_while_it_waits_writes_nothing(deck: Deck) -> None:
    deck.add("One")
    deck.write(entry("One"))
    deck.sync()
    deck.running = True
    deck.set("One", comments="new")
    deck.sync()
    every = (tables.OUTBOX, tables.BASES, tables.COLLECTIONS, tables.CONFLICTS)
    before = deck.state(), [deck.rows(table) for table in every]

    result = deck.sync()

    assert result.changeset is None
    assert (deck.state(), [deck.rows(table) for table in every]) == before


def test_what_traktor_changed_itself_is_a_conflict_and_not_overwritten(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    deck.running = True
    deck.set("One", comments="ours")
    deck.sync()
    deck.change_entry("One", "INFO", "COMMENT", "Traktor's")
    deck.running = False

    assert send(deck) is Delivery.DONE

    (row,) = deck.rows(tables.CONFLICTS)
    assert (row["nml"], row["beets"], row["tags"]) == ("Traktor's", "ours", "ours")
    assert deck.entry("One")["comment"] == "Traktor's"
    assert waiting(deck.host.reading()) == []


def test_a_change_that_is_taken_back_leaves_the_outbox(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    deck.running = True
    deck.set("One", comments="new")
    deck.sync()
    deck.set("One", comments="old")

    deck.sync()

    assert waiting(deck.host.reading()) == []
    assert deck.tags("One").comments == "old"


def test_a_file_that_is_being_written_is_left_alone(deck: Deck) -> None:
    deck.write(entry("One"))
    os.utime(deck.nml, (START.timestamp(),) * 2)

    assert not is_settled(deck.nml, now=START + timedelta(seconds=1))
    assert is_settled(deck.nml, now=START + timedelta(seconds=3))
    deck.nml.write_bytes(deck.nml.read_bytes()[:-3])
    os.utime(deck.nml, (START.timestamp(),) * 2)
    assert not is_settled(deck.nml, now=START + timedelta(seconds=3))
    deck.nml.unlink()
    assert not is_settled(deck.nml, now=START)


def test_a_traktor_that_started_during_our_write_loses_us_nothing(deck: Deck) -> None:
    deck.add("One", comments="old")
    deck.write(entry("One", info={"COMMENT": "old"}))
    deck.sync()
    old = deck.nml.read_bytes()
    deck.set("One", comments="new")
    plan = deck.plan()
    asked = 0

    def starts_late(_: Path) -> bool:
        nonlocal asked
        asked += 1
        return deck.entry("One").get("comment") == "new"

    deck.now += timedelta(minutes=1)
    from musictool_core.traktor.sync import apply_sync  # noqa: PLC0415

    apply_sync(deck.host, plan, origin=ORIGIN, now=deck.now, is_running=starts_late)
    # It had read the file before, and writes what it knew.
    deck.nml.write_bytes(old)

    assert [row.new for row in waiting(deck.host.reading())] == ["new"]
    assert send(deck) is Delivery.DONE
    assert (deck.entry("One")["comment"], deck.row("One").comments) == ("new", "new")
    assert asked > 2


# Random schedules, with a Traktor in a process of its own.

OURS, THEIRS, BOTH = ("Ours 1", "Ours 2"), ("Theirs 1",), ("Both 1", "Both 2")


@dataclass
class Schedule:
    """One session after another, and what has to come of all of them."""

    deck: Deck
    chance: random.Random
    programs: list[Program]
    last: dict[tuple[str, str], str] = field(default_factory=dict)
    """The last value of each track by "ours" and "theirs"."""
    knew: dict[tuple[str, str], str] = field(default_factory=dict)
    """What stood there before that edit."""
    held: dict[str, str] = field(default_factory=dict)
    """What the running Traktor holds."""
    plays: dict[str, int] = field(default_factory=dict)
    cues: dict[str, int] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    count: int = 0

    def run(self, steps: int) -> None:
        for _ in range(steps):
            getattr(self, self.chance.choice(self._possible()))()
        self._quit()
        send(self.deck)
        self.deck.sync()
        self.check()
        assert self.deck.plan().changes == ()

    def _possible(self) -> tuple[str, ...]:
        ours = ("_edit", "_edit", "_tag", "_sync", "_sync", "_send")
        return (*ours, *(("_rate", "_play", "_cue", "_add", "_quit") if self._program
                         else ("_start", "_start")))  # fmt: skip

    @property
    def _program(self) -> Program | None:
        found = [program for program in self.programs if program.runs]
        return found[0] if found else None

    def _start(self) -> None:
        self.programs.append(Program(self.deck.nml))
        self.held = {t: str(self.deck.entry(t).get("comment", "")) for t in (*THEIRS, *BOTH)}

    def _quit(self) -> None:
        if program := self._program:
            program.quit()

    def _new(self, who: str) -> str:
        self.count += 1
        return f"{who} {self.count}"

    def _edit(self) -> None:
        title = self.chance.choice((*OURS, *BOTH))
        if not self._in_step(title):
            return
        self._note(title, "ours", self._beets(title))
        self.deck.set(title, comments=self.last[title, "ours"])

    def _tag(self) -> None:
        title = self.chance.choice(OURS)
        if not self._in_step(title):
            return
        self._note(title, "ours", "")
        self.deck.write_tag(title, comments=self.last[title, "ours"])

    def _beets(self, title: str) -> str:
        sql = "SELECT comments FROM items WHERE title = ?"
        return str(self.deck.host.reading().query(sql, [title])[0][0])

    def _in_step(self, title: str) -> bool:
        """Whether beets and the file agree: two different edits of ours would be a conflict."""
        return self._beets(title) == (self.deck.tags(title).comments or "")

    def _rate(self) -> None:
        title = self.chance.choice((*THEIRS, *BOTH))
        self._note(title, "theirs", self.held[title])
        self.held[title] = self.last[title, "theirs"]
        self._say("set", title, "INFO", "COMMENT", self.held[title])

    def _note(self, title: str, who: str, before: str) -> None:
        self.last[title, who] = self._new(who)
        self.knew[title, who] = before

    def _play(self) -> None:
        title = self.chance.choice((*OURS, *THEIRS, *BOTH))
        self.plays[title] = self.plays.get(title, 0) + 1
        self._say("play", title)

    def _cue(self) -> None:
        title = self.chance.choice((*OURS, *THEIRS, *BOTH))
        self.cues[title] = self.cues.get(title, 0) + 1
        self._say("cue", title, str(self.cues[title]))

    def _add(self) -> None:
        self.added.append(self._new("Added"))
        assert self._program is not None
        self._program("add", self.added[-1])

    def _say(self, command: str, title: str, *words: str) -> None:
        assert self._program is not None
        self._program(command, self.deck.key(title), *words)

    def _sync(self) -> None:
        self.deck.sync()

    def _send(self) -> None:
        send(self.deck)

    def check(self) -> None:
        for title in (*OURS, *THEIRS, *BOTH):
            held = self.deck.entry(title)
            assert held.get("playcount", 0) == self.plays.get(title, 0)
            assert len(held.get("cues", ())) == self.cues.get(title, 0)  # type: ignore[arg-type]
        for title in self.added:
            assert self.deck.entry(title)["title"] == title
        for title in OURS:
            if value := self.last.get((title, "ours")):
                assert self._sides(title) == dict.fromkeys(Side, value)
        for title in THEIRS:
            if value := self.last.get((title, "theirs")):
                assert self._sides(title) == dict.fromkeys(Side, value)
        for title in BOTH:
            self._check_both(title)

    def _check_both(self, title: str) -> None:
        ours, theirs = self.last.get((title, "ours")), self.last.get((title, "theirs"))
        sides = self._sides(title)
        if ours is None or theirs is None:
            assert set(sides.values()) == {ours or theirs or ""}
            return
        conflicts = [
            r for r in self.deck.rows(tables.CONFLICTS) if r["key"].endswith(f"{title}.mp3")
        ]
        if conflicts:
            assert {sides[Side.NML], sides[Side.BEETS]} == {ours, theirs}
            self._decide(conflicts[0])
            return
        assert len(set(sides.values())) == 1
        (value,) = set(sides.values())
        winner, loser = ("ours", theirs) if value == ours else ("theirs", ours)
        assert value in {ours, theirs}
        # The one who won had seen the other's value: nothing was lost.
        assert self.knew[title, winner] == loser or self._came_later(title, winner)

    def _came_later(self, title: str, winner: str) -> bool:
        """Whether the last edit of the other is older than what the winner had before his own."""
        return self._age(self.knew[title, winner]) > self._age(
            self.last[title, "theirs" if winner == "ours" else "ours"]
        )

    @staticmethod
    def _age(value: str) -> int:
        return int(value.rpartition(" ")[2] or 0)

    def _decide(self, row: dict[str, Any]) -> None:
        from musictool_core.traktor.sync import resolve  # noqa: PLC0415

        with self.deck.host.transaction() as tx:
            resolve(tx, row["id"], self.chance.choice((Side.NML, Side.BEETS)))
        self.deck.sync()
        title = row["key"].rpartition(":")[2].removesuffix(".mp3")
        sides = self._sides(title)
        assert len(set(sides.values())) == 1
        # From here on both know it.
        self.last[title, "ours"] = self.last[title, "theirs"] = sides[Side.NML]
        self.knew[title, "ours"] = self.knew[title, "theirs"] = sides[Side.NML]

    def _sides(self, title: str) -> dict[Side, str]:
        return {
            Side.NML: str(self.deck.entry(title).get("comment", "")),
            Side.BEETS: self._beets(title),
            Side.TAGS: str(self.deck.tags(title).comments or ""),
        }


def play(deck: Deck, programs: list[Program], seeds: range) -> None:
    # Power cuts are the matter of other tests.
    deck.host.lib._connection().execute("PRAGMA synchronous = OFF")
    for title in (*OURS, *THEIRS, *BOTH):
        deck.add(title)
    deck.write(*[entry(title) for title in (*OURS, *THEIRS, *BOTH)])
    deck.sync()
    schedule = Schedule(deck, random.Random(0), programs)
    deck.programs = programs
    for seed in seeds:
        schedule.chance = random.Random(seed)
        schedule.run(schedule.chance.randint(4, 14))


@pytest.mark.parametrize("block", range(3))
def test_random_schedules_lose_nothing(deck: Deck, programs: list[Program], block: int) -> None:
    play(deck, programs, range(block * 20, block * 20 + 20))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", range(4))
def test_a_thousand_random_schedules_lose_nothing(
    deck: Deck, programs: list[Program], block: int
) -> None:
    play(deck, programs, range(1000 + block * 250, 1250 + block * 250))
