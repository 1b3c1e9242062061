"""What must be remembered to keep Traktor in step: bases, outbox, conflicts, runs, lists.

A base is what was seen of one field at the last sync, not a copy of the library: three marks tell
that nothing changed since (of the entry's bytes, of the row in beets, of the file's size and time),
and then nothing of a track is read or compared.
"""

from __future__ import annotations

from musictool_core.db import Column, CreateTable, Index, Kind, Migration, Table

COLLECTIONS = Table(
    "mt_traktor_collection",
    (
        Column("id", Kind.ID),
        Column("path", Kind.TEXT, "of collection.nml"),
        Column("size", Kind.INTEGER, "bytes after the last sync"),
        Column("mtime_ns", Kind.INTEGER, "after the last sync"),
        Column("entries", Kind.INTEGER, "tracks at the last sync; far fewer stop the next one"),
        Column("rules", Kind.TEXT, "mark of the settings that the bases were made with"),
        Column("loose", Kind.INTEGER, "mark of the items that no entry belongs to"),
        Column("synced_at", Kind.DATE),
    ),
    key=("path",),
)

BASES = Table(
    "mt_traktor_base",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("item_id", Kind.INTEGER),
        Column("key", Kind.TEXT, "primary key of the entry"),
        Column("digest", Kind.INTEGER, "of the bytes of the entry"),
        Column("added", Kind.REAL, "when the item was added: beets gives numbers out again"),
        Column("row", Kind.INTEGER, "mark of what beets held"),
        Column("tag_size", Kind.INTEGER, "bytes of the file when its tags were read"),
        Column("tag_mtime_ns", Kind.INTEGER, "of the file when its tags were read"),
        Column("fields", Kind.JSON, "what each side held, and what all were to hold"),
    ),
    key=("collection", "item_id"),
    indexes=(Index(("collection", "key")),),
)

OUTBOX = Table(
    "mt_traktor_outbox",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("item_id", Kind.INTEGER),
        Column("key", Kind.TEXT, "primary key of the entry"),
        Column("field", Kind.TEXT),
        Column("base", Kind.JSON, "what Traktor held when this was put here"),
        Column("new", Kind.JSON, "what it is to hold"),
        Column("reason", Kind.TEXT),
        Column("changeset", Kind.INTEGER, "sync that put it here"),
        Column("created_at", Kind.DATE),
    ),
    key=("collection", "item_id", "field"),
    search=("key", "field"),
)

CONFLICTS = Table(
    "mt_traktor_conflict",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("item_id", Kind.INTEGER),
        Column("key", Kind.TEXT, "primary key of the entry"),
        Column("field", Kind.TEXT),
        Column("nml", Kind.JSON, "what Traktor holds"),
        Column("beets", Kind.JSON, "what beets holds"),
        Column("tags", Kind.JSON, "what the file holds"),
        Column("reason", Kind.TEXT),
        Column("chosen", Kind.TEXT, "side that the user picked: nml, beets or tags"),
        Column("found_at", Kind.DATE),
    ),
    key=("collection", "item_id", "field"),
    search=("key", "field"),
)

RUNS = Table(
    "mt_traktor_run",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("changeset", Kind.INTEGER, "what `beet undo` takes"),
        Column("at", Kind.DATE),
        Column("before", Kind.TEXT, "digest of the file before"),
        Column("after", Kind.TEXT, "digest of the file after; of another one nothing is restored"),
        Column("backup", Kind.TEXT, "copy of the file before"),
    ),
    key=("collection", "changeset"),
)

PLAYLISTS = Table(
    "mt_traktor_playlist",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("name", Kind.TEXT, "folders and name, joined by a slash"),
        Column("query", Kind.TEXT, "beets query whose items it holds"),
        Column("uuid", Kind.TEXT, "of the list in Traktor, empty where it has none"),
        Column("mark", Kind.INTEGER, "of the tracks that were written last"),
        Column("written_at", Kind.DATE),
    ),
    key=("collection", "name"),
    search=("name", "query"),
)

