"""Flattened text in, natural text out: the five steps in order.

>>> restorer = Restorer()
>>> restorer.restore("beirut ( reuters ) - the u.s.-led coalition said on friday , ...")
'BEIRUT (Reuters) - The U.S.-led coalition said on Friday, ...'
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from majuscule import apostrophes, decode, documents, features, model, recognition, rescorer, text
from majuscule.changes import Changes, counted
from majuscule.choices import Choice, Choices
from majuscule.errors import MajusculeError, ModelError
from majuscule.explanation import Outcome, Restoration, decisions, inputs
from majuscule.labels import Case
from majuscule.lexicon import Lexicon
from majuscule.recognition import Finding, Recognised, Spacing, Writing
from majuscule.text import Document
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Classes, CodePoints, Ints
    from majuscule.adapter import Adapter

EDITS = ("case", "space")
"""What is changed unless something else is asked for."""

MORE_EDITS = ("apostrophe",)
"""What is changed only if it is asked for."""

EFFORTS = ("fast", "best")
"""Whether the second stage looks again at what the first is unsure of."""

BATCH_TEXTS = 1 << 17
"""Characters of texts that are restored together."""

BATCH_TOKENS = 4096
"""Tokens that go through the steps together: their features fit a core's own cache."""


_BITS = np.arange(256)
_OPEN = np.logical_or(*(_BITS & part & (_BITS & part) - 1 > 0 for part in (0x0F, 0xF0)))
"""Whether labels allowed leave a choice: of two cases, or of two gaps."""


@dataclass
class _Memory:
    """What a document's earlier lines leave for its later ones; numbers, no text."""

    features: features.Memory
    rescoring: rescorer.Memory
    seen: int = 0
    apostrophes: int = 0


def _nothing(*, words: bool = True) -> _Memory:
    """The memory of no document, which remembers words or does not."""
    return _Memory(features.Memory(words=words, bare=True), rescorer.Memory(words=words))


