"""The kinds of widgets, what each reads, and the first dashboard.

A kind knows nothing of pages: it reads a result, which the web view draws. Features name their
kinds in `Feature.widgets`; `app.widget_kinds` collects them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from musictool_core.discogs.mirror import INSTANCES, LIVE
from musictool_core.errors import MusicToolError
from musictool_core.gaps.completion import Level
from musictool_core.gaps.tables import GAPS
from musictool_core.host.entities import Entity
from musictool_core.host.search import ITEMS, Question
from musictool_core.host.tallies import has_value
from musictool_core.insight import arrivals, breakdown, completion, genres, growth
from musictool_core.insight.dashboards import Size, Widget
from musictool_core.insight.scope import scope_of
from musictool_core.insight.waiting import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.search import Search
    from musictool_core.insight.marks import Link

E = TypeVar("E", bound=Enum)

MOST = 50
"""Entries that a widget may ask for."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a widget reads from."""

    host: Host
    search: Search
    now: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """What there is to show.

    Attributes:
        tracks: whether the library has any.
        records: whether anything is on the shelf.
        gaps: whether any track list has been compared.
        genres / keys / tempi: whether some track has one.
    """

    tracks: bool
    records: bool
    gaps: bool
    genres: bool
    keys: bool
    tempi: bool


@dataclass(frozen=True, slots=True)
class Growths:
    """How library and shelf grew; `records` is None when a query asks for tracks, or none is."""

    tracks: growth.Growth
    records: growth.Growth | None


