"""Flattened text in, natural text out: the five steps in order.

>>> restorer = Restorer()
>>> restorer.restore("beirut ( reuters ) - the u.s.-led coalition said on friday , ...")
'BEIRUT (Reuters) - The U.S.-led coalition said on Friday, ...'
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from majuscule import decode, features, model, text
from majuscule.errors import MajusculeError
from majuscule.text import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from majuscule._arrays import Ints

EDITS = ("case", "space")
"""What may be changed."""

BATCH_TOKENS = 4096
"""Tokens that go through the steps together: their features fit a core's own cache."""


@dataclass
class _Memory:
    """What a document's earlier lines leave for its later ones; two numbers, no text."""

    before: int = 0
    seen: int = 0


class Restorer:
    """Gives flattened text its capitals and spaces back; build once, call from any thread.

    Args:
        source: a model file or a `Model`; None is the English model in the package.
        style: the house style to write in, one of `styles`; None for none in particular.
        document: what one document is: ``"line"``, ``"block"`` (lines up to a blank one)
            or ``"file"`` (all lines).
        edits: what may be changed, some of `EDITS`; the rest stays as it comes, once
            escapes are undone.

    Raises:
        ModelError: the model file cannot be used, or has no such style.
        MajusculeError: `document` is none of the three, or `edits` none of the two.
        OSError: the model file cannot be read.

    >>> Restorer(edits=["space"]).restore("The NATO summit ( in paris ) is over .")
    'The NATO summit (in paris) is over.'
    >>> Restorer(edits=["case"]).restore("the nato summit ( in paris ) is over .")
    'The NATO summit ( in Paris ) is over .'
    """

    def __init__(
        self,
        source: model.Model | Path | str | None = None,
        *,
        style: str | None = None,
        document: str = "block",
        edits: Sequence[str] = EDITS,
    ) -> None:
        self.model = source if isinstance(source, model.Model) else model.load(source)
        self._style = self.model.style(style)
        try:
            self._document = Document[document.upper()]
        except KeyError:
            raise MajusculeError(
                f"expected document to be line, block or file, got {document!r}"
            ) from None
        if isinstance(edits, str) or not edits or not set(edits) <= set(EDITS):
            raise MajusculeError(f"expected edits to be some of {', '.join(EDITS)}; got {edits!r}")
        self._case, self._space = (edit in edits for edit in EDITS)

    @property
    def styles(self) -> tuple[str, ...]:
        """The house styles this model knows."""
        return self.model.styles

    def restore(self, flattened: str) -> str:
        """Restore a text of any number of lines; each line stays a line.

        Args:
            flattened: lower-cased and tokenised text in any of the usual conventions, or
                text that needs only its capitals. Case it already has is decided afresh.

        Returns:
            The same characters in the same lines; escapes are undone, letters may have
            become capitals, and blanks may be gone.

        Raises:
            DataError: the text is longer than 2**30 characters.
            GuaranteeError: never, unless majuscule has a bug.

        >>> Restorer().restore("the nato summit in paris was n't cancelled , he said .")
        "The NATO summit in Paris wasn't cancelled, he said."
        """
        return self._restore(flattened, _Memory())

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
            Each piece restored, as soon as it is there; documents go on across pieces.

        >>> list(Restorer().stream(["he left paris\\n", "on monday .\\n"]))
        ['He left Paris\\n', 'on Monday.\\n']
        """
        memory = _Memory()
        for piece in lines:
            yield self._restore(piece, memory)

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
        found: list[Ints] = []
        restored = self._restore(flattened, _Memory(), found)
        case, gap = np.concatenate([*found, np.empty((0, 2), np.int32)]).T
        tokens = text.read(flattened)
        margins = np.repeat(case, tokens.end - tokens.start)
        starts = np.cumsum(tokens.end - tokens.start) - (tokens.end - tokens.start)
        margins[starts] = np.minimum(case, gap)
        return restored, margins

    def _restore(self, flattened: str, memory: _Memory, margins: list[Ints] | None = None) -> str:
        tokens = text.read(flattened)
        labels = np.empty(len(tokens), dtype=np.uint8)
        form_at, forms = self.model.find(tokens), self.model.written
        if not self._case:  # a MIXED token's form is the one it has
            form_at, forms = tokens.start, tokens.chars
        mixed = (form_at >= 0).view(np.uint8)
        for first, last in _spans(tokens):
            some = tokens.of_lines(first, last)
            span = slice(tokens.lines[first], tokens.lines[last])
            bits, memory.seen = text.allowed(some, mixed[span], self._document, memory.seen)
            if not self._case:
                own = text.CASED[some.role] != 0  # the others go along with the one before
                bits = np.where(own, bits & np.uint8(0xF0) | np.uint8(1) << some.case, bits)
            if not self._space:
                bits = bits & np.uint8(0x0F) | np.uint8(0x10) << some.gap
            ids, starts, edge, memory.before = features.extract(
                some, self._document, memory.before, self._style
            )
            scores = self.model.score(ids, starts, edge)
            given = scores, some.role, bits, some.lines, self.model.transitions
            labels[span] = decode.best(*given)
            if margins is not None:
                margins.append(decode.margins(*given))
        return text.render(tokens, labels, form_at, forms)


def _spans(tokens: text.Tokens) -> Iterator[tuple[int, int]]:
    """Runs of whole lines of about BATCH_TOKENS tokens."""
    lines = tokens.lines
    first, count = 0, len(lines) - 1
    while first < count:
        last = int(np.searchsorted(lines, lines[first] + BATCH_TOKENS, side="right")) - 1
        last = min(max(last, first + 1), count)
        yield first, last
        first = last
