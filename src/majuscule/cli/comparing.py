"""``compare``: whether two files hold the same text up to case and spacing, and where not.

It exits as ``diff`` does: with 0 if they do, 1 if they do not, 2 if there is trouble.
"""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from contextlib import suppress
from itertools import accumulate
from shutil import get_terminal_size
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category, east_asian_width

import majuscule
from majuscule import comparison, corpus
from majuscule.cli.console import add_color, add_errors, colorful, printable
from majuscule.comparison import Difference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from majuscule.comparison import Comparison, Side

CONTEXT = 6
"""Common tokens shown before and after a difference."""

NEAR = 8
"""Tokens more that a context may have, so that it does not cut words."""

MOST = 20
"""Differences shown to people."""

MARKS = (("[-", "-]"), ("{+", "+}"))
"""Around what differs, as wdiff has it."""

PAINT = (("\x1b[1;31m", "\x1b[0m"), ("\x1b[1;32m", "\x1b[0m"))
"""The same in colours: bold red and bold green."""

NARROWEST = 40
"""Columns for text, however narrow the terminal."""

IN_COMMON = "in common"

LABEL = 32
"""Columns for a file's name beside the text; of a longer one the end is shown."""


def compare_options(command: argparse.ArgumentParser) -> None:
    """The options of ``compare``."""
    for name, metavar in (("left", "A"), ("right", "B")):
        command.add_argument(name, metavar=metavar, help="UTF-8 text; - is standard input")
    form = command.add_mutually_exclusive_group()
    form.add_argument("-q", "--quiet", action="store_true", help="show nothing, only exit")
    form.add_argument("--json", action="store_true", help="print a JSON object")
    command.add_argument(
        "--context",
        type=_number,
        default=CONTEXT,
        metavar="N",
        help="common tokens to show around a difference (default: %(default)s)",
    )
    command.add_argument(
        "--most",
        type=_number,
        metavar="N",
        help=f"differences to show, 0 for all (default: {MOST}, with --json all)",
    )
    add_color(command, "mark differences by colour")
    add_errors(command)


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise ArgumentTypeError(f"expected a whole number, got {written!r}")
    return int(written)


def compare(chosen: argparse.Namespace) -> int:
    """Say whether two files hold the same text up to case and spacing, and where they differ."""
    names = (chosen.left, chosen.right)
    if names == (corpus.STANDARD, corpus.STANDARD):
        chosen.refuse("expected standard input for one of the texts, got it for both; name a file")
    corpus.check(names)
    left, right = (corpus.read(name, chosen.errors) for name in names)
    if chosen.quiet:
        return 0 if comparison.same(left, right) else 1
    result = comparison.compare(left, right)
    lines = _json(result, names, chosen) if chosen.json else _lines(result, names, chosen)
    # Whoever has had enough of the output still gets the status.
    with suppress(BrokenPipeError), corpus.writer(corpus.STANDARD) as write:
        for line in lines:
            write(f"{line}\n")
    return 0 if result.same else 1


def _json(result: Comparison, names: tuple[str, str], chosen: argparse.Namespace) -> Iterator[str]:
    """All there is to say, for programs; a difference a line."""
    sides = (result.left, result.right)
    texts = [
        {"file": name, "tokens": side.tokens, "common": side.common}
        for name, side in zip(names, sides, strict=True)
    ]
    facts = {
        "majuscule": majuscule.__version__,
        "same": result.same,
        "similarity": result.similarity,
        "left": texts[0],
        "right": texts[1],
        "case": result.case,
        "spacing": result.spacing,
        "different": len(result.differences),
        "differences": [],
    }
    head = json.dumps(facts, indent=1)
    if not result.same:
        yield head.removesuffix("]\n}")
        shown = result.differences[: chosen.most or None]
        for number, difference in enumerate(shown, 1):
            places = [
                {
                    "line": side.line(tokens.start),
                    "tokens": [tokens.start, tokens.stop],
                    "text": side.written(tokens),
                }
                for side, tokens in zip(sides, difference, strict=True)
            ]
            told = json.dumps({"left": places[0], "right": places[1]})
            yield f"  {told}{',' if number < len(shown) else ''}"
        head = " ]\n}"
    yield head


