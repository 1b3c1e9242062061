"""Small NML files in every layout that we have met, made without third-party data."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'

TEXTS = (
    *(
        "Plain",
        "R&B edit",
        'The "Other" Label',
        "rough (C-->D)",
        "it's a grower",
        "さくら",
        "a < b",
    ),
    *("&amp; twice", "äâùù çéååø", "\ufffd\ufffd", " ", "0", "𝄞 clef", "\xa0x"),
)


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element as Traktor writes it."""
    given = "".join(
        f' {key}="{_escape(str(value))}"' for key, value in attributes.items() if value is not None
    )
    return f"<{name}{given}>{''.join(children)}</{name}>\n"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@dataclass(frozen=True)
class Kind:
    """What differs between generations."""

    version: int
    decimals: bool
    uuid: bool
    grid: bool

    def number(self, value: float) -> str:
        return f"{value:.6f}" if self.decimals else f"{value:g}"


KINDS: Mapping[str, Kind] = {
    "t2": Kind(15, decimals=False, uuid=False, grid=False),
    "t211": Kind(19, decimals=False, uuid=True, grid=False),
    "t3": Kind(19, decimals=True, uuid=True, grid=False),
    "t4": Kind(20, decimals=True, uuid=True, grid=True),
}


def key_of(number: int) -> str:
    return f"Macintosh HD/:Users/:dj/:Musïc & more/:{number:03d} - it's//x.mp3"


def entry(number: int, kind: Kind, chance: random.Random) -> str:
    analysed = chance.random() < 0.7
    locked = analysed and chance.random() < 0.3
    text = lambda share: chance.choice(TEXTS) if chance.random() < share else None  # noqa: E731
    children = [
        tag(
            "LOCATION",
            DIR="/:Users/:dj/:Musïc & more/:",
            FILE=f"{number:03d} - it's//x.mp3",
            VOLUME="Macintosh HD",
            VOLUMEID=chance.choice(["Macintosh HD", ""]),
        )
    ]
    if chance.random() < 0.6:
        track = chance.choice([None, 3])
        children.append(tag("ALBUM", OF_TRACKS=track and 12, TRACK=track, TITLE=text(0.9) or "x"))
    if kind.version > 15:
        author = "user" if analysed else "importer"
        children.append(tag("MODIFICATION_INFO", AUTHOR_TYPE=author))
    if chance.random() < 0.95:
        children.append(
            tag(
                "INFO",
                BITRATE=chance.choice([320000, -1]),
                GENRE=text(0.5),
                LABEL=text(0.3),
                COMMENT=text(0.5),
                KEY_LYRICS=text(0.1),
                RATING=text(0.3),
                REMIXER=text(0.2),
                PRODUCER=text(0.1),
                MIX=text(0.2),
                CATALOG_NO=text(0.2),
                KEY=chance.choice([None, "10m", "Cm", "o"]),
                PLAYCOUNT=chance.choice([None, 7, 6553701]),
                PLAYTIME=300,
                PLAYTIME_FLOAT=kind.number(299.6) if analysed else None,
                RANKING=chance.choice([None, 0, 51, 196, 204, 255, 230]),
                IMPORT_DATE="2018/3/7",
                LAST_PLAYED=chance.choice([None, "2019/11/30"]),
                RELEASE_DATE=chance.choice([None, "1999/1/1"]),
                FLAGS=chance.choice([None, 12, 28]),
                FILESIZE=9000,
                COLOR=chance.choice([None, 4]),
            )
        )
    if analysed:
        number_ = kind.number
        bpm = chance.choice([None, number_(125), number_(126.6667)])
        children += [
            tag("TEMPO", BPM=bpm, BPM_QUALITY=number_(100)),
            tag("LOUDNESS", PEAK_DB=number_(-0.25), PERCEIVED_DB=number_(1.5)),
            *([tag("MUSICAL_KEY", VALUE=21)] if chance.random() < 0.8 else []),
        ]
        grid = [tag("GRID", BPM=number_(125))] if kind.grid else []
        cue = {"DISPL_ORDER": 0, "START": number_(52.315876), "LEN": number_(0), "REPEATS": -1}
        children += [
            tag("CUE_V2", *grid, NAME="AutoGrid", TYPE=4, HOTCUE=-1, **cue),
            tag("CUE_V2", NAME="n.n.", TYPE=0, HOTCUE=2, **cue),
        ]
    return tag(
        "ENTRY",
        *children,
        MODIFIED_DATE="2020/8/6",
        MODIFIED_TIME=chance.randrange(86400),
        LOCK=1 if locked else chance.choice([None, 0]),
        AUDIO_ID="AQID" * 86 if analysed else None,
        TITLE=chance.choice(TEXTS),
        ARTIST=text(0.8),
    )


