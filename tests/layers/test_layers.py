"""The house stands as drawn: layers, thin plugins, and a light start."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(path for path in (ROOT / "beetsplug").glob("*.py"))
NAMES = [path.stem for path in PLUGINS]

_HEAVY = {"requests", "sqlite3", "lxml", "numpy", "flask", "yaml", "discogs_client", "rapidfuzz"}

_LOAD = """
import json, sys
import beets.ui
beets.ui.main(["version"])
print(json.dumps(sorted(sys.modules)))
"""


def modules_with(names: list[str], folder: Path) -> set[str]:
    """Modules loaded by `beet version` with these plugins."""
    settings = {"plugins": names, "create_backup_before_migrations": False}
    (folder / "config.yaml").write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _LOAD],
        env={"BEETSDIR": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_loading_all_plugins_adds_only_our_thin_modules_and_the_standard_library(
    tmp_path: Path,
) -> None:
    # The first command makes the journal; what counts is every other one.
    modules_with(NAMES, tmp_path)
    added = modules_with(NAMES, tmp_path) - modules_with([], tmp_path)

    foreign = {name for name in added if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if name.startswith("beetsplug.")} == {
        f"beetsplug.{name}" for name in NAMES
    }
    assert {name for name in foreign if not name.startswith("beetsplug")} == {
        "musictool_core",
        "musictool_core.errors",
        "musictool_core.host",
        "musictool_core.host.command",
        "musictool_core.host.feature",
        "musictool_core.host.fetching",
        "musictool_core.host.listening",
        "musictool_core.host.safewrite",
        "musictool_core.host.unrestored",
        "musictool_core.host.witness",
    }


@pytest.mark.parametrize("path", PLUGINS, ids=NAMES)
def test_a_plugin_imports_nothing_heavy_and_holds_no_logic(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    logic = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | ast.Try)]

    assert imported.isdisjoint(_HEAVY)
    assert logic == []


def test_there_is_no_package_file_that_would_hide_beets_own_plugins() -> None:
    assert not (ROOT / "beetsplug" / "__init__.py").exists()


def test_the_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:]


def test_no_package_is_empty() -> None:
    packages = [path.parent for path in (ROOT / "musictool_core").rglob("__init__.py")]

    assert all(len(list(package.glob("*.py"))) > 1 for package in packages)
