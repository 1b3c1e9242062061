"""The only list of features; plugins and the web view start the product here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.host.feature import Feature, resolve
from musictool_core.host.library import BUSY_WAIT_S, Host
from musictool_core.host.settings import Settings, read_settings
from musictool_core.host.witness import has_unfinished_files, has_unsettled_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library

    from musictool_core.changes import Target
    from musictool_core.insight.widgets import WidgetKind
    from musictool_core.jobs import JobKind

_FEATURES = (
    "musictool_core.host.library_feature:FEATURE",
    "musictool_core.events.feature:FEATURE",
    "musictool_core.jobs.feature:FEATURE",
    "musictool_core.changes.feature:FEATURE",
    "musictool_core.host.audiodata:FEATURE",
    "musictool_core.links.feature:FEATURE",
    "musictool_core.discogs.feature:FEATURE",
    "musictool_core.gaps.feature:FEATURE",
    "musictool_core.traktor.feature:FEATURE",
    "musictool_core.analysis.feature:FEATURE",
    "musictool_core.quality.feature:FEATURE",
    "musictool_core.insight.feature:FEATURE",
)

_STARTING_WAIT_S = 2.0
"""No command waits long for the library because of what another one left behind."""


@dataclass(frozen=True, slots=True)
class App:
    """The product, started on one library."""

    host: Host
    settings: Settings


def features() -> tuple[Feature, ...]:
    """All features."""
    return tuple(resolve(reference) for reference in _FEATURES)


def schema_versions() -> dict[str, int]:
    """Versions of our tables that this musictool makes, by feature."""
    return {f.name: len(resolve(f.migrations)) for f in features() if f.migrations}


def start(lib: Library, *, notice: Callable[[str], None], busy_wait_s: float = BUSY_WAIT_S) -> App:
    """Put right what a crash left, bring our tables up to date, and return the started product.

    Args:
        lib: beets' open library.
        notice: takes lines for the user that are not part of a result.
        busy_wait_s: how long a write waits for another program.

    Raises:
        ConfigError: a setting cannot be used.
        StorageError: the library cannot be written, or a newer musictool wrote it.
    """
    settings = read_settings()
    host = Host(lib, notice=notice, busy_wait_s=busy_wait_s)
    put_back_files(host, notice)
    host.migrate({f.name: resolve(f.migrations) for f in features() if f.migrations})
    _settle_files(Host(lib, busy_wait_s=min(busy_wait_s, _STARTING_WAIT_S)), notice)
    return App(host, settings)


def put_back_files(host: Host, notice: Callable[[str], None]) -> None:
    """Put right the files that a crash left half written, and say so in one line.

    What cannot be put right now (its disk is read-only) is said, and stops nobody.
    """
    if not has_unfinished_files(host.path):
        return
    unfinished = import_module("musictool_core.host.unfinished")  # rarely needed
    try:
        said = unfinished.describe(unfinished.put_back(host))
    except StorageError as error:
        said = error.line()
    if said:
        notice(said)


def _settle_files(host: Host, notice: Callable[[str], None]) -> None:
    """Tell the journal what killed processes wrote into files; without it, say so and go on."""
    if not has_unsettled_files(host.path):
        return
    unsettled = import_module("musictool_core.changes.unsettled")  # rarely needed
    try:
        unsettled.settle_writes(host, now=utc_now())
    except StorageError as error:
        notice(error.line())


def job_kinds(app: App) -> dict[str, JobKind]:
    """All kinds of long work, by name."""
    kinds = [resolve(reference)(app.settings) for f in features() for reference in f.job_kinds]
    return {kind.name: kind for kind in kinds}


def change_targets() -> dict[str, Target]:
    """All places that change sets can write to, by name."""
    targets = [resolve(reference)() for f in features() for reference in f.targets]
    return {target.name: target for target in targets}


def widget_kinds() -> dict[str, WidgetKind]:
    """All kinds of widgets for dashboards, by name, in the order a first dashboard has them."""
    kinds = [resolve(reference) for f in features() for reference in f.widgets]
    return {kind.name: kind for kind in kinds}


def utc_now() -> datetime:
    """The time; passed down from here, so that everything below can be given another one."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock of the product
