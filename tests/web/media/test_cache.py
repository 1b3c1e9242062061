from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from musictool_core.db import Database
from musictool_web.media.cache import RESULTS, Entry, MediaCache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "musictool-cache.db"


def keys(path: Path) -> set[str]:
    with Database(path).reading() as tx:
        return {row["key"] for row in RESULTS.select(tx, ("key",))}


def test_what_was_kept_is_found_by_another_process_later(path: Path) -> None:
    MediaCache(path).put("a", b"\0content", {"colour": "#112233"})

    again = MediaCache(path)

    assert again.get("a") == Entry(b"\0content", {"colour": "#112233"})
    assert again.facts(["a", "b"]) == {"a": {"colour": "#112233"}}
    assert again.get("b") is None


def test_keeping_much_does_not_wait_for_the_disk_each_time(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    cache = MediaCache(path)

    cache.put("a", b"content")
    # Were nobody left who has the file open, SQLite would have emptied its log, and waited.
    assert log.exists()

    path.unlink()
    log.unlink()
    cache.put("a", b"content")
    assert log.exists()
    cache.close()
    assert not log.exists()
    assert cache.get("a") is not None


def test_looking_for_something_makes_no_file(path: Path) -> None:
    cache = MediaCache(path)

    assert cache.get("a") is None
    assert cache.facts(["a"]) == {}
    assert not path.exists()


def test_keeping_a_key_again_replaces_it(path: Path) -> None:
    cache = MediaCache(path)
    cache.put("a", b"old")
    cache.put("a", b"new")

    assert cache.get("a") == Entry(b"new", {})


def test_what_was_not_used_for_longest_makes_room(path: Path) -> None:
    cache = MediaCache(path, limit_bytes=1000)
    for key in "abcd":
        cache.put(key, bytes(250))
    cache.get("a")
    cache.facts(["b"])

    cache.put("e", bytes(250))

    # 1250 bytes, so down to 900 at most: the two that nobody asked for are gone.
    assert keys(path) == {"a", "b", "e"}


def test_a_result_larger_than_the_limit_is_not_kept_and_costs_no_other(path: Path) -> None:
    cache = MediaCache(path, limit_bytes=1000)
    cache.put("a", bytes(800))

    cache.put("b", bytes(1001))

    assert keys(path) == {"a"}


def test_results_of_an_earlier_process_count(path: Path) -> None:
    MediaCache(path, limit_bytes=1000).put("old", bytes(800))

    MediaCache(path, limit_bytes=1000).put("new", bytes(800))

    assert keys(path) == {"new"}


def test_a_damaged_file_means_working_without(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)
    cache = MediaCache(path)

    cache.put("a", b"content")

    assert cache.get("a") is None
    assert cache.facts(["a"]) == {}
    assert "not a database" in cache.trouble
    assert path.read_bytes().startswith(b"this is not")


def test_a_file_held_by_another_process_means_working_without_until_it_is_free(path: Path) -> None:
    cache = MediaCache(path, busy_wait_s=0.02)
    cache.put("a", b"content")

    with Database(path).transaction():
        cache.put("b", b"content")
        assert "held by another program" in cache.trouble
        assert cache.get("a") is not None

    cache.put("c", b"content")
    assert cache.trouble == ""
    assert keys(path) == {"a", "c"}


def test_a_folder_that_cannot_be_written_means_working_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = MediaCache(tmp_path / "file" / "musictool-cache.db")

    cache.put("a", b"content")

    assert cache.get("a") is None


def test_deleting_the_file_while_it_is_used_only_costs_its_content(path: Path) -> None:
    cache = MediaCache(path)
    cache.put("a", b"content")
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)

    assert cache.get("a") is None
    cache.put("b", b"content")
    assert cache.get("b") is not None


def test_many_threads_keep_and_find_at_once(path: Path) -> None:
    cache = MediaCache(path, limit_bytes=50_000, busy_wait_s=20)
    together = threading.Barrier(4)

    def work(thread: int) -> list[str]:
        together.wait()
        wrong = []
        for number in range(40):
            key = f"{thread}:{number}"
            cache.put(key, key.encode() * 100)
            found = cache.get(key)
            if found is not None and found.content != key.encode() * 100:
                wrong.append(key)
        return wrong

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [[]] * 4

    assert cache.trouble == ""
    with Database(path).reading() as tx:
        assert 0 < sum(row["size"] for row in RESULTS.select(tx, ("size",))) <= 50_000
