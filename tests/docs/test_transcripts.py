"""What the documentation shows is what happens: every command is run, every line is printed."""

from __future__ import annotations

import re
import shlex
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import PAGES, ROOT, Page, Session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.docs.conftest import DemoSet
    from tests.fakes.discogs import FakeDiscogs

TRANSCRIPTS = [
    pytest.param(session, id=f"{page.name}-{number}")
    for page in PAGES
    for number, session in enumerate(page.sessions(), start=1)
]

NOT_RUN = re.compile(r"(pip|pipx) install |pipx inject |git clone |cd |python -m venv ")
"""Setting up: tests/packaging installs the package."""

TYPED = {"beet gaps review": ["y", "n", "q"], "beet musictool uninstall": ["y"]}
"""What is typed at the questions of a command."""


class Keyboard(StringIO):
    """A terminal's input: what is typed also appears on the screen."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        line = super().readline(-1 if size is None else size)
        # Where beets writes, so that it comes in its turn.
        sys.stdout.buffer.write(line.encode())
        return line


@pytest.mark.parametrize("session", TRANSCRIPTS)
def test_transcripts_show_what_happens(
    session: Session,
    demo_set: DemoSet,
    discogs: FakeDiscogs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings: dict[str, Any] = {}
    if "token" in session.start:
        settings["discogs"] = {"user_token": discogs.token}
        settings["musictool"] = {"hosts": {"discogs": {"base_url": discogs.base_url}}}
    shelf = "records" in session.start
    beet = demo_set.beet(tmp_path / "work", shelf=shelf, **settings)
    monkeypatch.chdir(tmp_path / "work")

    status = 0
    for step, following in zip(session.steps, [*session.steps[1:], None], strict=True):
        if step.command == "echo $?":
            assert step.shown == (str(status),)
            continue
        typed = "".join(f"{key}\n" for key in TYPED.get(step.command, []))
        monkeypatch.setattr(sys, "stdin", Keyboard(typed))

        name, *words = shlex.split(step.command)
        assert name == "beet", f"not run here: {step.command}"
        done = beet(*words)

        status = done.status
        printed = f"{done.stdout}{done.stderr}"
        if following is None or following.command != "echo $?":
            assert status == 0, f"$ {step.command}\n{printed}"
        for line in step.shown:
            assert occurs(line, printed.splitlines()), (
                f"$ {step.command}\ndoes not print {line!r}, but:\n{printed}"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_to_copy_can_be_run(page: Page) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))

    for line in "".join(page.blocks("sh")).splitlines():
        command = line.partition(" #")[0].strip()
        if command.startswith("make "):
            assert set(command.split()[1:]) <= targets, command
        else:
            assert NOT_RUN.match(command), f"put it into a console block, so that it is run: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_are_of_a_kind_that_is_tested(page: Page) -> None:
    assert page.languages() <= {"console", "sh", "yaml", "text", "sql"}


def occurs(shown: str, printed: Sequence[str]) -> bool:
    """Whether a line was printed; "…" stands for anything."""
    pattern = re.compile(".*".join(map(re.escape, shown.rstrip().split("…"))))
    return any(pattern.fullmatch(line.rstrip()) for line in [*printed, ""])
