"""How good: case, spacing and exact lines on the open sets, beside the other systems.

Started by run.py. A row of the results is one system on one set flattened in one way:

* ``tokens``: the set is tokenised already, lower-casing is all;
* ``moses``, ``treebank``: by sacremoses (no escapes) and by nltk, then lower-cased;
* ``plain``, ``ptb``: by `majuscule.flatten`;
* ``given``: as the file came.

It holds the rates of `majuscule.evaluation.Report.figures` in per cent, for the chief ones
their intervals, the counts they come from, and a signature: all that must be the same for
the figures to be the same.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from learn import corpus_hash, truecaser, vocabulary
from rivals import NOT_RUN, RESTORERS, ROUND_TRIPS, SPACERS, TOKENISERS, Lines, System, lower
from signature import in_a_line, sha256, signature, versions, write

import majuscule
from majuscule import text
from majuscule.errors import MajusculeError
from majuscule.evaluation import SAMPLES, SEED, evaluate, of_spacing
from majuscule.restorer import EDITS
from majuscule.words import realign

Row = dict[str, Any]

OURS = "majuscule"
OUR_BEST = "majuscule, effort best"
OUR_SPACER = "majuscule, case given"
CASERS = [
    "left as it is",
    "first letter of each line",
    "moses truecaser",
    "moses truecaser + detruecaser",
    "truecase",
]
"""Who is asked where the tokens are to stay apart; of the others, who does the whole job."""
WHOLE = [*CASERS[:2], *(name for name in RESTORERS if name not in CASERS)]
FLATTENINGS = ("moses", "treebank", "plain", "ptb")
"""How natural text is flattened; majuscule's ``ptb`` is for majuscule alone."""
TOKENISED_BY = {"moses": "sacremoses", "treebank": "nltk, by sentences"}
"""Which of `TOKENISERS` makes a flattening."""

INTERVALS = (
    "word_f1",
    "word_accuracy",
    "mixed_recall",
    "unseen_accuracy",
    "gap_accuracy",
    "gap_f1",
    "exact_lines",
    "cased_lines",
    "spaced_lines",
)
"""Figures whose 95 % interval is kept."""


class Set(NamedTuple):
    """A text with all its capitals: its name, its file, what it is for.

    `style` is the house style one would choose who knows where the text is from.
    """

    name: str
    file: str
    role: str
    flattenings: tuple[str, ...]
    style: str | None = None


Task = tuple[Set, str, str, str | None]
"""A set, how it is flattened, a system, majuscule's style."""

SETS = [
    Set("examples/article", "examples/article.natural.txt", "example", ("given",), "news"),
    Set("en_wiki.test", "eval/en_wiki.test.tok.txt", "test", ("tokens",), "encyclopedia"),
    Set("wmt21", "eval/wmt21.txt", "test", FLATTENINGS, "news"),
    Set("ewt.test", "eval/ewt.test.txt", "test", FLATTENINGS),
    Set("en_wiki.dev", "eval/en_wiki.dev.tok.txt", "development", ("tokens",), "encyclopedia"),
    Set("ewt.dev", "eval/ewt.dev.txt", "development", FLATTENINGS),
]


