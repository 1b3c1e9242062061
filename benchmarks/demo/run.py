"""The main job on the demo set: a Discogs export in, gaps and shop links out; Traktor in step.

`python -m benchmarks.demo.run DIR` makes the set below DIR (once), gives it a fresh beets library
each time, and runs the same commands a user would type. No network, no account.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.demo import audio, build, covers, history, traktor

CONFIG = """\
# beets configuration of the musictool demo
directory: {music}
library: library.db
plugins: >-
  discogscollection djanalysis gaps history marketplace musictool quality traktor
  importadded fetchart
# Dates of files and sleeves beside them; nothing is asked for.
fetchart: {{sources: filesystem}}
create_backup_before_migrations: no
import: {{copy: no, write: no, autotag: no, quiet: yes, duplicate_action: keep}}
# One step of the demo measures, not the import.
djanalysis: {{auto: no}}
quality: {{auto: no}}
traktor:
  collection: {collection}
  # The collection is that of a notebook, whose music folder is this one here.
  paths: [{{nml: "Macintosh HD/:Users/:dj/:Music/:", local: {music}}}]
  # The audio files serve the next run, too, and stay as they are.
  tags: no
"""

_RATED_IN_BEETS = ("label:glasshouse", ",", "label:kaltstrom")
_MEASURED = ("label:dijkhuis", ",", "label:glasshouse", ",", "label:kaltstrom")
_CHECKED = "label:dijkhuis"
_HALVED = ("modify", "-y", "-M", "-W", "title::^Dry Land$", "bpm=60")
_RATED = ("traktor_rating:4..5", "bpm+")


def main(arguments: list[str]) -> int:
    """Run the demo below the folder given; return the exit status of the first failure, or 0."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m benchmarks.demo.run DIR\n")
        return 1
    root = Path(arguments[0]).resolve()
    demo_set = root / "set"
    say(f"1. The demo set: 40 records, 79 audio files ({demo_set})")
    made = subprocess.run([sys.executable, "-m", "benchmarks.demo", demo_set], check=False)
    if made.returncode:
        return made.returncode
    covers.write_covers(demo_set / build.LIBRARY)
    history.date_files(demo_set / build.LIBRARY, datetime.now(UTC))  # noqa: TID251 - entry point
    collection = fresh_traktor(root)
    for handed_over in root.glob("Rated*.nml"):
        handed_over.unlink()
    beets = fresh_beets(root, demo_set, collection)
    csv = ["collection", "import-csv", str(demo_set / "collection.csv")]
    tracklists = ["--tracklists", str(demo_set / "tracklists.jsonl")]
    steps = (
        (
            "2. The digital library, imported as it is",
            ["import", "-A", "-q", str(demo_set / build.LIBRARY)],
        ),
        (
            "3. The record shelf: a Discogs export, and track lists from a file",
            [*csv, *tracklists],
        ),
        ("4. Which tracks of my records do I not own digitally?", ["gaps"]),
        ("5. How complete is the shelf?", ["gaps", "completion", "label"]),
        ("6. Where do I get them? (one label)", ["buy", "links", "label:kassettenwerk"]),
        ("7. In the shop: do I own this?", ["collection", "owned", "2009900000293"]),
        ("8. What has no record on the shelf?", ["gaps", "reverse"]),
        (
            f"9. Traktor: stars that only beets has ({collection})",
            ["modify", "-y", "-M", "-W", *_RATED_IN_BEETS, "traktor_rating=4"],
        ),
        ("10. Traktor and beets in step: values go both ways", ["traktor", "sync"]),
        ("11. What only you can decide", ["traktor", "conflicts"]),
        (
            "12. A beets query as a playlist of Traktor, from now on",
            ["traktor", "playlists", "--push", "From beets/Rated", *_RATED, "--keep"],
        ),
        (
            "13. The same as a file, to drag into a Traktor that runs",
            ["traktor", "handover", "--name", "Rated", "--to", str(root), *_RATED],
        ),
        ("14. The playlists", ["traktor", "playlists"]),
        ("15. What was played", ["traktor", "history"]),
        ("16. What is wrong in the collection", ["traktor", "health"]),
        ("17. In step now", ["traktor", "status"]),
        *_measuring(),
        ("24. How healthy are the tags?", ["quality", "health"]),
    )
    for title, words in steps:
        if status := _step(beets, title, words):
            return status
    say(check(beets, demo_set))
    # Only now: what is checked are the states without wishes of a person.
    title = "25. Records that are for sale need no files"
    if status := _step(beets, title, ["gaps", "ignore", "folder", "To", "Sell"]):
        return status
    for title, words in _better_files(root):
        if status := _step(beets, title, words):
            return status
    say(f"Try more: BEETSDIR={beets} {Path(sys.executable).parent / 'beet'} gaps --help")
    return 0


