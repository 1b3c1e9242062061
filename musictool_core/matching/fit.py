"""Finding a known title inside a line of free text, and explaining the words around it.

Input:   a `Line` (file name, video title, tag) and a `Title` with the `Context` it is known in.
Output:  `Fit`: how well the title is found, which version the words beside it name, and which words
         nothing explains. A line that leaves many words unexplained is probably something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from musictool_core.matching.artists import NOBODY, Names, find_words, read_names, relate_artists
from musictool_core.matching.artists import ArtistRelation as Artist
from musictool_core.matching.titles import Spelling, merge_versions, spelled, spelling_of
from musictool_core.matching.versions import PLAIN, Version, words_alike
from musictool_core.matching.vocabulary import COMMON_TITLES, FILLER
from musictool_core.matching.wording import (
    Wording,
    as_year,
    read_wording,
    without_catalogue_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from musictool_core.matching.titles import Line, Title

Words = tuple[str, ...]

# Title quality by how it was found; calibrated on one half of shared/data/discogs/matching.jsonl.
EXACT = 1.0
SQUEEZED = 0.97
WITHOUT_SMALL_WORDS = 0.95
MISSPELT = 0.9
BEGINNING = 0.75
SHORT_BEGINNING = 0.73
_ANOTHER_NUMBER = 0.5
LOWEST_RATIO = 85.0
LOWEST_QUALITY = 0.72


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a title, so that words naming it are no surprise.

    Attributes:
        names: artists of the title.
        name_phrases: the artists' names as lines spell them.
        phrases: runs of words that may stand beside the title (artists, album, labels), the
            longest first, as lines spell them.
        words: single words that explain themselves (all words of the phrases).
    """

    names: Names = NOBODY
    name_phrases: tuple[Words, ...] = ()
    phrases: tuple[Words, ...] = ()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fit:
    """A title found in a line.

    Attributes:
        quality: 1 for the same words, less for spelling slips and partial titles.
        version: version the line names beside the title.
        unknown: words nothing explains.
        names_artist: the line names an artist of the context beside the title.
        whole: the title fills a run of its own.
        in_brackets: unknown words stand in brackets, where versions stand.
        not_a_track: what the line says it is instead of a track, or "".
        length: number of words of the title form that was found.
        is_medley: unknown words stand behind a slash, where another title stands.
        is_common: the title is one that every other record has ("Intro").
    """

    quality: float
    version: Version
    unknown: Words
    names_artist: bool
    whole: bool
    in_brackets: bool
    not_a_track: str
    length: int
    is_medley: bool
    is_common: bool

    @property
    def rank(self) -> tuple[bool, float, int, int]:
        """Order of two fits of one line: better ones are greater."""
        return (
            not self.unknown,
            self.quality,
            self.length - 2 * len(self.unknown),
            self.whole,
        )


# Cores that join several runs.
_PLAIN_RUNS = -1
_ALL_RUNS = -2


@dataclass(frozen=True, slots=True)
class Core:
    """A run of a line without the words its context explains."""

    run: int
    spelling: Spelling


def find_cores(line: Line, context: Context) -> tuple[Core, ...]:
    """Strip the known phrases off each run; what is left may be a misspelt title.

    Brackets are left out unless there is nothing else: a misspelt version is no title ("Live").
    """
    cores: list[Core] = []
    plain = [index for index, run in enumerate(line.runs) if not run.bracket]
    for index in plain or range(len(line.runs)):
        run = line.runs[index]
        titled = without_phrases(run.words, context.name_phrases) or run.words
        bare = without_phrases(run.words, context.phrases) or titled
        readings = dict.fromkeys((titled, bare, _trim_noise(titled), _trim_noise(bare)))
        cores.extend(Core(index, spelling_of(words)) for words in readings)
    if len(line.runs) > 1:
        joined = tuple(word for index in plain for word in line.runs[index].words)
        words = without_phrases(joined, context.phrases)
        if words:
            cores.append(Core(_PLAIN_RUNS, spelling_of(words)))
        cores.append(Core(_ALL_RUNS, spelling_of(line.words)))
    return tuple(cores)


