"""Words to classes: those that stand in like places and are written alike.

Each word is a row of counts of the frequent tokens to its left and right, turned into
positive pointwise mutual information, reduced by a truncated singular value decomposition
(O. Levy, Y. Goldberg and I. Dagan 2015, "Improving distributional similarity with lessons
learned from word embeddings"), and put beside the shares of its cases in mid-sentence.
k-means makes groups of these rows, then up to 16 classes of each group, so that a
class's number tells its group (P. Brown et al. 1992; for tagging with such numbers,
S. Miller, J. Guinness and A. Zamanian 2004, "Name tagging with word clusters and
discriminative training"). Words mostly written with a capital have classes of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule import _clustering
from majuscule.features import CAPITAL
from majuscule.text import CASED, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Codes, Floats, Keys
    from majuscule.text import Tokens

CONTEXTS = 1000
"""The most frequent tokens, which are looked for beside the others."""

DIMENSIONS = 80
"""What is left of their counts."""

KIN = 16
"""Classes of a group."""


GROUPS = 32
"""Of those, and as many of the others; eight times as many made the model worse."""


class Words(NamedTuple):
    """Words with their classes, the most frequent first."""

    keys: Keys
    classes: Codes


def cluster(read: Callable[[], Iterator[Tokens]], words: int, least: int, seed: int) -> Words:
    """Find classes of words.

    Args:
        read: gives the text, each time from its beginning.
        words: how many of the most frequent tokens get a class.
        least: how often such a token occurs.
        seed: fixes every choice.

    Returns:
        The tokens' keys with their classes, from 16 to 4095.
    """
    keys, counts = _vocabulary(read(), words, least)
    classes = np.zeros(len(keys), dtype=np.uint32)
    if not len(keys):
        return Words(keys, classes)
    beside, cases = _count(read(), keys)
    rows = _rows(beside, cases, seed)
    weights = np.sqrt(counts)
    capital = 2 * cases[:, 1:].sum(1) > cases.sum(1)
    for side, first in ((~capital, KIN), (capital, CAPITAL)):
        (members,) = np.nonzero(side)
        group = _k_means(rows[members], weights[members], GROUPS, seed)
        for number in range(GROUPS):
            own = members[group == number]
            kin = _k_means(rows[own], weights[own], KIN, seed)
            classes[own] = first + number * KIN + kin
    return Words(keys, classes)


def _vocabulary(texts: Iterator[Tokens], words: int, least: int) -> tuple[Keys, NDArray[np.int64]]:
    """The most frequent tokens' keys and counts."""
    keys: Keys = np.zeros(0, dtype=np.uint64)
    counts = np.zeros(0, dtype=np.int64)
    waiting: list[tuple[Keys, NDArray[np.int64]]] = []

    def add_up() -> None:
        nonlocal keys, counts
        every = np.concatenate([keys, *(some for some, _ in waiting)])
        keys, place = np.unique(every, return_inverse=True)
        counts = np.bincount(
            place, weights=np.concatenate([counts, *(some for _, some in waiting)])
        ).astype(np.int64)
        waiting.clear()

    for tokens in texts:
        waiting.append(np.unique(tokens.key, return_counts=True))
        if len(waiting) == 1000:  # adding up costs as much as there are words
            add_up()
    add_up()
    order = np.argsort(-counts, kind="stable")[:words]
    order = order[counts[order] >= least]
    return keys[order], counts[order]


def _count(texts: Iterator[Tokens], keys: Keys) -> tuple[Codes, NDArray[np.int64]]:
    """How often each word has each context to its left and right, and each case."""
    sorting = np.argsort(keys)
    in_order = keys[sorting]
    contexts = min(CONTEXTS, len(keys))
    beside: Codes = np.zeros((len(keys), 2 * contexts), dtype=np.uint32)
    cases = np.zeros((len(keys), 4), dtype=np.int64)
    for tokens in texts:
        place = np.minimum(np.searchsorted(in_order, tokens.key), len(keys) - 1)
        row = np.where(in_order[place] == tokens.key, sorting[place], -1).astype(np.int32)
        _clustering.count_beside(row, tokens.lines, beside)
        cased = CASED[tokens.role] != 0
        inside = (row >= 0) & cased & (tokens.role < Kind.FIRST_WORD)
        cases += np.bincount(row[inside] * 4 + tokens.case[inside], minlength=cases.size).reshape(
            cases.shape
        )
    return beside, cases


def _rows(beside: Codes, cases: NDArray[np.int64], seed: int) -> Floats:
    """A row of numbers for each word: words alike have rows that are near."""
    rng = np.random.default_rng(seed)
    counts = beside.astype(np.float32)
    chance = counts.sum(0, keepdims=True, dtype=np.float64) + 1
    totals = counts.sum(1, keepdims=True, dtype=np.float64) + 1
    information = counts / totals.astype(np.float32)
    information *= (chance.sum() / chance).astype(np.float32)
    np.log(np.maximum(information, 1, out=information), out=information)
    information *= counts / (counts + 1)  # what occurs once says little
    del counts
    # N. Halko, P. Martinsson and J. Tropp 2011, "Finding structure with randomness".
    size = min(DIMENSIONS + 20, *information.shape)
    start = rng.standard_normal((information.shape[1], size)).astype(np.float32)
    basis, _ = np.linalg.qr(information @ (information.T @ (information @ start)))
    left, values, _ = np.linalg.svd(basis.T @ information, full_matrices=False)
    rows = (basis @ left[:, :DIMENSIONS]) * np.sqrt(values[:DIMENSIONS])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6
    prior = np.array([0.5, 0.1, 0.05, 0.01])
    shares = (cases + prior) / (cases.sum(1, keepdims=True) + prior.sum())
    return np.hstack([rows, 0.7 * np.sqrt(shares)]).astype(np.float32)


def _k_means(rows: Floats, weights: NDArray[np.float64], most: int, seed: int) -> NDArray[np.int64]:
    """The group of each row (S. Lloyd 1982), heavy rows counting more."""
    if len(rows) <= most:
        return np.arange(len(rows))
    rng = np.random.default_rng(seed)
    centres = rows[rng.choice(len(rows), most, replace=False, p=weights / weights.sum())]
    group = np.zeros(len(rows), dtype=np.int64)
    for _ in range(15):
        group = nearest(rows, centres)
        sums = np.zeros(centres.shape)
        np.add.at(sums, group, rows * weights[:, None])
        total = np.bincount(group, weights, minlength=most)[:, None]
        centres = np.where(total, sums / np.maximum(total, 1e-9), centres).astype(np.float32)
    return group


def nearest(vectors: Floats, centres: Floats) -> NDArray[np.int64]:
    """The number of the centre that is nearest to each vector."""
    out = np.zeros(len(vectors), dtype=np.int64)
    half = (centres**2).sum(1) / 2
    for a in range(0, len(vectors), 8192):
        out[a : a + 8192] = np.argmin(half - vectors[a : a + 8192] @ centres.T, axis=1)
    return out
