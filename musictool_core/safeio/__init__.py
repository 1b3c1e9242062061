"""The only door to files that belong to the user, and the only place of platform calls.

Importing it is cheap: what needs mutagen is loaded when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from musictool_core.safeio.files import (
    NameTaken,
    copy_new,
    private_directory,
    replace_file,
    write_new,
)

if TYPE_CHECKING:
    from musictool_core.safeio.commit import FileBusy, FileChanged, Method, WriteResult
    from musictool_core.safeio.exchanges import (
        exchange,
        facts_of,
        make_folder,
        only_writer,
        read_file,
        remove_file,
        sweep,
    )
    from musictool_core.safeio.marks import Owner, Unsettled, file_mark, settle, unsettled
    from musictool_core.safeio.payload import payload_hash
    from musictool_core.safeio.recovery import Recovered, recover
    from musictool_core.safeio.retention import Dropped, drop_undo, has_undo
    from musictool_core.safeio.tags import (
        keep_tags,
        mend_many,
        restore_many,
        restore_tags,
        write_many,
        write_tags,
    )

__all__ = [
    "Dropped",
    "FileBusy",
    "FileChanged",
    "Method",
    "NameTaken",
    "Owner",
    "Recovered",
    "Unsettled",
    "WriteResult",
    "copy_new",
    "drop_undo",
    "exchange",
    "facts_of",
    "file_mark",
    "has_undo",
    "keep_tags",
    "make_folder",
    "mend_many",
    "only_writer",
    "payload_hash",
    "private_directory",
    "read_file",
    "recover",
    "remove_file",
    "replace_file",
    "restore_many",
    "restore_tags",
    "settle",
    "sweep",
    "unsettled",
    "write_many",
    "write_new",
    "write_tags",
]

_HOMES = {
    **dict.fromkeys(("FileBusy", "FileChanged", "Method", "WriteResult"), "commit"),
    **dict.fromkeys(
        (
            *("exchange", "facts_of", "make_folder", "only_writer", "read_file"),
            *("remove_file", "sweep"),
        ),
        "exchanges",
    ),
    "payload_hash": "payload",
    **dict.fromkeys(("Owner", "Unsettled", "file_mark", "settle", "unsettled"), "marks"),
    **dict.fromkeys(("Recovered", "recover"), "recovery"),
    **dict.fromkeys(("Dropped", "drop_undo", "has_undo"), "retention"),
    **dict.fromkeys(
        (
            *("keep_tags", "mend_many", "restore_many", "restore_tags"),
            *("write_many", "write_tags"),
        ),
        "tags",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
