"""python3-discogs-client on our own session: it builds and reads requests, `net` sends them.

Left to itself the library puts the token into every URL, opens a connection per request, waits for
ever, and retries 429 only. Its lazy objects ask again for every member they lack, so that nothing
here hands them out: `DiscogsClient.get` returns plain values.
"""

from __future__ import annotations

import json as json_codec
from typing import TYPE_CHECKING, Any

from discogs_client import Client  # type: ignore[import-untyped]
from discogs_client.fetchers import Fetcher  # type: ignore[import-untyped]
from discogs_client.utils import update_qs  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.net.session import Session

ACCEPT = "application/vnd.discogs.v2.discogs+json"


class SessionFetcher(Fetcher):  # type: ignore[misc]  # the library has no types
    """Sends what the library asks for through a `Session`, with the token in a header."""

    def __init__(self, session: Session, token: str | None) -> None:
        """Send requests as the owner of `token`, or as nobody (None)."""
        self._session = session
        self._headers = {"Accept": ACCEPT}
        if token:
            self._headers["Authorization"] = f"Discogs token={token}"

    def fetch(  # noqa: PLR0917 - the signature of the library
        self,
        client: Client,
        method: str,
        url: str,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        json: bool = True,
    ) -> tuple[bytes, int]:
        """Return body and HTTP status; the library's contract.

        Raises:
            SourceError: no usable answer; the library never sees a failed one.
        """
        del client
        own = dict(self._headers)
        if headers and "Content-Type" in headers:
            own["Content-Type"] = headers["Content-Type"]
        body = json_codec.dumps(data).encode() if json and data is not None else data
        answer = self._session.request(method, url, headers=own, body=body)
        return answer.body, answer.http_status


class DiscogsClient(Client):  # type: ignore[misc]  # the library has no types
    """The library's client, asking the base URL of the session."""

    def __init__(self, session: Session, token: str | None) -> None:
        """Ask as the owner of `token`, or as nobody (None)."""
        super().__init__(session.user_agent)
        self._base_url = session.policy.base_url
        self._fetcher = SessionFetcher(session, token)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Return the parsed answer to one request for `path` below the base URL.

        Raises:
            SourceError: no usable answer.
        """
        return self._get(update_qs(self._base_url + path, dict(params or {})))
