"""Whether two texts are the same up to case and spacing, and where they differ otherwise.

Texts are compared as one row of tokens each, as `majuscule.text.read` gives them: escapes
undone, in lower case, line breaks being blanks like any other. So neither line wrapping nor
the tokeniser makes a difference.

>>> result = compare("The U.S.-led talks failed.", "the u.s. @-@ led talks have failed .")
>>> result.same, round(result.similarity, 1)
(False, 95.2)
>>> for here, there in result.differences:
...     print(result.left.written(here), "|", result.right.written(there))
 | have

What differs is found by `majuscule.alignment`, which knows tokens by a hash of 64 bits.
Words that only blanks tell apart are the same (``ice cream``, ``icecream``): with blanks
removed and letters lower-cased, two texts are equal or they are not, and `same` tells
nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from majuscule import _text
from majuscule.alignment import Stretch, align
from majuscule.labels import Case
from majuscule.text import Kind, Tokens, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, CodePoints, Codes, Ints, Keys

_Number = TypeVar("_Number", bound=np.generic)

PIECE = 1 << 17
"""Characters that are read at once, and on to the next blank."""

# A blank between two words. Beside a sign, or before n't, it may be part of an escape.
_BLANK = re.compile(r"(?<=[^\W_])[ \n](?=[^\W_nN])")

_AT, _HYPHEN, _STOP = read("@ - .").key


class Difference(NamedTuple):
    """Tokens of the left text, and those of the right text that stand in their place."""

    left: range
    right: range


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two texts compared.

    Attributes:
        tokens: how many there are; they are numbered from 0.
        common: how many of them the other text has, too.
    """

    tokens: int
    common: int
    _pieces: list[str] = field(repr=False)
    _first: list[int] = field(repr=False)  # the number of each piece's first token
    _line: list[int] = field(repr=False)  # the number of each piece's first line

    def line(self, token: int) -> int:
        """The line, from 1, that a token is in; that of the last token if there is no such.

        >>> compare("One\\n\\ntwo", "").left.line(1)
        3
        """
        token = min(token, self.tokens - 1)
        if token < 0:
            return 1
        number, tokens, i = self._find(token)
        feeds = _line_feeds(self._pieces[number])
        return self._line[number] + int(np.searchsorted(feeds, tokens.start[i]))

    def parted(self, token: int) -> bool:
        """Whether a blank or a line break, or nothing at all, stands before a token."""
        _, tokens, i = self._find(token)
        return not tokens.gap[i]

    def written(self, tokens: range) -> str:
        """Tokens as they were written, with what is between them; escapes are undone.

        >>> compare("it is -LRB- he\\nsaid -RRB-", "").left.written(range(2, 5))
        '( he\\nsaid'
        """
        written = []
        begin = tokens.start
        while begin < tokens.stop:
            _, piece, i = self._find(begin)
            j = min(i + tokens.stop - begin, len(piece))
            begin += j - i
            end = piece.end[j - 1] if begin == tokens.stop else len(piece.chars)
            written.append(_text.to_str(piece.chars[piece.start[i] : end]))
        return "".join(written)

    def parts(self, tokens: range) -> Iterator[Tokens]:
        """The tokens themselves, piece by piece; their `lines` mean nothing."""
        begin = tokens.start
        while begin < tokens.stop:
            _, piece, i = self._find(begin)
            part = _only(piece, slice(i, i + tokens.stop - begin))
            begin += len(part)
            yield part

    def _find(self, token: int) -> tuple[int, Tokens, int]:
        """A token's piece, that piece's tokens, and which of them it is."""
        number = bisect_right(self._first, token) - 1
        return number, _read(self._pieces[number]), token - self._first[number]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What `compare` found.

    Attributes:
        left, right: the two texts.
        differences: where they differ in more than case and spacing, in order; one side of
            a difference may be empty. All other tokens are common.
        case: how many common tokens are written with other capitals.
        spacing: how many gaps between common neighbours are blank in one text only.
    """

    left: Side
    right: Side
    differences: tuple[Difference, ...]
    case: int
    spacing: int

    @property
    def same(self) -> bool:
        """Whether the texts are the same up to case and spacing."""
        return not self.differences

    @property
    def similarity(self) -> float:
        """Per cent of the tokens of both texts that are common; 100 if there are none.

        The coefficient of L. Dice (1945), of tokens in order as in the string matching of
        J. Ratcliff and J. Obershelp (1988): 2 common / (left + right) if both texts part
        the same words.
        """
        tokens = self.left.tokens + self.right.tokens
        return 100 * (self.left.common + self.right.common) / tokens if tokens else 100.0


def same(left: str | Iterable[str], right: str | Iterable[str]) -> bool:
    """Whether two texts are the same up to case and spacing.

    No more is read than it takes to know.

    Args:
        left, right: texts, or the pieces of texts, of whole lines (`majuscule.corpus.read`).

    Raises:
        DataError: there are more than `majuscule.text.LONGEST` characters without a blank.

    >>> same("Don't!", "do n't !"), same("in 1999", "in 1998")
    (True, False)
    """
    return _agree(
        (_letters(tokens, tokens.lower) for tokens in map(_read, _pieces(left))),
        (_letters(tokens, tokens.lower) for tokens in map(_read, _pieces(right))),
    )


def compare(left: str | Iterable[str], right: str | Iterable[str]) -> Comparison:
    """Find where two texts differ in more than case and spacing.

    Args:
        left, right: as for `same`.

    Returns:
        The same differences whichever text is the left one.

    Raises:
        DataError: there are more than `majuscule.text.LONGEST` characters without a blank.

    >>> result = compare("One two, 3 four.", "one TWO , 33 four .")
    >>> result.differences
    (Difference(left=range(3, 4), right=range(3, 4)),)
    >>> result.case, result.spacing
    (2, 2)
    """
    one, other = _row(left), _row(right)
    differences: list[Stretch] = []
    parted: list[Stretch] = []  # otherwise, and no more than that
    for stretch in align(one.keys, other.keys):
        (parted if _same_letters(one, other, stretch) else differences).append(stretch)
    if differences:
        # Of words that are repeated and parted otherwise the wrong ones may have been paired.
        whole = Stretch(differences[0].a, differences[-1].b, differences[0].c, differences[-1].d)
        if _same_letters(one, other, whole):
            parted = [s for s in parted if s.b <= whole.a or whole.b <= s.a]
            parted.append(whole)
            differences = []
    case, spacing = _count(one, other, differences, parted)
    return Comparison(
        replace(one.side, common=one.side.tokens - sum(s.b - s.a for s in differences)),
        replace(other.side, common=other.side.tokens - sum(s.d - s.c for s in differences)),
        tuple(Difference(range(a, b), range(c, d)) for a, b, c, d in differences),
        case,
        spacing,
    )


# Reading


@lru_cache(maxsize=8)
def _read(piece: str) -> Tokens:
    """The tokens of some lines; Moses' ``@-@`` is undone whatever the blanks around it.

    `read` leaves it if it stands at a line's end, since no restorer may join two lines.
    """
    tokens = read(piece)
    key, gap = tokens.key, tokens.gap
    at = np.flatnonzero(key == _AT)
    at = at[(at > 0) & (at + 3 < len(tokens))]
    word = tokens.kind <= Kind.MIXTURE
    at = at[
        (key[at + 1] == _HYPHEN)
        & (key[at + 2] == _AT)
        & (word[at - 1] | (key[at - 1] == _STOP))
        & word[at + 3]
        & ((gap[at] == 0) & (gap[at + 1] == 1) & (gap[at + 2] == 1) & (gap[at + 3] == 0))
    ]
    if not len(at):
        return tokens
    gap[at + 1] = gap[at + 3] = 1
    keep = np.ones(len(tokens), dtype=bool)
    keep[at] = keep[at + 2] = False
    return _only(tokens, keep)


@lru_cache(maxsize=8)
def _line_feeds(piece: str) -> NDArray[np.intp]:
    """Where a piece's line feeds are, among the characters of its tokens."""
    return np.flatnonzero(_read(piece).chars == ord("\n"))


