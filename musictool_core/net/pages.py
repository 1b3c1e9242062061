"""What a web page that came instead of JSON is: bot challenge, network login, something else.

Pure. Marks were collected from real pages; each stands beside its origin.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title", re.IGNORECASE | re.DOTALL)
_SEARCHED_BYTES = 65_536

_CHALLENGE_TITLES = (
    b"just a moment",  # Cloudflare, HTTP 403 or 503
    b"attention required! | cloudflare",  # Cloudflare, HTTP 403
    # Fastly, HTTP 200. Its script path `/_fs-ch-` is no mark: ordinary pages behind Fastly carry it
    # too.
    b"client challenge",
)
_LOGIN_PAGE_MARK = b"wispaccessgatewayparam"  # WISPr, spoken by most hotel and railway networks


class Page(Enum):
    """What arrived instead of data."""

    CHALLENGE = "challenge"
    NETWORK_LOGIN = "network login"
    OTHER = "other"
    """An outage page, an error page, a login page without marks."""


def recognise_page(headers: Mapping[str, str], body: bytes) -> Page | None:
    """Return what page the answer is; None when it is no HTML at all.

    Args:
        headers: of the answer, names comparing without case.
        body: the answer, decompressed.
    """
    start = body[:_SEARCHED_BYTES]
    html = "html" in headers.get("Content-Type", "").lower()
    if not html and not start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return None
    title = _TITLE.search(start)
    if headers.get("cf-mitigated") == "challenge" or (
        title and title[1].lower().startswith(_CHALLENGE_TITLES)
    ):
        return Page.CHALLENGE
    return Page.NETWORK_LOGIN if _LOGIN_PAGE_MARK in start.lower() else Page.OTHER


def is_cut_json(body: bytes) -> bool:
    """Whether text that does not parse began as JSON, as an answer that was cut off does."""
    return body.lstrip()[:1] in {b"{", b"["}
