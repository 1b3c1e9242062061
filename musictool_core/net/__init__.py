"""The one door to the network: host table, pacing across processes, one session, outcomes.

`Session` lives in `musictool_core.net.session` and is not imported here: it brings requests (a
tenth of a second), which commands that only need the vocabulary below never load.
"""

from musictool_core.net.hosts import HostPolicy, load_hosts
from musictool_core.net.outcomes import Answer, Challenged, CredentialsRejected, Forbidden, Status
from musictool_core.net.pacing import FileSlots, MemorySlots, Slots

__all__ = [
    "Answer",
    "Challenged",
    "CredentialsRejected",
    "FileSlots",
    "Forbidden",
    "HostPolicy",
    "MemorySlots",
    "Slots",
    "Status",
    "load_hosts",
]
