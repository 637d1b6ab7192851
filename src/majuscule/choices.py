"""What a reader has chosen for single tokens: it holds there, and others of the word follow.

>>> from majuscule.text import read
>>> tokens = read("he moved to reading , and she came to reading by train")
>>> chosen = Choices([Choice(12, "Reading")]).find(tokens, tokens.start.astype(int))
>>> [i for i in range(len(tokens)) if chosen.cases[i]]
[3]
>>> [i for i in range(len(tokens)) if chosen.lean[i].any()]
[9]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule.errors import DataError
from majuscule.labels import Case, Gap
from majuscule.text import CASED, Kind, Tokens, read
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, CodePoints, Ints

FOLLOWING = tuple(int(odds * SCALE) for odds in (0, 1.5, 5))
"""What a choice adds to the score of its case where the word stands again, by how many of the
two tokens beside it are the same."""


class Choice(NamedTuple):
    """How one token is to be written.

    Attributes:
        at: the token's first character: its offset in the text given.
        written: the token as it is to be written; None leaves its case to the restorer.
        gap: what is to stand before it, SPACE or JOIN; None leaves that to the restorer.
    """

    at: int
    written: str | None = None
    gap: Gap | None = None


class Chosen(NamedTuple):
    """What choices say of a text's tokens; one entry a token.

    Attributes:
        cases: bits of the cases the token may have, as in `majuscule.text.allowed`; 0 where
            nothing was chosen.
        gaps: the same of the gap before it: 16 SPACE, 32 JOIN.
        form_at: where in `Choices.chars` the token's form starts, -1 where it has none.
        lean: int32[n, 3], what to add to the scores of TITLE, UPPER and MIXED.
    """

    cases: Bytes
    gaps: Bytes
    form_at: Ints
    lean: Ints

    @property
    def here(self) -> NDArray[np.bool_]:
        """Whether something was chosen for the token itself."""
        return (self.cases | self.gaps) > 0


class Choices:
    """Choices for tokens of one text, which is read from its beginning, whole or in pieces.

    The token at a choice's place gets what was chosen, whatever it would be otherwise. From
    there on the word leans to it where one of the tokens beside it is the same, and more if
    both are, as a document's memory works (`majuscule.features`): texts write ``the Bank`` and
    ``a bank``, so that what was chosen for one mention tells little of any other. What was
    chosen where a sentence begins tells nothing of a word inside one, nor the other way round;
    but a form like ``iPhone`` is the word's, and holds wherever the word comes again.

    Args:
        choices: any number; of several for one token the last holds.

    Raises:
        DataError: what is to be written is no single token, or a gap is none of the two.
    """

    def __init__(self, choices: Iterable[Choice]) -> None:
        self._at = {choice.at: choice for choice in choices}
        for choice in self._at.values():
            if choice.gap not in (None, Gap.SPACE, Gap.JOIN):
                raise DataError(
                    f"expected the gap chosen at {choice.at} to be SPACE or JOIN, got"
                    f" {choice.gap!r:.80}"
                )
            written = choice.written
            if written is not None and (len(read(written)) != 1 or written != written.strip()):
                raise DataError(
                    f"expected what is chosen at {choice.at} to be one token, got {written!r:.80}"
                )
        self._order = sorted(self._at)
        self._tokens = read("\n".join(self._at[at].written or "·" for at in self._order))
        self._beside: dict[int, NDArray[np.uint64]] = {}  # of a choice that has been met

    def __bool__(self) -> bool:
        return bool(self._at)

    @property
    def chars(self) -> CodePoints:
        """The forms' code points, one after another."""
        return self._tokens.chars

    def find(self, tokens: Tokens, at: NDArray[np.int64]) -> Chosen:
        """What was chosen for the tokens of a text's next piece.

        Args:
            tokens: the piece's.
            at: where each begins in the text given. A choice for a place where no token
                begins, or one of other letters, says nothing.
        """
        count = len(tokens)
        chosen = Chosen(
            np.zeros(count, dtype=np.uint8),
            np.zeros(count, dtype=np.uint8),
            np.full(count, -1, dtype=np.int32),
            np.zeros((count, 3), dtype=np.int32),
        )
        beside = _beside(tokens)
        for k, offset in enumerate(self._order):
            choice = self._at[offset]
            here = int(np.searchsorted(at, offset))
            if here == count or at[here] != offset:
                here = -1
            elif choice.gap is not None:
                chosen.gaps[here] = 16 << choice.gap
            if choice.written is None:
                continue
            if here >= 0 and tokens.word(here) == self._tokens.word(k):
                self._mark(chosen, here, k)
                self._beside[k] = beside[here]
            if k in self._beside:
                self._follow(chosen, tokens, beside, here + 1, k)
        return chosen

    def _mark(self, chosen: Chosen, i: int, k: int) -> None:
        if CASED[self._tokens.kind[k]]:
            chosen.cases[i] = 1 << self._tokens.case[k]
            chosen.form_at[i] = self._tokens.start[k]

    def _follow(
        self, chosen: Chosen, tokens: Tokens, beside: NDArray[np.uint64], first: int, k: int
    ) -> None:
        """What choice k says of where its word comes again, from a token on."""
        case = Case(self._tokens.case[k])
        for i in (first + np.flatnonzero(tokens.key[first:] == self._tokens.key[k])).tolist():
            if tokens.word(i) != self._tokens.word(k):
                continue
            if case == Case.MIXED:
                self._mark(chosen, i, k)
            elif case == Case.UPPER or tokens.role[i] < Kind.FIRST_WORD:
                alike = int((beside[i] == self._beside[k]).sum())
                chosen.lean[i] = FOLLOWING[alike] * _LEANS[case]


def _beside(tokens: Tokens) -> NDArray[np.uint64]:
    """uint64[n, 2]: the keys of the tokens before and after each in its line, 0 for none."""
    before, after = np.roll(tokens.key, 1), np.roll(tokens.key, -1)
    full = tokens.lines[:-1] < tokens.lines[1:]
    before[tokens.lines[:-1][full]] = after[tokens.lines[1:][full] - 1] = 0
    return np.stack([before, after], axis=1)


_LEANS = np.array([[-1, -1, -1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.int32)
"""By the case chosen: what it says of TITLE, UPPER and MIXED against LOWER."""
