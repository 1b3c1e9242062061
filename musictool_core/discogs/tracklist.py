"""Releases of the Discogs API as our own values: playable tracks, positions, durations, sides.

Input:   the body of `/releases/{id}`, or the same shape without `type_` (monthly dump).
Output:  `Release` with its tracks in printed order; headings become sections, index tracks tracks.
Units:   durations in seconds; unknown is None, never 0.

Pure: no network, no database, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
    TrackKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_DURATION = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-9]{2})")

# Discogs guideline 12.2.9 names the forms; contributors add blanks, doubled dots and brackets.
_PLACE = r"(?P<number>[0-9]{1,4})(?P<sub>\.+[ ]?[0-9a-z]{1,3}|[ ]?\([a-z]\)|[a-z])?"
_SIDED = rf"(?P<side>(?!II)(?P<letter>[A-Z])(?P=letter)?|[a-z])(?:[ .-]*{_PLACE})?"
_POSITION_FORMS = (
    # A, A1, AA2, A.1, "B. 1", A1a, "A6 (a)", A1.1
    re.compile(_SIDED),
    # 1, 01, 1a
    re.compile(r"(?P<number>[0-9]{1,4})(?P<sub>\.[a-z]{1,3}|[ ]?\([a-z]\)|[a-z])?"),
    # 1A, 2B1, 2-A1, LP-A1, LP1-A1
    re.compile(
        rf"(?P<medium>[0-9]{{1,3}}|[A-Za-z]{{2,12}}[ ]?[0-9]{{0,3}})(?:[ .-]+|(?<=[0-9])){_SIDED}"
    ),
    # 1-01, 1.01, CD1-1, CD1.1, DVD-3, Blu-ray-2
    re.compile(
        rf"(?P<medium>[0-9]{{1,3}}|(?:Blu-?[Rr]ay|[A-Za-z]{{2,12}})[ ]?[0-9]{{0,3}})[ .-]+{_PLACE}"
    ),
    # CD1, Video 1
    re.compile(rf"(?P<medium>Blu-?[Rr]ay|[A-Za-z]{{2,12}})[ ]?{_PLACE}"),
    # Video, CD1-Video
    re.compile(r"(?P<medium>(?:[A-Za-z]{2,12}[0-9]{0,3}[ .-]+)?(?:Video|DVD|Blu-?[Rr]ay))"),
)

# "11.1" is part one of track 11 where the release also prints "10", else disc 11, track 1.
_DOTTED = re.compile(
    r"(?=[A-Za-z0-9])(?P<head>(?P<stem>[A-Za-z]*)[0-9]*)\.+[ ]?(?P<tail>[0-9]{1,3})"
)
_SUB_SUFFIX = re.compile(r"(?:\.+[ ]?[0-9a-z]{1,3}|[ ]?\([a-z]\)|[a-z])$")

_VIDEO_POSITION = re.compile(
    r"(?:^|[ .-])(?:DVD|BDR?|Blu-?ray|Vid(?:eo)?|VHS)(?![a-z])", re.IGNORECASE
)
_AUDIO_HEADING = re.compile(r"\b(?:audio|cds?\d*|lps?\d*|vinyl|cassette)\b", re.IGNORECASE)
_VIDEO_HEADING = re.compile(
    r"\b(?:dvds?|blu-?rays?)(?:\b|\d)"
    r"|^(?:bonus )?videos?(?: (?:part|section|content|tracks?|clips?))?[ \d]*(?:$|[:(-])",
    re.IGNORECASE,
)

# Names of the Discogs format list.
_VIDEO_CARRIERS = frozenset(
    {"CDV", "DVD", "DVDr", "HD DVD", "HD DVD-R", "Blu-ray", "Blu-ray-R", "Ultra HD Blu-ray"}
    | {"Betacam", "Betacam SP", "Betamax", "Cartrivision", "Film Reel", "Laserdisc", "MiniDV"}
    | {"SelectaVision", "Super VHS", "U-matic", "UMD", "VHD", "VHS", "Video 2000", "Video8"}
)
_TWO_SIDED_CARRIERS = frozenset(
    {"Vinyl", "Acetate", "Flexi-disc", "Lathe Cut", "Mighty Tiny", "Shellac", "Sopic"}
    | {"Pathé Disc", "Edison Disc", "Cassette", "DC-International", "DCC", "Elcaset"}
    | {"Microcassette", "NT Cassette", "Reel-To-Reel"}
)
_PACKAGES = frozenset({"All Media", "Box Set"})
"""Entries of the format list that describe a package, not something that holds tracks."""

_MAX_DISCS = 500
"""More is the number of files of a digital release, which are no discs."""


@dataclass(frozen=True, slots=True)
class Position:
    """Place of a track on its release, read from the printed text.

    Attributes:
        medium: the printed disc or carrier ("1" in "1-03", "CD1", "DVD", "LP"), or "".
        side: upper-case side letter ("A", "AA"), or "".
        number: number within side or medium; None when only the side or carrier is printed.
        sub: part within one physical track ("a" in "A1a", "1" in "A1.1"), or "".
    """

    medium: str = ""
    side: str = ""
    number: int | None = None
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a record or tape.

    Attributes:
        name: side letter, after its medium if one is printed ("A", "LP-A", "2-B").
        tracks: indexes into `Release.tracks`, in playing order.
    """

    name: str
    tracks: tuple[int, ...]


