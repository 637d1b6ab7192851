"""Flattened text in, natural text out: the five steps in order.

>>> restorer = Restorer()
>>> restorer.restore("beirut ( reuters ) - the u.s.-led coalition said on friday , ...")
'BEIRUT (Reuters) - The U.S.-led coalition said on Friday, ...'
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from majuscule import apostrophes, decode, documents, features, model, recognition, text
from majuscule.decode import NO_CASE
from majuscule.errors import MajusculeError
from majuscule.labels import Case, Gap
from majuscule.lexicon import Lexicon
from majuscule.recognition import Finding, Recognised, Spacing, Writing
from majuscule.text import Document
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, CodePoints, Ints
    from majuscule.adapter import Adapter

EDITS = ("case", "space")
"""What is changed unless something else is asked for."""

MORE_EDITS = ("apostrophe",)
"""What is changed only if it is asked for."""

BATCH_TOKENS = 4096
"""Tokens that go through the steps together: their features fit a core's own cache."""


@dataclass
class _Memory:
    """What a document's earlier lines leave for its later ones; numbers, no text."""

    features: features.Memory
    seen: int = 0
    apostrophes: int = 0


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


class _Outcome(NamedTuple):
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
        put_back: those, if they were asked for.
    """

    text: str
    undone: NDArray[np.bool_]
    tokens: text.Tokens
    labels: Bytes
    best: Bytes
    margins: Ints
    runner_up: Bytes
    stays: Bytes
    remembered: NDArray[np.bool_]
    entries: NDArray[np.bool_]
    given: text.Tokens
    put_back: apostrophes.Restored | None


class Restorer:
    """Gives flattened text its capitals and spaces back; build once, call from any thread.

    Args:
        source: a model file, an adapter or its file, or several of them but at most one
            model; or a `Model`. None is the English model in the package, on which adapters
            are laid, too, where no model is named.
        style: the house style to write in, one of `styles`, or ``"none"`` for none in
            particular; None for the one that the last adapter wants, or none.
        document: what one document is: ``"line"``, ``"block"`` (lines up to a blank one)
            or ``"file"`` (all lines).
        edits: what may be changed, some of `EDITS` and `MORE_EDITS`; the rest stays as it
            comes, once escapes are undone. With ``"apostrophe"`` lost apostrophes are put
            back, in the place of a blank or of nothing; see `majuscule.apostrophes`.
        lexicon: written forms that win over the model and over the case the text has, of
            words or rows of words; see `majuscule.lexicon`.
        min_confidence: the least probability of a change; what is less sure stays as it
            comes.
        recase: decide all case afresh, whatever case the input has.
        respace: decide all gaps afresh, also where blanks seem to be as people put them.

    Raises:
        ModelError: the model file cannot be used, or has no such style.
        DataError: an entry of the lexicon is blank, or runs over several lines.
        MajusculeError: another argument is none of those it may be.
        OSError: the model file cannot be read.

    >>> Restorer(lexicon=["McGahn", "van Dam"]).restore("mr. mcgahn and ms. van dam left .")
    'Mr. McGahn and Ms. van Dam left.'
    >>> Restorer(edits=["space"]).restore("The NATO talks ( in paris ) are over .")
    'The NATO talks (in paris) are over.'
    >>> Restorer(edits=["case"]).restore("the nato talks ( in paris ) are over .")
    'The NATO talks ( in Paris ) are over .'
    >>> Restorer().restore("the eu and Nato met in paris on monday.")
    'The EU and Nato met in Paris on Monday.'
    >>> Restorer(recase=True).restore("the eu and Nato met in paris on monday.")
    'The EU and NATO met in Paris on Monday.'
    >>> Restorer(edits=["case", "space", "apostrophe"]).restore("the state s leaders don t agree .")
    "The state's leaders don't agree."
    """

    def __init__(
        self,
        source: model.Model | Adapter | Path | str | Sequence[Adapter | Path | str] | None = None,
        *,
        style: str | None = None,
        document: str = "block",
        edits: Sequence[str] = EDITS,
        lexicon: Iterable[str] = (),
        min_confidence: float = 0.0,
        recase: bool = False,
        respace: bool = False,
    ) -> None:
        self.model = source if isinstance(source, model.Model) else model.load(source)
        self._style = self.model.style(style)
        try:
            self._document = Document[document.upper()]
        except KeyError:
            raise MajusculeError(
                f"expected document to be line, block or file, got {document!r}"
            ) from None
        known = (*EDITS, *MORE_EDITS)
        if isinstance(edits, str) or not edits or not set(edits) <= set(known):
            raise MajusculeError(f"expected edits to be some of {', '.join(known)}; got {edits!r}")
        self._case, self._space, apostrophe = (edit in edits for edit in known)
        self._apostrophes = apostrophes.load() if apostrophe else None
        if isinstance(lexicon, str):
            raise MajusculeError(f"expected the lexicon's entries one by one, got {lexicon!r:.80}")
        entries = list(lexicon)
        self._lexicon = Lexicon(entries) if entries else None
        if not 0 <= min_confidence < 1:
            raise MajusculeError(
                f"expected min_confidence to be 0 or more and less than 1, got {min_confidence!r}"
            )
        self._margin = _margin_of(min_confidence)
        self._recase, self._respace = recase, respace
        self._standings = self.model.standings()

    @property
    def styles(self) -> tuple[str, ...]:
        """The house styles this model knows."""
        return self.model.styles

    def restore(self, flattened: str) -> str:
        """Restore a text of any number of lines; each line stays a line.

        Args:
            flattened: text in any of the usual conventions: lower-cased or all in capitals,
                tokenised or spaced as people do. What it is, is recognised for each document
                and line (`majuscule.recognition`), and what it has is kept: natural text
                comes back as it is.

        Returns:
            The same characters in the same lines; of tokenised lines escapes are undone and
            blanks may be gone; letters may have changed case; if asked for, apostrophes came
            back.

        Raises:
            DataError: the text is longer than 2**30 characters.
            GuaranteeError: never, unless majuscule has a bug.

        >>> Restorer().restore("the nato summit in paris was n't cancelled , he said .")
        "The NATO summit in Paris wasn't cancelled, he said."
        """
        return self._whole(flattened).text

    def restore_batch(self, texts: Iterable[str]) -> list[str]:
        """Restore texts that have nothing to do with one another.

        >>> Restorer().restore_batch(["i agree .", "so do i ."])
        ['I agree.', 'So do I.']
        """
        return [self.restore(flattened) for flattened in texts]

    def stream(self, lines: Iterable[str]) -> Iterator[str]:
        """Restore an endless text piece by piece, in bounded memory.

        Args:
            lines: pieces of one or more whole lines each; an open text file will do.

        Yields:
            Each piece restored, as soon as it is known what it is
            (`majuscule.recognition.recognise`): at once where it is plainly flattened or
            `document` is ``"line"``. Documents go on across pieces. If apostrophes are put
            back, a document's first lines come together.

        >>> pieces = ["human rights watch ( hrw ) said no .\\n", "then hrw left .\\n"]
        >>> list(Restorer().stream(pieces))
        ['Human Rights Watch (HRW) said no.\\n', 'Then HRW left.\\n']
        """
        if self._apostrophes:
            lines = documents.held(lines, self._document)
        for outcome in self._outcomes(lines):
            yield outcome.text

    def margins(self, flattened: str) -> tuple[str, Ints]:
        """Restore a text and say how sure each decision was.

        Args:
            flattened: as for `restore`.

        Returns:
            What `restore` gives, and int32[characters of it but blanks]: by how much the
            score of the line would drop with another case for the character's token or, at
            the token's first character, another gap before it. The unit is the model's;
            where there is no other choice it is the greatest int32.

        Raises:
            DataError, GuaranteeError: as `restore`.

        >>> restored, margins = Restorer().margins("in new york , it rained .")
        >>> len(margins) == len("InNewYork,itrained.")
        True
        """
        outcome = self._whole(flattened, sure=True)
        length = outcome.tokens.end - outcome.tokens.start
        case, gap = outcome.margins.T
        margins = np.repeat(case, length)
        margins[np.cumsum(length) - length] = np.minimum(case, gap)
        return outcome.text, margins

    def explain(self, flattened: str) -> tuple[str, list[Decision]]:
        """Restore a text and say of each token what was decided, how surely, and by what.

        Args:
            flattened: as for `restore`.

        Returns:
            What `restore` gives, and the decisions in the order of the text.

        Raises:
            DataError, GuaranteeError: as `restore`.

        >>> restored, decisions = Restorer().explain("in new york , it did n't rain .")
        >>> restored[slice(*decisions[3].output)], decisions[3].gap.name
        (',', 'JOIN')
        >>> decisions[2].written, decisions[2].case.name, decisions[2].runner_up.name
        ('York', 'TITLE', 'UPPER')
        >>> decisions[2].case_probability > 0.99, decisions[2].by
        (True, 'model')
        """
        outcome = self._whole(flattened, explained=True)
        tokens, labels = outcome.tokens, outcome.labels.tolist()
        chances = 1 / (1 + np.exp(-outcome.margins / SCALE))
        origins = text.origins(flattened, outcome.undone)
        origin = outcome.put_back.origin if outcome.put_back else np.arange(len(tokens.chars))
        decisions = []
        end = read_to = 0
        for i, (start, stop) in enumerate(
            zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)
        ):
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
            decisions.append(
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
        return outcome.text, _merged(decisions, outcome)

    def detect(self, pieces: str | Iterable[str], *, lines: bool = False) -> Iterator[Finding]:
        """Say what comes in, and why; what `restore` does follows from it.

        Args:
            pieces: a text, or pieces of one of one or more whole lines each.
            lines: tell of each line apart, not of each run of lines that are alike.

        Yields:
            What was found, in the order of the text.

        Raises:
            DataError: a piece is longer than 2**30 characters.

        >>> (finding,) = Restorer().detect("THE MAYOR OF PARIS , HE SAID , IS HERE .")
        >>> finding.writing.name, finding.spacing.name, finding.why.split("; ")[0]
        ('UPPER', 'TOKENISED', '8 of 8 words are all in capitals')
        """
        pieces = [pieces] if isinstance(pieces, str) else pieces
        found = recognition.recognise(pieces, self._standing, self._document)
        return recognition.findings(found, self._document, each=lines)

    def _whole(self, flattened: str, *, sure: bool = False, explained: bool = False) -> _Outcome:
        (outcome,) = self._outcomes([flattened], sure=sure or explained, explained=explained)
        return outcome

    def _outcomes(
        self, pieces: Iterable[str], *, sure: bool = False, explained: bool = False
    ) -> Iterator[_Outcome]:
        memory = _Memory(features.Memory(bare=True))
        for found in recognition.recognise(pieces, self._standing, self._document):
            yield self._restore(found, memory, sure=sure, explained=explained)

    def _restore(
        self, found: Recognised, memory: _Memory, *, sure: bool, explained: bool
    ) -> _Outcome:
        tokens, undone, line_is = self._read(found)
        lost, put_back = tokens, None
        if self._apostrophes:
            put_back, memory.apostrophes = self._apostrophes.put_back(
                lost, self._document, memory.apostrophes, least=self._margin
            )
            tokens = put_back.tokens
        writing, keeps = self._kept(tokens, *line_is)
        count = len(tokens)
        labels = np.empty(count, dtype=np.uint8)
        margins = np.empty((count if sure or self._margin else 0, 2), dtype=np.int32)
        runner_up = np.empty(len(margins), dtype=np.uint8)
        form_at, forms = self.model.find(tokens), self.model.written
        prefix = model.prefixed(tokens, self.model.prefixes)
        mixed = ((form_at >= 0) | (prefix > 0)).view(np.uint8)
        classes = self.model.classes(tokens)
        entries = self._lexicon.find(tokens) if self._lexicon else None
        if entries and self._case:
            keeps = np.where(entries.cases, keeps & np.uint8(4), keeps)
        forgetful = features.Memory(words=False, bare=True) if explained else None
        without = np.empty(count if explained else 0, dtype=np.uint8)
        as_read = keeps, np.uint8(16) << tokens.gap
        if keeps.any():
            both = form_at, forms
            if entries and self._lexicon:
                own = entries.form_at >= 0
                both = _joined(form_at, forms, entries.form_at, own, self._lexicon.chars)
            as_read = text.cases(tokens, *both), as_read[1]
        for first, last in _spans(tokens):
            some = tokens.of_lines(first, last)
            span = slice(tokens.lines[first], tokens.lines[last])
            bits, memory.seen = text.allowed(some, mixed[span], self._document, memory.seen)
            if entries:
                bits = _ruled(bits, 0x0F, entries.cases[span])
                bits = _ruled(bits, 0xF0, entries.gaps[span] & bits)
            if put_back:
                bits = _ruled(bits, 0xF0, put_back.apart[span] * np.uint8(16))
            open_ = bits
            for part, kept, rule in ((0x0F, 3, as_read[0]), (0xF0, 4, as_read[1])):
                # Of labels that are written alike those that it could have got before.
                same = np.where(bits & rule[span], bits & rule[span], rule[span])
                bits = _ruled(bits, part, np.where(keeps[span] & kept, same, np.uint8(0)))
            seen = some, classes[span], self._document
            scores = self.model.score(*features.extract(*seen, memory.features, self._style))
            rest = some.lines, self.model.transitions
            labels[span] = decode.best(scores, some.role, bits, *rest)
            if len(margins):
                if self._margin:
                    # What is sure enough must not depend on what was kept, or twice were more.
                    bits = open_ | bits
                margins[span], runner_up[span] = decode.margins(
                    scores, some.role, bits, *rest, labels[span]
                )
            if forgetful:
                scores = self.model.score(*features.extract(*seen, forgetful, self._style))
                without[span] = decode.best(scores, some.role, bits, *rest)
        best, stays = labels, np.zeros(count, dtype=np.uint8)
        if self._margin:
            case, gap = (margins < self._margin).T
            stays = (np.where(case, 3, 0) | np.where(gap, 4, 0)).astype(np.uint8) & ~keeps
            labels = labels & ~stays | tokens.labels & stays
            margins[keeps & 3 > 0, 0] = margins[keeps & 4 > 0, 1] = np.iinfo(np.int32).max
        formless = (labels & 3 == Case.MIXED) & (form_at < 0)
        if formless.any():
            chars = model.after_prefixes(tokens, prefix)
            form_at, forms = _joined(form_at, forms, tokens.start, formless, chars)
        held = np.zeros(count, dtype=bool)
        if entries and self._lexicon:
            held = (entries.form_at >= 0) & (keeps & 3 == 0)
            form_at, forms = _joined(form_at, forms, entries.form_at, held, self._lexicon.chars)

        def written() -> str:
            stay = (stays | keeps) & 3 != 0
            return text.render(
                tokens, labels, *_joined(form_at, forms, tokens.start, stay, tokens.chars)
            )

        restored = written()
        shouting = self._shouting(restored, tokens, writing, keeps)
        if shouting.any():
            keeps |= np.where(shouting, np.uint8(3), np.uint8(0))
            labels = np.where(shouting, tokens.case | labels & 4, labels)
            restored = written()
        if self._case and self._space:
            stays |= keeps
        remembered = best != without if explained else np.zeros(0, dtype=bool)
        return _Outcome(
            *(restored, undone, tokens, labels, best, margins, runner_up, stays, remembered, held),
            *(lost, put_back),
        )

    def _standing(self, tokens: text.Tokens) -> Bytes:
        return self._standings[self.model.classes(tokens)]

    def _read(
        self, found: Recognised
    ) -> tuple[text.Tokens, NDArray[np.bool_], tuple[Bytes, Bytes]]:
        """Tokens; of each line whether its escapes were undone, its writing and spacing."""
        first = np.flatnonzero(np.diff(text.line_numbers(found.tokens), prepend=-1))
        writing, spacing = found.writing[first], found.spacing[first]
        if self._recase:
            writing = np.full_like(writing, Writing.LOWER)
        if self._respace:
            spacing = np.full_like(spacing, Spacing.TOKENISED)
        undone = spacing == Spacing.TOKENISED
        return text.undo(found.text, found.tokens, undone), undone, (writing, spacing)

    def _kept(self, tokens: text.Tokens, writing: Bytes, spacing: Bytes) -> tuple[Bytes, Bytes]:
        """Of each token its line's writing, and what of it stays: bits as in `stays`."""
        line = np.repeat(text.line_numbers(tokens), np.diff(tokens.lines))
        of_case = writing[line]
        case = (of_case == Writing.NATURAL) | (of_case == Writing.PARTLY) & (tokens.case > 0)
        case &= text.CASED[tokens.role] != 0  # the others go along with the one before
        if not self._case:
            case = text.CASED[tokens.role] != 0
        gap = spacing[line] == Spacing.NATURAL if self._space else np.ones(len(line), dtype=bool)
        return of_case, (np.where(case, 3, 0) | np.where(gap, 4, 0)).astype(np.uint8)

    def _shouting(
        self, restored: str, tokens: text.Tokens, writing: Bytes, keeps: Bytes
    ) -> NDArray[np.bool_]:
        """Tokens of lines that kept capitals and got so many that these would say nothing.

        Read again, such a line would be decided afresh.
        """
        partly: NDArray[np.bool_] = (writing == Writing.PARTLY) & (keeps & 3 > 0)
        if not partly.any():
            return partly
        again = text.read(restored, recognition.NOWHERE)
        rows = recognition.evidence(again, self._standing(again), self._document)
        alone = np.isin(recognition.by_itself(rows), (Writing.UPPER, Writing.TITLE))
        loud = text.line_numbers(again)[alone & (np.diff(again.lines) > 0)]
        of_line = np.repeat(text.line_numbers(tokens), np.diff(tokens.lines))
        partly &= np.isin(of_line, loud)
        return np.isin(of_line, of_line[partly]) | partly