def _only(tokens: Tokens, which: NDArray[np.bool_] | slice) -> Tokens:
    """Some of the tokens; `lines` is left as it was, nobody here asks for it."""
    names = ("start", "end", "kind", "role", "key", "case", "gap")
    return replace(tokens, **{name: getattr(tokens, name)[which] for name in names})


def _pieces(text: str | Iterable[str]) -> Iterator[str]:
    """A text in pieces that are read one by one as they would be together."""
    held: list[str] = []
    size, enough = 0, PIECE
    for part in [text] if isinstance(text, str) else text:
        held.append(part)
        size += len(part)
        if size < enough:
            continue
        whole = "".join(held)
        begin = 0
        while blank := _BLANK.search(whole, begin + PIECE):
            yield whole[begin : blank.end()]
            begin = blank.end()
        held = [whole[begin:]]
        size = len(whole) - begin
        enough = max(PIECE, 2 * size)  # or what cannot be cut would be joined again and again
    yield "".join(held)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A text as a row of tokens: one entry a token.

    Attributes:
        side: the text itself.
        keys: what the token is, up to case.
        forms: how its letters are written.
        gap: as in `Tokens`.
    """

    side: Side
    keys: Keys
    forms: Codes
    gap: Bytes


def _row(text: str | Iterable[str]) -> _Row:
    pieces = []
    first, line = [0], [1]
    keys = [np.empty(0, dtype=np.uint64)]
    forms = [np.empty(0, dtype=np.uint32)]
    gaps = [np.empty(0, dtype=np.uint8)]
    for piece in _pieces(text):
        tokens = _read(piece)
        pieces.append(piece)
        first.append(first[-1] + len(tokens))
        line.append(line[-1] + piece.count("\n"))
        keys.append(_keys(tokens))
        forms.append(_forms(tokens))
        gaps.append(tokens.gap.copy())  # what it is a part of has a place for every character
    side = Side(first.pop(), 0, pieces, first, line)
    return _Row(side, _joined(keys), _joined(forms), _joined(gaps))


def _joined(parts: list[NDArray[_Number]]) -> NDArray[_Number]:
    """All parts as one; they are dropped at once, since long texts have large ones."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _keys(tokens: Tokens) -> Keys:
    """The tokens' keys, made to tell numbers of one length apart."""
    keys = tokens.key.copy()
    number = np.flatnonzero(tokens.kind == Kind.NUMBER)
    keys[number] ^= _hashed(tokens.lower, tokens.start[number], tokens.end[number])
    return keys


