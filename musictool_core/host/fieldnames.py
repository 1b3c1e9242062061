"""What a person calls the fields of beets: one list for pages, the editor and its API."""

from __future__ import annotations

_NAMES = {
    "acoustid_fingerprint": "AcoustID fingerprint",
    "acoustid_id": "AcoustID",
    "added": "Added",
    "album_id": "Album number",
    "albumartist": "Album artist",
    "albumartist_credit": "Album artist as credited",
    "albumartist_sort": "Album artist for sorting",
    "albumartists": "Album artists",
    "albumartists_credit": "Album artists as credited",
    "albumartists_sort": "Album artists for sorting",
    "albumdisambig": "Edition",
    "albumstatus": "Release status",
    "albumtype": "Album type",
    "albumtypes": "Album types",
    "analysis_bpm": "Measured tempo",
    "analysis_bpm_alt": "Tempo, second choice",
    "analysis_bpm_confidence": "Tempo, how sure",
    "analysis_bpm_source": "BPM said by",
    "analysis_bpm_stable": "Tempo is steady",
    "analysis_camelot": "Measured key on the wheel",
    "analysis_danceability": "Danceability",
    "analysis_downbeat": "First bar",
    "analysis_grid_offset": "First beat",
    "analysis_intro_end": "Intro ends",
    "analysis_key": "Measured key",
    "analysis_key_alt": "Key, second choice",
    "analysis_key_changes": "Key changes",
    "analysis_key_confidence": "Key, how sure",
    "analysis_key_source": "Key said by",
    "analysis_lra": "Loudness range",
    "analysis_lufs": "Loudness",
    "analysis_mix_in": "Mix in",
    "analysis_mix_out": "Mix out",
    "analysis_outro_start": "Outro begins",
    "analysis_sections": "Sections",
    "analysis_true_peak": "True peak",
    "analysis_tuning": "Tuning",
    "analysis_version": "Version of the measures",
    "arrangers_ids": "MusicBrainz arrangers",
    "artist_credit": "Artist as credited",
    "artist_sort": "Artist for sorting",
    "artists_credit": "Artists as credited",
    "artists_ids": "MusicBrainz artists by name",
    "artists_sort": "Artists for sorting",
    "artpath": "Cover",
    "asin": "ASIN",
    "bitdepth": "Bits of a sample",
    "bitrate": "Bitrate",
    "bitrate_mode": "Bitrate mode",
    "bpm": "BPM",
    "catalognum": "Catalogue number",
    "comp": "Compilation",
    "composer_sort": "Composer for sorting",
    "composers_ids": "MusicBrainz composers",
    "data_source": "Metadata from",
    "discogs_albumid": "Discogs release",
    "discogs_artistid": "Discogs artist",
    "discogs_labelid": "Discogs label",
    "disctitle": "Disc title",
    "disctotal": "Discs",
    "encoder_info": "Encoder details",
    "genres": "Genres",
    "initial_key": "Key",
    "isrc": "ISRC",
    "length": "Length",
    "lyricists_ids": "MusicBrainz lyricists",
    "mb_albumartistid": "MusicBrainz album artist",
    "mb_albumartistids": "MusicBrainz album artists",
    "mb_albumid": "MusicBrainz release",
    "mb_artistid": "MusicBrainz artist",
    "mb_artistids": "MusicBrainz artists",
    "mb_releasegroupid": "MusicBrainz release group",
    "mb_releasetrackid": "MusicBrainz track",
    "mb_trackid": "MusicBrainz recording",
    "mb_workid": "MusicBrainz work",
    "mtime": "File changed",
    "original_day": "First day",
    "original_month": "First month",
    "original_year": "First year",
    "path": "File",
    "quality_score": "Quality",
    "quality_wanted": "Better copy wanted",
    "r128_album_gain": "Album gain (R128)",
    "r128_track_gain": "Track gain (R128)",
    "release_group_title": "Release group",
    "releasegroupdisambig": "Release group edition",
    "remixers_ids": "MusicBrainz remixers",
    "rg_album_gain": "Album gain (ReplayGain)",
    "rg_album_peak": "Album peak (ReplayGain)",
    "rg_track_gain": "Track gain (ReplayGain)",
    "rg_track_peak": "Track peak (ReplayGain)",
    "samplerate": "Sample rate",
    "trackdisambig": "Track edition",
    "tracktotal": "Tracks",
    "traktor_analysed": "Analysed in Traktor",
    "traktor_bpm": "BPM in Traktor",
    "traktor_color": "Colour in Traktor",
    "traktor_comment2": "Comment 2",
    "traktor_cue_count": "Cues in Traktor",
    "traktor_imported": "In Traktor since",
    "traktor_key": "Key in Traktor",
    "traktor_last_played": "Last played",
    "traktor_locked": "Locked in Traktor",
    "traktor_mix": "Mix",
    "traktor_peak_db": "Peak in Traktor",
    "traktor_perceived_db": "Loudness in Traktor",
    "traktor_playcount": "Plays",
    "traktor_producer": "Producer",
    "traktor_ranking": "Ranking in Traktor",
    "traktor_rating": "Rating",
    "work_disambig": "Work edition",
}
"""Those whose name is more than their stored name with a capital letter."""


_PROPER = frozenset({"Discogs"})
"""First words that keep their capital letter within a sentence."""


def field_name(name: str) -> str:
    """How a person calls a field of items or albums, also one that is not edited.

    Flexible attributes that nobody declared are called as they are stored, as words.
    """
    said = _NAMES.get(name)
    if said:
        return said
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def field_words(name: str) -> str:
    """`field_name` as it stands within a sentence: "album artist", but "BPM"."""
    said = field_name(name)
    first = said.partition(" ")[0]
    is_proper = any(letter.isupper() for letter in first[1:]) or first in _PROPER
    return said if is_proper else said[:1].lower() + said[1:]
