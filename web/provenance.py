"""How pages say where a value comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_web.look import day, source_words

if TYPE_CHECKING:
    from musictool_core.changes.provenance import Provenance

_IMPORT = "beet import"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list of facts.

    Attributes:
        label: what it is.
        value: as text; "" is shown as unknown.
        href: where the value leads, "" for nowhere.
        source: one or two words: where the value comes from.
        about: the same in full: when, and by whom.
        is_code: set as a catalogue number is.
    """

    label: str
    value: str
    href: str = ""
    source: str = ""
    about: str = ""
    is_code: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether it leads to another site."""
        return self.href.startswith("https://")


def source_of(known: Provenance, field: str, data_source: str = "") -> tuple[str, str]:
    """Where the present value of a field comes from: in short, and in full.

    Args:
        known: the journal of the object.
        field: of beets.
        data_source: service that an import took its values from, "" when unknown.
    """
    cause = known.of(field)
    if cause is None:
        return (data_source, f"from {data_source}") if data_source else ("", "before the journal")
    name = cause.source
    if name.startswith(_IMPORT) and data_source:
        name = data_source
    who = f" by {cause.who}" if cause.who else ""
    return source_words(name), f"{source_words(cause.source)}{who}, {day(cause.at)}"
