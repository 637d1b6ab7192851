"""Put the figures of results/*.json into documents: ``python benchmarks/splice.py``.

Between ``<!-- figures:NAME -->`` and ``<!-- /figures -->`` a document gets the table NAME,
one of `TABLES`. ``--check`` changes nothing and exits with 1 if a document is not as the
results would have it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DOCUMENTS = ("README.md", "docs/*.md", "models/en/*.md", "benchmarks/README.md")
PLACE = re.compile(r"(<!-- figures:(\w+) -->\n)(.*?)(<!-- /figures -->)", re.DOTALL)

Row = dict[str, Any]

# What others published of a figure, where there is no program to run beside ours.
PUBLISHED = {
    ("en_wiki.test", "word_f1"): (
        "93.50, a character LSTM trained on text of this kind (Susanto et al. 2016, re-run; P)"
    ),
}


class SpliceError(Exception):
    """A document or results that cannot be used; the message says which and why."""


class Results:
    """The rows of both results files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, name: str) -> dict[str, Any]:
        """A results file."""
        path = self.folder / f"{name}.json"
        try:
            loaded = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise SpliceError(
                f"{path.name} is missing in {self.folder.name}/; run benchmarks/run.py first"
            ) from None
        assert isinstance(loaded, dict)  # as signature.write wrote it
        return loaded

    def rows(self, name: str, **wanted: object) -> list[Row]:
        """Rows that have the values wanted and were measured."""
        return [
            row
            for row in self.load(name)["rows"]
            if "missing" not in row and all(row.get(key) == want for key, want in wanted.items())
        ]

    def ours(self, name: str, **wanted: object) -> Row:
        """Majuscule's row, the last if there are several."""
        rows = self.rows(name, system="majuscule", **wanted)
        if not rows:
            raise SpliceError(f"{name}.json has no row of majuscule with {wanted}")
        return rows[-1]

    def best(self, name: str, figure: str, *, most: bool = True, **wanted: object) -> str:
        """The other system that is best by a figure, and the figure; empty if none has it."""
        others = [
            row
            for row in self.rows(name, **wanted)
            if row["system"] not in ("majuscule", "floor") and figure in row
        ]
        if not others:
            return ""
        row = (max if most else min)(others, key=lambda row: row[figure])
        return f"{_figure(row, figure)}, {row['system']}"

    def source(self, *names: str) -> str:
        """A line that says where the figures come from."""
        lines = []
        for name in names:
            about = self.load(name)["signature"]
            machine = about["machine"]
            lines.append(
                f"{name}: model `{about['model']['hash']}`, majuscule {about['majuscule']},"
                f" {about['date']}, {machine['cpu']}, {machine['cores']} cores,"
                f" Python {machine['python']}"
            )
        return "; ".join(lines) + ". Made by `python benchmarks/run.py`."


def quality(results: Results) -> Iterator[str]:
    """The figures that matter most, each beside the best of the others."""
    article = results.ours("quality", set="examples/article")
    yield from _head("on", "figure", "majuscule", "best other")
    yield _line("`examples/article`", "spacing exact", _figure(article, "spacing_exact"), "")
    yield _line("", "flattened again, byte for byte", _figure(article, "flatten_exact"), "")
    yield _line("", "word F1", _figure(article, "word_f1"), "")
    for place, name, flattening, figures in (
        ("EN-Wiki test", "en_wiki.test", "tokens", ["word_f1"]),
        ("WMT21 news, Moses tokens", "wmt21", "moses", ["word_f1", "exact_lines"]),
        ("EWT test, Penn Treebank tokens", "ewt.test", "treebank", ["gap_accuracy"]),
    ):
        ours = results.ours("quality", set=name, flattening=flattening)
        for figure in figures:
            # Lines come out exact for who was given the case; that is not the whole job.
            job = {"whole_job": True} if figure == "exact_lines" else {}
            best = results.best("quality", figure, set=name, flattening=flattening, **job)
            others = filter(None, [best, PUBLISHED.get((name, figure))])
            on = place if figure == figures[0] else ""
            yield _line(on, _NAMES[figure], _figure(ours, figure), "; ".join(others))
    for what, place in (("restore", "`restore`"), ("flatten", "`flatten`")):
        ours = results.ours("speed", what=what, how="command")
        yield _line(
            f"{place}, one core, {ours['mb']:.3g} MB",
            "tokens/s",
            _figure(ours, "tokens_per_second"),
            results.best("speed", "tokens_per_second", what=what),
        )
        if what == "restore":
            first = results.ours("speed", what="first line")
            best = results.best("speed", "start_seconds", most=False, what=what)
            yield _line("", "first line out after", _figure(first, "seconds"), best)
            best = results.best("speed", "peak_mb", most=False, what=what)
            yield _line("", "memory at most", _figure(ours, "peak_mb"), best)
    yield ""
    yield "(P) is published by others; all else was measured in one run, side by side."
    yield results.source("quality", "speed")


