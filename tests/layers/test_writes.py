"""Only `safeio` writes files: everything else that does is listed here, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layers.writes import find_writes

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "musictool_core" / "safeio"

_PACING = "our own pacing state: of no worth to the user, and replaced whole under its lock"

_SEAM = "a call of safeio's own disk, on a file of ours beside the archive"
_TORTURE = "copies that are there to be damaged"
_UPLOAD = "an export that a browser sent, in a folder that is gone with the request"
_COPIES = "copies for browsers in a private folder of this process (docs/decisions/0009)"

_PIPE = "answers to the process that asks, through its pipe"

ALLOWED = {
    ("musictool_core/analysis/child.py", "os.fdopen"): _PIPE,
    **{
        ("musictool_core/net/pacing.py", what): _PACING
        for what in (
            "aside.rename",
            "aside.unlink",
            "fresh.replace",
            "fresh.write_text",
            "os.fdopen",
            "os.open",
            "self._path.rename",
            "self._path.unlink",
        )
    },
    ("musictool_core/app/keeping.py", "io.open"): _SEAM,
    ("musictool_core/app/keeping.py", "io.unlink"): _SEAM,
    ("musictool_core/app/cli/doctor.py", "tempfile.TemporaryDirectory"): _TORTURE,
    **{
        ("web/media/audio.py", what): _COPIES
        for what in (
            "(self._folder / name).unlink",
            "os.open",
            "part.replace",
            "part.unlink",
            "shutil.rmtree",
            "tempfile.mkdtemp",
        )
    },
    ("musictool_core/analysis/picture.py", "image.save"): "a picture, into memory",
    ("musictool_core/quality/art/measure.py", "plain.save"): "a picture, into memory",
    ("web/media/pictures.py", "picture.save"): "a thumbnail, into memory",
    ("web/uploads.py", "sent.save"): _UPLOAD,
    ("web/uploads.py", "tempfile.TemporaryDirectory"): _UPLOAD,
}


def test_files_are_written_through_safeio_only() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), write.what): write.line
        for folder in ("musictool_core", "beetsplug", "web")
        for path in (ROOT / folder).rglob("*.py")
        if DOOR not in path.parents
        for write in find_writes(path.read_text("utf-8"))
    }

    past = [f"{path}:{line} {what}" for (path, what), line in found.items()
            if (path, what) not in ALLOWED]  # fmt: skip
    assert past == [], "write through musictool_core.safeio"
    assert set(ALLOWED) <= set(found), "no longer there: take it out of the list"


@pytest.mark.parametrize(
    "bad",
    [
        "open(path, 'w')",
        "open(path, 'wb')",
        "open(path, mode='a')",
        "open(path, 'r+b')",
        "open(path, 'x')",
        "open(path, mode)",
        "open(path, **how)",
        "open(*how)",
        "import io\nio.open(path, 'w')",
        "import gzip\ngzip.open(path, 'wt')",
        "path.open('w')",
        "path.open(mode='r+')",
        "Path(name).open('ab')",
        "import os\nos.open(path, os.O_RDWR)",
        "import os\nos.open(path, os.O_RDONLY | os.O_CREAT)",
        "import os\nos.fdopen(descriptor, 'w')",
        "path.write_text('')",
        "path.write_bytes(b'')",
        "path.unlink()",
        "(folder / name).unlink(missing_ok=True)",
        "path.rename(other)",
        "path.replace(other)",
        "path.touch()",
        "path.rmdir()",
        "path.symlink_to(other)",
        "path.hardlink_to(other)",
        *(
            f"import os\nos.{name}(path)"
            for name in ("replace", "rename", "remove", "unlink", "truncate", "link", "symlink")
        ),
        "import os as system\nsystem.remove(path)",
        "from os import remove\nremove(path)",
        "from os import replace as put\nput(one, other)",
        "import os\nclean(os.unlink)",
        "import shutil\nshutil.copy(one, other)",
        "import shutil\nshutil.copyfile(one, other)",
        "import shutil\nshutil.copytree(one, other)",
        "import shutil\nshutil.move(one, other)",
        "import shutil\nshutil.rmtree(path)",
        "from shutil import copy2\ncopy2(one, other)",
        "import tempfile\ntempfile.mkstemp()",
        "from tempfile import NamedTemporaryFile\nNamedTemporaryFile()",
        "MediaFile(path).save()",
        "file.save(padding=None)",
        "item.try_write()",
        "from beets import util\nutil.move(one, other)",
        "from beets.util import remove\nremove(path)",
    ],
)
def test_what_writes_is_found(bad: str) -> None:
    assert len(find_writes(bad)) == 1


@pytest.mark.parametrize(
    "good",
    [
        "open(path)",
        "open(path, 'rb')",
        "open(path, encoding='utf-8')",
        "path.open()",
        "path.open('rb')",
        "path.open(encoding='utf-8')",
        "import os\nos.open(path, os.O_RDONLY)",
        "import os\nos.fspath(path)",
        "path.read_text()",
        "text.replace('a', 'b')",
        "moment.replace(tzinfo=UTC)",
        "from dataclasses import replace\nreplace(value, name='x')",
        "import shutil\nshutil.disk_usage(path)",
        "import tempfile\ntempfile.gettempdir()",
        "from musictool_core import safeio\nsafeio.replace_file(path, b'')",
        "names.remove(one)",
    ],
)
def test_what_only_reads_is_not(good: str) -> None:
    assert find_writes(good) == []
