"""What is wrong in a collection, one line a finding; nothing is repaired here.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.music.keys import parse_key
from musictool_core.traktor.fields import cues, fingerprint, read
from musictool_core.traktor.playlist_report import key_of_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from musictool_core.traktor.identity import Answer
    from musictool_core.traktor.values import Element, TrackKey

LARGEST_PLAYCOUNT = 60_000
"""Above this a count is damage: 6553701 was seen in two unrelated collections."""

_GRID = 4
_SHOWN = 60
_WORD = re.compile(r"[^\W\d_]+")


class Rule(Enum):
    """What is looked for, in the order of a report."""

    MISSING = "file is missing"
    UNMATCHED = "not in beets"
    AMBIGUOUS = "several files fit"
    DUPLICATE_AUDIO = "same sound as another entry"
    KEY_DIFFERS = "key of the tag differs from the key found"
    PLAYCOUNT = "implausible play count"
    UNANALYSED = "not analysed"
    NO_GRID = "analysed, without a beat grid"
    MOJIBAKE = "text in a wrong encoding"
    NO_LOCATION = "without a location"
    ENTRIES = "stated number of entries is wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        keys: of the entries concerned; empty for what concerns the file.
        line: for the user.
    """

    rule: Rule
    keys: tuple[TrackKey, ...]
    line: str


@dataclass(frozen=True, slots=True)
class EntryHealth:
    """An entry as far as its health goes.

    Attributes:
        key: None for an entry without a location.
        exists: whether its file is there; None when it was not or cannot be looked for.
        answer: which item it is; None when that was not asked.
    """

    key: TrackKey | None
    element: Element
    exists: bool | None = None
    answer: Answer | None = None

    @property
    def name(self) -> str:
        """Artist and title."""
        get = self.element.attributes.get
        return " - ".join(part for part in (get("ARTIST", ""), get("TITLE", "")) if part) or "?"


def check_health(entries: Sequence[EntryHealth], *, declared: int | None = None) -> list[Finding]:
    """All findings, by rule, in the order of the collection.

    Args:
        entries: of the collection.
        declared: COLLECTION@ENTRIES; None when it says nothing.
    """
    found = [finding for entry in entries for finding in _check_entry(entry)]
    found += _check_doubles(entries)
    if declared is not None and declared != len(entries):
        line = f"the file says it has {declared} entries, and has {len(entries)}"
        found.append(Finding(Rule.ENTRIES, (), line))
    order = {rule: number for number, rule in enumerate(Rule)}
    return sorted(found, key=lambda finding: order[finding.rule])


def counts(findings: Iterable[Finding]) -> dict[Rule, int]:
    """How many findings each rule has, in the order of a report; rules without one left out."""
    found: dict[Rule, int] = {}
    for finding in findings:
        found[finding.rule] = found.get(finding.rule, 0) + 1
    return found


def is_mojibake(text: str) -> bool:
    """Whether text was read in a wrong encoding, as far as letters tell.

    Found: the sign for what could not be read; UTF-8 read as Latin-1 ("Ã¤"); and words of three or
    more letters that are all accented, as Hebrew, Greek and Cyrillic become when read as Latin-1.
    """
    if text.isascii():
        return False
    if "\ufffd" in text:
        return True
    for encoding in ("latin-1", "cp1252"):
        try:
            if text.encode(encoding).decode("utf-8") != text:
                return True
        except UnicodeError:
            continue
    return any(
        len(word) >= 3 and all("\u00c0" <= letter <= "\u00ff" for letter in word)
        for word in _WORD.findall(text)
    )


def _check_entry(entry: EntryHealth) -> Iterator[Finding]:
    keys = () if entry.key is None else (entry.key,)
    name = entry.name[:_SHOWN]
    for rule, detail in (*_of_file(entry), *_of_analysis(entry.element), *_of_texts(entry.element)):
        where = f" ({entry.key})" if entry.key is not None else ""
        yield Finding(rule, keys, f"{name}: {detail or rule.value}{where}")


def _of_file(entry: EntryHealth) -> Iterator[tuple[Rule, str]]:
    if entry.key is None:
        yield Rule.NO_LOCATION, ""
    if entry.exists is False:
        yield Rule.MISSING, ""
    if entry.answer is not None and entry.answer.item_id is None:
        rule = Rule.AMBIGUOUS if entry.answer.candidates else Rule.UNMATCHED
        yield rule, "; ".join((rule.value, *entry.answer.evidence[:1]))


def _of_analysis(element: Element) -> Iterator[tuple[Rule, str]]:
    value = read(element, "key")
    text = element.get("INFO", "KEY") or ""
    stated = parse_key(text)
    measured = key_of_value(value) if isinstance(value, int) else None
    if stated is not None and measured is not None and stated != measured:
        detail = f"the tag says {text} ({stated.camelot}), Traktor found {measured.short}"
        yield Rule.KEY_DIFFERS, f"{detail} ({measured.camelot})"
    raw = element.get("INFO", "PLAYCOUNT")
    if raw is not None and not (raw.isascii() and raw.isdigit() and len(raw) < 6):
        yield Rule.PLAYCOUNT, f"play count {raw[:20]} is implausible"
    elif raw is not None and int(raw) > LARGEST_PLAYCOUNT:
        yield Rule.PLAYCOUNT, f"play count {raw} is implausible"
    if not element.attributes.get("AUDIO_ID"):
        yield Rule.UNANALYSED, ""
    elif not any(cue.kind == _GRID for cue in cues(element)):
        yield Rule.NO_GRID, ""


def _of_texts(element: Element) -> Iterator[tuple[Rule, str]]:
    texts = {
        "artist": element.attributes.get("ARTIST", ""),
        "title": element.attributes.get("TITLE", ""),
        "album": element.get("ALBUM", "TITLE") or "",
        "genre": element.get("INFO", "GENRE") or "",
        "comment": element.get("INFO", "COMMENT") or "",
    }
    wrong = [name for name, text in texts.items() if is_mojibake(text)]
    if wrong:
        yield Rule.MOJIBAKE, f"{', '.join(wrong)} in a wrong encoding"


def _check_doubles(entries: Iterable[EntryHealth]) -> Iterator[Finding]:
    groups: dict[str, list[EntryHealth]] = {}
    for entry in entries:
        audio_id = entry.element.attributes.get("AUDIO_ID", "")
        if audio_id:
            groups.setdefault(fingerprint(audio_id), []).append(entry)
    for group in groups.values():
        if len(group) > 1:
            keys = tuple(entry.key for entry in group if entry.key is not None)
            names = ", ".join(dict.fromkeys(_short(entry.name) for entry in group))
            yield Finding(
                Rule.DUPLICATE_AUDIO, keys, f"{len(group)} entries have the same audio id: {names}"
            )


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"
