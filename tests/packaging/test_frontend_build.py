"""The front end is built when its sources changed, and an install never fails for want of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "web" / "frontend"

_TOOL = """#!/bin/sh
case "$1" in --version) echo v22.0.0; exit 0;; esac
echo "$(basename "$0") $*" >> "$CALLS"
case "$1" in
  ci) mkdir -p node_modules; exit "${NPM_ENDS_WITH:-0}";;
  build.mjs) mkdir -p ../static/dist;;
esac
"""


class Checkout:
    """The sources with stand-ins for node and npm that only note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tools = folder / "tools"
        self._calls = folder / "calls"
        self._tools.mkdir(parents=True)
        for name in ("node", "npm"):
            tool = self._tools / name
            tool.write_text(_TOOL, "utf-8")
            tool.chmod(0o755)
        shutil.copy(ROOT / "setup.py", folder / "setup.py")
        (folder / "setup.cfg").write_text("[metadata]\nname = trial\n", "utf-8")
        ignored = shutil.ignore_patterns("node_modules", ".fonts")
        shutil.copytree(FRONTEND, self.sources, ignore=ignored)

    @property
    def sources(self) -> Path:
        """The front end's folder."""
        return self.folder / "web" / "frontend"

    def build(self, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the build with further environment variables."""
        path = f"{self._tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return subprocess.run(
            [sys.executable, "setup.py", "-q", "frontend"],
            cwd=self.folder,
            env={"PATH": path, "CALLS": str(self._calls), **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What was called since the last time."""
        if not self._calls.exists():
            return []
        lines = self._calls.read_text("utf-8").splitlines()
        self._calls.unlink()
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_it_is_built_once_and_again_when_a_source_changed(checkout: Checkout) -> None:
    assert checkout.build().returncode == 0
    assert checkout.calls() == [
        "npm ci --ignore-scripts --no-audit --no-fund",
        "node build.mjs",
    ]

    checkout.build()
    assert checkout.calls() == []

    (checkout.sources / "styles" / "tokens.css").write_text("/* other */", "utf-8")
    checkout.build()
    assert checkout.calls() == ["node build.mjs"], "what it is made with did not change"


def test_it_can_be_left_out(checkout: Checkout) -> None:
    checkout.build(MUSICTOOL_SKIP_FRONTEND="1")

    assert checkout.calls() == []


def test_a_build_that_fails_is_said_and_does_not_stop_the_install(checkout: Checkout) -> None:
    done = checkout.build(NPM_ENDS_WITH="1")

    assert done.returncode == 0
    assert "front end not built, the web view shows plain pages: ci ended with 1" in done.stderr


def test_a_release_is_not_made_without_it(checkout: Checkout) -> None:
    done = checkout.build(NPM_ENDS_WITH="1", MUSICTOOL_REQUIRE_FRONTEND="1")

    assert done.returncode == 1


def test_lock_and_settings_name_no_registry() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    held = [entry for name, entry in lock["packages"].items() if name]

    assert held
    assert all(entry["integrity"] for entry in held)
    for name in ("package-lock.json", "package.json", ".npmrc"):
        assert "://" not in (FRONTEND / name).read_text("utf-8")
