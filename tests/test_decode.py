"""The best row of labels, against every row there is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from majuscule import decode
from majuscule.labels import Case, Gap
from majuscule.text import CASED, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_OTHER = 2**31 - 1
"""The margin where there is nothing else to choose."""

LARGEST = 1 << 24
"""What a transition may be, either way; see `majuscule.model`."""

BITS = [
    sum(1 << case for case in cases) + sum(16 << gap for gap in gaps)
    for cases in ([0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [1, 2], [3])
    for gaps in ([Gap.SPACE], [Gap.JOIN], [Gap.SPACE, Gap.JOIN])
]
EVERY_CASE = [bits for bits in BITS if bits & 15 == 15]
ROLES = [kind for kind in Kind if kind != Kind.BEGIN]


@dataclass
class Problem:
    """One line's scores and what is allowed."""

    roles: list[int]
    bits: list[int]
    scores: NDArray[np.int32]
    transitions: NDArray[np.int32]

    def arguments(self) -> tuple[NDArray[Any], ...]:
        """As the compiled code takes it."""
        return (
            self.scores,
            np.array(self.roles, np.uint8),
            np.array(self.bits, np.uint8),
            np.array([0, len(self.roles)], np.int32),
            self.transitions,
        )

    def solve(self) -> list[int]:
        """What the compiled code says."""
        return decode.best(*self.arguments()).tolist()

    def margins(self) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """And how sure it is, and what comes next."""
        labels = np.array(self.solve(), np.uint8)
        return decode.margins(*self.arguments(), labels)

    def score(self, labels: list[int]) -> int:
        """The score of a row of labels: of words, as they are; of signs, the case they carry."""
        return reference.score_of(self.scores.tolist(), self.roles, CASED, labels, self.transitions)


@st.composite
def problems(draw: st.DrawFn, longest: int = 4) -> Problem:
    """Lines of any roles; small numbers, so that many rows are equally good, and large ones."""
    roles = draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=longest))
    # Tokens without a case of their own must be able to carry any.
    bits = [draw(st.sampled_from(BITS if CASED[role] else EVERY_CASE)) for role in roles]
    largest = draw(st.sampled_from([0, 1, 2, 1000, LARGEST]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = rng.integers(-largest, largest + 1, (len(roles), 3, 4)).astype(np.int32)
    shape = (len(Kind), len(Kind), 8, 8)
    transitions = rng.integers(-largest, largest + 1, shape).astype(np.int32)
    return Problem([int(role) for role in roles], bits, scores, transitions)


@given(problems())
def test_best_is_the_best_of_all(problem: Problem) -> None:
    wanted = reference.best_of_all(
        problem.scores.tolist(), problem.roles, CASED, problem.bits, problem.transitions
    )
    assert problem.solve() == wanted


@given(problems(longest=40))
def test_best_is_the_reference(problem: Problem) -> None:
    wanted = reference.best(
        problem.scores.tolist(), problem.roles, CASED, problem.bits, problem.transitions
    )
    assert problem.solve() == wanted


@given(problems(longest=6))
def test_less_choice_does_not_change_what_is_still_allowed(problem: Problem) -> None:
    """Of equal rows always the same: what restoring twice, and joining for good, rests on."""
    best = problem.solve()
    for t, label in enumerate(best):
        problem.bits[t] = problem.bits[t] & 15 | 16 << label // 4
    assert problem.solve() == best


def test_lines_are_on_their_own() -> None:
    rng = np.random.default_rng(3)
    n = 12
    roles = rng.choice(ROLES, n).astype(np.uint8)
    bits = np.full(n, 63, np.uint8)
    scores = rng.integers(-500, 500, (n, 3, 4)).astype(np.int32)
    transitions = rng.integers(-500, 500, (len(Kind), len(Kind), 8, 8)).astype(np.int32)
    lines = np.array([0, 0, 5, 6, 6, 12], np.int32)
    together = decode.best(scores, roles, bits, lines, transitions)
    for a, b in pairwise(lines):
        whole = np.array([0, b - a], np.int32)
        alone = decode.best(scores[a:b], roles[a:b], bits[a:b], whole, transitions)
        assert alone.tolist() == together[a:b].tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_long_row_of_signs_does_not_overflow(sign: int) -> None:
    """Signs carry a case; what tells two cases apart grows with every sign in the row."""
    n = 1000
    roles = [int(Kind.WORD)] + [int(Kind.PERIOD)] * n + [int(Kind.WORD)]
    transitions = np.zeros((len(Kind), len(Kind), 8, 8), np.int32)
    for i in range(8):
        transitions[Kind.PERIOD, Kind.PERIOD, i, i] = sign * LARGEST * (1 if i % 4 else -1)
    scores = np.zeros((n + 2, 3, 4), np.int32)
    problem = Problem(roles, [31] * (n + 2), scores, transitions)
    best = problem.solve()
    assert best == reference.best(scores.tolist(), roles, CASED, problem.bits, transitions)
    assert best[0] == (Case.TITLE if sign > 0 else Case.LOWER)


def test_no_lines_no_labels() -> None:
    nothing = np.zeros(0, np.uint8)
    transitions = np.zeros((len(Kind), len(Kind), 8, 8), np.int32)
    scores = np.zeros((0, 3, 4), np.int32)
    lines = np.zeros(1, np.int32)
    assert decode.best(scores, nothing, nothing, lines, transitions).tolist() == []


@given(problems(longest=12), st.data())
def test_a_margin_is_what_forbidding_the_choice_costs(
    problem: Problem, data: st.DataObject
) -> None:
    """The slow way: take the label chosen away, decode again, and compare the scores."""
    labels = problem.solve()
    best = problem.score(labels)
    margins, runner_up = problem.margins()
    t = data.draw(st.integers(0, len(labels) - 1))
    for edit, own in enumerate((1 << labels[t] % 4, 16 << labels[t] // 4)):
        bits = problem.bits[t]
        others = bits & ~own
        if not (others & 15 and others & 240) or (edit == 0 and not CASED[problem.roles[t]]):
            assert margins[t, edit] == NO_OTHER
            assert edit or runner_up[t] == 255
            continue
        problem.bits[t] = others
        loss = best - problem.score(problem.solve())
        assert min(loss, NO_OTHER) == margins[t, edit]
        if edit == 0:
            assert runner_up[t] != labels[t] % 4
            problem.bits[t] = 1 << runner_up[t] | bits & 240
            assert best - problem.score(problem.solve()) == loss
        problem.bits[t] = bits


def test_margins_do_not_cross_lines() -> None:
    rng = np.random.default_rng(5)
    scores = rng.integers(-99, 99, (6, 3, 4)).astype(np.int32)
    transitions = rng.integers(-99, 99, (len(Kind), len(Kind), 8, 8)).astype(np.int32)
    bits, role = np.full(6, 255, np.uint8), np.full(6, Kind.WORD, np.uint8)

    def margins(a: int, b: int, *lines: int) -> NDArray[np.int32]:
        given = scores[a:b], role[a:b], bits[a:b], np.array(lines, np.int32), transitions
        return decode.margins(*given, decode.best(*given))[0]

    both = margins(0, 6, 0, 2, 2, 6)
    assert (margins(0, 2, 0, 2) == both[:2]).all()
    assert (margins(2, 6, 0, 4) == both[2:]).all()
