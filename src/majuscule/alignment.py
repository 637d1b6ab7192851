"""Where two rows of numbers differ: `align`, for rows of any length and likeness.

The *common* numbers are those that can be paired in order. Looking for as many of them as
can be takes time by the product of the lengths, so it is done in small stretches alone:

1. What both rows begin and end with is common.
2. In what is left, *anchors* are looked for: shingles (runs of numbers, A. Broder 1997) that
   occur once in each row. The longest chain of them that is in order in both (C. Schensted
   1961) is common, as in the patience diff (B. Cohen), and so is what goes on from there.
   Where shingles of 16 numbers yield no anchor, those of 4 do, then single numbers.
3. Small stretches between anchors get a longest common subsequence, exactly, 64 numbers a
   machine operation (M. Crochemore et al. 2001, H. Hyyrö 2004).
4. A large stretch without anchors is gone through in such small ones, as long as at least
   half of what they hold is common: it may be one thing again and again. What comes after
   that is different as a whole, so that time grows no faster than sorting takes.

>>> one, other = np.array([1, 2, 3, 4], np.uint64), np.array([1, 3, 4, 5], np.uint64)
>>> [tuple(stretch) for stretch in align(one, other)]
[(1, 2, 1, 1), (4, 4, 3, 4)]
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import isqrt, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Keys

    Places = NDArray[np.intp]

EXACT = 1 << 20
"""Stretches are aligned exactly if the product of their lengths is no more than this."""

ENOUGH = 1 << 18
"""About so many shingles of a stretch are looked at; of longer ones a sample."""

_SHINGLES = (16, 4, 1)
"""Lengths to try, in this order."""

_ODD = 0xD6E8FEB86659FD93
_WORD = (1 << 64) - 1


class Stretch(NamedTuple):
    """A part of each row: numbers `a` to `b` (exclusive) of one, `c` to `d` of the other."""

    a: int
    b: int
    c: int
    d: int


def align(left: Keys, right: Keys) -> list[Stretch]:
    """Find where two rows differ.

    Args:
        left, right: the rows; equal numbers are the same thing.

    Returns:
        The stretches that differ, in order; one side of a stretch may be empty. All that
        is between them, before and after, is the same in both rows. The other way round
        the rows give the same stretches, the other way round.

    >>> row = np.arange(1000, dtype=np.uint64)
    >>> align(np.delete(row, 7), np.delete(row, [600, 601]))
    [Stretch(a=7, b=7, c=7, d=8), Stretch(a=599, b=601, c=600, d=600)]
    """
    whole = _trimmed(left, right, Stretch(0, len(left), 0, len(right)))
    a, b, c, d = whole
    # Ties are broken from one side, so that side must not depend on who came first.
    if a < b and c < d and (b - a, left[a]) > (d - c, right[c]):
        turned = _differences(right, left, Stretch(c, d, a, b), _SHINGLES)
        found = [Stretch(a, b, c, d) for c, d, a, b in turned]
    else:
        found = list(_differences(left, right, whole, _SHINGLES))
    return _settled(left, right, found)


def _settled(left: Keys, right: Keys, stretches: list[Stretch]) -> list[Stretch]:
    """The stretches where all are as late as can be: sentences end with the stop, not before.

    What is only on one side may begin later if it begins with what comes after it.
    """
    settled: list[Stretch] = []
    follower = Stretch(len(left), len(left), len(right), len(right))
    for a, b, c, d in reversed(stretches):
        row, begin, end = (right, c, d) if a == b else (left, a, b)
        later = 0
        if a == b or c == d:
            while b + later < follower.a and row[begin + later] == row[end + later]:
                later += 1
        follower = Stretch(a + later, b + later, c + later, d + later)
        if settled and follower.b == settled[-1].a and follower.d == settled[-1].c:
            after = settled.pop()
            follower = Stretch(follower.a, after.b, follower.c, after.d)
        settled.append(follower)
    return settled[::-1]


def _differences(
    left: Keys, right: Keys, stretch: Stretch, shingles: tuple[int, ...]
) -> Iterator[Stretch]:
    a, b, c, d = stretch
    if a == b or c == d:
        if a != b or c != d:
            yield stretch
        return
    if (b - a) * (d - c) <= EXACT:
        yield from _exact(left, right, stretch)
        return
    for tried, size in enumerate(shingles, 1):
        here, there = _anchors(left[a:b], right[c:d], size)
        if len(here):
            for part in _between(left, right, stretch, here + a, there + c):
                yield from _differences(left, right, part, shingles[tried:])
            return
    yield from _followed(left, right, stretch)


def _agreeing(left: Keys, right: Keys) -> int:
    """How many numbers two rows of one length have in common before they differ."""
    differ = left != right
    return int(differ.argmax()) if differ.any() else len(differ)


def _trimmed(left: Keys, right: Keys, stretch: Stretch) -> Stretch:
    """A stretch without what both sides begin and end with."""
    a, b, c, d = stretch
    n = min(b - a, d - c)
    same = _agreeing(left[a : a + n], right[c : c + n])
    a, c, n = a + same, c + same, n - same
    same = _agreeing(left[b - n : b][::-1], right[d - n : d][::-1])
    return Stretch(a, b - same, c, d - same)


def _anchors(left: Keys, right: Keys, size: int) -> tuple[Places, Places]:
    """Where the same shingles are, in order in both rows; nowhere if chance explains them."""
    rare = max(len(left), len(right)) // ENOUGH + 1
    here, keys = _sampled(left, size, rare)
    there, others = _sampled(right, size, rare)
    i, j = _paired(keys, others)
    chain = _increasing(j)
    # Of m things in random order, about 2 sqrt(m) are in order (A. Vershik, S. Kerov 1977).
    # Sixteen numbers in a row are not the same by chance.
    if size < 16 and len(chain) <= 3 * (sqrt(len(i)) - 1):
        chain = chain[:0]
    return here[i[chain]], there[j[chain]]


def _sampled(row: Keys, size: int, rare: int) -> tuple[Places, Keys]:
    """The places and hashes of one shingle in `rare`, the same ones in every row."""
    places, hashes = [], []
    for begin in range(0, len(row) - size + 1, ENOUGH):
        hashed = row[begin : begin + ENOUGH + size - 1]
        step, factor = 1, _ODD
        while step < size:
            hashed = hashed[:-step] * np.uint64(factor) + hashed[step:]
            step, factor = 2 * step, factor * factor & _WORD
        drawn = (hashed * np.uint64(_ODD) >> np.uint64(32)) % np.uint64(rare)
        chosen = np.flatnonzero(drawn == 0)
        places.append(chosen + begin)
        hashes.append(hashed[chosen])
    if not places:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.uint64)
    return np.concatenate(places), np.concatenate(hashes)


def _paired(keys: Keys, others: Keys) -> tuple[Places, Places]:
    """The indices of keys that occur once in both rows, in the order of the first."""
    found, first, count = np.unique(keys, return_index=True, return_counts=True)
    found, first = found[count == 1], first[count == 1]
    other, second, count = np.unique(others, return_index=True, return_counts=True)
    other, second = other[count == 1], second[count == 1]
    _, i, j = np.intersect1d(found, other, assume_unique=True, return_indices=True)
    i, j = first[i], second[j]
    order = np.argsort(i)
    return i[order], j[order]


def _increasing(values: Places) -> Places:
    """The indices of a longest increasing subsequence of different values."""
    if len(values) < 2 or bool((values[1:] > values[:-1]).all()):
        return np.arange(len(values))
    ends: list[int] = []  # the least value that ends a chain of each length, and where it is
    at: list[int] = []
    before = []
    for k, value in enumerate(values.tolist()):
        length = bisect_left(ends, value)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            at.append(k)
        else:
            ends[length], at[length] = value, k
    chain = []
    k = at[-1]
    while k >= 0:
        chain.append(k)
        k = before[k]
    return np.array(chain[::-1], dtype=np.intp)


def _between(
    left: Keys, right: Keys, stretch: Stretch, here: Places, there: Places
) -> Iterator[Stretch]:
    """What is left of a stretch once everything around its anchors is taken for common."""
    a, b, c, d = stretch
    yield _trimmed(left, right, Stretch(a, int(here[0]), c, int(there[0])))
    # Anchors at one distance from each other's rows are a run. Within it rows are laid side
    # by side; where they differ, an anchor before and one after say how far.
    distance = there - here
    runs = [0, *(np.flatnonzero(np.diff(distance)) + 1).tolist(), len(here)]
    for first, last in pairwise(runs):
        a, c = int(here[first]), int(there[first])
        next_a, next_c = (int(here[last]), int(there[last])) if last < len(here) else (b, d)
        n = min(next_a - a, next_c - c)
        apart = np.flatnonzero(left[a : a + n] != right[c : c + n])
        if len(apart):
            after = np.searchsorted(here[first:last] - a, apart, side="right")
            cut = np.flatnonzero(np.diff(after)) + 1
            begins = apart[[0, *cut]].tolist()
            ends = (apart[[*(cut - 1), -1]] + 1).tolist()
            if after[-1] == last - first:  # no anchor of this run comes after the last
                n = begins.pop()
                ends.pop()
            for begin, end in zip(begins, ends, strict=True):
                yield Stretch(a + begin, a + end, c + begin, c + end)
        yield _trimmed(left, right, Stretch(a + n, next_a, c + n, next_c))


def _exact(left: Keys, right: Keys, stretch: Stretch) -> Iterator[Stretch]:
    """Where a small stretch differs if as much as can be is common."""
    a, b, c, d = stretch
    yield from _outside(_longest(left[a:b], right[c:d]), stretch)


def _followed(left: Keys, right: Keys, stretch: Stretch) -> Iterator[Stretch]:
    """Where a large stretch differs, followed from its beginning while half is common."""
    a, b, c, d = stretch
    side = isqrt(EXACT)
    while (b - a) * (d - c) > EXACT:
        n, m = min(b - a, side), min(d - c, side)
        pairs = _longest(left[a : a + n], right[c : c + m])
        if 2 * len(pairs) < min(n, m):
            yield _trimmed(left, right, Stretch(a, b, c, d))
            return
        n, m = pairs.pop()
        yield from _outside(pairs, Stretch(a, a + n, c, c + m))
        a, c = a + n + 1, c + m + 1
    yield from _exact(left, right, Stretch(a, b, c, d))


def _outside(pairs: list[tuple[int, int]], stretch: Stretch) -> Iterator[Stretch]:
    """What is left of a stretch without these pairs of its numbers."""
    a, b, c, d = stretch
    for i, j in [*pairs, (b - a, d - c)]:
        if a < stretch.a + i or c < stretch.c + j:
            yield Stretch(a, stretch.a + i, c, stretch.c + j)
        a, c = stretch.a + i + 1, stretch.c + j + 1


def _longest(left: Keys, right: Keys) -> list[tuple[int, int]]:
    """A longest common subsequence, as pairs of indices."""
    if len(left) > len(right):  # there is a row of bits for each number of the shorter
        return [(i, j) for j, i in _longest(right, left)]
    x, y = left.tolist(), right.tolist()
    if set(x).isdisjoint(y):
        return []
    values, index = np.unique(left, return_inverse=True)
    equal = right == values[:, np.newaxis]
    masks = [
        int.from_bytes(row.tobytes(), "little")
        for row in np.packbits(equal, axis=1, bitorder="little")
    ]
    # Bit j of row i is 0 where y[j] makes the longest of x[: i + 1] and y[: j + 1] longer.
    every = (1 << len(y)) - 1
    bits = every
    size = (len(y) + 7) // 8
    rows = []
    for k in index.tolist():
        both = bits & masks[k]
        bits = (bits + both | bits - both) & every
        rows.append(bits.to_bytes(size, "little"))
    pairs = []
    i, j = len(x) - 1, len(y) - 1
    while i >= 0 and j >= 0:
        if x[i] == y[j]:
            pairs.append((i, j))
            i, j = i - 1, j - 1
        elif rows[i][j >> 3] >> (j & 7) & 1:
            j -= 1
        else:
            i -= 1
    return pairs[::-1]