def main() -> int:
    """Measure what is asked for; 0, or 2 with a line that says what there is to ask for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("results", type=Path, nargs="?", help="where to write; else it is shown")
    parser.add_argument("--command", default="")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--set", action="append", dest="sets", help="only this one; repeatable")
    parser.add_argument("--system", action="append", dest="systems", help="the same")
    arguments = parser.parse_args()
    sets = all_sets(arguments.shared, _restorer(arguments.model).model)
    there = {
        "set": [s.name for s in sets],
        "system": [OURS, OUR_BEST, OUR_SPACER, *RESTORERS, *SPACERS],
    }
    for kind, asked in (("set", arguments.sets), ("system", arguments.systems)):
        for name in asked or ():
            if name not in there[kind]:
                names = ", ".join(f"'{name}'" for name in there[kind])
                sys.stderr.write(f"run.py: no {kind} '{name}'; there are {names}\n")
                return 2
    sets = [s for s in sets if s.name in (arguments.sets or there["set"])]
    systems = arguments.systems or there["system"]
    bench = _Bench(arguments.shared, arguments.model, systems)
    words = len(_vocabulary(bench.corpus))
    if any("moses truecaser" in system for system in systems):
        try:
            truecaser(bench.corpus)
        except ImportError as error:
            print(f"Moses truecaser: {error}")
    tasks = [task for s in sets for task in bench.tasks(s)]
    if not tasks:
        sys.stderr.write("run.py: none of these systems is for any of these sets\n")
        return 2
    began = time.monotonic()
    rows: list[Row] = []
    with ProcessPoolExecutor(initializer=_begin, initargs=(bench,)) as pool:
        for row in pool.map(_measure, tasks):
            rows.append(row)
            print(f"{time.monotonic() - began:4.0f} s  {_title(row)}", flush=True)
        about_sets = dict(zip([s.name for s in sets], pool.map(_describe, sets), strict=True))
        natural = [s for s in sets if s.flattenings == FLATTENINGS]
        trips = [trip for some in pool.map(_round_trips, natural) for trip in some]
    if arguments.results is None:
        for row in rows:
            print("\n" + "\n".join(_shown(row)))
        return 0
    results = {
        "signature": signature(_restorer(bench.model).model, arguments.command),
        "vocabulary": {"corpus": corpus_hash(bench.corpus), "words": words},
        "sets": about_sets,
        "rows": rows,
        "round_trips": trips,
        "not_run": NOT_RUN,
    }
    write("quality", results, arguments.results)
    return 0


def all_sets(shared: Path, model: majuscule.Model) -> list[Set]:
    """`SETS` and the documents held out of the corpus, as many as there are.

    Their style is the one in which the model was shown the rest of their source.
    """
    styles = {source["file"].split(".")[0]: source["style"] for source in model.about["training"]}
    held_out = [
        Set(
            path.stem,
            f"eval/{path.name}",
            "held out",
            FLATTENINGS,
            styles.get(path.stem.removeprefix("heldout.")),
        )
        for path in sorted((shared / "eval").glob("heldout.*.txt"))
    ]
    return [*SETS, *held_out]


class _Bench(NamedTuple):
    """Where texts and model are, and who is asked; what a process of the pool works with."""

    shared: Path
    model: Path | None
    systems: list[str]

    @property
    def corpus(self) -> Path:
        return self.shared / "corpus"

    def tasks(self, s: Set) -> Iterator[Task]:
        """What is measured on a set: ways of flattening, systems, majuscule's styles."""
        for flattening in s.flattenings:
            whole = CASERS if flattening == "tokens" else [] if flattening == "ptb" else WHOLE
            spacers = [*SPACERS, OUR_SPACER] if flattening in TOKENISED_BY else []
            for system in [*whole, OURS, OUR_BEST, *spacers]:
                if system in self.systems:
                    yield s, flattening, system, None
            if flattening != s.flattenings[0]:
                continue
            styles = _restorer(self.model).styles
            # What another house's style does to a text shows without a second look.
            for system, some in ((OURS, styles), (OUR_BEST, {s.style} & set(styles))):
                if system in self.systems:
                    for style in some:
                        yield s, flattening, system, style


@cache
def _restorer(
    model: Path | None,
    style: str | None = None,
    edits: tuple[str, ...] = EDITS,
    effort: str = "fast",
) -> majuscule.Restorer:
    plain = (style, edits, effort) == (None, EDITS, "fast")
    source = model if plain else _restorer(model).model
    return majuscule.Restorer(source, effort=effort, style=style, edits=edits)


@cache
def _system(name: str, model: Path | None, style: str | None = None) -> System:
    """A system, built once in a process.

    Raises:
        ImportError: it is not here.
        MajusculeError: the model has no second stage, or there is nothing to run it with.
    """
    if name in (OURS, OUR_BEST, OUR_SPACER):
        edits = ("space",) if name == OUR_SPACER else EDITS
        restorer = _restorer(model, style, edits, "best" if name == OUR_BEST else "fast")
        # The whole set in one call, as the command would do it.
        return lambda lines: restorer.restore("\n".join(lines)).split("\n")
    return {**RESTORERS, **SPACERS}[name]()


def _lines(shared: Path, file: str) -> Lines:
    return (shared / file).read_text("utf-8").removesuffix("\n").split("\n")


@cache
def texts(shared: Path, file: str, flattening: str) -> tuple[Lines, Lines]:
    """A set's lines and their tokens with blanks between, in their case if it is to be had.

    Lines of which a tokeniser changes the letters are left out.
    """
    natural = _lines(shared, file)
    if flattening == "given":
        tokens = _lines(shared, file.replace(".natural.", ".flat."))
    elif flattening == "tokens":
        tokens = natural
    elif flattening in TOKENISED_BY:
        tokens = TOKENISERS[TOKENISED_BY[flattening]]()(natural)
    else:
        tokens = majuscule.flatten("\n".join(natural), flattening).split("\n")
    pairs = zip(natural, tokens, strict=True)
    kept = [pair for pair in pairs if realign(pair[1], pair[0]) is not None]
    return [line for line, _ in kept], [line for _, line in kept]


@cache
def _vocabulary(corpus: Path) -> frozenset[str]:
    return vocabulary(corpus)


_bench: _Bench


def _begin(bench: _Bench) -> None:
    global _bench  # noqa: PLW0603 - how a pool hands something to its processes
    _bench = bench


def _measure(task: Task) -> Row:
    """A row of the results: one set flattened in one way, by one system."""
    s, flattening, system, style = task
    row: Row = {"set": s.name, "flattening": flattening, "system": system}
    if system in (OURS, OUR_BEST):
        row["style"] = style
    row["whole_job"] = not system.endswith("case given")
    try:
        natural, tokens = texts(_bench.shared, s.file, flattening)
        run = _system(system, _bench.model, style)
    except (ImportError, MajusculeError) as error:
        return {**row, "missing": str(error)}
    judged = _judged(row, run, natural, tokens)
    judged["left_out"] = len(_lines(_bench.shared, s.file)) - len(natural)
    return {**row, **judged, "signature": _signature(s, row)}


