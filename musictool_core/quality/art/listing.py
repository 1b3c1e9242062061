"""Covers as rows of listings. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musictool_core.quality.art.library import AlbumArt


def as_json(found: AlbumArt) -> dict[str, Any]:
    """The documented object of one album (docs/plugins/quality.md)."""
    picture = found.picture
    is_known = picture is not None and not picture.error
    return {
        "album_id": found.album_id,
        "album": found.album,
        "albumartist": found.albumartist,
        "score": found.score.score,
        "losses": [
            {
                "rule": loss.mark.value,
                "points": loss.points,
                "value": loss.value,
                "limit": loss.limit,
                "reason": loss.reason,
            }
            for loss in found.score.losses
        ],
        "path": str(found.path) if found.path else None,
        "embedded": found.is_embedded,
        "width": picture.width if picture and is_known else None,
        "height": picture.height if picture and is_known else None,
        "format": picture.format if picture and is_known else None,
        "bytes": picture.bytes if picture else None,
        "jpeg_quality": picture.jpeg_quality if picture else None,
        "detail": picture.detail_px if picture and is_known else None,
        "same_as": list(found.same_as),
    }


def title_of(found: AlbumArt) -> str:
    """Artist and name of an album, in one line."""
    return " - ".join(each for each in (found.albumartist, found.album) if each) or "Untitled"


def picture_of(found: AlbumArt) -> str:
    """What the picture is and where it stands, in one line."""
    picture = found.picture
    if picture is None:
        return "(no cover)"
    where = f"in {found.path}" if found.is_embedded else f"{found.path}"
    if picture.error:
        return f"({picture.error}: {where})"
    return f"({picture.width} x {picture.height} {picture.format}, {where})"
