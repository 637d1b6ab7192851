"""How good a restoration is: strings against strings, whoever restored them.

The field's measure is word F1 over the whitespace tokens of the reference: of those that
are not all lower-case, how many came out just so (R. Susanto, H. Chieu and W. Lu 2016,
section 4). A restoration that is spaced otherwise is first cut where the reference has its
blanks (`majuscule.words`), so that case and spacing are judged apart; gaps have measures of
their own, and a line is exact if both are right.

Everything is counted line by line. An `Evaluation` keeps the lines' counts: evaluations of
parts add up, and from the lines it draws the intervals of its figures.

>>> evaluation = evaluate(["Right now, Is forces left al-Qaim.", "So it is."],
...                       ["Right now, IS forces left al-Qaim.", "So it is."])
>>> words = evaluation.report.words
>>> words.hits, words.proposed, words.gold, round(words.f1, 2)
(3, 4, 4, 75.0)
>>> evaluation.figures()["exact_lines"], evaluation.figures()["gap_accuracy"]
(50.0, 100.0)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from itertools import compress, takewhile, zip_longest
from math import isnan, nan
from operator import eq
from typing import TYPE_CHECKING

import numpy as np

from majuscule.errors import DataError
from majuscule.labels import Case
from majuscule.text import flatten, read
from majuscule.words import begins, parts, recut, same_letters, seams, words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from majuscule._arrays import Ints

SAMPLES = 1000
"""How often lines are drawn anew for an interval, unless told otherwise."""

SEED = 1
"""What draws them, unless told otherwise."""

COMPARED = 2000
"""Characters in which letters that changed are looked for; of more, all count as changed."""


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

    def __sub__(self, other: Tally) -> Tally:
        """These without those of a part."""
        return Tally(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

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
        cased, spaced: those right in case, whatever their spacing; and the other way round.
        changed: those with other letters than the reference; nothing in them is right.
        letters: characters that must be put in, taken out or exchanged to undo that.
        words: the reference's whitespace tokens; positive are those not all lower-case.
        lower, title, upper, mixed: the words once more; positive are those of that `Case`.
        initial: the words where a sentence begins: a line's first word with a letter, and
            the first after a full stop, exclamation or question mark that ends no
            abbreviation.
        unseen: the words with a part that the vocabulary lacks.
        blanks: the gaps that the flattened text has as blanks; positive are those closed.
        gaps: all gaps between neighbouring tokens of the flattened text, as
            `majuscule.text.read` cuts it, also those closed in it; positive as above.
    """

    lines: int = 0
    exact: int = 0
    cased: int = 0
    spaced: int = 0
    changed: int = 0
    letters: int = 0
    words: Tally = Tally()
    lower: Tally = Tally()
    title: Tally = Tally()
    upper: Tally = Tally()
    mixed: Tally = Tally()
    initial: Tally = Tally()
    unseen: Tally = Tally()
    blanks: Tally = Tally()
    gaps: Tally = Tally()

    def __add__(self, other: Report) -> Report:
        """Both together."""
        return Report.of(a + b for a, b in zip(self.row(), other.row(), strict=True))

    def row(self) -> list[int]:
        """All numbers in a row, those of a tally side by side."""
        row = [self.lines, self.exact, self.cased, self.spaced, self.changed, self.letters]
        for name in _TALLIES:
            tally = getattr(self, name)
            row += tally.total, tally.right, tally.gold, tally.proposed, tally.hits
        return row

    @classmethod
    def of(cls, row: Iterable[int]) -> Report:
        """The report that has this `row`."""
        lines, exact, cased, spaced, changed, letters, *rest = row
        tallies = [Tally(*rest[i : i + 5]) for i in range(0, len(rest), 5)]
        return cls(lines, exact, cased, spaced, changed, letters, *tallies)

    def counts(self) -> dict[str, int]:
        """How many there were of each kind of thing."""
        return {
            "lines": self.lines,
            "changed_lines": self.changed,
            "changed_letters": self.letters,
            "words": self.words.total,
            "capitals": self.words.gold,
            "words_wrong": self.words.total - self.words.right,
            **{f"{case.name.lower()}_words": self._of(case).gold for case in Case},
            "initial_words": self.initial.total,
            "unseen_words": self.unseen.total,
            "gaps": self.blanks.total,
            "gaps_wrong": self.blanks.total - self.blanks.right,
        }

    def figures(self) -> dict[str, float]:
        """Every rate, in per cent; those of nothing are left out.

        >>> Report(lines=4, exact=3, words=Tally(9, 8, 2, 2, 1)).figures()["word_f1"]
        50.0
        """
        inner = self.words - self.initial
        rates = {
            "word_f1": self.words.f1,
            "word_precision": self.words.precision,
            "word_recall": self.words.recall,
            "word_accuracy": self.words.accuracy,
            **{f"{case.name.lower()}_recall": self._of(case).recall for case in Case},
            "initial_accuracy": self.initial.accuracy,
            "inner_accuracy": inner.accuracy,
            "inner_f1": inner.f1,
            "gap_accuracy": self.blanks.accuracy,
            "gap_precision": self.blanks.precision,
            "gap_recall": self.blanks.recall,
            "gap_f1": self.blanks.f1,
            "all_gap_accuracy": self.gaps.accuracy,
            "all_gap_f1": self.gaps.f1,
            "exact_lines": _percent(self.exact, self.lines),
            "cased_lines": _percent(self.cased, self.lines),
            "spaced_lines": _percent(self.spaced, self.lines),
        }
        if self.unseen.total:
            rates["unseen_accuracy"] = self.unseen.accuracy
            rates["unseen_f1"] = self.unseen.f1
            rates["seen_accuracy"] = (self.words - self.unseen).accuracy
        return {name: rate for name, rate in rates.items() if not isnan(rate)}

    def _of(self, case: Case) -> Tally:
        tally = getattr(self, case.name.lower())
        assert isinstance(tally, Tally)  # as the attributes above say
        return tally


