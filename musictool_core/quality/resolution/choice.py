"""Which row stays, whose audio it gets, and which values of the others. Pure.

The row that stays is the one with a place in an album; the audio is the best there is. So the two
may be of different files, and then the file of the row is replaced by a copy of the better one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musictool_core.changes.net import same
from musictool_core.host.entities import ABSENT, RowImage, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

OF_AUDIO = frozenset(
    {
        "path", "length", "format", "bitrate", "bitrate_mode", "encoder_info", "encoder_settings",
        "samplerate", "bitdepth", "channels", "mtime",
    }
)  # fmt: skip
"""What beets reads off a file; it is that of the file that stays."""

OF_SOUND = ("rg_", "r128_", "acoustid_fingerprint", "analysis_", "quality_", "mt_")
"""What was measured of a file, by how the field begins: it comes with the audio."""

_OF_ROW = frozenset({"id", "album_id", "added"})

SUMMED = ("traktor_playcount", "play_count", "skip_count")
"""Counts that each copy has of its own."""

HIGHEST = ("traktor_rating", "rating", "stars", "last_played", "traktor_last_played")
"""Of these the highest counts."""

_PER_TRACK = frozenset({"genre", "genres", "style"})
"""Fields of an album that are true of each of its tracks by itself."""

_LOSSLESS = frozenset({"FLAC", "ALAC", "AIFF", "WAV", "WAVE", "WavPack", "APE", "Monkey's Audio"})


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a group.

    Attributes:
        item_id: of its item.
        album: what album it is on, for a person; "" for none.
        album_size: tracks of the album's row; 0 for none.
        score: of its audio, 0 to 100; None when it was never checked.
        row: the whole row.
    """

    item_id: int
    album: str
    album_size: int
    score: float | None
    row: RowImage

    @property
    def audio(self) -> str:
        """Format and quality, for a person."""
        kind, bitrate = str(self.row.columns.get("format") or "?"), self._number("bitrate")
        told = kind if kind in _LOSSLESS or not bitrate else f"{kind} {bitrate // 1000}"
        return told if self.score is None else f"{told}, {self.score:g} of 100"

    def rank(self) -> tuple[bool, int, int, int]:
        """How good the audio is by what its container says, for files that nobody checked."""
        if self.row.columns.get("format") in _LOSSLESS:
            # Their bitrate only says how well they are packed.
            return True, self._number("bitdepth"), self._number("samplerate"), 0
        return False, 0, 0, self._number("bitrate")

    def _number(self, name: str) -> int:
        value = self.row.columns.get(name)
        return int(value) if isinstance(value, int | float) else 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """What becomes of a group.

    Attributes:
        kept: the member whose row stays.
        audio: the member whose audio it gets.
        losers: all but the one that is kept.
        values: new values of the row that stays, by field, with the item that they come from.
        reasons: why, in sentences.
    """

    kept: Member
    audio: Member
    losers: tuple[Member, ...]
    values: Mapping[str, tuple[Value, int]]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a group stays as it is."""

    members: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all groups.

    Attributes:
        across_albums: one recording on two albums becomes one, too.
        album_fields: columns that an album and its tracks share.
        texts: columns whose emptiness is an empty text.
    """

    across_albums: bool = False
    album_fields: Collection[str] = field(default_factory=frozenset)


def choose(members: Sequence[Member], rules: Rules) -> Resolution | Refused:
    """Decide what becomes of files that are the same recording.

    Args:
        members: at least two.
        rules: what holds for all groups.
    """
    # Two rows of one name are one album that was added twice.
    albums = {member.album.casefold(): member.album for member in members if member.album}
    numbers = tuple(member.item_id for member in members)
    if len(albums) > 1 and not rules.across_albums:
        named = " and ".join(sorted(albums.values()))
        return Refused(numbers, f"it belongs to {named}: both stay (--across-albums)")
    kept = max(members, key=lambda m: (bool(m.album), m.album_size, m.rank(), -m.item_id))
    audio = _best_audio(members, kept)
    others = sorted(
        (member for member in members if member is not kept),
        key=lambda m: (m is not audio, not m.album, m.item_id),
    )
    values = _merged(kept, audio, others, rules)
    return Resolution(kept, audio, tuple(others), values, _reasons(kept, audio, others))


def _best_audio(members: Sequence[Member], kept: Member) -> Member:
    """The best audio; of equals the one that lies right already."""
    if all(member.score is not None for member in members):
        return max(members, key=lambda m: (m.score or 0.0, m is kept, m.rank(), -m.item_id))
    return max(members, key=lambda m: (m.rank(), m is kept, -m.item_id))


def _reasons(kept: Member, audio: Member, others: Sequence[Member]) -> tuple[str, ...]:
    known = [m for m in (kept, *others) if m is not audio]
    rest = " and ".join(member.audio for member in known)
    found = [f"{audio.audio} stays over {rest}"]
    if any(member.score is None for member in (kept, *others)):
        found.append("not all were checked, so their formats decide")
    if audio is not kept:
        found.append("the better audio takes the place on the album")
    return tuple(found)


def _merged(
    kept: Member, audio: Member, others: Sequence[Member], rules: Rules
) -> dict[str, tuple[Value, int]]:
    """Values that the row that stays gets from the others."""
    found: dict[str, tuple[Value, int]] = {}
    names = {
        name
        for member in (kept, *others)
        for name in (*member.row.columns, *member.row.attributes)
        if name not in OF_AUDIO | _OF_ROW
    }
    for name in sorted(names):
        got = _value(name, kept, audio, others, rules)
        if got is not None and not same(got[0], kept.row.value(name)):
            found[name] = got
    return found


def _value(
    name: str, kept: Member, audio: Member, others: Sequence[Member], rules: Rules
) -> tuple[Value, int] | None:
    if name.startswith(OF_SOUND):
        return None if audio is kept else (audio.row.value(name), audio.item_id)
    if name in SUMMED or name in HIGHEST:
        return _counted(name, (kept, *others))
    if not _is_empty(kept.row.value(name)):
        return None
    if name in rules.album_fields and name not in _PER_TRACK and kept.album:
        # An album says this of all its tracks; another file may be of another release.
        return None
    giver = next((m for m in others if not _is_empty(m.row.value(name))), None)
    return None if giver is None else (giver.row.value(name), giver.item_id)


def _counted(name: str, members: Sequence[Member]) -> tuple[Value, int] | None:
    """A sum, or the highest, written as it was written."""
    told = [(m, m.row.value(name)) for m in members]
    numbers = [(number, m) for m, value in told if (number := _as_number(value)) is not None]
    if not numbers:
        return None
    highest, giver = max(numbers, key=lambda each: each[0])
    number = sum(each for each, _ in numbers) if name in SUMMED else highest
    if name not in SUMMED or len(numbers) == 1:
        return giver.row.value(name), giver.item_id
    is_text = any(isinstance(value, str) for _, value in told)
    whole: Value = int(number) if number == int(number) else number
    return (str(whole) if is_text else whole), giver.item_id


def _as_number(value: Value) -> float | None:
    if value is ABSENT or value is None or isinstance(value, bytes):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _is_empty(value: Value) -> bool:
    return value is ABSENT or value is None or value in ("", b"", 0)
