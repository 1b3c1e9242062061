"""Words of queries that look into tables of ours: `on_shelf:yes` finds what is also on a record.

They are answered in SQL alone (`sqlquery.Translator`), in every beets command while the plugin
musictool is on, and in the web view. Beside a term that only Python can judge they find nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

ON_SHELF = "on_shelf"
"""Of items and albums: a record of the Discogs collection holds them."""

_YES = frozenset({"yes", "y", "true", "t", "1"})
_NO = frozenset({"no", "n", "false", "f", "0"})


@dataclass(frozen=True, slots=True)
class Member:
    """Where one word looks.

    Attributes:
        table: of ours, which a library that never saw the feature does not have.
        items: condition for items.
        albums: condition for albums.
    """

    table: str
    items: str
    albums: str


# The states are those of `gaps.states`; a test compares them. An album is on the shelf by what its
# record owns, as its page and its cover say it; of a single file another version will do.
MEMBERS = {
    ON_SHELF: Member(
        "mt_gap",
        "items.id IN (SELECT item_id FROM mt_gap"
        " WHERE item_id NOT NULL AND state IN ('own', 'other_version'))",
        "albums.id IN (SELECT album_id FROM items WHERE album_id NOT NULL"
        " AND id IN (SELECT item_id FROM mt_gap WHERE state = 'own'))",
    )
}
"""All such words."""


def is_wanted(pattern: str) -> bool | None:
    """Whether members are asked for, or the others; None when it says neither."""
    text = pattern.strip().lower()
    return True if text in _YES else False if text in _NO else None


def looks_into_ours(words: tuple[str, ...]) -> bool:
    """Whether a query asks for something that changes without any item or album."""
    return any(word.lstrip("^-").partition(":")[0].lower() in MEMBERS for word in words)
