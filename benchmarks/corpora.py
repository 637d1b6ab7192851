"""Whole corpora: how fast by format and cores, beside others, and how time and memory grow.

Started by run.py. The same documents, a share of every source of the training corpus, lie in a
file of each format; the rate is that of their text, so that formats can be compared. Formats and
cores take turns in rounds, and a ratio is the median of the rounds' own. Memory is the largest
sum of what all processes of a command hold, looked at five times a second. What is larger than
the corpus repeats it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from speed import collect, growth

Row = dict[str, Any]

HERE = Path(__file__).parent
SIZE = 100
"""MB of text in each format."""
ROUNDS = 2
RIVAL = "truecase + sacremoses"
RIVALS_SIZE = 4
"""MB of text beside the other system, which is many times slower."""
SIZES = (10, 100, 1000, 10_000)
"""MB of text to see how time grows."""
ALONE = 1000
"""MB of text that one core restores, too."""
OWN = 700
"""MB of text that the corpus has; more repeats it."""


class Run(NamedTuple):
    """A command that was run: seconds by the clock, and the most memory in MB."""

    seconds: float
    peak_mb: float


def write_text(documents: Iterable[str], path: Path) -> None:
    """A blank line between documents."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{document}\n\n" for document in documents)


def write_json_lines(documents: Iterable[str], path: Path) -> None:
    """With columns that pass through."""
    new = gzip.open if path.suffix == ".gz" else open
    with new(path, "wt", encoding="utf-8", newline="\n") as out:
        for number, document in enumerate(documents):
            row = {"id": number, "url": f"https://example.org/{number}", "text": document}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(documents: Iterable[str], path: Path) -> None:
    """With a column that passes through."""
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "text"])
        rows.writerows(enumerate(documents))


def write_parquet(documents: Iterable[str], path: Path) -> None:
    """As pyarrow writes it if nothing else is said."""
    import pyarrow as pa  # noqa: PLC0415 - as below
    import pyarrow.parquet as pq  # noqa: PLC0415 - once there is a file to write

    texts = list(documents)
    pq.write_table(pa.table({"id": range(len(texts)), "text": texts}), path)


FORMATS: dict[str, Callable[[Iterable[str], Path], None]] = {
    "txt": write_text,
    "jsonl": write_json_lines,
    "jsonl.gz": write_json_lines,
    "csv": write_csv,
    "parquet": write_parquet,
}


def main() -> int:
    """Measure everything and write results/corpora.json; 0 if all went well."""
    # Not before its figures are asked for: importing takes its time.
    from signature import options, signature, write  # noqa: PLC0415

    import majuscule  # noqa: PLC0415

    arguments = options().parse_args()
    model = ["--model", str(arguments.model)] if arguments.model else []
    with TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        bench = _Bench(arguments.shared / "corpus", Path(folder), model)
        rows = []
        for row in bench.rows():
            print(json.dumps(row))
            rows.append(row)
    about = signature(majuscule.Restorer(arguments.model).model, arguments.command)
    write("corpora", {"signature": about, "rows": rows}, arguments.results)
    return 0


