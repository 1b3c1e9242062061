"""`beet musictool web`: the web view on this computer, until Ctrl-C."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from waitress.server import create_server

from musictool_core.app import edits
from musictool_core.errors import ConfigError, LibraryBusy, MusicToolError
from musictool_core.host import terminal
from musictool_core.host.library import Host
from musictool_core.safeio import replace_file
from musictool_web.application import MOST_BODY_BYTES, create_app, new_secret, new_token
from musictool_web.context import NAME
from musictool_web.security import LOOPBACK

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from pathlib import Path

    from apiflask import APIFlask
    from beets.library import Library

    from musictool_web.context import Web

THREADS = 32
"""Half of them may be held by event streams."""

SECRET_BYTES = 32


def serve(lib: Library, opts: Namespace) -> int:
    """`beet musictool web`."""
    if opts.host not in LOOPBACK:
        raise ConfigError("--host", opts.host, "an address of this computer", known=LOOPBACK)
    logging.getLogger("waitress").setLevel(logging.ERROR)
    token = new_token()
    application = create_app(lib, token=token, secret=_secret(Host(lib)), notice=terminal.notice)
    parts = application.extensions[NAME]
    server = listen(application, opts.host, opts.port)
    name = f"[{opts.host}]" if ":" in opts.host else opts.host
    url = f"http://{name}:{server.effective_port}/launch?token={token}"
    terminal.write(url)
    # Whoever reads it from a pipe waits for it.
    sys.stdout.flush()
    terminal.notice("Ctrl-C ends it.")
    _go_on_with_files(parts)
    parts.worker.start()
    parts.tail.start()
    parts.gaps.start()
    if not opts.no_browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    _run(server, parts.tail.end_streams)
    parts.close()
    return 0


def _go_on_with_files(parts: Web) -> None:
    """Queue what an interrupted edit left to be written into files."""
    try:
        edits.queue_waiting_files(parts.host)
    except LibraryBusy as error:
        # The worker takes what is queued already; the next start looks again.
        terminal.notice(error.line())
    parts.worker.wake()


def listen(application: APIFlask, host: str, port: int) -> Any:
    """A server of waitress that listens; its `run` serves.

    Raises:
        MusicToolError: the port cannot be used.
    """
    try:
        return create_server(
            application,
            host=host,
            port=port,
            threads=THREADS,
            channel_request_lookahead=1,
            max_request_body_size=MOST_BODY_BYTES,
            ident="musictool",
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise MusicToolError(
            f"port {port} cannot be used ({error.strerror}).",
            hint="Is the web view open already? Otherwise choose another with --port.",
        ) from error


def _run(server: Any, end_streams: Callable[[], None]) -> None:
    """Serve until Ctrl-C or an end from outside."""

    def stop(*_: object) -> None:
        end_streams()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        server.run()
    except KeyboardInterrupt:
        terminal.notice("Stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.close()


def _secret(host: Host) -> bytes:
    """What signs cookies, made on the first start; sessions outlive a restart."""
    path: Path = host.state_directory / "web-secret"
    if path.exists():
        kept = path.read_bytes()
        if len(kept) >= SECRET_BYTES:
            return kept
    made = new_secret()
    replace_file(path, made, mode=0o600)
    return made
