"""Where documents begin, and what one has shown, line by line, of how it was made.

A block of lines ends with a blank line, and after `LONGEST` characters with a line whatever
follows, so that a text of any size can be restored in parts.

A line is judged by the lines of its document up to it, so that a stream can be restored as it
comes; and a document's first lines by all of these together, since what tells may come a
little late. A stream holds them back until they are all there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from majuscule.text import Document, beginnings, line_numbers, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Ints
    from majuscule.text import Tokens

AHEAD = 32
"""Lines at a document's beginning that are judged together."""


LONGEST = 1 << 22
"""Characters after which a block of lines is at an end."""


class Bounds:
    """Where documents begin in a text that is read piece by piece.

    Args:
        document: what one document is.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._size = 0  # of the document so far, in characters

    def of(self, tokens: Tokens) -> Bytes:
        """uint8[lines of the text]: 1 for those of the next piece that begin a document.

        A blank line stands for the one that follows it.

        Args:
            tokens: the piece's, no escape undone.

        >>> Bounds(Document.BLOCK).of(read("a\\n\\nb\\n")).tolist()
        [0, 1, 0]
        """
        begins = beginnings(tokens, self._document)
        numbers = line_numbers(tokens)
        if len(numbers) and numbers[-1] != len(numbers) - 1:  # a long line's parts are one
            begins = begins[np.flatnonzero(np.diff(numbers, prepend=-1))]
        if self._document != Document.BLOCK or not len(begins):
            return begins
        ends = np.append(np.flatnonzero(tokens.chars == ord("\n")) + 1, len(tokens.chars))
        ends = ends[: len(begins)]
        if self._size + len(tokens.chars) <= LONGEST:
            blank = np.flatnonzero(begins)
            before = int(ends[blank[-1]]) if len(blank) else -self._size
            self._size = len(tokens.chars) - before
            return begins
        sizes = np.diff(ends, prepend=0).tolist()
        found = [self._new(size, blank=blank) for size, blank in zip(sizes, begins, strict=True)]
        return np.array(found, dtype=np.uint8)

    def line(self, line: str) -> bool:
        """The same of the next line alone."""
        if self._document != Document.BLOCK:
            return self._document == Document.LINE
        return self._new(len(line), blank=not line.strip())

    def _new(self, size: int, *, blank: bool) -> bool:
        begins = blank or self._size >= LONGEST
        self._size = (0 if begins else self._size) + (0 if blank else size)
        return bool(begins)


def of_parts(begins: Bytes, tokens: Tokens, document: Document) -> Bytes:
    """uint8[lines]: what `Bounds.of` gives, for `tokens.lines`, where a long line has parts.

    Args:
        begins: of each line of a text, whether it begins a document.
        tokens: the text's.
        document: what one document is; if it is a line, each part begins one.
    """
    count = len(tokens.lines) - 1
    if count == len(begins):
        return begins
    if document == Document.LINE:
        return np.ones(count, dtype=np.uint8)
    numbers = line_numbers(tokens)
    return begins[numbers] * (np.diff(numbers, prepend=-1) > 0).view(np.uint8)


class Shown:
    """Lines of documents, and what these have shown.

    Args:
        lines: where each line begins.
        begins: uint8[lines], 1 for those that begin a document.
        before: how many lines of the first document came before.
        ahead: how many lines of a document are judged together.
    """

    def __init__(self, lines: Ints, begins: Bytes, before: int, ahead: int) -> None:
        lengths = np.diff(lines)
        count = len(lengths)
        number = np.arange(count)
        self._line = np.repeat(number, lengths)
        self._new = begins > 0
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
    bounds = Bounds(document)
    for piece in pieces:
        waiting.append(piece)
        begins = bounds.of(read(piece, np.zeros(0, dtype=bool)))
        new = np.flatnonzero(begins)
        count = len(begins) - 1 - int(new[-1]) if len(new) else count + len(begins)
        if document == Document.LINE or count == 0 or count >= AHEAD:
            yield "".join(waiting)
            waiting = []
    if waiting:
        yield "".join(waiting)
