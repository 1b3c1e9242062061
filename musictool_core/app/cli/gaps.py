"""`beet gaps`: list, review, completion, ignore, reverse, and what happens after an import."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from musictool_core import app, links
from musictool_core.acquire.links import find_links
from musictool_core.acquire.shops import load_shops
from musictool_core.acquire.wants import want_of
from musictool_core.app.cli import session, text
from musictool_core.db import In
from musictool_core.discogs import mirror
from musictool_core.errors import MusicToolError
from musictool_core.gaps import review as gap_review
from musictool_core.gaps import tables
from musictool_core.gaps.completion import Level, count_completion, total
from musictool_core.gaps.states import GAP_STATES, State
from musictool_core.host import items as host_items
from musictool_core.host import models, terminal
from musictool_core.host.library import Host
from musictool_core.host.listening import carry_on
from musictool_core.host.settings import read_settings
from musictool_core.insight.digital_only import digital_only
from musictool_core.music import ItemId

if TYPE_CHECKING:
    import logging
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence

    from beets.library import Item, Library

    from musictool_core.acquire.shops import Shop
    from musictool_core.app import App
    from musictool_core.db import Row

_ORDER = ("record_artist+", "album+", "release_id+", "number+")
_OPEN = frozenset(state.value for state in (*GAP_STATES, State.REVIEW))
_WORDS = {
    State.OWN.value: "owned",
    State.OTHER_VERSION.value: "another version",
    State.REVIEW.value: "to review",
    State.MISSING.value: "missing",
    State.IGNORED.value: "ignored",
}


def list_gaps(lib: Library, opts: Namespace) -> int:
    """`beet gaps list`."""
    running = session.start(lib)
    session.refresh_gaps(running)
    rows = _find(running, opts.query)
    if opts.json:
        shops = _shops(running)
        for row in rows:
            terminal.write_json(_json_row(row, shops))
    elif opts.format:
        for row in rows:
            terminal.write(models.render(running.host, tables.GAPS, row, opts.format))
    else:
        show_all = opts.all or "state:" in " ".join(opts.query)
        _print_overview(rows, _shares(running, rows), show_all=show_all)
        if rows:
            _print_counts(rows)
        _print_unlisted(running, opts.query)
    terminal.notice(session.tracklist_notice(running))
    return 0


def review(lib: Library, opts: Namespace) -> int:
    """`beet gaps review`."""
    running = session.start(lib)
    if opts.take_back:
        taken = gap_review.take_back(running.host)
        said = f"{taken} is open again." if taken else "There is no decision to take back."
        terminal.write(said)
        session.refresh_gaps(running)
        return 0
    session.refresh_gaps(running)
    questions = gap_review.open_questions(_find(running, opts.query))
    if not questions:
        terminal.write("Nothing to review.")
        return 0
    if not terminal.is_interactive():
        raise MusicToolError(
            f"{text.count(len(questions), 'question')} to answer, but nobody is at the keyboard.",
            hint="Run `beet gaps review` in a terminal.",
        )
    asked = _Questions(running.host, questions)
    answers = gap_review.review(running.host, questions, asked, now=app.utc_now())
    session.refresh_gaps(running)
    terminal.write(
        f"{answers.accepted} accepted, {answers.rejected} rejected, {answers.skipped} skipped,"
        f" {len(questions) - answers.accepted - answers.rejected} left."
    )
    return 0


def completion(lib: Library, opts: Namespace) -> int:
    """`beet gaps completion`."""
    running = session.start(lib)
    session.refresh_gaps(running)
    words = list(opts.query)
    levels = {level.value for level in Level}
    level = Level(words.pop(0)) if words and words[0] in levels else Level.RELEASE
    rows = _find(running, words)
    for entry in count_completion(rows, level):
        values = {
            "level": level.value,
            "name": entry.name,
            "wanted": entry.wanted,
            "own": entry.own,
            "review": entry.review,
            "ignored": entry.ignored,
            "completion": round(entry.share, 4),
        }
        if opts.json:
            terminal.write_json(values)
        else:
            bar = text.wrap_bar(entry.share)
            terminal.write(
                f"{bar} {entry.share:4.0%} {entry.own:>5}/{entry.wanted:<5} {entry.name}"
            )
    if not opts.json:
        whole = total(rows)
        terminal.write(
            f"{text.wrap_bar(whole.share)} {whole.share:4.0%} {whole.own:>5}/{whole.wanted:<5}"
            " all recordings, each counted once"
        )
    terminal.notice(session.tracklist_notice(running))
    return 0


def ignore(lib: Library, opts: Namespace) -> int:
    """`beet gaps ignore`."""
    running = session.start(lib)
    if not opts.value:
        return _list_rules(running, opts)
    rule = links.IgnoreRule(links.IgnoreKind(opts.kind), " ".join(opts.value))
    with session.maybe_pretend(running.host, pretend=opts.pretend) as tx:
        if opts.remove:
            changed = links.remove_ignore(tx, rule)
        else:
            changed = links.add_ignore(tx, rule, now=app.utc_now())
    said = f"{rule.kind.value} {rule.value!r}"
    if not changed:
        terminal.write(f"{said}: there is {'no such rule' if opts.remove else 'a rule already'}.")
    elif opts.pretend:
        terminal.write(f"{said} would be {'wanted again' if opts.remove else 'ignored'}.")
    else:
        terminal.write(f"{said} is {'wanted again' if opts.remove else 'ignored from now on'}.")
        session.refresh_gaps(running)
    return 0


def reverse(lib: Library, opts: Namespace) -> int:
    """`beet gaps reverse`."""
    running = session.start(lib)
    session.refresh_gaps(running)
    found = digital_only(running.host, host_items.find_ids(running.host, opts.query))
    for entry in found:
        if opts.json:
            terminal.write_json(
                {
                    "artist": entry.artist,
                    "album": entry.album,
                    "titles": list(entry.titles),
                    "item_ids": list(entry.item_ids),
                }
            )
        elif entry.album:
            tracks = text.count(len(entry.titles), "track")
            terminal.write(f"{entry.artist or 'no artist'} - {entry.album} ({tracks})")
        else:
            terminal.write(f"{entry.artist or 'no artist'} - {entry.titles[0]}")
    if not opts.json:
        terminal.write(
            f"{text.count(len(found), 'album or file', 'albums or files')} without a record."
        )
    return 0


def after_import(lib: Library, log: logging.Logger) -> None:
    """Listener of beets' `import`: tell which gaps the imported files closed."""
    with carry_on(log):
        if not read_settings().gaps_on_import or not mirror.shelf_exists(Host(lib).reading()):
            return
        closed = session.refresh_gaps(session.start(lib), quiet=True).closed
        if closed:
            terminal.write(f"This import closed {text.count(len(closed), 'gap')}:")
        for row in closed:
            terminal.write(f"  {row['artist']} - {row['title']} ({row['album']})")


