"""What stands in titles and does not belong there, and the style of what does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from musictool_core.matching.text import text_key
from musictool_core.matching.titles import EXTENSION, parse_title
from musictool_core.matching.vocabulary import ORIGINAL_WORDS
from musictool_core.matching.wording import canonical, read_wording
from musictool_core.quality.health.making import (
    NAMES,
    clean,
    number_of,
    patch_rule,
    planted,
    style_rule,
    text_of,
    text_rule,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Profile, Severity
from musictool_core.quality.health.rules.cut import was_cut

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

# "ft" is a fort or a length after these: "Live at Ft. Lauderdale", "Ten Ft. Ganja Plant".
_NOT_FEATURING = r"(?<!\d)" + "".join(
    rf"(?<!\b{word})" for word in ("at", "in", "from", "near", "to", "of", "ten", "six", "twenty")
)
_JOINED = re.compile(
    rf"{_NOT_FEATURING}(?P<gap>\s+[(\[]?)(?:(?:featuring|feat|ft)(?![^\W_])\.?|f/|w/)\s*(?=[^\s)\]])",
    re.IGNORECASE,
)
_IN_TITLE = re.compile(
    rf"{_NOT_FEATURING}\s+[(\[]?(?:(?:feat|ft|featuring)\b\.?|f/)\s*(?=[^\s)\]])", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"(?P<number>\d{1,3})(?P<sign>\s*[.)]\s+|\s+-\s+|-\s+|\s+|-)(?=[^\s\d])(?P<rest>.+)"
)
_SIDED = re.compile(r"[A-D]{1,2}\d{1,2}(?:\s*\.|\s+-)\s+(?P<rest>\S.*)")
_ADDRESS = (
    r"(?:https?://\S+|www\.[\w-]+\.[\w./-]+"
    r"|\b[\w-]+\.(?:com|net|org|info|ru|biz|me|to|cc|ws|example)\b(?:/\S*)?)"
)
_BRACKETED_ADDRESS = re.compile(
    rf"\s*(?:[(\[{{]\s*{_ADDRESS}\s*[)\]}}]|[-|~]\s*{_ADDRESS}\s*$|\bwww\.[\w-]+\.[\w./-]+"
    r"|https?://\S+)",
    re.IGNORECASE,
)
_AD = re.compile(
    r"downloaded\s+(?:from|at|via)|ripped\s+by|encoded\s+by|visit\s+(?:us|our|https?:|www\.)"
    r"|free\s+(?:mp3|download)s?\s+(?:at|from|on)|https?://|www\.\w",
    re.IGNORECASE,
)
_TAIL_IN_ROUND = re.compile(r"(?P<lead>.*\S)\s*\((?P<inside>[^\[\]()]+)\)")
_TAIL_IN_SQUARES = re.compile(r"(?P<lead>.*\S)\s*\[(?P<inside>[^\[\]()]+)\]")
_FACE = re.compile(r"[:;=]['-]?[()\[\]]|\){2,}|\({2,}|^\W*\w{1,3}\)")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


@lru_cache(maxsize=4096)
def names_version(text: str) -> bool:
    """Whether words say which version something is: "Mayday Club Mix"."""
    return read_wording(canonical(tuple(text_key(text).split())), True).is_version


def _featured(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    title = text_of(record, "title")
    return {"title": repr(title)} if title and _IN_TITLE.search(title) else {}


def plain_featuring(text: str, standard: Standard) -> str:
    """Every form of "featuring" as the one that is right here."""
    if "f" not in text and "F" not in text and "w/" not in text and "W/" not in text:
        return text
    return _JOINED.sub(lambda found: f"{found['gap']}{standard.featuring} ", text)


def _without_artist(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    title, artist = text_of(record, "title"), text_of(record, "artist")
    head, _, rest = title.partition(" - ")
    if not (artist and rest.strip()) or text_key(head) != text_key(artist):
        return {}
    # "Orbital - Live" is a version of a title that is the artist's name.
    return {"title": rest.strip()} if parse_title(title).artists else {}


def _without_number(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    title = text_of(record, "title")
    if not title[:2].strip() or not any(sign.isdigit() for sign in title[:3]):
        return {}
    if sided := _SIDED.fullmatch(title):
        return {"title": sided["rest"]}
    found = _NUMBERED.fullmatch(title)
    if not found or not _is_place(found, record):
        return {}
    patch: dict[str, object] = {"title": found["rest"].strip()}
    if "track" in record and not record["track"]:
        patch["track"] = int(found["number"])
    return patch


def _is_place(found: re.Match[str], record: Record) -> bool:
    """Whether a number before a title is that of the track, not a word of it."""
    number, track = found["number"], number_of(record, "track")
    is_padded = number.startswith("0") and int(number) > 0
    is_marked = found["sign"].strip() != ""
    if found["sign"] == "-":
        return is_padded and track in (int(number), 0, None)
    if track:
        return int(number) == track and (is_padded or is_marked)
    return is_marked and int(number) > 0 and (is_padded or len(number) < 3)


def without_extension(text: str) -> str:
    """A title without the ending of a file name."""
    return EXTENSION.sub("", text).rstrip() or text if "." in text[-6:] else text


def _without_ads(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    patch: dict[str, object] = {}
    for name in ("title", "artist", "album"):
        text = text_of(record, name)
        if "." in text and (new := _BRACKETED_ADDRESS.sub("", text).strip()) != text and new:
            patch[name] = new
    comments = text_of(record, "comments")
    if comments and _AD.search(comments):
        patch["comments"] = "\n".join(x for x in comments.splitlines() if not _AD.search(x)).strip()
    return patch


def one_bracket(text: str, standard: Standard) -> str:
    """The version in the brackets that are right here: "Good Life (Mayday Club Mix)"."""
    is_round = standard.brackets == "round"
    if not text.endswith("]" if is_round else ")"):
        return text
    found = (_TAIL_IN_SQUARES if is_round else _TAIL_IN_ROUND).fullmatch(text)
    if not found or not names_version(found["inside"]):
        return text
    inside = found["inside"].strip()
    return f"{found['lead']} ({inside})" if is_round else f"{found['lead']} [{inside}]"


def _unbalanced(text: str) -> str:
    """The bracket that is alone, "" when there is none or several."""
    opened: list[str] = []
    alone: list[str] = []
    for sign in text:
        if sign in _BRACKETS:
            opened.append(sign)
        elif sign in _BRACKETS.values():
            if opened and _BRACKETS[opened[-1]] == sign:
                opened.pop()
            else:
                alone.append(sign)
    lonely = opened + alone
    return lonely[0] if len(lonely) == 1 else ""


def _see_unbalanced(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    return {
        name: f"one bracket of {text!r} is alone"
        for name in ("title", "album")
        if (text := text_of(record, name))
        and any(sign in text for sign in "()[]{}")
        and not _FACE.search(text)
        and not was_cut(text)
        and _unbalanced(text)
    }


def _balanced(record: Record, standard: Standard) -> dict[str, object]:
    patch: dict[str, object] = {}
    for name in _see_unbalanced(record, standard):
        text = text_of(record, name)
        sign = _unbalanced(text)
        new = _closed(text, sign) if sign in _BRACKETS else _opened(text, sign)
        if new:
            patch[name] = new
    return patch


def _closed(text: str, sign: str) -> str:
    inside = text[text.rindex(sign) + 1 :]
    return f"{text}{_BRACKETS[sign]}" if names_version(inside) else ""


def _opened(text: str, sign: str) -> str:
    """A bracket before the plain version words at the end; names of remixers have no known end."""
    words = text.removesuffix(sign).split()
    if not text.endswith(sign) or len(words) < 3:
        return ""
    head, tail = words[:-1], words[-1:]
    if not names_version(" ".join(["original", *tail])):
        return ""
    while len(head) > 1 and text_key(head[-1]) in _PLAIN_VERSION_WORDS:
        tail.insert(0, head.pop())
    opening = next(one for one, other in _BRACKETS.items() if other == sign)
    return f"{' '.join(head)} {opening}{' '.join(tail)}{sign}" if len(tail) > 1 else ""


_PLAIN_VERSION_WORDS = ORIGINAL_WORDS | {
    "extended",
    "club",
    "radio",
    "dub",
    "vocal",
    "instrumental",
}

RULES = (
    track_rule(
        "T009",
        "featured artist in the title",
        Severity.LOW,
        Mode.REPORT,
        _featured,
        planted=(
            planted(artist="Calvin Harris", title="We Found Love (feat. Rihanna)"),
            planted(artist="Gorillaz", title="Dirty Harry featuring Bootie Brown"),
        ),
        clean=(
            clean(title="Featuring You"),
            clean(title="Live at Ft. Lauderdale", artist="6 Feet"),
            clean(title="No Great Feat"),
        ),
    ),
    style_rule(
        "T010",
        '"featuring" in another form than "feat."',
        Severity.LOW,
        Mode.PREVIEW,
        plain_featuring,
        fields=(*NAMES, "title"),
        planted=(
            planted({"artist": "Disclosure feat. Sam Smith"}, artist="Disclosure Ft Sam Smith"),
            planted(
                {"artist": "Massive Attack feat. Hope"}, artist="Massive Attack featuring Hope"
            ),
            planted({"title": "Latch (feat. Sam Smith)"}, title="Latch (ft. Sam Smith)"),
            planted({"artist": "Moby feat. Gwen"}, artist="Moby f/ Gwen"),
        ),
        clean=(
            clean(artist="Ten Ft. Ganja Plant", title="Six Feet Under"),
            clean(artist="Disclosure feat. Sam Smith", title="Featuring You"),
            clean(title="Live at Ft. Lauderdale", artist="After Dark"),
        ),
    ),
    patch_rule(
        "T011",
        "artist in front of the title",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _without_artist,
        planted=(
            planted(
                {"title": "Around the World"},
                artist="Daft Punk",
                title="Daft Punk - Around the World",
            ),
        ),
        clean=(
            clean(artist="Bad Company", title="Bad Company"),
            clean(artist="Orbital", title="Orbital - Live"),
            clean(artist="Plastic", title="Plastic Love - Part 1"),
        ),
    ),
    patch_rule(
        "T012",
        "track number in front of the title",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _without_number,
        planted=(
            planted({"title": "Spastik"}, title="03 - Spastik", track=3),
            planted({"title": "Spastik", "track": 1}, title="01. Spastik", track=0),
            planted({"title": "Gas 0095"}, title="07 Gas 0095", track=7),
            planted({"title": "Windowlicker"}, title="A1. Windowlicker"),
        ),
        clean=(
            clean(title="7 Seconds", track=7),
            clean(title="99 Problems", track=9),
            clean(title="8:09 AM", track=8),
            clean(title="1999", track=1),
            clean(title="3. Sonata", track=5),
            clean(title="22, A Million", track=2),
            clean(title="4-3-2-1", track=4),
            clean(title="007", track=7),
        ),
    ),
    text_rule(
        "T013",
        "ending of a file name in the title",
        Severity.MEDIUM,
        Mode.PREVIEW,
        without_extension,
        fields=("title", "album"),
        planted=(
            planted({"title": "Halcyon"}, title="Halcyon.mp3"),
            planted({"title": "On + On"}, title="On + On.FLAC"),
        ),
        clean=(clean(title=".mp3"), clean(title="MP3 Killed the Star", album="Vol. 1")),
    ),
    patch_rule(
        "T014",
        "address or advertisement",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _without_ads,
        planted=(
            planted({"comments": ""}, comments="Downloaded from www.freemp3site.example"),
            planted(
                {"comments": "Great B side."}, comments="Great B side.\nVisit www.site.example"
            ),
            planted({"title": "Bad Kingdom"}, title="Bad Kingdom [www.site.example]"),
            planted({"title": "Bad Kingdom"}, title="Bad Kingdom (musicsite.net)"),
        ),
        clean=(
            clean(artist="will.i.am", title="Dot.com", comments="Bought at the record fair"),
            clean(artist="Portugal. The Man", title="www.", album="Me.to You"),
        ),
    ),
    style_rule(
        "T016",
        "version in square brackets",
        Severity.LOW,
        Mode.PREVIEW,
        one_bracket,
        fields=("title",),
        planted=(
            planted({"title": "Good Life (Mayday Club Mix)"}, title="Good Life [Mayday Club Mix]"),
        ),
        clean=(
            clean(title="Binary [Phase]"),
            clean(title="Song (Club Mix)"),
            clean(title="[Intro]"),
        ),
        profiles=frozenset({Profile.DJ, Profile.LIBRARIAN}),
    ),
    track_rule(
        "T017",
        "a bracket is alone",
        Severity.LOW,
        Mode.PREVIEW,
        _see_unbalanced,
        patch=_balanced,
        planted=(
            planted({"title": "Good Life (Original Mix)"}, title="Good Life Original Mix)"),
            planted(
                {"title": "Strings of Life (Extended Mix)"}, title="Strings of Life (Extended Mix"
            ),
            planted(title="Time (Part"),
        ),
        clean=(
            clean(artist="Sunn O)))", title="Big Church :)", album="O)))"),
            clean(title="a) Intro"),
            clean(title="One (Two [Three])"),
        ),
    ),
)
