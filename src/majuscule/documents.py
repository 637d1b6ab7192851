"""What a document has shown, line by line, of how it was made.

A line is judged by the lines of its document up to it, so that a stream can be restored as it
comes; and a document's first lines by all of these together, since what tells may come a
little late. A stream holds them back until they are all there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from majuscule.text import Document, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Ints

AHEAD = 32
"""Lines at a document's beginning that are judged together."""


class Shown:
    """Lines of documents, and what these have shown.

    Args:
        lines: where each line begins.
        document: what one document is.
        before: how many lines of the first document came before.
        ahead: how many lines of a document are judged together.
    """

    def __init__(self, lines: Ints, document: Document, before: int, ahead: int) -> None:
        lengths = np.diff(lines)
        count = len(lengths)
        number = np.arange(count)
        self._line = np.repeat(number, lengths)
        self._new = {
            Document.LINE: np.ones(count, dtype=bool),
            Document.BLOCK: lengths == 0,
            Document.FILE: np.zeros(count, dtype=bool),
        }[document]
        of = np.cumsum(self._new)
        begins = np.concatenate([np.full(1, -before), number[self._new]])[of]
        ends = np.searchsorted(of, of, side="right") - 1
        self._until = np.maximum(number, np.minimum(ends, begins + ahead - 1))
        # More lines than are judged together make no difference.
        self.lines_so_far = min(int(number[-1] - begins[-1]) + 1 if count else before, AHEAD)

    def by(self, flags: NDArray[np.bool_], seen: int) -> tuple[NDArray[np.bool_], int]:
        """Of each token whether its document shows a flag as far as counts, and at last.

        Args:
            flags: which tokens do.
            seen: not 0 if the first document did before.
        """
        if not len(self._new):
            return flags, int(seen > 0)
        up = np.bincount(self._line[flags], minlength=len(self._new)) > 0
        total = np.cumsum(up) + (seen > 0)
        so_far = total > np.maximum.accumulate(np.where(self._new, total - up, 0))
        return so_far[self._until][self._line], int(so_far[-1])


def held(pieces: Iterable[str], document: Document) -> Iterator[str]:
    """The pieces of a stream, joined so that a document's first lines are all in one.

    Args:
        pieces: pieces of one or more whole lines each.
        document: what one document is.

    >>> list(held(["it s\\n", "so\\n", "\\n", "is it\\n"], Document.BLOCK))
    ['it s\\nso\\n\\n', 'is it\\n']
    """
    waiting: list[str] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        lengths = np.diff(read(piece).lines)
        ends = np.flatnonzero((lengths == 0) & (document == Document.BLOCK))
        count = len(lengths) - 1 - int(ends[-1]) if len(ends) else count + len(lengths)
        if document == Document.LINE or count == 0 or count >= AHEAD:
            yield "".join(waiting)
            waiting = []
    if waiting:
        yield "".join(waiting)
