"""beets' own tests, run with our plugins in effect: they must fail no more than without us."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent
NEEDLESS = ("codecov", "pytest-cov")
"""Of what beets' tests ask for."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The source distribution of the beets that is installed, and a Python with what it needs."""

    folder: Path
    python: Path


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of the suite brought."""

    passed: int
    skipped: int
    failed: frozenset[str]
    output: str


def pip(python: Path | str, *words: str) -> None:
    """Run pip, or skip the test when the registry cannot be reached."""
    done = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        pytest.skip(f"the package registry gave nothing: {done.stderr.strip()[-200:]}")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("beets-suite")
    wanted = f"beets=={version('beets')}"
    words = ("--no-deps", "--no-binary", ":all:", "--dest", str(folder))
    pip(sys.executable, "download", *words, wanted)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())

    venv.create(folder / "python", with_pip=True)
    paths = {"base": str(folder / "python"), "platbase": str(folder / "python")}
    python = Path(sysconfig.get_path("scripts", "venv", paths)) / "python"
    # What is installed for our tests counts as installed there, and is left as it is.
    site = Path(sysconfig.get_path("purelib", "venv", paths)) / "ours.pth"
    site.write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    groups: dict[str, Any] = tomllib.loads((source / "pyproject.toml").read_text())
    needed = groups["dependency-groups"]["test"]
    pip(python, "install", *(name for name in needed if not name.startswith(NEEDLESS)))
    return Suite(source, python)


def run(suite: Suite, name: str, *words: str) -> Ran:
    """Run all of beets' tests in one process, in their own order."""
    report = suite.folder.parent / f"{name}.xml"
    home = suite.folder.parent / f"home-{name}"
    home.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("BEETS", "PYTEST", "PYTHON"))}
    without = ("randomly", "socket", "timeout", "cacheprovider", "xdist")
    off = [word for plugin in without for word in ("-p", f"no:{plugin}")]
    done = subprocess.run(
        [suite.python, "-m", "pytest", "-q", f"--junitxml={report}", *off, *words],
        cwd=suite.folder,
        env={**env, "HOME": str(home), "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    passed, skipped, failed = 0, 0, set()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - we had it written
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(f"{case.get('classname')}::{case.get('name')}")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Ran(passed, skipped, frozenset(failed), done.stdout)


def known_failures() -> dict[str, str]:
    """Reasons by test."""
    lines = (HERE / "beets_suite_known.txt").read_text("utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if not line.startswith("#"))
    return {test: reason for test, reason in pairs}  # noqa: C416 - mypy reads it so


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.enable_socket
def test_beets_own_suite_fails_no_more_with_our_plugins(suite: Suite) -> None:
    stock = run(suite, "stock")
    ours = run(suite, "ours", "-p", "beside_beets")
    met = re.search(r"beside beets: (\d+) libraries, (\d+) tag writes", ours.output)
    print(
        f"stock: {stock.passed} passed, {stock.skipped} skipped, failed {sorted(stock.failed)}\n"
        f"ours: {ours.passed} passed, {ours.skipped} skipped, failed {sorted(ours.failed)}, "
        f"{met and met[0]}"
    )

    assert met is not None, ours.output[-2000:]
    assert int(met[1]) > 1000
    assert int(met[2]) > 100
    assert stock.passed > 2000
    assert len(stock.failed) < 20, "this machine lacks what beets' tests need"
    assert ours.failed - stock.failed <= set(known_failures()), ours.output[-20_000:]
    assert ours.skipped == stock.skipped
    assert ours.passed + len(ours.failed) == stock.passed + len(stock.failed)


def test_every_known_failure_has_a_reason() -> None:
    assert all(len(reason) > 30 for reason in known_failures().values())
