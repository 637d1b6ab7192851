"""Classes of words: counted as the reference counts, and alike where words are alike."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from texts import documents

from majuscule import _clustering, clustering
from majuscule.clustering import CAPITAL, KIN, cluster
from majuscule.text import Tokens, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

DAYS = ("Monday", "Tuesday", "Friday", "Sunday")
CITIES = ("Paris", "Rome", "Oslo", "Lima")
VERBS = ("came", "went", "flew", "drove")
TEXT = "\n".join(
    f"on {day} she {verb} to {city} , and he {verb} to {city} on {day} ."
    for day in DAYS
    for city in CITIES
    for verb in VERBS
)


def texts() -> Iterator[Tokens]:
    """The text in two pieces."""
    half = TEXT.index("\n", len(TEXT) // 2) + 1
    yield read(TEXT[:half])
    yield read(TEXT[half:])


@given(documents, st.integers(0, 2**32), st.integers(1, 6))
def test_count_beside_is_the_reference(given_text: str, seed: int, contexts: int) -> None:
    tokens = read(given_text)
    row = np.random.default_rng(seed).integers(-1, 9, len(tokens)).astype(np.int32)
    beside = np.zeros((9, 2 * contexts), dtype=np.uint32)
    _clustering.count_beside(row, tokens.lines, beside)
    wanted: Counter[tuple[int, int]] = Counter()
    for a, b in zip(tokens.lines.tolist(), tokens.lines.tolist()[1:], strict=False):
        line = row[a:b].tolist()
        for left, right in itertools.pairwise(line):
            if left >= 0 and 0 <= right < contexts:
                wanted[left, right] += 1
            if right >= 0 and 0 <= left < contexts:
                wanted[right, contexts + left] += 1
    assert {(i, j): int(beside[i, j]) for i, j in zip(*np.nonzero(beside), strict=True)} == wanted


def test_capitals_have_classes_of_their_own() -> None:
    found = cluster(texts, words=100, least=2, seed=1)
    of = dict(zip(found.keys.tolist(), found.classes.tolist(), strict=True))
    number = {word: of[int(read(word).key[0])] for word in (*DAYS, *CITIES, *VERBS, "she", "on")}
    for word, its in number.items():
        assert (its >= CAPITAL) == word.istitle()
        assert KIN <= its < 2 * CAPITAL


def test_words_in_like_places_are_kin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "GROUPS", 4)
    found = cluster(texts, words=100, least=2, seed=1)
    of = dict(zip(found.keys.tolist(), found.classes.tolist(), strict=True))
    groups = {
        kind: {of[int(read(word).key[0])] // KIN for word in words}
        for kind, words in (("days", DAYS), ("cities", CITIES))
    }
    assert not groups["days"] & groups["cities"]


def test_the_same_text_gives_the_same_classes() -> None:
    one, two = (cluster(texts, words=50, least=2, seed=3) for _ in range(2))
    assert one.keys.tolist() == two.keys.tolist()
    assert one.classes.tolist() == two.classes.tolist()


def test_few_words_have_classes() -> None:
    assert len(cluster(texts, words=7, least=2, seed=1).keys) == 7
    assert len(cluster(texts, words=0, least=2, seed=1).keys) == 0
    assert len(cluster(texts, words=9, least=10**6, seed=1).keys) == 0
    assert len(cluster(lambda: iter(()), words=9, least=1, seed=1).keys) == 0
    assert len(cluster(lambda: iter([read("")]), words=9, least=1, seed=1).keys) == 0
    (one,) = cluster(lambda: iter([read("x")]), words=9, least=1, seed=1).classes
    assert one >= KIN
