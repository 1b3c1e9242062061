"""The table of shops and their search pages: ours in `config/stores.yaml`, the user's on top.

Pure but for reading the packaged file. An entry that cannot work is refused with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

import yaml

from musictool_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = frozenset({"name", "url", "q", "plain", "region"})
_PLACEHOLDERS = frozenset({"q", "region"})
_PUNCTUATION = re.compile(r"[^\w\s&']+|_+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop with the address of its search page.

    Attributes:
        key: short name in the configuration.
        url: template with `{q}` and perhaps `{region}`.
        in_path: whether the words stand in the path and must be percent-encoded.
        plain: whether punctuation is left out of the words.
    """

    key: str
    name: str
    url: str
    in_path: bool
    plain: bool
    region: str

    def search_url(self, words: str) -> str:
        """Return the address that searches for these words."""
        text = _PUNCTUATION.sub(" ", words) if self.plain else words
        text = _SPACES.sub(" ", text).strip()
        encoded = quote(text, safe="") if self.in_path else quote_plus(text)
        return self.url.format(q=encoded, region=self.region)


def load_shops(
    extra: Mapping[str, Any] | None = None, chosen: Sequence[str] = ()
) -> tuple[Shop, ...]:
    """Return the shops, ours first, changed and extended by the user's entries.

    Args:
        extra: entries of the user's configuration, in the form of `config/stores.yaml`.
        chosen: keys to keep, in this order; empty keeps all.

    Raises:
        ConfigError: an entry is not usable, or a chosen shop does not exist.
    """
    text = files("musictool_config").joinpath("stores.yaml").read_text("utf-8")
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)
    for key, entry in (extra or {}).items():
        if not isinstance(entry, dict):
            raise ConfigError(f"marketplace.shops.{key}", entry, "a table with name and url")
        table[str(key)] = {**table.get(str(key), {}), **entry}
    shops = {key: _parse_shop(key, entry) for key, entry in table.items()}
    for key in chosen:
        if key not in shops:
            raise ConfigError("marketplace.use", key, "a known shop", known=shops)
    return tuple(shops[key] for key in chosen) if chosen else tuple(shops.values())


def _parse_shop(key: str, entry: Mapping[str, Any]) -> Shop:
    setting = f"marketplace.shops.{key}"
    for name in entry:
        if name not in _KEYS:
            raise ConfigError(setting, name, f"one of {', '.join(sorted(_KEYS))}", known=_KEYS)
    url = str(entry.get("url", ""))
    _check_url(f"{setting}.url", url)
    place = str(entry.get("q", "query"))
    if place not in {"query", "path"}:
        raise ConfigError(f"{setting}.q", place, "query or path", known=("query", "path"))
    region = str(entry.get("region", ""))
    if "{region}" in url and not re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z]{2})?", region):
        raise ConfigError(f"{setting}.region", region, 'a region such as "gb" or "gb-en"')
    return Shop(
        key=key,
        name=str(entry.get("name") or key),
        url=url,
        in_path=place == "path",
        plain=bool(entry.get("plain", False)),
        region=region,
    )


def _check_url(setting: str, url: str) -> None:
    try:
        names = [name for _, name, _, _ in Formatter().parse(url) if name is not None]
    except ValueError as error:
        raise ConfigError(setting, url, f"an address with {{q}} ({error})") from error
    if names.count("q") != 1 or not _PLACEHOLDERS.issuperset(names):
        raise ConfigError(setting, url, "an address with {q} once, and {region} at most")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "{" in parts.netloc or parts.username:
        raise ConfigError(setting, url, "an https address of a shop")
