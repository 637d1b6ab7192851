"""Documents as they arrive: what is put in, and that nothing is lost."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from conftest import DATA
from hypothesis import given
from hypothesis import strategies as st

from majuscule import layout

TINY = (DATA / "tiny.txt").read_text(encoding="utf-8").splitlines()


@given(st.integers(0, 2**16), st.sampled_from([None, "news", "speech"]))
def test_no_word_is_lost(seed: int, style: str | None) -> None:
    laid_out = layout.lay_out(TINY, random.Random(seed), style)
    # A headline and a dateline may have been put before the text, an address inside.
    words = iter(" ".join(laid_out).split())
    assert all(word in words for line in TINY for word in line.split())
    assert sum(not line for line in laid_out) == sum(not line for line in TINY)


def test_every_layout_comes_about() -> None:
    text = ["He came to New York. She did not. " * 3, ""]
    rng = random.Random(1)
    seen = Counter(len(layout.lay_out(text, rng, None)) for _ in range(300))
    assert seen.keys() >= {2, 3, 7, 8}  # as it is and by sentences, with a headline and without
    assert layout.lay_out([], rng, None) == []
    assert layout.lay_out([""], rng, "news") == [""]


def test_a_news_story_may_have_a_dateline() -> None:
    told = {
        layout._with_dateline("He died in Paris, she said.", random.Random(n)) for n in range(40)
    }
    assert "PARIS (Reuters) - He died in Paris, she said." in told
    assert layout._with_dateline("He died.", random.Random(1)) == "He died."


@pytest.mark.parametrize(
    "text",
    [
        "the Syrian Democratic Forces (SDF) said that Iran was in talks. The SDF said Syria is on.",
        "to New York and New York. In New York, Samir Idris is on an Island of the State.",
    ],
)
def test_an_acronym_may_be_spelt_as_a_common_word(text: str) -> None:
    made = {"\n".join(layout._with_odd_acronym([text], random.Random(n))) for n in range(200)}
    assert len(made) > 1
    for one in made:
        short = {word for word in ("IS", "IN", "SAID", "AND", "ON") if f"({word})" in one}
        assert len(short) <= 1
        assert {word for word in text.split() if word.islower()} <= set(one.split())


def test_a_text_without_names_stays() -> None:
    for text in ("", "he came and went.", "New York is New York.", "(SDF) and SDF"):
        assert layout._with_odd_acronym([text], random.Random(1)) == [text]
