"""A job that is ended at a moment of choice, as `kill -9` or a power cut would end it.

A moment is a write, a name given or taken away, or a flush to the disk; what is being written
then is written in part.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from majuscule import formats, journal, parts
from majuscule.jobs import Job, Report, Task
from majuscule.parts import Columns
from majuscule.restorer import Restorer
from majuscule.sources import expand
from majuscule.workers import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

PART = 400
"""Bytes of a part, so that short files have many."""


class Moments:
    """Counts moments, and ends the process at one of them.

    Args:
        last: its number, from 1.
    """

    def __init__(self, last: int) -> None:
        self.left = last
        write = journal.Journal._write

        def torn(self_: journal.Journal, path: Path, data: bytes) -> None:
            if self.left == 1:
                self_._files[path].write(data[: len(data) // 2])
            self.passed()
            write(self_, path, data)

        journal.Journal._write = torn
        Path.rmdir = self.before(Path.rmdir)
        os.fsync = self.before(os.fsync)
        Path.replace = self.before(Path.replace)
        Path.unlink = self.before(Path.unlink)

    def passed(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable) -> Callable:
        def called(*arguments: object, **named: object) -> object:
            self.passed()
            return function(*arguments, **named)

        return called


def run(
    model: Path, jobs: int, source: Path, output: Path, columns: list[str], **options: object
) -> Report:
    """Restore a file or a folder in small parts."""
    parts.PART = PART
    found = expand([str(source)])
    folder = source.is_dir()
    tasks = [
        Task(one, formats.of(one.name), str(output / one.relative) if folder else str(output))
        for one in found
    ]
    restorer = Restorer(model, document="file" if columns else "block")
    rules = Rules(Columns(tuple(columns)), "skip")
    job = Job(tasks, restorer, rules, jobs=jobs)
    return job.run(output.parent / f".{output.name}.majuscule", **options)


if __name__ == "__main__":
    moment, jobs, model, source, output, *columns = sys.argv[1:]
    Moments(int(moment))
    run(Path(model), int(jobs), Path(source), Path(output), columns)
