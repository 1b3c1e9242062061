"""Rules made of smaller functions: of one text, or of one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.quality.health.model import (
    ALL_PROFILES,
    Evidence,
    Example,
    Mode,
    Rule,
    Scope,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from musictool_core.quality.health.model import Patch, Profile, Record, Severity, Standard

NAMES = ("artist", "albumartist")
SHORT_TEXTS = ("artist", "title", "album", "albumartist", "label", "genre", "genres", "catalognum")
TEXTS = (*SHORT_TEXTS, "comments")


def text_of(record: Record, name: str) -> str:
    """A field as text; "" when it is missing or no text."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def number_of(record: Record, name: str) -> float | None:
    """A field as a number; None when it is missing or no number."""
    value = record.get(name)
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def planted(fixed: Patch | None = None, /, **fields: object) -> Example:
    """A track that a rule finds, and what it makes of it."""
    return Example((fields,), {0: fixed} if fixed else {})


def clean(**fields: object) -> Example:
    """A track that a rule leaves alone."""
    return Example((fields,))


def group(*records: Record, fixed: Mapping[int, Patch] | None = None) -> Example:
    """Tracks that a rule sees together."""
    return Example(records, fixed or {})


def text_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    mode: Mode,
    mend: Callable[[str], str],
    *,
    fields: Sequence[str],
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    """A rule that judges each text alone.

    `mend` gives the text as it should be, the text itself when nothing is wrong, for each of
    `fields`; the rest is as in `Rule`.
    """
    return style_rule(
        rule_id, title, severity, mode, lambda text, _: mend(text), fields=fields,
        planted=planted, clean=clean, profiles=profiles,
    )  # fmt: skip


def style_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    mode: Mode,
    mend: Callable[[str, Standard], str],
    *,
    fields: Sequence[str],
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    """A text rule that depends on what is right here."""

    def patch(record: Record, standard: Standard) -> Patch:
        mended: dict[str, object] = {}
        for name in fields:
            value = record.get(name)
            if isinstance(value, str):
                if value and (new := mend(value, standard)) != value:
                    mended[name] = new
            elif isinstance(value, list | tuple):
                parts = [mend(part, standard) for part in value]
                if parts != list(value):
                    mended[name] = parts
        return mended

    return patch_rule(
        rule_id, title, severity, mode, patch, planted=planted, clean=clean, profiles=profiles
    )


def patch_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    mode: Mode,
    patch: Callable[[Record, Standard], Patch],
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    """A rule of one track that finds exactly what it can mend."""

    def detect(records: Sequence[Record], standard: Standard) -> list[Evidence]:
        return [
            Evidence((name,), shown(record.get(name)), index)
            for index, record in enumerate(records)
            for name in patch(record, standard)
        ]

    def fix(records: Sequence[Record], standard: Standard) -> dict[int, Patch]:
        patches = ((index, patch(record, standard)) for index, record in enumerate(records))
        return {index: found for index, found in patches if found}

    return Rule(
        rule_id, title, severity, Scope.ITEM, mode, detect, planted, clean, fix, profiles
    )  # fmt: skip


def track_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    mode: Mode,
    see: Callable[[Record, Standard], Mapping[str, str]],
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    patch: Callable[[Record, Standard], Patch] | None = None,
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    """A rule of one track that finds more than it can mend.

    `see` says what is wrong, by field; `patch` what of it can be mended, and is only asked where
    something is wrong; the rest is as in `Rule`.
    """

    def detect(records: Sequence[Record], standard: Standard) -> list[Evidence]:
        return [
            Evidence((name,), text, index)
            for index, record in enumerate(records)
            for name, text in see(record, standard).items()
        ]

    def fix(records: Sequence[Record], standard: Standard) -> dict[int, Patch]:
        found: dict[int, Patch] = {}
        for index, record in enumerate(records):
            if patch and see(record, standard) and (new := patch(record, standard)):
                found[index] = new
        return found

    mending = fix if patch else None
    return Rule(
        rule_id, title, severity, Scope.ITEM, mode, detect, planted, clean, mending, profiles
    )  # fmt: skip


def shown(value: object) -> str:
    """A value in one line, signs that cannot be seen spelled out."""
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
