"""How well releases are matched to library items, beside the peers people use for it.

python -m benchmarks.matching CASES.jsonl [--predictions OUT.jsonl] [--speed]

Every case holds one release and the items that may belong to it. Scored are pairs (item, track) of
the automatic tier: a wrong track is one false positive and one false negative; items whose `kind`
is "ambiguous" are not scored. A file that holds a whole side or record is no claim about one track
and counts as "none" here. Real cases ("dump-") and constructed ones ("con-") are reported apart.
The cases are also reported in two halves by hash of their name. Rules were developed on half A,
later also on one half of half B; the other half of B ("held out") was never looked at.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidfuzz import fuzz, process

from musictool_core.matching import (
    item_keys,
    match_release,
    prepare_item,
    prepare_release,
    release_keys,
)
from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    ItemId,
    LibraryItem,
    Release,
    ReleaseId,
    Track,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_WILSON_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Case:
    """One release, its items, and what a careful human said about them."""

    name: str
    release: Release
    items: tuple[LibraryItem, ...]
    item_names: tuple[str, ...]
    gold: tuple[int | None, ...]
    kinds: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups the case is reported in: family, and half by hash of its name."""
        family = "real" if self.name.startswith("dump-") else "constructed"
        digest = hashlib.sha1(self.name.encode(), usedforsecurity=False).digest()
        half_b, second = digest[-1] & 1, digest[-1] & 2
        held_out = ("held out",) if half_b and second else ()
        return ("all", family, "half B" if half_b else "half A", *held_out)


class Prediction(NamedTuple):
    """What a method says about one item."""

    track: int | None
    tier: str


NOTHING = Prediction(None, "none")


