"""Another system in a pool of processes: ``python pooled.py SYSTEM IN OUT PROCESSES``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from multiprocessing import Pool
from pathlib import Path

from rivals import RESTORERS, Lines, System

LINES = 2000
"""That a process gets at once."""

_built: list[System] = []


def _build(name: str) -> None:
    _built[:] = [RESTORERS[name]()]


def _restore(lines: Lines) -> Lines:
    return _built[0](lines)


def _portions(path: Path) -> Iterator[Lines]:
    with path.open(encoding="utf-8", newline="\n") as file:
        while lines := list(islice(file, LINES)):
            yield [line.rstrip("\n") for line in lines]


def main(system: str, source: str, target: str, processes: str) -> None:
    """Restore a file, line by line, in order."""
    with (
        Pool(int(processes), _build, [system]) as pool,
        Path(target).open("w", encoding="utf-8", newline="\n") as out,
    ):
        for lines in pool.imap(_restore, _portions(Path(source))):
            out.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
