"""Parts restored in other processes, or in this one.

A process gets its restorer once, by its model's name and hash, and ends when its parent does,
however that ends; Ctrl-C is for the parent alone.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from majuscule import sources
from majuscule.errors import DataError
from majuscule.faults import ON_ERROR, Fault
from majuscule.formats import FORMATS
from majuscule.parts import Columns, Part, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import ParamSpec

    from majuscule.restorer import Restorer

    Given = ParamSpec("Given")

Result = TypeVar("Result")


class Rules(NamedTuple):
    """How records are restored.

    Attributes:
        columns: which hold text.
        on_error: what becomes of bad records, one of `majuscule.faults.ON_ERROR`.
    """

    columns: Columns = Columns(())
    on_error: str = ON_ERROR[0]


class Work(NamedTuple):
    """A part, and what is to be known to restore it.

    Attributes:
        part: the part.
        name: of the file it is from.
        format: that file's, one of `majuscule.formats.FORMATS`.
        suffix: of the compression in which each piece is a member, or none.
        rules: how.
    """

    part: Part
    name: str
    format: str
    suffix: str
    rules: Rules


def restored(work: Work, restorer: Restorer) -> Piece:
    """What comes of a part; the rows of what is bad are numbered as in the file.

    Raises:
        DataError: a record is bad, and that is not allowed.
    """
    part, rules = work.part, work.rules
    keep = rules.on_error == "keep"
    piece = FORMATS[work.format].restored(part, rules.columns, restorer, keep)
    faults = [fault._replace(row=fault.row + part.row) for fault in piece.faults]
    if faults and rules.on_error == "fail":
        raise _refused(work.name, faults[0])
    data = piece.data
    if work.suffix and data:
        data = sources.compressed(data, work.suffix)
    return piece._replace(data=data, faults=faults)


def _refused(name: str, fault: Fault) -> DataError:
    column = f": column {fault.column!r:.80}" if fault.column is not None else ""
    return DataError(
        f"{name}: row {fault.row + 1}{column}: {fault.why}; mend it, or leave such records out with"
        " --on-error skip, or as they are with --on-error keep"
    )


class Pool:
    """Processes that restore.

    Args:
        jobs: how many; if it is one, this process does it at once.
        restorer: each gets one like it.
    """

    def __init__(self, jobs: int, restorer: Restorer) -> None:
        self._jobs, self._restorer = jobs, restorer
        self._pool: ProcessPoolExecutor | None = None

    def restored(self, work: Work) -> Future[Piece]:
        """What will come of a part."""
        if self._jobs == 1:
            return _at_once(restored, work, self._restorer)
        return self.done(_restored_there, work)

    def done(
        self, function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs
    ) -> Future[Result]:
        """What a function will give, called in one of the processes."""
        if self._jobs == 1:
            return _at_once(function, *arguments, **named)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._jobs, get_context("spawn"), initializer=_begin, initargs=(self._restorer,)
            )
        with _uninterrupted():  # a process may begin here
            return self._pool.submit(function, *arguments, **named)

    def close(self) -> None:
        """Let the processes end; what they have begun they finish, and nothing else."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


_here: list[Restorer] = []


def _begin(restorer: Restorer) -> None:
    _here[:] = [restorer]
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent.sentinel], daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _restored_there(work: Work) -> Piece:
    return restored(work, _here[0])


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that begin here never hear of Ctrl-C; this one does when it is left."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _at_once(
    function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs
) -> Future[Result]:
    done: Future[Result] = Future()
    try:
        done.set_result(function(*arguments, **named))
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        done.set_exception(error)
    return done
