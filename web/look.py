"""What every template is given: navigation, theme, assets, and how values are written."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import g, request
from markupsafe import Markup, escape

from musictool_core.changes.model import OUTSIDE
from musictool_core.errors import MusicToolError
from musictool_core.host.feature import resolve
from musictool_core.host.fieldnames import field_name
from musictool_web import assets, first_view
from musictool_web.context import web
from musictool_web.links import artist_page, label_page
from musictool_web.live import EVENT_NAMES
from musictool_web.page import Group, Page, all_pages
from musictool_web.past import changed_name
from musictool_web.query import address, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask, Response

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "mt_theme"


def dress(flask_app: Flask) -> None:
    """Give templates their names and filters."""
    pages = all_pages()

    @flask_app.context_processor
    def names() -> dict[str, Any]:
        return {
            "nav": _navigation(pages),
            "theme": theme(),
            "nonce": g.get("nonce", ""),
            "event_names": EVENT_NAMES,
            "told": web().tail.told,
            "has_files": first_view.has_files(),
            "files_name": first_view.files_name(),
            "more_current": request.endpoint == "frame.more",
            "address": address,
            "artist_page": artist_page,
            "label_page": label_page,
            "query_text": text,
        }

    @flask_app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.add("HX-Request")  # see the style sheet in `base.html`
        return response

    flask_app.jinja_env.globals |= assets.built().template_globals()
    flask_app.jinja_env.globals |= {
        "sheet": first_view.sheet,
        "later_sheets": first_view.later_urls,
    }
    flask_app.jinja_env.filters |= {
        "duration": duration,
        "long_duration": long_duration,
        "number": number,
        "day": day,
        "age": age,
        "minute": minute,
        "codes": codes,
        "field_name": field_name,
        "changed_name": partial(changed_name, None),
        "source_words": source_words,
    }


def source_words(source: str) -> str:
    """A source of the journal as people read it."""
    return "another program" if source == OUTSIDE else source


def theme() -> str:
    """The theme this browser chose."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def duration(seconds: float | None) -> str:
    """`4:05`, `1:02:03`; "" when unknown."""
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def long_duration(seconds: float | None) -> str:
    """`5 d 2 h`, `2 h 5 min`, `5 min`; "" when unknown."""
    if not seconds:
        return ""
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (0 if days else minutes, "min")]
    return " ".join(f"{number:,} {unit}" for number, unit in parts if number)


def number(value: float | None, decimals: int = 0) -> str:
    """`1,284`; a dash when unknown."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def day(value: datetime | float | None) -> str:
    """`2026-11-27` in this computer's time; "" when unknown, or no day that calendars know."""
    if not value:
        return ""
    try:
        at = value if isinstance(value, datetime) else datetime.fromtimestamp(value).astimezone()
        return f"{at.astimezone():%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def minute(value: datetime) -> str:
    """`2026-11-27 14:03` in this computer's time."""
    return f"{value.astimezone():%Y-%m-%d %H:%M}"


def age(seconds: float | None) -> str:
    """`12 min`, `3 h`, `2 d`; "" when unknown."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def blueprints_of(page: Page) -> frozenset[str]:
    """Names of the blueprints of a page and of the pages that are reached through it."""
    return frozenset({page.name, *(resolve(name).name for name in page.blueprints)})


def codes(text: str) -> Markup:
    """A sentence of the product, in which what stands between backticks is to be typed."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def _navigation(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """The places of the navigation, as `base.html` takes them."""
    entries = []
    group = None
    for page in pages:
        if page.group is not Group.HIDDEN and (page.is_shown is None or page.is_shown(web())):
            entry = _entry(page)
            entry["rule"] = page.group is Group.TOOLS and group is Group.MAIN
            group = page.group
            entries.append(entry)
    return entries


def _entry(page: Page) -> dict[str, Any]:
    count = None
    if page.count is not None:
        # A busy library: the place is there all the same.
        with suppress(MusicToolError):
            count = page.count(web())
    blueprint = (request.endpoint or "").partition(".")[0]
    return {
        "label": page.label,
        "href": page.url,
        "icon": page.icon,
        "key": page.key,
        "tab": page.tab,
        "count": count,
        "current": blueprint in blueprints_of(page),
    }
