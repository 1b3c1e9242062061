"""Large synthetic shelves and beets libraries, from a seed: realistic in size and repetition.

Names repeat as in real collections: few artists with many records, frequent words and titles
("Untitled", "Intro", "Love" on many records) beside rare ones, several mixes of one title on one
12".
"""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from beets import config
from beets.library import Library

from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SYLLABLES = (  # noqa: SIM905 - a line of words reads better than a column of them
    "ka lo mi ra ten dor vel sun ash bel cor dan el fir gan hol in jor kel lan mar nor ost pel "
    "quin ros sil tor ul ven wil xan yar zen bro cla dre fla gre pla sta tri"
).split()
WORDS = (  # noqa: SIM905
    "love night deep sun moon city rain street blue red light dark time space heart soul dream "
    "fire water stone river gold silver glass smoke shadow echo signal static pulse rhythm motion "
    "velvet paper winter summer autumn spring morning evening midnight sunday distance harbour "
    "garden window mirror engine circuit vapour neon desert island mountain valley ocean storm"
).split()
MIXES = ("Dub", "Instrumental", "Extended Mix", "Radio Edit", "Club Mix", "Acapella", "Reprise")
COMMON_TITLES = ("Untitled", "Intro", "Outro", "Love", "Home", "Dub", "Interlude")
LABELS = 400
GENRES = ("Techno", "House", "Electro", "Ambient", "Drum And Bass", "Disco", "Dub", "Soul", "Jazz")
MOODS = ("dark", "happy", "deep", "hypnotic", "raw", "warm", "café at night", "Übermut")
SOURCES = ("vinyl rip", "beatport", "bandcamp", "promo", "cd")


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a beets library."""

    artist: str
    title: str
    album: str
    albumartist: str
    label: str
    catalognum: str
    length_s: float
    track: int
    year: int


def make_shelf(releases: int, seed: int = 1) -> list[Release]:
    """Return so many releases with five tracks each on average."""
    chance = random.Random(seed)
    artists = [_name(chance) for _ in range(max(20, releases // 3))]
    labels = [f"{_name(chance)} Records" for _ in range(LABELS)]
    return [_release(chance, number, artists, labels) for number in range(1, releases + 1)]


def make_items(shelf: Sequence[Release], count: int, seed: int = 2) -> Iterator[Item]:
    """Yield so many files: a third from the shelf, named as people name them."""
    chance = random.Random(seed)
    strangers = make_shelf(max(1, count // 5), seed=seed + 1000)
    for number in range(count):
        source = shelf if number % 3 == 0 else strangers
        release = source[int(len(source) * chance.random())]
        yield _item(chance, release, int(len(release.tracks) * chance.random()))


def make_library(folder: Path, items: int, seed: int = 4) -> None:
    """Write `library.db`, a beets library of albums of ten with 15 flexible attributes an item.

    Some items lack an attribute that their album has, and some values are no numbers, as people
    type them.
    """
    config["create_backup_before_migrations"] = False
    lib = Library(folder / "library.db", str(folder / "music"))
    chance = random.Random(seed)
    files = list(make_items(make_shelf(max(1, items // 8), seed=seed), items, seed=seed))
    files.sort(key=lambda item: item.albumartist)
    numbered = enumerate(files, start=1)
    with closing(lib._connection()) as own, own:  # noqa: SLF001 - beets' objects take minutes
        for album, group in groupby(numbered, key=lambda pair: (pair[0] - 1) // 10 + 1):
            rows = [_library_row(chance, number, album, item) for number, item in group]
            own.executemany(_INSERT_ITEM, rows)
            own.executemany(
                "INSERT INTO item_attributes (entity_id, key, value) VALUES (?, ?, ?)",
                [(row[0], *pair) for row in rows for pair in _attributes(chance)],
            )
            own.execute(
                "INSERT INTO albums (id, album, albumartist, label, year, added)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (album, rows[0][4] or "", rows[0][5] or "", rows[0][6], rows[0][10], rows[0][11]),
            )
            own.executemany(
                "INSERT INTO album_attributes (entity_id, key, value) VALUES (?, ?, ?)",
                [(album, "energy", f"{chance.uniform(1, 10):.1f}"), (album, "shelf", f"A{album}")],
            )


_ITEM_COLUMNS = (
    "id", "album_id", "artist", "title", "album", "albumartist", "label", "catalognum", "length",
    "track", "year", "added", "mtime", "path", "genres", "bpm", "initial_key", "format", "bitrate",
    "samplerate", "bitdepth", "channels", "comments", "mb_trackid", "mb_albumid", "mb_artistid",
    "country", "media", "disc", "disctotal", "encoder",
)  # fmt: skip
_INSERT_ITEM = (
    f"INSERT INTO items ({', '.join(_ITEM_COLUMNS)})"  # noqa: S608 - names are constants
    f" VALUES ({', '.join('?' for _ in _ITEM_COLUMNS)})"
)


def _library_row(chance: random.Random, number: int, album: int, item: Item) -> tuple[object, ...]:
    artist, title, name, albumartist, label, catalognum, length_s, track, year = astuple(item)
    added = 1.2e9 + chance.random() * 5e8
    genres = "\\␀".join(sorted(set(chance.choices(GENRES, k=chance.choice((1, 1, 2))))))
    comment = f"{chance.randint(1, 12)}A - Energy {chance.randint(1, 10)}"
    return (
        number, album, artist, title, name, albumartist, label, catalognum, length_s, track, year,
        added, added, f"{albumartist}/{name}/{track:02} {title} {number}.mp3".encode(), genres,
        chance.randint(90, 178), chance.choice(("Am", "F#m", "C", "Gm", "")), "MP3", 320_000,
        44_100, 16, 2, comment if chance.random() < 0.5 else "", _mbid(chance), _mbid(chance),
        _mbid(chance), chance.choice(("GB", "DE", "US", "")), "Digital Media", 1, 1, "LAME 3.100",
    )  # fmt: skip


def _attributes(chance: random.Random) -> list[tuple[str, str]]:
    found = [
        ("energy", f"{chance.uniform(1, 10):.1f}"),
        ("quality_score", str(chance.randint(20, 100))),
        ("analysis_bpm", f"{chance.uniform(90, 178):.2f}"),
        ("danceability", f"{chance.random():.6f}"),
        ("traktor_rating", str(chance.randint(0, 5))),
        ("traktor_playcount", str(int(chance.expovariate(0.2)))),
        ("play_count", str(int(chance.expovariate(0.1)))),
        ("last_played", f"{1.5e9 + chance.random() * 2e8:.0f}"),
        ("analysis_lufs", f"{-chance.uniform(5, 16):.2f}"),
        ("analysis_camelot", f"{chance.randint(1, 12)}{chance.choice('AB')}"),
        ("mood", chance.choice(MOODS)),
        ("source", chance.choice(SOURCES)),
        ("colour", chance.choice(("red", "green", "blue", "yellow"))),
        ("data_source", chance.choice(("Discogs", "MusicBrainz"))),
        ("discogs_url", f"https://www.discogs.com/release/{chance.randint(1, 30_000_000)}"),
    ]
    if chance.random() < 0.02:
        found[0] = ("energy", chance.choice(("", "abc", "7 ", "1e1", "high")))
    elif chance.random() < 0.05:
        del found[0]
    return found


def _mbid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def write_collection_csv(shelf: Sequence[Release], path: Path, seed: int = 3) -> None:
    """Write the shelf as the Discogs website exports it."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(
            "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,"
            "Date Added,Collection Media Condition,Collection Sleeve Condition,Collection Notes\r\n"
        )
        for release in shelf:
            label = release.labels[0]
            year = chance.randint(2005, 2024)
            stream.write(
                f'{label.catno},{release.artists[0].name},"{release.title}",{label.name},'
                f'"12"", 33 ⅓ RPM",,{release.year},{release.release_id},Uncategorized,'
                f"{year}-0{chance.randint(1, 9)}-11 20:15:00,Near Mint (NM or M-),,\r\n"
            )


