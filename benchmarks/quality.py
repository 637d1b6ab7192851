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
from collections.abc import Callable, Iterator
from math import isnan
from pathlib import Path
from typing import Any

import majuscule
from majuscule.evaluation import Report, evaluate, realign, words
from rivals import RESTORERS, SPACERS, TOKENISERS, Lines, lower
from signature import sha256, signature, write

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
    restorer = majuscule.Restorer(arguments.model)
    sets: dict[str, dict[str, str]] = {}
    rows = [_article(arguments.shared, restorer.model, sets)]
    for row in _rows(arguments.shared, restorer.model, sets):
        print("  ".join(str(value) for value in row.values()), flush=True)
        rows.append(row)
    results = {
        "signature": signature(restorer.model, arguments.command),
        "sets": sets,
        "rows": rows,
    }
    write("quality", results, arguments.results)


def _article(
    shared: Path, model: majuscule.Model, sets: dict[str, dict[str, str]]
) -> dict[str, Any]:
    folder = shared / "examples"
    flat, natural = _read(folder, "article.flat", sets), _read(folder, "article.natural", sets)
    restored = _restore(model, None)(flat)
    pairs = [
        (got, word)
        for hypothesis, reference in zip(restored, natural, strict=True)
        for got, word in zip(realign(hypothesis, reference) or [], words(reference), strict=True)
    ]
    wrong = [f"{got} for {word}" for got, word in pairs if got != word]
    return {
        "set": "examples/article",
        "flattening": "given",
        "system": "majuscule",
        "flatten_exact": _flatten("plain")(natural) == flat,
        "spacing_exact": [lower(line) for line in restored] == [lower(line) for line in natural],
        **_figures(evaluate(restored, natural, flat)),
        "wrong": wrong,
    }


def _rows(
    shared: Path, model: majuscule.Model, sets: dict[str, dict[str, str]]
) -> Iterator[dict[str, Any]]:
    folder = shared / "eval"
    for name, flattening, rivals in TASKS:
        natural = _read(folder, name, sets)
        try:
            tokens = _flatten(flattening)(natural)
        except ImportError as error:
            row = {"set": name, "flattening": flattening, "system": "majuscule"}
            yield {**row, "missing": str(error)}
            continue
        flat = [lower(line) for line in tokens]
        for system in ["majuscule", *rivals]:
            row = {
                "set": name,
                "flattening": flattening,
                "system": system,
                "whole_job": system not in SPACERS,
            }
            given = tokens if system in SPACERS else flat
            try:
                build = {**RESTORERS, **SPACERS}.get(system)
                run = build() if build else _restore(model, None)
            except ImportError as error:
                yield {**row, "missing": str(error)}
                continue
            figures = _figures(evaluate(run(given), natural, flat))
            if flattening == "tokens":  # the reference's spacing is not what is asked for
                figures = {key: figures[key] for key in figures if "gap" not in key}
                del figures["exact_lines"]
            if system in SPACERS:
                figures = {key: figures[key] for key in figures if not key.startswith("word_")}
            yield {**row, **figures}
    styles = _styles(shared)
    for path in sorted(folder.glob("heldout.*.txt")):
        natural = _read(folder, path.stem, sets)
        flat = _flatten("plain")(natural)
        for style in (None, styles[path.stem.removeprefix("heldout.")]):
            row = {"set": path.stem, "flattening": "plain", "system": "majuscule", "style": style}
            if style is not None and style not in model.styles:
                yield {**row, "missing": f"the model has no style {style}"}
                continue
            yield {**row, **_figures(evaluate(_restore(model, style)(flat), natural, flat))}


def _read(folder: Path, name: str, sets: dict[str, dict[str, str]]) -> Lines:
    """A set's lines; its hash is noted."""
    path = folder / f"{name}.txt"
    if not path.exists():
        path = folder / f"{name}.tok.txt"
    sets[name] = {"file": f"{folder.name}/{path.name}", "sha256": sha256(path)}
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def _styles(shared: Path) -> dict[str, str]:
    """Each training source's style, from the catalogue's table."""
    catalogue = (shared / "corpus" / "CATALOGUE.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)(?:\.tok)?\.txt\.xz` \| (\w+) \|", catalogue, re.MULTILINE))


def _restore(model: majuscule.Model, style: str | None) -> Callable[[Lines], Lines]:
    """The whole set in one call, as the command would do it."""
    restorer = majuscule.Restorer(model, style=style)
    return lambda lines: restorer.restore("\n".join(lines)).split("\n")


def _flatten(flattening: str) -> Callable[[Lines], Lines]:
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
