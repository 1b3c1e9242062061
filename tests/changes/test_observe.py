"""Who a change belongs to."""

from __future__ import annotations

import pytest

from musictool_core.changes.observe import origin_of, split_by_pause


@pytest.mark.parametrize(
    ("argv", "source"),
    [
        (["/usr/bin/beet", "modify", "title=x"], "beet modify"),
        (["/lib/beets/__main__.py", "ls"], "beet ls"),
        (["beet", "-v", "-l", "other.db", "--config", "c.yaml", "import", "."], "beet import"),
        (["beet", "--library=other.db", "undo"], "beet undo"),
        (["beet"], "beet"),
        (["C:/tools/serve.exe"], "serve"),
    ],
)
def test_the_source_is_the_command_without_its_options(argv: list[str], source: str) -> None:
    assert origin_of(argv, 1).source == source


def test_the_command_line_can_be_pasted_into_a_shell() -> None:
    assert origin_of(["/usr/bin/beet", "modify", "a b", "x=y"], 1).command == (
        "beet modify 'a b' x=y"
    )


def test_beets_run_as_a_module_is_shown_as_beet() -> None:
    assert origin_of(["/lib/beets/__main__.py", "ls", "x"], 1).command == "beet ls x"


def test_changes_far_apart_are_split_and_the_newest_come_first() -> None:
    assert split_by_pause([(1, 0.0), (2, 60.0), (3, 120.5), (4, 121.0)]) == [(3, 120.5), (1, 0.0)]
    assert split_by_pause([]) == []
