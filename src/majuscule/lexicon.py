"""The user's own written forms: they win over the model, and teach it nothing.

>>> from majuscule.text import read
>>> lexicon = Lexicon(["iPhone", "van der Berg", "AT&T"])
>>> tokens = read("the iphone of ms. van der berg at at & t")
>>> [tokens.word(i) for i in range(len(tokens)) if lexicon.find(tokens).cases[i]]
['iphone', 'van', 'der', 'berg', 'at', 't']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule.errors import DataError
from majuscule.labels import Case
from majuscule.text import ABBREVIATION_KEYS, CASED, Kind, Tokens, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from majuscule._arrays import Bytes, CodePoints, Ints


class Found(NamedTuple):
    """Where a text holds entries; one number a token.

    Attributes:
        cases: bits of the cases that the token may have, as in `majuscule.text.allowed`; 0
            where no entry has a say.
        gaps: the same of the gap before it: 16 SPACE, 32 JOIN.
        form_at: where in `Lexicon.chars` the token's form starts, -1 where there is none.
    """

    cases: Bytes
    gaps: Bytes
    form_at: Ints


class Lexicon:
    """Written forms of words and of rows of words.

    An entry holds wherever its tokens stand in a line, whatever their case and spacing; of
    entries that overlap the one that begins first holds, and of those the longest. Words
    that an entry writes in lower case still begin sentences with a capital.

    Args:
        entries: one form each, as it is to be written.

    Raises:
        DataError: an entry is blank, or runs over several lines.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        entries = list(entries)
        for number, entry in enumerate(entries, 1):
            if not entry.strip() or "\n" in entry.strip():
                raise DataError(f"entry {number}: expected a written form, got {entry!r:.80}")
        tokens = self._tokens = read("\n".join(entry.strip() for entry in entries))
        spans = zip(tokens.lines[:-1].tolist(), tokens.lines[1:].tolist(), strict=True)
        self._spans: dict[int, list[tuple[int, int]]] = {}
        for first, last in sorted(set(spans), key=lambda span: span[0] - span[1]):
            self._spans.setdefault(int(tokens.key[first]), []).append((first, last))
        self._firsts = np.array(sorted(self._spans), dtype=np.uint64)

    @property
    def chars(self) -> CodePoints:
        """The entries' code points, one after another."""
        return self._tokens.chars

    def find(self, tokens: Tokens) -> Found:
        """What the entries say of a text's tokens."""
        count = len(tokens)
        found = Found(
            np.zeros(count, dtype=np.uint8),
            np.zeros(count, dtype=np.uint8),
            np.full(count, -1, dtype=np.int32),
        )
        lines = tokens.lines
        end = 0
        for i in np.flatnonzero(np.isin(tokens.key, self._firsts)).tolist():
            if i < end:
                continue
            stop = int(lines[np.searchsorted(lines, i, side="right")])
            for first, last in self._spans[int(tokens.key[i])]:
                if i + last - first <= stop and self._same(tokens, i, first, last):
                    end = i + last - first
                    self._mark(found, tokens, i, slice(first, last))
                    break
        return found

    def _same(self, tokens: Tokens, i: int, first: int, last: int) -> bool:
        """Whether the tokens from i on are an entry's, to the letter."""
        own = self._tokens
        if (tokens.key[i : i + last - first] != own.key[first:last]).any():
            return False
        return all(tokens.word(i + k) == own.word(first + k) for k in range(last - first))

    def _mark(self, found: Found, tokens: Tokens, i: int, entry: slice) -> None:
        own = self._tokens
        there = slice(i, i + entry.stop - entry.start)
        cases = np.left_shift(1, own.case[entry])
        if own.case[entry.start] == Case.LOWER and _begins(tokens, i):
            cases[0] |= 1 << Case.TITLE
        found.cases[there] = np.where(CASED[own.kind[entry]], cases, 0)
        found.gaps[there] = np.left_shift(16, own.gap[entry])
        found.gaps[i] = 0  # what stands before the first is the text's affair
        found.form_at[there] = own.start[entry]


def _begins(tokens: Tokens, i: int) -> bool:
    """Whether a sentence may begin with a token: not after ``Mr.`` or an initial."""
    if i >= 2 and tokens.kind[i - 1] == Kind.PERIOD:
        initial = tokens.kind[i - 2] == Kind.INITIAL
        if initial or tokens.key[i - 2] in ABBREVIATION_KEYS:
            return False
    return bool(tokens.role[i] >= Kind.FIRST_WORD)
