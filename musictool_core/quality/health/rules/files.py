"""Names of files, and how their tags are written; what `tags.…` holds was read from the file.

Fixes say how the facts are to be: `{"tags.ape": None}` is a file without an APEv2 tag.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from musictool_core.matching.text import text_key
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
    from collections.abc import Callable, Mapping, Sequence

    from musictool_core.quality.health.model import Example, Patch, Record, Standard

PREFIX = "tags."
"""Of the keys under which a record holds the `TagFacts` of its file; slashes part its path."""

_MEGABYTE = 1_000_000
_MOST_TAG, _MOST_PICTURE = 10 * _MEGABYTE, 2 * _MEGABYTE
_MOST_NAME = 255
"""Bytes that a name may have nearly everywhere."""
_V1_LENGTH = 30
_ENDINGS = {
    ".mp3": {"MP3"},
    ".flac": {"FLAC"},
    ".ogg": {"Ogg Vorbis", "Opus", "FLAC"},
    ".oga": {"Ogg Vorbis", "Opus", "FLAC"},
    ".opus": {"Opus"},
    ".m4a": {"MP4"},
    ".mp4": {"MP4"},
    ".alac": {"MP4"},
    ".wav": {"WAV"},
    ".aif": {"AIFF"},
    ".aiff": {"AIFF"},
    ".wv": {"WavPack"},
    ".wma": {"ASF"},
}
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_DISC = re.compile(r"(cd|dis[ck]|vinyl|side|lp|part|vol)?[\W_]*(\d{1,2}|[a-h])", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"[\d\W_]*(track|titel|audio|untitled|unknown)?[\d\W_]*", re.IGNORECASE)
_LATIN = re.compile("[a-z]{3,}")


def _fact(record: Record, name: str) -> object:
    return record.get(PREFIX + name)


def _names(record: Record, name: str) -> list[str]:
    value = _fact(record, name)
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _texts(record: Record, name: str) -> Mapping[str, str] | None:
    value = _fact(record, name)
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else None


def _is_flac(record: Record) -> bool:
    return _fact(record, "container") == "FLAC"


def _bytes(record: Record, name: str) -> int:
    value = _fact(record, name)
    return value if isinstance(value, int) else 0


def _only_id3v1(record: Record) -> str:
    has_more = _fact(record, "id3_version") is not None or _texts(record, "ape")
    return "" if has_more or _texts(record, "id3v1") is None else "ID3v1 only: 30 signs a text"


def _other_id3v1(record: Record) -> str:
    old, new = _texts(record, "id3v1"), _texts(record, "id3v2")
    for field, text in (old or {}).items():
        whole = (new or {}).get(field, "")
        short = _shortened(whole)
        # What stands for other signs differs from program to program.
        if text and whole and "?" not in short and text != short:
            return f"{field} {text!r} in ID3v1, {whole!r} in ID3v2"
    return ""


def _as_id3v2(record: Record) -> Patch:
    """The ID3v1 tag with the texts of ID3v2, as far as they go."""
    old, new = _texts(record, "id3v1") or {}, _texts(record, "id3v2") or {}
    return {PREFIX + "id3v1": {f: _shortened(new[f]) if new.get(f) else t for f, t in old.items()}}


def _shortened(text: str) -> str:
    short = text.encode("latin-1", "replace")[:_V1_LENGTH].decode("latin-1")
    return short.split("\0")[0].rstrip()


def _ape(record: Record) -> str:
    texts = _texts(record, "ape")
    if texts is None:
        return ""
    for field, text in texts.items():
        other = (_texts(record, "id3v2") or {}).get(field, "")
        if other and text != other:
            return f"{field} {text!r} in APEv2, {other!r} in ID3v2"
    return "an APEv2 tag that says the same as ID3v2"


def _version(record: Record, standard: Standard) -> dict[str, str]:
    wanted = _wanted_version(standard)
    version = _fact(record, "id3_version")
    if not isinstance(version, int) or version == wanted or _is_flac(record):
        return {}
    return {"path": f"ID3v2.{version}, not 2.{wanted}"}


def _wanted_version(standard: Standard) -> int:
    return 3 if standard.id3v23 else 4


def _in_version(record: Record, standard: Standard) -> Patch:
    del record
    return {PREFIX + "id3_version": _wanted_version(standard)}


def _large(record: Record) -> str:
    if (picture := _bytes(record, "picture_bytes")) > _MOST_PICTURE:
        return f"a picture of {picture / _MEGABYTE:.1f} MB"
    if (tag := _bytes(record, "tag_bytes")) > _MOST_TAG:
        return f"{tag / _MEGABYTE:.1f} MB of tags"
    return ""


def _ending(record: Record) -> str:
    container = _fact(record, "container")
    ending = PurePosixPath(text_of(record, "path")).suffix.lower()
    if not isinstance(container, str) or container in _ENDINGS.get(ending, {container}):
        return ""
    return f"{ending} holds {container}"


def _with_ending(record: Record) -> Patch:
    """The name with the usual ending of what the file holds."""
    container = str(_fact(record, "container"))
    usual = next(ending for ending, known in _ENDINGS.items() if container in known)
    return {"path": str(PurePosixPath(text_of(record, "path")).with_suffix(usual))}


def _forbidden(record: Record) -> str:
    name = PurePosixPath(text_of(record, "path")).name
    if found := _FORBIDDEN.search(name):
        return f"{found[0]!r} in {name!r}"
    if name != name.rstrip(" .") or _DEVICES.fullmatch(name):
        return f"{name!r} cannot be a name there"
    if len(name.encode("utf-8", "replace")) > _MOST_NAME:
        return f"{len(name.encode('utf-8', 'replace'))} bytes long"
    return ""


def _other_name(record: Record) -> str:
    """A name that shares no word with title, artist or album, where all of them are Latin."""
    stem = PurePosixPath(text_of(record, "path")).stem
    if not stem or _SAYS_NOTHING.fullmatch(stem):
        return ""
    told = [text_of(record, name) for name in ("title", "artist", "album")]
    named, said = _words(stem), _words(" ".join(told))
    if not named or not said or not told[0] or any(not each.isascii() for each in (stem, *told)):
        return ""
    # Names may be written without spaces, and words may be cut.
    run, told_run = "".join(text_key(stem).split()), "".join(text_key(" ".join(told)).split())
    if any(word in run for word in said) or any(word in told_run for word in named):
        return ""
    return f"file {stem!r}, title {told[0]!r}"


def _words(text: str) -> set[str]:
    return set(_LATIN.findall(text_key(text)))


def _several_folders(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    """Tracks of one album in folders that are not the discs of one."""
    del standard
    homes = [_home(text_of(record, "path")) for record in records]
    known = [home for home in homes if home]
    if len(set(known)) < 2:
        return []
    usual = max(sorted(set(known)), key=known.count)
    return [
        Evidence(("path",), f"in {home!r}, most of the album in {usual!r}", index)
        for index, home in enumerate(homes)
        if home and home != usual
    ]


def _home(path: str) -> str:
    folder = PurePosixPath(path).parent if path else None
    if folder is None:
        return ""
    return str(folder.parent if _DISC.fullmatch(folder.name) else folder)


def _file_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    see: Callable[[Record], str],
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    mend: Callable[[Record, Standard], Patch] | None = None,
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    """A rule that says what is wrong with a file, "" for nothing, and how it is to be then."""

    def found(record: Record, standard: Standard) -> dict[str, str]:
        del standard
        said = see(record)
        return {"path": said} if said else {}

    return track_rule(
        rule_id, title, severity, Mode.PREVIEW if mend else Mode.REPORT, found, planted=planted,
        clean=clean, patch=mend, profiles=profiles,
    )  # fmt: skip


def _facts(**facts: object) -> Callable[[Record, Standard], Patch]:
    """A patch that wants facts to be so."""
    wanted = _tags(**facts)
    return lambda _record, _standard: wanted


def _listed(name: str) -> Callable[[Record], str]:
    # The tag that counts in a FLAC file is another one; F009 speaks of its ID3.
    return lambda record: "" if _is_flac(record) else ", ".join(_names(record, name))


def _is(name: str, said: str, wanted: object = True) -> Callable[[Record], str]:
    return lambda record: said if _fact(record, name) is wanted else ""


def _tags(**facts: object) -> dict[str, object]:
    return {PREFIX + name: value for name, value in facts.items()}


_BOTH = {"title": "Glow", "artist": "Ada", "album": "Lantern"}
_DJ = frozenset({Profile.DJ})
_LIBRARIAN = frozenset({Profile.LIBRARIAN})
_COLLECTING = frozenset({Profile.COLLECTOR, Profile.LIBRARIAN})

RULES = (
    _file_rule(
        "F001",
        "ID3v1 tag only",
        Severity.MEDIUM,
        _only_id3v1,
        planted=(planted(_tags(id3_version=4), **_tags(id3v1=_BOTH, id3_version=None)),),
        mend=_in_version,
        clean=(
            clean(**_tags(id3v1=_BOTH, id3_version=4, id3v2=_BOTH)),
            clean(**_tags(id3v1=None, id3_version=None)),
        ),
    ),
    _file_rule(
        "F002",
        "ID3v1 says otherwise than ID3v2",
        Severity.LOW,
        _other_id3v1,
        planted=(
            planted(
                _tags(id3v1=_BOTH),
                **_tags(id3v1={**_BOTH, "title": "Old"}, id3v2=_BOTH, id3_version=4),
            ),
            planted(
                _tags(id3v1={"title": "a" * 30, "artist": "Ada", "album": "B"}),
                **_tags(
                    id3v1={"title": "b", "artist": "Ado", "album": "B"},
                    id3v2={"title": "a" * 40, "artist": "Ada"},
                ),
            ),
        ),
        mend=lambda record, _: _as_id3v2(record),
        clean=(
            clean(**_tags(id3v1=_BOTH, id3v2=_BOTH, id3_version=3)),
            clean(**_tags(id3v1={"title": "a" * 30}, id3v2={"title": "a" * 40}, id3_version=3)),
            clean(**_tags(id3v1={"title": "Mo? 2"}, id3v2={"title": "Moř 2"}, id3_version=3)),
        ),
    ),
    _file_rule(
        "F003",
        "APEv2 tag on an MP3",
        Severity.MEDIUM,
        _ape,
        planted=(
            planted(_tags(ape=None), **_tags(ape={"title": "Old"}, id3v2=_BOTH)),
            planted(_tags(ape=None), **_tags(ape={"title": "Glow"}, id3v2=_BOTH)),
        ),
        mend=_facts(ape=None),
        clean=(clean(**_tags(ape=None, id3v2=_BOTH)),),
    ),
    _file_rule(
        "F004",
        "one frame several times in the tag",
        Severity.MEDIUM,
        _listed("doubled"),
        planted=(planted(_tags(doubled=[]), **_tags(doubled=["TIT2"])),),
        clean=(clean(**_tags(doubled=[])), clean(**_tags(container="FLAC", doubled=["TIT2"]))),
        mend=_facts(doubled=[]),
    ),
    _file_rule(
        "F005",
        "frames of no known name",
        Severity.LOW,
        _listed("unknown"),
        planted=(planted(**_tags(unknown=["XYZW"])),),
        clean=(clean(**_tags(unknown=[])),),
        profiles=_LIBRARIAN,
    ),
    track_rule(
        "F006",
        "ID3 of another version",
        Severity.LOW,
        Mode.PREVIEW,
        _version,
        planted=(
            planted(_tags(id3_version=4), **_tags(id3_version=3)),
            planted(_tags(id3_version=4), **_tags(id3_version=2)),
        ),
        clean=(
            clean(**_tags(id3_version=4)),
            clean(**_tags(id3_version=None)),
            clean(**_tags(container="FLAC", id3_version=3)),
        ),
        patch=_in_version,
        profiles=_LIBRARIAN,
    ),
    _file_rule(
        "F007",
        "text in an 8-bit encoding that is not said",
        Severity.LOW,
        _listed("latin1"),
        planted=(planted(_tags(latin1=[]), **_tags(latin1=["TPE1"])),),
        clean=(clean(**_tags(latin1=[])), clean(**_tags(container="FLAC", latin1=["TPE1"]))),
        mend=_facts(latin1=[]),
        profiles=_COLLECTING,
    ),
    _file_rule(
        "F008",
        "very large tag or picture",
        Severity.LOW,
        _large,
        planted=(
            planted(**_tags(picture_bytes=3_000_000, tag_bytes=3_100_000)),
            planted(**_tags(picture_bytes=0, tag_bytes=12_000_000)),
        ),
        clean=(clean(**_tags(picture_bytes=400_000, tag_bytes=500_000)),),
    ),
    _file_rule(
        "F009",
        "ID3 tag on a FLAC file",
        Severity.MEDIUM,
        lambda record: (
            "an ID3 tag before the FLAC" if _is_flac(record) and _bytes(record, "id3_tags") else ""
        ),
        planted=(planted(_tags(id3_tags=0), **_tags(container="FLAC", id3_tags=1)),),
        mend=_facts(id3_tags=0),
        clean=(
            clean(**_tags(container="FLAC", id3_tags=0)),
            clean(**_tags(container="MP3", id3_tags=1)),
        ),
    ),
    _file_rule(
        "F010",
        "FLAC without checksum of its audio",
        Severity.LOW,
        _is("has_md5", "no MD5 in the stream info", wanted=False),
        planted=(planted(**_tags(container="FLAC", has_md5=False)),),
        clean=(clean(**_tags(has_md5=True)), clean(**_tags(has_md5=None))),
        profiles=_COLLECTING,
    ),
    _file_rule(
        "F011",
        "MP3 whose length players guess",
        Severity.MEDIUM,
        _is("is_unindexed_vbr", "changing bit rate without a Xing header"),
        planted=(planted(**_tags(is_unindexed_vbr=True)),),
        clean=(clean(**_tags(is_unindexed_vbr=False)),),
    ),
    _file_rule(
        "F012",
        "name of the file and tags disagree",
        Severity.LOW,
        _other_name,
        planted=(
            planted(path="/m/Underworld - Rez.mp3", title="Halcyon", artist="Orbital", album=""),
        ),
        clean=(
            clean(path="/m/01 Halcyon.mp3", title="Halcyon", artist="Orbital"),
            clean(path="/m/halcyonandon.mp3", title="Halcyon", artist="Orbital"),
            clean(path="/m/Track 07.mp3", title="Halcyon", artist="Orbital"),
            clean(path="/m/Kino.mp3", title="Кино", artist="Кино"),
            clean(path="/m/B2.flac", title="Halcyon", artist="Orbital"),
        ),
        profiles=_COLLECTING,
    ),
    _file_rule(
        "F013",
        "ending of the file name for another format",
        Severity.MEDIUM,
        _ending,
        planted=(
            planted({"path": "/m/a.flac"}, path="/m/a.mp3", **_tags(container="FLAC")),
            planted({"path": "/m/b c.m4a"}, path="/m/b c.MP3", **_tags(container="MP4")),
        ),
        mend=lambda record, _: _with_ending(record),
        clean=(
            clean(path="/m/a.MP3", **_tags(container="MP3")),
            clean(path="/m/a.odd", **_tags(container="MP3")),
        ),
    ),
    _file_rule(
        "F014",
        "file name that sticks and Windows do not take",
        Severity.LOW,
        _forbidden,
        planted=(
            planted(path="/m/What?.mp3"),
            planted(path="/m/aux.mp3"),
            planted(path="/m/" + "ж" * 130 + ".mp3"),
        ),
        clean=(clean(path="/m/What, now.mp3"), clean(path="/m/Auxiliary.mp3")),
        profiles=_DJ | _LIBRARIAN,
    ),
    _file_rule(
        "F015",
        "several ID3 tags in one file",
        Severity.MEDIUM,
        lambda record: (
            f"{_bytes(record, 'id3_tags')} tags" if _bytes(record, "id3_tags") > 1 else ""
        ),
        planted=(planted(**_tags(container="WAV", id3_tags=2)),),
        clean=(clean(**_tags(container="WAV", id3_tags=1)),),
    ),
    Rule(
        "A009",
        "album in several folders",
        Severity.LOW,
        Scope.ALBUM,
        Mode.REPORT,
        _several_folders,
        planted=(group({"path": "/m/X/1.mp3"}, {"path": "/m/X/2.mp3"}, {"path": "/n/X/3.mp3"}),),
        clean=(
            group({"path": "/m/X/CD1/1.mp3"}, {"path": "/m/X/CD 2/1.mp3"}),
            group({"path": "/m/X/1.mp3"}, {"path": "/m/X/2.mp3"}),
        ),
        profiles=_COLLECTING,
    ),
)
