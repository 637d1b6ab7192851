"""``evaluate``: how good a restoration is, and where it is wrong."""

from __future__ import annotations

import hashlib
import json
from itertools import starmap, tee, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import majuscule
from majuscule import corpus, errorpage, evaluation, text
from majuscule.cli.console import named_models, printable
from majuscule.cli.convert import add_convention, add_restorer, document, restorer
from majuscule.mistakes import Mistakes
from majuscule.words import parts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from majuscule._arrays import Ints

NAMES = {
    "word_f1": "word F1",
    "word_precision": "  precision",
    "word_recall": "  recall",
    "word_accuracy": "words right",
    "lower_recall": "  of lower-case words",
    "title_recall": "  of Title words",
    "upper_recall": "  of UPPER words",
    "mixed_recall": "  of miXed words",
    "initial_accuracy": "  where a sentence begins",
    "inner_accuracy": "  elsewhere",
    "seen_accuracy": "  seen in training",
    "unseen_accuracy": "  unseen in training",
    "gap_accuracy": "gaps right",
    "gap_f1": "  F1 of closed gaps",
    "exact_lines": "lines exact",
    "cased_lines": "  in case",
    "spaced_lines": "  in spacing",
}
"""The figures shown to people, and what they are called; JSON has all."""

_OF = {
    "word_f1": "capitals",
    "word_accuracy": "words",
    "lower_recall": "lower_words",
    "title_recall": "title_words",
    "upper_recall": "upper_words",
    "mixed_recall": "mixed_words",
    "initial_accuracy": "initial_words",
    "unseen_accuracy": "unseen_words",
    "gap_accuracy": "gaps",
    "exact_lines": "lines",
    "cased_lines": "lines",
}
"""The count that a figure is of."""

SHOWN = 20
"""Kinds of mistakes that are listed on the terminal."""


def evaluate_options(command: argparse.ArgumentParser) -> None:
    """The options of ``evaluate``."""
    command.add_argument("reference", metavar="REFERENCE", help="the text as it was written")
    command.add_argument(
        "hypothesis", metavar="HYPOTHESIS", nargs="?", help="the same lines as they were restored"
    )
    command.add_argument(
        "--restore",
        action="store_true",
        help="flatten the reference and restore it, instead of reading HYPOTHESIS",
    )
    command.add_argument(
        "--flattened",
        metavar="FILE",
        help="the flattened lines, if not those that majuscule flatten makes of REFERENCE",
    )
    add_convention(command, "whose tokens REFERENCE is flattened to")
    command.add_argument(
        "--tokenised",
        action="store_true",
        help="REFERENCE is tokenised: flattening is lower-casing, and spacing is not judged;"
        " a file with .tok. in its name is taken so without this",
    )
    add_restorer(command)
    command.add_argument(
        "--vocabulary",
        metavar="FILE",
        action="append",
        default=[],
        help="the text a restorer was trained on: words not in it are judged apart",
    )
    command.add_argument(
        "--errors",
        metavar="PAGE",
        help="list the most frequent mistakes, and write an HTML page that shows every line",
    )
    command.add_argument(
        "--samples",
        type=int,
        default=evaluation.SAMPLES,
        metavar="N",
        help="how often lines are drawn for the 95 %% intervals; 0 for none (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=int,
        default=evaluation.SEED,
        metavar="N",
        help="what draws them (default: %(default)s)",
    )
    command.add_argument("--json", action="store_true", help="print a JSON object")


