"""Blocking: keys that make an item a candidate of a release.

Keys depend on one release or one item only, never on the corpus, so that an incremental update
gives what a full run gives. A key says: same identifier; same artist word beside the same title
word; same artist and title up to typing slips; same title where there is no artist to compare.
Titles alone are keys only where they are long or no artist is known: "Intro" is on every shelf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.matching.artists import ADDITIONS, read_names
from musictool_core.matching.sides import SIDE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from musictool_core.matching.artists import Names
    from musictool_core.matching.prepared import PreparedItem, PreparedRelease, PreparedTrack
    from musictool_core.matching.titles import Run

Words = tuple[str, ...]

# How many words of a name or title take part in conjunctions; the longest are the rarest.
_NAME_WORDS = 2
_ALL_NAME_WORDS = 6
_NAMES = 4
_RUNS = 3
# A one-word title of an artist we do not know is a candidate where the length agrees.
_SLACK_S, _LENGTH_STEP_S = 5.0, 10.0
_TITLE_WORDS = 3
_FREE_TEXT_WORDS = 5
_LONG_TITLE_WORDS = 2

_STOP_WORDS = ADDITIONS | frozenset(
    {"of", "in", "on", "to", "for", "you", "me", "my", "your", "it", "is", "an", "a", "i", "we",
     "feat", "mix", "version", "original", "remix", "edit", "de", "official", "video", "audio"}
)  # fmt: skip
_NOT_IN_SKELETON = str.maketrans("", "", "aeiouyh ")


def release_keys(prepared: PreparedRelease) -> frozenset[str]:
    """Keys of a release: identifiers, and titles beside artists for each track."""
    keys = {f"d:{prepared.release.release_id}"}
    keys.update(f"c:{catno}" for catno in prepared.catnos)
    keys.update(f"b:{barcode}" for barcode in prepared.barcodes)
    album = "".join(prepared.title_words)
    for track in prepared.tracks:
        keys.update(_track_keys(track, album))
    if album:
        keys.update(_pairs(_name_words(prepared.names), _rare(prepared.title_words)))
        keys.add(f"t:{album}")
    return frozenset(keys)


def item_keys(prepared: PreparedItem) -> frozenset[str]:
    """Keys of an item; it is a candidate of every release it shares one with."""
    keys = set(_identifier_keys(prepared))
    keys.update(_title_keys(prepared))
    keys.update(_word_keys(prepared))
    keys.update(_side_keys(prepared))
    return frozenset(keys)


def _track_keys(track: PreparedTrack, album: str) -> Iterator[str]:
    names = track.context.names
    for base, squeezed in zip(track.title.bases, track.title.squeezed, strict=True):
        skeleton = _skeleton(squeezed)
        yield f"t:{squeezed}"
        yield f"k:{skeleton}"
        if track.duration_s:
            yield f"l:{squeezed}|{int(track.duration_s // _LENGTH_STEP_S)}"
        if album:
            yield f"p:{album}|{squeezed}"
        for name in names.names[:_NAMES]:
            yield f"s:{_skeleton(''.join(name))}|{skeleton}"
        title = _rare(base)[:_NAME_WORDS]
        yield from _pairs(_name_words(names), title)
        yield from _pairs(title, title)


def _identifier_keys(prepared: PreparedItem) -> Iterator[str]:
    item = prepared.item
    if item.discogs_albumid:
        yield f"d:{item.discogs_albumid}"
    release_id, dash, _ = item.mb_trackid.partition("-")
    if dash and release_id.isdecimal():
        yield f"d:{release_id}"
    if prepared.catno:
        yield f"c:{prepared.catno}"
    if prepared.barcode:
        yield f"b:{prepared.barcode}"


def _title_keys(prepared: PreparedItem) -> Iterator[str]:
    """Whole-title keys, one per reading of the line."""
    album = "".join(prepared.album_words)
    alone = not prepared.names or prepared.names.is_tribute
    for words in dict.fromkeys(_readings(prepared, with_brackets=alone)):
        squeezed = "".join(words)
        skeleton = _skeleton(squeezed)
        if alone or len(words) >= _LONG_TITLE_WORDS:
            yield f"t:{squeezed}"
        elif prepared.item.length_s:
            for length_s in (prepared.item.length_s - _SLACK_S, prepared.item.length_s + _SLACK_S):
                yield f"l:{squeezed}|{int(length_s // _LENGTH_STEP_S)}"
        if alone:
            yield f"k:{skeleton}"
        if album:
            yield f"p:{album}|{squeezed}"
        for name in prepared.names.names[:_NAME_WORDS]:
            yield f"s:{_skeleton(''.join(name))}|{skeleton}"


def _readings(prepared: PreparedItem, *, with_brackets: bool) -> Iterator[Words]:
    """Runs of words that may be the whole title."""
    runs = _telling_runs(prepared)
    plain = [run.words for run in runs if not run.bracket]
    for start in (0, 1):
        if len(plain) > start + 1:
            yield tuple(word for words in plain[start:] for word in words)
    yield from plain[:_RUNS]
    if with_brackets or not plain:
        yield from (run.words for run in runs if run.bracket)


def _telling_runs(prepared: PreparedItem) -> list[Run]:
    """Runs that may be a title; the artist field's where the title field names nobody."""
    runs = [run for run in prepared.line.runs if run.bracket or read_names(run.text)]
    if all(run.bracket for run in runs) and prepared.artist_line.runs:
        return list(prepared.artist_line.runs)
    return runs or list(prepared.line.runs)


