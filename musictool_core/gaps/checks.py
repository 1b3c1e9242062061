"""What `beet musictool doctor` says about the gap states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.discogs import mirror
from musictool_core.gaps import tables
from musictool_core.host import items as host_items
from musictool_core.host.checks import Finding, Level, has_table, reading_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.checks import Checkup
    from musictool_core.host.library import Host

_NEXT = "Nothing to do: the next `beet gaps` compares them."


def check_gaps(checkup: Checkup) -> Iterator[Finding]:
    """Look whether the gap states still fit the library and the shelf."""
    host = checkup.host
    view = host.reading()
    if not mirror.shelf_exists(view):
        return
    stamp = tables.STAMP.get(view, {"id": 1}) if has_table(view, tables.STAMP.name) else None
    if stamp is None:
        yield Finding(Level.NOTE, "gaps", "Not looked for yet.", "`beet gaps` does.")
    else:
        yield _compare(host, stamp["token"])


def _compare(host: Host, token: str) -> Finding:
    """Compare the index with the library, by checksum, and with the shelf, by record."""
    path = host.cache_path
    if not path.exists():
        return _stale("The index was deleted: everything is compared again.")
    with reading_file(path) as cache:
        known = has_table(cache, tables.INDEX_STAMP.name)
        stamp = tables.INDEX_STAMP.get(cache, {"id": 1}) if known else None
        # The index adds to the library's token what else it depends on.
        if stamp is None or not stamp["token"].startswith(token):
            return _stale("The index belongs to another state: everything is compared again.")
        files = {row["id"]: row["checksum"] for row in tables.INDEX_ITEMS.select(cache)}
        records = {row["id"] for row in tables.INDEX_RECORDS.select(cache, ("id",))}
    present = {int(key): value for key, value in host_items.fingerprints(host).items()}
    changed_files = len({key for key, _ in files.items() ^ present.items()})
    changed_records = len(records ^ {int(number) for number in mirror.shelf(host.reading())})
    if not changed_files and not changed_records:
        message = f"In step (files: {len(files):,}, records: {len(records):,})."
        return Finding(Level.OK, "gaps", message)
    return _stale(
        f"Changed since the last look (files: {changed_files:,}, records: {changed_records:,})."
    )


def _stale(message: str) -> Finding:
    return Finding(Level.NOTE, "gaps", message, _NEXT)
