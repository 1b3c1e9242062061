"""Which entry of the collection is which file of the library.

Methods from the surest to the weakest; a weaker one is asked only for what is left. A candidate is
refuted when lengths differ by more than 1 s or sizes by more than 2 %, where both are known. An
entry gets an item only when each is the other's single candidate; else all candidates are reported
and none is picked. A weaker method may decide between candidates of a stronger one, never against
them. What a person decided stands.
Pure: plain values in and out.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, bisect_right
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.matching import Song, Verdict, compare
from musictool_core.traktor.locations import folded, nfc, split_folder
from musictool_core.traktor.wordblocks import Blocks, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from musictool_core.music import ItemId
    from musictool_core.traktor.values import Location, TrackKey

LENGTH_SLACK_S = 1.0
SIZE_SLACK = 0.02
SURE = 0.9
"""Confidence from which nobody needs to look (as of `matching.compare`)."""

_MOST = 16
"""Candidates of one entry that are looked at one by one; of more, none is picked."""
_LISTED = 10


class Method(Enum):
    """How an item was found, in the order they are asked."""

    PINNED = "decision"
    STORED = "stored link"
    PATH = "path"
    FOLDERS_3 = "three folders and file name"
    FOLDERS_2 = "two folders and file name"
    AUDIO_ID = "audio id"
    PAYLOAD = "payload hash"
    ACOUSTID = "acoustid"
    RECORDING = "recording id"
    TITLE = "artist, title and length"


_CONFIDENCE = {
    Method.PINNED: 1.0,
    Method.PATH: 0.99,
    Method.FOLDERS_3: 0.96,
    Method.FOLDERS_2: 0.93,
    Method.AUDIO_ID: 0.96,
    Method.PAYLOAD: 0.98,
    Method.ACOUSTID: 0.92,
    Method.RECORDING: 0.92,
}


class Outcome(Enum):
    """What was found for an entry."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """An entry as far as it tells which file it is; "" and None: unknown.

    Attributes:
        audio_bytes: size without tags (FILESIZE × 1024).
        audio_id: as it stands in the NML, or a digest of it; the same for items.
        payload_hash: of the audio, where the file of the entry could be read.
    """

    key: TrackKey
    location: Location | None
    artist: str = ""
    title: str = ""
    length_s: float | None = None
    audio_bytes: int | None = None
    audio_id: str = ""
    payload_hash: str = ""
    acoustid: str = ""
    mb_trackid: str = ""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A file of the library, likewise.

    Attributes:
        path: whole path on this computer.
        audio_bytes: size without tags; the size of a file with a large cover refutes wrongly.
        audio_id: of the entry that the item was linked to before.
    """

    item_id: ItemId
    path: str
    artist: str = ""
    title: str = ""
    length_s: float | None = None
    audio_bytes: int | None = None
    audio_id: str = ""
    payload_hash: str = ""
    acoustid: str = ""
    mb_trackid: str = ""


