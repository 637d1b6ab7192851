"""What comes in: natural text, or text that lost its case, its spacing or both.

A text's own case and spacing are evidence of how it was made. A line shows how many of its
words are capital, whether the names among them are (words that the model knows to be mostly
capital), and whether signs stand close to their words, as people write, or apart, as
tokenisers do. A document is judged by its first lines together, then each line by what it
shows itself and by its document. In a text that begins naturally a document is natural, too,
unless its stops stand apart: a heading by itself shows no more. What has been judged natural
stays as it is.

Twice is once: what is recognised in restored text lets nothing be changed again. Gaps are
only ever closed, so that signs do not come to stand apart; a document that was natural stays
so, for restoring adds capitals to names and takes none, and what counts as there does not
depend on blanks; and lines that keep the capitals they have are left alone if they came out
all in capitals (`Restorer`). What escapes stand for is guessed before they are undone, and a
model may leave a tokeniser's signs apart: of such texts, made by chance, some few are known
that change twice (``fuzz/known`` and the tests' known failures).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule import _recognition
from majuscule.documents import Bounds, of_parts
from majuscule.text import Document, Tokens, beginnings, line_numbers, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Ints

WINDOW = 2048
"""How many tokens of a document are judged together at most, each line counting as one more."""


class Writing(IntEnum):
    """What a line's case says."""

    NATURAL = 0
    """Written as it should be: all of it stays."""
    PARTLY = 1
    """Some capitals are there, others are missing: those that are there stay."""
    LOWER = 2
    """No capital at all."""
    UPPER = 3
    """All in capitals: they say nothing."""
    TITLE = 4
    """Every Word Begins With One: they say nothing, either."""


class Spacing(IntEnum):
    """What a line's blanks say."""

    NATURAL = 0
    """Signs stand as people put them: every blank stays."""
    TOKENISED = 1
    """Signs stand apart, as tokenisers leave them."""


class Standing(IntEnum):
    """What a word is to the model."""

    UNKNOWN = 0
    COMMON = 1
    """Of a class of words mostly in lower case."""
    NAME = 2
    """Of a class of words that the model gives a capital for their class alone."""


class Signs(IntEnum):
    """What is counted in a line; the columns of `evidence`."""

    TOKENS = 0
    WORDS = 1
    CAPITALS = 2
    """Words and letters with a capital."""
    UPPERS = 3
    """Words all in capitals."""
    BEGUN = 4
    """First words of sentences that are capital."""
    UNBEGUN = 5
    """First words of sentences that are not."""
    NAMED = 6
    """Names inside of sentences, and *I*, that are capital."""
    UNNAMED = 7
    """The same that are not."""
    TITLED = 8
    """Common words inside of sentences that are capital."""
    UNTITLED = 9
    """The same that are not."""
    APART = 10
    """Signs that stand apart from the words they belong to, and escapes."""
    CLOSE = 11
    """Signs that stand at their words as people write them."""
    STOPS_APART = 12
    """Stops and commas among those that stand apart."""
    STOPS_CLOSE = 13
    """Stops and commas among those at their words."""
    CODE = 14
    """Signs that programs are full of and prose is not."""
    FOREIGN = 15
    """Words of another script than the Latin one."""
    MOSES = 16
    """Moses' escapes."""
    TREEBANK = 17
    """The Penn Treebank's escapes."""
    SPLIT = 18
    """Apostrophes and decimal points with blanks on both sides."""
    HYPHENS = 19
    """Hyphens with blanks on both sides, between words."""


class Recognised(NamedTuple):
    """A piece of text, and what its lines are.

    Attributes:
        text: the piece.
        tokens: its tokens, no escape undone.
        begins: uint8[lines of the text], 1 for those that begin a document.
        rows: int32[lines, signs], what each of `tokens.lines` shows.
        writing: uint8[lines], each one's `Writing`.
        spacing: uint8[lines], each one's `Spacing`.
    """

    text: str
    tokens: Tokens
    begins: Bytes
    rows: Ints
    writing: Bytes
    spacing: Bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """What some lines in a row are.

    Attributes:
        first, last: the lines' numbers, from 1.
        documents: of how many documents they are.
        writing: what their case says.
        spacing: what their blanks say.
        convention: whose tokens they seem to be; None where they are not tokenised.
        counts: what they show, a number for each of `Signs`.
    """

    first: int
    last: int
    documents: int
    writing: Writing
    spacing: Spacing
    convention: str | None
    counts: dict[str, int]

    @property
    def why(self) -> str:
        """What it was found by, in words."""
        n = self.counts
        case = {
            Writing.LOWER: f"no capital in {n['words']:,} words",
            Writing.UPPER: f"{n['uppers']:,} of {n['words']:,} words are all in capitals",
            Writing.TITLE: f"{n['titled']:,} common words inside of sentences are capital,"
            f" {n['untitled']:,} are not",
        }.get(
            self.writing,
            f"{n['begun']:,} of {n['begun'] + n['unbegun']:,} sentences and {n['named']:,} of"
            f" {n['named'] + n['unnamed']:,} names begin with a capital",
        )
        if not n["apart"] + n["close"]:
            return f"{case}; no sign says how it is spaced"
        return f"{case}; {n['apart']:,} signs stand apart, {n['close']:,} at their words"

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "first_line": self.first,
            "last_line": self.last,
            "documents": self.documents,
            "writing": self.writing.name.lower(),
            "spacing": self.spacing.name.lower(),
            "convention": self.convention,
            "why": self.why,
            "counts": self.counts,
        }


