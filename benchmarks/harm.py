"""Whether restoring does harm: to natural text, to flattened text, to text that breaks things.

Started by run.py. Three kinds of rows, told apart by ``what``:

* ``natural``: a set as it stands, restored as a whole and line by line: in per cent, the lines
  that came back as they were (not asked of a tokenised set), and those whose letters kept
  their case.
* ``flattened``: a set flattened in every convention and in other ways that text loses its
  shape, and restored: lines that differ in more than case, blanks and escapes, lines that a
  second restoration changes, and how good the restoration is.
* ``hard``: texts of `hard.py` at sizes that double: the same, exceptions, and time.

Violations are found by `promise.py`, not by what majuscule checks itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, compress, pairwise
from pathlib import Path
from typing import Any

import hard
from promise import letters, violations
from quality import all_sets
from signature import options, sha256, signature, write

import majuscule
from majuscule import text
from majuscule.corpus import tokenised
from majuscule.evaluation import evaluate
from majuscule.model import load

Row = dict[str, Any]

SEED = 1
SIZE = 400_000
"""Characters of a kind of hard text; its first half and quarter are restored, too."""


def _worded(change: Callable[[str], str]) -> Callable[[str], str]:
    """A change of every word between blanks, which stay."""
    return lambda line: " ".join(map(change, line.split(" ")))


def _without_signs(line: str) -> str:
    kept = "".join(c if c.isalnum() or c in "'’-" else " " for c in line)
    return " ".join(kept.split())


def _flattener(convention: text.Convention) -> Callable[[str], str]:
    return lambda natural: text.flatten(natural, convention)


WAYS: dict[str, Callable[[str], str]] = {
    **{convention.name.lower(): _flattener(convention) for convention in text.Convention},
    "lower case": str.lower,
    "all capitals": str.upper,
    "title case": _worded(lambda word: word[:1].upper() + word[1:].lower()),
    "no punctuation": lambda natural: _without_signs(natural).lower(),
}
"""How a line may lose its shape."""


def main() -> int:
    """Measure and write."""
    parser = options()
    parser.add_argument("--size", type=int, default=SIZE)
    arguments = parser.parse_args()
    model = load(arguments.model)
    restorer = majuscule.Restorer(model)
    sets = all_sets(arguments.shared, model)
    paths = {s.name: arguments.shared / s.file for s in sets}
    rows = []
    for row in chain(
        *(of_set(restorer, name, path) for name, path in paths.items()),
        of_hard(restorer, arguments.size),
    ):
        rows.append(row)
        print(row, flush=True)
    results = {
        "signature": signature(model, arguments.command),
        "seed": SEED,
        "sets": {name: {"sha256": sha256(path)} for name, path in paths.items()},
        "rows": rows,
    }
    write("harm", results, arguments.results)
    return 0


def of_set(restorer: majuscule.Restorer, name: str, path: Path) -> Iterator[Row]:
    """What restoring does to a set as it stands, and flattened in every way."""
    natural = path.read_text("utf-8").removesuffix("\n").split("\n")
    spaced = not tokenised(path.name)
    yield {"what": "natural", "set": name, **_kept(restorer, natural, spaced=spaced)}
    for way, flatten in WAYS.items():
        flat = [flatten(line) for line in natural]
        wanted = natural
        if way == "no punctuation":
            wanted = [_without_signs(line) for line in natural]
        # Where losing its shape costs a line letters (ß is SS in capitals), none can come back.
        kept = [letters(a) == letters(b) for a, b in zip(flat, wanted, strict=True)]
        flat, wanted = list(compress(flat, kept)), list(compress(wanted, kept))
        given = "\n".join(flat)
        restored = restorer.restore(given)
        again = restorer.restore(restored)
        judged = evaluate(restored.split("\n"), wanted, flat)
        rates = ("word_f1", "exact_lines") if spaced else ("word_f1",)
        yield {
            "what": "flattened",
            "set": name,
            "way": way,
            "lines": judged.counts()["lines"],
            "left_out": len(natural) - len(flat),
            "violations": len(violations(given, restored)),
            "changed_again": _differing(restored, again),
            **{rate: round(judged.figures()[rate], 2) for rate in rates},
        }


def _kept(restorer: majuscule.Restorer, natural: list[str], *, spaced: bool) -> Row:
    """How many lines stay as they were, together and alone; blank ones are not counted."""
    lines = sum(bool(line.strip()) for line in natural)
    row: Row = {"lines": lines}
    given = "\n".join(natural)
    alone = "\n".join(restorer.restore(line) for line in natural)
    for how, restored in (("together", restorer.restore(given)), ("alone", alone)):
        pairs = list(zip(natural, restored.split("\n"), strict=True))
        if spaced:
            changed = sum(a != b for a, b in pairs)
            row[f"same_{how}"] = round(100 * (1 - changed / lines), 2)
        changed = sum(letters(a, cased=True) != letters(b, cased=True) for a, b in pairs)
        row[f"cased_{how}"] = round(100 * (1 - changed / lines), 2)
        row[f"violations_{how}"] = len(violations(given, restored))
    return row


def _differing(one: str, other: str) -> int:
    """How many lines differ; all, if they are not as many."""
    lines = one.split("\n"), other.split("\n")
    if len(lines[0]) != len(lines[1]):
        return max(map(len, lines))
    return sum(a != b for a, b in zip(*lines, strict=True))


def of_hard(restorer: majuscule.Restorer, largest: int) -> Iterator[Row]:
    """What restoring does to each kind of hard text, and how its time grows."""
    sizes = (largest // 4, largest // 2, largest)
    for kind in hard.KINDS:
        whole = hard.write(kind, largest, SEED)
        row: Row = {"what": "hard", "kind": kind, "characters": 0}
        row |= {"violations": 0, "exceptions": 0, "changed_again": 0}
        seconds = []
        for size in sizes:
            given = whole[:size]
            row["characters"] += size
            try:
                took, restored = _timed(restorer, given)
                again = restorer.restore(restored)
            except Exception as error:  # noqa: BLE001 - whatever is raised is what is asked
                row["exceptions"] += 1
                print(f"{kind}: {error!r}")
                continue
            seconds.append(took)
            found = violations(given, restored)
            row["violations"] += len(found)
            row["changed_again"] += _differing(restored, again)
            for message in found[:3]:
                print(f"{kind}: {message}")
        if len(seconds) == len(sizes):
            row["seconds_per_million"] = round(1e6 * seconds[-1] / largest, 2)
            row["growth"] = [round(b / a, 2) for a, b in pairwise(seconds)]
        yield row


def _timed(restorer: majuscule.Restorer, given: str) -> tuple[float, str]:
    """The best of three, and what came out."""
    best = float("inf")
    restored = ""
    for _ in range(3):
        began = time.perf_counter()
        restored = restorer.restore(given)
        best = min(best, time.perf_counter() - began)
    return best, restored


if __name__ == "__main__":
    sys.exit(main())
