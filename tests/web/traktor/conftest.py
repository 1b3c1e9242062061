"""A web view over a library of real files beside a collection of Traktor that is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app, jobs
from musictool_core.progress import CancelToken
from tests.fakes.traktor import FOLDER, VOLUME
from tests.traktor.conftest import Deck, deck, sound
from tests.web.pages.conftest import Html, page, visit

if TYPE_CHECKING:
    from musictool_web.context import Web

__all__ = ["Html", "deck", "page", "sound", "visit"]


@pytest.fixture
def configured(deck: Deck, beets_config: Any) -> Deck:
    """The deck, named in the configuration, before the application starts."""
    section = beets_config["traktor"]
    section["collection"] = str(deck.nml)
    section["paths"] = [{"nml": f"{VOLUME}{FOLDER}", "local": str(deck.folder / "music")}]
    section["program"] = "no-such-program-runs"
    return deck


@pytest.fixture
def web_app(configured: Deck, web_app: Any) -> Any:  # noqa: ARG001 (configured before)
    """The application over it."""
    return web_app


class Work:
    """Runs what the pages queued."""

    def __init__(self, parts: Web) -> None:
        self.parts = parts

    def __call__(self) -> list[jobs.Job]:
        done = []
        kinds = app.job_kinds(self.parts.app)
        view = self.parts.host.reading()
        for job in reversed(jobs.list_jobs(view, states=(jobs.JobState.QUEUED,))):
            if job.kind.startswith("traktor."):
                jobs.run(
                    self.parts.host,
                    job.job_id,
                    kinds,
                    now=self.parts.now,
                    cancel=CancelToken(),
                )
                done.append(jobs.get(self.parts.host.reading(), job.job_id))
        return done


@pytest.fixture
def work(parts: Web) -> Work:
    """Runs queued looks and syncs."""
    return Work(parts)
