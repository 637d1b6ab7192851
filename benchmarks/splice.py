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
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import scores
from scores import BEST, PUBLISHED, head, line

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DOCUMENTS = ("README.md", "docs/*.md", "models/en/*.md", "benchmarks/*.md")
PLACE = re.compile(r"(<!-- figures:(\w+) -->\n)(.*?)(<!-- /figures -->)", re.DOTALL)

Row = dict[str, Any]


class SpliceError(Exception):
    """A document or results that cannot be used; the message says which and why."""


class Results:
    """The rows of the results files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[str, dict[str, Any]] = {}

    def load(self, name: str) -> dict[str, Any]:
        """A results file."""
        if name in self._loaded:
            return self._loaded[name]
        path = self.folder / f"{name}.json"
        try:
            loaded = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise SpliceError(
                f"{path.name} is missing in {self.folder.name}/; run benchmarks/run.py first"
            ) from None
        assert isinstance(loaded, dict)  # as signature.write wrote it
        self._loaded[name] = loaded
        return loaded

    def rows(self, name: str, **wanted: object) -> list[Row]:
        """Rows that have the values wanted and were measured."""
        return [
            row
            for row in self.load(name)["rows"]
            if "missing" not in row and all(row.get(key) == want for key, want in wanted.items())
        ]

    def ours(self, name: str, **wanted: object) -> Row:
        """Majuscule's row in no style, the last if there are several."""
        rows = self.rows(name, **{"system": "majuscule", "style": None, **wanted})
        if not rows:
            raise SpliceError(f"{name}.json has no row of majuscule with {wanted}")
        return rows[-1]

    def second(self, name: str, **wanted: object) -> Row:
        """The row of both stages in no style, the last if there are several; empty if none is."""
        rows = self.rows(name, **{"system": BEST, "style": None, **wanted})
        return rows[-1] if rows else {}

    def best(self, name: str, figure: str, *, most: bool = True, **wanted: object) -> str:
        """The other system that is best by a figure, and the figure; empty if none has it."""
        others = [
            row
            for row in self.rows(name, **wanted)
            if not row["system"].startswith(("majuscule", "floor")) and figure in row
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
            second = about.get("second_stage")
            stages = f"model `{about['model']['hash']}`"
            stages += f" and its second stage `{second['hash']}`" if second else ""
            lines.append(
                f"{name}: {stages}, majuscule {about['majuscule']},"
                f" {about['date']}, {machine['cpu']}, {machine['cores']} cores,"
                f" Python {machine['python']}"
            )
        return "; ".join(lines) + ". Made by `python benchmarks/run.py`."


def quality(results: Results) -> Iterator[str]:
    """The figures that matter most, of both efforts, each beside the best of the others."""
    article = results.ours("quality", set="examples/article")
    again = results.second("quality", set="examples/article")
    yield from head("on", "figure", "majuscule", "effort best", "best other")
    for on, figure, name in (
        ("`examples/article`", "spacing exact", "spacing_exact"),
        ("", "flattened again, byte for byte", "flatten_exact"),
    ):
        yield line(on, figure, _figure(article, name), _figure(again, name), "")
    best = results.best("quality", "word_f1", set="examples/article")
    yield line("", "word F1", _figure(article, "word_f1"), _figure(again, "word_f1"), best)
    for place, name, flattening, figures in (
        ("EN-Wiki test", "en_wiki.test", "tokens", ["word_f1"]),
        ("WMT21 news, Moses tokens", "wmt21", "moses", ["word_f1", "exact_lines"]),
        ("EWT test, Penn Treebank tokens", "ewt.test", "treebank", ["gap_accuracy"]),
    ):
        ours = results.ours("quality", set=name, flattening=flattening)
        again = results.second("quality", set=name, flattening=flattening)
        for figure in figures:
            # Lines come out exact for who was given the case; that is not the whole job.
            job = {"whole_job": True} if figure == "exact_lines" else {}
            best = results.best("quality", figure, set=name, flattening=flattening, **job)
            published = (
                f"{row['figures'][figure]}, {row['system']}, {row['trained']} (P)"
                for row in PUBLISHED
                if row["set"] == name and figure in row["figures"]
            )
            others = filter(None, [best, next(published, "")])
            on = place if figure == figures[0] else ""
            both = _figure(ours, figure), _figure(again, figure)
            yield line(on, _NAMES[figure], *both, "; ".join(others))
        home = {"sample": "en_wiki.dev", "on": name, "home": True}
        adapted = {
            row.get("effort"): row["word_f1_after"] for row in results.rows("adapting", **home)
        }
        if adapted:
            after = (f"{adapted[key]:.2f}" if key in adapted else "" for key in (None, "best"))
            yield line("", "word F1, adapted to its development set", *after, "")
    for what, place in (("restore", "`restore`"), ("flatten", "`flatten`")):
        ours = results.ours("speed", what=what, how="command")
        again, two = (
            results.second("speed", what=what, how="command", cores=cores) for cores in (1, 2)
        )
        size = f"{ours['mb']:.3g} MB"
        yield line(
            f"{place}, one core, {size}",
            "tokens/s",
            *(_figure(row, "tokens_per_second") for row in (ours, again)),
            results.best("speed", "tokens_per_second", what=what),
        )
        if what == "restore":
            first = results.ours("speed", what="first line")
            both = _figure(first, "seconds"), _figure(again, "first_line_seconds")
            best = results.best("speed", "first_line_seconds", most=False, what=what)
            yield line("", "first line out after", *both, best)
            best = results.best("speed", "peak_mb", most=False, what=what)
            both = _figure(ours, "peak_mb"), _figure(again, "peak_mb")
            yield line("", "memory at most", *both, best)
        if two:
            rate = _figure(two, "tokens_per_second")
            yield line(f"{place}, two cores, {size}", "tokens/s", "", rate, "")
        elif what == "restore":
            speeds = {row["effort"]: row for row in results.rows("effort", what="speed")}
            if "best" in speeds:
                rates = [_figure(speeds[one], "tokens_per_second") for one in ("fast", "best")]
                on = f"{place}, {speeds['best']['cores']} cores, the development sets"
                yield line(on, "tokens/s", *rates, "")
    for row in results.rows("corpora", what="growth")[-1:]:
        rival = results.rows("corpora", what="beside")[-1]
        other = f"{rival['mb_per_second']:.2f}, {rival['system']} in a pool of processes"
        on = f"`corpus`, {row['cores']} cores, {row['mb'] / 1000:.3g} GB"
        yield line(on, "MB/s", f"{row['mb_per_second']:.2f}", "", other)
        yield line("", "memory at most, all processes", _figure(row, "peak_mb"), "", "")
    for row in results.rows("serving", what="load")[-1:]:
        on = f"`serve`, {row['connections']} connections"
        yield line(on, "requests/s", f"{row['requests_per_second']:,.0f}", "", "")
        yield line("", "answered after, 99 %", f"{row['p99_ms']:.0f} ms", "", "")
    yield ""
    yield "(P) is published by others; all else was measured side by side, on the days below."
    yield results.source("quality", "speed", "adapting", "effort", "corpora", "serving")


def card(results: Results) -> Iterator[str]:
    """Every set, majuscule's rows alone: without a style and in that of the text's source."""
    columns = ["word_f1", "word_accuracy", "gap_accuracy", "gap_f1", "exact_lines"]
    names = (_NAMES[name] for name in columns)
    yield from head("set", "flattened", "style", "effort", *names)
    quality = results.load("quality")
    for name, flattening in scores.firsts(quality):
        for style in dict.fromkeys([None, quality["sets"][name]["style"]]):
            wanted = {"set": name, "flattening": flattening, "style": style}
            for system, effort in ((scores.OURS, "fast"), (BEST, "best")):
                for row in results.rows("quality", system=system, **wanted):
                    cells = [_figure(row, column) for column in columns]
                    yield line(name, flattening, style or "", effort, *cells)
    yield ""
    yield results.source("quality")


JOBS = {
    "restore": "whole job",
    "case": "case only",
    "space": "spacing only",
    "flatten": "flattening",
}


def speed(results: Results) -> Iterator[str]:
    """Every job by every system, how time grows, what a second core brings, and sizes."""
    rows = results.load("speed")["rows"]
    jobs = [row for row in rows if row["what"] in JOBS]
    yield from head(
        *("job", "system", "MB", "tokens/s", "majuscule's, times this", "from", "to"),
        *("first line", "memory"),
    )
    names = ["mb", "tokens_per_second", "ratio", "ratio_least", "ratio_most"]
    names += ["first_line_seconds", "peak_mb"]
    for row in jobs:
        if row["how"] == "library":
            yield line(JOBS[row["what"]], row["system"], *_measured(row, names))
    yield ""
    yield from head(
        *("command", "cores", "MB", "seconds", "from", "to", "tokens/s", "first line", "memory")
    )
    names = ["mb", "seconds", "seconds_least", "seconds_most", "tokens_per_second"]
    names += ["first_line_seconds", "peak_mb"]
    for row in rows:
        if row["what"] in ("restore", "flatten", "corpus") and row["how"] == "command":
            cores = str(row.get("cores", 1))
            yield line(f"`{row['what']}{_effort(row)}`", cores, *_measured(row, names))
    yield ""
    yield from head("command", "start", "then tokens/s", "R²", "farthest from the line")
    names = ["start_seconds", "tokens_per_second", "r2", "off_percent"]
    for row in (row for row in rows if row["what"] == "growth"):
        yield line(f"`{row['job']}`", *_measured(row, names))
    yield ""
    yield from head("on two cores", "by", "MB", "times as fast", "from", "to", "same bytes")
    names = ["mb", "speedup", "speedup_least", "speedup_most", "same_bytes"]
    for row in (row for row in rows if row["what"] == "cores" and row.get("cores") != 1):
        job = f"{row.get('job', '')}{_effort(row)}"
        yield line(job, row.get("how", ""), *_measured(row, names))
    yield ""
    yield from head("on disk", "itself", "with all it needs", "which is")
    for row in (row for row in rows if row["what"] == "installed"):
        packages = ", ".join(row.get("packages", []))
        yield line(row["system"], *_measured(row, ["own_mb", "installed_mb"]), packages)
    yield ""
    yield results.source("speed")


def _effort(row: Row) -> str:
    """What a command is told for a row's effort."""
    return " --effort best" if row["system"] == BEST else ""


def effort(results: Results) -> Iterator[str]:
    """How good each set comes back, and how fast, by what the second stage looks at."""
    rows = results.load("effort")["rows"]
    judged = {(row["set"], row["doubt"]): row for row in rows if row["what"] == "accuracy"}
    names = list(dict.fromkeys(name for name, _ in judged))
    yield from head(
        *("margins looked at", "of tokens", "tokens/s", "times as long", "word F1, mean"),
        *map(scores.title, names),
    )
    for row in rows:
        if row["what"] != "speed":
            continue
        if "missing" in row:
            yield line(*_measured(row, []))
            continue
        doubt = row["doubt"]
        about = f"below {doubt:g}" if doubt else "none"
        about += f", effort {row['effort']}" if row["effort"] else ""
        f1 = [judged[name, doubt]["word_f1"] for name in names]
        yield line(
            *(about, f"{row['looked_at']:.2f} %", f"{row['tokens_per_second'] / 1000:,.0f} k"),
            *(f"{value:.2f}" for value in (row["ratio"], sum(f1) / len(f1), *f1)),
        )
    yield ""
    yield results.source("effort")


def calibration(results: Results) -> Iterator[str]:
    """What probabilities promise, and what comes true."""
    yield from head("set", "decisions", "promised", "right", "expected calibration error")
    for row in results.rows("calibration"):
        figures = (f"{row[name]:.2f} %" for name in ("promised", "right", "calibration_error"))
        yield line(scores.title(row["set"]), f"{row['decisions']:,}", *figures)
    yield ""
    yield results.source("calibration")


def apostrophes(results: Results) -> Iterator[str]:
    """Which lost apostrophes come back, and what their loss costs case and spacing."""
    yield from head(
        *("set", "in their place", "apostrophes", "F1", "P", "R", "plurals' found"),
        *("word F1 (had they stayed)", "all gaps right (had they stayed)"),
    )
    for row in results.rows("apostrophes"):
        yield line(
            *(scores.title(row["set"]), row["place"], f"{row['apostrophes']:,}"),
            *(f"{row[name]:.2f}" for name in ("f1", "precision", "recall")),
            f"{row['plurals_found']} of {row['plurals']}",
            f"{row['word_f1_lost']:.2f} ({row['word_f1_kept']:.2f})",
            f"{row['all_gap_accuracy_lost']:.2f} % ({row['all_gap_accuracy_kept']:.2f} %)",
        )
    yield ""
    yield results.source("apostrophes")


def adapting(results: Results) -> Iterator[str]:
    """What samples bring on other text of their house, and elsewhere."""
    yield from head(
        *("adapted to", "words", "seconds", "kB", "style", "judged on", "word F1", "wrong words"),
        "errors of style",
    )
    for row in results.rows("adapting"):
        about: tuple[str, ...] = (
            (f"{row['words']:,}", f"{row['seconds']:.1f}", f"{row['bytes'] / 1000:.0f}")
            if "words" in row
            else ("", "", "")
        )
        wrong = [
            f"{row[f'{name}_before']:,} → {row[f'{name}_after']:,}"
            for name in ("wrong", "style_errors")
            if f"{name}_before" in row
        ]
        f1 = f"{row['word_f1_before']:.2f} → {row['word_f1_after']:.2f}"
        on = scores.title(row["on"]) + (f", effort {row['effort']}" if "effort" in row else "")
        style = str(row.get("style") or "")
        cells = [row["sample"], *about, style, on, f1, *wrong, ""]
        yield line(*cells[:9])
    yield ""
    yield results.source("adapting")


def natural(results: Results) -> Iterator[str]:
    """Whether text that is natural already comes back as it was."""
    yield from head(
        *("set", "lines", "unchanged", "each line alone", "case unchanged", "each line alone"),
        "violations",
    )
    for row in results.rows("harm", what="natural"):
        names = ("same_together", "same_alone", "cased_together", "cased_alone")
        wrong = row["violations_together"] + row["violations_alone"]
        cells = [f"{row[name]:.2f} %" if name in row else "" for name in names]
        yield line(scores.title(row["set"]), f"{row['lines']:,}", *cells, str(wrong))
    yield ""
    yield results.source("harm")


def flattened(results: Results) -> Iterator[str]:
    """Text that lost its shape in many ways, restored: what was violated, how good it is."""
    yield from head(
        *("set", "flattened", "lines", "left out", "violations", "changed again"),
        *(_NAMES[name] for name in ("word_f1", "exact_lines")),
    )
    for row in results.rows("harm", what="flattened"):
        counts = (row[name] for name in ("lines", "left_out", "violations", "changed_again"))
        figures = (_figure(row, name) for name in ("word_f1", "exact_lines"))
        name = scores.title(row["set"])
        yield line(name, row["way"], *(f"{count:,}" for count in counts), *figures)
    yield ""
    yield results.source("harm")


def hard(results: Results) -> Iterator[str]:
    """Text that breaks things: what was violated or raised, and how time grows."""
    yield from head(
        *("text", "characters", "violations", "exceptions", "changed again"),
        *("per million characters", "time, when the text doubles"),
    )
    rows = results.rows("harm", what="hard")
    names = ("characters", "violations", "exceptions", "changed_again")
    for row in rows:
        growth = ", ".join(f"× {ratio:.2f}" for ratio in row.get("growth", []))
        seconds = _figure(row, "seconds_per_million")
        yield line(row["kind"], *(f"{row[name]:,}" for name in names), seconds, growth)
    yield line("together", *(f"{sum(row[name] for row in rows):,}" for name in names), "", "")
    yield ""
    yield results.source("harm")


def corpora(results: Results) -> Iterator[str]:
    """Every format on one core and two, another system beside, and how time grows."""
    yield from head(
        *("`majuscule corpus`", "cores", "MB of text", "MB/s", "of plain text's rate", "from"),
        *("to", "times as fast as one core", "from", "to", "memory", "same bytes"),
    )
    for row in results.rows("corpora", what="format"):
        shares = (f"{100 * row[name]:.0f} %" for name in _spread_of("of_text"))
        speedups = (f"{row[name]:.2f}" for name in _spread_of("speedup"))
        yield line(
            *(FORMATS[row["format"]], str(row["cores"]), f"{row['mb']:.3g}"),
            *(f"{row['mb_per_second']:.2f}", *shares, *speedups),
            *_measured(row, ["peak_mb", "same_bytes"]),
        )
    yield ""
    yield from head(
        "plain text, in a pool of processes", "cores", "MB", "MB/s", "times", "from", "to"
    )
    for row in results.load("corpora")["rows"]:
        if row["what"] == "beside":
            names = ["mb", "mb_per_second", *_spread_of("ratio")]
            yield line(row["system"], str(row.get("cores", "")), *_measured(row, names))
    yield ""
    yield from head("plain text, MB", "cores", "seconds", "MB/s", "memory of all processes")
    for row in results.rows("corpora", what="growth"):
        figures = _measured(row, ["seconds", "mb_per_second", "peak_mb"])
        yield line(f"{row['mb']:,.0f}", str(row["cores"]), *figures)
    for row in results.rows("corpora", what="line"):
        yield ""
        yield (
            f"A line through these: {row['start_seconds']:.2f} s to start, then"
            f" {row['mb_per_second']:.2f} MB/s; R² {row['r2']:.5f}, the farthest point is off by"
            f" {row['off_percent']:.1f} %."
        )
    yield ""
    yield results.source("corpora")


FORMATS = {
    "txt": "plain text",
    "jsonl": "JSON Lines",
    "jsonl.gz": "JSON Lines, .gz",
    "csv": "CSV",
    "parquet": "Parquet",
}


def _spread_of(name: str) -> list[str]:
    return [name, f"{name}_least", f"{name}_most"]


def cluster(results: Results) -> Iterator[str]:
    """What a terabyte of text costs, by one core's rate."""
    rows = results.rows("corpora", what="format", cores=1)
    rates = {row["format"]: row["mb_per_second"] for row in rows}
    shown = [name for name in ("txt", "jsonl.gz", "parquet") if name in rates]
    yield from head("1 TB of text", "MB/s, one core", "core hours", *(f"{n} cores" for n in CORES))
    for name in shown:
        hours = 1e6 / rates[name] / 3600
        times = (f"{hours / cores:,.1f} h" for cores in CORES)
        yield line(FORMATS[name], f"{rates[name]:.2f}", f"{hours:,.0f}", *times)
    yield ""
    yield (
        "By the rate of one core of `majuscule corpus`, reading and writing included, if all cores"
        " are kept at work and are as fast as this one; what an engine itself takes comes on top."
    )
    yield results.source("corpora")


CORES = (16, 64, 256, 1024)
"""Sizes of clusters."""


def entities(results: Results) -> Iterator[str]:
    """What a recogniser finds in flattened text, by what it finds in natural text; the cost."""
    yield from head(
        *("set", "given", "restored before", "entities", "found", "P", "R", "F1", "F1 of names")
    )
    for row in results.rows("entities", what="agreement"):
        yield line(
            *(scores.title(row["set"]), row["given"], RESTORED[row["restored"]]),
            *(f"{row[name]:,}" for name in ("reference", "found")),
            *(f"{row[name]:.2f}" for name in ("precision", "recall", "f1")),
            f"{row['names']['f1']:.2f}",
        )
    yield ""
    yield from head("pipeline", "tokens/s", "with majuscule", "of the rate")
    for row in results.rows("entities", what="cost"):
        rates = (f"{row[name]:,}" for name in ("without", "with"))
        yield line(PIPELINES[row["pipeline"]], *rates, f"{row['rate']:.1f} %")
    yield ""
    yield f"With `{results.load('entities')['pipeline']}`. {results.source('entities')}"


RESTORED = {None: "nothing", "case": "case alone", "all": "case and spacing"}
PIPELINES = {"whole": "the whole of it", "tokenizer": "the tokenizer alone"}


def serving(results: Results) -> Iterator[str]:
    """What the server bears, its memory, and what becomes of bad clients."""
    yield from head(
        *("connections", "minutes", "requests", "requests/s", "tokens/s", "median", "99 %", "most"),
        *("not 200", "errors"),
    )
    for row in results.rows("serving", what="load"):
        yield line(
            *(str(row["connections"]), f"{row['seconds'] / 60:.1f}", f"{row['requests']:,}"),
            *(f"{row['requests_per_second']:,.0f}", f"{row['tokens_per_second']:,}"),
            *(f"{row[name]:.0f} ms" for name in ("p50_ms", "p99_ms", "most_ms")),
            *(str(row["not_2xx"]), str(row["socket_errors"] + row["timeouts"])),
        )
    yield ""
    for row in results.rows("serving", what="memory"):
        begin, *rest = row["mb"]
        quarter = len(rest) // 4
        first, last = (sum(some) / len(some) for some in (rest[:quarter], rest[-quarter:]))
        yield (
            f"Memory: {begin:.0f} MB before; in the first quarter of the load {first:.1f} MB, in"
            f" the last {last:.1f} MB, at most {max(rest):.1f} MB."
        )
        yield ""
    for row in results.rows("serving", what="beside"):
        counts = {
            name: ", ".join(f"{count:,} × {outcome}" for outcome, count in row[name].items())
            for name in ("slow", "too_large", "good")
        }
        yield (
            f"Beside it: sent slowly, {counts['slow']}; too large, {counts['too_large']}; asked"
            f" now and then and compared, {counts['good']}, in {row['good_p50_ms']:.0f} ms by the"
            f" median and {row['good_most_ms']:.0f} ms at most."
        )
        yield ""
    yield f"With {results.load('serving')['wrk']}. {results.source('serving')}"


def _measured(row: Row, names: Iterable[str]) -> list[str]:
    """A row's cells, or one that says why there are none."""
    if "missing" in row:
        return [f"not run: {row['missing']}"]
    return [_figure(row, name) for name in names]


def pictures(results: Results) -> Iterator[str]:  # noqa: ARG001 - as every table
    """The pictures that there are."""
    for name, title in PICTURES.items():
        if (ROOT / "docs" / "pictures" / f"{name}.svg").exists():
            yield f"![{title}](../docs/pictures/{name}.svg)"
            yield ""


PICTURES = {
    "accuracy-speed": "accuracy against speed, all systems",
    "errors-by-class": "errors by class of word, all systems",
    "growth": "how time grows with the text",
    "effort": "accuracy against speed, by the doubt from which the second stage looks",
}


def _of_quality(table: Callable[[dict[str, Any]], Iterator[str]]) -> Table:
    return lambda results: table(results.load("quality"))


Table = Callable[[Results], Iterator[str]]

TABLES: dict[str, Table] = {
    "quality": quality,
    "card": card,
    "speed": speed,
    "effort": effort,
    "calibration": calibration,
    "apostrophes": apostrophes,
    "adapting": adapting,
    "natural": natural,
    "flattened": flattened,
    "hard": hard,
    "corpora": corpora,
    "cluster": cluster,
    "entities": entities,
    "serving": serving,
    "pictures": pictures,
    "source": lambda results: iter([results.source("quality", "speed")]),
    "summary": _of_quality(scores.summary),
    "sets": _of_quality(scores.about),
    "tests": _of_quality(partial(scores.sets, roles=("test",))),
    "others": _of_quality(partial(scores.sets, roles=("example", "development", "held out"))),
    "styles": _of_quality(scores.styles),
    "round_trips": _of_quality(scores.round_trips),
    "not_run": _of_quality(scores.not_run),
}

_NAMES = {
    "word_f1": "word F1",
    "word_accuracy": "words right",
    "gap_accuracy": "gaps right",
    "gap_f1": "gap F1",
    "exact_lines": "exact lines",
}


_PER_CENT = {"word_accuracy", "gap_accuracy", "exact_lines"}


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
        lambda place: (
            place[1] + "\n" + "\n".join(TABLES[place[2]](results)).strip() + "\n\n" + place[4]
        ),
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
    results = Results(arguments.results)
    stale = 0
    for path in documents:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        before = path.read_text("utf-8")
        try:
            after = spliced(before, results)
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


def _figure(row: Row, name: str) -> str:
    """A figure as it is written, empty if the row has none."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "tokens_per_second":
        return f"{value / 1e6:.2f} M"
    if name == "mb":
        return f"{value:.3g}"
    if name == "peak_mb":
        return f"{value:.0f} MB"
    if name in ("own_mb", "installed_mb"):
        return f"{value:.1f} MB"
    if "seconds" in name:
        return f"{value:.2f} s"
    if name == "r2":
        return f"{value:.5f}"
    if name == "off_percent":
        return f"{value:.1f} %"
    return f"{value:.2f}" + (" %" if name in _PER_CENT else "")


if __name__ == "__main__":
    sys.exit(main())
