"""The product where neither `fcntl` nor `msvcrt` is: it imports, and its unit tests pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.beet import ROOT
from tests.platforms.no_locks import HIDDEN

if TYPE_CHECKING:
    from pathlib import Path

UNIT_TESTS = (
    *("acquire", "changes", "db", "discogs", "events", "gaps", "host", "jobs", "links"),
    *("matching", "music", "net", "platforms", "safeio"),
)
FOLDERS = [f"tests/{name}" for name in UNIT_TESTS]

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import tests.platforms.no_locks
import beetsplug, musictool_config, musictool_core
ours = (
    *("discogscollection", "djanalysis", "gaps", "history", "marketplace", "musictool"),
    *("quality", "traktor"),
)
names = [f"beetsplug.{name}" for name in ours]
for package in (musictool_core, musictool_config):
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    names += [module.name for module in found]
for name in names:
    importlib.import_module(name)
print(json.dumps(names))
"""


def test_every_module_imports() -> None:
    code = [sys.executable, "-c", IMPORT_ALL]

    done = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    files = [p for p in (ROOT / "musictool_core").rglob("*.py") if p.name != "__init__.py"]
    assert len(json.loads(done.stdout)) > len(files)


def test_commands_run(tmp_path: Path) -> None:
    hidden = "".join(f"sys.modules[{name!r}] = None\n" for name in HIDDEN)
    (tmp_path / "beet.py").write_text(
        f"import sys\n{hidden}from beets.ui import main\nmain(sys.argv[1:])\n"
    )
    (tmp_path / "config.yaml").write_text(
        "plugins: history musictool\ncreate_backup_before_migrations: no\n"
    )

    for words in (["history", "list"], ["musictool", "doctor"]):
        done = subprocess.run(
            [sys.executable, tmp_path / "beet.py", *words],
            cwd=ROOT,
            env={**os.environ, "BEETSDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(any(sys.modules.get(name, 1) is None for name in HIDDEN), reason="is the run")
def test_the_unit_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.platforms.no_locks"]

    done = subprocess.run(
        [*command, *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-5000:]
