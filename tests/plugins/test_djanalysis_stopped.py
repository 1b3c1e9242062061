"""An import that is stopped while a file is being measured."""

from __future__ import annotations

import logging
import os
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

from beets.library import Item, Library

from musictool_core.analysis import workers
from musictool_core.app.importing import Importing
from musictool_core.progress import CancelToken
from tests.analysis.conftest import write_wav

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class PipelineThread(threading.Thread):
    """A thread as those of beets' pipeline: they are asked to end by a flag."""

    abort_flag = False


def test_a_stopped_import_waits_for_no_file(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:treacherous")
    path = write_wav(tmp_path / "music" / "hang.wav", 1)
    item = Item(path=os.fsencode(path), length=1000.0)
    library.add(item)
    session = SimpleNamespace(lib=library, config={"pretend": False})
    task = SimpleNamespace(items=[item], imported_items=lambda: [item], skip=False)
    importing = Importing(logging.getLogger("beets.test"), "djanalysis")
    importing.begin(session)
    importing.created(session, task)
    while not path.with_suffix(".begun").exists():
        CancelToken().wait(0.02)
    stage = PipelineThread(target=importing.collect, args=(session, task), daemon=True)
    stage.start()

    # It would hang for more than five minutes.
    stage.abort_flag = True
    stage.join(timeout=60)

    assert not stage.is_alive()
    assert not item.get("bpm")
    importing.end()


def test_what_is_skipped_is_not_measured(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:treacherous")
    monkeypatch.setattr("musictool_core.analysis.cluster.count_cores", lambda: 1)
    hanging = write_wav(tmp_path / "music" / "hang.wav", 1)
    skipped = write_wav(tmp_path / "music" / "tool.wav", 2)
    session = SimpleNamespace(lib=library, config={"pretend": False})
    importing = Importing(logging.getLogger("beets.test"), "djanalysis")
    importing.begin(session)
    for path in (hanging, skipped):
        importing.created(session, SimpleNamespace(items=[Item(path=os.fsencode(path), length=1)]))

    importing.chosen(session, SimpleNamespace(items=[Item(path=os.fsencode(skipped))], skip=True))

    run = importing._import
    assert run is not None
    assert set(run.futures) == {hanging}
    importing.end()
