from __future__ import annotations

import logging

import beets.logging
import pytest

from musictool_core.errors import MusicToolError
from musictool_core.host.listening import carry_on

log = logging.getLogger("test")


def test_names_with_braces_are_no_places_to_fill_for_loggers_of_beets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with carry_on(beets.logging.getLogger("beets.ours")):
        raise MusicToolError("{0} {odd} is busy.")

    (record,) = caplog.records
    assert type(record.msg) is not str
    assert record.getMessage() == "{0} {odd} is busy."


def test_an_error_of_ours_is_one_warning_and_beets_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with carry_on(log):
        raise MusicToolError("{odd} 100% busy.", hint="Try again.")

    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.WARNING,
        "{odd} 100% busy. Try again.",
    )
    assert record.exc_info is None


def test_a_mistake_of_ours_is_logged_with_its_traceback_and_beets_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with carry_on(log):
        raise ZeroDivisionError

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_ctrl_c_is_not_held_back() -> None:
    with pytest.raises(KeyboardInterrupt), carry_on(log):
        raise KeyboardInterrupt