def after_removal(item: Item, log: logging.Logger) -> None:
    """Listener of beets' `item_removed`: an id is given out again, what was said of it is not."""
    with carry_on(log):
        host = Host(item.db)
        if item.id is not None and mirror.shelf_exists(host.reading()):
            with host.transaction() as tx:
                links.forget_items(tx, [ItemId(item.id)], now=app.utc_now())


class _Questions:
    """Shows one question after the other and reads a key."""

    def __init__(self, host: Host, questions: Sequence[Row]) -> None:
        files = host_items.load_items(host, {row["item_id"] for row in questions})
        self._files = {item.item_id: item for item in files}
        self._total = len(questions)
        self._asked = 0

    def __call__(self, row: Mapping[str, Any]) -> gap_review.Answer:
        self._asked += 1
        file = self._files.get(row["item_id"])
        if file is None:
            return gap_review.Answer.SKIP
        terminal.write("")
        terminal.write(f"{self._asked}/{self._total}  {row['album']} [{row['label']}]")
        place = f"{row['position']}  " if row["position"] else ""
        terminal.write(f"  record  {place}{_line(row)}{_clock(row['duration'])}")
        named = f"{file.artist} - {file.title}" if file.title else file.file_name
        terminal.write(f"  file    {named}{_clock(file.length_s)}  ({file.album or 'no album'})")
        terminal.write(f"          {'; '.join(row['evidence'])} ({row['score']:.2f})")
        keys = {answer.value: answer for answer in gap_review.Answer}
        while True:
            said = terminal.ask("  same? [y]es, [n]o, [s]kip, [a]lways for this record, [q]uit")
            if not said or said[0].lower() in keys:
                return keys[said[0].lower()] if said else gap_review.Answer.SKIP