def _forms(tokens: Tokens) -> Codes:
    """The tokens' cases; where that does not say it all, which letters are capitals."""
    forms = tokens.case.astype(np.uint32)
    mixed = np.flatnonzero(tokens.case == Case.MIXED)
    capitals = _hashed(tokens.chars != tokens.lower, tokens.start[mixed], tokens.end[mixed])
    forms[mixed] = capitals >> np.uint64(32) | np.uint64(len(Case))
    return forms


def _hashed(values: NDArray[np.generic], start: Ints, end: Ints) -> Keys:
    """A hash of each token's values, of which there is one for each character."""
    if not len(start):
        return np.empty(0, dtype=np.uint64)
    length = (end - start).astype(np.intp)
    begin = np.cumsum(length) - length
    place = np.arange(length.sum()) - np.repeat(begin, length)
    factor = np.multiply.accumulate(np.full(length.max(), 0xD6E8FEB86659FD93, dtype=np.uint64))
    found = values[place + np.repeat(start, length)].astype(np.uint64) * factor[place]
    total: Keys = np.add.reduceat(found, begin)
    return total


# Letters


def _letters(tokens: Tokens, chars: CodePoints) -> CodePoints:
    """The tokens' characters and nothing between them; `chars` are theirs, in some case."""
    length = (tokens.end - tokens.start).astype(np.intp)
    begin = np.cumsum(length) - length
    letters: CodePoints = chars[np.arange(length.sum()) + np.repeat(tokens.start - begin, length)]
    return letters


def _agree(ours: Iterator[CodePoints], theirs: Iterator[CodePoints]) -> bool:
    """Whether two rows of characters are the same, however they are cut into pieces."""
    none = a = b = np.empty(0, dtype=np.uint32)
    while True:
        a = a if len(a) else next(filter(len, ours), none)
        b = b if len(b) else next(filter(len, theirs), none)
        n = min(len(a), len(b))
        if not n:
            return len(a) == len(b)
        if (a[:n] != b[:n]).any():
            return False
        a, b = a[n:], b[n:]


def _same_letters(one: _Row, other: _Row, stretch: Stretch) -> bool:
    """Whether only blanks and case tell the two sides of a stretch apart."""
    a, b, c, d = stretch
    if a == b or c == d or b - a == d - c == 1:
        return False
    return _agree(
        (_letters(part, part.lower) for part in one.side.parts(range(a, b))),
        (_letters(part, part.lower) for part in other.side.parts(range(c, d))),
    )


# Counting


def _count(
    one: _Row, other: _Row, differences: list[Stretch], parted: list[Stretch]
) -> tuple[int, int]:
    """How many common tokens have other capitals, and how many gaps between them other blanks."""
    case = spacing = 0
    a = c = 0
    follows = False  # whether the token before is common, too; of the first it does not matter
    end = Stretch(len(one.keys), len(one.keys), len(other.keys), len(other.keys))
    stretches = [(stretch, False) for stretch in (*differences, end)]
    for stretch, common in sorted(stretches + [(stretch, True) for stretch in parted]):
        n = stretch.a - a
        case += int(np.count_nonzero(one.forms[a : a + n] != other.forms[c : c + n]))
        first = 0 if follows else 1
        gaps = one.gap[a + first : a + n] != other.gap[c + first : c + n]
        spacing += int(np.count_nonzero(gaps))
        if common:
            more = _count_parted(one, other, stretch)
            case, spacing = case + more[0], spacing + more[1]
        follows = common
        a, c = stretch.b, stretch.d
    return case, spacing


def _count_parted(one: _Row, other: _Row, stretch: Stretch) -> tuple[int, int]:
    """The same of a stretch whose letters make other tokens; those that neither text parts."""
    a, b, c, d = stretch
    letters, begins, blanks = [], [], []
    for row, tokens in ((one, range(a, b)), (other, range(c, d))):
        parts = list(row.side.parts(tokens))
        length = np.concatenate([part.end - part.start for part in parts]).astype(np.intp)
        begin = np.cumsum(length) - length
        gap = row.gap[tokens.start : tokens.stop]
        letters.append(np.concatenate([_letters(part, part.chars) for part in parts]))
        begins.append(begin)
        blanks.append(begin[gap == 0])
    differ = np.logical_or.reduceat(letters[0] != letters[1], np.union1d(*begins))
    return int(np.count_nonzero(differ)), len(np.setxor1d(*blanks))
