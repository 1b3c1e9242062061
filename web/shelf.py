"""What pages and API of collection, gaps and records share."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.acquire.links import find_links
from musictool_core.acquire.shops import load_shops
from musictool_core.acquire.wants import want_of
from musictool_core.db import moment
from musictool_core.discogs import mirror
from musictool_core.discogs import sync as discogs_sync
from musictool_core.discogs.csvio import read_collection
from musictool_core.discogs.shelf_import import import_rows
from musictool_core.events import EVENTS
from musictool_core.gaps import refresh_job
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.entities import Entity
from musictool_core.insight.completion import record_ticks
from musictool_core.insight.records import Art, art_of_records
from musictool_web.look import age as age_words
from musictool_web.media.covers import Known, size_for
from musictool_web.problem import NotThereError
from musictool_web.security import is_https_link
from musictool_web.uploads import received

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from werkzeug.datastructures import FileStorage

    from musictool_core.acquire.shops import Shop
    from musictool_core.db import Row, Tx
    from musictool_core.discogs.csvio import CsvProblem
    from musictool_core.discogs.shelf_import import ImportResult
    from musictool_core.music import Want
    from musictool_web.context import Web
from musictool_web.media.covers import Cover

STATE_WORDS = {
    State.OWN.value: "owned",
    State.OTHER_VERSION.value: "another version",
    State.REVIEW.value: "to review",
    State.MISSING.value: "missing",
    State.IGNORED.value: "ignored",
}
"""As the terminal says them."""

OWNED_WORDS = {"yes": "owned digitally", "partly": "partly digital", "no": "not digital", "": ""}

TICKS = {
    State.OWN: "owned",
    State.OTHER_VERSION: "other_version",
    State.REVIEW: "review",
    State.MISSING: "missing",
}
"""Names of the states in `ui.ticks` and `ui.tick`."""

TICKS_BY_VALUE = {state.value: name for state, name in TICKS.items()}
"""The same by what rows store."""

OPEN = frozenset({State.MISSING.value, State.OTHER_VERSION.value, State.REVIEW.value})

_OLD_S = 7 * 86_400
"""From then on a shelf is old: a collector has bought records since."""


def key_of(ref: str) -> str:
    """The name of a track in addresses: its ref may hold slashes, blanks and anything else."""
    return base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")


def ref_of(key: str) -> str:
    """The ref behind a name in an address.

    Raises:
        NotThereError: it is no such name.
    """
    try:
        return base64.urlsafe_b64decode(f"{key}{'=' * (-len(key) % 4)}".encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise NotThereError("there is no such track.") from error


def gap_row(tx: Tx, key: str) -> Row:
    """The row of a track by its name in addresses.

    Raises:
        NotThereError: there is none (any more).
    """
    row = GAPS.get(tx, {"ref": ref_of(key)})
    if row is None:
        raise NotThereError("there is no such track.")
    return row


@dataclass(frozen=True, slots=True)
class Stamp:
    """Something with an age, as `ui.stamp` takes it."""

    status: str
    text: str
    title: str = ""


def compared(parts: Web) -> Stamp:
    """How old the gap states are, or that they are being worked out."""
    view = parts.host.reading()
    last = jobs.find(view, refresh_job.NAME, "")
    if last and last.state is jobs.JobState.RUNNING:
        done, total = last.progress.done, last.progress.total
        of = f", {done:,} of {total:,}" if total else ""
        return Stamp("stale", f"being compared{of}", "Shown is the state before.")
    if not refresh_job.is_fresh(view, last):
        if last and last.state is jobs.JobState.FAILED:
            return Stamp("failed", "not compared", last.error)
        if not refresh_job.are_known(view):
            return Stamp("unknown", "not compared yet")
        return Stamp("stale", "about to be compared", "Shown is the state before.")
    age = (parts.now() - last.finished_at).total_seconds() if last and last.finished_at else 0.0
    return Stamp("ok", f"compared {_ago(age)}", "Nothing has changed since.")


def shelf_told_at(tx: Tx) -> datetime | None:
    """When Discogs, or a file of its, last told what is on the shelf; None when never."""
    run = discogs_sync.last_sync(tx)
    seen = EVENTS.select(
        tx, ("at",), where={"name": "collection.imported"}, order=("-seq",), limit=1
    )
    times = [run["finished_at"]] if run else []
    times += [row["at"] for row in seen]
    return moment(max(times)) if times else None


def mirror_age(parts: Web) -> Stamp:
    """How old the shelf is."""
    told = shelf_told_at(parts.host.reading())
    if told is None:
        return Stamp("unknown", "age unknown", "`beet collection sync` brings it up to date.")
    age = max(0.0, (parts.now() - told).total_seconds())
    if age < 60:
        return Stamp("ok", "just now")
    return Stamp("old" if age > _OLD_S else "stale", f"{age_words(age)} old")


def covers_of_records(parts: Web, numbers: Iterable[int], side: int) -> dict[int, str]:
    """Addresses of the covers of records, at least `side` pixels; those without are left out."""
    return {
        number: address_of(art, cover, side)
        for number, (art, cover) in described(parts, numbers).items()
    }


def covers_of_albums(parts: Web, albums: Iterable[int | None], side: int) -> dict[int, str]:
    """Addresses of the covers of albums, at least `side` pixels; those without are left out."""
    numbers = {number for number in albums if number is not None}
    told = parts.media.covers.describe(Entity.ALBUM, numbers) if numbers else {}
    return {
        number: address_of(Art(Entity.ALBUM, number), cover, side)
        for number, cover in told.items()
        if cover.known is not Known.NONE
    }


def described(parts: Web, numbers: Iterable[int]) -> dict[int, tuple[Art, Cover]]:
    """What is known of the covers of records; those that have none are left out."""
    art = art_of_records(parts.host, numbers)
    known: dict[tuple[Entity, int], Cover] = {}
    for entity in Entity:
        ids = {each.number for each in art.values() if each.entity is entity}
        if ids:
            told = parts.media.covers.describe(entity, ids)
            known |= {(entity, number): cover for number, cover in told.items()}
    pairs = {number: (each, known[each.entity, each.number]) for number, each in art.items()}
    return {number: pair for number, pair in pairs.items() if pair[1].known is not Known.NONE}


def address_of(art: Art, cover: Cover, side: int) -> str:
    """Where a cover is, in at least `side` pixels; a sleeve is drawn when a file turns out bare."""
    of = "albums" if art.entity is Entity.ALBUM else "tracks"
    # Nobody looked yet whether there is one: asked for, it may turn out to be none.
    told = f"v={cover.version}" if cover.known is Known.COVER else "sleeve=1"
    return f"/api/v1/{of}/{art.number}/art?size={size_for(side)}&{told}"


def sides_of_records(parts: Web, numbers: Iterable[int]) -> dict[int, list[list[str]]]:
    """Ticks of records by side, as `ui.ticks` takes them; records not compared are left out."""
    found: dict[int, list[list[str]]] = {}
    for number, ticks in record_ticks(parts.host, set(numbers)).items():
        sides: dict[str, list[str]] = {}
        for tick in ticks:
            if tick.state in TICKS:
                sides.setdefault(tick.side, []).append(TICKS[tick.state])
        found[number] = list(sides.values())
    return found


@dataclass(frozen=True, slots=True)
class Offer:
    """Where to look for a track: a shop with its strict and its relaxed search.

    Attributes:
        relaxed_url: "" when it is the same search.
    """

    key: str
    shop: str
    url: str
    relaxed_url: str


def chosen_shops(parts: Web) -> tuple[Shop, ...]:
    """The shops that the user chose.

    Raises:
        ConfigError: a shop of the configuration cannot be used.
    """
    settings = parts.app.settings
    return load_shops(settings.shops, settings.shops_used)


def shop_links(shops: Sequence[Shop], row: Mapping[str, Any]) -> list[Offer]:
    """Searches for a gap in each shop."""
    return offers_of(shops, want_of(row))


def offers_of(shops: Sequence[Shop], want: Want) -> list[Offer]:
    """Searches for a want in each shop."""
    return [
        Offer(
            link.shop.key,
            link.shop.name,
            link.url,
            link.relaxed_url
            if link.relaxed_url != link.url and is_https_link(link.relaxed_url)
            else "",
        )
        for link in find_links([want], shops)
        if is_https_link(link.url)
    ]


def discogs_link(release_id: int) -> str:
    """The page of a record at Discogs."""
    return f"https://www.discogs.com/release/{int(release_id)}"


def reasons_of(evidence: Iterable[str]) -> list[tuple[bool, str]]:
    """Sentences of the matcher with whether each speaks for the file, as `ui.evidence` takes them.

    The matcher words what speaks for a file with "same", "agree" or "goes with".
    """
    return [(_speaks_for(said), said) for said in evidence]


def take_in(parts: Web, sent: FileStorage | None) -> tuple[ImportResult, tuple[CsvProblem, ...]]:
    """Bring an export of Discogs into the shelf: what was done, and lines that were not understood.

    Raises:
        MusicToolError: no file, or not such an export.
    """
    with received(sent, "collection.csv") as path:
        read = read_collection(path)
    with parts.host.transaction() as tx:
        done = import_rows(tx, read.rows, complete=not read.problems, now=parts.now())
    refresh_job.queue_job(parts.host, now=parts.now())
    parts.worker.wake()
    parts.gaps.decided()
    return done, tuple(read.problems)


def has_shelf(parts: Web) -> bool:
    """Whether a collection was ever brought in."""
    return mirror.shelf_exists(parts.host.reading())


def _speaks_for(said: str) -> bool:
    words = said.split()
    return bool({"same", "agree", "goes"} & set(words)) or "so" in words[-1:]


def _ago(seconds: float) -> str:
    return "just now" if seconds < 60 else f"{age_words(seconds)} ago"