def parse_release(data: Mapping[str, object]) -> Release:
    """Return the release that an API body describes.

    Fields that are absent or of another type are taken as unknown. Bar codes are reduced to
    their digits, because one code is often given twice, as printed and as scanned. The catalogue
    number "none" is "".

    Raises:
        FormatError: there is no release id, neither a title nor a track list, or the track list
            is not a list.
    """
    release_id = _whole_number(data.get("id"))
    if release_id is None:
        raise FormatError(f"not a Discogs release: field id is {_shorten(data.get('id'))}.")
    tracklist = data.get("tracklist")
    if tracklist is not None and not isinstance(tracklist, list):
        raise FormatError(
            f"release {release_id}: field tracklist is {_shorten(tracklist)}, expected a list."
        )
    title = _text(data.get("title"))
    if not title and not tracklist:
        raise FormatError(f"release {release_id}: field title is {_shorten(data.get('title'))}.")
    formats = tuple(_formats(data.get("formats")))
    return Release(
        release_id=ReleaseId(release_id),
        title=title,
        artists=_artists(data.get("artists")),
        tracks=tuple(_tracks(_lines(tracklist), formats)),
        labels=tuple(_labels(data.get("labels"))),
        formats=formats,
        year=_year(data.get("year")) or _year(data.get("released")),
        country=_text(data.get("country")),
        master_id=_whole_number(data.get("master_id")),
        barcodes=tuple(dict.fromkeys(_barcodes(data.get("identifiers")))),
    )


