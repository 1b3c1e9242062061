"""Styles of the first paint: a page carries the rules that it can use, and no others.

A page that is loaded whole has its styles inline, so that one answer is all a browser needs to draw
it. Of the common sheet and the sheets of the page only those rules are written whose classes and
elements the page holds; the sheets themselves are loaded after the page (`sheets.ts`), for what
scripts add and for the pages that links bring into `#main`.

What a rule asks for beside classes and elements (states, attributes, ids, what stands in
parentheses) is taken as there: a rule too many costs some bytes, one too few a broken page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flask import g, request
from markupsafe import Markup

from musictool_web import assets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask, Response

ALWAYS = frozenset({".js"})
"""Set by the script before the whole sheets are there."""

_GROUPS = ("@media", "@supports", "@container", "@layer")
_STYLE = re.compile(r'(<style nonce="[^"]*">).*?(?=</style>)', re.DOTALL)
_CLASSES = re.compile(r'\bclass="([^"]*)"')
_TAGS = re.compile(r"<([a-z][a-z0-9-]*)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMES = re.compile(r"\.(?:[\w-]|\\.)+|(?<![\w.#:-])[a-z][\w-]*")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_LATER = "musictool_sheets"


@dataclass(frozen=True, slots=True)
class Selector:
    """One of the alternatives before a block.

    Attributes:
        needs: classes (with their dot) and elements without which it matches nothing.
    """

    text: str
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A block of a sheet.

    Attributes:
        selectors: empty for what is always kept (fonts, keyframes).
        before: the words before its block, where there are no selectors.
        body: what stands in its block; "" when it is a group.
        inside: the rules of a group (`@media`).
    """

    selectors: tuple[Selector, ...] = ()
    before: str = ""
    body: str = ""
    inside: tuple[Rule, ...] = ()


def read_sheet(text: str) -> tuple[Rule, ...]:
    """The rules of a minified sheet, in its order."""
    return tuple(_rule(before, body) for before, body in _blocks(text))


def write_used(rules: tuple[Rule, ...], names: frozenset[str]) -> str:
    """The sheet, less the rules that match nothing on a page with these classes and elements."""
    return "".join(_written(rule, names) for rule in rules)


def names_in(page: str) -> frozenset[str]:
    """Classes (with their dot) and elements of a page."""
    classes = {f".{name}" for value in set(_CLASSES.findall(page)) for name in value.split()}
    return frozenset(classes | set(_TAGS.findall(page)) | ALWAYS)


def sheet(name: str, *, by_script: bool = False) -> Markup:
    """For the block `styles` of a page: its sheet by its plain name (`page-library.css`).

    A link when `#main` is exchanged; nothing when the page is loaded whole, for its rules are then
    in the style of the page.

    Args:
        name: of the sheet.
        by_script: what it is for is not in the answer but made by a script at once: always a link.
    """
    if by_script or not is_whole_page() or not assets.built().is_built:
        return assets.built().sheet(name)
    if name not in later_sheets():
        later_sheets().append(name)
    return Markup("")


def later_sheets() -> list[str]:
    """Plain names of the sheets of the page that is being written."""
    if _LATER not in g:
        setattr(g, _LATER, [])
    found: list[str] = getattr(g, _LATER)
    return found


def later_urls() -> str:
    """Addresses of these sheets, for `#main`; the script loads them after the page."""
    return " ".join(assets.asset(name) or "" for name in later_sheets())


def is_whole_page() -> bool:
    """Whether this request asks for a page with its frame, not for a new `#main`."""
    return "HX-Request" not in request.headers


def write_first_views(flask_app: Flask) -> None:
    """Give every page that is loaded whole the styles that it uses."""
    flask_app.after_request(_with_used_styles)


def _with_used_styles(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or not assets.built().is_built:
        return response
    page = response.get_data(as_text=True)
    style = _STYLE.search(page)
    if style is not None:
        rest = page[: style.start()] + page[style.end() :]
        names = names_in(rest)
        sheets = ("critical.css", *later_sheets())
        used = "".join(write_used(_sheet(name), names) for name in sheets)
        response.set_data(page[: style.start()] + style[1] + used + page[style.end() :])
    return response


@cache
def _sheet(name: str) -> tuple[Rule, ...]:
    return read_sheet(assets.built().sheet_text(name))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each outermost block, and in it."""
    strings = [match.span() for match in _STRING.finditer(text)]
    plain = _STRING.sub(lambda match: "_" * len(match[0]), text) if strings else text
    start = depth = opened = 0
    for place, sign in enumerate(plain):
        if sign == "{":
            opened = opened if depth else place
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                yield text[start:opened], text[opened + 1 : place]
                start = place + 1


def _rule(before: str, body: str) -> Rule:
    before = before.strip()
    if before.startswith(_GROUPS):
        return Rule(before=before, inside=read_sheet(body))
    if before.startswith("@"):
        return Rule(before=before, body=body)
    return Rule(tuple(map(_selector, _alternatives(before))), body=body)


def _alternatives(text: str) -> list[str]:
    """Split at commas outside of brackets."""
    found, depth, start = list[str](), 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            found.append(text[start:place])
            start = place + 1
    return [*found, text[start:]]


def _selector(text: str) -> Selector:
    bare, shorter = "", text
    while bare != shorter:
        bare, shorter = shorter, _BRACKETS.sub("", shorter)
    return Selector(text, frozenset(_NAMES.findall(bare)))


def _written(rule: Rule, names: frozenset[str]) -> str:
    if rule.inside:
        inside = write_used(rule.inside, names)
        return f"{rule.before}{{{inside}}}" if inside else ""
    if not rule.selectors:
        return f"{rule.before}{{{rule.body}}}"
    used = [selector.text for selector in rule.selectors if selector.needs <= names]
    return f"{','.join(used)}{{{rule.body}}}" if used else ""
