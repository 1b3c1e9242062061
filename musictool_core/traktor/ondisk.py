"""What only this computer can tell: its rules for paths, its volumes, how it spells a name."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from musictool_core.safeio.platform import (
    documents_folder,
    drive_serials,
    mounted_volumes,
)
from musictool_core.traktor.installations import Surroundings
from musictool_core.traktor.locations import Computer, System, boot_volumes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.traktor.values import Location


def system() -> System:
    """Whose rules hold here."""
    known = {"darwin": System.MACOS, "win32": System.WINDOWS}
    return known.get(sys.platform, System.LINUX)


def surroundings() -> Surroundings:
    """Where to look for Traktor on this computer."""
    documents = documents_folder()
    return Surroundings(
        system(), Path.home(), () if documents is None else (documents,), dict(os.environ)
    )


def this_computer(known: Iterable[Location]) -> Computer:
    """What `Translator` needs of this computer; the entries tell the name of its boot volume."""
    return Computer(system(), boot_volumes(known, mounted_volumes()), drive_serials())


def computer_name() -> str:
    """Name of this computer, as `traktor: owner` may have it."""
    return socket.gethostname()


class LocalZone(tzinfo):
    """The time zone of this computer, with its summer time: what Traktor writes is local time.

    The offset of today would move the plays of half a year by an hour.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """See `tzinfo.utcoffset`; a year that the system does not know has the offset of UTC."""
        if moment is None:
            return None
        try:
            return moment.replace(tzinfo=None).astimezone().utcoffset()
        except (OverflowError, OSError, ValueError):
            return timedelta(0)

    def dst(self, _: datetime | None) -> None:
        """See `tzinfo.dst`: not told apart."""
        return

    def tzname(self, _: datetime | None) -> str:
        """See `tzinfo.tzname`: of both halves of the year."""
        return "/".join(time.tzname)

    def fromutc(self, moment: datetime) -> datetime:
        """See `tzinfo.fromutc`."""
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)

    def __str__(self) -> str:
        return self.tzname(None)


def existing(path: str) -> str | None:
    """The path as the disk spells it; None when there is no such file.

    Traktor writes composed accents, which disks may have decomposed: tried as given, then either
    way, then folder by folder among what is there. Letter case counts where it does on the disk.
    """
    for spelling in dict.fromkeys((path, normalize("NFC", path), normalize("NFD", path))):
        # Names with NUL are none.
        if "\0" not in spelling and os.path.lexists(spelling):
            return spelling
    return _found(Path(path)) if "\0" not in path else None


def _found(path: Path) -> str | None:
    """Look for the path in listings, where each name may be spelled its own way."""
    place = Path(path.anchor)
    for name in path.parts[1:]:
        child = place / name
        if not os.path.lexists(child):
            spelled = _listed(place, name)
            if spelled is None:
                return None
            child = place / spelled
        place = child
    return str(place)


def _listed(folder: Path, name: str) -> str | None:
    wanted = normalize("NFC", name)
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return None
    # Letter case is left to the disk: where it does not count, the name was found as given.
    return next((one for one in names if normalize("NFC", one) == wanted), None)
