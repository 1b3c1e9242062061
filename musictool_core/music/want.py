"""A want: something to acquire, from any source (a gap, a wantlist, an upgrade)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Want:
    """One track to get.

    Attributes:
        ref: where the want comes from, stable ("gap:<release id>:<position>").
        title: title without its mix; the mix stands in `mix` ("Extended Mix", "" = original).
    """

    ref: str
    artist: str
    title: str
    mix: str = ""
    duration_s: float | None = None
    isrc: str = ""
    label: str = ""
    catalognum: str = ""
    year: int | None = None
    release_id: int | None = None

    def line(self) -> str:
        """One line as a person would write it: "Artist - Title (Mix)"."""
        title = f"{self.title} ({self.mix})" if self.mix else self.title
        return f"{self.artist} - {title}" if self.artist else title
