"""A stateful Discogs: one account with its collection, releases with track lists, search, limit.

Shapes follow the recorded answers (`test_discogs_matches_recordings.py`), rules the documentation:
pages of at most 100, 404 beyond the last page, 401 for a wrong token, 403 for what is private, an
empty body for programs without a name of their own. Change it while a client pages:

    with FakeDiscogs() as discogs:
        discogs.add_instances(250)
        discogs.before_answer = lambda request: discogs.remove_instance(some_instance)
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule

from tests.fakes.server import FakeService, LoggedRequest, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from werkzeug import Request

Json = dict[str, Any]
_T = TypeVar("_T")

PACIFIC = timezone(timedelta(hours=-8))
"""Discogs writes `date_added` in its server's zone."""

FIRST_ADDED = datetime(2015, 3, 1, 12, 0, tzinfo=UTC)

WINDOW_S = 60
DEFAULT_PER_PAGE = 50
LONGEST_PAGE = 100

_NAMELESS_PROGRAMS = ("python-requests", "python-urllib", "curl")

_ADJECTIVES = ("Deep", "Lost", "Electric", "Silent", "Golden", "Broken", "Northern", "Slow")
_NOUNS = ("River", "Signal", "Garden", "Engine", "Mirror", "Harbour", "Voltage", "Winter")
_NAMES = ("Aril", "Benta", "Corvo", "Dalia", "Emsen", "Falk", "Gorin", "Hedda", "Ilm", "Jorun")
_LABELS = ("Ravine", "Low Tide", "Paper Moon", "Kontor Nord", "Second Floor")


@dataclass(frozen=True, slots=True)
class Instance:
    """One copy in the collection."""

    instance_id: int
    release_id: int
    folder_id: int
    rating: int
    added: datetime
    notes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RateWindow:
    """Discogs' limit: requests within the last 60 seconds.

    Attributes:
        now: seconds; give it the client's fake clock and no test waits.
        limit: with a token.
        anonymous_limit: without one.
        retry_after: what a 429 says; None = nothing, as Discogs does most of the time.
    """

    now: Callable[[], float]
    limit: int = 60
    anonymous_limit: int = 25
    retry_after: int | None = None