def _lines(result: Comparison, names: tuple[str, str], chosen: argparse.Namespace) -> Iterator[str]:
    """What there is to say, for people."""
    respelt = f"{result.case:,} with other capitals; {_counted(result.spacing, 'gap')} spaced"
    respelt += " otherwise"
    if result.same:
        yield "the same text up to case and spacing"
        yield f"{_counted(result.left.tokens, 'token')}, {respelt}"
        return
    sides = (result.left, result.right)
    labels = [printable(name) for name in names]
    width = max(map(len, (*labels, IN_COMMON)))
    # Rounded down, since what differs is not 100 % alike.
    alike = int(result.similarity * 100) / 100
    yield f"{_counted(len(result.differences), 'difference')}, {alike:.2f} % alike"
    for label, side in zip(labels, sides, strict=True):
        alone = side.tokens - side.common
        yield f"{label:<{width}}  {_counted(side.tokens, 'token')}, {alone:,} of them only here"
    yield f"{IN_COMMON:<{width}}  {_counted(result.left.common, 'token')}, {respelt}"
    most = MOST if chosen.most is None else chosen.most
    colored = colorful(chosen.color)
    for place in _places(result, most or len(result.differences), chosen.context):
        yield ""
        yield from _rows(place, sides, labels, colored=colored)
    if most and most < len(result.differences):
        yield ""
        yield f"{_counted(len(result.differences) - most, 'more difference')}; --most 0 shows all"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# Rows for people


class Segment(NamedTuple):
    """Tokens of both texts, to be shown one below the other."""

    tokens: Difference
    differs: bool


def _places(result: Comparison, most: int, context: int) -> Iterator[list[Segment]]:
    """The first differences with common tokens around them; near ones are one place."""
    sides = (result.left, result.right)
    end = Difference(*(range(side.tokens, side.tokens) for side in sides))
    shown = result.differences[:most]
    followers = (*result.differences[1 : most + 1], end)[: len(shown)]
    common = _between(Difference(range(0), range(0)), (*shown, end)[0])
    place: list[Segment] = []
    for number, (this, follower) in enumerate(zip(shown, followers, strict=True), 1):
        if not place:
            place.append(Segment(_last(common, context, result.left), differs=False))
        place.append(Segment(this, differs=True))
        common = _between(this, follower)
        if number < len(shown) and len(common.left) <= 2 * context:
            place.append(Segment(common, differs=False))
        else:
            place.append(Segment(_first(common, context, result.left), differs=False))
            yield place
            place = []


def _between(before: Difference, after: Difference) -> Difference:
    """The common tokens between two differences."""
    return Difference(*(range(a.stop, b.start) for a, b in zip(before, after, strict=True)))


def _first(common: Difference, context: int, side: Side) -> Difference:
    """The first of common tokens, and on to the end of the word if that is near."""
    for n in range(context, min(context + NEAR, len(common.left)) if context else 0):
        if side.parted(common.left[n]):
            context = n
            break
    return Difference(*(tokens[:context] for tokens in common))


def _last(common: Difference, context: int, side: Side) -> Difference:
    """The last of common tokens, and back to the beginning of the word if that is near."""
    for n in range(context, min(context + NEAR, len(common.left) + 1) if context else 0):
        if side.parted(common.left[-n]):
            context = n
            break
    return Difference(*(tokens[max(0, len(tokens) - context) :] for tokens in common))


class Cell(NamedTuple):
    """A segment as it is shown: for each text, what is written, marked or painted."""

    segment: Segment
    texts: list[str]
    leads: list[str]  # the blank before it, if there is one
    columns: list[int]  # that the text takes without its lead

    def width(self, *, first: bool) -> int:
        """Columns for the wider text; the first in a row needs no blank before it."""
        leads = [0, 0] if first else [len(lead) for lead in self.leads]
        return max(columns + lead for columns, lead in zip(self.columns, leads, strict=True))


