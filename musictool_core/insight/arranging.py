"""Changes that a person makes to the widgets of a dashboard, one at a time. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError
from musictool_core.insight.dashboards import Size, Widget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.insight.widgets import WidgetKind

Widgets = tuple[Widget, ...]


class Step(Enum):
    """What can be done to one widget without saying more."""

    EARLIER = "earlier"
    LATER = "later"
    LARGER = "larger"
    SMALLER = "smaller"
    REMOVE = "remove"


def take_step(
    widgets: Sequence[Widget], kinds: Mapping[str, WidgetKind], widget_id: str, step: Step
) -> Widgets:
    """The widgets after a step; one that leads nowhere changes nothing.

    Raises:
        MusicToolError: there is no such widget.
    """
    place = _place(widgets, widget_id)
    widget = widgets[place]
    match step:
        case Step.EARLIER | Step.LATER:
            return _moved(widgets, place, place + (-1 if step is Step.EARLIER else 1))
        case Step.LARGER | Step.SMALLER:
            size = _neighbour(sizes_of(kinds, widget), widget.size, larger=step is Step.LARGER)
            return _with(widgets, place, replace(widget, size=size))
        case Step.REMOVE:
            return (*widgets[:place], *widgets[place + 1 :])


def add(
    widgets: Sequence[Widget],
    kinds: Mapping[str, WidgetKind],
    kind: str,
    *,
    title: str = "",
    query: str = "",
) -> Widgets:
    """The widgets with one more at the end.

    Raises:
        MusicToolError: there is no such kind.
    """
    if kind not in kinds:
        raise MusicToolError(f"there is no kind of widget {kind!r}.")
    taken = {widget.id for widget in widgets}
    names = (kind, *(f"{kind}-{number}" for number in range(2, len(taken) + 3)))
    free = next(name for name in names if name not in taken)
    return (*widgets, Widget(free, kind, title, kinds[kind].sizes[0], query))


def describe(widgets: Sequence[Widget], widget_id: str, *, title: str, query: str) -> Widgets:
    """The widgets, one of them with another heading and query.

    Raises:
        MusicToolError: there is no such widget.
    """
    place = _place(widgets, widget_id)
    changed = replace(widgets[place], title=title.strip(), query=query.strip())
    return _with(widgets, place, changed)


def sizes_of(kinds: Mapping[str, WidgetKind], widget: Widget) -> tuple[Size, ...]:
    """Sizes that a widget can have, the smallest first; of an unknown kind only its own."""
    kind = kinds.get(widget.kind)
    return sizes_in_order(kind) if kind else (widget.size,)


def sizes_in_order(kind: WidgetKind) -> tuple[Size, ...]:
    """Sizes of a kind, the smallest first."""
    return tuple(sorted(kind.sizes, key=_ORDER.index))


_ORDER = tuple(Size)


def _neighbour(sizes: Sequence[Size], size: Size, *, larger: bool) -> Size:
    """The next size in a direction, else the same."""
    present = _ORDER.index(size)
    beyond = [
        each
        for each in sizes
        if (_ORDER.index(each) > present if larger else _ORDER.index(each) < present)
    ]
    if not beyond:
        return size
    return beyond[0] if larger else beyond[-1]


def _place(widgets: Sequence[Widget], widget_id: str) -> int:
    for place, widget in enumerate(widgets):
        if widget.id == widget_id:
            return place
    raise MusicToolError(f"there is no widget {widget_id!r} on this dashboard.")


def _moved(widgets: Sequence[Widget], place: int, target: int) -> Widgets:
    rest = [*widgets[:place], *widgets[place + 1 :]]
    rest.insert(max(0, target), widgets[place])
    return tuple(rest)


def _with(widgets: Sequence[Widget], place: int, widget: Widget) -> Widgets:
    return (*widgets[:place], widget, *widgets[place + 1 :])
