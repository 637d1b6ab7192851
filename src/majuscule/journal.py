"""What has come of a file's parts, on the disk: written for good, or cut off.

``N.part`` holds what has come of file N, ``N.journal`` a line of JSON for each of its parts:
where in ``N.part`` what came of it ends, the hash of what went in, and what was counted; and a
last line when all has come. A part counts once its line stands there, and that is written after
its data is on the disk.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, NamedTuple

from majuscule import corpus
from majuscule.changes import Changes
from majuscule.errors import MajusculeError
from majuscule.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from majuscule.parts import Piece

LISTED = 1000
"""Bad records of a part that are named; all are counted."""


MANIFEST = "manifest.json"
"""The name of the file that says what is being done."""

_OWN = re.compile(r"\d+\.(part|journal|made)|\.majuscule-[0-9a-f]+\.part")


class Counts(NamedTuple):
    """What is known of a part.

    Attributes:
        sha256: of what went in.
        end: where in the file what came of it ends.
        records: how many there were.
        changes: what changed in them.
        bad: how many were bad.
        faults: the first of those.
    """

    sha256: str
    end: int
    records: int
    changes: Changes
    bad: int
    faults: list[Fault]


class Journal:
    """A file's pieces and what is known of them.

    Args:
        folder: where they are.
        number: the file's.

    Attributes:
        pieces: the file that they are in, one after another.
        parts: what is known of each.
        whole: whether that is all of them.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.pieces = folder / f"{number}.part"
        self.parts: list[Counts] = []
        self.whole = False
        self._path = folder / f"{number}.journal"
        self._good = 0  # bytes of the journal that count
        self._files: dict[Path, FileIO] = {}

    def read(self) -> None:
        """Find what there is.

        Raises:
            OSError: it cannot be read.
        """
        lines = self._path.read_bytes().splitlines(keepends=True) if self._path.exists() else []
        entries = []
        for line in lines:
            entry = parsed(line)
            if entry is None:
                break
            entries.append(entry)
        self.whole = bool(entries) and "whole" in entries[-1]
        size = self.pieces.stat().st_size if self.pieces.exists() else 0
        for entry in entries:
            if "end" not in entry or (entry["end"] > size and not self.whole):
                break
            changes, faults = Changes(*entry["changes"]), [Fault(*one) for one in entry["faults"]]
            self.parts.append(Counts(**{**entry, "changes": changes, "faults": faults}))
        self._good = sum(map(len, lines[: len(self.parts)]))

    @property
    def end(self) -> int:
        """Where the pieces end."""
        return self.parts[-1].end if self.parts else 0

    def add(self, piece: Piece, sha256: str) -> Counts:
        """Write down what came of the next part.

        Raises:
            OSError: it cannot be written.
        """
        self._open()
        end = self.end + len(piece.data)
        bad, faults = len(piece.faults), piece.faults[:LISTED]
        counts = Counts(sha256, end, piece.records, piece.changes, bad, faults)
        self._write(self.pieces, piece.data)
        entry = {**counts._asdict(), "changes": astuple(counts.changes)}
        self._write(self._path, json.dumps(entry).encode() + b"\n")
        self.parts.append(counts)
        return counts

    def complete(self) -> None:
        """Write down that all has come.

        Raises:
            OSError: it cannot be written.
        """
        if not self.whole:
            self._open()
            self._write(self._path, b'{"whole": true}\n')
            self.whole = True
        self.close()

    def close(self) -> None:
        """Leave the files as they are."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def _open(self) -> None:
        """Cut off what was not written to its end, and go on behind it."""
        if self._files:
            return
        for path, keep in ((self.pieces, self.end), (self._path, self._good)):
            with corpus.naming(str(path)):
                self._files[path] = path.open("ab", buffering=0)
                self._files[path].truncate(keep)
        settle(self._path.parent)

    def _write(self, path: Path, data: bytes) -> None:
        file = self._files[path]
        corpus.write_all(file, data, str(path))
        with corpus.naming(str(path)):
            os.fsync(file.fileno())


def parsed(line: bytes) -> dict[str, Any] | None:
    """An object in a line; None if it was not written to its end."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def settle(folder: Path) -> None:
    """See that the names in a folder are on the disk, where the system can."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def clear(folder: Path) -> None:
    """Remove all that is kept in a folder, but what is not known to be of such work.

    The manifest goes first: without it, nothing that is left counts.
    """
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in folder.iterdir():
        if _OWN.fullmatch(path.name):
            path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others from the same work; the lock ends with the process, however that ends.

    Its file goes when the work has come to its end.

    Raises:
        MajusculeError: another process has it.
    """
    with (folder / "lock").open("ab") as file:
        with suppress(ImportError):
            import fcntl  # noqa: PLC0415 - not on every system

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise MajusculeError(
                    f"{folder}: expected nobody else to be at this work, found another process;"
                    " wait for it, or choose another output"
                ) from None
        yield
    (folder / "lock").unlink()
