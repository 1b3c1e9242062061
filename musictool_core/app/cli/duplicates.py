"""`beet quality duplicates`: which files are the same sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.app.cli import session, text
from musictool_core.errors import MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import find_ids, render_items
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from argparse import Namespace

    from beets.library import Library


def duplicates(lib: Library, opts: Namespace) -> int:
    """`beet quality duplicates`."""
    try:
        from musictool_core.quality.duplicates import finding, library, listing, store  # noqa: PLC0415 - numpy is an extra
    except ImportError as error:
        raise MusicToolError(
            "comparing sounds needs numpy and scipy.", hint="`pip install 'musictool[analysis]'`"
        ) from error
    running = session.start(lib)
    host = running.host
    tracks = library.read_tracks(host, find_ids(host, opts.query))
    with terminal.long_work() as (line, cancel):
        found = finding.find(tracks, store.Store(host.cache_path), report=line, cancel=cancel)
    names = {track.key: str(track.path) for track in tracks}
    for each in found.groups:
        if opts.json:
            terminal.write_json(listing.as_row(each, names))
        elif opts.format:
            for row in render_items(host, [ItemId(n) for n in each.members], opts.format):
                terminal.write(row)
        else:
            terminal.write("\n".join(listing.as_lines(each, names)))
    for key, why in found.failed.items():
        terminal.notice(f"{names[key]}: {why}")
    if not (opts.json or opts.format):
        compared = text.count(len(tracks), "file")
        terminal.write(f"{compared} compared: {listing.summary(found.groups)}.")
    return len(found.failed)
