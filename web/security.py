"""Who may ask: this user, on this computer, from our own pages.

* Only names of this computer are accepted as Host, so a stranger's page cannot reach us under a
  name of its own (DNS rebinding).
* Each view needs the session cookie that the launch address gives, or the launch token as bearer;
  `public` views are the exception and say so.
* Requests that change something must come from our own pages (Sec-Fetch-Site, else Origin), or
  carry the bearer token, which a foreign page cannot know.
* Every answer says what its page may load: nothing from elsewhere, no inline script.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import abort, g, request, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names under which this computer reaches itself."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_SESSION_KEY = "launched"
_SIGNED_ON = "day"
"""When the cookie was signed; its month begins anew on another day, not with each answer."""
_DAY_S = 86_400
_PUBLIC = "musictool_is_public"

V = TypeVar("V", bound="Callable[..., Any]")


def public(view: V) -> V:
    """Mark a view that answers without a session: it must tell nothing about the library."""
    setattr(view, _PUBLIC, True)
    return view


def protect(flask_app: Flask, token: str) -> None:
    """Put the rules of this module in front of and behind every view.

    Args:
        flask_app: the application; has a secret key.
        token: the launch token.
    """

    def before() -> None:
        _check_host()
        g.nonce = secrets.token_urlsafe(16)
        if request.method not in SAFE_METHODS:
            _check_origin(token)
        g.let_in = _may_enter(token)
        if (request.content_length or 0) > flask_app.config["MAX_CONTENT_LENGTH"]:
            # Also where no view would read it.
            abort(413)
        view = flask_app.view_functions.get(request.endpoint or "")
        if view is not None and not is_public(view) and not g.let_in:
            abort(401)

    flask_app.before_request(before)
    flask_app.after_request(_add_headers)


def is_public(view: Callable[..., Any]) -> bool:
    """Whether a view answers strangers."""
    return bool(getattr(view, _PUBLIC, False))


def is_let_in() -> bool:
    """Whether this request is the user's own, so that its answer may tell of the library."""
    return bool(g.get("let_in", False))


def open_session(token: str, given: str) -> None:
    """Let this browser in for a month, if it was given the launch token; else 403."""
    if not _same(token, given):
        abort(403, "This launch address is not (or no longer) valid.")
    session.clear()
    session.permanent = True
    session[_SESSION_KEY] = True
    session[_SIGNED_ON] = _today()


def is_https_link(url: str) -> bool:
    """Whether an address from data may be offered as a link: no scripts, no local targets."""
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def is_own_path(url: str, host: str) -> str:
    """The path and query of an address of ours, to go back to; "" for any other."""
    parts = urlsplit(url)
    if parts.netloc != host or not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _check_host() -> None:
    try:
        name = urlsplit(f"//{request.headers.get('Host', '')}").hostname
    except ValueError:
        name = None
    if name not in LOOPBACK:
        abort(400, "This Host is not served here.")


def _check_origin(token: str) -> None:
    if _has_bearer(token):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            abort(403, "Changes are taken from our own pages only.")
        return
    origin = request.headers.get("Origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("Host"):
        abort(403, "Changes are taken from our own pages only.")


def _may_enter(token: str) -> bool:
    if not session.get(_SESSION_KEY):
        return _has_bearer(token)
    if session.get(_SIGNED_ON) != _today():
        session[_SIGNED_ON] = _today()
    return True


def _today() -> int:
    return int(time.time() // _DAY_S)


def _has_bearer(token: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and _same(token, given.strip())


def _same(token: str, given: str) -> bool:
    return bool(token) and hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))


def _add_headers(response: Response) -> Response:
    nonce = g.get("nonce", "")
    style = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
        f" style-src {style}; script-src 'self'; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    added = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for name, value in added.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-cache"
    return response
