"""The document of the API: what APIFlask finds in the views, and what all of them share.

Each operation says how it can fail, in the form of every error (`application/problem+json`), and
how to be let in.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apiflask import APIFlask

PROBLEM = "application/problem+json"
_CHANGING = frozenset({"post", "put", "patch", "delete"})

_DESCRIPTION = """\
Everything that the pages do. Lists take beets queries (`q=label:warp year:1994..`), answer in
windows (`limit`, `offset`), and say with `generation` and `ETag` whether anything changed. Times
are ISO 8601 in UTC. Errors are `application/problem+json` (RFC 9457). Scripts send the token of the
launch address as `Authorization: Bearer …`; it holds as long as the server runs."""

_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "always `about:blank`: the status says it"},
        "title": {"type": "string", "description": "name of the status"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong, in one sentence"},
        "hint": {"type": "string", "description": "what can be done about it"},
        "errors": {"type": "object", "description": "by place and argument: what is wrong with it"},
    },
}

_COMMON = {
    400: "the request cannot be understood, or the Host is not this computer",
    401: "neither session nor token",
    503: "another program holds the library; `Retry-After` says when to ask again",
}


def describe_api(flask_app: APIFlask) -> None:
    """Complete the document of an application."""
    flask_app.description = _DESCRIPTION
    flask_app.servers = [{"url": "/", "description": "this computer"}]
    flask_app.config["AUTO_OPERATION_ID"] = True
    flask_app.config["SECURITY_SCHEMES"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "the token of the launch address",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": flask_app.config["SESSION_COOKIE_NAME"],
            "description": "set by the launch address; for browsers",
        },
    }

    @flask_app.spec_processor
    def complete(spec: Any) -> Any:
        spec["security"] = [{"bearer": []}, {"session": []}]
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = _PROBLEM_SCHEMA
        for method, operation in operations(spec):
            _add_errors(method, operation["responses"])
        for unused in ("HTTPError", "ValidationError"):
            schemas.pop(unused, None)
        return spec


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Method and description of every operation of a document."""
    for item in spec["paths"].values():
        for method, operation in item.items():
            if method in _CHANGING | {"get"}:
                yield method, operation


def _add_errors(method: str, responses: dict[str, Any]) -> None:
    common = dict(_COMMON)
    if method in _CHANGING:
        common[403] = "asked by a page that is not ours"
    for code, meaning in common.items():
        responses.setdefault(str(code), {"description": meaning})
    for status, response in responses.items():
        if status.isdecimal() and int(status) >= HTTPStatus.BAD_REQUEST:
            response["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
