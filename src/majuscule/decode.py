"""Scores to labels: the best row for each line, exactly.

A linear-chain CRF (J. Lafferty, A. McCallum and F. Pereira 2001) over the eight pairs of
case and gap. Transitions depend on the roles of the two tokens: their kinds, and whether a
sentence may begin with them. A token without a case of its own carries the case of the one
before it, so that ``al-Qaim`` and ``J. K.`` are chains of words across their signs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from majuscule import _decode
from majuscule.text import CASED

if TYPE_CHECKING:
    from majuscule._arrays import Bytes, Ints


NO_CASE = 255
"""The next best case where there is no other."""


def best(scores: Ints, role: Bytes, bits: Bytes, lines: Ints, transitions: Ints) -> Bytes:
    """The labels of the highest total score among those allowed (A. Viterbi 1967).

    Args:
        scores: int32[n, 3, 4], of TITLE, UPPER, MIXED and JOIN against LOWER and SPACE: by
            itself, and what to add after a TITLE (or MIXED) token and after an UPPER one.
        role: uint8[n], the tokens' roles.
        bits: uint8[n], the labels allowed, as `majuscule.text.allowed` gives them.
        lines: int32[lines + 1], where each line begins.
        transitions: int32[22, 22, 8, 8], by the roles and the labels of two neighbours.

    Returns:
        uint8[n]: ``case + 4 * gap``. Of equal rows the one with smaller labels, the last
        token counting first, so that the answer is the same everywhere.
    """
    return _decode.viterbi(scores, role, CASED, bits, lines, transitions)


def margins(
    scores: Ints, role: Bytes, bits: Bytes, lines: Ints, transitions: Ints, labels: Bytes
) -> tuple[Ints, Bytes]:
    """How much lower the best row's score gets if one decision is another: how sure it is.

    Args:
        scores, role, bits, lines, transitions: as for `best`.
        labels: what `best` gave.

    Returns:
        int32[n, 2]: for each token the margin of its case and of its gap; the greatest
        int32 where there is no other choice, and for the case of a token without one. And
        uint8[n]: the case that comes next, `NO_CASE` where there is none.
    """
    return _decode.margins(scores, role, CASED, bits, lines, transitions, labels)
