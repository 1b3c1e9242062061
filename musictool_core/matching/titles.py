"""Titles as people write them, taken apart.

Input:   "Artist feat. X - Title (Y Remix) [Remastered]", file names, video titles, catalogue style.
Output:  `ParsedTitle` for one clear reading; `Line` (runs of words with their brackets) for text
         whose reading only becomes clear beside a known release.
Pure: no network, no database, no clock.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from musictool_core.matching.text import text_key
from musictool_core.matching.versions import PLAIN, Version
from musictool_core.matching.wording import canonical, names_catalogue, read_wording, title_words

if TYPE_CHECKING:
    from collections.abc import Iterator

Words = tuple[str, ...]

_SIGNS = str.maketrans(
    {
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "´": "'", "`": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"',
        "•": "|", "・": "|", "│": "|", "¦": "|", "►": "|", "▶": "|", "【": "[", "】": "]",
        "\u200b": None, "\u200c": None, "\u200d": None, "\u200e": None, "\u200f": None,
        "\ufeff": None, "\u00ad": None,
    }
)  # fmt: skip

EXTENSION = re.compile(r"\.(?:mp3|flac|wav|aiff?|m4a|ogg|opus|wma|alac|mp4|aac)$", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = frozenset(_BRACKETS.values())
_SEPARATOR = re.compile(
    r"\s+(?:-{1,3}|[|~/\\*=:;]|//|_-_)+\s+"  # " - ", " / ", " ~ "
    r"|\s*\|\s*|\s+/(?=\S)|:\s+|;\s+|\.{3,}\s*|\s{2,}|\t"
    r"|\s+-(?=\S)|(?<=\S)-{1,2}\s+"  # one-sided dashes: "Artist- Title"
)
_LEADING_NUMBER = re.compile(
    r"^\s*(?:"
    r"\d{1,3}\s*-+\s+"  # "01 - "
    r"|#?\d{1,3}\s*[.)]\s*(?!\d)"  # "7. ", "3)"
    r"|0\d\s+"  # "07 "
    r"|\d{2}-(?=\D)"  # "07-title"
    r"|[A-Ha-h]{1,2}\d{1,2}\s*[.)-]?\s+-*\s*"  # "A1 ", "b2. "
    r"|[A-H]{1,2}\s*[.)-]\s*-*\s+"  # "A - ", "AA. "
    r"|(?:\d-\d\d|#\d+)\s*[.-]?\s+"  # "1-03 ", "#12 "
    r"|(?:CD|DVD|MP3|LP|Disc)\s?\d{0,2}-?\d{1,3}\s*[.-]\s+"  # "CD1-02 - "
    r"|[IVX]{1,5}[.)]\s+"  # "IV. "
    r")(?=[^\s(\[])"
)
_POSITION = re.compile(r"^(?:#?\d{1,3}|[a-h]{1,2}\d{0,2}|\d-\d\d)$")
_FEATURING = re.compile(
    r"\s*[(\[]?\s*\b(?:feat|ft|featuring|f/)(?:\.|\b)\s*(?P<names>[^()\[\]]+?)\s*"
    r"(?=$|[()\[\]]|\s+-+\s+)[)\]]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Words between two separators of a title.

    Attributes:
        words: canonical words, part numbers taken out.
        bracket: the run stood in brackets.
        text: the run as written.
        slash: a slash stands before it: another title, as in "One / Two".
    """

    words: Words
    bracket: bool
    text: str
    slash: bool = False


