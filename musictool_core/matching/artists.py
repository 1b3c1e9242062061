"""Artist names: how they are written, joined and recognised.

Discogs gives homonyms a number ("Prince (12)"), prints name variations ("ANV") and joins names with
free words; files write the same artists with other joins, initials, without "The", or swap them
with the title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from musictool_core.matching.text import text_key
from musictool_core.music import strip_disambiguation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.music import ArtistCredit

Words = tuple[str, ...]

_JOIN = re.compile(
    r"\s*(?:,|;|/|\||&|\+|・|\s-\s"
    r"|(?<![\w'])(?:and|und|et|feat\.?|ft\.?|featuring|vs\.?|versus|with|w/|x|pres\.?|presents?:?"
    r"|presenting|introducing|meets|starring|aka|a\.k\.a\.)(?![\w']):?)\s*",
    re.IGNORECASE,
)
_HOMONYM_NUMBER = re.compile(r"\s\(\d+\)(?=$|\s|[,;/&+*])")
_STARRED = re.compile(r"\*+(?=$|\s|[,;/&+])")

# What stands in the artist field when it names no artist.
_NO_ARTIST = frozenset(
    {"", "various", "various artists", "various artist", "va", "v a", "unknown", "unknown artist",
     "unknown artists", "no artist", "not on label", "artisti vari", "varios artistas", "varios",
     "verschiedene", "verschiedene interpreten", "diverse", "divers", "soundtrack", "ost",
     "anonymous", "multi interpretes", "compilation"}
)  # fmt: skip

# Words around a name that leave the artist who it is.
ADDITIONS = frozenset(
    {"the", "dj", "mc", "mr", "mrs", "dr", "band", "group", "trio", "quartet", "quintet", "sextet",
     "orchestra", "orchester", "orchestre", "orkester", "ensemble", "project", "official", "topic",
     "vevo", "feat", "ft", "and", "his", "her", "their", "music", "tv", "channel", "sir", "lord",
     "les", "los", "die", "der", "das", "le", "la", "el", "crew", "unit", "collective"}
)  # fmt: skip

# Artists whose business is other people's songs.
_TRIBUTE = frozenset(
    {"tribute", "karaoke", "covers", "cover", "kidz", "lullaby", "renditions", "sing", "soundalike",
     "audiogroove", "hits"}
)  # fmt: skip
_TRIBUTE_NAMES = (
    ("string", "quartet"),
    ("string", "tribute"),
    ("piano", "tribute"),
    ("kidz", "bop"),
    ("rockabye", "baby"),
    ("tribute", "to"),
    ("sing", "along"),
    ("backing", "track"),
    ("backing", "tracks"),
    ("party", "tyme"),
    ("hit", "crew"),
    ("made", "famous"),
    ("cover", "band"),
    ("8", "bit"),
)


class ArtistRelation(Enum):
    """How the artist of a file stands to the artist of a track."""

    SAME = "same"
    UNKNOWN = "unknown"
    """The file names no artist."""
    UNCREDITED = "uncredited"
    """The file names an artist, the track names none ("Various", "Unknown Artist")."""
    TRIBUTE = "tribute"
    """Another artist, and one who plays other people's songs."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Names:
    """The artists of one song, in every spelling that is known.

    Attributes:
        names: normal forms, whole credits first, then their parts.
        words: all their words.
        is_tribute: a name tells that the songs are other people's.
    """

    names: tuple[Words, ...] = ()
    squeezed: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    is_tribute: bool = False

    def __bool__(self) -> bool:
        return bool(self.names)


NOBODY = Names()