def _word_keys(prepared: PreparedItem) -> Iterator[str]:
    runs = _telling_runs(prepared)
    plain = [run for run in runs if not run.bracket] or runs
    title = _rare(word for run in plain for word in run.words)
    if prepared.names:
        yield from _pairs(_name_words(prepared.names)[:_NAME_WORDS], title[:_TITLE_WORDS])
    if len(plain) > 1:
        first = _rare(plain[0].words)[:_NAME_WORDS]
        rest = _rare(word for run in plain[1:] for word in run.words)
        yield from _pairs(first, rest[:_TITLE_WORDS])
    elif not prepared.names:
        free = title[:_FREE_TEXT_WORDS]
        yield from _pairs(free, free)


def _side_keys(prepared: PreparedItem) -> Iterator[str]:
    """A file called "Side A" has nothing but its artist and album to be found by."""
    if SIDE_WORDS.isdisjoint(prepared.line.vocabulary) or not prepared.album_words:
        return
    yield from _pairs(_name_words(prepared.names), _rare(prepared.album_words))
    if not prepared.names:
        yield f"t:{''.join(prepared.album_words)}"


def _name_words(names: Names) -> list[str]:
    """The telling words of the names: the rarest of each, then the next."""
    by_name = [_rare(name)[:_NAME_WORDS] for name in names.names]
    first = [words[0] for words in by_name]
    second = [word for words in by_name for word in words[1:]]
    return list(dict.fromkeys(_rare(first) + _rare(second)))[:_ALL_NAME_WORDS]


def _rare(words: Iterable[str]) -> list[str]:
    """Distinct words, the longest first: length is the best guess at rarity without a corpus."""
    distinct = dict.fromkeys(words)
    telling = [word for word in distinct if word not in _STOP_WORDS] or list(distinct)
    return sorted(telling, key=lambda word: (-len(word), word))


def _pairs(left: Iterable[str], right: Iterable[str]) -> Iterator[str]:
    others = tuple(right)
    for one in left:
        for other in others:
            if one < other:
                yield f"w:{one}|{other}"
            elif other < one:
                yield f"w:{other}|{one}"


def _skeleton(squeezed: str) -> str:
    """Distinct consonants and digits in alphabetical order: equal after most typing slips."""
    return "".join(sorted(set(squeezed.translate(_NOT_IN_SKELETON)))) or squeezed
