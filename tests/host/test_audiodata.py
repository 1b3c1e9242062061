"""Bit rot is told from edits, every file gets its turn, and stopping loses nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import Cancelled, MusicToolError, StorageError
from musictool_core.host import audiodata
from musictool_core.host.audiodata import HASHES, Verdict, read_audio
from musictool_core.host.checks import Checkup, Finding, Level
from musictool_core.host.library import Host
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.safeio import payload_hash, write_tags
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.payload import Payload, find_layout, read_payload
from musictool_core.safeio.seam import DISK, SafeIo
from tests.safeio.samples import ALL, sample

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LENGTH_S = 0.2


class Shelf:
    """A library with one file of each kind, and a clock that goes on a day with each run."""

    def __init__(self, library: Library, make_item: MakeItem, kinds: tuple[str, ...]) -> None:
        self.library, self.now = library, NOW
        self.host = Host(library)
        self.host.migrate({"audiodata": audiodata.MIGRATIONS})
        self.folder = Path(os.fsdecode(library.directory))
        self.state = self.folder.parent / "state"
        for number, kind in enumerate(kinds, start=1):
            path = self.folder / f"{number}.{kind}"
            path.write_bytes(sample(kind, LENGTH_S))
            make_item(library, path=os.fsencode(path), title=kind)

    def path(self, number: int) -> Path:
        return next(self.folder.glob(f"{number}.*"))

    def read(self, share: float = 1.0, **options: Any) -> dict[Verdict, int]:
        self.now += timedelta(days=1)
        options = {"report": silent, "cancel": CancelToken(), **options}
        return dict(read_audio(self.host, share=share, now=self.now, **options).counts)

    def rows(self) -> dict[int, dict[str, Any]]:
        return {row["item_id"]: row for row in HASHES.select(self.host.reading())}

    def findings(self) -> list[Finding]:
        return list(audiodata.check_audio(Checkup(self.host, None, self.now)))

    def problems(self) -> list[tuple[Level, str]]:
        found = [f for f in self.findings() if f.level is not Level.OK]
        assert all(f.mend for f in found)
        return [(f.level, f.message) for f in found]


@pytest.fixture
def all_kinds(library: Library, make_item: MakeItem) -> Shelf:
    return Shelf(library, make_item, tuple(ALL))


@pytest.fixture
def shelf(library: Library, make_item: MakeItem) -> Shelf:
    return Shelf(library, make_item, ("flac", "mp3", "ogg"))


def flip_bit(path: Path, *, keep_time: bool = True) -> None:
    """Change one bit in the middle of the audio, as a disk does."""
    facts = path.stat()
    descriptor = os.open(path, os.O_RDONLY)
    spans = find_layout(Source(DISK, descriptor, facts.st_size), str(path)).audio
    os.close(descriptor)
    start, end = max(spans, key=lambda span: span[1] - span[0])
    content = bytearray(path.read_bytes())
    content[(start + end) // 2] ^= 0x10
    path.write_bytes(content)
    times = (facts.st_atime_ns, facts.st_mtime_ns)
    os.utime(path, ns=times if keep_time else (times[0], times[1] + 10**9))


# What one reading says.


def test_the_first_reading_records_and_the_next_finds_the_same(all_kinds: Shelf) -> None:
    first, second = all_kinds.read(), all_kinds.read()

    assert first == {Verdict.NEW: len(ALL)}
    assert second == {Verdict.SAME: len(ALL)}
    assert all_kinds.rows()[1]["digest"] == payload_hash(all_kinds.path(1))
    assert all_kinds.problems() == []


def test_a_bit_that_flips_in_any_kind_of_file_is_an_error_until_the_file_is_restored(
    all_kinds: Shelf,
) -> None:
    all_kinds.read()
    before = {number: all_kinds.path(number).read_bytes() for number in all_kinds.rows()}
    for number in before:
        flip_bit(all_kinds.path(number))

    found = all_kinds.read()
    again = all_kinds.read()

    assert found == again == {Verdict.ROT: len(ALL)}
    problems = all_kinds.problems()
    assert [level for level, _ in problems] == [Level.ERROR] * len(ALL)
    assert problems[0][1].startswith(f"{all_kinds.path(1)}: ")
    assert "2026-06-02" in problems[0][1]
    for number, content in before.items():
        all_kinds.path(number).write_bytes(content)
    assert all_kinds.read() == {Verdict.SAME: len(ALL)}
    assert all_kinds.problems() == []


def test_writing_tags_is_no_change_and_rot_after_it_is_still_found(all_kinds: Shelf) -> None:
    all_kinds.read()
    for number in all_kinds.rows():
        write_tags(all_kinds.path(number), {"title": "n" * 5000}, state=all_kinds.state)

    assert all_kinds.read() == {Verdict.SAME: len(ALL)}
    for number in all_kinds.rows():
        flip_bit(all_kinds.path(number))
    assert all_kinds.read() == {Verdict.ROT: len(ALL)}


def test_audio_of_another_length_in_a_file_written_since_was_replaced(shelf: Shelf) -> None:
    shelf.read()
    shelf.path(1).write_bytes(sample("flac", 2 * LENGTH_S))
    os.utime(shelf.path(1), (0, 0))

    assert shelf.read() == {Verdict.REPLACED: 1, Verdict.SAME: 2}
    assert shelf.problems() == []
    assert shelf.rows()[1]["first_seen"] == shelf.now.timestamp()
    assert shelf.read() == {Verdict.SAME: 3}


def test_audio_changed_to_the_same_length_is_a_warning_until_the_next_reading(
    shelf: Shelf,
) -> None:
    shelf.read()
    flip_bit(shelf.path(2), keep_time=False)

    assert shelf.read() == {Verdict.DOUBTFUL: 1, Verdict.SAME: 2}
    ((level, message),) = shelf.problems()
    assert level is Level.WARNING
    assert "mp3gain" in message
    assert shelf.read() == {Verdict.SAME: 3}
    assert shelf.problems() == []


def test_a_file_touched_after_rot_counts_as_changed_on_purpose(shelf: Shelf) -> None:
    shelf.read()
    flip_bit(shelf.path(2))
    shelf.read()

    os.utime(shelf.path(2), (0, 0))

    assert shelf.read() == {Verdict.DOUBTFUL: 1, Verdict.SAME: 2}
    assert shelf.read() == {Verdict.SAME: 3}


def test_a_missing_file_is_a_warning_while_it_is_missing(shelf: Shelf) -> None:
    shelf.path(1).rename(shelf.folder / "gone")
    shelf.path(2).unlink()

    assert shelf.read() == {Verdict.MISSING: 2, Verdict.NEW: 1}
    ((level, message),) = shelf.problems()
    assert (level, message) == (Level.WARNING, f"Missing: {shelf.folder / '1.flac'} and 1 more.")

    (shelf.folder / "gone").rename(shelf.folder / "1.flac")
    assert shelf.problems() == [(Level.WARNING, f"Missing: {shelf.folder / '2.mp3'}.")]
    assert shelf.read() == {Verdict.NEW: 1, Verdict.MISSING: 1, Verdict.SAME: 1}


def test_a_file_that_cannot_be_read_is_an_error_with_its_reason(shelf: Shelf) -> None:
    shelf.read()
    shelf.path(1).write_bytes(b"")
    shelf.path(3).unlink()
    (shelf.folder / "3.ogg").mkdir()

    assert shelf.read() == {Verdict.UNREADABLE: 2, Verdict.SAME: 1}
    problems = shelf.problems()
    assert [level for level, _ in problems] == [Level.ERROR] * 2
    assert "empty" in problems[0][1]
    assert "Is a directory" in problems[1][1]


def test_a_file_that_was_cut_is_found_at_first_sight(shelf: Shelf) -> None:
    path = shelf.path(3)
    path.write_bytes(path.read_bytes()[:-100])

    assert shelf.read() == {Verdict.CUT: 1, Verdict.NEW: 2}
    ((level, message),) = shelf.problems()
    assert level is Level.WARNING
    assert "ends before" in message
    assert shelf.read() == {Verdict.CUT: 1, Verdict.SAME: 2}


def test_a_kind_that_we_do_not_know_by_its_name_is_no_problem(
    library: Library, make_item: MakeItem
) -> None:
    shelf = Shelf(library, make_item, ("flac",))
    (shelf.folder / "2.ape").write_bytes(b"MAC " + bytes(5000))
    make_item(library, path=os.fsencode(shelf.folder / "2.ape"))

    found = read_audio(shelf.host, share=1, now=NOW, report=silent, cancel=CancelToken())

    assert found.counts == {Verdict.NEW: 1, Verdict.UNKNOWN: 1}
    assert shelf.problems() == []
    assert audiodata.describe(found).message == (
        "Read 2 of 2 files: 1 read for the first time, 1 of a kind whose audio is not compared."
    )


def test_a_file_that_is_written_meanwhile_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(sample("flac", LENGTH_S))

    class Busy(SafeIo):
        def read_at(self, descriptor: int, offset: int, size: int) -> bytes:
            os.utime(path, (0, 0))
            return super().read_at(descriptor, offset, size)

    seen = read_payload(path, io=Busy())

    assert audiodata.judge({"digest": "other", "size": 1}, seen) is Verdict.UNSETTLED
    assert read_payload(path).is_settled


def test_reading_needs_little_memory_for_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    head = sample("wav", LENGTH_S)
    path.write_bytes(head)
    os.truncate(path, 64 << 20)
    content = bytearray(head[:44])
    content[40:44] = ((64 << 20) - 44).to_bytes(4, "little")
    with path.open("r+b") as file:
        file.write(content)
    largest = 0

    class Watching(SafeIo):
        def read_at(self, descriptor: int, offset: int, size: int) -> bytes:
            nonlocal largest
            largest = max(largest, size)
            return super().read_at(descriptor, offset, size)

    assert read_payload(path, io=Watching()).audio_bytes > 60 << 20
    assert largest <= 1 << 20


# Whose turn it is.


def test_runs_one_after_the_other_come_round_to_every_file(
    library: Library, make_item: MakeItem
) -> None:
    shelf = Shelf(library, make_item, ("flac",) * 10)
    seen = []
    for _ in range(8):
        before = shelf.rows()
        shelf.read(0.25)
        after = shelf.rows()
        seen.append(sorted(n for n in after if after[n] != before.get(n)))

    assert seen[:4] == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 10]]
    assert {number for run in seen[4:] for number in run} == set(range(1, 11))


def test_new_files_are_read_first_and_rows_of_removed_items_go(
    shelf: Shelf, make_item: MakeItem
) -> None:
    shelf.read()
    path = shelf.folder / "4.wav"
    path.write_bytes(sample("wav", LENGTH_S))
    make_item(shelf.library, path=os.fsencode(path))
    item = shelf.library.get_item(2)
    assert item is not None
    item.remove()

    assert shelf.read(0.01) == {Verdict.NEW: 1}
    assert sorted(shelf.rows()) == [1, 3, 4]


def test_a_clock_that_goes_back_starves_no_file(shelf: Shelf) -> None:
    shelf.now += timedelta(days=10_000)
    shelf.read(0.5)
    shelf.now = NOW
    for _ in range(2):
        shelf.read(0.5)

    assert {row["turn"] for row in shelf.rows().values()} == {2, 3}


def test_stopping_keeps_what_was_read_and_the_next_run_goes_on(shelf: Shelf) -> None:
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        shelf.read(report=stop, cancel=cancel)

    assert sorted(shelf.rows()) == [1, 2]
    assert shelf.read(0.01) == {Verdict.NEW: 1}
    assert sorted(shelf.rows()) == [1, 2, 3]


def test_what_was_read_is_stored_every_few_files(
    library: Library, make_item: MakeItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiodata, "BATCH_FILES", 2)
    shelf = Shelf(library, make_item, ("flac",) * 5)
    stored: list[int] = []

    shelf.read(report=lambda _: stored.append(HASHES.count(shelf.host.reading())))

    assert stored == [0, 0, 2, 2, 4, 5]


def test_without_the_music_folder_nothing_is_called_missing(shelf: Shelf) -> None:
    shelf.folder.rename(shelf.folder.parent / "drawer")

    with pytest.raises(StorageError, match="is not there"):
        shelf.read()

    assert shelf.rows() == {}


def test_progress_counts_the_files_of_this_run(shelf: Shelf) -> None:
    seen: list[Progress] = []

    shelf.read(0.6, report=seen.append)

    assert [(p.done, p.total) for p in seen] == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("100%", 1.0), ("all", 1.0), ("0.5%", 0.005)]
)
def test_a_share_is_a_percentage_or_all(text: str, share: float) -> None:
    assert audiodata.parse_share(text) == share


@pytest.mark.parametrize("text", ["5", "0%", "101%", "-1%", "x%", "%", "nan%", ""])
def test_another_share_is_refused(text: str) -> None:
    with pytest.raises(MusicToolError, match="neither"):
        audiodata.parse_share(text)


@pytest.mark.parametrize(
    ("total", "share", "wanted"),
    [(0, 1, 0), (3, 0.01, 1), (100, 0.07, 7), (10, 0.25, 3), (7, 1, 7)],
)
def test_a_share_is_rounded_up(total: int, share: float, wanted: int) -> None:
    assert audiodata.count_wanted(total, share) == wanted


# What doctor says.


def test_before_the_first_reading_doctor_names_the_option(library: Library, shelf: Shelf) -> None:
    (found,) = shelf.findings()
    with library.transaction() as tx:
        tx.mutate("DROP TABLE mt_audio_hash")
    (without,) = shelf.findings()

    assert found == without
    assert "--read-data 5%" in found.message
    assert (found.level, found.mend) == (Level.OK, "")


def test_doctor_says_how_much_is_known_and_how_old_it_is(shelf: Shelf) -> None:
    shelf.read(0.5)
    shelf.read(0.1)

    (found,) = shelf.findings()

    assert found.message == "Known of 3 of 3 files, all read since 2026-06-02."


def test_many_files_with_the_same_fault_are_counted(library: Library, make_item: MakeItem) -> None:
    shelf = Shelf(library, make_item, ("flac",) * 23)
    shelf.read()
    for number in range(1, 24):
        flip_bit(shelf.path(number))
    shelf.read()

    problems = shelf.problems()

    assert len(problems) == 21
    assert problems[-1] == (Level.ERROR, "3 more files like this (rot).")


def test_a_verdict_does_not_depend_on_what_was_never_read() -> None:
    seen = Payload("d", 10, is_cut=False, size=20, modified_ns=5, is_settled=True)

    assert audiodata.judge(None, seen) is Verdict.NEW
    assert audiodata.judge({"digest": ""}, seen) is Verdict.NEW


# Files to try things on.


def test_small_files_of_each_kind_that_are_there(library: Library, make_item: MakeItem) -> None:
    shelf = Shelf(library, make_item, ("flac", "flac", "flac", "mp3", "ogg", "wav"))
    shelf.path(2).write_bytes(b"x" * 10)
    shelf.path(1).write_bytes(b"x" * 30)
    shelf.path(3).write_bytes(b"x" * 20)
    shelf.path(5).unlink()
    shelf.path(4).rename(shelf.folder / "4.MP3")
    shelf.path(6).write_bytes(b"x" * 2_000_000)
    with library.transaction() as tx:
        tx.mutate("UPDATE items SET path = ? WHERE id = 4", [b"4.MP3"])

    found = audiodata.small_files(shelf.host, seed=1, most_bytes=1_000_000)

    assert {kind: [path.name for path in paths] for kind, paths in found.items()} == {
        "flac": ["2.flac", "3.flac"],
        "mp3": ["4.MP3"],
    }
