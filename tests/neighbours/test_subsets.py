"""Each plugin of ours works alone and beside any subset of the others."""

from __future__ import annotations

import random
from itertools import chain, combinations
from pathlib import Path

import pytest

from tests.fakes.music import HistoryBeet

NAMES = sorted(path.stem for path in Path("beetsplug").resolve().glob("*.py"))
SUBSETS = list(chain.from_iterable(combinations(NAMES, size) for size in range(len(NAMES) + 1)))
COMMANDS = {
    "discogscollection": ("collection", "status"),
    "djanalysis": ("dj", "list"),
    "gaps": ("gaps", "list"),
    "history": ("history", "list"),
    "marketplace": ("buy", "links"),
    "musictool": ("musictool", "jobs"),
    "quality": ("quality", "health", "--pretend"),
    "traktor": ("traktor", "detect"),
}
"""A command of each that needs no network."""


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    return HistoryBeet(tmp_path / "beets", _library_file)


@pytest.mark.parametrize("names", SUBSETS, ids="+".join)
def test_any_subset_in_any_order_loads_lists_modifies_and_runs(
    beet: HistoryBeet, names: tuple[str, ...]
) -> None:
    # Its imports would measure, which other tests do.
    off = {"auto": False}
    beet.configure(plugins=random.sample(names, len(names)), djanalysis=off, quality=off)
    beet.import_album("One", ("mp3",))

    for done in (
        beet("modify", "-y", "-w", "-M", "title=New", "energy=8.5"),
        beet("modify", "-a", "-y", "-w", "-M", "label=Warp"),
        *(beet(*COMMANDS[name]) for name in names),
    ):
        assert "Traceback" not in done.stderr

    # Some plugins bring the types of our attributes.
    typed = {"djanalysis", "musictool", "quality", "traktor"} & set(names)
    query = "energy:8..9" if typed else "energy:8.5"
    assert beet("ls", "-f", "$title $label $energy", query).stdout == "New Warp 8.5\n"
    # Whoever is there registers the commands; nobody else does.
    for name in set(NAMES) - set(names):
        assert beet.trying(*COMMANDS[name]).status == 1


def test_every_plugin_has_its_command_here() -> None:
    assert set(NAMES) == set(COMMANDS)
