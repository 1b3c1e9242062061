"""Covers: none, small, soft, framed, of another album; what `art.…` holds was measured before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from musictool_core.matching.text import text_key
from musictool_core.quality.art import alike
from musictool_core.quality.art.judge import Mark, Wanted, faults, types_fault
from musictool_core.quality.art.values import FRONT, Borders, Likeness, PictureFacts, compare
from musictool_core.quality.health.making import clean, group, planted, text_of, track_rule
from musictool_core.quality.health.model import (
    ALL_PROFILES,
    Evidence,
    Mode,
    Profile,
    Rule,
    Scope,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.quality.health.model import Example, Record, Standard

COVER, EMBEDDED, TYPES = "art.cover", "art.embedded", "art.types"
"""Keys under which a record holds the `PictureFacts` of the cover file of its album and of the
picture in its own file (None where there is none), and the types of all pictures in it; they are
missing where nobody looked.
"""


def shown(record: Record) -> PictureFacts | None:
    """The picture that players show: that of the album, else that of the file."""
    for name in (COVER, EMBEDDED):
        found = record.get(name)
        if isinstance(found, PictureFacts):
            return found
    return None


def _said(mark: Mark, record: Record, standard: Standard) -> dict[str, str]:
    """What is wrong with the picture in one respect."""
    picture = shown(record)
    if picture is None and mark is not Mark.NONE:
        return {}
    if COVER not in record or EMBEDDED not in record:
        return {}
    if picture is None and not record.get("album_id"):
        # Nobody expects a cover of a track that has no album.
        return {}
    wanted = Wanted(standard.cover_px)
    said = [loss.value for loss in faults(picture, wanted) if loss.mark is mark]
    return {"artpath": said[0]} if said else {}


def _art_rule(
    mark: Mark,
    title: str,
    severity: Severity,
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    def found(record: Record, standard: Standard) -> dict[str, str]:
        return _said(mark, record, standard)

    return track_rule(
        mark.value, title, severity, Mode.REPORT, found, planted=planted, clean=clean,
        profiles=profiles,
    )  # fmt: skip


def _types(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    types = record.get(TYPES)
    known = [each for each in types if isinstance(each, int)] if isinstance(types, tuple) else []
    # Formats without types show their first picture.
    fault = types_fault(known) if isinstance(types, tuple) and len(known) == len(types) else None
    return {"path": fault.value} if fault else {}


def _differs(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    """Tracks whose own picture is not that of most tracks of their disc."""
    del standard
    discs: dict[object, dict[int, PictureFacts]] = {}
    for index, record in enumerate(records):
        picture = record.get(EMBEDDED)
        if isinstance(picture, PictureFacts) and not picture.error:
            discs.setdefault(record.get("disc"), {})[index] = picture
    found = []
    for pictures in discs.values():
        for index, likeness in sorted(alike.odd_ones(pictures).items()):
            perhaps = "perhaps " if likeness is Likeness.REVIEW else ""
            found.append(Evidence(("path",), f"{perhaps}another picture than the others", index))
    return found or _differs_from_cover(records, discs)


def _differs_from_cover(
    records: Sequence[Record], discs: dict[object, dict[int, PictureFacts]]
) -> list[Evidence]:
    """All tracks show one picture, the album another; discs of a box have pictures of their own."""
    if len(discs) != 1:
        return []
    (pictures,) = discs.values()
    first = min(pictures)
    cover = records[first].get(COVER)
    if not isinstance(cover, PictureFacts) or cover.error:
        return []
    likeness = Likeness.SAME
    for picture in pictures.values():
        likeness = compare(cover, picture)
        if likeness is Likeness.SAME:
            return []
    perhaps = "perhaps " if likeness is Likeness.REVIEW else ""
    return [
        Evidence(("artpath",), f"{perhaps}another picture than the cover of the album", index)
        for index in sorted(pictures)
    ]


def _placeholders(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    del standard
    sleeves: dict[int, alike.Sleeve] = {}
    members: dict[int, list[int]] = {}
    for index, record in enumerate(records):
        album, picture = record.get("album_id"), shown(record)
        if isinstance(album, int) and picture is not None:
            members.setdefault(album, []).append(index)
            artist, label = (text_key(text_of(record, name)) for name in ("albumartist", "label"))
            sleeves.setdefault(album, alike.Sleeve(album, picture, artist, label))
    return [
        Evidence(("artpath",), f"on {len(albums)} albums of several artists", index)
        for albums in alike.placeholders(list(sleeves.values()))
        for album in albums
        for index in members[album]
    ]


_GOOD = PictureFacts(
    180_000, "JPEG", 1200, 1200, "RGB", False, 88, -14.0, 1.0, Borders(), 0x9B4E4A3493A56E3C,
    (90, 40, 30) * 9,
)  # fmt: skip
_OTHER = replace(_GOOD, hash=0x64B1B5CB6C5A91C3)
_SAME = replace(_GOOD, width=300, height=300, hash=0x9B4E4A3493A56E3C ^ 0b11)
_NEAR = replace(_GOOD, hash=0x9B4E4A3493A56E3C ^ 0xFFF)


def _track(cover: PictureFacts | None, **more: object) -> dict[str, object]:
    return {"album_id": 1, COVER: cover, EMBEDDED: None, TYPES: (), **more}


def _seen(**changed: Any) -> Example:
    return planted(**_track(replace(_GOOD, **changed)))


def _fine(**changed: Any) -> Example:
    return clean(**_track(replace(_GOOD, **changed)))


def _embedding(*pictures: PictureFacts, **more: object) -> Example:
    return group(*({**_track(None), EMBEDDED: each, **more} for each in pictures))


def _albums(*artists: str, label: str = "") -> Example:
    return group(
        *(
            _track(_GOOD, album_id=number, albumartist=artist, label=label)
            for number, artist in enumerate(artists, 1)
        )
    )


_DJ = frozenset({Profile.DJ})
_COLLECTING = frozenset({Profile.COLLECTOR, Profile.LIBRARIAN})

RULES = (
    _art_rule(
        Mark.NONE,
        "no cover, or one that cannot be read",
        Severity.LOW,
        planted=(planted(**_track(None)), planted(**_track(PictureFacts(9, error="damaged")))),
        clean=(
            clean(**_track(_GOOD)),
            clean(**{**_track(None), EMBEDDED: _GOOD}),
            clean(**{**_track(None), "album_id": None}),
            clean(album_id=1),
        ),
    ),
    _art_rule(
        Mark.SMALL,
        "cover of few pixels",
        Severity.LOW,
        planted=(_seen(width=300, height=300), _seen(width=600, height=420)),
        clean=(_fine(), _fine(width=500, height=505)),
    ),
    _art_rule(
        Mark.NOT_SQUARE,
        "cover that is not square",
        Severity.LOW,
        planted=(_seen(width=1200, height=1000),),
        clean=(_fine(width=1200, height=1180),),
    ),
    _art_rule(
        Mark.BLURRED,
        "cover that was made larger, or is blurred",
        Severity.LOW,
        planted=(_seen(fine_db=-37.0, detail=0.3),),
        # A large soft photograph holds enough.
        clean=(_fine(fine_db=-24.0), _fine(fine_db=-28.0, detail=0.6)),
    ),
    _art_rule(
        Mark.HEAVY,
        "cover that is compressed too much",
        Severity.LOW,
        planted=(_seen(jpeg_quality=30),),
        clean=(_fine(jpeg_quality=75), _fine(format="PNG", jpeg_quality=None)),
    ),
    _art_rule(
        Mark.BORDERS,
        "borders around the cover",
        Severity.LOW,
        planted=(_seen(borders=Borders(40, 40, 40, 40)), _seen(borders=Borders(0, 150, 0, 150))),
        clean=(_fine(),),
        profiles=_COLLECTING,
    ),
    Rule(
        Mark.DIFFERS.value,
        "several pictures in one album",
        Severity.LOW,
        Scope.ALBUM,
        Mode.REPORT,
        _differs,
        planted=(
            _embedding(_GOOD, _GOOD, _OTHER),
            _embedding(_GOOD, _GOOD, _NEAR),
            group(*({**_track(_OTHER), EMBEDDED: _GOOD} for _ in range(2))),
        ),
        clean=(
            _embedding(_GOOD, _SAME),
            # Each disc of a box has its own picture.
            group(
                {**_track(_GOOD), EMBEDDED: _GOOD, "disc": 1},
                {**_track(_GOOD), EMBEDDED: _OTHER, "disc": 2},
            ),
            group(_track(_GOOD), {**_track(_GOOD), EMBEDDED: _GOOD}),
        ),
    ),
    track_rule(
        Mark.TYPES.value,
        "no front cover among the pictures of a file, or several",
        Severity.LOW,
        Mode.REPORT,
        _types,
        planted=(
            planted(**{**_track(None), EMBEDDED: _GOOD, TYPES: (0,)}),
            planted(**{**_track(None), EMBEDDED: _GOOD, TYPES: (FRONT, 4, FRONT)}),
        ),
        clean=(
            clean(**{**_track(None), EMBEDDED: _GOOD, TYPES: (FRONT, 4)}),
            clean(**{**_track(None), EMBEDDED: _GOOD, TYPES: (None,)}),
            clean(**_track(_GOOD)),
        ),
        profiles=_COLLECTING,
    ),
    _art_rule(
        Mark.FORMAT,
        "cover of a kind that old players do not show",
        Severity.LOW,
        planted=(_seen(mode="CMYK"), _seen(is_progressive=True), _seen(format="WEBP")),
        clean=(_fine(), _fine(format="PNG", mode="RGBA", jpeg_quality=None)),
        profiles=_DJ,
    ),
    Rule(
        Mark.PLACEHOLDER.value,
        "one cover on albums of several artists",
        Severity.LOW,
        Scope.LIBRARY,
        Mode.REPORT,
        _placeholders,
        planted=(_albums("Ada", "Basic Channel", "Cari Lekebusch"),),
        clean=(
            _albums("Ada", "Basic Channel"),
            _albums("Ada", "Ada", "Ada", "Ada"),
            # A label may have one sleeve for all of its records.
            _albums("Ada", "Basic Channel", "Cari Lekebusch", label="Kompakt"),
        ),
    ),
)
