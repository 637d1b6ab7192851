"""``explain``: text restored, and where that is doubtful."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from majuscule import corpus
from majuscule.cli import console
from majuscule.cli.convert import add_edits, add_restorer, document, edits, other_files, restorer
from majuscule.shown import SURE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from majuscule.explanation import Restoration

PAINTS = ((0.6, "\x1b[1;31m"), (0.8, "\x1b[33m"), (1.0, "\x1b[36m"))
"""The colour of what is less probable: red, yellow, then cyan."""

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def explain_options(command: argparse.ArgumentParser) -> None:
    """The options of ``explain``."""
    console.add_files(command)
    add_restorer(command)
    add_edits(command)
    command.add_argument(
        "--below",
        type=float,
        default=SURE,
        metavar="P",
        help="mark what is less probable than P, from 0 to 1 (default: %(default)s)",
    )
    command.add_argument(
        "--list",
        action="store_true",
        help="one row for each token that would be marked: where it stands, how sure it is, what"
        " it would be otherwise, and what decided",
    )
    command.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each token that would be marked; of all with --below 1",
    )
    console.add_color(command, "mark by colour")


def explain(chosen: argparse.Namespace) -> None:
    """Restore a text and show where that is doubtful, and what it could be instead."""
    console.look_at_files(chosen, *other_files(chosen))
    if not 0 <= chosen.below <= 1:
        chosen.refuse(f"expected --below to be from 0 to 1, got {chosen.below:g}")
    if chosen.json and chosen.list:
        chosen.refuse("expected --json or --list, got both")
    one = restorer(chosen, document(chosen), **edits(chosen))
    colored = console.colorful(chosen.color) and chosen.output == corpus.STANDARD
    with corpus.writer(chosen.output) as write:
        for name in chosen.files:
            line = 1
            pieces = corpus.read(name, chosen.errors)
            for piece in one.stream_explained(pieces, below=chosen.below):
                if chosen.json or chosen.list:
                    rows = _rows(name, line, piece, as_json=chosen.json)
                    write("".join(rows))
                else:
                    write("".join(_marked(piece, colored=colored)))
                line += piece.text.count("\n")


def _marked(piece: Restoration, *, colored: bool) -> Iterator[str]:
    end = 0
    for one in piece.decisions:
        if one.probability == 1:
            continue
        begin, stop = one.output
        yield piece.text[end:begin]
        sure = f"{one.probability:.0%}"
        other = f"{one.alternative} {1 - one.probability:.0%}" if one.alternative else sure
        if colored:
            paint = next(paint for most, paint in PAINTS if one.probability <= most)
            yield f"{paint}{one.written}{PLAIN}{DIM}|{other}{PLAIN}"
        else:
            yield f"{{{one.written}|{other}}}"
        end = stop
    yield piece.text[end:]


def _rows(name: str, line: int, piece: Restoration, *, as_json: bool) -> Iterator[str]:
    begin = 0  # of the line, in the piece
    for one in piece.decisions:
        at = one.output[0]
        line += piece.text.count("\n", begin, at)
        begin = max(begin, piece.text.rfind("\n", 0, at) + 1)
        column = at - begin + 1
        if as_json:
            place = {"file": name, "line": line, "column": column, "written": one.written}
            yield f"{json.dumps({**place, **one.facts}, ensure_ascii=False)}\n"
        else:
            where = f"{console.printable(name)}:{line}:{column}:"
            other = one.alternative or "-"
            yield f"{where} {one.written} {one.probability:.0%}, or {other}: {one.by}\n"
