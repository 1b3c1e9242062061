"""The calls to api.discogs.com that musictool makes: one request each, plain values out.

A listing is always sorted by the date of adding, oldest first: copies added meanwhile go to the end
and shift no page. Without a token the account is closed, but releases and search answer at a lower
rate; so a collection from a CSV export gets its track lists without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from musictool_core.discogs.fetcher import DiscogsClient
from musictool_core.discogs.tracklist import parse_release
from musictool_core.errors import AuthNeeded, FormatError, NotFound, ShapeChanged
from musictool_core.net import CredentialsRejected, Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from musictool_core.music import Release
    from musictool_core.net.session import Session

Json = dict[str, Any]
_T = TypeVar("_T")

SOURCE = "discogs"
PER_PAGE = 100
"""The most that Discogs gives at once."""

LOGIN_ADVICE = (
    "Make a personal access token at https://www.discogs.com/settings/developers and put it into "
    "the beets configuration as `discogs: user_token: …`."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is."""

    username: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the collection; id 0 is "All", of which every other is a part."""

    folder_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """One page of a collection listing.

    Attributes:
        page: number of this page, from 1.
        pages: how many there are now; changes while a listing runs.
        items: copies in the whole collection now.
        instances: the copies on this page as Discogs describes them; `instance_id` and `id` (of the
            release) are sure to be whole numbers, nothing else is checked.
    """

    page: int
    pages: int
    items: int
    instances: tuple[Json, ...] = field(repr=False)


class DiscogsApi:
    """Discogs as one user, or as nobody."""

    def __init__(self, session: Session, token: str | None) -> None:
        """Use `session` for every request.

        Args:
            session: paced for the host "discogs".
            token: personal access token; None or "" = anonymous.

        Raises:
            CredentialsRejected: the token cannot be one, e.g. it has a line break inside.
        """
        token = (token or "").strip()
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise CredentialsRejected(
                SOURCE, "the token holds characters that no token has.", hint=LOGIN_ADVICE
            )
        self._has_token = bool(token)
        self._client = DiscogsClient(session, token)

    def identity(self) -> Identity:
        """Return whose token it is: the test of a login, and the name all other paths need.

        Raises:
            AuthNeeded: no token, or it is not accepted (`CredentialsRejected`).
            SourceError: no usable answer.
        """
        self._need_token()
        data = self._get("/oauth/identity")
        return Identity(_member(data, "username", str), _member(data, "id", int))

    def folders(self, username: str) -> tuple[Folder, ...]:
        """Return the folders of a collection with their counts, "All" first.

        Raises:
            AuthNeeded: no token, or it is not accepted.
            SourceError: no usable answer.
        """
        self._need_token()
        data = self._get_of_user(username, "/collection/folders")
        return tuple(
            Folder(_member(row, "id", int), _member(row, "name", str), _member(row, "count", int))
            for row in _member(data, "folders", list)
        )

    def collection_pages(
        self, username: str, per_page: int = PER_PAGE, start_page: int = 1
    ) -> Iterator[CollectionPage]:
        """Yield the collection page by page, oldest copies first, one request a page.

        The listing is no snapshot: a copy that is removed meanwhile moves later ones up, so that
        one may be missed. Compare the copies seen with `CollectionPage.items`.

        Args:
            username: whose collection.
            per_page: up to 100.
            start_page: where to go on after an interruption; beyond the end nothing is yielded.

        Raises:
            AuthNeeded: no token, or it is not accepted.
            Forbidden: the collection is private and the token somebody else's.
            SourceError: no usable answer.
        """
        self._need_token()
        path = "/collection/folders/0/releases"
        order: dict[str, str | int] = {
            "sort": "added",
            "sort_order": "asc",
            "per_page": per_page,
        }
        number, pages = start_page, start_page
        while number <= pages:
            try:
                data = self._get_of_user(username, path, {**order, "page": number})
            except NotFound:
                if number == 1:
                    raise
                # The last page vanished with its copies, and Discogs answers 404 beyond the end.
                return
            page = _parse_page(data)
            pages = page.pages
            yield page
            number += 1

    def instances_of(self, username: str, release_id: int) -> tuple[Json, ...]:
        """Return every copy of one release in a collection; empty when there is none.

        The proof that a copy is gone, at one request. Members as in `CollectionPage.instances`.

        Raises:
            AuthNeeded: no token, or it is not accepted.
            SourceError: no usable answer; never take that for "none".
        """
        self._need_token()
        path = f"/collection/releases/{release_id}"
        found: list[Json] = []
        number = pages = 1
        while number <= pages:
            page = _parse_page(
                self._get_of_user(username, path, {"per_page": PER_PAGE, "page": number})
            )
            found += page.instances
            number, pages = number + 1, page.pages
        return tuple(found)

    def release(self, release_id: int) -> Release:
        """Return one release with its track list.

        Raises:
            NotFound: deleted, or merged into another one.
            SourceError: no usable answer.
        """
        try:
            return parse_release(self.release_json(release_id))
        except FormatError as error:
            raise ShapeChanged(SOURCE, str(error)) from error

    def release_json(self, release_id: int) -> Json:
        """Return one release as Discogs describes it; see `release`."""
        try:
            data = self._get(f"/releases/{release_id}")
        except NotFound:
            message = f"release {release_id} is gone (deleted or merged into another one)."
            raise NotFound(SOURCE, message) from None
        answered = _member(data, "id", int)
        if answered != release_id:
            raise ShapeChanged(SOURCE, f"asked for release {release_id}, got {answered}.")
        return _member({"release": data}, "release", dict)

    def search(self, *, text: str = "", barcode: str = "", catno: str = "") -> tuple[Json, ...]:
        """Return up to 100 releases that fit everything given, best first, as Discogs lists them.

        Args:
            text: words in any field.
            barcode: digits, with or without blanks.
            catno: catalogue number.

        Raises:
            SourceError: no usable answer.
        """
        given = {"q": text, "barcode": barcode, "catno": catno}
        query = {name: value for name, value in given.items() if value}
        data = self._get("/database/search", {"type": "release", "per_page": PER_PAGE, **query})
        return tuple(_member({"row": row}, "row", dict) for row in _member(data, "results", list))

    def _need_token(self) -> None:
        if not self._has_token:
            raise AuthNeeded(SOURCE, "no token is set.", hint=LOGIN_ADVICE)

    def _get_of_user(
        self, username: str, path: str, params: Mapping[str, str | int] | None = None
    ) -> object:
        try:
            return self._get(f"/users/{quote(username, safe='')}{path}", params)
        except Forbidden as error:
            raise Forbidden(
                SOURCE,
                f"the collection of {username} is private, and the token is not its owner's.",
                retry=error.retry,
                hint="Use the owner's token, or make the collection public on Discogs.",
            ) from None
        except NotFound:
            raise NotFound(SOURCE, f"knows no collection of {username} (HTTP 404).") from None

    def _get(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        try:
            return self._client.get(path, params)
        except CredentialsRejected:
            raise CredentialsRejected(
                SOURCE, "the token is not accepted.", hint=LOGIN_ADVICE
            ) from None
        except AuthNeeded:
            raise AuthNeeded(SOURCE, "answers only with a token.", hint=LOGIN_ADVICE) from None


def _parse_page(data: object) -> CollectionPage:
    pagination = _member(data, "pagination", dict)
    instances = tuple(_member(data, "releases", list))
    for instance in instances:
        _member(instance, "instance_id", int)
        _member(instance, "id", int)
    return CollectionPage(
        page=_member(pagination, "page", int),
        pages=_member(pagination, "pages", int),
        items=_member(pagination, "items", int),
        instances=instances,
    )


def _member(data: object, name: str, kind: type[_T]) -> _T:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ShapeChanged(SOURCE, f"answered without the documented member {name!r}.")
    return value