def _find(running: App, query: Sequence[str]) -> list[Row]:
    return models.find_rows(running.host, tables.GAPS, query, order=_ORDER)


def _shops(running: App) -> tuple[Shop, ...]:
    return load_shops(running.settings.shops, running.settings.shops_used)


def _json_row(row: Row, shops: Sequence[Shop]) -> dict[str, Any]:
    """The documented object of one track (docs/plugins/gaps.md)."""
    found = find_links([want_of(row)], shops) if row["state"] in _OPEN else ()
    return {
        "release_id": row["release_id"],
        "position": row["position"],
        "artist": row["artist"],
        "title": row["title"],
        "state": row["state"],
        "item_id": row["item_id"],
        "score": row["score"],
        "evidence": row["evidence"],
        "links": {link.shop.key: link.url for link in found},
    }


def _shares(running: App, rows: Iterable[Row]) -> dict[int, str]:
    """How much of each record is owned: of all its tracks, not only of those asked for."""
    where = {"release_id": In({row["release_id"] for row in rows})}
    states: dict[int, list[str]] = defaultdict(list)
    for row in tables.GAPS.select(running.host.reading(), ("release_id", "state"), where=where):
        states[row["release_id"]].append(row["state"])
    return {
        number: f"{found.count(State.OWN.value)} of {len(found)} owned"
        for number, found in states.items()
    }


def _print_overview(rows: Iterable[Row], shares: Mapping[int, str], *, show_all: bool) -> None:
    for _, group in groupby(rows, key=lambda row: row["release_id"]):
        tracks = list(group)
        shown = [row for row in tracks if show_all or row["state"] in _OPEN]
        if not shown:
            continue
        first = tracks[0]
        where = ", ".join(str(part) for part in (first["label"], first["year"]) if part)
        record = f"{first['record_artist']} - {first['album']} [{where}]"
        terminal.write(f"{record}: {shares[first['release_id']]}")
        for row in shown:
            named = row["title"] if row["artist"] == row["record_artist"] else _line(row)
            terminal.write(f"  {_WORDS[row['state']]:<15} {row['position']:>6}  {named}")
            if row["state"] != State.MISSING.value and row["evidence"]:
                why = "; ".join(row["evidence"])
                terminal.write(textwrap.indent(textwrap.fill(why, 70), " " * 26))


def _print_counts(rows: Sequence[Row]) -> None:
    counted = {state: sum(1 for row in rows if row["state"] == state) for state in _WORDS}
    parts = [f"{number:,} {_WORDS[state]}" for state, number in counted.items() if number]
    records = len({row["release_id"] for row in rows})
    summary = ", ".join(parts)
    terminal.write(f"{text.count(records, 'record')}, {text.count(len(rows), 'track')}: {summary}.")
    if counted[State.REVIEW.value]:
        terminal.write("`beet gaps review` asks about those to review.")


def _print_unlisted(running: App, query: Sequence[str]) -> None:
    """What is known of records whose track list is still to come, or has no tracks."""
    view = running.host.reading()
    listed = set(mirror.release_fingerprints(view))
    if not query:
        shown = {row["release_id"] for row in tables.GAPS.select(view, ("release_id",))}
        empty = len((mirror.shelf(view) & listed) - shown)
        if empty:
            terminal.write(f"{text.count(empty, 'record')} without any track in its track list.")
    owned: dict[int, str] = {
        row["release_id"]: row["owned"]
        for row in mirror.live_instances(view)
        if row["release_id"] not in listed
    }
    if owned:
        counts = {word: list(owned.values()).count(word) for word in ("yes", "partly", "no")}
        terminal.write(
            f"{text.count(len(owned), 'record')} without a track list: {counts['yes']:,} owned"
            f" digitally, {counts['partly']:,} partly, {counts['no']:,} not."
        )


def _list_rules(running: App, opts: Namespace) -> int:
    for rule in links.ignores(running.host.reading()):
        if opts.json:
            terminal.write_json({"kind": rule.kind.value, "value": rule.value})
        else:
            terminal.write(f"{rule.kind.value:8} {rule.value}")
    return 0


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['artist']} - {row['title']}"


def _clock(seconds: float | None) -> str:
    return f"  {int(seconds) // 60}:{int(seconds) % 60:02}" if seconds else ""
