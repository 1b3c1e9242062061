"""Editor: many tracks as a grid, or without scripts as one form; saved as a change set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.changes.editing import CellEdit, cell_texts, find_field, plan_edits
from musictool_core.errors import MusicToolError
from musictool_core.host.cells import CellKind, Field
from musictool_core.host.entities import Entity
from musictool_core.host.filework import import_writes
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_web.api.cells import field_json, numbers
from musictool_web.api.changesets import previewed, saved
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.query import sort_words, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.changes.editing import Draft
    from musictool_core.host.search import Listed

blueprint = APIBlueprint("editor", __name__, enable_openapi=False)

MOST_IDS = 5_000
"""Tracks that an address may name; longer lists are asked for by a query."""

FORM_TRACKS = 500
"""Tracks that the form takes at once."""

FIRST_ROWS = 200
"""Numbers of rows that the page brings along: one window of the grid."""

PRESETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tagging": (
        "Tagging",
        (
            "title", "artist", "genres", "year", "bpm", "initial_key", "catalognum", "label",
            "album", "albumartist", "track", "disc", "comments",
        ),
    ),
    "dj": (
        "DJ",
        ("title", "artist", "bpm", "initial_key", "energy", "traktor_rating", "genres", "comments"),
    ),
    "release": (
        "Release",
        (
            "title", "artist", "album", "albumartist", "label", "catalognum", "year", "month",
            "day", "original_year", "country", "media", "disc", "disctotal", "track", "tracktotal",
            "comp",
        ),
    ),
}  # fmt: skip
"""Columns of the grid, and fields of the form."""

ALBUM_PRESETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "albums": (
        "Albums",
        (
            "album", "albumartist", "label", "catalognum", "year", "genres", "country", "barcode",
            "albumtype", "albumdisambig", "comp", "disctotal",
        ),
    ),
    "dates": (
        "Dates",
        ("album", "albumartist", "year", "month", "day", "original_year", "original_month"),
    ),
}  # fmt: skip
"""The same for albums; what is changed there reaches their tracks."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which tracks or albums an address names.

    Attributes:
        entity: which of the two.
        ids: their numbers in their order; None when a query names them.
        query: "" finds all.
        is_empty: it names none at all.
    """

    entity: Entity
    ids: tuple[int, ...] | None
    query: str
    sort: str
    is_empty: bool

    @classmethod
    def of(cls, arguments: Any) -> Asked:
        """Read the arguments of the page or of its form."""
        ids = numbers(",".join(arguments.getlist("id")[:MOST_IDS]))
        query = arguments.get("q")
        return cls(
            Entity.ALBUM if arguments.get("of") == "albums" else Entity.ITEM,
            tuple(ids) if ids else None,
            (query or "").strip(),
            arguments.get("sort", ""),
            not ids and query is None,
        )

    @property
    def of_albums(self) -> bool:
        """Whether albums are edited."""
        return self.entity is Entity.ALBUM

    @property
    def word(self) -> str:
        """What one of them is called."""
        return "album" if self.of_albums else "track"

    @property
    def presets(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Columns of the grid, and fields of the form."""
        return ALBUM_PRESETS if self.of_albums else PRESETS

    @property
    def _listed(self) -> Listed:
        return ALBUMS if self.of_albums else ITEMS

    @property
    def url(self) -> str:
        """The page of these tracks or albums."""
        pairs = [("id", str(number)) for number in self.ids or ()] or [("q", self.query)]
        if self.sort:
            pairs.append(("sort", self.sort))
        if self.of_albums:
            pairs.append(("of", "albums"))
        return f"/editor?{urlencode(pairs)}"

    def count(self, parts: Web) -> int:
        """How many they are."""
        if self.ids is not None:
            return len(self.ids)
        return parts.search.page(Question(self._listed, words(self.query), limit=1)).total

    def first(self, parts: Web, limit: int) -> list[int]:
        """The first of them."""
        if self.ids is not None:
            return list(self.ids[:limit])
        asked = Question(self._listed, words(self.query), sort_words(self.sort))
        return list(parts.search.ordered_ids(asked)[:limit])


@dataclass(slots=True)
class Entry:
    """One field of the form.

    Attributes:
        value: what the field shows.
        old: what all tracks have; None when they differ.
        error: why what was typed cannot be stored.
    """

    field: Field
    value: str
    old: str | None
    error: str = ""
    clear: bool = False


@dataclass(slots=True)
class Form:
    """What the form shows.

    Attributes:
        ids: the tracks.
        preview: what saving would do; None before it was asked for.
    """

    ids: list[int]
    entries: list[Entry]
    write: bool
    move: bool
    preset: str
    preview: Mapping[str, Any] | None = None
    names: dict[int, str] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        """Whether something that was typed cannot be stored."""
        return any(entry.error for entry in self.entries)


@blueprint.get("/editor")
def show() -> str:
    """The grid, and the form for browsers without scripts."""
    parts = web()
    asked = Asked.of(request.args)
    if asked.is_empty:
        return render_template("editor/empty.html")
    total = asked.count(parts)
    form = None
    if 0 < total <= FORM_TRACKS:
        form = _form(parts, asked, asked.first(parts, FORM_TRACKS), request.args.get("preset", ""))
    first = [] if asked.ids else asked.first(parts, FIRST_ROWS)
    return _render(asked, total, form, first=first, messages=_message(request.args))