def _release(
    chance: random.Random, number: int, artists: Sequence[str], labels: Sequence[str]
) -> Release:
    # The square makes a few artists and labels much more frequent than the others.
    artist = artists[int(len(artists) * chance.random() ** 2)]
    label = labels[int(len(labels) * chance.random() ** 2)]
    tracks: list[Track] = []
    wanted = chance.choice((2, 3, 4, 4, 4, 5, 6, 8, 9))
    while len(tracks) < wanted:
        title = _title(chance)
        length_s = float(chance.randint(150, 520)) if chance.random() < 0.5 else None
        tracks.append(Track(_position(len(tracks)), title, length_s))
        if wanted <= 4 and len(tracks) < wanted and chance.random() < 0.5:
            mix = f"{title} ({chance.choice(MIXES)})"
            tracks.append(Track(_position(len(tracks)), mix, length_s))
    return Release(
        release_id=ReleaseId(number),
        title=tracks[0].title,
        artists=(ArtistCredit(artist),),
        tracks=tuple(tracks),
        labels=(LabelCredit(label, f"{label[:3].upper()} {chance.randint(1, 300):03}"),),
        formats=(FormatEntry("Vinyl", 1, ('12"',)),),
        year=chance.randint(1980, 2024),
    )


def _item(chance: random.Random, release: Release, index: int) -> Item:
    track = release.tracks[index]
    artist, title = release.artists[0].name, track.title
    style = chance.random()
    if style < 0.2:
        title = f"{title} (Original Mix)" if "(" not in title else title
    elif style < 0.3:
        artist, title = artist.upper(), title.lower()
    elif style < 0.4:
        artist, title = "", f"{artist} - {title}"
    elif style < 0.45:
        title = f"{title} (Live)"
    tagged = chance.random() < 0.6
    return Item(
        artist=artist,
        title=title,
        album=release.title if tagged else "",
        albumartist=artist if tagged else "",
        label=release.labels[0].name if tagged else "",
        catalognum=release.labels[0].catno if tagged and chance.random() < 0.5 else "",
        length_s=(track.duration_s or chance.randint(150, 520)) + chance.uniform(-3, 3),
        track=index + 1,
        year=release.year or 0,
    )


def _name(chance: random.Random) -> str:
    words = chance.choice((1, 2, 2))
    return " ".join(
        "".join(chance.choices(SYLLABLES, k=chance.choice((2, 3)))).title() for _ in range(words)
    )


def _title(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return chance.choice(COMMON_TITLES)
    return " ".join(_word(chance) for _ in range(chance.choice((1, 2, 2, 3)))).title()


def _word(chance: random.Random) -> str:
    """A word of a title: half of them frequent ones, the rest from a long tail, as in language."""
    if chance.random() < 0.5:
        return chance.choice(WORDS)
    return "".join(chance.choices(SYLLABLES, k=2))


def _position(index: int) -> str:
    return f"{'ABCD'[index // 3 % 4]}{index % 3 + 1}"