class _Bench:
    """The texts to measure on, and the measurements in their order."""

    def __init__(self, corpus: Path, folder: Path, model: list[str]) -> None:
        self.corpus, self.folder, self.model = corpus, folder, model
        self.cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []

    def rows(self) -> Iterator[Row]:
        """Everything, as rows of the results."""
        yield from self.formats()
        yield from self.beside()
        yield from self.growth()

    def flat(self, mb: float) -> Path:
        """A text of that many MB, flattened."""
        natural, flat = self.folder / "natural.txt", self.folder / f"{mb:g}.txt"
        # In a process of its own, for the memory that unpacking takes.
        collecting = multiprocessing.get_context("spawn").Process(
            target=collect, args=(self.corpus, natural, int(mb * 1e6))
        )
        collecting.start()
        collecting.join()
        self.run("-m", "majuscule", "flatten", natural, "-o", flat)
        natural.unlink()
        return flat

    def formats(self) -> Iterator[Row]:
        """Every format on one core and on two."""
        text = self.flat(SIZE).read_text("utf-8")
        documents = [document for document in text.split("\n\n") if document.strip()]
        size = sum(len(document.encode()) for document in documents) / 1e6
        files = {}
        for name, make in FORMATS.items():
            files[name] = self.folder / f"all.{name}"
            make(documents, files[name])
        runs: dict[tuple[str, int], list[Run]] = {}
        came: dict[str, set[str]] = {}
        counts = [count for count in (1, 2) if count <= max(len(self.cores), 1)]
        for _, (name, path), cores in product(range(ROUNDS), files.items(), counts):
            out = self.folder / f"out.{name}"
            runs.setdefault((name, cores), []).append(self.command(path, out, cores))
            came.setdefault(name, set()).add(_digest(out))
        for (name, cores), some in runs.items():
            seconds = [run.seconds for run in some]
            row = {"what": "format", "format": name, "cores": cores, "mb": round(size, 1)}
            row |= _rates(size, seconds)
            texts = [run.seconds for run in runs["txt", cores]]
            row |= _spread("of_text", [a / b for a, b in zip(texts, seconds, strict=True)])
            alone = [run.seconds for run in runs[name, 1]]
            row |= _spread("speedup", [a / b for a, b in zip(alone, seconds, strict=True)])
            row["peak_mb"] = round(max(run.peak_mb for run in some))
            yield {**row, "same_bytes": len(came[name]) == 1}

    def beside(self) -> Iterator[Row]:
        """The other system in a pool of processes, on as many cores as there are up to two."""
        cores = min(2, max(len(self.cores), 1))
        path = self.flat(RIVALS_SIZE)
        size = path.stat().st_size / 1e6
        out = self.folder / "out.txt"
        try:
            self.run(HERE / "pooled.py", RIVAL, path, out, cores)
        except subprocess.CalledProcessError:
            yield {"what": "beside", "system": RIVAL, "missing": "not installed"}
            return
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(self.command(path, out, cores).seconds)
            began = time.perf_counter()
            self.run(HERE / "pooled.py", RIVAL, path, out, cores)
            theirs.append(time.perf_counter() - began)
        about = {"what": "beside", "cores": cores, "mb": round(size, 1)}
        yield {**about, "system": "majuscule", **_rates(size, ours), "ratio": 1.0}
        ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
        yield {**about, "system": RIVAL, **_rates(size, theirs), **_spread("ratio", ratios)}

    def growth(self) -> Iterator[Row]:
        """The command on ever larger texts."""
        cores = min(2, max(len(self.cores), 1))
        points = []
        for mb in SIZES:
            path = self.flat(min(mb, OWN))
            if mb > OWN:
                path = _repeated(path, mb)
            size = path.stat().st_size / 1e6
            out = self.folder / "out.txt"
            # What a second core brings is seen where starting no longer counts.
            for count in sorted({1, cores}) if mb == ALONE else [cores]:
                rounds = ROUNDS if mb < ALONE else 1
                some = [self.command(path, out, count) for _ in range(rounds)]
                row = {"what": "growth", "cores": count, "mb": round(size, 1)}
                row |= _rates(size, [run.seconds for run in some])
                yield {**row, "peak_mb": round(max(run.peak_mb for run in some))}
            points.append((size * 1e6, median(run.seconds for run in some)))
            path.unlink()
            out.unlink()
        line = growth(points)
        line["mb_per_second"] = round(line.pop("tokens_per_second") / 1e6, 2)
        yield {"what": "line", "cores": cores, "mb": round(points[-1][0] / 1e6, 1), **line}

    def command(self, path: Path, out: Path, cores: int) -> Run:
        """The command for corpora on so many cores."""
        if self.cores:
            os.sched_setaffinity(0, self.cores[-cores:])
        columns = [] if path.suffix == ".txt" else ["--column", "text"]
        words = ["-m", "majuscule", "corpus", path, "-o", out, "--jobs", cores, *columns]
        run = self.run(*words, *self.model)
        if self.cores:
            os.sched_setaffinity(0, self.cores)
        return run

    def run(self, *words: object) -> Run:
        """Run a Python program to its end.

        Raises:
            CalledProcessError: it failed.
        """
        command = [sys.executable, *map(str, words)]
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        watch = _Memory(process.pid)
        watch.start()
        code = process.wait()
        seconds = time.perf_counter() - began
        watch.ended.set()
        watch.join()
        if code:
            raise subprocess.CalledProcessError(code, command)
        return Run(seconds, watch.most / 1e6)


class _Memory(threading.Thread):
    """Watches what a process and those below it hold, where the system tells."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.most = number, 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.most = max(self.most, _held(self.number))


def _held(number: int) -> int:
    """Bytes that a process and those below it hold; what they share counts for each."""
    try:
        pages = int(Path(f"/proc/{number}/statm").read_text("ascii").split()[1])
        below = [
            int(child)
            for task in Path(f"/proc/{number}/task").iterdir()
            for child in (task / "children").read_text("ascii").split()
        ]
    except (OSError, IndexError):  # it has just ended, or there is no such place
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(map(_held, below))


def _repeated(path: Path, mb: int) -> Path:
    """A file of that many MB, whole copies of another, which goes."""
    whole = path.with_name(f"{mb}.times.txt")
    with whole.open("wb") as out:
        while out.tell() < mb * 1e6:
            with path.open("rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)
    path.unlink()
    return whole


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _rates(mb: float, seconds: Sequence[float]) -> Row:
    return {**_spread("seconds", seconds), "mb_per_second": round(mb / median(seconds), 2)}


def _spread(name: str, values: Sequence[float]) -> Row:
    """The median, and the least and the greatest."""
    return {
        name: round(median(values), 2),
        f"{name}_least": round(min(values), 2),
        f"{name}_most": round(max(values), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
