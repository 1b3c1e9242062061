"""What is written one way here and another way there: only the library as a whole shows it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from musictool_core.matching.text import text_key
from musictool_core.music.keys import parse_key
from musictool_core.quality.health.making import NAMES, group, text_of
from musictool_core.quality.health.model import (
    ALL_PROFILES,
    Evidence,
    Mode,
    Profile,
    Rule,
    Scope,
    Severity,
)
from musictool_core.quality.health.rules.keys import is_written
from musictool_core.quality.health.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from musictool_core.quality.health.model import Example, Fix, Patch, Record, Standard

Style = tuple[int, str, str, str]
"""Index of a record, field, what is written, and the way in which it is written."""

_APOSTROPHES = {"'": "straight", "’": "curly"}
_PART = re.compile(
    r"\b(?P<word>vol(?:ume)?|pt|part)(?P<dot>\.?)(?P<gap> ?)(?P<number>\d+|[IVX]+)\b", re.IGNORECASE
)
_JOINTS = re.compile(r"\s*(?P<joint>;|/|,|&|\bx\b|\band\b|\+)\s*", re.IGNORECASE)
_NOTATIONS = ("camelot", "open", "musical")
_FEWEST_GENRES = 200
"""Tracks with a genre below which a genre of one track is nothing odd."""


def _library_rule(
    rule_id: str,
    title: str,
    detect: Callable[[Sequence[Record]], Iterable[Evidence]],
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    fix: Fix | None = None,
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    def found(records: Sequence[Record], standard: Standard) -> list[Evidence]:
        del standard
        return list(detect(records))

    mode = Mode.PREVIEW if fix else Mode.REPORT
    return Rule(
        rule_id, title, Severity.LOW, Scope.LIBRARY, mode, found, planted, clean, fix, profiles
    )


def _rare(styles: Iterable[Style]) -> list[tuple[int, str, str, str]]:
    """What is written in another way than most; of as many the first way is the usual one.

    Returns:
        Index, field, what is written, the usual way.
    """
    found = list(styles)
    usual = [way for way, _ in Counter(way for *_, way in found).most_common(1)]
    return [(index, field, text, usual[0]) for index, field, text, way in found if way != usual[0]]


# --- signs ----------------------------------------------------------------------------------------


def _apostrophes(records: Sequence[Record]) -> Iterable[Evidence]:
    """Both signs within one album; two labels may well write differently."""
    albums: dict[object, list[Style]] = defaultdict(list)
    for index, record in enumerate(records):
        text = text_of(record, "title")
        ways = sorted({_APOSTROPHES[sign] for sign in text if sign in _APOSTROPHES})
        if record.get("album_id") and len(ways) == 1:
            albums[record["album_id"]].append((index, "title", text, ways[0]))
    for styles in albums.values():
        for index, field, text, usual in _rare(styles):
            yield Evidence((field,), f"{text!r}, others of the album with the {usual} sign", index)


# --- parts ----------------------------------------------------------------------------------------


def _parts(records: Sequence[Record]) -> Iterable[tuple[int, str, str, str]]:
    """Volumes and parts of one series in several forms: record, field, what is there, as usual."""
    for name in ("album", "title"):
        series: dict[tuple[str, str], list[tuple[int, str, re.Match[str]]]] = defaultdict(list)
        for index, record in enumerate(records):
            text = text_of(record, name)
            found = _PART.search(text) if text else None
            if found:
                kind = found["word"][0].lower()
                who = text_of(record, "albumartist") or text_of(record, "artist")
                series[kind, text_key(who + " " + text[: found.start()])].append(
                    (index, text, found)
                )
        for members in series.values():
            yield from _rare_parts(name, members)


def _rare_parts(
    name: str, members: Sequence[tuple[int, str, re.Match[str]]]
) -> Iterable[tuple[int, str, str, str]]:
    forms = Counter(_form(found) for _, _, found in members)
    if len(forms) < 2:
        return
    (usual, _), *_ = forms.most_common(1)
    for index, text, found in members:
        if _form(found) != usual:
            written = f"{usual}{found['number']}"
            yield index, name, text, text[: found.start()] + written + text[found.end() :]


def _form(found: re.Match[str]) -> str:
    return found["word"] + found["dot"] + found["gap"]


def _see_parts(records: Sequence[Record]) -> Iterable[Evidence]:
    for index, name, text, mended in _parts(records):
        yield Evidence((name,), f"{text!r}; most often as {mended!r}", index)


def _one_form(records: Sequence[Record], standard: Standard) -> Mapping[int, Patch]:
    del standard
    patches: dict[int, dict[str, object]] = defaultdict(dict)
    for index, name, _, mended in _parts(records):
        patches[index][name] = mended
    return patches


# --- joined artists -------------------------------------------------------------------------------


def _joined(records: Sequence[Record], standard: Standard) -> Iterable[tuple[int, str, str, str]]:
    """The same artists in the same order, joined by other signs: record, field, what is, as usual.

    Where all do it alike, it may well be one name ("Simon & Garfunkel"), and stays.
    """
    teams: dict[tuple[str, ...], list[Style]] = defaultdict(list)
    for index, record in enumerate(records):
        for name in NAMES:
            text = text_of(record, name)
            joints = sorted({str(found["joint"]).lower() for found in _JOINTS.finditer(text)})
            if len(joints) == 1:
                members = tuple(text_key(part) for part in _JOINTS.split(text)[::2])
                if all(members):
                    teams[members].append((index, name, text, joints[0]))
    for styles in teams.values():
        if len({way for *_, way in styles}) > 1:
            usual = standard.separator or _rare(styles)[0][-1]
            for index, name, text, way in styles:
                if way != usual:
                    yield index, name, text, _sign(usual).join(_JOINTS.split(text)[::2])


def _sign(joint: str) -> str:
    return f"{joint} " if joint in {";", ","} else f" {joint} "


def _see_joined(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    return [
        Evidence((name,), f"{text!r}; most often as {mended!r}", index)
        for index, name, text, mended in _joined(records, standard)
    ]


def _one_joint(records: Sequence[Record], standard: Standard) -> Mapping[int, Patch]:
    patches: dict[int, dict[str, object]] = defaultdict(dict)
    for index, name, _, mended in _joined(records, standard):
        patches[index][name] = mended
    return patches


# --- keys and genres ------------------------------------------------------------------------------


def _notations(records: Sequence[Record]) -> Iterable[Evidence]:
    styles: list[Style] = []
    for index, record in enumerate(records):
        text = text_of(record, "initial_key")
        key = parse_key(text) if text else None
        ways = [way for way in _NOTATIONS if key and is_written(key.written(way), text, way)]
        if ways:
            styles.append((index, "initial_key", text, ways[0]))
    for index, name, text, usual in _rare(styles):
        yield Evidence((name,), f"{text}; most keys are written as {usual}", index)


def _lone_genres(records: Sequence[Record]) -> Iterable[Evidence]:
    tagged = [(index, _genres(record)) for index, record in enumerate(records)]
    tagged = [(index, found) for index, found in tagged if found]
    if len(tagged) < _FEWEST_GENRES:
        return
    counts = Counter(text_key(genre) for _, found in tagged for genre in found)
    for index, found in tagged:
        for genre in found:
            key = text_key(genre)
            if counts[key] == 1 and key not in words().genres and key not in words().junk_genres:
                yield Evidence(("genres",), f"{genre!r} stands on this track only", index)


def _genres(record: Record) -> list[str]:
    value = record.get("genres") or record.get("genre") or []
    return [value] if isinstance(value, str) else [str(each) for each in _listed(value)]


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


# --- albums and sort names ------------------------------------------------------------------------


def _split_albums(records: Sequence[Record]) -> Iterable[Evidence]:
    """One album that the library holds twice, because it is written in two ways."""
    albums: dict[tuple[str, str, object], list[tuple[int, str, object]]] = defaultdict(list)
    for index, record in enumerate(records):
        album = text_of(record, "album")
        who = text_of(record, "albumartist")
        if album and who and record.get("album_id"):
            key = (text_key(who), text_key(album), record.get("year") or 0)
            albums[key].append((index, album, record["album_id"]))
    for members in albums.values():
        spellings = Counter(album for _, album, _ in members)
        if len(spellings) < 2 or len({number for *_, number in members}) < 2:
            continue
        usual = spellings.most_common(1)[0][0]
        for index, album, _ in members:
            if album != usual:
                yield Evidence(("album",), f"{album!r} beside the album {usual!r}", index)


def _sort_names(records: Sequence[Record]) -> Iterable[Evidence]:
    artists: dict[tuple[str, str], list[Style]] = defaultdict(list)
    for index, record in enumerate(records):
        for name in NAMES:
            who, sorts = text_of(record, name), text_of(record, f"{name}_sort")
            if who and sorts:
                artists[name, who].append((index, f"{name}_sort", sorts, sorts))
    for styles in artists.values():
        for index, field, text, usual in _rare(styles):
            yield Evidence((field,), f"{text!r}; most often {usual!r}", index)


def _one_sort_name(records: Sequence[Record], standard: Standard) -> Mapping[int, Patch]:
    del standard
    patches: dict[int, dict[str, object]] = defaultdict(dict)
    for each in _sort_names(records):
        (field,) = each.fields
        name = field.removesuffix("_sort")
        who = text_of(records[each.index], name)
        sorts = Counter(
            text
            for record in records
            if text_of(record, name) == who and (text := text_of(record, field))
        )
        patches[each.index][field] = sorts.most_common(1)[0][0]
    return patches


_LIBRARIAN = frozenset({Profile.LIBRARIAN})
_MANY = [{"genres": ["Techno"]} for _ in range(_FEWEST_GENRES)]

RULES = (
    _library_rule(
        "T020",
        "two kinds of apostrophe in one album",
        _apostrophes,
        planted=(group({"title": "Don't"}, {"title": "Can't"}, {"title": "Won’t", "track": 3}),),
        clean=(
            group({"title": "Don't"}, {"title": "Can't"}, {"title": "Plain"}),
            group({"title": "Don’t"}, {"title": "Can’t"}),
        ),
        profiles=_LIBRARIAN,
    ),
    _library_rule(
        "T022",
        "volumes or parts of one series in several forms",
        _see_parts,
        planted=(
            group(
                {"albumartist": "Mo", "album": "Dub Vol. 1"},
                {"albumartist": "Mo", "album": "Dub Vol. 2"},
                {"albumartist": "Mo", "album": "Dub Volume 3"},
                fixed={2: {"album": "Dub Vol. 3"}},
            ),
            group(
                {"artist": "Mo", "title": "Rain, Pt. 1"},
                {"artist": "Mo", "title": "Rain, Pt. 2"},
                {"artist": "Mo", "title": "Rain, part III"},
                fixed={2: {"title": "Rain, Pt. III"}},
            ),
        ),
        clean=(
            group(
                {"albumartist": "Mo", "album": "Dub Volume 1"},
                {"albumartist": "Mo", "album": "Dub Volume 2"},
                {"albumartist": "Al", "album": "Dub Vol. 3"},
            ),
            group({"artist": "Mo", "title": "Part of It"}, {"artist": "Mo", "title": "Volume"}),
        ),
        fix=_one_form,
        profiles=frozenset({Profile.COLLECTOR, Profile.LIBRARIAN}),
    ),
    Rule(
        "T023",
        "the same artists joined by different signs",
        Severity.LOW,
        Scope.LIBRARY,
        Mode.PREVIEW,
        _see_joined,
        planted=(
            group(
                {"artist": "Ada & Bo"},
                {"artist": "Ada & Bo"},
                {"artist": "Ada / Bo"},
                fixed={2: {"artist": "Ada & Bo"}},
            ),
            group(
                {"artist": "Ada; Bo"},
                {"artist": "Ada; Bo"},
                {"artist": "Ada x Bo", "albumartist": "Ada,Bo"},
                fixed={2: {"artist": "Ada; Bo", "albumartist": "Ada; Bo"}},
            ),
        ),
        clean=(
            group({"artist": "Ada & Bo"}, {"artist": "Ada & Cy"}, {"artist": "Ada"}),
            group({"artist": "AC/DC"}, {"artist": "Simon & Garfunkel"}, {"artist": "Malcolm X"}),
        ),
        fix=_one_joint,
    ),
    _library_rule(
        "K004",
        "keys in several notations",
        _notations,
        planted=(
            group({"initial_key": "8A"}, {"initial_key": "9A"}, {"initial_key": "Am"}),
            group({"initial_key": "Am"}, {"initial_key": "Bm"}, {"initial_key": "8a"}),
        ),
        clean=(
            group({"initial_key": "8A"}, {"initial_key": "12b"}, {"initial_key": ""}),
            group({"initial_key": "Am"}, {"initial_key": "F#m"}),
        ),
    ),
    _library_rule(
        "G005",
        "genre of one track only",
        _lone_genres,
        planted=(group(*_MANY, {"genres": ["Tecno minimalissimo"]}),),
        clean=(
            group(*_MANY, {"genres": ["Gospel"]}),
            group({"genres": ["Hauntology"]}, {"genres": ["Techno"]}),
        ),
        profiles=_LIBRARIAN,
    ),
    _library_rule(
        "A003",
        "album in two spellings",
        _split_albums,
        planted=(
            group(
                {"albumartist": "Mo", "album": "Blue Line", "album_id": 1},
                {"albumartist": "Mo", "album": "Blue Line", "album_id": 1},
                {"albumartist": "Mo", "album": "Blue line", "album_id": 2},
            ),
        ),
        clean=(
            group(
                {"albumartist": "Mo", "album": "Blue Line", "album_id": 1, "year": 1991},
                {"albumartist": "Mo", "album": "Blue line", "album_id": 2, "year": 2016},
            ),
            group(
                {"albumartist": "Mo", "album": "Blue Line", "album_id": 1},
                {"albumartist": "Mo", "album": "Blue Line", "album_id": 2},
            ),
        ),
    ),
    _library_rule(
        "A007",
        "artist with several sort names",
        _sort_names,
        planted=(
            group(
                {"artist": "The Orb", "artist_sort": "Orb, The"},
                {"artist": "The Orb", "artist_sort": "Orb, The"},
                {"artist": "The Orb", "artist_sort": "The Orb"},
                fixed={2: {"artist_sort": "Orb, The"}},
            ),
        ),
        clean=(
            group(
                {"artist": "The Orb", "artist_sort": "Orb, The"},
                {"artist": "The Orb", "artist_sort": ""},
                {"artist": "Orb", "artist_sort": "Orb"},
            ),
        ),
        fix=_one_sort_name,
        profiles=_LIBRARIAN,
    ),
)
