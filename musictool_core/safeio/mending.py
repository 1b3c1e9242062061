"""How tags are written, mended, while what programs read of them stays the same.

Old tags beside the one that counts, frames that stand twice, texts in an 8-bit encoding, the
version of ID3.

What is wanted is said as facts (`TagFacts`): `{"ape": None}` is a file without an APEv2 tag. Each
draft is refused unless it has these facts, the audio is the same, and every field reads as before,
but for those that only the tag knew that goes: they are carried over.
"""

from __future__ import annotations

import io as memory_io
from typing import TYPE_CHECKING, Any

import mutagen.apev2
import mutagen.id3
from mutagen import MutagenError

from musictool_core.errors import FormatError
from musictool_core.safeio import drafts, id3
from musictool_core.safeio.drafts import Draft, check_audio, checked_layout
from musictool_core.safeio.mediatags import TagFile, ape_keys
from musictool_core.safeio.overlay import Overlay
from musictool_core.safeio.payload import Container, ape_place, skip_id3
from musictool_core.safeio.tagfacts import TagFacts, tag_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.safeio.overlay import Readable
    from musictool_core.safeio.payload import Layout

MENDABLE = ("id3_version", "id3v1", "ape", "doubled", "latin1", "id3_tags")
"""Names of the `TagFacts` that can be wanted."""

_LISTS = frozenset({"TCOM", "TCON", "TEXT", "TLAN", "TMOO", "TOLY", "TOPE", "TPE1", "TPE2"})
"""Frames whose values are many by nature: doubled ones become one of all their values."""

_IN_V1 = {"TIT2", "TPE1", "TALB", "TDRC", "TRCK", "TCON"}
_WHOLE_FILE = {"ID3 in front", "tags at the end"}
_V1_SIZE = 128
_BINARY = 1
"""Kind of value in an APEv2 tag."""


def draft_mended(source: Readable, name: str, wanted: Mapping[str, Any]) -> Draft | None:
    """Work out the file with these facts; None when it has them.

    Args:
        source: the file as it is.
        name: its path.
        wanted: value by name of a fact (`MENDABLE`); of `id3_version` 3 or 4, of `id3v1` its texts,
            of all others what stands for nothing.

    Raises:
        FormatError: the file cannot be handled safely, or its values would not stay.
    """
    layout = checked_layout(source, name)
    facts = tag_facts(source, name)
    if all(is_as_wanted(getattr(facts, fact), value) for fact, value in wanted.items()):
        return None
    media = _read(source, layout, name)
    pictures = drafts.pictures_of(media, name)
    overlay = Overlay(source, name)
    try:
        if layout.container is Container.FLAC:
            carried = _mend_flac(source, overlay, wanted, name)
        else:
            carried = _Id3(source, drafts.id3_tag(source, layout, name), media, facts, name).mend(
                overlay, layout, wanted
            )
    except drafts.UNWRITABLE as error:
        raise FormatError(f"{name}: its tags cannot be mended ({error}); unchanged.") from error
    draft = Draft(layout, overlay, checked_layout(overlay, name), pictures)
    check_audio(source, draft, name)
    drafts.check_spared(source, draft, _WHOLE_FILE | carried.keys, name)
    again = drafts.opened(overlay, draft.layout, name)
    _check_reads(_read(source, layout, name), again, carried.fields, name)
    _check_facts(overlay, wanted, name)
    return draft


def is_as_wanted(present: Any, wanted: Any) -> bool:
    """Whether a fact is as wanted; a list of names may be one of another kind."""
    if isinstance(wanted, list | tuple):
        return tuple(present or ()) == tuple(wanted)
    return bool(present == wanted)


def _read(source: Readable, layout: Layout, name: str) -> Any:
    """The tags as mediafile has them; mutagen knows no FLAC behind two ID3 tags."""
    bare = Overlay(source, name)
    if layout.container is Container.FLAC:
        bare.splice(0, skip_id3(source), [])
    return drafts.opened(bare, layout, name)


class _Carried:
    """What only a tag knew that goes: fields by their names, and the keys of what holds them."""

    def __init__(self, fields: Mapping[str, Any], keys: set[str]) -> None:
        self.fields = fields
        self.keys = keys


