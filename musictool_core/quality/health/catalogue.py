"""All rules, in the order of the catalogue."""

from __future__ import annotations

from musictool_core.quality.health.rules import (
    albums,
    art,
    cut,
    dates,
    decks,
    encodings,
    files,
    genres,
    identifiers,
    keys,
    letters,
    names,
    numbers,
    signs,
    styles,
    titles,
)

_GROUPS = "TNKDGIAFPJ"
_MODULES = (
    signs,
    encodings,
    letters,
    titles,
    names,
    cut,
    numbers,
    keys,
    dates,
    genres,
    identifiers,
    albums,
    styles,
    files,
    decks,
    art,
)

RULES = tuple(
    sorted(
        (rule for module in _MODULES for rule in module.RULES),
        key=lambda rule: (_GROUPS.index(rule.rule_id[0]), rule.rule_id),
    )
)

BY_ID = {rule.rule_id: rule for rule in RULES}
