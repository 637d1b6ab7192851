"""Engines that hold texts in tables: one module each, named as they are.

A restorer goes to an engine's workers by the name and the hash of its model, and is built once
in each. Nothing here imports an engine before it is used.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from majuscule.errors import MajusculeError
from majuscule.restorer import Restorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Options(TypedDict, total=False):
    """What all of them take: the arguments of `majuscule.Restorer`.

    Attributes:
        source: model files; what is in memory alone does not reach a worker.
        document: ``"file"`` if not given: each text is one document.
        effort, style, edits, lexicon, min_confidence, recase, respace: as `Restorer` has them.
    """

    source: Path | str | Sequence[Path | str] | None
    effort: str
    style: str | None
    document: str
    edits: Sequence[str]
    lexicon: Iterable[str]
    min_confidence: float
    recase: bool
    respace: bool


def restorer_with(options: Options) -> Restorer:
    """The restorer with these options.

    Raises:
        MajusculeError, OSError: as `Restorer`.

    >>> restorer_with({"edits": ["case"]}).restore("in paris , he said")
    'In Paris , he said'
    """
    given: Options = {"document": "file", **options}
    return Restorer(**given)


def check_column_rule(on_error: str) -> None:
    """See that a rule about bad rows can be kept where an engine shows nothing but a column.

    Raises:
        MajusculeError: rows are to be left out, but a column must stay as long as it is.
    """
    if on_error not in ("fail", "keep"):
        raise MajusculeError(
            f"expected on_error to be fail or keep for a column alone, got {on_error!r}; restore"
            " the whole table to leave rows out"
        )


def unfinished(
    files: Iterable[Path | str], log: Path | str, at_once: int = 64
) -> Iterator[tuple[str, list[str]]]:
    """Give out files a few at a time, but none that was done before.

    Some files are done when the next ones are asked for, so do with them whatever is to be
    done within a loop. Should that be broken off, the same loop goes on where it was: the
    files that were being worked on come again, under the same name, and their output is to be
    written over.

    Args:
        files: all of them, as the engine knows them.
        log: a file that keeps what is done, a line each time; to begin anew, remove it.
        at_once: how many files come together; as many as keep all of a cluster at work.

    Yields:
        A name for the output, and files.

    Raises:
        OSError: the log cannot be read or written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, files in unfinished(["a", "b", "c"], folder + "/log", at_once=2):
    ...         print(name, files)
    ...         if "c" in files:
    ...             break  # as if it failed
    ...     list(unfinished(["a", "b", "c", "d"], folder + "/log"))
    00000 ['a', 'b']
    00001 ['c']
    [('00001', ['c', 'd'])]
    """
    path = Path(log)
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if lines and not lines[-1].endswith(b"\n"):  # it was not written to its end
        os.truncate(path, sum(map(len, lines[:-1])))
        del lines[-1]
    done = {file for line in lines for file in json.loads(line)}
    left = [file for file in map(str, files) if file not in done]
    for number, first in enumerate(range(0, len(left), at_once), len(lines)):
        some = left[first : first + at_once]
        yield f"{number:05}", some
        with path.open("ab") as file:
            file.write(json.dumps(some).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