class Restorer:
    """Gives flattened text its capitals and spaces back; build once, call from any thread.

    It goes to other processes and machines by the name and the hash of its model: `pickle`
    writes the model's path, or none for the one in the package, and reading it builds the
    restorer anew, once a process, and refuses another model.

    Args:
        source: a model file, an adapter or its file, or several of them but at most one
            model; or a `Model`. None is the English model in the package, on which adapters
            are laid, too, where no model is named.
        effort: ``"best"`` has the second stage look again at what the first is unsure of
            (`majuscule.rescorer`): more is right, and it takes some times as long.
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
        effort: str = "fast",
        style: str | None = None,
        document: str = "block",
        edits: Sequence[str] = EDITS,
        lexicon: Iterable[str] = (),
        min_confidence: float = 0.0,
        recase: bool = False,
        respace: bool = False,
    ) -> None:
        self.model = source if isinstance(source, model.Model) else model.load(source)
        if effort not in EFFORTS:
            raise MajusculeError(f"expected effort to be {' or '.join(EFFORTS)}, got {effort!r}")
        self._rescorer = rescorer.load(self.model) if effort == "best" else None
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
        self._options = (
            ("effort", effort),
            ("style", style),
            ("document", document),
            ("edits", tuple(edits)),
            ("lexicon", tuple(entries)),
            ("min_confidence", min_confidence),
            ("recase", recase),
            ("respace", respace),
        )

    def __reduce__(self) -> tuple[object, ...]:
        if self.model.files is None:
            raise MajusculeError(
                "expected a restorer of model files, to go to another process by their names; got"
                " one of a model in memory; save it and name the file"
            )
        return _rebuilt, (self.model.files, self.hash, self._options)

    @property
    def hash(self) -> str:
        """What tells its model, and its second stage if it has one, from any others."""
        return f"{self.model.hash}+{self._rescorer.hash}" if self._rescorer else self.model.hash

    @property
    def document(self) -> Document:
        """What one document is."""
        return self._document

    @property
    def options(self) -> dict[str, Any]:
        """What it was built with, besides its model."""
        return dict(self._options)

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
        """Restore texts that have nothing to do with one another; many at once are fast.

        Args:
            texts: as for `restore`, each.

        Returns:
            What `restore` gives for each.

        Raises:
            DataError, GuaranteeError: as `restore`.

        >>> Restorer().restore_batch(["i agree .", "so do i ."])
        ['I agree.', 'So do I.']
        """
        return [text for some, _ in self._batches(texts) for text in some]

    def restore_counted(self, texts: Iterable[str]) -> tuple[list[str], Changes]:
        """Restore texts as `restore_batch` does, and count what changed.

        Args:
            texts: as for `restore_batch`.

        Returns:
            The restored texts, and what all of them together are and changed.

        >>> restored, changes = Restorer().restore_counted(["i agree .", "so do i ."])
        >>> changes.title, changes.joined
        (3, 2)
        """
        restored: list[str] = []
        changes = Changes()
        for some, outcome in self._batches(texts):
            restored += some
            changes += counted(outcome)
        return restored, changes

    def _batches(self, texts: Iterable[str]) -> Iterator[tuple[list[str], Outcome]]:
        """Texts restored, as many at once as a batch takes."""
        batch: list[str] = []
        size = 0
        for given in texts:
            if batch and size + len(given) > BATCH_TEXTS:
                yield self._each(batch)
                batch, size = [], 0
            if len(given) > BATCH_TEXTS:
                outcome = self._whole(given)
                yield [outcome.text], outcome
                continue
            batch.append(given)
            size += len(given)
        if batch:
            yield self._each(batch)

    def _each(self, texts: list[str]) -> tuple[list[str], Outcome]:
        found = recognition.recognise_each(texts, self._standing, self._document)
        outcome = self._restore(found, _nothing(), sure=False)
        lines = outcome.text.split("\n")
        if len(lines) == len(texts) + 1:
            return lines[:-1], outcome
        restored = []
        first = 0
        for given in texts:
            last = first + given.count("\n") + 1
            restored.append("\n".join(lines[first:last]))
            first = last
        return restored, outcome

    def begins_naturally(self, pieces: Iterable[str]) -> bool:
        """Whether a text does: what decides where one of its documents is in doubt.

        Args:
            pieces: the text from its beginning, in pieces of one or more whole lines; no more
                of them are taken than it needs.

        >>> Restorer().begins_naturally(["in paris , it rained .\\n"])
        False
        """
        return recognition.begins_naturally(pieces, self._standing, self._document)

    def stream_counted(
        self, lines: Iterable[str], *, naturally: bool | None = None
    ) -> Iterator[tuple[str, Changes]]:
        """Restore a text piece by piece as `stream` does, and count what changed.

        Args:
            lines: as for `stream`; they may begin with any document of a text.
            naturally: `begins_naturally` of that text, where they are not its beginning. So
                parts that are restored apart come out as the whole would.

        Yields:
            Each piece restored, and what it is and changed.

        >>> list(Restorer().stream_counted(["in paris .\\n"]))[0][1].title
        2
        """
        goes_on = False
        if self._apostrophes:
            lines = documents.held(lines, self._document)
        for outcome in self._outcomes(lines, naturally=naturally):
            yield outcome.text, counted(outcome, goes_on=goes_on)
            full = np.diff(outcome.given.lines) > 0
            if len(full):
                # The last document, if it has a line that is not blank, may go on.
                last = np.cumsum(outcome.begins) == np.count_nonzero(outcome.begins)
                goes_on = bool((full & last).any()) or (goes_on and not outcome.begins.any())

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

    def explain(
        self, flattened: str, choices: Iterable[Choice] = (), *, below: float = 1
    ) -> Restoration:
        """Restore a text and say of each token what was decided, how surely, and by what.

        Args:
            flattened: as for `restore`.
            choices: what is decided already: how single tokens are to be written. Other
                mentions of these words follow (`majuscule.choices`).
            below: tell of the decisions only that are less probable, or chosen; 1 is all.

        Returns:
            What `restore` gives, and the decisions in the order of the text.

        Raises:
            DataError: as `restore`; or a choice is none (`majuscule.choices.Choices`).
            GuaranteeError: as `restore`.

        >>> restored, decisions = Restorer().explain("in new york , it did n't rain .")
        >>> restored[slice(*decisions[3].output)], decisions[3].gap.name
        (',', 'JOIN')
        >>> decisions[2].written, decisions[2].case.name, decisions[2].runner_up.name
        ('York', 'TITLE', 'UPPER')
        >>> decisions[2].case_probability > 0.99, decisions[2].by
        (True, 'model')
        >>> Restorer().explain("he left reading .", [Choice(8, "Reading")]).text
        'He left Reading.'
        """
        (restoration,) = self._explained([flattened], choices, below)
        return restoration

    def stream_explained(
        self, lines: Iterable[str], choices: Iterable[Choice] = (), *, below: float = 1
    ) -> Iterator[Restoration]:
        """Restore a text piece by piece as `stream` does, and explain each piece.

        Args:
            lines: as for `stream`.
            choices, below: as for `explain`; offsets are of the whole text.

        Yields:
            What `explain` gives, for each piece; offsets are of the piece.

        Raises:
            DataError, GuaranteeError: as `explain`.

        >>> pieces = ["human rights watch ( hrw ) said no .\\n", "then hrw left .\\n"]
        >>> [decisions[1].written for _, decisions in Restorer().stream_explained(pieces)]
        ['Rights', 'HRW']
        """
        if self._apostrophes:
            lines = documents.held(lines, self._document)
        return self._explained(lines, choices, below)

    def _explained(
        self, pieces: Iterable[str], choices: Iterable[Choice], below: float
    ) -> Iterator[Restoration]:
        chosen = Choices(choices)
        memory = _nothing()
        at = 0
        for found in recognition.recognise(pieces, self._standing, self._document):
            outcome = self._restore(found, memory, sure=True, explained=True, chosen=chosen, at=at)
            yield Restoration(outcome.text, decisions(found.text, outcome, below))
            at += len(found.text)

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

    def _whole(self, flattened: str, *, sure: bool = False) -> Outcome:
        (outcome,) = self._outcomes([flattened], sure=sure)
        return outcome

    def _outcomes(
        self,
        pieces: Iterable[str],
        *,
        sure: bool = False,
        naturally: bool | None = None,
    ) -> Iterator[Outcome]:
        memory = _nothing()
        for found in recognition.recognise(
            pieces, self._standing, self._document, naturally=naturally
        ):
            yield self._restore(found, memory, sure=sure)

    def _restore(
        self,
        found: Recognised,
        memory: _Memory,
        *,
        sure: bool,
        explained: bool = False,
        chosen: Choices | None = None,
        at: int = 0,
    ) -> Outcome:
        tokens, undone, line_is = self._read(found)
        lost, put_back = tokens, None
        begins = of_lost = documents.of_parts(found.begins, lost, self._document)
        if self._apostrophes:
            put_back, memory.apostrophes = self._apostrophes.put_back(
                lost, of_lost, memory.apostrophes, least=self._margin
            )
            tokens = put_back.tokens
            begins = documents.of_parts(found.begins, tokens, self._document)
        writing, keeps = self._keeping(tokens, *line_is)
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
        choice = None
        if chosen:
            places = inputs(found.text, undone, tokens, put_back)
            choice = chosen.find(tokens, places[:, 0] + at)
            keeps = np.where(choice.cases, keeps & np.uint8(4), keeps)
            keeps = np.where(choice.gaps, keeps & np.uint8(3), keeps)
        forgetful = _nothing(words=False) if explained else None
        without = np.empty(count if explained else 0, dtype=np.uint8)
        kept = keeps.any()
        if kept:
            both = form_at, forms
            if entries and self._lexicon:
                own = entries.form_at >= 0
                both = _joined(form_at, forms, entries.form_at, own, self._lexicon.chars)
            as_read = text.cases(tokens, *both) | np.uint8(16) << tokens.gap
        for first, last in tokens.batches(BATCH_TOKENS):
            some = tokens.of_lines(first, last)
            span = slice(tokens.lines[first], tokens.lines[last])
            new = begins[first:last]
            bits, memory.seen = text.allowed(some, mixed[span], new, memory.seen)
            if entries:
                bits = _ruled(bits, 0x0F, entries.cases[span])
                bits = _ruled(bits, 0xF0, entries.gaps[span] & bits)
            if choice:
                bits = _ruled(bits, 0x0F, choice.cases[span])
                bits = _ruled(bits, 0xF0, choice.gaps[span] & bits)
            if put_back:
                bits = _ruled(bits, 0xF0, put_back.apart[span] * np.uint8(16))
            open_ = bits
            if kept:
                bits = _kept(bits, as_read[span], keeps[span])
            seen = some, classes[span], mixed[span], new, bits
            scores = self._scores(*seen, memory)
            if choice:
                scores[:, 0, :3] += choice.lean[span]
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
                scores = self._scores(*seen, forgetful)
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
        if chosen and choice:
            own = choice.form_at >= 0
            form_at, forms = _joined(form_at, forms, choice.form_at, own, chosen.chars)

        def written() -> str:
            stay = (stays | keeps) & 3 != 0
            return text.render(
                tokens, labels, *_joined(form_at, forms, tokens.start, stay, tokens.chars)
            )

        restored = written()
        shouting = self._shouting(restored, found.begins, tokens, writing, keeps)
        if shouting.any():
            keeps |= np.where(shouting, np.uint8(3), np.uint8(0))
            labels = np.where(shouting, tokens.case | labels & 4, labels)
            restored = written()
        if self._case and self._space:
            stays |= keeps
        remembered = best != without if explained else np.zeros(0, dtype=bool)
        return Outcome(
            *(restored, undone, tokens, labels, best, margins, runner_up, stays, remembered, held),
            choice.here if choice else np.zeros(0, dtype=bool),
            *(lost, of_lost, put_back),
        )

    def _scores(
        self,
        tokens: text.Tokens,
        classes: Classes,
        mixed: Bytes,
        begins: Bytes,
        bits: Bytes,
        memory: _Memory,
    ) -> Ints:
        """The scores of whole lines, of both stages if the second is wanted."""
        seen = features.extract(tokens, classes, begins, memory.features, self._style)
        scores = self.model.score(*seen)
        if not self._rescorer:
            return scores
        # It sees no more of the spacing and the case that came than the first stage does, or
        # twice were not once; but in lines with nothing to choose it need not look. In others
        # it must: what one token is to be weighs on the choice of the one before it, too.
        free, _ = text.allowed(tokens, mixed, begins, 0, free=True)
        lines = tokens, classes, begins, self._style
        scored = rescorer.scored(self.model, *lines, seen, scores, free)
        choice = _OPEN[bits & np.where(text.CASED[tokens.role], np.uint8(0xFF), np.uint8(0xF0))]
        choices = np.concatenate([[0], np.cumsum(choice)])[tokens.lines]
        wanted = np.repeat(np.diff(choices) > 0, np.diff(tokens.lines))
        return self._rescorer.rescore(scored, wanted, self.model, memory.rescoring)

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

    def _keeping(self, tokens: text.Tokens, writing: Bytes, spacing: Bytes) -> tuple[Bytes, Bytes]:
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
        self, restored: str, begins: Bytes, tokens: text.Tokens, writing: Bytes, keeps: Bytes
    ) -> NDArray[np.bool_]:
        """Tokens of lines that kept capitals and got so many that these would say nothing.

        Read again, such a line would be decided afresh.
        """
        partly: NDArray[np.bool_] = (writing == Writing.PARTLY) & (keeps & 3 > 0)
        if not partly.any():
            return partly
        again = text.read(restored, recognition.NOWHERE)
        begins = documents.of_parts(begins, again, self._document)
        rows = recognition.evidence(again, self._standing(again), begins)
        alone = np.isin(recognition.by_itself(rows), (Writing.UPPER, Writing.TITLE))
        loud = text.line_numbers(again)[alone & (np.diff(again.lines) > 0)]
        of_line = np.repeat(text.line_numbers(tokens), np.diff(tokens.lines))
        partly &= np.isin(of_line, loud)
        return np.isin(of_line, of_line[partly]) | partly


@lru_cache(maxsize=8)
def _rebuilt(files: tuple[str, ...], known: str, options: tuple[tuple[str, Any], ...]) -> Restorer:
    """The restorer that another process has: `Restorer.__reduce__`."""
    restorer = Restorer(files or None, **dict(options))
    if restorer.hash != known:
        raise ModelError(
            f"{', '.join(files) or 'the model in the package'}: expected the model {known}, got"
            f" {restorer.hash}; all processes and machines must have the same one"
        )
    return restorer


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


def _kept(bits: Bytes, as_read: Bytes, keeps: Bytes) -> Bytes:
    """Labels allowed, where what was read is kept: those that are written like it.

    Of labels that are written alike only those that it could have got before, or twice were
    not once.
    """
    for part, kept in ((0x0F, 3), (0xF0, 4)):
        rule = as_read & np.uint8(part)
        same = np.where(bits & rule, bits & rule, rule)
        bits = _ruled(bits, part, np.where(keeps & kept, same, np.uint8(0)))
    return bits


def _margin_of(probability: float) -> int:
    """The least margin that makes a decision so probable.

    Scores are log odds, so a margin is one, too: of the decision against the next best.
    """
    if probability <= 1 / 2:
        return 0
    return math.ceil(SCALE * math.log(probability / (1 - probability)))