class FakeDiscogs(FakeService):
    """api.discogs.com for one account."""

    def __init__(
        self,
        *,
        username: str = "collector",
        token: str = "fake-token",  # noqa: S107 - opens nothing
        private: bool = False,
        window: RateWindow | None = None,
        seed: int = 0,
    ) -> None:
        """Open an account without records.

        Args:
            username: of the account.
            token: the one personal access token that is valid.
            private: whether the collection is visible to its owner only.
            window: a real moving limit; None = every answer reports an untouched budget.
            seed: of the generated releases.
        """
        super().__init__()
        self.username = username
        self.user_id = 7_000_001
        self.token = token
        self.private = private
        self.releases: dict[int, Json] = {}
        """What `/releases/{id}` answers; a deleted release is absent."""
        self.closed_users: set[str] = set()
        """Names of other users; their collections are private."""
        self._entries: dict[int, Json] = {}
        self._folders: dict[int, str] = {1: "Uncategorized"}
        self._instances: dict[int, Instance] = {}
        self._window = window
        self._times: list[float] = []
        self._random = random.Random(seed)
        self._next_instance = 500_000_001
        self._routes = Map(
            [
                Rule("/oauth/identity", endpoint=self._identity),
                Rule("/users/<user>/collection/folders", endpoint=self._folder_list),
                Rule(
                    "/users/<user>/collection/folders/<int:folder>/releases",
                    endpoint=self._folder_releases,
                ),
                Rule(
                    "/users/<user>/collection/releases/<int:release>",
                    endpoint=self._release_instances,
                ),
                Rule("/releases/<int:release>", endpoint=self._release),
                Rule("/database/search", endpoint=self._search),
            ]
        )

    # ---- state

    def add_folder(self, name: str) -> int:
        """Add a folder and return its id."""
        folder_id = max(self._folders) + 1
        self._folders[folder_id] = name
        return folder_id

    def add_release(
        self,
        release_id: int,
        *,
        title: str = "Untitled",
        artist: str = "Unknown Artist",
        tracks: Sequence[tuple[str, str, str]] = (("A", "Untitled", ""),),
        label: str = "Not On Label",
        catno: str = "none",
        barcode: str = "",
        year: int = 0,
        **other: Any,
    ) -> int:
        """Add a release to the database, not to the collection, and return its id.

        Args:
            release_id: of the new release.
            title: of the release.
            artist: the one credited artist.
            tracks: position, title and duration ("3:45", "" = not given) of each line.
            label: with its catalogue number in `catno`.
            catno: "none" is what Discogs writes for none.
            barcode: "" = none.
            year: 0 = unknown.
            other: members of the answer to replace, e.g. a whole `tracklist`.
        """
        release = self._release_json(release_id, title, artist, label, catno, year)
        release["tracklist"] = [
            {"position": position, "type_": "track", "title": name, "duration": duration}
            for position, name, duration in tracks
        ]
        if barcode:
            release["identifiers"] = [{"type": "Barcode", "value": barcode}]
        release |= other
        with self.lock:
            self.releases[release_id] = release
            self._entries[release_id] = self._basic_information(release)
        return release_id

    def delete_release(self, release_id: int) -> None:
        """Delete a release from the database; collections keep showing their copies."""
        with self.lock:
            del self.releases[release_id]

    def add_instance(
        self,
        release_id: int,
        *,
        folder_id: int = 1,
        rating: int = 0,
        added: datetime | None = None,
        notes: Sequence[tuple[int, str]] = (),
    ) -> int:
        """Put a copy of a release into the collection and return its instance id.

        Args:
            release_id: must have been added.
            folder_id: 1 = uncategorized.
            rating: 1 to 5; 0 = none.
            added: None = an hour after the copy before.
            notes: field id and value.
        """
        with self.lock:
            instance_id = self._next_instance
            self._next_instance += 1
            if added is None:
                latest = max((copy.added for copy in self._instances.values()), default=None)
                added = FIRST_ADDED if latest is None else latest + timedelta(hours=1)
            self._instances[instance_id] = Instance(
                instance_id, release_id, folder_id, rating, added, tuple(notes)
            )
        return instance_id

    def add_instances(self, count: int, *, tracks_each: int = 4) -> list[int]:
        """Generate `count` releases with a copy of each in the collection; return instance ids."""
        start = max(self.releases, default=1_000_000)
        added = max((copy.added for copy in self._instances.values()), default=FIRST_ADDED)
        return [
            self.add_instance(
                self._generate_release(start + step, tracks_each),
                added=added + timedelta(hours=step),
            )
            for step in range(1, count + 1)
        ]

    def remove_instance(self, instance_id: int) -> None:
        """Take a copy out of the collection."""
        with self.lock:
            del self._instances[instance_id]

    def change_instance(self, instance_id: int, **changes: Any) -> None:
        """Change members of a copy: `folder_id`, `rating`, `notes`, `added`."""
        with self.lock:
            self._instances[instance_id] = replace(self._instances[instance_id], **changes)

    def instance_ids(self) -> list[int]:
        """Every copy in the collection, oldest first."""
        with self.lock:
            return [copy.instance_id for copy in sorted(self._instances.values(), key=_by_added)]

    def lazy_requests(self) -> list[LoggedRequest]:
        """Requests that only a lazy attribute of the client library makes."""
        lazy = ("artists", "labels", "masters")
        return [
            request
            for request in self.requests
            if request.path.split("/")[1] in lazy or request.path == f"/users/{self.username}"
        ]

    # ---- HTTP

    def respond(self, request: Request) -> Response:
        """Answer as Discogs does."""
        if request.headers.get("User-Agent", "").lower().startswith(_NAMELESS_PROGRAMS):
            return Response(b"", 200)
        budget = self._spend(request)
        if int(budget["X-Discogs-Ratelimit-Remaining"]) < 0:
            return self._too_quick(budget)
        try:
            data, status = self._dispatch(request)
        except _Refusal as refusal:
            data, status = {"message": refusal.message}, refusal.status
        return json_response(data, status, budget)

    def _dispatch(self, request: Request) -> tuple[Json, int]:
        token = _token(request)
        if token and token != self.token:
            message = "Invalid consumer token. Please register an app before making requests."
            raise _Refusal(401, message)
        try:
            answer, values = self._routes.bind_to_environ(request.environ).match()
        except NotFound:
            raise _Refusal(404, "The requested resource was not found.") from None
        except HTTPException as error:
            raise _Refusal(error.code or 400, "The method is not allowed.") from None
        return answer(request, **values), 200

    def _spend(self, request: Request) -> dict[str, str]:
        window = self._window
        limit, used = 60, 1
        if window is not None:
            now = window.now()
            self._times = [time for time in self._times if time > now - WINDOW_S]
            limit = window.limit if _token(request) else window.anonymous_limit
            used = len(self._times) + 1
            if used <= limit:
                self._times.append(now)
        return {
            "X-Discogs-Ratelimit": str(limit),
            "X-Discogs-Ratelimit-Used": str(used),
            "X-Discogs-Ratelimit-Remaining": str(limit - used),
        }

    def spend_elsewhere(self, requests: int) -> None:
        """Let another program behind the same address make requests."""
        if self._window is not None:
            self._times += [self._window.now()] * requests

    def _too_quick(self, budget: Mapping[str, str]) -> Response:
        headers = dict(budget) | {"X-Discogs-Ratelimit-Remaining": "0"}
        if self._window is not None and self._window.retry_after is not None:
            headers["Retry-After"] = str(self._window.retry_after)
        return json_response({"message": "You are making requests too quickly."}, 429, headers)

    # ---- answers

    def _identity(self, request: Request) -> Json:
        if not _token(request):
            raise _Refusal(401, "You must authenticate to access this resource.")
        return {
            "id": self.user_id,
            "username": self.username,
            "resource_url": f"{self.base_url}/users/{self.username}",
            "consumer_name": "musictool",
        }

    def _check_visible(self, request: Request, user: str, folder: int = 0) -> None:
        if user != self.username and user not in self.closed_users:
            raise _Refusal(404, "User does not exist or may have been deleted.")
        closed = user in self.closed_users
        if closed or ((self.private or folder) and not _token(request)):
            raise _Refusal(403, "You don't have permission to access this resource.")

    def _folder_list(self, request: Request, user: str) -> Json:
        self._check_visible(request, user)
        counts = [(0, "All", len(self._instances))]
        if _token(request):
            inside = [copy.folder_id for copy in self._instances.values()]
            counts += [(id_, name, inside.count(id_)) for id_, name in self._folders.items()]
        url = f"{self.base_url}/users/{user}/collection/folders"
        return {
            "folders": [
                {"id": id_, "name": name, "count": count, "resource_url": f"{url}/{id_}"}
                for id_, name, count in counts
            ]
        }

    def _folder_releases(self, request: Request, user: str, folder: int) -> Json:
        self._check_visible(request, user, folder)
        if folder and folder not in self._folders:
            raise _Refusal(404, "The requested resource was not found.")
        copies = [
            copy for copy in self._instances.values() if not folder or copy.folder_id == folder
        ]
        # Without a sort Discogs orders by label, which is neither unique nor stable.
        key = _SORT_KEYS[request.args.get("sort", "label")]
        copies.sort(
            key=lambda copy: (key(copy, self._entries[copy.release_id]), copy.instance_id),
            reverse=request.args.get("sort_order") == "desc",
        )
        pagination, shown = self._page(request, copies)
        return {"pagination": pagination, "releases": [self._item(copy) for copy in shown]}

    def _release_instances(self, request: Request, user: str, release: int) -> Json:
        self._check_visible(request, user)
        copies = [copy for copy in self._instances.values() if copy.release_id == release]
        pagination, shown = self._page(request, sorted(copies, key=_by_added))
        return {"pagination": pagination, "releases": [self._item(copy) for copy in shown]}

    def _release(self, request: Request, release: int) -> Json:
        del request
        if release not in self.releases:
            raise _Refusal(404, "Release not found.")
        return self.releases[release]

    def _search(self, request: Request) -> Json:
        wanted = request.args
        found = [
            release
            for release in self.releases.values()
            if wanted.get("type", "release") == "release"
            and _has_words(release, wanted.get("q", ""))
            and _has_code(wanted.get("barcode", ""), _barcodes(release))
            and _has_code(wanted.get("catno", ""), [row["catno"] for row in release["labels"]])
        ]
        pagination, shown = self._page(request, found)
        return {"pagination": pagination, "results": [self._result(row) for row in shown]}

    def _page(self, request: Request, rows: list[_T]) -> tuple[Json, list[_T]]:
        per_page = min(int(request.args.get("per_page", DEFAULT_PER_PAGE)), LONGEST_PAGE)
        page = int(request.args.get("page", 1))
        pages = max(1, -(-len(rows) // per_page))
        if page > pages:
            raise _Refusal(404, "The requested resource was not found.")
        urls: dict[str, int] = {}
        if page > 1:
            urls |= {"first": 1, "prev": page - 1}
        if page < pages:
            urls |= {"last": pages, "next": page + 1}
        pagination = {
            "page": page,
            "pages": pages,
            "per_page": per_page,
            "items": len(rows),
            "urls": {name: self._page_url(request, number) for name, number in urls.items()},
        }
        return pagination, rows[(page - 1) * per_page : page * per_page]

    def _page_url(self, request: Request, page: int) -> str:
        query = request.args.to_dict() | {"page": str(page)}
        return f"{self.base_url}{request.path}?{urlencode(query)}"

    # ---- shapes

    def _item(self, copy: Instance) -> Json:
        item: Json = {
            "id": copy.release_id,
            "instance_id": copy.instance_id,
            "date_added": copy.added.astimezone(PACIFIC).isoformat(timespec="seconds"),
            "rating": copy.rating,
            "basic_information": self._entries[copy.release_id],
            "folder_id": copy.folder_id,
        }
        if copy.notes:
            item["notes"] = [{"field_id": id_, "value": value} for id_, value in copy.notes]
        return item

    def _basic_information(self, release: Json) -> Json:
        same = ("id", "title", "year", "artists", "labels", "formats", "genres", "styles", "thumb")
        entry = {name: release[name] for name in same}
        master = release.get("master_id")
        return entry | {
            # 0 here where the release itself has none at all.
            "master_id": master or 0,
            "master_url": f"{self.base_url}/masters/{master}" if master else None,
            "cover_image": "",
            "resource_url": release["resource_url"],
        }

    def _release_json(  # noqa: PLR0917 - private, called once
        self, id_: int, title: str, artist: str, label: str, catno: str, year: int
    ) -> Json:
        artist_id = 10_000 + sum(map(ord, artist))
        release = {
            "id": id_,
            "status": "Accepted",
            "year": year,
            "resource_url": f"{self.base_url}/releases/{id_}",
            "uri": f"https://www.discogs.com/release/{id_}",
            "artists": [
                {
                    "name": artist,
                    "anv": "",
                    "join": "",
                    "role": "",
                    "tracks": "",
                    "id": artist_id,
                    "resource_url": f"{self.base_url}/artists/{artist_id}",
                }
            ],
            "artists_sort": artist,
            "labels": [
                {
                    "name": label,
                    "catno": catno,
                    "entity_type": "1",
                    "entity_type_name": "Label",
                    "id": 20_000 + sum(map(ord, label)),
                    "resource_url": f"{self.base_url}/labels/{20_000 + sum(map(ord, label))}",
                }
            ],
            "series": [],
            "companies": [],
            "formats": [{"name": "Vinyl", "qty": "1", "descriptions": ['12"', "33 ⅓ RPM"]}],
            "data_quality": "Needs Vote",
            "community": {
                "have": 12,
                "want": 3,
                "rating": {"count": 2, "average": 4.5},
                "submitter": {"username": "someone", "resource_url": f"{self.base_url}/users/s"},
                "contributors": [],
                "data_quality": "Needs Vote",
                "status": "Accepted",
            },
            "format_quantity": 1,
            "date_added": "2012-02-03T04:05:06-08:00",
            "date_changed": "2020-02-03T04:05:06-08:00",
            "num_for_sale": 1,
            "lowest_price": 9.5,
            "title": title,
            "country": "Germany",
            "identifiers": [],
            "genres": ["Electronic"],
            "styles": ["House"],
            "extraartists": [],
            "thumb": "",
            "estimated_weight": 230,
            "blocked_from_sale": False,
            "is_offensive": False,
            "tracklist": [],
        }
        if year:
            release |= {"released": str(year), "released_formatted": str(year)}
        return release

    def _result(self, release: Json) -> Json:
        return {
            "country": release["country"],
            "year": str(release["year"]),
            "format": [release["formats"][0]["name"], *release["formats"][0]["descriptions"]],
            "label": [row["name"] for row in release["labels"]],
            "type": "release",
            "genre": release["genres"],
            "style": release["styles"],
            "id": release["id"],
            "barcode": _barcodes(release),
            "master_id": release.get("master_id") or 0,
            "master_url": None,
            "uri": f"/release/{release['id']}",
            "catno": release["labels"][0]["catno"],
            "title": f"{release['artists'][0]['name']} - {release['title']}",
            "thumb": "",
            "cover_image": "",
            "resource_url": release["resource_url"],
            "community": {"want": 3, "have": 12},
            "user_data": {"in_wantlist": False, "in_collection": False},
        }

    def _generate_release(self, release_id: int, track_count: int) -> int:
        pick = self._random.choice
        titles = [f"{pick(_ADJECTIVES)} {pick(_NOUNS)}" for _ in range(track_count)]
        # Over half of all vinyl carries no durations.
        timed = self._random.random() < 0.44
        tracks = [
            (
                f"{'ABCDEFGH'[number * 2 // track_count]}{number + 1}",
                title,
                f"{self._random.randint(3, 8)}:{self._random.randint(0, 59):02}" if timed else "",
            )
            for number, title in enumerate(titles)
        ]
        label = pick(_LABELS)
        return self.add_release(
            release_id,
            title=f"{pick(_ADJECTIVES)} {pick(_NOUNS)} EP",
            artist=f"{pick(_NAMES)} & {pick(_NAMES)}",
            tracks=tracks,
            label=label,
            catno=f"{label[:3].upper()}{release_id % 1000:03}",
            barcode=f"40{release_id:011}",
            year=self._random.randint(1988, 2025),
        )


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition("token=")
    return token if scheme == "Discogs " else ""


def _by_added(copy: Instance) -> tuple[datetime, int]:
    return copy.added, copy.instance_id


_SORT_KEYS: dict[str, Callable[[Instance, Json], Any]] = {
    "added": lambda copy, _: copy.added,
    "rating": lambda copy, _: copy.rating,
    "label": lambda _, entry: entry["labels"][0]["name"],
    "catno": lambda _, entry: entry["labels"][0]["catno"],
    "artist": lambda _, entry: entry["artists"][0]["name"],
    "title": lambda _, entry: entry["title"],
    "format": lambda _, entry: entry["formats"][0]["name"],
    "year": lambda _, entry: entry["year"],
}


def _barcodes(release: Json) -> list[str]:
    return [row["value"] for row in release["identifiers"] if row["type"] == "Barcode"]


def _has_code(wanted: str, codes: Sequence[str]) -> bool:
    return not wanted or _squeeze(wanted) in map(_squeeze, codes)


def _squeeze(code: str) -> str:
    return "".join(filter(str.isalnum, code)).lower()


def _has_words(release: Json, words: str) -> bool:
    text = " ".join(_texts(release)).lower()
    return all(word in text for word in words.lower().split())


def _texts(release: Json) -> Iterator[str]:
    yield release["title"]
    yield from (row["name"] for row in release["artists"])
    yield from (f"{row['name']} {row['catno']}" for row in release["labels"])
