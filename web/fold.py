"""What of a board comes with its page: as much as the first packets hold; the rest asks for itself.

A server may send about 14 KB before it hears from the browser. Drawings that do not fit are left
out in favour of later, smaller ones; their place keeps their height. Without scripts a link shows
the page with everything.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import request
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_web.widgets import Shown

MOST_BYTES = 5_800
"""Of drawings, packed; frame and styles take the rest of 14 KB."""

WHOLE = "whole"
"""The argument of an address that asks for everything at once."""

_HEIGHT = re.compile(r'<svg class="chart" height="(\d+)')
_USUAL_HEIGHT = "200"


def fold(shown: Sequence[Shown]) -> list[Shown]:
    """Leave the drawings out that do not fit, unless the address asks for everything."""
    if request.args.get(WHOLE):
        return list(shown)
    packer, room = zlib.compressobj(9), MOST_BYTES
    found = []
    for each in shown:
        body = each.drawing.body.encode() if each.drawing else b""
        # What came before tells how well this packs.
        tried = packer.copy()
        size = len(tried.compress(body) + tried.flush(zlib.Z_SYNC_FLUSH))
        if size > room:
            found.append(replace(each, drawing=None, later=_height(each)))
            continue
        packer, room = tried, room - size
        found.append(each)
    return found


def _height(shown: Shown) -> int:
    match = _HEIGHT.search(shown.drawing.body if shown.drawing else Markup(""))
    return int(match[1] if match else _USUAL_HEIGHT)
