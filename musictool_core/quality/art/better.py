"""Better covers: what sources have, compared with what is there, and the changes that take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.changes.art import EMBEDDED, place_of
from musictool_core.changes.keptart import keep_picture
from musictool_core.changes.model import ART_TARGET, Change
from musictool_core.host import artsources, filework, mediafiles
from musictool_core.host.entities import ABSENT, Entity, read_images
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.quality.art import gathering, judge
from musictool_core.quality.art.judge import Mark
from musictool_core.quality.art.measure import in_format, measure
from musictool_core.quality.art.values import Likeness, compare
from musictool_core.safeio.pictures import front_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from musictool_core.host.artsources import Offered
    from musictool_core.host.entities import Value
    from musictool_core.host.library import Host
    from musictool_core.progress import Report
    from musictool_core.quality.art.judge import ArtScore, Wanted
    from musictool_core.quality.art.library import AlbumArt
    from musictool_core.quality.art.values import PictureFacts

SOURCE = "quality art"

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A picture that is better than the cover of an album.

    Attributes:
        source: where it comes from, as fetchart calls it.
        data: its bytes, in the format of the file it is to replace.
        score: what it is worth.
        likeness: to the present cover; None where there is none to compare with.
    """

    art: AlbumArt
    source: str
    data: bytes
    facts: PictureFacts
    score: ArtScore
    likeness: Likeness | None

    @property
    def is_sure(self) -> bool:
        """Whether it can be taken: the same picture, or the first one."""
        return self.likeness in {None, Likeness.SAME}


def find(
    host: Host,
    covers: Sequence[AlbumArt],
    wanted: Wanted,
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[Choice]:
    """The best picture for each cover that loses points, where one is better.

    What shows the same picture goes before what may be another one.

    Raises:
        Cancelled: on request.
        MusicToolError: the user did not enable fetchart.
    """
    found = []
    poor = [each for each in covers if each.score.losses]
    for number, art in enumerate(poor):
        (cancel or CancelToken()).check()
        report(Progress(number, len(poor), "albums searched"))
        choices = [
            choice
            for offered in artsources.offered(host, art.album_id)
            if (choice := _judged(art, offered, wanted))
        ]
        if choices:
            found.append(max(choices, key=_rank))
    return found


def as_json(choice: Choice) -> dict[str, Any]:
    """The documented object of one choice (docs/plugins/quality.md)."""
    return {
        "album_id": choice.art.album_id,
        "album": choice.art.album,
        "albumartist": choice.art.albumartist,
        "score": choice.art.score.score,
        "path": str(choice.art.path) if choice.art.path else None,
        "source": choice.source,
        "better_score": choice.score.score,
        "width": choice.facts.width,
        "height": choice.facts.height,
        "format": choice.facts.format,
        "bytes": choice.facts.bytes,
        "likeness": choice.likeness.value if choice.likeness else None,
        "is_sure": choice.is_sure,
    }


def plan(host: Host, choices: Iterable[Choice]) -> list[Change]:
    """Changes that take pictures, in cover files and in the tags that show the present ones.

    Their bytes are kept, and those of the files they replace.

    Raises:
        StorageError: they could not be kept.
    """
    return [change for choice in choices if choice.is_sure for change in _plan(host, choice)]


def _judged(art: AlbumArt, offered: Offered, wanted: Wanted) -> Choice | None:
    """An offer, where it is better."""
    present = art.picture if art.picture and not art.picture.error else None
    is_placeholder = Mark.PLACEHOLDER in art.score.marks
    data = in_format(offered.data, _format_of(art))
    facts = measure(data) if data is not None else None
    if data is None or facts is None or facts.error:
        return None
    if present is not None:
        is_same_look = compare(present, facts) is Likeness.SAME
        if is_placeholder and is_same_look:
            return None
        if not is_placeholder and not judge.better(facts, present, wanted):
            return None
    likeness = None if present is None or is_placeholder else compare(present, facts)
    return Choice(art, offered.source, data, facts, judge.assess(facts, wanted), likeness)


def _rank(choice: Choice) -> tuple[int, float, int]:
    order = {None: 2, Likeness.SAME: 2, Likeness.REVIEW: 1, Likeness.DIFFERENT: 0}
    return order[choice.likeness], choice.score.score, choice.facts.detail_px


def _format_of(art: AlbumArt) -> str:
    """Format of the file that is to be replaced; "" where any will do."""
    if art.path is None or art.is_embedded:
        return ""
    return _FORMATS.get(art.path.suffix.lower(), "JPEG")


def _plan(host: Host, choice: Choice) -> Iterator[Change]:
    art = choice.art
    reason = f"{choice.facts.width} x {choice.facts.height} px, {choice.score.score:.2f} points"
    source = f"{SOURCE}: {choice.source}"
    new = keep_picture(host, choice.data)
    row = read_images(host.reading(), Entity.ALBUM, [art.album_id], ("artpath",))[art.album_id]
    stored = row.value("artpath")
    old: Value = ABSENT
    if isinstance(stored, bytes) and stored:
        path = mediafiles.album_pictures(host, [art.album_id])[art.album_id]
        old = _kept(host, path)
    else:
        ending = ".png" if choice.facts.format == "PNG" else ".jpg"
        place = filework.new_cover_place(host, art.album_id, ending)
        if place is None:
            return
        yield Change(Entity.ALBUM.value, art.album_id, "artpath", stored, place, source, reason)
        stored = place
    yield Change(ART_TARGET, art.album_id, place_of(stored), old, new, source, reason)
    for number, shown in _embedding(host, choice):
        yield Change(ART_TARGET, number, EMBEDDED, shown, new, source, reason)


def _kept(host: Host, path: Path | None) -> Value:
    """Keep what a file holds; `ABSENT` when it is not there."""
    if path is None or not path.exists():
        return ABSENT
    return keep_picture(host, path.read_bytes())


def _embedding(host: Host, choice: Choice) -> Iterator[tuple[int, str]]:
    """Items whose tags show the present cover, and the names of those pictures."""
    files = mediafiles.first_files(host, [choice.art.album_id], _MOST_FILES)
    items = files[choice.art.album_id]
    known = gathering.pictures_of(host, [file.path for file in items])
    for file in items:
        front = front_of(known.get(file.path, ()))
        if front is None:
            continue
        if choice.likeness is None or compare(front.facts, choice.facts) is Likeness.SAME:
            yield file.item_id, front.digest
