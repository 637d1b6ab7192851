"""How good a restoration is: strings against strings, whoever restored them.

The field's measure is word F1 over the whitespace tokens of the reference: of those that
are not all lower-case, how many came out just so. A restoration that is spaced otherwise is
first cut where the reference has its blanks (`realign`), so that case and spacing are
judged apart; gaps have measures of their own, and a line is exact if both are right.

Everything is counted line by line in a `Report`; reports add up, rates come from the sums.

>>> report = evaluate(["Right now, Is forces left al-Qaim."],
...                   ["Right now, IS forces left al-Qaim."],
...                   ["right now , is forces left al-qaim ."])
>>> report.words.hits, report.words.proposed, report.words.gold
(2, 3, 3)
>>> round(report.words.f1, 2), report.blanks.accuracy, report.exact
(66.67, 100.0, 0)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import accumulate, pairwise
from math import nan
from typing import TYPE_CHECKING

from majuscule.errors import DataError
from majuscule.text import read, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Tally:
    """Decisions of one kind, counted. Some of them are positive: a capital, a closed gap.

    Attributes:
        total: all of them.
        right: those restored as in the reference.
        gold: those that are positive in the reference.
        proposed: those that are positive in the restoration.
        hits: those that are positive in both, and alike.
    """

    total: int = 0
    right: int = 0
    gold: int = 0
    proposed: int = 0
    hits: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def accuracy(self) -> float:
        """Per cent right; nan if there was nothing to decide, as for the rates below."""
        return _percent(self.right, self.total)

    @property
    def precision(self) -> float:
        """Per cent of the proposed that are hits."""
        return _percent(self.hits, self.proposed)

    @property
    def recall(self) -> float:
        """Per cent of the gold that are hits."""
        return _percent(self.hits, self.gold)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall (C. van Rijsbergen 1979)."""
        return _percent(2 * self.hits, self.proposed + self.gold)


