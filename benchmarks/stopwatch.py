"""Time one system at one job on one file, in a process of its own.

``stopwatch.py JOB SYSTEM FILE`` prints the file's first line as the system gives it back,
at once and as JSON, and then an object: ``start`` is the time to import and build the system,
``seconds`` the time for the whole file once it is read, ``digest`` the hash of what came
out; or ``missing``, why the system cannot be run. Systems that take lines get lines, the
others pieces of whole lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rivals import RESTORERS, SPACERS, TOKENISERS, System, lower

PIECE = 1 << 20
"""Characters that go through a library's function at once."""

OTHERS = {"restore": RESTORERS, "case": RESTORERS, "space": SPACERS, "flatten": TOKENISERS}
"""What the other systems of each job are called, and what builds them."""
EDITS = {"restore": ("case", "space"), "case": ("case",), "space": ("space",)}


def main() -> None:
    """Build the system, run it, say how long each took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=OTHERS)
    parser.add_argument("system")
    parser.add_argument("path", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument(
        "--least", type=float, default=0, help="seconds: again and again until they are over"
    )
    parser.add_argument("--threads", type=int, help="for majuscule, that many at once")
    arguments = parser.parse_args()
    began = time.perf_counter()
    try:
        run, in_pieces = _build(arguments.job, arguments.system, arguments.model, arguments.threads)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    start = time.perf_counter() - began
    with arguments.path.open(encoding="utf-8") as file:
        print(json.dumps(run([file.readline().rstrip("\n")])), flush=True)
    lines = arguments.path.read_text("utf-8").split("\n")
    given = list(_pieces(lines)) if in_pieces else lines
    began, passes, seconds = time.perf_counter(), 0, 0.0
    while not passes or seconds < arguments.least:
        out = run(given)
        passes, seconds = passes + 1, time.perf_counter() - began
    digest = hashlib.sha256("".join(out).encode()).hexdigest()
    print(json.dumps({"start": start, "seconds": seconds / passes, "digest": digest}))


def _build(job: str, system: str, model: Path | None, threads: int | None) -> tuple[System, bool]:
    """The system, and whether it takes pieces rather than lines."""
    name, _, effort = system.partition(", effort ")
    if system == "floor":  # what lower-casing and spacing cost in CPython, with no thought
        return lambda pieces: [" ".join(piece.lower().split()) for piece in pieces], True
    if name != "majuscule":
        run = OTHERS[job][system]()
        if job == "flatten":
            return lambda lines: [lower(line) for line in run(lines)], False
        return run, False
    import majuscule  # noqa: PLC0415 - its import is part of what is timed

    if job == "flatten":
        return _in_threads(majuscule.flatten, threads), True
    try:
        restorer = majuscule.Restorer(model, edits=EDITS[job], effort=effort or "fast")
    except majuscule.MajusculeError as error:
        if effort:
            raise ImportError(str(error)) from None
        raise
    if threads:
        return _in_threads(restorer.restore, threads), True
    return lambda pieces: list(restorer.stream(pieces)), True


def _in_threads(function: Callable[[str], str], threads: int | None) -> System:
    """All pieces through one function, several at once if threads are asked for."""
    if not threads:
        return lambda pieces: [function(piece) for piece in pieces]
    pool = ThreadPoolExecutor(threads)
    return lambda pieces: list(pool.map(function, pieces))


def _pieces(lines: Iterable[str]) -> Iterator[str]:
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
