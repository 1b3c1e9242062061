"""The one HTTP session: pacing, retries, deadlines, body caps and outcomes for every service.

A request ends as an `Answer` with parsed JSON or as one of the errors of `musictool_core.errors`;
an empty or half answer is never passed on as "nothing found". Secrets belong into headers: these
never reach a URL, a log line or an exception text, nor do words of the server's answer, which could
repeat them.

Limits: the deadline is looked at between two pieces of a body, so that an answer may take one read
timeout longer. Proxies and CA bundles are taken from the environment; TLS is always verified.
"""

from __future__ import annotations

import json
import logging
import random
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from musictool_core.errors import (
    AuthNeeded,
    NotFound,
    RateLimited,
    Refused,
    ShapeChanged,
    SourceError,
    Unreachable,
)
from musictool_core.net.outcomes import Answer, Challenged, CredentialsRejected, Forbidden
from musictool_core.net.pacing import LONGEST_WAIT_S, WINDOW_S
from musictool_core.net.pages import Page, is_cut_json, recognise_page
from musictool_core.net.retry import IDEMPOTENT_METHODS, Breaker, backoff_s, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from urllib3.response import BaseHTTPResponse

    from musictool_core.net.hosts import HostPolicy
    from musictool_core.net.pacing import Slots
    from musictool_core.progress import CancelToken

_log = logging.getLogger(__name__)

MAX_REDIRECTS = 3
PIECE_BYTES = 65_536
WORTH_A_LINE_S = 5.0
"""A wait for a slot that is longer is logged, so that a silent terminal explains itself."""

LOGIN_PAGE_HINT = "Is a network login page in the way? Open a web page in a browser and try again."


