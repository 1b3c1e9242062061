"""`beet quality art`: how good covers are, and which are worth replacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app
from musictool_core.app.cli import session, text
from musictool_core.host import terminal
from musictool_core.host.items import find_albums, render_albums
from musictool_core.quality.art import gathering, latest, library, listing
from musictool_core.quality.art.judge import wanted_by

if TYPE_CHECKING:
    from argparse import Namespace

    from beets.library import Library

    from musictool_core.quality.art.library import AlbumArt


def art(lib: Library, opts: Namespace) -> int:
    """`beet quality art`."""
    running = session.start(lib)
    host = running.host
    ids = find_albums(host, opts.query)
    profile = opts.profile or running.settings.quality.profile
    wanted = wanted_by(profile)
    with terminal.long_work() as (line, cancel):
        gathering.scan(host, library.items_of(host, ids), report=line, cancel=cancel)
    found = library.read_art(host, ids, wanted)
    if not opts.query:
        latest.keep(host, profile, found, now=app.utc_now())
    if opts.format:
        for row in render_albums(host, [each.album_id for each in found], opts.format):
            terminal.write(row)
        return 0
    for each in found:
        if opts.json:
            terminal.write_json(listing.as_json(each))
        else:
            _print(each)
    if not opts.json:
        lacking = sum(1 for each in found if each.score.losses)
        verb = "loses" if lacking == 1 else "lose"
        terminal.write(f"{text.count(len(found), 'album')} looked at; {lacking:,} {verb} points.")
    return 0


def _print(each: AlbumArt) -> None:
    terminal.write(f"{each.score.score:6.2f}  {listing.title_of(each)}  {listing.picture_of(each)}")
    for loss in each.score.losses:
        why = f"{loss.reason.rstrip('.')}: {loss.value} (limit: {loss.limit})"
        terminal.write(f"        {-loss.points:7.2f}  {why}")
