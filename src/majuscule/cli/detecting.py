"""``detect``: what comes in, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from majuscule import corpus
from majuscule.cli import console
from majuscule.cli.convert import add_document, document
from majuscule.recognition import Spacing, Writing
from majuscule.restorer import Restorer

if TYPE_CHECKING:
    import argparse

    from majuscule.recognition import Finding

WRITINGS = {
    Writing.NATURAL: "natural case",
    Writing.PARTLY: "half-cased",
    Writing.LOWER: "lower case",
    Writing.UPPER: "all capitals",
    Writing.TITLE: "Title Case",
}
SPACINGS = {Spacing.NATURAL: "natural spacing", Spacing.TOKENISED: "tokenised"}


def detect_options(command: argparse.ArgumentParser) -> None:
    """The options of ``detect``."""
    console.add_files(command)
    console.add_model(command)
    add_document(command)
    command.add_argument(
        "--lines", action="store_true", help="tell of each line, not of each run of lines alike"
    )
    command.add_argument(
        "--json", action="store_true", help="a JSON object a line, with all that was counted"
    )


def detect(chosen: argparse.Namespace) -> None:
    """Say what a text is: natural, lower-cased, tokenised by whom; and why."""
    console.look_at_files(chosen, *console.named_models(chosen))
    restorer = Restorer(chosen.model, document=document(chosen))
    with corpus.writer(chosen.output) as write:
        for name in chosen.files:
            pieces = corpus.read(name, chosen.errors)
            for finding in restorer.detect(pieces, lines=chosen.lines):
                shown = _object(name, finding) if chosen.json else _line(name, finding)
                write(f"{shown}\n")


def _line(name: str, finding: Finding) -> str:
    where = (
        f"{finding.first}" if finding.first == finding.last else f"{finding.first}-{finding.last}"
    )
    convention = f" ({finding.convention})" if finding.convention else ""
    what = f"{WRITINGS[finding.writing]}, {SPACINGS[finding.spacing]}{convention}"
    return f"{console.printable(name)}:{where}: {what}: {finding.why}"


def _object(name: str, finding: Finding) -> str:
    return json.dumps({"file": name, **finding.facts}, ensure_ascii=False)
