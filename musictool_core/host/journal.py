"""The journal: SQLite triggers write down what happens to items and albums, whoever does it.

beets tells only that an object changed, never what it was before, and nothing at all of SQL that
plugins or other programs run. So each column of `items` and `albums` and both attribute tables have
a trigger that appends the old and the new value to `mt_journal`. A trigger calls no Python
function: plain beets and the `sqlite3` shell go on working without us.

What is where: `field` is a column or the key of a flexible attribute; `old` and `new` hold the
stored value with its SQLite type. A removed row is kept whole in `old` (see `decode_row`). An added
row has no content here: beets fills it at once, so what it holds is in the library.

`mtime` and `added` are recorded but belong to `NOISE`: no undo brings them back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, CreateTable, Kind, Table
from musictool_core.host.entities import ABSENT, Entity, RowImage, Stored, Value
from musictool_core.host.witness import TRIGGER_PREFIX, look

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

NOISE = frozenset({"mtime", "added"})
"""Columns that follow from other changes."""

_BLANK = {
    Entity.ITEM: ("added", "path", "title", "artist", "album"),
    Entity.ALBUM: ("added", "album", "albumartist"),
}
"""beets adds a row of NULLs and fills it at once: with all of these unset it is not there yet."""

_OBJECT_COLUMNS = 50
"""Columns per JSON object of a removed row: SQLite takes at most 127 arguments."""

_AT = "(julianday('now') - 2440587.5) * 86400.0"
_INTO = 'INSERT INTO mt_journal ("at", entity, entity_id, op, field, old, new)'

_COLUMNS = ("seq", "at", "entity", "entity_id", "op", "field", "old", "new", "changeset")

STATE = Table(
    "mt_journal_state",
    (
        Column("id", Kind.INTEGER, "always 1"),
        Column("enabled", Kind.BOOLEAN, "0 after `beet history off`"),
        Column("signature", Kind.TEXT, "of the columns the triggers were made for"),
    ),
    key=("id",),
)

HISTORY = Table(
    "mt_history",
    (
        Column("id", Kind.INTEGER, "number of the change, growing"),
        Column("at", Kind.DATE),
        Column("who", Kind.TEXT, "user of this computer or of the web view"),
        Column("source", Kind.TEXT, "command or feature; outside when nobody claimed it"),
        Column("entity", Kind.TEXT, "item, album or traktor"),
        Column("entity_id", Kind.INTEGER),
        Column("op", Kind.TEXT, "update, add, set, drop, insert, delete, tags, nml, audio or art"),
        Column("field", Kind.TEXT, "column or attribute; * for a whole row"),
        Column("old", Kind.TEXT),
        Column("new", Kind.TEXT),
        Column("changeset", Kind.INTEGER, "what `beet undo` takes"),
        Column("command", Kind.TEXT),
    ),
    search=("field", "old", "new", "source"),
    row_id="id",
)
"""The journal with who and what caused each change, for queries; a view."""


class Foreign(Enum):
    """What other programs keep and the journal knows of, beside items and albums."""

    TRAKTOR = "traktor"
    """A collection of Traktor, by the number that `traktor` gave to it."""


Subject = Entity | Foreign
"""What a change was made to."""


class Op(Enum):
    """What happened; `Line` and `Entry` name it."""

    UPDATE = "update"
    """A column changed."""
    ADD = "add"
    """An attribute appeared."""
    SET = "set"
    """An attribute changed."""
    DROP = "drop"
    """An attribute disappeared."""
    INSERT = "insert"
    """An item or album appeared."""
    DELETE = "delete"
    """An item or album disappeared."""
    TAGS = "tags"
    """The tags of an item's file were written; `old` and `new` name what `safeio` kept."""
    NML = "nml"
    """A collection of Traktor was written: an attribute of the item's entry, or what belongs to no
    item; `field` says where, NULL stands for what is not there."""
    AUDIO = "audio"
    """Another file became the item's; `old` and `new` say where both lie when they are not."""
    ART = "art"
    """The cover file of an album was written; `field` is its stored path, `old` and `new` name its
    bytes, NULL stands for no file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        seq: grows with every change.
        at: seconds since 1970.
        old: stored value before; None also when there was none (`op` tells).
        changeset: what it belongs to; None while nobody claimed it.
    """

    seq: int
    at: float
    entity: Subject
    entity_id: int
    op: Op
    field: str
    old: Stored
    new: Stored
    changeset: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a change set did.

    Attributes:
        changes: number of lines.
        objects: number of items and albums.
        fields: number of changes by field, the most frequent first; "insert", "delete", "tags" and
            "audio" stand for whole rows and files.
    """

    changes: int
    objects: int
    fields: Mapping[str, int]


_WHOLE_OPS = frozenset(
    {Op.INSERT.value, Op.DELETE.value, Op.TAGS.value, Op.AUDIO.value, Op.ART.value}
)

Line = tuple[Subject, int, Op, str, Stored, Stored]
"""What `record` writes: entity, id, what happened, field, old, new."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Changes that nobody claimed yet.

    Attributes:
        after: number of the last change before them.
        until: number of the last one, None for the newest.
        entities: only of these (entity, id); None for all.
        unclaimed_too: change sets that count as unclaimed.
    """

    after: int
    until: int | None = None
    entities: Collection[tuple[str, int]] | None = None
    unclaimed_too: Collection[int] = ()

    def condition(self) -> tuple[str, list[Any]]:
        """The text after WHERE and its parameters."""
        parts = ["seq > ?", "seq <= ifnull(?, seq)"]
        params: list[Any] = [self.after, self.until]
        if self.unclaimed_too:
            parts.append("(changeset IS NULL OR changeset IN (SELECT value FROM json_each(?)))")
            params.append(json.dumps(list(self.unclaimed_too)))
        else:
            parts.append("changeset IS NULL")
        if self.entities is not None:
            either = []
            for entity in Entity:
                either.append("(entity = ? AND entity_id IN (SELECT value FROM json_each(?)))")
                ids = [number for name, number in self.entities if name == entity.value]
                params += [entity.value, json.dumps(ids)]
            parts.append(f"({' OR '.join(either)})")
        return " AND ".join(parts), params


@dataclass(frozen=True, slots=True)
class Size:
    """How much the journal holds.

    Attributes:
        rows: changes.
        since: time of the oldest in seconds since 1970, None when there is none.
        bytes: estimate.
    """

    rows: int
    since: float | None
    bytes: int


class CreateJournal:
    """The step that makes the journal's tables and view."""

    def apply(self, tx: Tx) -> None:
        """See `Step.apply`."""
        # No types, so that every value keeps its own.
        tx.run(
            'CREATE TABLE IF NOT EXISTS mt_journal (seq INTEGER PRIMARY KEY, "at" REAL,'
            " entity TEXT, entity_id INTEGER, op TEXT, field TEXT, old, new, changeset INTEGER)"
        )
        CreateTable(STATE).apply(tx)
        tx.run(
            'CREATE VIEW IF NOT EXISTS mt_history AS SELECT j.seq AS id, j."at" AS "at",'
            " IFNULL(c.who, '') AS who, IFNULL(c.source, 'outside') AS source,"
            " j.entity AS entity, j.entity_id AS entity_id, j.op AS op, j.field AS field,"
            " j.old AS old, j.new AS new, j.changeset AS changeset,"
            " IFNULL(c.command, '') AS command"
            " FROM mt_journal j LEFT JOIN mt_changeset c ON c.id = j.changeset"
        )


class IndexJournal:
    """The step that lets the history of one object be read without scanning all of it."""

    def apply(self, tx: Tx) -> None:
        """See `Step.apply`."""
        # By number alone: items and albums of one number are few, and a short key writes quickly.
        tx.run("CREATE INDEX IF NOT EXISTS mt_journal_entity_id ON mt_journal (entity_id)")


def sync(host: Host, *, enable: bool | None = None) -> None:
    """Make the triggers fit the columns there are now; after an upgrade of beets there may be more.

    Args:
        host: the library, with our tables.
        enable: switch the journal on or off for good; None keeps what the user chose (on).
    """
    with host.transaction() as tx:
        on = is_enabled(tx) if enable is None else enable
        wanted = _triggers(tx) if on else {}
        found = _present(tx)
        for name, statement in found.items():
            if wanted.get(name) != statement:
                tx.run(f'DROP TRIGGER "{name}"')
        for name, statement in wanted.items():
            if found.get(name) != statement:
                tx.run(statement)
        signature = look(tx.query).signature
        STATE.upsert(tx, [{"id": 1, "enabled": int(on), "signature": signature}])


def is_enabled(tx: Tx) -> bool:
    """Whether the user wants the journal; yes until he switches it off."""
    row = STATE.get(tx, {"id": 1})
    return row is None or bool(row["enabled"])


def is_recording(tx: Tx) -> bool:
    """Whether the triggers are there."""
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name GLOB ? LIMIT 1"
    return bool(tx.query(sql, [f"{TRIGGER_PREFIX}*"]))


def misfits(tx: Tx) -> list[str]:
    """Names of triggers that lack, differ from what this version makes, or are too many."""
    wanted, found = _triggers(tx), _present(tx)
    return sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )


def claimed_by(tx: Tx) -> set[int]:
    """Numbers of all change sets that changes belong to."""
    rows = tx.query("SELECT DISTINCT changeset FROM mt_journal WHERE changeset IS NOT NULL")
    return {row[0] for row in rows}


def kept_tags(tx: Tx) -> list[str]:
    """What `safeio` kept of the tags before each write, by the name it gave to it."""
    rows = tx.query("SELECT old FROM mt_journal WHERE op = ?", [Op.TAGS.value])
    return [str(old).partition(" ")[0] for (old,) in rows]


def last_seq(tx: Tx) -> int:
    """Number of the newest change, 0 before the first."""
    return int(tx.query("SELECT IFNULL(max(seq), 0) FROM mt_journal")[0][0])


def line(entity: Entity, number: int, field: str, old: Value, new: Value, *, fixed: bool) -> Line:
    """The line of a changed field.

    Args:
        entity: which table.
        number: id of the row.
        field: column or attribute.
        old: before.
        new: after.
        fixed: it is a column.
    """
    if fixed:
        op = Op.UPDATE
    elif old is ABSENT:
        op = Op.ADD
    else:
        op = Op.DROP if new is ABSENT else Op.SET
    return entity, number, op, field, _or_null(old), _or_null(new)


def row_lines(entity: Entity, number: int, image: RowImage, *, appears: bool) -> list[Line]:
    """The lines of a row that appears or disappears, with its attributes."""
    whole = None if appears else encode_row(image.columns)
    op = Op.INSERT if appears else Op.DELETE
    changed = [
        line(entity, number, key, *((ABSENT, value) if appears else (value, ABSENT)), fixed=False)
        for key, value in image.attributes.items()
    ]
    return [(entity, number, op, "*", whole, None), *changed]


def record(tx: Tx, lines: Iterable[Line]) -> None:
    """Append changes that no trigger sees."""
    tx.run_many(
        f"{_INTO} VALUES ({_AT}, ?, ?, ?, ?, ?, ?)",
        ((entity.value, number, op.value, *rest) for entity, number, op, *rest in lines),
    )


def tags_line(item: int, undo: str, before: str, after: str) -> Line:
    """The line of tags that were written into an item's file.

    Args:
        item: its number.
        undo: name of what `safeio` kept.
        before: mark of the file before.
        after: mark of the file after.
    """
    return Entity.ITEM, item, Op.TAGS, "tags", f"{undo} {before}", after


def nml_line(subject: Subject, number: int, place: str, old: Stored, new: Stored) -> Line:
    """The line of what was written into a collection of Traktor.

    Args:
        subject: the item whose entry it is, or the collection.
        number: of the item or collection.
        place: what in which collection.
        old: before; None when it was not there.
        new: after.
    """
    return subject, number, Op.NML, place, old, new


def audio_line(item: int, old: str, new: str) -> Line:
    """The line of a file that took the place of an item's.

    Args:
        item: its number.
        old: what `changes.audio` says of the file before.
        new: the same of the file after.
    """
    return Entity.ITEM, item, Op.AUDIO, "audio", old, new


def art_line(album: int, place: str, old: Stored, new: Stored) -> Line:
    """The line of a cover file that was written.

    Args:
        album: its number.
        place: its path, as stored.
        old: names its bytes before; None when it was not there.
        new: after.
    """
    return Entity.ALBUM, album, Op.ART, place, old, new


def kept_pictures(tx: Tx) -> set[str]:
    """Names of the bytes of covers that some line needs."""
    rows = tx.query("SELECT old, new FROM mt_journal WHERE op = ?", [Op.ART.value])
    return {str(name) for row in rows for name in row if name is not None}


def nml_writes(tx: Tx, place: str) -> list[tuple[str, Stored, Stored]]:
    """Field, old and new of what was written into a collection, the oldest first.

    Args:
        tx: the library.
        place: that the fields begin with.
    """
    sql = (
        "SELECT field, old, new FROM mt_journal WHERE op = ? AND substr(field, 1, ?) = ?"
        " ORDER BY seq"
    )
    return [(row[0], row[1], row[2]) for row in tx.query(sql, [Op.NML.value, len(place), place])]


def kept_undos(tx: Tx, *, after: int = 0) -> dict[str, int | None]:
    """The change set of each write of tags after this number, by the name of what `safeio` kept."""
    sql = "SELECT old, changeset FROM mt_journal WHERE seq > ? AND op = ?"
    rows = tx.query(sql, [after, Op.TAGS.value])
    return {str(row[0]).partition(" ")[0]: row[1] for row in rows}


def claim_undos(tx: Tx, changeset: int, undos: Collection[str]) -> None:
    """Say which change set these writes of tags belong to."""
    tx.run(
        "UPDATE mt_journal SET changeset = ? WHERE op = ?"
        " AND substr(old, 1, instr(old, ' ') - 1) IN (SELECT value FROM json_each(?))",
        [changeset, Op.TAGS.value, json.dumps(list(undos))],
    )


def claim(tx: Tx, changeset: int, which: Unclaimed) -> int:
    """Say which change set unclaimed changes belong to; return how many."""
    condition, params = which.condition()
    return tx.run(f"UPDATE mt_journal SET changeset = ? WHERE {condition}", [changeset, *params])


def has_unclaimed(tx: Tx, which: Unclaimed) -> bool:
    """Whether `claim` would find anything."""
    condition, params = which.condition()
    return bool(tx.query(f"SELECT 1 FROM mt_journal WHERE {condition} LIMIT 1", params))


def unclaimed(tx: Tx) -> list[tuple[int, float]]:
    """Numbers and times (seconds since 1970) of all changes that nobody claimed, in order."""
    rows = tx.query('SELECT seq, "at" FROM mt_journal WHERE changeset IS NULL ORDER BY seq')
    return [(row[0], row[1]) for row in rows]


def entries(tx: Tx, changesets: Collection[int]) -> list[Entry]:
    """All changes of these change sets, in the order in which they happened."""
    return _entries(
        tx, "changeset IN (SELECT value FROM json_each(?))", [json.dumps(list(changesets))]
    )


def later_entries(
    tx: Tx, entity: Entity, ids: Collection[int], *, after: int, not_of: Collection[int]
) -> list[Entry]:
    """Changes of these entities after number `after` that do not belong to these change sets."""
    return _entries(
        tx,
        "seq > ? AND entity = ? AND entity_id IN (SELECT value FROM json_each(?))"
        " AND (changeset IS NULL OR changeset NOT IN (SELECT value FROM json_each(?)))",
        [after, entity.value, json.dumps(list(ids)), json.dumps(list(not_of))],
    )


def summaries(tx: Tx, changesets: Collection[int]) -> dict[int, Summary]:
    """What each of these change sets did, without `NOISE`; one that did nothing is left out."""
    of_these = "changeset IN (SELECT value FROM json_each(?))"
    quiet = ", ".join(f"'{name}'" for name in sorted(NOISE))
    wanted = f"{of_these} AND field NOT IN ({quiet})"
    listed = [json.dumps(list(changesets))]
    counted = tx.query(
        f"SELECT changeset, op, field, count(*) FROM mt_journal WHERE {wanted}"
        " GROUP BY 1, 2, 3 ORDER BY count(*) DESC",
        listed,
    )
    objects = tx.query(
        "SELECT changeset, count(*) FROM (SELECT DISTINCT changeset, entity, entity_id"
        f" FROM mt_journal WHERE {wanted}) GROUP BY 1",
        listed,
    )
    fields: dict[int, dict[str, int]] = {number: {} for number, _ in objects}
    for number, op, field, count in counted:
        name = op if op in _WHOLE_OPS else field
        fields[number][name] = fields[number].get(name, 0) + count
    return {
        number: Summary(sum(fields[number].values()), count, fields[number])
        for number, count in objects
    }


def newest_changeset(tx: Tx) -> int | None:
    """The change set of the newest change that has one."""
    rows = tx.query(
        "SELECT changeset FROM mt_journal WHERE changeset IS NOT NULL ORDER BY seq DESC LIMIT 1"
    )
    return int(rows[0][0]) if rows else None


def prune(tx: Tx, *, keep: int, before: float) -> int:
    """Forget the oldest changes beyond `keep`, and those older than `before`; return how many.

    The newest stays, so that no number is ever given out again.

    Args:
        tx: the open transaction.
        keep: how many may stay.
        before: seconds since 1970.
    """
    newest = last_seq(tx)
    aged = tx.query('SELECT IFNULL(min(seq), 0) FROM mt_journal WHERE "at" >= ?', [before])[0][0]
    surplus = tx.query("SELECT seq FROM mt_journal ORDER BY seq DESC LIMIT 1 OFFSET ?", [keep])
    bound = max(aged or newest, surplus[0][0] + 1 if surplus else 0)
    return tx.run("DELETE FROM mt_journal WHERE seq < min(?, ?)", [bound, newest])


def needs_pruning(tx: Tx, *, keep: int, before: float) -> bool:
    """Whether `prune` would forget anything worth a write; costs two look-ups."""
    found = tx.query('SELECT seq, "at" FROM mt_journal ORDER BY seq LIMIT 1')
    if not found:
        return False
    oldest, at = found[0]
    return last_seq(tx) - int(oldest) >= keep + keep // 20 or float(at) < before


def size(tx: Tx) -> Size:
    """Count the journal; its bytes are estimated from the newest thousand changes."""
    rows, since = tx.query('SELECT count(*), min("at") FROM mt_journal')[0]
    average = tx.query(
        "SELECT avg(40 + length(field) + IFNULL(length(old), 0) + IFNULL(length(new), 0))"
        " FROM (SELECT * FROM mt_journal ORDER BY seq DESC LIMIT 1000)"
    )[0][0]
    return Size(rows, since, round(rows * (average or 0)))


def decode_row(old: Stored) -> dict[str, Stored]:
    """The columns of a removed row that were set."""
    parts = json.loads(str(old))
    return {name: _literal(text) for part in parts for name, text in part.items() if text != "NULL"}


def encode_row(columns: Mapping[str, Stored]) -> str:
    """A row as the trigger of a removal writes it."""
    return json.dumps([{name: _quoted(value) for name, value in columns.items()}])


def _or_null(value: Value) -> Stored:
    return None if value is ABSENT else value


def _entries(tx: Tx, condition: str, params: Sequence[object]) -> list[Entry]:
    listed = ", ".join(f'"{name}"' for name in _COLUMNS)
    rows = tx.query(f"SELECT {listed} FROM mt_journal WHERE {condition} ORDER BY seq", params)
    kinds: dict[str, Subject] = {each.value: each for each in (*Entity, *Foreign)}
    ops = {op.value: op for op in Op}
    return [
        Entry(seq, at, kinds[entity], number, ops[op], field, old, new, changeset)
        for seq, at, entity, number, op, field, old, new, changeset in rows
    ]


def _present(tx: Tx) -> dict[str, str]:
    """The triggers there are: statements by name."""
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB ?"
    return dict(tx.query(sql, [f"{TRIGGER_PREFIX}*"]))


def _triggers(tx: Tx) -> dict[str, str]:
    """All statements by the name of their trigger."""
    return {
        name: statement
        for entity in Entity
        for name, statement in (
            *_row_triggers(entity, entity.columns(tx)),
            *_attribute_triggers(entity),
        )
    }


def _row_triggers(entity: Entity, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    table = entity.table
    marks = [name for name in _BLANK[entity] if name in columns]

    def blank(row: str) -> str:
        return " AND ".join(f'{row}."{name}" IS NULL' for name in marks)

    for column in columns:
        if column != "id":
            yield _trigger(
                f"{table}_{column}",
                f'AFTER UPDATE OF "{column}" ON "{table}"'
                f' WHEN old."{column}" IS NOT new."{column}" AND NOT ({blank("old")})',
                f"VALUES ({_AT}, '{entity.value}', new.id, 'update', '{column}',"
                f' old."{column}", new."{column}")',
            )
    appeared = f"VALUES ({_AT}, '{entity.value}', new.id, 'insert', '*', NULL, NULL)"
    yield _trigger(
        f"{table}__insert", f'AFTER INSERT ON "{table}" WHEN NOT ({blank("new")})', appeared
    )
    yield _trigger(
        f"{table}__fill",
        f'AFTER UPDATE ON "{table}" WHEN ({blank("old")}) AND NOT ({blank("new")})',
        appeared,
    )
    yield _trigger(
        f"{table}__delete",
        f'BEFORE DELETE ON "{table}" WHEN NOT ({blank("old")})',
        f"VALUES ({_AT}, '{entity.value}', old.id, 'delete', '*', {_whole_row(columns)}, NULL)",
    )


def _whole_row(columns: Sequence[str]) -> str:
    """SQL for a removed row; `quote` because JSON has no BLOB and rounds numbers."""
    named = [f"'{name}', quote(old.\"{name}\")" for name in columns]
    objects = [
        f"json_object({', '.join(named[start : start + _OBJECT_COLUMNS])})"
        for start in range(0, len(named), _OBJECT_COLUMNS)
    ]
    return f"json_array({', '.join(objects)})"


def _attribute_triggers(entity: Entity) -> Iterator[tuple[str, str]]:
    table = entity.attributes
    begin = f"VALUES ({_AT}, '{entity.value}', "
    # Before, because a conflict replaces the present row without firing any trigger of removal.
    yield _trigger(
        f"{table}__insert",
        f'BEFORE INSERT ON "{table}"',
        f"SELECT {_AT}, '{entity.value}', new.entity_id,"
        " CASE WHEN present.id IS NULL THEN 'add' ELSE 'set' END, new.key, present.value, new.value"
        f' FROM (SELECT 1) LEFT JOIN "{table}" AS present'
        " ON present.entity_id = new.entity_id AND present.key = new.key"
        " WHERE present.id IS NULL OR present.value IS NOT new.value",
    )
    yield _trigger(
        f"{table}__delete",
        f'BEFORE DELETE ON "{table}"',
        f"{begin}old.entity_id, 'drop', old.key, old.value, NULL)",
    )
    yield _trigger(
        f"{table}__value",
        f'AFTER UPDATE OF value ON "{table}" WHEN old.value IS NOT new.value'
        " AND old.entity_id IS new.entity_id AND old.key IS new.key",
        f"{begin}new.entity_id, 'set', new.key, old.value, new.value)",
    )
    yield _trigger(
        f"{table}__key",
        f'AFTER UPDATE ON "{table}"'
        " WHEN old.entity_id IS NOT new.entity_id OR old.key IS NOT new.key",
        f"{begin}old.entity_id, 'drop', old.key, old.value, NULL),"
        f" ({_AT}, '{entity.value}', new.entity_id, 'add', new.key, NULL, new.value)",
    )


def _trigger(name: str, when: str, rows: str) -> tuple[str, str]:
    full = f"{TRIGGER_PREFIX}{name}"
    return full, f'CREATE TRIGGER "{full}" {when} BEGIN {_INTO} {rows}; END'


def _literal(text: str) -> Stored:
    """The value of an SQL literal as `quote` writes it."""
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text.startswith("X'"):
        return bytes.fromhex(text[2:-1])
    return float(text) if set(text) & set(".eEnN") else int(text)


def _quoted(value: Stored) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"X'{value.hex()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return repr(value)