def findings(
    recognised: Iterable[Recognised], document: Document, *, each: bool = False
) -> Iterator[Finding]:
    """Lines in a row that are the same; blank ones go with those before them.

    Args:
        recognised: what `recognise` yields.
        document: what one document was.
        each: tell of each line apart that is not blank.

    Yields:
        What was found, in the order of the text.
    """
    number = 0  # of the line
    run: list[int] = []  # first, last, documents, writing, spacing
    total = np.zeros(len(Signs), dtype=np.int64)
    fresh = True  # the next line begins a document
    for some in recognised:
        numbers = line_numbers(some.tokens)
        for row, writing, spacing in zip(
            *_by_line(numbers, some.rows, some.writing, some.spacing), strict=True
        ):
            number += 1
            if not row[Signs.TOKENS]:
                fresh |= document == Document.BLOCK
                continue
            if run and (each or run[3:] != [writing, spacing]):
                yield _finding(run, total)
                run, total = [], np.zeros_like(total)
            run = run or [number, number, 0, int(writing), int(spacing)]
            run[1] = number
            run[2] += fresh or run[2] == 0 or document == Document.LINE
            total += row
            fresh = False
    if run:
        yield _finding(run, total)


def _by_line(
    numbers: NDArray[np.intp], rows: Ints, writing: Bytes, spacing: Bytes
) -> tuple[NDArray[np.int64], Bytes, Bytes]:
    """Rows of long lines' parts added up; what they are is what their first part is."""
    first = np.flatnonzero(np.diff(numbers, prepend=-1))
    if not len(first):
        return rows.astype(np.int64), writing, spacing
    return np.add.reduceat(rows.astype(np.int64), first), writing[first], spacing[first]


def _finding(run: list[int], total: NDArray[np.int64]) -> Finding:
    first, last, documents, writing, spacing = run
    counts = {sign.name.lower(): int(total[sign]) for sign in Signs}
    convention = None
    if spacing == Spacing.TOKENISED and counts["apart"]:
        shown = (name for name in _SHOWN_BY if counts[name])
        convention = _SHOWN_BY[next(shown, "apart")]
    return Finding(first, last, documents, Writing(writing), Spacing(spacing), convention, counts)


_SHOWN_BY = {
    "moses": "moses",
    "treebank": "ptb",
    "split": "bert",
    "hyphens": "spacy or ud",
    "apart": "plain",
}
"""Conventions by the first sign that shows them."""


