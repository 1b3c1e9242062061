"""What is put into comments by a template, renewed where it stands; other text stays. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from musictool_core.errors import ConfigError

if TYPE_CHECKING:
    from musictool_core.audio.values import Analysis

_PLACE = re.compile(r"\{([^{}]*)\}")

_FORMS = {
    "camelot": r"(?:1[0-2]|[1-9])[AB]",
    "open_key": r"(?:1[0-2]|[1-9])[md]",
    "key": r"[A-G]#?m?",
    "energy": r"(?:10|[1-9])",
    "bpm": r"\d{2,3}(?:\.\d{1,3})?",
}
"""What may stand for each value, so that an earlier one is found again."""

_BETWEEN = " - "
"""Between our text and what stood in the comment before."""


def check_template(template: str) -> None:
    """See that all places of a template are known.

    Raises:
        ConfigError: one is not.
    """
    for name in _PLACE.findall(template):
        if name not in _FORMS:
            known = ", ".join(f"{{{each}}}" for each in _FORMS)
            raise ConfigError("djanalysis.comment", f"{{{name}}}", f"one of {known}", known=_FORMS)


def render(template: str, analysis: Analysis) -> str:
    """Fill in a template; "" when a value that it asks for is unknown."""
    values = _values(analysis)
    wanted = _PLACE.findall(template)
    if not all(values[name] for name in wanted):
        return ""
    return _PLACE.sub(lambda found: values[found[1]], template)


def renew(comment: str, template: str, text: str, *, earlier: str = "") -> str:
    """A comment with our text in place of what an earlier run put there, or else in front.

    Args:
        comment: as it is.
        template: of the user.
        text: the template, filled in.
        earlier: what was put there last, perhaps with another template; "" when unknown.
    """
    if earlier and earlier in comment:
        return comment.replace(earlier, text, 1)
    found = _pattern(template).search(comment)
    if found:
        return comment[: found.start()] + text + comment[found.end() :]
    return f"{text}{_BETWEEN}{comment}" if comment.strip() else text


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    # Texts and names take turns.
    forms = (_FORMS[part] if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(rf"(?<!\w){''.join(forms)}(?!\w)")


def _values(analysis: Analysis) -> dict[str, str]:
    key = analysis.key.key if analysis.key else None
    tempo, energy = analysis.tempo, analysis.energy
    return {
        "camelot": key.camelot if key else "",
        "open_key": key.open_key if key else "",
        "key": key.short if key else "",
        "energy": str(round(energy.level)) if energy else "",
        "bpm": f"{tempo.bpm:.2f}".rstrip("0").rstrip(".") if tempo else "",
    }
