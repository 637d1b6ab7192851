"""Tokens to feature ids: what the model looks at, for training and restoring alike.

A feature is a template's number and the values in it, hashed to 64 bits. A word is seen
as itself, from inside (beginnings, endings), and with the two words on either side, over
the signs between them; a sign is seen with the two tokens on either side and with the
straight quotes counted so far; a line by its length, by how it ends and by how the line
before it in the document ended. Whole features, not their parts, are what weights belong
to (M. Collins 2002, "Discriminative training methods for hidden Markov models").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from majuscule import _features

if TYPE_CHECKING:
    from majuscule._arrays import Ints, Keys
    from majuscule.text import Document, Tokens


def extract(
    tokens: Tokens, document: Document, before: int = 0, style: int = 0
) -> tuple[Keys, Ints, Ints, int]:
    """Feature ids of whole lines of tokens.

    Args:
        tokens: the lines.
        document: what ends a document.
        before: what the line before them in their document left; 0 at its start.
        style: the style's number, 0 for none.

    Returns:
        ``(ids, first, edge, before)``. Token i has the features ``ids[first[i]:edge[i]]``
        whatever stands before it. Then up to ``first[i + 1]`` come pairs: the first of a
        pair counts if the token before is TITLE or MIXED, the second if it is UPPER.

    >>> from majuscule.text import Document, read
    >>> ids, first, edge, _ = extract(read("said on friday , in"), Document.BLOCK)
    >>> len(first) - 1, len(ids) == first[-1]
    (5, np.True_)
    """
    ids, first, edge, before = _features.extract(
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.role,
        tokens.key,
        tokens.lines,
        style,
        int(document),
        before,
    )
    return ids, first, edge, before
