"""Musical keys however people write them: `F#m`, `Gb minor`, `11A` (Camelot), `4m` (Open Key)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""As beets writes them."""

_SPOKEN = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_SIGNS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NAMED = re.compile(r"([A-Ga-g])\s*([#♯b♭]?)[\s-]*(M|m|min|minor|moll|maj|major|dur|)")
_WHEEL = re.compile(r"(1[0-2]|0?[1-9])\s*([ABDMabdm])")
_MINOR = frozenset({"m", "min", "minor", "moll"})
_WORDS = re.compile(r"(?i)(min|minor|moll|maj|major|dur)$")
_FIFTH = 7
"""Half tones from one hour of the wheel to the next."""
_THIRD = 3
"""Half tones from a minor key to the major one of the same hour."""
_HOUR_OF_C = 8


@dataclass(frozen=True, slots=True)
class Key:
    """One of the 24 keys.

    Attributes:
        hour: its place on the Camelot wheel, 1 to 12; neighbours are a fifth apart.
        minor: of the inner ring (A), else of the outer one (B).
    """

    hour: int
    minor: bool

    @property
    def camelot(self) -> str:
        """As DJs write it: "8A"."""
        return f"{self.hour}{'A' if self.minor else 'B'}"

    @property
    def open_key(self) -> str:
        """As Open Key writes it: "1m" for A minor."""
        return f"{(self.hour - 8) % 12 + 1}{'m' if self.minor else 'd'}"

    @property
    def short(self) -> str:
        """As beets writes it, with sharps: "F#m"."""
        return f"{NOTES[self._root]}{'m' if self.minor else ''}"

    @property
    def plain_name(self) -> str:
        """As programs write it, with sharps: "F# minor"."""
        return f"{NOTES[self._root]} {'minor' if self.minor else 'major'}"

    @property
    def name(self) -> str:
        """As musicians write it: "A minor"."""
        return f"{_SPOKEN[self._root]} {'minor' if self.minor else 'major'}"

    @property
    def mixes_with(self) -> tuple[Key, ...]:
        """Keys that go together with it, itself first: a fifth down and up, and the other mode."""
        down, up = (self.hour - 2) % 12 + 1, self.hour % 12 + 1
        return (self, Key(down, self.minor), Key(up, self.minor), Key(self.hour, not self.minor))

    def shifted(self, semitones: int) -> Key:
        """The key of the same music played so many half tones higher."""
        return Key((self.hour - 1 + _FIFTH * semitones) % 12 + 1, self.minor)

    def written(self, notation: str) -> str:
        """In a notation: "musical" (F#m), "open" (4m) or "camelot" (11A)."""
        return {"camelot": self.camelot, "open": self.open_key}.get(notation, self.short)

    @property
    def _root(self) -> int:
        """Half tones above C."""
        return (_FIFTH * (self.hour - _HOUR_OF_C) - (_THIRD if self.minor else 0)) % 12


WHEEL = tuple(Key(hour, minor) for minor in (True, False) for hour in range(1, 13))
"""All keys, minor ones first."""

_KEYS = {(key._root, key.minor): key for key in WHEEL}  # noqa: SLF001 - of this module


def parse_key(text: str) -> Key | None:
    """Read a key in Camelot ("8A"), Open Key ("1m") or by name ("Am", "A-moll"); None if none."""
    text = text.strip()
    if found := _NAMED.fullmatch(text):
        note, sign, mode = found.groups()
        root = NOTES.index(note.upper()) + _SIGNS[sign]
        return _KEYS[root % 12, mode in _MINOR]
    words = _WORDS.sub(lambda match: match.group().lower(), text)
    if words != text:
        return parse_key(words)
    if found := _WHEEL.fullmatch(text):
        hour, ring = int(found[1]), found[2].lower()
        # Open Key counts from A minor and C major.
        return Key(hour if ring in "ab" else (hour + 6) % 12 + 1, ring in "am")
    return None
