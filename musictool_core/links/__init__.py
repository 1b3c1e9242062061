"""Accepted and rejected relations between library items and tracks, and what the user ignores.

The matcher's links are recomputed at will; what a person decided is never overwritten by it.
"""

from musictool_core.db import CreateTable, Migration
from musictool_core.links.ignores import (
    IGNORES,
    IgnoreKind,
    IgnoreRule,
    add_ignore,
    ignores,
    remove_ignore,
)
from musictool_core.links.store import (
    LINKS,
    DecidedBy,
    Decision,
    Link,
    decide,
    decisions,
    forget_items,
    latest_decision,
    links_of_items,
    replace_automatic,
    take_back,
)

MIGRATIONS = (Migration((CreateTable(LINKS), CreateTable(IGNORES))),)

__all__ = [
    "IGNORES",
    "LINKS",
    "MIGRATIONS",
    "DecidedBy",
    "Decision",
    "IgnoreKind",
    "IgnoreRule",
    "Link",
    "add_ignore",
    "decide",
    "decisions",
    "forget_items",
    "ignores",
    "latest_decision",
    "links_of_items",
    "remove_ignore",
    "replace_automatic",
    "take_back",
]
