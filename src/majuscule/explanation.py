"""What was decided about each token, how surely, and by what: the account of a restoration.

`majuscule.restorer` keeps it on the way; nothing is decided again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule import text
from majuscule.decode import NO_CASE
from majuscule.labels import Case, Gap
from majuscule.weights import SCALE

if TYPE_CHECKING:
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
            what it did before; ``"lexicon"``; or ``"input"`` for a token of which something
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
    given: Tokens
    begins: Bytes
    put_back: Restored | None


def decisions(flattened: str, outcome: Outcome) -> list[Decision]:
    """The decisions of a restoration, in the order of the text.

    Args:
        flattened: the text given.
        outcome: what became of it, with margins and what was remembered.
    """
    tokens, labels = outcome.tokens, outcome.labels.tolist()
    chances = 1 / (1 + np.exp(-outcome.margins / SCALE))
    origins = text.origins(flattened, outcome.undone)
    origin = outcome.put_back.origin if outcome.put_back else np.arange(len(tokens.chars))
    made = []
    end = read_to = 0
    for i, (start, stop) in enumerate(zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)):
        case, gap = Case(labels[i] & 3), Gap(labels[i] >> 2)
        begin = end if gap == Gap.JOIN else end + start - read_to
        end, read_to = begin + stop - start, stop
        runner_up = int(outcome.best[i] & 3 if outcome.stays[i] & 3 else outcome.runner_up[i])
        if outcome.entries[i]:
            by = "lexicon"
        elif outcome.stays[i]:
            by = "input"
        else:
            by = "memory" if outcome.remembered[i] else "model"
        made.append(
            Decision(
                outcome.text[begin:end],
                (begin, end),
                (origins[origin[start]][0], origins[origin[stop - 1]][1]),
                case,
                gap,
                float(chances[i, 0]),
                float(chances[i, 1]),
                None if runner_up == NO_CASE else Case(runner_up),
                by,
            )
        )
    return _merged(made, outcome)


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
