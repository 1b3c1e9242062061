"""mediafile with the fields that DJ programs keep in tags and mediafile does not know.

They are named after the flexible attributes that hold the same in the library, and are fields of
our own class, so beets and other plugins see no other mediafile than they are used to. Not every
kind of file has a place for each (reference/traktor-nml.md, section 5): `has_place` tells.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import mediafile
from mutagen.id3 import Frames

from musictool_core.music.stars import STAR, stars_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRAKTOR = "traktor@native-instruments.de"
_VORBIS = ["FLAC", "OggOpus", "OggVorbis", "OggFlac", "OggSpeex", "OggTheora"]
_MOST_STARS = 5
_ID3_ENDINGS = frozenset({".mp3", ".aif", ".aiff", ".aifc", ".wav", ".wave", ".dsf"})
_VORBIS_ENDINGS = frozenset({".flac", ".ogg", ".oga", ".opus", ".spx"})


class _TraktorStars(mediafile.MP3StorageStyle):  # type: ignore[misc]
    """Stars in Traktor's own popularimeter frame; those of other players are not touched."""

    def __init__(self) -> None:
        super().__init__(f"POPM:{_TRAKTOR}", as_type=int)

    def fetch(self, mutagen_file: Any) -> int | None:
        """Stars, 1 to 5; None without."""
        frame: Any = mutagen_file.get(self.key)
        return None if frame is None else stars_of(frame.rating) or None

    def store(self, mutagen_file: Any, value: int) -> None:
        """Write stars; a byte that means as many stays (196 is four, too)."""
        if not 0 <= value <= _MOST_STARS:
            raise ValueError(value)
        frame: Any = mutagen_file.get(self.key)
        if frame is None or stars_of(frame.rating) != value:
            new: Any = Frames["POPM"]
            made = new(email=_TRAKTOR, rating=STAR * value, count=_plays(frame))
            mutagen_file[self.key] = made

    def delete(self, mutagen_file: Any) -> None:
        """Take the stars away; plays that the frame counts stay."""
        frame: Any = mutagen_file.get(self.key)
        if _plays(frame):
            self.store(mutagen_file, 0)
        else:
            super().delete(mutagen_file)


def _plays(frame: Any) -> int:
    """What a frame counts; it may be none, or end before its count."""
    return int(frame.count) if hasattr(frame, "count") else 0


class _Vorbis(mediafile.StorageStyle):  # type: ignore[misc]
    """A Vorbis comment; APE tags, which the class above serves too, are left alone."""

    formats = _VORBIS


_OWN = {
    "traktor_rating": mediafile.MediaField(_TraktorStars(), out_type=int),
    "traktor_comment2": mediafile.MediaField(_Vorbis("COMMENT2")),
    "traktor_mix": mediafile.MediaField(_Vorbis("VERSION")),
    "traktor_producer": mediafile.MediaField(
        mediafile.MP3PeopleStorageStyle("TIPL", involvement="producer"), _Vorbis("PRODUCER")
    ),
}


class _Tags:
    """What mediafile takes for a file of mutagen; it goes by the name of the class."""

    def __init__(self, tags: Any) -> None:
        self.tags = tags

    def __getitem__(self, key: str) -> Any:
        return self.tags[key]

    def __contains__(self, key: str) -> bool:
        return key in self.tags

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dictionary."""
        return self.tags.get(key, default)


class TagFile(mediafile.MediaFile):  # type: ignore[misc]
    """A file's tags with our fields beside mediafile's."""

    traktor_rating = _OWN["traktor_rating"]
    traktor_comment2 = _OWN["traktor_comment2"]
    traktor_mix = _OWN["traktor_mix"]
    traktor_producer = _OWN["traktor_producer"]

    @classmethod
    def over(cls, kind: str, tags: Any) -> TagFile:
        """The fields of tags that were read without their file.

        Args:
            kind: what mutagen calls files of such tags: "MP3" or "APEv2File".
            tags: mutagen's ID3 or APEv2.
        """
        made = cls.__new__(cls)
        holder: Any = type(kind, (_Tags,), {})
        made.mgfile = holder(tags)
        return made

    @classmethod
    def fields(cls) -> Iterator[str]:
        """Names of all fields."""
        yield from mediafile.MediaFile.fields()
        yield from _OWN

    @classmethod
    def sorted_fields(cls) -> Iterator[str]:
        """The same in the order in which they are to be written."""
        yield from mediafile.MediaFile.sorted_fields()
        yield from _OWN


@cache
def ape_keys() -> frozenset[str]:
    """Keys of an APEv2 tag that some field reads, in small letters."""
    fields = (*vars(mediafile.MediaFile).values(), *_OWN.values())
    styles = [style for field in fields for style in _styles_of(field)]
    pictures = mediafile.APEv2ImageStorageStyle.TAG_NAMES.values()
    keys = {style.key for style in styles if "APEv2File" in style.formats}
    return frozenset(key.lower() for key in (*keys, *pictures) if isinstance(key, str))


def _styles_of(field: Any) -> tuple[Any, ...]:
    if not isinstance(field, mediafile.MediaField):
        return ()
    return (*getattr(field, "_styles", ()), *_styles_of(getattr(field, "_year_field", None)))


def has_place(ending: str, field: str) -> bool:
    """Whether files of this kind can hold a field.

    Args:
        ending: of the file's name, lower case with its dot.
        field: of `TagFile`.
    """
    if field not in _OWN:
        return True
    formats = {name for style in _OWN[field]._styles for name in style.formats}  # noqa: SLF001
    return (ending in _ID3_ENDINGS and "MP3" in formats) or (
        ending in _VORBIS_ENDINGS and "FLAC" in formats
    )
