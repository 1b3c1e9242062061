from __future__ import annotations

import threading

import pytest

from musictool_core.errors import Cancelled
from musictool_core.progress import CancelToken, Progress, silent


def test_work_goes_on_until_it_is_cancelled() -> None:
    token = CancelToken()
    token.check()
    assert not token.cancelled

    token.cancel()

    assert token.cancelled
    with pytest.raises(Cancelled, match="what was done so far is kept"):
        token.check()


def test_a_wait_that_nobody_cancels_ends_by_itself() -> None:
    CancelToken().wait(0.01)


def test_a_wait_into_the_past_does_not_wait() -> None:
    CancelToken().wait(-5)


def test_cancelling_ends_a_wait_in_another_thread_at_once() -> None:
    token = CancelToken()
    stopped: list[BaseException] = []

    def work() -> None:
        try:
            token.wait(3600)
        except Cancelled as error:
            stopped.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    token.cancel()
    thread.join(20)

    assert not thread.is_alive()
    assert len(stopped) == 1


def test_progress_can_be_reported_to_nobody() -> None:
    silent(Progress(1, None, "reading"))
