from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
from flask import Flask, send_file

from musictool_web.media import answers, audio, formats
from musictool_web.media.answers import Missing, Status
from musictool_web.media.audio import AudioFile, AudioFiles
from musictool_web.media.ffmpeg import Runs
from musictool_web.media.formats import identify
from musictool_web.media.work import Workers
from tests.safeio.samples import sample
from tests.web.media.conftest import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beets.library import Item, Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem


@pytest.fixture
def add(library: Library, make_item: MakeItem, tmp_path: Path) -> Callable[..., int]:
    """Put a file with this content into the library; returns its item."""

    def put(name: str, content: bytes | None, **fields: Any) -> int:
        path = tmp_path / "music" / name
        if content is not None:
            path.write_bytes(content)
        item: Item = make_item(library, **{"path": os.fsencode(path), "length": 1.0, **fields})
        assert item.id is not None
        return item.id

    return put


@pytest.fixture
def files(host: Host, tmp_path: Path) -> Iterator[Callable[..., AudioFiles]]:
    """Open `AudioFiles` with a program for ffmpeg."""
    copies = tmp_path / "copies"
    copies.mkdir()
    opened: list[tuple[AudioFiles, Workers, Runs]] = []

    def start(program: str | None, **options: Any) -> AudioFiles:
        workers, runs = Workers(threads=2), Runs()
        made = AudioFiles(
            host,
            workers,
            runs,
            ffmpeg=lambda: program,
            **{"folder": copies, "wait_s": 60.0, **options},
        )
        opened.append((made, workers, runs))
        return made

    yield start
    for made, workers, runs in opened:
        runs.close()
        workers.close()
        made.close()


HALF = 'for last; do :; done; echo half > "${last#file:}"; exit 1'
"""What a conversion that fails in the middle leaves."""


def copies_in(tmp_path: Path) -> list[str]:
    return sorted(path.suffix for path in (tmp_path / "copies").rglob("*") if path.suffix)


@pytest.mark.parametrize(
    ("kind", "mimetype"),
    [
        ("mp3", "audio/mpeg"),
        ("flac", "audio/flac"),
        ("m4a", "audio/mp4"),
        ("ogg", "audio/ogg"),
        ("opus", "audio/ogg"),
        ("wav", "audio/wav"),
    ],
)
def test_what_browsers_play_is_sent_as_it_is(
    kind: str,
    mimetype: str,
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    tmp_path: Path,
) -> None:
    found = files(None).audio(add(f"track.{kind}", sample(kind)))

    assert isinstance(found, AudioFile)
    assert (found.path, found.mimetype) == (tmp_path / "music" / f"track.{kind}", mimetype)
    assert not found.is_copy
    assert list((tmp_path / "copies").iterdir()) == []


@pytest.mark.parametrize(
    "case",
    [
        ("pcm_s24be.aiff", formats.FLAC),
        ("alac.m4a", formats.FLAC),
        ("wavpack.wv", formats.FLAC),
        ("adpcm_ms.wav", formats.MP3),
        ("wmav2.wma", formats.MP3),
    ],
)
def test_the_rest_is_sent_as_a_copy(
    case: tuple[str, formats.Format],
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    ffmpeg: str,
    tmp_path: Path,
) -> None:
    made, copy = case
    source = tmp_path / "source.wav"
    source.write_bytes(sample("wav", 2.0))
    target = tmp_path / "music" / made
    encode(ffmpeg, source, target, "-c:a", target.stem, "-metadata", "title=secret")
    before = target.read_bytes()

    found = files(ffmpeg).audio(add(target.name, None))

    assert isinstance(found, AudioFile), found
    assert found.is_copy
    assert identify(found.path) is copy
    assert found.mimetype == copy.mimetype
    assert b"secret" not in found.path.read_bytes()
    assert soundfile.info(found.path).duration == pytest.approx(2.0, abs=0.1)
    assert target.read_bytes() == before


