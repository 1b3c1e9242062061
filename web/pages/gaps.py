"""Gaps: tracks of the shelf that are not here as files, with shops; completion; rules; reverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import render_template, request

from musictool_core import links
from musictool_core.errors import MusicToolError
from musictool_core.gaps.completion import Level
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.completion import shelf_states, states_by
from musictool_core.insight.digital_only import digital_only
from musictool_core.insight.marks import Link, Listing, asked
from musictool_web import filters, shelf
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.pages.record import FILE_COLUMNS, Sound, sound_of
from musictool_web.query import address, words
from musictool_web.said import go_back, messages, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.db import Row
    from musictool_core.gaps.reverse import DigitalOnly
    from musictool_core.insight.completion import States
    from musictool_web.shelf import Offer

blueprint = APIBlueprint("gaps", __name__, enable_openapi=False)

ROWS = 50
FIRST_ROWS = 20
"""In the first window: what fits into the first packets."""
_ACCEPT_AGE_S = 10.0
_FACETS = {"label": "Label", "formats": "Format", "folder": "Folder", "year": "Year"}
_FACET_ROWS = 7
_ORDER = ("record_artist+", "album+", "release_id+", "number+")
COLUMNS = (
    "ref", "release_id", "number", "position", "artist", "title", "duration", "record_artist",
    "album", "label", "catalognum", "year", "state", "item_id", "score", "method", "evidence",
    "recording",
)  # fmt: skip

ANY_GAP = "state::^(?:missing|review|other_version)\\Z"
"""The word that finds what is open."""

TABS = {
    "": "All open",
    State.MISSING.value: "Missing",
    State.REVIEW.value: "To review",
    State.OTHER_VERSION.value: "Other version",
}
_LEVELS = {Level.LABEL: "Labels", Level.ARTIST: "Artists", Level.RELEASE: "Records"}
_MOST_BARS = 100


@blueprint.get("/gaps")
def show() -> str:
    """The list."""
    parts = web()
    if not shelf.has_shelf(parts):
        return render_template("collection/empty.html", messages=messages(), gaps=True)
    return render_template("gaps/page.html", **_Asked.of_request().found(parts))


@blueprint.get("/gaps/completion")
def completion() -> str:
    """How complete labels, artists or records are."""
    parts = web()
    text = request.args.get("q", "").strip()
    given = request.args.get("level", "")
    level = next((each for each in Level if each.value == given), Level.LABEL)
    return render_template(
        "gaps/completion.html",
        query=text,
        level=level.value,
        whole=parts.remembered.get_or_make(("whole", text), lambda: shelf_states(parts.host, text)),
        entries=completion_by(parts, level, text, _MOST_BARS),
        most=_MOST_BARS,
        levels=[
            {
                "label": label,
                "href": address("/gaps/completion", level=each.value, q=text),
                "current": each is level,
            }
            for each, label in _LEVELS.items()
        ],
        gaps_href=href_of,
        compared=shelf.compared(parts),
    )


@blueprint.get("/gaps/reverse")
def reverse() -> str:
    """Albums and files that no record of the shelf stands for."""
    parts = web()
    text = request.args.get("q", "").strip()
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    found = files_without_record(parts, text)
    view = filters.View("/gaps/reverse", words(text), {})
    after = offset + ROWS
    return render_template(
        "gaps/reverse.html",
        query=text,
        total=len(found),
        entries=found[offset:after],
        more=view.link(view.words, offset=after) if after < len(found) else "",
        back=view.link(view.words, offset=max(0, offset - ROWS) or None) if offset else "",
        compared=shelf.compared(parts),
    )


@blueprint.get("/gaps/ignored")
def rules() -> str:
    """What is not wanted."""
    parts = web()
    view = parts.host.reading()
    return render_template(
        "gaps/ignored.html",
        rules=links.ignores(view),
        kinds=[(kind.value, kind.value.capitalize()) for kind in links.IgnoreKind],
        ignored=GAPS.count(view, where={"state": State.IGNORED.value}),
        compared=shelf.compared(parts),
        messages=messages(),
    )


@blueprint.post("/gaps/ignored")
def change_rules() -> Any:
    """Add a rule, or take one away."""
    parts = web()
    rule = read_rule(request.form.get("kind", ""), request.form.get("value", ""))
    with parts.host.transaction() as tx:
        if request.form.get("remove"):
            changed = links.remove_ignore(tx, rule)
            said = "is wanted again" if changed else "has no rule"
        else:
            changed = links.add_ignore(tx, rule, now=parts.now())
            said = "is ignored from now on" if changed else "has a rule already"
    if changed:
        parts.gaps.decided()
    say(f"{rule.kind.value.capitalize()} “{rule.value}” {said}.")
    return go_back("/gaps/ignored")


def read_rule(kind: str, value: str) -> links.IgnoreRule:
    """A rule as somebody gave it.

    Raises:
        MusicToolError: no such kind, or nothing to look at.
    """
    known = {each.value: each for each in links.IgnoreKind}
    if kind not in known:
        raise MusicToolError(f"rules look at {', '.join(known)}, not at {kind!r}.")
    text = value.strip()
    if not text or len(text) > 1000:
        raise MusicToolError("a rule needs a value, such as the name of a label.")
    return links.IgnoreRule(known[kind], text)


def href_of(link: Link) -> str:
    """The page of a list."""
    paths = {Listing.GAPS: "/gaps", Listing.COLLECTION: "/collection"}
    return address(paths.get(link.listing, "/library"), q=link.text)


def files_without_record(parts: Web, text: str) -> Sequence[DigitalOnly]:
    """Albums and single files without a record; only of the files that a query finds."""

    def look() -> Sequence[DigitalOnly]:
        wanted = parts.search.ids(Question(ITEMS, words(text))) if text else None
        return digital_only(parts.host, wanted)

    return parts.remembered.get_or_make(("reverse", text), look)


def completion_by(parts: Web, level: Level, text: str, most: int) -> Sequence[States]:
    """How complete labels, artists or records are, of what a query finds."""
    return parts.remembered.get_or_make(
        ("completion", level, text, most),
        lambda: states_by(parts.host, level, most=most, query=text),
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A track in the list.

    Attributes:
        state: as `ui.tick` has it.
        file: what it may be, or the other version of it; None when there is none.
    """

    row: Row
    key: str
    state: str
    why: str
    file: Row | None
    offers: list[Offer]

    @property
    def sound(self) -> Sound | None:
        """Key and tempo of the file."""
        return sound_of(self.file) if self.file is not None else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an address of this page asks for."""

    text: str
    state: str
    offset: int

    @classmethod
    def of_request(cls) -> _Asked:
        arguments = request.args
        state = arguments.get("state", "")
        offset = min(max(0, arguments.get("offset", 0, type=int)), 10_000_000)
        return cls(arguments.get("q", "").strip(), state if state in TABS else "", offset)

    @property
    def view(self) -> filters.View:
        return filters.View("/gaps", words(self.text), {"state": self.state or None})

    @property
    def _size(self) -> int:
        return ROWS if self.offset else FIRST_ROWS

    @property
    def _names_a_state(self) -> bool:
        return any(word.lstrip("^").startswith("state:") for word in words(self.text))

    def query(self, state: str) -> tuple[str, ...]:
        """The query of a tab; what names a state itself is left as it is."""
        link = asked(Listing.GAPS, self.text)
        if state:
            return link.narrowed(f"state:={state}").words
        return link.words if self._names_a_state else link.narrowed(ANY_GAP).words

    def found(self, parts: Web) -> dict[str, Any]:
        """What the page shows."""
        ask = partial(parts.search.page, accept_age_s=parts.gaps.accept_age_s(_ACCEPT_AGE_S))
        every = asked(Listing.GAPS, self.text).words
        counted = ask(Question(GAPS, every, limit=1, facets=("state",), columns=("id",)))
        page = ask(
            Question(
                GAPS,
                self.query(self.state),
                _ORDER,
                self.offset,
                self._size,
                tuple(_FACETS),
                COLUMNS,
            ),
        )
        numbers = [row["release_id"] for row in page.rows]
        view = self.view
        after = self.offset + self._size
        counts = dict(counted.facets["state"])
        return {
            "query": self.text,
            "total": page.total,
            "records": self._records(parts, page.rows),
            "covers": shelf.covers_of_records(parts, numbers, 84),
            "sides": shelf.sides_of_records(parts, numbers),
            "to_review": counts.get(State.REVIEW.value, 0),
            "counts": counts,
            "tabs": [self._tab(state, counts) for state in TABS],
            "chips": filters.chips(view),
            "facets": {
                field: (title, filters.choices(view, field, page.facets[field])[:_FACET_ROWS])
                for field, title in _FACETS.items()
            },
            "more": view.link(view.words, offset=after) if after < page.total else "",
            "back": view.link(view.words, offset=max(0, self.offset - ROWS) or None)
            if self.offset
            else "",
            "compared": shelf.compared(parts),
            "messages": messages(),
        }

    def _records(
        self, parts: Web, rows: Sequence[Mapping[str, Any]]
    ) -> list[tuple[Mapping[str, Any], list[Gap]]]:
        """The rows of the window by record."""
        ids = [row["item_id"] for row in rows if row["item_id"] is not None]
        files = parts.search.rows_by_id(ITEMS, ids, FILE_COLUMNS) if ids else {}
        shops = shelf.chosen_shops(parts)
        gaps = [
            Gap(
                row=dict(row),
                key=shelf.key_of(row["ref"]),
                state=shelf.TICKS.get(State(row["state"]), row["state"]),
                why="; ".join(row["evidence"] or ()),
                file=files.get(row["item_id"]),
                offers=shelf.shop_links(shops, row) if row["state"] in shelf.OPEN else [],
            )
            for row in rows
        ]
        grouped = groupby(gaps, key=lambda gap: gap.row["release_id"])
        return [(group[0].row, group) for group in (list(each) for _, each in grouped)]

    def _tab(self, state: str, counts: Mapping[str, int]) -> dict[str, Any]:
        view = self.view
        shown = counts if self._names_a_state else shelf.OPEN
        number = counts.get(state, 0) if state else sum(counts.get(each, 0) for each in shown)
        label = "All" if not state and self._names_a_state else TABS[state]
        return {
            "label": f"{label} {number:,}",
            "href": view.link(view.words, state=state or None),
            "current": state == self.state,
        }


def count_gaps(parts: Web) -> int | None:
    """The figure of the navigation: what is missing, and what waits for a person."""
    try:
        question = Question(GAPS, ("state::^(?:missing|review)\\Z",), limit=1, columns=("id",))
        return parts.search.page(question, accept_age_s=60.0).total
    except MusicToolError:
        return None


PAGE = Page(
    name="gaps",
    label="Gaps",
    url="/gaps",
    icon="circle-dashed",
    place=40,
    tab=True,
    key="m",
    blueprints=(
        "musictool_web.pages.gaps:blueprint",
        "musictool_web.pages.review:blueprint",
        "musictool_web.api.gaps:blueprint",
    ),
    count=count_gaps,
)