_TALLIES = [field.name for field in fields(Report)][6:]


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """The counts of every line that was judged.

    Attributes:
        rows: int32[lines, numbers], a `Report.row` for each.
    """

    rows: Ints

    def __add__(self, other: Evaluation) -> Evaluation:
        """The lines of both."""
        return Evaluation(np.concatenate([self.rows, other.rows]))

    @property
    def report(self) -> Report:
        """The sum of all lines."""
        return Report.of(self.rows.sum(axis=0, dtype=np.int64).tolist())

    def counts(self) -> dict[str, int]:
        """As `Report.counts`, of all lines."""
        return self.report.counts()

    def figures(self) -> dict[str, float]:
        """As `Report.figures`, of all lines."""
        return self.report.figures()

    def intervals(self, samples: int = SAMPLES, seed: int = SEED) -> dict[str, tuple[float, float]]:
        """Between what values 95 % of samples of such lines would lie.

        As many lines are drawn again and again from those there are, with repetition, and
        their figures computed; an interval is what the middle 95 % span (percentile
        bootstrap; B. Efron 1979). In what order the lines are does not matter.

        Args:
            samples: how often lines are drawn.
            seed: what draws them; the same seed gives the same intervals.

        Returns:
            The lower and the upper end for each of `figures`.
        """
        if not len(self.rows):
            return {}
        # Sorted, so that neither order nor shards tell; each distinct row once, as short
        # lines are much alike.
        distinct, times = np.unique(self.rows, axis=0, return_counts=True)
        distinct = distinct.astype(np.int64)
        chance = times / len(self.rows)
        rng = np.random.default_rng(seed)
        drawn: dict[str, list[float]] = {name: [] for name in self.figures()}
        for _ in range(samples):
            weights = rng.multinomial(len(self.rows), chance)
            sums = np.einsum("i,ij->j", weights, distinct)  # four times as fast as @ is for ints
            for name, figure in Report.of(sums.tolist()).figures().items():
                drawn[name].append(figure)
        return {
            name: tuple(np.percentile(values, [2.5, 97.5]).tolist())
            for name, values in drawn.items()
            if values
        }


def of_spacing(name: str) -> bool:
    """Whether a figure or a count is of gaps, and says nothing where none are to be judged.

    >>> [name for name in ("word_f1", "gap_f1", "exact_lines", "cased_lines") if of_spacing(name)]
    ['gap_f1', 'exact_lines']
    """
    return "gap" in name or name.startswith(("exact", "spaced"))


def evaluate(
    hypotheses: Iterable[str],
    references: Iterable[str],
    flattened: Iterable[str] | None = None,
    *,
    vocabulary: Container[str] | None = None,
) -> Evaluation:
    """Compare restored lines with the lines as they were written.

    Args:
        hypotheses: what a restorer gave.
        references: what it should have given.
        flattened: what it was given; without it, what `majuscule.flatten` makes of the
            references.
        vocabulary: the `parts` of words that the restorer knows from its training; without
            it no word counts as unseen.

    Returns:
        The counts of every line.

    Raises:
        DataError: there are more lines of one than of another, or a flattened line is not
            its reference's; the message says which.

    >>> evaluate(["It is.", "so it is."], ["It is.", "So it is."]).figures()["exact_lines"]
    50.0
    """
    columns: list[Iterable[str]] = [hypotheses, references]
    if flattened is not None:
        columns.append(flattened)
    rows = []
    for number, line in enumerate(zip_longest(*columns), 1):
        if None in line:
            names = ("restored", "reference", "flattened")
            ended = " and ".join(n for n, text in zip(names, line, strict=False) if text is None)
            raise DataError(
                f"line {number}: expected as many restored lines as there are reference and"
                f" flattened lines, got no more {ended} lines"
            )
        try:
            report = count(*line, vocabulary=vocabulary)
        except DataError as error:
            raise DataError(f"line {number}: {error}") from None
        if report.lines:
            rows.append(report.row())
    return Evaluation(np.array(rows, dtype=np.int32).reshape(-1, len(Report().row())))


