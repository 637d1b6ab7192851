"""What counts as harm in `benchmarks/`: everything that is one is found, nothing else is."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import reference
from hypothesis import assume, given
from hypothesis import strategies as st
from texts import documents, texts

if TYPE_CHECKING:
    from majuscule.restorer import Restorer

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import hard
import promise

ANY = st.one_of(texts, documents)


@pytest.mark.parametrize("module", [hard, promise])
def test_examples(module):
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0


@given(ANY)
def test_case_blanks_and_escapes_are_no_harm(text: str) -> None:
    for other in (reference.lower, reference.upper, reference.unescape):
        assert not promise.violations(text, other(text))
    assert not promise.violations(text, text.replace(" ", "").replace("\t", ""))


@given(ANY, st.data())
def test_any_other_change_is_harm(text: str, data: st.DataObject) -> None:
    solid = [i for i, char in enumerate(text) if not char.isspace()]
    assume(solid)
    i = data.draw(st.sampled_from(solid))
    assert promise.violations(text, text[:i] + "\n" + text[i:])
    assert promise.violations(text + "\n", text)
    new = data.draw(st.sampled_from("xX7中ßİ").filter(lambda char: char.lower() != text[i].lower()))
    # Nothing that is part of an escape: &ltx; is none.
    assert promise.violations(text, text[:i] + "0" + new + "0" + text[i:])
    if text[i].isalpha():
        assert promise.violations(text, text[:i] + new + text[i + 1 :])
        assert promise.violations(text, text[:i] + text[i + 1 :])


@pytest.mark.parametrize("kind", hard.KINDS)
def test_hard_text_comes_to_no_harm(restorer: Restorer, erratic: Restorer, kind: str) -> None:
    text = hard.write(kind, 3000, seed=2)
    for one in (restorer, erratic):
        restored = one.restore(text)
        assert not promise.violations(text, restored)
        assert one.restore(restored) == restored
