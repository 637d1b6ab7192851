"""The tables of RESULTS.md: who restores which set how well, from quality.json.

Each function takes that file, loaded, and gives lines of Markdown. `PUBLISHED` holds what
others wrote of systems that are not run here; such rows are marked (P).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Quality = dict[str, Any]

PUBLISHED: list[Row] = json.loads((Path(__file__).parent / "published.json").read_text("utf-8"))
COMMAND = "python benchmarks/run.py"
OURS = "majuscule"
BEST = "majuscule, effort best"

TITLES = {
    "en_wiki.test": "EN-Wiki test",
    "en_wiki.dev": "EN-Wiki development set",
    "wmt21": "WMT21 news",
    "ewt.test": "EWT test",
    "ewt.dev": "EWT development set",
    "examples/article": "The example",
}
CASE = {
    "word_f1": "word F1",
    "word_precision": "P",
    "word_recall": "R",
    "word_accuracy": "words right",
    "lower_recall": "R lower",
    "title_recall": "R Title",
    "upper_recall": "R UPPER",
    "mixed_recall": "R miXed",
    "initial_accuracy": "first words",
    "inner_accuracy": "inner words",
    "unseen_accuracy": "unseen words",
    "cased_lines": "lines cased right",
}
SPACE = {
    "gap_accuracy": "gaps right",
    "gap_precision": "gap P",
    "gap_recall": "gap R",
    "gap_f1": "gap F1",
    "all_gap_accuracy": "all gaps right",
    "spaced_lines": "lines spaced right",
    "exact_lines": "exact lines",
}
CHIEF = ("word_f1", "gap_f1", "cased_lines", "spaced_lines", "exact_lines")
"""Figures shown with their interval."""


def summary(quality: Quality) -> Iterator[str]:
    """The test sets in one table: a system a row, and what cannot be run."""
    columns = [
        (name, flattening, key)
        for name, flattening in firsts(quality, "test")
        for key in ("word_f1", "gap_f1", "exact_lines")
        if key == "word_f1" or flattening != "tokens"
    ]
    yield from head(
        "system", *(f"{title(name)}: {(CASE | SPACE)[key]}" for name, _, key in columns)
    )
    whole = [row for row in quality["rows"] if row["whole_job"]]
    found = {(row["set"], row["flattening"], row["system"], row.get("style")): row for row in whole}
    # Who restores case alone stands beside the detokenisers that do the rest.
    casers = {row["system"] for row in whole if row["flattening"] == "tokens"}
    full = dict.fromkeys(row["system"] for row in whole if row["flattening"] != "tokens")
    for system in full:
        alone = max(
            (name for name in casers if f"{system} + ".startswith(f"{name} + ")),
            key=len,
            default=system,
        )
        cells = []
        for name, flattening, key in columns:
            by = alone if flattening == "tokens" else system
            row = found.get((name, flattening, by, None), {})
            cells.append("not run" if "missing" in row else _with_interval(row, key))
        yield line(system, *cells)
    own = {name: quality["sets"][name]["style"] for name, _, _ in columns}
    for system in (OURS, BEST):
        rows = [found.get((name, how, system, own[name]), {}) for name, how, _ in columns]
        if any(rows):
            yield line(
                f"{system}, in the style of such texts",
                *(
                    _with_interval(row, key) if own[name] else ""
                    for row, (name, _, key) in zip(rows, columns, strict=True)
                ),
            )
    for row in PUBLISHED:
        cells = [row["figures"].get(key, "") if row["set"] == s else "" for s, _, key in columns]
        if any(cells):
            yield line(f"{row['system']} (P)", *cells)
    for name in quality["not_run"]:
        yield line(name, "not runnable offline", *[""] * (len(columns) - 1))
    yield ""
    yield from _commands("--only quality")


def about(quality: Quality) -> Iterator[str]:
    """What the sets are."""
    shares = ("capitals", "mixed_words", "unseen_words")
    yield from head(
        *("set", "file", "for", "lines", "words", "with capitals", "of mixed case"),
        *("unseen in training", "SHA-256 begins"),
    )
    for name, s in quality["sets"].items():
        yield line(
            *(title(name), f"`{s['file']}`", s["role"], f"{s['lines']:,}", f"{s['words']:,}"),
            *(f"{100 * s[key] / s['words']:.2f} %" for key in shares),
            f"`{s['sha256'][:12]}`",
        )
    words, corpus = quality["vocabulary"]["words"], quality["vocabulary"]["corpus"]
    yield ""
    yield f"Unseen is a word with a part that is not among the {words:,} of the training corpus,"
    yield f"whose files' hashes have the hash `{corpus[:12]}`."


def sets(quality: Quality, roles: Container[str]) -> Iterator[str]:
    """Of every set of these roles: case, spacing, and how to measure both again."""
    for name, s in quality["sets"].items():
        if s["role"] not in roles:
            continue
        rows = [
            row
            for row in quality["rows"]
            if row["set"] == name and row.get("style") in (None, s["style"])
        ]
        yield f"### {title(name)}"
        yield ""
        yield from _cased(name, rows)
        if any("gap_accuracy" in row for row in rows):
            yield ""
            yield from _spaced(rows)
        yield ""
        left_out = {row["flattening"]: row["left_out"] for row in rows if row.get("left_out")}
        for flattening, count in left_out.items():
            yield f"Flattened as {flattening}, without {count} whose letters the tokeniser changes."
            yield ""
        yield from _commands(f"--set {name}", f"--set {name} --system {OURS}")
        signatures = (row["signature"] for row in rows if "signature" in row)
        ours = [signature for signature in signatures if f"| system {OURS} |" in signature]
        if ours:
            yield ""
            yield f"The signature of {OURS}'s first row: `{ours[0]}`"
        yield ""


def _cased(name: str, rows: list[Row]) -> Iterator[str]:
    yield from head("flattened", "system", *CASE.values(), "changed lines")
    for row in rows:
        if row["whole_job"]:
            yield line(row["flattening"], _label(row), *_cells(row, CASE))
    for row in PUBLISHED:
        if row["set"] == name:
            cells = [row["figures"].get(key, "") for key in CASE]
            yield line(rows[0]["flattening"], f"{row['system']} (P)", *cells, "")


def _spaced(rows: list[Row]) -> Iterator[str]:
    yield from head("flattened", "system", *SPACE.values(), "changed lines")
    for row in rows:
        yield line(row["flattening"], _label(row), *_cells(row, SPACE))


def styles(quality: Quality) -> Iterator[str]:
    """Every style of the model on every set, flattened in one way."""
    ours = {
        (row["set"], row["flattening"], row["style"]): row
        for row in quality["rows"]
        if row["system"] == OURS
    }
    names = list(dict.fromkeys(style for _, _, style in ours if style))
    for key, heading in (("word_f1", "Word F1"), ("exact_lines", "Exact lines")):
        yield f"{heading}:"
        yield ""
        yield from head("set", "flattened", "no style", *names)
        for name, flattening in firsts(quality):
            own = quality["sets"][name]["style"]
            cells = {
                style: _figure(ours.get((name, flattening, style), {}), key)
                for style in (None, *names)
            }
            if own in names and cells[own]:
                cells[own] = f"**{cells[own]}**"
            if any(cells.values()):
                yield line(title(name), flattening, *cells.values())
        yield ""
    yield from _commands(f"--system {OURS}")


def round_trips(quality: Quality) -> Iterator[str]:
    """Lines that come back from tokens as they were, with what is kept for that purpose."""
    rows = quality["round_trips"]
    systems = list(dict.fromkeys(row["system"] for row in rows))
    restored = {
        row["set"]: row
        for row in quality["rows"]
        if row["system"] == OURS and row["flattening"] == "plain"
    }
    yield from head("set", "lines", *systems, f"{OURS}, flattened and restored")
    for name in dict.fromkeys(row["set"] for row in rows):
        found = {row["system"]: row for row in rows if row["set"] == name}
        cells = [
            "not run"
            if "missing" in row
            else f"{row['same_lines']:.2f} ({row['same_but_for_blanks_lines']:.2f})"
            for row in map(found.__getitem__, systems)
        ]
        lines = f"{found[OURS]['lines']:,}"
        yield line(title(name), lines, *cells, _figure(restored.get(name, {}), "exact_lines"))
    yield ""
    yield "In parentheses: if runs of blanks count as one, as they do in the last column."
    yield ""
    yield from _commands("--only quality")


def not_run(quality: Quality) -> Iterator[str]:
    """Systems that cannot be run without a download, and what is published of systems."""
    yield from head("not runnable offline", "why")
    for name, why in quality["not_run"].items():
        yield line(name, why)
    yield ""
    yield from head("published (P)", "set", "trained", "figures", "source")
    for row in PUBLISHED:
        figures = ", ".join(f"{CASE[key]} {value}" for key, value in row["figures"].items())
        yield line(row["system"], title(row["set"]), row["trained"], figures, row["source"])


def firsts(quality: Quality, *roles: str) -> list[tuple[str, str]]:
    """Sets, of these roles if any are given, each with the first way it is flattened in."""
    found: dict[str, str] = {}
    for row in quality["rows"]:
        if not roles or quality["sets"][row["set"]]["role"] in roles:
            found.setdefault(row["set"], row["flattening"])
    return list(found.items())


def head(*names: str) -> Iterator[str]:
    """A table's first two lines."""
    yield line(*names)
    yield "|" + " --- |" * len(names)


def line(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def _commands(*options: str) -> Iterator[str]:
    yield "```console"
    for some in options:
        yield f"$ {COMMAND} {some}"
    yield "```"


def title(name: str) -> str:
    """A set's name as it is shown."""
    return TITLES.get(name, name.replace("heldout.", "Held out: "))


def _label(row: Row) -> str:
    return f"{row['system']}, style {row['style']}" if row.get("style") else f"{row['system']}"


def _cells(row: Row, figures: dict[str, str]) -> list[str]:
    """A row's figures, and in how many lines it changed letters; or why there are none."""
    if "missing" in row:
        return [f"not run: {row['missing']}"]
    letters = row["changed_letters"]
    changed = f"{row['changed_lines']:,}" + (f" ({letters:,} letters)" if letters else "")
    return [*(_with_interval(row, key) for key in figures), changed]


def _figure(row: Row, key: str) -> str:
    value = row.get(key)
    return "" if value is None else f"{value:.2f}"


def _with_interval(row: Row, key: str) -> str:
    ends = row.get("intervals", {}).get(key) if key in CHIEF else None
    return _figure(row, key) + (f" ({ends[0]:.1f}–{ends[1]:.1f})" if ends else "")
