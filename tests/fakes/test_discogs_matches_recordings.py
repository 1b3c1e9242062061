"""The fake is held to the shape of recorded real answers: same members, same JSON types.

Whatever the fake sends, the real service was seen to send; and what every recording of an answer
holds, the fake holds as well, but for members that the service leaves out when there is nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.fakes.discogs import FakeDiscogs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Shape = dict[str, set[str]]
"""JSON path ("$.releases[].id") to the types seen there."""

LEFT_OUT_WHEN_EMPTY = (
    "$.images",
    "$.videos",
    "$.master_id",
    "$.master_url",
    "$.companies[]",
    "$.extraartists[]",
    "$.identifiers[]",
    "$.community.contributors[]",
    "$.labels[].thumbnail_url",
    "$.artists[].thumbnail_url",
    "$.formats[].text",
    "$.releases[].basic_information.formats[].text",
    "$.pagination.urls.",
)

DOCUMENTED_SINCE = (
    # The recorded searches are from 2012; these members are in the documentation of today.
    "$.results[].barcode",
    "$.results[].community",
    "$.results[].cover_image",
    "$.results[].master_id",
    "$.results[].master_url",
    "$.results[].user_data",
)


def shape_of(value: Any, path: str = "$") -> Shape:
    """Every path in a JSON value with the types found there; the items of a list share one path."""
    shape: Shape = {path: {_type_name(value)}}
    children: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        children = ((f"{path}.{name}", child) for name, child in value.items())
    elif isinstance(value, list):
        children = ((f"{path}[]", child) for child in value)
    for child_path, child in children:
        for found, types in shape_of(child, child_path).items():
            shape.setdefault(found, set()).update(types)
    return shape


def _type_name(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def differences(fake: Any, recordings: list[Any]) -> list[str]:
    """What the fake sends that no recording has, and what it lacks that all of them have."""
    sent, recorded = shape_of(fake), [shape_of(recording) for recording in recordings]
    known: Shape = {}
    for shape in recorded:
        for path, types in shape.items():
            known.setdefault(path, set()).update(types)
    invented = [
        f"{path} {sorted(types)}"
        for path, types in sent.items()
        if types - known.get(path, set()) and not path.startswith(DOCUMENTED_SINCE)
    ]
    always = set.intersection(*(set(shape) for shape in recorded))
    missing = [path for path in always - set(sent) if not path.startswith(LEFT_OUT_WHEN_EMPTY)]
    return sorted(invented) + sorted(missing)


def test_the_comparison_sees_inventions_wrong_types_and_omissions() -> None:
    recording = {"id": 1, "rows": [{"name": "x"}], "price": None}

    assert differences({"id": 2, "rows": [{"name": "y"}], "price": None}, [recording]) == []
    assert differences({"id": "2", "rows": [{"name": "y", "a": 1}]}, [recording]) == [
        "$.id ['str']",
        "$.rows[].a ['number']",
        "$.price",
    ]


ENDPOINTS = {
    "/oauth/identity": ["p3dc/oauth/identity.json"],
    "/users/collector/collection/folders": ["p3dc/users/example/collection/folders.json"],
    "/users/collector/collection/folders/0/releases?per_page=2&page=1": [
        "real/collection-page-2026-trimmed.json",
        "p3dc/users/example/collection/folders/0/releases_page=1&per_page=50.json",
    ],
    "/users/collector/collection/releases/8604223": [
        "real/collection-page-2026-trimmed.json",
        "p3dc/users/example/collection/folders/0/releases_page=1&per_page=50.json",
    ],
    "/releases/8604223": [
        "real/release-8604223.json",
        "real/release-1503102.json",
        "real/release-16004480.json",
        "real/release-d4s.json",
    ],
    "/database/search?q=trash80": [
        "p3dc/database/search_q=trash80&per_page=50&page=1.json",
        "real/buntine-valid_search_results.json",
    ],
}


@pytest.mark.shared_data
@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_answer_has_the_shape_of_its_recordings(path: str, shared_data: Path) -> None:
    recordings = [
        json.loads((shared_data / "discogs" / "api" / name).read_bytes())
        for name in ENDPOINTS[path]
    ]
    with FakeDiscogs() as discogs:
        discogs.add_instances(4)
        discogs.add_release(8604223, title="Icarus", artist="Trash80", year=2016)
        discogs.add_instance(8604223, notes=[(1, "Mint (M)")])
        request = Request(  # noqa: S310 - loopback
            discogs.base_url + path,
            headers={"User-Agent": "test", "Authorization": f"Discogs token={discogs.token}"},
        )
        with urlopen(request) as response:  # noqa: S310 - loopback
            fake = json.load(response)

    assert differences(fake, recordings) == []