PLAYS = Table(
    "mt_traktor_play",
    (
        Column("id", Kind.ID),
        Column("key", Kind.TEXT, "primary key of the entry"),
        Column("start_date", Kind.INTEGER, "as Traktor writes it: year<<16 | month<<8 | day"),
        Column("start_time", Kind.INTEGER, "seconds of the day, local time of Traktor's computer"),
        Column("deck", Kind.INTEGER, "0 to 3"),
        Column("item_id", Kind.INTEGER, "item of the library, empty while unknown"),
        Column("played_at", Kind.DATE, "the same time in seconds since 1970"),
        Column("duration_s", Kind.REAL),
        Column("is_public", Kind.BOOLEAN, "heard by the audience; empty in old histories"),
        Column("source", Kind.TEXT, "name of the history file, or live"),
    ),
    key=("key", "start_date", "start_time", "deck"),
    indexes=(Index(("item_id",)), Index(("played_at",))),
    search=("key", "source"),
)

HISTORIES = Table(
    "mt_traktor_history",
    (
        Column("id", Kind.ID),
        Column("path", Kind.TEXT, "of the history file"),
        Column("size", Kind.INTEGER, "bytes when it was read"),
        Column("mtime_ns", Kind.INTEGER, "time of its last change when it was read"),
        Column("zone", Kind.TEXT, "time zone that its times were read in"),
        Column("plays", Kind.INTEGER, "events in it"),
    ),
    key=("path",),
)

REJECTED = Table(
    "mt_traktor_rejected",
    (
        Column("id", Kind.ID),
        Column("collection", Kind.INTEGER),
        Column("item_id", Kind.INTEGER),
        Column("field", Kind.TEXT),
        Column("side", Kind.TEXT, "that is not to get it: nml, beets or tags"),
        Column("value", Kind.JSON, "what it is not to get; another value is asked about again"),
        Column("decided_at", Kind.DATE),
    ),
    key=("collection", "item_id", "field", "side"),
)

COMPARED = Table(
    "mt_traktor_compared",
    (
        Column("collection", Kind.TEXT, "path of the file"),
        Column("number", Kind.INTEGER, "of the comparison: when it was made, in milliseconds"),
        Column("follows", Kind.INTEGER, "number of the look whose sync it was made after"),
        Column("at", Kind.DATE),
        Column("known", Kind.INTEGER, "tracks that were in step before"),
        Column("matched", Kind.INTEGER, "tracks that are matched now"),
        Column("gone", Kind.INTEGER, "tracks whose file or entry left"),
        Column("tracks", Kind.INTEGER, "tracks with a difference"),
        Column("changes", Kind.INTEGER, "differences"),
        Column("sides", Kind.JSON, "differences by side"),
        Column("kept", Kind.JSON, "what Traktor's file cannot take: key, field, reason"),
        Column("kept_count", Kind.INTEGER),
        Column("refused", Kind.TEXT, "why it is not applied without the user's word"),
    ),
    key=("collection",),
)
"""The latest look at each collection; with `PLANNED` in the cache, as it can be made again."""

PLANNED = Table(
    "mt_traktor_planned",
    (
        Column("collection", Kind.TEXT, "path of the file"),
        Column("place", Kind.INTEGER, "from 1, in the order of items and fields"),
        Column("track", Kind.INTEGER, "from 1: the same for all differences of a track"),
        Column("item_id", Kind.INTEGER),
        Column("key", Kind.TEXT),
        Column("field", Kind.TEXT),
        Column("side", Kind.TEXT),
        Column("old", Kind.JSON),
        Column("new", Kind.JSON),
        Column("reason", Kind.TEXT),
    ),
    key=("collection", "place"),
    indexes=(Index(("collection", "track")),),
)

MIGRATIONS = (
    Migration(
        tuple(
            CreateTable(table)
            for table in (COLLECTIONS, BASES, OUTBOX, CONFLICTS, RUNS, PLAYLISTS, PLAYS, HISTORIES)
        )
    ),
    Migration((CreateTable(REJECTED),)),
)
