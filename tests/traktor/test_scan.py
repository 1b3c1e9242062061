"""The index: equal to what lxml finds, in every layout; hostile files are refused in one line."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from musictool_core.traktor import scan as module
from musictool_core.traktor.fields import read_all
from musictool_core.traktor.layout import MAX_ATTRIBUTE_BYTES, MAX_DEPTH, Layout, Numbers
from musictool_core.traktor.model import parse
from musictool_core.traktor.patch import plan
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import delta, is_traktor_layout, scan
from musictool_core.traktor.values import AttributeEdit, Location, NmlError, Patch, PlaylistWrite
from musictool_core.traktor.verify import verify
from tests.traktor.samples import DECLARATION, FOREIGN, KINDS, collection, key_of, real_files

if TYPE_CHECKING:
    from pathlib import Path

LAYOUTS = {"traktor": bytes, **FOREIGN}


def seen_by_lxml(data: bytes) -> list[str | None]:
    """Keys of the entries."""
    found = list[str | None]()
    for entry in etree.fromstring(data).iterfind("COLLECTION/ENTRY"):
        place = entry.find("LOCATION")
        found.append(
            None
            if place is None
            else "".join(place.get(name, "") for name in ("VOLUME", "DIR", "FILE"))
        )
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_entries_are_those_that_lxml_finds(kind: str, turn) -> None:
    data = turn(collection(9, kind=kind))

    index = scan(data)

    assert [span.key for span in index.entries] == seen_by_lxml(data)
    assert index.declared == 12
    assert index.version == KINDS[kind].version
    assert index.program == "Traktor"
    assert index.style.uuids == KINDS[kind].uuid
    assert index.style.numbers is (Numbers.FIXED if KINDS[kind].decimals else Numbers.SHORT)
    for span in index.entries:
        block = data[span.start : span.end]
        assert etree.fromstring(block).tag == "ENTRY"
        assert block.endswith((b"</ENTRY>", b"/>"))
    for name, region in index.sections.items():
        assert etree.fromstring(data[region.start : region.end]).tag == name


@pytest.mark.shared_data
def test_real_files_are_indexed_as_lxml_counted_them(shared_data: Path) -> None:
    facts = json.loads((shared_data / "traktor-nml" / "corpus-facts.json").read_bytes())
    for path in real_files(shared_data):
        data = path.read_bytes()
        index = scan(data)
        known = facts[f"{path.parent.name}/{path.name}"]
        assert len(index.entries) == known["entries"]
        assert index.declared == known["entries_declared"]
        assert str(index.version) == known["nml_version"]
        assert index.program == known["program"]
        assert sum(one.key is None for one in index.entries) == known["entries_without_location"]
        assert is_traktor_layout(data) == known["traktor_byte_layout"]
        assert (index.style.layout is Layout.TRAKTOR) == known["traktor_byte_layout"]
        assert [span.key for span in index.entries] == seen_by_lxml(data)


def test_both_ways_to_scan_find_the_same() -> None:
    for kind in KINDS:
        data = collection(9, kind=kind)
        quick, careful = module._scan_by_search(data), module._scan_by_expat(data)
        assert quick is not None
        assert quick.entries == careful.entries
        assert quick.sections == careful.sections
        assert (quick.declared, quick.version, quick.digest) == (
            careful.declared,
            careful.version,
            careful.digest,
        )


def test_an_entry_without_location_has_no_key() -> None:
    data = collection(3)
    second = scan(data).entries[1]
    block = data[second.start : second.end]
    start = block.index(b"<LOCATION")
    bare = block[:start] + block[block.index(b"</LOCATION>\n") + 12 :]

    index = scan(data.replace(block, bare))

    assert [span.key for span in index.entries] == [key_of(0), None, key_of(2)]
    assert list(index.by_key) != []


def test_a_location_in_another_order_of_attributes_is_read() -> None:
    data = collection(2).replace(b' VOLUME="Macintosh HD" VOLUMEID', b" VOLUMEID")
    data = data.replace(b"<LOCATION DIR", b'<LOCATION VOLUME="Macintosh HD" DIR')

    assert [span.key for span in scan(data).entries] == [key_of(0), key_of(1)]


def test_texts_that_look_like_tags_mislead_nobody() -> None:
    data = collection(3).replace(b' TITLE="', b' TITLE="&lt;/ENTRY>&lt;/COLLECTION>&lt;ENTRY ')

    assert [span.key for span in scan(data).entries] == [key_of(n) for n in range(3)]


def test_delta_tells_new_changed_and_gone() -> None:
    data = collection(6)
    older = scan(data).digests
    entries = scan(data).entries
    gone = data[entries[2].start : entries[3].start]
    changed = data.replace(gone, b"").replace(b"004 - it", b"104 - it")
    at = scan(changed).entries[0].start
    changed = changed[: at + 7] + b'FUTURE="1" ' + changed[at + 7 :]

    found = delta(scan(changed), older)

    assert found.changed == (key_of(0),)
    assert found.new == (key_of(104),)
    assert found.gone == (key_of(2), key_of(4))
    assert delta(scan(data), older) == module.Delta((), (), ())


def test_digests_fit_into_sqlite() -> None:
    assert all(0 <= module.digest(bytes([n])) < 1 << 63 for n in range(256))


# --- Hostile -------------------------------------------------------------------------------------


def read_all_of(data: bytes) -> None:
    index = scan(data)
    for span in index.entries:
        read_all(parse(data[span.start : span.end]))
    read_shelf(data, index)


BOMB = '<!DOCTYPE NML [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


def hostile() -> dict[str, bytes]:
    data = collection(2)
    text = data.decode()
    body = text.removeprefix(DECLARATION)
    deep = "<NODE>" * (MAX_DEPTH + 5) + "</NODE>" * (MAX_DEPTH + 5)
    return {
        "empty": b"",
        "nothing but zeros": b"\0" * 5000,
        "blank": b" \n\t ",
        "text": b"hello",
        "another root": b"<plist></plist>",
        "no collection": b'<NML VERSION="19"></NML>',
        "document type": (DECLARATION + BOMB + body).encode(),
        "document type in the middle": data.replace(b"<SETS", b"<!DOCTYPE x>\n<SETS"),
        "entity without type": data.replace(b' TITLE="', b' TITLE="&a;', 1),
        "external": (
            DECLARATION + '<!DOCTYPE NML SYSTEM "http://127.0.0.1/x.dtd">' + body
        ).encode(),
        "utf-16": text.replace("UTF-8", "UTF-16").encode("utf-16"),
        "utf-32": text.encode("utf-32-be"),
        "latin-1": text.replace("UTF-8", "ISO-8859-1").encode("latin-1", "replace"),
        "cut": data[: len(data) // 2],
        "cut in a tag": data[: data.index(b"AUDIO_ID") + 20],
        "not utf-8": data.replace(b"Mus\xc3", b"Mus\xff"),
        "deep": text.replace("<PLAYLISTS>", "<PLAYLISTS>" + deep)
        .replace("<HEAD", " <HEAD")
        .encode(),
        "long attribute": data.replace(b' TITLE="', b' TITLE="' + b"x" * (MAX_ATTRIBUTE_BYTES + 9)),
        "many attributes": data.replace(
            b"<HEAD", b" <HEAD " + b" ".join(b'a%d="1"' % n for n in range(300))
        ),
        "attribute twice": data.replace(b"<HEAD", b'<HEAD a="1" a="2"').replace(b"<NML", b" <NML"),
        "zeros behind the half": data[: len(data) // 2] + bytes(len(data) // 2),
    }


@pytest.mark.parametrize("name", hostile())
def test_what_is_no_nml_is_refused_in_one_line(name: str) -> None:
    data = hostile()[name]

    with pytest.raises(NmlError) as caught:
        read_all_of(data)

    assert "\n" not in str(caught.value)
    assert 10 < len(str(caught.value)) < 200


def can_be_read(data: bytes) -> bool:
    """Whether another reader takes it."""
    try:
        etree.fromstring(data)
    except etree.XMLSyntaxError:
        return False
    return True


def survives(data: bytes, chance: random.Random) -> None:
    """Read everything, and change a little; the only error that may come is ours."""
    with suppress(NmlError):
        read_all_of(data)
    with suppress(NmlError):
        index = scan(data)
        keys = [key for key in index.by_key if chance.random() < 0.5]
        goal = Location("D:", "/:new/:", f"{len(keys)}.mp3")
        patch = Patch(
            edits={key: (AttributeEdit("INFO", "RATING", "x"),) for key in keys},
            relocations=dict.fromkeys(keys[:1], goal),
            playlists=(PlaylistWrite(("Sets & co", "Friday"), tuple(keys)),),
        )
        rewrite = plan(data, index, patch)
        changed = b"".join(rewrite.pieces())
        verify(changed, rewrite, index, patch)
        # Verified: so whoever could read it before can now, and it says what was asked for. A colon
        # in a name is refused by readers of namespaces only; an NML has none.
        if can_be_read(data):
            etree.fromstring(changed)
        assert all(
            key in scan(changed).by_key for key in [*keys[1:], *([goal.key] if keys else [])]
        )


BASES = [LAYOUTS[name](collection(3, kind=kind)) for name in LAYOUTS for kind in ("t2", "t4")]
PARTS = (
    *(b"<", b">", b"/>", b'"', b"'", b"&", b"&#0;", b"&#x110000;", b"&a;", b"]]>", b"<!--", b"-->"),
    *(
        b"<ENTRY ",
        b"</ENTRY>\n",
        b"</COLLECTION>\n",
        b"<?x?>",
        b"<![CDATA[",
        b"\0",
        b"\xff",
        b"=\n",
    ),
    *(
        b"<!DOCTYPE NML>",
        b"<NODE",
        b'="" ',
        b" ",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"<PLAYLIST ENTRIES='9'>",
    ),
)


def mutated(chance: random.Random) -> bytes:
    """A collection in which some stretches were replaced, repeated, moved or cut."""
    data = bytearray(chance.choice(BASES))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((0, 1, 1, 5, 40, 400)))
        other = chance.randrange(len(data) + 1)
        part = chance.choice(
            (
                chance.choice(PARTS),
                bytes(data[other : other + chance.choice((1, 30, 900))]),
                chance.randbytes(chance.choice((1, 4))),
                chance.choice(PARTS) * chance.choice((2, 50, 500)),
            )
        )
        data[at:end] = part
    if chance.random() < 0.1:
        del data[chance.randrange(len(data) + 1) :]
    return bytes(data)


@given(st.integers(0, 1 << 60))
@settings(max_examples=400)
def test_mutated_files_raise_nothing_but_our_error(seed: int) -> None:
    chance = random.Random(seed)
    survives(mutated(chance), chance)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(8))
def test_two_hundred_thousand_mutated_files_raise_nothing_but_our_error(part: int) -> None:
    chance = random.Random(part)
    for number in range(25_000):
        data = mutated(chance)
        start = process_time()
        survives(data, chance)
        # Of the processor, so that a busy machine fails nobody.
        assert process_time() - start < max(1.0, len(data) / 1e6), (part, number)
