"""The API as the user's settings say: address, token, limits, one pace for all processes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.discogs.connect import USER_AGENT, connect, requests_per_minute
from musictool_core.errors import AuthNeeded, ConfigError
from musictool_core.host.settings import Settings
from musictool_core.progress import CancelToken

if TYPE_CHECKING:
    from musictool_core.host.library import Host
    from tests.fakes.discogs import FakeDiscogs

PLAIN = Settings(
    hosts={},
    discogs_token="",
    gaps_on_import=True,
    gaps_videos=False,
    shops_used=(),
    shops={},
)


def settings_for(discogs: FakeDiscogs, **changes: Any) -> Settings:
    hosts = {"discogs": {"base_url": discogs.base_url}}
    return replace(PLAIN, **{"hosts": hosts, "discogs_token": discogs.token, **changes})


def test_the_configured_server_is_asked_with_the_token_and_our_own_name(
    host: Host, discogs: FakeDiscogs
) -> None:
    with connect(host, settings_for(discogs), CancelToken()) as api:
        assert api.identity().username == "collector"

    (sent,) = discogs.requests
    assert sent.headers["Authorization"] == f"Discogs token={discogs.token}"
    assert sent.headers["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith("musictool/")


def test_without_a_token_releases_can_be_asked_for_and_the_account_not(
    host: Host, discogs: FakeDiscogs
) -> None:
    discogs.add_release(5, title="Blue")

    with connect(host, settings_for(discogs, discogs_token=""), CancelToken()) as api:
        assert api.release(5).title == "Blue"
        with pytest.raises(AuthNeeded, match="no token"):
            api.identity()


def test_the_pace_is_shared_through_the_state_directory(host: Host, discogs: FakeDiscogs) -> None:
    with connect(host, settings_for(discogs), CancelToken()) as api:
        api.identity()

    paces = json.loads((host.state_directory / "pacing.json").read_text())
    assert list(paces) == [discogs.base_url.removeprefix("http://")]


def test_an_unknown_setting_of_a_service_is_named(host: Host) -> None:
    wrong = replace(PLAIN, hosts={"discogs": {"base_ulr": "http://127.0.0.1"}})

    with pytest.raises(ConfigError, match="base_url"), connect(host, wrong, CancelToken()):
        pass


@pytest.mark.parametrize(("token", "rate"), [("", 20), ("secret", 55)])
def test_long_work_asks_a_little_slower_than_the_limit(token: str, rate: int) -> None:
    assert requests_per_minute(replace(PLAIN, discogs_token=token)) == rate


def test_a_replaced_limit_counts() -> None:
    hosts = {"discogs": {"requests_per_minute": 30}}

    assert requests_per_minute(replace(PLAIN, hosts=hosts, discogs_token="secret")) == 25
