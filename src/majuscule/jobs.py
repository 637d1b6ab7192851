"""Whole corpora: every file restored on all cores, nothing lost, nothing twice.

Files are cut into parts (`majuscule.formats`), processes restore them (`majuscule.workers`), and
what comes of them is written in order. While the work is not done, a folder holds what has come
so far (`majuscule.journal`) and, in ``manifest.json``, what it is: the files that go in, the
model, the options. So work that was stopped, by whatever, goes on where it was, and gives what
it would have given. Each restored file appears under its name when it is whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import majuscule
from majuscule import corpus, parts, sources
from majuscule.changes import Changes
from majuscule.errors import DataError, MajusculeError
from majuscule.formats import FORMATS
from majuscule.journal import MANIFEST, Counts, Journal, clear, locked, parsed, settle
from majuscule.workers import Pool, Rules, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from majuscule.parts import Part, Piece
    from majuscule.restorer import Restorer
    from majuscule.sources import Source

LISTED = 1000
"""Bad records that a report names; it counts them all."""


class Progress(Protocol):
    """Is told how far the work is, in bytes of the files that go in."""

    def begin(self, name: str, total: int | None, /) -> None:
        """Work of so many bytes begins."""

    def advance(self, count: int, /) -> None:
        """So many more are done."""

    def close(self) -> None:
        """The work is at an end, or broken off."""


class Task(NamedTuple):
    """A file to restore.

    Attributes:
        source: where it is.
        format: one of `majuscule.formats.FORMATS`.
        output: where the restored file goes: a path, or a URL.
    """

    source: Source
    format: str
    output: str


@dataclass
class Report:
    """What was done.

    Attributes:
        files, bytes, records: what went in; bytes as they are stored.
        changes: what changed.
        skipped, kept: bad records left out, and left as they were.
        bad: the first `LISTED` of them: file, row from 1, column, and what was wrong.
        parts, before: all parts, and those that earlier runs had done.
        seconds: of this run.
    """

    files: int = 0
    bytes: int = 0
    records: int = 0
    changes: Changes = field(default_factory=Changes)
    skipped: int = 0
    kept: int = 0
    bad: list[dict[str, Any]] = field(default_factory=list)
    parts: int = 0
    before: int = 0
    seconds: float = 0.0

    def add(self, name: str, rules: Rules, counts: Counts) -> None:
        """Count what came of a part of a file."""
        self.parts += 1
        self.records += counts.records
        self.changes += counts.changes
        if rules.on_error == "keep":
            self.kept += counts.bad
        else:
            self.skipped += counts.bad
        for row, column, why in counts.faults[: LISTED - len(self.bad)]:
            self.bad.append({"file": name, "row": row + 1, "column": column, "why": why})

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        counted = {part.name: getattr(self.changes, part.name) for part in fields(Changes)}
        rate = self.bytes / 1e6 / self.seconds if self.seconds else 0.0
        return {
            "files": self.files,
            "bytes": self.bytes,
            "records": self.records,
            "documents": counted.pop("documents"),
            "tokens": counted.pop("tokens"),
            "changes": counted,
            "skipped": self.skipped,
            "kept": self.kept,
            "bad_records": self.bad,
            "bad_records_not_listed": self.skipped + self.kept - len(self.bad),
            "parts": self.parts,
            "parts_done_before": self.before,
            "seconds": round(self.seconds, 3),
            "megabytes_per_second": round(rate, 3),
        }


class Job:
    """Files to restore, and where they go.

    Args:
        tasks: the files.
        restorer: restores them.
        rules: how.
        jobs: how many processes restore; if it is one, this one does.
        progress: is told how far it is.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        restorer: Restorer,
        rules: Rules,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self._tasks = list(tasks)
        self._restorer, self._rules, self._jobs = restorer, rules, jobs
        self._progress = progress
        self._report = Report()

    def run(self, folder: Path, *, afresh: bool = False) -> Report:
        """Do what is left to do.

        Args:
            folder: where the work is kept until it is done; then the folder goes.
            afresh: forget what was done before.

        Returns:
            What was done, by earlier runs, too.

        Raises:
            DataError: a file is not what it should be, or a record is bad and that is not
                allowed: the first in order, however many processes there are.
            MajusculeError: the folder is of other work, or another process is at it.
            OSError: a file cannot be read or written.
        """
        began = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            self._begin(folder, afresh=afresh)
            with self._working() as pool, ExitStack() as opened:
                journals = []
                for number in range(len(self._tasks)):
                    journals.append(Journal(folder, number))
                    opened.callback(journals[-1].close)
                self._restore(pool, journals)
            clear(folder)
        with suppress(OSError):  # what is there besides is somebody else's
            folder.rmdir()
        self._report.files = len(self._tasks)
        self._report.bytes = sum(task.source.size or 0 for task in self._tasks)
        self._report.seconds = time.monotonic() - began
        return self._report

    def stream(self, write: Callable[[bytes], None]) -> Report:
        """Restore the only file and hand on what comes of it, in order; nothing is kept.

        Args:
            write: is given the bytes.

        Raises:
            DataError: as `run`.
            MajusculeError: files of this format cannot be written so.
            OSError: the file cannot be read.
        """
        began = time.monotonic()
        (task,) = self._tasks
        if FORMATS[task.format].finished:
            raise MajusculeError(
                f"{task.source.name}: expected a format that can be written bit by bit, got"
                f" {task.format}; name a file with -o"
            )
        with self._working() as pool:
            for _, piece, sha256 in self._pieces(pool, {0: []}):
                if piece is not None:
                    counts = Counts(
                        sha256, 0, piece.records, piece.changes, len(piece.faults), piece.faults
                    )
                    self._report.add(task.source.name, self._rules, counts)
                    write(piece.data)
        self._report.files = 1
        self._report.seconds = time.monotonic() - began
        return self._report

    def _begin(self, folder: Path, *, afresh: bool) -> None:
        """See that what was begun here is this work, or begin it."""
        manifest = folder / MANIFEST
        wanted = self._manifest()
        # Where nothing has come of it yet, no other work is in the way.
        if (
            manifest.exists()
            and not afresh
            and any(path.stat().st_size for path in folder.glob("*.journal"))
        ):
            found = parsed(manifest.read_bytes() + b"\n") or {}
            for name, value in wanted.items():
                if found.get(name) != value:
                    raise MajusculeError(
                        f"{folder}: expected the work that was begun here, which has other"
                        f" {name}{_first_difference(found.get(name), value)}; go on as it was"
                        " begun, or begin anew with --restart"
                    )
            return
        clear(folder)
        with corpus.writer(str(manifest)) as write:
            write(json.dumps(wanted))
        settle(folder)

    def _manifest(self) -> dict[str, Any]:
        """All that the output depends on, as JSON gives it back."""
        about = {
            "files": {
                task.source.name: [task.source.fingerprint, task.format, task.output]
                for task in self._tasks
            },
            "options": self._restorer.options,  # before the model, whose hash the effort changes
            "model": self._restorer.hash,
            "rules": {**self._rules.columns._asdict(), "on_error": self._rules.on_error},
            "version": [majuscule.__version__, parts.PART],
        }
        known: dict[str, Any] = json.loads(json.dumps(about))
        return known

    @contextmanager
    def _working(self) -> Iterator[Pool]:
        """The processes, while there is work."""
        sizes = [task.source.size for task in self._tasks]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        pool = Pool(self._jobs, self._restorer)
        try:
            if self._progress:
                self._progress.begin("restoring", total)
            yield pool
        except BrokenProcessPool:
            raise MajusculeError(
                "expected the processes to stay alive, one was ended from outside, maybe for want"
                " of memory; call again to go on, with fewer --jobs"
            ) from None
        finally:
            if self._progress:
                self._progress.close()
            pool.close()

    def _restore(self, pool: Pool, journals: Sequence[Journal]) -> None:
        """Restore what is left of all files."""
        done: dict[int, list[Counts]] = {}
        finishing: deque[tuple[int, Future[None]]] = deque()
        for number, (task, journal) in enumerate(zip(self._tasks, journals, strict=True)):
            with corpus.naming(str(journal.pieces)):
                journal.read()
            for counts in journal.parts:
                self._report.add(task.source.name, self._rules, counts)
            self._report.before += len(journal.parts)
            if not journal.whole:
                done[number] = list(journal.parts)
                continue
            if self._progress:
                self._progress.advance(task.source.size or 0)
            if journal.pieces.exists():
                finishing += self._end(pool, number, journal)
        for number, piece, sha256 in self._pieces(pool, done):
            journal = journals[number]
            if piece is not None:
                counts = journal.add(piece, sha256)
                self._report.add(self._tasks[number].source.name, self._rules, counts)
            else:
                journal.complete()
                finishing += self._end(pool, number, journal)
            while finishing and finishing[0][1].done():
                self._appear(*finishing.popleft(), journals)
        for number, future in finishing:
            self._appear(number, future, journals)

    def _pieces(
        self, pool: Pool, done: dict[int, list[Counts]]
    ) -> Iterator[tuple[int, Piece | None, str]]:
        """What comes of the parts of files, in order; None when all of one has come.

        Args:
            pool: restores them.
            done: of each file by its number, which of its parts are done already.
        """
        waiting: deque[tuple[int, Part | None, Future[Piece] | None, str]] = deque()
        size = 0
        reached: dict[int, int] = {}

        def first() -> tuple[int, Piece | None, str]:
            nonlocal size
            number, part, future, sha256 = waiting.popleft()
            if part is None or future is None:
                return number, None, ""
            size -= len(part.data)
            piece = future.result()
            if self._progress:
                self._progress.advance(part.at - reached.get(number, 0))
            reached[number] = part.at
            return number, piece, sha256

        failed: Exception | None = None
        for number, before in done.items():
            task = self._tasks[number]
            suffix = sources.split_suffix(task.output)[1]
            member = suffix if suffix != ".zst" else ""  # which is to be one frame
            left = self._left(task, before)
            while failed is None:
                try:
                    part, sha256 = next(left)
                except StopIteration:
                    waiting.append((number, None, None, ""))
                    break
                except (MajusculeError, OSError) as error:
                    failed = error  # what came before is first
                    break
                work = Work(part, task.source.name, task.format, member, self._rules)
                waiting.append((number, part, pool.restored(work), sha256))
                size += len(part.data)
                while len(waiting) > 2 * self._jobs or size > 4 * self._jobs * parts.PART:
                    yield first()
            if failed:
                break
        while waiting:
            yield first()
        if failed:
            raise failed

    def _left(self, task: Task, before: Sequence[Counts]) -> Iterator[tuple[Part, str]]:
        """The parts of a file that are not done yet, with their hashes."""
        cut = FORMATS[task.format].parts(task.source, self._rules.columns, self._restorer)
        number = 0
        for number, part in enumerate(cut, 1):
            sha256 = hashlib.sha256(part.lead + part.data).hexdigest()
            if number > len(before):
                yield part, sha256
            elif before[number - 1].sha256 != sha256:
                raise _changed(task.source.name)
        if number < len(before):
            raise _changed(task.source.name)

    def _end(self, pool: Pool, number: int, journal: Journal) -> Iterator[tuple[int, Future[None]]]:
        """Make a file of all that has come, and let it appear; or give what makes one."""
        task = self._tasks[number]
        finished = FORMATS[task.format].finished
        made = journal.pieces.with_suffix(".made")
        suffix = sources.split_suffix(task.output)[1]
        if finished:
            ends = [counts.end for counts in journal.parts]
            yield number, pool.done(finished, journal.pieces, ends, task.source, made)
        elif suffix == ".zst":
            yield number, pool.done(sources.compress_file, journal.pieces, made)
        else:
            if suffix and not journal.end:  # no member at all is no compressed file
                journal.pieces.write_bytes(sources.compressed(b"", suffix))
            appear(journal.pieces, task.output)

    def _appear(self, number: int, future: Future[None], journals: Sequence[Journal]) -> None:
        """Let a file appear that was made of all that has come."""
        future.result()
        pieces = journals[number].pieces
        appear(pieces.with_suffix(".made"), self._tasks[number].output)
        pieces.unlink()


