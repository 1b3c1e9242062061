"""Wheel and editable install both give working plugins, and take no name that is not ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
SOURCES = (
    "beetsplug",
    "config",
    "musictool_core",
    "web",
    "setup.cfg",
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".fonts")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = (folder / "dist").glob("*.whl")
    return built


def test_the_wheel_installs_our_names_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}

    assert top == {"beetsplug", "musictool_config", "musictool_core", "musictool_web"}
    assert "beetsplug/__init__.py" not in names
    assert not any("tests/" in name or "benchmarks/" in name for name in names)


def test_the_wheel_holds_every_module_and_table(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "musictool_core").rglob("*.py")}
    web = ROOT / "web"
    of_web = {path.relative_to(web).as_posix() for path in web.rglob("*.py")}
    wanted |= {f"musictool_web/{name}" for name in of_web if not name.startswith("frontend/")}
    tables = {f"musictool_config/{path.name}" for path in (ROOT / "config").glob("*.yaml")}

    assert wanted | tables | {"musictool_core/py.typed"} <= names


def test_the_wheel_holds_the_pages_and_the_built_front_end_but_not_its_sources(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    parts = [*WEB.rglob("*.py"), *WEB.glob("templates/**/*.html"), *WEB.glob("static/*.css")]
    built = [path for path in (WEB / "static" / "dist").glob("*") if path.name != ".sources"]
    wanted = {
        f"musictool_web/{path.relative_to(WEB).as_posix()}"
        for path in (*parts, *built)
        if "node_modules" not in path.parts
    }

    assert wanted <= names
    assert not [name for name in names if name.startswith("musictool_web/frontend")]


def test_plugins_from_the_wheel_run_in_another_directory(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    (tmp_path / "config.yaml").write_text(
        "plugins: discogscollection djanalysis gaps history marketplace musictool quality traktor\n"
        "create_backup_before_migrations: no\n",
        "utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-m", "beets", "buy", "links"],
        cwd=tmp_path,
        env={"BEETSDIR": str(tmp_path), "PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "0 tracks to get, 8 shops." in done.stdout


def test_the_editable_install_runs_in_another_directory(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "plugins: gaps\ncreate_backup_before_migrations: no\n", "utf-8"
    )

    done = subprocess.run(
        [sys.executable, "-m", "beets", "gaps", "completion"],
        cwd=tmp_path,
        env={"BEETSDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["web", "config", "tests", "benchmarks"])
def test_no_general_name_is_taken(name: str, tmp_path: Path) -> None:
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({name!r}) is not None)"

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)

    assert done.returncode == 0
