"""Widgets, drawn: what the result of each kind looks like on a page.

Results and drawings are kept by `aggregates`; covers are looked up anew, because they become known
without a change of the library.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import current_app
from markupsafe import Markup

from musictool_core import app
from musictool_core.errors import MusicToolError
from musictool_core.host.entities import Entity
from musictool_core.insight.breakdown import Breakdown
from musictool_core.insight.dashboards import Size
from musictool_core.insight.genres import GenreYears
from musictool_core.insight.marks import Link, Listing, Mark
from musictool_core.insight.waiting import Cause
from musictool_core.insight.widgets import Sources, read_widget
from musictool_web.charts import bars, growth, keys, ranks, svg
from musictool_web.links import href
from musictool_web.media.covers import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2 import Environment

    from musictool_core.insight.arrivals import Arrivals, Sleeve
    from musictool_core.insight.breakdown import KeyWheel
    from musictool_core.insight.completion import States
    from musictool_core.insight.dashboards import Widget
    from musictool_core.insight.waiting import Waiting
    from musictool_core.insight.widgets import Growths, WidgetKind
    from musictool_web.aggregates import Aggregate
    from musictool_web.context import Web
    from musictool_web.media.covers import Cover

EXPLORE = "/explore"

_LOOK_S = 0.3
"""How long a page waits for covers that nobody has looked at yet."""

_COVERS = {Size.SMALL: 1, Size.MEDIUM: 2, Size.LARGE: 4, Size.HUGE: 6}
_POINTS = 6
"""Years of a history of ranks, where it has little room."""

_SPINE = ("#4f4d48", True)
"""Ground of a spine whose cover is not known, and whether white reads better on it."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The inside of a widget.

    Attributes:
        body: markup, safe to be shown.
        note: beside the heading.
        more: where more of it is, "" for nowhere.
        more_label: what that link says.
        is_empty: nothing is there, so the widget need not be shown.
    """

    body: Markup
    note: Markup | str = ""
    more: str = ""
    more_label: str = ""
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget on a page.

    Attributes:
        title: its own heading, or else that of its kind.
        drawing: None when it cannot be shown.
        age_s: seconds since what it shows was right for sure.
        error: why it cannot be shown, "" when it can.
        later: pixels to keep free for a drawing that follows after the page; 0 when it is here.
    """

    widget: Widget
    title: str
    drawing: Drawing | None
    age_s: float = 0.0
    error: str = ""
    later: int = 0


def show(parts: Web, widget: Widget) -> Shown:
    """Draw a widget, whatever is wrong with it."""
    kinds = app.widget_kinds()
    kind = kinds.get(widget.kind)
    title = widget.title or (kind.title if kind else widget.kind)
    try:
        found = _drawing(parts, kinds, widget)
    except MusicToolError as error:
        return Shown(widget, title, None, error=str(error))
    return Shown(widget, title, found.value, found.age_s)


def read(parts: Web, widget: Widget) -> Aggregate[Any]:
    """What a widget shows, kept until the library changes.

    Raises:
        MusicToolError: its kind is not known, or its query or options cannot be used.
    """
    kind = app.widget_kinds().get(widget.kind)
    return parts.aggregates.get(
        ("result", *_key(parts, widget)),
        partial(compute, parts, widget),
        items_only=kind is not None and kind.items_only,
    )


def compute(parts: Web, widget: Widget) -> object:
    """What a widget shows now, not kept.

    Raises:
        MusicToolError: its kind is not known, or its query or options cannot be used.
    """
    sources = Sources(parts.host, parts.search, parts.now())
    return read_widget(app.widget_kinds(), sources, widget)


def _key(parts: Web, widget: Widget) -> tuple[object, ...]:
    """All that a result depends on but the library."""
    options = json.dumps(dict(widget.options), sort_keys=True)
    day = parts.now().astimezone().date() if widget.kind == "arrivals" else None
    return widget.kind, widget.query, options, day


def _drawing(parts: Web, kinds: Mapping[str, WidgetKind], widget: Widget) -> Aggregate[Drawing]:
    environment = current_app.jinja_env
    if widget.kind == "arrivals":
        found = read(parts, widget)
        drawn = _arrivals(parts, environment, widget, found.value)
        return type(found)(drawn, found.age_s)
    draw = _DRAWN.get(widget.kind)
    if draw is None:
        if widget.kind in kinds:
            raise MusicToolError(f"a widget {widget.kind!r} is not drawn on pages yet.")
        return read(parts, widget)  # says that there is no such kind

    def make() -> Drawing:
        return draw(environment, widget, compute(parts, widget))

    return parts.aggregates.get(
        ("drawing", widget.size, *_key(parts, widget)),
        make,
        items_only=kinds[widget.kind].items_only,
    )


def _rendered(environment: Environment, template: str, **names: object) -> Markup:
    text = environment.get_template(f"widgets/{template}").render(href=href, **names)
    return Markup(text)  # noqa: S704 - the template escapes