def _step(beets: Path, title: str, words: list[str]) -> int:
    say(title)
    say(f"   $ beet {' '.join(Path(w).name if Path(w).is_absolute() else w for w in words)}")
    return beet(beets, *words)


def _measuring() -> tuple[tuple[str, list[str]], ...]:
    """Steps that need a decoder."""
    if shutil.which("ffmpeg") is None:
        say("Without ffmpeg no key, tempo or energy is measured, and no file is checked.")
        return ()
    return (
        ("18. Key, tempo and energy from the audio (some labels)", ["dj", "analyze", *_MEASURED]),
        ("19. One tag has half the tempo, as some programs write it", [*_HALVED]),
        ("20. Is that what tags and Traktor say?", ["dj", "verify", "--all", *_MEASURED]),
        ("21. What mixes with a track?", ["dj", "mixable", "id:1"]),
        ("22. How good are the files? (one label)", ["quality", "score", _CHECKED]),
        ("23. Which of them to replace first?", ["quality", "upgrades", _CHECKED]),
    )


def _better_files(root: Path) -> tuple[tuple[str, list[str]], ...]:
    """Make a better file of one track and a second one of another; steps that need a decoder."""
    if shutil.which("ffmpeg") is None:
        return ()
    known = {file.tags.title: file for file in build.plan_demo_set().audio if file.was_mp3}
    ((title, fake),) = known.items()
    other = next(
        file
        for file in build.plan_demo_set().audio
        if Path(file.path).parent == Path(fake.path).parent and not file.was_mp3
    )
    folder = root / "downloads"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rip, twin = folder / f"{title} (rip).flac", folder / f"{other.tags.title}.aiff"
    audio.write_audio(folder / "plain.flac", "flac", fake.passages, fake.tags)
    # A needle is set down before the music begins.
    wanted = ["-af", "adelay=800", str(rip)]
    plain = str(folder / "plain.flac")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", plain, *wanted], check=True)
    (folder / "plain.flac").unlink()
    audio.write_audio(twin, "aiff", other.passages, replace(other.tags, album=None, track=None))
    query = f"title::^{title}$"
    return (
        (
            "26. A rip of the record takes the place of a copy that was an MP3, cues follow",
            ["quality", "replace", str(rip), query],
        ),
        ("27. The files of the demo stay as they are: taken back, to the byte", ["undo", "--last"]),
        ("28. A track is bought once more", ["import", "-A", "-q", "-s", str(twin)]),
        (
            "29. Which file of it would stay?",
            ["quality", "resolve", "--pretend", f"title::^{other.tags.title}$"],
        ),
    )


def fresh_traktor(root: Path) -> Path:
    """Make an installation of Traktor that has the demo files; return its collection."""
    folder = root / "traktor"
    shutil.rmtree(folder, ignore_errors=True)
    now = datetime.now().astimezone()  # noqa: TID251 - entry point
    return traktor.write_traktor(folder, build.plan_demo_set().audio, now)


def fresh_beets(root: Path, demo_set: Path, collection: Path) -> Path:
    """Make an empty beets folder with its configuration."""
    beets = root / "beets"
    shutil.rmtree(beets, ignore_errors=True)
    beets.mkdir(parents=True)
    config = CONFIG.format(
        music=json.dumps(str(demo_set / build.LIBRARY)), collection=json.dumps(str(collection))
    )
    (beets / "config.yaml").write_text(config, "utf-8")
    return beets


def beet(beets: Path, *words: str) -> int:
    """Run one beets command as a user would; return its exit status."""
    return subprocess.run(_command(*words), env=_environment(beets), check=False).returncode


def check(beets: Path, demo_set: Path) -> str:
    """Compare the states with what the maker of the set knows, in one line."""
    found = subprocess.run(
        _command("gaps", "list", "--json"),
        env=_environment(beets),
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    states = {(row["release_id"], row["position"], row["title"]): row["state"] for row in rows}
    expected = json.loads((demo_set / "expected.json").read_text("utf-8"))["tracks"]
    right = sum(
        states.get((track["release_id"], track["position"], track["title"])) in track["accepted"]
        for track in expected
    )
    return (
        f"Checked: {right} of {len(expected)} tracks have the state the maker of the set expects."
    )


def say(line: str) -> None:
    """Print a heading between the commands' own output."""
    print(f"\n{line}", flush=True)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "beets", *words]


def _environment(beets: Path) -> dict[str, str]:
    return {**os.environ, "BEETSDIR": str(beets), "PYTHONUTF8": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
