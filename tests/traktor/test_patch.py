"""Patching: only what is named differs, judged by lxml; and everything can be taken back."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from musictool_core.traktor import layout
from musictool_core.traktor.fields import FIELDS, WRITABLE, FieldKept, Value, edits
from musictool_core.traktor.layout import ATTRIBUTE_ORDER, CHILD_ORDER
from musictool_core.traktor.model import parse
from musictool_core.traktor.patch import apply, inverse, plan, render, render_all
from musictool_core.traktor.scan import is_traktor_layout, scan
from musictool_core.traktor.values import (
    AttributeEdit,
    Element,
    Location,
    NmlError,
    Patch,
    TrackKey,
)
from tests.traktor.blocks import differences, flat, order
from tests.traktor.samples import (
    FOREIGN,
    KINDS,
    by_elementtree,
    collection,
    indented,
    key_of,
    real_files,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAYOUTS = {"traktor": bytes, **FOREIGN}

VALUES: dict[str, Value] = {
    "text": "new \"x\" & <y> 'z' -->",
    "whole": 77,
    "key": 3,
    "bpm": 101.5,
    "stars": 3,
    "ranking": 77,
    "playcount": 9,
    "color": 3,
    "date": "2001-02-03",
}


def block_of(data: bytes, key: TrackKey) -> bytes:
    span = scan(data).by_key[key]
    return data[span.start : span.end]


def there_and_back(data: bytes, wanted: Mapping[TrackKey, tuple[AttributeEdit, ...]]) -> bytes:
    """Apply edits, then their inverse; the file in between is returned."""
    index = scan(data)
    blocks = {key: data[span.start : span.end] for key, span in index.by_key.items()}
    back = {key: inverse(blocks[key], own) for key, own in wanted.items()}
    changed = apply(data, index, Patch(edits=wanted))
    assert apply(changed, scan(changed), Patch(edits=back)) == data
    return changed


def assert_only(
    data: bytes, changed: bytes, wanted: Mapping[TrackKey, tuple[AttributeEdit, ...]]
) -> None:
    """Whether exactly these attributes differ, as lxml sees it."""
    index = scan(data)
    numbers = {span.key: number for number, span in enumerate(index.entries)}
    allowed = dict[tuple[str, str], str | None]()
    for key, own in wanted.items():
        for edit in own:
            child = f"/{edit.element}[0]" if edit.element else ""
            place = f"NML/COLLECTION[0]/ENTRY[{numbers[key]}]{child}"
            allowed[place, edit.attribute] = edit.value
    for found, (was, now) in differences(data, changed).items():
        if found[1]:
            assert found in allowed, f"{found}: {was!r} became {now!r}"
            assert now == allowed[found]
    after = flat(changed)
    for (path, name), value in allowed.items():
        assert after.get((tuple(path.split("/")), name)) == value


def all_edits(
    data: bytes, chance: random.Random, share: float = 1.0
) -> dict[TrackKey, tuple[AttributeEdit, ...]]:
    wanted = dict[TrackKey, tuple[AttributeEdit, ...]]()
    index = scan(data)
    for span in index.entries:
        if span.key is None or chance.random() > share:
            continue
        entry = parse(data[span.start : span.end])
        own = list[AttributeEdit]()
        for field in chance.sample(sorted(WRITABLE - {"ranking"}), chance.randrange(1, 6)):
            value = chance.choice([None, VALUES[FIELDS[field].kind]])
            try:
                own += edits(entry, field, value, numbers=index.style.numbers)
            except FieldKept:
                continue
        if own:
            wanted[span.key] = tuple(own)
    return wanted


# --- Nothing to change ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_rendering_every_entry_from_its_model_gives_the_same_bytes(kind: str, turn) -> None:
    data = turn(collection(12, kind=kind))
    index = scan(data)

    assert len(index.entries) == 12
    assert b"".join(render_all(data, index.entries, index.style)) == data


@pytest.mark.shared_data
def test_every_real_file_survives_a_save_without_changes(shared_data: Path) -> None:
    for path in real_files(shared_data):
        data = path.read_bytes()
        index = scan(data)
        assert b"".join(render_all(data, index.entries, index.style)) == data, path.name


def test_rendering_really_writes_what_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    data = collection(6)
    index = scan(data)
    written = list[str]()
    real = layout.escape

    def recording(value: str, *rest) -> bytes:
        written.append(value)
        return real(value, *rest)

    monkeypatch.setattr("musictool_core.traktor.patch.escape", recording)
    b"".join(render_all(data, index.entries, index.style))

    values = [
        value
        for (place, name), value in flat(data).items()
        if name and len(place) > 2 and place[1] == "COLLECTION[0]"
    ]
    assert sorted(written) == sorted(values)


def test_a_model_that_differs_is_rendered_with_its_difference() -> None:
    data = collection(3)
    block = block_of(data, TrackKey(key_of(1)))
    entry = parse(block)
    last = entry.children[-1]
    changed = Element(last.tag, {**last.attributes, "START": "1.000000"}, last.children)
    model = Element(entry.tag, {**entry.attributes, "TITLE": "B"}, (*entry.children[:-1], changed))

    new = render(block, model)

    assert set(differences(block, new)) == {
        ("ENTRY", "TITLE"),
        (f"ENTRY/{last.tag}[{sum(c.tag == last.tag for c in entry.children) - 1}]", "START"),
    }
    with pytest.raises(NmlError, match="elements"):
        render(block, Element(entry.tag, entry.attributes, entry.children[1:]))


def test_edits_that_say_what_stands_there_change_no_byte_and_stamp_nothing() -> None:
    data = collection(5)
    index = scan(data)
    same = dict[TrackKey, tuple[AttributeEdit, ...]]()
    for key, span in index.by_key.items():
        entry = parse(data[span.start : span.end])
        same[key] = tuple(
            AttributeEdit("" if one is entry else one.tag, name, value)
            for one in (entry, *entry.children[:1])
            for name, value in one.attributes.items()
        )

    rewrite = plan(data, index, Patch(edits=same, modified=1_700_000_000))

    assert (rewrite.splices, rewrite.touched) == ((), ())


# --- Attributes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_any_edits_change_what_they_name_and_go_back_to_the_byte(kind: str, turn) -> None:
    data = turn(collection(10, kind=kind, seed=3))
    wanted = all_edits(data, random.Random(kind), 0.6)

    changed = there_and_back(data, wanted)

    assert changed != data
    assert_only(data, changed, wanted)


@pytest.mark.shared_data
def test_edits_of_real_files_change_what_they_name_and_go_back_to_the_byte(
    shared_data: Path,
) -> None:
    for path in real_files(shared_data):
        data = path.read_bytes()
        wanted = all_edits(data, random.Random(path.name), 0.2)
        changed = there_and_back(data, wanted)
        assert_only(data, changed, wanted)
        assert is_traktor_layout(changed) == is_traktor_layout(data)


@pytest.mark.shared_data
@pytest.mark.parametrize("flavour", ["t2", "t211", "t3", "t34", "t4"])
@pytest.mark.parametrize("platform", ["mac", "win"])
def test_files_of_the_generator_of_the_reference_go_there_and_back(
    shared_data: Path, tmp_path: Path, flavour: str, platform: str
) -> None:
    maker = shared_data / "traktor-nml" / "make_collection.py"
    made = tmp_path / "c.nml"
    options = ["-n", "150", "--quirks", "--flavour", flavour, "--platform", platform]
    subprocess.run([sys.executable, maker, *options, made], check=True)
    for turn in (bytes, by_elementtree, indented):
        data = turn(made.read_bytes())
        index = scan(data)
        assert b"".join(render_all(data, index.entries, index.style)) == data
        wanted = all_edits(data, random.Random(flavour), 0.5)
        assert_only(data, there_and_back(data, wanted), wanted)


def test_a_file_whose_attributes_are_sorted_by_name_stays_so() -> None:
    root = etree.fromstring(collection(4))
    for one in root.iter(etree.Element):
        given = sorted(one.attrib.items())
        one.attrib.clear()
        one.attrib.update(given)
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    key = TrackKey(key_of(2))
    info = parse(block_of(data, key)).child("INFO")
    assert info is not None
    taken = {"IMPORT_DATE", "COMMENT", "FILESIZE", "PLAYTIME"}
    gone = tuple(AttributeEdit("INFO", name, None) for name in info.attributes if name in taken)

    assert len(gone) > 2
    there_and_back(data, {key: gone})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_inserted_stands_in_traktors_order(kind: str) -> None:
    data = collection(10, kind=kind, seed=5)
    wanted = all_edits(data, random.Random(7))

    changed = apply(data, scan(data), Patch(edits=wanted, modified=1_700_000_000))

    assert is_traktor_layout(changed)
    for tag, names in order(changed):
        known = ATTRIBUTE_ORDER.get(tag, ())
        ranks = [known.index(name) for name in names if name in known]
        assert ranks == sorted(ranks), (tag, names)
    for span in scan(changed).entries:
        tags = [child.tag for child in parse(changed[span.start : span.end]).children]
        ranks = [CHILD_ORDER["ENTRY"].index(tag) for tag in tags]
        assert ranks == sorted(ranks), tags


@pytest.mark.parametrize("removed", CHILD_ORDER["ENTRY"][1:8])
def test_a_missing_element_is_made_at_its_place_and_goes_again(removed: str) -> None:
    data = collection(6, seed=2)
    entries = [e for e in scan(data).entries if removed.encode() not in data[e.start : e.end]]
    if not entries:
        # None lacks it: ask for the place of one that is taken out first.
        span = scan(data).entries[0]
        entry = parse(data[span.start : span.end])
        found = entry.child(removed)
        assert found is not None
        assert span.key is not None
        out = {span.key: tuple(AttributeEdit(removed, name, None) for name in found.attributes)}
        data = apply(data, scan(data), Patch(edits=out))
        entries = [scan(data).entries[0]]
        assert f"<{removed}".encode() not in data[entries[0].start : entries[0].end]
    key = entries[0].key
    assert key is not None
    edit = AttributeEdit(removed, ATTRIBUTE_ORDER.get(removed, ("X",))[0], "1")

    changed = there_and_back(data, {key: (edit,)})

    assert is_traktor_layout(changed)
    assert_only(data, changed, {key: (edit,)})


def test_unknown_attributes_and_elements_keep_their_place() -> None:
    data = collection(2, kind="t4", seed=4)
    data = data.replace(b" TITLE=", b' FUTURE="x &gt; y" TITLE=', 1)
    new = b'<NEW A="1"><DEEP></DEEP>\n</NEW>\n<MODIFICATION_INFO'
    data = data.replace(b"<MODIFICATION_INFO", new, 1)
    key = TrackKey(key_of(0))
    edited = (AttributeEdit("", "ARTIST", "somebody"), AttributeEdit("ALBUM", "TRACK", "4"))

    changed = there_and_back(data, {key: edited})

    assert b' FUTURE="x &gt; y" TITLE=' in changed
    assert new in changed


def test_the_stamp_is_utc_and_without_leading_zeros() -> None:
    data = collection(2)
    edit = {TrackKey(key_of(0)): (AttributeEdit("", "TITLE", "other"),)}

    # 2024-03-07 01:02:03 UTC
    changed = apply(data, scan(data), Patch(edits=edit, modified=1_709_773_323))

    assert parse(block_of(changed, TrackKey(key_of(0)))).attributes["MODIFIED_DATE"] == "2024/3/7"
    assert parse(block_of(changed, TrackKey(key_of(0)))).attributes["MODIFIED_TIME"] == "3723"
    assert block_of(changed, TrackKey(key_of(1))) == block_of(data, TrackKey(key_of(1)))


@given(
    value=st.text(st.characters(codec="utf-8"), max_size=40),
    turn=st.sampled_from(sorted(LAYOUTS)),
)
@example(value="a\nb\tc\r", turn="indented")
@example(value="\U0001d11e", turn="in_ascii")
@settings(max_examples=150)
def test_any_text_is_read_by_lxml_as_it_was_written(value: str, turn: str) -> None:
    data = LAYOUTS[turn](collection(2))
    key = TrackKey(key_of(0))
    edit = AttributeEdit("INFO", "COMMENT", value)
    try:
        changed = apply(data, scan(data), Patch(edits={key: (edit,)}))
    except NmlError:
        assert layout._NOT_XML.search(value)
        return

    assert_only(data, changed, {key: (edit,)})


@pytest.mark.parametrize("bad", ["\0", "\x0b", "\ufffe", "\ud800"])
def test_characters_that_no_xml_holds_are_refused(bad: str) -> None:
    data = collection(1)
    edit = {TrackKey(key_of(0)): (AttributeEdit("", "TITLE", f"a{bad}"),)}

    with pytest.raises(NmlError, match="no XML file can hold"):
        apply(data, scan(data), Patch(edits=edit))


@pytest.mark.parametrize("kind", KINDS)
def test_a_track_that_is_not_there_or_is_there_twice_is_refused(kind: str) -> None:
    data = collection(2, kind=kind)
    edit = (AttributeEdit("", "TITLE", "x"),)

    with pytest.raises(NmlError, match="not in the collection"):
        apply(data, scan(data), Patch(edits={TrackKey("nowhere"): edit}))
    twice = data.replace(b"001 - ", b"000 - ")
    with pytest.raises(NmlError, match="there twice"):
        apply(twice, scan(twice), Patch(edits={TrackKey(key_of(0)): edit}))


def test_a_scan_of_other_bytes_is_refused() -> None:
    data = collection(2)

    with pytest.raises(NmlError, match="not the one"):
        plan(data + b" ", scan(data), Patch())


# --- Relocation ----------------------------------------------------------------------------------

GOAL = Location("Music", '/:a & b/:"q"/:', "neu <1>.mp3", "1caf2a4e")


@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_a_relocation_changes_all_that_names_the_place_and_goes_back(turn) -> None:
    data = turn(collection(6, kind="t4"))
    key = TrackKey(key_of(1))
    old = parse(block_of(data, key)).child("LOCATION")
    assert old is not None

    changed = apply(data, scan(data), Patch(relocations={key: GOAL}))

    found = differences(data, changed)
    entry = "NML/COLLECTION[0]/ENTRY[1]/LOCATION[0]"
    root = "NML/PLAYLISTS[0]/NODE[0]/SUBNODES[0]"
    cell = "NML/SETS[0]/SET[0]/SLOT[0]/CELL[0]"
    friday = f"{root}/NODE[1]/SUBNODES[0]/NODE[0]/PLAYLIST[0]/ENTRY[1]/PRIMARYKEY[0]"
    assert set(found) == {
        *((entry, name) for name in ("DIR", "FILE", "VOLUME", "VOLUMEID")),
        *((cell, name) for name in ("DIR", "FILE", "VOLUME")),
        (friday, "KEY"),
        (f"{root}/NODE[2]/PLAYLIST[0]/ENTRY[0]/PRIMARYKEY[0]", "KEY"),
    }
    assert found[friday, "KEY"] == (key, GOAL.key)
    assert GOAL.key in scan(changed).by_key
    home = Location(*(old.attributes[name] for name in ("VOLUME", "DIR", "FILE", "VOLUMEID")))
    assert apply(changed, scan(changed), Patch(relocations={GOAL.key: home})) == data


def test_two_tracks_may_change_places_but_not_share_one() -> None:
    data = collection(4)
    one, two, three = (TrackKey(key_of(n)) for n in range(3))
    folder = "/:Users/:dj/:Musïc & more/:"
    places = {
        key: Location("Macintosh HD", folder, key.rpartition(":")[2]) for key in (one, two, three)
    }

    swapped = apply(data, scan(data), Patch(relocations={one: places[two], two: places[one]}))

    titles = [parse(data[s.start : s.end]).attributes["TITLE"] for s in scan(data).entries]
    after = scan(swapped)
    assert [span.key for span in after.entries[:2]] == [two, one]
    assert parse(block_of(swapped, one)).attributes["TITLE"] == titles[1]
    with pytest.raises(NmlError, match="another track"):
        apply(data, scan(data), Patch(relocations={one: places[three]}))
    with pytest.raises(NmlError, match="one place"):
        apply(data, scan(data), Patch(relocations={one: GOAL, two: GOAL}))


def test_the_volume_id_stays_within_a_volume_and_goes_with_it() -> None:
    data = collection(3).replace(b'VOLUMEID=""', b'VOLUMEID="Macintosh HD"')
    key = TrackKey(key_of(0))

    within, away = (
        apply(data, scan(data), Patch(relocations={key: Location(volume, "/:a/:", "b")}))
        for volume in ("Macintosh HD", "D:")
    )

    assert b'DIR="/:a/:" FILE="b" VOLUME="Macintosh HD" VOLUMEID="Macintosh HD">' in within
    assert b'DIR="/:a/:" FILE="b" VOLUME="D:">' in away


def test_cells_inside_entries_are_relocated_too() -> None:
    cell = b'<CELL DIR="/:a/:" FILE="b" VOLUME="C:"></CELL>\n'
    data = collection(3, seed=2)
    second = scan(data).entries[1]
    data = data[: second.end - 8] + cell + data[second.end - 8 :]
    first = TrackKey(key_of(0))
    to_cell = {first: Location("C:", "/:a/:", "b")}
    moved = apply(data, scan(data), Patch(relocations=to_cell))
    away = {TrackKey("C:/:a/:b"): Location("C:", "/:z/:", "b")}

    changed = apply(moved, scan(moved), Patch(relocations=away))

    assert b'<CELL DIR="/:z/:" FILE="b" VOLUME="C:">' in changed
