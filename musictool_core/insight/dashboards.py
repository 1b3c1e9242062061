"""Dashboards as data: an ordered list of widgets, stored, edited by several people at once.

Every change names the version that it was made on; when somebody else was faster, nothing is
written and the error says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

from musictool_core.db import Column, CreateTable, Kind, Migration, Table, epoch
from musictool_core.errors import MusicToolError
from musictool_core.insight.marks import Listing, asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from musictool_core.db import Row, Tx

DASHBOARDS = Table(
    "mt_dashboard",
    (
        Column("id", Kind.ID),
        Column("title", Kind.TEXT),
        Column("position", Kind.INTEGER, "place among the others, from 0"),
        Column("widgets", Kind.JSON, "what it shows, in order"),
        Column("version", Kind.INTEGER, "grows with every change of title or widgets"),
        Column("who", Kind.TEXT, "who changed it last, empty for the generated one"),
        Column("changed_at", Kind.DATE),
    ),
    search=("title",),
)

MIGRATIONS = (Migration((CreateTable(DASHBOARDS),)),)

MOST_WIDGETS = 60
MOST_CHARACTERS = 200
MOST_QUERY = 2000

DashboardId = NewType("DashboardId", int)

GENERATED = DashboardId(0)
"""The dashboard that is there as long as nobody has kept one; its version is 0."""

GENERATED_TITLE = "My crate"


class Missing(MusicToolError):
    """There is no dashboard with this number."""


class Changed(MusicToolError):
    """Somebody else changed or deleted the dashboard; nothing was written."""


class Size(Enum):
    """How much room a widget takes."""

    SMALL = "s"
    MEDIUM = "m"
    LARGE = "l"
    HUGE = "xl"


@dataclass(frozen=True, slots=True)
class Widget:
    """One part of a dashboard.

    Attributes:
        id: unique on its dashboard.
        kind: name of a `WidgetKind`; one that is not known any more is kept.
        title: own heading, "" for the kind's.
        query: what to look at, in beets' query language; "" for everything.
        options: further settings of its kind; JSON values.
    """

    id: str
    kind: str
    title: str = ""
    size: Size = Size.MEDIUM
    query: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One page of widgets.

    Attributes:
        position: place among the others, from 0.
        version: to be handed back with a change.
        who: who changed it last, "" for the generated one.
    """

    dashboard_id: DashboardId
    title: str
    position: int
    widgets: tuple[Widget, ...]
    version: int
    who: str


def list_dashboards(tx: Tx) -> list[Dashboard]:
    """All dashboards in their order."""
    return [_dashboard(row) for row in DASHBOARDS.select(tx, order=("position", "id"))]


def get(tx: Tx, number: int) -> Dashboard:
    """One dashboard.

    Raises:
        Missing: there is none with this number.
    """
    # Longer numbers than SQLite's belong to nothing.
    row = DASHBOARDS.get(tx, {"id": min(number, 2**62)})
    if row is None:
        raise Missing(f"there is no dashboard {number}.")
    return _dashboard(row)


def create(tx: Tx, title: str, widgets: Sequence[Widget], *, who: str, now: datetime) -> Dashboard:
    """Add a dashboard behind the others.

    Raises:
        MusicToolError: it is not as it should be (`check`).
    """
    check(title, widgets)
    row = {
        "title": title.strip(),
        "position": len(list_dashboards(tx)),
        "widgets": [widget_to_json(widget) for widget in widgets],
        "version": 1,
        "who": who,
        "changed_at": epoch(now),
    }
    DASHBOARDS.insert(tx, [row])
    (last,) = DASHBOARDS.select(tx, ("id",), order=("-id",), limit=1)
    return get(tx, last["id"])


def generated(widgets: Sequence[Widget]) -> Dashboard:
    """The dashboard of a library in which none is kept."""
    return Dashboard(GENERATED, GENERATED_TITLE, 0, tuple(widgets), version=0, who="")


def save(
    tx: Tx,
    number: int,
    *,
    version: int,
    title: str,
    widgets: Sequence[Widget],
    who: str,
    now: datetime,
) -> Dashboard:
    """Replace title and widgets; of the generated dashboard, keep what was made of it.

    Raises:
        Changed: `version` is not the present one, or somebody else kept a dashboard first.
        Missing: there is none with this number.
        MusicToolError: it is not as it should be (`check`).
    """
    if number != GENERATED:
        return update(tx, number, version=version, title=title, widgets=widgets, who=who, now=now)
    if version != 0 or list_dashboards(tx):
        raise Changed(
            "a dashboard has been kept since.", hint="Load the page again; nothing was written."
        )
    return create(tx, title, widgets, who=who, now=now)