@lru_cache(maxsize=16384)
def read_names(*texts: str) -> Names:
    """Read artist texts; each counts whole and in its parts ("A & B feat. C")."""
    found: dict[Words, None] = {}
    for text in texts:
        cleaned = _STARRED.sub("", _HOMONYM_NUMBER.sub("", strip_disambiguation(text.strip())))
        for name in (cleaned, *_JOIN.split(cleaned)):
            key = text_key(name)
            if key not in _NO_ARTIST:
                words = tuple(key.split())
                found.setdefault(words)
                if words[0] == "the" and len(words) > 1:
                    found.setdefault(words[1:])
                if words[-1] == "the" and len(words) > 1:
                    found.setdefault(words[:-1])
    names = tuple(found)
    return Names(
        names=names,
        squeezed=frozenset("".join(name) for name in names),
        words=frozenset(word for name in names for word in name),
        is_tribute=any(_is_tribute(name) for name in names),
    )


def read_credits(credits_: Iterable[ArtistCredit]) -> Names:
    """Read Discogs credits: database names and the names as printed."""
    texts: list[str] = []
    for credit in credits_:
        texts.append(credit.name)
        if credit.anv:
            texts.append(credit.anv)
    return read_names(*texts)


def united(first: Names, second: Names) -> Names:
    """All names of both."""
    if not second:
        return first
    return Names(
        names=tuple(dict.fromkeys(first.names + second.names)),
        squeezed=first.squeezed | second.squeezed,
        words=first.words | second.words,
        is_tribute=first.is_tribute or second.is_tribute,
    )


def artist_keys(*texts: str) -> tuple[str, ...]:
    """Normal forms an artist may be looked up by, whole credits first; () for "Various"."""
    return tuple(" ".join(name) for name in read_names(*texts).names)


def first_artist(text: str) -> str:
    """Return the first artist of a credit, as written: "Simon" of "Simon & Garfunkel feat. X"."""
    return next((name for name in _JOIN.split(text.strip()) if name), text)


def relate_artists(left: Names, right: Names) -> ArtistRelation:
    """Compare the artists of a file with those of a track; one common artist is enough."""
    if not left:
        return ArtistRelation.UNKNOWN
    if not right:
        return ArtistRelation.TRIBUTE if left.is_tribute else ArtistRelation.UNCREDITED
    if left.squeezed & right.squeezed:
        return ArtistRelation.SAME
    if left.is_tribute != right.is_tribute:
        return ArtistRelation.TRIBUTE
    if any(_names_alike(ours, theirs) for ours in left.names for theirs in right.names):
        return ArtistRelation.SAME
    return ArtistRelation.OTHER


@lru_cache(maxsize=65536)
def _names_alike(left: Words, right: Words) -> bool:
    shorter, longer = (left, right) if len(left) <= len(right) else (right, left)
    if _contains_name(shorter, longer) or _initials_alike(left, right):
        return True
    ours, theirs = "".join(left), "".join(right)
    if min(len(ours), len(theirs)) < 6:
        return False
    allowed = 1 if min(len(ours), len(theirs)) < 10 else 2
    return OSA.distance(ours, theirs, score_cutoff=allowed) <= allowed


def _contains_name(shorter: Words, longer: Words) -> bool:
    if not set(shorter) <= set(longer):
        return False
    if len(shorter) > 1:
        return find_words(longer, shorter) >= 0 or set(shorter) == set(longer)
    extra = set(longer) - set(shorter)
    return extra <= ADDITIONS and shorter[0] not in ADDITIONS


def _initials_alike(left: Words, right: Words) -> bool:
    """Recognise initials: "m reich" is "max reich"; the last name has to be equal."""
    if len(left) != len(right) or len(left) < 2 or left[-1] != right[-1] or len(left[-1]) < 3:
        return False
    return all(
        ours == theirs or ((len(ours) == 1 or len(theirs) == 1) and ours[0] == theirs[0])
        for ours, theirs in zip(left, right, strict=True)
    )


def find_words(words: Words, wanted: Words) -> int:
    """Index where `wanted` stands as a whole in `words`, or -1."""
    width = len(wanted)
    first = wanted[0]
    for index in range(len(words) - width + 1):
        if words[index] == first and words[index : index + width] == wanted:
            return index
    return -1


def _is_tribute(name: Words) -> bool:
    if _TRIBUTE & set(name):
        return True
    return any(find_words(name, phrase) >= 0 for phrase in _TRIBUTE_NAMES)