def recognise(
    pieces: Iterable[str],
    standing: Callable[[Tokens], Bytes],
    document: Document,
    *,
    naturally: bool | None = None,
) -> Iterator[Recognised]:
    """Say what lines are, piece by piece; how a text is cut into pieces is of no consequence.

    Args:
        pieces: of one or more whole lines each.
        standing: gives tokens their words' `Standing`.
        document: what one document is.
        naturally: where they begin with a document in the midst of a text, whether that text
            begins naturally; None where they are its beginning.

    Yields:
        Each piece, as soon as its documents can be judged: when they have shown plainly
        that they are flattened, or are at an end, or after `WINDOW` tokens of them; and, where
        they are in doubt, when as much of the text's beginning has come.
    """
    state = _recognition.fresh() if naturally is None else _recognition.begun(naturally)
    bounds = Bounds(document)
    alone = document == Document.LINE
    waiting: deque[tuple[str, Tokens, Bytes, Ints]] = deque()
    pending: Ints = np.zeros((0, len(Signs)), dtype=np.int32)  # rows not judged yet
    begun: Bytes = np.zeros(0, dtype=np.uint8)  # which of them begin a document
    judged: list[tuple[Bytes, Bytes]] = []  # of the first lines that wait

    def judge(rows: Ints, begins: Bytes, *, final: bool) -> Iterator[Recognised]:
        nonlocal pending, begun
        seen = len(pending)
        pending, begun = np.concatenate([pending, rows]), np.concatenate([begun, begins])
        judged.append(_recognition.judge(pending, begun, seen, alone, WINDOW, final, state))
        done = len(judged[-1][0])
        pending, begun = pending[done:], begun[done:]
        ready = sum(len(writing) for writing, _ in judged)
        if not waiting or ready < len(waiting[0][3]):
            return
        writing, spacing = (np.concatenate(parts) for parts in zip(*judged, strict=True))
        while waiting and len(waiting[0][3]) <= len(writing):
            text, tokens, of_lines, rows = waiting.popleft()
            count = len(rows)
            yield Recognised(text, tokens, of_lines, rows, writing[:count], spacing[:count])
            writing, spacing = writing[count:], spacing[count:]
        judged[:] = [(writing, spacing)]

    for piece in pieces:
        tokens = read(piece, NOWHERE)
        of_lines = bounds.of(tokens)
        begins = of_parts(of_lines, tokens, document)
        rows = evidence(tokens, standing(tokens), begins, state)
        waiting.append((piece, tokens, of_lines, rows))
        yield from judge(rows, begins, final=False)
    yield from judge(pending[:0], begun[:0], final=True)


def recognise_each(
    texts: Sequence[str], standing: Callable[[Tokens], Bytes], document: Document
) -> Recognised:
    """Say what the lines of texts are that have nothing to do with one another.

    Args:
        texts: whole texts, together of at most `majuscule.text.LONGEST` characters, and none of
            more than `majuscule.documents.LONGEST`.
        standing: as for `recognise`.
        document: what one document is, within a text.

    Returns:
        The texts, a line feed between them, as one piece.
    """
    text = "".join(f"{text}\n" for text in texts)
    tokens = read(text, NOWHERE)
    numbers = line_numbers(tokens)
    counts = [text.count("\n") + 1 for text in texts]
    first_lines = np.cumsum([0, *counts])[:-1]
    inside = beginnings(tokens, document)
    of_lines = np.zeros(sum(counts), dtype=np.uint8)
    of_lines[numbers[inside > 0]] = of_lines[first_lines] = 1
    rows = evidence(tokens, standing(tokens), of_parts(of_lines, tokens, document))
    first = np.searchsorted(numbers, first_lines).astype(np.int64)
    judged = _recognition.judge_each(rows, inside, first, document == Document.LINE, WINDOW)
    return Recognised(text, tokens, of_lines, rows, *judged)


def begins_naturally(
    pieces: Iterable[str], standing: Callable[[Tokens], Bytes], document: Document
) -> bool:
    """Whether a text does, which decides where one of its documents is in doubt.

    Args:
        pieces: the text from its beginning; no more are taken than it needs.
        standing: as for `recognise`.
        document: what one document is.
    """
    if document == Document.LINE:
        return False  # a line by itself has no text around it
    state = _recognition.fresh()
    bounds = Bounds(document)
    for piece in pieces:
        tokens = read(piece, NOWHERE)
        begins = of_parts(bounds.of(tokens), tokens, document)
        rows = evidence(tokens, standing(tokens), begins, state)
        found = _recognition.begins_naturally(rows, WINDOW, False, state)
        if found is not None:
            return found
    nothing = np.zeros((0, len(Signs)), dtype=np.int32)
    return bool(_recognition.begins_naturally(nothing, WINDOW, True, state))


NOWHERE = np.zeros(0, dtype=bool)
"""Lines in which escapes are undone: none."""


def evidence(
    tokens: Tokens,
    standing: Bytes,
    document: Document | Bytes,
    state: NDArray[np.int64] | None = None,
) -> Ints:
    """Count what lines show.

    Args:
        tokens: whole lines, no escape undone.
        standing: uint8[n], the `Standing` of their words.
        document: what one document is, or uint8[lines], 1 for those that begin one.
        state: what came before; it is brought up to date. None is nothing.

    Returns:
        int32[lines, signs], of each of `tokens.lines`; a long line's parts are alike.
    """
    return _recognition.evidence(
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.case,
        tokens.gap,
        tokens.lines,
        standing,
        beginnings(tokens, document),
        _recognition.fresh() if state is None else state,
    )


def by_itself(rows: Ints) -> Bytes:
    """uint8[lines]: what each line's `Writing` would be without its document."""
    return _recognition.by_itself(rows)