@dataclass(frozen=True, slots=True)
class Report:
    """What was counted; reports of parts add up to the report of the whole.

    Attributes:
        lines: lines with anything in them.
        exact: those that came out as the reference has them, but for runs of blanks, of
            which no tokeniser tells the length.
        changed: those with other letters than the reference; nothing in them is right.
        words: the reference's whitespace tokens; positive are those not all lower-case.
        blanks: the gaps that the flattened text has as blanks; positive are those closed.
        gaps: all gaps between neighbouring tokens of the flattened text, as
            `majuscule.text.read` cuts it, also those closed in it; positive as above.
    """

    lines: int = 0
    exact: int = 0
    changed: int = 0
    words: Tally = Tally()
    blanks: Tally = Tally()
    gaps: Tally = Tally()

    def __add__(self, other: Report) -> Report:
        """Both together."""
        return Report(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def exact_lines(self) -> float:
        """Per cent of lines that are exact; nan if there are none."""
        return _percent(self.exact, self.lines)


def evaluate(
    hypotheses: Iterable[str], references: Iterable[str], flattened: Iterable[str] | None = None
) -> Report:
    """Compare restored lines with the lines as they were written.

    Args:
        hypotheses: what a restorer gave.
        references: what it should have given.
        flattened: what it was given; without it gaps are not counted.

    Returns:
        The sum of `compare` over all lines.

    Raises:
        DataError: there are more lines of one than of another, or a flattened line is not
            its reference's; the message says which.

    >>> evaluate(["It is.", "so it is."], ["It is.", "So it is."]).exact_lines
    50.0
    """
    lines = [list(hypotheses), list(references)]
    if flattened is not None:
        lines.append(list(flattened))
    if len({len(part) for part in lines}) > 1:
        counts = ", ".join(str(len(part)) for part in lines)
        raise DataError(f"expected as many restored lines as reference lines, got {counts}")
    total = Report()
    for number, line in enumerate(zip(*lines, strict=True), 1):
        try:
            total += compare(*line)
        except DataError as error:  # noqa: PERF203 - only here is the line's number known
            raise DataError(f"line {number}: {error}") from None
    return total


def compare(hypothesis: str, reference: str, flattened: str | None = None) -> Report:
    """Compare one restored line with the line as it was written.

    Args:
        hypothesis, reference, flattened: as for `evaluate`, one line each.

    Raises:
        DataError: `flattened` has other letters than `reference`.

    >>> compare("`` It 's ''", "\\"It's\\"", "`` it 's ''").blanks
    Tally(total=3, right=0, gold=3, proposed=0, hits=0)
    """
    gold = words(reference)
    if not gold and not hypothesis.split():
        return Report()
    capitals = sum(word != word.lower() for word in gold)
    cut = realign(hypothesis, reference)
    blanks = gaps = Tally()
    if flattened is not None:
        pieces = words(flattened)
        if not _same_letters("".join(pieces), "".join(gold)):
            raise DataError(
                "expected the flattened line to be its reference but for case and spaces, got"
                f" {flattened!r:.80} for {reference!r:.80}"
            )
        tokens = read(flattened)
        lengths = (tokens.end - tokens.start).tolist()
        spaced = None if cut is None else _edges(map(len, words(hypothesis)))
        wanted = _edges(map(len, gold))
        blanks = _tally_gaps(_edges(map(len, pieces)), spaced, wanted)
        gaps = _tally_gaps(_edges(lengths), spaced, wanted)
    if cut is None:
        proposed = sum(word != word.lower() for word in hypothesis.split())
        tally = Tally(total=len(gold), gold=capitals, proposed=proposed)
        return Report(lines=1, changed=1, words=tally, blanks=blanks, gaps=gaps)
    tally = Tally(
        total=len(gold),
        right=sum(got == word for got, word in zip(cut, gold, strict=True)),
        gold=capitals,
        proposed=sum(got != got.lower() for got in cut),
        hits=sum(got == word != word.lower() for got, word in zip(cut, gold, strict=True)),
    )
    exact = hypothesis.split() == reference.split()
    return Report(lines=1, exact=int(exact), words=tally, blanks=blanks, gaps=gaps)


def realign(hypothesis: str, reference: str) -> list[str] | None:
    """Cut a restored line where its reference has blanks.

    Args:
        hypothesis: the line as restored, spaced in any way.
        reference: the line as written.

    Returns:
        One piece for each of `words(reference)`; None if the letters are not the same.

    >>> realign("The U.S. - led coalition ,", "the U.S.-led coalition,")
    ['The', 'U.S.-led', 'coalition,']
    """
    gold = words(reference)
    chars = "".join(words(hypothesis))
    if not _same_letters(chars, "".join(gold)):
        return None
    ends = [0, *accumulate(map(len, gold))]
    return [chars[a:b] for a, b in pairwise(ends)]


def words(line: str) -> list[str]:
    """A line's whitespace tokens, with the escapes in each of them undone.

    >>> words("`` he ca n't , '' -LRB- 8 @-@ 10 -RRB-")
    ['"', 'he', 'ca', "n't", ',', '"', '(', '8', '-', '10', ')']
    """
    raw = line.split()
    whole = "".join(unescape(line).split())
    if whole == "".join(raw):
        return raw
    pieces = []
    place = 0
    for token in raw:
        # Some escapes are undone between words alone, so the token is put between two.
        piece = "".join(unescape(f"a {token} a").split())[1:-1]
        if not whole.startswith(piece, place):
            piece = token
        pieces.append(piece)
        place += len(piece)
    return pieces


def _same_letters(left: str, right: str) -> bool:
    # One character after another: lower-casing a string at once looks at its neighbours
    # (a Greek sigma at a word's end) and need not keep its length.
    return len(left) == len(right) and all(
        a == b or a.lower() == b.lower() for a, b in zip(left, right, strict=True)
    )


def _edges(lengths: Iterable[int]) -> set[int]:
    """Where pieces of such lengths meet, in characters from the line's beginning."""
    return set(list(accumulate(lengths))[:-1])


def _tally_gaps(gaps: set[int], spaced: set[int] | None, gold: set[int]) -> Tally:
    """Tally the gaps at these places: `spaced` and `gold` are those that are blanks.

    None for `spaced` is a line that is no restoration at all: no gap of it is right.
    """
    joined = gaps - gold
    if spaced is None:
        return Tally(total=len(gaps), gold=len(joined))
    closed = gaps - spaced
    return Tally(
        total=len(gaps),
        right=len(gaps - (spaced ^ gold)),
        gold=len(joined),
        proposed=len(closed),
        hits=len(closed & joined),
    )


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else nan
