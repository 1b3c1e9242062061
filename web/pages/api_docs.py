"""The description of the API for people, made from its OpenAPI document; nothing from elsewhere."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import current_app, render_template, request

from musictool_web.last_pages import needs_no_library
from musictool_web.openapi import PROBLEM
from musictool_web.page import Group, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

blueprint = APIBlueprint("api_docs", __name__, enable_openapi=False)

_DEPTH = 5
"""Of the objects in an example; none of ours is deeper."""

_EXAMPLES = {"integer": 1, "number": 1.0, "boolean": True, "string": "…"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it.

    Attributes:
        fragment: id on the page.
        parameters: name, place, type with limits, description.
        body: an example as JSON, "" when it takes none.
        answers: status, meaning, and what kind of content.
        answer: an example of the good answer as JSON, "" when it is none.
        curl: how a terminal asks.
    """

    method: str
    path: str
    summary: str
    description: str
    tag: str
    fragment: str
    parameters: tuple[tuple[str, str, str, str], ...]
    body: str
    answers: tuple[tuple[str, str, str], ...]
    answer: str
    curl: str


@blueprint.get("/api/docs")
@needs_no_library
def show() -> str:
    """The page."""
    spec = current_app.spec  # type: ignore[attr-defined]  # APIFlask
    found = sorted(operations_of(spec, request.host_url.rstrip("/")), key=lambda each: each.tag)
    groups = {tag: list(group) for tag, group in groupby(found, key=lambda each: each.tag)}
    return render_template("api_docs/page.html", groups=groups, info=spec["info"])


def operations_of(spec: Mapping[str, Any], server: str) -> Iterator[Operation]:
    """What a document describes, in its order."""
    for path, item in sorted(spec["paths"].items()):
        for method, operation in item.items():
            if method != "parameters":
                yield _operation(spec, server, path, method.upper(), operation)


def _operation(
    spec: Mapping[str, Any], server: str, path: str, method: str, operation: Mapping[str, Any]
) -> Operation:
    example = partial(_example, spec)
    content = operation.get("requestBody", {}).get("content", {})
    body = example(content["application/json"]["schema"]) if "application/json" in content else None
    responses = operation["responses"]
    good: Mapping[str, Any] = next(
        (each for status, each in sorted(responses.items()) if status.startswith("2")), {}
    )
    schema = good.get("content", {}).get("application/json", {}).get("schema")
    tag = (operation.get("tags") or ["Other"])[0]
    return Operation(
        method,
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        tag,
        operation["operationId"],
        tuple(_parameter(spec, each) for each in operation.get("parameters", ())),
        _pretty(body),
        tuple(_answer(status, response) for status, response in sorted(responses.items())),
        _pretty(example(schema) if schema else None),
        _curl(server, path, method, body),
    )


def _parameter(spec: Mapping[str, Any], parameter: Mapping[str, Any]) -> tuple[str, str, str, str]:
    schema = _resolved(spec, parameter.get("schema", {}))
    return (
        parameter["name"],
        parameter["in"],
        _kind(schema),
        parameter.get("description", ""),
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """`integer, 1 to 500, 100 unless given`."""
    kind = schema.get("type", "any")
    parts = [" or ".join(kind) if isinstance(kind, list) else str(kind)]
    if "enum" in schema:
        parts.append("one of " + ", ".join(str(each) for each in schema["enum"]))
    if "minimum" in schema or "maximum" in schema:
        parts.append(f"{schema.get('minimum', '…')} to {schema.get('maximum', '…')}")
    if schema.get("default") not in {None, ""}:
        parts.append(f"{schema['default']} unless given")
    return ", ".join(parts)


def _answer(status: str, response: Mapping[str, Any]) -> tuple[str, str, str]:
    kinds = ", ".join(kind for kind in response.get("content", {}) if kind != PROBLEM)
    return status, response.get("description", ""), kinds


def _curl(server: str, path: str, method: str, body: Any) -> str:
    words = ["curl", "-H", "Authorization: Bearer TOKEN"]
    if method != "GET":
        words += ["-X", method]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join([*words, f"{server}{path}"])


def _resolved(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = spec
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found if isinstance(found, dict) else {}


def _example(spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits a schema; what is nested too deep is left out."""
    schema = _resolved(spec, schema)
    for key in ("example", "default"):
        if schema.get(key):
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "object" if "properties" in schema else None)
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if depth > _DEPTH:
        return None
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _example(spec, each, depth + 1) for name, each in properties.items()}
    if kind == "array":
        return [_example(spec, schema.get("items", {}), depth + 1)]
    return _EXAMPLES.get(str(kind))


def _pretty(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


PAGE = Page(
    name="api_docs",
    label="API",
    url="/api/docs",
    icon="plug-zap",
    place=130,
    group=Group.HIDDEN,
    blueprints=("musictool_web.pages.api_docs:blueprint",),
)