def parse_duration(text: str) -> float | None:
    """Return seconds for "4:45", "148:00" or "1:04:30"; None for "", "0:00" and other text."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if seconds > 59 or (match[1] and minutes > 59):
        return None
    return float(hours * 3600 + minutes * 60 + seconds) or None


def parse_position(text: str) -> Position | None:
    """Return the position, or None for text that is not one ("", "1/2").

    Without its neighbours "1.01" is read as disc 1, track 1 and "A.1" as side A, track 1, which
    is what they mean on most releases; `parse_release` looks at the whole list before it decides.
    """
    printed = text.strip()
    for form in _POSITION_FORMS:
        if match := form.fullmatch(printed):
            found = match.groupdict()
            return Position(
                medium=found.get("medium") or "",
                side=(found.get("side") or "").upper(),
                number=int(found["number"]) if found.get("number") else None,
                sub=(found.get("sub") or "").strip(" .()"),
            )
    return None


def sides(release: Release) -> tuple[Side, ...]:
    """Group the tracks of records and tapes by side, in printed order; () where there are no sides.

    A release whose formats are unknown is taken for a record if its positions have side letters.
    """
    if release.formats and not any(f.name in _TWO_SIDED_CARRIERS for f in release.formats):
        return ()
    found: dict[str, list[int]] = {}
    for index, track in enumerate(release.tracks):
        position = parse_position(track.position)
        if track.kind is TrackKind.TRACK and position is not None and position.side:
            name = f"{position.medium}-{position.side}" if position.medium else position.side
            found.setdefault(name, []).append(index)
    return tuple(Side(name, tuple(indexes)) for name, indexes in found.items())


class _LineKind(Enum):
    HEADING = "heading"
    INDEX = "index"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class _Line:
    """One entry of a track list before index tracks and sub-positions are resolved."""

    kind: _LineKind
    position: str
    title: str
    duration_s: float | None
    artists: tuple[ArtistCredit, ...]
    remixers: tuple[ArtistCredit, ...]
    children: tuple[_Line, ...] = ()


@dataclass(frozen=True, slots=True)
class _Numbering:
    """How one release numbers its tracks: what a dot means there.

    Attributes:
        plain: stems of positions printed without a dot: "" for "7", "CD" for "CD3", "side" for
            "A" or "A1".
        single_track: ambiguous heads ("1" of "1.1", "1.2") used by the children of one index
            track only.
    """

    plain: frozenset[str]
    single_track: frozenset[str]

    def physical(self, position: str) -> str | None:
        """Return the position of the track that a sub-position is part of; None for a full one."""
        if dotted := _DOTTED.fullmatch(position):
            stem = _stem(dotted)
            if stem is not None:
                is_part = stem in self.plain or dotted["head"] in self.single_track
                return dotted["head"] if is_part else None
        parsed = parse_position(position)
        return _SUB_SUFFIX.sub("", position) if parsed is not None and parsed.sub else None


def _stem(dotted: re.Match[str]) -> str | None:
    """Return how an ambiguous dotted position starts; None if its dot can only mean a part."""
    letters = dotted["stem"]
    is_side = len(letters) == 1 or (len(letters) == 2 and letters[0] == letters[1])
    if not is_side:
        return letters
    return "side" if dotted["head"] == letters else None


def _numbering(lines: Sequence[_Line]) -> _Numbering:
    plain: set[str] = set()
    owners: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for part in (line, *line.children):
            if dotted := _DOTTED.fullmatch(part.position):
                owner = number if line.kind is _LineKind.INDEX else -1
                owners.setdefault(dotted["head"], set()).add(owner)
            elif (position := parse_position(part.position)) is not None:
                plain.add("side" if position.side else position.medium)
    single = {head for head, users in owners.items() if len(users) == 1 and -1 not in users}
    return _Numbering(frozenset(plain), frozenset(single))


@dataclass(slots=True)
class _Sections:
    """Headings above a track; consecutive ones nest, a later one replaces the innermost."""

    current: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    def add_heading(self, title: str) -> None:
        self.pending.append(title)
        if self.current:
            self.current.pop()

    def reach_track(self) -> None:
        self.current += self.pending
        self.pending.clear()


def _tracks(lines: Sequence[_Line], formats: Sequence[FormatEntry]) -> Iterator[Track]:
    """Yield playable tracks: headings become sections, index tracks and sub-positions tracks.

    Follows what beets does with the same list, so that the positions it stores in `mb_trackid`
    are ours too; but a dot is a sub-position only where the rest of the list says so, because
    beets makes one track of a disc that is numbered "1.01", "1.02".
    """
    numbering = _numbering(lines)
    video_discs = _video_discs(lines, formats)
    sections = _Sections()
    for line in _merge_parts(lines, numbering):
        if line.kind is _LineKind.HEADING:
            sections.add_heading(line.title)
            continue
        sections.reach_track()
        headings = [title for title in sections.current if title]
        playable = [line]
        if line.kind is _LineKind.INDEX:
            playable = _open_index(line, numbering)
            if line.title and playable[0].kind is not _LineKind.INDEX:
                headings.append(line.title)
        for part in playable:
            kind = _kind(part, sections.current, formats, video_discs)
            yield Track(
                position=part.position,
                title=part.title,
                duration_s=part.duration_s,
                artists=part.artists,
                remixers=part.remixers,
                kind=kind,
                section=", ".join(headings),
            )


def _merge_parts(lines: Sequence[_Line], numbering: _Numbering) -> list[_Line]:
    """Make one track of neighbouring sub-positions ("A2a", "A2b"): one cut on the record."""

    def physical(line: _Line) -> str | None:
        return numbering.physical(line.position) if line.kind is _LineKind.TRACK else None

    merged: list[_Line] = []
    for position, group in groupby(lines, key=physical):
        parts = list(group)
        if position is None:
            merged += parts
        elif merged and merged[-1].kind is _LineKind.TRACK and merged[-1].position == position:
            # The whole track is listed before its parts ("11", "11.1", "11.2").
            whole = merged.pop()
            merged.append(replace(whole, duration_s=whole.duration_s or _total_s(parts)))
        else:
            merged.append(_join(parts))
    return merged


def _open_index(index: _Line, numbering: _Numbering) -> list[_Line]:
    """Return the physical tracks: the index itself if its children are parts, else them."""
    positions = {numbering.physical(child.position) for child in index.children}
    if index.position and not any(child.position for child in index.children):
        positions = {index.position}
    if len(positions) == 1 and (position := positions.pop()) is not None:
        return [
            replace(
                index,
                position=position,
                title=index.title or _join(index.children).title,
                duration_s=index.duration_s or _total_s(index.children),
            )
        ]
    children = _merge_parts(index.children, numbering)
    return [replace(child, artists=child.artists or index.artists) for child in children]


def _join(parts: Sequence[_Line]) -> _Line:
    titles = " / ".join(part.title for part in parts if part.title)
    remixers = dict.fromkeys(credit for part in parts for credit in part.remixers)
    return replace(parts[0], title=titles, duration_s=_total_s(parts), remixers=tuple(remixers))


def _total_s(parts: Sequence[_Line]) -> float | None:
    """Length of a track from its parts; one given at the first part only is that of the whole."""
    known = [part.duration_s for part in parts if part.duration_s is not None]
    if len(known) == len(parts):
        return sum(known)
    return known[0] if len(known) == 1 and parts[0].duration_s is not None else None


def _kind(
    line: _Line,
    headings: Sequence[str],
    formats: Sequence[FormatEntry],
    video_discs: Mapping[str, bool],
) -> TrackKind:
    carriers = [entry for entry in formats if entry.name not in _PACKAGES]
    video_carriers = [entry for entry in carriers if entry.name in _VIDEO_CARRIERS]
    holds_video = any(_holds_video(entry) for entry in video_carriers)
    position = parse_position(line.position)
    by_heading = _is_video_by_heading(headings)
    if _VIDEO_POSITION.search(line.position):
        # "DVD-1" beside a DVD-Audio disc is music.
        is_video = holds_video or not video_carriers
    elif by_heading is not None:
        is_video = by_heading
    elif len(video_carriers) == len(carriers):
        is_video = holds_video
    else:
        is_video = position is not None and video_discs.get(position.medium, False)
    return TrackKind.VIDEO if is_video else TrackKind.TRACK


def _is_video_by_heading(headings: Sequence[str]) -> bool | None:
    """Return what the innermost heading that names a carrier says; None if none does."""
    for heading in reversed(headings):
        if _AUDIO_HEADING.search(heading):
            return False
        if _VIDEO_HEADING.search(heading):
            return True
    return None


def _video_discs(lines: Iterable[_Line], formats: Sequence[FormatEntry]) -> dict[str, bool]:
    """Say for each printed disc number whether the disc holds video, by the order of the formats.

    Only where positions name exactly as many discs as the formats count; else nothing is known.
    """
    carriers = [entry for entry in formats if entry.name not in _PACKAGES]
    if sum(entry.quantity for entry in carriers) > _MAX_DISCS:
        return {}
    discs = [_holds_video(entry) for entry in carriers for _ in range(entry.quantity)]
    positions = (parse_position(part.position) for line in lines for part in (line, *line.children))
    media = {p.medium for p in positions if p is not None and p.medium.isdecimal()}
    if {int(medium) for medium in media} != set(range(1, len(discs) + 1)):
        return {}
    return {medium: discs[int(medium) - 1] for medium in media}


def _holds_video(entry: FormatEntry) -> bool:
    words = " ".join(entry.descriptions)
    holds_other = ("Audio" in words or "Data" in words) and "Video" not in words
    return entry.name in _VIDEO_CARRIERS and not holds_other


def _lines(tracklist: object) -> list[_Line]:
    rows = _mappings(tracklist)
    lines = [line for row in rows if (line := _line(row)) is not None]
    if any("type_" in row for row in rows):
        return lines
    return _find_headings(lines)


def _line(row: Mapping[str, object]) -> _Line | None:
    """Return the line, or None for a row of unknown type that cannot be played."""
    title, position = _text(row.get("title")), _text(row.get("position"))
    children = tuple(
        child
        for sub in _mappings(row.get("sub_tracks"))
        # Sub-tracks have none themselves; a file that nests them without end must not recurse.
        if (child := _line({**sub, "sub_tracks": None})) is not None
    )
    type_ = _text(row.get("type_", "track"))
    if children:
        kind = _LineKind.INDEX
    elif type_ == "heading" or (type_ == "index" and not position):
        kind = _LineKind.HEADING
    elif type_ in {"track", "index"} or (title and position):
        kind = _LineKind.TRACK
    else:
        return None
    return _Line(
        kind=kind,
        position=position,
        title=title,
        duration_s=parse_duration(_text(row.get("duration"))),
        artists=_artists(row.get("artists")),
        remixers=_remixers(row.get("extraartists")),
        children=children,
    )


def _find_headings(lines: Sequence[_Line]) -> list[_Line]:
    """Tell headings from tracks where the source has no `type_`.

    A heading has no position and no duration, or states the length of the tracks that follow it.
    Where no line has a position or a duration the rule says nothing, and all lines are tracks.
    """
    if not any(line.position or line.duration_s or line.children for line in lines):
        return [line for line in lines if line.title]
    found: list[_Line] = []
    for index, line in enumerate(lines):
        is_unplaced = line.kind is _LineKind.TRACK and not line.position
        is_heading = is_unplaced and (
            line.duration_s is None or line.duration_s == _following_s(lines[index + 1 :])
        )
        found.append(replace(line, kind=_LineKind.HEADING) if is_heading else line)
    return found


def _following_s(lines: Sequence[_Line]) -> float:
    """Length of the positioned tracks at the start of `lines`."""
    total_s = 0.0
    for line in lines:
        if not line.position:
            break
        total_s += line.duration_s or 0.0
    return total_s


def _artists(value: object) -> tuple[ArtistCredit, ...]:
    return tuple(credit for row in _mappings(value) if (credit := _credit(row)).name)


def _remixers(value: object) -> tuple[ArtistCredit, ...]:
    return tuple(
        credit
        for row in _mappings(value)
        if _is_remix_role(_text(row.get("role"))) and (credit := _credit(row)).name
    )


def _is_remix_role(roles: str) -> bool:
    """Whether a role like "Producer, Remix [Additional]" is a remix; "Engineer [Remix]" is not."""
    outside_brackets = re.sub(r"\[[^\]]*\]", "", roles)
    return any(role.strip().casefold().startswith("remix") for role in outside_brackets.split(","))


def _credit(row: Mapping[str, object]) -> ArtistCredit:
    return ArtistCredit(
        name=_text(row.get("name")),
        anv=_text(row.get("anv")),
        join=_text(row.get("join")),
        artist_id=_whole_number(row.get("id")),
    )


def _labels(value: object) -> Iterator[LabelCredit]:
    for row in _mappings(value):
        name, catno = _text(row.get("name")), _text(row.get("catno"))
        if name:
            yield LabelCredit(name, "" if catno.casefold() == "none" else catno)


def _formats(value: object) -> Iterator[FormatEntry]:
    for row in _mappings(value):
        if name := _text(row.get("name")):
            words = row.get("descriptions")
            yield FormatEntry(
                name=name,
                quantity=_whole_number(row.get("qty")) or 1,
                descriptions=tuple(
                    text
                    for word in (words if isinstance(words, list) else ())
                    if (text := _text(word))
                ),
                text=_text(row.get("text")),
            )


def _barcodes(value: object) -> Iterator[str]:
    for row in _mappings(value):
        digits = re.sub(r"[^0-9]", "", _text(row.get("value")))
        # Shorter ones are remarks ("none", "145/343"); UPC-E and EAN-8 have eight digits.
        if row.get("type") == "Barcode" and len(digits) >= 8:
            yield digits


def _year(value: object) -> int | None:
    """Return the year of 1999, "1999" or "1999-03-00"; None for 0, "" and other text."""
    match = re.match(r"[12][0-9]{3}(?![0-9])", _text(value))
    return int(match[0]) if match else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _whole_number(value: object) -> int | None:
    """Return a positive number given as number or digits; None for 0 and all else."""
    text = _text(value)
    return (int(text) or None) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _shorten(value: object) -> str:
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
