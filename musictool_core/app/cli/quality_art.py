"""`beet quality art`: how good covers are, and which are worth replacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app, changes
from musictool_core.app.bookkeeping import this_command
from musictool_core.app.cli import session, text
from musictool_core.errors import MusicToolError
from musictool_core.host import terminal
from musictool_core.host.items import find_albums, render_albums
from musictool_core.quality.art import gathering, latest, library, listing
from musictool_core.quality.art.judge import wanted_by

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.quality.art.better import Choice
    from musictool_core.quality.art.judge import Wanted
    from musictool_core.quality.art.library import AlbumArt


def art(lib: Library, opts: Namespace) -> int:
    """`beet quality art`."""
    if (opts.yes or opts.pretend) and not opts.better:
        raise MusicToolError("--yes and --pretend belong to --better; a list writes nothing.")
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
    if opts.better:
        return _better(running, found, wanted, opts)
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


# --- better ones ---------------------------------------------------------------------------------


def _better(running: App, found: Sequence[AlbumArt], wanted: Wanted, opts: Namespace) -> int:
    from musictool_core.quality.art import better  # noqa: PLC0415 - numpy and Pillow are an extra

    if opts.format:
        raise MusicToolError("--better knows no --format.", hint="--json has all there is.")
    host = running.host
    with terminal.long_work() as (line, cancel):
        choices = better.find(host, found, wanted, report=line, cancel=cancel)
    for choice in choices:
        if opts.json:
            terminal.write_json(better.as_json(choice))
        else:
            _print_choice(choice)
    sure = [choice for choice in choices if choice.is_sure]
    if not opts.json:
        left = len(choices) - len(sure)
        more = f"; {left:,} may be of another record, and stay as they are" if left else ""
        terminal.write(f"{text.count(len(sure), 'cover')} can be replaced{more}.")
    if opts.pretend or not sure or not _agreed(opts, len(sure)):
        return 0
    planned = better.plan(host, sure)
    number = changes.plan(host, planned, this_command(), now=app.utc_now())
    with terminal.long_work() as (line, cancel):
        result = changes.apply(host, number, app.change_targets(), report=line, cancel=cancel)
    for each in (*result.conflicts, *result.failed):
        terminal.notice(f"left alone: {each.target} {each.entity_id}: {each.note}")
    if not opts.json:
        terminal.write(
            f"{text.count(len(sure), 'cover')} replaced, {text.count(result.applied, 'change')}."
            f" `beet undo {number}` takes it back."
        )
    return len(result.conflicts) + len(result.failed)


def _agreed(opts: Namespace, covers: int) -> bool:
    if opts.yes:
        return True
    if opts.json or not terminal.is_interactive():
        terminal.notice("Nothing is replaced without --yes.")
        return False
    return terminal.ask(f"Replace {text.count(covers, 'cover')}? [y/N] ").lower() in {"y", "yes"}


def _print_choice(choice: Choice) -> None:
    each = choice.art
    new = f"{choice.facts.width} x {choice.facts.height} {choice.facts.format}"
    scores = f"{each.score.score:.2f} -> {choice.score.score:.2f}"
    terminal.write(f"{scores}  {listing.title_of(each)}  {listing.picture_of(each)}")
    said = f" ({choice.likeness.value})" if choice.likeness and not choice.is_sure else ""
    terminal.write(f"        {new} from {choice.source}{said}")
