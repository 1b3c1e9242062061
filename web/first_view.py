"""Styles of the first paint: a page carries the rules that it can use, and no others.

A page that is loaded whole has its styles inline, so that one answer is all a browser needs to draw
it. Of the common sheet and the sheets of the page only those rules are written whose classes and
elements the page holds; the sheets themselves are loaded after the page (`sheets.ts`), for what
scripts add and for the pages that links bring into `#main`.

What a rule asks for beside classes and elements (most states, attributes, ids, what stands in
parentheses) is taken as there: a rule too many costs some bytes, one too few a broken page.

The first page that a browser sees is drawn before it asks for fonts, scripts and sheets
(`boot.ts`); later ones are drawn with them, as they are in its cache then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from flask import g, request
from markupsafe import Markup

from musictool_web import assets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flask import Flask, Response

ALWAYS = frozenset({".js"})
"""Set by the script before the whole sheets are there."""

FILES_COOKIE = "mt_files"
"""Names the font that a browser has in its cache; with it, as good as surely, all other files."""

_FONT = "archivo.woff2"
_FACE = "@font-face"
_FROM = "url("
"""What a face says whose font has to be loaded."""
_CHART = 'class="chart'
_GROUPS = ("@media", "@supports", "@container", "@layer")
_STYLE = re.compile(r'(<style nonce="[^"]*">).*?(?=</style>)', re.DOTALL)
_CLASSES = re.compile(r'\bclass="([^"]*)"')
_TAGS = re.compile(r"<([a-z][a-z0-9-]*)")
_DECLARED = re.compile(r"(?<![\w-])(--[\w-]+):")
_USED = re.compile(r"var\((--[\w-]+)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMES = re.compile(r"\.(?:[\w-]|\\.)+|(?<![\w.#:-])[a-z][\w-]*")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_LATER_STATES = re.compile(r":(?:hover|active)\b")
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


def write_used(rules: Iterable[Rule], names: frozenset[str]) -> str:
    """The sheet, less the rules that match nothing on a page with these classes and elements."""
    return "".join(_written(rule, names) for rule in rules)


def at_rest(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, less what they say of states that nothing is in when it is drawn first."""
    found = list[Rule]()
    for rule in rules:
        still = tuple(each for each in rule.selectors if not _LATER_STATES.search(each.text))
        if still or not rule.selectors:
            found.append(replace(rule, selectors=still, inside=at_rest(rule.inside)))
    return tuple(found)


def names_in(page: str) -> frozenset[str]:
    """Classes (with their dot) and elements of a page."""
    classes = {f".{name}" for value in set(_CLASSES.findall(page)) for name in value.split()}
    return frozenset(classes | set(_TAGS.findall(page)) | ALWAYS)


def without_unused(text: str) -> str:
    """A sheet, less the declarations of custom properties that nothing in it uses."""
    while unused := set(_DECLARED.findall(text)) - set(_USED.findall(text)):
        text = re.sub(rf"(?<![\w-])(?:{'|'.join(unused)}):[^;}}]*;?", "", text)
    return text


def with_icons(page: str, file: str, shapes: Mapping[str, str]) -> str:
    """A page whose icons are in itself, not in the file of all icons.

    Args:
        page: with `<defs>` somewhere.
        file: address of the file of all icons.
        shapes: of each icon.
    """
    there, _, _ = page.partition("<defs>")
    names = sorted(set(re.findall(rf'"{re.escape(file)}#([\w-]+)"', page)))
    if not names or there == page:
        return page
    symbols = "".join(
        f'<symbol id="mt-{name}" viewBox="0 0 24 24">{shapes[name]}</symbol>'
        for name in names
        if f'<symbol id="mt-{name}"' not in page
    )
    return page.replace(f'"{file}#', '"#mt-').replace("<defs>", f"<defs>{symbols}", 1)


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


def files_name() -> str:
    """What the cookie says in a browser that has the files of this build."""
    return assets.built().files.get(_FONT, "")


def has_files() -> bool:
    """Whether this browser has fonts and scripts already: it asks for them before it draws.

    Where it has to wait for them it draws first, in a font of its own, and `boot.ts` loads them.
    """
    return request.cookies.get(FILES_COOKIE, "") == files_name()


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
        before, after = page[: style.start()] + style[1], page[style.end() :]
        charts = ("charts.css",) if _CHART in after else ()
        sheets = ("critical.css", *charts, *later_sheets())
        rules: Iterable[Rule] = chain.from_iterable(_sheet(name) for name in sheets)
        if not has_files():
            rules = (rule for rule in rules if rule.before != _FACE or _FROM not in rule.body)
            after = with_icons(after, assets.asset("icons.svg") or "", assets.built().icons)
        used = without_unused(write_used(rules, names_in(before + after)))
        response.set_data(before + used + after)
    return response


@cache
def _sheet(name: str) -> tuple[Rule, ...]:
    return at_rest(read_sheet(assets.built().sheet_text(name)))


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
