"""The host table and what a user may replace in it."""

from __future__ import annotations

from typing import Any

import pytest

from musictool_core.errors import ConfigError
from musictool_core.net import load_hosts
from musictool_core.net.hosts import parse_hosts

ROW = {
    "base_url": "https://api.example.org",
    "requests_per_minute": "60",
    "anonymous_requests_per_minute": "25",
    "burst": "5",
    "connect_s": "5",
    "read_s": "20",
    "deadline_s": "60",
    "body_cap_bytes": "1000",
    "retries": "4",
}


def table(**changes: str) -> str:
    return "example:\n" + "".join(
        f"  {key}: {value}\n" for key, value in {**ROW, **changes}.items()
    )


def test_discogs_is_paced_as_its_documentation_says() -> None:
    discogs = load_hosts()["discogs"]

    assert discogs.name == "discogs"
    assert discogs.base_url == "https://api.discogs.com"
    assert discogs.host == "api.discogs.com"
    assert discogs.limit(authorized=True) == 60
    assert discogs.limit(authorized=False) == 25
    assert (discogs.connect_s, discogs.read_s, discogs.deadline_s) == (5, 20, 60)
    assert discogs.budget_header == "X-Discogs-Ratelimit"


def test_a_user_can_point_a_service_at_a_local_server() -> None:
    replaced = {"discogs": {"base_url": "http://127.0.0.1:8000/", "requests_per_minute": 6000}}

    discogs = load_hosts(replaced)["discogs"]

    assert discogs.base_url == "http://127.0.0.1:8000"
    assert discogs.limit(authorized=True) == 6000
    assert discogs.limit(authorized=False) == 25
    assert load_hosts()["discogs"].base_url == "https://api.discogs.com"


def test_a_minute_with_a_burst_stays_within_the_limit() -> None:
    policy = parse_hosts(table(), {})["example"]

    assert policy.burst + 60 / policy.interval_s(authorized=True) == pytest.approx(60)
    assert policy.burst + 60 / policy.interval_s(authorized=False) == pytest.approx(25)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_url": "ftp://api.example.org"}, "base_url"),
        ({"base_url": "api.example.org"}, "base_url"),
        ({"base_url": "'https://'"}, "base_url"),
        ({"base_url": "'http://[::1'"}, "base_url"),
        ({"base_url": "https://api.example.org:99999"}, "base_url"),
        ({"base_url": "https://api.example.org?token=x"}, "base_url"),
        ({"base_url": "https://api.example.org#x"}, "base_url"),
        ({"base_url": "7"}, "base_url"),
        ({"requests_per_minute": "0"}, "requests_per_minute"),
        ({"requests_per_minute": "5"}, "requests_per_minute"),
        ({"anonymous_requests_per_minute": "5"}, "anonymous_requests_per_minute"),
        ({"requests_per_minute": "6.5"}, "requests_per_minute"),
        ({"burst": "yes"}, "burst"),
        ({"read_s": "fast"}, "read_s"),
        ({"deadline_s": ".nan"}, "deadline_s"),
        ({"retries": "-1"}, "retries"),
        ({"body_cap_bytes": "''"}, "body_cap_bytes"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(changes: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_hosts(table(**changes), {})

    assert raised.value.key == f"musictool.hosts.example.{key}"


def test_a_missing_value_is_named() -> None:
    text = table().replace("  burst: 5\n", "")

    with pytest.raises(ConfigError) as raised:
        parse_hosts(text, {})

    assert raised.value.key == "musictool.hosts.example.burst"


@pytest.mark.parametrize(
    ("replaced", "line"),
    [
        (
            {"exampel": {"base_url": "http://127.0.0.1"}},
            (
                "setting musictool.hosts: 'exampel' is not a service (example). "
                "Did you mean 'example'?"
            ),
        ),
        (
            {"example": {"base_ur": "http://127.0.0.1"}},
            (
                "setting musictool.hosts.example: 'base_ur' is not a key that can be replaced "
                "(base_url, requests_per_minute, anonymous_requests_per_minute). "
                "Did you mean 'base_url'?"
            ),
        ),
        (
            {"example": "http://127.0.0.1"},
            (
                "setting musictool.hosts.example: 'http://127.0.0.1' is not a mapping, "
                "e.g. base_url: http://…."
            ),
        ),
    ],
)
def test_a_wrong_replacement_is_explained(replaced: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_hosts(table(), replaced)

    assert raised.value.line() == line


def test_an_unknown_key_of_the_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="'speed' is not a known key"):
        parse_hosts(table(speed="9"), {})


def test_a_password_in_an_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_hosts(table(base_url="https://me:canary@api.example.org"), {})

    assert "canary" not in raised.value.line()
    assert raised.value.key == "musictool.hosts.example.base_url"
