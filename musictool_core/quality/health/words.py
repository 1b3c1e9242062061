"""The words of `config/health.yaml`, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from musictool_core.matching.text import text_key

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """What rules know of names; keys are `text_key`s.

    Attributes:
        capital_artists: who write themselves in capitals.
        small_artists: who write themselves in small letters.
        as_written: words that keep their letters, by the word in small ones.
        genres: how genres are written, by any known spelling.
        junk_genres: what stands for no genre.
        tempos: lowest and highest tempo of genres, beats per minute, by name in small letters.
        fast_genres: those without an upper limit, in small letters.
        placeholders: what stands for no name, in small letters, by field.
    """

    capital_artists: frozenset[str]
    small_artists: frozenset[str]
    as_written: Mapping[str, str]
    genres: Mapping[str, str]
    junk_genres: frozenset[str]
    tempos: Mapping[str, tuple[float, float]]
    fast_genres: frozenset[str]
    placeholders: Mapping[str, frozenset[str]]


@cache
def words() -> Words:
    """The words."""
    text = files("musictool_config").joinpath("health.yaml").read_text("utf-8")
    read = yaml.safe_load(text)
    spelled = {text_key(name): name for name in read["genres"]}
    aliases = {text_key(alias): name for alias, name in read["genre_aliases"].items()}
    return Words(
        capital_artists=_keys(read["capital_artists"]),
        small_artists=_keys(read["small_artists"]),
        as_written={word.casefold(): word for word in read["as_written"]},
        genres=spelled | aliases,
        junk_genres=_keys(read["junk_genres"]),
        tempos={name: (low, high) for name, (low, high) in read["tempos"].items()},
        fast_genres=frozenset(read["fast_genres"]),
        placeholders={name: frozenset(known) for name, known in read["placeholders"].items()},
    )


def _keys(names: list[str]) -> frozenset[str]:
    return frozenset(text_key(name) for name in names)
