"""`beet musictool doctor`."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app import doctor as checkups
from musictool_core.app.cli import text
from musictool_core.discogs.checks import check_live
from musictool_core.errors import MusicToolError
from musictool_core.host import audiodata, indexes, terminal
from musictool_core.host.checks import Finding, Level
from musictool_core.host.library import Host
from musictool_core.safeio import torture

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from beets.library import Library

    from musictool_core.host.checks import Checkup
    from musictool_core.safeio.torture import Tally

_TORTURED_BYTES = 20_000_000
"""Larger files are not tortured: each kill copies the file twice."""


def doctor(lib: Library, opts: Namespace) -> int:
    """`beet musictool doctor`."""
    host = Host(lib, notice=terminal.notice)
    checkup = checkups.prepare(host, app.utc_now())
    if opts.torture:
        return _torture(host, opts)
    if opts.rebuild or opts.drop:
        return _change_indexes(checkup, opts)
    share = audiodata.parse_share(opts.read_data) if opts.read_data else None
    # The one check that a reading changes comes last.
    wanted = [check for check in checkups.all_checks(host) if check is not audiodata.check_audio]
    findings = list(checkups.examine(checkup, wanted))
    if opts.live:
        findings += _ask_services(checkup)
    try:
        if share is not None:
            findings += _read_data(checkup, share, findings, pretend=opts.pretend)
    finally:
        # After Ctrl-C, too: what was found until then is kept.
        findings += checkups.examine(checkup, [audiodata.check_audio])
        failures = _show(findings, as_json=opts.json)
    return failures


def _read_data(
    checkup: Checkup, share: float, found: Sequence[Finding], *, pretend: bool
) -> list[Finding]:
    host = checkup.host
    if any(f.subject == "library" and f.level is Level.ERROR for f in found):
        message = "No file was read: the result could not be kept in this library."
        return [Finding(Level.WARNING, "audio", message, "See what is said of the library.")]
    total = audiodata.count_files(host.reading())
    if pretend:
        wanted = audiodata.count_wanted(total, share)
        return [Finding(Level.OK, "audio", f"Would read {wanted:,} of {total:,} files.")]
    with terminal.long_work() as (line, cancel):

        def check_audio(checkup: Checkup) -> Iterator[Finding]:
            host.migrate({audiodata.FEATURE.name: audiodata.MIGRATIONS})
            yield audiodata.describe(
                audiodata.read_audio(host, share=share, now=checkup.now, report=line, cancel=cancel)
            )

        return list(checkups.examine(checkup, [check_audio]))


def _change_indexes(checkup: Checkup, opts: Namespace) -> int:
    """Make or drop the indexes, then show them."""
    if opts.pretend:
        done = "made anew" if opts.rebuild else "dropped"
        terminal.write(f"The indexes would be {done}.")
    elif opts.drop:
        indexes.drop(checkup.host)
    else:
        with terminal.long_work() as (line, cancel):
            indexes.rebuild(checkup.host, report_to=line, cancel=cancel)
    return _show(list(checkups.examine(checkup, [indexes.check_indexes])), as_json=opts.json)


def _torture(host: Host, opts: Namespace) -> int:
    """Kill writers of copies of the user's files; return how many files that damaged."""
    if not torture.is_possible():
        raise MusicToolError(
            "the torture kills processes outright, which this system has no way for.",
            hint="Run it on Linux or macOS; tags are written by the same code there.",
        )
    if opts.kills < 1:
        raise MusicToolError("--kills takes a number from 1 on.")
    with tempfile.TemporaryDirectory(prefix="musictool-torture-") as name:
        folder = Path(name)
        sources = _torture_sources(host, folder, seed=opts.seed)
        if opts.pretend:
            for path in chain.from_iterable(sources.values()):
                terminal.write(f"Would torture a copy of {path}.")
            return 0
        work = folder / "work"
        work.mkdir()
        with terminal.long_work() as (line, cancel):
            tallies = torture.kill_writers(
                sources, work, kills=opts.kills, seed=opts.seed, report=line, cancel=cancel
            )
    if opts.json:
        _show([_torture_finding(kind, tally) for kind, tally in tallies.items()], as_json=True)
    else:
        for row in torture.render(tallies):
            terminal.write(row)
    return sum(tally.damaged + tally.littered for tally in tallies.values())


def _torture_sources(host: Host, folder: Path, *, seed: int) -> dict[str, list[Path]]:
    """Files of the library by format, or generated ones when it has none we could take."""
    trial = folder / "trial"
    trial.mkdir()
    small = audiodata.small_files(host, seed=seed, most_bytes=_TORTURED_BYTES)
    usable = {kind: torture.usable(paths, trial) for kind, paths in small.items()}
    found = {kind: paths for kind, paths in usable.items() if paths}
    if found:
        return found
    terminal.notice("No file of the library can be taken; generated ones are.")
    return torture.make_specimens(folder)


def _torture_finding(kind: str, tally: Tally) -> Finding:
    message = (
        f"{kind}: {text.count(tally.kills, 'writer')} of each sort killed; files damaged by ours:"
        f" {tally.damaged}, by plain mutagen: {tally.damaged_plain}."
    )
    if tally.damaged or tally.littered:
        return Finding(Level.ERROR, "torture", message, "Tell us, with your system and this line.")
    return Finding(Level.OK, "torture", message)


def _show(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print findings; return how many are errors."""
    if as_json:
        for finding in findings:
            terminal.write_json(_json_finding(finding))
    else:
        _print_findings(findings)
    return sum(1 for finding in findings if finding.level is Level.ERROR)


def _ask_services(checkup: Checkup) -> list[Finding]:
    with terminal.long_work() as (_, cancel):

        def check_discogs(checkup: Checkup) -> Iterator[Finding]:
            return check_live(checkup, cancel)

        return list(checkups.examine(checkup, [check_discogs]))


def _print_findings(findings: Sequence[Finding]) -> None:
    widest = max(len(finding.subject) for finding in findings)
    for finding in findings:
        head = f"{finding.level.value:<7}  {finding.subject:<{widest}}  "
        terminal.write(head + finding.message)
        if finding.mend:
            terminal.write(f"{'':<{len(head)}}→ {finding.mend}")
    counts = Counter(finding.level for finding in findings)
    problems = [
        text.count(counts[level], level.value)
        for level in (Level.ERROR, Level.WARNING)
        if counts[level]
    ]
    terminal.write(f"{', '.join(problems)}." if problems else "No problems found.")


def _json_finding(finding: Finding) -> dict[str, Any]:
    """The documented object of one finding (docs/plugins/musictool.md)."""
    return {
        "level": finding.level.value,
        "subject": finding.subject,
        "message": finding.message,
        "mend": finding.mend,
    }