def make_context(names: Names, known: Iterable[Words] = ()) -> Context:
    """Build the context of a title from its artists and the other texts around it."""
    others = [words for words in known if words]
    name_phrases = tuple(dict.fromkeys(spelled(" ".join(name)) for name in names.names))
    phrases = sorted({*name_phrases, *others}, key=lambda phrase: (-len(phrase), phrase))
    return Context(
        names=names,
        name_phrases=name_phrases,
        phrases=tuple(phrases),
        words=frozenset(word for phrase in phrases for word in phrase),
    )


def find_title(line: Line, cores: tuple[Core, ...], title: Title, context: Context) -> Fit | None:
    """Return the best way to read the title out of the line, or None."""
    best: Fit | None = None
    for base, base_words in zip(title.bases, title.word_sets, strict=True):
        if not base_words <= line.vocabulary:
            continue
        for start in _occurrences(line.words, base):
            quality = BEGINNING if base in title.halves else EXACT
            taken = frozenset(range(start, start + len(base)))
            found = _explain(line, taken, base, context, quality)
            if best is None or found.rank > best.rank:
                best = found
    if best is not None and not best.unknown:
        return best
    rough = _find_misspelt(line, cores, title, context)
    if rough is not None and (best is None or (not rough.unknown and rough.quality >= MISSPELT)):
        return rough
    return best


def _occurrences(words: Words, wanted: Words) -> Iterator[int]:
    width = len(wanted)
    for index in range(len(words) - width + 1):
        if words[index : index + width] == wanted:
            yield index


def _explain(
    line: Line,
    taken: frozenset[int],
    base: Words,
    context: Context,
    quality: float = EXACT,
) -> Fit:
    """Account for every word of the line outside the title."""
    version = PLAIN
    unknown: list[str] = []
    names_artist = in_brackets = is_medley = False
    has_slash = any(run.slash for run in line.runs)
    not_a_track = ""
    whole = True
    base_runs = {line.owners[index] for index in taken}
    for run_index, words, after in _leftovers(line, taken):
        run = line.runs[run_index]
        alone = run_index not in base_runs
        whole = whole and alone
        rest = words if run.bracket else without_phrases(words, context.phrases)
        names_artist = names_artist or (not run.bracket and _holds_name(words, context))
        if not rest:
            continue
        wording = _read(rest, words, alone=alone)
        not_a_track = not_a_track or wording.not_a_track
        if wording.is_version or wording.version.said:
            version = merge_versions(version, wording.version)
            continue
        strange = [word for word in wording.rest if not _is_known(word, context, alone=alone)]
        if strange and alone and not run.bracket and _names_one_of(run.text, context.names):
            names_artist = names_artist or bool(read_names(run.text))
            continue
        if not alone and after and strange and _is_small_number(strange[0]):
            if as_year(strange[0], short=True):
                # "Blue Monday 88" is a later version of "Blue Monday"
                version = merge_versions(version, Version(runs=((strange[0],),)))
                continue
            # "Title 2" is another title than "Title"
            quality = min(quality, _ANOTHER_NUMBER)
        strange = without_catalogue_numbers(strange)
        in_brackets = in_brackets or (run.bracket and bool(strange))
        is_medley = is_medley or (bool(strange) and alone and has_slash)
        unknown.extend(strange)
    if line.parts:
        version = merge_versions(version, Version(parts=line.parts))
    return Fit(
        quality=quality,
        version=version,
        unknown=tuple(unknown),
        names_artist=names_artist,
        whole=whole,
        in_brackets=in_brackets,
        not_a_track=not_a_track,
        length=len(base),
        is_medley=is_medley,
        is_common=COMMON_TITLES.issuperset(base),
    )


def _read(rest: Words, words: Words, *, alone: bool) -> Wording:
    """Read what is left of a run; a version keeps the known words in its name.

    "2020 Vision Vocal Mix" is a version although 2020 Vision is the label; "Dub-Tech Soundsystem"
    is none although the artist has "dub" in its name.
    """
    wording = read_wording(rest, alone)
    if wording.is_version and alone and rest != words:
        return read_wording(words, alone)
    return wording


def _is_known(word: str, context: Context, *, alone: bool) -> bool:
    """True for the artists' words, misspelt or not, and in runs of their own for the album's.

    Beside the title itself single words of the album prove nothing: they may be more of the title.
    """
    if word in context.names.words or (alone and word in context.words):
        return True
    return any(words_alike(word, known) for known in context.names.words)


