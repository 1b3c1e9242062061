"""`beet musictool doctor`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from musictool_core import app
from musictool_core.app import doctor as checkups
from musictool_core.app.cli import text
from musictool_core.discogs.checks import check_live
from musictool_core.host import indexes, terminal
from musictool_core.host.checks import Level
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from beets.library import Library

    from musictool_core.host.checks import Checkup, Finding


def doctor(lib: Library, opts: Namespace) -> int:
    """`beet musictool doctor`."""
    host = Host(lib, notice=terminal.notice)
    checkup = checkups.prepare(host, app.utc_now())
    if opts.rebuild or opts.drop:
        return _change_indexes(checkup, opts)
    findings = list(checkups.examine(checkup, checkups.all_checks(host)))
    if opts.live:
        findings += _ask_services(checkup)
    return _show(findings, as_json=opts.json)


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