@dataclass(frozen=True, slots=True)
class ParsedTitle:
    """One reading of a title.

    Attributes:
        artists: artist part as written ("Artist - Title"), else the artist given; may be empty.
        featured: names after "feat.", as written.
        base: title without version, featured names and noise, as written.
        version: what the brackets and the tail say about the version.
        noise: runs dropped as meaningless ("Official Video", "Remastered 2011"), as written.
        base_words: normal form of `base`, numbers and part words spelled alike.
        not_a_track: what the title says it is instead of a track ("album", "trailer"), or "".
    """

    artists: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()
    base: str = ""
    version: Version = PLAIN
    noise: tuple[str, ...] = ()
    base_words: Words = ()
    not_a_track: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A title as runs of words, before it is decided which of them is the title.

    Attributes:
        runs: in writing order.
        words: all words of all runs.
        owners: index of the run each word belongs to.
        parts: part numbers found anywhere.
        vocabulary: the distinct words.
        position: place on the record written before the title ("A1", "7"), or "".
    """

    runs: tuple[Run, ...]
    words: Words
    owners: tuple[int, ...]
    parts: tuple[int, ...]
    vocabulary: frozenset[str]
    position: str = ""


EMPTY_LINE = Line((), (), (), (), frozenset())


def read_line(text: str) -> Line:
    """Take a title, file name or video title apart into runs of words."""
    runs: list[Run] = []
    parts: list[int] = []
    tidy, position = _split_position(text)
    for chunk in _chunks(tidy):
        words, numbers = _run_words(chunk.text, mend=chunk.bracket)
        parts.extend(numbers)
        if words:
            runs.append(Run(words, chunk.bracket, chunk.text, "/" in chunk.lead))
    if not runs and parts:
        return _whole_line(text, tuple(parts))
    all_words = tuple(word for run in runs for word in run.words)
    owners = tuple(index for index, run in enumerate(runs) for _ in run.words)
    return Line(tuple(runs), all_words, owners, tuple(parts), frozenset(all_words), position)


def _whole_line(text: str, parts: tuple[int, ...]) -> Line:
    """A title that is a part number and nothing else ("Part 1") keeps its words."""
    words = canonical(tuple(text_key(text).split()))
    return Line((Run(words, False, text),), words, (0,) * len(words), parts, frozenset(words))


@lru_cache(maxsize=32768)
def _run_words(chunk: str, *, mend: bool = False) -> tuple[Words, tuple[int, ...]]:
    return title_words(canonical(tuple(text_key(chunk).split()), mend=mend))


def spelled(text: str) -> Words:
    """Words of a name or title as runs spell them; part numbers are kept if nothing else is."""
    words = tuple(word for chunk in _chunks(text) for word in _run_words(chunk.text)[0])
    return words or canonical(tuple(text_key(text).split()))


def clean(text: str) -> str:
    """Unify signs and drop what names the file: extension, track number, scene underscores."""
    return _split_position(text)[0]


def _split_position(text: str) -> tuple[str, str]:
    """Return (clean text, position that stood before it)."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    text = EXTENSION.sub("", text.strip())
    if "_" in text:
        text = text.replace("_-_", " - ").replace("_", " ")
    match = _LEADING_NUMBER.match(text)
    if not match:
        return text, ""
    return text[match.end() :], match.group().strip(" .-)#\t").upper()


def _without_number(text: str) -> str:
    match = _LEADING_NUMBER.match(text)
    return text[match.end() :] if match else text


class _Chunk(NamedTuple):
    text: str
    bracket: bool
    lead: str
    """Separator before it, as written."""


def _chunks(text: str) -> Iterator[_Chunk]:
    """Split at brackets and separators; blank pieces are left out."""
    for piece, bracket in _split_brackets(text):
        if bracket:
            if text_key(piece):
                yield _Chunk(piece, True, " ")
            continue
        start, lead = 0, " "
        for separator in _SEPARATOR.finditer(piece):
            yield from _plain_chunk(piece[start : separator.start()], lead)
            start, lead = separator.end(), separator.group()
        yield from _plain_chunk(piece[start:], lead)


def _plain_chunk(text: str, lead: str) -> Iterator[_Chunk]:
    if text_key(text):
        yield _Chunk(_without_number(text.strip()), False, lead)


