from __future__ import annotations

import io
import json
import signal
import sys

import pytest

from musictool_core.host import terminal
from musictool_core.progress import Progress

pytestmark = pytest.mark.usefixtures("beets_config")


class Screen(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


def test_results_go_to_stdout_and_notices_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.write("Xtal")
    terminal.notice("3 missing")

    assert capsys.readouterr() == ("Xtal\n", "3 missing\n")


def test_a_json_row_is_one_line_that_keeps_names_readable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.write_json({"artist": "Björk\n", "year": None})

    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "Björk" in out
    assert json.loads(out) == {"artist": "Björk\n", "year": None}


def test_a_question_nobody_can_answer_is_answered_with_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert terminal.ask("Token? ") == ""
    assert not terminal.is_interactive()


def test_an_answer_comes_without_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("  abc \n"))

    assert terminal.ask("Token? ") == "abc"


def test_in_a_file_progress_is_one_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    line = terminal.ProgressLine()
    for done in range(2001):
        line(Progress(done, 2000, "matching"))
    line.close()

    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == 11
    assert lines[0] == "matching: 0 of 2,000"
    assert lines[-1] == "matching: 2,000 of 2,000"
    assert "\x1b" not in captured.err


def test_progress_of_unknown_length_says_how_much_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = terminal.ProgressLine()
    for done in range(0, 250, 10):
        line(Progress(done, None, "reading"))

    assert capsys.readouterr().err.splitlines() == ["reading: 0", "reading: 100", "reading: 200"]


def test_on_a_terminal_progress_is_redrawn_in_place_and_wiped_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = screen(monkeypatch)
    line = terminal.ProgressLine()
    line(Progress(1, 2, "matching"))
    line(Progress(2, 2, "matching"))
    line.close()
    line.close()

    assert shown.getvalue() == ("\r\x1b[Kmatching: 1 of 2\r\x1b[Kmatching: 2 of 2\r\x1b[K")


def test_with_no_color_a_terminal_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = screen(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    line = terminal.ProgressLine()
    line(Progress(1, 1, "matching"))
    line.close()

    assert shown.getvalue() == "matching: 1 of 1\n"


def test_the_first_ctrl_c_asks_to_stop_and_the_second_interrupts() -> None:
    with terminal.long_work() as (_, cancel):
        assert not cancel.cancelled
        signal.raise_signal(signal.SIGINT)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_after_long_work_ctrl_c_means_what_it_did_before() -> None:
    before = signal.getsignal(signal.SIGINT)

    with terminal.long_work():
        assert signal.getsignal(signal.SIGINT) is not before

    assert signal.getsignal(signal.SIGINT) is before
