from __future__ import annotations

from typing import Any

import pytest

from musictool_core.traktor.health import (
    EntryHealth,
    Rule,
    check_health,
    counts,
    is_mojibake,
)
from musictool_core.traktor.identity import Answer, Outcome
from musictool_core.traktor.model import parse
from musictool_core.traktor.scan import scan
from musictool_core.traktor.values import Element, TrackKey

GRID = Element("CUE_V2", {"TYPE": "4", "START": "1", "LEN": "0", "HOTCUE": "0"})
KEY = TrackKey("HD/:a.mp3")


def entry(
    key: TrackKey | None = KEY,
    *,
    audio_id: str | None = "abc",
    title: str = "T",
    info: dict[str, str] | None = None,
    musical_key: str | None = None,
    cues: tuple[Element, ...] = (GRID,),
    **more: Any,
) -> EntryHealth:
    attributes = {"TITLE": title, "ARTIST": "A"} | ({"AUDIO_ID": audio_id} if audio_id else {})
    children = [Element("INFO", info or {}), *cues]
    if musical_key is not None:
        children.append(Element("MUSICAL_KEY", {"VALUE": musical_key}))
    return EntryHealth(key, Element("ENTRY", attributes, tuple(children)), **more)


def rules(*entries: EntryHealth, **more: Any) -> list[Rule]:
    return [finding.rule for finding in check_health(entries, **more)]


def test_a_sound_entry_has_no_findings():
    sound = entry(
        info={"KEY": "1m", "PLAYCOUNT": "60000"}, musical_key="21", exists=True,
        answer=Answer(KEY, Outcome.MATCHED, item_id=1),  # type: ignore[arg-type]
    )  # fmt: skip

    assert rules(sound, declared=1) == []


UNMATCHED = Answer(KEY, Outcome.UNMATCHED)
AMBIGUOUS = Answer(KEY, Outcome.AMBIGUOUS, evidence=("x",), candidates=(1, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"exists": False}, Rule.MISSING),
        ({"answer": UNMATCHED}, Rule.UNMATCHED),
        ({"answer": AMBIGUOUS}, Rule.AMBIGUOUS),
        ({"info": {"KEY": "2m"}, "musical_key": "21"}, Rule.KEY_DIFFERS),
        ({"info": {"PLAYCOUNT": "60001"}}, Rule.PLAYCOUNT),
        ({"info": {"PLAYCOUNT": "6553701"}}, Rule.PLAYCOUNT),
        ({"info": {"PLAYCOUNT": "-1"}}, Rule.PLAYCOUNT),
        ({"info": {"PLAYCOUNT": ""}}, Rule.PLAYCOUNT),
        ({"audio_id": None, "cues": ()}, Rule.UNANALYSED),
        ({"cues": ()}, Rule.NO_GRID),
        ({"cues": (Element("CUE_V2", {"TYPE": "0"}),)}, Rule.NO_GRID),
        ({"title": "Ã¤hnlich"}, Rule.MOJIBAKE),
        ({"key": None}, Rule.NO_LOCATION),
    ],
)
def test_each_rule_finds_what_it_is_for(facts, rule):
    (finding,) = check_health([entry(**facts)])

    assert finding.rule is rule
    assert "\n" not in finding.line
    assert finding.line.startswith(("A - ", "A - T: "))
    assert finding.keys == (() if rule is Rule.NO_LOCATION else (KEY,))


@pytest.mark.parametrize("facts", [{"exists": None}, {"info": {"KEY": "o"}, "musical_key": "21"},
                                   {"info": {"KEY": "2m"}}])  # fmt: skip
def test_what_is_unknown_is_no_finding(facts):
    assert rules(entry(**facts)) == []


def test_the_lines_say_what_differs():
    (finding,) = check_health([entry(info={"KEY": "2m"}, musical_key="21")])

    assert finding.line == ("A - T: the tag says 2m (9A), Traktor found Am (8A) (HD/:a.mp3)")
    (finding,) = check_health([entry(answer=AMBIGUOUS)])
    assert finding.line == "A - T: several files fit; x (HD/:a.mp3)"


def test_entries_of_one_sound_are_one_finding():
    other = TrackKey("HD/:b.mp3")
    (finding,) = check_health([entry(), entry(other), entry(TrackKey("c"), audio_id="z")])

    assert (finding.rule, finding.keys) == (Rule.DUPLICATE_AUDIO, (KEY, other))
    assert finding.line == "2 entries have the same audio id: A - T"


def test_a_wrong_number_of_entries_concerns_the_file():
    (finding,) = check_health([entry()], declared=9)

    assert (finding.rule, finding.keys) == (Rule.ENTRIES, ())
    assert finding.line == "the file says it has 9 entries, and has 1"


def test_findings_come_by_rule_and_are_counted():
    first, second = entry(cues=(), audio_id="x"), entry(TrackKey("b"), exists=False, cues=())

    found = check_health([first, second], declared=3)

    assert [one.rule for one in found] == [Rule.MISSING, Rule.NO_GRID, Rule.NO_GRID, Rule.ENTRIES]
    assert counts(found) == {Rule.MISSING: 1, Rule.NO_GRID: 2, Rule.ENTRIES: 1}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Ã¤hnlich", True),
        ("BeyoncÃ©", True),
        ("äâùù çéååø", True),  # Hebrew (cp1255) read as Latin-1, seen in a real collection
        ("Ïðèâåò", True),
        ("\ufffd\ufffd", True),
        ("â€™s", True),
        ("Sigur Rós – Ágætis byrjun", False),
        ("Été à la plage où", False),
        ("Привет さくら שלום", False),
        ("Motörhead 12° ½", False),
        ("plain", False),
        ("", False),
    ],
)
def test_text_in_a_wrong_encoding(text, wrong):
    assert is_mojibake(text) is wrong


def test_a_real_collection(shared_data):
    path = shared_data / "traktor-nml" / "real" / "collection-v19-mac-2019.nml"
    data = path.read_bytes()
    scanned = scan(data)
    entries = [
        EntryHealth(span.key, parse(data[span.start : span.end])) for span in scanned.entries
    ]

    found = counts(check_health(entries, declared=scanned.declared))

    # Of the reference: 2746 are declared, 2615 are there.
    assert found[Rule.ENTRIES] == 1
    analysed = sum(1 for one in entries if one.element.attributes.get("AUDIO_ID"))
    assert found.get(Rule.UNANALYSED, 0) == len(entries) - analysed
    assert found[Rule.DUPLICATE_AUDIO] > 50