def _split_brackets(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text outside and inside of outermost brackets, in order."""
    if not any(sign in text for sign in _BRACKETS):
        yield text, False
        return
    depth = 0
    start = 0
    for index, char in enumerate(text):
        if char in _BRACKETS:
            if depth == 0:
                yield text[start:index], False
                start = index + 1
            depth += 1
        elif char in _CLOSERS and depth:
            depth -= 1
            if depth == 0:
                yield text[start:index], True
                start = index + 1
    yield text[start:], depth > 0


def parse_title(title: str, artist: str = "", *, has_artist: bool = True) -> ParsedTitle:
    """Read a title the most likely way.

    Args:
        title: a title, or a whole "Artist - Title (Version) [Noise]" line.
        artist: the artist where it is known apart from the title; then only an equal prefix of the
            title is taken for the artist.
        has_artist: False for text that never starts with an artist, such as a track list's line.
    """
    text = clean(title)
    featured = tuple(match["names"].strip() for match in _FEATURING.finditer(text))
    if featured:
        text = _FEATURING.sub(" ", text)
    chunks = list(_chunks(text))
    artists: tuple[str, ...] = (artist,) if artist else ()
    if has_artist:
        artists, chunks = _take_artist(chunks, artist)
    base: list[_Chunk] = []
    noise: list[str] = []
    version = PLAIN
    not_a_track = ""
    parts: list[int] = []
    for chunk in chunks:
        words, numbers = _run_words(chunk.text, mend=chunk.bracket)
        parts.extend(numbers)
        wording = read_wording(words, True)
        not_a_track = not_a_track or wording.not_a_track
        if not base and not chunk.bracket:
            base.append(chunk)
        elif not words:
            continue
        elif wording.is_version or wording.version.said:
            version = merge_versions(version, wording.version)
        elif (not wording.rest and wording.noise) or (chunk.bracket and names_catalogue(words)):
            noise.append(chunk.text)
        else:
            base.append(chunk)
    return ParsedTitle(
        artists=artists,
        featured=featured,
        base=_join_chunks(base),
        version=_with_parts(version, tuple(parts)),
        noise=tuple(noise),
        base_words=_base_words(base),
        not_a_track=not_a_track,
    )


def merge_versions(first: Version, second: Version) -> Version:
    """Read two version runs of one title as one: "(Hallway Mix) (Instrumental)"."""
    if first == PLAIN:
        return second
    if second == PLAIN:
        return first
    return Version(
        kinds=first.kinds | second.kinds,
        runs=first.runs + second.runs,
        parts=first.parts + second.parts,
        year=first.year if first.year is not None else second.year,
        said=first.said | second.said,
    )


def _with_parts(version: Version, parts: tuple[int, ...]) -> Version:
    return merge_versions(version, Version(parts=parts)) if parts else version


def _take_artist(chunks: list[_Chunk], artist: str) -> tuple[tuple[str, ...], list[_Chunk]]:
    """Split "Artist - Title": (artists, the other chunks)."""
    plain = [chunk for chunk in chunks if not chunk.bracket]
    if len(plain) < 2 or chunks[0].bracket:
        return ((artist,) if artist else ()), chunks
    first, *rest = chunks
    if artist:
        same = text_key(first.text) == text_key(artist)
        return (artist,), rest if same else chunks
    if _is_version_run(rest[0].text):
        return (), chunks
    if _POSITION.match(text_key(rest[0].text)) and len(plain) > 2:
        rest = rest[1:]
    return (first.text,), rest


def _is_version_run(chunk: str) -> bool:
    wording = read_wording(canonical(tuple(text_key(chunk).split())), True)
    return wording.is_version or (not wording.rest and bool(wording.noise))


def _join_chunks(chunks: list[_Chunk]) -> str:
    joined = ""
    for chunk in chunks:
        text = f"({chunk.text})" if chunk.bracket else chunk.text
        joined += f"{chunk.lead}{text}" if joined else text if not chunk.bracket else chunk.text
    return joined


def _base_words(chunks: list[_Chunk]) -> Words:
    words = tuple(word for chunk in chunks for word in _run_words(chunk.text)[0])
    return words or canonical(tuple(w for chunk in chunks for w in text_key(chunk.text).split()))


_SMALL_WORDS = frozenset({"the", "a", "an", "and", "of", "n", "de", "la", "le", "les", "der", "die",
                          "das", "el", "los", "il", "lo", "l", "und", "et"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spelling:
    """Words of a title and what is compared when they are not equal to others.

    Attributes:
        squeezed: the words without spaces.
        telling: the words without articles and the like.
        numbers: the numbers among the words, sorted: no slip turns one into another.
    """

    words: Words
    squeezed: str
    telling: Words
    numbers: Words


def spelling_of(words: Words) -> Spelling:
    """Prepare words for comparison."""
    return Spelling(
        words=words,
        squeezed="".join(words),
        telling=tuple(word for word in words if word not in _SMALL_WORDS) or words,
        numbers=tuple(sorted(word for word in words if word.isdecimal())),
    )


@dataclass(frozen=True, slots=True)
class Title:
    """A title whose reading is known: the track's side of a comparison.

    Attributes:
        bases: forms of the title a file may carry, the fullest first.
        halves: those that are one title of several ("One / Two").
        word_sets: the words of each form.
        squeezed: each form without spaces.
        spellings: each form, prepared for comparison.
        version: version named in brackets or behind a dash.
    """

    bases: tuple[Words, ...]
    halves: frozenset[Words]
    word_sets: tuple[frozenset[str], ...]
    squeezed: tuple[str, ...]
    spellings: tuple[Spelling, ...]
    version: Version


def read_title(title: str) -> Title:
    """Prepare a title that stands apart from its artist, such as a track list's line."""
    return known_title(parse_title(title, has_artist=False))


def known_title(parsed: ParsedTitle) -> Title:
    """Prepare a parsed title for comparison: every form of it that a file may carry."""
    bases = [parsed.base_words] if parsed.base_words else []
    plain: list[str] = []
    for piece, bracket in _split_brackets(parsed.base):
        if not bracket:
            plain.append(piece)
    forms = [" ".join(plain)]
    if " = " in parsed.base:
        forms.extend(parsed.base.split(" = "))
        forms.extend(forms[0].split(" = "))
    _add_forms(bases, forms)
    whole = len(bases)
    if " / " in parsed.base:
        _add_forms(bases, [form for form in forms[0].split(" / ") if len(form.split()) > 1])
    return Title(
        bases=tuple(bases),
        halves=frozenset(bases[whole:]),
        word_sets=tuple(frozenset(words) for words in bases),
        squeezed=tuple("".join(words) for words in bases),
        spellings=tuple(spelling_of(words) for words in bases),
        version=parsed.version,
    )


def _add_forms(bases: list[Words], forms: list[str]) -> None:
    for form in forms:
        words = spelled(form)
        if words and words not in bases:
            bases.append(words)