def _changed(name: str) -> DataError:
    return DataError(
        f"{name}: expected the file that the work was begun with, but it has changed; begin anew"
        " with --restart"
    )


def _first_difference(found: object, wanted: object) -> str:
    """Where two values of a manifest differ, as far as that is a place with a name."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in [*wanted, *found]:
            if found.get(name) != wanted.get(name):
                return f" ({name})"
    return ""


def appear(made: Path, output: str) -> None:
    """Put a whole file where it belongs; a file of that name is replaced.

    Args:
        made: the file; afterwards it is gone.
        output: a path, or a URL.

    Raises:
        OSError: it cannot be written there.
    """
    if sources.is_url(output):
        system, path = sources.needed("fsspec").core.url_to_fs(output)
        system.makedirs(system._parent(path), exist_ok=True)  # noqa: SLF001 - fsspec's own way
        system.put_file(str(made), path)
        made.unlink()
        return
    target = Path(os.path.realpath(output))  # a link stays: what it points to is replaced
    with corpus.naming(output):
        target.parent.mkdir(parents=True, exist_ok=True)
        with made.open("r+b") as file:
            os.fsync(file.fileno())
        if target.exists():
            made.chmod(target.stat().st_mode & 0o7777)
        try:
            made.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with corpus.whole(output) as path:  # on another disk
                shutil.copyfile(made, path)
            made.unlink()
        settle(target.parent)
