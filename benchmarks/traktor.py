"""Traktor's collection: what others may run on their own files, and how fast it is beside peers.

python -m benchmarks.traktor roundtrip IN.nml OUT.nml      every entry parsed and rendered again
python -m benchmarks.traktor edit IN.nml OUT.nml KEY FIELD VALUE
python -m benchmarks.traktor facts IN.nml --json
python -m benchmarks.traktor speed FILE                     each measure in a process of its own

KEY is VOLUME + DIR + FILE, as in PRIMARYKEY. FIELD is a field ("stars"), beets' name for
one ("genres"), or ELEMENT@ATTRIBUTE ("INFO@RATING", "ENTRY@TITLE"). An empty VALUE
takes the value away. A collection of any size comes from
`../shared/data/traktor-nml/make_collection.py -n 100000 --flavour t4 FILE`.

The peers are installed by `pip install -e '.[bench]'`; the product imports none of them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pickle
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from musictool_core.errors import MusicToolError
from musictool_core.traktor.collection import is_unchanged, open_collection, write
from musictool_core.traktor.fields import edits, read_all
from musictool_core.traktor.model import parse
from musictool_core.traktor.patch import apply, render_all
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import delta, is_traktor_layout, scan
from musictool_core.traktor.values import AttributeEdit, NmlError, Patch, TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.traktor.collection import Collection
    from musictool_core.traktor.values import Element

CHANGED = 500
"""Entries that change in the measures of refresh and writing."""

_BEETS_NAMES = {
    "genres": "genre",
    "comments": "comment",
    "remixers": "remixer",
    "year": "released",
    "initial_key": "key_text",
}


def main() -> int:
    """Run one command; 1 when it could not be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, arguments in {
        "roundtrip": ("source", "target"),
        "edit": ("source", "target", "key", "field", "value"),
        "facts": ("source",),
        "speed": ("source",),
        "prepare": ("source", "folder"),
        "measure": ("what", "source", "folder"),
    }.items():
        command = commands.add_parser(name)
        for argument in arguments:
            command.add_argument(argument)
        if name == "facts":
            command.add_argument("--json", action="store_true")
    options = vars(parser.parse_args())
    try:
        _COMMANDS[options.pop("command")](**options)
    except (NmlError, MusicToolError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


# --- For others to run ---------------------------------------------------------------------------


def roundtrip(source: str, target: str) -> None:
    """Save without changes: every entry goes through the model and the code that patches."""
    data = Path(source).read_bytes()
    index = scan(data)
    Path(target).write_bytes(b"".join(render_all(data, index.entries, index.style)))
    print(f"{len(index.entries)} entries parsed and rendered", file=sys.stderr)


def edit(source: str, target: str, key: str, field: str, value: str) -> None:
    """Give one field of one track another value."""
    data = Path(source).read_bytes()
    index = scan(data)
    span = index.by_key.get(TrackKey(key))
    if span is None:
        raise NmlError(f"{key} is not in the collection.")
    entry = parse(data[span.start : span.end])
    if "@" in field:
        element, _, attribute = field.partition("@")
        named = "" if element == "ENTRY" else element
        own: tuple[AttributeEdit, ...] = (AttributeEdit(named, attribute, value or None),)
    else:
        name = field.removeprefix("traktor_")
        name = _BEETS_NAMES.get(name, name)
        own = edits(entry, name, value or None, numbers=index.style.numbers)
    Path(target).write_bytes(apply(data, index, Patch(edits={TrackKey(key): own})))


def facts(source: str, *, json: bool) -> None:
    """Count what is in a file."""
    found = _facts(Path(source).read_bytes())
    print(_json(found) if json else "\n".join(f"{name}: {value}" for name, value in found.items()))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _facts(data: bytes) -> dict[str, Any]:
    index = scan(data)
    shelf = read_shelf(data, index)
    cues, elements = Counter[str](), Counter[str]()
    for span in index.entries:
        _count(parse(data[span.start : span.end]), cues, elements)
    smart = sum(one.kind == "SMARTLIST" for one in shelf.playlists)
    has_root = "PLAYLISTS" in index.sections and b'NAME="$ROOT"' in data
    return {
        "entries": len(index.entries),
        "declared": index.declared,
        "without_location": sum(span.key is None for span in index.entries),
        "analysed": elements["AUDIO_ID"],
        "cues": dict(sorted(cues.items())),
        "keys": elements["MUSICAL_KEY"],
        "loops": elements["LOOPINFO"],
        "stems": elements["STEMS"],
        "playlists": len(shelf.playlists) - smart,
        "smartlists": smart,
        # With the root, which is a folder as well.
        "folders": len(shelf.folders) + has_root,
        "playlist_entries": sum(len(one.keys) for one in shelf.playlists),
        "dangling": len(shelf.dangling(index.by_key)),
        "history_events": sum(len(one.played) for one in shelf.playlists),
        "remix_sets": shelf.remix_sets,
        "version": index.version,
        "program": index.program,
        "traktor_layout": is_traktor_layout(data),
    }


def _count(entry: Element, cues: Counter[str], elements: Counter[str]) -> None:
    elements["AUDIO_ID"] += "AUDIO_ID" in entry.attributes
    elements.update({child.tag for child in entry.children})
    cues.update(
        child.attributes.get("TYPE", "") for child in entry.children if child.tag == "CUE_V2"
    )


# --- Speed ---------------------------------------------------------------------------------------


def speed(source: str) -> None:
    """Print the table: CPU seconds of the work, and the most memory the process had."""
    path = Path(source)
    with tempfile.TemporaryDirectory(dir=path.resolve().parent) as folder:
        # In a process of its own: children start with the most memory that their parent had.
        command = [sys.executable, "-m", "benchmarks.traktor", "prepare", source, folder]
        subprocess.run(command, check=True)
        done = {what: _in_process(what, path, folder) for what in _MEASURES}
    print(f"{path.stat().st_size / 1e6:.1f} MB\n{'':44}{'CPU s':>8}{'MB':>7}")
    for what, result in done.items():
        if result is None:
            print(f"{what:44}not installed (pip install -e '.[bench]')")
        else:
            print(f"{what:44}{result['cpu_s']:8.3f}{result['mb']:7.0f}")
    print()
    for ours, peer, bar in (
        ("ours: all fields of all entries", "traktor-nml-utils: load", 1 / 8),
        ("ours: refresh after 500 changed", "lxml: parse", 0.5),
        ("ours: write 500 edits", "lxml: parse and write", 1.0),
    ):
        one, other = done[ours], done[peer]
        if one and other:
            ratio = one["cpu_s"] / other["cpu_s"]
            print(f"{ours} / {peer}: {ratio:.3f} (bar {bar:.3f})")


def _in_process(what: str, path: Path, folder: str) -> dict[str, float] | None:
    if what.startswith("traktor-nml-utils") and not importlib.util.find_spec("traktor_nml_utils"):
        return None
    command = [sys.executable, "-m", "benchmarks.traktor", "measure", what, str(path), folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(what: str, source: str, folder: str) -> None:
    """Measure one thing in this process; what is printed is read by `speed`."""
    work = _MEASURES[what]
    start = time.process_time()
    kept = work(Path(source), Path(folder))
    cpu_s = time.process_time() - start
    del kept
    used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(_json({"cpu_s": cpu_s, "mb": used_mb}))


def prepare(source: str, folder: str) -> None:
    """Make a collection to write to, one in which entries changed, and the index from before."""
    found, work = open_collection(Path(source)), Path(folder)
    shutil.copyfile(source, work / "written.nml")
    (work / "stamp").write_bytes(pickle.dumps(found.stamp))
    (work / "index").write_bytes(pickle.dumps(dict(found.scan.digests)))
    (work / "changed.nml").write_bytes(apply(found.data, found.scan, _some_edits(found)))


def _some_edits(found: Collection) -> Patch:
    keys = sorted(found.scan.by_key)
    chosen = random.Random(1).sample(keys, min(CHANGED, len(keys)))
    wanted = {}
    for key in chosen:
        span = found.scan.by_key[key]
        entry = parse(found.data[span.start : span.end])
        wanted[key] = edits(entry, "comment", f"another {entry.attributes.get('TITLE')}")
    return Patch(edits=wanted, modified=1_772_000_000)


def _extract(path: Path, _folder: Path) -> object:
    found = open_collection(path)
    data, count = found.data, 0
    for span in found.scan.entries:
        count += len(read_all(parse(data[span.start : span.end])))
    return count


def _index(path: Path, _folder: Path) -> object:
    return open_collection(path).scan


def _refresh(_path: Path, folder: Path) -> object:
    older = pickle.loads((folder / "index").read_bytes())  # noqa: S301 - our own
    found = open_collection(folder / "changed.nml")
    spans = found.scan.by_key
    differs = delta(found.scan, older)
    return [
        read_all(parse(found.data[spans[key].start : spans[key].end]))
        for key in (*differs.changed, *differs.new)
    ]


def _unchanged(path: Path, folder: Path) -> object:
    stamp = pickle.loads((folder / "stamp").read_bytes())  # noqa: S301 - our own
    if not is_unchanged(path, stamp):
        raise NmlError("the file changed while it was measured.")
    return None


def _write(_path: Path, folder: Path) -> object:
    found = open_collection(folder / "written.nml")
    return write(
        found, _some_edits(found), is_running=lambda: False, now=datetime(2026, 1, 1, tzinfo=UTC)
    )


def _lxml_dicts(path: Path, _folder: Path) -> object:
    root = etree.parse(path).getroot()
    return [
        [dict(one.attrib) for one in entry.iter()] for entry in root.iterfind("COLLECTION/ENTRY")
    ]


def _lxml_write(path: Path, folder: Path) -> object:
    etree.parse(path).write(folder / "lxml.nml", encoding="UTF-8", xml_declaration=True)
    return None


def _etree_write(path: Path, folder: Path) -> object:
    ET.parse(path).write(folder / "etree.nml", "UTF-8", xml_declaration=True)  # noqa: S314
    return None


def _peer_load(path: Path, _folder: Path) -> object:
    peer: Any = importlib.import_module("traktor_nml_utils")
    return peer.TraktorCollection(path)


_MEASURES: dict[str, Callable[[Path, Path], object]] = {
    "ours: index": _index,
    "ours: all fields of all entries": _extract,
    "ours: refresh after 500 changed": _refresh,
    "ours: unchanged file": _unchanged,
    "ours: write 500 edits": _write,
    "lxml: parse": lambda path, _: etree.parse(path),
    "lxml: parse, a dict an element": _lxml_dicts,
    "lxml: parse and write": _lxml_write,
    "xml.etree: parse": lambda path, _: ET.parse(path),  # noqa: S314
    "xml.etree: parse and write": _etree_write,
    "traktor-nml-utils: load": _peer_load,
}

_COMMANDS: dict[str, Callable[..., None]] = {
    "roundtrip": roundtrip,
    "edit": edit,
    "facts": facts,
    "speed": speed,
    "prepare": prepare,
    "measure": measure,
}


if __name__ == "__main__":
    sys.exit(main())