@dataclass(slots=True)
class Score:
    """Counts over many items."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    owned_other_version: int = 0
    review: int = 0
    items: int = 0
    tracks: int = 0
    tracks_right: int = 0

    @property
    def automatic(self) -> int:
        """Scored items of the automatic tier."""
        return self.true_positive + self.false_positive

    @property
    def precision(self) -> float:
        """Right ones among the automatic matches."""
        return _ratio(self.true_positive, self.automatic)

    @property
    def recall(self) -> float:
        """Automatic matches among what a human matched."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def other_version_share(self) -> float:
        """Share of automatic matches that are another version."""
        return _ratio(self.owned_other_version, self.automatic)

    @property
    def review_share(self) -> float:
        """Share of all items a person is asked about."""
        return _ratio(self.review, self.items)

    @property
    def gap_accuracy(self) -> float:
        """Share of tracks whose owned or missing state is right."""
        return _ratio(self.tracks_right, self.tracks)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % confidence interval of a share."""
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, _WILSON_Z**2
    middle = share + z2 / (2 * whole)
    spread = _WILSON_Z * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2))
    return (middle - spread) / (1 + z2 / whole), (middle + spread) / (1 + z2 / whole)


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases, one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        return [_case(json.loads(line)) for line in lines if line.strip()]


def _case(raw: dict[str, Any]) -> Case:
    release, items = raw["release"], raw["items"]
    return Case(
        name=raw["case"],
        release=_release(release),
        items=tuple(_item(index, item) for index, item in enumerate(items)),
        item_names=tuple(item["id"] for item in items),
        gold=tuple(item.get("gold") for item in items),
        kinds=tuple(item.get("kind", "") for item in items),
    )


def _credit(name: str | None) -> tuple[ArtistCredit, ...]:
    return (ArtistCredit(name),) if name else ()


def _release(raw: dict[str, Any]) -> Release:
    year = str(raw.get("year") or "")
    return Release(
        release_id=ReleaseId(int(raw["id"])),
        title=raw.get("title") or "",
        artists=_credit(raw.get("artist")),
        tracks=tuple(
            Track(
                position=track.get("position") or "",
                title=track.get("title") or "",
                duration_s=track.get("duration"),
                artists=_credit(track.get("artist")),
            )
            for track in raw["tracks"]
        ),
        formats=(FormatEntry(raw["format"]),) if raw.get("format") else (),
        year=int(year) if year.isdecimal() else None,
    )


def _item(index: int, raw: dict[str, Any]) -> LibraryItem:
    return LibraryItem(
        item_id=ItemId(index),
        title=raw.get("title") or "",
        artist=raw.get("artist") or "",
        length_s=raw.get("duration"),
        file_name=raw.get("raw") or "",
    )


def predict(case: Case, *, blocked: bool = True) -> list[Prediction]:
    """Match a case with the product; with `blocked` only items that share a key are looked at."""
    release = prepare_release(case.release)
    items = [prepare_item(item) for item in case.items]
    if blocked:
        keys = release_keys(release)
        items = [item for item in items if not keys.isdisjoint(item_keys(item))]
    predictions = [NOTHING] * len(case.items)
    for match in match_release(release, items):
        if len(match.tracks) == 1:
            predictions[match.item_id] = Prediction(match.tracks[0], match.tier.value)
    return predictions


def add_scores(score: Score, case: Case, predictions: Sequence[Prediction]) -> None:
    """Add one case to a score."""
    owned, gold_owned, unclear = set[int](), set[int](), set[int]()
    score.items += len(case.items)
    for gold, kind, (track, tier) in zip(case.gold, case.kinds, predictions, strict=True):
        score.review += tier == "review"
        if kind == "ambiguous":
            if tier == "auto" and track is not None:
                unclear.add(track)
            continue
        right = tier == "auto" and track == gold and gold is not None
        score.true_positive += right
        score.false_negative += gold is not None and not right
        if gold is not None:
            gold_owned.add(gold)
        if tier == "auto":
            score.false_positive += not right
            score.owned_other_version += kind == "other_version"
            if track is not None:
                owned.add(track)
    for index in range(len(case.release.tracks)):
        if index in unclear and index not in gold_owned:
            continue
        score.tracks += 1
        score.tracks_right += (index in owned) == (index in gold_owned)


def score_groups(
    cases: Iterable[Case], predicted: Callable[[Case], Sequence[Prediction]]
) -> dict[str, Score]:
    """Score a method on all cases, by family and by half."""
    scores: dict[str, Score] = defaultdict(Score)
    for case in cases:
        predictions = predicted(case)
        for group in case.groups:
            add_scores(scores[group], case, predictions)
    return dict(scores)


def _best_of(
    case: Case, likeness: Callable[[LibraryItem, Track, str], float], threshold: float
) -> list[Prediction]:
    """A peer: the likeliest track when it reaches the threshold."""
    found = []
    for item in case.items:
        likenesses = [
            likeness(item, track, _artist_of(case.release, track)) for track in case.release.tracks
        ]
        best = max(range(len(likenesses)), key=likenesses.__getitem__, default=None)
        hit = best is not None and likenesses[best] >= threshold
        found.append(Prediction(best, "auto") if hit else NOTHING)
    return found


def _artist_of(release: Release, track: Track) -> str:
    credits_ = track.artists or release.artists
    return credits_[0].name if credits_ else ""


def _exact(item: LibraryItem, track: Track, _artist: str) -> float:
    return float(item.title.casefold() == track.title.casefold())


def _token_set(item: LibraryItem, track: Track, _artist: str) -> float:
    return fuzz.token_set_ratio(item.title.casefold(), track.title.casefold())


def _w_ratio(item: LibraryItem, track: Track, artist: str) -> float:
    raw = item.file_name.casefold()
    with_artist = f"{artist} {track.title}".casefold()
    return max(fuzz.WRatio(raw, track.title.casefold()), fuzz.WRatio(raw, with_artist))


def _beets(item: LibraryItem, track: Track, _artist: str) -> float:
    from beets.autotag.distance import string_dist  # noqa: PLC0415 - beets takes a second to load

    return 1.0 - string_dist(item.title, track.title)


PEERS: tuple[tuple[str, Callable[[LibraryItem, Track, str], float], float], ...] = (
    ("exact title", _exact, 1.0),
    ("rapidfuzz token_set_ratio > 85", _token_set, 85.0001),
    ("rapidfuzz WRatio >= 86", _w_ratio, 86.0),
    ("beets string_dist <= .2", _beets, 0.8),
)


def report_quality(cases: Sequence[Case]) -> None:
    """Print our figures, the loss by blocking, and the peers."""
    ours = score_groups(cases, predict)
    for group in ("all", "real", "constructed", "half A", "half B", "held out"):
        if group in ours:
            print(_quality_line(group, ours[group]))
    unblocked = score_groups(cases, lambda case: predict(case, blocked=False))["all"]
    loss = 100 * (unblocked.recall - ours["all"].recall)
    print(f"blocking costs {loss:.2f} points of recall (bar: 0.5)")
    print(f"{'method':34} {'P':>5} {'R':>5} {'F1':>5} {'gap':>5}  ours/peer F1  real F1")
    print(_peer_line("musictool", ours, ours))
    for name, likeness, threshold in PEERS:
        peer = score_groups(
            cases,
            lambda case, f=likeness, t=threshold: _best_of(case, f, t),  # type: ignore[misc]
        )
        print(_peer_line(name, peer, ours))


def _quality_line(group: str, score: Score) -> str:
    low_p, high_p = wilson(score.true_positive, score.automatic)
    low_r, high_r = wilson(score.true_positive, score.true_positive + score.false_negative)
    return (
        f"{group:12} precision {score.precision:.3f} [{low_p:.3f}, {high_p:.3f}]"
        f"  recall {score.recall:.3f} [{low_r:.3f}, {high_r:.3f}]"
        f"  other version among owned {score.other_version_share:.3f}"
        f"  review {score.review_share:.3f}  gap accuracy {score.gap_accuracy:.3f}"
        f"  ({score.items} items)"
    )


def _peer_line(name: str, peer: dict[str, Score], ours: dict[str, Score]) -> str:
    score = peer["all"]
    ratio = ours["all"].f1 / score.f1 if score.f1 else math.inf
    real = f"{peer['real'].f1:7.3f}" if "real" in peer else ""
    return (
        f"{name:34} {score.precision:5.3f} {score.recall:5.3f} {score.f1:5.3f}"
        f" {score.gap_accuracy:5.3f} {ratio:12.2f}x  {real}"
    )


def write_predictions(cases: Iterable[Case], path: Path) -> None:
    """Write one line per item: case, item, track or null, tier."""
    with path.open("w", encoding="utf-8") as out:
        for case in cases:
            for name, (track, tier) in zip(case.item_names, predict(case), strict=True):
                line = {"case": case.name, "item": name, "track": track, "tier": tier}
                out.write(json.dumps(line) + "\n")


def synthetic_library(
    cases: Sequence[Case], releases: int, items: int, seed: int = 1
) -> tuple[list[Release], list[LibraryItem]]:
    """Make a large collection out of the words of the cases.

    A third of the items belong to a track of the collection, the others to none.
    """
    chance = random.Random(seed)
    words = sorted({w for c in cases for t in c.release.tracks for w in t.title.split()})
    names = sorted({_artist_of(c.release, t) for c in cases for t in c.release.tracks})
    surnames = sorted({word for name in names for word in name.split() if len(word) > 3})
    mixes = ("", "", "", " (Original Mix)", " (Club Mix)", " (Dub)", " (Radio Edit)")

    def title() -> str:
        return " ".join(chance.choices(words, k=chance.randint(1, 4)))

    def artist() -> str:
        return " ".join(chance.choices(surnames, k=2))

    made = []
    for number in range(releases):
        credit = _credit(artist())
        tracks = tuple(
            Track(f"A{n + 1}", title() + chance.choice(mixes), chance.uniform(120, 500))
            for n in range(5)
        )
        made.append(Release(ReleaseId(number + 1), title(), credit, tracks))
    library = []
    for number in range(items):
        release = chance.choice(made)
        track = chance.choice(release.tracks)
        own = chance.random() < 1 / 3
        library.append(
            LibraryItem(
                ItemId(number),
                track.title if own else title() + chance.choice(mixes),
                release.artists[0].name if own else artist(),
                album=title(),
                length_s=chance.uniform(120, 500),
            )
        )
    return made, library


def report_speed(cases: Sequence[Case]) -> None:
    """Print the time of a cold full run and what the peer would need for the same pairs."""
    releases, library = synthetic_library(cases, releases=5000, items=20000)
    start = time.perf_counter()
    buckets: dict[str, list[int]] = defaultdict(list)
    items = [prepare_item(item) for item in library]
    key_count = 0
    for number, item in enumerate(items):
        keys = item_keys(item)
        key_count += len(keys)
        for key in keys:
            buckets[key].append(number)
    prepared_s = time.perf_counter() - start
    pairs = matches = 0
    for release in releases:
        prepared = prepare_release(release)
        candidates = {n for key in release_keys(prepared) for n in buckets.get(key, ())}
        pairs += len(candidates)
        matches += len(match_release(prepared, [items[number] for number in sorted(candidates)]))
    total_s = time.perf_counter() - start
    tracks = [track.title for release in releases for track in release.tracks]
    sample = [item.title for item in library[:200]]
    start = time.perf_counter()
    process.cdist(sample, tracks, scorer=fuzz.token_set_ratio, workers=1)
    peer_s = (time.perf_counter() - start) * len(library) / len(sample)
    print(
        f"{len(releases)} releases, {len(tracks)} tracks x {len(library)} items, one process:"
        f" {total_s:.1f} s ({prepared_s:.1f} s of it to read the items),"
        f" {key_count / len(library):.1f} keys an item, {pairs} candidate pairs"
        f" of {len(releases) * len(library)}, {matches} matches;"
        f" rapidfuzz token_set_ratio on all pairs: {peer_s:.0f} s = {peer_s / total_s:.0f}x"
    )


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--predictions", type=Path, help="write what we say about each item")
    parser.add_argument("--speed", action="store_true", help="also time a large collection")
    options = parser.parse_args(arguments)
    cases = read_cases(options.cases)
    if options.predictions:
        write_predictions(cases, options.predictions)
    report_quality(cases)
    if options.speed:
        report_speed(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
