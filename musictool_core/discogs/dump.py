"""Reading releases from the monthly Discogs data dump, for track lists without the API.

Input:   `discogs_YYYYMMDD_releases.xml.gz` (10 GB and growing), or the same unpacked.
Output:  `Release` values of the wanted ids, in the order of the file.

The byte stream is cut at `</release>` and only wanted releases are parsed: five times as fast as
running the whole file through an XML parser. Memory is bounded by the largest single release.
"""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING

from lxml import etree

from musictool_core.discogs.tracklist import parse_release
from musictool_core.errors import FormatError
from musictool_core.music import ReleaseId
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from musictool_core.music import Release
    from musictool_core.progress import CancelToken, Report

_CHUNK_BYTES = 2**20
_MAX_RELEASE_BYTES = 64 * 2**20
"""The largest releases have a few MB; a file without `</release>` must not fill the memory."""

_HEAD_BYTES = 4096
_END = b"</release>"
_START = re.compile(rb'<release\s[^>]*?\bid="([0-9]{1,18})"')
_ROOT = re.compile(r"<([A-Za-z][\w.-]*)")
_ENCODING = re.compile(r"""<\?xml[^>]*\bencoding=["']([^"']+)""")

_EXPECTED = "expected a Discogs dump of releases"
_HINT = "Take discogs_YYYYMMDD_releases.xml.gz from data.discogs.com."
_HINT_DAMAGED = "Download it again; what was read so far is kept."


def read_dump(
    path: Path, wanted: AbstractSet[ReleaseId], report: Report, cancel: CancelToken
) -> Iterator[Release]:
    """Yield the wanted releases of the dump at `path`; stop as soon as all are found.

    Progress counts bytes of the file as it lies on disk. Ids that are not in the dump are left out.

    Raises:
        FormatError: the file cannot be read, or is not a dump of releases, or declares a document
            type (entities are never resolved). After the complete releases were yielded: the file
            ends too early, or wanted releases are not well-formed (all are named).
        Cancelled: `cancel` was set.
    """
    missing = set(wanted)
    broken: list[str] = []
    for release_id, record in _find_records(path, missing, report, cancel):
        missing.discard(release_id)
        try:
            release = parse_release(_release_body(record))
        except etree.XMLSyntaxError as err:
            broken.append(f"{release_id} ({err.msg})")
        except FormatError as err:
            broken.append(f"{release_id} ({err})")
        else:
            yield release
    if broken:
        raise FormatError(
            f"{path}: {len(broken)} releases cannot be read: {'; '.join(broken[:5])}.",
            hint="The others were read.",
        )


def _find_records(
    path: Path, wanted: AbstractSet[ReleaseId], report: Report, cancel: CancelToken
) -> Iterator[tuple[ReleaseId, bytes]]:
    """Yield id and XML of wanted releases; the caller takes from `wanted` what it got."""
    pending = b""
    is_first = True
    for chunk in _read_chunks(path, report, cancel) if wanted else ():
        pending += chunk
        if is_first:
            _check_head(path, pending[:_HEAD_BYTES])
            is_first = False
        start = 0
        while (end := pending.find(_END, start)) >= 0:
            end += len(_END)
            found = _START.search(pending, start, end)
            if found and (release_id := ReleaseId(int(found[1]))) in wanted:
                yield release_id, pending[found.start() : end]
                if not wanted:
                    return
            start = end
        pending = pending[start:]
        if len(pending) > _MAX_RELEASE_BYTES:
            raise FormatError(f"{path}: has no end of a release for 64 MiB; {_EXPECTED}.")
    if wanted and b"</releases>" not in pending:
        raise FormatError(f"{path}: ends too early.", hint=_HINT_DAMAGED)


def _read_chunks(path: Path, report: Report, cancel: CancelToken) -> Iterator[bytes]:
    """Yield unpacked bytes; report at most a thousand times how much of the file is read."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            is_packed = file.peek(2)[:2] == b"\x1f\x8b"
            stream = gzip.GzipFile(fileobj=file) if is_packed else file
            reported = -1
            while True:
                cancel.check()
                # read() would lose what it has when it meets the end of a truncated file.
                chunk = stream.read1(_CHUNK_BYTES)
                done = file.tell()
                if done - reported > size // 1000 or not chunk:
                    report(Progress(done, size, f"reading {path.name}"))
                    reported = done
                if not chunk:
                    return
                yield chunk
    except EOFError as err:
        raise FormatError(f"{path}: ends too early.", hint=_HINT_DAMAGED) from err
    except (zlib.error, gzip.BadGzipFile) as err:
        raise FormatError(f"{path}: is damaged ({err}).", hint=_HINT_DAMAGED) from err
    except OSError as err:
        raise FormatError(f"{path}: cannot be read ({err.strerror}).") from err


def _check_head(path: Path, head: bytes) -> None:
    text = head.decode("utf-8", errors="replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FormatError(
            f"{path}: declares a document type, which no Discogs dump does; it was not read."
        )
    encoding = _ENCODING.search(text)
    if encoding and encoding[1].casefold() not in {"utf-8", "utf8", "us-ascii"}:
        raise FormatError(f"{path}: is written in {encoding[1]}, expected UTF-8.", hint=_HINT)
    root = _ROOT.search(text)
    if root is None or root[1] not in {"releases", "release"}:
        found = f"holds <{root[1]}>" if root else "is not XML"
        raise FormatError(f"{path}: {found}; {_EXPECTED}.", hint=_HINT)


def _release_body(record: bytes) -> dict[str, object]:
    """Return the element in the shape of the API body, as far as a `Release` needs it."""
    # No entities, no DTD, no network: the text may come from anybody.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(record, parser)
    return {
        "id": root.get("id"),
        "title": root.findtext("title"),
        "artists": _artists(root, "artists"),
        "labels": [dict(label.attrib) for label in root.iterfind("labels/label")],
        "formats": [
            {**entry.attrib, "descriptions": _texts(entry, "descriptions/description")}
            for entry in root.iterfind("formats/format")
        ],
        "released": root.findtext("released"),
        "country": root.findtext("country"),
        "master_id": root.findtext("master_id"),
        "identifiers": [dict(code.attrib) for code in root.iterfind("identifiers/identifier")],
        "tracklist": [_track(track) for track in root.iterfind("tracklist/track")],
    }


def _track(element: etree._Element) -> dict[str, object]:
    return {
        "position": element.findtext("position"),
        "title": element.findtext("title"),
        "duration": element.findtext("duration"),
        "artists": _artists(element, "artists"),
        "extraartists": _artists(element, "extraartists"),
        "sub_tracks": [_track(track) for track in element.iterfind("sub_tracks/track")],
    }


def _artists(element: etree._Element, path: str) -> list[dict[str, object]]:
    return [
        {name: artist.findtext(name) for name in ("id", "name", "anv", "join", "role")}
        for artist in element.iterfind(f"{path}/artist")
    ]


def _texts(element: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in element.iterfind(path)]
