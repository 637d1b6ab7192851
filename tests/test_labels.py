"""Labels: what case a written form has, and the numbers of pairs."""

from __future__ import annotations

import itertools

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from texts import PIECES

from majuscule.labels import LABELS, Case, Gap, label
from majuscule.text import read


@pytest.mark.parametrize(
    ("written", "case"),
    [
        ("", Case.LOWER),
        ("...", Case.LOWER),
        ("1999", Case.LOWER),
        ("said", Case.LOWER),
        ("I", Case.TITLE),
        ("Syria", Case.TITLE),
        ("1st", Case.LOWER),
        ("3D", Case.TITLE),
        ("SDF", Case.UPPER),
        ("MP3", Case.UPPER),
        ("iPhone", Case.MIXED),
        ("McDonald", Case.MIXED),
        ("PhD", Case.MIXED),
        ("Élan", Case.TITLE),
    ],
)
def test_case_of(written: str, case: Case) -> None:
    assert Case.of(written) is case


def test_numbers_of_pairs_are_distinct() -> None:
    numbers = [label(case, gap) for gap, case in itertools.product((Gap.SPACE, Gap.JOIN), Case)]
    assert numbers == list(range(LABELS))


@given(st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_case_of_agrees_with_what_is_read(text: str) -> None:
    tokens = read(text)
    for i in range(len(tokens)):
        written = tokens.written(i)
        # Letters without a way back have no case when read.
        if reference.lower(written) == written.lower():
            assert Case.of(written) == tokens.case[i]
