"""A Traktor that reads its collection when it starts and writes all of it when it exits.

As a process (`python -m tests.fakes.traktor COLLECTION`): it says "ready", obeys one line each
("play KEY", "set KEY ELEMENT ATTRIBUTE VALUE", "cue KEY MS", "add TITLE", "quit") and answers "ok".
It shares no code with the product: the layout is written from reference/traktor-nml.md, section 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
FOLDER = "/:Users/:me/:Music/:"
VOLUME = "Macintosh HD"


def entry(
    title: str,
    *,
    file: str = "",
    info: Mapping[str, str] | None = None,
    attributes: Mapping[str, str] | None = None,
    album: Mapping[str, str] | None = None,
    bpm: str = "",
    key: str = "",
    cues: Iterable[int] = (),
) -> ET.Element:
    """A track of a collection; `info` are attributes of INFO."""
    made = ET.Element("ENTRY", {"MODIFIED_DATE": "2024/3/7", "MODIFIED_TIME": "4711",
                                **(attributes or {}), "TITLE": title})  # fmt: skip
    if "ARTIST" in (attributes or {}):
        made.attrib["ARTIST"] = made.attrib.pop("ARTIST")
    ET.SubElement(made, "LOCATION", {"DIR": FOLDER, "FILE": file or f"{title}.mp3",
                                     "VOLUME": VOLUME, "VOLUMEID": VOLUME})  # fmt: skip
    if album:
        ET.SubElement(made, "ALBUM", dict(album))
    ET.SubElement(made, "MODIFICATION_INFO", {"AUTHOR_TYPE": "user"})
    ET.SubElement(made, "INFO", dict(info or {}))
    if bpm:
        ET.SubElement(made, "TEMPO", {"BPM": bpm, "BPM_QUALITY": "100.000000"})
    if key:
        ET.SubElement(made, "MUSICAL_KEY", {"VALUE": key})
    for start in cues:
        add_cue(made, start)
    return made


def add_cue(made: ET.Element, start_ms: int) -> None:
    """Add a cue point."""
    ET.SubElement(
        made,
        "CUE_V2",
        {"NAME": "n.n.", "DISPL_ORDER": "0", "TYPE": "0", "START": f"{start_ms}.000000",
         "LEN": "0.000000", "REPEATS": "-1", "HOTCUE": "-1"},
    )  # fmt: skip


def key_of(made: ET.Element) -> str:
    """The primary key of a track."""
    place = made.find("LOCATION")
    assert place is not None
    return place.attrib["VOLUME"] + place.attrib["DIR"] + place.attrib["FILE"]


def collection(entries: Iterable[ET.Element]) -> bytes:
    """A whole collection of Traktor 4."""
    root = ET.Element("NML", {"VERSION": "20"})
    ET.SubElement(
        root, "HEAD", {"COMPANY": "www.native-instruments.com", "PROGRAM": "Traktor Pro 4"}
    )
    listed = list(entries)
    ET.SubElement(root, "COLLECTION", {"ENTRIES": str(len(listed))}).extend(listed)
    ET.SubElement(root, "SETS", {"ENTRIES": "0"})
    lists = ET.SubElement(root, "PLAYLISTS")
    folder = ET.SubElement(lists, "NODE", {"TYPE": "FOLDER", "NAME": "$ROOT"})
    ET.SubElement(folder, "SUBNODES", {"COUNT": "0"})
    return render(root)


def render(root: ET.Element) -> bytes:
    """All of it in Traktor's layout."""
    parts: list[str] = []
    _render(root, parts)
    return DECLARATION + "".join(parts).encode()


def _render(element: ET.Element, parts: list[str]) -> None:
    told = "".join(f' {name}="{_escaped(value)}"' for name, value in element.attrib.items())
    parts.append(f"<{element.tag}{told}>")
    for child in element:
        _render(child, parts)
    parts.append(f"</{element.tag}>\n")
    if element.tag == "NML":
        # The declaration is a line of its own, and so is each element: the first child, too.
        return


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class Traktor:
    """What the program holds while it runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = ET.fromstring(path.read_bytes())  # noqa: S314 - made by the tests

    def obey(self, line: str) -> None:
        """Do what a user does in it."""
        command, _, rest = line.partition("\t")
        words = rest.split("\t")
        if command == "add":
            found = self._root.find("COLLECTION")
            assert found is not None
            found.append(entry(words[0]))
            found.attrib["ENTRIES"] = str(len(found))
            return
        track = next(e for e in self._root.iterfind("COLLECTION/ENTRY") if key_of(e) == words[0])
        if command == "play":
            info = _child(track, "INFO")
            info.attrib["PLAYCOUNT"] = str(int(info.attrib.get("PLAYCOUNT", "0")) + 1)
            info.attrib["LAST_PLAYED"] = "2024/5/3"
        elif command == "cue":
            add_cue(track, int(words[1]))
        else:
            _child(track, words[1]).attrib[words[2]] = words[3]
        track.attrib["MODIFIED_DATE"], track.attrib["MODIFIED_TIME"] = "2024/5/3", "60"

    def exit(self) -> None:
        """Write everything, whatever stands in the file by now."""
        self._path.write_bytes(render(self._root))


def _child(track: ET.Element, tag: str) -> ET.Element:
    found = track if tag == "ENTRY" else track.find(tag)
    return ET.SubElement(track, tag) if found is None else found


def main() -> None:
    """Run as a process."""
    program = Traktor(Path(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        program.obey(line.rstrip("\n"))
        print("ok", flush=True)
    program.exit()


if __name__ == "__main__":
    main()
