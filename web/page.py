"""What a page of the web view says about itself; features name their pages in `Feature.pages`."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - dataclass fields are inspected
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core import app
from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    from musictool_web.context import Web


class Group(Enum):
    """Where a page stands in the navigation."""

    MAIN = "main"
    TOOLS = "tools"
    """Below the line: what one needs less often."""
    HIDDEN = "hidden"
    """Reached from other pages only."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or a family of pages behind one place in the navigation.

    Attributes:
        name: of its Flask blueprint; views are `name.view`.
        label: in the navigation.
        url: where the navigation leads.
        icon: name of a Lucide icon.
        place: pages are ordered by it; tens, so that others fit in between.
        tab: also in the bar at the bottom of phones, which has room for four.
        key: second key of the sequence "g …" that leads here, "" for none.
        blueprints: its views and its part of the API, as "module:name".
        count: the figure beside the label; None shows none.
        is_shown: whether the navigation has it now; None: always.
    """

    name: str
    label: str
    url: str
    icon: str
    place: int
    group: Group = Group.MAIN
    tab: bool = False
    key: str = ""
    blueprints: tuple[str, ...] = ()
    count: Callable[[Web], int | None] | None = None
    is_shown: Callable[[Web], bool] | None = None


def all_pages() -> tuple[Page, ...]:
    """The pages of all features, in the order of the navigation."""
    found: list[Page] = [resolve(name) for feature in app.features() for name in feature.pages]
    return tuple(sorted(found, key=lambda page: page.place))
