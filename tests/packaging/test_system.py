"""`.ci/system` installs what pip cannot, or says what is left out, and never stands in the way."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "system"

SHELL = shutil.which("sh")

pytestmark = pytest.mark.skipif(SHELL is None, reason="needs a shell")


def run(folder: Path, *wanted: str, **programs: str) -> str:
    """Run the script where only these programs exist; return what it said."""
    for name, script in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!{SHELL}\n{script}\n")
        path.chmod(0o755)
    done = subprocess.run(
        [str(SHELL), str(SCRIPT), *wanted],
        env={"PATH": str(folder), "LOG": str(folder / "log")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


def test_what_is_there_is_not_mentioned(tmp_path: Path) -> None:
    assert run(tmp_path, "ffmpeg", ffmpeg="", id="echo 0") == ""


def test_root_on_debian_gets_what_is_missing(tmp_path: Path) -> None:
    said = run(
        tmp_path, "ffmpeg", "chromium", ffmpeg="", id="echo 0", apt_get='echo "$@" >> "$LOG"'
    )

    assert "chromium with apt-get" in said
    assert (tmp_path / "log").read_text().splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends chromium",
    ]


@pytest.mark.parametrize(
    ("user", "apt"),
    [("1000", "exit 9"), ("0", "exit 100")],
    ids=["not root", "no network"],
)
def test_elsewhere_one_line_says_what_is_left_out(user: str, apt: str, tmp_path: Path) -> None:
    said = run(tmp_path, "ffmpeg", "chromium", id=f"echo {user}", apt_get=apt)

    assert said.splitlines()[-1] == (
        "Not installed: ffmpeg chromium. Left out: sound and waveforms of formats that browsers"
        " do not play, tests in a browser."
    )
    assert ("with apt-get" in said) is (user == "0")