def update(
    tx: Tx,
    number: int,
    *,
    version: int,
    title: str,
    widgets: Sequence[Widget],
    who: str,
    now: datetime,
) -> Dashboard:
    """Replace title and widgets.

    Raises:
        Changed: `version` is not the present one.
        Missing: there is none with this number.
        MusicToolError: it is not as it should be (`check`).
    """
    check(title, widgets)
    _require_version(tx, number, version)
    row = {
        "title": title.strip(),
        "widgets": [widget_to_json(widget) for widget in widgets],
        "version": version + 1,
        "who": who,
        "changed_at": epoch(now),
    }
    DASHBOARDS.update(tx, row, where={"id": number})
    return get(tx, number)


def move(tx: Tx, number: int, position: int) -> list[Dashboard]:
    """Put a dashboard at this place among the others; return all in their new order.

    Raises:
        Missing: there is none with this number.
    """
    moved = get(tx, number)
    ordered = [d.dashboard_id for d in list_dashboards(tx) if d.dashboard_id != number]
    ordered.insert(max(0, position), moved.dashboard_id)
    _number(tx, ordered)
    return list_dashboards(tx)


def delete(tx: Tx, number: int, *, version: int) -> None:
    """Delete a dashboard.

    Raises:
        Changed: `version` is not the present one.
        Missing: there is none with this number.
    """
    _require_version(tx, number, version)
    DASHBOARDS.delete(tx, where={"id": number})
    _number(tx, [dashboard.dashboard_id for dashboard in list_dashboards(tx)])


def check(title: str, widgets: Sequence[Widget]) -> None:
    """Look whether a dashboard is as it should be.

    Raises:
        MusicToolError: says what is not.
    """
    _require_text("a dashboard", title, empty=False)
    if len(widgets) > MOST_WIDGETS:
        raise MusicToolError(f"{len(widgets)} widgets are too many: at most {MOST_WIDGETS}.")
    ids = [widget.id for widget in widgets]
    if len(set(ids)) < len(ids) or not all(ids):
        raise MusicToolError("every widget needs an id of its own.")
    for widget in widgets:
        _require_text("a widget", widget.title, empty=True)
        _require_text("the id of a widget", widget.id, empty=False)
        if len(widget.query) > MOST_QUERY:
            raise MusicToolError(f"the query of widget {widget.id!r} is too long.")
        asked(Listing.LIBRARY, widget.query)


def widget_to_json(widget: Widget) -> dict[str, Any]:
    """A widget as JSON values."""
    return {**asdict(widget), "size": widget.size.value, "options": dict(widget.options)}


def widget_from_json(value: Mapping[str, Any]) -> Widget:
    """The widget that `widget_to_json` gave, or that somebody sent.

    Raises:
        MusicToolError: says what is wrong.
    """
    texts = {name: value.get(name, "") for name in ("id", "kind", "title", "query")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise MusicToolError(f"{name} of a widget is a text, not {text!r}.")
    sizes = {size.value: size for size in Size}
    size = sizes.get(str(value.get("size", Size.MEDIUM.value)))
    if size is None:
        raise MusicToolError(f"size of a widget is one of {', '.join(sizes)}.")
    options = value.get("options", {})
    if not isinstance(options, dict):
        raise MusicToolError(f"options of a widget is an object, not {options!r}.")
    if not texts["kind"]:
        raise MusicToolError("a widget needs a kind.")
    return Widget(size=size, options=options, **texts)


def _dashboard(row: Row) -> Dashboard:
    return Dashboard(
        dashboard_id=DashboardId(row["id"]),
        title=row["title"],
        position=row["position"],
        widgets=tuple(widget_from_json(widget) for widget in row["widgets"]),
        version=row["version"],
        who=row["who"],
    )


def _require_version(tx: Tx, number: int, version: int) -> None:
    present = get(tx, number)
    if present.version != version:
        by = f" by {present.who}" if present.who else ""
        raise Changed(
            f"dashboard {number} was changed{by} since version {version}.",
            hint="Load it again; nothing was written.",
        )


def _require_text(what: str, text: str, *, empty: bool) -> None:
    if not empty and not text.strip():
        raise MusicToolError(f"{what} needs a name.")
    if len(text) > MOST_CHARACTERS:
        raise MusicToolError(
            f"the name of {what} is too long: at most {MOST_CHARACTERS} characters."
        )


def _number(tx: Tx, ordered: Sequence[int]) -> None:
    for position, number in enumerate(ordered):
        DASHBOARDS.update(tx, {"position": position}, where={"id": number})
