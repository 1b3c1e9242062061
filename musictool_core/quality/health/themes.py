"""Themes: named ways to write a whole library, of the rules there are with what each is to want.

They stand in `config/quality.yaml`, and in the user's setting `quality.themes`, whose entries may
begin from a known one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from musictool_core.errors import ConfigError
from musictool_core.quality.health.catalogue import BY_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from musictool_core.quality.health.model import Rule, Standard

KEEP = "keep"
"""What a choice is that leaves things as they are."""

_LIKE = "like"
"""Key of a theme that names the one to begin from."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """One thing that a theme decides.

    Attributes:
        rules: that make it so.
        known: what can be chosen, beside `KEEP`.
        wanted: what the rules are to want.
    """

    rules: tuple[str, ...]
    known: tuple[str, ...]
    wanted: Callable[[str], Mapping[str, Any]] = lambda _: MappingProxyType({})


CHOICES: Mapping[str, _Choice] = {
    "id3": _Choice(
        ("F006",),
        ("beets", "2.3", "2.4"),
        lambda chosen: {} if chosen == "beets" else {"id3v23": chosen == "2.3"},
    ),
    "encoding": _Choice(("F007",), ("unicode",)),
    "dates": _Choice(("D002",), ("iso",)),
    "keys": _Choice(
        ("K001",), ("camelot", "musical", "open"), lambda chosen: {"keys": chosen}
    ),
    "featuring": _Choice(
        ("T010",), ("feat.", "ft.", "featuring"), lambda chosen: {"featuring": chosen}
    ),
    "titles": _Choice(("T007", "T008"), ("title",)),
    "brackets": _Choice(("T016",), ("round", "square"), lambda chosen: {"brackets": chosen}),
    "separators": _Choice(
        ("T023",),
        ("usual", "&", ",", ";", "/"),
        lambda chosen: {"separator": "" if chosen == "usual" else chosen},
    ),
    "genres": _Choice(("G001", "G002", "G003"), ("list",)),
}  # fmt: skip
"""What a theme decides, by its key."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A way to write a library: what is chosen, by the keys of `CHOICES`."""

    name: str
    chosen: Mapping[str, str]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that make it so, in the order of the catalogue."""
        names = {rule for key in self._decided() for rule in CHOICES[key].rules}
        return tuple(rule for rule in BY_ID.values() if rule.rule_id in names)

    def standard(self, standard: Standard) -> Standard:
        """What is right by this theme; what it leaves open stays."""
        for key, chosen in self._decided().items():
            standard = replace(standard, **CHOICES[key].wanted(chosen))
        return standard

    def _decided(self) -> dict[str, str]:
        return {key: chosen for key, chosen in self.chosen.items() if chosen != KEEP}


def read_themes(own: Mapping[str, Any]) -> dict[str, Theme]:
    """All themes by name.

    Args:
        own: the setting `quality.themes`.

    Raises:
        ConfigError: a choice that there is not.
    """
    known = {name: Theme(name, chosen) for name, chosen in _packaged().items()}
    for name, given in own.items():
        if not isinstance(given, dict):
            raise ConfigError(f"quality.themes.{name}", given, f"a table ({', '.join(CHOICES)})")
        known[str(name)] = _theme(str(name), given, known)
    return known


def find_theme(name: str, own: Mapping[str, Any]) -> Theme:
    """One theme.

    Raises:
        ConfigError: there is none of this name, or one of the user's is wrong.
    """
    themes = read_themes(own)
    if name not in themes:
        raise ConfigError("quality.theme", name, f"a theme ({', '.join(themes)})", known=themes)
    return themes[name]


def _theme(name: str, given: Mapping[str, Any], known: Mapping[str, Theme]) -> Theme:
    chosen = dict.fromkeys(CHOICES, KEEP)
    for key, value in given.items():
        place = f"quality.themes.{name}.{key}"
        if key == _LIKE:
            if value not in known:
                raise ConfigError(place, value, f"a theme ({', '.join(known)})", known=known)
            continue
        if key not in CHOICES:
            expected = f"a choice ({', '.join((_LIKE, *CHOICES))})"
            raise ConfigError(place, key, expected, known=CHOICES)
        allowed = (*CHOICES[key].known, KEEP)
        if str(value) not in allowed:
            raise ConfigError(place, value, " or ".join(allowed), known=allowed)
        chosen[key] = str(value)
    base = known[given[_LIKE]].chosen if _LIKE in given else {}
    return Theme(name, {**chosen, **base, **{k: chosen[k] for k in given if k != _LIKE}})


@cache
def _packaged() -> Mapping[str, Mapping[str, str]]:
    text = files("musictool_config").joinpath("quality.yaml").read_text("utf-8")
    read: Mapping[str, Mapping[str, object]] = yaml.safe_load(text)["themes"]
    return {
        name: {key: str(given.get(key, KEEP)) for key in CHOICES} for name, given in read.items()
    }
