"""A page on which right, wrong and uncertain words are seen at a glance.

One HTML file with its style inside and no script; every text in it is escaped.
"""

from __future__ import annotations

from html import escape
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule.words import recut, seams, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from majuscule._arrays import Ints
    from majuscule.mistakes import Mistakes

LINES = 2000
"""Lines that a page shows."""

MISTAKES = 50
"""Kinds of mistakes that a page lists."""

UNCERTAIN = 5
"""Per cent of the words shown that are marked as uncertain: the least sure ones."""


class Line(NamedTuple):
    """A line to show: its number, both texts, and the margins of `Restorer.margins` or None."""

    number: int
    hypothesis: str
    reference: str
    margins: Ints | None = None


def render(
    title: str,
    figures: Iterable[Sequence[str]],
    mistakes: Mistakes,
    lines: Sequence[Line],
    signature: str,
) -> str:
    """The page.

    Args:
        title: what was judged.
        figures: rows of cells: a name, its figure, and what else there is to say.
        mistakes: those of all lines, shown or not.
        lines: the lines to show.
        signature: where the figures come from.

    Returns:
        HTML, UTF-8 when written.
    """
    limit = _uncertain(lines)
    unsure = "" if limit is None else f", <u>uncertain</u> (the least sure {UNCERTAIN} %)"
    shown = f" The first {len(lines):,} lines are shown." if len(lines) >= LINES else ""
    rows = "".join(
        f"<tr><th>{escape(name)}{''.join(f'<td>{escape(cell)}' for cell in cells)}\n"
        for name, *cells in figures
    )
    return f"""{_HEAD.format(title=escape(title))}<h1>{escape(title)}</h1>
<table class=figures>
{rows}</table>
<p class=signature>{escape(signature)}</p>
<h2>The most frequent mistakes</h2>
{"".join(_mistakes(mistakes))}<h2>Line by line</h2>
<p><b>Right capitals</b>, <del>wrong words</del><ins>what they should be</ins>{unsure},
<s>␣</s> a blank too many, <s>‿</s> a blank too few.{shown}</p>
<input type=checkbox id=only><label for=only> only lines with something wrong</label>
<ol>
{"".join(_line(line, limit) for line in lines)}</ol>
"""


def _mistakes(mistakes: Mistakes) -> Iterator[str]:
    if not len(mistakes):
        yield "<p>None.</p>\n"
        return
    yield "<table class=mistakes>\n<tr><th>times<th>of<th>reference<th>restored<th>for example\n"
    for mistake, times in mistakes.most_common(MISTAKES):
        examples = "<br>".join(
            f"{_number(at.line)} {escape(at.before)}<del>{escape(at.got)}</del>{escape(at.after)}"
            for at in mistakes.examples(mistake)
        )
        yield (
            f"<tr><td>{times:,}<td>{mistake.kind}<td>{escape(mistake.shown(mistake.gold))}"
            f"<td>{escape(mistake.shown(mistake.got))}<td>{examples}\n"
        )
    yield "</table>\n"


def _number(line: int) -> str:
    return f"<a href=#l{line}>{line}</a>" if line <= LINES else str(line)


def _line(line: Line, limit: int | None) -> str:
    gold, restored = words(line.reference), words(line.hypothesis)
    cut = recut(restored, gold)
    start = f"<li id=l{line.number} value={line.number}"
    if cut is None:
        return (
            f"{start}><del>{escape(line.hypothesis)}</del> <ins>{escape(line.reference)}</ins>"
            " (other letters)\n"
        )
    spaced = seams(map(len, restored))
    ends = [0, *accumulate(map(len, cut))]
    wrong = cut != gold or spaced != {*ends[1:-1]}
    shown = []
    for (a, b), word, got in zip(pairwise(ends), gold, cut, strict=True):
        inside = sorted(place - a for place in spaced if a < place < b)
        text = "<s>␣</s>".join(escape(got[i:j]) for i, j in pairwise([0, *inside, len(got)]))
        unsure = limit is not None and _margin(line, a, b) <= limit
        if got != word:
            text = f"<del>{text}</del><ins>{escape(word)}</ins>"
        elif word != word.lower():
            text = f"<b>{text}</b>"
        shown.append(f"<u>{text}</u>" if unsure else text)
        shown.append(" " if b in spaced or b == ends[-1] else "<s>‿</s>")
    return f"{start}{'' if wrong else ' class=fine'}>{''.join(shown).rstrip()}\n"


def _uncertain(lines: Iterable[Line]) -> int | None:
    """The greatest margin of an uncertain word; None where no margins are known."""
    margins = [
        _margin(line, a, b)
        for line in lines
        if line.margins is not None
        for a, b in pairwise([0, *accumulate(map(len, words(line.reference)))])
    ]
    return int(np.percentile(margins, UNCERTAIN, method="lower")) if margins else None


def _margin(line: Line, a: int, b: int) -> int:
    """The least margin of some characters; the greatest there is where nothing is known."""
    if line.margins is None or b > len(line.margins):
        return int(np.iinfo(np.int32).max)
    return int(line.margins[a:b].min())


# Not by colour alone: what is wrong has its correction beside it, what is uncertain a line.
_HEAD = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --right: #00695c; --wrong: #b3261e; --unsure: #b26a00;
  --quiet: #667; --line: #8884; --shade: #8881; --tint: #b3261e1a }}
@media (prefers-color-scheme: dark) {{
  :root {{ --right: #4db6ac; --wrong: #ff8a80; --unsure: #ffb74d; --quiet: #9aa;
  --tint: #ff8a8026 }} }}
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.15rem; margin-top: 2rem }}
table {{ border-collapse: collapse; font-size: .9rem }}
th, td {{ text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top }}
.figures th {{ font-weight: normal; white-space: pre }}
.figures td:nth-child(2), .mistakes td:first-child {{ text-align: right;
  font-variant-numeric: tabular-nums }}
.figures td:nth-child(n+3), .signature, li::marker, label {{ color: var(--quiet) }}
.signature {{ font: .75rem ui-monospace, monospace; overflow-wrap: anywhere }}
ol {{ padding-left: 3rem }} li {{ margin: .3rem 0 }} li:target {{ background: var(--shade) }}
b {{ color: var(--right); font-weight: 600 }}
del {{ color: var(--wrong); font-weight: 600; text-decoration: none; background: var(--tint) }}
ins {{ color: var(--quiet); text-decoration: none; font-size: .8em; vertical-align: .5em;
  margin: 0 .15em }}
u {{ text-decoration: underline dotted 2px var(--unsure); text-underline-offset: .2em }}
s {{ color: var(--wrong); font-weight: 600; text-decoration: none }}
#only:checked ~ ol .fine {{ display: none }}
</style>
"""
