"""Fixtures shared by the whole suite."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from beets import config, context
from beets.library import Item, Library
from hypothesis import HealthCheck, settings

from musictool_core import events, jobs, links
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tests judge behaviour; a busy machine must not fail them.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

BUSY_TIMEOUT_S = 0.1
"""beets' own `timeout` in tests: how long one attempt on a locked file lasts."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real-world samples beside the checkout; tests that ask for it skip without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared samples are not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def _no_config_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep beets, here and in subprocesses, from reading (and writing to) the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEETSDIR", str(tmp_path_factory.mktemp("beets")))
        yield


@pytest.fixture
def beets_config() -> Iterator[Any]:
    """beets' global configuration with its defaults only; what a test sets is gone after it."""

    config.clear()
    config.read(user=False, defaults=True)
    config["create_backup_before_migrations"] = False
    config["timeout"] = BUSY_TIMEOUT_S
    yield config
    config.clear()
    config.read(user=False, defaults=True)


@pytest.fixture(scope="session")
def _library_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty library made by beets, with all its migrations done: copied, not made, per test."""

    folder = tmp_path_factory.mktemp("library")
    config["create_backup_before_migrations"] = False
    made = Library(folder / "library.db", str(folder / "music"), set_music_dir=False)
    made._close()
    return folder / "library.db"


@pytest.fixture
def library(_library_file: Path, tmp_path: Path, beets_config: Any) -> Iterator[Library]:
    """A real, empty beets library on disk: `library.db` and `music/` in `tmp_path`."""

    beets_config["directory"] = str(tmp_path / "music")
    beets_config["library"] = str(tmp_path / "library.db")
    (tmp_path / "music").mkdir()
    shutil.copy(_library_file, tmp_path / "library.db")
    opened = Library(tmp_path / "library.db", str(tmp_path / "music"))
    yield opened
    opened._close()
    context.set_music_dir(b"")


@pytest.fixture
def host(library: Library) -> Host:
    """The product's view of `library`, with the tables of events, jobs and links."""

    opened = Host(library, busy_wait_s=5.0)
    opened.migrate(
        {"events": events.MIGRATIONS, "jobs": jobs.MIGRATIONS, "links": links.MIGRATIONS}
    )
    return opened


class MakeItem(Protocol):
    """Adds an item to a library; the file itself is not made."""

    def __call__(self, library: Library, **fields: Any) -> Item: ...


@pytest.fixture
def make_item() -> MakeItem:
    """Add an item; its path is `music/<n>.mp3` unless given."""
    numbers = count(1)

    def make(library: Library, **fields: Any) -> Item:

        path = library.directory + f"/{next(numbers)}.mp3".encode()
        item = Item(**{"path": path, **fields})
        library.add(item)
        return item

    return make