@dataclass(frozen=True, slots=True)
class _Setback:
    """An attempt that another one may mend.

    Attributes:
        error: what the request ends with when no attempt is left.
        pause_s: how long the server asks to wait; None = our own back-off.
    """

    error: SourceError
    pause_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    """One complete HTTP answer, not judged yet."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """Requests to one service; safe to share between threads, closed by a `with` statement."""

    def __init__(
        self,
        policy: HostPolicy,
        user_agent: str,
        *,
        slots: Slots,
        cancel: CancelToken,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Prepare a session; nothing is sent yet.

        Args:
            policy: limits and base URL of the service.
            user_agent: name and version of the program, as the services want it.
            slots: where requests to this host queue, shared with other sessions and processes.
            cancel: ends every wait.
            now: Unix time, for slots and `Retry-After` dates.
            monotonic: seconds, for deadlines and the breaker.
            chance: a number from 0 to 1, for jitter.
        """
        self.policy = policy
        self.user_agent = user_agent
        self._slots = slots
        self._cancel = cancel
        self._now = now
        self._monotonic = monotonic
        self._chance = chance
        self._breaker = Breaker(policy.name)
        self._http = _Transport()
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._http.headers.update(
            {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def get_json(
        self,
        path_or_url: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Get one resource; see `request`."""
        return self.request("GET", path_or_url, params=params, headers=headers)

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Wait for a slot, ask, repeat what may be repeated, and return the answer.

        Args:
            method: upper case. What is not idempotent (POST, PATCH) is sent once.
            path_or_url: a path below the base URL, or a URL on the same host.
            params: query; never secrets.
            headers: for this request; the place of credentials.
            body: sent as it is.

        Raises:
            Unreachable: no connection, no whole answer in time, a server error, an open breaker.
            RateLimited: the service asks for a longer wait than a run should take.
            AuthNeeded: HTTP 401 (`CredentialsRejected` when credentials were sent).
            Refused: an empty answer or a blocking page (`Challenged` for a bot challenge,
                `Forbidden` for HTTP 403 in the words of the service).
            NotFound: HTTP 404 or 410.
            ShapeChanged: anything but JSON, a body over the cap, a redirect to another host.
            Cancelled: the user stopped during a wait.
        """
        url = self._url(path_or_url)
        headers = dict(headers or {})
        attempt = 0
        while True:
            attempt += 1
            self._breaker.check(self._monotonic())
            self._wait_for_slot(authorized="Authorization" in headers)
            outcome = self._attempt(method, url, params, headers, body)
            if isinstance(outcome, Answer):
                return outcome
            _log.debug("%s (attempt %d, %s %s)", outcome.error, attempt, method, path_or_url)
            pause = outcome.pause_s
            if pause is None:
                pause = backoff_s(attempt, self._chance())
            # Held for every thread and process: what failed here would fail there, and the wait
            # itself happens in one place, together with the wait for the rate limit.
            self._slots.hold(self.policy.host, pause, self._now())
            if method not in IDEMPOTENT_METHODS or attempt > self.policy.retries:
                raise outcome.error

    def _url(self, path_or_url: str) -> str:
        if path_or_url.startswith("/"):
            return self.policy.base_url + path_or_url
        return self._on_our_host(path_or_url, "a link")

    def _on_our_host(self, url: str, what: str) -> str:
        if _origin(url) != _origin(self.policy.base_url):
            raise ShapeChanged(
                self.policy.name,
                f"{what} leads to another host and was not followed.",
                hint=LOGIN_PAGE_HINT,
            )
        return url

    def _wait_for_slot(self, *, authorized: bool) -> None:
        policy, now = self.policy, self._now()
        interval = policy.interval_s(authorized=authorized)
        wait = self._slots.reserve(policy.host, interval, policy.burst, now)
        if wait > LONGEST_WAIT_S:
            raise RateLimited(policy.name, _utc(now + wait))
        if wait > WORTH_A_LINE_S:
            _log.info("%s: waiting %.0f s before the next request.", policy.name, wait)
        self._cancel.wait(wait)

    def _attempt(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer | _Setback:
        try:
            message = self._exchange(method, url, params, headers, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self._breaker.failed(self._monotonic())
            return self._lost(error)
        except Unreachable:
            self._breaker.failed(self._monotonic())
            raise
        if message.http_status >= 500:
            self._breaker.failed(self._monotonic())
        else:
            self._breaker.succeeded()
        return self._judge(message, authorized="Authorization" in headers)

    def _exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> _Message:
        policy = self.policy
        give_up_at = self._monotonic() + policy.deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            response = self._http.request(
                method,
                url,
                params=params,
                headers=headers,
                data=body,
                auth=_as_given,
                timeout=(policy.connect_s, policy.read_s),
                stream=True,
            )
            with closing(response):
                if not response.is_redirect:
                    content = self._read(response.raw, give_up_at)
                    self._note_budget(response)
                    return _Message(response.status_code, response.headers, content)
                url = self._on_our_host(_redirect_target(response), "a redirect")
                params = None
            if method != "GET":
                raise ShapeChanged(policy.name, f"redirected a {method}, which was not repeated.")
        raise ShapeChanged(policy.name, f"redirected more than {MAX_REDIRECTS} times.")

    def _read(self, raw: BaseHTTPResponse, give_up_at: float) -> bytes:
        """Read a body piece by piece: a total deadline and a cap on what decompression yields."""
        policy, content = self.policy, bytearray()
        while piece := raw.read1(PIECE_BYTES, decode_content=True):
            content += piece
            if len(content) > policy.body_cap_bytes:
                raise ShapeChanged(
                    policy.name,
                    f"sent more than {policy.body_cap_bytes} bytes; the rest was not read.",
                )
            if self._monotonic() > give_up_at:
                raise Unreachable(
                    policy.name, f"did not finish its answer within {policy.deadline_s:g} s."
                )
        return bytes(content)

    def _note_budget(self, response: requests.Response) -> None:
        name = self.policy.budget_header
        if name is None or response.status_code == 429:
            # A 429 says itself how long to wait.
            return
        limit = response.headers.get(name, "")
        remaining = response.headers.get(f"{name}-Remaining", "")
        if limit.isdecimal() and remaining.isdecimal():
            self._slots.report(self.policy.host, int(remaining), int(limit), self._now())

    def _lost(self, error: Exception) -> _Setback:
        """Put a failed exchange into words of our own: the library's texts hold object dumps."""
        policy = self.policy
        if isinstance(error, requests.exceptions.SSLError):
            raise Unreachable(
                policy.name,
                f"{policy.host} could not prove its identity (TLS).",
                hint=f"Check the date of this computer. {LOGIN_PAGE_HINT}",
            )
        if isinstance(error, requests.exceptions.InvalidHeader):
            # Its text repeats the header.
            raise CredentialsRejected(
                policy.name, "credentials hold characters that cannot be sent."
            ) from None
        if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
            reason = f"{policy.host} fell silent for {policy.read_s:g} s."
        elif isinstance(error, (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError)):
            reason = "the answer was cut off."
        else:
            reason = f"no connection to {policy.host}."
        return _Setback(Unreachable(policy.name, reason, hint="Is the network on?"))

    def _judge(self, message: _Message, *, authorized: bool) -> Answer | _Setback:
        source, status = self.policy.name, message.http_status
        page = recognise_page(message.headers, message.body)
        if page is Page.CHALLENGE:
            raise Challenged(
                source, "asks for proof of a browser (bot challenge) instead of answering."
            )
        if page is Page.NETWORK_LOGIN or status == 511:
            raise Unreachable(source, "a network login page answered.", hint=LOGIN_PAGE_HINT)
        if status == 429 or status >= 500:
            return self._overloaded(message)
        if status >= 300:
            raise _refusal(source, status, authorized=authorized, page=page)
        return self._parse(message, page)

    def _overloaded(self, message: _Message) -> _Setback:
        source, status, now = self.policy.name, message.http_status, self._now()
        pause = parse_retry_after(message.headers.get("Retry-After"), now)
        if status != 429:
            return _Setback(Unreachable(source, f"has a fault (HTTP {status})."), pause)
        if pause is None:
            # Nothing says when the window has room again; jitter keeps several clients apart.
            pause = WINDOW_S * (1 + self._chance() / 4)
        return _Setback(RateLimited(source, _utc(now + pause)), pause)

    def _parse(self, message: _Message, page: Page | None) -> Answer | _Setback:
        source, status, body = self.policy.name, message.http_status, message.body
        if status == 204:
            return Answer(status, None, body, message.headers)
        if not body.strip():
            return _Setback(
                Refused(source, "answers with nothing; it may be blocking this program.")
            )
        try:
            data: Any = json.loads(body)
        except (ValueError, RecursionError):
            if is_cut_json(body):
                return _Setback(Unreachable(source, "the answer was cut off."))
            what = "a web page" if page else "something"
            raise ShapeChanged(
                source, f"answered with {what} instead of JSON.", hint=LOGIN_PAGE_HINT
            ) from None
        return Answer(status, data, body, message.headers)


class _Transport(requests.Session):
    """requests with redirects left to us."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find none: preparing the next request, requests reads this body without any cap."""
        del resp


def _refusal(source: str, status: int, *, authorized: bool, page: Page | None) -> SourceError:
    if status == 401 and authorized:
        return CredentialsRejected(source, "does not accept the credentials (HTTP 401).")
    if status == 401:
        return AuthNeeded(source, "needs credentials (HTTP 401).")
    if status in {404, 410}:
        return NotFound(source, f"has no such thing (HTTP {status}).")
    if status == 403 and page is None:
        return Forbidden(source, "does not allow this (HTTP 403).")
    if status in {403, 451}:
        return Refused(source, f"refuses (HTTP {status}).")
    return ShapeChanged(source, f"did not understand the request (HTTP {status}).")


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc


def _redirect_target(response: requests.Response) -> str:
    location = response.headers["Location"]
    try:
        return urljoin(response.url, location)
    except ValueError:
        return location


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request alone; else requests puts credentials of a netrc file in place of ours."""
    return request


def _utc(unix_time: float) -> datetime:
    return datetime.fromtimestamp(unix_time, UTC)
