"""A real HTTP server on loopback that behaves like a service, and every fault a service can have.

A fake of a service subclasses `FakeService` and implements `respond`. Tests script faults, look at
the request log, and change the service's state while a client pages through it:

    with FakeService() as service:
        service.fail_next(2, too_many_requests(retry_after=1))
        service.before_answer = lambda request: ...     # e.g. remove a row between two pages
        client = make_client(service.base_url)
        ...
        assert [request.path for request in service.requests] == [...]

A `Fault` is a function from the exchange to a response, so that a new one is one function. Those
that break HTTP itself write to the socket and then raise `ConnectionAbortedError`, which ends the
connection.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from werkzeug import Request, Response
from werkzeug.http import http_date
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """What a client sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request under way, as a fault sees it.

    Attributes:
        request: what the client sent.
        answer: computes what the healthy service would have answered.
        socket: the connection, for faults below HTTP.
        stopping: set when the server shuts down; endless faults end then.
    """

    request: Request
    answer: Callable[[], Response]
    socket: socket.socket
    stopping: threading.Event


Fault = Callable[[Exchange], Response]


class FakeService:
    """A threaded HTTP server on 127.0.0.1; by default it echoes each request as JSON."""

    def __init__(self) -> None:
        self.requests: list[LoggedRequest] = []
        """Every request in order of arrival, failed ones included."""
        self.before_answer: Callable[[LoggedRequest], None] | None = None
        """Called with each request before it is answered; free to change the service's state."""
        self.lock = threading.RLock()
        self._faults: deque[Fault] = deque()
        self._stopping = threading.Event()
        self._server = _Server("127.0.0.1", 0, self._application, _QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def base_url(self) -> str:
        """Address of the service, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail_next(self, count: int, fault: Fault) -> None:
        """Let the next `count` requests end in `fault`, after those already scripted."""
        self._faults.extend([fault] * count)

    def respond(self, request: Request) -> Response:
        """Answer a request; called with `self.lock` held."""
        return json_response(
            {"method": request.method, "path": request.path, "query": dict(request.args)}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _application(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = Request(environ)
        logged = LoggedRequest(
            request.method,
            request.path,
            request.args.to_dict(),
            dict(request.headers),
            request.get_data(),
        )
        with self.lock:
            self.requests.append(logged)
            if self.before_answer is not None:
                self.before_answer(logged)
            fault = self._faults.popleft() if self._faults else None
        response = (
            self._answer(request)
            if fault is None
            else fault(
                Exchange(
                    request,
                    lambda: self._answer(request),
                    environ["werkzeug.socket"],
                    self._stopping,
                )
            )
        )
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self.lock:
            return self.respond(request)


class _Server(ThreadedWSGIServer):
    daemon_threads = False
    """Joined at shutdown, so that no connection outlives the test that made it."""


class _QuietHandler(WSGIRequestHandler):
    timeout = 5
    """Seconds until a connection without a request is given up, so that shutdown cannot hang."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Keep silent: the request log is `FakeService.requests`."""


def json_response(
    data: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer as APIs send it."""
    return Response(json.dumps(data), status, headers, content_type="application/json")


def server_error(status: int = 503, retry_after: int | None = None) -> Fault:
    """A failing server: an HTML error page, as proxies put in front of it send."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    page = f"<html><head><title>{status}</title></head><body>upstream error</body></html>"
    return lambda _: Response(page, status, headers, content_type="text/html")


def client_error(status: int) -> Fault:
    """A refusal with a JSON message, as APIs send it."""
    return lambda _: json_response({"message": "refused by the fake"}, status)


def too_many_requests(retry_after: int | datetime | str | None = None) -> Fault:
    """HTTP 429; `Retry-After` in seconds, as an HTTP date, as any text, or absent."""
    if isinstance(retry_after, datetime):
        retry_after = http_date(retry_after)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = {"message": "You are making requests too quickly."}
    return lambda _: json_response(message, 429, headers)


def web_page(status: int = 200) -> Fault:
    """An ordinary web page instead of data (outage page, moved service)."""
    page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Hello</body></html>"
    return lambda _: Response(page, status, content_type="text/html; charset=utf-8")


def network_login() -> Fault:
    """The page that a hotel or railway network puts before everything (WISPr)."""
    page = (
        "<html><head><title>Free WiFi</title></head><body>Please sign in<!--"
        '<?xml version="1.0"?><WISPAccessGatewayParam xmlns:xsi="x"><Redirect>'
        "<MessageType>100</MessageType></Redirect></WISPAccessGatewayParam>--></body></html>"
    )
    return lambda _: Response(page, 200, content_type="text/html")


def cloudflare_challenge() -> Fault:
    """Cloudflare's interstitial: HTTP 403, `cf-mitigated`, "Just a moment..."."""
    page = (
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
        '<meta http-equiv="refresh" content="360"></head><body><noscript>Enable JavaScript and'
        ' cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate'
        '/chl_page/v1"></script></body></html>'
    )
    headers = {"cf-mitigated": "challenge", "Server": "cloudflare", "CF-RAY": "0-FAKE"}
    return lambda _: Response(page, 403, headers, content_type="text/html; charset=UTF-8")


def fastly_challenge() -> Fault:
    """Fastly's interstitial: HTTP 200, "Client Challenge"."""
    page = (
        "<!DOCTYPE html><html><head><title>Client Challenge</title></head><body>"
        '<noscript>JavaScript is disabled in your browser.</noscript><script src="/_fs-ch-fake/'
        'script.js?reload=true"></script></body></html>'
    )
    return lambda _: Response(page, 200, content_type="text/html; charset=utf-8")


def empty_body() -> Fault:
    """HTTP 200 with nothing in it: how Discogs answers programs it does not want."""
    return lambda _: Response(b"", 200, content_type="application/json")


def redirect(location: str, status: int = 302) -> Fault:
    """A redirect to `location`, sent as it is even where it is no valid address."""

    def fault(exchange: Exchange) -> Response:
        exchange.socket.sendall(
            f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        return _hang_up(exchange)

    return fault


def drop_connection(*, after_headers: bool = False) -> Fault:
    """End the connection before anything, or after the headers, was sent."""

    def fault(exchange: Exchange) -> Response:
        if after_headers:
            exchange.socket.sendall(_head("Content-Length: 1000"))
        return _hang_up(exchange)

    return fault


def cut_body(*, announce_length: bool) -> Fault:
    """Send half of the real answer; without an announced length nothing in HTTP shows the cut."""

    def fault(exchange: Exchange) -> Response:
        body = exchange.answer().get_data()
        length = f"Content-Length: {len(body)}" if announce_length else "Connection: close"
        exchange.socket.sendall(_head(length) + body[: len(body) // 2])
        return _hang_up(exchange)

    return fault


def dripping_body(pause_s: float = 0.02) -> Fault:
    """A body that never ends, one byte at a time: no single read takes long."""

    def fault(exchange: Exchange) -> Response:
        exchange.socket.sendall(_head("Connection: close"))
        while not exchange.stopping.wait(pause_s):
            exchange.socket.sendall(b" ")
        return _hang_up(exchange)

    return fault


def endless_body() -> Fault:
    """A body that never ends, as fast as the client reads."""

    def fault(exchange: Exchange) -> Response:
        exchange.socket.sendall(_head("Connection: close"))
        while not exchange.stopping.is_set():
            exchange.socket.sendall(b" " * 65_536)
        return _hang_up(exchange)

    return fault


def gzip_bomb(decoded_bytes: int) -> Fault:
    """A small compressed body that unpacks to `decoded_bytes` of valid JSON white space."""
    body = gzip.compress(b" " * decoded_bytes + b"{}")
    headers = {"Content-Encoding": "gzip"}
    return lambda _: Response(body, 200, headers, content_type="application/json")


def _head(last_header: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{last_header}\r\n\r\n".encode()


def _hang_up(exchange: Exchange) -> Response:
    with contextlib.suppress(OSError):  # the client may have left first
        exchange.socket.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError
