"""Drafts become files: journalled in place when the size stays, else copy, verify, rename.

A batch goes in this order, and each arrow is an fsync: locks, drafts, pack -> its folder -> marker
-> all files -> their folders, marker removed. So a single write costs four in place and five
copied, and a batch of 64 shares the first three.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from musictool_core.errors import MusicToolError, StorageError
from musictool_core.progress import CancelToken
from musictool_core.safeio import platform, whole
from musictool_core.safeio.drafts import Draft, draft_same
from musictool_core.safeio.files import temporary_beside
from musictool_core.safeio.overlay import Overlay, Source
from musictool_core.safeio.packs import Entry, Extent, PackBuilder, Store
from musictool_core.safeio.recipes import audio_sample, content_mark, record_old
from musictool_core.safeio.recovery import put_back, recover_stale
from musictool_core.safeio.seam import (
    CHUNK,
    CREATE,
    SafeIo,
    close_quietly,
    is_named,
    opened,
    write_all,
)
from musictool_core.safeio.whole import SUFFIX, keep_copy, record_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

BATCH = 64
WAIT_S = 5.0
"""How long a second writer waits for the first."""

MOST_IN_PLACE_BYTES = 4 << 20
"""Above, a journal costs more than a copy."""

_BLOCK = 4096
_STOPPING = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT})

HardLinks = Literal["refuse", "break", "inplace"]


class Method(Enum):
    """How a file was written."""

    UNCHANGED = "unchanged"
    IN_PLACE = "in place"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A file that is as wanted, durably.

    Attributes:
        path: as given.
        method: how it was written.
        undo: name for `restore_tags` of the bytes before; None when nothing was written.
        before: mark of the file before (`file_mark`); "" without a note.
        after: mark of the file after; "" without a note.
    """

    path: Path
    method: Method
    undo: str | None = None
    before: str = ""
    after: str = ""


class FileBusy(StorageError):
    """Another process writes this file."""


class FileChanged(StorageError):
    """Another program changed the file while we prepared the write; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How to write.

    Attributes:
        hardlinks: what to do with a file of several names that needs a new file: refuse it, give
            this name a file of its own ("break"), or overwrite it for all names ("inplace").
        preserve_mtime: keep the modification time.
        wait_s: how long to wait for another process that writes the file.
    """

    hardlinks: HardLinks = "refuse"
    preserve_mtime: bool = False
    wait_s: float = WAIT_S


@dataclass(frozen=True, slots=True)
class Request:
    """A file to write.

    Attributes:
        path: of the file.
        draft: works out its new content; None when it is as wanted.
        note: what `unsettled` says of the write; None for nothing.
    """

    path: str
    draft: Callable[[Source, str], Draft | None]
    note: Any = None


Outcome = WriteResult | MusicToolError


@dataclass(slots=True)
class _Job:
    """A file on its way through a batch."""

    request: Request
    target: str
    outcome: Outcome | None = None
    facts: os.stat_result | None = None
    source: Source | None = None
    draft: Draft | None = None
    entry: Entry | None = None
    copy: str = ""
    extents: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    is_torn: bool = False
    reading: ExitStack = field(default_factory=ExitStack)
    """Closes the file as it was."""


def commit(requests: Sequence[Request], state: str, policy: Policy, io: SafeIo) -> list[Outcome]:
    """Write all files, in batches; one outcome per request, in their order.

    A full or read-only disk ends the work: what follows is not touched and gets an error, too.
    """
    outcomes: list[Outcome] = []
    for batch in _batches(requests, io):
        stopped_by = next((done for done in outcomes if _is_stopping(done)), None)
        if stopped_by is not None:
            outcomes += [_not_tried(job, stopped_by) for job in batch]
            continue
        _Batch(batch, Store(state, io), policy).run()
        outcomes += [job.outcome for job in batch if job.outcome is not None]
    return outcomes


def keep(path: str, state: str, io: SafeIo) -> str:
    """Make the undo record of a file without writing it; return its name.

    Raises:
        FormatError: the file cannot be handled safely.
        StorageError: it cannot be read, or the record not be written.
    """
    store = Store(state, io)
    target = io.resolve(path)
    try:
        store.prepare()
        with opened(io, target, os.O_RDONLY) as descriptor:
            facts = io.fstat(descriptor)
            source = Source(io, descriptor, facts.st_size)
            draft = draft_same(source, path)
            builder = PackBuilder(store)
            entry = _entry(source, draft, builder, target=target, facts=facts)
        data = builder.packed([entry], secrets.token_hex(8))
        pack = hashlib.sha256(data).hexdigest()[:32]
        _write_pack(store, pack, data)
    except OSError as error:
        raise StorageError(
            f"what {path} holds could not be kept ({error.strerror or error})."
        ) from error
    return f"{pack}-0"


def _batches(requests: Sequence[Request], io: SafeIo) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    targets: set[str] = set()
    for request in requests:
        target = io.resolve(request.path)
        key = platform.folded(target)
        if len(batch) == BATCH or key in targets:
            yield batch
            batch, targets = [], set()
        batch.append(_Job(request, target))
        targets.add(key)
    if batch:
        yield batch


def _is_noted(notes: Iterable[Any]) -> bool:
    return any(note is not None for note in notes)


def _is_stopping(outcome: Outcome) -> bool:
    cause = outcome.__cause__ if isinstance(outcome, StorageError) else None
    return isinstance(cause, OSError) and cause.errno in _STOPPING


def _not_tried(job: _Job, reason: Outcome) -> StorageError:
    return StorageError(f"{job.request.path} was not tried: {reason}")


class _Batch:
    """One pack's worth of files."""

    def __init__(self, jobs: list[_Job], store: Store, policy: Policy) -> None:
        self._jobs = jobs
        self._policy = policy
        self._store = store
        self._io = store.io
        self._open = ExitStack()

    def run(self) -> None:
        """Write the files; afterwards each job has its outcome."""
        with self._open:
            try:
                self._store.prepare()
            except OSError as error:
                self._fail_rest(f"{self._store.root} cannot be used", error)
                return
            # In one order for all processes, so that two batches cannot wait for each other.
            for job in sorted(self._jobs, key=lambda job: job.target):
                self._guard(job, self._prepare)
            ready = [job for job in self._jobs if job.draft is not None and job.outcome is None]
            if ready:
                self._write(ready)

    def _write(self, jobs: list[_Job]) -> None:
        builder = PackBuilder(self._store)
        for job in jobs:
            self._guard(job, partial(self._plan, builder=builder))
        jobs = [job for job in jobs if job.outcome is None]
        entries = [job.entry for job in jobs if job.entry is not None]
        if not entries:
            return
        notes = [job.request.note for job in jobs]
        data = builder.packed(entries, secrets.token_hex(8))
        pack = hashlib.sha256(data).hexdigest()[:32]
        try:
            self._keep(pack, data, notes)
        except OSError as error:
            self._forget(pack)
            self._fail_rest("the undo record could not be written", error)
            return
        for number, job in enumerate(jobs):
            self._guard(job, partial(self._apply, undo=f"{pack}-{number}"))
        self._sync_folders(jobs)
        self._finish(pack, jobs, builder.large(), is_noted=_is_noted(notes))

    def _guard(self, job: _Job, step: Callable[[_Job], None]) -> None:
        """Run a step; its failure is the job's outcome."""
        try:
            step(job)
        except MusicToolError as error:
            job.outcome = error
        except OSError as error:
            job.outcome = _failure(job, error)

    def _fail_rest(self, what: str, error: OSError) -> None:
        for job in self._jobs:
            if job.outcome is None:
                job.outcome = StorageError(
                    f"{job.request.path} was not written: {what} ({error.strerror}); unchanged."
                )
                job.outcome.__cause__ = error

    # Before anything is written.

    def _prepare(self, job: _Job) -> None:
        self._lock(job)
        recover_stale(self._store, job.target)
        if not stat.S_ISREG(self._io.stat(job.target).st_mode):
            # Opening a pipe would wait for its other end.
            raise StorageError(f"{job.request.path} is no file; nothing was changed.")
        descriptor = self._io.open(job.target, os.O_RDONLY)
        job.reading.callback(close_quietly, self._io, descriptor)
        self._open.push(job.reading)
        job.facts = self._io.fstat(descriptor)
        job.source = Source(self._io, descriptor, job.facts.st_size)
        job.draft = job.request.draft(job.source, job.request.path)
        if job.draft is None or _is_same(job):
            job.draft = None
            job.outcome = WriteResult(Path(job.request.path), Method.UNCHANGED)
        elif not self._io.may_write(job.target):
            raise StorageError(
                f"{job.request.path} is read-only; unchanged.", hint="Allow writing to it first."
            )

    def _lock(self, job: _Job) -> None:
        key = hashlib.sha256(os.fsencode(platform.folded(job.target))).hexdigest()[:32]
        path = f"{self._store.work}/{key}.lock"
        patience, deadline = CancelToken(), time.monotonic() + self._policy.wait_s
        while not self._took(path):
            if time.monotonic() > deadline:
                raise FileBusy(
                    f"{job.request.path} is being written by another process; unchanged.",
                    hint="Try again when it is done.",
                )
            patience.wait(0.02)

    def _took(self, path: str) -> bool:
        descriptor = self._io.open(path, os.O_RDWR | os.O_CREAT)
        is_ours = False
        try:
            # Whoever had it before may have removed the name while we waited.
            is_ours = self._io.lock(descriptor) and is_named(self._io, descriptor, path)
        finally:
            if not is_ours:
                close_quietly(self._io, descriptor)
        if is_ours:
            self._open.callback(self._release, descriptor, path)
        return is_ours

    def _release(self, descriptor: int, path: str) -> None:
        with suppress(OSError):
            # Windows cannot remove an open file; an old lock file does no harm there.
            self._io.unlink(path)
        close_quietly(self._io, descriptor)

    def _plan(self, job: _Job, builder: PackBuilder) -> None:
        source, draft, facts = _ready(job)
        in_place = (
            draft.new.size == source.size
            and draft.layout.audio == draft.old.audio
            # Shares answer fsync as they like.
            and not platform.network_file_system(Path(job.target))
        )
        if in_place:
            job.extents = list(_extents(source, draft))
            in_place = sum(len(new) for _, _, new in job.extents) <= MOST_IN_PLACE_BYTES
        if not in_place:
            job.extents = []
            if facts.st_nlink > 1:
                self._plan_names(job, facts.st_nlink)
        extents = tuple(
            Extent(offset, builder.add(old), builder.add(new)) for offset, old, new in job.extents
        )
        temporary = "" if in_place or job.copy else temporary_beside(job.target)
        job.entry = _entry(
            source,
            draft,
            builder,
            target=job.target,
            facts=facts,
            temporary=temporary,
            extents=extents,
            with_marks=job.request.note is not None,
            copy=job.copy,
        )

    def _plan_names(self, job: _Job, names: int) -> None:
        """Decide about a file of several names that cannot stay as large as it is."""
        source, _, _ = _ready(job)
        if self._policy.hardlinks == "refuse":
            raise StorageError(
                f"{job.request.path} has {names} names (hard links), and the new tags need a new "
                "file; unchanged.",
                hint="Set musictool.hardlinks to inplace (all names get the new tags) or break"
                " (this name gets a file of its own).",
            )
        if self._policy.hardlinks == "inplace":
            job.copy = f"{self._store.work}/{secrets.token_hex(16)}{SUFFIX}"
            self._open.callback(self._drop_copy, job)
            descriptor = keep_copy(self._io, source, job.copy)
            self._open.callback(close_quietly, self._io, descriptor)

    def _drop_copy(self, job: _Job) -> None:
        if not job.is_torn:
            with suppress(OSError):
                self._io.unlink(job.copy)

    def _keep(self, pack: str, data: bytes, notes: Sequence[Any]) -> None:
        """Make pack and marker durable; from here on a crash can be put right."""
        io, store = self._io, self._store
        _write_pack(store, pack, data)
        # The marker gets its name when it is locked: another process that sees it unlocked takes
        # it for the remains of a crash.
        fresh, marker = f"{store.work}/{pack}.new", f"{store.work}/{pack}"
        descriptor = io.open(fresh, CREATE)
        self._open.callback(close_quietly, io, descriptor)
        if not (io.lock(descriptor) and is_named(io, descriptor, fresh)):
            raise BlockingIOError(errno.EAGAIN, "a recovery came between; try again")
        if _is_noted(notes):
            # Not synced: after a power cut, a write without its note cannot be undone, no more.
            owned = {"owner": platform.mark_of(os.getpid()), "notes": notes}
            write_all(io, descriptor, json.dumps(owned).encode("ascii"))
        io.replace(fresh, marker)
        io.sync_directory(store.work)

    def _forget(self, pack: str) -> None:
        for path in (
            f"{self._store.work}/{pack}.new",
            f"{self._store.work}/{pack}",
            f"{self._store.undo}/{pack}",
        ):
            with suppress(OSError):
                self._io.unlink(path)

    # Writing.

    def _apply(self, job: _Job, undo: str) -> None:
        entry = job.entry
        if entry is None:
            return
        if entry.temporary:
            self._copy(job, entry.temporary)
        elif entry.copy:
            self._overwrite(job)
        else:
            self._write_in_place(job)
        method = Method.COPIED if entry.temporary else Method.IN_PLACE
        job.outcome = WriteResult(
            Path(job.request.path), method, undo, entry.mark_before, entry.mark_after
        )

    def _write_in_place(self, job: _Job) -> None:
        _, _, facts = _ready(job)
        with opened(self._io, job.target, os.O_RDWR) as descriptor:
            self._check_unchanged(job, self._io.fstat(descriptor))
            try:
                for offset, _, new in job.extents:
                    write_all(self._io, descriptor, new, offset)
                self._io.fsync(descriptor)
                if self._policy.preserve_mtime:
                    self._io.utime(job.target, facts.st_atime_ns, facts.st_mtime_ns)
            except BaseException:
                job.is_torn = True
                self._take_back(job)
                raise

    def _overwrite(self, job: _Job) -> None:
        io = self._io
        _, draft, facts = _ready(job)
        with (
            opened(io, job.copy, os.O_RDONLY) as kept,
            opened(io, job.target, os.O_RDWR) as descriptor,
        ):
            self._check_unchanged(job, io.fstat(descriptor))
            # The file itself is no source any more once it is written to.
            new = Overlay.of(Source(io, kept, facts.st_size), "", list(draft.new.pieces()))
            try:
                whole.overwrite(io, descriptor, new, facts.st_size)
                if self._policy.preserve_mtime:
                    io.utime(job.target, facts.st_atime_ns, facts.st_mtime_ns)
            except BaseException:
                job.is_torn = True
                self._take_back(job)
                raise

    def _put_back(self, job: _Job) -> None:
        if not job.copy:
            put_back(self._io, job.target, [(offset, old) for offset, old, _ in job.extents])
            return
        _, _, facts = _ready(job)
        with opened(self._io, job.copy, os.O_RDONLY) as kept:
            whole.put_back(self._io, job.target, Source(self._io, kept, facts.st_size))

    def _take_back(self, job: _Job) -> None:
        _, _, facts = _ready(job)
        try:
            self._put_back(job)
            self._io.utime(job.target, facts.st_atime_ns, facts.st_mtime_ns)
        except OSError as error:
            raise StorageError(
                f"{job.request.path} is half written ({error.strerror}).",
                hint="Its old content is kept and put back at the next start.",
            ) from error
        job.is_torn = False

    def _copy(self, job: _Job, temporary: str) -> None:
        io = self._io
        _, draft, facts = _ready(job)
        try:
            with opened(io, temporary, CREATE) as descriptor:
                expected, offset = hashlib.sha256(), 0
                for data in _chunks(draft):
                    offset = write_all(io, descriptor, data, offset)
                    expected.update(data)
                self._dress(job, temporary, descriptor)
                io.fsync(descriptor)
                _check_kept(io, descriptor, expected.digest(), job.request.path)
            if self._policy.preserve_mtime:
                io.utime(temporary, facts.st_atime_ns, facts.st_mtime_ns)
            self._check_unchanged(job, io.stat(job.target))
            # Windows does not replace what is open.
            job.reading.close()
            io.replace(temporary, job.target)
        except BaseException:
            with suppress(OSError):
                io.unlink(temporary)
            raise

    def _dress(self, job: _Job, temporary: str, descriptor: int) -> None:
        """Give the copy the owner, mode and attributes of the file."""
        io = self._io
        _, _, facts = _ready(job)
        ours = io.fstat(descriptor)
        if (ours.st_uid, ours.st_gid) != (facts.st_uid, facts.st_gid):
            io.chown(temporary, facts.st_uid, facts.st_gid)
        io.chmod(temporary, stat.S_IMODE(facts.st_mode))
        for name, value in io.xattrs(job.target).items():
            io.set_xattr(temporary, name, value)

    def _check_unchanged(self, job: _Job, now: os.stat_result) -> None:
        _, _, facts = _ready(job)
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (
            facts.st_ino,
            facts.st_size,
            facts.st_mtime_ns,
        ):
            raise FileChanged(
                f"{job.request.path} was changed by another program meanwhile; left as it is.",
                hint="Try again.",
            )

    # After writing.

    def _sync_folders(self, jobs: list[_Job]) -> None:
        errors: dict[str, OSError | None] = {}
        for job in jobs:
            if not (isinstance(job.outcome, WriteResult) and job.outcome.method is Method.COPIED):
                continue
            folder = os.path.dirname(job.target)
            if folder not in errors:
                try:
                    self._io.sync_directory(folder)
                except OSError as error:
                    errors[folder] = error
                else:
                    errors[folder] = None
            cause = errors[folder]
            if cause is not None:
                job.outcome = StorageError(
                    f"{job.request.path} was written, but a power cut now may bring back the old "
                    f"file ({cause.strerror})."
                )
                job.outcome.__cause__ = cause

    def _finish(
        self, pack: str, jobs: list[_Job], shared: Iterable[str], *, is_noted: bool
    ) -> None:
        """Remove the marker; without a sync, for `recover` finds that nothing is left to do."""
        if any(job.is_torn for job in jobs):
            return
        if not any(isinstance(job.outcome, WriteResult) for job in jobs):
            self._forget(pack)
            return
        with suppress(OSError):
            if is_noted:
                self._io.replace(f"{self._store.work}/{pack}", f"{self._store.unsettled}/{pack}")
            else:
                self._io.unlink(f"{self._store.work}/{pack}")
        flags = os.O_RDWR | os.O_CREAT
        for blob in shared:
            # Not synced: one that a power cut takes costs a second copy of a picture, no more.
            with (
                suppress(OSError),
                opened(self._io, f"{self._store.shared}/{blob}", flags) as descriptor,
            ):
                write_all(self._io, descriptor, pack.encode("ascii"))


