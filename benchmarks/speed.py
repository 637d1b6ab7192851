"""How fast, how large: every job by every system that does it, and how time grows.

Started by run.py. The text is a share of every source of the training corpus, so that a
cache does not see the same page twice. Tokens are the whitespace tokens of the flattened
text, whatever the job. Other people's processes share the machine, so everything is
measured in rounds through all that is compared, and what is compared stands side by side:
a ratio is the median of the rounds' own ratios, with the least and the greatest. All runs
stay on one core but those that are to show what a second one brings, to the second stage above
all, whose network takes as many as there are. Memory is a process's largest, by wait4(2).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError
from itertools import product
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import installed
from learn import CACHE, TRUECASER

Row = dict[str, Any]

HERE = Path(__file__).parent
PAIRED = 5
"""Rounds of what is compared side by side."""
ROUNDS = 3
"""Rounds of the growth."""
STARTS = 10
"""How often the command is started to see its first line."""
LEAST = 0.5
"""Seconds that a library is timed at least: a fast one goes through its text several times."""
GROWTH = (0.01, 0.03, 0.1, 0.3, 1)
"""Shares of the full size at which the command is timed."""
SMALL = 0.02
"""Share of the full size for other systems: some are a hundred times slower."""
MIDDLE = 0.3
"""Share of the full size to run on two cores."""

BEST = "majuscule, effort best"
JOBS = {
    "restore": [
        BEST,
        "truecase + sacremoses",
        "moses truecaser + sacremoses",
        "moses truecaser + detruecaser + sacremoses",
    ],
    "case": ["truecase", "moses truecaser"],
    "space": ["sacremoses, case given", "nltk, case given"],
    "flatten": ["pyonmttok", "nltk", "sacremoses", "floor"],
}
"""Who does what beside majuscule, by the names that rivals.py has for them."""
PACKAGES: dict[str, tuple[list[str], list[Path]]] = {
    "majuscule": (["majuscule"], []),
    BEST: (["majuscule", "onnxruntime"], []),
    "truecase + sacremoses": (["truecase", "sacremoses"], []),
    "moses truecaser + sacremoses": (["sacremoses"], [CACHE / TRUECASER]),
    "truecase": (["truecase"], []),
    "sacremoses": (["sacremoses"], []),
    "nltk": (["nltk"], []),
    "pyonmttok": (["pyonmttok"], []),
}
"""What has to be on disk for a system: packages with what they need, and files besides."""


class Text(NamedTuple):
    """The same text twice, a line for a line, and how many tokens it has."""

    mb: float
    natural: Path
    flat: Path
    tokens: int

    @property
    def parted(self) -> Path:
        """In its right case, spaced as the flattened text: what undoes a tokeniser takes."""
        return self.flat.with_suffix(".parted")


class Run(NamedTuple):
    """One process that has ended."""

    seconds: float
    first: float
    """Seconds until its first line was there."""
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
    model = ["--model", str(arguments.model)] if arguments.model else []
    rows: list[Row] = []
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
    about["one_core"] = bool(bench.cores)
    write("speed", {"signature": about, "rows": rows}, arguments.results)
    return 0


class _Bench:
    """The texts to measure on, and the measurements in their order."""

    def __init__(self, corpus: Path, folder: Path, size: float, model: list[str]) -> None:
        self.corpus, self.folder, self.size, self.model = corpus, folder, size, model
        # Nobody can be kept on a core where there is no such call.
        self.cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []

    def rows(self) -> Iterator[Row]:
        """Everything, as rows of the results."""
        self.stay_on(1)
        yield from self.pairs(self.prepare(self.size * SMALL))
        texts = [self.prepare(self.size * share) for share in GROWTH]
        yield from self.growth(texts)
        middle = self.prepare(self.size * MIDDLE)
        yield from self.two_cores(middle)
        yield from self.second_stage(texts[0], middle, texts[-1])
        yield from _sizes()

    def stay_on(self, count: int) -> None:
        """Keep to that many cores, and so all processes started from here."""
        if self.cores:
            os.sched_setaffinity(0, self.cores[-count:])

    def pairs(self, text: Text) -> Iterator[Row]:
        """Each job by each system that does it, every run beside one of majuscule's own."""
        _write_parted(text)
        ours: dict[str, list[Run]] = {job: [] for job in JOBS}
        theirs: dict[tuple[str, str], list[Run]] = {}
        for number in range(PAIRED):
            for job, systems in JOBS.items():
                for system in systems:
                    # Who goes first changes, should the machine be slowing down.
                    order = ["majuscule", system][:: 1 if number % 2 else -1]
                    pair = {name: self.timed(job, name, text) for name in order}
                    ours[job].append(pair["majuscule"])
                    theirs.setdefault((job, system), []).append(pair[system])
        for job, systems in JOBS.items():
            row = {"what": job, "how": "library", "mb": text.mb}
            yield {**row, "system": "majuscule", **_library(text, ours[job]), "ratio": 1.0}
            for at, system in enumerate(systems):
                runs = theirs[job, system]
                missing = _last_line(runs[0]).get("missing")
                if missing:
                    yield {**row, "system": system, "missing": missing}
                    continue
                ratios = [
                    _seconds(run) / _seconds(own)
                    for run, own in zip(runs, ours[job][at :: len(systems)], strict=True)
                ]
                yield {**row, "system": system, **_library(text, runs), **_spread("ratio", ratios)}

    def timed(self, job: str, system: str, text: Text, *options: object) -> Run:
        """One system at one job, by the stopwatch."""
        path = {"space": text.parted, "flatten": text.natural}.get(job, text.flat)
        words = [HERE / "stopwatch.py", job, system, path, "--least", LEAST]
        return _run([*words, *self.model, *options])

    def command(self, job: str, given: Path, *options: object) -> Run:
        """Majuscule's command on a file; what comes out lies beside it, as `.out`."""
        model = [] if job == "flatten" else self.model
        words = ["-m", "majuscule", job, given, "-o", given.with_suffix(".out")]
        return _run([*words, *model, *options])

    def growth(self, texts: Sequence[Text]) -> Iterator[Row]:
        """The commands on ever larger texts, and the line that time follows."""
        runs: dict[tuple[str, float], list[Run]] = {}
        for _ in range(ROUNDS):
            for text in texts:
                for job, given in (("flatten", text.natural), ("restore", text.flat)):
                    runs.setdefault((job, text.mb), []).append(self.command(job, given))
        about = {"system": "majuscule", "how": "command"}
        for job in ("flatten", "restore"):
            points = []
            for text in texts:
                done = runs[job, text.mb]
                rates = _rates(text, [run.seconds for run in done])
                points.append((text.tokens, rates["seconds"]))
                peak = round(max(run.peak_mb for run in done), 1)
                yield {"what": job, **about, "mb": text.mb, **rates, "peak_mb": peak}
            yield {"what": "growth", "job": job, **about, "mb": texts[-1].mb, **growth(points)}
        largest = texts[-1]
        seconds = median(self.first_line(largest) for _ in range(STARTS))
        yield {"what": "first line", **about, "mb": largest.mb, "seconds": round(seconds, 3)}

    def first_line(self, text: Text, *options: str) -> float:
        """Seconds from the command's start to its first line."""
        words = [sys.executable, "-m", "majuscule", "restore", str(text.flat), *self.model]
        words += options
        began = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
            assert process.stdout is not None  # a pipe was asked for
            first = process.stdout.readline()
            seconds = time.perf_counter() - began
            process.kill()
        if not first:
            raise subprocess.CalledProcessError(process.returncode, words)
        return seconds

    def two_cores(self, text: Text) -> Iterator[Row]:
        """One core and two: threads that share a restorer, and processes with half a text each."""
        if len(self.cores) < 2:
            yield {"what": "cores", "system": "majuscule", "missing": "one core is all there is"}
            return
        given = {"flatten": text.natural, "restore": text.flat}
        halves = {job: _halves(path) for job, path in given.items()}
        seconds: dict[tuple[str, str, int], list[float]] = {}
        came_out: dict[tuple[str, str], set[str]] = {}
        for _ in range(PAIRED):
            for (job, path), cores in product(given.items(), (1, 2)):
                self.stay_on(cores)
                run = self.timed(job, "majuscule", text, "--threads", cores)
                seconds.setdefault((job, "threads", cores), []).append(_seconds(run))
                came_out.setdefault((job, "threads"), set()).add(_last_line(run)["digest"])

                parts = halves[job] if cores == 2 else [path]
                began = time.perf_counter()
                with ThreadPoolExecutor(cores) as both:
                    list(both.map(self.command, [job] * cores, parts))
                taken = time.perf_counter() - began
                seconds.setdefault((job, "processes", cores), []).append(taken)
                digest = _digest(each.with_suffix(".out") for each in parts)
                came_out.setdefault((job, "processes"), set()).add(digest)
        self.stay_on(1)
        for (job, how, cores), taken_each in seconds.items():
            speedups = [
                one / each for one, each in zip(seconds[job, how, 1], taken_each, strict=True)
            ]
            yield {
                "what": "cores",
                "job": job,
                "system": "majuscule",
                "how": how,
                "cores": cores,
                "mb": text.mb,
                **_rates(text, taken_each),
                **(_spread("speedup", speedups) if cores > 1 else {"speedup": 1.0}),
                "same_bytes": len(came_out[job, how]) == 1,
            }

    def second_stage(self, small: Text, middle: Text, text: Text) -> Iterator[Row]:
        """The command with it on one core and on two, and whole corpora by two processes."""
        about = {"system": BEST, "how": "command"}
        run = self.timed("restore", BEST, small)
        if "missing" in _last_line(run):
            yield {"what": "restore", **about, "mb": text.mb, **_last_line(run)}
            return
        effort = ("--effort", "best")
        counts = [count for count in (1, 2) if count <= max(len(self.cores), 1)]
        runs: dict[int, list[Run]] = {}
        firsts: dict[int, float] = {}
        came_out = set()
        for _, cores in product(range(ROUNDS), counts):
            self.stay_on(cores)
            runs.setdefault(cores, []).append(self.command("restore", text.flat, *effort))
            came_out.add(_digest([text.flat.with_suffix(".out")]))
        for cores in counts:
            self.stay_on(cores)
            firsts[cores] = median(self.first_line(text, *effort) for _ in range(STARTS))
        corpus = [
            self.command("corpus", middle.flat, "--format", "text", "--jobs", counts[-1], *effort)
            for _ in range(ROUNDS)
        ]
        self.stay_on(1)
        for cores, some in runs.items():
            seconds = [run.seconds for run in some]
            row = {**about, "cores": cores, "mb": text.mb, **_rates(text, seconds)}
            peak = round(max(run.peak_mb for run in some), 1)
            first = round(firsts[cores], 3)
            yield {"what": "restore", **row, "first_line_seconds": first, "peak_mb": peak}
            if cores > 1:
                pairs = zip(runs[1], some, strict=True)
                speedups = [one.seconds / two.seconds for one, two in pairs]
                row |= {"job": "restore", "how": "threads", **_spread("speedup", speedups)}
                yield {"what": "cores", **row, "same_bytes": len(came_out) == 1}
        rates = _rates(middle, [run.seconds for run in corpus])
        yield {"what": "corpus", **about, "cores": counts[-1], "mb": middle.mb, **rates}

    def prepare(self, mb: float) -> Text:
        """Write a text of that many MB."""
        natural, flat = (self.folder / f"{mb:g}.{kind}" for kind in ("natural", "flat"))
        # In a process of its own, for the memory that unpacking takes.
        collecting = multiprocessing.get_context("spawn").Process(
            target=collect, args=(self.corpus, natural, int(mb * 1e6))
        )
        collecting.start()
        collecting.join()
        if collecting.exitcode:
            raise subprocess.CalledProcessError(collecting.exitcode, "collecting text")
        _run(["-m", "majuscule", "flatten", natural, "-o", flat])
        with flat.open("rb") as file:
            return Text(mb, natural, flat, sum(len(line.split()) for line in file))


