"""Tokens to feature ids: what the model looks at, for training and restoring alike.

A feature is a template's number and the values in it, hashed to 64 bits. A word is seen
as itself, from inside (beginnings, endings), with the two words on either side, over the
signs between them, and by its class and those around it: words of a class stand in like
places (P. Brown et al. 1992, "Class-based n-gram models of natural language"). A sign is
seen with the two tokens on either side and with the straight quotes counted so far; a line
by its length, by how it ends and by how the line before it in the document ended. Whole
features, not their parts, are what weights belong to (M. Collins 2002, "Discriminative
training methods for hidden Markov models").

A document is remembered as it is read. A word that was there before is also seen by what
stood beside it then (L. Ratinov and D. Roth 2009, "Design challenges and misconceptions in
named entity recognition", section 6.1), so that ``colonel ryan dillon`` still helps with a bare
``dillon``; and a word in brackets after those whose initials it is, is an acronym from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from majuscule import _features
from majuscule.text import Kind, beginnings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Classes, Ints, Keys
    from majuscule.text import Document, Tokens

_OWN = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 20)
_OWN_CLASS = (0, 1, 2, 3, 4, 5, 10, 11, 13)
_OWN_PAIRS = (0, 1, 2, 3, 8, 9, 10, 11)
"""Which of a word's features, in the order of the kernel, name the word or its class."""

PLACES = 1 << 14
"""Words of a document that can be remembered at once."""


class Memory:
    """What was seen of a document so far: hashes and counts, no text.

    It never grows: two words that fall to the same of its `PLACES` forget each other.

    Args:
        words: False to remember how the line before ended, and nothing else.
        bare: lines of a document without stops and commas begin sentences. Training text is
            edited, and has some.
    """

    def __init__(self, *, words: bool = True, bare: bool = False) -> None:
        self.state: Keys = np.zeros(6, dtype=np.uint64)
        self.state[5] = bare
        self.words: Keys = np.zeros((PLACES if words else 0, 8), dtype=np.uint64)
        self.initials: Keys = np.zeros((1 << 10, 2), dtype=np.uint64)

    def forget(self) -> None:
        """A new document begins."""
        self.state[0] = self.state[3] = self.state[4] = 0
        self.state[1] += 1


def extract(
    tokens: Tokens, classes: Classes, document: Document | Bytes, memory: Memory, style: int = 0
) -> tuple[Keys, Ints, Ints]:
    """Feature ids of whole lines of tokens.

    Args:
        tokens: the lines.
        classes: uint16[n], the class of each token, 0 if it has none.
        document: what one document is, or uint8[lines], 1 for those that begin one.
        memory: what the document was so far; it is brought up to date.
        style: the style's number, 0 for none.

    Returns:
        ``(ids, first, edge)``. Token i has the features ``ids[first[i]:edge[i]]``
        whatever stands before it. Then up to ``first[i + 1]`` come pairs: the first of a
        pair counts if the token before is TITLE or MIXED, the second if it is UPPER.

    >>> from majuscule.text import Document, read
    >>> tokens = read("said on friday , in")
    >>> none = np.zeros(len(tokens), dtype=np.uint16)
    >>> ids, first, edge = extract(tokens, none, Document.BLOCK, Memory())
    >>> len(first) - 1, len(ids) == first[-1]
    (5, np.True_)
    """
    return _features.extract(
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.role,
        tokens.key,
        tokens.lines,
        beginnings(tokens, document),
        classes,
        style,
        memory.state,
        memory.words,
        memory.initials,
    )


CLASSES = 4096
"""Classes are numbers below this."""

CAPITAL = 2048
"""The first class of words that are mostly written with a capital."""


def of_classes() -> Keys:
    """The id, for each class, of the feature that says nothing but that a word is of it."""
    return _features.of_classes(CLASSES)


def lexical(tokens: Tokens, first: Ints, edge: Ints) -> NDArray[np.bool_]:
    """Which features name the word whose they are or its class, alone or with words around.

    The others name only words around, or look inside of words, at signs, at the line, at
    the document or at the style: they speak of many words at once.

    Args:
        tokens: what the features were extracted from.
        first, edge: as `extract` gave them.

    Returns:
        bool[first[-1]], one for each id.

    >>> from majuscule.text import Document, read
    >>> tokens = read("said on friday")
    >>> none = np.zeros(len(tokens), dtype=np.uint16)
    >>> _, first, edge = extract(tokens, none, Document.BLOCK, Memory())
    >>> int(lexical(tokens, first, edge)[: first[1]].sum())
    20
    """
    count = np.diff(first)
    place = np.arange(first[-1]) - np.repeat(first[:-1], count)
    size = tokens.end - tokens.start
    # Beginnings and endings of a word, as many as it has letters, stand before the classes.
    of_class = place - np.repeat(26 + np.minimum(size, 4) + np.minimum(size, 5), count)
    pair = place - np.repeat(edge - first[:-1], count)
    word = np.isin(tokens.kind, (Kind.WORD, Kind.INITIAL, Kind.MIXTURE))
    by_itself = np.isin(place, _OWN) | np.isin(of_class, _OWN_CLASS)
    own = np.where(pair < 0, by_itself, np.isin(pair, _OWN_PAIRS))
    return np.repeat(word, count) & own
