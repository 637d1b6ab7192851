"""`majuscule.alignment`: what a slow longest common subsequence says, and rows that are hard."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from majuscule import alignment
from majuscule.alignment import align

# Each: two rows, and where they differ.
BY_HAND = {
    "nothing": ("", "", []),
    "everything gone": ("ab", "", [(0, 2, 0, 0)]),
    "the same": ("abc", "abc", []),
    "one replaced": ("abc", "axc", [(1, 2, 1, 2)]),
    "one more at each end": ("abc", "xabcy", [(0, 0, 0, 1), (3, 3, 4, 5)]),
    "nothing in common": ("abc", "xy", [(0, 3, 0, 2)]),
    "as late as can be": ("he goes. he stays. end", "he goes. end", [(9, 19, 9, 9)]),
    "late enough to be one with the next": ("abbx", "aby", [(2, 4, 2, 3)]),
    "moved": ("abcdeX", "Xabcde", [(0, 0, 0, 1), (5, 6, 6, 6)]),
}


def row(values):
    return np.array([ord(v) if isinstance(v, str) else v for v in values], dtype=np.uint64)


def common(left, right, stretches):
    """How many numbers are paired, once it is clear that they are equal and in order."""
    i = j = 0
    for a, b, c, d in stretches:
        assert i <= a <= b <= len(left)
        assert j <= c <= d <= len(right)
        assert a < b or c < d
        assert a > i or i == 0  # or it would be one with the stretch before
        assert (left[i:a] == right[j:c]).all()  # numpy refuses rows of different lengths
        i, j = b, d
    assert left[i:].tolist() == right[j:].tolist()
    return len(left) - sum(b - a for a, b, _, _ in stretches)


def longest(left, right):
    """The length of the longest common subsequence, by the book (Wagner, Fischer 1974)."""
    lengths = [0] * (len(right) + 1)
    for x in left:
        above = 0
        for j, y in enumerate(right, 1):
            above, lengths[j] = (
                lengths[j],
                above + 1 if x == y else max(lengths[j], lengths[j - 1]),
            )
    return lengths[-1]


@pytest.mark.parametrize(("left", "right", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_by_hand(left, right, expected):
    assert align(row(left), row(right)) == expected
    assert align(row(right), row(left)) == [(c, d, a, b) for a, b, c, d in expected]


rows = st.lists(st.integers(0, 4), max_size=40).map(row)


@given(rows, rows)
def test_small_rows_have_as_much_in_common_as_can_be(left, right):
    assert common(left, right, align(left, right)) == longest(left.tolist(), right.tolist())


@given(rows, rows)
def test_the_other_way_round_is_the_same(left, right):
    turned = [(c, d, a, b) for a, b, c, d in align(right, left)]
    assert align(left, right) == turned


@pytest.fixture
def hurried(monkeypatch):
    """Limits so low that short rows go all the ways that long ones go."""
    monkeypatch.setattr(alignment, "EXACT", 16)
    monkeypatch.setattr(alignment, "ENOUGH", 12)


long_rows = st.one_of(
    st.lists(st.integers(0, 400), max_size=80),
    st.lists(st.integers(0, 3), max_size=80),
    st.builds(lambda part, n: part * n, st.lists(st.integers(0, 9), max_size=20), st.just(4)),
)


@st.composite
def pairs(draw):
    """A row, and another that was made from it: parts left out, moved and put in."""
    left = draw(long_rows)
    cuts = sorted(draw(st.lists(st.integers(0, len(left)), max_size=6)))
    parts = [left[a:b] for a, b in zip([0, *cuts], [*cuts, len(left)], strict=True)]
    for _ in range(draw(st.integers(0, 3))):
        k = draw(st.integers(0, len(parts) - 1))
        parts[k] = draw(st.one_of(long_rows, st.sampled_from(parts)))
    return row(left), row(chain.from_iterable(parts))


@given(pairs())
def test_long_rows_are_paired_in_order(hurried, pair):
    left, right = pair
    found = align(left, right)
    assert common(left, right, found) <= longest(left.tolist(), right.tolist())
    assert [(c, d, a, b) for a, b, c, d in align(right, left)] == found


@given(st.integers(0, 1 << 32))
def test_where_nothing_is_repeated_everything_is_found(seed):
    """Rows long enough for anchors: what was kept is common, and nothing else is."""
    rng = np.random.default_rng(seed)
    left = np.arange(3000, dtype=np.uint64)
    right = np.where(rng.random(3000) < rng.random(), left, left + np.uint64(5000))
    right = np.delete(right, rng.integers(0, 3000, rng.integers(50)))
    right = np.insert(right, rng.integers(0, len(right), 50), np.arange(10_000, 10_050))
    assert common(left, right, align(left, right)) == len(np.intersect1d(left, right))


def test_sampling_finds_what_looking_at_everything_finds(monkeypatch):
    rng = np.random.default_rng(1)
    left = rng.integers(0, 5000, 60_000).astype(np.uint64)
    right = np.delete(left, rng.choice(60_000, 60, replace=False))
    right[rng.choice(len(right), 60, replace=False)] = 7777
    expected = align(left, right)
    monkeypatch.setattr(alignment, "ENOUGH", 4000)
    assert align(left, right) == expected
    assert 100 < len(expected) <= 120


SIZE = 100_000


def words(seed, size=SIZE):
    """Words as frequent as words are."""
    return (np.random.default_rng(seed).zipf(1.3, size) % 50_000).astype(np.uint64)


def edited(left, seed=5, share=0.01):
    """Some replaced, half as many left out, and as many put in."""
    rng = np.random.default_rng(seed)
    right = left.copy()
    replaced = rng.random(len(left)) < share
    right[replaced] = words(seed, replaced.sum())
    right = right[rng.random(len(left)) >= share / 2]
    places = np.flatnonzero(rng.random(len(right)) < share / 2)
    return np.insert(right, places, words(seed + 1, len(places)))


def two_things(seed, size=SIZE):
    return np.random.default_rng(seed).integers(0, 2, size).astype(np.uint64)


HARD = {
    "one thing only": (np.ones(SIZE, np.uint64), np.ones(SIZE - 1000, np.uint64), 1),
    "two things in turn, edited": (
        np.tile(row([1, 2]), SIZE // 2),
        edited(np.tile(row([1, 2]), SIZE // 2)),
        0.98,
    ),
    "a paragraph again and again, edited": (
        np.tile(words(1, 97), SIZE // 97),
        edited(np.tile(words(1, 97), SIZE // 97)),
        0.98,
    ),
    "two things by chance, edited, with another such text within": (
        two_things(1),
        np.insert(edited(two_things(1)), SIZE // 2, two_things(2, SIZE // 5)),
        0.98,
    ),
    "hardly edited": (words(1), edited(words(1), share=0.0001), 0.9998),
    "edited": (words(1), edited(words(1)), 0.98),
    "much edited": (words(1), edited(words(1), share=0.2), 0.7),
    "a part of it": (words(1), words(1)[70_000:80_000], 1),
    "with another text before it": (words(1), np.concatenate([words(2), words(1)]), 1),
}


@pytest.mark.parametrize(("left", "right", "share"), HARD.values(), ids=HARD)
def test_hard_rows_have_about_as_much_in_common_as_there_is(left, right, share):
    found = align(left, right)
    assert common(left, right, found) >= share * min(len(left), len(right))
    assert [(c, d, a, b) for a, b, c, d in align(right, left)] == found


UNRELATED = {
    "words": (words(1), words(2)),
    "the same words in another order": (words(1), np.random.default_rng(0).permutation(words(1))),
}


@pytest.mark.parametrize(("left", "right"), UNRELATED.values(), ids=UNRELATED)
def test_chance_is_not_likeness(left, right):
    found = align(left, right)
    assert common(left, right, found) <= 50
    assert len(found) <= 50


def test_of_parts_in_another_order_the_longest_chain_is_common():
    parts = words(1).reshape(20, -1)
    order = [*range(12, 20), *range(12)]
    found = align(parts.ravel(), parts[order].ravel())
    assert common(parts.ravel(), parts[order].ravel(), found) == 12 * SIZE // 20
    assert len(found) == 2