def _check_reads(before: Any, after: Any, carried: Mapping[str, Any], name: str) -> None:
    """Make sure that every field reads as before, but for those that got a value now."""
    for field in TagFile.fields():
        one, other = _readable(before, field), _readable(after, field)
        if one != other and not (field in carried or (not one and carried)):
            raise FormatError(
                f"{name}: {field} would read as {other!r:.80} and not as {one!r:.80}; unchanged."
            )


def _readable(media: Any, field: str) -> Any:
    value = getattr(media, field)
    if isinstance(value, list):
        # A value that stands twice is the same value.
        return drafts.comparable([v for n, v in enumerate(value) if v not in value[:n]])
    return drafts.comparable(value)


def _check_facts(overlay: Overlay, wanted: Mapping[str, Any], name: str) -> None:
    facts = tag_facts(overlay, name)
    for fact, value in wanted.items():
        found = getattr(facts, fact)
        if not is_as_wanted(found, value):
            raise FormatError(f"{name}: {fact} would still be {found!r:.80}; unchanged.")


# --- ID3 ------------------------------------------------------------------------------------------


class _Id3:
    """Mends the ID3 tag of a file, and what stands beside it."""

    def __init__(
        self, source: Readable, tag: id3.Tag | None, media: Any, facts: TagFacts, name: str
    ) -> None:
        if tag is None:
            raise FormatError(f"{name}: a {facts.container} file has no ID3 to mend; unchanged.")
        self._source = source
        self._tag = tag
        self._media = media
        self._facts = facts
        self._name = name

    def mend(self, overlay: Overlay, layout: Layout, wanted: Mapping[str, Any]) -> _Carried:
        """Put the mended tags into the overlay; return what was carried over."""
        if unknown := wanted.keys() - {"id3_version", "id3v1", "ape", "doubled", "latin1"}:
            raise FormatError(f"{self._name}: {min(unknown)} cannot be mended; unchanged.")
        if self._tag.version == 2 and "id3_version" not in wanted and wanted.keys() != {"id3v1"}:
            raise FormatError(
                f"{self._name}: its tag is ID3v2.2; unchanged.",
                hint="`beet quality health --fix F006` makes it a newer one.",
            )
        tag = self._tag
        carried = _Carried({}, set())
        if "ape" in wanted and (place := ape_place(self._source)):
            carried = self._carry(self._source.read_at(place[0], place[1] - place[0]))
            overlay.splice(*place, [])
            tag = self._with_carried(carried)
        if "doubled" in wanted:
            tag = _one_each(tag, self._facts.doubled)
        if "latin1" in wanted:
            tag = _in_unicode(tag)
        if "id3_version" in wanted:
            tag = self._in_version(tag, wanted["id3_version"])
        changed = _IN_V1 & {key[:4] for key in self._media.mgfile.tags}
        if tag.frames:
            drafts.save_id3(
                overlay, layout, tag, self._media.mgfile.tags, changed if "id3v1" in wanted else ()
            )
        return carried

    def _in_version(self, tag: id3.Tag, version: int) -> id3.Tag:
        if tag.version == version and tag.frames:
            return tag
        if not tag.frames or tag.version == 2:
            # mutagen has read ID3v1 where there is no other, and knows the old names.
            return id3.converted(tag, self._media.mgfile.tags, version, self._name)
        return id3.converted(tag, id3.parsed(tag.packed(), translate=True), version, self._name)

    def _carry(self, data: bytes) -> _Carried:
        """Set what only the APEv2 tag knows in the ID3 tag that is open."""
        ape = _ape(data, self._name)
        other = TagFile.over("APEv2File", ape)
        tags = self._media.mgfile.tags
        before = id3.model_of(tags)
        fields = _totals(ape, self._media) | _missing(other, self._media)
        drafts.set_fields(self._media, fields, self._name)
        known = ape_keys()
        for key, value in ape.items():
            if key.lower() in known:
                continue
            if value.kind == _BINARY:
                raise FormatError(
                    f"{self._name}: its APEv2 tag holds {key!r}, which ID3 cannot take; unchanged."
                )
            if f"TXXX:{key}" not in tags:
                tags.add(mutagen.id3.TXXX(encoding=3, desc=key, text=list(value)))  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        after = id3.model_of(tags)
        return _Carried(fields, {key for key in after if after[key] != before.get(key)})

    def _with_carried(self, carried: _Carried) -> id3.Tag:
        tag, tags = self._tag, self._media.mgfile.tags
        if not tag.frames:
            # A new tag hides ID3v1: what that says has to stand in it, too.
            return id3.edit_tag(tag, tags, set(tags.keys()), 4, self._name) if tags else tag
        return id3.edit_tag(tag, tags, carried.keys, tag.version, self._name)


