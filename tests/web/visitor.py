"""A running `beet musictool web`, and a browser of few words that asks it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.fakes.beet import Beet


class Visitor:
    """A browser of few words."""

    def __init__(self, launch_url: str) -> None:
        self.launch_url = launch_url
        self.session = requests.Session()

    @property
    def port(self) -> int:
        """Where the server listens."""
        return urlsplit(self.launch_url).port or 0

    def get(self, path: str, *, stream: bool = False, **headers: str) -> requests.Response:
        """Ask for a page."""
        url = urljoin(self.launch_url, path)
        return self.session.get(url, headers=headers, stream=stream, timeout=30)

    @property
    def token(self) -> str:
        """Of the launch address; scripts send it as bearer."""
        return self.launch_url.partition("token=")[2]

    def post(self, path: str) -> requests.Response:
        """Send an empty form of our own pages."""
        url = urljoin(self.launch_url, path)
        return self.session.post(
            url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30, allow_redirects=False
        )

    def send(self, path: str, body: object) -> requests.Response:
        """Send JSON from our own pages; a save of thousands of cells takes its time."""
        url = urljoin(self.launch_url, path)
        return self.session.post(
            url, json=body, headers={"Sec-Fetch-Site": "same-origin"}, timeout=100
        )

    def enter(self) -> None:
        """Open the launch address."""
        answer = self.session.get(self.launch_url, allow_redirects=False, timeout=30)
        assert answer.status_code == 302


@contextmanager
def serving(beet: Beet) -> Iterator[tuple[subprocess.Popen[str], Visitor]]:
    """Start the web view; yields its process and a browser that was let in."""
    with beet.start("musictool", "web", "--port", "0", "--no-browser") as process:
        assert process.stdout
        visitor = Visitor(process.stdout.readline().strip())
        try:
            visitor.enter()
            yield process, visitor
        finally:
            visitor.session.close()
            process.kill()
