"""Where gap states are kept: rows in the library that beets queries reach, and a rebuildable index.

The rows live in library.db, so `beet gaps list label:warp state:missing` is one SELECT. The index
that makes an update after an import cheap lives in musictool-cache.db and may be deleted any time.
"""

from __future__ import annotations

from musictool_core.db import Column, CreateTable, Index, Kind, Migration, Table

GAPS = Table(
    "mt_gap",
    (
        Column("id", Kind.ID),
        Column("ref", Kind.TEXT, "stable name of the track: release and position"),
        Column("release_id", Kind.INTEGER, "release id at Discogs"),
        Column("number", Kind.INTEGER, "place in the track list, from 0"),
        Column("position", Kind.TEXT, "position as printed"),
        Column("artist", Kind.TEXT, "artist of the track"),
        Column("title", Kind.TEXT, "title of the track"),
        Column("duration", Kind.REAL, "seconds, empty when not printed"),
        Column("record_artist", Kind.TEXT, "artist of the record"),
        Column("album", Kind.TEXT, "title of the record"),
        Column("label", Kind.TEXT, "labels of the record"),
        Column("catalognum", Kind.TEXT, "catalogue numbers of the record"),
        Column("year", Kind.INTEGER, "year of the pressing"),
        Column("formats", Kind.TEXT, "carriers of the record"),
        Column("genres", Kind.TEXT, "genres and styles of the record"),
        Column("folder", Kind.TEXT, "collection folders of its copies"),
        Column("rating", Kind.INTEGER, "own rating of the record, 0 when none"),
        Column("added", Kind.DATE, "when the record came to the collection"),
        Column("state", Kind.TEXT, "own, other_version, review, missing or ignored"),
        Column("item_id", Kind.INTEGER, "the file it is about, empty when missing"),
        Column("score", Kind.REAL, "0 to 1, how sure the relation to the file is"),
        Column("method", Kind.TEXT, "which evidence decided"),
        Column("evidence", Kind.JSON, "sentences that explain the state"),
        Column("recording", Kind.TEXT, "equal for one recording on several records"),
    ),
    key=("ref",),
    indexes=(Index(("release_id",)), Index(("item_id",))),
    search=("artist", "title", "album"),
)

STAMP = Table(
    "mt_gap_stamp",
    (Column("id", Kind.ID), Column("token", Kind.TEXT, "equals the index this state belongs to")),
    key=("id",),
)

MIGRATIONS = (Migration((CreateTable(GAPS), CreateTable(STAMP))),)

INDEX_ITEMS = Table(
    "gap_item", (Column("id", Kind.ID), Column("checksum", Kind.INTEGER)), key=("id",)
)
INDEX_RECORDS = Table(
    "gap_record", (Column("id", Kind.ID), Column("checksum", Kind.INTEGER)), key=("id",)
)
INDEX_ITEM_KEYS = Table(
    "gap_item_key",
    (Column("key", Kind.INTEGER), Column("item_id", Kind.INTEGER)),
    indexes=(Index(("key", "item_id")), Index(("item_id",))),
)
INDEX_RECORD_KEYS = Table(
    "gap_record_key",
    (Column("key", Kind.INTEGER), Column("release_id", Kind.INTEGER)),
    indexes=(Index(("key", "release_id")), Index(("release_id",))),
)
INDEX_STAMP = Table("gap_stamp", (Column("id", Kind.ID), Column("token", Kind.TEXT)), key=("id",))
INDEX_TABLES = (INDEX_ITEMS, INDEX_RECORDS, INDEX_ITEM_KEYS, INDEX_RECORD_KEYS, INDEX_STAMP)