def _ape(data: bytes, name: str) -> Any:
    try:
        return mutagen.apev2.APEv2(memory_io.BytesIO(data))  # type: ignore[no-untyped-call]
    except MutagenError as error:
        raise FormatError(f"{name}: its APEv2 tag is damaged; unchanged.") from error


def _missing(other: Any, media: Any) -> dict[str, Any]:
    """Fields that one tag has and the other has not."""
    found = {}
    for field in TagFile.fields():
        value = getattr(other, field)
        if value not in (None, "", 0, []) and not getattr(media, field):
            found[field] = value
    # Pictures are all in one list; a date is set by its parts, which may be a year alone.
    for name in ("art", "date", "original_date"):
        found.pop(name, None)
    for year in ("year", "original_year"):
        if getattr(media, year):
            for part in ("year", "month", "day"):
                found.pop(year.replace("year", part), None)
    return found


def _totals(ape: Any, media: Any) -> dict[str, Any]:
    """Totals behind a slash, where mediafile does not look for them in APEv2."""
    found = {}
    for field in ("track", "disc"):
        total = str(ape.get(field, "")).partition("/")[2].strip()
        if total.isdecimal() and not getattr(media, f"{field}total"):
            found[f"{field}total"] = int(total)
    return found


def _one_each(tag: id3.Tag, names: tuple[str, ...]) -> id3.Tag:
    """The first of frames that stand several times; of lists one with all values."""
    made: list[id3.Frame] = []
    seen: set[str] = set()
    for frame in tag.frames:
        name = frame.name.decode("ascii", "replace")
        if name not in names:
            made.append(frame)
        elif name not in seen:
            seen.add(name)
            alike = [each for each in tag.frames if each.name == frame.name]
            made.append(_joined(tag.version, alike) if name in _LISTS else frame)
    return id3.Tag(tag.version, tuple(made))


def _joined(version: int, frames: list[id3.Frame]) -> id3.Frame:
    parsed = id3.parsed(id3.Tag(version, tuple(frames)).packed(), translate=False)
    (frame,) = parsed.values()
    frame.text = list(dict.fromkeys(frame.text))
    if len(frame.text) == 1:
        return frames[0]
    return _rewritten(frame, version)


def _in_unicode(tag: id3.Tag) -> id3.Tag:
    """Texts of more than ASCII in an encoding that holds all letters."""
    made = []
    for frame in tag.frames:
        if id3.is_wide_latin1(frame):
            parsed = id3.parsed(id3.Tag(tag.version, (frame,)).packed(), translate=False)
            made.append(_rewritten(next(iter(parsed.values())), tag.version) if parsed else frame)
        else:
            made.append(frame)
    return id3.Tag(tag.version, tuple(made))


def _rewritten(frame: Any, version: int) -> id3.Frame:
    frame.encoding = 3 if version == 4 else 1
    (made,) = id3.as_written([frame], version)
    return made


# --- FLAC -----------------------------------------------------------------------------------------


def _mend_flac(
    source: Readable, overlay: Overlay, wanted: Mapping[str, Any], name: str
) -> _Carried:
    """Take ID3 off; what only it knows goes into the Vorbis comment."""
    if wanted.keys() != {"id3_tags"}:
        raise FormatError(f"{name}: a FLAC file has no {min(wanted)} to mend; unchanged.")
    end = skip_id3(source)
    tags = id3.parsed(source.read_at(0, end), translate=True)
    overlay.splice(0, end, [])
    media = drafts.opened(overlay, checked_layout(overlay, name), name)
    fields = _missing(TagFile.over("MP3", tags), media)
    before = drafts.model_of(media.mgfile)
    if fields:
        drafts.set_fields(media, fields, name)
        overlay.seek(0)
        media.mgfile.save(overlay, padding=drafts.padding)
    after = drafts.model_of(media.mgfile)
    tail = checked_layout(overlay, name).audio[-1][1]
    if overlay.read_at(tail, 3) == b"TAG" and overlay.size - tail == _V1_SIZE:
        overlay.splice(tail, overlay.size, [])
    return _Carried(fields, {key for key in after if after[key] != before.get(key)})
