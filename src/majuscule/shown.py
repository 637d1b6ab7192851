"""Restored text as HTML that says where it is doubtful: for notebooks, and for any page.

Its styles are its own, in both a light and a dark surrounding, it has no script, and every
text in it is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SURE = 0.95
"""What is less probable is shown as doubtful."""

LONGEST = 200_000
"""Characters that are shown; a notebook with more of them in one place is of no use."""


class Doubt(NamedTuple):
    """What is doubtful, in a text.

    Attributes:
        begin, end: where it stands: first and last offset, exclusive.
        sure: how probable it is, of 0.5 to 1.
        says: what else it could be, in a few words.
    """

    begin: int
    end: int
    sure: float
    says: str


def html(text: str, doubts: Iterable[Doubt]) -> str:
    """A text with its doubts tinted, the more the less sure each is.

    Args:
        text: of any number of lines.
        doubts: in the order of the text; those above `SURE` are left out.

    Returns:
        One HTML element.

    >>> page = html("He left Reading.", [Doubt(8, 15, 0.75, "75 %, or reading")])
    >>> page[page.index("title") :]
    'title="75 %, or reading">Reading</span>.</div>'
    """
    body = "".join(_pieces(text, doubts))
    style = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6"
    return f'<div style="{style}">{body}</div>'


def _pieces(text: str, doubts: Iterable[Doubt]) -> Iterator[str]:
    end = 0
    for doubt in doubts:
        if doubt.sure >= SURE:
            continue
        if doubt.end > LONGEST:
            break
        yield escape(text[end : doubt.begin])
        style = f"background:rgb(255 150 0/{tint(doubt.sure):.0%});border-bottom:1px dotted"
        word = escape(text[doubt.begin : doubt.end])
        yield f'<span style="{style}" title="{escape(doubt.says)}">{word}</span>'
        end = doubt.end
    yield escape(text[end : max(end, LONGEST)])
    if len(text) > LONGEST:
        yield f"… ({len(text) - max(end, LONGEST):,} characters more)"


def tint(sure: float) -> float:
    """How strong something is tinted, from 0.1 to 0.65.

    >>> tint(0.5), tint(0.94)
    (0.65, 0.1)
    """
    return round(0.1 + 0.55 * max(0.0, 0.94 - sure) / 0.44, 3)
