"""How keys and tempos are written into tags, when the user wants another form than beets'. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.analysis.filling import whole_bpm
from musictool_core.music.keys import parse_key

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def dress_tags(
    tags: MutableMapping[str, Any], exact_bpm: float | None, *, notation: str, decimals: int
) -> None:
    """Change tags that are about to be written.

    Args:
        tags: by the names of mediafile.
        exact_bpm: the measured tempo; None when unknown.
        notation: of keys: musical, camelot or open.
        decimals: of the tempo, where the whole number is the measured one, rounded.
    """
    key = parse_key(str(tags.get("initial_key") or ""))
    if key is not None and notation != "musical":
        tags["initial_key"] = key.written(notation)
    if decimals and exact_bpm and tags.get("bpm") == whole_bpm(exact_bpm):
        tags["bpm"] = round(exact_bpm, decimals)
