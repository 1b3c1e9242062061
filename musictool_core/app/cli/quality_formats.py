"""`beet quality formats`: which files suit what they are for, and how to make them so."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from musictool_core.app.cli import session, text
from musictool_core.errors import MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import find_in_order, item_paths, render_items
from musictool_core.host.loaded import is_loaded, run_command
from musictool_core.quality import listing
from musictool_core.quality.formats import Status, judge, query_for, read_formats

if TYPE_CHECKING:
    from argparse import Namespace

    from beets.library import Library

    from musictool_core.quality.formats import Fitness


def formats(lib: Library, opts: Namespace) -> int:
    """`beet quality formats`."""
    running = session.start(lib)
    host = running.host
    use = opts.use or running.settings.quality.use
    known = read_formats()
    ids = find_in_order(host, opts.query)
    found = {
        number: (file, judge(file, use, known))
        for number, file in listing.read_files(host.reading(), ids)
    }
    shown = [number for number in ids if number in found]
    if opts.format:
        for line in render_items(host, shown, opts.format):
            terminal.write(line)
        return 0
    paths = item_paths(host, shown)
    for number in shown:
        file, fitness = found[number]
        if opts.json:
            terminal.write_json(listing.format_json(paths[number], use, file, fitness))
        elif fitness.status is not Status.SUITS or opts.all:
            to = fitness.convert_to or fitness.status.value
            terminal.write(f"{to:<9} {file.format:<8} {paths[number]}")
            terminal.write(f"          {fitness.reason}")
    made = [fitness for _, fitness in found.values()]
    if not opts.json:
        _print_summary(made, use, opts.query)
    if opts.convert:
        return _convert(lib, made, use, opts)
    return 0


def _convert(lib: Library, found: list[Fitness], use: str, opts: Namespace) -> int:
    """Have beets' plugin make the others; it asks, unless it is told not to."""
    if not is_loaded("convert"):
        raise MusicToolError(
            "beets' plugin `convert` is not enabled; nothing was converted.",
            hint="Add `convert` to `plugins:`.",
        )
    known = read_formats()
    for target in sorted({each.convert_to for each in found if each.convert_to}):
        words = ["-f", target, *(["-y"] if opts.yes else [])]
        words += ["-d", opts.dest] if opts.dest else []
        run_command(lib, "convert", [*words, *query_for(target, use, opts.query, known)])
    return 0


def _print_summary(found: list[Fitness], use: str, query: list[str]) -> None:
    states = Counter(each.status for each in found)
    terminal.write(
        f"{text.count(states[Status.SUITS], 'file')} of {len(found):,} suit {use},"
        f" {states[Status.CONVERT]:,} can be converted, {states[Status.KEEP]:,} stay as they are."
    )
    known = read_formats()
    targets = Counter(each.convert_to for each in found if each.convert_to)
    for target, number in sorted(targets.items()):
        words = shlex.join(query_for(target, use, query, known))
        terminal.write(f"# {text.count(number, 'file')}:")
        terminal.write(f"beet convert -f {target} {words}")
    for target in sorted(targets):
        if target in known.own:
            settings = ", ".join(f'{key}: "{value}"' for key, value in known.own[target].items())
            own = f"`{target}: {{{settings}}}`"
            terminal.notice(f"`{target}` needs, under `convert: formats:`, {own}.")
    if targets and not is_loaded("convert"):
        terminal.notice("beets' plugin `convert` is not enabled; it does the work.")