def _entry(
    source: Source,
    draft: Draft,
    builder: PackBuilder,
    *,
    target: str,
    facts: os.stat_result,
    temporary: str = "",
    extents: tuple[Extent, ...] = (),
    with_marks: bool = False,
    copy: str = "",
) -> Entry:
    """What a pack says of one file; what it holds of it goes to the builder."""
    return Entry(
        path=target,
        temporary=temporary,
        size=source.size,
        modified_ns=facts.st_mtime_ns,
        audio_size=draft.old.audio_size,
        audio_sample=audio_sample(source, draft.old),
        extents=extents,
        ops=record_old(source, draft, builder),
        mark_before=content_mark(source) if with_marks else "",
        mark_after=content_mark(draft.new) if with_marks else "",
        copy=copy,
        remake=record_new(draft.new, builder) if copy else (),
    )


def _write_pack(store: Store, pack: str, data: bytes) -> None:
    with opened(store.io, f"{store.undo}/{pack}", CREATE) as descriptor:
        write_all(store.io, descriptor, data)
        store.io.fsync(descriptor)
    store.io.sync_directory(store.undo)


def _failure(job: _Job, error: OSError) -> StorageError:
    failure = StorageError(
        f"{job.request.path} could not be written ({error.strerror or error}); unchanged."
    )
    failure.__cause__ = error
    return failure