@dataclass(frozen=True, slots=True)
class StoredLink:
    """What an earlier run found."""

    item_id: ItemId
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry is.

    Attributes:
        item_id: only of MATCHED.
        method: that found the item or its candidates; None when none did.
        confidence: 0 to 1; 0 when nothing is matched.
        evidence: short sentences that a person can check.
        candidates: of AMBIGUOUS, at most 10.
    """

    key: TrackKey
    outcome: Outcome
    item_id: ItemId | None = None
    method: Method | None = None
    confidence: float = 0.0
    evidence: tuple[str, ...] = ()
    candidates: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True)
class Identification:
    """What all entries are.

    Attributes:
        answers: one for every entry, by key.
        left_over: items that no entry was matched to.
    """

    answers: Mapping[TrackKey, Answer]
    left_over: tuple[ItemId, ...]

    @property
    def matched(self) -> dict[TrackKey, ItemId]:
        """The item of every entry that has one."""
        found = ((key, answer.item_id) for key, answer in self.answers.items())
        return {key: item for key, item in found if item is not None}


def identify(
    entries: Sequence[EntryFacts],
    items: Sequence[ItemFacts],
    *,
    path_of: Callable[[Location], str | None] = lambda _: None,
    stored: Mapping[TrackKey, StoredLink] | None = None,
    decided: Mapping[str, Mapping[ItemId, bool]] | None = None,
) -> Identification:
    """Find the item of every entry.

    Args:
        entries: of one collection, each key once.
        items: each id once.
        path_of: path of a location on this computer, None when unknown (`Translator.path`).
        stored: links of an earlier run.
        decided: what the user accepted (True) and rejected (False), by key
            (`links.decisions`).
    """
    with _uncollected():
        matching = _Matching(entries, items, decided or {})
        matching.pin()
        matching.take_stored(stored or {})
        for method, pairs in _methods(entries, items, path_of, matching):
            if not matching.has_open():
                break
            matching.ask(method, pairs())
        return matching.result()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the garbage collector what holds no cycles: it took more than half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


Pair = tuple[int, int, float]
"""Entry, item, confidence."""


@dataclass(slots=True)
class _Doubt:
    method: Method
    candidates: dict[int, None]
    evidence: str


@dataclass(slots=True)
class _Claims:
    """The candidates of one method, both ways."""

    of_entry: dict[int, dict[int, float]] = field(default_factory=dict)
    of_item: dict[int, list[int]] = field(default_factory=dict)


class _Matching:
    """What is settled so far; numbers are places in `entries` and `items`."""

    def __init__(
        self,
        entries: Sequence[EntryFacts],
        items: Sequence[ItemFacts],
        decided: Mapping[str, Mapping[ItemId, bool]],
    ) -> None:
        self.entries, self.items = entries, items
        self._decided = decided
        self._number = {item.item_id: number for number, item in enumerate(items)}
        self._answers: dict[int, Answer] = {}
        self._owner: dict[int, int] = {}
        self._doubts: dict[int, _Doubt] = {}
        self._refuted: dict[int, list[str]] = {}

    def is_open(self, entry: int) -> bool:
        """Whether the entry still looks for its item."""
        return entry not in self._answers

    def has_open(self) -> bool:
        """Whether any does."""
        return len(self._answers) < len(self.entries)

    def pin(self) -> None:
        """Settle what the user decided; two decisions that exclude each other are reported."""
        claims = _Claims()
        for entry, facts in enumerate(self.entries):
            for item_id, accepted in self._decided.get(facts.key, {}).items():
                item = self._number.get(item_id)
                if accepted and item is not None:
                    claims.of_entry.setdefault(entry, {})[item] = 1.0
                    claims.of_item.setdefault(item, []).append(entry)
        for entry, candidates in claims.of_entry.items():
            item = next(iter(candidates))
            if len(candidates) == 1 and len(claims.of_item[item]) == 1:
                self._settle(entry, item, Method.PINNED, 1.0, ("you said so",))
            else:
                self._answers[entry] = self._open_answer(
                    entry, Method.PINNED, candidates, "your decisions exclude each other"
                )

    def take_stored(self, stored: Mapping[TrackKey, StoredLink]) -> None:
        """Settle what an earlier run found and nothing refutes."""
        known = {
            entry: (self._number[link.item_id], link)
            for entry, facts in enumerate(self.entries)
            if (link := stored.get(facts.key)) is not None and link.item_id in self._number
        }
        claims = self._claims(
            Method.STORED, ((entry, item, link.confidence) for entry, (item, link) in known.items())
        )
        for entry, candidates in claims.of_entry.items():
            item, link = known[entry]
            if self._is_single(candidates, item, claims):
                evidence = (f"linked before by {link.method}", *self._agreement(entry, item))
                self._settle(entry, item, Method.STORED, link.confidence, evidence)
            else:
                self._doubt(entry, Method.STORED, candidates, claims)

    def ask(self, method: Method, pairs: Iterable[Pair]) -> None:
        """Settle the entries that this method has one candidate for."""
        claims = self._claims(method, pairs)
        settled = []
        for entry, candidates in claims.of_entry.items():
            item, confidence = next(iter(candidates.items()))
            doubt = self._doubts.get(entry)
            agrees = doubt is None or item in doubt.candidates
            single = self._is_single(candidates, item, claims)
            if single and agrees and confidence >= SURE:
                settled.append((entry, item, confidence))
            else:
                self._doubt(entry, method, candidates, claims)
        for entry, item, confidence in settled:
            evidence = (self._reason(method, entry, item), *self._agreement(entry, item))
            self._settle(entry, item, method, confidence, evidence)

    def result(self) -> Identification:
        """Everything found."""
        answers = {}
        for entry, facts in enumerate(self.entries):
            answer = self._answers.get(entry)
            if answer is None and (doubt := self._doubts.get(entry)) is not None:
                answer = self._open_answer(entry, doubt.method, doubt.candidates, doubt.evidence)
            if answer is None:
                refuted = tuple(dict.fromkeys(self._refuted.get(entry, ())))[:_LISTED]
                answer = Answer(facts.key, Outcome.UNMATCHED, evidence=refuted)
            answers[facts.key] = answer
        left = (item.item_id for number, item in enumerate(self.items) if number not in self._owner)
        return Identification(answers, tuple(left))

    def _claims(self, method: Method, pairs: Iterable[Pair]) -> _Claims:
        claims = _Claims()
        for entry, item, confidence in pairs:
            if not self.is_open(entry) or self._is_forbidden(entry, item):
                continue
            against = _refutation(self.entries[entry], self.items[item], method)
            if against:
                self._refuted.setdefault(entry, []).append(
                    f"{self.items[item].path} by {method.value}: {against}"
                )
                continue
            claims.of_entry.setdefault(entry, {})[item] = confidence
            claims.of_item.setdefault(item, []).append(entry)
        return claims

    def _is_single(self, candidates: Mapping[int, float], item: int, claims: _Claims) -> bool:
        free = item not in self._owner
        return free and len(candidates) == 1 and len(set(claims.of_item[item])) == 1

    def _is_forbidden(self, entry: int, item: int) -> bool:
        said = self._decided.get(self.entries[entry].key)
        return said is not None and said.get(self.items[item].item_id) is False

    def _settle(
        self, entry: int, item: int, method: Method, confidence: float, evidence: tuple[str, ...]
    ) -> None:
        self._owner[item] = entry
        self._answers[entry] = Answer(
            self.entries[entry].key,
            Outcome.MATCHED,
            self.items[item].item_id,
            method,
            confidence,
            evidence,
        )

    def _doubt(
        self, entry: int, method: Method, candidates: Mapping[int, float], claims: _Claims
    ) -> None:
        """Remember the candidates; the first method that had any is the surest."""
        if entry in self._doubts:
            return
        reason = "several files fit"
        if len(candidates) == 1:
            item, confidence = next(iter(candidates.items()))
            if item in self._owner:
                reason = f"{self.entries[self._owner[item]].key} is that file already"
            elif len(set(claims.of_item[item])) > 1:
                reason = "several entries fit this file"
            elif 0.0 < confidence < SURE:
                reason = f"similarity {confidence:.2f} is not sure enough"
        self._doubts[entry] = _Doubt(method, dict.fromkeys(candidates), reason)

    def _open_answer(
        self, entry: int, method: Method, candidates: Iterable[int], evidence: str
    ) -> Answer:
        return Answer(
            self.entries[entry].key,
            Outcome.AMBIGUOUS,
            method=method,
            evidence=(evidence,),
            candidates=tuple(self.items[item].item_id for item in candidates)[:_LISTED],
        )

    def _reason(self, method: Method, entry: int, item: int) -> str:
        ours, theirs = self.entries[entry], self.items[item]
        if method is Method.PATH:
            return f"the same path: {theirs.path}"
        if method in {Method.FOLDERS_3, Method.FOLDERS_2}:
            return f"no other file and no other entry has these folders and name: {theirs.path}"
        if method is Method.TITLE:
            return f"{ours.artist} - {ours.title} is {theirs.artist} - {theirs.title}"
        return f"the same {method.value}, and nobody else has it"

    def _agreement(self, entry: int, item: int) -> tuple[str, ...]:
        ours, theirs = self.entries[entry], self.items[item]
        if ours.length_s is None or theirs.length_s is None:
            return ("a length is unknown",)
        return (f"lengths {ours.length_s:.1f} and {theirs.length_s:.1f} s",)


def _refutation(entry: EntryFacts, item: ItemFacts, method: Method) -> str:
    """What speaks against the pair, "" if nothing."""
    lengths = None not in {entry.length_s, item.length_s}
    if _differ_in_length(entry.length_s, item.length_s):
        return f"lengths {entry.length_s:.1f} and {item.length_s:.1f} s"
    if entry.audio_bytes and item.audio_bytes:
        larger = max(entry.audio_bytes, item.audio_bytes)
        if abs(entry.audio_bytes - item.audio_bytes) > SIZE_SLACK * larger:
            return f"sizes {entry.audio_bytes} and {item.audio_bytes} bytes"
    if not lengths and method is Method.AUDIO_ID:
        return "an audio id tells nothing without both lengths"
    if not lengths and method in {Method.FOLDERS_3, Method.FOLDERS_2}:
        return _title_refutation(entry, item)
    return ""


def _differ_in_length(ours: float | None, theirs: float | None) -> bool:
    return ours is not None and theirs is not None and abs(ours - theirs) > LENGTH_SLACK_S


def _title_refutation(entry: EntryFacts, item: ItemFacts) -> str:
    """Names of files repeat ("CD1/01 Intro.mp3"): without a length, titles must not differ."""
    if not entry.title or not item.title or entry.title == item.title:
        return ""
    ours, theirs = Song(entry.artist, entry.title), Song(item.artist, item.title)
    if compare(ours, theirs).verdict is not Verdict.DIFFERENT:
        return ""
    return f"titles {entry.title!r} and {item.title!r}, and no lengths"


def _methods(
    entries: Sequence[EntryFacts],
    items: Sequence[ItemFacts],
    path_of: Callable[[Location], str | None],
    matching: _Matching,
) -> Iterator[tuple[Method, Callable[[], Iterator[Pair]]]]:
    places = _Places(entries, items)

    def join(method: Method, ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Pair]:
        groups = _Groups(items, theirs)
        for entry, key in enumerate(ours):
            if key and matching.is_open(entry):
                near = groups.near(key, entries[entry].length_s)
                for item in near:
                    yield entry, item, _CONFIDENCE[method] if len(near) <= _MOST else 0.0

    yield Method.PATH, lambda: _by_path(entries, items, path_of, matching)
    for method, folders in ((Method.FOLDERS_3, 3), (Method.FOLDERS_2, 2)):
        yield (
            method,
            lambda m=method, n=folders: join(m, places.of_entries(n), places.of_items(n)),  # type: ignore[misc]
        )
    for method, name in (
        (Method.AUDIO_ID, "audio_id"),
        (Method.PAYLOAD, "payload_hash"),
        (Method.ACOUSTID, "acoustid"),
        (Method.RECORDING, "mb_trackid"),
    ):
        ours = [getattr(entry, name) for entry in entries]
        theirs = [getattr(item, name) for item in items]
        yield method, lambda m=method, o=ours, t=theirs: join(m, o, t)  # type: ignore[misc]
    yield Method.TITLE, lambda: _by_title(entries, items, matching)


def _by_path(
    entries: Sequence[EntryFacts],
    items: Sequence[ItemFacts],
    path_of: Callable[[Location], str | None],
    matching: _Matching,
) -> Iterator[Pair]:
    paths = {
        entry: path
        for entry, facts in enumerate(entries)
        if facts.location is not None and matching.is_open(entry)
        if (path := path_of(facts.location)) is not None
    }
    if not paths:
        return
    exact = _grouped(nfc(item.path) for item in items)
    loose: dict[str, list[int]] | None = None
    for entry, path in paths.items():
        found = exact.get(path)
        if found is None:
            loose = loose or _grouped(folded(item.path) for item in items)
            found = loose.get(folded(path), [])
        for item in found:
            yield entry, item, _CONFIDENCE[Method.PATH]


def _grouped(keys: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        found.setdefault(key, []).append(number)
    return found


class _Places:
    """The last folders and the name of every entry and item, as one text; "" when too short."""

    def __init__(self, entries: Sequence[EntryFacts], items: Sequence[ItemFacts]) -> None:
        self._entries, self._items = entries, items
        self._folders: dict[str, list[str]] = {}

    def of_entries(self, folders: int) -> list[str]:
        return [self._of_entry(entry.location, folders) for entry in self._entries]

    def of_items(self, folders: int) -> list[str]:
        return [_tail(item.path, folders) for item in self._items]

    def _of_entry(self, location: Location | None, folders: int) -> str:
        if location is None:
            return ""
        names = self._folders.get(location.folder)
        if names is None:
            names = [folded(name) for name in split_folder(location.folder)]
            self._folders[location.folder] = names
        if len(names) < folders:
            return ""
        file = folded(location.file.replace("//", ":"))
        return "/".join((*names[-folders:], file))


def _tail(path: str, folders: int) -> str:
    if path[1:3] == ":\\" or path.startswith("\\\\"):
        path = path.replace("\\", "/")
    names = path.rsplit("/", folders + 1)
    return folded("/".join(names[1:])) if len(names) == folders + 2 else ""


class _Groups:
    """Items of one key; of a large group only those of about the length asked for."""

    def __init__(self, items: Sequence[ItemFacts], keys: Sequence[str]) -> None:
        self._items = items
        self._groups: dict[str, list[int]] = {}
        self._by_length: dict[str, tuple[list[float], list[int]]] = {}
        for number, key in enumerate(keys):
            if key:
                self._groups.setdefault(key, []).append(number)

    def near(self, key: str, length_s: float | None) -> Sequence[int]:
        group = self._groups.get(key, [])
        if len(group) <= _MOST:
            return group
        if length_s is None:
            return group[: _MOST + 1]
        if key not in self._by_length:
            pairs = sorted((self._items[item].length_s or 0.0, item) for item in group)
            self._by_length[key] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        lengths, numbers = self._by_length[key]
        unknown = numbers[: bisect_right(lengths, 0.0)]
        first = bisect_left(lengths, length_s - LENGTH_SLACK_S)
        last = bisect_right(lengths, length_s + LENGTH_SLACK_S)
        return [*numbers[first:last][: _MOST + 1], *unknown[: _MOST + 1]]


def _by_title(
    entries: Sequence[EntryFacts], items: Sequence[ItemFacts], matching: _Matching
) -> Iterator[Pair]:
    """Same artist and title (`matching.compare`) and length; every candidate counts."""
    asked = [
        number
        for number, entry in enumerate(entries)
        if entry.title and entry.length_s is not None and matching.is_open(number)
    ]
    if not asked:
        return
    names = [folded(f"{item.artist}\n{item.title}") if item.title else "" for item in items]
    alike = _Groups(items, names)
    blocks = Blocks(
        (number, Words(item.artist, item.title, item.length_s))
        for number, item in enumerate(items)
        if item.title and item.length_s is not None
    )
    for number in asked:
        entry = entries[number]
        name = folded(f"{entry.artist}\n{entry.title}")
        equal = alike.near(name, entry.length_s)
        same = {item for item in equal if items[item].length_s is not None and entry.artist}
        for item in same:
            yield number, item, 0.97 if len(equal) <= _MOST else 0.0
        for item in blocks.near(Words(entry.artist, entry.title, entry.length_s)):
            # What is spelled alike was counted above.
            spelled_alike = names[item] == name and entry.artist
            if not spelled_alike and not _differ_in_length(entry.length_s, items[item].length_s):
                yield from _compared(number, entry, item, items[item])


def _compared(number: int, entry: EntryFacts, place: int, item: ItemFacts) -> Iterator[Pair]:
    found = compare(
        Song(entry.artist, entry.title, entry.length_s),
        Song(item.artist, item.title, item.length_s),
    )
    if found.verdict is Verdict.SAME:
        yield number, place, min(found.score, 0.97)
