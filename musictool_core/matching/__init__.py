"""One matcher for gaps, shops, Traktor and duplicates.

A title is taken apart into artists, base title, version and noise; versions are compared by a
table; a verdict carries its score and the evidence for it. Pure: plain values in and out.
"""

from musictool_core.matching.artists import artist_keys, first_artist
from musictool_core.matching.blocking import item_keys, release_keys
from musictool_core.matching.compare import Comparison, Song, Verdict, compare
from musictool_core.matching.prepared import (
    PreparedItem,
    PreparedRelease,
    prepare_item,
    prepare_release,
)
from musictool_core.matching.recording import Recording, find_recordings
from musictool_core.matching.release import Match, Tier, match_release
from musictool_core.matching.text import barcode_key, catno_key, isrc_key, text_key
from musictool_core.matching.titles import ParsedTitle, parse_title
from musictool_core.matching.versions import Version
from musictool_core.matching.vocabulary import Kind

MATCHER_VERSION = 1
"""Raised whenever matches or keys may change; automatic matches of older versions are redone."""

__all__ = [
    "MATCHER_VERSION",
    "Comparison",
    "Kind",
    "Match",
    "ParsedTitle",
    "PreparedItem",
    "PreparedRelease",
    "Recording",
    "Song",
    "Tier",
    "Verdict",
    "Version",
    "artist_keys",
    "barcode_key",
    "catno_key",
    "compare",
    "find_recordings",
    "first_artist",
    "isrc_key",
    "item_keys",
    "match_release",
    "parse_title",
    "prepare_item",
    "prepare_release",
    "release_keys",
    "text_key",
]