def count(
    hypothesis: str,
    reference: str,
    flattened: str | None = None,
    *,
    vocabulary: Container[str] | None = None,
) -> Report:
    """Compare one restored line with the line as it was written.

    Args:
        hypothesis, reference, flattened, vocabulary: as for `evaluate`, one line each.

    Raises:
        DataError: `flattened` has other letters than `reference`.

    >>> count("It 's so .", "It's so.", "it 's so .").blanks
    Tally(total=3, right=1, gold=2, proposed=0, hits=0)
    """
    gold = words(reference)
    if not gold and not hypothesis.split():
        return Report()
    if flattened is None:
        flattened = flatten(reference)
    pieces = words(flattened)
    if not same_letters("".join(pieces), "".join(gold)):
        raise DataError(
            "expected the flattened line to be its reference but for case and spaces, got"
            f" {flattened!r:.80} for {reference!r:.80}"
        )
    tokens = read(flattened)
    wanted = seams(map(len, gold))
    restored = words(hypothesis)
    cut = recut(restored, gold)
    if cut is None:
        got, right, spaced = hypothesis.split(), [False] * len(gold), None
    else:
        got, right = cut, [word == other for word, other in zip(gold, cut, strict=True)]
        spaced = seams(map(len, restored))
    capitals, got_capitals = ([word != word.lower() for word in some] for some in (gold, got))
    cases = [
        Case.of(w) if capital else Case.LOWER for w, capital in zip(gold, capitals, strict=True)
    ]
    got_cases = [
        Case.of(w) if capital else Case.LOWER for w, capital in zip(got, got_capitals, strict=True)
    ]

    def part(chosen: Sequence[bool]) -> Tally:
        """Of some of the words; what stands for which in a changed line cannot be said."""
        proposed = [] if cut is None else compress(got_capitals, chosen)
        return _tally(compress(right, chosen), compress(capitals, chosen), proposed)

    return Report(
        lines=1,
        exact=int(hypothesis.split() == reference.split()),
        cased=int(cut == gold),
        spaced=int(spaced == wanted),
        changed=int(cut is None),
        letters=0 if cut is not None else _distance(restored, gold),
        words=_tally(right, capitals, got_capitals),
        **{
            case.name.lower(): _tally(
                right, [c == case for c in cases], [c == case for c in got_cases]
            )
            for case in Case
        },
        initial=part(begins(gold)),
        unseen=part([vocabulary is not None and not _known(word, vocabulary) for word in gold]),
        blanks=_tally_gaps(seams(map(len, pieces)), spaced, wanted),
        gaps=_tally_gaps(seams((tokens.end - tokens.start).tolist()), spaced, wanted),
    )


def _known(word: str, vocabulary: Container[str]) -> bool:
    return all(part in vocabulary for part in parts(word))


def _distance(left: Sequence[str], right: Sequence[str]) -> int:
    """How many characters to put in, take out or exchange, as `difflib` finds them."""
    a, b = ("".join(words).lower() for words in (left, right))
    for _ in range(2):  # without what they begin with, then end with, alike
        alike = sum(1 for _ in takewhile(bool, map(eq, a, b)))
        a, b = a[alike:][::-1], b[alike:][::-1]
    if max(len(a), len(b)) > COMPARED:
        return max(len(a), len(b))
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return sum(max(i - h, k - j) for tag, h, i, j, k in codes if tag != "equal")


def _tally(right: Iterable[bool], gold: Iterable[bool], proposed: Iterable[bool]) -> Tally:
    """Tally by marks: one of `right` and `gold` a word of the reference."""
    pairs = list(zip(right, gold, strict=True))
    return Tally(
        total=len(pairs),
        right=pairs.count((True, True)) + pairs.count((True, False)),
        gold=pairs.count((True, True)) + pairs.count((False, True)),
        proposed=sum(proposed),
        hits=pairs.count((True, True)),
    )


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
