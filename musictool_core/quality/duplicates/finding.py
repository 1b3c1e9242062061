"""The way from files to groups of duplicates: reads files and the cache, changes nothing."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from musictool_core.analysis.due import AudioFile, identify
from musictool_core.audio.errors import AudioError, ToolMissing
from musictool_core.audio.fingerprint import STEP_S, Fingerprint, fingerprint_file, read_compressed
from musictool_core.progress import Progress
from musictool_core.quality.duplicates.decide import decide
from musictool_core.quality.duplicates.evidence import Evidence, Sounds, compare_titles
from musictool_core.quality.duplicates.families import Group, Pair, group
from musictool_core.quality.duplicates.index import Proposal, propose
from musictool_core.quality.duplicates.sounds import LONGEST_S, Sounding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.matching import Song
    from musictool_core.progress import CancelToken, Report
    from musictool_core.quality.duplicates.store import Store

    Kept = tuple[str, int, int]

T = TypeVar("T")
U = TypeVar("U")

_TOGETHER = 64
"""Results after which what was worked out is kept: what a kill costs at most."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Track:
    """A file to look at.

    Attributes:
        key: whatever the caller knows it by; rising in the order of the list.
        song: what its tags say.
        acoustid: the fingerprint that beets' `chroma` plugin keeps; "" for none.
        known: digest, size and modification time when it was last read; None when it never was.
    """

    key: int
    path: Path
    song: Song
    acoustid: str = ""
    known: Kept | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a search.

    Attributes:
        groups: the surest first.
        failed: why a file could not be compared, by key.
    """

    groups: list[Group]
    failed: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Node:
    """All files of one audio; the first stands for them."""

    digest: str
    tracks: tuple[Track, ...]

    @property
    def first(self) -> Track:
        return self.tracks[0]


def find(
    tracks: Sequence[Track],
    store: Store,
    *,
    report: Report,
    cancel: CancelToken,
    workers: int = 0,
) -> Found:
    """Find which files are the same, which are versions of one another, and which are unclear.

    Args:
        tracks: files to look at.
        store: what is known from before.
        report: takes the progress.
        cancel: asked between files; what was worked out is kept.
        workers: files and pairs at a time; 0 for one a processor.

    Raises:
        ToolMissing: what decodes is not installed.
        Cancelled: the user stopped.
    """
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        work = _Work(pool, report, cancel)
        nodes, failed = _read(tracks, store, work)
        prints = _fingerprints(nodes, store, work)
        for node in nodes:
            made = prints[node.digest]
            if isinstance(made, str):
                failed |= {track.key: made for track in node.tracks}
        pairs = [*_same_audio(nodes), *_compared(nodes, prints, store, work)]
    return Found(group(_between_all(nodes, pairs)), failed)


@dataclass(frozen=True, slots=True)
class _Work:
    """Does things in threads, with progress, until it is to stop."""

    pool: ThreadPoolExecutor
    report: Report
    cancel: CancelToken

    def each(self, todo: Sequence[T], do: Callable[[T], U], label: str) -> Iterator[tuple[T, U]]:
        """Results in order; few are ahead of the one that is taken."""
        ahead = 4 * (os.cpu_count() or 1)
        waiting = [(each, self.pool.submit(do, each)) for each in todo[:ahead]]
        following = iter(todo[ahead:])
        done = 0
        try:
            while waiting:
                self.report(Progress(done, len(todo), label))
                self.cancel.check()
                each, future = waiting.pop(0)
                result = future.result()
                waiting += [(more, self.pool.submit(do, more)) for more in _one(following)]
                done += 1
                yield each, result
        finally:
            for _, future in waiting:
                future.cancel()
        self.report(Progress(done, len(todo), label))


def _one(following: Iterator[T]) -> list[T]:
    return [each for _, each in zip(range(1), following, strict=False)]


# --- files ---------------------------------------------------------------------------------------


def _read(tracks: Sequence[Track], store: Store, work: _Work) -> tuple[list[_Node], dict[int, str]]:
    """Audio by digest, and what could not be read."""
    kept = store.files([str(track.path) for track in tracks])

    def look(track: Track) -> tuple[str, Kept]:
        known = track.known or kept.get(str(track.path)) or ("", 0, 0)
        seen = identify(AudioFile(track.key, track.path, track.song.duration_s, *known))
        return seen.error, (seen.digest, seen.size, seen.modified_ns)

    failed: dict[int, str] = {}
    by_digest: dict[str, list[Track]] = {}
    news: dict[str, Kept] = {}
    for track, (error, found) in work.each(tracks, look, "files read"):
        if error:
            failed[track.key] = error
            continue
        by_digest.setdefault(found[0], []).append(replace(track, known=found))
        if found not in {track.known, kept.get(str(track.path))}:
            news[str(track.path)] = found
        if len(news) >= _TOGETHER:
            store.keep_files(news)
            news = {}
    store.keep_files(news)
    nodes = [_Node(digest, tuple(same)) for digest, same in by_digest.items()]
    return nodes, failed


def _same_audio(nodes: Sequence[_Node]) -> Iterator[Pair]:
    """Pairs of files with equal audio."""
    for node in nodes:
        if len(node.tracks) < 2:
            continue
        hashes = {track.key: _file_hash(track) for track in node.tracks}
        for one, two in combinations(node.tracks, 2):
            titles, said = compare_titles(one.song, two.song)
            same_file = bool(hashes[one.key]) and hashes[one.key] == hashes[two.key]
            evidence = Evidence(same_file=same_file, same_payload=True, titles=titles, said=said)
            yield _pair(one, two, evidence)


def _file_hash(track: Track) -> str:
    """Hash of the whole file; "" when it cannot be read any more."""
    total = hashlib.sha256()
    try:
        with track.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
    except OSError:
        return ""
    return total.hexdigest()


def _pair(one: Track, two: Track, evidence: Evidence) -> Pair:
    left, right = sorted((one.key, two.key))
    return Pair(left, right, evidence, decide(evidence))


# --- sounds --------------------------------------------------------------------------------------


def _fingerprints(
    nodes: Sequence[_Node], store: Store, work: _Work
) -> dict[str, Fingerprint | str]:
    """Fingerprints by digest; in words why there is none."""
    found = store.prints([node.digest for node in nodes])
    missing = [node for node in nodes if node.digest not in found]
    news: dict[str, Fingerprint | str] = {}
    for node, made in work.each(missing, _fingerprint, "files fingerprinted"):
        news[node.digest] = made
        if len(news) >= _TOGETHER:
            store.keep_prints(news)
            found |= news
            news = {}
    store.keep_prints(news)
    return found | news


def _fingerprint(node: _Node) -> Fingerprint | str:
    for track in node.tracks:
        if track.acoustid and (known := read_compressed(track.acoustid)) is not None:
            return known
    try:
        return fingerprint_file(node.first.path)
    except ToolMissing:
        raise
    except AudioError as error:
        return str(error)


def _compared(
    nodes: Sequence[_Node],
    prints: Mapping[str, Fingerprint | str],
    store: Store,
    work: _Work,
) -> Iterator[Pair]:
    """Pairs of files whose fingerprints agree somewhere, compared by what is heard."""
    usable = [node for node in nodes if isinstance(prints[node.digest], Fingerprint)]
    values = [
        made.values for node in usable if isinstance(made := prints[node.digest], Fingerprint)
    ]
    proposals = propose(values)
    known = store.sounds([node.digest for node in usable])
    sounding = Sounding()

    def listen(proposal: Proposal) -> Sounds | str:
        one, two = usable[proposal.left], usable[proposal.right]
        if (made := known.get((one.digest, two.digest))) is not None:
            return made
        if max(one.first.song.duration_s or 0, two.first.song.duration_s or 0) > LONGEST_S:
            return "they are too long to be laid on one another"
        try:
            return sounding.compare(one.first.path, two.first.path, -proposal.offset * STEP_S)
        except ToolMissing:
            raise
        except AudioError as error:
            return str(error)

    for proposal, heard in work.each(proposals, listen, "pairs compared"):
        one, two = usable[proposal.left], usable[proposal.right]
        if isinstance(heard, Sounds) and (one.digest, two.digest) not in known:
            store.keep_sounds({(one.digest, two.digest): heard})
        titles, said = compare_titles(one.first.song, two.first.song)
        evidence = Evidence(
            ber=proposal.ber,
            offset_s=-proposal.offset * STEP_S,
            sounds=heard if isinstance(heard, Sounds) else None,
            why_not=heard if isinstance(heard, str) else "",
            titles=titles,
            said=said,
        )
        yield _pair(one.first, two.first, evidence)


def _between_all(nodes: Sequence[_Node], pairs: Sequence[Pair]) -> list[Pair]:
    """What holds of a file holds of all with the same audio: titles are compared for each."""
    tracks = {track.key: track for node in nodes for track in node.tracks}
    home = {track.key: node for node in nodes for track in node.tracks}
    found: list[Pair] = []
    for pair in pairs:
        found.append(pair)
        one, two = home[pair.left], home[pair.right]
        if one is two:
            continue
        for ours in one.tracks:
            for theirs in two.tracks:
                if {ours.key, theirs.key} == {pair.left, pair.right}:
                    continue
                titles, said = compare_titles(tracks[ours.key].song, tracks[theirs.key].song)
                found.append(_pair(ours, theirs, replace(pair.evidence, titles=titles, said=said)))
    return found
