"""What was decided about each token, how surely, and by what: the account of a restoration.

`majuscule.restorer` keeps it on the way; nothing is decided again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule import shown, text
from majuscule.labels import Case, Gap
from majuscule.shown import Doubt
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Ints
    from majuscule.apostrophes import Restored
    from majuscule.text import Tokens


class Decision(NamedTuple):
    """What was decided about one token, and how surely.

    Attributes:
        written: the token as it was written.
        output: where in the restored text it stands: first and last offset, exclusive.
        input: what it was made from, likewise in the text given, escapes included.
        case: its case; of a sign or a number LOWER.
        gap: what stands before it; an apostrophe put back inside of a token is part of it.
        case_probability, gap_probability: of these against the next best; 1 where nothing
            else could be.
        runner_up: the next best case, None where there is no other.
        by: ``"model"``; ``"memory"`` where it would be otherwise, had the document not said
            what it did before, or nothing been chosen for another mention; ``"lexicon"``;
            ``"choice"``; or ``"input"`` for a token of which something
            was left as it stood: because the input knew it, or for less confidence than
            `min_confidence`. Probabilities and runner_up are then of the change that was
            not made.
    """

    written: str
    output: tuple[int, int]
    input: tuple[int, int]
    case: Case
    gap: Gap
    case_probability: float
    gap_probability: float
    runner_up: Case | None
    by: str

    @property
    def probability(self) -> float:
        """The less sure of its two decisions."""
        return min(self.case_probability, self.gap_probability)

    @property
    def facts(self) -> dict[str, Any]:
        """What was decided, how surely and by what, as JSON has it."""
        return {
            "case": self.case.name.lower(),
            "gap": self.gap.name.lower(),
            "case_probability": round(self.case_probability, 4),
            "gap_probability": round(self.gap_probability, 4),
            "runner_up": None if self.runner_up is None else self.runner_up.name.lower(),
            "alternative": self.alternative,
            "by": self.by,
        }

    @property
    def alternative(self) -> str | None:
        """What the less sure of its two decisions could have been instead; None for nothing.

        Another case is the token so written, a form of its own (MIXED) left out; another gap
        is the token after ``␣`` for a blank or after ``‿`` for none.

        >>> places = (0, 2), (0, 2)
        >>> us = Decision("US", *places, Case.UPPER, Gap.SPACE, 0.7, 1, Case.LOWER, "model")
        >>> us.alternative
        'us'
        """
        if self.probability == 1:
            return None
        if self.gap_probability < self.case_probability:
            return ("␣" if self.gap == Gap.JOIN else "‿") + self.written
        if self.runner_up in (None, Case.MIXED):
            return None
        return cased(self.written, self.runner_up)


def cased(token: str, case: Case) -> str:
    """A token in another case; as it is for MIXED.

    >>> cased("NATO", Case.TITLE), cased("us", Case.UPPER), cased("iPhone", Case.LOWER)
    ('Nato', 'US', 'iphone')
    """
    if case == Case.MIXED:
        return token
    letters = [_other(char, char.lower()) for char in token]
    if case != Case.LOWER:
        for i, char in enumerate(letters):
            letters[i] = _other(char, char.upper())
            if case == Case.TITLE and char.isalpha():
                break
    return "".join(letters)


def _other(char: str, cased: str) -> str:
    """A letter in other case, if that leads back to it; ß and µ have none, as in flattening."""
    return cased if len(cased) == 1 and char in (cased.lower(), cased.upper()) else char


class Restoration(NamedTuple):
    """A restored text with what was decided about each of its tokens.

    In a notebook it shows itself: what is doubtful is tinted, the more the less sure it is.

    Attributes:
        text: the restored text.
        decisions: in the order of the text.
    """

    text: str
    decisions: list[Decision]

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 72 else f"{self.text[:71]}…"
        return f"Restoration({text!r}, {len(self.decisions):,} decisions)"

    def _repr_html_(self) -> str:
        return shown.html(self.text, self.doubts())

    def doubts(self) -> Iterator[Doubt]:
        """What is less sure than `majuscule.shown.SURE`."""
        for decision in self.decisions:
            if decision.probability < shown.SURE:
                other = decision.alternative
                says = f"{decision.probability:.0%}" + (f", or {other}" if other else "")
                yield Doubt(*decision.output, decision.probability, says)


class Outcome(NamedTuple):
    """A text restored, and what was decided on the way; one entry a token.

    Attributes:
        text: the restored text.
        undone: of each line of the text given, whether its escapes were undone.
        tokens: those of the text given.
        labels: as written.
        best: before anything was left as it stood.
        margins, runner_up: as `majuscule.decode.margins` gives them, if they were asked for.
        stays: bits 0-1 if the case was left as it stood, bit 2 if the gap was.
        remembered: whether it would be otherwise, had the document not been remembered;
            empty unless it was asked for.
        entries: whether the lexicon had a say.
        chosen: whether something was chosen for it; empty if nothing was for any.
        given: the tokens of the text given; `tokens` but for apostrophes put back.
        begins: of each of their lines, whether it begins a document.
        put_back: those, if they were asked for.
    """

    text: str
    undone: NDArray[np.bool_]
    tokens: Tokens
    labels: Bytes
    best: Bytes
    margins: Ints
    runner_up: Bytes
    stays: Bytes
    remembered: NDArray[np.bool_]
    entries: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    given: Tokens
    begins: Bytes
    put_back: Restored | None


_CASES, _GAPS = ({int(one): one for one in kind} for kind in (Case, Gap))
_BY = ("lexicon", "input", "memory", "model", "choice")


def decisions(flattened: str, outcome: Outcome, below: float = 1) -> list[Decision]:
    """The decisions of a restoration, in the order of the text.

    Args:
        flattened: the text given.
        outcome: what became of it, with margins and what was remembered.
        below: of which decisions: those that are less probable or chosen; 1 is all.
    """
    tokens, labels = outcome.tokens, outcome.labels
    size = tokens.end - tokens.start
    blanks = np.diff(tokens.start, prepend=0) - np.append(0, size)[:-1]
    begin = np.cumsum(np.where(labels >> 2 == Gap.JOIN, 0, blanks)) + np.cumsum(size) - size
    runner_up = np.where(outcome.stays & 3 > 0, outcome.best & 3, outcome.runner_up)
    by = np.where(outcome.stays > 0, 1, np.where(outcome.remembered, 2, 3))
    by = np.where(outcome.entries, 0, by)
    if len(outcome.chosen):
        by = np.where(outcome.chosen, 4, by)
    chances = 1 / (1 + np.exp(-outcome.margins / SCALE))
    told = np.ones(len(labels), dtype=bool)
    if below < 1 and not outcome.put_back:  # which makes some of several, and may be less sure
        told = (chances.min(axis=1) < below) | (by == 4)
    output = list(zip(begin[told].tolist(), (begin + size)[told].tolist(), strict=True))
    places = inputs(flattened, outcome.undone, tokens, outcome.put_back)[told]
    columns = zip(
        [outcome.text[first:last] for first, last in output],
        output,
        map(tuple, places.tolist()),
        map(_CASES.__getitem__, (labels & 3)[told].tolist()),
        map(_GAPS.__getitem__, (labels >> 2)[told].tolist()),
        *chances[told].T.tolist(),
        map(_CASES.get, runner_up[told].tolist()),
        map(_BY.__getitem__, by[told].tolist()),
        strict=True,
    )
    made = _merged(list(map(Decision._make, columns)), outcome)
    if below == 1:
        return made
    return [one for one in made if one.probability < below or one.by == "choice"]


def inputs(
    flattened: str, undone: NDArray[np.bool_], tokens: Tokens, put_back: Restored | None
) -> NDArray[np.int64]:
    """int64[n, 2]: where each token is in the text given, escapes included.

    Args:
        flattened: the text given.
        undone: of each of its lines, whether its escapes were undone.
        tokens: those of it.
        put_back: apostrophes among them that are not in the text, if there may be any.
    """
    origins = text.origins(flattened, undone)
    first, last = tokens.start, tokens.end - 1
    if put_back:
        first, last = put_back.origin[first], put_back.origin[last]
    return np.stack([origins[first, 0], origins[last, 1]], axis=1)


def _merged(decisions: list[Decision], outcome: Outcome) -> list[Decision]:
    """Apostrophes put back as part of a gap or a word, as the text given has no token for them."""
    if not outcome.put_back:
        return decisions
    tokens, given, origin = outcome.tokens, outcome.given, outcome.put_back.origin
    chances = 1 / (1 + np.exp(-outcome.put_back.margins / SCALE))
    first, last = (
        np.searchsorted(given.start, origin[at], side="right") - 1
        for at in (tokens.start, tokens.end - 1)
    )
    merged: list[Decision] = []
    before, lost = -1, False  # the last token given so far, and whether it has lost one after it
    for i, decision in enumerate(decisions):
        if origin[tokens.start[i]] < 0:
            lost = True
            continue
        if lost and first[i] == before:
            start = merged[-1]
            begin, end = start.output[0], decision.output[1]
            merged[-1] = start._replace(
                written=outcome.text[begin:end],
                output=(begin, end),
                input=(start.input[0], decision.input[1]),
                case_probability=min(start.case_probability, float(chances[before])),
            )
        elif lost:
            joined = decision.gap == Gap.JOIN
            chance = min(chances[first[i]], chances[before] if before >= 0 else 1)
            gap = Gap.APOSTROPHE if joined else Gap.APOSTROPHE_SPACE
            merged.append(decision._replace(gap=gap, gap_probability=float(chance)))
        else:
            merged.append(decision)
        before, lost = last[i], False
    return merged
