"""Duplicates among the audio files of a folder; without one, how well and how fast the index works.

python -m benchmarks.duplicates DIR [--json]
python -m benchmarks.duplicates [--json] [--tracks N]

With DIR: every group of files as `beet quality duplicates --json` prints it, without a library.
Tags are read where files have some; names of files say nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mediafile

from musictool_core.matching import Song
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.duplicates.finding import Track, find
from musictool_core.quality.duplicates.listing import as_lines, as_row
from musictool_core.quality.duplicates.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENDINGS = frozenset(
    {
        *(".mp3", ".flac", ".wav", ".aif", ".aiff", ".m4a", ".mp4", ".aac", ".ogg", ".opus"),
        *(".wv", ".wma", ".ape", ".mpc"),
    }
)


def tracks_of(folder: Path) -> list[Track]:
    """The audio files of a folder and those below it."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS and p.is_file())
    return [Track(number, path, _song(path)) for number, path in enumerate(paths)]


def _song(path: Path) -> Song:
    try:
        tags = mediafile.MediaFile(path)
    except mediafile.UnreadableFileError:
        return Song("", "")
    return Song(tags.artist or "", tags.title or "", tags.length or None, tags.isrc or "")


def main(args: Sequence[str]) -> int:
    """Print groups, or figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.duplicates", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true", help="one JSON object a group")
    chosen = parser.parse_args(args)
    tracks = tracks_of(chosen.folder)
    found = find(tracks, Store(None), report=silent, cancel=CancelToken())
    names = {track.key: str(track.path) for track in tracks}
    for each in found.groups:
        row: dict[str, Any] = as_row(each, names)
        if chosen.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print("\n".join(as_lines(each, names)))
    for key, why in found.failed.items():
        print(f"{names[key]}: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
