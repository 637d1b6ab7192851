"""Time one system on one file, in a process of its own: ``stopwatch.py SYSTEM FILE``.

Prints a JSON object: ``start`` is the time to import and build the system, ``seconds`` the
time for the whole file once it is read; or ``missing``, why the system cannot be run. Those
that take lines get lines, the others pieces of whole lines.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rivals import RESTORERS, TOKENISERS, System, lower

PIECE = 1 << 20
"""Characters that go through a library's function at once."""


def main() -> None:
    """Build the system, run it, say how long each took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("system")
    parser.add_argument("path", type=Path)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    lines = arguments.path.read_text("utf-8").split("\n")
    pieces = list(_pieces(lines))
    began = time.perf_counter()
    try:
        run, in_pieces = _build(arguments.system, arguments.model)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    built = time.perf_counter()
    run(pieces if in_pieces else lines)
    done = time.perf_counter()
    print(json.dumps({"start": built - began, "seconds": done - built}))


def _build(system: str, model: Path | None) -> tuple[System, bool]:
    """The system, and whether it takes pieces rather than lines."""
    if system == "floor":  # what lower-casing and spacing cost in CPython, with no thought
        return lambda pieces: [" ".join(piece.lower().split()) for piece in pieces], True
    if system in RESTORERS:
        return RESTORERS[system](), False
    if system in TOKENISERS:
        return _lowered(TOKENISERS[system]), False
    import majuscule  # noqa: PLC0415 - its import is part of what is timed

    if system == "flatten":
        return lambda pieces: [majuscule.flatten(piece) for piece in pieces], True
    restorer = majuscule.Restorer(model)
    return lambda pieces: list(restorer.stream(pieces)), True


def _lowered(build: Callable[[], System]) -> System:
    tokenise = build()
    return lambda lines: [lower(line) for line in tokenise(lines)]


def _pieces(lines: list[str]) -> Iterator[str]:
    """Whole lines, about PIECE characters at once."""
    piece: list[str] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line) + 1
        if size >= PIECE:
            yield "\n".join(piece) + "\n"
            piece, size = [], 0
    yield "\n".join(piece)


if __name__ == "__main__":
    main()