def _judged(row: Row, run: System, natural: Lines, tokens: Lines) -> Row:
    """What a row's system makes of the tokens, in numbers that say something of it."""
    flat = [lower(line) for line in tokens]
    restored = run(flat if row["whole_job"] else tokens)
    evaluation = evaluate(restored, natural, flat, vocabulary=_vocabulary(_bench.corpus))
    figures, intervals = evaluation.figures(), evaluation.intervals()
    spacing = set(filter(of_spacing, figures))
    if row["flattening"] == "tokens":  # such a set has no spacing to restore
        kept = set(figures) - spacing
    elif not row["whole_job"]:  # and who was given the case, no case
        kept = spacing - {"exact_lines"}
    else:
        kept = set(figures)
    judged: Row = evaluation.counts()
    judged |= {name: round(rate, 2) for name, rate in figures.items() if name in kept}
    judged["intervals"] = {
        name: [round(end, 2) for end in intervals[name]] for name in INTERVALS if name in kept
    }
    if row["flattening"] == "given":
        judged["flatten_exact"] = majuscule.flatten("\n".join(natural)).split("\n") == flat
        judged["spacing_exact"] = [lower(line) for line in restored] == [
            lower(line) for line in natural
        ]
    return judged


def _signature(s: Set, row: Row) -> str:
    """All that makes a row's figures what they are, in a line."""
    name = row["system"]
    effort = "best" if name == OUR_BEST else "fast"
    tools = {**TOKENISED_BY, "plain": OURS, "ptb": OURS}.get(row["flattening"], "")
    corpus = corpus_hash(_bench.corpus)[:12]
    return in_a_line(
        {
            "set": s.name,
            "sha256": sha256(_bench.shared / s.file)[:12],
            "flattened": ", ".join([row["flattening"], *versions(_packages(tools))]),
            "system": name,
            "version": ", ".join(versions(_packages(name))),
            "model": _restorer(_bench.model, effort=effort).hash if OURS in name else None,
            "trained on": corpus if "moses truecaser" in name else None,
            "style": row.get("style"),
            "vocabulary of": corpus,
            "scorer": versions([OURS])[0],
            "bootstrap": f"samples {SAMPLES} seed {SEED}",
        }
    )


def _packages(name: str) -> list[str]:
    """The packages behind a system's name."""
    words = re.findall(r"majuscule|effort best|sacremoses|moses|truecase\b|nltk", name)
    return sorted(
        {{"moses": "sacremoses", "effort best": "onnxruntime"}.get(word, word) for word in words}
    )


def _describe(s: Set) -> dict[str, Any]:
    """What a set is: its file's hash, and how much there is to restore."""
    natural = _lines(_bench.shared, s.file)
    counts = evaluate(natural, natural, vocabulary=_vocabulary(_bench.corpus)).counts()
    kept = ("lines", "words", "capitals", "mixed_words", "unseen_words", "initial_words")
    return {
        "file": s.file,
        "role": s.role,
        "sha256": sha256(_bench.shared / s.file),
        "style": s.style,
        **{key: counts[key] for key in kept},
    }


def _round_trips(s: Set) -> list[Row]:
    """How many lines come back as they were from their tokens."""
    natural = [line for line in _lines(_bench.shared, s.file) if line]
    systems: dict[str, Callable[[], System]] = {OURS: _there_and_back, **ROUND_TRIPS}
    rows = []
    for name, build in systems.items():
        row: Row = {"set": s.name, "system": name, "version": versions([name])[0]}
        try:
            back = build()(natural)
        except ImportError as error:
            rows.append({**row, "missing": str(error)})
            continue
        # No tokeniser but a lossless one tells one blank from two.
        same = {
            "same": sum(map(str.__eq__, back, natural)),
            "same_but_for_blanks": sum(
                line.split() == other.split() for line, other in zip(back, natural, strict=True)
            ),
        }
        rates = {
            f"{key}_lines": round(100 * value / len(natural), 2) for key, value in same.items()
        }
        rows.append({**row, "lines": len(natural), **same, **rates})
    return rows


def _there_and_back() -> System:
    def back(lines: Iterable[str]) -> Lines:
        tokens = text.read("\n".join(lines))
        return text.render(tokens, tokens.labels).split("\n")

    return back


def _title(row: Row) -> str:
    style = f", style {row['style']}" if row.get("style") else ""
    return f"{row['set']}, {row['flattening']}: {row['system']}{style}"


def _shown(row: Row) -> Iterator[str]:
    """A row for people."""
    yield _title(row)
    if "missing" in row:
        yield f"  not run: {row['missing']}"
        return
    for key, value in row.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            ends = row["intervals"].get(key)
            yield f"  {key:18} {value:9,}" + (f"   {ends[0]} to {ends[1]}" if ends else "")
    yield f"  {row['signature']}"


if __name__ == "__main__":
    sys.exit(main())