def playlist(name: str, keys: Iterable[str], kind: Kind, uuid: str = "ab" * 16) -> str:
    keys = list(keys)
    rows = [tag("ENTRY", tag("PRIMARYKEY", TYPE="TRACK", KEY=key)) for key in keys]
    used = uuid if kind.uuid else None
    inner = tag("PLAYLIST", *rows, ENTRIES=len(keys), TYPE="LIST", UUID=used)
    return tag("NODE", inner, TYPE="PLAYLIST", NAME=name)


def folder(name: str, *nodes: str) -> str:
    return tag("NODE", tag("SUBNODES", *nodes, COUNT=len(nodes)), TYPE="FOLDER", NAME=name)


def collection(
    entries: int = 8, *, kind: str = "t3", seed: int = 1, playlists: str | None = None
) -> bytes:
    """A collection as a generation of Traktor writes it."""
    chance, which = random.Random(seed), KINDS[kind]
    keys = [key_of(number) for number in range(entries)]
    if playlists is None:
        repeated = [*keys[:4], *keys[:1]]
        playlists = folder(
            "$ROOT",
            playlist("_LOOPS", [], which, "0" * 32),
            folder("Sets & co", playlist("Friday", repeated, which, "1" * 32)),
            playlist("Preparation", keys[1:3], which, "2" * 32),
        )
    cell = tag(
        "CELL", INDEX=0, CELLNAME="x", DIR="/:Users/:dj/:Musïc & more/:",
        FILE="001 - it's//x.mp3", VOLUME="Macintosh HD",
    )  # fmt: skip
    sets = tag(
        "SETS",
        tag("SET", tag("SLOT", cell, KEYLOCK=1), TITLE="Remix", QUANT_VAlUE=4, QUANT_STATE=0),
        ENTRIES=1,
    )
    made = tag(
        "NML",
        tag("HEAD", COMPANY="www.native-instruments.com", PROGRAM="Traktor"),
        *([] if which.grid else ["<MUSICFOLDERS></MUSICFOLDERS>\n"]),
        tag(
            "COLLECTION",
            *(entry(number, which, chance) for number in range(entries)),
            # Larger than what is there, as in real files.
            ENTRIES=entries + 3,
        ),
        sets,
        f"<PLAYLISTS>{playlists}</PLAYLISTS>\n",
        "<INDEXING></INDEXING>\n",
        VERSION=which.version,
    )
    return (DECLARATION + made).encode()


# --- What other tools make of it -----------------------------------------------------------------


def by_lxml(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data), xml_declaration=True, encoding="UTF-8")


def by_elementtree(data: bytes) -> bytes:
    out = BytesIO()
    ElementTree.ElementTree(ElementTree.fromstring(data)).write(out, "utf-8", xml_declaration=True)  # noqa: S314
    return out.getvalue()


def in_ascii(data: bytes) -> bytes:
    root = ElementTree.fromstring(data)  # noqa: S314
    made: bytes = ElementTree.tostring(root, "us-ascii", xml_declaration=True)
    return made


def indented(data: bytes) -> bytes:
    tree = ElementTree.ElementTree(ElementTree.fromstring(data))  # noqa: S314
    ElementTree.indent(tree, "    ")
    out = BytesIO()
    tree.write(out, "utf-8", xml_declaration=True, short_empty_elements=False)
    return out.getvalue()


def on_windows(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + indented(data).replace(b"\n", b"\r\n")


def wrapped(data: bytes) -> bytes:
    turned = indented(data).replace(b' FILE="', b'\n        FILE="')
    return turned.replace(b' KEY="', b'\n\tKEY="')


def single_quoted(data: bytes) -> bytes:
    def turn(match: re.Match[str]) -> str:
        value = match[1].replace("&quot;", '"').replace("'", "&apos;")
        return f"='{value}'"

    return re.sub('="([^"]*)"', turn, data.decode().partition("\n")[2]).encode()


def without_declaration(data: bytes) -> bytes:
    return data.removeprefix(DECLARATION.encode())


def minified(data: bytes) -> bytes:
    return without_declaration(data).replace(b">\n", b">")


def with_comments(data: bytes) -> bytes:
    return data.replace(b"</ENTRY>\n", b"</ENTRY>\n<!-- <ENTRY TITLE='no'> -->\n")


FOREIGN: Mapping[str, Callable[[bytes], bytes]] = {
    function.__name__: function
    for function in (
        *(by_lxml, by_elementtree, in_ascii, indented, on_windows, wrapped, single_quoted),
        *(without_declaration, minified, with_comments),
    )
}


def real_files(shared_data: Path) -> list[Path]:
    """All NML of the corpus."""
    return sorted((shared_data / "traktor-nml").glob("*/*.nml"))