def _ready(job: _Job) -> tuple[Source, Draft, os.stat_result]:
    if job.source is None or job.draft is None or job.facts is None:
        raise StorageError(f"{job.request.path} was not prepared; unchanged.")
    return job.source, job.draft, job.facts


def _is_same(job: _Job) -> bool:
    source, draft, _ = _ready(job)
    return draft.new.size == source.size and not any(_extents(source, draft))


def _extents(source: Source, draft: Draft) -> Iterator[tuple[int, bytes, bytes]]:
    """Offset, old and new bytes of what differs between two files of one size."""
    at = 0
    for piece in draft.new.pieces():
        if piece.source != at:
            for offset in range(at, at + piece.length, _BLOCK):
                size = min(_BLOCK, at + piece.length - offset)
                old, new = source.read_at(offset, size), draft.new.read_at(offset, size)
                if old != new:
                    yield offset, old, new
        at += piece.length


def _chunks(draft: Draft) -> Iterator[bytes]:
    for offset in range(0, draft.new.size, CHUNK):
        yield draft.new.read_at(offset, CHUNK)


def _check_kept(io: SafeIo, descriptor: int, digest: bytes, name: str) -> None:
    total, offset = hashlib.sha256(), 0
    while data := io.read_at(descriptor, offset, CHUNK):
        total.update(data)
        offset += len(data)
    if total.digest() != digest:
        raise StorageError(f"{name}: the disk did not keep what was written; unchanged.")
