"""`Release` values as JSON and back, for the mirror: short keys absent when empty, order kept.

Pure. The form is ours, not Discogs': it survives changes of their API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.music import (
    ArtistCredit,
    FormatEntry,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
    TrackKind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def release_to_json(release: Release) -> dict[str, Any]:
    """Render everything of a release but its id."""
    return _drop_empty(
        {
            "title": release.title,
            "artists": [_artist_to_json(credit) for credit in release.artists],
            "labels": [[label.name, label.catno] for label in release.labels],
            "formats": [
                [entry.name, entry.quantity, list(entry.descriptions), entry.text]
                for entry in release.formats
            ],
            "year": release.year,
            "country": release.country,
            "master": release.master_id,
            "barcodes": list(release.barcodes),
            "tracks": [_track_to_json(track) for track in release.tracks],
        }
    )


def release_from_json(release_id: int, data: Mapping[str, Any]) -> Release:
    """Read what `release_to_json` wrote."""
    return Release(
        release_id=ReleaseId(release_id),
        title=data.get("title", ""),
        artists=_artists(data.get("artists", ())),
        tracks=tuple(_track(entry) for entry in data.get("tracks", ())),
        labels=tuple(LabelCredit(name, catno) for name, catno in data.get("labels", ())),
        formats=tuple(
            FormatEntry(name, quantity, tuple(descriptions), text)
            for name, quantity, descriptions, text in data.get("formats", ())
        ),
        year=data.get("year"),
        country=data.get("country", ""),
        master_id=data.get("master"),
        barcodes=tuple(data.get("barcodes", ())),
    )


def _artist_to_json(credit: ArtistCredit) -> list[Any]:
    return [credit.name, credit.anv, credit.join, credit.artist_id]


def _artists(entries: Sequence[Sequence[Any]]) -> tuple[ArtistCredit, ...]:
    return tuple(ArtistCredit(name, anv, join, number) for name, anv, join, number in entries)


def _track_to_json(track: Track) -> dict[str, Any]:
    return _drop_empty(
        {
            "position": track.position,
            "title": track.title,
            "duration": track.duration_s,
            "artists": [_artist_to_json(credit) for credit in track.artists],
            "remixers": [_artist_to_json(credit) for credit in track.remixers],
            "kind": "" if track.kind is TrackKind.TRACK else track.kind.value,
            "section": track.section,
        }
    )


def _track(data: Mapping[str, Any]) -> Track:
    return Track(
        position=data.get("position", ""),
        title=data.get("title", ""),
        duration_s=data.get("duration"),
        artists=_artists(data.get("artists", ())),
        remixers=_artists(data.get("remixers", ())),
        kind=TrackKind(data.get("kind", TrackKind.TRACK.value)),
        section=data.get("section", ""),
    )


def _drop_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [])}
