"""What was measured, by audio; and which audio the file of an item held when it was last read.

Both stand in the library: hours of measuring are nothing that a cache may lose.
"""

from __future__ import annotations

from musictool_core.db import Column, CreateTable, Index, Kind, Migration, Table

RESULTS = Table(
    "mt_analysis",
    (
        Column("digest", Kind.TEXT, "SHA-256 of the audio without tags"),
        Column("version", Kind.INTEGER, "of the measures"),
        Column("engine", Kind.TEXT, "essentia or numpy"),
        Column("at", Kind.DATE, "when it was measured"),
        Column("analysis", Kind.JSON, "all that was measured, empty when nothing could be"),
        Column("error", Kind.TEXT, "why not, empty when all was well"),
        Column("attempts", Kind.INTEGER, "how often it failed"),
    ),
    key=("digest",),
)

SIGNALS = Table(
    "mt_analysis_signal",
    (
        Column("digest", Kind.TEXT, "SHA-256 of the audio without tags"),
        Column("version", Kind.INTEGER, "of the checks"),
        Column("at", Kind.DATE, "when it was checked"),
        Column("signal", Kind.JSON, "all that was found, empty when it could not be checked"),
        Column("error", Kind.TEXT, "why not, empty when all was well"),
        Column("attempts", Kind.INTEGER, "how often it failed"),
    ),
    key=("digest",),
)

FILES = Table(
    "mt_analysis_file",
    (
        Column("item_id", Kind.INTEGER),
        Column("digest", Kind.TEXT, "SHA-256 of its audio, empty when it could not be read"),
        Column("size", Kind.INTEGER, "of the file then, bytes"),
        Column("modified_ns", Kind.INTEGER, "its modification time then, nanoseconds"),
        Column("error", Kind.TEXT, "why it could not be read"),
        Column("written", Kind.JSON, "what we wrote into fields of the item that others fill, too"),
    ),
    key=("item_id",),
    indexes=(Index(("digest",)),),
)

MIGRATIONS = (
    Migration((CreateTable(RESULTS), CreateTable(FILES))),
    Migration((CreateTable(SIGNALS),)),
)