def collect(corpus: Path, target: Path, size: int) -> None:
    """The first lines of every source with natural spacing, `size` bytes together."""
    sources = [path for path in sorted(corpus.glob("*.txt.xz")) if ".tok." not in path.name]
    total = sum(path.stat().st_size for path in sources)
    with target.open("wb") as out:
        for path in sources:
            wanted = size * path.stat().st_size / total
            with lzma.open(path) as file:
                for each in file:
                    wanted -= out.write(each)
                    if wanted <= 0:
                        break
            out.write(b"\n")


def parted(natural: str, flat: str) -> str:
    """A natural line's characters, escapes undone, with the spaces of the flattened line.

    >>> parted("Why (not)?", "why ( not ) ?")
    'Why ( not ) ?'
    """
    from majuscule.text import unescape  # noqa: PLC0415 - not before the clock starts

    characters = (char for char in unescape(natural) if not char.isspace())
    return "".join(char if char.isspace() else next(characters) for char in flat)


def growth(points: Sequence[tuple[float, float]]) -> Row:
    """The line through points of tokens and seconds, and how well it describes them.

    Least squares of the relative errors: a process on a busy machine is late by a share of
    its time, and a long one's wobble must not hide what the start takes.

    >>> growth([(1e6, 1.5), (2e6, 2.5), (4e6, 4.5)])
    {'start_seconds': 0.5, 'tokens_per_second': 1000000, 'r2': 1.0, 'off_percent': 0.0}
    """
    weights = [1 / y**2 for _, y in points]
    x_mean = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / sum(weights)
    y_mean = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / sum(weights)
    along = sum(w * (x - x_mean) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    both = sum(w * (x - x_mean) * (y - y_mean) for w, (x, y) in zip(weights, points, strict=True))
    slope = both / along
    start = y_mean - slope * x_mean
    off = [y - start - slope * x for x, y in points]
    middle = fmean(y for _, y in points)
    missed, spread = sum(each**2 for each in off), sum((y - middle) ** 2 for _, y in points)
    worst = max(abs(each) / y for each, (_, y) in zip(off, points, strict=True))
    return {
        "start_seconds": round(start, 3),
        "tokens_per_second": round(1 / slope),
        "r2": round(1 - missed / spread, 5),
        # R² looks at the largest texts alone; this at the worst point, by its own time.
        "off_percent": round(100 * worst, 1),
    }


def _sizes() -> Iterator[Row]:
    """What each system takes on disk, alone and with all it needs but Python."""
    for system, (packages, files) in PACKAGES.items():
        row: Row = {"what": "installed", "system": system}
        try:
            sizes = {name: installed.size(name) for name in installed.needed(packages)}
            beside = sum(path.stat().st_size for path in files)
        except (PackageNotFoundError, FileNotFoundError):
            yield {**row, "missing": "not installed, or not trained yet"}
            continue
        own = sum(sizes[name] for name in packages) + beside
        yield {
            **row,
            "own_mb": round(own / 1e6, 2),
            "installed_mb": round((sum(sizes.values()) + beside) / 1e6, 2),
            "packages": list(sizes),
        }


def _write_parted(text: Text) -> None:
    with (
        text.natural.open(encoding="utf-8", newline="\n") as natural,
        text.flat.open(encoding="utf-8", newline="\n") as flat,
        text.parted.open("w", encoding="utf-8", newline="\n") as out,
    ):
        out.writelines(parted(*lines) for lines in zip(natural, flat, strict=True))


def _halves(path: Path) -> list[Path]:
    """The same lines in two files, cut where a document ends."""
    text = path.read_bytes()
    cut = text.find(b"\n\n", len(text) // 2) + 2
    if cut == 1:
        cut = text.find(b"\n", len(text) // 2) + 1
    halves = [path.with_name(f"{name}{path.name}") for name in ("first.", "second.")]
    for half, content in zip(halves, (text[:cut], text[cut:]), strict=True):
        half.write_bytes(content)
    return halves


def _digest(paths: Iterable[Path]) -> str:
    """The hash of files one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _run(words: list[Any]) -> Run:
    """Run a Python program to its end.

    Raises:
        CalledProcessError: it failed; what it had to say went to standard error.
    """
    command = [sys.executable, *map(str, words)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603 - our own
    assert process.stdout is not None  # a pipe was asked for
    with process.stdout as pipe:
        printed = pipe.readline()
        first = time.perf_counter() - began
        printed += pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, first, usage.ru_maxrss * unit / 1e6, printed)


def _last_line(run: Run) -> dict[str, Any]:
    """What the stopwatch says in the end."""
    said = json.loads(run.printed.splitlines()[-1])
    assert isinstance(said, dict)  # as stopwatch.py prints it
    return said


def _seconds(run: Run) -> float:
    """The job's own time by the stopwatch."""
    return float(_last_line(run)["seconds"])


def _library(text: Text, runs: list[Run]) -> Row:
    """The figures of one system at one job."""
    return {
        **_rates(text, [_seconds(run) for run in runs]),
        "start_seconds": round(median(_last_line(run)["start"] for run in runs), 3),
        "first_line_seconds": round(median(run.first for run in runs), 3),
        "peak_mb": round(max(run.peak_mb for run in runs), 1),
    }


def _rates(text: Text, seconds: list[float]) -> Row:
    return {
        "tokens": text.tokens,
        **_spread("seconds", seconds, 4),
        "tokens_per_second": round(text.tokens / median(seconds)),
    }


def _spread(name: str, values: list[float], digits: int = 2) -> Row:
    """The median, and the least and the greatest."""
    return {
        name: round(median(values), digits),
        f"{name}_least": round(min(values), digits),
        f"{name}_most": round(max(values), digits),
    }


if __name__ == "__main__":
    sys.exit(main())