def _merged(decisions: list[Decision], outcome: _Outcome) -> list[Decision]:
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


def _joined(
    form_at: Ints, forms: CodePoints, more_at: Ints, where: NDArray[np.bool_], more: CodePoints
) -> tuple[Ints, CodePoints]:
    """Forms and more forms, and for each token which it has: one of more, if so marked."""
    if not where.any():
        return form_at, forms
    if where.all():
        return more_at, more
    at = np.where(where, more_at + len(forms), form_at).astype(np.int32)
    return at, np.concatenate([forms, more])


def _ruled(bits: Bytes, part: int, rule: Bytes) -> Bytes:
    """Labels allowed, where a rule has a say no others in that part: of the cases or the gaps."""
    return np.where(rule, bits & np.uint8(0xFF ^ part) | rule, bits)


def _margin_of(probability: float) -> int:
    """The least margin that makes a decision so probable.

    Scores are log odds, so a margin is one, too: of the decision against the next best.
    """
    if probability <= 1 / 2:
        return 0
    return math.ceil(SCALE * math.log(probability / (1 - probability)))


def _spans(tokens: text.Tokens) -> Iterator[tuple[int, int]]:
    """Runs of whole lines of about BATCH_TOKENS tokens."""
    lines = tokens.lines
    first, count = 0, len(lines) - 1
    while first < count:
        last = int(np.searchsorted(lines, lines[first] + BATCH_TOKENS, side="right")) - 1
        last = min(max(last, first + 1), count)
        yield first, last
        first = last
