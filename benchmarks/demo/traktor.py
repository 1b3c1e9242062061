"""A Traktor that plays the demo files: its collection, playlists and histories.

The collection is that of a notebook whose music folder is another one than ours (`FOLDER`), so the
demo shows a path map. Tempo and key are those of the audio. Written in Traktor's own layout, by
code that the product does not share: an attribute without a value is left out, a line ends after
each closing tag.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zlib import crc32

from benchmarks.demo.audio import PAUSE_S, heard
from benchmarks.demo.build import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from benchmarks.demo.build import AudioFile

VOLUME = "Macintosh HD"
FOLDER = "/:Users/:dj/:Music/:"
"""Where the music is on the notebook."""

INSTALLATION = "Traktor 4.1.0"
COLLECTION = "collection.nml"

NEVER_IN_TRAKTOR = ("Family/", "Jazz/", "Soul/")
"""Folders that nobody plays out."""

GONE = "Downloads/Mirko Halvorsen - Kaltstart (Promo).mp3"
"""A track that Traktor still lists, although its file was deleted."""

SETS = {"Warehouse": 12, "Sunday afternoon": 9}
"""Playlists and the number of their tracks."""

SESSIONS = ((3, 11), (10, 9), (41, 12))
"""Evenings: how many days ago, and how many tracks."""

_OPEN_KEYS = (
    *("1d", "8d", "3d", "10d", "5d", "12d", "7d", "2d", "9d", "4d", "11d", "6d"),
    *("10m", "5m", "12m", "7m", "2m", "9m", "4m", "11m", "6m", "1m", "8m", "3m"),
)
"""Open Key by MUSICAL_KEY: C to B major, C to B minor."""

_GENRES = ("Techno", "House", "Electro")
_STAR = 51
_CUES = ("AutoGrid", "Intro", "Drop", "Break")


@dataclass(frozen=True, slots=True)
class Track:
    """A file as Traktor knows it.

    Attributes:
        path: below the music folder, with forward slashes.
        length_s: seconds.
        bpm: as measured.
        key: as MUSICAL_KEY counts.
        genre: of the file's tag; without one, what a DJ typed.
        sound: equal for what sounds alike.
        chance: a number of its own, for what differs from track to track.
    """

    path: str
    artist: str
    title: str
    album: str | None
    number: int | None
    length_s: float
    bpm: float
    key: int
    genre: str
    sound: int
    chance: int

    @property
    def primary_key(self) -> str:
        """How playlists name it."""
        return f"{VOLUME}{self.folder}{self.file}"

    @property
    def folder(self) -> str:
        """DIR of its location."""
        parents = PurePosixPath(self.path).parent.parts
        return FOLDER + "".join(f"{name}/:" for name in parents)

    @property
    def file(self) -> str:
        """FILE of its location."""
        return PurePosixPath(self.path).name

    @property
    def stars(self) -> int:
        """0 when nobody rated it."""
        return self.chance % 4 + 2 if self.chance % 3 else 0


def write_traktor(folder: Path, files: Sequence[AudioFile], now: datetime) -> Path:
    """Write an installation of Traktor below a folder; return its collection.

    Args:
        folder: new, or one that was written before.
        files: of the demo set.
        now: of this computer's clock, local; the sessions are the days before it.
    """
    tracks = tracks_of(files)
    root = folder / INSTALLATION
    (root / "History").mkdir(parents=True, exist_ok=True)
    for name, content in histories(tracks, now).items():
        (root / "History" / name).write_bytes(content)
    (root / COLLECTION).write_bytes(collection(tracks, now))
    return root / COLLECTION


def tracks_of(files: Sequence[AudioFile]) -> tuple[Track, ...]:
    """The tracks that a DJ would have loaded, and one that is gone."""
    prefix = f"{LIBRARY}/"
    found = []
    for file in files:
        path = file.path.removeprefix(prefix)
        if path.startswith(NEVER_IN_TRAKTOR):
            continue
        tempo, key = heard(file.passages[0])
        artist, _, title = PurePosixPath(path).stem.rpartition(" - ")
        chance = crc32(path.rpartition(".")[0].encode())
        length_s = sum(passage.length_s for passage in file.passages)
        found.append(
            Track(
                path=path,
                artist=file.tags.artist or artist,
                title=file.tags.title or title,
                album=file.tags.album,
                number=file.tags.track,
                length_s=length_s + PAUSE_S * (len(file.passages) - 1),
                bpm=tempo,
                key=key,
                genre=file.tags.genre or _GENRES[chance % len(_GENRES)],
                sound=file.passages[0].seed,
                chance=chance,
            )
        )
    gone = Track(
        path=GONE,
        artist="Mirko Halvorsen",
        title="Kaltstart (Promo)",
        album=None,
        number=None,
        length_s=371.0,
        bpm=126.0,
        key=21,
        genre="Techno",
        sound=0,
        chance=7,
    )
    return (*found, gone)


def collection(tracks: Sequence[Track], now: datetime) -> bytes:
    """The collection, with two sets, one list of what is still to hear, and a smart list."""
    nodes = [_folder("Sets", [_playlist(name, keys) for name, keys in sets(tracks).items()])]
    nodes.append(_playlist("Still to hear", [t.primary_key for t in tracks if not t.stars][:8]))
    search = {"VERSION": "1", "QUERY": "$RATING == 255"}
    smart = _element("SMARTLIST", {"UUID": _uuid("smart")}, _element("SEARCH_EXPRESSION", search))
    nodes.append(_element("NODE", {"TYPE": "SMARTLIST", "NAME": "Five stars"}, smart))
    return _document([_entry(track, now) for track in tracks], nodes)


def sets(tracks: Sequence[Track]) -> dict[str, list[str]]:
    """Keys of the tracks of each set: by tempo, one of them twice, one of them gone."""
    danced = sorted((t for t in tracks if t.path != GONE), key=lambda t: (t.bpm, t.key, t.path))
    found, start = {}, len(danced)
    for name, size in SETS.items():
        start -= size
        found[name] = [track.primary_key for track in danced[start : start + size]]
    found["Warehouse"].append(tracks[-1].primary_key)
    found["Sunday afternoon"].append(found["Sunday afternoon"][0])
    return found


def histories(tracks: Sequence[Track], now: datetime) -> Mapping[str, bytes]:
    """Files of past sessions by name."""
    found = {}
    for days, size in SESSIONS:
        start = (now - timedelta(days=days)).replace(hour=21, minute=30, second=0, microsecond=0)
        played = sorted(
            (track for track in tracks if track.path != GONE),
            key=lambda track: crc32(f"{days}/{track.chance}".encode()),
        )[:size]
        name = f"history_{start:%Yy%mm%dd_%Hh%Mm%Ss}.nml"
        found[name] = _document(
            [_entry(track, now) for track in played], [_protocol(played, start)]
        )
    return found


def plays_of(track: Track) -> int:
    """How often Traktor counted a play."""
    return track.chance % 9 if track.stars else 0


def _entry(track: Track, now: datetime) -> str:
    imported = now - timedelta(days=60 + track.chance % 900)
    played = now - timedelta(days=3 + track.chance % 200)
    counted = plays_of(track)
    info = {
        "BITRATE": "320000",
        "GENRE": track.genre,
        "COMMENT": "play it loud" if track.chance % 11 == 0 else "",
        "KEY": _OPEN_KEYS[track.key],
        "PLAYCOUNT": str(counted) if counted else "",
        "PLAYTIME": str(round(track.length_s)),
        "PLAYTIME_FLOAT": f"{track.length_s:.6f}",
        "RANKING": str(track.stars * _STAR) if track.stars else "",
        "IMPORT_DATE": _date(imported),
        "LAST_PLAYED": _date(played) if counted else "",
        "FLAGS": "12",
        "FILESIZE": str(round(track.length_s * 40)),
    }
    album = {"TRACK": str(track.number or ""), "TITLE": track.album or ""}
    place = {"DIR": track.folder, "FILE": track.file, "VOLUME": VOLUME, "VOLUMEID": VOLUME}
    body = _element("LOCATION", place)
    body += _element("ALBUM", album) if track.album else ""
    body += _element("MODIFICATION_INFO", {"AUTHOR_TYPE": "user"})
    body += _element("INFO", info)
    body += _element("TEMPO", {"BPM": f"{track.bpm:.6f}", "BPM_QUALITY": "100.000000"})
    loudness = -1.5 - track.chance % 40 / 10
    body += _element(
        "LOUDNESS",
        {
            "PEAK_DB": f"{-0.1 - track.chance % 7 / 10:.6f}",
            "PERCEIVED_DB": f"{loudness:.6f}",
            "ANALYZED_DB": f"{loudness:.6f}",
        },
    )
    body += _element("MUSICAL_KEY", {"VALUE": str(track.key)})
    body += "".join(_cues(track))
    told = {
        "MODIFIED_DATE": _date(now - timedelta(days=2)),
        "MODIFIED_TIME": "79200",
        "AUDIO_ID": _audio_id(track.sound),
        "TITLE": track.title,
        "ARTIST": track.artist,
    }
    return _element("ENTRY", told, body)


def _audio_id(sound: int) -> str:
    """A fingerprint: 257 bytes, the last of them of silence."""
    start = b"".join(blake2b(f"{sound}/{part}".encode()).digest() for part in range(3))
    return b64encode(start.ljust(257, b"\xff")).decode()


def _cues(track: Track) -> Iterator[str]:
    beat_ms = 60_000 / track.bpm
    for number, name in enumerate(_CUES[: 1 + track.chance % len(_CUES)]):
        cue = {
            "NAME": name,
            "DISPL_ORDER": "0",
            "TYPE": "0" if number else "4",
            "START": f"{number * 64 * beat_ms:.6f}",
            "LEN": "0.000000",
            "REPEATS": "-1",
            "HOTCUE": str(number) if number else "-1",
        }
        grid = "" if number else _element("GRID", {"BPM": f"{track.bpm:.6f}"})
        yield _element("CUE_V2", cue, grid)


def _protocol(played: Sequence[Track], start: datetime) -> str:
    """The list of a session: each track begins when the one before it ends."""
    rows, at = [], start
    for number, track in enumerate(played):
        event = {
            "DECK": str(number % 2),
            "DURATION": f"{track.length_s - 15:.6f}",
            "EXTENDEDTYPE": "HistoryData",
            "PLAYEDPUBLIC": "1",
            "STARTDATE": str(at.year << 16 | at.month << 8 | at.day),
            "STARTTIME": str(at.hour * 3600 + at.minute * 60 + at.second),
        }
        key = _element("PRIMARYKEY", {"TYPE": "TRACK", "KEY": track.primary_key})
        rows.append(_element("ENTRY", {}, key + _element("EXTENDEDDATA", event)))
        at += timedelta(seconds=round(track.length_s))
    name = f"HISTORY {start:%Y-%m-%d}"
    return _list(name, "PROTOCOL", rows)


def _playlist(name: str, keys: Sequence[str]) -> str:
    rows = [
        _element("ENTRY", {}, _element("PRIMARYKEY", {"TYPE": "TRACK", "KEY": key})) for key in keys
    ]
    return _list(name, "LIST", rows)


def _list(name: str, kind: str, rows: Sequence[str]) -> str:
    told = {"ENTRIES": str(len(rows)), "TYPE": kind, "UUID": _uuid(name)}
    node = {"TYPE": "PLAYLIST", "NAME": name}
    return _element("NODE", node, _element("PLAYLIST", told, "".join(rows)))


def _folder(name: str, nodes: Sequence[str]) -> str:
    inside = _element("SUBNODES", {"COUNT": str(len(nodes))}, "".join(nodes))
    return _element("NODE", {"TYPE": "FOLDER", "NAME": name}, inside)


def _document(entries: Sequence[str], nodes: Sequence[str]) -> bytes:
    company = {"COMPANY": "www.native-instruments.com", "PROGRAM": "Traktor Pro 4"}
    listed = _element("COLLECTION", {"ENTRIES": str(len(entries))}, "".join(entries))
    body = _element("HEAD", company) + listed + _element("SETS", {"ENTRIES": "0"})
    body += _element("PLAYLISTS", {}, _folder("$ROOT", nodes)) + _element("INDEXING", {})
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
    return f"{declaration}{_element('NML', {'VERSION': '20'}, body)}".encode()


def _element(tag: str, attributes: Mapping[str, str], body: str = "") -> str:
    told = "".join(f' {name}="{_escaped(text)}"' for name, text in attributes.items() if text)
    return f"<{tag}{told}>{body}</{tag}>\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _date(moment: datetime) -> str:
    return f"{moment.year}/{moment.month}/{moment.day}"


def _uuid(name: str) -> str:
    return blake2b(name.encode(), digest_size=16).hexdigest()