def evaluate(chosen: argparse.Namespace) -> None:
    """Say how good a restoration is, and where it is wrong."""
    _look_at_inputs(chosen)
    texts = _Texts(chosen)
    vocabulary = texts.vocabulary()
    hypotheses, references, flattened = tee(texts.lines(), 3)
    judged = evaluation.evaluate(
        (line.hypothesis for line in hypotheses),
        (line.reference for line in references),
        (line.flattened for line in flattened),
        vocabulary=vocabulary or None,
    )
    results: dict[str, Any] = {
        "signature": texts.signature(),
        "counts": judged.counts(),
        "figures": judged.figures(),
        "intervals": judged.intervals(chosen.samples, chosen.seed) if chosen.samples else {},
    }
    if texts.tokenised:  # its spacing is the tokeniser's
        for part in ("counts", "figures", "intervals"):
            results[part] = {
                name: value
                for name, value in results[part].items()
                if not evaluation.of_spacing(name)
            }
    rows = list(_rows(results))
    if chosen.errors:
        hypothesis = "restored" if chosen.restore else _name(chosen.hypothesis)
        page = errorpage.render(
            f"{_name(chosen.reference)}, {hypothesis}",
            rows,
            texts.mistakes,
            texts.shown(),
            _line(results["signature"]),
        )
        with corpus.writer(chosen.errors) as write:
            write(page)
        results["mistakes"] = [
            {
                **mistake._asdict(),
                "times": times,
                "examples": [example._asdict() for example in texts.mistakes.examples(mistake)],
            }
            for mistake, times in texts.mistakes.most_common(errorpage.MISTAKES)
        ]
    with corpus.writer(corpus.STANDARD) as write:
        if chosen.json:
            write(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        else:
            write("\n".join(_told(results, rows, texts.mistakes if chosen.errors else None)) + "\n")


def _look_at_inputs(chosen: argparse.Namespace) -> None:
    """See that the files make sense together and can be read."""
    if (chosen.hypothesis is not None) == chosen.restore:
        both = "both" if chosen.restore else "neither"
        chosen.refuse(f"expected either HYPOTHESIS or --restore, got {both}")
    if chosen.samples < 0 or chosen.seed < 0:
        chosen.refuse("expected --samples and --seed to be 0 or more")
    named = [chosen.reference, chosen.hypothesis, chosen.flattened, *chosen.vocabulary]
    names = [name for name in named if name is not None]
    if names.count(corpus.STANDARD) > 1:
        chosen.refuse("expected standard input for one of the files, got - for several")
    corpus.check(names)
    page, others = chosen.errors, [*names, *named_models(chosen)]
    if page == corpus.STANDARD:
        chosen.refuse("expected --errors to name a file, got - for standard output")
    if page and (clash := corpus.clash(others, page)):
        chosen.refuse(f"expected the page to be another file than the input, got {clash} for both")


class _Judged(NamedTuple):
    """A line in its three forms; None where a file has ended before the others."""

    hypothesis: str
    reference: str
    flattened: str


class _Texts:
    """The texts of a call, line by line; remembers what was seen while they pass."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.tokenised = chosen.tokenised or corpus.tokenised(chosen.reference)
        self.mistakes = Mistakes()
        self._chosen = chosen
        self._restorer = restorer(chosen, document(chosen)) if chosen.restore else None
        self._hashes: dict[str, Any] = {}
        self._first: list[tuple[int, _Judged]] = []
        self._count = 0

    def vocabulary(self) -> set[str]:
        """What is in the files that say which words are known."""
        files = (self._read("vocabulary", name) for name in self._chosen.vocabulary)
        return {part for pieces in files for piece in pieces for part in parts(piece)}

    def lines(self) -> Iterator[_Judged]:
        """All lines, read, flattened and restored a piece at a time."""
        chosen = self._chosen
        reference = self._read("reference", chosen.reference)
        if chosen.flattened is not None:
            flattened = self._read("flattened", chosen.flattened)
        else:
            reference, again = tee(reference)
            flattened = map(self._flatten, again)
        if self._restorer is None:
            hypothesis = self._read("hypothesis", chosen.hypothesis)
        else:
            flattened, again = tee(flattened)
            hypothesis = self._restorer.stream(again)
        columns = map(_split, (hypothesis, reference, flattened))
        for number, line in enumerate(starmap(_Judged, zip_longest(*columns)), 1):
            self._count = number
            if chosen.errors and None not in line:
                spacing = not self.tokenised
                self.mistakes.add(number, line.hypothesis, line.reference, spacing=spacing)
                if number <= errorpage.LINES:
                    self._first.append((number, line))
            yield line

    def signature(self) -> dict[str, Any]:
        """All that a later run needs to be the same run."""
        chosen = self._chosen
        flattening = "lower-cased" if self.tokenised else chosen.convention
        named: dict[str, Any] = {
            role: {"name": names, "sha256": self._hashes[role].hexdigest()}
            for role, names in (
                ("reference", _name(chosen.reference)),
                ("hypothesis", _name(chosen.hypothesis or "")),
                ("flattened", _name(chosen.flattened or "")),
                ("vocabulary", " ".join(map(_name, chosen.vocabulary))),
            )
            if role in self._hashes
        }
        named["reference"]["lines"] = self._count
        if chosen.flattened is None:
            named["flattened"] = flattening
        if self._restorer:
            named["model"] = {
                "name": self._restorer.model.about.get("name"),
                "hash": self._restorer.hash,
            }
            named["effort"] = chosen.effort
            named |= {"style": chosen.style, "document": document(chosen)}
        bootstrap = {"samples": chosen.samples, "seed": chosen.seed}
        return {**named, "bootstrap": bootstrap, "majuscule": majuscule.__version__}

    def shown(self) -> list[errorpage.Line]:
        """The first lines, with their margins where we restored them."""
        sizes = [len("".join(line.hypothesis.split())) for _, line in self._first]
        if self._restorer is None:
            margins: list[Ints | None] = [None] * len(sizes)
        else:
            _, found = self._restorer.margins("\n".join(line.flattened for _, line in self._first))
            margins = list(np.split(found, np.cumsum(sizes)[:-1])) if sizes else []
        return [
            errorpage.Line(number, line.hypothesis, line.reference, some)
            for (number, line), some in zip(self._first, margins, strict=True)
        ]

    def _flatten(self, piece: str) -> str:
        if self.tokenised:
            return text.lower(piece)
        return text.flatten(piece, self._chosen.convention)

    def _read(self, role: str, name: str) -> Iterator[str]:
        digest = self._hashes.setdefault(role, hashlib.sha256())
        for piece in corpus.read(name):
            digest.update(piece.encode())
            yield piece


def _split(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        yield from piece.removesuffix("\n").split("\n")


def _name(path: str) -> str:
    return "standard input" if path == corpus.STANDARD else Path(path).name


def _rows(results: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What is shown: a name, its figure, between what it may lie, and what it is of."""
    for name, label in NAMES.items():
        if name in results["figures"]:
            ends = results["intervals"].get(name)
            interval = "{:.2f} to {:.2f}".format(*ends) if ends else ""
            count = _OF.get(name)
            of = f"{results['counts'][count]:,} {count.replace('_', ' ')}" if count else ""
            yield label, f"{results['figures'][name]:.2f}", interval, of
    letters, lines = (results["counts"][f"changed_{what}"] for what in ("letters", "lines"))
    yield "letters changed", f"{letters:,}", "", f"in {lines:,} lines: none may" if letters else ""


def _told(
    results: dict[str, Any], rows: Sequence[tuple[str, ...]], mistakes: Mistakes | None
) -> Iterator[str]:
    table = [("", "%", "95 % interval" if results["intervals"] else "", "of"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for label, figure, interval, of in table:
        yield (
            f"{label:<{widths[0]}}  {figure:>{widths[1]}}  {interval:<{widths[2]}}  {of}".rstrip()
        )
    if mistakes is not None:
        yield "\ntimes   reference -> restored, and where first"
        for mistake, times in mistakes.most_common(SHOWN):
            at = mistakes.examples(mistake)[0]
            yield printable(
                f"{times:>5,}   {mistake.shown(mistake.gold)} -> {mistake.shown(mistake.got)}"
                f"   {at.line}: {at.before}[{at.got}]{at.after}"
            )
    yield f"\n{printable(_line(results['signature']))}"


def _line(signature: dict[str, Any]) -> str:
    """A signature in one line."""
    parts = []
    for name, value in signature.items():
        of = value if isinstance(value, dict) else {"": value}
        some = {key: part[:12] if key == "sha256" else part for key, part in of.items()}
        parts.append(" ".join([name, *(f"{key} {part}".strip() for key, part in some.items())]))
    return " | ".join(parts)
