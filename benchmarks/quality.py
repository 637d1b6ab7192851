"""How good: word F1, gaps and exact lines on the open sets, beside the other systems.

Started by run.py. A row of the results is one system on one set flattened in one way:

* ``tokens``: the set is tokenised already, lower-casing is all;
* ``moses``, ``treebank``: by sacremoses (no escapes) and by nltk, then lower-cased;
* ``plain``, ``ptb``: by `majuscule.flatten`;
* ``given``: as the file came.

``gap_accuracy`` is over the blanks of the flattened text, ``all_gap_accuracy`` over every gap
between majuscule's own tokens, most of which are easy; F1 is that of the closed ones.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any

from rivals import RESTORERS, SPACERS, TOKENISERS, Lines, System, lower
from signature import sha256, signature, write

import majuscule
from majuscule.evaluation import Report, evaluate

Row = dict[str, Any]

_LEFT, _FIRST, _CASE, _BOTH = RESTORERS
_MOSES, _NLTK = SPACERS

# set, flattening, other systems to run beside
TASKS: list[tuple[str, str, list[str]]] = [
    ("en_wiki.test", "tokens", [_LEFT, _FIRST, _CASE]),
    ("en_wiki.dev", "tokens", []),
    ("wmt21", "moses", [_LEFT, _FIRST, _BOTH, _MOSES]),
    ("wmt21", "plain", []),
    ("wmt21", "ptb", []),
    ("ewt.test", "treebank", [_LEFT, _FIRST, _BOTH, _MOSES, _NLTK]),
    ("ewt.test", "plain", []),
    ("ewt.test", "ptb", []),
    ("ewt.dev", "treebank", [_LEFT, _FIRST, _BOTH, _MOSES, _NLTK]),
    ("ewt.dev", "plain", []),
    ("ewt.dev", "ptb", []),
]


def main() -> None:
    """Measure everything and write quality.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--command", default="")
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    model = majuscule.Restorer(arguments.model).model
    sets = Sets(arguments.shared)
    rows = []
    for row in _rows(sets, model):
        print("  ".join(str(value) for value in row.values()), flush=True)
        rows.append(row)
    about = signature(model, arguments.command)
    results = {"signature": about, "sets": sets.read, "rows": rows}
    write("quality", results, arguments.results)


class Sets:
    """The texts; `read` notes the hash of each that was used."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared
        self.read: dict[str, str] = {}

    def lines(self, name: str) -> Lines:
        """The lines of a file, as they are."""
        path = self.shared / name
        self.read[name] = sha256(path)
        return path.read_text("utf-8").removesuffix("\n").split("\n")


def _rows(sets: Sets, model: majuscule.Model) -> Iterator[Row]:
    yield _article(sets, model)
    for name, flattening, rivals in TASKS:
        natural = sets.lines(f"eval/{name}{'.tok' if flattening == 'tokens' else ''}.txt")
        yield from _task(name, flattening, rivals, natural, model)
    styles = _styles(sets.shared)
    for path in sorted((sets.shared / "eval").glob("heldout.*.txt")):
        natural = sets.lines(f"eval/{path.name}")
        flat = _flatten("plain")(natural)
        for style in (None, styles[path.stem.removeprefix("heldout.")]):
            row: Row = {"set": path.stem, "flattening": "plain", "system": "majuscule"}
            row["style"] = style
            if style is not None and style not in model.styles:
                yield {**row, "missing": f"the model has no style {style}"}
                continue
            yield {**row, **_figures(evaluate(_restore(model, style)(flat), natural, flat))}


def _article(sets: Sets, model: majuscule.Model) -> Row:
    flat, natural = (sets.lines(f"examples/article.{kind}.txt") for kind in ("flat", "natural"))
    restored = _restore(model, None)(flat)
    report = evaluate(restored, natural, flat)
    return {
        "set": "examples/article",
        "flattening": "given",
        "system": "majuscule",
        "flatten_exact": _flatten("plain")(natural) == flat,
        "spacing_exact": [lower(line) for line in restored] == [lower(line) for line in natural],
        **_figures(report),
        "words_wrong": report.words.total - report.words.right,
    }


def _task(
    name: str, flattening: str, rivals: list[str], natural: Lines, model: majuscule.Model
) -> Iterator[Row]:
    """One set flattened in one way, by every system."""
    try:
        tokens = _flatten(flattening)(natural)
    except ImportError as error:
        yield {
            "set": name,
            "flattening": flattening,
            "system": "majuscule",
            "missing": str(error),
        }
        return
    flat = [lower(line) for line in tokens]
    builders = {"majuscule": lambda: _restore(model, None), **RESTORERS, **SPACERS}
    for system in ["majuscule", *rivals]:
        case_given = system in SPACERS
        row: Row = {"set": name, "flattening": flattening, "system": system}
        row["whole_job"] = not case_given
        try:
            run = builders[system]()
        except ImportError as error:
            yield {**row, "missing": str(error)}
            continue
        figures = _figures(evaluate(run(tokens if case_given else flat), natural, flat))
        # A tokenised set has no spacing to restore, and who was given the case, no case.
        beside = ["gap", "exact"] if flattening == "tokens" else ["word_"] if case_given else []
        yield {
            **row,
            **{key: figures[key] for key in figures if not any(part in key for part in beside)},
        }


def _styles(shared: Path) -> dict[str, str]:
    """Each training source's style, from the catalogue's table."""
    catalogue = (shared / "corpus" / "CATALOGUE.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)(?:\.tok)?\.txt\.xz` \| (\w+) \|", catalogue, re.MULTILINE))


def _restore(model: majuscule.Model, style: str | None) -> System:
    """The whole set in one call, as the command would do it."""
    restorer = majuscule.Restorer(model, style=style)
    return lambda lines: restorer.restore("\n".join(lines)).split("\n")


def _flatten(flattening: str) -> System:
    if flattening == "tokens":
        return lambda lines: lines
    if flattening in ("moses", "treebank"):
        return TOKENISERS[{"moses": "sacremoses", "treebank": "nltk"}[flattening]]()
    return lambda lines: majuscule.flatten("\n".join(lines), flattening).split("\n")


def _figures(report: Report) -> dict[str, float]:
    rates = {
        "word_f1": report.words.f1,
        "word_precision": report.words.precision,
        "word_recall": report.words.recall,
        "word_accuracy": report.words.accuracy,
        "gap_accuracy": report.blanks.accuracy,
        "gap_f1": report.blanks.f1,
        "all_gap_accuracy": report.gaps.accuracy,
        "all_gap_f1": report.gaps.f1,
        "exact_lines": report.exact_lines,
    }
    return {
        "lines": report.lines,
        "words": report.words.total,
        "gaps": report.blanks.total,
        "changed_lines": report.changed,
        **{name: round(rate, 2) for name, rate in rates.items() if not isnan(rate)},
    }


if __name__ == "__main__":
    main()