def test_a_copy_of_a_lossless_file_holds_the_same_samples(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    found = files(ffmpeg).audio(add("track.aiff", sample("aiff")))

    assert isinstance(found, AudioFile)
    ours, rate = soundfile.read(found.path, dtype="int16")
    source, wanted = soundfile.read(found.path.parents[2] / "music/track.aiff", dtype="int16")
    assert rate == wanted
    assert (ours == source).all()


def test_a_browser_that_did_not_play_a_file_may_ask_for_a_copy(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    opened, item = files(ffmpeg), add("track.ogg", sample("ogg"))

    found = opened.audio(item, convert=True)

    assert isinstance(found, AudioFile)
    assert found.mimetype == "audio/mpeg"


def test_parts_of_a_copy_can_be_asked_for(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    opened, item = files(ffmpeg), add("track.aiff", sample("aiff"))
    app = Flask(__name__)

    @app.get("/<int:number>")
    def send(number: int) -> Any:
        found = opened.audio(number)
        assert isinstance(found, AudioFile)
        return send_file(found.path, found.mimetype, conditional=True, etag=found.etag)

    client = app.test_client()
    whole = client.get(f"/{item}")
    part = client.get(f"/{item}", headers={"Range": "bytes=100-199"})
    same = client.get(f"/{item}", headers={"If-None-Match": whole.headers["ETag"]})

    assert (whole.status_code, part.status_code, same.status_code) == (200, 206, 304)
    assert part.data == whole.data[100:200]
    for response in (whole, part, same):
        response.close()


def test_a_copy_is_made_once_for_all_who_ask(
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    ffmpeg: str,
    program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    counting = program(f"echo run >> '{tmp_path}/runs'\nexec {ffmpeg} \"$@\"")
    opened, item = files(counting), add("track.aiff", sample("aiff"))

    with ThreadPoolExecutor(6) as threads:
        found = set(threads.map(lambda _: opened.audio(item), range(12)))

    assert len(found) == 1
    assert (tmp_path / "runs").read_text() == "run\n"
    assert copies_in(tmp_path) == [".flac"]


def test_a_changed_file_is_converted_anew(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    opened = files(ffmpeg)
    first = opened.audio(add("track.aiff", sample("aiff")))
    second = opened.audio(add("track.aiff", sample("aiff", 2.0)))

    assert isinstance(first, AudioFile)
    assert isinstance(second, AudioFile)
    assert first.etag != second.etag


def test_without_ffmpeg_the_page_can_say_what_is_missing(
    add: Callable[..., int], files: Callable[..., AudioFiles]
) -> None:
    found = files(None).audio(add("track.aiff", sample("aiff")))

    assert found == answers.NEEDS_FFMPEG
    assert isinstance(found, Missing)
    assert "ffmpeg" in found.reason


def test_who_waits_too_long_is_told_to_come_back_and_finds_it_then(
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    ffmpeg: str,
    program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "gate")
    waiting = program(f"read _ < '{tmp_path}/gate'\nexec {ffmpeg} \"$@\"")
    opened, item = files(waiting, wait_s=0.0), add("track.aiff", sample("aiff"))

    assert opened.audio(item) == answers.PENDING
    (tmp_path / "gate").write_text("go\n")
    while opened.audio(item) == answers.PENDING:
        pass
    assert isinstance(opened.audio(item), AudioFile)


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$", HALF])
def test_a_conversion_that_fails_leaves_nothing_and_is_tried_again(
    script: str,
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    opened, item = files(program(script)), add("track.aiff", sample("aiff"))

    assert [opened.audio(item) for _ in range(2)] == [audio.NOT_CONVERTED] * 2
    assert copies_in(tmp_path) == []


def test_a_program_that_cannot_be_started_is_a_failed_conversion(
    add: Callable[..., int], files: Callable[..., AudioFiles], tmp_path: Path
) -> None:
    item = add("track.aiff", sample("aiff"))

    assert files(str(tmp_path / "no-ffmpeg")).audio(item) == audio.NOT_CONVERTED


def test_copies_that_were_not_used_for_longest_make_room(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str, tmp_path: Path
) -> None:
    size = len(sample("flac", 3.0))
    # By length a copy may take 576,000 bytes; it takes about half.
    opened = files(ffmpeg, limit_bytes=3 * size + 300_000)
    items = [add(f"{n}.aiff", sample("aiff", 3.0), length=3.0) for n in range(4)]
    found = [opened.audio(item) for item in items[:3]]
    kept = [opened.audio(items[0]), opened.audio(items[3])]

    assert all(isinstance(copy, AudioFile) for copy in [*found, *kept])
    assert isinstance(found[0], AudioFile)
    assert isinstance(found[1], AudioFile)
    assert found[0].path.exists()
    assert not found[1].path.exists()
    total = sum(path.stat().st_size for path in (tmp_path / "copies").rglob("*"))
    assert total < 3 * size + 300_000


@pytest.mark.parametrize("length", [1.0, 3600.0])
def test_a_copy_that_does_not_fit_is_refused_before_or_after(
    length: float,
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    ffmpeg: str,
    tmp_path: Path,
) -> None:
    # Ten seconds, of which the library says something else.
    item = add("track.aiff", sample("aiff", 10.0), length=length)

    assert files(ffmpeg, limit_bytes=400_000).audio(item) == audio.NO_ROOM
    assert copies_in(tmp_path) == []


def test_a_full_disk_is_said(
    add: Callable[..., int],
    files: Callable[..., AudioFiles],
    ffmpeg: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))

    assert files(ffmpeg).audio(add("track.aiff", sample("aiff"))) == audio.NO_ROOM


def test_closing_deletes_the_copies_and_starting_deletes_those_of_the_dead(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str, tmp_path: Path
) -> None:
    dead = tmp_path / "copies" / "musictool-copies-dead"
    dead.mkdir()
    (dead / "in-use").touch()
    (dead / "x.flac").touch()
    strange = tmp_path / "copies" / "musictool-copies-strange"
    strange.mkdir()
    item = add("track.aiff", sample("aiff"))
    first, second = files(ffmpeg), files(ffmpeg)

    ours, theirs = first.audio(item), second.audio(item)

    assert isinstance(ours, AudioFile)
    assert isinstance(theirs, AudioFile)
    assert ours.path.exists()
    assert not dead.exists()
    assert strange.exists()
    assert ours.path.parent.stat().st_mode & 0o077 == 0
    first.close()
    assert not ours.path.parent.exists()
    assert theirs.path.exists()


def test_a_file_outside_of_the_music_folder_is_sent_when_it_is_audio(
    add: Callable[..., int], files: Callable[..., AudioFiles], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.mp3").write_bytes(sample("mp3"))
    (tmp_path / "music" / "link.mp3").symlink_to(tmp_path / "elsewhere.mp3")
    opened = files(None)

    for name in ("../elsewhere.mp3", "link.mp3"):
        assert isinstance(opened.audio(add(name, None)), AudioFile)


@pytest.mark.parametrize("path", [b"/etc/passwd", b"/etc", b"/dev/zero", b"/proc/self/environ"])
def test_a_path_written_into_the_library_gives_no_other_file_away(
    path: bytes, add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    opened, item = files(ffmpeg), add("x", None, path=path)

    for convert in (False, True):
        found = opened.audio(item, convert=convert)
        assert isinstance(found, Missing)
        assert found.status in {Status.UNREADABLE, Status.GONE}


def test_copy_protection_is_said(
    add: Callable[..., int], files: Callable[..., AudioFiles], ffmpeg: str
) -> None:
    item = add("bought.m4p", sample("m4a").replace(b"mp4a", b"drms"))

    assert files(ffmpeg).audio(item) == audio.PROTECTED


def test_items_and_files_that_are_gone_are_told_apart(
    add: Callable[..., int], files: Callable[..., AudioFiles]
) -> None:
    opened = files(None)

    assert opened.audio(add("gone.mp3", None)) == answers.NO_FILE
    assert opened.audio(999) == answers.NO_ITEM