def _holds_name(words: Words, context: Context) -> bool:
    return any(
        len(name) <= len(words) and find_words(words, name) >= 0 for name in context.name_phrases
    )


def _is_small_number(word: str) -> bool:
    return word.isdecimal() and len(word) <= 2


def _leftovers(line: Line, taken: frozenset[int]) -> Iterator[tuple[int, Words, bool]]:
    """Yield (run, words, stands after the title) for the words not taken, cut at the title."""
    last = max(taken)
    group: list[str] = []
    owner = -1
    for index, word in enumerate(line.words):
        run = line.owners[index]
        if group and (run != owner or index in taken):
            yield owner, tuple(group), index - 1 > last
            group = []
        if index not in taken:
            owner = run
            group.append(word)
    if group:
        yield owner, tuple(group), True


def without_phrases(words: Words, phrases: tuple[Words, ...]) -> Words:
    """Cut the known phrases out of a run."""
    for phrase in phrases:
        if len(phrase) > len(words):
            continue
        start = find_words(words, phrase)
        while start >= 0:
            words = words[:start] + words[start + len(phrase) :]
            start = find_words(words, phrase) if words else -1
    return words


def _names_one_of(text: str, names: Names) -> bool:
    """True for a run that names one of the artists, or nobody at all ("Various")."""
    written = read_names(text)
    return not written or (bool(names) and relate_artists(written, names) is Artist.SAME)


def _trim_noise(words: Words) -> Words:
    """Drop noise words at the end of a run ("title hd", "title official video")."""
    end = len(words)
    while end > 1:
        wording = read_wording(words[end - 1 : end], False)
        if not wording.noise or words[end - 1] in FILLER:
            break
        end -= 1
    return words[:end]


def _find_misspelt(
    line: Line, cores: tuple[Core, ...], title: Title, context: Context
) -> Fit | None:
    best: Fit | None = None
    best_quality = 0.0
    for spelling in title.spellings:
        for core in cores:
            quality = spelling_quality(core.spelling, spelling)
            if spelling.words in title.halves:
                quality = min(quality, BEGINNING)
            if quality and (best is None or quality > best_quality):
                taken = _core_indexes(line, core)
                best = _explain(line, taken, spelling.words, context, quality)
                best_quality = quality
    return best


def _core_indexes(line: Line, core: Core) -> frozenset[int]:
    """Places of the words a core covers."""
    if core.run == _ALL_RUNS:
        return frozenset(range(len(line.words)))
    rest = list(core.spelling.words)
    places: list[int] = []
    for index, word in enumerate(line.words):
        owner = line.owners[index]
        of_run = owner == core.run or (core.run == _PLAIN_RUNS and not line.runs[owner].bracket)
        if of_run and word in rest:
            rest.remove(word)
            places.append(index)
    return frozenset(places)


def spelling_quality(ours: Spelling, theirs: Spelling) -> float:
    """How surely two titles differ in spelling only: 0 for different titles."""
    if ours.squeezed == theirs.squeezed:
        return SQUEEZED
    shorter = min(len(ours.squeezed), len(theirs.squeezed))
    if shorter < _SHORTEST_MISSPELT or ours.numbers != theirs.numbers:
        return 0.0
    if ours.telling == theirs.telling:
        return WITHOUT_SMALL_WORDS
    allowed = 1 if shorter < 8 else 2 if shorter < 20 else 3
    if OSA.distance(ours.squeezed, theirs.squeezed, score_cutoff=allowed) <= allowed:
        return MISSPELT
    return _likeness(ours, theirs)


def _likeness(ours: Spelling, theirs: Spelling) -> float:
    """Quality of titles that differ in more than slips: cut short, or worded a little otherwise."""
    width = len(ours.words)
    if width >= _BEGINNING_WORDS and theirs.words[:width] == ours.words:
        return BEGINNING if width >= len(theirs.words) / 2 else SHORT_BEGINNING
    if min(len(ours.squeezed), len(theirs.squeezed)) < 2 * _SHORTEST_MISSPELT:
        return 0.0
    return MISSPELT * fuzz.ratio(ours.squeezed, theirs.squeezed, score_cutoff=LOWEST_RATIO) / 100


# "I Want" begins too many titles.
_BEGINNING_WORDS = 3
# Three letters with one slip are another word.
_SHORTEST_MISSPELT = 4