class WidgetKind(Protocol):
    """One kind of widget."""

    @property
    def name(self) -> str:
        """Under which it is stored; never changes."""
        ...

    @property
    def title(self) -> str:
        """Heading of a widget without its own."""
        ...

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Sizes it is legible in, the usual one first."""
        ...

    @property
    def items_only(self) -> bool:
        """Whether it reads items and albums only: nothing else makes its result an old one."""
        ...

    def is_worth(self, contents: Contents) -> bool:
        """Whether the first dashboard should have it."""
        ...

    def read(self, sources: Sources, widget: Widget) -> object:
        """What it shows: a frozen result of this package.

        Raises:
            MusicToolError: its query or options cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind made of functions."""

    name: str
    title: str
    sizes: tuple[Size, ...]
    worth: Callable[[Contents], bool]
    reader: Callable[[Sources, Widget], object]
    items_only: bool = False

    def is_worth(self, contents: Contents) -> bool:
        """See `WidgetKind`."""
        return self.worth(contents)

    def read(self, sources: Sources, widget: Widget) -> object:
        """See `WidgetKind`."""
        return self.reader(sources, widget)


def look(host: Host) -> Contents:
    """Find out what there is to show; milliseconds at any size."""
    view = host.reading()
    return Contents(
        tracks=_occurs(host, "id"),
        records=INSTANCES.get(view, LIVE) is not None,
        gaps=GAPS.get(view, {}) is not None,
        genres=_occurs(host, "genres"),
        keys=_occurs(host, "initial_key"),
        tempi=_occurs(host, "bpm"),
    )


def first_dashboard(kinds: Iterable[WidgetKind], contents: Contents) -> tuple[Widget, ...]:
    """The widgets worth showing, in the order of the kinds."""
    worth = [kind for kind in kinds if kind.is_worth(contents)]
    return tuple(Widget(kind.name, kind.name, size=kind.sizes[0]) for kind in worth)


def read_widget(kinds: Mapping[str, WidgetKind], sources: Sources, widget: Widget) -> object:
    """What a widget shows.

    Raises:
        MusicToolError: its kind is not known, or its query or options cannot be used.
    """
    kind = kinds.get(widget.kind)
    if kind is None:
        raise MusicToolError(
            f"there is no widget {widget.kind!r} here.",
            hint="It belongs to a part that is not installed; it can be taken away.",
        )
    return kind.read(sources, widget)


def _arrivals(sources: Sources, widget: Widget) -> arrivals.Arrivals:
    most = _number(widget, "most", 10)
    return arrivals.arrivals(sources.host, now=sources.now, most=most)


def _completion(sources: Sources, widget: Widget) -> completion.States:
    return completion.shelf_states(sources.host, widget.query)


def _incomplete(sources: Sources, widget: Widget) -> tuple[completion.States, ...]:
    level = _choice(widget, "level", Level.RELEASE)
    most = _number(widget, "most", 6)
    return completion.states_by(sources.host, level, most=most, query=widget.query)


def _growth(sources: Sources, widget: Widget) -> Growths:
    step = _choice(widget, "step", growth.Step.YEAR)
    tracks = growth.track_growth(scope_of(sources.host, sources.search, widget.query), step)
    records = None if widget.query else growth.record_growth(sources.host, step)
    return Growths(tracks, records if records and records.moments else None)


def _genre_ranks(sources: Sources, widget: Widget) -> genres.GenreYears:
    scope = scope_of(sources.host, sources.search, widget.query)
    by = _choice(widget, "by", genres.By.ADDED)
    return genres.genre_years(scope, by, most=_number(widget, "most", 7))


def _texts(column: breakdown.Column) -> Callable[[Sources, Widget], breakdown.Breakdown]:
    def read(sources: Sources, widget: Widget) -> breakdown.Breakdown:
        scope = scope_of(sources.host, sources.search, widget.query)
        return breakdown.by_text(scope, column, most=_number(widget, "most", 8))

    return read


def _genres(sources: Sources, widget: Widget) -> breakdown.Breakdown:
    scope = scope_of(sources.host, sources.search, widget.query)
    return breakdown.by_genre(scope, most=_number(widget, "most", 8))


def _decades(sources: Sources, widget: Widget) -> breakdown.Breakdown:
    return breakdown.by_decade(scope_of(sources.host, sources.search, widget.query))


def _years(sources: Sources, widget: Widget) -> breakdown.Breakdown:
    return breakdown.by_year(scope_of(sources.host, sources.search, widget.query))


def _tempi(sources: Sources, widget: Widget) -> breakdown.Breakdown:
    scope = scope_of(sources.host, sources.search, widget.query)
    return breakdown.by_tempo(scope, width=_number(widget, "width", 5))


def _energies(sources: Sources, widget: Widget) -> breakdown.Breakdown:
    def total(link: Link) -> int:
        return sources.search.page(Question(ITEMS, link.words, limit=0)).total

    scope = scope_of(sources.host, sources.search, widget.query)
    return breakdown.by_energy(scope, total)


def _keys(sources: Sources, widget: Widget) -> breakdown.KeyWheel:
    return breakdown.by_key(scope_of(sources.host, sources.search, widget.query))


def _waiting(sources: Sources, _: Widget) -> object:
    return waiting(sources.host)


_S, _M, _L, _XL = Size.SMALL, Size.MEDIUM, Size.LARGE, Size.HUGE


def _never(_: Contents) -> bool:
    """Only when somebody asks for it."""
    return False


def _has_tracks(contents: Contents) -> bool:
    return contents.tracks


ARRIVALS = _Kind(
    "arrivals", "New in the crate", (_L, _XL), lambda c: c.tracks or c.records, _arrivals
)
COMPLETION = _Kind("completion", "Shelf in files", (_S, _M), lambda c: c.gaps, _completion)
GROWTH = _Kind("growth", "Growth", (_M, _L, _XL), lambda c: c.tracks or c.records, _growth)
GENRE_RANKS = _Kind(
    "genre_ranks",
    "What you collect",
    (_M, _L, _XL),
    lambda c: c.genres,
    _genre_ranks,
    items_only=True,
)
KEYS = _Kind("keys", "Keys", (_S, _M), lambda c: c.keys, _keys, items_only=True)
INCOMPLETE = _Kind("incomplete", "Least complete", (_M, _L), lambda c: c.gaps, _incomplete)
DECADES = _Kind("decades", "Decades", (_S, _M, _L), _has_tracks, _decades, items_only=True)
LABELS = _Kind(
    "labels", "Labels", (_S, _M), _has_tracks, _texts(breakdown.Column.LABEL), items_only=True
)
WAITING = _Kind("waiting", "Needs you", (_XL, _S, _M), lambda c: c.tracks or c.records, _waiting)
TEMPI = _Kind("tempi", "Tempo", (_M, _S, _L), lambda c: c.tempi, _tempi, items_only=True)
ENERGIES = _Kind("energies", "Energy", (_S, _M), _never, _energies, items_only=True)
GENRES = _Kind("genres", "Genres", (_S, _M), _never, _genres, items_only=True)
YEARS = _Kind("years", "Years", (_M, _L, _XL), _never, _years, items_only=True)
FORMATS = _Kind(
    "formats", "Formats", (_S, _M), _never, _texts(breakdown.Column.FORMAT), items_only=True
)
ARTISTS = _Kind(
    "artists", "Artists", (_S, _M), _never, _texts(breakdown.Column.ARTIST), items_only=True
)


def _occurs(host: Host, column: str) -> bool:
    """Whether any track has a value there."""
    return has_value(host.reading(), Entity.ITEM, column)


def _number(widget: Widget, name: str, usual: int) -> int:
    value = widget.options.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise MusicToolError(f"option {name!r} of a widget is a number from 1 to {MOST}.")
    return value


def _choice(widget: Widget, name: str, usual: E) -> E:
    value: Any = widget.options.get(name, usual.value)
    known = {member.value: member for member in type(usual)}
    if value not in known:
        raise MusicToolError(f"option {name!r} of a widget is one of {', '.join(known)}.")
    return known[value]