def card(results: Results) -> Iterator[str]:
    """Every set and flattening, majuscule's rows alone."""
    return sets(results, lambda row: row["system"] == "majuscule")


def sets(results: Results, chosen: Callable[[Row], bool] = bool) -> Iterator[str]:
    """Every set, flattening and system."""
    columns = [
        "word_f1",
        "word_accuracy",
        "gap_accuracy",
        "gap_f1",
        "all_gap_accuracy",
        "exact_lines",
        "changed_lines",
    ]
    yield from _head("set", "flattened", "system", *(_NAMES[name] for name in columns))
    for row in filter(chosen, results.load("quality")["rows"]):
        system = row["system"] + (f", style {row['style']}" if row.get("style") else "")
        cells = [_figure(row, name) for name in columns]
        if "missing" in row:
            cells = [f"not run: {row['missing']}"]
        yield _line(row["set"], row["flattening"], system, *cells)
    yield ""
    yield results.source("quality")


def styles(results: Results) -> Iterator[str]:
    """Held-out text with no style and with its own."""
    yield from _head(
        "held-out text", "style", "word F1 without", "with", "exact lines without", "with"
    )
    for row in results.rows("quality", flattening="plain"):
        if row.get("style"):
            without = results.ours("quality", set=row["set"], flattening="plain", style=None)
            yield _line(
                row["set"].removeprefix("heldout."),
                row["style"],
                _figure(without, "word_f1"),
                _figure(row, "word_f1"),
                _figure(without, "exact_lines"),
                _figure(row, "exact_lines"),
            )
    yield ""
    yield results.source("quality")


def speed(results: Results) -> Iterator[str]:
    """Every timed run."""
    yield from _head(
        "what", "system", "how", "MB", "tokens/s", "majuscule's, times this", "start", "memory"
    )
    for row in results.load("speed")["rows"]:
        cells = [f"{row['mb']:.3g}"]
        if "missing" in row:
            cells.append(f"not run: {row['missing']}")
        else:
            start = "seconds" if row["what"] == "first line" else "start_seconds"
            cells += [
                _figure(row, name) for name in ("tokens_per_second", "ratio", start, "peak_mb")
            ]
        yield _line(row["what"], row["system"], row["how"], *cells)
    yield ""
    yield results.source("speed")


TABLES: dict[str, Callable[[Results], Iterator[str]]] = {
    "quality": quality,
    "card": card,
    "sets": sets,
    "styles": styles,
    "speed": speed,
}

_NAMES = {
    "word_f1": "word F1",
    "word_accuracy": "words right",
    "gap_accuracy": "gaps right",
    "gap_f1": "gap F1",
    "all_gap_accuracy": "all gaps right",
    "exact_lines": "exact lines",
    "changed_lines": "changed lines",
}


_PER_CENT = {"word_accuracy", "gap_accuracy", "all_gap_accuracy", "exact_lines"}


def spliced(document: str, results: Results) -> str:
    """A document with its tables as the results would have them.

    Raises:
        SpliceError: a table is unknown, or has no end, or its figures are missing.
    """
    places = list(PLACE.finditer(document))
    if document.count("<!-- figures:") != len(places):
        raise SpliceError("a figures mark without its end; close it with <!-- /figures -->")
    for place in places:
        if place[2] not in TABLES:
            raise SpliceError(f"no table {place[2]}; there are {', '.join(TABLES)}")
    return PLACE.sub(
        lambda place: place[1] + "\n" + "\n".join(TABLES[place[2]](results)) + "\n\n" + place[4],
        document,
    )


def main() -> int:
    """Splice or check: 0 if all is well, 1 if a document was out of date, 2 for misuse."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="change nothing, report")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="the folder read")
    parser.add_argument("documents", type=Path, nargs="*", help="default: this repository's own")
    arguments = parser.parse_args()
    documents = arguments.documents or [
        path for pattern in DOCUMENTS for path in sorted(ROOT.glob(pattern))
    ]
    stale = 0
    for path in documents:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        before = path.read_text("utf-8")
        try:
            after = spliced(before, Results(arguments.results))
        except SpliceError as error:
            sys.stderr.write(f"splice.py: {name}: {error}\n")
            return 2
        if after != before:
            stale += 1
            if arguments.check:
                sys.stderr.write(f"{name}: out of date; run python benchmarks/splice.py\n")
            else:
                path.write_text(after, "utf-8")
                print(f"{name} written")
    return 1 if arguments.check and stale else 0


def _head(*names: str) -> Iterator[str]:
    yield _line(*names)
    yield "|" + " --- |" * len(names)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _figure(row: Row, name: str) -> str:
    """A figure as it is written, empty if the row has none."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "tokens_per_second":
        return f"{value / 1e6:.2f} M"
    if name == "peak_mb":
        return f"{value:.0f} MB"
    if name in ("seconds", "start_seconds"):
        return f"{value:.2f} s"
    if name == "changed_lines":
        return str(value)
    return f"{value:.2f}" + (" %" if name in _PER_CENT else "")


if __name__ == "__main__":
    sys.exit(main())
