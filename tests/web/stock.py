"""A small shelf with everything that pages have to show, nasty names included."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from musictool_core import jobs
from musictool_core.gaps import refresh_job
from musictool_core.music import Track
from musictool_core.progress import CancelToken
from musictool_core.quality.duplicates import latest
from musictool_core.quality.duplicates.decide import Class, Decision
from musictool_core.quality.duplicates.evidence import Evidence, Sounds
from musictool_core.quality.duplicates.families import Group, Pair
from musictool_core.quality.duplicates.finding import Found
from musictool_core.quality.health import job
from musictool_core.quality.health.model import Profile
from tests.gaps.conftest import Shelf

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem

NASTY = "<img src=x onerror=alert(1)> שעת לילה"
LONG = "Nachtschicht auf dem Güterbahnhof bei Regen " * 6


def compare(parts: Web) -> None:
    """Run the job that compares shelf and library, as the worker would."""
    number = refresh_job.queue_job(parts.host, now=parts.now())
    kinds = {refresh_job.NAME: refresh_job.RefreshJob(parts.app.settings)}
    done = jobs.run(parts.host, number, kinds, now=parts.now, cancel=CancelToken())
    assert done.state is jobs.JobState.DONE, done.error


def check_health(parts: Web, profile: Profile = Profile.DJ) -> None:
    """Run the job that checks the metadata, as the worker would."""
    number = job.queue(parts.host, profile, now=parts.now())
    kinds = {job.KIND: job.HealthJob(parts.app.settings)}
    done = jobs.run(parts.host, number, kinds, now=parts.now, cancel=CancelToken())
    assert done.state is jobs.JobState.DONE, done.error


def find_twins(parts: Web, *groups: tuple[Class, tuple[int, ...]]) -> None:
    """Keep these groups as what the latest search found."""
    made = []
    for found, members in groups:
        decision = Decision(found, 0.97, ("0.3 % of what stands out is in one only", LONG))
        pairs = tuple(
            Pair(one, two, Evidence(ber=0.02, sounds=Sounds(aligned=True)), decision)
            for one, two in combinations(members, 2)
        )
        made.append(Group(found, members, pairs, 0.97))
    latest.keep(parts.host, Found(made, {99: "is not there"}), 7, now=parts.now())


def stock(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    """Fill shelf and library.

    Record 10 has a track of each state, 20 has nasty names and no file, 30 no track list, 40 is
    another copy of nothing; "Alone" is an album without a record.
    """
    shelf = Shelf(parts.host)
    # A: owned, to review (the file names no artist that fits), another version, missing.
    shelf.add(
        10, "Ada", "Lantern", "Glow", "Ember", "Spark (Extended Mix)", "Ash",
        added=1_700_000_000.0, year=1998, media_condition="Near Mint (NM or M-)",
        catalognum="LAN 001", custom={"Price paid": "14.00"},
    )  # fmt: skip
    shelf.add(20, NASTY, LONG, Track("A/1?#", NASTY), Track("A/1?#", LONG), year=2001, folder=NASTY)
    shelf.add_copy(30, "Bo", "Unlisted", label="Ebbe", catalognum="EB 7")
    owned = make_item(library, artist="Ada", title="Glow", album="Lantern", bpm=128, length=200.0)
    make_item(
        library, artist="Various", title="Ember", album="Mixed", initial_key="Am", length=240.0
    )
    make_item(library, artist="Ada", title="Spark (Radio Edit)", album="Lantern", length=180.0)
    alone = make_item(library, artist="Cy", title="One", album="Alone", length=100.0)
    library.add_album([owned])
    library.add_album([alone])
    compare(parts)
    return shelf
