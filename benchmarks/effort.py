"""What a second look is worth: how much is right, and how fast, by the doubt from which it looks.

Started by run.py. The second stage looks at decisions whose margin is below a threshold. Here the
same stage has another threshold each time, and restores the development sets and the held-out
documents; no test set, so that a threshold may be chosen by what comes out. Rows are of two kinds:

* ``accuracy``: word F1 on a set, as quality.py measures it, and the share of tokens looked at;
* ``speed``: all sets' texts one after another, on two cores if there are two. Rounds go through
  all thresholds, and the best round counts: these texts are short, and whatever else the machine
  does can only make one slower.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from quality import all_sets, texts
from rivals import lower
from signature import options, signature, write

import majuscule
from majuscule import rescorer, text
from majuscule.errors import MajusculeError
from majuscule.evaluation import evaluate
from majuscule.model import Model, load
from majuscule.rescorer import Rescorer
from majuscule.weights import SCALE

Row = dict[str, Any]

FAST = 0.0
DOUBTS = (FAST, 0.5, 1, 2, 3, 4, 5)
"""Margins below which it looks, in natural logarithms; none is below 0, which is effort fast."""
ROUNDS = 5
CORES = 2


def main() -> int:
    """Measure and write."""
    arguments = options().parse_args()
    model = load(arguments.model)
    cores = _keep_to(CORES)
    rows: list[Row] = []
    with TemporaryDirectory(prefix="majuscule-") as folder:
        try:
            shipped = rescorer.load(model).about["doubt"] / SCALE
            restorers = by_doubt(model, {*DOUBTS, shipped}, Path(folder))
        except (ImportError, OSError, MajusculeError) as error:
            rows.append({"what": "speed", "missing": str(error)})
        else:
            for row in measured(restorers, arguments.shared, model):
                if row["what"] == "speed":
                    row |= {
                        "cores": cores,
                        "effort": {FAST: "fast", shipped: "best"}.get(row["doubt"]),
                    }
                rows.append(row)
                print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    results = {"signature": signature(model, arguments.command), "rows": rows}
    write("effort", results, arguments.results)
    return 0


def _keep_to(count: int) -> int:
    """Keep to that many cores, if there are as many; how many it will be."""
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    cores = sorted(os.sched_getaffinity(0))[-count:]
    os.sched_setaffinity(0, cores)
    return len(cores)


def by_doubt(model: Model, doubts: set[float], folder: Path) -> dict[float, majuscule.Restorer]:
    """Restorers that look at what is less sure than each of these.

    Args:
        model: a first stage from a file, with a second beside it.
        doubts: thresholds, in natural logarithms.
        folder: where files are written that the restorers read.

    Raises:
        ImportError: onnx is not installed.
        MajusculeError: the second stage cannot be used.
        OSError: it cannot be read.
    """
    assert model.home is not None  # or it would have no second stage
    content = rescorer.beside(model.home).read_bytes()
    restorers = {FAST: majuscule.Restorer(model)}
    for doubt in sorted(doubts - {FAST}):
        path = folder / f"{doubt:g}.safetensors"
        path.symlink_to(model.home.resolve())
        rescorer.beside(path).write_bytes(with_doubt(content, doubt))
        restorers[doubt] = majuscule.Restorer(path, effort="best")
    return restorers


def with_doubt(content: bytes, doubt: float) -> bytes:
    """A second stage's file with another threshold.

    As `majuscule.rescoring` does it, which cannot be imported without all that training needs.
    """
    onnx: Any = import_module("onnx")
    made = onnx.load_model_from_string(content)
    (entry,) = (entry for entry in made.metadata_props if entry.key == "majuscule")
    entry.value = json.dumps(json.loads(entry.value) | {"doubt": round(doubt * SCALE)})
    changed: bytes = made.SerializeToString()
    return changed


def measured(
    restorers: dict[float, majuscule.Restorer], shared: Path, model: Model
) -> Iterator[Row]:
    """All rows: those of accuracy, then those of speed."""
    given = {}
    looked: dict[float, int] = dict.fromkeys(restorers, 0)
    tokens = 0
    for s in all_sets(shared, model):
        if s.role not in ("development", "held out"):
            continue
        flattening = s.flattenings[0]
        natural, parted = texts(shared, s.file, flattening)
        flat = [lower(line) for line in parted]
        given[s.name] = "\n".join(flat)
        count = len(text.read(given[s.name]))
        tokens += count
        for doubt, restorer in restorers.items():
            restored, seen = counted(restorer, given[s.name])
            looked[doubt] += seen
            evaluation = evaluate(restored.split("\n"), natural, flat)
            yield {
                "what": "accuracy",
                "set": s.name,
                "flattening": flattening,
                "doubt": doubt,
                "word_f1": round(evaluation.figures()["word_f1"], 2),
                "words_wrong": evaluation.counts()["words_wrong"],
                "looked_at": round(100 * seen / count, 2),
            }
    seconds = timed(restorers, list(given.values()))
    words = sum(len(some.split()) for some in given.values())
    for doubt, some in seconds.items():
        ratios = [one / fast for one, fast in zip(some, seconds[FAST], strict=True)]
        yield {
            "what": "speed",
            "doubt": doubt,
            "tokens": words,
            "looked_at": round(100 * looked[doubt] / tokens, 2),
            "tokens_per_second": round(words / min(some)),
            "seconds_least": round(min(some), 3),
            "seconds_most": round(max(some), 3),
            "ratio": round(median(ratios), 2),
        }


def counted(restorer: majuscule.Restorer, flat: str) -> tuple[str, int]:
    """A text restored, and how many of its tokens the second stage looked at."""
    seen = 0
    correct = Rescorer.correct

    def counting(*given: Any) -> Any:  # noqa: ANN401 - whatever it takes
        nonlocal seen
        corrections = correct(*given)
        seen += len(corrections)
        return corrections

    with patch.object(Rescorer, "correct", counting):
        return restorer.restore(flat), seen


def timed(restorers: dict[float, majuscule.Restorer], given: list[str]) -> dict[float, list[float]]:
    """The seconds that each restorer took for all texts, a round after another."""
    seconds: dict[float, list[float]] = {doubt: [] for doubt in restorers}
    for number in range(ROUNDS):
        # Who goes first changes, should the machine be slowing down.
        for doubt in list(restorers)[:: -1 if number % 2 else 1]:
            began = time.perf_counter()
            for some in given:
                restorers[doubt].restore(some)
            seconds[doubt].append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
