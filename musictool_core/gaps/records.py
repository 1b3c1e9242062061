"""The answer at record level, for records whose track list is not known yet.

Pure. By Discogs id, by catalogue number and label, by artist and album, and at last by a single
track of the record's name: enough to say yes, partly or no at once after a CSV import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.gaps.states import Owned
from musictool_core.matching import artist_keys, catno_key, text_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.music import LibraryItem


def item_record_keys(item: LibraryItem) -> frozenset[str]:
    """Keys under which an item speaks for a whole record."""
    keys = set()
    if item.discogs_albumid:
        keys.add(f"rd:{item.discogs_albumid}")
    if item.catalognum and (catno := catno_key(item.catalognum)):
        keys.add(f"rc:{catno}")
    for artist in artist_keys(item.albumartist, item.artist):
        if item.album:
            keys.add(f"ra:{artist}|{text_key(item.album)}")
        if item.title:
            keys.add(f"ra:{artist}|{text_key(item.title)}")
    if item.album:
        keys.add(f"ra:|{text_key(item.album)}")
    return frozenset(keys)


def record_keys(record: Mapping[str, Any]) -> frozenset[str]:
    """Keys of a record, from one of its mirror rows; shared keys make an item a candidate."""
    keys = {f"rd:{record['release_id']}"}
    keys.update(f"rc:{catno}" for catno in _catnos(record))
    title = text_key(record["title"])
    if title:
        keys.update(f"ra:{artist}|{title}" for artist in _artists(record))
    return frozenset(keys)


def judge_record(record: Mapping[str, Any], candidates: Sequence[LibraryItem]) -> Owned:
    """Say whether a record is owned digitally, as far as that shows without its track list.

    An album counts as whole: without a track list nothing says otherwise. One file of the record's
    name alone makes it partly owned.
    """
    by_id = [item for item in candidates if item.discogs_albumid == record["release_id"]]
    if by_id or any(_is_same_edition(record, item) for item in candidates):
        return Owned.YES
    title = text_key(record["title"])
    same_artist = [item for item in candidates if _is_by(record, item)]
    albums = [item for item in same_artist if title and text_key(item.album) == title]
    if len(albums) > 1:
        return Owned.YES
    if albums or any(title and text_key(item.title) == title for item in same_artist):
        return Owned.PARTLY
    return Owned.NO


def _is_same_edition(record: Mapping[str, Any], item: LibraryItem) -> bool:
    """Same catalogue number, and a label or artist that does not contradict it.

    Numbers such as "001" are used by many labels: alone they prove nothing.
    """
    if not item.catalognum or catno_key(item.catalognum) not in _catnos(record):
        return False
    labels = {text_key(label) for label in str(record["label"]).split(",")}
    return text_key(item.label) in labels if item.label else _is_by(record, item)


def _is_by(record: Mapping[str, Any], item: LibraryItem) -> bool:
    wanted = _artists(record)
    if "" in wanted:
        return True
    return not wanted.isdisjoint(artist_keys(item.artist, item.albumartist))


def _artists(record: Mapping[str, Any]) -> frozenset[str]:
    # "Various" has no keys: the album's name then stands alone.
    return frozenset(artist_keys(str(record["artist"])) or ("",))


def _catnos(record: Mapping[str, Any]) -> set[str]:
    found = {catno_key(part) for part in str(record["catalognum"]).split(",")}
    return found - {"", "none"}