def _rows(
    place: list[Segment], sides: tuple[Side, Side], names: list[str], *, colored: bool
) -> Iterator[str]:
    """A place: each text on a row of its own, aligned; as many such pairs as it takes."""
    names = [name if len(name) <= LABEL else f"…{name[1 - LABEL :]}" for name in names]
    final = zip(names, sides, place[-1].tokens, strict=True)
    margin = max(len(f"{name}:{side.line(tokens.stop)}  ") for name, side, tokens in final)
    room = max(NARROWEST, get_terminal_size().columns - margin)
    marks = PAINT if colored else MARKS
    pairs: list[list[Cell]] = []
    filled = 0
    for number, segment in enumerate(place, 1):
        cell = _cell(segment, sides, room, marks)
        # Contexts are there to be looked at in passing: they are cut rather than wrapped.
        while number == 1 and cell.width(first=True) > room // 2:
            cell = _cell(_shortened(cell.segment, slice(1, None)), sides, room, marks)
        while number == len(place) and filled + cell.width(first=False) > room:
            cell = _cell(_shortened(cell.segment, slice(-1)), sides, room, marks)
        if not any(cell.texts):
            continue
        if pairs and filled + cell.width(first=False) <= room:
            pairs[-1].append(cell)
            filled += cell.width(first=False)
        else:
            pairs.append([cell])
            filled = cell.width(first=True)
    for cells in pairs:
        told = next((cell.segment for cell in cells if cell.segment.differs), cells[0].segment)
        for k, (name, side) in enumerate(zip(names, sides, strict=True)):
            row = f"{name}:{side.line(told.tokens[k].start)}".ljust(margin)
            for number, cell in enumerate(cells):
                lead = cell.leads[k] if number else ""
                pad = " " * (cell.width(first=not number) - len(lead) - cell.columns[k])
                # What stands before a difference ends where the difference begins.
                ends = number == 0 and not cell.segment.differs
                row += pad + cell.texts[k] if ends else lead + cell.texts[k] + pad
            yield row.rstrip()


def _shortened(segment: Segment, part: slice) -> Segment:
    return Segment(Difference(*(tokens[part] for tokens in segment.tokens)), segment.differs)


def _cell(
    segment: Segment, sides: tuple[Side, Side], room: int, marks: tuple[tuple[str, str], ...]
) -> Cell:
    cell = Cell(segment, [], [], [])
    for side, tokens, (before, after) in zip(sides, segment.tokens, marks, strict=True):
        text = _fitted(side, tokens, room - len(" [--]")) if tokens else ""
        columns = _columns(text)
        if text and segment.differs:
            text = f"{before}{text}{after}"
            columns += len(before + after) if marks is MARKS else 0
        cell.texts.append(text)
        cell.leads.append(" " if text and side.parted(tokens.start) else "")
        cell.columns.append(columns)
    return cell


def _fitted(side: Side, tokens: range, room: int) -> str:
    """Tokens as written, on one line; of what does not fit there is a beginning and an end."""
    enough = 8 * room  # characters, many of which may be blank
    if len(tokens) <= room:  # no more fit
        head = tail = side.written(tokens)
        if len(head) <= enough and _columns(_plain(head)) <= room:
            return _plain(head)
    else:
        head, tail = (side.written(part) for part in (tokens[:room], tokens[-room:]))
    note = f" … {_counted(len(tokens), 'token')} … "
    half = (room - len(note)) // 2
    head = _beginning(_plain(head[:enough]), half).rstrip()
    tail = _beginning(_plain(tail[-enough:])[::-1], half)[::-1].lstrip()
    return f"{head}{note}{tail}"


def _plain(text: str) -> str:
    return printable(" ".join(text.split()))


def _beginning(text: str, columns: int) -> str:
    """As much of a text as fits into so many columns."""
    widths = accumulate(map(_columns, text))
    return "".join(char for char, width in zip(text, widths, strict=True) if width <= columns)


def _columns(text: str) -> int:
    """The columns a text takes on a terminal, as far as can be told."""
    return sum(
        0 if category(char) in {"Mn", "Me"} else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )
