"""The same run on a cluster of Dask: a real one, with processes of its own, on this computer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from musictool_core.analysis import cluster, workers
from musictool_core.analysis.workers import Measurer, Outcome, Task, Unable
from musictool_core.host.settings import AnalysisSettings
from tests.analysis.conftest import write_wav
from tests.fakes.music import HistoryBeet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a scheduler with two worker processes."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as running:
        yield running.scheduler_address


def ask(path: Path, measurer: Measurer) -> Outcome:
    return measurer.ask(Task(path, 60.0))


def test_a_cluster_measures_and_survives_what_crashes(scheduler: str, tmp_path: Path) -> None:
    names = ["1.wav", "crash.wav", "2.wav", "bug.wav", "3.wav"]
    paths = [write_wav(tmp_path / name, number) for number, name in enumerate(names)]
    settings = AnalysisSettings(scheduler=scheduler)

    with cluster.open_workers(settings, measure="tests.fakes.measures:treacherous") as pool:
        count = pool.count
        futures = [pool.submit(partial(ask, path)) for path in paths]
        found = [future.result() for future in futures]

    assert count == 2
    assert [outcome.analysis is not None for outcome in found] == [True, False, True, False, True]
    assert "SIGSEGV" in found[1].error
    assert found[3].error == "ZeroDivisionError: division by zero"


def test_one_line_of_the_configuration_takes_the_run_there(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    # Here, not there.
    monkeypatch.setattr(workers, "MEASURE", "tests.fakes.measures:never_asked")
    beet = HistoryBeet(
        tmp_path / "beets",
        request.getfixturevalue("_library_file"),
        plugins=["history", "djanalysis"],
        djanalysis={"auto": False},
        musictool={"jobs": {"scheduler": scheduler}},
    )
    beet.import_album("One", ("wav", "flac"))

    assert "2 files measured" in beet("dj", "analyze").stdout


def test_a_scheduler_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.5)
    settings = AnalysisSettings(scheduler="tcp://127.0.0.1:9")

    with (
        pytest.raises(Unable, match="does not answer"),
        cluster.open_workers(settings),
    ):
        pass
