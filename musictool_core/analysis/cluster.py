"""Where files are measured: in processes on this computer, or on a cluster of Dask.

On a cluster each thread here waits for a task there, and each task there asks a worker process of
its own, so that a file that crashes costs no worker of the cluster either. Files are found there
under the paths they have here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from musictool_core.analysis.workers import (
    Child,
    Measurer,
    Outcome,
    Task,
    Unable,
    Workers,
    count_cores,
)
from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.settings import AnalysisSettings

from contextlib import contextmanager

_CONNECT_S = 15
_HERE = threading.local()


@contextmanager
def open_workers(
    settings: AnalysisSettings, count: int | None = None, *, measure: str = ""
) -> Iterator[Workers]:
    """Workers as the settings say; ended at the end.

    Args:
        settings: of the user.
        count: how many files at a time; None as the settings say.
        measure: what measures a file, as "package.module:function"; "" for our own measures.

    Raises:
        Unable: the cluster does not answer.
    """
    wanted = count or settings.workers
    if not settings.scheduler:
        with Workers(wanted or count_cores(), lambda: Child(measure)) as workers:
            yield workers
        return
    client = _connect(settings.scheduler)
    try:
        threads = sum(client.nthreads().values())
        with Workers(wanted or threads, lambda: _Remote(client, measure)) as workers:
            yield workers
    finally:
        client.close()


class _Remote:
    """Measures on a cluster."""

    def __init__(self, client: Any, measure: str) -> None:
        self._client = client
        self._measure = measure
        self._future: Any = None

    def ask(self, task: Task) -> Outcome:
        """See `Measurer.ask`."""
        # Not pure: what failed once may be asked again.
        self._future = self._client.submit(measure_there, task, self._measure, pure=False)
        try:
            outcome = self._future.result()
        except MusicToolError:
            raise
        except Exception as error:  # noqa: BLE001 - of the cluster, in many kinds
            return Outcome(None, f"the cluster could not measure it ({type(error).__name__})")
        if not isinstance(outcome, Outcome):
            raise Unable("the cluster runs another version of musictool.")
        return outcome

    def close(self) -> None:
        """See `Measurer.close`."""
        if self._future is not None:
            self._future.cancel()


def measure_there(task: Task, measure: str) -> Outcome:
    """Measure a file in a worker of the cluster, in a process of its own that is kept."""
    children: dict[str, Measurer] = _HERE.__dict__.setdefault("children", {})
    if measure not in children:
        children[measure] = Child(measure)
    return children[measure].ask(task)


def _connect(address: str) -> Any:
    try:
        import distributed  # noqa: PLC0415 - optional, and slow
    except ImportError as error:
        raise Unable(
            "musictool.jobs.scheduler needs Dask.", hint="`pip install 'musictool[distributed]'`."
        ) from error
    try:
        client: Any = distributed.Client
        return client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise Unable(f"the scheduler {address} does not answer ({error}).") from error
