"""`beet buy`: links into shops."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core.acquire.links import find_links
from musictool_core.acquire.shops import load_shops
from musictool_core.acquire.wants import wants_from_gaps
from musictool_core.app.cli import session, text
from musictool_core.gaps import tables
from musictool_core.host import models, terminal

if TYPE_CHECKING:
    from argparse import Namespace

    from beets.library import Library


def list_links(lib: Library, opts: Namespace) -> int:
    """`beet buy links`."""
    running = session.start(lib)
    shops = load_shops(running.settings.shops, opts.shop or running.settings.shops_used)
    session.refresh_gaps(running)
    order = ("artist+", "title+", "release_id+", "number+")
    rows = models.find_rows(running.host, tables.GAPS, opts.query, order=order)
    wants = list(wants_from_gaps(rows))
    found = find_links(wants, shops)
    if opts.json:
        for link in found:
            terminal.write_json(
                {
                    "want": link.want.line(),
                    "shop": link.shop.key,
                    "url": link.url,
                    "relaxed_url": link.relaxed_url,
                }
            )
    else:
        for want, group in groupby(found, key=lambda link: link.want):
            terminal.write(want.line())
            for link in group:
                terminal.write(f"  {link.shop.name:<14} {link.url}")
                if link.relaxed_url != link.url:
                    terminal.write(f"  {'':<14} {link.relaxed_url}")
        terminal.write(
            f"{text.count(len(wants), 'track')} to get, {text.count(len(shops), 'shop')}."
        )
    terminal.notice(session.tracklist_notice(running))
    return 0