@blueprint.post("/editor")
def change() -> Any:
    """Save the form, or show what saving would do."""
    parts = web()
    asked = Asked.of(request.form)
    if asked.ids is None or len(asked.ids) > FORM_TRACKS:
        raise MusicToolError(f"the form takes 1 to {FORM_TRACKS} {asked.word}s.")
    form = _form(parts, asked, list(asked.ids), request.form.get("preset", ""))
    edits = _typed(form, asked.entity)
    draft = plan_edits(parts.host, edits)
    _note_errors(form, draft)
    if request.form.get("act") == "preview" or form.has_errors:
        form.preview = previewed(parts.host, draft, write=form.write, move=form.move)
        page = _render(asked, len(form.ids), form, plain=True)
        return page, 422 if form.has_errors else 200
    done = saved(parts, draft, write=form.write, move=form.move)
    return redirect(f"{asked.url}&preset={form.preset}&saved={done['changeset'] or 0}")


def _render(
    asked: Asked,
    total: int,
    form: Form | None,
    *,
    plain: bool = False,
    first: Sequence[int] = (),
    messages: Sequence[Mapping[str, Any]] = (),
) -> str:
    write, move = import_writes()
    names = dict.fromkeys(name for _, columns in asked.presets.values() for name in columns)
    return render_template(
        "editor/page.html",
        asked=asked,
        total=total,
        form=form,
        plain=plain,
        messages=messages,
        presets={name: label for name, (label, _) in asked.presets.items()},
        form_tracks=FORM_TRACKS,
        setup={
            "entity": asked.entity.value,
            "ids": asked.ids,
            "first": first,
            "query": asked.query,
            "sort": asked.sort,
            "total": total,
            "write": write,
            "move": move,
            "fields": [field_json(known) for known in _fields(asked.entity, names)],
            "presets": [
                {"name": name, "label": label, "fields": list(columns)}
                for name, (label, columns) in asked.presets.items()
            ],
        },
    )


def _fields(entity: Entity, names: Iterable[str]) -> list[Field]:
    found = (find_field(entity, name) for name in names)
    return [known for known in found if isinstance(known, Field)]


def _form(parts: Web, asked: Asked, ids: Sequence[int], preset: str) -> Form:
    chosen = preset if preset in asked.presets else next(iter(asked.presets))
    fields = _fields(asked.entity, asked.presets[chosen][1])
    texts = cell_texts(parts.host.reading(), asked.entity, ids, [known.name for known in fields])
    entries = []
    for place, known in enumerate(fields):
        values = {row[place] for row in texts.values()}
        old = values.pop() if len(values) == 1 else None
        entries.append(Entry(known, old or "", old))
    write, move = import_writes()
    return Form(
        list(texts), entries, write, move, chosen, None, {n: row[0] for n, row in texts.items()}
    )


def _typed(form: Form, entity: Entity) -> list[CellEdit]:
    """The edits of the request's form, which are filled in; fields not touched make none."""
    given = request.form
    form.write = given.get("write") == "1"
    form.move = given.get("move") == "1"
    edits = []
    for entry in form.entries:
        name = entry.field.name
        typed = _read(entry.field, given.get(f"new.{name}", entry.value))
        was = given.get(f"old.{name}")
        # Browsers change line breaks on the way.
        if was is not None and entry.old is not None and _same(was, entry.old):
            was = entry.old
        entry.clear = given.get(f"clear.{name}") == "1"
        # A field that showed several values is touched by typing, or by asking to clear it.
        if typed == _read(entry.field, was or "") and not entry.clear:
            continue
        entry.value = "" if entry.clear else typed
        edits += [CellEdit(entity, number, name, entry.value, was) for number in form.ids]
    return edits


def _read(known: Field, text: str) -> str:
    """What a browser makes of a text in a field."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if known.kind is CellKind.LINES else text.replace("\n", "")


def _same(one: str, other: str) -> bool:
    return one.splitlines() == other.splitlines()


def _note_errors(form: Form, draft: Draft) -> None:
    wrong = {refused.edit.field: refused.message for refused in draft.errors}
    for entry in form.entries:
        entry.error = wrong.get(entry.field.name, "")


def _message(arguments: Mapping[str, str]) -> list[dict[str, Any]]:
    saved_as = arguments.get("saved", "")
    if not saved_as.isdecimal() or len(saved_as) > 18:
        return []
    if saved_as == "0":
        return [{"text": "Nothing was to be changed.", "undo_url": "", "failed": False}]
    undo = f"/history/{saved_as}/undo"
    return [{"text": f"Saved as change set {saved_as}.", "undo_url": undo, "failed": False}]


PAGE = Page(
    name="editor",
    label="Editor",
    url="/editor",
    icon="table-2",
    place=60,
    key="e",
    blueprints=(
        "musictool_web.pages.editor:blueprint",
        "musictool_web.api.cells:blueprint",
        "musictool_web.api.changesets:blueprint",
    ),
)
