from __future__ import annotations

from datetime import UTC, datetime

import pytest

from musictool_core import errors
from musictool_core.errors import (
    ConfigError,
    LibraryBusy,
    MusicToolError,
    NotFound,
    RateLimited,
    Reaction,
    Retry,
    SourceError,
    StorageError,
    Unreachable,
)


def test_the_line_for_the_user_is_the_message_and_what_to_do() -> None:
    assert MusicToolError("no token.").line() == "no token."
    assert MusicToolError("no token.", hint="Run setup.").line() == "no token. Run setup."


def test_a_wrong_setting_names_its_key_its_value_and_the_nearest_known_one() -> None:
    error = ConfigError("shops.use", "bandkamp", "a shop", known=["bandcamp", "juno"])

    assert error.line() == "setting shops.use: 'bandkamp' is not a shop. Did you mean 'bandcamp'?"
    assert error.key == "shops.use"


def test_a_setting_like_no_known_one_gets_no_suggestion() -> None:
    error = ConfigError("gaps.videos", 7, "yes or no", known=["bandcamp"])

    assert error.line() == "setting gaps.videos: 7 is not yes or no."


def test_a_source_can_be_asked_later_unless_it_says_otherwise() -> None:
    assert Unreachable("discogs", "no answer.").retry == Retry(Reaction.LATER)
    assert NotFound("discogs", "gone.").retry == Retry(Reaction.NEVER)


def test_an_error_of_a_source_begins_with_its_name() -> None:
    error = SourceError("discogs", "no answer.", hint="Check the network.")

    assert (error.source, error.line()) == ("discogs", "discogs: no answer. Check the network.")


def test_a_rate_limit_says_until_when_and_is_retried_then() -> None:
    until = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
    error = RateLimited("discogs", until)

    assert error.retry == Retry(Reaction.AT, until)
    assert "discogs: asks us to wait until 12:10:00 UTC." in error.line()


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ],
)
def test_every_error_of_ours_is_caught_as_one(kind: type[Exception]) -> None:
    assert issubclass(kind, MusicToolError)


def test_a_busy_library_is_a_storage_error() -> None:
    assert issubclass(LibraryBusy, StorageError)
