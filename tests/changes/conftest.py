"""A library with the journal on, and the targets of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.changes.rows import album_target, item_target
from musictool_core.host import journal
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_core.changes.targets import Target


@pytest.fixture
def recorded(library: Library) -> Host:
    """A library with the journal on."""
    host = Host(library, busy_wait_s=5.0)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    return host


@pytest.fixture
def targets() -> dict[str, Target]:
    """Items and albums, a few rows at a time."""
    made = (item_target(), album_target())
    for target in made:
        target.batch = 4
    return {target.name: target for target in made}
