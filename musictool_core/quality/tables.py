"""How healthy the metadata of the library were, day by day."""

from __future__ import annotations

from musictool_core.db import Column, CreateTable, Kind, Migration, Table

HEALTH = Table(
    "mt_health",
    (
        Column("day", Kind.TEXT, "year-month-day, UTC"),
        Column("profile", Kind.TEXT, "whose weights: dj, collector or librarian"),
        Column("tracks", Kind.INTEGER, "how many were judged"),
        Column("score", Kind.REAL, "0 to 100, of all of them"),
        Column("problems", Kind.JSON, "number of tracks by rule"),
    ),
    key=("day", "profile"),
)

MIGRATIONS = (Migration((CreateTable(HEALTH),)),)