def _arrivals(parts: Web, environment: Environment, widget: Widget, found: Arrivals) -> Drawing:
    albums = [sleeve.album_id for sleeve in found.sleeves if sleeve.album_id is not None]
    covers = _covers(parts, albums)

    def art(sleeve: Sleeve) -> str:
        cover = covers.get(sleeve.album_id) if sleeve.album_id is not None else None
        if cover is None or cover.known is Known.NONE:
            return ""
        told = f"v={cover.version}" if cover.known is Known.COVER else "sleeve=1"
        return f"/api/v1/albums/{sleeve.album_id}/art?size=320&{told}"

    def spine(sleeve: Sleeve) -> tuple[str, bool]:
        cover = covers.get(sleeve.album_id) if sleeve.album_id is not None else None
        if cover is None or cover.colours is None:
            return _SPINE
        return cover.colours.spine, cover.colours.lettering == "#ffffff"

    number = _COVERS[widget.size]
    body = _rendered(
        environment,
        "arrivals.html",
        covers=found.sleeves[:number],
        spines=found.sleeves[number:],
        art=art,
        spine=spine,
    )
    counted = [
        (mark, noun if mark.count == 1 else f"{noun}s")
        for mark, noun in ((found.records, "record"), (found.tracks, "file"))
        if mark.count
    ]
    note = _rendered(environment, "lately.html", counted=counted)
    more = href(Link(Listing.ALBUMS), sort="-added")
    return Drawing(body, note, more, "All arrivals", is_empty=not found.sleeves)


def _covers(parts: Web, albums: Sequence[int]) -> dict[int, Cover]:
    """What is known of covers; new arrivals are looked at, but not for long."""
    covers = parts.media.covers.describe(Entity.ALBUM, albums)
    ends = time.monotonic() + _LOOK_S
    for album, cover in covers.items():
        if cover.known is Known.UNKNOWN and time.monotonic() < ends:
            covers[album] = parts.media.covers.cover(Entity.ALBUM, album)
    return covers


def _completion(environment: Environment, _: Widget, found: States) -> Drawing:
    body = _rendered(environment, "completion.html", states=found, wanted=_wanted(found))
    return Drawing(body, more=href(found.all.link), more_label="Gaps")


def _incomplete(environment: Environment, _: Widget, found: tuple[States, ...]) -> Drawing:
    rows = [(states, _wanted(states)) for states in found]
    body = _rendered(environment, "incomplete.html", rows=rows)
    more = href(Link(Listing.GAPS, (("state:=missing",),)))
    return Drawing(body, more=more, more_label="Gaps", is_empty=not found)


def _wanted(found: States) -> Mark:
    """The tracks that count: all but those that are ignored."""
    return Mark("", found.wanted, found.all.link.narrowed("^state:=ignored"))


def _waiting(environment: Environment, _: Widget, found: tuple[Waiting, ...]) -> Drawing:
    rows = [(*_CAUSES[waiting.cause], waiting.mark) for waiting in found]
    return Drawing(_rendered(environment, "waiting.html", rows=rows), is_empty=not found)


_CAUSES = {
    Cause.REVIEW: ("circle-help", "Matches to decide", "you"),
    Cause.FAILED_JOB: ("circle-alert", "Jobs that failed", "bad"),
    Cause.INTERRUPTED: ("triangle-alert", "Changes cut short", "warn"),
}
"""Icon, words and kind of count."""


def _growth(_: Environment, __: Widget, found: Growths) -> Drawing:
    return Drawing(growth.growth_chart(found, href), more=EXPLORE, more_label="Explore")


def _ranks(_: Environment, widget: Widget, found: GenreYears) -> Drawing:
    if len(found.years) < 2:
        # Ranks of one year are no history.
        marks = tuple(genre.mark for genre in found.genres)
        return Drawing(
            bars.bar_rows(Breakdown(marks, found.unknown, len(marks)), "genre", href), "by tracks"
        )
    by = "year of the music" if widget.options.get("by") == "year" else "tracks added"
    has_room = widget.size in {Size.LARGE, Size.HUGE}
    shown = found if has_room else _thinned(found)
    return Drawing(ranks.ranks_chart(shown, href), f"rank by {by}")


def _thinned(found: GenreYears) -> GenreYears:
    """Every second or third of the last years, the last one among them."""
    number = len(found.years)
    last = range(max(0, number - ranks.MOST_YEARS), number)
    kept = [last[place] for place in svg.spread(len(last), _POINTS)]
    return GenreYears(
        tuple(found.years[place] for place in kept),
        tuple(
            replace(genre, years=tuple(genre.years[place] for place in kept))
            for genre in found.genres
        ),
        found.unknown,
    )


def _keys(environment: Environment, _: Widget, found: KeyWheel) -> Drawing:
    known = sorted(found.keys, key=lambda entry: -entry.mark.count)
    body = _rendered(
        environment,
        "keys.html",
        wheel=keys.key_wheel(found, href),
        top=[entry for entry in known[:4] if entry.mark.count],
    )
    return Drawing(body)


def _rows(what: str) -> Callable[[Environment, Widget, Breakdown], Drawing]:
    def draw(_: Environment, __: Widget, found: Breakdown) -> Drawing:
        note = f"{len(found.marks)} of {found.values:,}"
        shown = note if found.values > len(found.marks) else ""
        return Drawing(bars.bar_rows(found, what, href), shown)

    return draw


def _columns(what: str, step: int) -> Callable[[Environment, Widget, Breakdown], Drawing]:
    def draw(_: Environment, widget: Widget, found: Breakdown) -> Drawing:
        wide = widget.options.get("width", step)
        return Drawing(bars.bar_columns(found, what, href, step=wide))

    return draw


_DRAWN: Mapping[str, Callable[[Environment, Widget, Any], Drawing]] = {
    "completion": _completion,
    "incomplete": _incomplete,
    "waiting": _waiting,
    "growth": _growth,
    "genre_ranks": _ranks,
    "keys": _keys,
    "genres": _rows("genre"),
    "labels": _rows("label"),
    "formats": _rows("format"),
    "artists": _rows("artist"),
    "decades": _columns("year", 10),
    "years": _columns("year", 1),
    "tempi": _columns("tempo", 5),
    "energies": _columns("energy", 1),
}
