from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from musictool_web.media.work import Busy, Workers


def test_who_asks_for_the_same_shares_one_piece_of_work(workers: Workers) -> None:
    asked, go, runs = threading.Semaphore(0), threading.Event(), []

    def work() -> int:
        runs.append(1)
        asked.release()
        go.wait(30)
        return 7

    with ThreadPoolExecutor(3) as threads:
        futures = [
            threads.submit(workers.run, "key", work, wait_s=30),
            threads.submit(workers.run, "key", work, wait_s=30),
        ]
        asked.acquire()
        with pytest.raises(Busy):
            workers.run("key", work, wait_s=0.01)
        go.set()

        assert [future.result() for future in futures] == [7, 7]
    assert runs == [1]


def test_who_asks_again_later_gets_it_anew(workers: Workers) -> None:
    numbers = iter(range(5))

    assert [workers.run("key", lambda: next(numbers), wait_s=30) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError("its own")])
def test_an_error_reaches_who_asked_and_the_next_one_tries_again(
    workers: Workers, error: Exception
) -> None:
    def fail() -> int:
        raise error

    for _ in range(2):
        with pytest.raises(type(error)):
            workers.run("key", fail, wait_s=30)
    assert workers.run("key", lambda: 1, wait_s=30) == 1


def test_too_much_work_is_turned_away() -> None:
    go = threading.Event()
    few = Workers(threads=1, waiting=2)
    for key in ("a", "b"):
        with pytest.raises(Busy):
            few.run(key, lambda: go.wait(30), wait_s=0)

    with pytest.raises(Busy):
        few.run("c", lambda: pytest.fail("began"), wait_s=30)

    go.set()
    few.close()


def test_closing_drops_what_has_not_begun() -> None:
    go, begun = threading.Event(), threading.Event()
    one = Workers(threads=1)

    def first() -> bool:
        begun.set()
        return go.wait(30)

    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(one.run, "a", first, wait_s=30)
        begun.wait(30)
        with pytest.raises(Busy):
            one.run("b", lambda: pytest.fail("began"), wait_s=0)
        waiting = threads.submit(one.run, "b", lambda: pytest.fail("began"), wait_s=30)
        closing = threading.Thread(target=one.close)
        closing.start()
        with pytest.raises(Busy):
            waiting.result()
        go.set()
        closing.join()
        assert running.result()
