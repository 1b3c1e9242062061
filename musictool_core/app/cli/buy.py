"""`beet buy`: links into shops."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core.acquire.links import find_links
from musictool_core.acquire.shops import load_shops
from musictool_core.acquire.wants import ITEM_FIELDS, want_of_item, wants_from_gaps
from musictool_core.app.cli import session, text
from musictool_core.gaps import tables
from musictool_core.host import models, terminal
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.items import find_ids
from musictool_core.quality.wanting import wanted_among

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.music import Want


def list_links(lib: Library, opts: Namespace) -> int:
    """`beet buy links`."""
    running = session.start(lib)
    shops = load_shops(running.settings.shops, opts.shop or running.settings.shops_used)
    wants = _upgrades(running, opts.query) if opts.upgrades else _gaps(running, opts.query)
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
    if not opts.upgrades:
        terminal.notice(session.tracklist_notice(running))
    return 0


def _gaps(running: App, query: Sequence[str]) -> list[Want]:
    session.refresh_gaps(running)
    order = ("artist+", "title+", "release_id+", "number+")
    return list(wants_from_gaps(models.find_rows(running.host, tables.GAPS, query, order=order)))


def _upgrades(running: App, query: Sequence[str]) -> list[Want]:
    """Wants of files that a better copy is wanted of."""
    view = running.host.reading()
    ids = wanted_among(view, find_ids(running.host, query))
    images = read_images(view, Entity.ITEM, sorted(ids), ITEM_FIELDS)
    wants = [want_of_item({**image.columns, "id": number}) for number, image in images.items()]
    return sorted(wants, key=lambda want: (want.artist.casefold(), want.title.casefold()))
