"""How fast, on one core: the command on a large file, and the other systems beside it.

Started by run.py. The text is a share of every source of the training corpus, so that a
cache does not see the same page twice. Tokens are the whitespace tokens of the flattened
text. Rounds go through all systems in turn, so that a machine that slows down slows down
for all; a figure is the median of its rounds. Memory is a process's largest, by wait4(2).
"""

from __future__ import annotations

import argparse
import json
import lzma
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROUNDS = 3
STARTS = 10
GROWTH = (0.01, 0.1)
"""Shares of the full size at which memory is looked at, too."""
SMALL = 0.02
"""Share of the full size for other systems: some are a hundred times slower."""
RIVALS = {
    "restore": ["restore", "truecase + sacremoses"],
    "flatten": ["flatten", "pyonmttok", "nltk", "sacremoses", "floor"],
}
"""What the stopwatch runs, by what is done; majuscule's own library call comes first."""


class Run(NamedTuple):
    """One process that has ended."""

    seconds: float
    peak_mb: float
    printed: str


def main() -> int:
    """Measure everything and write speed.json; 1 if a process fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--command", default="")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", type=int, default=100)
    arguments = parser.parse_args()
    pinned = _pin()
    model = ["--model", str(arguments.model)] if arguments.model else []
    rows: list[dict[str, Any]] = []
    try:
        with TemporaryDirectory(prefix="majuscule-") as folder:
            bench = _Bench(arguments.shared / "corpus", Path(folder), arguments.size, model)
            for row in bench.rows():
                print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
                rows.append(row)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"speed.py: {error}\n")
        return 1
    # Not before: a process counts what its parent held when it was born as its own.
    from signature import signature, write  # noqa: PLC0415

    import majuscule  # noqa: PLC0415

    about = signature(majuscule.Restorer(arguments.model).model, arguments.command)
    write("speed", {"signature": {**about, "one_core": pinned}, "rows": rows}, arguments.results)
    return 0


def _pin() -> bool:
    """Stay on one core, and every process started from here too; False if none can be had."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return True


class _Bench:
    """The files to measure on, and the measurements in their order."""

    def __init__(self, corpus: Path, folder: Path, size: float, model: list[str]) -> None:
        self.corpus, self.size, self.model = corpus, size, model
        self.natural, self.flat, self.out = (
            folder / name for name in ("natural.txt", "flat.txt", "restored.txt")
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        yield from self.rivals()
        for share in GROWTH:
            yield from self.command(self.size * share, 1)
        yield from self.command(self.size, ROUNDS)
        seconds = median(self.first_line() for _ in range(STARTS))
        yield {
            "what": "first line",
            "system": "majuscule",
            "how": "command",
            "mb": self.size,
            "seconds": round(seconds, 3),
        }

    def command(self, size: float, rounds: int) -> Iterator[dict[str, Any]]:
        """The two commands on a text of that many MB."""
        tokens = self.prepare(size)
        what = {
            "flatten": ["flatten", self.natural, "-o", self.out],
            "restore": ["restore", self.flat, "-o", self.out, *self.model],
        }
        for name, words in what.items():
            runs = [_run([sys.executable, "-m", "majuscule", *words]) for _ in range(rounds)]
            yield {
                "what": name,
                "system": "majuscule",
                "how": "command",
                "mb": size,
                **_rate(tokens, [run.seconds for run in runs]),
                "peak_mb": round(max(run.peak_mb for run in runs), 1),
            }

    def first_line(self) -> float:
        """Seconds from the command's start to its first line."""
        words = [sys.executable, "-m", "majuscule", "restore", str(self.flat), *self.model]
        began = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
            assert process.stdout is not None  # a pipe was asked for
            line = process.stdout.readline()
            seconds = time.perf_counter() - began
            process.kill()
        if not line:
            raise subprocess.CalledProcessError(process.returncode, words)
        return seconds

    def rivals(self) -> Iterator[dict[str, Any]]:
        """Each system in a process of its own, on the same small file."""
        size = self.size * SMALL
        tokens = self.prepare(size)
        paths = {"restore": self.flat, "flatten": self.natural}
        runs: dict[tuple[str, str], list[Run]] = {}
        missing: dict[tuple[str, str], str] = {}
        for _ in range(ROUNDS):
            for what, systems in RIVALS.items():
                for system in systems:
                    words = [HERE / "stopwatch.py", system, paths[what], *self.model]
                    run = _run([sys.executable, *words])
                    printed = json.loads(run.printed)
                    if "missing" in printed:
                        missing[what, system] = printed["missing"]
                    runs.setdefault((what, system), []).append(run)
        for (what, system), done in runs.items():
            row = {"what": what, "system": system, "how": "library", "mb": size}
            if (what, system) in missing:
                yield {**row, "missing": missing[what, system]}
                continue
            times = [json.loads(run.printed) for run in done]
            ours = [json.loads(run.printed)["seconds"] for run in runs[what, what]]
            seconds = [time["seconds"] for time in times]
            yield {
                **row,
                "system": "majuscule" if system == what else system,
                **_rate(tokens, seconds),
                "ratio": round(median(seconds) / median(ours), 2),
                "start_seconds": round(median(time["start"] for time in times), 3),
                "peak_mb": round(max(run.peak_mb for run in done), 1),
            }

    def prepare(self, size: float) -> int:
        """Write natural and flattened text of that many MB; how many tokens it has."""
        # In a process of its own, for the memory that unpacking takes.
        collecting = multiprocessing.get_context("spawn").Process(
            target=collect, args=(self.corpus, self.natural, int(size * 1e6))
        )
        collecting.start()
        collecting.join()
        if collecting.exitcode:
            raise subprocess.CalledProcessError(collecting.exitcode, "collecting text")
        _run([sys.executable, "-m", "majuscule", "flatten", self.natural, "-o", self.flat])
        with self.flat.open("rb") as file:
            return sum(len(line.split()) for line in file)


def collect(corpus: Path, target: Path, size: int) -> None:
    """The first lines of every source with natural spacing, `size` bytes together."""
    sources = [path for path in sorted(corpus.glob("*.txt.xz")) if ".tok." not in path.name]
    total = sum(path.stat().st_size for path in sources)
    with target.open("wb") as out:
        for path in sources:
            wanted = size * path.stat().st_size / total
            with lzma.open(path) as file:
                for line in file:
                    wanted -= out.write(line)
                    if wanted <= 0:
                        break
            out.write(b"\n")


def _run(words: list[Any]) -> Run:
    """Run a process to its end.

    Raises:
        CalledProcessError: it failed; what it had to say went to standard error.
    """
    command = [str(word) for word in words]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert process.stdout is not None  # a pipe was asked for
    with process.stdout as pipe:
        printed = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit / 1e6, printed)


def _rate(tokens: int, seconds: list[float]) -> dict[str, Any]:
    return {
        "tokens": tokens,
        "seconds": round(median(seconds), 3),
        "tokens_per_second": round(tokens / median(seconds)),
    }


if __name__ == "__main__":
    sys.exit(main())
