"""Which songs are worth a comparison: they share a telling word, and last about as long.

Cheap on purpose: `matching` judges, this only spares it most of the pairs. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from unidecode import unidecode

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[a-z0-9]+")
_DULL = frozenset(
    {"original", "mix", "remix", "extended", "version", "edit", "feat", "ft", "radio", "the", "and",
     "vocal", "dub", "remastered", "club", "instrumental", "with", "featuring", "you", "your"}
)  # fmt: skip
_WORDS = 3
_MOST = 64
"""Songs of one word and second; where there are more, only those of the same artist are asked."""


@dataclass(frozen=True, slots=True)
class Words:
    """A song as far as blocks go; seconds."""

    artist: str
    title: str
    length_s: float | None


class Blocks:
    """Songs by word and second.

    Most blocks hold one song, which stands there itself: hundreds of thousands of small lists would
    keep the garbage collector busy.
    """

    def __init__(self, songs: Iterable[tuple[int, Words]]) -> None:
        self._blocks: dict[str, int | list[int]] = {}
        self._songs: dict[int, Words] = {}
        for number, song in songs:
            self._songs[number] = song
            second = int(song.length_s or 0.0)
            for word in _telling(song):
                self._add(f"{word} {second}", number)

    def near(self, song: Words) -> list[int]:
        """Songs that may be this one, each once, in order."""
        second = int(song.length_s or 0.0)
        found: dict[int, None] = {}
        for word in _telling(song):
            for at in (second - 1, second, second + 1):
                block = self._blocks.get(f"{word} {at}")
                if isinstance(block, int):
                    found[block] = None
                elif block is not None:
                    found.update(dict.fromkeys(self._few(block, song)))
        if not found:
            return []
        words = _words(song)
        return [number for number in found if _share_enough(words, _words(self._songs[number]))]

    def _add(self, block: str, number: int) -> None:
        present = self._blocks.setdefault(block, number)
        if isinstance(present, list):
            present.append(number)
        elif present != number:
            self._blocks[block] = [present, number]

    def _few(self, block: list[int], song: Words) -> list[int]:
        if len(block) <= _MOST:
            return block
        artist = song.artist.lower()
        same = (number for number in block if self._songs[number].artist.lower() == artist)
        return list(islice(same, _MOST + 1))


def _share_enough(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """One word in common is chance where there are more: an artist and a title have two."""
    return len(ours & theirs) >= min(2, len(ours), len(theirs))


@lru_cache(maxsize=65536)
def _words(song: Words) -> frozenset[str]:
    text = f"{song.artist} {song.title}"
    return frozenset(_WORD.findall(unidecode(text).lower())) - _DULL


def _telling(song: Words) -> list[str]:
    """The longest words of the title, or of the artist where the title has none."""
    text = song.title if song.title.isascii() else unidecode(song.title)
    words = set(_WORD.findall(text.lower()))
    telling = sorted(words - _DULL or words, key=lambda word: (-len(word), word))
    # Without an artist the title may hold both names.
    return telling if not song.artist else telling[:_WORDS]
