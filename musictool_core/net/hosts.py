"""The host table: how fast, how long and how often each service may be asked.

Input:   config/hosts.yaml, and what the user replaces under `musictool: hosts:` in the beets
configuration.
Output:  one `HostPolicy` per service.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from musictool_core.errors import ConfigError
from musictool_core.net.pacing import WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Mapping

REPLACEABLE = ("base_url", "requests_per_minute", "anonymous_requests_per_minute")


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """How to treat one service.

    Attributes:
        name: the service in messages and settings ("discogs").
        base_url: scheme and host, perhaps a path; no slash at the end.
        requests_per_minute: limit for requests that carry credentials.
        anonymous_requests_per_minute: limit for requests that carry none.
        burst: requests that may leave at once after a quiet minute; less than either limit.
        connect_s: seconds until the connection stands.
        read_s: seconds between two pieces of an answer.
        deadline_s: seconds for one whole answer, however steadily it drips.
        body_cap_bytes: largest body accepted, counted after decompression.
        retries: attempts after the first one.
        budget_header: header with the server's limit; the one with "-Remaining" behind it says how
            many
            requests are left. None when the service reports no budget.
    """

    name: str
    base_url: str
    requests_per_minute: int
    anonymous_requests_per_minute: int
    burst: int
    connect_s: float
    read_s: float
    deadline_s: float
    body_cap_bytes: int
    retries: int
    budget_header: str | None = None

    @property
    def host(self) -> str:
        """Host and port of the base URL: what a limit is counted for."""
        return urlsplit(self.base_url).netloc

    def limit(self, *, authorized: bool) -> int:
        """Requests per minute with or without credentials."""
        return self.requests_per_minute if authorized else self.anonymous_requests_per_minute

    def interval_s(self, *, authorized: bool) -> float:
        """Seconds between two requests so that not even a minute with a burst exceeds the limit."""
        return WINDOW_S / (self.limit(authorized=authorized) - self.burst)


def load_hosts(replaced: Mapping[str, Any] | None = None) -> dict[str, HostPolicy]:
    """Return the policy of every service by name.

    Args:
        replaced: the user's `musictool: hosts:` mapping, e.g. `{"discogs": {"base_url":
            "http://127.0.0.1:8000"}}`.

    Raises:
        ConfigError: an unknown service or key, or a value that cannot be used.
    """
    text = files("musictool_config").joinpath("hosts.yaml").read_text(encoding="utf-8")
    return parse_hosts(text, replaced or {})


def parse_hosts(text: str, replaced: Mapping[str, Any]) -> dict[str, HostPolicy]:
    """Parse a host table and apply what the user replaces; see `load_hosts`."""
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)
    for name, changes in replaced.items():
        if name not in table:
            raise ConfigError("musictool.hosts", name, f"a service ({', '.join(table)})", table)
        table[name] |= _checked_changes(name, changes)
    return {name: _parse_policy(name, row) for name, row in table.items()}


def _checked_changes(name: str, changes: object) -> dict[str, Any]:
    if not isinstance(changes, dict):
        raise ConfigError(f"musictool.hosts.{name}", changes, "a mapping, e.g. base_url: http://…")
    for key in changes:
        if key not in REPLACEABLE:
            expected = f"a key that can be replaced ({', '.join(REPLACEABLE)})"
            raise ConfigError(f"musictool.hosts.{name}", key, expected, REPLACEABLE)
    return changes


def _parse_policy(name: str, row: Mapping[str, Any]) -> HostPolicy:
    where = f"musictool.hosts.{name}"
    known = {field.name for field in fields(HostPolicy)} - {"name"}
    for key in row:
        if key not in known:
            raise ConfigError(where, key, "a known key", known)
    for key in known - {"base_url", "budget_header", "retries"}:
        _check_number(f"{where}.{key}", row.get(key), above=0)
    _check_number(f"{where}.retries", row.get("retries"), above=-1)
    for key in ("requests_per_minute", "anonymous_requests_per_minute"):
        _check_number(f"{where}.{key}", row[key], above=row["burst"])
    base_url = _checked_base_url(f"{where}.base_url", row.get("base_url"))
    return HostPolicy(**{**row, "name": name, "base_url": base_url})


def _check_number(key: str, value: object, *, above: int) -> None:
    whole = not key.endswith("_s")
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not value > above:
        raise ConfigError(key, value, f"a {'whole ' if whole else ''}number above {above}")


def _checked_base_url(key: str, value: object) -> str:
    expected = "an address such as https://api.example.org"
    if not isinstance(value, str):
        raise ConfigError(key, value, expected)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ConfigError(key, value, expected) from None
    if parts.username is not None or parts.password is not None:
        # The value itself is kept out of the message: it holds a password.
        raise ConfigError(key, "an address with a password", expected + " without credentials")
    if not usable or parts.query or parts.fragment:
        raise ConfigError(key, value, expected)
    return value.rstrip("/")
