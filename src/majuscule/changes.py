"""What restoring changed, counted."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from majuscule import _text
from majuscule.labels import Case

if TYPE_CHECKING:
    from majuscule.explanation import Outcome


@dataclass(frozen=True, slots=True)
class Changes:
    """How much was restored, and what changed by it; counts of parts add up.

    Attributes:
        documents: that are not blank.
        tokens: words and signs.
        lower, title, upper, mixed: tokens whose letters changed, by what they became.
        joined: blanks that went.
        apostrophes: that came back.

    >>> Changes(tokens=3, title=1) + Changes(tokens=2)
    Changes(documents=0, tokens=5, lower=0, title=1, upper=0, mixed=0, joined=0, apostrophes=0)
    """

    documents: int = 0
    tokens: int = 0
    lower: int = 0
    title: int = 0
    upper: int = 0
    mixed: int = 0
    joined: int = 0
    apostrophes: int = 0

    def __add__(self, other: Changes) -> Changes:
        return Changes(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def counted(outcome: Outcome, *, goes_on: bool = False) -> Changes:
    """What a restoration changed.

    Args:
        outcome: the restoration.
        goes_on: its first document was counted already, with what came before.
    """
    tokens = outcome.tokens
    size = tokens.end - tokens.start
    first = np.cumsum(size) - size
    of = np.repeat(np.arange(len(tokens)), size)
    before = tokens.chars[np.arange(len(of)) + (tokens.start - first)[of]]
    # What restoring takes away is blanks, so what is left stands in the same order.
    written = _text.code_points("".join(outcome.text.split()))
    changed = np.unique(of[written != before])
    by_case = np.bincount(outcome.labels[changed] & 3, minlength=len(Case))
    lower, title, upper, mixed = by_case.tolist()
    document = np.cumsum(outcome.begins)[np.diff(outcome.given.lines) > 0]
    documents = len(np.unique(document)) - (goes_on and bool((document == 0).any()))
    mark = ord("'")
    marks = [int(np.count_nonzero(some.chars == mark)) for some in (tokens, outcome.given)]
    return Changes(
        documents,
        len(tokens),
        *(lower, title, upper, mixed),
        int(np.count_nonzero((tokens.gap == 0) & (outcome.labels & 4 > 0))),
        marks[0] - marks[1] if outcome.put_back else 0,
    )
