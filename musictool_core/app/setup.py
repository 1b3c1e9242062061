"""The change that `beet musictool setup` makes to the user's beets configuration.

Input:   the bytes of config.yaml, which may not exist yet (b"").
Output:  its new bytes, with every comment, blank and line end kept that need not change.

The file is edited as text at the places a YAML parser names, and the result is parsed again: unless
exactly the intended values differ, nothing is returned.
Pure: no files, no beets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import yaml
from confuse import ConfigReadError
from confuse.yaml_util import Loader, load_yaml_string

from musictool_core.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OUR_PLUGINS = (
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "quality",
    "traktor",
)
"""What a user enables under `plugins:`."""

_MASK = "****"
_SECRET = re.compile(
    r"((?:token|key|pass(?:word)?|secret)\w*['\"]?[ \t]*:[ \t]*)[^\s,}#][^,}#\r\n]*"
)
"""Values of settings whose name says that they are secret, also those of other plugins."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What a configuration file says about our matters.

    Attributes:
        plugins: enabled plugins; None when the file does not say, so that beets' default holds.
        token: Discogs token, "" when there is none.
    """

    plugins: tuple[str, ...] | None
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Put `put` in place of the characters from `start` to `end`."""

    start: int
    end: int
    put: str


def read_configured(content: bytes) -> Configured:
    """Read what is configured now.

    Raises:
        FormatError: this is no configuration that beets could read.
    """
    data = _load(_decode(content))
    section = data.get("discogs")
    token = section.get("user_token") if isinstance(section, dict) else None
    plugins = _names(data["plugins"]) if "plugins" in data else None
    return Configured(plugins, str(token or ""))


def plan_config(
    content: bytes,
    *,
    add_plugins: Sequence[str] = (),
    token: str = "",
    default_plugins: Sequence[str] = (),
) -> bytes:
    """Return the content with these plugins enabled and this Discogs token set.

    Args:
        content: of the file now.
        add_plugins: names that are not enabled yet.
        token: "" leaves the token as it is.
        default_plugins: what beets enables while the file has no `plugins:`; written down with
            ours, because a list replaces the default.

    Raises:
        FormatError: the file is written in a way that cannot be changed without risk.
    """
    text = _decode(content)
    if add_plugins:
        expected = _load(text)
        names = _names(expected["plugins"]) if "plugins" in expected else tuple(default_plugins)
        expected["plugins"] = (*names, *add_plugins)
        edits = _plugin_edits(text, add_plugins, default_plugins)
        text = _apply_first_exact(text, edits, expected)
    if token:
        expected = _normalised(_load(text))
        section = expected.get("discogs") or {}
        if not isinstance(section, dict):
            raise _refusal()
        expected["discogs"] = {**section, "user_token": token}
        text = _apply_first_exact(text, _token_edits(text, token), expected)
    return text.encode()


def is_token(value: str) -> bool:
    """Whether this can be a Discogs token, which holds neither blanks nor anything unprintable."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def parse_choice(answer: str, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the names that an answer such as "2, 3" picks; None when it cannot be understood.

    Args:
        answer: numbers from 1, separated by commas or blanks.
        names: what the numbers stand for.
    """
    numbers = answer.replace(",", " ").split()
    if not all(number.isdecimal() and 1 <= int(number) <= len(names) for number in numbers):
        return None
    return tuple(names[index] for index in sorted({int(number) - 1 for number in numbers}))


def render_diff(name: str, before: bytes, after: bytes) -> list[str]:
    """Render a unified diff without line ends; values of secret settings are masked.

    Args:
        name: of the file.
        before: its content now; b"" when it is made.
        after: its content then.
    """
    tokens = {read_configured(content).token for content in (before, after)} - {""}
    old, new = (content.decode().splitlines() for content in (before, after))
    lines = []
    for line in unified_diff(old, new, name, name, n=2, lineterm=""):
        shown = line
        for token in tokens:
            shown = shown.replace(token, _MASK)
        lines.append(_SECRET.sub(rf"\1{_MASK}", shown))
    return lines


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _refusal() from None


def _load(text: str) -> dict[str, Any]:
    try:
        data = load_yaml_string(text, "config.yaml")
    except ConfigReadError:
        raise _refusal() from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _refusal()
    return dict(data)


def _names(value: object) -> tuple[str, ...]:
    """Plugin names as beets reads them: a list, or words in one text."""
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _normalised(data: dict[str, Any]) -> dict[str, Any]:
    """The values with the plugins in the one form in which they are compared."""
    return {**data, "plugins": _names(data["plugins"])} if "plugins" in data else data


def _apply_first_exact(text: str, edits: Iterator[_Edit], expected: dict[str, Any]) -> str:
    """Return the text after the first edit that leads to exactly the expected values."""
    for edit in edits:
        candidate = text[: edit.start] + edit.put + text[edit.end :]
        try:
            found = _load(candidate)
        except FormatError:
            continue
        if _normalised(found) == expected:
            return candidate
    raise _refusal()


def _plugin_edits(text: str, names: Sequence[str], defaults: Sequence[str]) -> Iterator[_Edit]:
    root = _root(text)
    node = _value_of(root, "plugins")
    match node:
        case None:
            line = f"plugins: {' '.join([*defaults, *names])}"
            yield from _new_key_edits(text, root, [line], line)
        case yaml.ScalarNode():
            yield _extended_scalar(text, node, " ".join(names))
        case yaml.SequenceNode(flow_style=True):
            yield _extended_flow(node, ", ".join(names))
        case yaml.SequenceNode():
            yield from _extended_block(text, node, names)


def _token_edits(text: str, token: str) -> Iterator[_Edit]:
    # Always quoted: a token of digits only would otherwise be read as a number.
    setting = f"user_token: {_quoted(token)}"
    root = _root(text)
    section = _value_of(root, "discogs")
    match section:
        case None:
            block = ["discogs:", f"  {setting}"]
            yield from _new_key_edits(text, root, block, f"discogs: {{{setting}}}")
        case yaml.ScalarNode():
            yield _replaced_scalar(text, section, f"{{{setting}}}")
        case yaml.MappingNode():
            present = _value_of(section, "user_token")
            if isinstance(present, yaml.ScalarNode):
                yield _replaced_scalar(text, present, _quoted(token))
            elif not section.value:
                yield _Edit(section.end_mark.index - 1, section.end_mark.index - 1, setting)
            else:
                first = section.value[0][0].start_mark
                gap = ", " if section.flow_style else _line_end(text) + " " * first.column
                yield _Edit(first.index, first.index, setting + gap)


def _new_key_edits(
    text: str, root: yaml.MappingNode | None, block: Sequence[str], flow: str
) -> Iterator[_Edit]:
    """Add a top-level key at the end, or else at the beginning."""
    end = _line_end(text)
    if root is not None and root.flow_style:
        last = root.value[-1][1].end_mark.index if root.value else root.end_mark.index - 1
        yield _Edit(last, last, f", {flow}" if root.value else flow)
        return
    start = root.start_mark if root else None
    indent = " " * (start.column if start else 0)
    lines = "".join(f"{indent}{line}{end}" for line in block)
    bottom = root.end_mark.index if root else len(text)
    yield _Edit(bottom, bottom, lines if _at_line_start(text, bottom) else end + lines)
    if start:
        # A text block that keeps its final line ends would take in what stands below it.
        yield _Edit(start.index, start.index, lines.removeprefix(indent) + indent)


def _extended_scalar(text: str, node: yaml.ScalarNode, words: str) -> _Edit:
    if node.style in {"'", '"'}:
        inside = node.end_mark.index - 1
        return _Edit(inside, inside, f" {words}" if node.value.strip() else words)
    if node.tag.endswith(":null"):
        return _replaced_scalar(text, node, words)
    end = _text_end(text, node)
    return _Edit(end, end, f" {words}")


def _replaced_scalar(text: str, node: yaml.ScalarNode, put: str) -> _Edit:
    start, end = node.start_mark.index, _text_end(text, node)
    # An absent value is a place directly behind its colon.
    return _Edit(start, end, put) if start < end else _Edit(start, start, f" {put}")


def _extended_flow(node: yaml.SequenceNode, listed: str) -> _Edit:
    if not node.value:
        inside = node.end_mark.index - 1
        return _Edit(inside, inside, listed)
    last = node.value[-1].end_mark.index
    return _Edit(last, last, f", {listed}")


def _extended_block(text: str, node: yaml.SequenceNode, names: Sequence[str]) -> Iterator[_Edit]:
    last = node.value[-1]
    line_start = text.rfind("\n", 0, last.start_mark.index) + 1
    dash = re.compile(" *(?=-)").match(text, line_start)
    if dash is None:
        return
    lines = [f"{dash.group()}- {name}" for name in names]
    end = _line_end(text)
    below = text.find("\n", last.end_mark.index) + 1
    if below:
        yield _Edit(below, below, "".join(line + end for line in lines))
    else:
        yield _Edit(len(text), len(text), "".join(end + line for line in lines))


def _root(text: str) -> yaml.MappingNode | None:
    """The top-level mapping; None when the file holds no values."""
    node = yaml.compose(text, Loader=Loader)
    return node if isinstance(node, yaml.MappingNode) else None


def _value_of(mapping: yaml.MappingNode | None, name: str) -> yaml.Node | None:
    # The last one counts when a key stands twice, as for the parser.
    pairs = reversed(mapping.value if mapping else ())
    return next((value for key, value in pairs if key.value == name), None)


def _text_end(text: str, node: yaml.Node) -> int:
    start = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _at_line_start(text: str, index: int) -> bool:
    return index == 0 or text[index - 1] in "\r\n\ufeff"


def _line_end(text: str) -> str:
    found = re.search(r"\r\n|\r|\n", text)
    return found.group() if found else "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _refusal() -> FormatError:
    return FormatError(
        "config.yaml is written in a way that cannot be changed without risk; it was left alone.",
        hint=f"Add by hand what is missing: {', '.join(OUR_PLUGINS)} under `plugins:`, and your"
        " token as `user_token:` under `discogs:`.",
    )
